package audit

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"comity/ledger"
	"comity/ledger/bundle"
)

// small is a ledger of 600 entries, built once.
func small(t *testing.T) *world {
	smallOnce.Do(func() {
		smallWorld = newWorld(t, 5)
		smallWorld.fill(600)
	})
	smallWorld.t = t
	return smallWorld
}

var (
	smallOnce  sync.Once
	smallWorld *world
)

// TestEnemy changes a ledger in ways that need some thought. Each has the
// verdict that it must have, and words that must be said.
func TestEnemy(t *testing.T) {
	rememberSignatures(t)
	w := small(t)
	n := int(w.size)
	k := int(w.victim(400, ledger.ClassPublish, 2)) // of XC
	red := w.red(400)
	text := func(size uint64) string { return "the head over " + number(size) + " entries" }
	last := len(w.notes) - 1
	beforeLast := w.checkpoint(525).Size // heads stand at every eighth
	id := w.Genesis.Ledger

	// Helpers that act as a quorum would.
	sealed := func(change func(f *file)) func(f *file) {
		return func(f *file) { change(f); w.reseal(f, quorum...) }
	}
	raw := func(f *file, i int, change func(b []byte) []byte) {
		f.records[i].Entry = change(bytes.Clone(f.records[i].Entry))
	}
	// note with further lines
	with := func(note []byte, more ...string) []byte {
		return append(bytes.Clone(note), []byte(strings.Join(more, ""))...)
	}

	for _, c := range []struct {
		name   string
		change func(f *file)
		trust  func(tr *Trust)
		raw    func(data []byte) []byte
		want   Verdict
		what   string
	}{
		// Entries.
		{name: "a statement of a reserved class", want: Forged, what: fmt.Sprintf("entry %d", k), change: sealed(func(f *file) {
			raw(f, k, func(b []byte) []byte { b[4] = 7; return b })
		})},
		{name: "a statement of class 0", want: Forged, what: fmt.Sprintf("entry %d", k), change: sealed(func(f *file) {
			raw(f, k, func(b []byte) []byte { b[4] = 0; return b })
		})},
		{name: "a second signature by a bystander of the bureau", want: Forged, what: fmt.Sprintf("entry %d [XC]: the entry was changed", k), change: func(f *file) {
			e := f.entry(t, int64(k))
			it := w.author(4).Sign(t, *e.Statement, f.records[k].Body, w.author(5))
			sig := it.Entry.Signatures[1]
			x, err := ledger.NewEntry(e.Signed(), []ledger.Signature{e.Signatures[0], sig})
			if err != nil {
				t.Fatal(err)
			}
			f.records[k].Entry = x.Raw
		}},
		{name: "the author's signature as the second one's", want: Forged, what: fmt.Sprintf("entry %d", red), change: func(f *file) {
			raw(f, red, func(b []byte) []byte { copy(b[len(b)-64:], b[len(b)-64-96:len(b)-96]); return b })
		}},
		{name: "signatures in each other's place", want: Forged, what: fmt.Sprintf("entry %d", red), change: func(f *file) {
			raw(f, red, func(b []byte) []byte {
				a, z := bytes.Clone(b[len(b)-192:len(b)-96]), bytes.Clone(b[len(b)-96:])
				copy(b[len(b)-192:], z)
				copy(b[len(b)-96:], a)
				return b
			})
		}},
		{name: "a byte behind an entry", want: Forged, what: fmt.Sprintf("entry %d", k), change: func(f *file) {
			raw(f, k, func(b []byte) []byte { return append(b, 0) })
		}},
		{name: "an entry of the greatest length", want: Forged, what: fmt.Sprintf("entry %d", k), change: func(f *file) {
			raw(f, k, func(b []byte) []byte { return append(b, make([]byte, ledger.MaxEntry-len(b))...) })
		}},
		{name: "an enrolment moved behind its use", want: Forged, what: "had enrolled before it", change: sealed(func(f *file) {
			e := f.records[5]
			f.records = append(slices.Delete(slices.Clone(f.records), 5, 6), e)
		})},
		{name: "an enrolment moved before others of the root", want: Forged, what: "missing before it", change: sealed(func(f *file) {
			i := int(w.enrolOf(w.spare))
			e := f.records[i]
			f.records = slices.Insert(slices.Delete(slices.Clone(f.records), i, i+1), 100, e)
		})},
		{name: "a revoked key enrolled again", want: Forged, what: "entry 600 [XB]: ", change: sealed(func(f *file) {
			root := *w.Bureaus[1].Root
			b := *w.Bureaus[1]
			b.Root = &root
			w.append(f, b.EnrolSigner(t, w.late, "late-1", ledger.RoleInvestigator))
		})},
		{name: "a revoked key of XB enrolled by XA", want: Forged, what: "entry 600 [XA]: ", change: sealed(func(f *file) {
			root := *w.Bureaus[0].Root
			b := *w.Bureaus[0]
			b.Root = &root
			w.append(f, b.EnrolSigner(t, w.late, "late-1", ledger.RoleInvestigator))
		})},
		{name: "a key revoked twice", want: Forged, what: "entry 600 [XB]: ", change: sealed(func(f *file) {
			root := *w.Bureaus[1].Root
			b := *w.Bureaus[1]
			b.Root = &root
			w.append(f, b.Revoke(t, w.late.Signer.ID()))
		})},
		{name: "a root revoked", want: Forged, what: "entry 600 [XB]: ", change: sealed(func(f *file) {
			root := *w.Bureaus[1].Root
			b := *w.Bureaus[1]
			b.Root = &root
			w.append(f, b.Revoke(t, w.Bureaus[1].Root.Signer.ID()))
		})},
		{name: "seen a size that is not there yet", want: Forged, what: "had seen 601 entries before it", change: sealed(func(f *file) {
			w.append(f, w.author(6).Sign(t, ledger.Statement{Class: ledger.ClassReply, SeenSize: 601, SeenRoot: ledger.Hash{1}}, []byte("x")))
		})},
		{name: "seen 2^62-1 entries", want: Forged, what: "had seen 4,611,686,018,427,387,903 entries before it", change: sealed(func(f *file) {
			w.append(f, w.author(6).Sign(t, ledger.Statement{Class: ledger.ClassReply, SeenSize: 1<<62 - 1, SeenRoot: ledger.Hash{1}}, []byte("x")))
		})},

		// Times.
		{name: "all times moved by a day", want: Remarked, what: "ledger time", change: func(f *file) {
			for i := range f.records {
				f.records[i].Time += 24 * 3600 * 1000
			}
		}},
		{name: "the last time in the year 9999", want: Remarked, what: "ledger time", change: func(f *file) { f.records[n-1].Time = ledger.MaxTime*1000 + 999 }},
		{name: "all times zero", want: Remarked, what: "ledger time", change: func(f *file) {
			for i := range f.records {
				f.records[i].Time = 0
			}
		}},
		{name: "a time beyond the bound", want: Forged, what: "a time past the year 9999", change: func(f *file) { f.records[n-1].Time = 1 << 63 }},

		// Form.
		{name: "leaf hashes behind each record", want: Forged, change: func(f *file) {}, raw: func(data []byte) []byte {
			i := bytes.Index(data, w.leaves[0][:])
			out := slices.Delete(bytes.Clone(data), i, i+32)
			return slices.Insert(out, i-len(w.records[255].Body)-20, w.leaves[0][:]...)
		}},
		{name: "groups in each other's place", want: Forged, what: "entry 0", change: func(f *file) {
			r, l := slices.Clone(f.records), slices.Clone(f.leaves)
			copy(f.records, r[256:512])
			copy(f.records[256:], r[:256])
			copy(f.leaves, l[256:512])
			copy(f.leaves[256:], l[:256])
		}},
		{name: "one record more than the size", want: Forged, change: func(f *file) { f.size-- }},
		{name: "one record less than the size", want: Forged, change: func(f *file) { f.size++ }},
		{name: "a size of 2^60", want: Forged, what: "of 1,152,921,504,606,846,976 entries", change: func(f *file) { f.size = 1 << 60 }},
		{name: "a size of 2^64-1", want: Forged, what: "a size of 18446744073709551615", change: func(f *file) { f.size = 1<<64 - 1 }},
		{name: "two bundles, one behind the other", want: Forged, what: "goes on behind its end", change: func(f *file) {}, raw: func(data []byte) []byte { return append(data, data...) }},
		{name: "a list of 2^32-1 heads", want: Forged, what: "a list of 4294967295 members", change: func(f *file) {}, raw: func(data []byte) []byte {
			i := bytes.LastIndex(data, w.leaves[n-1][:]) + 32
			out := bytes.Clone(data)
			binary.BigEndian.PutUint32(out[i:], 1<<32-1)
			return out
		}},
		{name: "another body state than there is", want: Forged, what: "body state 4 is none", change: func(f *file) { f.records[2].State = 4 }},

		// Heads.
		{name: "a head twice", want: Forged, what: "heads ascend", change: func(f *file) { f.notes = slices.Insert(f.notes, 3, f.notes[3]) }},
		{name: "a head between, of a minority", want: Forged, what: text(310) + " is cosigned by XA XB only", change: func(f *file) {
			i := slices.IndexFunc(f.notes, func(n []byte) bool { c, _, _ := w.Genesis.Open(n); return c.Size > 310 })
			f.notes = slices.Insert(f.notes, i, w.note(w.checkpoint(310), 0, 1))
		}},
		{name: "a head between, of a quorum", want: Authentic, change: func(f *file) {
			i := slices.IndexFunc(f.notes, func(n []byte) bool { c, _, _ := w.Genesis.Open(n); return c.Size > 310 })
			f.notes = slices.Insert(f.notes, i, w.note(w.checkpoint(310), quorum...))
		}},
		{name: "a head of no entries", want: Authentic, change: func(f *file) {
			f.notes = slices.Insert(f.notes, 0, w.note(ledger.Checkpoint{Origin: w.Genesis.Origin(), Root: ledger.EmptyRoot}, quorum...))
		}},
		{name: "a head of no entries with a root", want: Forged, change: func(f *file) {
			f.notes = slices.Insert(f.notes, 0, w.note(ledger.Checkpoint{Origin: w.Genesis.Origin(), Root: ledger.Hash{1}}, quorum...))
		}},
		{name: "a head beyond the end", want: Forged, what: "covers more than the 600 of the file", change: func(f *file) {
			f.notes = append(f.notes, w.note(ledger.Checkpoint{Origin: w.Genesis.Origin(), Size: 1<<62 - 1, Root: ledger.Hash{1}}, quorum...))
		}},
		{name: "lines of nobody in a head", want: Authentic, change: func(f *file) {
			f.notes[last] = with(f.notes[last], "— \u202exb.comity/n1 AAAAAAAAAAAA\n", "— x AAAAAAAA\n")
		}},
		{name: "a second, bad line of a cosigner", want: Authentic, change: func(f *file) { // FORMAT.md: more lines of the same are ignored
			_, l := lines(f.notes[last-5]) // by the same bureaus
			f.notes[last] = with(f.notes[last], l...)
		}},
		{name: "a bad line of a cosigner before the good one", want: Forged, what: "is not good", change: func(f *file) {
			_, old := lines(f.notes[last-5])
			f.relast(func(text string, l []string) string { return text + strings.Join(old, "") + strings.Join(l, "") })
		}},
		{name: "a note of a ledger whose origin begins alike", want: Forged, what: "is one of another ledger", change: func(f *file) {
			c := w.checkpoint(w.size)
			c.Origin += "0"
			f.notes[last] = w.note(c, quorum...)
		}},
		{name: "the heads of another ledger", want: Forged, what: "head 1 of", change: func(f *file) { ten(t); f.notes = otherWorld.notes }},
		{name: "a hash list of a forged suffix, with a note of a minority", want: Forged, what: fmt.Sprintf("entry %d", k), change: func(f *file) {
			f.flip(int64(k), -1, 1)
			f.relist()
			o := *w
			o.hashes, o.file = nil, &file{}
			for _, r := range f.records {
				o.grow(r)
			}
			f.notes[last] = w.note(o.checkpoint(600), 3, 4)
		}},
		{name: "a changed entry under a hundred and more bad heads", want: Forged, what: fmt.Sprintf("entry %d", k), change: func(f *file) {
			f.flip(int64(k), -1, 1)
			for i := range uint64(150) {
				f.notes = append(f.notes, w.note(ledger.Checkpoint{Origin: w.Genesis.Origin(), Size: i, Root: ledger.Hash{byte(i)}}, int(i%5)))
			}
		}},
		{name: "a changed entry before two hundred bodies", want: Forged, what: fmt.Sprintf("entry %d [XC]: the entry was changed", k), change: func(f *file) {
			f.flip(int64(k), -1, 1)
			for i := k + 1; i < n; i++ {
				f.records[i].Body, f.records[i].State = []byte("another"), bundle.Included
			}
			for i := 30; i < k; i++ {
				f.records[i].Body, f.records[i].State = []byte("another"), bundle.Included
			}
		}},

		{name: "three thousand notes that are none", want: Forged, what: "head 2 of 3001 is not good: malformed; so it is with 2,999 more", change: func(f *file) {
			f.notes = f.notes[:1]
			for range 3000 {
				f.notes = append(f.notes, []byte("x"))
			}
		}},

		// Charters.
		{name: "a charter of the same members with another name", want: Forged, what: "another ledger", change: func(f *file) {
			g := w.renamed("Test consortium II")
			f.genesis, f.id = g.Marshal(), g.Ledger
		}},
		{name: "the signatures of two founders in each other's place", want: Forged, what: "the signature of XA is not good", change: func(f *file) {
			g := bytes.Clone(f.genesis)
			at := len(g) - 5*64
			a := bytes.Clone(g[at : at+64])
			copy(g[at:], g[at+64:at+128])
			copy(g[at+64:], a)
			f.genesis = g
		}},
		{name: "a founder too few", want: Forged, what: "malformed", change: func(f *file) { f.genesis = f.genesis[:len(f.genesis)-64] }},

		// Bodies.
		{name: "a body longer than it was signed", want: Forged, what: "the sealed text is not the one", change: func(f *file) {
			f.records[k].Body = append(bytes.Clone(f.records[k].Body), 0)
		}},
		{name: "the list wrong and the body as well", want: Forged, what: "the sealed text is not the one", change: func(f *file) {
			f.leaves[k][3] ^= 1
			f.records[k].Body = append(bytes.Clone(f.records[k].Body), 0)
		}},
		{name: "an enrolment whose body is said to be left out", want: Forged, what: "the statement names none", change: func(f *file) { f.records[2].State = bundle.LeftOut }},

		// Anchors.
		{name: "the last head kept before", want: Authentic, change: func(f *file) {}, trust: func(tr *Trust) {
			c := w.checkpoint(w.size)
			tr.Anchors = []Anchor{{c.Size, c.Root, time.Unix(start/1000, 0)}}
		}},
		{name: "one entry behind the last head kept", want: Forged, what: "entries 525 to 525 are missing", trust: func(tr *Trust) {
			c := w.checkpoint(526)
			tr.Anchors = append(tr.Anchors, Anchor{c.Size, c.Root, time.Unix(start/1000, 0)})
		}, change: func(f *file) { w.rollBack(f, beforeLast) }},
		{name: "an anchor of 2^62-1", want: Forged, what: "are missing", change: func(f *file) {}, trust: func(tr *Trust) {
			tr.Anchors = append(tr.Anchors, Anchor{1<<62 - 1, ledger.Hash{}, time.Unix(start/1000, 0)})
		}},
		{name: "anchors and no ledger", want: CannotTell, change: func(f *file) {}, trust: func(tr *Trust) { tr.Ledger = nil }},
		{name: "no ledger named, and changed", want: Forged, what: fmt.Sprintf("entry %d", k), change: func(f *file) { f.flip(int64(k), -1, 1) }, trust: func(tr *Trust) { *tr = Trust{} }},
		{name: "no ledger named, and purged", want: CannotTell, change: func(f *file) { f.records[k].Body, f.records[k].State = nil, bundle.Purged }, trust: func(tr *Trust) { *tr = Trust{} }},

		// Evidence.
		{name: "evidence of another ledger", want: Remarked, what: "piece 1 of the evidence in the file proves nothing", change: func(f *file) {
			ten(t)
			f.evidence = [][]byte{evidence(t, otherWorld, otherWorld.file, 20, 1)}
		}},
		{name: "a receipt for evidence", want: Remarked, what: "proves nothing", change: func(f *file) { f.evidence = [][]byte{f.notes[0]} }},
		{name: "evidence whose FINAL head parts from this history later", want: Forged, what: "a FINAL history which this one is not", change: func(f *file) {
			proof := evidence(t, w, w.file, 100, 4) // FINAL at 600 as it was
			f.records = f.records[:n-1]
			w.append(f, w.author(6).Reply(t, []byte("instead")))
			w.reseal(f, quorum...)
			f.evidence = [][]byte{proof}
		}},
		{name: "evidence whose FINAL head is beyond this file", want: Remarked, what: "600 entries", change: func(f *file) {
			proof := evidence(t, w, w.file, 100, 4)
			w.rollBack(f, beforeLast)
			f.evidence = [][]byte{proof}
		}},
	} {
		f := w.file.clone()
		if c.change(f); f.evidence == nil {
			f.evidence = [][]byte{}
		}
		trust := Trust{Ledger: &id, Anchors: w.trust().Anchors}
		if c.trust != nil {
			c.trust(&trust)
		}
		data := f.marshal()
		if c.raw != nil {
			data = c.raw(data)
		}
		r := runBytes(t, data, trust, Options{})
		said := show(r)
		for _, x := range r.Findings {
			said += fmt.Sprintf("  found: %s | %s\n", x.What, x.Why)
		}
		if testing.Verbose() {
			t.Logf("%s: %s", c.name, said)
		}
		if r.Verdict != c.want || !strings.Contains(said, c.what) {
			t.Errorf("%s: want verdict %d and %q, got %s", c.name, c.want, c.what, said)
		}
	}
}

