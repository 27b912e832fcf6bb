package notice

import (
	"bytes"

	"comity/crypto/keys"
	"comity/ledger"
)

// View is a notice as one reader sees it: a compartment that the reader has no
// key for is nil, as is the name of a case of which nothing was opened.
type View struct {
	ID     string // of the entry, 64 hexadecimal digits; set by who read the entry
	Origin Origin
	Header ledger.Publish

	// What the ledger says of this version, set by who read it. The zero values
	// are of a version that nobody may act on as if it were reviewed.
	Reviewed bool // reviewers of other bureaus approved it
	Stopped  bool // the notice is suspended or has ended

	Kind      ledger.Kind // KindUndisclosed if nothing was opened of a diffusion
	Colour    ledger.Kind // of a diffusion
	Reference string
	Readers   Readers
	Circles   []CircleSeen // those among the readers, the victim's too, that the reader is in; set by who read it

	Card   *Card
	Body   *Body
	Tally  *Tally
	Victim *Victim

	Attachments []Attachment // of the parts that were opened
}

// Bureaus returns the readers with the members of their circles in the place of
// these, as far as the reader knows them.
func (v *View) Bureaus() Readers { return v.Readers.Bureaus(v.Circles) }

// Notice returns the notice as its author would write it again, of the parts that
// were opened.
func (v *View) Notice() *Notice {
	return &Notice{Kind: v.Kind, Colour: v.Colour, Reference: v.Reference, Origin: v.Origin.Bureau, Urgency: v.Header.Urgency,
		Classification: v.Header.Classification, ReviewBy: v.ReviewBy(), Readers: v.Readers, Card: v.Card, Body: v.Body, Victim: v.Victim, Tally: v.Tally,
		Attachments: v.Attachments}
}

// Says reports whether the view shows what a notice says, as far as it is open, files
// aside.
func (v *View) Says(n *Notice) bool {
	shown := *n
	if v.Card == nil {
		shown.Card = nil
	}
	if v.Body == nil {
		shown.Body = nil
	}
	if v.Tally == nil {
		shown.Tally = nil
	}
	if v.Victim == nil {
		shown.Victim = nil
	}
	a, err := v.Notice().Marshal()
	b, berr := shown.Marshal()
	return err == nil && berr == nil && v.Opened() && bytes.Equal(a, b)
}

// Opened reports whether anything of the notice could be opened.
func (v *View) Opened() bool {
	return v.Card != nil || v.Body != nil || v.Tally != nil || v.Victim != nil
}

// ReviewBy returns the day by which the origin must review the notice.
func (v *View) ReviewBy() Date { return dateOfDay(v.Header.ReviewBy) }

// Unreviewed reports whether nobody but the origin has judged the notice. It
// must be shown with it. A tally is of nobody, and needs no judgement.
func (v *View) Unreviewed() bool { return !v.Reviewed && v.Header.Kind != ledger.KindTally }

// Action returns the instruction to show. A notice that nobody reviewed, or that
// is stopped, never asks for an arrest, whatever its author wrote: the desk
// decides, as it does on an instruction that we do not know.
func (v *View) Action() Action {
	if v.Card == nil {
		return ""
	}
	_, known := actionSentences[v.Card.Action]
	if !known || (v.Unreviewed() || v.Stopped) && v.Card.Action == Arrest {
		return CallDesk
	}
	return v.Card.Action
}

// Title returns the kind in words that fit a list: "yellow", or for a diffusion
// its colour and that it is not reviewed.
func (v *View) Title() string {
	if v.Colour != ledger.KindUndisclosed {
		return v.Colour.String() + " diffusion, unreviewed"
	}
	return v.Kind.String()
}

// MarshalJSON returns what the reader sees, with the names of the document that
// the author wrote, but for what [Tally.Shared] leaves out. It is for output: nothing
// reads it back.
func (v *View) MarshalJSON() ([]byte, error) {
	return encode(struct {
		ID             string       `json:"id,omitempty"`
		Ledger         keys.ID      `json:"ledger"`
		Author         keys.ID      `json:"author"`
		Origin         string       `json:"origin"`
		Kind           string       `json:"kind"`
		Colour         string       `json:"colour,omitempty"`
		Unreviewed     bool         `json:"unreviewed"`
		Urgency        string       `json:"urgency"`
		Classification string       `json:"classification"`
		ReviewBy       Date         `json:"review_by,omitzero"`
		Reference      string       `json:"reference,omitempty"`
		Readers        Readers      `json:"readers,omitempty"`
		Circles        []CircleSeen `json:"circles,omitempty"`
		Action         Action       `json:"action,omitempty"` // to be shown, not what the card asks
		Card           *Card        `json:"card,omitempty"`
		Body           *Body        `json:"body,omitempty"`
		Tally          *Tally       `json:"tally,omitempty"`
		Victim         *Victim      `json:"victim,omitempty"`

		Attachments []Attachment `json:"attachments,omitempty"` // without keys
	}{
		v.ID, v.Origin.Ledger, v.Origin.Author, v.Origin.Bureau, v.Kind.String(), colourText(v.Colour), v.Unreviewed(),
		v.Header.Urgency.String(), v.Header.Classification.String(), v.ReviewBy(), v.Reference, v.Readers, v.Circles, v.Action(),
		v.Card, v.Body, v.Tally.Shared(), v.Victim, Without(v.Attachments),
	}, false)
}
