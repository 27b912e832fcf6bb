package node

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"comity/ledger"
	"comity/ledger/ledgertest"
	"comity/ledger/state"
	"comity/ledger/store"
	"comity/node/wire"

	"github.com/hashicorp/raft"
	"golang.org/x/mod/sumdb/tlog"
)

// A schedule plays random faults on five replicas while officers submit through
// all of them, for some simulated minutes, then heals everything and holds what
// the nodes have against what the officers were told. The seed fixes the faults
// and what the officers do, not the order of the goroutines.
//
//	COMITY_SEED=7 go test -run Schedule ./node      one seed
//	COMITY_SEEDS=500 go test -run Schedule ./node   seeds 1 to 500
type schedule struct {
	*cluster
	seed  uint64
	names []string // of the nodes, in order
	lasts time.Duration
	plant func(*schedule) // what to break, once everybody is enrolled; nil for an honest run
	hasty bool            // planted: a statement counts as acknowledged when it is sent

	mu       sync.Mutex // guards what follows
	clock    int        // counts beginnings and ends, so that before and after are certain
	ops      []*op
	problems []string
	faults   map[string]int
	slowest  time.Duration // from the healing to an acknowledgement
}

// op is one statement, and what its officer was told of it.
type op struct {
	item       ledger.Item
	begin, end int               // on the schedule's clock; end is 0 until it is acknowledged
	index      uint64            // when acknowledged
	bad        bool              // the ledger must not take it
	maybe      bool              // some node said something else than that nothing was written
	instead    *op               // another statement for the same place in the officer's chain
	after      ledgertest.Author // the officer, having made it
}

func (o *op) String() string { return "statement " + o.item.Entry.ID.Short() }

func (s *schedule) tick() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clock++
	return s.clock
}

func (s *schedule) problem(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.problems) < 20 {
		s.problems = append(s.problems, fmt.Sprintf(format, args...))
	}
}

func (s *schedule) begin(it ledger.Item) *op {
	o := &op{item: it, begin: s.tick()}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ops = append(s.ops, o)
	return o
}

