package notice

import (
	"errors"
	"fmt"
	"slices"

	"comity/crypto/keys"
	"comity/crypto/seal"
	"comity/ledger"
)

// Origin says where an entry comes from: the ledger, the key that signed it and
// the bureau which that key belongs to at its position. It is taken from the
// signed statement and the ledger's state, never from the sealed text.
type Origin struct {
	Ledger keys.ID
	Author keys.ID
	Bureau string
}

// Part is the plaintext of one compartment and the bureaus to seal it for. Of
// each bureau the key for this compartment is meant.
type Part struct {
	Compartment seal.Compartment
	Plaintext   []byte
	Readers     Readers
}

// Formats of what is inside a part. A newer format gets a new name.
const (
	formatNotice = "comity/notice/v1"
	formatReply  = "comity/reply/v1"
	formatCircle = "comity/circle/v1"
)

// inner is the plaintext of a part:
//
//	{"format":"comity/notice/v1","ledger":"5be2...","author":"7f2c...","origin":"XA",
//	 "kind":"diffusion","colour":"yellow","reference":"LT-0301","readers":["XA","XB"],"card":{...}}
//
// Sealing hides who wrote a text from nobody who can open it, and proves it to
// nobody: whoever opens a part could seal it anew under his own name. So the
// text itself says where it belongs.
type inner struct {
	Format    string  `json:"format"`
	Ledger    keys.ID `json:"ledger"`
	Author    keys.ID `json:"author"`
	Origin    string  `json:"origin"`
	Kind      string  `json:"kind,omitempty"`
	Colour    string  `json:"colour,omitempty"`
	Reference string  `json:"reference,omitempty"`
	Readers   Readers `json:"readers"`

	Card   *Card   `json:"card,omitempty"`
	Body   *Body   `json:"body,omitempty"`
	Tally  *Tally  `json:"tally,omitempty"`
	Victim *Victim `json:"victim,omitempty"`
	Reply  *Reply  `json:"reply,omitempty"`

	Circle      *circleText  `json:"circle,omitempty"`
	Attachments []Attachment `json:"attachments,omitempty"`
}

// ErrForeign is returned for a part that says it belongs to another entry than
// the one it came in: it was copied there.
var ErrForeign = errors.New("the sealed text belongs elsewhere")

// Parts returns the plaintexts of n, one for each compartment that has content,
// in the order of the compartments. The same notice gives the same bytes.
// Validate first: Parts checks only that o is the origin which n names.
func (n *Notice) Parts(o Origin) ([]Part, error) {
	if n.Origin != o.Bureau {
		return nil, fmt.Errorf("parts of %s: written for %s, but the author is an officer of %s", n.Reference, n.Origin, o.Bureau)
	}
	head := inner{
		Format: formatNotice, Ledger: o.Ledger, Author: o.Author, Origin: o.Bureau,
		Kind: n.Kind.String(), Colour: colourText(n.Colour), Reference: n.Reference, Readers: n.Readers,
	}
	card, body, victim := head, head, head
	card.Card = n.Card
	body.Body, body.Tally = n.Body, n.Tally
	victim.Victim = n.Victim
	card.Attachments, body.Attachments, victim.Attachments =
		attachmentsOf(n.Attachments, seal.Card), attachmentsOf(n.Attachments, seal.Body), attachmentsOf(n.Attachments, seal.Victim)
	var parts []Part
	for _, p := range []struct {
		compartment seal.Compartment
		readers     Readers
		text        *inner
	}{
		{seal.Card, n.Readers, &card},
		{seal.Body, n.Readers, &body},
		{seal.Victim, n.Victim.readers(n), &victim},
	} {
		if p.text.content() == (content{}) {
			continue
		}
		part, err := newPart(p.compartment, p.readers, p.text)
		if err != nil {
			return nil, fmt.Errorf("parts of %s: %w", n.Reference, err)
		}
		parts = append(parts, part)
	}
	if len(parts) == 0 {
		return nil, fmt.Errorf("parts of %s: the notice has no content", n.Reference)
	}
	return parts, nil
}

// newPart encodes a part and refuses what its readers would refuse.
func newPart(c seal.Compartment, readers Readers, text *inner) (Part, error) {
	plaintext, err := encode(text, false)
	if err == nil {
		err = checkJSON(plaintext, false)
	}
	if err != nil {
		return Part{}, fmt.Errorf("%s: %w", c, err)
	}
	return Part{Compartment: c, Plaintext: plaintext, Readers: slices.Clone(readers)}, nil
}

