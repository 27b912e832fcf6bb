package node

import (
	"context"
	"errors"
	"fmt"
	"time"

	"comity/ledger"
	"comity/ledger/store"
	"comity/node/wire"
)

// judge says whether a chunk that one peer gave may be kept, and which other
// nodes hold something else, if it may all the same.
func (c *catchup) judge(name string, m *manifest, chunk *store.Staged) (against []string, err error) {
	if c.fsm.verified.seams.snapshotsOff() {
		return nil, nil
	}
	head := chunk.Changes.Head
	switch {
	case head.Size == c.fsm.signed.Size && head.Root != c.fsm.signed.Root:
		return nil, lie("its first %d entries are not those that this node has cosigned", head.Size)
	case head.Size == m.Head.Size && head != m.Head:
		return nil, lie("its entries lead to another state than the manifest's at %d: root %x, want %x", head.Size, head.Root[:8], m.Head.Root[:8])
	}
	if err := c.cosigned(name, m, chunk); err != nil {
		return nil, err
	}
	return c.vouched(name, m, chunk)
}

// cosigned demands that a quorum has cosigned what the chunk ends in, as far as
// there is a FINAL checkpoint: the manifest's own, or one that any peer has. The
// receipt of the chunk's last entry shows it, as in the desk.
func (c *catchup) cosigned(name string, m *manifest, chunk *store.Staged) error {
	head := chunk.Changes.Head
	if head.Size == finalSize(m) {
		if head.Root != m.Final.Root {
			return lie("its first %d entries are not those that a quorum cosigned", head.Size)
		}
		return nil
	}
	var failed error
	ask := append([]string{name}, c.order()...)
	for i, prover := range ask {
		if i > 0 && prover == name {
			continue
		}
		shown, err := c.proves(prover, chunk)
		if errors.As(err, new(ownFault)) {
			return err
		}
		if err == nil && shown {
			return nil
		}
		if err == nil || !errors.Is(err, errLie) {
			continue // its FINAL checkpoint does not reach so far
		}
		if prover == name {
			return err
		}
		failed = fmt.Errorf("%s: %w", prover, err) // one of the two lies
	}
	if failed != nil || head.Size <= finalSize(m) {
		return errors.Join(fmt.Errorf("nobody shows that its entry %d is under a FINAL checkpoint", head.Size-1), failed)
	}
	return nil
}

// proves reports whether a peer shows that the chunk is under a FINAL checkpoint.
func (c *catchup) proves(prover string, chunk *store.Staged) (bool, error) {
	ctx, cancel := context.WithTimeout(c.ctx, vouchTime)
	defer cancel()
	size, begun := chunk.Size(), time.Now()
	r, err := c.peers.Receipt(ctx, prover, size-1)
	c.waited(prover, begun, slowVouch)
	if err != nil {
		return false, err
	}
	last := chunk.Changes.Records[len(chunk.Changes.Records)-1].Item.Entry
	note, _, err := r.Verify(c.fsm.roster.membership(), last.LeafHash())
	if errors.Is(err, ledger.ErrOldCharter) {
		c.fsm.roster.ask()
		return false, err
	}
	if err != nil || r.Index != size-1 {
		return false, lie("its receipt of entry %d: %v", size-1, err)
	}
	same, err := ledger.SamePast(r.Proof, size, note.Size, chunk)
	if err != nil {
		return false, ours(err)
	}
	if !same {
		return false, lie("its first %d entries are not those that a quorum cosigned", size)
	}
	return true, nil
}

// vouched demands that f other nodes hold the same, ledger times included, or
// that no node holds anything else. The manifest counts for whoever leads. With
// f+1 nodes one is honest; with fewer that can be reached, and all agreed, there
// is nobody to learn better from, and waiting would stop a ledger whose other
// nodes are gone.
func (c *catchup) vouched(name string, m *manifest, chunk *store.Staged) (against []string, err error) {
	agree, faults := 0, c.faults()
	if chunk.Size() == m.Head.Size && c.leader() != name {
		agree++
	}
	times := wire.NewTimes()
	for i := range chunk.Changes.Records {
		times.Add(chunk.Changes.Records[i].Time)
	}
	want := wire.Span{Root: chunk.Changes.Head.Root, Times: times.Sum()}
	from := chunk.Size() - uint64(len(chunk.Changes.Records))
	for _, other := range c.order() {
		if agree >= faults {
			return against, nil
		}
		if other == name {
			continue
		}
		ctx, cancel := context.WithTimeout(c.ctx, vouchTime)
		begun := time.Now()
		got, err := c.peers.Span(ctx, other, from, chunk.Size())
		cancel()
		c.waited(other, begun, slowVouch)
		switch {
		case err != nil: // it does not answer, or does not hold them
		case *got == want:
			agree++
		default:
			against = append(against, other)
		}
	}
	if agree < faults && len(against) > 0 {
		return nil, fmt.Errorf("%v hold other entries from %d to %d, or at other times", against, from, chunk.Size())
	}
	return against, nil
}

// states asks the peers for the states that they have applied.
func (c *catchup) states() []*manifest {
	var out []*manifest
	for _, name := range c.order() {
		ctx, cancel := context.WithTimeout(c.ctx, vouchTime)
		begun := time.Now()
		data, err := c.peers.Manifest(ctx, name)
		cancel()
		c.waited(name, begun, slowVouch)
		if err != nil {
			continue
		}
		if m, err := parseManifest(data); err == nil {
			out = append(out, m)
		}
	}
	return out
}
