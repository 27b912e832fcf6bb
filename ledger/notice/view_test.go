package notice

import (
	"testing"
	"time"

	"comity/crypto/seal"
)

// A view says what a notice says if all that is open of it is the same.
func TestViewSays(t *testing.T) {
	day := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	n := ChildCase(day)
	header := n.Publish()
	whole := View{Header: header, Origin: Origin{Bureau: n.Origin}, Kind: n.Kind, Colour: n.Colour, Reference: n.Reference, Readers: n.Readers,
		Card: n.Card, Body: n.Body, Victim: n.Victim, Attachments: []Attachment{{Name: "a.jpg", Part: seal.Card}}}
	other := *ChildCase(day).Card
	other.Person.Names = []Name{{Full: "Somebody Else"}}
	for name, c := range map[string]struct {
		change func(v *View)
		want   bool
	}{
		"whole, with a file":    {func(*View) {}, true},
		"without the victim":    {func(v *View) { v.Victim = nil }, true},
		"the card alone":        {func(v *View) { v.Victim, v.Body = nil, nil }, true},
		"nothing open":          {func(v *View) { v.Card, v.Victim, v.Body = nil, nil, nil }, false},
		"another card":          {func(v *View) { v.Card = &other }, false},
		"a victim more":         {func(v *View) { v.Victim = &Victim{Pseudonym: "Reed"} }, false},
		"another reference":     {func(v *View) { v.Reference += "1" }, false},
		"other readers":         {func(v *View) { v.Readers = Readers{"XD"} }, false},
		"another urgency":       {func(v *View) { v.Header.Urgency++ }, false},
		"another day of review": {func(v *View) { v.Header.ReviewBy++ }, false},
	} {
		v := whole
		c.change(&v)
		if got := v.Says(n); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
