package ledger_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"testing"

	"comity/ledger"
	"comity/ledger/ledgertest"

	"golang.org/x/mod/sumdb/note"
)

func TestOriginLine(t *testing.T) {
	l := enrolled(t, 4)
	p, xb := l.Genesis.PolicyAt(0), l.Bureaus[1]
	plain := l.note(t, l.quorum()...)
	signed, err := ledger.SignOrigin(xb.Witness, p, plain)
	if err != nil {
		t.Fatal(err)
	}

	// What knows nothing of bureaus reads it with the key from the charter.
	vkey := ledger.OriginKey(p.Origin, l.Genesis.Charter.Members[1].Node.Witness)
	v, err := note.NewVerifier(vkey)
	if err != nil {
		t.Fatalf("%s: %v", vkey, err)
	}
	n, err := note.Open(signed, note.VerifierList(v))
	if err != nil || n.Text != l.checkpoint(t).String() || len(n.Sigs) != 1 || len(n.UnverifiedSigs) != 6 || v.Name() != p.Origin {
		t.Errorf("opened by x/mod/sumdb/note: %+v, %v", n, err)
	}

	// To us it says nothing that was not there before.
	c, by, err := p.Open(signed)
	if err != nil || c != l.checkpoint(t) || !slices.Equal(by, []string{"XA", "XB", "XC"}) {
		t.Errorf("Open: %+v by %v, %v", c, by, err)
	}
	if text, lines, _ := bytes.Cut(signed, []byte("\n\n")); !bytes.HasSuffix(plain, lines[bytes.IndexByte(lines, '\n')+1:]) || !bytes.HasPrefix(plain, text) {
		t.Error("the other lines changed")
	}
	if who, err := p.OriginSigners(signed); err != nil || !slices.Equal(who, []string{"XB"}) {
		t.Errorf("signed by %v, %v", who, err)
	}
	if who, err := p.OriginSigners(plain); err != nil || who != nil {
		t.Errorf("without a line: signed by %v, %v", who, err)
	}
	other := newLog(t, 4).Genesis.PolicyAt(0)
	if who, err := other.OriginSigners(signed); err != nil || who != nil {
		t.Errorf("in another ledger: signed by %v, %v", who, err)
	}
	// Two nodes may both sign.
	twice, err := ledger.SignOrigin(l.Bureaus[0].Witness, p, signed)
	if who, err2 := p.OriginSigners(twice); err != nil || err2 != nil || !slices.Equal(who, []string{"XA", "XB"}) {
		t.Errorf("signed by %v, %v, %v", who, err, err2)
	}
}

func TestOriginLineOnlyForFinal(t *testing.T) {
	l := enrolled(t, 4)
	p, xa := l.Genesis.PolicyAt(0), l.Bureaus[0]
	good := l.note(t, l.quorum()...)
	foreign := l.checkpoint(t)
	foreign.Origin = ledger.Origin(ledger.Hash{0xaa})
	for _, tt := range []struct {
		name   string
		signer *ledgertest.Bureau
		note   []byte
		want   error // nil: any
	}{
		{"one cosigner too few", xa, l.note(t, l.Bureaus[:2]...), ledger.ErrQuorum},
		{"nobody cosigned", xa, []byte(l.checkpoint(t).String() + "\n— a.example AAAAAAA=\n"), ledger.ErrQuorum},
		{"another ledger", xa, ledger.FormatNote(foreign, p.Witness, l.cosign(t, foreign, l.quorum()...)), nil},
		{"a size that nobody cosigned", xa, bytes.Replace(good, []byte("\n20\n"), []byte("\n21\n"), 1), nil},
		{"no note", xa, []byte("cosignature/v1\ntime 1\n"), ledger.ErrMalformed},
		{"keys of nobody", newLog(t, 1).Bureaus[0], good, nil},
	} {
		out, err := ledger.SignOrigin(tt.signer.Witness, p, tt.note)
		if err == nil || out != nil || tt.want != nil && !errors.Is(err, tt.want) {
			t.Errorf("%s: got %q, %v", tt.name, out, err)
		}
	}
	if _, err := ledger.SignOrigin(xa.Witness, p, good); err != nil {
		t.Errorf("the good one: %v", err)
	}
}

// TestOriginLineFlipped: whatever is damaged in the line, it is refused or
// nobody's, and the cosignatures are worth what they were.
func TestOriginLineFlipped(t *testing.T) {
	l := enrolled(t, 1)
	p := l.Genesis.PolicyAt(0)
	signed, err := ledger.SignOrigin(l.Bureaus[0].Witness, p, l.note(t, l.Bureaus...))
	if err != nil {
		t.Fatal(err)
	}
	start := bytes.Index(signed, []byte("\n\n")) + 2
	end := start + bytes.IndexByte(signed[start:], '\n')
	for i := start; i < end; i++ {
		changed := bytes.Clone(signed)
		changed[i] ^= 1
		if who, err := p.OriginSigners(changed); err == nil && len(who) > 0 && !sameBits(changed, signed) {
			t.Errorf("byte %d flipped: signed by %v", i, who)
		}
	}
}

// sameBits reports whether two notes differ in bits of base64 only that mean nothing.
func sameBits(a, b []byte) bool {
	last := func(n []byte) string {
		line := strings.Split(string(n[bytes.Index(n, []byte("\n\n"))+2:]), "\n")[0]
		raw, _ := base64.StdEncoding.DecodeString(line[strings.LastIndexByte(line, ' ')+1:])
		return string(raw)
	}
	return last(a) == last(b)
}

// TestOriginLineIsNoCosignature: one Ed25519 key makes both, over bytes of
// which none is both. A signature of one kind is never good as the other.
func TestOriginLineIsNoCosignature(t *testing.T) {
	l := enrolled(t, 1)
	p, xa, c := l.Genesis.PolicyAt(0), l.Bureaus[0], l.checkpoint(t)
	cosig := l.cosign(t, c, xa)[0]
	pub := xa.Witness.Public()
	if ed25519.Verify(pub.Ed25519, []byte(c.String()), cosig.Ed25519[:]) {
		t.Error("a cosignature is a signature of the text")
	}
	line, err := xa.Witness.SignEd25519([]byte(c.String()))
	if err != nil {
		t.Fatal(err)
	}
	forged := *cosig
	copy(forged.Ed25519[:], line)
	for _, time := range []uint64{0, cosig.Time} {
		if forged.Time = time; forged.Verify(pub, p.Origin) {
			t.Error("an origin line is a cosignature")
		}
	}
	if strings.HasPrefix(string(cosigned04(c.String(), 0)), "comity/") || !strings.HasPrefix(c.String(), "comity/") || !strings.HasPrefix(p.Origin, "comity/") {
		t.Error("the two kinds of signed bytes begin alike")
	}
}
