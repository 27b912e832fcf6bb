package audit

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"comity/ledger"
	"comity/ledger/bundle"
	"comity/ledger/state"
)

// TestAuthentic audits a ledger that nobody changed.
func TestAuthentic(t *testing.T) {
	rememberSignatures(t)
	w := ten(t)
	var done []uint64
	r := run(t, w.file, w.trust(), Options{Progress: func(n, total uint64) {
		if total != w.size {
			t.Errorf("progress: got %d of %d", n, total)
		}
		done = append(done, n)
	}})
	if r.Verdict != Authentic || len(r.Failures) > 0 || len(r.Findings) > 0 {
		t.Fatalf("got %s, findings %+v", show(r), r.Findings)
	}
	if len(done) == 0 || !slices.IsSorted(done) || done[len(done)-1] != w.size {
		t.Errorf("progress: got %v", done)
	}
	data := w.marshal()
	if r.Ledger != w.Genesis.Ledger || r.Digest != bodyHash(data) || r.Bytes != uint64(len(data)) || r.Entries != w.size ||
		r.Head != w.checkpoint(w.size) || len(r.Cosigners) != 4 || r.Quorum != 4 || r.Members != 5 ||
		r.Anchor == nil || r.Anchor.Size != w.size/2 || !r.Earliest.Before(r.Latest) {
		t.Errorf("got %+v", r)
	}
	var entries, kinds uint64
	for _, c := range r.Bureaus {
		entries += c.Entries
	}
	for _, c := range r.Kinds {
		kinds += c.Entries
	}
	if entries != w.size || kinds != w.size {
		t.Errorf("got %d entries by bureau and %d by kind, want %d", entries, kinds, w.size)
	}
	if want := int(questions) - 1; len(r.Checks) != want { // nobody joined
		t.Errorf("got %d checks, want %d", len(r.Checks), want)
	}
	for _, c := range r.Checks {
		if c.Checked == 0 || c.Failed != 0 {
			t.Errorf("%s: checked %d, failed %d", c.Question, c.Checked, c.Failed)
		}
	}
}

// TestPlantedFaults audits with one check switched off: each time something that
// only this check finds must pass.
func TestPlantedFaults(t *testing.T) {
	rememberSignatures(t)
	w := ten(t)
	cases := make(map[string]tamper)
	for _, c := range tampers(w) {
		cases[c.name] = c
	}
	defer func() { testingOnlyBlind = 0 }()
	for _, c := range []struct {
		off  []question
		name string
	}{
		{[]question{qCharter}, "another ledger"},
		{[]question{qSignatures}, "a quorum hides: a signature that does not verify"},
		{[]question{qRules}, "a quorum hides: an amendment of another bureau's notice"},
		{[]question{qRules}, "a quorum hides: another root that an author saw"},
		{[]question{qSequence}, "the list of hashes changed"},
		{[]question{qSequence}, "a time that falls"},
		{[]question{qChains}, "a quorum hides: a statement left out"},
		{[]question{qHeads}, "a cosignature too few"},
		{[]question{qAnchors}, "roll back"},
		{[]question{qAnchors}, "a quorum hides: a suffix written anew"},
		{[]question{qRules, qKeys}, "a quorum hides: an enrolment by an officer"}, // qKeys counts what others find
		{[]question{qBodies}, "bodies of two entries swapped"},
	} {
		tm, ok := cases[c.name]
		if !ok {
			t.Fatalf("there is no case %q", c.name)
		}
		testingOnlyBlind = 0
		if r := tm.audit(t, w); r.Verdict != Forged {
			t.Errorf("%s: not found with all checks on", c.name)
		}
		for _, q := range c.off {
			testingOnlyBlind |= 1 << q
		}
		if r := tm.audit(t, w); r.Verdict == Forged {
			t.Errorf("%s: found without the check for it: %s", c.name, show(r))
		}
	}
}

