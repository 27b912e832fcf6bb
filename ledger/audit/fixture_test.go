package audit

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/bits"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"testing"
	"testing/cryptotest"
	"time"

	"comity/ledger"
	"comity/ledger/bundle"
	"comity/ledger/ledgertest"

	"golang.org/x/mod/sumdb/tlog"
)

// file is a bundle in parts, for tests to change. It is written by FORMAT.md, not
// by package bundle.
type file struct {
	id       ledger.Hash
	genesis  []byte
	size     uint64
	records  []bundle.Record
	leaves   []tlog.Hash
	notes    [][]byte
	evidence [][]byte
	tail     []byte // behind the checksum
}

// clone returns a copy whose lists may be changed; bytes in them may not.
func (f *file) clone() *file {
	c := *f
	c.records, c.leaves = slices.Clone(f.records), slices.Clone(f.leaves)
	c.notes, c.evidence = slices.Clone(f.notes), slices.Clone(f.evidence)
	return &c
}

func (f *file) marshal() []byte {
	var b bytes.Buffer
	b.Grow(6 << 20)
	vector := func(data []byte) {
		b.Write([]byte{byte(len(data) >> 16), byte(len(data) >> 8), byte(len(data))})
		b.Write(data)
	}
	b.WriteString("comity bundle v1\n")
	b.Write(f.id[:])
	vector(f.genesis)
	b.Write(binary.BigEndian.AppendUint64(nil, f.size))
	from := 0
	for i, r := range f.records {
		b.Write(binary.BigEndian.AppendUint64(nil, r.Time))
		vector(r.Entry)
		b.WriteByte(byte(r.State))
		if r.State == bundle.Included {
			vector(r.Body)
		}
		if i+1-from == 256 || groupLength(f.records[from:i+1]) >= 1<<20 || i+1 == len(f.records) {
			for _, h := range f.leaves[from : i+1] {
				b.Write(h[:])
			}
			from = i + 1
		}
	}
	b.Write(binary.BigEndian.AppendUint32(nil, uint32(len(f.notes))))
	for _, n := range f.notes {
		vector(n)
	}
	b.Write(binary.BigEndian.AppendUint16(nil, uint16(len(f.evidence))))
	for _, e := range f.evidence {
		vector(e)
	}
	sum := sha256.Sum256(b.Bytes())
	b.Write(sum[:])
	b.Write(f.tail)
	return b.Bytes()
}

func groupLength(records []bundle.Record) (n int) {
	for _, r := range records {
		n += 8 + 3 + len(r.Entry) + 1
		if r.State == bundle.Included {
			n += 3 + len(r.Body)
		}
	}
	return n
}

// relist makes the list of leaf hashes and the size those of the records.
func (f *file) relist() {
	f.leaves = f.leaves[:0:0]
	for _, r := range f.records {
		f.leaves = append(f.leaves, tlog.RecordHash(r.Entry))
	}
	f.size = uint64(len(f.records))
}

// world is a ledger that tests make bundles of.
type world struct {
	*ledgertest.Consortium
	*file
	t        testing.TB
	rng      *rand.Rand
	authors  []*ledgertest.Author // of the i-th bureau: 2*i its officer, 2*i+1 its supervisor
	notices  []notice
	now      uint64 // ms
	seen     ledger.Checkpoint
	hashes   []tlog.Hash
	archived uint64
	late     *ledgertest.Author // of XB, enrolled and revoked
	spare    *ledgertest.Author // of XB, enrolled later
}

type notice struct {
	id     ledger.ID
	kind   ledger.Kind
	author int
}

const start = 1_700_000_000_000

func newWorld(t testing.TB, n int) *world {
	c := ledgertest.NewGenesis(t, n)
	w := &world{Consortium: c, t: t, rng: rand.New(rand.NewPCG(5, 9)), now: start,
		file: &file{id: c.Genesis.Ledger, genesis: c.Genesis.Marshal()},
		seen: ledger.Checkpoint{Root: ledger.EmptyRoot}}
	for _, b := range c.Bureaus {
		w.authors = append(w.authors, b.Officer, b.Supervisor)
	}
	w.add(c.Enrolments(t)...)
	w.late, w.spare = c.NewAuthor("XB late"), c.NewAuthor("XB spare")
	w.add(c.Bureaus[1].EnrolSigner(t, w.late, "late-1", ledger.RoleInvestigator))
	w.archive()
	return w
}

