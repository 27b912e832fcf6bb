package node

import (
	"context"
	"errors"
	"fmt"
	"time"

	"comity/ledger"
	"comity/ledger/state"
)

// charterFile returns the charter with a certificate of each epoch that is FINAL
// here: what a bureau needs that joins, or was away.
func (r *replica) charterFile() (*ledger.Genesis, error) {
	r.fileMu.Lock()
	defer r.fileMu.Unlock()
	decided, err := r.machine.Membership(r.store)
	if err != nil {
		return nil, err
	}
	for n := r.file.Latest().Number + 1; n <= decided.Latest().Number; n++ {
		c, err := r.machine.Certificate(r.store, n)
		if errors.Is(err, state.ErrNotCertified) {
			r.roster.ask() // it is not FINAL yet, or came from another node without that checkpoint
			break
		}
		if err != nil {
			return nil, err
		}
		next, err := r.file.With(c)
		if err != nil {
			return nil, err
		}
		r.file = next
	}
	return r.file, nil
}

// errCuts is why a charter file is not taken from another node: a quorum signed the
// recovery in it, but perhaps for a plan that was given up.
var errCuts = errors.New("by its charter file a recovery has cut what is FINAL here, or goes on while there is a leader: this node does not follow unless its operator carries it out: comity recover start")

// takeFile takes over a verified charter file that has more certificates. A recovery
// needs no receipt, and gives every voter another node: who kept one that was signed
// and never carried out could end the nodes of a ledger that lives.
func (r *replica) takeFile(g *ledger.Genesis) error {
	decided, err := r.machine.Membership(r.store)
	if err != nil {
		return err
	}
	final, err := state.ReadFinal(r.store)
	if err != nil {
		return err
	}
	_, leader := r.raft.LeaderWithID()
	for _, e := range g.Epochs()[min(len(decided.Epochs()), len(g.Epochs())):] {
		if e.Recovered && (leader != "" || final != nil && final.Size >= e.From) {
			return errCuts
		}
	}
	r.fileMu.Lock()
	defer r.fileMu.Unlock()
	if g.Latest().Number > r.file.Latest().Number {
		r.file = g
	}
	r.roster.learn(g.Membership)
	return nil
}

// Times of asking for epochs that this node does not know.
const (
	inquireEvery = 5 * time.Second  // at most
	lonelyAfter  = 30 * time.Second // without a leader: the others may have gone on without this node
)

// inquire asks the other nodes for their charter files when somebody acts by an
// epoch that this node does not know, or nobody leads it for long. What they give
// proves itself.
func (r *replica) inquire(ctx context.Context) {
	alone := time.Now()
	tick := time.NewTicker(inquireEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if _, leader := r.raft.LeaderWithID(); leader != "" {
			alone = time.Now()
		}
		select {
		case <-r.roster.wanted:
		default:
			if time.Since(alone) < lonelyAfter {
				continue
			}
		}
		alone = time.Now()
		for _, name := range r.others() {
			one, cancel := context.WithTimeout(ctx, gossipTimeout)
			g, err := r.peers.Charter(one, name)
			cancel()
			if err == nil && g.Ledger == r.cfg.Genesis.Ledger {
				if err = r.takeFile(g); errors.Is(err, errCuts) {
					r.alarm(fmt.Sprintf("%s: %v", name, err))
				}
			}
			if err != nil {
				r.log.Debug("ask who the members are", "of", name, "error", err)
			}
		}
	}
}
