package keys

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"math/big"
	"testing"

	"filippo.io/edwards25519"
)

func TestAdmitEd25519Vectors(t *testing.T) {
	for _, v := range readVectors(t, "ed25519.txt") {
		public := unhex(t, v.value["public"])
		pub, err := AdmitEd25519(public)
		if want := v.value["outcome"] == "admitted"; (err == nil) != want {
			t.Errorf("%s: AdmitEd25519(%x) = %v, want %s", v.comment, public, err, v.value["outcome"])
		}
		if err != nil {
			if !errors.Is(err, ErrKey) {
				t.Errorf("%s: got error %v, want ErrKey", v.comment, err)
			}
			continue
		}
		if !bytes.Equal(pub, public) {
			t.Errorf("%s: admitted %x as %x", v.comment, public, pub)
		}
		if got, want := SigningID(pub).String(), v.value["id"]; got != want {
			t.Errorf("%s: id = %s, want %s", v.comment, got, want)
		}
	}
}

func TestAdmitEd25519Generated(t *testing.T) {
	for range 64 {
		pub, _, err := ed25519.GenerateKey(nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := AdmitEd25519(pub)
		if err != nil {
			t.Fatalf("AdmitEd25519(%x) = %v", pub, err)
		}
		if &got[0] == &pub[0] {
			t.Fatal("the admitted key aliases its argument")
		}
	}
}

// TestInPrimeSubgroup compares the trick of inPrimeSubgroup with the plain
// definition, [l]p = 0 by doubling and adding, on points of every order.
func TestInPrimeSubgroup(t *testing.T) {
	l, _ := new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)
	identity := edwards25519.NewIdentityPoint()
	plain := func(p *edwards25519.Point) bool {
		sum := edwards25519.NewIdentityPoint()
		for i := l.BitLen() - 1; i >= 0; i-- {
			sum.Double(sum)
			if l.Bit(i) == 1 {
				sum.Add(sum, p)
			}
		}
		return sum.Equal(identity) == 1
	}
	checked := 0
	for i := range 200 {
		seed := counting(byte(i))
		p, err := new(edwards25519.Point).SetBytes(seed[:])
		if err != nil {
			continue // on no point
		}
		checked++
		inside := new(edwards25519.Point).MultByCofactor(p)
		if !inPrimeSubgroup(inside) || !plain(inside) {
			t.Errorf("[8]%x is in the prime-order subgroup", seed)
		}
		if got, want := inPrimeSubgroup(p), plain(p); got != want {
			t.Errorf("inPrimeSubgroup(%x) = %v, want %v", seed, got, want)
		}
	}
	if checked < 50 {
		t.Errorf("checked %d points only", checked)
	}
}

func BenchmarkAdmitEd25519(b *testing.B) {
	seed := counting(0)
	pub := ed25519.NewKeyFromSeed(seed[:]).Public().(ed25519.PublicKey)
	for b.Loop() {
		if _, err := AdmitEd25519(pub); err != nil {
			b.Fatal(err)
		}
	}
}
