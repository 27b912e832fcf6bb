package desk

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"comity/crypto/keys"
	"comity/crypto/seal"
	"comity/crypto/sign"
	"comity/ledger"
	"comity/ledger/notice"
	"comity/ledger/state"
	"comity/node/client"
)

// A draft is a statement that its author signed and that waits for a second
// officer of the same bureau. It is an item like any other, complete but for one
// signature: what the second officer signs is what the author signed, and
// whoever changes a byte on the way has an item that nobody signed.

// ErrOvertaken is returned for a draft whose author has written something else
// since: the first signature is for a place in the author's chain that is taken.
// Its author signs the same sealed text again: [Desk.Renew].
var ErrOvertaken = errors.New("its author has written something else since")

// ErrBehind is returned for a draft that was signed behind another statement, which is
// not in the ledger: it waits as well, or was rejected or thrown away.
var ErrBehind = errors.New("what it was signed behind has not been sent")

// ErrStale is returned for a draft that was sealed to keys which are not the
// readers' keys any more. It must be composed anew.
var ErrStale = errors.New("a reader's keys changed, or a circle, since it was sealed")

// CheckDraft verifies a draft, which may come from anywhere: it is of this
// ledger, its author is an enrolled officer of bureau, the signatures are good
// and the body is the one that was signed. It returns the author's key.
func (d *Desk) CheckDraft(bureau string, it ledger.Item) (*state.Key, error) {
	s := it.Entry.Statement
	if s.Ledger != d.genesis.Ledger {
		return nil, errors.New("check draft: it is of another ledger")
	}
	if !it.Entry.CheckBody(it.Body) {
		return nil, errors.New("check draft: its body is not the one that was signed")
	}
	var author *state.Key
	for i, sig := range it.Entry.Signatures {
		k, err := d.Key(sig.Key)
		switch {
		case err != nil:
			return nil, fmt.Errorf("check draft: %w", err)
		case k == nil || k.Use != state.UseSign || k.Bureau != bureau:
			return nil, fmt.Errorf("check draft: key %s is not of an officer of %s", sig.Key.Short(), bureau)
		case k.RevokedAt != 0:
			return nil, fmt.Errorf("check draft: key %s of %s was revoked at entry %d", sig.Key.Short(), k.Label, k.RevokedAt-1)
		case !it.Entry.Verify(i, k.Public):
			return nil, fmt.Errorf("check draft: the signature of %s does not verify", k.Label)
		}
		if i == 0 {
			author = k
		}
	}
	return author, nil
}

// Place returns nil if a draft is signed for the next place in its author's chain,
// [ErrOvertaken], or [ErrBehind]. client may be nil: then the replica may lag behind.
func (d *Desk) Place(ctx context.Context, c *client.Client, it ledger.Item) error {
	s := it.Entry.Statement
	end, err := d.Chain(ctx, c, s.Author)
	switch {
	case err != nil:
		return err
	case end.Seq > s.Seq || end.Seq == s.Seq && end.Prev != s.Prev:
		return ErrOvertaken
	case end.Seq < s.Seq:
		return ErrBehind
	}
	return nil
}

// Fresh returns [ErrStale] if a bureau that the draft is for has enrolled or
// revoked a sealing key since its author looked.
func (d *Desk) Fresh(it ledger.Item) error {
	if len(it.Body) == 0 && it.Entry.Statement.Class != ledger.ClassCircle {
		return nil
	}
	readers, victim, err := d.readersOf(it)
	if err != nil {
		return err
	}
	if err := d.freshCircles(it, readers, victim); err != nil || len(it.Body) == 0 {
		return err
	}
	if readers == nil {
		readers = notice.Readers{notice.All}
	}
	list, err := d.Keys("")
	if err != nil {
		return err
	}
	seen := it.Entry.Statement.SeenSize
	for _, k := range list {
		if k.Use == state.UseSeal && readers.Has(k.Bureau) && (k.EnrolledAt >= seen || k.RevokedAt > seen) {
			return fmt.Errorf("%w: %s", ErrStale, k.Bureau)
		}
	}
	return nil
}

// readersOf returns whom a draft is sealed for, and the victim's part that may
// name others; nil where that cannot be read: it may be anybody.
func (d *Desk) readersOf(it ledger.Item) (notice.Readers, *notice.Victim, error) {
	switch it.Entry.Statement.Class {
	case ledger.ClassPublish, ledger.ClassAmend:
		v, err := d.OpenDraft(it)
		if err != nil {
			return nil, nil, err
		}
		return v.Readers, v.Victim, nil
	case ledger.ClassReply:
		r, err := d.OpenReplyDraft(it)
		if err != nil {
			return nil, nil, err
		}
		if r != nil {
			return r.Readers, nil, nil
		}
	}
	return nil, nil, nil
}

// OpenDraft returns what the keys of this desk open of a draft that is a notice
// or a new version of one: exactly what will be sent.
func (d *Desk) OpenDraft(it ledger.Item) (*notice.View, error) {
	p, err := ledger.ParsePublish(it.Entry.Statement.Public)
	if err != nil {
		return nil, fmt.Errorf("open draft: %w", err)
	}
	parts, o, err := d.openItem(it)
	if err != nil {
		return nil, fmt.Errorf("open draft: %w", err)
	}
	v, err := notice.OpenParts(o, *p, parts)
	if err != nil {
		return nil, fmt.Errorf("open draft: %w", err)
	}
	v.ID = it.Entry.ID.String()
	if v.Opened() {
		if v.Circles, err = d.seenCircles(notice.CirclesOf(v.Readers, v.Victim), it.Entry, it.Entry.Statement.SeenSize); err == nil {
			err = d.onlyReaders(it, func(c seal.Compartment) notice.Readers {
				if c == seal.Victim && v.Victim != nil && len(v.Victim.Readers) > 0 {
					return v.Victim.Readers
				}
				return v.Readers
			})
		}
		if err != nil {
			return nil, fmt.Errorf("open draft: %w", err)
		}
	}
	return v, nil
}