// TestSince lets signatures rest that an anchor stands for, and only then.
func TestSince(t *testing.T) {
	w := ten(t)
	since := w.size / 2
	count := func(r *Report) uint64 { return r.Checks[1].Checked }
	r := run(t, w.file, w.trust(), Options{Since: since})
	if r.Verdict != Authentic || r.Since != since || count(r) != w.size-since || r.SinceWhy != "" {
		t.Errorf("with an anchor: verdict %d, since %d, %d signatures, %q", r.Verdict, r.Since, count(r), r.SinceWhy)
	}
	if !slices.ContainsFunc(r.NotChecked, func(s string) bool { return strings.HasPrefix(s, "Signatures of entries before") }) {
		t.Errorf("what was not checked does not say so: %q", r.NotChecked)
	}
	rememberSignatures(t)
	for name, change := range map[string]func(t *Trust, o *Options){
		"no anchor":          func(t *Trust, o *Options) { t.Anchors = nil },
		"an anchor too soon": func(t *Trust, o *Options) { o.Since++ },
		"a later anchor":     func(t *Trust, o *Options) { t.Anchors[0].Size = w.size + 1 },
		"no ledger":          func(t *Trust, o *Options) { t.Ledger = nil },
	} {
		trust, o := w.trust(), Options{Since: since}
		change(&trust, &o)
		if r := run(t, w.file, trust, o); r.Since != 0 || r.SinceWhy == "" || count(r) != w.size {
			t.Errorf("%s: since %d, %d signatures, %q", name, r.Since, count(r), r.SinceWhy)
		}
	}

	// A signature that does not verify, below an anchor that is not of this file.
	f := w.file.clone()
	k := w.victim(100, ledger.ClassPublish, 2)
	f.flip(k, -1, 1)
	named := func(r *Report) bool {
		return slices.ContainsFunc(r.Failures, func(f Failure) bool { return f.Entry != nil && *f.Entry == uint64(k) })
	}
	trust := w.trust()
	if r := run(t, f, trust, Options{Since: since}); r.Verdict != Forged || !named(r) {
		t.Errorf("changed below a good anchor: got %s", show(r))
	}
	f.relist()
	if r := run(t, f, trust, Options{Since: since}); r.Verdict != Forged || r.Since != 0 || r.SinceWhy == "" || !named(r) {
		t.Errorf("changed below an anchor that does not agree: since %d, %s", r.Since, show(r))
	}
	// What cannot be read twice says that signatures rested.
	r, err := Run(context.Background(), io.MultiReader(bytes.NewReader(f.marshal())), trust, Options{Since: since})
	if err != nil || r.Verdict != Forged || r.Since != since || !strings.Contains(strings.Join(r.NotChecked, "\n"), "it did not come out that") {
		t.Errorf("from a pipe: %v, since %d, %q", err, r.Since, r.NotChecked)
	}
}

// TestErrors is about what is no finding: files that are none, readers that
// fail, callers who give up, directories that are not there.
func TestErrors(t *testing.T) {
	rememberSignatures(t)
	w := ten(t)
	data := w.marshal()
	ctx := context.Background()
	for name, text := range map[string]string{"nothing": "", "text": "hello\n", "a part of the first line": "comity bun", "version 2": "comity bundle v2\n"} {
		if _, err := Run(ctx, strings.NewReader(text), Trust{}, Options{}); !errors.Is(err, bundle.ErrNoBundle) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	broken := errors.New("the disk is broken")
	for _, n := range []int{0, 10, 100, 9_000, len(data) / 2, len(data) - 10_000, len(data) - 40, len(data)} {
		r := io.MultiReader(bytes.NewReader(data[:n]), iotest.ErrReader(broken))
		if _, err := Run(ctx, r, w.trust(), Options{}); !errors.Is(err, broken) {
			t.Errorf("after %d bytes: got %v", n, err)
		}
	}
	if _, err := Run(ctx, bytes.NewReader(data), w.trust(), Options{Temp: t.TempDir() + "/missing"}); err == nil {
		t.Error("no directory for temporary files: no error")
	}
	ctx, cancel := context.WithCancel(ctx)
	if _, err := Run(ctx, bytes.NewReader(data), w.trust(), Options{Progress: func(done, total uint64) { cancel() }}); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: got %v", err)
	}
	// What is behind a fault has no end.
	ctx, cancel = context.WithCancel(context.Background())
	endless := &zeros{cancel: cancel}
	if _, err := Run(ctx, io.MultiReader(bytes.NewReader(data), endless), w.trust(), Options{}); !errors.Is(err, context.Canceled) || endless.read > 16<<20 {
		t.Errorf("a file without end: got %v after %d bytes", err, endless.read)
	}
	dir := t.TempDir()
	if _, err := Run(context.Background(), bytes.NewReader(data), w.trust(), Options{Temp: dir, Workers: 1}); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("temporary files are left: %v, %v", left, err)
	}
}

