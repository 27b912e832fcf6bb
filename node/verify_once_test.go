package node

import (
	"crypto/ed25519"
	"crypto/sha256"
	"flag"
	"os"
	"sync"
	"testing"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/state"
)

// TestMain has the nodes of all clusters share what was verified: four of five
// checks are of what another node has checked. Benchmarks measure without.
func TestMain(m *testing.M) {
	flag.Parse()
	if flag.Lookup("test.bench").Value.String() == "" {
		testingOnlyVerify = new(verifiedOnce)
	}
	os.Exit(m.Run())
}

// verifiedOnce remembers good signatures by all that their check depends on.
type verifiedOnce struct{ good sync.Map }

func (v *verifiedOnce) once(key [sha256.Size]byte, check func() bool) bool {
	if _, ok := v.good.Load(key); ok {
		return true
	}
	if !check() {
		return false
	}
	v.good.Store(key, nil)
	return true
}

func (v *verifiedOnce) Entry(e *ledger.Entry, signers []ed25519.PublicKey) bool {
	h := sha256.New()
	for _, pub := range signers {
		h.Write(pub)
	}
	h.Write(e.Raw)
	return v.once([sha256.Size]byte(h.Sum(nil)), func() bool { return state.Plain{}.Entry(e, signers) })
}

func (v *verifiedOnce) Cosignature(s *ledger.Cosignature, w keys.WitnessPublic, origin string) bool {
	h := sha256.New()
	h.Write(w.Ed25519)
	h.Write(w.MLDSA.Bytes())
	h.Write([]byte(origin))
	h.Write(s.Marshal())
	return v.once([sha256.Size]byte(h.Sum(nil)), func() bool { return state.Plain{}.Cosignature(s, w, origin) })
}

// TestVerifiedOnceRefuses holds the memory of tests against other keys, another
// origin and other signatures than those it has seen.
func TestVerifiedOnceRefuses(t *testing.T) {
	v := new(verifiedOnce)
	w, err := keys.GenerateWitness()
	if err != nil {
		t.Fatal(err)
	}
	other, err := keys.GenerateWitness()
	if err != nil {
		t.Fatal(err)
	}
	s, err := ledger.Cosign(w, "xa.comity/n1", ledger.Checkpoint{Origin: "o", Size: 1}, 1)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // checked, and then remembered
		if !v.Cosignature(s, w.Public(), "o") {
			t.Fatal("a good cosignature is refused")
		}
	}
	bad := *s
	bad.MLDSA[7] ^= 1
	if v.Cosignature(s, other.Public(), "o") || v.Cosignature(s, w.Public(), "p") || v.Cosignature(&bad, w.Public(), "o") {
		t.Error("what was never checked is remembered")
	}
}
