package audit

import (
	"bytes"
	"strings"
	"testing"

	"comity/ledger"
)

// TestEvidence puts each kind of evidence into a file that is right otherwise.
func TestEvidence(t *testing.T) {
	rememberSignatures(t)
	w := newWorld(t, 5)
	w.fill(400)
	final := w.notes[len(w.notes)-1] // by four of the five
	other := func(size uint64, by ...int) []byte {
		t.Helper()
		e, err := ledger.NewEvidence(w.Genesis, w.note(ledger.Checkpoint{Origin: w.Genesis.Origin(), Size: size, Root: ledger.Hash{1}}, by...), final, w)
		if err != nil {
			t.Fatal(err)
		}
		return e.Marshal()
	}
	away := (len(w.notes) - 1) % 5 // who did not cosign the last head
	liar := (away + 1) % 5
	code := func(i int) string { return w.Bureaus[i].Code }
	changed := other(100, liar)
	changed[len(changed)-1] ^= 1

	fork := w.file.clone()
	fork.records = fork.records[:len(fork.records)-1]
	fork.size--
	w.append(fork, w.Bureaus[0].EnrolSigner(t, w.NewAuthor("XA fork"), "fork-1", ledger.RoleDesk))
	w.reseal(fork, quorum...)

	for _, tt := range []struct {
		name     string
		file     *file
		evidence [][]byte
		verdict  Verdict
		what     string
		why      string
	}{
		{"a liar", w.file, [][]byte{other(100, liar)}, Remarked,
			code(liar) + " cosigned another history of the first 100 entries (root 0100 0000 0000 0000, and it is ", code(liar) + " signed both: its node lied, or"},
		{"one who did not sign the FINAL one", w.file, [][]byte{other(100, away)}, Remarked,
			code(away) + " cosigned another history", code(away) + " signed only what a quorum contradicts"},
		{"no evidence", w.file, [][]byte{[]byte("evidence")}, Remarked, "piece 1 of the evidence in the file proves nothing: it is no file of evidence", "Accuse nobody"},
		{"a changed one", w.file, [][]byte{other(100, liar), changed}, Remarked, "piece 2 of the evidence in the file proves nothing: ", "Accuse nobody"},
		{"a plot", w.file, [][]byte{other(100, quorum...)}, Forged, "a quorum cosigned two histories of the first 100 entries", "Rely on neither history"},
		{"of the history that this one is not", fork, [][]byte{other(400, liar)}, Forged, "cosigned a FINAL history which this one is not", "Rely on neither history"},
		{"of one that it parts from later", fork, [][]byte{other(100, liar)}, Forged, "cosigned a FINAL history which this one is not", "Rely on neither history"},
	} {
		f := tt.file.clone()
		f.evidence = tt.evidence
		id := w.Genesis.Ledger
		r := run(t, f, Trust{Ledger: &id}, Options{})
		var all bytes.Buffer
		for _, x := range r.Findings {
			all.WriteString(x.What + " | " + x.Why + "\n")
		}
		for _, x := range r.Failures {
			all.WriteString(x.What + " | " + x.Do + "\n")
		}
		if r.Verdict != tt.verdict || !strings.Contains(all.String(), tt.what) || !strings.Contains(all.String(), tt.why) {
			t.Errorf("%s: got verdict %d\n%swant %d, %q, %q", tt.name, r.Verdict, &all, tt.verdict, tt.what, tt.why)
		}
	}
}

// Many pieces of evidence are a bounded number of findings.
// TestEvidenceOfWhatWasCut: it convicts, and says nothing against the history.
func TestEvidenceOfWhatWasCut(t *testing.T) {
	w := newWorld(t, 5)
	w.fill(400)
	e, err := ledger.NewEvidence(w.Genesis, w.note(ledger.Checkpoint{Origin: w.Genesis.Origin(), Size: 100, Root: ledger.Hash{1}}, 0), w.notes[len(w.notes)-1], w)
	if err != nil {
		t.Fatal(err)
	}
	r := ledger.Recover{Number: 1, Time: 1_790_000_000_000}
	for _, b := range w.Bureaus {
		p := b.NewNode(t, w.Newcomer(t, b.Code))
		r.Changes = append(r.Changes, &p)
	}
	b := w.Bureaus
	cert, err := ledger.NewRecovery(b[0].Recover(t, r, 50, ledger.Hash{2}, b[1].Root, b[2].Root, b[3].Root).Entry)
	if err != nil {
		t.Fatal(err)
	}
	g, err := w.Genesis.With(cert)
	if err != nil {
		t.Fatal(err)
	}
	p := newProof(g, e.Marshal())
	if p.err != nil || !p.cut {
		t.Fatalf("got %+v", p)
	}
	h := &history{problems: new(problems), size: 60}
	list, err := h.evidence(headed{}, []proof{p})
	if err != nil || len(list) != 1 || len(h.failures()) != 0 || !strings.Contains(list[0].Why, "a recovery has cut it since") || !strings.Contains(list[0].What, "XA cosigned another history") {
		t.Errorf("got %+v, %v", list, err)
	}
}

func TestMuchEvidence(t *testing.T) {
	rememberSignatures(t)
	w := newWorld(t, 4)
	w.fill(60)
	f := w.file.clone()
	for i := range uint64(maxFindings + 5) {
		e, err := ledger.NewEvidence(w.Genesis, w.note(ledger.Checkpoint{Origin: w.Genesis.Origin(), Size: i + 1, Root: ledger.Hash{2}}, 3), w.notes[len(w.notes)-1], w)
		if err != nil {
			t.Fatal(err)
		}
		f.evidence = append(f.evidence, e.Marshal())
	}
	r := run(t, f, w.trust(), Options{})
	if n := len(r.Findings); r.Verdict != Remarked || n != maxFindings+1 || r.Findings[n-1].What != "5 more pieces of evidence in the file" {
		t.Errorf("verdict %d, %d findings: %+v", r.Verdict, n, r.Findings)
	}
}