func (w *world) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		out[i] = w.hashes[x]
	}
	return out, nil
}

func (w *world) add(items ...ledger.Item) {
	for _, it := range items {
		w.now += 1000
		state := bundle.None
		if len(it.Body) > 0 {
			state = bundle.Included
		}
		w.grow(bundle.Record{Time: w.now, Entry: it.Entry.Raw, Body: it.Body, State: state})
	}
}

func (w *world) grow(r bundle.Record) {
	hashes, err := tlog.StoredHashesForRecordHash(int64(w.size), tlog.RecordHash(r.Entry), w)
	if err != nil {
		w.t.Fatal(err)
	}
	w.hashes = append(w.hashes, hashes...)
	w.records = append(w.records, r)
	w.leaves = append(w.leaves, tlog.RecordHash(r.Entry))
	w.size++
}

// checkpoint returns the one of the first size entries.
func (w *world) checkpoint(size uint64) ledger.Checkpoint {
	root, err := tlog.TreeHash(int64(size), w)
	if err != nil {
		w.t.Fatal(err)
	}
	return ledger.Checkpoint{Origin: w.Genesis.Origin(), Size: size, Root: ledger.Hash(root)}
}

// note returns a note of c by these bureaus.
func (w *world) note(c ledger.Checkpoint, by ...int) []byte {
	var list []*ledger.Cosignature
	for _, i := range by {
		b := w.Bureaus[i]
		s, err := ledger.Cosign(b.Witness, b.Node(), c, w.now/1000+uint64(i))
		if err != nil {
			w.t.Fatal(err)
		}
		list = append(list, s)
	}
	return ledger.FormatNote(c, w.Genesis.PolicyAt(0).Witness, list)
}

// archive makes the present end FINAL: cosigned by all bureaus but one, another
// one each time.
func (w *world) archive() {
	w.seen = w.checkpoint(w.size)
	var by []int
	for i := range w.Bureaus {
		if len(w.Bureaus) < 4 || i != len(w.notes)%len(w.Bureaus) {
			by = append(by, i)
		}
	}
	w.notes = append(w.notes, w.note(w.seen, by...))
	w.archived = w.size
}

// act adds a random entry.
func (w *world) act() {
	i := w.rng.IntN(len(w.authors)/2) * 2
	a, head := w.authors[i], w.authors[i+1]
	s := ledger.Statement{SeenSize: w.seen.Size, SeenRoot: w.seen.Root}
	body := make([]byte, 40+w.rng.IntN(80))
	for i := range body {
		body[i] = byte(w.rng.Uint32())
	}
	var mine []notice
	if k := len(w.notices); k > 0 {
		if n := w.notices[w.rng.IntN(k)]; n.author == i {
			mine = append(mine, n)
		}
	}
	kind := []ledger.Kind{ledger.KindBlue, ledger.KindYellow, ledger.KindRed, ledger.KindUndisclosed}[w.rng.IntN(4)]
	class := []ledger.Class{ledger.ClassPublish, ledger.ClassReply, ledger.ClassAmend, ledger.ClassGrant, ledger.ClassWithdraw}[w.rng.IntN(5)]
	if len(mine) == 0 && class != ledger.ClassReply || class == ledger.ClassWithdraw && w.rng.IntN(2) == 0 {
		class = ledger.ClassPublish
	}
	s.Class = class
	switch class {
	case ledger.ClassAmend, ledger.ClassGrant, ledger.ClassWithdraw:
		s.Target, kind = mine[0].id, mine[0].kind
	}
	var others []*ledgertest.Author
	switch class {
	case ledger.ClassPublish, ledger.ClassAmend:
		p := ledger.Publish{Kind: kind, ReviewBy: 30_000, SizeClass: uint8(bits.Len(uint(len(body) - 1)))}
		s.Public = p.Marshal()
		if kind == ledger.KindRed {
			others = append(others, head)
		}
	case ledger.ClassWithdraw:
		body = nil
		w.notices = slices.DeleteFunc(w.notices, func(n notice) bool { return n.id == s.Target })
	}
	it := a.Sign(w.t, s, body, others...)
	if class == ledger.ClassPublish {
		w.notices = append(w.notices, notice{it.Entry.ID, kind, i})
		if len(w.notices) > 500 {
			w.notices = w.notices[1:]
		}
	}
	w.add(it)
}