// onlyReaders refuses a body with more keys in it than the readers that it names
// can account for. Each part has a power of two of grants, filled up with some
// of no use; whom one is for cannot be seen, so an author could still put
// another reader in the place of one that it names.
func (d *Desk) onlyReaders(it ledger.Item, readers func(seal.Compartment) notice.Readers) error {
	b, err := seal.Parse(it.Body)
	if err != nil {
		return err
	}
	o, err := d.origin(it.Entry)
	if err != nil {
		return err
	}
	for _, p := range b.Parts() {
		named := readers(p.Compartment)
		n := len(named)
		switch {
		case named.All():
			n = len(d.Members().Members())
		case !named.Has(o.Bureau):
			n++ // the author's own bureau always reads
		}
		if p.Grants > 1 && p.Grants >= 2*n {
			return fmt.Errorf("its %s is sealed to more keys than the %d readers that it names", p.Compartment, n)
		}
	}
	return nil
}

// openItem opens the sealed body of an item that is in no ledger yet.
func (d *Desk) openItem(it ledger.Item) ([]seal.Opened, notice.Origin, error) {
	o, err := d.origin(it.Entry)
	if err != nil {
		return nil, o, err
	}
	b, err := seal.Parse(it.Body)
	if err != nil {
		return nil, o, err
	}
	parts, err := d.openParts(it.Entry, b, d.opener.keys())
	return parts, o, err
}

// Approve adds a second officer's signature to a draft. The first stays as it
// is. It checks nothing but that the officers are two: see [Desk.CheckDraft],
// [Desk.Place] and [Desk.Fresh]; the ledger decides whether the second may.
func Approve(it ledger.Item, by *keys.Signer) (ledger.Item, error) {
	for _, sig := range it.Entry.Signatures {
		if sig.Key == by.ID() {
			return ledger.Item{}, errors.New("approve: the second signature must be another officer's")
		}
	}
	sig, err := sign.Sign(by, sign.NamespaceStatement, it.Entry.Signed())
	if err != nil {
		return ledger.Item{}, fmt.Errorf("approve: %w", err)
	}
	e, err := ledger.NewEntry(it.Entry.Signed(), append(slices.Clone(it.Entry.Signatures), ledger.Signature{Key: by.ID(), Sig: sig}))
	if err != nil {
		return ledger.Item{}, fmt.Errorf("approve: %w", err)
	}
	return ledger.Item{Entry: e, Body: it.Body}, nil
}

// Renew has the author of a draft sign it again for the present end of the
// author's chain. The sealed text stays what it is, and so does what the author
// had seen when it was sealed: that says which epochs of circles it is for. The
// statement is another one, with another id, and nobody has approved it.
func (d *Desk) Renew(ctx context.Context, c *client.Client, by Officers, it ledger.Item) (ledger.Item, error) {
	old := it.Entry.Statement
	if by.Author.ID() != old.Author {
		return ledger.Item{}, fmt.Errorf("renew draft: only its author can sign it again, key %s", old.Author.Short())
	}
	if err := d.Fresh(it); err != nil {
		return ledger.Item{}, fmt.Errorf("renew draft: %w", err)
	}
	by.Others = nil
	again, err := d.sign(ctx, c, &by, ledger.Statement{
		Class: old.Class, Target: old.Target, Public: old.Public, SeenSize: old.SeenSize, SeenRoot: old.SeenRoot,
	}, it.Body)
	if err != nil {
		return ledger.Item{}, fmt.Errorf("renew draft: %w", err)
	}
	return again, nil
}

// SealNote seals a text for the author's own bureau, as a message about a
// statement: why a draft was rejected, or what its author says it is for.
func (d *Desk) SealNote(by Officers, about ledger.ID, text string) ([]byte, error) {
	o, err := d.author(&by)
	if err != nil {
		return nil, fmt.Errorf("seal note: %w", err)
	}
	r := &notice.Reply{Type: notice.Message, Notice: about.String(), Text: text, At: by.created().Truncate(time.Second), Readers: notice.Readers{o.Bureau}}
	if err := r.Validate(by.created()); err != nil {
		return nil, fmt.Errorf("seal note: %w", err)
	}
	part, err := r.Part(o)
	if err != nil {
		return nil, fmt.Errorf("seal note: %w", err)
	}
	return d.sealParts(o, []notice.Part{part})
}

// OpenNote returns a note about a statement that an officer sealed, and who did.
func (d *Desk) OpenNote(sealed []byte, by keys.ID, about ledger.ID) (text, label string, err error) {
	k, err := d.Key(by)
	if err != nil {
		return "", "", fmt.Errorf("open note: %w", err)
	}
	b, perr := seal.Parse(sealed)
	if k == nil || perr != nil {
		return "", "", errors.New("open note: it is damaged, or no officer's")
	}
	o := notice.Origin{Ledger: keys.ID(d.genesis.Ledger), Author: by, Bureau: k.Bureau}
	parts, err := b.Open(seal.Context{Ledger: o.Ledger, Author: by}, d.opener.keys())
	if err != nil {
		return "", "", fmt.Errorf("open note: %w", err)
	}
	r, err := notice.OpenReply(o, parts)
	switch {
	case err != nil:
		return "", "", fmt.Errorf("open note: %w", err)
	case r == nil:
		return "", k.Label, nil
	case r.Notice != about.String():
		return "", "", errors.New("open note: it is about another draft")
	}
	return r.Text, k.Label, nil
}