// OpenParts puts together what a reader could open of the notice that came from
// o under header. Nothing opened gives a view of the header alone. A part that
// names another ledger, author, bureau or kind is refused with [ErrForeign], as
// are parts that do not agree with each other.
func OpenParts(o Origin, header ledger.Publish, opened []seal.Opened) (*View, error) {
	v := &View{Origin: o, Header: header, Kind: header.Kind}
	texts, err := openInner(o, formatNotice, opened)
	if err != nil {
		return nil, fmt.Errorf("open notice: %w", err)
	}
	for i, text := range texts {
		if err := v.put(text.compartment, text.inner, i == 0); err != nil {
			return nil, fmt.Errorf("open notice: %s: %w", text.compartment, err)
		}
	}
	return v, nil
}

// put adds the content of one part to the view.
func (v *View) put(c seal.Compartment, text *inner, first bool) error {
	kind, err := ledger.ParseKind(text.Kind)
	if err != nil {
		return err
	}
	colour, err := parseColour(text.Colour)
	if err != nil {
		return err
	}
	shown := kind
	if kind == ledger.KindDiffusion {
		shown = ledger.KindUndisclosed
	}
	if kind == ledger.KindUndisclosed || shown != v.Header.Kind || (kind == ledger.KindDiffusion) != (colour != ledger.KindUndisclosed) {
		return fmt.Errorf("%w: it is a %s notice, its header says %s", ErrForeign, kind, v.Header.Kind)
	}
	if first {
		v.Kind, v.Colour, v.Reference, v.Readers = kind, colour, text.Reference, text.Readers
	}
	if v.Kind != kind || v.Colour != colour || v.Reference != text.Reference || !slices.Equal(v.Readers, text.Readers) {
		return fmt.Errorf("%w: its parts are of two notices", ErrForeign)
	}
	var want *inner // what this compartment may hold
	switch c {
	case seal.Card:
		v.Card, want = text.Card, &inner{Card: text.Card}
	case seal.Body:
		v.Body, v.Tally, want = text.Body, text.Tally, &inner{Body: text.Body, Tally: text.Tally}
	case seal.Victim:
		v.Victim, want = text.Victim, &inner{Victim: text.Victim}
	default:
		return fmt.Errorf("%w: no such compartment", ErrForeign)
	}
	if got := text.content(); got != want.content() || got == (content{}) || len(text.Attachments) > ledger.MaxAttachments {
		return fmt.Errorf("%w: not what a %s holds", ErrForeign, c)
	}
	for _, a := range text.Attachments {
		a.Part = c
		v.Attachments = append(v.Attachments, a)
	}
	return nil
}

// content is what a part may hold, comparable.
type content struct {
	card   *Card
	body   *Body
	tally  *Tally
	victim *Victim
	reply  *Reply
	circle *circleText
}

func (t *inner) content() content {
	return content{t.Card, t.Body, t.Tally, t.Victim, t.Reply, t.Circle}
}

// innerPart is an opened part, decoded.
type innerPart struct {
	compartment seal.Compartment
	*inner
}

// openInner decodes opened parts and checks each against where it came from. A
// part that several of the reader's keys opened counts once.
func openInner(o Origin, format string, opened []seal.Opened) ([]innerPart, error) {
	var texts []innerPart
	seen := make(map[seal.Compartment][16]byte)
	for _, part := range opened {
		if id, ok := seen[part.Compartment]; ok {
			if id != part.PartID {
				return nil, fmt.Errorf("%s: %w: two parts for one compartment", part.Compartment, ErrForeign)
			}
			continue
		}
		seen[part.Compartment] = part.PartID
		text := new(inner)
		if err := decodeStrict(part.Plaintext, text); err != nil {
			return nil, fmt.Errorf("%s: %w", part.Compartment, err)
		}
		switch {
		case text.Format != format:
			return nil, fmt.Errorf("%s: format %.40q, want %q", part.Compartment, text.Format, format)
		case text.Ledger != o.Ledger:
			return nil, fmt.Errorf("%s: %w: it was written for another ledger", part.Compartment, ErrForeign)
		case text.Author != o.Author || text.Origin != o.Bureau:
			return nil, fmt.Errorf("%s: %w: it was written by %.20s, signed by %s", part.Compartment, ErrForeign, text.Origin, o.Bureau)
		}
		err := text.Readers.checkCircles()
		if err == nil && text.Victim != nil {
			err = Readers(text.Victim.Readers).checkCircles()
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", part.Compartment, err)
		}
		texts = append(texts, innerPart{part.Compartment, text})
	}
	return texts, nil
}
