package node

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"comity/ledger"
	"comity/ledger/state"
	"comity/ledger/store"
	"comity/node/wire"

	"github.com/hashicorp/raft"
)

// talker is how gossip reaches the other nodes.
type talker interface {
	// Hand brings cosignatures to a node.
	Hand(ctx context.Context, name string, list []*ledger.Cosignature) error
	// Head asks a node for the newest cosignature of another that it holds; nil
	// when it holds none.
	Head(ctx context.Context, name, of string) (*ledger.Cosignature, error)
	// Root tells a node which root this one holds at a size, and returns which that
	// one holds; false when its log is shorter.
	Root(ctx context.Context, name string, size uint64, root ledger.Hash) (ledger.Hash, bool, error)
}

// gossip brings this node's cosignatures to every other node, and not through a
// leader, which could hide a fork; takes what they bring; holds every cosignature
// that it sees against the own log (heads.go); and decides what follows from one
// that contradicts it.
type gossip struct {
	*heads
	witness  *witness
	raft     *raft.Raft
	peers    talker
	evidence *evidenceStore
	archive  *archive // nil if it is damaged
	final    func() *finality
	moved    *beacon // of the state
	news     *beacon // there is something to tell
	alarm    func(string)
	damaged  func(error)
	deceived func(error) // stops the node: its log is not the ledger's
	log      *slog.Logger

	mu       sync.Mutex // guards what follows
	own      *ledger.Cosignature
	answered map[string]bool // who has said what it holds of our key
	finals   []*finality     // the last ones, oldest first
	settled  map[string]bool // nodes that are faulty in our state

	// Of run alone: where our log was when it last grew, and when that was.
	grown   uint64
	grownAt time.Time
	stuck   atomic.Pointer[uint64] // the size at which it has not for behindAfter, and others' has
}

const (
	gossipEvery   = time.Second // between two talks with one node
	gossipTimeout = 5 * time.Second
	askAgain      = 100 * time.Millisecond // first pause; it doubles up to gossipEvery
	finalsKept    = 32                     // some seconds of them under load
	behindAfter   = 30 * time.Second       // of a log that does not grow while others' does

)

// run talks with all others, and looks at what was found, until ctx ends.
func (g *gossip) run(ctx context.Context) {
	var wg sync.WaitGroup
	defer wg.Wait()
	g.grownAt = time.Now()
	g.count("")
	wg.Go(func() { g.roster.each(ctx, g.name, g.talk) })
	tick := time.NewTicker(gossipEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := g.look(); err != nil && !errors.Is(err, store.ErrClosed) {
			g.log.Error("look at what the others cosigned", "error", err)
			g.damaged(err)
		}
	}
}

// talk asks one node what it holds of our key, and then tells it what is new, at
// most once a second.
func (g *gossip) talk(ctx context.Context, name string) {
	g.ask(ctx, name)
	var told *ledger.Cosignature
	for ctx.Err() == nil {
		news := g.news.wait() // before the look, so that nothing is missed
		own, list := g.tidings(told)
		if len(list) == 0 {
			select {
			case <-ctx.Done():
			case <-news:
			}
			continue
		}
		one, cancel := context.WithTimeout(ctx, gossipTimeout)
		if err := g.peers.Hand(one, name, list); err == nil {
			told = own
		} else if ctx.Err() == nil {
			g.log.Debug("hand round cosignatures", "to", name, "error", err)
		}
		cancel()
		pauseFor(ctx, gossipEvery)
	}
}

// ask asks a node for the newest cosignature of our key that it holds, until it
// answers. Before a quorum has, ourselves included, this node signs nothing: its
// witness state may be an old copy, or its disk an empty one, and what it would
// sign a fork of what it forgot.
func (g *gossip) ask(ctx context.Context, name string) {
	for wait := askAgain; ctx.Err() == nil; wait = min(2*wait, gossipEvery) {
		one, cancel := context.WithTimeout(ctx, gossipTimeout)
		s, err := g.peers.Head(one, name, g.name)
		cancel()
		if err == nil && s != nil {
			if s.Node != g.name {
				err = fmt.Errorf("it answered with a cosignature of %q", s.Node)
			} else {
				err = g.see(s)
			}
		}
		if err == nil {
			g.count(name)
			return
		}
		g.log.Debug("ask what is held of our key", "of", name, "error", err)
		pauseFor(ctx, wait)
	}
}

