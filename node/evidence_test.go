package node

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"comity/ledger"
	"comity/ledger/ledgertest"
	"comity/node/follow"
)

// evidenceWorld is a log of 25 entries with a FINAL note by four of five.
func evidenceWorld(t *testing.T) (h *history, final []byte, lie func(i int, size uint64, root byte) *ledger.Cosignature) {
	h = newHistory(t, 5)
	at := h.accept(h.Enrolments(t)...)
	p := h.machine.Genesis().PolicyAt(0)
	cosign := func(i int, size uint64, root ledger.Hash) *ledger.Cosignature {
		b := h.Bureaus[i]
		s, err := ledger.Cosign(b.Witness, b.Node(), ledger.Checkpoint{Origin: p.Origin, Size: size, Root: root}, 1000)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	var list []*ledger.Cosignature
	for i := range 4 {
		list = append(list, cosign(i, at.Size, at.Root))
	}
	final = ledger.FormatNote(ledger.Checkpoint{Origin: p.Origin, Size: at.Size, Root: at.Root}, p.Witness, list)
	return h, final, func(i int, size uint64, root byte) *ledger.Cosignature { return cosign(i, size, ledger.Hash{root}) }
}

func TestEvidenceStore(t *testing.T) {
	h, final, lie := evidenceWorld(t)
	dir := filepath.Join(t.TempDir(), "evidence")
	open := func(bad int) *evidenceStore {
		t.Helper()
		e, names, err := openEvidence(dir, newRoster(h.Genesis))
		if err != nil || len(names) != bad {
			t.Fatalf("open: %v, %q; want %d that are no evidence", err, names, bad)
		}
		return e
	}
	e := open(0)
	keep := func(s *ledger.Cosignature) {
		t.Helper()
		if err := e.keep(s, final, h); err != nil {
			t.Fatal(err)
		}
	}
	keep(lie(0, 9, 1))
	keep(lie(0, 9, 1))
	e = open(0) // after a start another one joins the first
	keep(lie(4, 9, 1))
	keep(lie(4, 9, 2))
	files := e.files()
	if len(files) != 2 || !slices.Equal(files[0].By, []string{"XA", "XE"}) || !slices.Equal(files[0].Both, []string{"XA"}) || len(files[1].Both) != 0 {
		t.Errorf("files %+v", files)
	}
	// A liar who lies often fills no disk, and keeps no evidence out against others.
	for size := range uint64(24) {
		keep(lie(4, 1+size, 3))
	}
	keep(lie(1, 3, 7))
	keep(lie(2, 1, 3))
	if n, of := e.count(), e.against(h.Bureaus[4].Node()); of != maxEvidenceEach || n != maxEvidenceEach+1 {
		t.Errorf("%d files, %d against XE", n, of)
	}
	for _, f := range e.files() {
		data, err := e.read(f.Name)
		if err != nil || len(data) != f.Bytes {
			t.Errorf("%s: %d bytes, %v", f.Name, len(data), err)
		}
	}
	if data, err := e.read("../witness"); data != nil || err != nil {
		t.Errorf("a name that is none of its files: %d bytes, %v", len(data), err)
	}
	if err := e.keep(&ledger.Cosignature{Node: h.Bureaus[3].Node(), Size: 4}, final, h); err == nil {
		t.Error("a forgery is kept")
	}

	// What a crash left, what was damaged, and what has another's name.
	name := e.files()[0].Name
	path := filepath.Join(dir, name)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	bad := bytes.Clone(good)
	bad[len(bad)-40] ^= 1
	for file, data := range map[string][]byte{"1.cevidence.tmp": good, name: bad, "1-00.cevidence": good, "2-00.cevidence": nil, "README": nil} {
		if err := os.WriteFile(filepath.Join(dir, file), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if data, err := e.read(name); err == nil {
		t.Errorf("damaged evidence is served: %d bytes", len(data))
	}
	again := open(3)
	if again.count() != e.count()-1 {
		t.Errorf("%d files, want %d", again.count(), e.count()-1)
	}
	if _, err := os.Stat(filepath.Join(dir, "1.cevidence.tmp")); !os.IsNotExist(err) {
		t.Errorf("what a crash left is there: %v", err)
	}
}

// recoveredAt returns the charter file of a ledger that goes on after so many entries.
func recoveredAt(t *testing.T, h *history, size uint64) *ledger.Genesis {
	t.Helper()
	r := ledger.Recover{Number: 1, Time: 1_790_000_000_000}
	var others []*ledgertest.Author
	for _, b := range h.Bureaus {
		p := b.NewNode(t, h.Newcomer(t, b.Code))
		r.Changes, others = append(r.Changes, &p), append(others, b.Root)
	}
	cert, err := ledger.NewRecovery(h.Bureaus[0].Recover(t, r, size, ledger.Hash{1}, others[1:]...).Entry)
	if err != nil {
		t.Fatal(err)
	}
	g, err := h.Genesis.With(cert)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// Who lied before a recovery lied: what proves it is kept, and is not called damaged.
func TestEvidenceOfWhatWasCut(t *testing.T) {
	h, final, lie := evidenceWorld(t)
	dir := filepath.Join(t.TempDir(), "evidence")
	e, _, err := openEvidence(dir, newRoster(h.Genesis))
	if err == nil {
		err = e.keep(lie(0, 9, 1), final, h)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, kept := range []uint64{8, 9, 20} {
		e, bad, err := openEvidence(dir, newRoster(recoveredAt(t, h, kept)))
		if err != nil || len(bad) != 0 {
			t.Fatalf("cut to %d: %q, %v", kept, bad, err)
		}
		if files := e.files(); len(files) != 1 || !slices.Equal(files[0].Both, []string{"XA"}) {
			t.Errorf("cut to %d: %+v", kept, files)
		}
	}
}

// A recovery that cuts a read replica is for people to look at.
func TestMirrorTellsOfACut(t *testing.T) {
	m := new(mirror)
	m.faulted(fmt.Errorf("sync: %w", &follow.Cut{Node: "node of XB", Final: 20, Kept: 10, Epoch: 1}))
	if got := m.raised(); len(got) != 1 || !strings.Contains(got[0], "node of XB goes by a recovery") {
		t.Errorf("alarms: %q", got)
	}
}
