package interop

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"comity/ledger"

	"filippo.io/torchwood"
	"github.com/transparency-dev/formats/log"
	f_note "github.com/transparency-dev/formats/note"
	f_proof "github.com/transparency-dev/formats/proof"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// serve serves a folder as any web server would, and returns where.
func (f *fixture) serve(t *testing.T, dir string) string {
	t.Helper()
	server := httptest.NewServer(http.FileServer(http.Dir(dir)))
	t.Cleanup(server.Close)
	return server.URL + "/"
}

// cosigners returns verifiers of all cosignatures, of both kinds.
func (f *fixture) cosigners(t *testing.T) []note.Verifier {
	t.Helper()
	var out []note.Verifier
	for i := range f.genesis.Charter.Members {
		ed, dsa := cosignerKeys(t, &f.genesis.Charter.Members[i])
		for _, vkey := range []string{ed, dsa} {
			v, err := f_note.NewVerifierForCosignatureV1(vkey)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, v)
		}
	}
	return out
}

// TestCheckpoint reads the exported checkpoint with transparency-dev/formats:
// the origin line, and both cosignatures of each bureau that cosigned.
func TestCheckpoint(t *testing.T) {
	f := use(t)
	v, cosigners := f.logVerifier(t), f.cosigners(t)
	cp, rest, n, err := log.ParseCheckpoint(f.note, f.origin, v, cosigners...)
	if err != nil || cp.Size != f.size || len(rest) > 0 || len(n.UnverifiedSigs) > 0 {
		t.Fatalf("%+v, %q, %+v: %v", cp, rest, n, err)
	}
	_, bureaus, err := f.genesis.Open(f.note)
	if err != nil || len(n.Sigs) != 1+2*len(bureaus) || len(bureaus) < f.genesis.PolicyAt(0).Quorum {
		t.Errorf("they verified %d lines, we %v, %v", len(n.Sigs), bureaus, err)
	}
	for _, s := range n.Sigs[1:] {
		if at, err := f_note.CoSigV1Timestamp(s); err != nil || at.Year() < 2020 {
			t.Errorf("%s cosigned at %v, %v", s.Name, at, err)
		}
	}
	// Each damaged line is refused by them as by us.
	lines := bytes.SplitAfter(f.note, []byte("\n"))
	for i, line := range lines {
		if !bytes.HasPrefix(line, []byte("— ")) {
			continue
		}
		changed := bytes.Clone(line)
		at := bytes.LastIndexByte(changed, ' ') + 40 // behind key id and time
		changed[at] = map[bool]byte{true: 'B', false: 'A'}[changed[at] == 'A']
		damaged := bytes.Join(slices.Concat(lines[:i], [][]byte{changed}, lines[i+1:]), nil)
		if _, _, _, err := log.ParseCheckpoint(damaged, f.origin, v, cosigners...); err == nil {
			t.Errorf("line %d is damaged, and they accept the note", i)
		}
	}
}

