package notice_test

import (
	"fmt"
	"time"

	"comity/crypto/keys"
	"comity/crypto/seal"
	"comity/ledger"
	"comity/ledger/notice"
)

var today = time.Date(2026, 11, 3, 8, 11, 0, 0, time.UTC)

// An author writes a notice; a border officer holds the key for cards only.
func Example() {
	n := notice.ChildCase(today)
	if err := n.Validate(today); err != nil {
		fmt.Println(err)
		return
	}
	origin := notice.Origin{Ledger: keys.ID{1}, Author: keys.ID{2}, Bureau: "XA"}
	parts, err := n.Parts(origin)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, p := range parts {
		fmt.Println(p.Compartment, "for", p.Readers)
	}

	card := []seal.Opened{{Compartment: parts[0].Compartment, Plaintext: parts[0].Plaintext}}
	v, err := notice.OpenParts(origin, n.Publish(), card)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("header:", v.Header.Kind, v.Header.Urgency)
	fmt.Println(v.Reference, "is a", v.Title())
	fmt.Println(v.Action().Sentence())
	fmt.Println("body opened:", v.Body != nil)
	// Output:
	// card for [XA XB]
	// body for [XA XB]
	// victim for [XA XB]
	// header: undisclosed U3
	// LT-0301 is a yellow diffusion, unreviewed
	// PROTECT: bring to safety, do not question alone, call the desk
	// body opened: false
}

func ExampleNotice_Validate() {
	n, err := notice.Parse([]byte(`{
		"kind": "blue", "reference": "XB-0007", "origin": "XB", "urgency": "U1", "classification": "restricted",
		"review_by": "2027-05-01", "readers": ["all"],
		"card": {"action": "LOCATE", "person": {"names": [{"full": "Uncle Rook", "use": "alias"}]}, "desk": {"name": "Brackwater", "phone": "+99955501200"}},
		"body": {"facts": ""}
	}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(n.Validate(today))
	// Output:
	// card.person: a blue notice needs at least two of name, date of birth, nationality, document, so that a border officer can tell people apart
	// body.facts: missing: what happened, so that a reader can weigh the request
}

func ExampleTemplate() {
	_, err := notice.Template(ledger.KindUndisclosed, today)
	fmt.Println(err)
	// Output: template: there are no undisclosed notices
}
