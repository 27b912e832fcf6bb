package sign

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"comity/crypto/keys"
)

func testSigner(first byte) *keys.Signer { return keys.NewSigner(testKey(first)) }

// testKey returns the key whose seed counts up from first.
func testKey(first byte) ed25519.PrivateKey {
	seed := make([]byte, ed25519.SeedSize)
	for i := range seed {
		seed[i] = first + byte(i)
	}
	return ed25519.NewKeyFromSeed(seed)
}

var testMessage = []byte("Bureau XA asks bureau XB.\n")

func TestVectors(t *testing.T) {
	for _, v := range readVectors(t, "sshsig.txt") {
		pub, namespace := ed25519.PublicKey(unhex(t, v.value["public"])), v.value["namespace"]
		message, sig := unhex(t, v.value["message"]), unhex(t, v.value["signature"])
		if got, want := Verify(pub, namespace, message, sig), v.value["outcome"] == "valid"; got != want {
			t.Errorf("%s: Verify = %v, want %s", v.comment, got, v.value["outcome"])
		}
		if want, ok := v.value["signed"]; ok {
			if got := hex.EncodeToString(appendSigned(nil, namespace, message)); got != want {
				t.Errorf("%s: signed bytes = %s, want %s", v.comment, got, want)
			}
		}
		if seed, ok := v.value["seed"]; ok {
			s := keys.NewSigner(ed25519.NewKeyFromSeed(unhex(t, seed)))
			if got, err := Sign(s, namespace, message); err != nil || !bytes.Equal(got[:], sig) {
				t.Errorf("%s: Sign = %x, %v, want %x", v.comment, got, err, sig)
			}
		}
	}
}

func TestSignRefusesNamespace(t *testing.T) {
	for _, namespace := range []string{
		"", " ", "a b", "statement@comity ", "statement@comity\n", "a\x00b", "a\x7fb", "bureaü",
		strings.Repeat("n", maxNamespace+1),
	} {
		if sig, err := Sign(testSigner(0), namespace, testMessage); !errors.Is(err, errNamespace) || sig != [64]byte{} {
			t.Errorf("Sign for %q = %x, %v, want errNamespace", namespace, sig, err)
		}
	}
}

// TestVerifyFlipped flips every byte that goes into a check, in eight ways.
func TestVerifyFlipped(t *testing.T) {
	s := testSigner(0)
	sig, err := Sign(s, NamespaceStatement, testMessage)
	if err != nil {
		t.Fatal(err)
	}
	inputs := map[string][]byte{
		"key": s.Public(), "namespace": []byte(NamespaceStatement), "message": testMessage, "signature": sig[:],
	}
	verify := func(name string, value []byte) bool {
		in := func(n string) []byte {
			if n == name {
				return value
			}
			return inputs[n]
		}
		return Verify(in("key"), string(in("namespace")), in("message"), in("signature"))
	}
	for name, good := range inputs {
		if !verify(name, good) {
			t.Fatalf("the unchanged %s does not verify", name)
		}
		for i := range good {
			for bit := range 8 {
				bad := bytes.Clone(good)
				bad[i] ^= 1 << bit
				if verify(name, bad) {
					t.Errorf("verifies with bit %d of byte %d of the %s flipped", bit, i, name)
				}
			}
		}
		if verify(name, good[1:]) || verify(name, good[:len(good)-1]) || verify(name, append(bytes.Clone(good), 'x')) || verify(name, nil) {
			t.Errorf("verifies with the %s cut or lengthened", name)
		}
	}
	if Verify(testSigner(1).Public(), NamespaceStatement, testMessage, sig[:]) {
		t.Error("verifies under another key")
	}
}

// TestNamespacesPart shows that a signature means one thing.
func TestNamespacesPart(t *testing.T) {
	s := testSigner(0)
	all := []string{NamespaceStatement, NamespaceCharter, NamespaceEnrol}
	for _, made := range all {
		sig, err := Sign(s, made, testMessage)
		if err != nil {
			t.Fatal(err)
		}
		for _, checked := range all {
			if got, want := Verify(s.Public(), checked, testMessage, sig[:]), made == checked; got != want {
				t.Errorf("made for %s, checked for %s: %v, want %v", made, checked, got, want)
			}
		}
	}
}

func TestVerifyDoesNotAllocate(t *testing.T) {
	s := testSigner(0)
	message := make([]byte, 300)
	sig, err := Sign(s, NamespaceStatement, message)
	if err != nil {
		t.Fatal(err)
	}
	pub := s.Public()
	if got := testing.AllocsPerRun(10, func() { Verify(pub, NamespaceStatement, message, sig[:]) }); got != 0 {
		t.Errorf("Verify allocates %v times, want 0", got)
	}
}

// BenchmarkVerify checks a statement of the usual length; compare it with
// BenchmarkEd25519, which is the bare check.
func BenchmarkVerify(b *testing.B) {
	s := testSigner(0)
	message := make([]byte, 300)
	sig, err := Sign(s, NamespaceStatement, message)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if !Verify(s.Public(), NamespaceStatement, message, sig[:]) {
			b.Fatal("does not verify")
		}
	}
}

func BenchmarkEd25519(b *testing.B) {
	s := testSigner(0)
	message := make([]byte, maxSigned)
	sig, err := s.Sign(message)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if !ed25519.Verify(s.Public(), message, sig[:]) {
			b.Fatal("does not verify")
		}
	}
}

func BenchmarkSign(b *testing.B) {
	s := testSigner(0)
	message := make([]byte, 300)
	for b.Loop() {
		if _, err := Sign(s, NamespaceStatement, message); err != nil {
			b.Fatal(err)
		}
	}
}