// receipt returns a receipt of a notice, its leaf hash and its text.
func (f *fixture) receipt(t *testing.T) (*testnetReceipt, []byte) {
	t.Helper()
	s := f.sent[len(f.sent)/3]
	a, err := f.net.Author("XB", "case-1")
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	r, _, err := a.Receipt(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return &testnetReceipt{r, s.Item.Entry}, r.Marshal()
}

type testnetReceipt struct {
	*ledger.Receipt
	entry *ledger.Entry
}

// TestReceiptWithFormats checks a bureau's receipt with formats and merkle.
func TestReceiptWithFormats(t *testing.T) {
	f := use(t)
	r, text := f.receipt(t)
	verify := func(text, entry []byte) error {
		var p f_proof.TLogProof
		if err := p.Unmarshal(text); err != nil {
			return err
		}
		n, err := note.Open(p.Checkpoint, note.VerifierList(f.cosigners(t)...))
		if err != nil {
			return err
		}
		lines := make(map[string]int)
		for _, s := range n.Sigs {
			lines[s.Name]++
		}
		both := 0
		for _, count := range lines {
			if count == 2 {
				both++
			}
		}
		var cp log.Checkpoint
		if _, err := cp.Unmarshal([]byte(n.Text)); err != nil || cp.Origin != f.origin || both < 3 {
			return fmt.Errorf("checkpoint of %q, cosigned by %d: %v", cp.Origin, both, err)
		}
		var path [][]byte
		for _, h := range p.Hashes {
			path = append(path, h[:])
		}
		return proof.VerifyInclusion(rfc6962.DefaultHasher, p.Index, cp.Size, rfc6962.DefaultHasher.HashLeaf(entry), path, cp.Hash)
	}
	if err := verify(text, r.entry.Raw); err != nil {
		t.Errorf("the receipt: %v", err)
	}
	f.refuses(t, text, r.entry.Raw, verify)
}

// TestReceiptWithTorchwood checks it with torchwood, under a policy that is
// text: the form in which auditors of other logs write down whom they trust.
func TestReceiptWithTorchwood(t *testing.T) {
	f := use(t)
	r, text := f.receipt(t)
	var group []torchwood.Policy
	policy := fmt.Sprintf("log %s\n", f.vkey)
	names := ""
	for i := range f.genesis.Charter.Members {
		m := &f.genesis.Charter.Members[i]
		vkey, _ := cosignerKeys(t, m)
		v, err := torchwood.NewCosignatureVerifier(vkey)
		if err != nil {
			t.Fatal(err)
		}
		group = append(group, torchwood.SingleVerifierPolicy(v))
		policy += fmt.Sprintf("witness %s %s\n", m.Code, vkey)
		names += " " + m.Code
	}
	quorum := torchwood.ThresholdPolicy(2, torchwood.OriginPolicy(f.origin), torchwood.ThresholdPolicy(f.genesis.PolicyAt(0).Quorum, group...))
	verify := func(text, entry []byte) error { return torchwood.VerifyProof(quorum, tlog.RecordHash(entry), text) }
	if err := verify(text, r.entry.Raw); err != nil {
		t.Errorf("the receipt: %v", err)
	}
	f.refuses(t, text, r.entry.Raw, verify)

	// The exported checkpoint, under the policy in words.
	policy += fmt.Sprintf("group bureaus %d%s\nquorum bureaus\n", f.genesis.PolicyAt(0).Quorum, names)
	p, err := torchwood.ParsePolicy([]byte(policy))
	if err != nil {
		t.Fatalf("%v\n%s", err, policy)
	}
	if cp, _, err := torchwood.VerifyCheckpoint(f.note, p); err != nil || cp.N != int64(f.size) {
		t.Errorf("checkpoint: %+v, %v", cp, err)
	}
	if _, _, err := torchwood.VerifyCheckpoint(r.Note, p); err == nil {
		t.Error("a note without origin line satisfies a policy that names a log")
	}
	few := strings.Split(string(f.note), "\n")
	if _, _, err := torchwood.VerifyCheckpoint([]byte(strings.Join(few[:9], "\n")+"\n"), p); err == nil {
		t.Error("a note with two bureaus of three satisfies the policy")
	}
}

// refuses damages a receipt in every way it can be, and wants none accepted.
func (f *fixture) refuses(t *testing.T, text, entry []byte, verify func(text, entry []byte) error) {
	t.Helper()
	_, note, _ := bytes.Cut(text, []byte("\n\n"))
	head := bytes.Split(bytes.TrimSuffix(text[:len(text)-len(note)], []byte("\n\n")), []byte("\n"))
	swapped := slices.Clone(head)
	swapped[2], swapped[3] = swapped[3], swapped[2]
	plot := f.plot(t, f.size)
	for name, changed := range map[string][]byte{
		"another index":     bytes.Replace(text, head[1], []byte("index 0"), 1),
		"a hash less":       bytes.Replace(text, append(head[2], '\n'), nil, 1),
		"two hashes":        append(append(bytes.Join(swapped, []byte("\n")), "\n\n"...), note...),
		"another history":   bytes.Replace(text, note, plot, 1),
		"another size":      bytes.Replace(text, []byte("\n"+f.origin+"\n"), []byte("\n"+f.origin+"\n1"), 1),
		"too few cosigners": text[:len(text)-len(note)+bytes.Index(note, []byte("\n\n"))+2+len(bytes.SplitAfter(note[bytes.Index(note, []byte("\n\n"))+2:], []byte("\n"))[0])],
	} {
		if bytes.Equal(changed, text) {
			t.Errorf("%s: nothing was changed", name)
		}
		if verify(changed, entry) == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	other := bytes.Clone(entry)
	other[10] ^= 1
	if verify(text, other) == nil {
		t.Error("another entry: accepted")
	}
}
