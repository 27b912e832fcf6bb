package notice

import (
	"fmt"
	"slices"

	"comity/ledger"
)

// Notice is a case notice as its author writes it: one JSON document. Only the
// fields of [Notice.Publish] ever stand in the clear.
type Notice struct {
	Kind           ledger.Kind           `json:"kind"`
	Colour         ledger.Kind           `json:"colour"`    // of a diffusion: the kind that is sealed
	Reference      string                `json:"reference"` // short name of the author's choosing, such as LT-0301
	Origin         string                `json:"origin"`    // code of the author's bureau
	Urgency        ledger.Urgency        `json:"urgency"`
	Classification ledger.Classification `json:"classification"`
	ReviewBy       Date                  `json:"review_by,omitzero"`
	Readers        Readers               `json:"readers"`

	Card   *Card   `json:"card,omitempty"`
	Body   *Body   `json:"body,omitempty"`
	Victim *Victim `json:"victim,omitempty"`
	Tally  *Tally  `json:"tally,omitempty"`

	// Attachments are the files that go with it. They are no part of the document:
	// its author names files, and programs seal them.
	Attachments []Attachment `json:"-"`
}

// All in place of a list of bureaus addresses a notice to every member.
const All = "all"

// Readers are the codes of the bureaus that a notice is sealed for, its own
// included, or [All] alone.
type Readers []string

// All reports whether every member reads.
func (r Readers) All() bool { return len(r) == 1 && r[0] == All }

// Has reports whether the bureau reads.
func (r Readers) Has(bureau string) bool { return r.All() || slices.Contains(r, bureau) }

// Parse reads a notice strictly: no unknown field, no field twice, nothing
// after the end, at most [MaxSize] bytes of UTF-8. The result may be
// incomplete; see [Notice.Validate].
func Parse(data []byte) (*Notice, error) {
	n := new(Notice)
	if err := n.UnmarshalJSON(data); err != nil {
		return nil, fmt.Errorf("parse notice: %w", err)
	}
	return n, nil
}

// Marshal returns the document as an author would write it, indented and with a
// newline at the end. [Parse] is its inverse.
func (n *Notice) Marshal() ([]byte, error) {
	data, err := encode(n, true)
	if err != nil {
		return nil, fmt.Errorf("marshal notice: %w", err)
	}
	return data, nil
}

// document is the JSON form of a notice: the same fields in the same order,
// with words for the numbers that the header encodes.
type document struct {
	Kind           string  `json:"kind"`
	Colour         string  `json:"colour,omitempty"`
	Reference      string  `json:"reference"`
	Origin         string  `json:"origin"`
	Urgency        string  `json:"urgency"`
	Classification string  `json:"classification"`
	ReviewBy       Date    `json:"review_by,omitzero"`
	Readers        Readers `json:"readers"`
	Card           *Card   `json:"card,omitempty"`
	Body           *Body   `json:"body,omitempty"`
	Victim         *Victim `json:"victim,omitempty"`
	Tally          *Tally  `json:"tally,omitempty"`
}

// MarshalJSON returns the document on one line. Equal notices give equal bytes.
func (n *Notice) MarshalJSON() ([]byte, error) {
	readers := n.Readers
	if readers == nil {
		readers = Readers{} // a draft shows where to write them
	}
	return encode(document{
		n.Kind.String(), colourText(n.Colour), n.Reference, n.Origin, n.Urgency.String(),
		n.Classification.String(), n.ReviewBy, readers, n.Card, n.Body, n.Victim, n.Tally,
	}, false)
}

// UnmarshalJSON reads a document as strictly as [Parse] does.
func (n *Notice) UnmarshalJSON(data []byte) error {
	var d document
	if err := decodeStrict(data, &d); err != nil {
		return err
	}
	kind, err := ledger.ParseKind(d.Kind)
	if err != nil {
		return fmt.Errorf("kind: %w", err)
	}
	colour, err := parseColour(d.Colour)
	if err != nil {
		return err
	}
	urgency, err := ledger.ParseUrgency(d.Urgency)
	if err != nil {
		return fmt.Errorf("urgency: %w", err)
	}
	class, err := ledger.ParseClassification(d.Classification)
	if err != nil {
		return fmt.Errorf("classification: %w", err)
	}
	*n = Notice{kind, colour, d.Reference, d.Origin, urgency, class, d.ReviewBy, d.Readers, d.Card, d.Body, d.Victim, d.Tally, nil}
	return nil
}

// colourText leaves the colour out where there is none, so that only a
// diffusion's document has the field.
func colourText(k ledger.Kind) string {
	if k == ledger.KindUndisclosed {
		return ""
	}
	return k.String()
}

// parseColour is the inverse of colourText.
func parseColour(s string) (ledger.Kind, error) {
	if s == "" {
		return ledger.KindUndisclosed, nil
	}
	k, err := ledger.ParseKind(s)
	if err != nil || k == ledger.KindUndisclosed {
		return 0, fmt.Errorf("colour: unknown kind %.20q", s)
	}
	return k, nil
}

// Publish returns the clear header: a diffusion's kind is not in it, nor is any
// person, place or reader. SizeClass is left to who has sealed the parts.
func (n *Notice) Publish() ledger.Publish {
	p := ledger.Publish{Kind: n.Kind, Classification: n.Classification, Urgency: n.Urgency, Attachments: n.publicAttachments()}
	if n.Kind == ledger.KindDiffusion {
		p.Kind = ledger.KindUndisclosed
	}
	if !n.ReviewBy.IsZero() {
		first, _ := n.ReviewBy.Range()
		p.ReviewBy = uint32(max(first, 0))
	}
	return p
}

// FourEyes reports whether a second officer of the origin must sign: for all
// that asks for a person's arrest, or says who a victim is.
func (n *Notice) FourEyes() bool { return n.colour() == ledger.KindRed || n.Victim != nil }

// colour is the kind whose rules the content obeys.
func (n *Notice) colour() ledger.Kind {
	if n.Kind == ledger.KindDiffusion {
		return n.Colour
	}
	return n.Kind
}
