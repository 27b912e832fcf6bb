package audit

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"comity/ledger"
	"comity/ledger/bundle"
	"comity/ledger/ledgertest"

	"golang.org/x/mod/sumdb/tlog"
)

// TestPython has the verifier in testdata/verify.py, which was written from
// FORMAT.md alone, check a bundle and copies that were tampered with. It must
// say of each where it is wrong, and Run must refuse each too.
func TestPython(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long, and one goroutine")
	}
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3 here, which the independent verifier needs")
	}
	w := newWorld(t, 4)
	w.fill(60)
	dir := t.TempDir()
	write := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	head := w.checkpoint(42)
	anchors := write("anchors", fmt.Appendf(nil, "comity anchors v1\nledger %x\n42 %s 2027-03-01T10:02:00Z\n",
		w.Genesis.Ledger, base64.StdEncoding.EncodeToString(head.Root[:])))
	verify := func(paths ...string) (string, int) {
		c := exec.Command(python, append([]string{"../testdata/verify.py", "--anchors", anchors}, paths...)...)
		out, err := c.CombinedOutput()
		if c.ProcessState == nil {
			t.Fatal(err)
		}
		return string(out), c.ProcessState.ExitCode()
	}

	good := write("good", w.marshal())
	if out, code := verify(good); code != 0 || !strings.HasPrefix(out, "authentic: "+good+": 60 entries") {
		t.Errorf("a good bundle: exit code %d\n%s", code, out)
	}
	// Bureaus joined and left, or went on after a loss, with certificates and without.
	u := newChanged(t)
	recovered, certificate := newRecovered(t)
	for i, f := range []*file{u.file(u.Genesis), u.file(u.certified()), recovered.file(recovered.Genesis), recovered.file(certificate)} {
		path := write(fmt.Sprintf("members-%d", i), f.marshal())
		c := exec.Command(python, "../testdata/verify.py", "--ledger", fmt.Sprintf("%x", f.id), path)
		if out, err := c.CombinedOutput(); err != nil || !strings.HasPrefix(string(out), "authentic: ") {
			t.Errorf("a bundle of changing members: %v\n%s", err, out)
		}
	}
	founders, certified := write("founders", u.Genesis.Marshal()), write("certified", u.certified().Marshal())
	for _, x := range []struct {
		charter string
		exhibit *ledger.Exhibit
		want    string
	}{{certified, u.before, "authentic: "}, {certified, u.joined, "authentic: "}, {founders, u.before, "authentic: "}, {founders, u.joined, "cannot tell: "}} {
		path := write("exhibit", x.exhibit.Marshal())
		if out, _ := exec.Command(python, "../testdata/verify.py", "--charter", x.charter, path).CombinedOutput(); !strings.HasPrefix(string(out), x.want) {
			t.Errorf("%s: got %s, want %s", x.charter, out, x.want)
		}
	}
	list := tamperings(w)
	var paths []string
	for i, c := range list {
		paths = append(paths, write(fmt.Sprintf("%02d", i), c.data))
	}
	out, code := verify(paths...)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if code != 1 || len(lines) != len(list) {
		t.Fatalf("got exit code %d and %d lines for %d bundles:\n%s", code, len(lines), len(list), out)
	}
	for i, c := range list {
		said, found := strings.CutPrefix(lines[i], "not authentic: "+paths[i]+": ")
		if !found || !strings.HasPrefix(said, c.want) {
			t.Errorf("%s: got %q, want %q", c.name, strings.ReplaceAll(lines[i], dir, ""), c.want)
		}
		trust := Trust{Ledger: &w.Genesis.Ledger, Anchors: []Anchor{{Size: head.Size, Root: head.Root}}}
		if r, err := Run(context.Background(), bytes.NewReader(c.data), trust, Options{}); err == nil && r.Verdict != Forged {
			t.Errorf("%s: Run gives verdict %d", c.name, r.Verdict)
		}
	}
}

// tampering is a bundle that is not what the bureaus signed.
type tampering struct {
	name string
	data []byte
	want string // how what is said of it begins
}