// What anybody can write takes no memory that grows with it: keys that no root
// enrolled, and notes that are none.
func TestNothingKept(t *testing.T) {
	w := newWorld(t, 4)
	f := w.file.clone()
	before := len(f.records)
	for i := range 20 {
		b := *w.Bureaus[0]
		b.Root = w.NewAuthor(fmt.Sprint("no root ", i))
		w.append(f, b.EnrolSigner(t, w.NewAuthor(fmt.Sprint("new ", i)), "new-1", ledger.RoleDesk))
		root := *w.Bureaus[0].Root // whose signature is not good
		b.Root = &root
		w.append(f, b.EnrolSigner(t, w.NewAuthor(fmt.Sprint("newer ", i)), "new-1", ledger.RoleDesk))
		f.flip(int64(len(f.records)-1), -1, 1)
	}
	f.relist()
	f.notes = nil
	for range 1000 {
		f.notes = append(f.notes, []byte("x"), []byte("y\n\n— y AAAAAAAA\n"))
	}
	r, err := bundle.NewReader(bytes.NewReader(f.marshal()))
	if err != nil {
		t.Fatal(err)
	}
	ws, s := newWorkers(w.Genesis, 0), &stream{side: &Side{}}
	if err := s.open(bytes.NewReader(f.marshal())); err != nil {
		t.Fatal(err)
	}
	var known [2]int
	for {
		g, err := r.Next()
		if err != nil {
			break
		}
		for _, part := range []*bundle.Group{
			{First: g.First, Records: g.Records[:before], Leaves: g.Leaves[:before]},
			{First: g.First + uint64(before), Records: g.Records[before:], Leaves: g.Leaves[before:]},
		} {
			known = [2]int{len(ws.keys), len(s.keys)}
			ws.work(&job{group: part, out: make([]checked, len(part.Records))})
			for _, rec := range part.Records {
				s.learn(rec.Entry)
			}
		}
	}
	if len(ws.keys) != known[0] || len(s.keys) != known[1] || known[0] < 9 || known[1] < 9 {
		t.Errorf("got %d and %d keys, want %v", len(ws.keys), len(s.keys), known)
	}
	heads, err := readHeads(t.Context(), r, w.Genesis.Membership, 2)
	if err != nil || heads.read != 2000 || len(heads.all) != 2 {
		t.Errorf("got %d heads for %d notes, %v", len(heads.all), heads.read, err)
	}
}

// evidence is that somebody cosigned another history than that of a file.
func evidence(t *testing.T, w *world, f *file, size uint64, by ...int) []byte {
	t.Helper()
	c := ledger.Checkpoint{Origin: w.Genesis.Origin(), Size: size, Root: ledger.Hash{1}}
	e, err := ledger.NewEvidence(w.Genesis, w.note(c, by...), f.notes[len(f.notes)-1], w)
	if err != nil {
		t.Fatal(err)
	}
	return e.Marshal()
}

// renamed is a charter of the same members with another name.
func (w *world) renamed(name string) *ledger.Genesis {
	c := *w.Genesis.Charter
	c.Name = name
	g, err := ledger.NewGenesis(&c)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, b := range w.Bureaus {
		if err := g.Sign(b.Root.Signer); err != nil {
			w.t.Fatal(err)
		}
	}
	return g
}
