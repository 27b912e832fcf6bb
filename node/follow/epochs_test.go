package follow

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"comity/ledger"
	"comity/ledger/ledgertest"
	"comity/ledger/state"
	"comity/ledger/store"
	"comity/node/client"
	"comity/node/wire"
)

// recovered is a ledger that a quorum of roots goes on with.
type recovered struct {
	*ledger.Genesis
	entry *ledger.Entry
	next  []*ledgertest.Bureau // have the new nodes' keys
}

// recoverAt recovers a ledger of four after the entries of a head.
func recoverAt(t *testing.T, c *ledgertest.Consortium, size uint64, root ledger.Hash, time uint64) *recovered {
	t.Helper()
	out := new(recovered)
	r := ledger.Recover{Number: 1, Time: time}
	for _, b := range c.Bureaus {
		next := c.Newcomer(t, b.Code)
		p := b.NewNode(t, next)
		r.Changes, out.next = append(r.Changes, &p), append(out.next, next)
	}
	b := c.Bureaus
	out.entry = b[0].Recover(t, r, size, root, b[1].Root, b[2].Root).Entry
	cert, err := ledger.NewRecovery(out.entry)
	if err == nil {
		out.Genesis, err = c.Genesis.With(cert)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// noteBy returns the note of a checkpoint that nodes cosigned.
func noteBy(t *testing.T, g *ledger.Genesis, size uint64, by []*ledgertest.Bureau) []byte {
	t.Helper()
	at := ledger.Checkpoint{Origin: g.Origin(), Size: size, Root: ledger.Hash{1}}
	var cosigs []*ledger.Cosignature
	for _, b := range by {
		s, err := ledger.Cosign(b.Witness, b.Node(), at, 1_790_000_000)
		if err != nil {
			t.Fatal(err)
		}
		cosigs = append(cosigs, s)
	}
	return ledger.FormatNote(at, g.PolicyAt(size).Witness, cosigs)
}

// A recovery is taken from a node when a quorum of the new nodes shows that it was
// carried out, and then only if it cuts nothing that is FINAL in the copy.
func TestRecoveryCutsTheCopy(t *testing.T) {
	c := ledgertest.NewGenesis(t, 4)
	dir := t.TempDir()
	cp, err := Open(dir, c.Genesis, nil)
	if err != nil {
		t.Fatal(err)
	}
	n, err := cp.openNote(noteBy(t, c.Genesis, 20, c.Bureaus))
	if err != nil {
		t.Fatal(err)
	}
	untouched := func(what string) {
		t.Helper()
		if _, err := os.Stat(filepath.Join(dir, noteCharter)); !errors.Is(err, fs.ErrNotExist) || cp.Members().Latest().Number != 0 || cp.Genesis() != c.Genesis {
			t.Errorf("%s: epoch %d, %v", what, cp.Members().Latest().Number, err)
		}
	}
	for name, keep := range map[string]func(sealedNote) error{"on the way": cp.keepAhead, "there": cp.keepFinal} {
		if err := keep(n); err != nil {
			t.Fatal(err)
		}
		for _, size := range []uint64{10, 19} {
			g := recoverAt(t, c, size, ledger.Hash{1}, 1_790_000_000_000)
			for what, note := range map[string][]byte{"the old nodes": n.note, "two of the new": noteBy(t, g.Genesis, 30, g.next[:2]), "nobody": nil} {
				if fresh, err := cp.takeFile("node of XB", g.Genesis, note); fresh || err != nil {
					t.Errorf("%s, from %d, by %s: %t, %v", name, size, what, fresh, err)
				}
			}
			untouched(name)
			_, err := cp.takeFile("node of XB", g.Genesis, noteBy(t, g.Genesis, 30, g.next))
			if !errors.Is(err, ErrCut) || !isLie(err) || !strings.Contains(err.Error(), "comity recover follow") {
				t.Errorf("%s, from %d: %v", name, size, err)
			}
			untouched(name)
		}
	}
	g := recoverAt(t, c, 20, ledger.Hash{1}, 1_790_000_000_000)
	if fresh, err := cp.takeFile("node of XB", g.Genesis, noteBy(t, g.Genesis, 21, g.next[:3])); !fresh || err != nil || cp.Members().Latest().Number != 1 {
		t.Errorf("from where the copy ends: epoch %d, %v", cp.Members().Latest().Number, err)
	}
	// A node that did not hear of it goes on showing what was cut.
	away := client.New(client.Options{Address: "127.0.0.1:1", TLS: c.Bureaus[0].TLS, Bureau: "XB"})
	defer away.Close()
	if _, err := cp.openTheirs(context.Background(), away, noteBy(t, c.Genesis, 25, c.Bureaus)); !errors.Is(err, ErrCut) || errors.Is(err, ErrDishonest) || !strings.Contains(err.Error(), "has not carried the recovery out") {
		t.Errorf("a node of before: %v", err)
	}
	// A charter file that the operator brings is his word: what it cut he sets aside.
	if err := errors.Join(cp.Close(), os.Remove(filepath.Join(dir, noteCharter))); err != nil {
		t.Fatal(err)
	}
	g = recoverAt(t, c, 10, ledger.Hash{1}, 1_790_000_000_000)
	if _, err := Open(dir, g.Genesis, nil); !errors.As(err, new(*ledger.CutError)) || !strings.Contains(err.Error(), "comity recover follow") {
		t.Errorf("opened with the charter file of a recovery: %v", err)
	}
	if note := CutNote(dir, g.Genesis); string(note) != string(n.note) {
		t.Errorf("the note that was cut: %q", note)
	}
	for _, name := range []string{"queue", "watch-desk-1.json"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for i, want := range []string{"1", "2"} {
		to, err := SetAside(dir)
		if err != nil || to != filepath.Join(dir, replacedFolder, want) {
			t.Fatalf("set aside to %s: %v", to, err)
		}
		if cp, err = Open(dir, g.Genesis, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(filepath.Join(dir, replacedFolder, "1", noteFinal)); err != nil || i == 0 && cp.finalNote().Size > 0 {
			t.Errorf("set aside: %v, FINAL %d", err, cp.finalNote().Size)
		}
		for _, name := range []string{"queue", "watch-desk-1.json"} {
			if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
				t.Errorf("not kept: %v", err)
			}
		}
		if _, err := SetAside(dir); !errors.Is(err, store.ErrLocked) {
			t.Errorf("set aside while it is open: %v", err)
		}
		if i == 0 {
			cp.Close()
		}
	}
	defer cp.Close()
	// Purges of before are in the history that comes again; the first one after ends it.
	purge := func(index uint64) *chunk {
		it := c.Bureaus[0].Root.Sign(t, ledger.Statement{Class: ledger.ClassPurge, Target: ledger.ID{1}, Public: (&ledger.Purge{Reason: ledger.ReasonOver}).Marshal()}, nil)
		return &chunk{from: index, records: []*wire.Record{{Entry: it.Entry}}}
	}
	// Its bytes are overwritten, whoever has the file open.
	kept, err := os.Open(filepath.Join(dir, replacedFolder, "1", noteFinal))
	if err != nil {
		t.Fatal(err)
	}
	defer kept.Close()
	for _, index := range []uint64{9, 11} {
		if err := cp.forget(purge(index)); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(filepath.Join(dir, replacedFolder)); (err == nil) != (index < 11) {
			t.Errorf("after a purge at %d: %v", index, err)
		}
	}
	if data, err := io.ReadAll(kept); err != nil || len(data) != len(n.note) || len(bytes.Trim(data, "\x00")) > 0 {
		t.Errorf("%d bytes are left of what was purged, %v", len(bytes.Trim(data, "\x00")), err)
	}
}

// Two recoveries of one number, each signed by a quorum: who signed both is named.
func TestTwoRecoveries(t *testing.T) {
	c := ledgertest.NewGenesis(t, 4)
	dir := t.TempDir()
	cp, err := Open(dir, c.Genesis, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer cp.Close()
	apply := func(time uint64, items ...ledger.Item) {
		t.Helper()
		changes, results, err := cp.machine.Apply(cp.store, &ledger.Command{Batch: &ledger.Batch{Time: time, Items: items}}, state.Plain{})
		if err == nil && results[0].Refusal != nil {
			err = errors.New(results[0].Refusal.Reason)
		}
		if err == nil {
			err = cp.store.Commit(cp.store.Applied()+1, changes)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	const time = 1_790_000_000_000
	apply(time, c.Bureaus[0].Enrolments(t)...)
	h, err := state.ReadHead(cp.store)
	if err != nil {
		t.Fatal(err)
	}
	ours := recoverAt(t, c, h.Size, h.Root, time+1)
	theirs := recoverAt(t, c, h.Size, h.Root, time+2)
	apply(time+1, ledger.Item{Entry: ours.entry})
	if fresh, err := cp.takeFile("node of XB", ours.Genesis, nil); err != nil || !fresh {
		t.Errorf("the charter file of the ledger: %t, %v", fresh, err)
	}
	_, err = cp.takeFile("node of XB", theirs.Genesis, nil)
	var parted *Parted
	if !errors.As(err, &parted) || !errors.Is(err, ErrCut) || parted.File == "" {
		t.Fatalf("another recovery: %v", err)
	}
	data, err := os.ReadFile(parted.File)
	if err != nil {
		t.Fatal(err)
	}
	e, err := ledger.ParseRecoveryEvidence(data)
	if err != nil {
		t.Fatal(err)
	}
	if f, err := e.Verify(c.Genesis); err != nil || strings.Join(f.Both, " ") != "XA XB XC" || !f.Plans[0].Quorum || !f.Plans[1].Quorum {
		t.Errorf("the evidence: %+v, %v", f, err)
	}
	if got := cp.Genesis(); len(got.Certificates()) != 1 || got.Certificates()[0].Recover.ID != ours.entry.ID {
		t.Error("it was taken")
	}
}
