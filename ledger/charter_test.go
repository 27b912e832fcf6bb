package ledger_test

import (
	"crypto/ed25519"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/ledgertest"

	"filippo.io/mldsa"
)

func TestQuorum(t *testing.T) {
	want := []int{1, 2, 2, 3, 4, 4, 5, 6, 6, 7, 8, 8, 9, 10, 10}
	for i, q := range want {
		n := i + 1
		f := (n - 1) / 3
		if got := ledger.Quorum(n); got != q {
			t.Errorf("Quorum(%d): got %d, want %d", n, got, q)
		}
		if shared := 2*q - n; shared <= f {
			t.Errorf("n = %d: two quorums of %d may share only %d bureaus, f = %d", n, q, shared, f)
		}
		if q > n-f {
			t.Errorf("n = %d: without the %d dishonest there is no quorum of %d", n, f, q)
		}
		if 2*(q-1)-n > f {
			t.Errorf("n = %d: %d would do as well as %d", n, q-1, q)
		}
	}
}

// TestQuorumsShareMoreThanF goes through all pairs of quorums.
func TestQuorumsShareMoreThanF(t *testing.T) {
	for n := 1; n <= 8; n++ {
		q, f := ledger.Quorum(n), (n-1)/3
		var quorums []uint
		for set := range uint(1) << n {
			if ones(set) == q {
				quorums = append(quorums, set)
			}
		}
		for _, a := range quorums {
			for _, b := range quorums {
				if ones(a&b) <= f {
					t.Fatalf("n = %d: quorums %b and %b share %d bureaus, f = %d", n, a, b, ones(a&b), f)
				}
			}
		}
	}
}

func ones(set uint) (n int) {
	for ; set != 0; set &= set - 1 {
		n++
	}
	return n
}

func TestEveryByteOfAGenesisIsSigned(t *testing.T) {
	data := ledgertest.NewGenesis(t, 1).Genesis.Marshal()
	if _, err := ledger.ParseGenesis(data); err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(data); i += stride() {
		if _, err := ledger.ParseGenesis(flip(data, i, 1)); err == nil {
			t.Errorf("byte %d of %d flipped: accepted", i, len(data))
		}
	}
}

func TestSignaturesOfAGenesis(t *testing.T) {
	data := ledgertest.NewGenesis(t, 2).Genesis.Marshal()
	charter, first, second := data[:len(data)-128], data[len(data)-128:len(data)-64], data[len(data)-64:]
	for name, sigs := range map[string][][]byte{
		"swapped": {second, first}, "one dropped": {first}, "one twice": {first, first}, "one too many": {first, second, second}, "none": nil,
	} {
		if _, err := ledger.ParseGenesis(slices.Concat(charter, slices.Concat(sigs...))); err == nil {
			t.Errorf("signatures %s: accepted", name)
		}
	}
}

func TestGenesis(t *testing.T) {
	c := ledgertest.NewGenesis(t, 3)
	g, err := ledger.NewGenesis(c.Genesis.Charter)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"XA XB XC", "XA XC", "XA", ""} {
		if got := strings.Join(g.Unsigned(), " "); got != want {
			t.Errorf("after %d signatures: got %q unsigned, want %q", i, got, want)
		}
		if i < 3 {
			if err := g.Sign(c.Bureaus[[]int{1, 2, 0}[i]].Root.Signer); err != nil {
				t.Fatal(err)
			}
		}
	}
	if string(g.Marshal()) != string(c.Genesis.Marshal()) || g.Ledger != c.Genesis.Ledger {
		t.Error("the order of signing changes the genesis")
	}
	if err := g.Sign(c.Bureaus[0].Officer.Signer); err == nil {
		t.Error("signed by a key that is no founder's root")
	}
	if m, ok := g.Charter.Member("XB"); !ok || m.NodeName() != "xb.comity/n1" {
		t.Errorf("member XB: got %v, %v", m, ok)
	}
	if _, ok := g.Charter.Member("XD"); ok {
		t.Error("there is a member XD")
	}
}

