package seal

import (
	"errors"
	"fmt"
	"log/slog"

	"comity/crypto/keys"
)

// ErrConflict means that one part opened under two content keys. The key
// commitment makes that infeasible: whoever sees it holds evidence of a broken
// primitive or program, and must believe neither plaintext.
var ErrConflict = errors.New("part opens under two content keys")

// Opened is the content of a part, all of it authenticated, and the key that
// opened it. It prints and logs without the content.
type Opened struct {
	Compartment Compartment
	PartID      [partIDSize]byte
	Plaintext   []byte
	Reader      keys.ID // the sealing key that opened it

	contentKey [contentKeySize]byte // kept for Grants
}

// String says which part it is and how long, never what is in it.
func (o Opened) String() string {
	return fmt.Sprintf("%s part %x (%d bytes)", o.Compartment, o.PartID, len(o.Plaintext))
}

// Format writes [Opened.String], whatever the verb.
func (o Opened) Format(f fmt.State, _ rune) { fmt.Fprint(f, o.String()) }

// LogValue returns [Opened.String].
func (o Opened) LogValue() slog.Value { return slog.StringValue(o.String()) }

// Open returns what the keys given open, in the order of the parts: nothing,
// without an error, if they open nothing. A key is tried only on the grants of
// the compartments it is given for. The only error is [ErrConflict].
//
// Check the author's signature over the body first; see the package comment.
//
// All keys are tried on all grants, some 0.1 ms for each pair. A grant that
// opens but holds a key that does not open the part is passed over: it may be
// there to mislead, and others may follow.
func (b *Sealed) Open(ctx Context, ids map[Compartment][]*keys.Identity) ([]Opened, error) {
	var all []Opened
	for i := range b.parts {
		p := &b.parts[i]
		opened, err := p.open(ctx, ctx.Author, p.grants, ids[p.compartment])
		if err != nil {
			return nil, err
		}
		all = append(all, opened...)
	}
	return all, nil
}

// Grants returns a re-share of a part that was opened from this body: the body
// of a `grant` entry that lets more readers open it. The body itself stays as
// it is. The context is that of the body, with its author; granter is the
// signing key of the one who shares it now and signs that entry.
func (b *Sealed) Grants(ctx Context, granter keys.ID, part Opened, readers []*keys.Recipient) ([]byte, error) {
	p := b.part(part.Compartment)
	// A grant of another key would open nothing, and its reader could not tell why.
	if p == nil || p.id != part.PartID || !p.commitsTo(ctx, part.contentKey) {
		return nil, fmt.Errorf("grant %s part: not opened from this body in this context", part.Compartment)
	}
	grants, err := sealGrants(grantInfo(ctx, granter, p), part.contentKey, readers)
	if err != nil {
		return nil, fmt.Errorf("grant %s part: %w", part.Compartment, err)
	}
	return marshalGrants(p.compartment, grants), nil
}

// OpenGranted is [Sealed.Open] with the grants that granter gave later, which
// come from a `grant` entry that granter signed and that names this body's. It
// opens one part at most. Errors are [ErrMalformed] and [ErrConflict].
func (b *Sealed) OpenGranted(ctx Context, granter keys.ID, grants []byte, ids map[Compartment][]*keys.Identity) ([]Opened, error) {
	c, boxes, err := parseGrants(grants)
	if err != nil {
		return nil, err
	}
	p := b.part(c)
	if p == nil {
		return nil, nil
	}
	return p.open(ctx, granter, boxes, ids[c])
}

// part returns the part of a compartment, or nil.
func (b *Sealed) part(c Compartment) *part {
	for i := range b.parts {
		if b.parts[i].compartment == c {
			return &b.parts[i]
		}
	}
	return nil
}

// open returns the content as the first of ids that has a good grant, or
// nothing.
func (p *part) open(ctx Context, granter keys.ID, grants []box, ids []*keys.Identity) ([]Opened, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	opened, err := tryGrants(grantInfo(ctx, granter, p), grants, ids, func(contentKey [contentKeySize]byte) ([]byte, error) {
		return p.decrypt(ctx, contentKey)
	})
	if err != nil {
		return nil, fmt.Errorf("open %s part %x: %w", p.compartment, p.id, err)
	}
	if opened == nil {
		return nil, nil
	}
	opened.Compartment, opened.PartID = p.compartment, p.id
	return []Opened{*opened}, nil
}

// tryGrants tries every key on every grant. It does not stop at the first that
// opens: then the time says nothing about its place, and a second content key
// cannot hide behind it. decrypt is called once for each content key found,
// however many grants repeat it.
func tryGrants(info []byte, grants []box, ids []*keys.Identity, decrypt func([contentKeySize]byte) ([]byte, error)) (*Opened, error) {
	var found *Opened
	tried := make(map[[contentKeySize]byte]bool)
	for _, id := range ids {
		for _, g := range grants {
			contentKey, ok := openGrant(id, info, g)
			if !ok || tried[contentKey] {
				continue
			}
			tried[contentKey] = true
			plaintext, err := decrypt(contentKey)
			if err != nil {
				continue
			}
			if found != nil {
				return nil, ErrConflict
			}
			found = &Opened{Plaintext: plaintext, Reader: id.Recipient().ID(), contentKey: contentKey}
		}
	}
	return found, nil
}