// count counts an answer, and lets the witness sign when there are enough.
func (g *gossip) count(name string) {
	g.mu.Lock()
	if name != "" {
		g.answered[name] = true
	}
	now, n := g.roster.now(), 1
	for other := range g.answered {
		if now.votes(other) {
			n++
		}
	}
	enough := n >= now.policy.Quorum
	g.mu.Unlock()
	if enough {
		g.witness.listened()
		g.moved.fire()
	}
}

// tidings returns our newest cosignature, and what is to be told to a node that
// was told of an earlier one: it, and evidence that our state does not have yet.
func (g *gossip) tidings(told *ledger.Cosignature) (own *ledger.Cosignature, list []*ledger.Cosignature) {
	g.mu.Lock()
	own = g.own
	settled := g.settled
	g.mu.Unlock()
	if own != told {
		list = append(list, own)
	}
	for _, c := range g.contradictions() {
		if node := c.Node; !settled[node] && g.stillNode(c) && len(list) < ledger.MaxCosignatures &&
			!slices.ContainsFunc(list, func(s *ledger.Cosignature) bool { return s.Node == node && s != own }) {
			list = append(list, c)
		}
	}
	return own, list
}

// signed takes over what this node has just signed.
func (g *gossip) signed(s *ledger.Cosignature) {
	g.mu.Lock()
	g.own = s
	g.mu.Unlock()
	g.news.fire()
}

// deny falls silent when a cosignature under this node's name is not one that it
// remembers.
func (g *gossip) deny(s *ledger.Cosignature) {
	if !g.witness.signs(g.roster.policy(s.Size)) {
		return // it is by the keys that the node had before
	}
	if why := g.witness.denies(s.Size, s.Root); why != "" {
		g.mute(why)
	}
}

// handed takes what another node brings, all of it. It answers with the first
// refusal.
func (g *gossip) handed(list []*ledger.Cosignature) (err error) {
	for _, s := range list {
		err = cmp.Or(err, g.see(s))
	}
	return err
}

// mute ends this node's cosigning for good, and says so.
func (g *gossip) mute(why string) {
	if g.witness.silence() != "" {
		return
	}
	if err := g.witness.mute(why); err != nil {
		g.log.Error("mute", "error", err)
		g.alarm(err.Error())
	}
	g.log.Error("this node does not cosign any more", "why", why)
	g.alarm(muteAlarm(why))
	g.moved.fire()
}

func muteAlarm(why string) string {
	return "this node does not cosign before its keys are changed: " + why
}

// look compares what the log has reached meanwhile, and draws the consequences
// of what contradicts it: evidence for the ledger and in a file, silence.
func (g *gossip) look() error {
	if err := g.reach(); err != nil {
		return err
	}
	faults, err := g.machine.Faults(g.store)
	if err != nil {
		return err
	}
	settled := make(map[string]bool)
	for _, f := range faults {
		settled[f.Proof.Node] = true
		if err := g.see(f.Proof); err != nil && !wire.IsRefusal(err) { // a manifest may have brought it
			return err
		}
	}
	g.mu.Lock()
	g.settled = settled
	g.mu.Unlock()
	final := g.final()
	list := g.contradictions()
	proposed := make(map[string]bool)
	for _, s := range list {
		if s.Node == g.name {
			g.mute(fmt.Sprintf("there is a cosignature of its own over another history of the first %d entries than it holds", s.Size))
		} else {
			g.alarm(fmt.Sprintf("the node of %s cosigned another history than this ledger's", g.roster.policy(s.Size).Bureau[s.Node]))
		}
		if !settled[s.Node] && !proposed[s.Node] && g.stillNode(s) {
			proposed[s.Node] = true
			g.news.fire()
			if g.raft.State() == raft.Leader {
				g.raft.Apply((&ledger.Command{Evidence: s}).Marshal(), gossipEvery)
			}
		}
		if err := g.keep(s, final); err != nil {
			g.log.Error("keep evidence", "error", err)
			g.alarm(err.Error())
		}
	}
	if settled[g.name] {
		g.mute("the ledger holds evidence that it cosigned another history")
	}
	for _, f := range faults {
		list = append(list, f.Proof)
	}
	g.judge(list)
	if err := g.follows(); err != nil {
		return err
	}
	g.keepNote(final)
	return nil
}

