package audit

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"comity/ledger"
	"comity/ledger/bundle"
	"comity/ledger/ledgertest"
)

var update = flag.Bool("update", false, "rewrite what testdata has of the tamper matrix")

// tamper is one way to change a bundle, and what an audit must say to it.
type tamper struct {
	name   string
	change func(w *world, f *file)
	trust  func(w *world, t *Trust) // nil for that of world.trust
	want   Verdict
	entry  int64 // that a failure must name, -1 for none
	most   int   // failures; 0 for 4
	raw    func(data []byte) []byte
}

// audit changes the ledger, and audits it.
func (c *tamper) audit(t *testing.T, w *world) *Report {
	t.Helper()
	f := w.file.clone()
	c.change(w, f)
	trust := w.trust()
	if c.trust != nil {
		c.trust(w, &trust)
	}
	data := f.marshal()
	if c.raw != nil {
		data = c.raw(data)
	}
	return runBytes(t, data, trust, Options{})
}

// victim returns the first entry from an index on of the given class, by the
// officer of the i-th bureau.
func (w *world) victim(from uint64, class ledger.Class, bureau int) int64 {
	for i := from; i < w.size; i++ {
		e, err := ledger.ParseEntry(w.records[i].Entry)
		if err != nil {
			w.t.Fatal(err)
		}
		if e.Statement.Class == class && e.Statement.Author == w.authors[2*bureau].Signer.ID() && len(e.Signatures) == 1 {
			return int64(i)
		}
	}
	w.t.Fatalf("no %s by bureau %d from %d on", class, bureau, from)
	return 0
}