// acknowledge records that an officer was told where a statement is.
func (s *schedule) acknowledge(o *op, index uint64) {
	end := s.tick()
	if o.end != 0 && o.index != index {
		s.problem("%s was acknowledged at %d and then at %d", o, o.index, index)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if o.end == 0 { // others read it under the lock
		o.end, o.index = end, index
	}
}

// officer submits statements until ctx ends: at a node at random, at another one
// when the outcome is not known, and now and then another statement in the place
// of the one whose outcome is not known, of which the ledger may take one only.
func (s *schedule) officer(ctx context.Context, a *ledgertest.Author, random *rand.Rand) {
	// Officers act at the same moments, which fills batches, and spares the test
	// checkpoints: their signatures are most of what it costs.
	sleep := func(most time.Duration) {
		at := time.Now().Add(time.Duration(random.Int64N(int64(most)))).Truncate(time.Second).Add(time.Second)
		pause(ctx, time.Until(at))
	}
	for n := 0; ctx.Err() == nil; n++ {
		before := *a
		o := s.begin(a.Publish(s.t, ledger.KindYellow, fmt.Appendf(nil, "%d of %s", n, a.Signer.ID().Short())))
		o.after = *a
		for tries := 0; ctx.Err() == nil && o.end == 0; tries++ {
			switch code := s.try(ctx, o, random); {
			case code == "" || ctx.Err() != nil:
			case state.Code(code) == state.BadSequence && o.instead != nil:
				// The other one took its place, and must be there for every fresh read.
				if index, ok := s.find(ctx, o.instead, random); ok {
					s.acknowledge(o.instead, index)
					o = o.instead
					*a = o.after
				} else if ctx.Err() == nil {
					s.problem("%s was refused for another one that is not there", o)
				}
			case wire.IsRefusal(&wire.Error{Code: code}):
				s.problem("%s was refused: %s", o, code)
				return
			case tries == 4 && o.instead == nil:
				*a = before
				other := s.begin(a.Publish(s.t, ledger.KindYellow, fmt.Appendf(nil, "%d of %s, other words", n, a.Signer.ID().Short())))
				other.instead, o.instead, other.after = o, other, *a
				o = other
				sleep(500 * time.Millisecond)
			default:
				sleep(500 * time.Millisecond)
			}
		}
		if ctx.Err() == nil && random.IntN(3) == 0 {
			s.find(ctx, s.acknowledged(random), random)
		}
		sleep(3 * time.Second)
	}
}

// try submits once, and returns the code of the error, "" when acknowledged.
func (s *schedule) try(ctx context.Context, o *op, random *rand.Rand) wire.Code {
	r := s.replica(s.names[random.IntN(len(s.names))])
	if r == nil {
		return wire.NoLeader // nobody answers: nothing was written
	}
	ctx, cancel := context.WithTimeout(ctx, time.Duration(200+random.IntN(4000))*time.Millisecond)
	defer cancel()
	sent, err := r.submit(ctx, o.item)
	if err != nil && s.hasty {
		head, _ := state.ReadHead(r.store)
		sent, err = &wire.Submitted{Index: head.Size}, nil
	}
	if err == nil {
		s.acknowledge(o, sent.Index)
		return ""
	}
	code := wire.CodeOf(err)
	if code == "" {
		s.problem("%s: %v instead of an error of the API", o, err)
	}
	o.maybe = o.maybe || code != wire.NoLeader && code != wire.Busy && code != wire.Stopping && !wire.IsRefusal(err)
	return code
}

// find makes a fresh read of an acknowledged statement, or of one that has to
// be there, at a random node, until one answers.
func (s *schedule) find(ctx context.Context, o *op, random *rand.Rand) (index uint64, ok bool) {
	for o != nil && ctx.Err() == nil {
		if r := s.replica(s.names[random.IntN(len(s.names))]); r != nil {
			one, cancel := context.WithTimeout(ctx, 5*time.Second)
			err := r.fresh(one)
			cancel()
			if err == nil {
				index, ok, err := state.ReadIndex(r.store, o.item.Entry.ID)
				if err != nil || !ok || o.end != 0 && index != o.index {
					s.problem("a fresh read at %s gives %s at %d (%v, %v), acknowledged at %d", r.name, o, index, ok, err, o.index)
				}
				return index, ok
			}
		}
		pause(ctx, 300*time.Millisecond)
	}
	return 0, false
}

// acknowledged returns what is known of a statement that was acknowledged, nil
// for none.
func (s *schedule) acknowledged(random *rand.Rand) *op {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range 8 {
		if o := s.ops[random.IntN(len(s.ops))]; o.end != 0 {
			known := *o
			return &known
		}
	}
	return nil
}

// stranger submits what the ledger must not take: of keys that nobody enrolled,
// and with signatures that do not verify; past the door as well, as a dishonest
// node would.
func (s *schedule) stranger(ctx context.Context, random *rand.Rand) {
	for n := 0; ctx.Err() == nil; n++ {
		pause(ctx, 5*time.Second)
		r := s.replica(s.names[random.IntN(len(s.names))])
		if r == nil {
			continue
		}
		a := s.c.NewAuthor(fmt.Sprintf("stranger %d", n))
		o := s.begin(a.Publish(s.t, ledger.KindYellow, fmt.Appendf(nil, "lies %d", n)))
		o.bad = true // read when all is over
		one, cancel := context.WithTimeout(ctx, 5*time.Second)
		if sent, err := r.submit(one, o.item); err == nil {
			s.problem("a stranger's %s was accepted at %d", o, sent.Index)
		}
		if out, err := r.forwarded(one, r.name, []ledger.Item{o.item}); err == nil && out[0].Submitted != nil {
			s.problem("a stranger's %s was accepted by the leader at %d", o, out[0].Submitted.Index)
		}
		cancel()
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// breakSomething injects one fault, or undoes one.
func (s *schedule) breakSomething(random *rand.Rand) {
	name := s.names[random.IntN(len(s.names))]
	if random.IntN(3) == 0 { // the leader is the more interesting victim
		for _, n := range s.names {
			if r := s.replica(n); r != nil && r.raft.State() == raft.Leader {
				name = n
			}
		}
	}
	other := s.names[random.IntN(len(s.names))]
	kind := [...]string{"stop", "crash", "start", "start", "isolate", "join", "mute", "unmute", "all down", "snapshot", "lose", "repair"}[random.IntN(12)]
	s.faults[kind]++
	switch kind {
	case "stop":
		s.stop(name)
	case "crash": // and what was not flushed is gone
		s.stop(name)
		s.reopen(name)
	case "lose": // one node's ledger is removed while it is down
		name = s.names[0]
		s.stop(name)
		if s.plant == nil {
			if err := errors.Join(s.nodes[name].store.Close(), os.RemoveAll(s.folder(name))); err != nil {
				s.problem("%v", err)
			}
		}
		s.reopen(name)
	case "repair": // of the same node: of a majority it would be the end
		name = s.names[0]
		s.stop(name)
		if s.plant == nil {
			if err := errors.Join(s.nodes[name].store.Close(), os.RemoveAll(s.folder(name))); err != nil {
				s.problem("%v", err)
			}
			s.repair(name)
			s.reopen(name)
		}
	case "start":
		s.startIfDown(name)
	case "isolate", "join":
		s.isolate(name, kind == "isolate")
	case "mute", "unmute": // one direction of one link
		s.mute(name, other, kind == "mute")
	case "all down":
		for _, n := range s.names {
			s.stop(n)
		}
		for _, n := range s.names {
			s.startIfDown(n)
		}
	case "snapshot":
		if r := s.replica(name); r != nil {
			_ = r.raft.Snapshot().Error() // there may be nothing new
		}
	}
}

func (s *schedule) folder(name string) string {
	return filepath.Join(s.dir, s.nodes[name].bureau.Code+".ledger")
}

// reopen opens a node's ledger as it was at its last flush; planted faults have
// theirs in memory.
func (s *schedule) reopen(name string) {
	if s.plant != nil {
		return
	}
	m := s.nodes[name]
	if err := m.store.Close(); err != nil {
		s.problem("close %s: %v", name, err)
	}
	disk, err := store.Open(s.folder(name), s.machine())
	if err != nil {
		s.t.Fatal(err)
	}
	m.store = disk
}

func (s *schedule) machine() *state.Machine { return state.New(s.c.Genesis) }

// startIfDown starts a node. A node that lost what a snapshot stands for needs a
// peer to start, and is tried again later.
func (s *schedule) startIfDown(name string) {
	if s.replica(name) != nil {
		return
	}
	if err := s.tryStart(name); err != nil && !strings.Contains(err.Error(), "fetch") {
		s.problem("%s does not start: %v", name, err)
	}
}

// enrolOfficers has the bureaus enrol theirs at the same time.
func (s *schedule) enrolOfficers() {
	r := s.leader()
	var wg sync.WaitGroup
	for _, b := range s.c.Bureaus {
		wg.Go(func() {
			for _, it := range b.Enrolments(s.t)[:2] {
				ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
				defer cancel()
				if _, err := r.submit(ctx, it); err != nil {
					s.problem("enrol: %v", err)
				}
			}
		})
	}
	wg.Wait()
}

// run plays the schedule and returns what it found wrong.
func (s *schedule) run() {
	s.enrolOfficers()
	random := rand.New(rand.NewPCG(s.seed, 0))
	if s.plant != nil {
		s.plant(s)
	}
	ctx, cancel := context.WithCancel(s.t.Context())
	var wg sync.WaitGroup
	for i, b := range s.c.Bureaus {
		for j, a := range []*ledgertest.Author{b.Officer, b.Supervisor} {
			if j == 1 && i > 0 {
				break
			}
			random := rand.New(rand.NewPCG(s.seed, uint64(1+2*i+j)))
			if i == len(s.c.Bureaus)-1 {
				wg.Go(func() { s.cleaner(ctx, b, random) })
				continue
			}
			wg.Go(func() { s.officer(ctx, a, random) })
		}
	}
	wg.Go(func() { s.stranger(ctx, rand.New(rand.NewPCG(s.seed, 100))) })
	for end := time.Now().Add(s.lasts); time.Now().Before(end); {
		time.Sleep(time.Duration(300+random.IntN(3000)) * time.Millisecond)
		s.breakSomething(random)
	}
	s.heal()
	healed := time.Now()
	before := s.tick()
	for range 600 { // I12: somebody's statement is acknowledged soon
		time.Sleep(50 * time.Millisecond)
		s.mu.Lock()
		done := slices.ContainsFunc(s.ops, func(o *op) bool { return o.end > before })
		s.mu.Unlock()
		if done {
			break
		}
	}
	s.slowest = time.Since(healed)
	if s.slowest > 20*time.Second {
		s.problem("nothing was acknowledged within %s of the healing", s.slowest)
	}
	cancel()
	wg.Wait()
	s.check()
}

func (s *schedule) heal() {
	for _, a := range s.names {
		s.isolate(a, false)
		for _, b := range s.names {
			s.mute(a, b, false)
		}
	}
	for range 20 {
		down := false
		for _, n := range s.names {
			s.startIfDown(n)
			down = down || s.replica(n) == nil
		}
		if !down {
			return
		}
		time.Sleep(time.Second)
	}
	s.problem("not every node starts again")
}

// check waits until the nodes have the same, and holds it against the history.
func (s *schedule) check() {
	s.purgeEverywhere()
	s.converge()
	s.checkOrder()
	for _, name := range s.names {
		if r := s.replica(name); r != nil {
			s.checkNode(r)
		}
	}
	for _, o := range s.ops { // I6: the same statement again has the same place
		if o.end == 0 {
			continue
		}
		for _, name := range s.names {
			r := s.replica(name)
			if r == nil {
				continue
			}
			ctx, cancel := context.WithTimeout(s.t.Context(), 10*time.Second)
			if again, err := r.submit(ctx, o.item); err != nil || again.Index != o.index {
				s.problem("%s again at %s: %+v, %v; acknowledged at %d", o, name, again, err, o.index)
			}
			cancel()
		}
	}
}

// converge is I3: equal heads, which have root and digest in them, and a FINAL
// checkpoint over all of it.
func (s *schedule) converge() {
	var why string
	for range 300 {
		why = ""
		var first *state.Head
		for _, name := range s.names {
			r := s.replica(name)
			if r == nil {
				why = name + " does not run"
				break
			}
			head, err := state.ReadHead(r.store)
			switch f := r.final.Load(); {
			case err != nil:
				why = err.Error()
			case first == nil:
				first = &head
			case head != *first:
				why = fmt.Sprintf("%s is at %d %x, %s at %d %x", s.names[0], first.Size, first.Digest[:4], name, head.Size, head.Digest[:4])
			case f == nil || f.at.Size != head.Size:
				why = fmt.Sprintf("no FINAL checkpoint at %d", head.Size)
			}
		}
		if why == "" {
			return
		}
		time.Sleep(200 * time.Millisecond)
	}
	s.problem("the nodes do not agree: %s", why)
}

// checkOrder is I4: what was acknowledged before another was submitted is before it.
func (s *schedule) checkOrder() {
	var acked []*op
	for _, o := range s.ops {
		if o.end != 0 {
			acked = append(acked, o)
		}
	}
	ends := slices.SortedFunc(slices.Values(acked), func(a, b *op) int { return cmp.Compare(a.end, b.end) })
	slices.SortFunc(acked, func(a, b *op) int { return cmp.Compare(a.begin, b.begin) })
	var last *op // the highest index among those that ended before o began
	for _, o := range acked {
		for len(ends) > 0 && ends[0].end < o.begin {
			if last == nil || ends[0].index > last.index {
				last = ends[0]
			}
			ends = ends[1:]
		}
		if last != nil && last.index >= o.index {
			s.problem("%s at %d was acknowledged before %s at %d was submitted", last, last.index, o, o.index)
		}
	}
}

// checkNode is I1, I2, I6 and I9 on one node, and that it did not stop.
func (s *schedule) checkNode(r *replica) {
	head, err := state.ReadHead(r.store)
	if err != nil {
		s.problem("%s: %v", r.name, err)
		return
	}
	// What is in the entries themselves, not only in the index.
	at := make(map[ledger.ID][]uint64)
	for i := range head.Size {
		_, e, err := r.store.Entry(i)
		if err != nil {
			s.problem("%s: entry %d: %v", r.name, i, err)
			return
		}
		at[e.ID] = append(at[e.ID], i)
		purged, err := state.Purged(r.store, i)
		if err != nil {
			s.problem("%s: entry %d: %v", r.name, i, err)
		}
		if body, err := r.store.Body(i); purged && !errors.Is(err, store.ErrPurged) || !purged && (err != nil || !e.CheckBody(body)) {
			s.problem("%s: entry %d, purged: %t, has another body (%v)", r.name, i, purged, err)
		}
		hash, err := r.store.ReadHashes([]int64{leafAt(i)})
		if err != nil || ledger.Hash(hash[0]) != ledger.Hash(e.LeafHash()) {
			s.problem("%s: entry %d is not the one in the tree (%v)", r.name, i, err)
		}
	}
	for _, o := range s.ops {
		places := at[o.item.Entry.ID]
		index, ok, err := state.ReadIndex(r.store, o.item.Entry.ID)
		switch {
		case err != nil || ok != (len(places) > 0) || ok && index != places[0]:
			s.problem("%s: %s is at %v, its index says %d (%v, %v)", r.name, o, places, index, ok, err)
		case len(places) > 1:
			s.problem("%s: %s is there more than once: %v", r.name, o, places)
		case o.bad && ok:
			s.problem("%s: a stranger's %s is entry %d", r.name, o, index)
		case o.end != 0 && (!ok || index != o.index):
			s.problem("%s: %s is at %v, acknowledged at %d", r.name, o, places, o.index)
		case o.end == 0 && ok && !o.maybe && !o.bad:
			s.problem("%s: %s is entry %d, and its officer was told that nothing was written", r.name, o, index)
		case o.instead != nil && ok && len(at[o.instead.item.Entry.ID]) > 0:
			s.problem("%s: %s and the one in its place are both there", r.name, o)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err != nil || len(r.alarms) > 0 {
		s.problem("%s: stopped by %v, alarms %q", r.name, r.err, r.alarms)
	}
}

// play runs one seed in a bubble.
func play(t *testing.T, seed uint64, lasts time.Duration, plant func(*schedule)) (s *schedule) {
	synctest.Test(t, func(t *testing.T) {
		s = &schedule{cluster: newCluster(t, 5), seed: seed, lasts: lasts, plant: plant, faults: make(map[string]int)}
		for _, b := range s.c.Bureaus {
			s.names = append(s.names, b.Node())
		}
		if plant == nil {
			for _, name := range s.names {
				s.stop(name)
				s.reopen(name)
				s.start(name)
			}
			t.Cleanup(func() {
				for _, name := range s.names {
					s.stop(name)
					s.nodes[name].store.Close()
				}
			})
		}
		s.run()
	})
	return s
}

func TestScheduleOfFaults(t *testing.T) {
	first, last, lasts := uint64(1), uint64(6), 20*time.Second
	switch {
	case os.Getenv("COMITY_LONG") != "":
		last = 20
	case testing.Short():
		last = 2
	}
	if v := os.Getenv("COMITY_SEED"); v != "" {
		first, _ = strconv.ParseUint(v, 10, 64)
		last, lasts = first, 5*time.Minute
	} else if v := os.Getenv("COMITY_SEEDS"); v != "" {
		last, _ = strconv.ParseUint(v, 10, 64)
		lasts = 5 * time.Minute
	}
	for seed := first; seed <= last; seed++ {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			t.Parallel()
			s := play(t, seed, lasts, nil)
			acked := 0
			for _, o := range s.ops {
				if o.end != 0 {
					acked++
				}
			}
			t.Logf("seed %d: faults %v, %d statements, %d acknowledged, the first %s after the healing", seed, s.faults, len(s.ops), acked, s.slowest.Round(time.Millisecond))
			for _, p := range s.problems {
				t.Errorf("seed %d: %s", seed, p)
			}
			if acked < 5 {
				t.Errorf("seed %d: %d acknowledged statements prove little", seed, acked)
			}
		})
	}
}

// leafAt is where the tree keeps the hash of a leaf.
func leafAt(index uint64) int64 { return tlog.StoredHashIndex(0, int64(index)) }

// Each of these breaks one node, or breaks the rules, in a way that the schedule
// must find: else finding nothing would say nothing.
func TestScheduleFindsPlantedFaults(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long; TestScheduleOfFaults runs the same code")
	}
	replace := func(s *schedule, wrap func(store.Store) store.Store) {
		name := s.names[2]
		s.stop(name)
		s.nodes[name].store = wrap(s.nodes[name].store)
		s.start(name)
	}
	for _, test := range []struct {
		name, want string
		plant      func(*schedule)
	}{
		{"forgets ids", "its index says 0 (false, <nil>)", func(s *schedule) {
			replace(s, func(st store.Store) store.Store { return &forgetful{Store: st} })
		}},
		{"flips a byte of an entry", "has another body", func(s *schedule) {
			replace(s, func(st store.Store) store.Store { return &flipping{Store: st} })
		}},
		{"keeps what is purged", "purged: true, has another body", func(s *schedule) {
			replace(s, func(st store.Store) store.Store { return keeping{st} })
		}},
		{"drops a command", "the nodes do not agree", func(s *schedule) {
			replace(s, func(st store.Store) store.Store { return &dropping{Store: st, after: 3} })
		}},
		{"says yes before it is committed", "acknowledged ", func(s *schedule) {
			s.hasty = true
			s.isolate(s.names[4], true)
		}},
		{"comes back empty and votes", "the nodes do not agree", func(s *schedule) {
			s.votesBlind = true
			wipe(s)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := play(t, 3, 12*time.Second, test.plant)
			if !strings.Contains(strings.Join(s.problems, "\n"), test.want) {
				t.Errorf("found %q, want it to say %q", s.problems, test.want)
			}
		})
	}
}

// A node that comes back with an empty disk costs nothing that was acknowledged.
// That it does not cosign any more is said.
func TestScheduleSurvivesAnEmptyDisk(t *testing.T) {
	s := play(t, 3, 12*time.Second, wipe)
	for _, p := range s.problems {
		if !strings.Contains(p, "stopped by <nil>, alarms [\"this node does not cosign before its keys are changed") {
			t.Error(p)
		}
	}
}

// wipe has a majority of three commit a statement, of which one node then comes
// back with an empty disk, and with the two others that lack it makes another
// majority, if it votes.
func wipe(s *schedule) {
	leader := s.leader().name
	var rest []string
	for _, n := range s.names {
		if n != leader {
			rest = append(rest, n)
		}
	}
	s.isolate(rest[2], true)
	s.isolate(rest[3], true)
	o := s.begin(s.c.Bureaus[1].Supervisor.Publish(s.t, ledger.KindYellow, []byte("on three disks")))
	s.acknowledge(o, s.submit(s.leader(), o.item))
	for _, n := range []string{leader, rest[0], rest[1]} {
		s.stop(n)
	}
	s.forget(rest[0])
	s.isolate(rest[2], false)
	s.isolate(rest[3], false)
	s.start(rest[0])
	if !s.votesBlind {
		time.Sleep(20 * time.Second)
		for _, n := range []string{rest[0], rest[2], rest[3]} {
			if s.replica(n).raft.State() == raft.Leader {
				s.problem("%s leads", n)
			}
		}
		s.start(rest[1]) // which has it: now a majority is complete
	}
	o = s.begin(s.c.Bureaus[2].Supervisor.Publish(s.t, ledger.KindYellow, []byte("in its place")))
	s.acknowledge(o, s.submit(s.leader(), o.item))
}

// forgetful does not find an id that it holds.
type forgetful struct{ store.Store }

func (f *forgetful) Get(t state.Table, key []byte) ([]byte, error) {
	if t == state.TableIDs {
		return nil, nil
	}
	return f.Store.Get(t, key)
}

// flipping reads one byte of each body wrong.
type flipping struct{ store.Store }

func (f *flipping) Body(index uint64) ([]byte, error) {
	body, err := f.Store.Body(index)
	if body = slices.Clone(body); len(body) > 0 {
		body[0] ^= 1
	}
	return body, err
}

// dropping says that it committed a batch which it did not.
type dropping struct {
	store.Store
	after int
}

func (d *dropping) Commit(applied uint64, c *state.Changes) error {
	if len(c.Records) > 0 {
		if d.after--; d.after == 0 {
			return nil
		}
	}
	return d.Store.Commit(applied, c)
}
