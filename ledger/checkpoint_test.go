package ledger_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"comity/crypto/keys"
	"comity/ledger"
)

func TestCosignature(t *testing.T) {
	l := enrolled(t, 2)
	xa, xb := l.Bureaus[0], l.Bureaus[1]
	origin := l.Genesis.Origin()
	good := l.cosign(t, l.checkpoint(t), xa)[0]
	if !good.Verify(xa.Witness.Public(), origin) {
		t.Fatal("the cosignature does not verify")
	}
	other := l.cosign(t, l.checkpoint(t), xb)[0]
	for name, change := range map[string]func(s *ledger.Cosignature){
		"node":           func(s *ledger.Cosignature) { s.Node = xb.Node() },
		"size":           func(s *ledger.Cosignature) { s.Size++ },
		"root":           func(s *ledger.Cosignature) { s.Root[31] ^= 1 },
		"time":           func(s *ledger.Cosignature) { s.Time++ },
		"Ed25519":        func(s *ledger.Cosignature) { s.Ed25519[0] ^= 1 },
		"ML-DSA":         func(s *ledger.Cosignature) { s.MLDSA[0] ^= 1 },
		"other Ed25519":  func(s *ledger.Cosignature) { s.Ed25519 = other.Ed25519 },
		"other ML-DSA":   func(s *ledger.Cosignature) { s.MLDSA = other.MLDSA },
		"both of others": func(s *ledger.Cosignature) { s.Ed25519, s.MLDSA = other.Ed25519, other.MLDSA },
	} {
		s := *good
		change(&s)
		if s.Verify(xa.Witness.Public(), origin) {
			t.Errorf("%s changed: still verifies", name)
		}
	}
	if good.Verify(xa.Witness.Public(), ledger.Origin(ledger.Hash{1})) {
		t.Error("verifies for another ledger")
	}
	if good.Verify(keys.WitnessPublic{Ed25519: xa.Witness.Public().Ed25519, MLDSA: xb.Witness.Public().MLDSA}, origin) ||
		good.Verify(keys.WitnessPublic{Ed25519: xb.Witness.Public().Ed25519, MLDSA: xa.Witness.Public().MLDSA}, origin) {
		t.Error("verifies with one key of another node")
	}
	if ledger.CosignatureHash(good) == ledger.CosignatureHash(l.cosign(t, l.checkpoint(t), xa)[0]) {
		t.Error("two signatures of one checkpoint have one hash") // ML-DSA is hedged
	}
}

// TestEveryByteOfANoteCounts flips every byte of a note with exactly a quorum
// of one, and some of a note with one of three.
func TestEveryByteOfANoteCounts(t *testing.T) {
	for n, step := range map[int]int{1: stride(), 4: 23 * stride()} {
		l := enrolled(t, n)
		p := l.Genesis.PolicyAt(0)
		data := l.note(t, l.quorum()...)
		if _, bureaus, err := p.Open(data); err != nil || len(bureaus) != p.Quorum {
			t.Fatalf("got %v, error %v", bureaus, err)
		}
		for i := 0; i < len(data); i += step {
			if _, _, err := p.Open(flip(data, i, 1<<(i%6))); err == nil {
				t.Errorf("n = %d, byte %d, %q: still FINAL", n, i, data[i])
			}
		}
	}
}

func TestNotes(t *testing.T) {
	l := enrolled(t, 4)
	p := l.Genesis.PolicyAt(0)
	text, lines := splitNote(l.note(t, l.Bureaus...))
	for _, tt := range []struct {
		name  string
		lines []string
		want  string
		err   error
	}{
		{"all", lines, "XA XB XC XD", nil},
		{"quorum", lines[2:], "XB XC XD", nil},
		{"second lines first", []string{lines[1], lines[3], lines[5], lines[0], lines[2], lines[4]}, "XA XB XC", nil},
		{"quorum and one line", lines[:7], "XA XB XC", nil},
		{"one less", lines[:4], "XA XB", ledger.ErrQuorum},
		{"one less and one line", lines[:5], "XA XB", ledger.ErrQuorum},
		{"one line of each", []string{lines[0], lines[2], lines[4], lines[6]}, "", ledger.ErrQuorum},
		{"the other line of each", []string{lines[1], lines[3], lines[5], lines[7]}, "", ledger.ErrQuorum},
		{"one node four times", slices.Repeat(lines[:2], 4), "XA", ledger.ErrQuorum},
		{"one line twice", []string{lines[0], lines[0], lines[2], lines[3], lines[4], lines[5]}, "XB XC", ledger.ErrQuorum},
		{"nobody", nil, "", ledger.ErrMalformed},
		{"many of strangers", append(slices.Repeat([]string{"— stranger AAAAAAA=\n"}, 90), lines[:6]...), "XA XB XC", nil},
		{"too many of strangers", append(slices.Repeat([]string{"— stranger AAAAAAA=\n"}, 95), lines[:6]...), "", ledger.ErrMalformed},
	} {
		_, bureaus, err := p.Open([]byte(text + "\n" + strings.Join(tt.lines, "")))
		if got := strings.Join(bureaus, " "); got != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("%s: got %q, error %v; want %q, %v", tt.name, got, err, tt.want, tt.err)
		}
	}
	if _, _, err := p.Open(append([]byte(text+"\n"+strings.Join(lines, "")), bytes.Repeat([]byte("— stranger "+strings.Repeat("A", 4096)+"\n"), 25)...)); !errors.Is(err, ledger.ErrMalformed) {
		t.Errorf("a note of more than %d bytes: got error %v", ledger.MaxNote, err)
	}
}