// judge says whether this node is the one that was deceived, as by a leader that
// gave it other entries than the rest: a quorum cosigned another history than it
// holds, of those who vote now or of those who did in one epoch. It stops then, since
// what it would serve is not the ledger, and as a leader it would be in everybody's
// way. It has signed nothing of what it holds (see agreement), and can be repaired.
// Fewer are liars, and silence nobody; nor do those who lied one after the other, and
// left for it.
func (g *gossip) judge(list []*ledger.Cosignature) {
	by := g.roster.membership()
	codes := make(map[uint64]map[string]bool) // of whom, by the position from which an epoch is in force
	note := func(e *ledger.Epoch, code string) {
		if codes[e.From] == nil {
			codes[e.From] = make(map[string]bool)
		}
		codes[e.From][code] = true
	}
	for _, c := range list {
		if c.Node == g.name {
			continue
		}
		code := by.PolicyAt(c.Size).Bureau[c.Node]
		note(by.At(c.Size), code)
		if g.stillNode(c) && g.roster.now().votes(c.Node) {
			note(by.Latest(), code)
		}
	}
	for from, set := range codes {
		if len(set) >= by.PolicyAt(from).Quorum {
			g.deceived(fmt.Errorf("a quorum cosigned another history: %s: %w", strings.Join(slices.Sorted(maps.Keys(set)), " "), errDeceived))
			return
		}
	}
}

// follows notes whether this node's log stands still while more bureaus than may be
// dishonest have cosigned a longer one. It may be cut off from the leader; or a
// leader made it believe that it has the commands which it lacks. It is not ready.
func (g *gossip) follows() error {
	size, err := g.size()
	if err != nil {
		return err
	}
	if size != g.grown || g.longer(size) <= g.roster.now().faults() || g.fetching() {
		g.grown, g.grownAt = size, time.Now()
	}
	if time.Since(g.grownAt) < behindAfter {
		g.stuck.Store(nil)
	} else {
		g.stuck.Store(&size)
	}
	return nil
}

// stands reports whether the ledger has stood still, and does at this moment.
func (g *gossip) stands() bool {
	at := g.stuck.Load()
	if at == nil {
		return false
	}
	size, err := g.size()
	return err == nil && size == *at
}

// complete reports whether this node's log has all that it ever cosigned, for all
// that it and a quorum remember, and all that more bureaus than may be dishonest
// have: so no leader keeps a part of the ledger from it.
func (g *gossip) complete() bool {
	size, err := g.size()
	if err != nil || !g.witness.hasHeard() || !g.witness.within(g.store, size) {
		return false
	}
	if s := g.head(g.name); s != nil {
		if no, err := state.Contradicts(g.store, size, s); err != nil || no || s.Size > size {
			return false
		}
	}
	return g.longer(size) <= g.roster.now().faults() && !g.stands()
}

// remember keeps a FINAL checkpoint among the last ones.
func (g *gossip) remember(f *finality) {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := len(g.finals)
	if n > 0 && g.finals[n-1].at.Size == f.at.Size {
		n-- // it has gained a cosignature
	}
	g.finals = append(slices.Clone(g.finals[max(0, n+1-finalsKept):n]), f)
}

// keep writes the evidence that s contradicts a FINAL checkpoint, as soon as there
// is one at or after its size: best one that its node signed as well.
func (g *gossip) keep(s *ledger.Cosignature, final *finality) error {
	if final == nil || final.at.Size < s.Size {
		return nil
	}
	g.mu.Lock()
	for _, f := range g.finals {
		if f.at.Size >= s.Size && f.at.By(s.Node) {
			final = f
			break
		}
	}
	g.mu.Unlock()
	return g.evidence.keep(s, final.note, g.store)
}

// keepNote archives the last FINAL note if it is time to.
func (g *gossip) keepNote(f *finality) {
	if f == nil || f.at.Size == 0 || g.archive == nil {
		return
	}
	at, _, err := g.store.Entry(f.at.Size - 1)
	if err != nil || !g.archive.due(f.at.Size, at) {
		return // what is wrong with the store others notice
	}
	if err := g.archive.keep(f.note, at); err != nil {
		g.log.Error("archive", "error", err)
		g.alarm(err.Error())
	}
}

// close ends what is open on the disk; run has ended.
func (g *gossip) close() error {
	if g.archive == nil {
		return nil
	}
	return g.archive.close()
}

func pauseFor(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
