package node

import (
	"context"
	"errors"
	"fmt"

	"comity/ledger"
	"comity/ledger/state"
	"comity/node/wire"
)

// purgeClaims are what one peer says of bodies that it does not give. An entry
// comes long before the entry that purges its body, so the state does not tell,
// and a peer could withhold what it likes. It names the purge; and that counts if
//
//   - a receipt shows that this very purge is in the ledger, under a FINAL
//     checkpoint: whatever is there was accepted, by all rules; or
//   - the peer holds the purge, no FINAL checkpoint reaches so far, which can last
//     while this node is the one that a quorum lacks, and none of the others whom it
//     can ask gives the body.
type purgeClaims struct {
	c     *catchup
	ctx   context.Context // ends when the peer has had its time
	giver string
	final uint64                   // what the manifest's FINAL checkpoint covers: there a receipt is wanted
	shown map[uint64]*ledger.Entry // purges that a receipt has shown
}

// complete refuses an entry without the body that it names, unless that is purged.
// It puts a body in its place that another node still has.
func (k *purgeClaims) complete(index uint64, r *wire.Record) error {
	if k.c.fsm.verified.seams.snapshotsOff() {
		return nil
	}
	if !r.Purged {
		if !r.Entry.CheckBody(r.Body) {
			return lie("entry %d comes with another body", index)
		}
		return nil
	}
	purged, err := state.Purged(k.c.fsm.store, index)
	if err != nil {
		return ours(err)
	}
	if purged {
		return nil
	}
	if r.PurgedBy <= index {
		return lie("entry %d comes without its body, which was not purged", index)
	}
	if p := k.shown[r.PurgedBy]; p != nil {
		return k.covers(p, index, r)
	}
	p, final, err := k.look(k.giver, r.PurgedBy)
	if err != nil {
		return err
	}
	if err := k.covers(p, index, r); err != nil {
		return err
	}
	if final {
		k.shown[r.PurgedBy] = p
		return nil
	}
	if r.PurgedBy < k.final {
		return fmt.Errorf("it shows no receipt of entry %d, which it says purges entry %d", r.PurgedBy, index)
	}
	return k.askOthers(index, r)
}

// covers refuses a purge that is none of the body of an entry.
func (k *purgeClaims) covers(p *ledger.Entry, index uint64, r *wire.Record) error {
	if !r.PurgedIn(p.Statement) {
		return lie("entry %d comes without its body, and entry %d does not purge it", index, r.PurgedBy)
	}
	return nil
}

// look reads an entry from a peer, and whether a FINAL checkpoint covers it.
func (k *purgeClaims) look(name string, index uint64) (*ledger.Entry, bool, error) {
	ctx, cancel := context.WithTimeout(k.ctx, vouchTime)
	defer cancel()
	r, err := k.c.record(ctx, name, index)
	if err != nil {
		return nil, false, err
	}
	receipt, err := k.c.peers.Receipt(ctx, name, index)
	switch {
	case wire.CodeOf(err) == wire.NotFinal:
		return r.Entry, false, nil
	case err != nil:
		return nil, false, err
	}
	_, _, err = receipt.Verify(k.c.fsm.roster.membership(), r.Entry.LeafHash())
	if errors.Is(err, ledger.ErrOldCharter) {
		k.c.fsm.roster.ask()
		return nil, false, err
	}
	if err != nil || receipt.Index != index {
		return nil, false, lie("its receipt of entry %d: %v", index, err)
	}
	return r.Entry, true, nil
}

// askOthers asks the other nodes for a body that one does not give, where no
// receipt shows that it is purged. Who still has it gives it; if it is purged, this
// node will hear of it in time. Where nobody says otherwise there is nobody to
// learn better from.
func (k *purgeClaims) askOthers(index uint64, r *wire.Record) error {
	for _, name := range k.c.order() {
		if name == k.giver {
			continue
		}
		ctx, cancel := context.WithTimeout(k.ctx, vouchTime)
		other, err := k.c.record(ctx, name, index)
		cancel()
		if err != nil || other.Entry.ID != r.Entry.ID {
			continue
		}
		if !other.Purged {
			r.Body, r.Purged = other.Body, false
			return nil
		}
		e, final, err := k.look(name, other.PurgedBy)
		if err == nil && final && r.PurgedIn(e.Statement) {
			k.shown[other.PurgedBy] = e
			return nil
		}
	}
	return k.ctx.Err()
}

// record reads one record from a peer.
func (c *catchup) record(ctx context.Context, name string, index uint64) (r *wire.Record, err error) {
	_, err = c.peers.Records(ctx, name, index, 1, func(got *wire.Record) error {
		if r != nil {
			return errors.New("it gives more than it was asked for")
		}
		r = got
		return nil
	})
	if err == nil && r == nil {
		err = fmt.Errorf("it has no entry %d", index)
	}
	return r, err
}
