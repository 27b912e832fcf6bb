package cli

import (
	"context"
	"errors"
	"fmt"

	"comity/ledger"
	"comity/node/follow"
	"comity/node/wire"
)

// final is the note of a FINAL checkpoint that was verified.
type final struct {
	ledger.Checkpoint
	by   []string
	note []byte
}

// Bounds of what a bundle takes along, and what is in memory for it. A node keeps
// a head an hour: of more than twice maxHeads every second one is left out, again
// and again, so that those that stay are spread over the whole history.
const (
	maxHeads    = 512
	maxEvidence = 256
)

// finals returns FINAL checkpoints of the node, verified, of at most until
// entries, ascending: at least one, the last of which is the newest.
func (s *session) finals(ctx context.Context, until uint64) ([]final, error) {
	newest, err := s.newestFinal(ctx)
	if err != nil {
		return nil, err
	}
	k := &keptHeads{until: until, newest: newest.Size}
	for from := uint64(0); !k.done; {
		list, err := s.client.Archive(ctx, from)
		if wire.CodeOf(err) == wire.NotFound {
			break // a node of an earlier version keeps none
		}
		if err != nil {
			return nil, err
		}
		if len(list) == 0 {
			break
		}
		from += uint64(len(list))
		before := k.seen
		for _, a := range list {
			f, err := s.openFinal(a.Note)
			if err := k.add(f, err); err != nil {
				return nil, err
			}
		}
		if !k.done && k.seen == before { // or it would have no end
			return nil, &follow.Dishonest{Node: s.client.String(), Reason: "the heads that it has kept do not ascend"}
		}
	}
	heads, last := k.heads, k.last
	switch {
	case newest.Size <= until:
		last = newest
	case last.Size == 0:
		return nil, hint(fmt.Errorf("the %s shows no FINAL head of %s or fewer; its last is of %s", s.client, plural(until, "entry", "entries"), count(newest.Size)),
			"leave --until out")
	}
	return heads.upTo(last), nil
}

// keptHeads takes the FINAL checkpoints that a node has kept, one after the other.
type keptHeads struct {
	until, newest uint64 // sizes
	heads         spread
	last          final
	seen          uint64 // the largest size so far, of what was cut too
	done          bool
}

// add takes the next one, or why it did not verify. What a recovery cut is among those
// of a node that was there before, and is none of this history.
func (k *keptHeads) add(f final, err error) error {
	cut := errors.As(err, new(*ledger.CutError))
	switch {
	case err != nil && !cut:
		return err
	case !cut && (f.Size > k.until || f.Size >= k.newest):
		k.done = true
	case !cut && f.Size > k.last.Size:
		k.heads.add(f)
		k.last = f
	}
	k.seen = max(k.seen, f.Size)
	return nil
}

// newestFinal returns the node's last FINAL checkpoint.
func (s *session) newestFinal(ctx context.Context) (final, error) {
	note, err := s.client.Checkpoint(ctx, 0, 0)
	switch wire.CodeOf(err) {
	case wire.NotFinal, wire.NotFound:
		return final{}, hint(errors.New("there is no FINAL head yet, so there is nothing that an auditor could check"), "see: comity status")
	}
	if err != nil {
		return final{}, err
	}
	return s.openFinal(note)
}

func (s *session) openFinal(note []byte) (final, error) {
	c, by, err := s.genesis.Open(note)
	if errors.As(err, new(*ledger.CutError)) {
		return final{c, by, note}, err
	}
	if err != nil {
		return final{}, &follow.Dishonest{Node: s.client.String(), Reason: err.Error(), Note: note}
	}
	return final{c, by, note}, nil
}

// spread is a bounded number of heads, from the first to the last about evenly.
type spread struct {
	heads []final
	every int // of those added one is kept; 0 as 1
	seen  int
}

func (s *spread) add(f final) {
	s.every = max(s.every, 1)
	if s.seen++; (s.seen-1)%s.every != 0 {
		return
	}
	if s.heads = append(s.heads, f); len(s.heads) < 2*maxHeads {
		return
	}
	kept := s.heads[:0]
	for i, h := range s.heads {
		if i%2 == 0 {
			kept = append(kept, h)
		}
	}
	clear(s.heads[len(kept):])
	s.heads, s.every = kept, 2*s.every
}

// upTo returns the heads below one, and that one.
func (s *spread) upTo(last final) []final {
	for len(s.heads) > 0 && s.heads[len(s.heads)-1].Size >= last.Size {
		s.heads = s.heads[:len(s.heads)-1]
	}
	return append(s.heads, last)
}

// evidence returns what the node keeps against dishonest bureaus, as far as it
// proves something.
func (s *session) evidence(ctx context.Context) ([][]byte, error) {
	files, err := s.client.EvidenceFiles(ctx)
	if wire.CodeOf(err) == wire.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if more := len(files) - maxEvidence; more > 0 {
		s.note("of %s pieces of evidence %s are left out", count(len(files)), count(more))
		files = files[:maxEvidence]
	}
	var list [][]byte
	for _, f := range files {
		e, err := s.client.Evidence(ctx, f.Name)
		if err != nil {
			return nil, err
		}
		if _, err := e.Verify(s.genesis); err != nil {
			s.note("evidence %s is left out: %s", f.Name, err)
			continue
		}
		list = append(list, e.Marshal())
	}
	return list, nil
}
