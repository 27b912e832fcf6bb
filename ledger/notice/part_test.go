package notice

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"

	"comity/crypto/keys"
	"comity/crypto/seal"
	"comity/ledger"
)

var testOrigin = Origin{Ledger: keys.ID{0x5b, 0xe2}, Author: keys.ID{0x7f, 0x2c}, Bureau: "XA"}

// opened returns parts as their readers get them from crypto/seal.
func opened(parts ...Part) []seal.Opened {
	var out []seal.Opened
	for _, p := range parts {
		out = append(out, seal.Opened{Compartment: p.Compartment, PartID: [16]byte{byte(p.Compartment)}, Plaintext: p.Plaintext})
	}
	return out
}

func parts(t *testing.T, n *Notice, o Origin) []Part {
	t.Helper()
	p, err := n.Parts(o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// open returns the view of a reader who can open everything.
func open(t *testing.T, n *Notice) *View {
	t.Helper()
	v, err := OpenParts(testOrigin, n.Publish(), opened(parts(t, n, testOrigin)...))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestParts(t *testing.T) {
	n := ChildCase(testDay)
	n.Victim.Readers = []string{"XA"}
	all := parts(t, n, testOrigin)
	if len(all) != 3 || all[0].Compartment != seal.Card || all[1].Compartment != seal.Body || all[2].Compartment != seal.Victim {
		t.Fatalf("got %d parts", len(all))
	}
	if !reflect.DeepEqual(all[0].Readers, Readers{"XA", "XB"}) || !reflect.DeepEqual(all[2].Readers, Readers{"XA"}) {
		t.Errorf("card for %s, victim for %s", all[0].Readers, all[2].Readers)
	}
	for i, again := range parts(t, n, testOrigin) {
		if !bytes.Equal(again.Plaintext, all[i].Plaintext) {
			t.Errorf("%s: two encodings", again.Compartment)
		}
	}
	for i, secret := range []string{"message, of five words", "Wren", "phone near the border"} {
		if bytes.Contains(all[0].Plaintext, []byte(secret)) {
			t.Errorf("secret %d is on the card", i)
		}
	}
	golden(t, "child_card.json", append(all[0].Plaintext, '\n'))
}

func TestOpenParts(t *testing.T) {
	n := ChildCase(testDay)
	all := parts(t, n, testOrigin)
	whole := open(t, n)
	if !reflect.DeepEqual(whole.Card, n.Card) || !reflect.DeepEqual(whole.Body, n.Body) || !reflect.DeepEqual(whole.Victim, n.Victim) {
		t.Error("the whole notice is not what was written")
	}
	if whole.Reference != "LT-0301" || whole.Kind != ledger.KindDiffusion || whole.Colour != ledger.KindYellow || whole.ReviewBy() != n.ReviewBy {
		t.Errorf("got %+v", whole)
	}

	card, err := OpenParts(testOrigin, n.Publish(), opened(all[0], all[0])) // two keys of one reader
	if err != nil {
		t.Fatal(err)
	}
	if card.Card == nil || card.Body != nil || card.Victim != nil || card.Action() != Protect {
		t.Errorf("from the card alone: %+v", card)
	}

	shown, err := encode(card, true)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "child_view.json", shown)

	nothing, err := OpenParts(testOrigin, n.Publish(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if nothing.Opened() || nothing.Reference != "" || nothing.Title() != "undisclosed" || nothing.Action() != "" {
		t.Errorf("from nothing: %+v", nothing)
	}
	red, err := OpenParts(testOrigin, ledger.Publish{Kind: ledger.KindRed}, nil)
	if err != nil || red.Title() != "red" || !red.Unreviewed() {
		t.Errorf("from nothing of a red notice: %+v, %v", red, err)
	}
}

// TestSealed goes the whole way, with a reader who has the key for cards.
func TestSealed(t *testing.T) {
	n := ChildCase(testDay)
	desk, err := keys.GenerateIdentity()
	if err != nil {
		t.Fatal(err)
	}
	other, err := keys.GenerateIdentity()
	if err != nil {
		t.Fatal(err)
	}
	var sealed []seal.Part
	for _, p := range parts(t, n, testOrigin) {
		reader := other
		if p.Compartment == seal.Card {
			reader = desk
		}
		sealed = append(sealed, seal.Part{Compartment: p.Compartment, Plaintext: p.Plaintext, Readers: []*keys.Recipient{reader.Recipient()}})
	}
	ctx := seal.Context{Ledger: testOrigin.Ledger, Author: testOrigin.Author}
	body, err := seal.Seal(ctx, sealed)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := seal.Parse(body)
	if err != nil {
		t.Fatal(err)
	}
	opened, err := parsed.Open(ctx, map[seal.Compartment][]*keys.Identity{seal.Card: {desk}, seal.Body: {desk}, seal.Victim: {desk}})
	if err != nil {
		t.Fatal(err)
	}
	v, err := OpenParts(testOrigin, n.Publish(), opened)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(v.Card, n.Card) || v.Body != nil || v.Victim != nil {
		t.Errorf("got %+v", v)
	}
}

func TestOpenPartsRefuses(t *testing.T) {
	n := ChildCase(testDay)
	all := parts(t, n, testOrigin)
	other := ChildCase(testDay)
	other.Reference = "LT-0302"
	with := func(change func(o *Origin)) Origin {
		o := testOrigin
		change(&o)
		return o
	}
	moved := opened(all[0])
	moved[0].Compartment = seal.Body
	twin := opened(all[0], all[0])
	twin[1].PartID[15]++
	red := n.Publish()
	red.Kind = ledger.KindRed
	hidden := ChildCase(testDay)
	hidden.Kind, hidden.Colour = ledger.KindUndisclosed, ledger.KindUndisclosed
	for _, test := range []struct {
		name   string
		origin Origin
		header ledger.Publish
		opened []seal.Opened
	}{
		{"other ledger", with(func(o *Origin) { o.Ledger[0]++ }), n.Publish(), opened(all...)},
		{"other author", with(func(o *Origin) { o.Author[31]++ }), n.Publish(), opened(all...)},
		{"other bureau", with(func(o *Origin) { o.Bureau = "XD" }), n.Publish(), opened(all...)},
		{"no bureau", with(func(o *Origin) { o.Bureau = "" }), n.Publish(), opened(all...)},
		{"no kind inside either", testOrigin, n.Publish(), opened(parts(t, hidden, testOrigin)...)},
		{"other kind", testOrigin, red, opened(all...)},
		{"parts of two notices", testOrigin, n.Publish(), opened(all[0], parts(t, other, testOrigin)[1])},
		{"card as body", testOrigin, n.Publish(), moved},
		{"two cards", testOrigin, n.Publish(), twin},
	} {
		if _, err := OpenParts(test.origin, test.header, test.opened); !errors.Is(err, ErrForeign) {
			t.Errorf("%s: got %v, want ErrForeign", test.name, err)
		}
	}

	// Each byte of the text that says where it belongs.
	text := all[0].Plaintext
	for i := range bytes.Index(text, []byte(`"card"`)) {
		changed := bytes.Clone(text)
		changed[i] ^= 1
		v, err := OpenParts(testOrigin, n.Publish(), opened(Part{Compartment: seal.Card, Plaintext: changed}))
		if err == nil && (v.Reference == n.Reference && reflect.DeepEqual(v.Readers, n.Readers) && v.Colour == n.Colour) {
			t.Errorf("byte %d of %s may change", i, text[:i+1])
		}
	}
}

func TestPartsRefuses(t *testing.T) {
	n := ChildCase(testDay)
	if _, err := n.Parts(Origin{Bureau: "XB"}); err == nil || !strings.Contains(err.Error(), "written for XA") {
		t.Errorf("foreign officer: %v", err)
	}
	if _, err := (&Notice{Origin: "XA"}).Parts(testOrigin); err == nil || !strings.Contains(err.Error(), "no content") {
		t.Errorf("empty notice: %v", err)
	}
	n.Body.Facts = strings.Repeat("x", MaxSize)
	if _, err := n.Parts(testOrigin); err == nil || !strings.Contains(err.Error(), "at most") {
		t.Errorf("large notice: %v", err)
	}
	n.Body.Facts = "\x1b[2J"
	if _, err := n.Parts(testOrigin); err == nil || !strings.Contains(err.Error(), "control character") {
		t.Errorf("control character: %v", err)
	}
}
