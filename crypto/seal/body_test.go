package seal

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"comity/crypto/keys"
)

// Where things lie in a body of one part.
const (
	offCompartment = 2
	offPartID      = offCompartment + 1
	offSize        = offPartID + partIDSize
	offSealed      = offSize + 4
)

func TestMarshalIsWhatWasParsed(t *testing.T) {
	a, b := newIdentity(t), newIdentity(t)
	body := mustSeal(t, ctx,
		Part{Card, []byte("card"), recipients(a, b)},
		Part{Victim, make([]byte, 20_000), recipients(a)})
	s := mustParse(t, body)
	if got := s.Marshal(); !bytes.Equal(got, body) {
		t.Errorf("marshals to %d bytes, want the %d parsed", len(got), len(body))
	}
	parts := s.Parts()
	if len(parts) != 2 || parts[0].Compartment != Card || parts[0].Grants != 2 || parts[0].Size != ciphertextSize(1024) ||
		parts[1].Compartment != Victim || parts[1].Grants != 1 || parts[1].Size != ciphertextSize(20_480) {
		t.Errorf("got parts %+v", parts)
	}
}

func TestParseTruncated(t *testing.T) {
	body := mustSeal(t, ctx, Part{Card, []byte("card"), recipients(newIdentity(t))})
	for n := range body {
		if _, err := Parse(body[:n]); err != ErrMalformed {
			t.Fatalf("%d of %d bytes: got error %v, want ErrMalformed", n, len(body), err)
		}
	}
	if _, err := Parse(append(body, 0)); err != ErrMalformed {
		t.Errorf("one byte more: got error %v, want ErrMalformed", err)
	}
}

// rebuild takes a body apart, lets edit change it, and marshals what results,
// as an author would who does not keep to the format.
func rebuild(t testing.TB, body []byte, edit func(b *Sealed)) []byte {
	b := mustParse(t, bytes.Clone(body))
	edit(b)
	return b.Marshal()
}

func TestParseRefuses(t *testing.T) {
	a := newIdentity(t)
	one := recipients(a)
	two := mustSeal(t, ctx, Part{Card, []byte("card"), recipients(a, newIdentity(t))}, Part{Body, []byte("body"), one})
	edited := func(edit func(b *Sealed)) []byte { return rebuild(t, two, edit) }
	set := func(offset int, value byte) []byte {
		body := bytes.Clone(two)
		body[offset] = value
		return body
	}
	for name, body := range map[string][]byte{
		"empty":                  nil,
		"suite 0":                set(0, 0),
		"suite 2":                set(0, 2),
		"fewer parts than said":  set(1, 3),
		"more parts than said":   set(1, 1),
		"no parts":               {suite, 0, 0, 0},
		"compartment 0":          set(offCompartment, 0),
		"compartment 4":          edited(func(b *Sealed) { b.parts[1].compartment = 4 }),
		"compartments descend":   edited(func(b *Sealed) { slices.Reverse(b.parts) }),
		"compartment twice":      edited(func(b *Sealed) { b.parts[1].compartment = Card }),
		"part id twice":          edited(func(b *Sealed) { b.parts[1].id = b.parts[0].id }),
		"part of 2^32-1 bytes":   append(bytes.Clone(two[:offSize]), 255, 255, 255, 255),
		"part size not padded":   edited(func(b *Sealed) { b.parts[0].sealed = append(b.parts[0].sealed, 0) }),
		"part below 1 KiB":       edited(func(b *Sealed) { b.parts[0].sealed = b.parts[0].sealed[:headerSize+512+tagSize] }),
		"empty part":             edited(func(b *Sealed) { b.parts[0].sealed = nil }),
		"no grants":              edited(func(b *Sealed) { b.parts[0].grants, b.parts[1].grants = nil, nil }),
		"no grants for a part":   edited(func(b *Sealed) { b.parts[1].grants = nil }),
		"three grants":           edited(func(b *Sealed) { b.parts[1].grants = slices.Repeat(b.parts[1].grants, 3) }),
		"grants in disorder":     append(bytes.Clone(two[:len(two)-2*(1+boxSize)]), rotate(two[len(two)-2*(1+boxSize):], 1+boxSize)...),
		"grant of another part":  edited(func(b *Sealed) { b.parts[1].grants = nil; b.parts[0].grants = slices.Repeat(b.parts[0].grants, 2) }),
		"grant short by a byte":  edited(func(b *Sealed) { b.parts[1].grants[0] = b.parts[1].grants[0][:boxSize-1] }),
		"grant long by a byte":   edited(func(b *Sealed) { b.parts[1].grants[0] = append(slices.Clip(b.parts[1].grants[0]), 0) }),
		"256 grants":             edited(func(b *Sealed) { b.parts[1].grants = slices.Repeat(b.parts[1].grants, 256) }),
		"fewer grants than said": set(len(two)-3*(1+boxSize)-1, 4),
		"more grants than said":  set(len(two)-3*(1+boxSize)-1, 2),
		"beyond MaxBody": edited(func(b *Sealed) {
			b.parts[0].grants, b.parts[1].grants = slices.Repeat(b.parts[0].grants, 64), slices.Repeat(b.parts[1].grants, 128)
		}),
	} {
		if s, err := Parse(body); err != ErrMalformed || s != nil {
			t.Errorf("%s: got error %v, want ErrMalformed", name, err)
		}
	}
}

