package desk

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"time"

	"comity/crypto/keys"
	"comity/crypto/seal"
	"comity/ledger"
	"comity/ledger/notice"
	"comity/ledger/state"
	"comity/node/client"
	"comity/node/follow"
	"comity/node/wire"
)

// Officers are who sign a statement.
type Officers struct {
	Author *keys.Signer
	Others []*keys.Signer // where an act needs four eyes

	// Awaits says that the second signature comes later, see [Approve]: the item
	// is not to be sent as it is.
	Awaits bool

	// Created is the time by the author's clock; the zero Time is now.
	Created time.Time

	// Chain is the end of the author's chain, and moves on with every statement
	// that is composed: who writes many keeps one here. nil asks the node for
	// each, and needs the one before to be committed.
	Chain *state.Author
}

func (o *Officers) created() time.Time {
	if o.Created.IsZero() {
		return time.Now().UTC()
	}
	return o.Created.UTC()
}

// Chain returns the end of an author's chain, by the node or by the replica,
// whichever is further: the replica is only as new as its FINAL checkpoint, and
// a node may be behind. client may be nil.
func (d *Desk) Chain(ctx context.Context, c *client.Client, author keys.ID) (state.Author, error) {
	ours, err := d.Author(author)
	if err != nil || c == nil {
		return ours, err
	}
	theirs, err := c.FreshAuthor(ctx, author)
	if wire.CodeOf(err) == wire.NotFound {
		return ours, nil
	}
	if err != nil {
		return ours, err
	}
	if theirs.Seq == ours.Seq && theirs.Prev != ours.Prev {
		return ours, &follow.Dishonest{Node: c.String(), Reason: fmt.Sprintf("it shows another statement %d of key %s than the one under our checkpoint", ours.Seq, author.Short())}
	}
	if theirs.Seq > ours.Seq {
		return state.Author{Seq: theirs.Seq, Prev: theirs.Prev}, nil
	}
	return ours, nil
}

// sign completes a statement with its author's place in the ledger, and with what
// this desk has seen unless it says what its author had, and signs.
func (d *Desk) sign(ctx context.Context, c *client.Client, by *Officers, s ledger.Statement, body []byte) (ledger.Item, error) {
	chain := by.Chain
	if chain == nil {
		end, err := d.Chain(ctx, c, by.Author.ID())
		if err != nil {
			return ledger.Item{}, err
		}
		chain = &end
	}
	s.Ledger, s.Author = d.genesis.Ledger, by.Author.ID()
	s.Seq, s.Prev = chain.Seq, chain.Prev
	if s.SeenSize == 0 {
		s.SeenSize, s.SeenRoot = d.Seen()
	}
	s.Created = uint64(max(by.created().Unix(), 0))
	if len(body) > 0 {
		s.BodyHash, s.BodyLen = sha256.Sum256(body), uint32(len(body))
	}
	e, err := ledger.SignStatement(&s, by.Author, by.Others...)
	if err != nil {
		return ledger.Item{}, err
	}
	chain.Seq, chain.Prev = chain.Seq+1, e.ID
	return ledger.Item{Entry: e, Body: body}, nil
}

// author returns where what this officer writes comes from.
func (d *Desk) author(by *Officers) (notice.Origin, error) {
	id := by.Author.ID()
	k, err := d.Key(id)
	if err != nil {
		return notice.Origin{}, err
	}
	size, _ := d.Seen()
	switch {
	case k == nil || k.Use != state.UseSign:
		return notice.Origin{}, fmt.Errorf("no bureau has enrolled the signing key %s in the %d entries of this desk", id.Short(), size)
	case k.RevokedAt != 0:
		return notice.Origin{}, fmt.Errorf("key %s of %s was revoked at entry %d", id.Short(), k.Bureau, k.RevokedAt-1)
	}
	return notice.Origin{Ledger: keys.ID(d.genesis.Ledger), Author: id, Bureau: k.Bureau}, nil
}

// sealParts seals parts to the current keys of their readers; the author's own
// bureau always reads.
func (d *Desk) sealParts(o notice.Origin, parts []notice.Part) ([]byte, error) {
	sealed := make([]seal.Part, len(parts))
	for i, p := range parts {
		readers, err := d.recipients(p.Compartment, append(slices.Clone(p.Readers), o.Bureau))
		if err != nil {
			return nil, err
		}
		sealed[i] = seal.Part{Compartment: p.Compartment, Plaintext: p.Plaintext, Readers: readers}
	}
	return seal.Seal(seal.Context{Ledger: o.Ledger, Author: o.Author}, sealed)
}

// recipients returns the keys of bureaus, each once, and of circles; [notice.All]
// among them stands for every member. Whoever is named gets a key of its own, in a
// circle or not: who is in one is the word of its founder.
func (d *Desk) recipients(c seal.Compartment, bureaus []string) ([]*keys.Recipient, error) {
	if slices.Contains(bureaus, notice.All) {
		bureaus = d.bureaus()
	}
	list, err := d.circleRecipients(c, bureaus)
	if err != nil {
		return nil, err
	}
	circles := len(list)
	for i, b := range bureaus {
		if notice.Circle(b) != "" || slices.Contains(bureaus[:i], b) {
			continue
		}
		if _, ok := d.Members().Member(b); !ok {
			return nil, fmt.Errorf("%s is not a bureau of this ledger", b)
		}
		r, err := d.Sealing(b, c)
		if err != nil {
			return nil, err
		}
		if r == nil {
			return nil, fmt.Errorf("%s has no key for a %s: nothing can be sealed for it until it enrols one", b, c)
		}
		list = append(list, r)
	}
	if circles > 0 && len(list) > maxCircleGrants {
		return nil, fmt.Errorf("%d circles and bureaus are named: with a circle among them %d are the most", len(list), maxCircleGrants)
	}
	return list, nil
}
