package node

import (
	"slices"
	"sync"
	"time"

	"comity/ledger"
)

// fairQueue holds the statements that wait, apart by the bureau of their authors,
// and hands them out in turns, so that a bureau which sends more than its share
// waits for itself and for nobody else. Within a bureau the first comes first.
//
// Who is next is decided by start-time fair queueing (Goyal, Vin, Cheng 1996): a
// lane has a tag that grows with what it was given, and the least goes first. A
// lane that was empty starts at the tag of what was handed out last: nobody saves
// up turns.
type fairQueue struct {
	ready chan struct{} // of one: something may be there to take

	share  int // in statements
	window int // bytes of a group for the leader where there is room for more groups; 0 for no bound

	mu    sync.Mutex // guards what follows
	lanes map[string]*bureauQueue
	tag   uint64 // of the statement that was handed out last
}

// bureauQueue is what waits of one bureau.
type bureauQueue struct {
	list   []*waiting
	bytes  int
	tag    uint64    // of the first in list
	last   time.Time // when something of it was handed out or came
	flying int       // groups of it on their way to the leader
	length int       // statements of it in commands in flight
	size   int       // their bytes
	sent   time.Time // when something of it went into a command last
	until  time.Time // until when it rests, see done
	peak   int       // see demand
	peaked time.Time // when it was that
}

// Bounds of a lane: what a bureau has waiting beyond them is refused, and its
// client told that the node is busy. There are at most as many lanes as bureaus.
const (
	laneLength = 1024
	laneBytes  = 4 << 20
)

// Bounds of what a bureau has in commands in flight while others write as well. What
// is in flight cannot be overtaken: commands full of one bureau's statements would
// keep the next one waiting for all of them to be verified and stored. So a bureau
// has no more in flight than the demand of the others, by their median, and a share
// in any case. Where most have much, commands are full; where most have little, who
// has much waits. The share is what keeps a node for a quarter of the time that a
// statement takes: 4 on short lines; on long ones, where what is in flight is on its
// way for most of the time and costs nobody anything there, 256.
const (
	shareBytes = 16 << 10         // for each statement of a share
	shareTime  = 10 * time.Second // for how long after its last statement a bureau is one that writes

	// aloneTimes is how many shares a bureau has in flight that writes alone, in two
	// commands: larger ones would cost little less for each statement, and somebody
	// else may come.
	aloneTimes = 32
)

// statementCost is what a statement costs beside its bytes: a signature to verify,
// an entry to store.
const statementCost = 2 << 10

// newFairQueue returns the queue of a node where each bureau may have so many
// statements in flight, when that node leads, and that sends the leader groups of so
// many bytes while there is room for more.
func newFairQueue(share, window int) *fairQueue {
	return &fairQueue{share: share, window: window, ready: make(chan struct{}, 1), lanes: make(map[string]*bureauQueue)}
}

// push adds a statement, and reports whether there is room for it.
func (q *fairQueue) push(w *waiting) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	l := q.lanes[w.bureau]
	if l == nil {
		l = new(bureauQueue)
		q.lanes[w.bureau] = l
	}
	size := w.item.Size()
	if len(l.list) >= laneLength || l.bytes+size > laneBytes {
		return false
	}
	if len(l.list) == 0 {
		l.tag = max(l.tag, q.tag)
	}
	l.list, l.bytes, l.last = append(l.list, w), l.bytes+size, time.Now()
	l.demand(l.last)
	q.signal()
	return true
}

func (q *fairQueue) signal() {
	select {
	case q.ready <- struct{}{}:
	default:
	}
}

// next returns the lane whose turn it is among those that may, nil if there is none.
func (q *fairQueue) next(may func(*bureauQueue) bool) (string, *bureauQueue) {
	var of string
	var first *bureauQueue
	for bureau, l := range q.lanes {
		if len(l.list) > 0 && may(l) && (first == nil || l.tag < first.tag || l.tag == first.tag && bureau < of) {
			of, first = bureau, l
		}
	}
	return of, first
}

func (q *fairQueue) pop(l *bureauQueue) *waiting {
	w := l.list[0]
	l.list[0] = nil
	if l.list = l.list[1:]; len(l.list) == 0 {
		l.list = nil // or the array of a flood would stay
	}
	l.bytes -= w.item.Size()
	q.tag = max(q.tag, l.tag)
	l.tag += uint64(w.item.Size() + statementCost)
	l.last = time.Now()
	return w
}

// demand is the most statements of the bureau that waited here or were in flight in
// the last second: they come in groups, and are answered in groups.
func (l *bureauQueue) demand(now time.Time) int {
	d := len(l.list) + l.length
	if d >= l.peak || now.Sub(l.peaked) > time.Second {
		l.peak, l.peaked = d, now
	}
	return l.peak
}

