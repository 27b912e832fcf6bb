package seal

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"comity/crypto/keys"
)

// Two officers and two ledgers, as their key ids.
var (
	officerXA = keys.ID(bytes.Repeat([]byte{0xa1}, 32))
	officerXB = keys.ID(bytes.Repeat([]byte{0xb2}, 32))
	ledger1   = keys.ID(bytes.Repeat([]byte{0x11}, 32))
	ledger2   = keys.ID(bytes.Repeat([]byte{0x22}, 32))

	ctx = Context{Ledger: ledger1, Author: officerXA}
)

func newIdentity(t testing.TB) *keys.Identity {
	t.Helper()
	id, err := keys.GenerateIdentity()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func newIdentities(t testing.TB, n int) []*keys.Identity {
	t.Helper()
	ids := make([]*keys.Identity, n)
	for i := range ids {
		ids[i] = newIdentity(t)
	}
	return ids
}

func recipients(ids ...*keys.Identity) []*keys.Recipient {
	var rs []*keys.Recipient
	for _, id := range ids {
		rs = append(rs, id.Recipient())
	}
	return rs
}

// forAll offers the same keys to every compartment.
func forAll(ids ...*keys.Identity) map[Compartment][]*keys.Identity {
	return map[Compartment][]*keys.Identity{Card: ids, Body: ids, Victim: ids}
}

func mustSeal(t testing.TB, ctx Context, parts ...Part) []byte {
	t.Helper()
	body, err := Seal(ctx, parts)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func mustParse(t testing.TB, body []byte) *Sealed {
	t.Helper()
	b, err := Parse(body)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// contents opens a body and returns "card=...", "body=..." in order.
func contents(t testing.TB, ctx Context, body []byte, ids map[Compartment][]*keys.Identity) []string {
	t.Helper()
	opened, err := mustParse(t, body).Open(ctx, ids)
	if err != nil {
		t.Fatal(err)
	}
	return describe(opened)
}

func describe(opened []Opened) []string {
	var got []string
	for _, o := range opened {
		got = append(got, fmt.Sprintf("%s=%s", o.Compartment, o.Plaintext))
	}
	return got
}

func TestOpenOnlyOwnParts(t *testing.T) {
	border, investigator, protector, stranger := newIdentity(t), newIdentity(t), newIdentity(t), newIdentity(t)
	body := mustSeal(t, ctx,
		Part{Victim, []byte("a name"), recipients(protector)},
		Part{Card, []byte("stop, call XA"), recipients(border, investigator, protector)},
		Part{Body, []byte("the case"), recipients(investigator, protector)},
	)
	for _, tt := range []struct {
		name string
		ids  map[Compartment][]*keys.Identity
		want []string
	}{
		{"border", forAll(border), []string{"card=stop, call XA"}},
		{"investigator", forAll(investigator), []string{"card=stop, call XA", "body=the case"}},
		{"protector", forAll(protector), []string{"card=stop, call XA", "body=the case", "victim=a name"}},
		{"a key kept for another compartment", map[Compartment][]*keys.Identity{Body: {border}}, nil},
		{"several keys", forAll(stranger, border, investigator), []string{"card=stop, call XA", "body=the case"}},
		{"stranger", forAll(stranger), nil},
		{"no keys", nil, nil},
	} {
		if got := contents(t, ctx, body, tt.ids); !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestOpenedNamesPartAndReader(t *testing.T) {
	a, b := newIdentity(t), newIdentity(t)
	s := mustParse(t, mustSeal(t, ctx, Part{Card, nil, recipients(b)}))
	opened, err := s.Open(ctx, forAll(a, b))
	if err != nil || len(opened) != 1 {
		t.Fatalf("got %v, error %v; want one part", opened, err)
	}
	if got, want := opened[0].Reader, b.Recipient().ID(); got != want {
		t.Errorf("opened by %v, want %v", got, want)
	}
	if got, want := opened[0].PartID, s.Parts()[0].ID; got != want {
		t.Errorf("opened part %x, want %x", got, want)
	}
	if len(opened[0].Plaintext) != 0 {
		t.Errorf("got %q, want nothing in it", opened[0].Plaintext)
	}
}

func TestGrantsFilledToPowerOfTwo(t *testing.T) {
	all := newIdentities(t, 9)
	for n, want := range map[int]int{1: 1, 2: 2, 3: 4, 4: 4, 5: 8, 8: 8, 9: 16} {
		b := mustParse(t, mustSeal(t, ctx, Part{Body, []byte("x"), recipients(all[:n]...)}))
		if got := b.Parts()[0].Grants; got != want {
			t.Errorf("%d readers: got %d grants, want %d", n, got, want)
		}
		for _, id := range all[:n] {
			if opened, err := b.Open(ctx, forAll(id)); err != nil || len(opened) != 1 {
				t.Errorf("%d readers: one of them got %v, error %v", n, opened, err)
			}
		}
	}
}

// The first reader's grant must not stay in the first place: of 40 bodies of
// eight grants each, all would have it there with a chance of 2^-120.
func TestGrantsShuffled(t *testing.T) {
	ids := newIdentities(t, 8)
	places := make(map[int]bool)
	for range 40 {
		b := mustParse(t, mustSeal(t, ctx, Part{Card, nil, recipients(ids...)}))
		p := &b.parts[0]
		for i, g := range p.grants {
			if _, ok := openGrant(ids[0], grantInfo(ctx, ctx.Author, p), g); ok {
				places[i] = true
			}
		}
	}
	if len(places) < 2 {
		t.Errorf("the first reader's grant is always in the same place: %v", places)
	}
}

func TestSizesSayLittle(t *testing.T) {
	id := newIdentity(t)
	size := func(plaintext int) int {
		return len(mustSeal(t, ctx, Part{Card, make([]byte, plaintext), recipients(id)}))
	}
	if short, long := size(0), size(minPadded-padPrefix); short != long {
		t.Errorf("an empty card takes %d bytes and one of a KiB %d, want the same", short, long)
	}
	if a, b := size(40_000), size(40_001); a != b {
		t.Errorf("40,000 bytes take %d and 40,001 take %d, want the same", a, b)
	}
}

func TestSealTwiceDiffers(t *testing.T) {
	id := newIdentity(t)
	p := Part{Card, []byte("same"), recipients(id)}
	if bytes.Equal(mustSeal(t, ctx, p), mustSeal(t, ctx, p)) {
		t.Error("two bodies are the same")
	}
}

func TestSealRefuses(t *testing.T) {
	id := newIdentity(t)
	many := recipients(newIdentities(t, MaxReaders+1)...)
	one := recipients(id)
	for _, tt := range []struct {
		name  string
		parts []Part
		want  error // nil: any
	}{
		{"no parts", nil, nil},
		{"no readers", []Part{{Card, []byte("x"), nil}}, nil},
		{"reader twice", []Part{{Card, []byte("x"), recipients(id, id)}}, nil},
		{"unknown compartment", []Part{{4, []byte("x"), one}}, nil},
		{"compartment zero", []Part{{0, []byte("x"), one}}, nil},
		{"compartment twice", []Part{{Card, []byte("x"), one}, {Card, []byte("y"), one}}, nil},
		{"too many readers", []Part{{Card, []byte("x"), many}}, ErrTooLarge},
		{"too much content", []Part{{Card, make([]byte, MaxBody), one}}, ErrTooLarge},
		{"far too much content", []Part{{Card, make([]byte, MaxBody+1), one}}, ErrTooLarge},
		{"too much in all", []Part{{Card, make([]byte, MaxBody/2), one}, {Body, make([]byte, MaxBody/2), one}}, ErrTooLarge},
	} {
		body, err := Seal(ctx, tt.parts)
		if err == nil || body != nil || tt.want != nil && !errors.Is(err, tt.want) {
			t.Errorf("%s: got %d bytes, error %v; want none and %v", tt.name, len(body), err, tt.want)
		}
	}
}

// The caller's slice of parts stays as it is, whatever order it has.
func TestSealLeavesPartsAlone(t *testing.T) {
	one := recipients(newIdentity(t))
	parts := []Part{{Body, []byte("b"), one}, {Card, []byte("c"), one}}
	mustSeal(t, ctx, parts...)
	if parts[0].Compartment != Body || parts[1].Compartment != Card {
		t.Errorf("parts are now in the order %v, %v", parts[0].Compartment, parts[1].Compartment)
	}
}

func TestOpenedDoesNotPrintContent(t *testing.T) {
	id := newIdentity(t)
	opened, err := mustParse(t, mustSeal(t, ctx, Part{Card, []byte("CANARY"), recipients(id)})).Open(ctx, forAll(id))
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&out, verb+" ", opened[0])
		fmt.Fprintf(&out, verb+" ", opened)
		fmt.Fprintf(&out, verb+" ", &opened[0])
	}
	slog.New(slog.NewTextHandler(&out, nil)).Info("opened", "part", opened[0])
	slog.New(slog.NewJSONHandler(&out, nil)).Info("opened", "part", opened[0])
	secret := opened[0].contentKey[:]
	for _, form := range []string{"CANARY", fmt.Sprintf("%x", "CANARY"), "Q0FOQVJZ",
		fmt.Sprintf("%x", secret), strings.Trim(fmt.Sprintf("%d", secret), "[]")} {
		if strings.Contains(out.String(), form) {
			t.Errorf("prints %q: %s", form, out.String())
		}
	}
}

func TestCompartmentString(t *testing.T) {
	for c, want := range map[Compartment]string{Card: "card", Body: "body", Victim: "victim", 0: "compartment(0)", 9: "compartment(9)"} {
		if got := c.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