// As many grants as there may be, and as much content, are no reason to refuse.
func TestParseLargest(t *testing.T) {
	a := newIdentity(t)
	body := mustSeal(t, ctx, Part{Card, make([]byte, 102_400-padPrefix), recipients(a)})
	body = rebuild(t, body, func(b *Sealed) { b.parts[0].grants = slices.Repeat(b.parts[0].grants, MaxReaders) })
	if got := contents(t, ctx, body, forAll(a)); len(got) != 1 {
		t.Errorf("%d bytes with %d grants: got %d parts, want 1", len(body), MaxReaders, len(got))
	}
}

// rotate moves the first n bytes to the end.
func rotate(data []byte, n int) []byte { return append(bytes.Clone(data[n:]), data[:n]...) }

// TestFlipEachByte changes one bit in every byte of a body for two readers, in
// turn, and says for each region of the body what must become of it.
func TestFlipEachByte(t *testing.T) {
	alice, bob := newIdentity(t), newIdentity(t)
	body := mustSeal(t, ctx, Part{Card, []byte("card"), recipients(alice, bob)})
	offGrantCount := len(body) - 2*(1+boxSize) - 2
	offFirstGrant := offGrantCount + 2
	offAlice := offFirstGrant
	p := &mustParse(t, body).parts[0]
	if _, ok := openGrant(alice, grantInfo(ctx, ctx.Author, p), p.grants[1]); ok {
		offAlice += 1 + boxSize
	}

	// A flipped bit is either refused by Parse, or leaves a body that does not
	// open for alice, or lies in bob's grant and does not concern her.
	const refused, closed, untouched = "refused", "closed", "untouched"
	want := func(i int) string {
		switch {
		case i < offPartID: // suite, number of parts, compartment
			return refused
		case i < offSize:
			return closed
		case i < offSealed:
			return refused
		case i < offGrantCount:
			return closed
		case i < offFirstGrant:
			return refused
		case (i-offFirstGrant)%(1+boxSize) == 0: // a grant's compartment
			return refused
		case i >= offAlice && i < offAlice+1+boxSize:
			return closed
		}
		return untouched
	}
	step := 1
	if testing.Short() {
		step = 11
	}
	for i := 0; i < len(body); i += step {
		flipped := bytes.Clone(body)
		flipped[i] ^= 1 << (i % 8)
		var got string
		if s, err := Parse(flipped); err != nil {
			got = refused
		} else if opened, err := s.Open(ctx, map[Compartment][]*keys.Identity{Card: {alice}}); err != nil {
			got = err.Error()
		} else if len(opened) == 0 {
			got = closed
		} else if string(opened[0].Plaintext) == "card" {
			got = untouched
		}
		if got != want(i) {
			t.Errorf("bit %d of byte %d: got %q, want %q", i%8, i, got, want(i))
		}
	}
}

// The one bit that X25519 ignores, the top one of the share, must not make a
// second encoding of a grant.
func TestGrantHasOneEncoding(t *testing.T) {
	alice := newIdentity(t)
	body := mustSeal(t, ctx, Part{Card, []byte("card"), recipients(alice)})
	body[len(body)-contentKeySize-tagSize-1] ^= 0x80
	if got := contents(t, ctx, body, forAll(alice)); got != nil {
		t.Errorf("opens with the share's top bit flipped: %q", got)
	}
}

func TestOtherContextDoesNotOpen(t *testing.T) {
	alice := newIdentity(t)
	body := mustSeal(t, ctx, Part{Card, []byte("card"), recipients(alice)})
	for name, other := range map[string]Context{
		"ledger":  {Ledger: ledger2, Author: officerXA},
		"author":  {Ledger: ledger1, Author: officerXB},
		"swapped": {Ledger: officerXA, Author: ledger1},
		"zero":    {},
	} {
		if got := contents(t, other, body, forAll(alice)); got != nil {
			t.Errorf("%s: opens as %q", name, got)
		}
	}
}