// zeros has no end. It cancels once some was read, and breaks if that is not heeded.
type zeros struct {
	read   int
	cancel func()
}

func (z *zeros) Read(p []byte) (int, error) {
	clear(p)
	if z.read += len(p); z.read > 4<<20 {
		z.cancel()
	}
	if z.read > 64<<20 {
		return 0, io.EOF
	}
	return len(p), nil
}

// TestDamage cuts and changes the file at many places: always a report, never a
// panic, and never that all is well.
func TestDamage(t *testing.T) {
	rememberSignatures(t)
	ten(t)
	w := otherWorld
	data := w.marshal()
	step := 9973
	if long() {
		step = 4999
	}
	for i := len("comity bundle v1\n"); i < len(data); i += step {
		if r := runBytes(t, data[:i], w.trust(), Options{}); r.Verdict != Forged {
			t.Fatalf("cut at byte %d: got verdict %d", i, r.Verdict)
		}
		changed := bytes.Clone(data)
		changed[i] ^= 0x40
		if r := runBytes(t, changed, w.trust(), Options{}); r.Verdict != Forged {
			t.Fatalf("byte %d changed: got verdict %d", i, r.Verdict)
		}
	}
}

// TestFindings plants each thing that needs a person's eye.
func TestFindings(t *testing.T) {
	rememberSignatures(t)
	w := newWorld(t, 5)
	w.fill(400)
	audit := func(f *file) []string {
		t.Helper()
		r := run(t, f, w.trust(), Options{})
		if len(r.Findings) > 0 && r.Verdict != Remarked || len(r.Failures) > 0 {
			t.Errorf("verdict %s", show(r))
		}
		var out []string
		for _, f := range r.Findings {
			at := ""
			if f.Entry != nil {
				at = "entry " + number(*f.Entry) + ": "
			}
			if f.Why == "" {
				t.Errorf("%s: nothing says why", f.What)
			}
			out = append(out, at+f.What)
		}
		return out
	}
	check := func(name string, got []string, want ...string) {
		t.Helper()
		if !slices.EqualFunc(got, want, strings.HasPrefix) {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	check("clean", audit(w.file))

	f := w.file.clone()
	doubted := w.authors[2].Signer.ID()
	revoke := ledger.Revoke{Key: doubted, SuspectFrom: 300}
	root := *w.Bureaus[1].Root
	w.append(f, root.Sign(t, ledger.Statement{Class: ledger.ClassRevoke, Public: revoke.Marshal()}, nil))
	w.reseal(f, quorum...)
	n := 0
	for i := int64(300); i < 400; i++ {
		for _, s := range w.entry(t, i).Signatures {
			if s.Key == doubted {
				n++
			}
		}
	}
	check("suspect", audit(f), "entry 400: XB is in doubt about its key "+doubted.Short()+" from entry 300 on; entries that it signed since: "+number(uint64(n)))
	if n == 0 {
		t.Error("the key in doubt has signed nothing")
	}

	f = w.file.clone()
	late := ledger.Publish{Kind: ledger.KindBlue, ReviewBy: uint32(start / 86_400_000), SizeClass: 2}
	a := w.author(0)
	for range 25 {
		w.append(f, a.Sign(t, ledger.Statement{Class: ledger.ClassPublish, Public: late.Marshal()}, []byte("late")))
	}
	first := f.entry(t, 400)
	w.append(f, a.Withdraw(t, first.ID))
	w.now += 86_400_000
	w.append(f, a.Publish(t, ledger.KindBlue, []byte("next day")))
	w.reseal(f, quorum...)
	got := audit(f)
	if len(got) != maxFindings+1 || got[0] != "entry 401: review date passed: 14 November 2023" || got[maxFindings] != "4 more notices are past their day of review" {
		t.Errorf("overdue: got %q", got)
	}
	w.now -= 86_400_000
	// Of five, one may say anything of its clock.
	f = w.file.clone()
	w.now += 900 * 24 * 3600 * 1000
	ahead := w.note(w.checkpoint(w.size), 4)
	w.now -= 900 * 24 * 3600 * 1000
	text, l := lines(w.note(w.checkpoint(w.size), 0, 1, 2))
	_, more := lines(ahead)
	f.notes[len(f.notes)-1] = []byte(text + strings.Join(append(l, more...), ""))
	check("a clock that is ahead", audit(f))

	f = w.file.clone()
	for i, n := range f.notes {
		c, _, err := w.Genesis.Open(n)
		if err != nil {
			t.Fatal(err)
		}
		f.notes[i] = w.note(c, quorum...)
	}
	check("absent", audit(f), "XE cosigned none of the last ")
	w.now += 3 * 24 * 3600 * 1000
	f.notes[len(f.notes)-1] = w.note(w.checkpoint(w.size), 1, 2, 3, 4)
	check("clock", audit(f), "entry 399: its ledger time, 14 November 2023")
	w.now -= 3 * 24 * 3600 * 1000

	f = w.file.clone()
	f.records[399].State, f.records[399].Body = bundle.Purged, nil
	check("purged", audit(f), "entry 399: 1 sealed text of it is said to be purged")
}

// TestEmpty audits a ledger in which nothing was said yet.
func TestEmpty(t *testing.T) {
	ten(t)
	w := otherWorld
	id := w.Genesis.Ledger
	f := &file{id: id, genesis: w.genesis}
	if r := run(t, f, Trust{Ledger: &id}, Options{}); r.Verdict != Forged || r.Entries != 0 {
		t.Errorf("got %s", show(r))
	}
}

// TestDiff compares histories that are equal, longer, and apart.
func TestDiff(t *testing.T) {
	w := ten(t)
	diff := func(a, b *file) *Difference {
		t.Helper()
		d, err := Diff(context.Background(), bytes.NewReader(a.marshal()), bytes.NewReader(b.marshal()), nil)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	if d := diff(w.file, w.file); d.Relation != Equal || d.At != w.size || !d.A.Final || d.A.Head != w.checkpoint(w.size) || len(d.Both) != 0 || d.A.Entry != nil {
		t.Errorf("the same: got %+v", d)
	}
	short := w.file.clone()
	w.rollBack(short, w.size/2)
	if d := diff(short, w.file); d.Relation != Shorter || d.At != w.size/2 || d.A.Entry != nil || d.B.Entry == nil || len(d.Both) != 0 {
		t.Errorf("shorter: got %+v", d)
	}
	if d := diff(w.file, short); d.Relation != Longer || d.At != w.size/2 {
		t.Errorf("longer: got %+v", d)
	}
	k := w.victim(w.size*4/5, ledger.ClassPublish, 2)
	other := w.file.clone()
	w.resign(other, k, w.author(0))
	w.reseal(other, 0, 2, 3, 4)
	d := diff(w.file, other)
	if d.Relation != Forked || d.At != uint64(k) || d.A.Entry.Bureau != "XC" || d.B.Entry.Bureau != "XA" || d.A.Entry.Class != "publish" ||
		d.A.Entry.Label != "desk-1" || d.A.Entry.ID == d.B.Entry.ID || d.Quorum != 4 {
		t.Errorf("forked: got %+v", d)
	}
	var want []string
	for _, c := range d.A.Cosigners {
		if c != "XB" {
			want = append(want, c)
		}
	}
	if !slices.Equal(d.Both, want) || len(want) < 3 {
		t.Errorf("forked: %v signed both, want %v", d.Both, want)
	}
	if d := diff(w.file, otherWorld.file); d.Relation != OtherLedger {
		t.Errorf("another ledger: got %+v", d)
	}
	id := ledger.Hash{1}
	if d, err := Diff(context.Background(), bytes.NewReader(w.marshal()), bytes.NewReader(w.marshal()), &id); err != nil || d.Relation != OtherLedger {
		t.Errorf("not the ledger that is meant: got %+v, %v", d, err)
	}
	cut := w.marshal()
	d, err := Diff(context.Background(), bytes.NewReader(cut[:len(cut)/2]), bytes.NewReader(w.marshal()), nil)
	if err != nil || d.Relation != Shorter || d.A.Damage == "" {
		t.Errorf("cut: got %+v, %v", d, err)
	}
	// What is behind the heads is read, whatever they are.
	headless := w.file.clone()
	headless.notes = headless.notes[:3]
	end := headless.marshal()
	for name, data := range map[string][]byte{"no checksum": end[:len(end)-32], "another checksum": append(bytes.Clone(end[:len(end)-1]), ^end[len(end)-1])} {
		d, err := Diff(context.Background(), bytes.NewReader(data), bytes.NewReader(w.marshal()), nil)
		if err != nil || d.Relation != Equal || d.A.Damage == "" {
			t.Errorf("%s: got %+v, %v", name, d, err)
		}
	}
	if _, err := Diff(context.Background(), strings.NewReader("x"), bytes.NewReader(cut), nil); !errors.Is(err, bundle.ErrNoBundle) {
		t.Errorf("no bundle: got %v", err)
	}
}

// TestSlots holds a table in a file against what was put there.
func TestSlots(t *testing.T) {
	f, err := newFiles(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer f.close()
	table, err := newSlots(f, "notices", state.NoticeBytes, 0)
	if err != nil {
		t.Fatal(err)
	}
	const n = 20_000 // doubles twice
	key := func(i int) []byte { h := bodyHash([]byte{byte(i), byte(i >> 8), byte(i >> 16)}); return h[:] }
	value := func(i, version int) []byte {
		v := make([]byte, state.NoticeBytes)
		copy(v, "XA\x02\x01")
		v[11], v[12] = byte(i), byte(version)
		return v
	}
	for i := range n {
		if err := table.put(key(i), value(i, 0), uint64(i)); err != nil {
			t.Fatal(err)
		}
		if i%3 == 0 {
			if err := table.put(key(i/2), value(i/2, 1), 1); err != nil {
				t.Fatal(err)
			}
		}
	}
	seen := 0
	for i := range 2 * n {
		got, err := table.get(key(i))
		if err != nil || (got != nil) != (i < n) || got != nil && got[11] != byte(i) {
			t.Fatalf("notice %d: got %x, %v", i, got, err)
		}
	}
	if slot, _, err := table.find(key(3)); err != nil {
		t.Fatal(err)
	} else if _, _, note := table.parts(slot); note != 4 { // 3, and 1 when 6 was put
		t.Errorf("got note %d", note)
	}
	if err := table.each(func(slot []byte) error { seen++; return nil }); err != nil || seen != n {
		t.Errorf("got %d notices, %v; want %d", seen, err, n)
	}
}

// TestAnchorTimes are UTC in words.
func TestAnchorTimes(t *testing.T) {
	if got := hours(50 * 3600); got != "50 hours" {
		t.Errorf("got %q", got)
	}
	if got := number(1234567) + " " + number(123) + " " + number(1000); got != "1,234,567 123 1,000" {
		t.Errorf("got %q", got)
	}
}
