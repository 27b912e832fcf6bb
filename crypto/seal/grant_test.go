package seal

import (
	"bytes"
	"slices"
	"testing"

	"comity/crypto/keys"
)

// shared is a body that alice opened and officer XB shares with carol.
type shared struct {
	alice, carol *keys.Identity
	body         *Sealed
	opened       []Opened
	grants       []byte
}

func newShared(t *testing.T) shared {
	t.Helper()
	s := shared{alice: newIdentity(t), carol: newIdentity(t)}
	s.body = mustParse(t, mustSeal(t, ctx,
		Part{Card, []byte("card"), recipients(s.alice)},
		Part{Body, []byte("body"), recipients(s.alice)}))
	var err error
	if s.opened, err = s.body.Open(ctx, forAll(s.alice)); err != nil || len(s.opened) != 2 {
		t.Fatalf("got %v, error %v; want two parts", s.opened, err)
	}
	if s.grants, err = s.body.Grants(ctx, officerXB, s.opened[1], recipients(s.carol)); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestShareFurther(t *testing.T) {
	s := newShared(t)
	if got := contents(t, ctx, s.body.Marshal(), forAll(s.carol)); got != nil {
		t.Errorf("opens without the re-share: %q", got)
	}
	opened, err := s.body.OpenGranted(ctx, officerXB, s.grants, forAll(s.carol))
	if got, want := describe(opened), []string{"body=body"}; err != nil || !slices.Equal(got, want) {
		t.Fatalf("got %q, error %v; want %q", got, err, want)
	}
	// Carol can share what was shared with her.
	dave := newIdentity(t)
	again, err := s.body.Grants(ctx, officerXA, opened[0], recipients(dave))
	if err != nil {
		t.Fatal(err)
	}
	opened, err = s.body.OpenGranted(ctx, officerXA, again, forAll(dave))
	if got, want := describe(opened), []string{"body=body"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("shared on: got %q, error %v; want %q", got, err, want)
	}
}

func TestOpenGrantedNothing(t *testing.T) {
	s := newShared(t)
	cardOnly := mustParse(t, mustSeal(t, ctx, Part{Card, []byte("card"), recipients(s.alice)}))
	same := mustParse(t, mustSeal(t, ctx, Part{Body, []byte("body"), recipients(s.alice)}))
	for _, tt := range []struct {
		name    string
		body    *Sealed
		ctx     Context
		granter keys.ID
		ids     map[Compartment][]*keys.Identity
	}{
		{"another granter", s.body, ctx, officerXA, forAll(s.carol)},
		{"another author", s.body, Context{ledger1, officerXB}, officerXB, forAll(s.carol)},
		{"another ledger", s.body, Context{ledger2, officerXA}, officerXB, forAll(s.carol)},
		{"another body", same, ctx, officerXB, forAll(s.carol)},
		{"a body without the compartment", cardOnly, ctx, officerXB, forAll(s.carol)},
		{"another reader", s.body, ctx, officerXB, forAll(newIdentity(t))},
		{"a key kept for another compartment", s.body, ctx, officerXB, map[Compartment][]*keys.Identity{Card: {s.carol}}},
	} {
		opened, err := tt.body.OpenGranted(tt.ctx, tt.granter, s.grants, tt.ids)
		if err != nil || len(opened) != 0 {
			t.Errorf("%s: got %v, error %v; want nothing", tt.name, opened, err)
		}
	}
}

// A grant given with the body and one given later do not stand in for each
// other, even if the author gives both.
func TestGrantsOfAnotherGranter(t *testing.T) {
	s := newShared(t)
	_, boxes, err := parseGrants(s.grants)
	if err != nil {
		t.Fatal(err)
	}
	moved := rebuild(t, s.body.Marshal(), func(b *Sealed) { b.parts[1].grants = boxes })
	if got := contents(t, ctx, moved, forAll(s.carol)); got != nil {
		t.Errorf("a re-share opens as the author's own: %q", got)
	}
	lifted := marshalGrants(Body, s.body.parts[1].grants)
	if opened, err := s.body.OpenGranted(ctx, officerXB, lifted, forAll(s.alice)); err != nil || len(opened) != 0 {
		t.Errorf("the author's grant opens as a re-share: %v, error %v", opened, err)
	}
}

func TestGrantsRefuses(t *testing.T) {
	s := newShared(t)
	to := recipients(s.carol)
	other := mustParse(t, mustSeal(t, ctx, Part{Card, []byte("card"), recipients(s.alice)}))
	forged := s.opened[0]
	forged.contentKey[0] ^= 1
	for _, tt := range []struct {
		name    string
		body    *Sealed
		ctx     Context
		part    Opened
		readers []*keys.Recipient
	}{
		{"part of another body", other, ctx, s.opened[0], to},
		{"compartment that the body lacks", other, ctx, s.opened[1], to},
		{"part that was not opened", s.body, ctx, Opened{Compartment: Card, PartID: s.opened[0].PartID}, to},
		{"another content key", s.body, ctx, forged, to},
		{"another author", s.body, Context{ledger1, officerXB}, s.opened[0], to},
		{"no readers", s.body, ctx, s.opened[0], nil},
		{"reader twice", s.body, ctx, s.opened[0], recipients(s.carol, s.carol)},
	} {
		if grants, err := tt.body.Grants(tt.ctx, officerXB, tt.part, tt.readers); err == nil || grants != nil {
			t.Errorf("%s: got %d bytes, error %v; want an error", tt.name, len(grants), err)
		}
	}
}

func TestParseGrants(t *testing.T) {
	s := newShared(t)
	grants, err := s.body.Grants(ctx, officerXB, s.opened[0], recipients(s.carol, newIdentity(t), newIdentity(t)))
	if err != nil {
		t.Fatal(err)
	}
	if c, n, err := ParseGrants(grants); err != nil || c != Card || n != 4 {
		t.Errorf("got %v, %d grants, error %v; want card, 4", c, n, err)
	}
	for n := range grants {
		if _, _, err := ParseGrants(grants[:n]); err != ErrMalformed {
			t.Fatalf("%d of %d bytes: got error %v, want ErrMalformed", n, len(grants), err)
		}
	}
	_, boxes, err := parseGrants(grants)
	if err != nil {
		t.Fatal(err)
	}
	set := func(offset int, value byte) []byte {
		out := bytes.Clone(grants)
		out[offset] = value
		return out
	}
	for name, bad := range map[string][]byte{
		"a byte more":         append(bytes.Clone(grants), 0),
		"suite 2":             set(0, 2),
		"three grants said":   set(2, 3),
		"no grants":           {suite, 0, 0},
		"three grants":        marshalGrants(Card, boxes[:3]),
		"256 grants":          marshalGrants(Card, slices.Repeat(boxes, 64)),
		"two compartments":    set(3+1+boxSize, byte(Body)),
		"unknown compartment": marshalGrants(4, boxes),
		"compartment zero":    marshalGrants(0, boxes),
		"a sealed body":       s.body.Marshal(),
	} {
		if _, _, err := ParseGrants(bad); err != ErrMalformed {
			t.Errorf("%s: got error %v, want ErrMalformed", name, err)
		}
		if _, err := s.body.OpenGranted(ctx, officerXB, bad, forAll(s.carol)); err != ErrMalformed {
			t.Errorf("open %s: got error %v, want ErrMalformed", name, err)
		}
	}
	if _, err := Parse(grants); err != ErrMalformed {
		t.Errorf("parsed as a body: got error %v, want ErrMalformed", err)
	}
}

// Whatever bit of a re-share flips, its one reader opens nothing.
func TestFlipEachByteOfGrants(t *testing.T) {
	s := newShared(t)
	step := 1
	if testing.Short() {
		step = 11
	}
	for i := 0; i < len(s.grants); i += step {
		flipped := bytes.Clone(s.grants)
		flipped[i] ^= 1 << (i % 8)
		opened, err := s.body.OpenGranted(ctx, officerXB, flipped, map[Compartment][]*keys.Identity{Body: {s.carol}})
		if len(opened) != 0 || i < 3 && err != ErrMalformed {
			t.Errorf("bit %d of byte %d: got %v, error %v", i%8, i, opened, err)
		}
	}
}
