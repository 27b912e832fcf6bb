package ledger_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"comity/crypto/keys"
	"comity/crypto/seal"
	"comity/ledger"
)

func TestDisclosure(t *testing.T) {
	l := enrolled(t, 1)
	xa := l.Bureaus[0]
	ctx := seal.Context{Ledger: keys.ID(l.Genesis.Ledger), Author: xa.Officer.Signer.ID()}
	readers := []*keys.Recipient{xa.Sealing[seal.Body].Recipient()}
	body, err := seal.Seal(ctx, []seal.Part{
		{Compartment: seal.Body, Plaintext: []byte("the case"), Readers: readers},
		{Compartment: seal.Victim, Plaintext: []byte("her name"), Readers: readers},
	})
	if err != nil {
		t.Fatal(err)
	}
	x := l.exhibit(t, body)
	sealed, err := seal.Parse(body)
	if err != nil {
		t.Fatal(err)
	}
	opened, err := sealed.Open(ctx, map[seal.Compartment][]*keys.Identity{seal.Body: {xa.Sealing[seal.Body]}})
	if err != nil || len(opened) != 1 {
		t.Fatal(opened, err)
	}
	key := opened[0].Disclose()
	if s := fmt.Sprintf("%v %x %+v %d", key, key, ledger.DisclosedKey{Key: key}, [1]seal.ContentKey{key}); bytes.Contains([]byte(s), fmt.Appendf(nil, "%x", key[:2])) {
		t.Errorf("the key prints as %s", s)
	}
	list := []ledger.Disclosure{{Exhibit: x, Keys: []ledger.DisclosedKey{{Compartment: seal.Body, Key: key}}}}
	data := ledger.MarshalDisclosures(list)
	again, err := ledger.ParseDisclosures(data)
	if err != nil || !bytes.Equal(ledger.MarshalDisclosures(again), data) {
		t.Fatalf("%v", err)
	}
	// Without a key of any reader, that part and no other.
	if _, err := again[0].Verify(l.Genesis); err != nil {
		t.Fatal(err)
	}
	parts, err := again[0].Open()
	if err != nil || len(parts) != 1 || string(parts[0].Plaintext) != "the case" {
		t.Fatalf("%v, %v", parts, err)
	}
	for name, bad := range map[string]ledger.DisclosedKey{
		"another key":      {Compartment: seal.Body, Key: seal.ContentKey{1}},
		"another part":     {Compartment: seal.Victim, Key: key},
		"a part not there": {Compartment: seal.Card, Key: key},
	} {
		d := ledger.Disclosure{Exhibit: x, Keys: []ledger.DisclosedKey{bad}}
		if _, err := d.Open(); !errors.Is(err, ledger.ErrNotDisclosed) {
			t.Errorf("%s: %v, want ErrNotDisclosed", name, err)
		}
	}
	for name, bad := range map[string][]byte{
		"empty": nil, "cut": data[:len(data)-1], "more": append(bytes.Clone(data), 0), "one part twice": twice(data),
		"another head": append([]byte("C"), data[1:]...), "none": append(bytes.Clone(data[:21]), 0),
	} {
		if _, err := ledger.ParseDisclosures(bad); !errors.Is(err, ledger.ErrMalformed) {
			t.Errorf("%s: %v, want ErrMalformed", name, err)
		}
	}
}