// fill adds random entries up to size, with heads whenever the size has doubled
// and at every eighth of the end; a key of XB is revoked on the way.
func (w *world) fill(size uint64) {
	for w.size < size {
		switch w.size {
		case size / 2:
			w.add(w.late.Publish(w.t, ledger.KindBlue, []byte("late")))
		case size/2 + 1:
			w.add(w.Bureaus[1].Revoke(w.t, w.late.Signer.ID()))
		case size/2 + 2:
			w.add(w.Bureaus[1].EnrolSigner(w.t, w.spare, "spare-1", ledger.RoleInvestigator))
		default:
			w.act()
		}
		if w.size == 2*w.archived || w.size%(size/8) == 0 {
			w.archive()
		}
	}
	if w.archived != w.size {
		w.archive()
	}
}

// reseal makes the change look as if a quorum had made it: hashes, size and one
// head over all are right.
func (w *world) reseal(f *file, by ...int) {
	f.relist()
	o := *w
	o.hashes, o.file = nil, &file{}
	for _, r := range f.records {
		o.grow(r)
	}
	f.notes = [][]byte{w.note(o.checkpoint(o.size), by...)}
}

// quorum is the bureaus XA to XD.
var quorum = []int{0, 1, 2, 3}

// ten is the ledger of the tamper matrix, built once: of 2,000 entries, and with
// COMITY_LONG of 10,000, which is large enough for lists that go to their files.
func ten(t *testing.T) *world {
	tenOnce.Do(func() {
		cryptotest.SetGlobalRandom(t, 1)
		w := newWorld(t, 5)
		n := uint64(2_000)
		if long() {
			n = 10_000
		}
		w.fill(n)
		tenWorld = w
		otherWorld = newWorld(t, 4)
		otherWorld.fill(400)
	})
	tenWorld.t, otherWorld.t = t, t
	return tenWorld
}

func long() bool { return os.Getenv("COMITY_LONG") != "" }

var (
	tenOnce    sync.Once
	tenWorld   *world
	otherWorld *world // a small ledger of other bureaus
)

// trust is that of an auditor who knows the ledger and was here before.
func (w *world) trust() Trust {
	id := w.Genesis.Ledger
	c := w.checkpoint(w.size / 2)
	return Trust{Ledger: &id, Anchors: []Anchor{{Size: c.Size, Root: c.Root, At: time.Unix(start/1000, 0).UTC()}}}
}

var verified sync.Map // leaf hash || number of the signature || key -> true

// rememberSignatures lets the audits of a test verify each signature once.
func rememberSignatures(t *testing.T) {
	plain := testingOnlyVerify
	t.Cleanup(func() { testingOnlyVerify = plain })
	testingOnlyVerify = func(e *ledger.Entry, i int, pub ed25519.PublicKey) bool {
		h := e.LeafHash()
		key := string(h[:]) + string(rune(i)) + string(pub)
		if _, ok := verified.Load(key); ok {
			return true
		}
		good := plain(e, i, pub)
		if good {
			verified.Store(key, true)
		}
		return good
	}
}

func run(t testing.TB, f *file, trust Trust, o Options) *Report {
	t.Helper()
	return runBytes(t, f.marshal(), trust, o)
}

func runBytes(t testing.TB, data []byte, trust Trust, o Options) *Report {
	t.Helper()
	r, err := Run(context.Background(), bytes.NewReader(data), trust, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// show writes a report for people who read tests.
func show(r *Report) string {
	var b bytes.Buffer
	fmt.Fprintf(&b, "verdict %d\n", r.Verdict)
	for _, f := range r.Failures {
		at := "file"
		if f.Entry != nil {
			at = "entry " + number(*f.Entry)
		}
		fmt.Fprintf(&b, "  %s [%s]: %s\n", at, f.Bureau, f.What)
	}
	return b.String()
}