// batch takes what goes into the next command: of each bureau in turn, and while
// several write no more than a share of any. done is to be called when the command
// is no longer in flight. Where nothing may go now, the queue signals when it may.
func (q *fairQueue) batch() []*waiting {
	q.mu.Lock()
	defer q.mu.Unlock()
	shares, most := q.shares(), ledger.MaxBatch
	if len(shares) == 1 {
		most = min(most, aloneTimes*q.share/2)
	}
	now := time.Now()
	may := func(l *bureauQueue) bool {
		return l.length < shares[l] && l.size <= shares[l]*shareBytes && !now.Before(l.until)
	}
	var group []*waiting
	for size := 0; ; {
		if len(group) == most || size >= ledger.MaxBatchBytes {
			q.rest()
			return group
		}
		_, l := q.next(may)
		if l == nil {
			return group
		}
		w := q.pop(l)
		if !alive(w) {
			continue
		}
		l.length++
		l.size += w.item.Size()
		l.sent = now
		group, size = append(group, w), size+w.item.Size()
	}
}

// done says that what batch returned is no longer in flight. A bureau that has more
// waiting than its share then rests for twice as long as that took, so that most of
// the time there is nothing of it that another's statement has to wait for, in
// the nodes that follow either.
func (q *fairQueue) done(group []*waiting) {
	if len(group) == 0 {
		return // or it would signal that something may go, when nothing may
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	shares, now := q.shares(), time.Now()
	for _, w := range group {
		l := q.lanes[w.bureau]
		l.length--
		l.size -= w.item.Size()
		if l.length == 0 && len(l.list) > shares[l] {
			pause := min(2*now.Sub(l.sent), longestRest)
			l.until = now.Add(pause)
			time.AfterFunc(pause, q.signal)
		}
	}
	q.rest()
}

// longestRest bounds how long a bureau rests: on a long line a command is in flight
// for much longer than it keeps a node busy.
const longestRest = 20 * time.Millisecond

// shares returns how many statements of each bureau that writes may be in flight.
func (q *fairQueue) shares() map[*bureauQueue]int {
	now := time.Now()
	shares := make(map[*bureauQueue]int)
	var demands []int // of all that write, ascending
	for _, l := range q.lanes {
		if len(l.list) > 0 || now.Sub(l.last) < shareTime {
			shares[l] = aloneTimes * q.share
			demands = append(demands, l.demand(now))
		}
	}
	if len(demands) < 2 {
		return shares
	}
	slices.Sort(demands)
	for l := range shares {
		others := slices.Clone(demands)
		at, _ := slices.BinarySearch(others, l.demand(now))
		others = slices.Delete(others, at, at+1)
		shares[l] = max(q.share, others[(len(others)-1)/2])
	}
	return shares
}

// group takes what goes to the leader together: statements of one bureau, which
// has fewer than limit groups on their way. So one that floods this node keeps
// nobody else's from the leader. landed is to be called when the group is back.
func (q *fairQueue) group(limit int) (string, []*waiting) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for {
		bureau, l := q.next(func(l *bureauQueue) bool { return l.flying < limit })
		if l == nil {
			return "", nil
		}
		var group []*waiting
		most := ledger.MaxBatchBytes
		if q.window > 0 {
			most = min(most, max(q.window, l.bytes/(limit-l.flying)))
		}
		for size := 0; len(l.list) > 0 && len(group) < ledger.MaxBatch && size < most; {
			if w := q.pop(l); alive(w) {
				group, size = append(group, w), size+w.item.Size()
			}
		}
		if len(group) > 0 {
			l.flying++
			q.rest()
			return bureau, group
		}
	}
}

// landed says that a group which group returned is back.
func (q *fairQueue) landed(bureau string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.lanes[bureau].flying--
	q.rest()
}

// rest signals that there is more.
func (q *fairQueue) rest() {
	for _, l := range q.lanes {
		if len(l.list) > 0 {
			q.signal()
			return
		}
	}
}

// flying reports whether a group may leave for the leader, and whether it had better
// wait a little for more, because others are on their way and it would be small.
func (q *fairQueue) flying(limit int) (may, small bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	others, full := false, false
	for _, l := range q.lanes {
		if len(l.list) > 0 && l.flying < limit {
			may, full = true, full || q.window > 0 && l.bytes >= q.window
		}
		others = others || l.flying > 0
	}
	return may, others && !full
}

// drain takes all that waits.
func (q *fairQueue) drain() (list []*waiting) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, l := range q.lanes {
		list = append(list, l.list...)
		l.list, l.bytes = nil, 0
	}
	return list
}