// tamperings returns bundles that were changed by whoever handed them on, and
// some that a quorum signed although the rules refuse an entry.
func tamperings(w *world) []tampering {
	var out []tampering
	add := func(name, want string, change func(f *file)) {
		f := w.clone()
		change(f)
		out = append(out, tampering{name, f.marshal(), want})
	}
	flip := func(b []byte, i int) []byte {
		b = slices.Clone(b)
		b[i] ^= 1
		return b
	}
	red := slices.IndexFunc(w.records, func(r bundle.Record) bool {
		e, err := ledger.ParseEntry(r.Entry)
		return err == nil && e.Statement.Class == ledger.ClassPublish && e.Statement.Public[0] == byte(ledger.KindRed)
	})
	at := func(i int) string { return fmt.Sprintf("entry %d: ", i) }
	last := len(w.records)

	// By whoever handed it on.
	add("a bit of a statement", at(33), func(f *file) { f.records[33].Entry = flip(f.records[33].Entry, 160) })
	add("a bit of a signature", at(34), func(f *file) { f.records[34].Entry = flip(f.records[34].Entry, len(f.records[34].Entry)-1) })
	add("a bit of a body", at(red)+"its sealed body is another", func(f *file) { f.records[red].Body = flip(f.records[red].Body, 3) })
	add("a statement, hashes made anew", at(33), func(f *file) { f.records[33].Entry = flip(f.records[33].Entry, 160); f.relist() })
	add("two entries in each other's place", at(1), func(f *file) { f.records[1], f.records[2] = f.records[2], f.records[1]; f.relist() })
	add("an entry left out", at(0), func(f *file) { f.records = slices.Delete(f.records, 0, 1); f.relist() })
	add("an entry twice", at(41)+"known", func(f *file) { f.records = slices.Insert(f.records, 41, f.records[40]); f.relist() })
	add("the second signature of a red notice left out", at(red)+"four_eyes", func(f *file) {
		e := slices.Clone(f.records[red].Entry[:len(f.records[red].Entry)-96])
		n := int(e[1])<<8 | int(e[2]) // the statement
		e[3+n+1] = 96
		f.records[red].Entry = e
		f.relist()
	})
	add("a leaf hash", at(12)+"it is not the one whose leaf hash", func(f *file) { f.leaves[12] = tlog.RecordHash([]byte("another")) })
	add("the end cut off", "head ", func(f *file) { f.records = f.records[:last-1]; f.relist() })
	add("the end cut off, with its heads", at(32)+"missing", func(f *file) {
		f.records, f.notes = f.records[:32], [][]byte{w.note(w.checkpoint(32), quorum...)}
		f.relist()
	})
	add("the last head left out", at(56)+"no head", func(f *file) { f.notes = f.notes[:len(f.notes)-1] })
	add("a head of too few", "head 1: ", func(f *file) { f.notes[1] = w.note(w.checkpoint(28), 0, 1) })
	add("a head of a fork", "head 1: the bureaus signed another history", func(f *file) {
		c := w.checkpoint(28)
		c.Root[0] ^= 1
		f.notes[1] = w.note(c, quorum...)
	})
	add("heads in another order", "head 1: the heads do not ascend", func(f *file) { f.notes[0], f.notes[1] = f.notes[1], f.notes[0] })
	add("a body denied", at(red)+"its statement names a body", func(f *file) { f.records[red].State, f.records[red].Body = bundle.None, nil })
	add("a founder's signature", "the charter is not signed by the root of XA", func(f *file) { f.genesis = flip(f.genesis, len(f.genesis)-4*64) })
	add("a byte more", "bytes behind the end", func(f *file) { f.tail = []byte{0} })
	out = append(out, tampering{"a bit of the checksum", flip(w.marshal(), len(w.marshal())-1), "the checksum is another"})

	// By a quorum, which signed two histories.
	evidence := func(of *world, size uint64, by ...int) []byte {
		e, err := ledger.NewEvidence(of.Genesis, of.note(ledger.Checkpoint{Origin: of.Genesis.Origin(), Size: size, Root: ledger.Hash{1}}, by...), of.notes[len(of.notes)-1], of)
		if err != nil {
			w.t.Fatal(err)
		}
		return e.Marshal()
	}
	add("evidence of a plot", "evidence: a quorum signed two histories of 20 entries", func(f *file) { f.evidence = [][]byte{evidence(w, 20, quorum...)} })
	add("evidence with a FINAL head that is not of this history", "evidence: the FINAL history of 60 entries is another", func(f *file) {
		f.evidence = [][]byte{evidence(w, 20, 3)}
		f.records = slices.Clone(f.records[:last-1])
		b, root := *w.Bureaus[0], *w.Bureaus[0].Root // its chain is to stay where it is
		b.Root = &root
		w.append(f, b.EnrolSigner(w.t, w.NewAuthor("XA fork"), "fork-1", ledger.RoleDesk))
		w.reseal(f, quorum...)
	})
	add("evidence of the history that was signed as well", "evidence: the FINAL history of 60 entries is another", func(f *file) {
		f.evidence = [][]byte{evidence(w, w.size, 3)}
		f.records = slices.Clone(f.records[:last-1])
		w.append(f, w.Bureaus[0].EnrolSigner(w.t, w.NewAuthor("XA fork"), "fork-1", ledger.RoleDesk))
		w.reseal(f, quorum...)
	})

	// By a quorum, which signed what the rules refuse.
	join := func(name, code string, a *ledgertest.Author, write func(a *ledgertest.Author) ledger.Item) {
		o := *a // the chain of a is to stay where it is
		it := write(&o)
		f := w.clone()
		r := bundle.Record{Time: w.now, Entry: it.Entry.Raw, Body: it.Body}
		if len(it.Body) > 0 {
			r.State = bundle.Included
		}
		f.records = append(f.records, r)
		w.reseal(f, quorum...)
		out = append(out, tampering{name, f.marshal(), at(last) + code})
	}
	xa, xb := w.Bureaus[0], w.Bureaus[1]
	blue := func(a *ledgertest.Author) ledger.Item { return a.Publish(w.t, ledger.KindBlue, []byte("sealed")) }
	theirs := w.notices[0]
	join("an author whose key is revoked", "revoked_key", w.late, blue)
	join("an author whom nobody enrolled", "unknown_key", w.NewAuthor("nobody"), blue)
	join("a root that publishes", "not_allowed", xa.Root, blue)
	join("a red notice of one", "four_eyes", xa.Officer, func(a *ledgertest.Author) ledger.Item {
		return a.Publish(w.t, ledger.KindRed, []byte("sealed"))
	})
	join("another bureau's notice withdrawn", "not_allowed", w.authors[(theirs.author+2)%len(w.authors)], func(a *ledgertest.Author) ledger.Item {
		return a.Withdraw(w.t, theirs.id)
	})
	join("a notice that is not there", "no_target", xa.Officer, func(a *ledgertest.Author) ledger.Item { return a.Withdraw(w.t, ledger.ID{1}) })
	join("a history that nobody saw", "bad_seen", xa.Officer, func(a *ledgertest.Author) ledger.Item {
		p := ledger.Publish{Kind: ledger.KindBlue, SizeClass: 3}
		return a.Sign(w.t, ledger.Statement{Class: ledger.ClassPublish, Public: p.Marshal(), SeenSize: 7, SeenRoot: ledger.Hash{7}}, []byte("sealed"))
	})
	join("a statement left out of a chain", "bad_sequence", xa.Officer, func(a *ledgertest.Author) ledger.Item { blue(a); return blue(a) })
	join("a key of two bureaus", "key_in_use", xa.Root, func(a *ledgertest.Author) ledger.Item {
		o := *xa
		o.Root = a
		return o.EnrolSigner(w.t, xb.Officer, "desk-1", ledger.RoleDesk)
	})
	join("another root's enrolment", "bad_proof", xa.Root, func(a *ledgertest.Author) ledger.Item {
		o, root := *xb, *xb.Root
		o.Root = &root
		it := o.EnrolSigner(w.t, w.NewAuthor("new"), "desk-9", ledger.RoleDesk)
		return a.Sign(w.t, ledger.Statement{Class: ledger.ClassEnrol, Public: it.Entry.Statement.Public}, nil)
	})
	return out
}