// TestNoteOfALongOrigin: the cosigned message has one byte for the length of
// the origin, and the origin comes from whoever sends a note.
func TestNoteOfALongOrigin(t *testing.T) {
	l := enrolled(t, 1)
	xa := l.Bureaus[0]
	raw := binary.BigEndian.AppendUint32(nil, ledger.TestingKeyHash(xa.Node(), 6, xa.Witness.Public().MLDSA.Bytes()))
	line := fmt.Sprintf("— %s %s\n", xa.Node(), base64.StdEncoding.EncodeToString(append(raw, make([]byte, 8+2420)...)))
	for _, n := range []int{1, ledger.TestingMaxOrigin, ledger.TestingMaxOrigin + 1, 70_000} {
		c := ledger.Checkpoint{Origin: strings.Repeat("o", n), Size: 1}
		if _, _, err := l.Genesis.Open([]byte(c.String() + "\n" + line)); err == nil {
			t.Errorf("origin of %d bytes: accepted", n)
		}
		if _, err := ledger.ParseCheckpoint(c.String()); (err == nil) != (n <= ledger.TestingMaxOrigin) {
			t.Errorf("origin of %d bytes: got error %v", n, err)
		}
	}
}

func TestFormatNoteLeavesOutStrangers(t *testing.T) {
	l, other := enrolled(t, 1), enrolled(t, 2)
	c := l.checkpoint(t)
	list := append(l.cosign(t, c, l.Bureaus...), other.cosign(t, c, other.Bureaus[1])...)
	_, lines := splitNote(ledger.FormatNote(c, l.Genesis.PolicyAt(0).Witness, list))
	if len(lines) != 2 {
		t.Errorf("got %d lines, want 2", len(lines))
	}
}

func TestReceipts(t *testing.T) {
	l := enrolled(t, 4)
	p := l.Genesis.PolicyAt(0)
	note := l.note(t, l.quorum()...)
	for i, e := range l.entries {
		r := l.receipt(t, uint64(i), note)
		got, err := ledger.ParseReceipt(r.Marshal())
		if err != nil {
			t.Fatalf("entry %d: %v", i, err)
		}
		c, bureaus, err := got.Verify(p, e.LeafHash())
		if err != nil || c != l.checkpoint(t) || len(bureaus) != 3 {
			t.Errorf("entry %d: got %v by %v, error %v", i, c, bureaus, err)
		}
		other := l.entries[(i+1)%len(l.entries)]
		if _, _, err := got.Verify(p, other.LeafHash()); !errors.Is(err, ledger.ErrNotIncluded) {
			t.Errorf("receipt %d for the entry behind it: got error %v", i, err)
		}
		for j := range r.Proof {
			if i%5 != 0 {
				break
			}
			changed := &ledger.Receipt{Index: r.Index, Proof: slices.Clone(r.Proof), Note: note}
			changed.Proof[j][0] ^= 1
			if _, _, err := changed.Verify(p, e.LeafHash()); !errors.Is(err, ledger.ErrNotIncluded) {
				t.Errorf("entry %d, hash %d of its path changed: got error %v", i, j, err)
			}
		}
	}
}

// TestEveryByteOfAReceiptCounts flips every byte of a receipt under exactly a
// quorum of one.
func TestEveryByteOfAReceiptCounts(t *testing.T) {
	l := enrolled(t, 1)
	p := l.Genesis.PolicyAt(0)
	leaf := l.entries[3].LeafHash()
	data := l.receipt(t, 3, l.note(t, l.quorum()...)).Marshal()
	for i := 0; i < len(data); i += stride() {
		r, err := ledger.ParseReceipt(flip(data, i, 1<<(i%6)))
		if err == nil {
			_, _, err = r.Verify(p, leaf)
		}
		if err == nil {
			t.Errorf("byte %d, %q: still good", i, data[i])
		}
	}
	for n := 0; n < len(data); n += stride() {
		if r, err := ledger.ParseReceipt(data[:n]); err == nil {
			if _, _, err := r.Verify(p, leaf); err == nil {
				t.Errorf("%d of %d bytes: still good", n, len(data))
			}
		}
	}
}
