package sign

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"comity/crypto/keys"
)

func TestArmorVectors(t *testing.T) {
	for _, v := range readVectors(t, "armor.txt") {
		armor := []byte(v.value["armor"])
		pub, namespace, sig, err := ParseArmor(armor)
		if got, want := err == nil, v.value["outcome"] == "ok"; got != want {
			t.Errorf("%s: ParseArmor = %v, want %s", v.comment, err, v.value["outcome"])
		}
		if err != nil {
			if !errors.Is(err, ErrMalformed) && !errors.Is(err, keys.ErrKey) {
				t.Errorf("%s: unexpected error %v", v.comment, err)
			}
			continue
		}
		if got, want := hex.EncodeToString(pub), v.value["public"]; got != want {
			t.Errorf("%s: key = %s, want %s", v.comment, got, want)
		}
		if got, want := namespace, v.value["namespace"]; got != want {
			t.Errorf("%s: namespace = %s, want %s", v.comment, got, want)
		}
		if got, want := hex.EncodeToString(sig), v.value["signature"]; got != want {
			t.Errorf("%s: signature = %s, want %s", v.comment, got, want)
		}
		if got := Armor(pub, namespace, sig); !bytes.Equal(got, armor) {
			t.Errorf("%s: Armor wrote %q, want %q", v.comment, got, armor)
		}
	}
}

// TestArmorFlipped changes every byte of an armor. What still parses must be
// another signature, which does not verify.
func TestArmorFlipped(t *testing.T) {
	s := testSigner(0)
	sig, err := Sign(s, NamespaceStatement, testMessage)
	if err != nil {
		t.Fatal(err)
	}
	good := Armor(s.Public(), NamespaceStatement, sig[:])
	for i := range good {
		for bit := range 8 {
			bad := bytes.Clone(good)
			bad[i] ^= 1 << bit
			pub, namespace, sig, err := ParseArmor(bad)
			if err != nil {
				continue
			}
			if Verify(pub, namespace, testMessage, sig) {
				t.Errorf("verifies with bit %d of byte %d of the armor flipped", bit, i)
			}
		}
		if _, _, _, err := ParseArmor(good[:i]); !errors.Is(err, ErrMalformed) {
			t.Errorf("the first %d bytes: %v, want ErrMalformed", i, err)
		}
	}
	large := append(bytes.Clone(good), bytes.Repeat([]byte("\n"), maxArmor)...)
	if _, _, _, err := ParseArmor(large); !errors.Is(err, ErrMalformed) {
		t.Errorf("%d bytes: %v, want ErrMalformed", len(large), err)
	}
}

// TestLongestArmor holds maxArmor to the longest namespace.
func TestLongestArmor(t *testing.T) {
	s := testSigner(0)
	longest := Armor(s.Public(), strings.Repeat("n", maxNamespace), make([]byte, 64))
	if _, _, _, err := ParseArmor(longest); err != nil {
		t.Errorf("%d bytes: %v", len(longest), err)
	}
}

func FuzzParseArmor(f *testing.F) {
	for _, v := range readVectors(f, "armor.txt") {
		f.Add([]byte(v.value["armor"]))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		pub, namespace, sig, err := ParseArmor(data)
		if err != nil {
			return
		}
		if got := Armor(pub, namespace, sig); !bytes.Equal(got, data) {
			t.Errorf("%q came back as %q", data, got)
		}
	})
}

func FuzzVerify(f *testing.F) {
	s := testSigner(0)
	sig, err := Sign(s, NamespaceStatement, testMessage)
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(s.Public()), NamespaceStatement, testMessage, sig[:])
	f.Add([]byte{}, "", []byte{}, []byte{})
	f.Fuzz(func(t *testing.T, pub []byte, namespace string, message, other []byte) {
		// Whatever the inputs, no panic, and our key's only signature is ours.
		Verify(pub, namespace, message, other)
		if Verify(s.Public(), NamespaceStatement, testMessage, other) && !bytes.Equal(other, sig[:]) {
			t.Errorf("a second signature verifies: %x", other)
		}
	})
}