func (f *file) entry(t testing.TB, i int64) *ledger.Entry {
	e, err := ledger.ParseEntry(f.records[i].Entry)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// flip changes a bit of an entry.
func (f *file) flip(i int64, offset int, mask byte) {
	raw := bytes.Clone(f.records[i].Entry)
	if offset < 0 {
		offset += len(raw)
	}
	raw[offset] ^= mask
	f.records[i].Entry = raw
}

// author returns a copy of an author, who can write what the ledger never saw.
func (w *world) author(i int) *ledgertest.Author {
	a := *w.authors[i]
	return &a
}

// resign puts a statement that is a little different in the place of an entry,
// signed by an author, next in his chain.
func (w *world) resign(f *file, i int64, a *ledgertest.Author) {
	s := *f.entry(w.t, i).Statement
	it := a.Sign(w.t, s, f.records[i].Body)
	f.records[i].Entry = it.Entry.Raw
}

func (w *world) append(f *file, items ...ledger.Item) {
	for _, it := range items {
		r := bundle.Record{Time: w.now, Entry: it.Entry.Raw, Body: it.Body, State: bundle.Included}
		if len(it.Body) == 0 {
			r.State = bundle.None
		}
		f.records = append(f.records, r)
	}
}

// lines returns the text of a note and its signature lines.
func lines(note []byte) (string, []string) {
	text, sigs, _ := strings.Cut(string(note), "\n\n")
	list := strings.SplitAfter(sigs, "\n")
	return text + "\n\n", list[:len(list)-1]
}

// relast changes the signature lines of the last note.
func (f *file) relast(change func(text string, l []string) string) {
	text, l := lines(f.notes[len(f.notes)-1])
	f.notes[len(f.notes)-1] = []byte(change(text, l))
}

// fields are the parts of an entry with one signature that publishes, with the
// offset of a byte in each.
var fields = []struct {
	name   string
	offset int
	mask   byte
}{
	{"length of statement", 2, 1}, {"version", 3, 2}, {"class", 4, 4}, {"ledger", 5, 1}, {"author", 37, 1}, {"seq", 76, 1},
	{"prev", 77, 1}, {"seen_size", 116, 1}, {"seen_root", 117, 1}, {"created", 156, 1}, {"target", 157, 1}, {"body_hash", 189, 1},
	{"body_len", 224, 1}, {"length of public", 226, 1}, {"kind", 227, 1}, {"review_by", 231, 1}, {"classification", 232, 1},
	{"urgency", 233, 1}, {"size_class", 234, 1}, {"length of signatures", 236, 1}, {"key id", 237, 1}, {"signature R", 269, 1}, {"signature S", -1, 1},
}

func tampers(w *world) []tamper {
	n := int64(w.size)
	k := w.victim(w.size*4/5, ledger.ClassPublish, 2) // of XC
	k2 := w.victim(uint64(k)+40, ledger.ClassPublish, 3)
	old := w.victim(w.size/4, ledger.ClassPublish, 2)
	var out []tamper
	add := func(name string, entry int64, change func(w *world, f *file)) *tamper {
		out = append(out, tamper{name: name, change: change, want: Forged, entry: entry})
		return &out[len(out)-1]
	}
	for _, at := range fields {
		add("flip "+at.name, k, func(w *world, f *file) { f.flip(k, at.offset, at.mask) })
	}
	for _, at := range []int{156, 231, -1} {
		add(fmt.Sprintf("flip byte %d, list of hashes as well", at), k, func(w *world, f *file) { f.flip(k, at, 1); f.relist() })
	}
	add("a second signature flipped", int64(w.red(k)), func(w *world, f *file) { f.flip(int64(w.red(k)), -1, 1) })
	add("a second signature left out", int64(w.red(k)), func(w *world, f *file) {
		e := f.entry(w.t, int64(w.red(k)))
		e, err := ledger.NewEntry(e.Signed(), e.Signatures[:1])
		if err != nil {
			w.t.Fatal(err)
		}
		f.records[w.red(k)].Entry = e.Raw
		f.relist()
	})

	swap := func(f *file, i, j int64) { f.records[i], f.records[j] = f.records[j], f.records[i] }
	add("swap two", k, func(w *world, f *file) { swap(f, k, k2) })
	add("swap two, list as well", -1, func(w *world, f *file) { swap(f, k, k2); f.relist() }).most = 6
	add("swap two neighbours", k, func(w *world, f *file) { swap(f, k, k+1) })
	add("delete one", k+1, func(w *world, f *file) { f.records = slices.Delete(f.records, int(k), int(k)+1); f.relist() }).entry = w.next(k) - 1
	add("delete one, keep the list", k, func(w *world, f *file) {
		f.records = slices.Delete(f.records, int(k), int(k)+1)
		f.records = append(f.records, f.records[n-2])
	})
	add("duplicate one", k2, func(w *world, f *file) {
		f.records = slices.Insert(f.records, int(k2), f.records[k])
		f.relist()
	})
	add("insert one that an officer of XA signs today", k, func(w *world, f *file) {
		it := w.author(0).Publish(w.t, ledger.KindBlue, []byte("new"))
		f.records = slices.Insert(f.records, int(k), bundle.Record{Time: f.records[k].Time, Entry: it.Entry.Raw, Body: it.Body, State: bundle.Included})
		f.relist()
	})
	add("insert one, keep the list", k, func(w *world, f *file) {
		it := w.author(0).Publish(w.t, ledger.KindBlue, []byte("new"))
		f.records = slices.Insert(f.records, int(k), bundle.Record{Time: f.records[k].Time, Entry: it.Entry.Raw, Body: it.Body, State: bundle.Included})
		f.records = f.records[:n]
	})
	add("take the last hundred away", -1, func(w *world, f *file) { f.records = f.records[:n-100]; f.relist() })
	add("cut the file", -1, func(w *world, f *file) {}).raw = func(data []byte) []byte { return data[:len(data)*2/3] }
	add("cut the last byte", -1, func(w *world, f *file) {}).raw = func(data []byte) []byte { return data[:len(data)-1] }
	add("add a byte", -1, func(w *world, f *file) { f.tail = []byte{0} })
	add("another checksum", -1, func(w *world, f *file) {}).raw = func(data []byte) []byte { data[len(data)-1] ^= 1; return data }
	add("say that there are more", -1, func(w *world, f *file) { f.size += 1000 })
	add("say that there are fewer", -1, func(w *world, f *file) { f.size -= 1000 })

	add("sign with another key of the bureau", k, func(w *world, f *file) { w.resign(f, k, w.author(2*2+1)) })
	add("sign with another key of the bureau, list as well", w.next(k), func(w *world, f *file) { w.resign(f, k, w.author(2*2+1)); f.relist() })
	add("sign with a key of another bureau", k, func(w *world, f *file) { w.resign(f, k, w.author(0)) })
	add("sign with a key of another bureau, list as well", k, func(w *world, f *file) { w.resign(f, k, w.author(0)); f.relist() })
	add("sign with the same key", k, func(w *world, f *file) { w.resign(f, k, w.author(2*2)) })
	add("sign with a revoked key", k, func(w *world, f *file) { a := *w.late; w.resign(f, k, &a) })
	add("sign with a revoked key, list as well", k, func(w *world, f *file) { a := *w.late; w.resign(f, k, &a); f.relist() })
	add("sign with a key that nobody enrolled", k, func(w *world, f *file) { w.resign(f, k, w.NewAuthor("nobody")); f.relist() })
	add("sign with a key that is enrolled later", w.enrolOf(w.spare)-1, func(w *world, f *file) {
		a := *w.spare
		w.resign(f, w.enrolOf(w.spare)-1, &a)
		f.relist()
	}).most = 8
	add("change the enrolment of an officer", 5, func(w *world, f *file) { f.flip(5, -1, 1); f.relist() }).most = 8
	add("take the revocation away", -1, func(w *world, f *file) {
		i := int(w.enrolOf(w.spare)) - 1
		f.records = slices.Delete(f.records, i, i+1)
		f.relist()
	})

	rewrite := func(w *world, f *file, from int64) {
		f.records = f.records[:from]
		a, b := w.author(8), w.author(9)
		for i := from; i < n; i++ {
			who := a
			if i%2 == 1 {
				who = b
			}
			w.append(f, who.Publish(w.t, ledger.KindBlue, fmt.Append(nil, "rewritten ", i)))
		}
		f.relist()
	}
	add("XE rewrites the suffix and cosigns it alone", -1, func(w *world, f *file) {
		rewrite(w, f, k)
		notes := w.notesUpTo(f, uint64(k))
		w.reseal(f, 4)
		f.notes = append(notes, f.notes...)
	}).most = 6
	add("XE rewrites the suffix and keeps the heads", -1, func(w *world, f *file) { rewrite(w, f, k) }).most = 6
	other := otherWorld
	add("splice entries of another ledger", k, func(w *world, f *file) {
		copy(f.records[k:], other.records[30:50])
		f.relist()
	}).most = 8
	add("another ledger", -1, func(w *world, f *file) { *f = *other.file.clone() }).trust = func(w *world, t *Trust) { t.Anchors = nil }
	add("roll back", -1, func(w *world, f *file) { w.rollBack(f, w.size/2) }).trust = func(w *world, t *Trust) {
		c := w.checkpoint(w.size * 3 / 4)
		t.Anchors = append(t.Anchors, Anchor{Size: c.Size, Root: c.Root, At: time.Unix(start/1000, 0)})
	}
	add("the ledger rewritten, and another head kept", -1, func(w *world, f *file) {}).trust = func(w *world, t *Trust) {
		t.Anchors = append(t.Anchors, Anchor{Size: w.size - 7, Root: ledger.Hash{7}, At: time.Unix(start/1000, 0)})
	}
	quiet := add("roll back, and no anchor tells", -1, func(w *world, f *file) { w.rollBack(f, w.size/2) })
	quiet.want, quiet.trust = Authentic, func(w *world, t *Trust) { t.Anchors = nil }
	blind := add("nobody says which ledger", -1, func(w *world, f *file) {})
	blind.want, blind.trust = CannotTell, func(w *world, t *Trust) { t.Ledger = nil }

	add("a cosignature too few", -1, func(w *world, f *file) {
		f.relast(func(text string, l []string) string { return text + strings.Join(l[:6], "") })
	})
	add("one signature of a node too few", -1, func(w *world, f *file) {
		f.relast(func(text string, l []string) string { return text + strings.Join(l[:7], "") })
	})
	add("one node under two names", -1, func(w *world, f *file) {
		f.relast(func(text string, l []string) string {
			return text + strings.Join(l[:6], "") + strings.ReplaceAll(l[0]+l[1], "xa.", "xd.")
		})
	})
	add("one node twice", -1, func(w *world, f *file) {
		f.relast(func(text string, l []string) string { return text + strings.Join(l[:6], "") + l[0] + l[1] })
	})
	add("a cosignature of another head", -1, func(w *world, f *file) {
		_, before := lines(f.notes[len(f.notes)-6]) // cosigned by the same
		f.relast(func(text string, l []string) string { return text + strings.Join(before, "") })
	})
	add("a flipped cosignature", -1, func(w *world, f *file) {
		f.relast(func(text string, l []string) string {
			return text + strings.Replace(strings.Join(l, ""), l[1][40:44], "AAAA", 1)
		})
	})
	add("a head of another origin", -1, func(w *world, f *file) {
		c := w.checkpoint(w.size)
		c.Origin = ledger.Origin(ledger.Hash{9})
		f.notes[len(f.notes)-1] = w.note(c, quorum...)
	})
	add("a line more in a head", -1, func(w *world, f *file) {
		f.relast(func(text string, l []string) string {
			return strings.TrimSuffix(text, "\n") + "more\n\n" + strings.Join(l, "")
		})
	})
	add("a head with another root", -1, func(w *world, f *file) {
		c := w.checkpoint(w.size)
		c.Root[0] ^= 1
		f.notes[len(f.notes)-1] = w.note(c, quorum...)
	})
	add("an early head with another root", -1, func(w *world, f *file) {
		c := w.checkpoint(w.size / 2)
		c.Root[0] ^= 1
		i := slices.IndexFunc(f.notes, func(n []byte) bool { return bytes.Contains(n, fmt.Appendf(nil, "\n%d\n", w.size/2)) })
		f.notes[i] = w.note(c, quorum...)
	})
	add("heads in another order", -1, func(w *world, f *file) { slices.Reverse(f.notes) })
	add("no head", -1, func(w *world, f *file) { f.notes = nil })
	add("the last head left out", -1, func(w *world, f *file) { f.notes = f.notes[:len(f.notes)-1] })
	add("bytes for a head", -1, func(w *world, f *file) { f.notes[3] = []byte("no note\n") })

	add("bytes for very many heads", -1, func(w *world, f *file) {
		junk := slices.Repeat([][]byte{[]byte("x")}, 5000)
		f.notes = slices.Insert(f.notes, 2, junk...)
	})

	add("an older charter of the same bureaus", -1, func(w *world, f *file) {
		g := w.olderCharter()
		f.genesis, f.id = g.Marshal(), g.Ledger
	})
	add("an older charter under the name of this one", -1, func(w *world, f *file) { f.genesis = w.olderCharter().Marshal() })
	add("a charter that a founder did not sign", -1, func(w *world, f *file) {
		f.genesis = bytes.Clone(f.genesis)
		f.genesis[len(f.genesis)-1] ^= 1
	})
	add("a changed charter", -1, func(w *world, f *file) {
		f.genesis = bytes.Clone(f.genesis)
		f.genesis[10] ^= 1
	})

	add("the list of hashes changed", k, func(w *world, f *file) { f.leaves[k][0] ^= 1 })
	add("the list of hashes changed everywhere", int64(0), func(w *world, f *file) {
		for i := range f.leaves {
			f.leaves[i][0] ^= 1
		}
	})
	add("entry and list changed, differently", k, func(w *world, f *file) { f.flip(k, 156, 1); f.leaves[k][0] ^= 1 })

	add("bodies of two entries swapped", k, func(w *world, f *file) { f.records[k].Body, f.records[k2].Body = f.records[k2].Body, f.records[k].Body })
	add("a body changed", k, func(w *world, f *file) {
		f.records[k].Body = bytes.Clone(f.records[k].Body)
		f.records[k].Body[3] ^= 1
	})
	add("a body denied", k, func(w *world, f *file) { f.records[k].Body, f.records[k].State = nil, bundle.None })
	add("a body that nobody signed", 2, func(w *world, f *file) { f.records[2].Body, f.records[2].State = []byte("more"), bundle.Included })
	add("a purge of nothing", 2, func(w *world, f *file) { f.records[2].State = bundle.Purged })
	add("a body left out", -1, func(w *world, f *file) { f.records[k].Body, f.records[k].State = nil, bundle.LeftOut }).want = Authentic
	add("a body said to be purged", -1, func(w *world, f *file) { f.records[k].Body, f.records[k].State = nil, bundle.Purged }).want = Remarked
	add("a time that falls", k, func(w *world, f *file) { f.records[k].Time = start })
	add("a time far ahead", -1, func(w *world, f *file) { f.records[n-1].Time = start + 40*24*3600*1000 }).want = Remarked
	add("bytes for an entry", k, func(w *world, f *file) { f.records[k].Entry = []byte("no entry") })
	add("bytes for an entry, list as well", k, func(w *world, f *file) { f.records[k].Entry = []byte("no entry"); f.relist() })

	// From here on a quorum lies: all hashes and heads are right.
	conspire := func(name string, entry int64, change func(w *world, f *file)) *tamper {
		return add("a quorum hides: "+name, entry, func(w *world, f *file) {
			change(w, f)
			w.reseal(f, quorum...)
		})
	}
	conspire("a flipped signature", k, func(w *world, f *file) { f.flip(k, -1, 1) }).most = 6
	conspire("a signature that does not verify", n, func(w *world, f *file) {
		w.append(f, w.author(6).Publish(w.t, ledger.KindBlue, []byte("new")))
		f.flip(n, -1, 1)
	})
	conspire("an amendment of another bureau's notice", n, func(w *world, f *file) {
		w.append(f, w.author(6).Amend(w.t, f.entry(w.t, old).ID, ledger.KindBlue, []byte("not mine")))
	})
	conspire("a red notice with one signature", n, func(w *world, f *file) {
		w.append(f, w.author(6).Publish(w.t, ledger.KindRed, []byte("alone")))
	})
	conspire("an enrolment by an officer", n, func(w *world, f *file) {
		a := w.NewAuthor("XD more")
		it := w.Bureaus[3].EnrolSigner(w.t, a, "more-1", ledger.RoleInvestigator)
		w.append(f, w.author(6).Sign(w.t, *it.Entry.Statement, nil))
	})
	conspire("a statement left out", n, func(w *world, f *file) {
		a := w.author(6)
		a.Reply(w.t, []byte("left out"))
		w.append(f, a.Reply(w.t, []byte("kept")))
	})
	conspire("an entry twice", n, func(w *world, f *file) { f.records = append(f.records, f.records[k]) })
	conspire("another root that an author saw", n, func(w *world, f *file) {
		w.append(f, w.author(6).Sign(w.t, ledger.Statement{Class: ledger.ClassReply, SeenSize: 100, SeenRoot: ledger.Hash{1}}, []byte("x")))
	})
	conspire("a suffix written anew", -1, func(w *world, f *file) {
		f.records = f.records[:old]
		a := w.NewAuthor("XE new")
		w.append(f, w.enrolAt(f, 4, a))
		for range 50 {
			w.append(f, a.Publish(w.t, ledger.KindBlue, []byte("new")))
		}
	})
	return out
}

// enrolAt enrols an author by the root of the i-th bureau as it would have been at
// the end of f, which has nothing of that root but its first enrolments.
func (w *world) enrolAt(f *file, i int, a *ledgertest.Author) ledger.Item {
	root := w.Bureaus[i].Root
	b := *w.Bureaus[i]
	again := *root
	b.Root = &again
	return b.EnrolSigner(w.t, a, "new-1", ledger.RoleInvestigator)
}

// red returns the first red notice with two signatures behind an index.
func (w *world) red(from int64) int {
	for i := from; ; i++ {
		if e := w.entry(w.t, i); e.Statement.Class == ledger.ClassPublish && len(e.Signatures) == 2 {
			return int(i)
		}
	}
}

// next returns the next entry by the author of an entry.
func (w *world) next(i int64) int64 {
	author := w.entry(w.t, i).Statement.Author
	for j := i + 1; ; j++ {
		if w.entry(w.t, j).Statement.Author == author {
			return j
		}
	}
}

// enrolOf returns where an author was enrolled.
func (w *world) enrolOf(a *ledgertest.Author) int64 {
	for i := int64(0); ; i++ {
		s := w.entry(w.t, i).Statement
		if s.Class != ledger.ClassEnrol {
			continue
		}
		if en, err := ledger.ParseEnrol(s.Public); err == nil && en.KeyID() == a.Signer.ID() {
			return i
		}
	}
}

func (w *world) notesUpTo(f *file, size uint64) [][]byte {
	p := w.Genesis.PolicyAt(0)
	return slices.DeleteFunc(slices.Clone(f.notes), func(n []byte) bool {
		c, _, err := p.Open(n)
		return err != nil || c.Size > size
	})
}

// rollBack makes the file that of an earlier day.
func (w *world) rollBack(f *file, size uint64) {
	f.records = f.records[:size]
	f.relist()
	f.notes = w.notesUpTo(f, size)
}

// olderCharter has the same members and keys, and was founded a day before.
func (w *world) olderCharter() *ledger.Genesis {
	c := *w.Genesis.Charter
	c.Created -= 86_400
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

// TestTamper changes a real ledger in every way that we can think of. Each must
// be found, by a failure that names the entry where one can, and must not drag
// the rest of the ledger along.
func TestTamper(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long, and one goroutine")
	}
	rememberSignatures(t)
	w := ten(t)
	var text bytes.Buffer
	for _, c := range tampers(w) {
		r := c.audit(t, w)
		fmt.Fprintf(&text, "%s: %s", c.name, show(r))
		if r.Verdict != c.want {
			t.Errorf("%s: got %s", c.name, show(r))
			continue
		}
		if (r.Verdict == Forged) != (len(r.Failures) > 0) {
			t.Errorf("%s: verdict %d with %d failures", c.name, r.Verdict, len(r.Failures))
		}
		if most := max(c.most, 4); len(r.Failures) > most {
			t.Errorf("%s: %d failures for one change\n%s", c.name, len(r.Failures), show(r))
		}
		if c.entry >= 0 && !slices.ContainsFunc(r.Failures, func(f Failure) bool { return f.Entry != nil && *f.Entry == uint64(c.entry) }) {
			t.Errorf("%s: entry %d is not named\n%s", c.name, c.entry, show(r))
		}
		for _, f := range r.Failures {
			if f.What == "" || f.Do == "" {
				t.Errorf("%s: a failure without words: %+v", c.name, f)
			}
		}
	}
	name := "testdata/tamper-2000.txt"
	if long() {
		name = "testdata/tamper-10000.txt"
	}
	golden(t, name, text.Bytes())
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	a, b := strings.Split(string(got), "\n"), strings.Split(string(want), "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			t.Fatalf("%s, line %d:\ngot  %s\nwant %s", name, i+1, a[i], b[i])
		}
	}
	if len(a) != len(b) {
		t.Fatalf("%s: got %d lines, want %d", name, len(a), len(b))
	}
}