// TestNewGenesisRefuses gives it what no charter can be: it must not panic, for
// all of it may come from people's files.
func TestNewGenesisRefuses(t *testing.T) {
	for name, change := range map[string]func(c *ledger.Charter){
		"name too long":        func(c *ledger.Charter) { c.Name = strings.Repeat("n", 256) },
		"no members":           func(c *ledger.Charter) { c.Members = nil },
		"257 members":          func(c *ledger.Charter) { c.Members = make([]ledger.Member, 257) },
		"code of three":        func(c *ledger.Charter) { c.Members[0].Code = "XAA" },
		"no code":              func(c *ledger.Charter) { c.Members[0].Code = "" },
		"short root":           func(c *ledger.Charter) { c.Members[0].Root = c.Members[0].Root[:31] },
		"no cosigning keys":    func(c *ledger.Charter) { c.Members[0].Node.Witness = keys.WitnessPublic{} },
		"root not admitted":    func(c *ledger.Charter) { c.Members[0].Root = make(ed25519.PublicKey, 32) },
		"cosigner not prime":   func(c *ledger.Charter) { c.Members[0].Node.Witness.Ed25519 = make(ed25519.PublicKey, 32) },
		"address too long":     func(c *ledger.Charter) { c.Members[0].Node.Address = strings.Repeat("h", 300) + ":1" },
		"name not UTF-8":       func(c *ledger.Charter) { c.Members[0].Name = "\xff" },
		"control of ISO 6429":  func(c *ledger.Charter) { c.Members[0].Name = "a\u0085b" },
		"year 10000":           func(c *ledger.Charter) { c.Created = ledger.MaxTime + 1 },
		"cosigning key twice":  func(c *ledger.Charter) { c.Members[1].Node.Witness.MLDSA = c.Members[0].Node.Witness.MLDSA },
		"operator with a root": func(c *ledger.Charter) { c.Members[0].Access = keys.SigningID(c.Members[1].Root) },
	} {
		c := ledgertest.NewGenesis(t, 2).Genesis.Charter
		change(c)
		if _, err := ledger.NewGenesis(c); !errors.Is(err, ledger.ErrMalformed) {
			t.Errorf("%s: got error %v, want %v", name, err, ledger.ErrMalformed)
		}
	}
}

func TestAddresses(t *testing.T) {
	for address, want := range map[string]bool{
		"xa.test:7000": true, "192.0.2.7:1": true, "[2001:db8::1]:65535": true, "h:1": true, "[h]:1": true, "a_b-c~!:80": true,
		"": false, ":7000": false, "xa.test": false, "xa.test:": false, "xa.test:0": false, "xa.test:65536": false, "xa.test:07": false,
		"xa.test:+7": false, "xa.test:http": false, "2001:db8::1:7000": false, "[2001:db8::1]": false, "[]:7000": false, "[::1:7000": false,
		"::1]:7000": false, "[[::1]]:7000": false, "xa test:7000": false, "xä.test:7000": false, "xa.test:7000 ": false, "[::1%0]x:1": false,
	} {
		c := ledgertest.NewGenesis(t, 1).Genesis.Charter
		c.Members[0].Node.Address = address
		if _, err := ledger.NewGenesis(c); (err == nil) != want {
			t.Errorf("%q: got error %v, want accepted %v", address, err, want)
		}
	}
}

// TestNodeKeyIDsDiffer has a pair of cosigning keys with one key id in notes,
// which takes a second to find. Whoever had such a pair in the charter could
// spoil every note by its lines.
func TestNodeKeyIDsDiffer(t *testing.T) {
	var seed [32]byte
	binary.BigEndian.PutUint64(seed[:], 7451)
	dsa := make([]byte, 1312)
	binary.BigEndian.PutUint64(dsa, 52793)
	pub, err := mldsa.NewPublicKey(mldsa.MLDSA44(), dsa)
	if err != nil {
		t.Fatal(err)
	}
	ed := ed25519.NewKeyFromSeed(seed[:]).Public().(ed25519.PublicKey)
	if a, b := ledger.TestingKeyHash("xa.comity/n1", 4, ed), ledger.TestingKeyHash("xa.comity/n1", 6, dsa); a != b {
		t.Fatalf("key ids %08x and %08x: want a pair with one", a, b)
	}
	for code, want := range map[string]bool{"XA": false, "XB": true} { // the name is hashed as well
		c := ledgertest.NewGenesis(t, 1).Genesis.Charter
		c.Members[0].Code, c.Members[0].Node.Witness = code, keys.WitnessPublic{Ed25519: ed, MLDSA: pub}
		if _, err := ledger.NewGenesis(c); (err == nil) != want {
			t.Errorf("pair in the charter of %s: got error %v, want accepted %v", code, err, want)
		}
	}
}

func TestNodeName(t *testing.T) {
	for code, want := range map[string]string{"XA": "xa.comity/n1", "ZZ": "zz.comity/n1", "": ".comity/n1", "x": "x.comity/n1", "É": "é.comity/n1"} {
		if got := ledger.NodeName(code); got != want {
			t.Errorf("NodeName(%q): got %q, want %q", code, got, want)
		}
	}
}