// TestMovedPieces takes pieces of good bodies, all of which alice can open, and
// puts them where they were not sealed.
func TestMovedPieces(t *testing.T) {
	alice := newIdentity(t)
	one := recipients(alice)
	first := mustSeal(t, ctx, Part{Card, []byte("card 1"), one}, Part{Body, []byte("body 1"), one})
	second := mustParse(t, mustSeal(t, ctx, Part{Card, []byte("card 2"), one}, Part{Body, []byte("body 2"), one}))
	foreign := mustParse(t, mustSeal(t, Context{ledger1, officerXB}, Part{Card, []byte("card 3"), one}))
	abroad := mustParse(t, mustSeal(t, Context{ledger2, officerXA}, Part{Card, []byte("card 4"), one}))

	for _, tt := range []struct {
		name string
		edit func(b *Sealed)
		want []string
	}{
		{"nothing moved", func(b *Sealed) {}, []string{"card=card 1", "body=body 1"}},
		{"a grant from another body", func(b *Sealed) { b.parts[0].grants = second.parts[0].grants }, []string{"body=body 1"}},
		{"a grant from another part", func(b *Sealed) { b.parts[0].grants = b.parts[1].grants }, []string{"body=body 1"}},
		{"content from another body", func(b *Sealed) { b.parts[0].sealed = second.parts[0].sealed }, []string{"body=body 1"}},
		{"content and id from another body", func(b *Sealed) {
			b.parts[0].sealed, b.parts[0].id = second.parts[0].sealed, second.parts[0].id
		}, []string{"body=body 1"}},
		{"content and grants from another body, under the old id", func(b *Sealed) {
			b.parts[0].sealed, b.parts[0].grants = second.parts[0].sealed, second.parts[0].grants
		}, []string{"body=body 1"}},
		{"compartments exchanged", func(b *Sealed) {
			b.parts[0], b.parts[1] = b.parts[1], b.parts[0]
			b.parts[0].compartment, b.parts[1].compartment = Card, Body
		}, nil},
		{"a whole part by another author", func(b *Sealed) { b.parts[0] = foreign.parts[0] }, []string{"body=body 1"}},
		{"a whole part from another ledger", func(b *Sealed) { b.parts[0] = abroad.parts[0] }, []string{"body=body 1"}},
		// Not refused here: see the package comment. The author signs the hash of
		// the body, and Open comes after that signature.
		{"a whole part by the same author", func(b *Sealed) { b.parts[0] = second.parts[0] }, []string{"card=card 2", "body=body 1"}},
	} {
		if got := contents(t, ctx, rebuild(t, first, tt.edit), forAll(alice)); !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

// hostilePart lets a test seal what Seal would not: any padded bytes, and
// grants of any content keys to one reader.
func hostilePart(t testing.TB, reader *keys.Identity, padded []byte, grantKeys ...[contentKeySize]byte) []byte {
	t.Helper()
	p := part{compartment: Card, id: [partIDSize]byte{1}}
	if err := p.encrypt(ctx, [contentKeySize]byte{7}, padded); err != nil {
		t.Fatal(err)
	}
	for _, k := range grantKeys {
		g, err := sealGrant(reader.Recipient().HPKE(), grantInfo(ctx, ctx.Author, &p), k)
		if err != nil {
			t.Fatal(err)
		}
		p.grants = append(p.grants, g)
	}
	return (&Sealed{parts: []part{p}}).Marshal()
}

func TestHostileAuthor(t *testing.T) {
	alice := newIdentity(t)
	good, wrong := [contentKeySize]byte{7}, [contentKeySize]byte{8}
	padded := pad([]byte("card"))
	dirty := bytes.Clone(padded)
	dirty[len(dirty)-1] = 1
	for _, tt := range []struct {
		name string
		body []byte
		want []string
	}{
		{"one good grant", hostilePart(t, alice, padded, good), []string{"card=card"}},
		{"the same grant again", hostilePart(t, alice, padded, good, good), []string{"card=card"}},
		{"a second content key first", hostilePart(t, alice, padded, wrong, good), []string{"card=card"}},
		{"a second content key last", hostilePart(t, alice, padded, good, wrong), []string{"card=card"}},
		{"only a wrong content key", hostilePart(t, alice, padded, wrong), nil},
		{"padding not zero", hostilePart(t, alice, dirty, good), nil},
		{"length beyond the content", hostilePart(t, alice, bytes.Repeat([]byte{255}, 1024), good), nil},
	} {
		if got := contents(t, ctx, tt.body, forAll(alice)); !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

// Two content keys that open one part are out of reach, so the decryption is
// played by one that takes every key.
func TestTwoContentKeysConflict(t *testing.T) {
	alice, bob := newIdentity(t), newIdentity(t)
	info := []byte("info")
	grantTo := func(id *keys.Identity, k byte) box {
		g, err := sealGrant(id.Recipient().HPKE(), info, [contentKeySize]byte{k})
		if err != nil {
			t.Fatal(err)
		}
		return g
	}
	var calls int
	anyKey := func([contentKeySize]byte) ([]byte, error) { calls++; return []byte("text"), nil }
	ids := []*keys.Identity{alice, bob}

	for name, grants := range map[string][]box{
		"one reader":  {grantTo(alice, 1), grantTo(alice, 2)},
		"two readers": {grantTo(alice, 1), grantTo(bob, 2)},
	} {
		if o, err := tryGrants(info, grants, ids, anyKey); !errors.Is(err, ErrConflict) || o != nil {
			t.Errorf("%s: got %v, error %v; want ErrConflict", name, o, err)
		}
	}
	calls = 0
	same := []box{grantTo(alice, 1), grantTo(bob, 1), grantTo(alice, 1)}
	if o, err := tryGrants(info, same, ids, anyKey); err != nil || o == nil || o.Reader != alice.Recipient().ID() {
		t.Errorf("one content key thrice: got %v, error %v; want it opened by the first reader", o, err)
	}
	if calls != 1 {
		t.Errorf("one content key thrice: decrypted %d times, want once", calls)
	}
}
