package bundle_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"comity/ledger"
	"comity/ledger/bundle"
	"comity/ledger/ledgertest"

	"golang.org/x/mod/sumdb/tlog"
)

// content is a whole bundle in memory.
type content struct {
	genesis  *ledger.Genesis
	groups   []*bundle.Group
	notes    [][]byte
	evidence [][]byte
}

func readAll(r io.Reader) (*content, error) {
	b, err := bundle.NewReader(r)
	if err != nil {
		return nil, err
	}
	c := &content{genesis: b.Genesis()}
	for {
		g, err := b.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		c.groups = append(c.groups, g)
	}
	for _, list := range []struct {
		out  *[][]byte
		next func() ([]byte, error)
	}{{&c.notes, b.NextNote}, {&c.evidence, b.NextEvidence}} {
		for {
			data, err := list.next()
			if err == io.EOF {
				break
			}
			if err != nil {
				return nil, err
			}
			*list.out = append(*list.out, data)
		}
	}
	return c, nil
}

// encode writes what was read by the words of FORMAT.md.
func (c *content) encode() []byte {
	vector := func(out, data []byte) []byte {
		return append(append(out, byte(len(data)>>16), byte(len(data)>>8), byte(len(data))), data...)
	}
	out := append([]byte("comity bundle v1\n"), c.genesis.Ledger[:]...)
	out = vector(out, c.genesis.Marshal())
	size := 0
	for _, g := range c.groups {
		size += len(g.Records)
	}
	out = binary.BigEndian.AppendUint64(out, uint64(size))
	for _, g := range c.groups {
		for _, r := range g.Records {
			out = append(vector(binary.BigEndian.AppendUint64(out, r.Time), r.Entry), byte(r.State))
			if r.State == bundle.Included {
				out = vector(out, r.Body)
			}
		}
		for _, h := range g.Leaves {
			out = append(out, h[:]...)
		}
	}
	out = binary.BigEndian.AppendUint32(out, uint32(len(c.notes)))
	for _, n := range c.notes {
		out = vector(out, n)
	}
	out = binary.BigEndian.AppendUint16(out, uint16(len(c.evidence)))
	for _, e := range c.evidence {
		out = vector(out, e)
	}
	sum := sha256.Sum256(out)
	return append(out, sum[:]...)
}

// records returns n of them with bodies of all states and sizes.
func records(n int) []bundle.Record {
	out := make([]bundle.Record, n)
	for i := range out {
		out[i] = bundle.Record{Time: uint64(i), Entry: bytes.Repeat([]byte{byte(i)}, 1+i%700), State: bundle.BodyState(i % 4)}
		if out[i].State == bundle.Included {
			out[i].Body = bytes.Repeat([]byte{byte(i), 7}, 1+i*37%9000)
		}
	}
	return out
}

func write(t testing.TB, g *ledger.Genesis, list []bundle.Record, notes, evidence [][]byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := bundle.NewWriter(&out, g, uint64(len(list)))
	if err != nil {
		t.Fatal(err)
	}
	for i := range list {
		if err := w.Add(&list[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(notes, evidence); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestRoundTrip(t *testing.T) {
	g := ledgertest.NewGenesis(t, 2).Genesis
	for _, n := range []int{0, 1, 255, 256, 257, 1000} {
		list := records(n)
		notes, evidence := [][]byte{[]byte("a"), []byte("bc")}, [][]byte{bytes.Repeat([]byte{1}, bundle.MaxProof)}
		data := write(t, g, list, notes, evidence)
		c, err := readAll(iotest.OneByteReader(bytes.NewReader(data)))
		if err != nil {
			t.Fatalf("%d records: %v", n, err)
		}
		var got []bundle.Record
		for _, g := range c.groups {
			if g.First != uint64(len(got)) || len(g.Records) != len(g.Leaves) {
				t.Fatalf("%d records: a group from %d with %d records and %d hashes", n, g.First, len(g.Records), len(g.Leaves))
			}
			for i, r := range g.Records {
				if g.Leaves[i] != tlog.RecordHash(r.Entry) {
					t.Fatalf("record %d: a hash that is not its own", i)
				}
			}
			got = append(got, g.Records...)
		}
		if n > 0 && !reflect.DeepEqual(got, list) || !reflect.DeepEqual(c.notes, notes) || !reflect.DeepEqual(c.evidence, evidence) {
			t.Errorf("%d records: something else was read than written", n)
		}
		if !bytes.Equal(c.encode(), data) {
			t.Errorf("%d records: not as FORMAT.md has it", n)
		}
	}
}

// TestGroups are bounded in bytes as well.
func TestGroups(t *testing.T) {
	g := ledgertest.NewGenesis(t, 1).Genesis
	list := make([]bundle.Record, 30)
	for i := range list {
		list[i] = bundle.Record{Entry: make([]byte, ledger.MaxEntry), Body: make([]byte, ledger.MaxBody), State: bundle.Included}
	}
	c, err := readAll(bytes.NewReader(write(t, g, list, nil, nil)))
	if err != nil {
		t.Fatal(err)
	}
	if len(c.groups) != 8 || len(c.groups[0].Records) != 4 {
		t.Errorf("got %d groups, the first of %d", len(c.groups), len(c.groups[0].Records))
	}
}

func TestWriterRefuses(t *testing.T) {
	g := ledgertest.NewGenesis(t, 1).Genesis
	for name, r := range map[string]bundle.Record{
		"no entry":         {},
		"a long entry":     {Entry: make([]byte, ledger.MaxEntry+1)},
		"a long body":      {Entry: []byte("x"), Body: make([]byte, ledger.MaxBody+1), State: bundle.Included},
		"a missing body":   {Entry: []byte("x"), State: bundle.Included},
		"a body too many":  {Entry: []byte("x"), Body: []byte("y"), State: bundle.Purged},
		"an unknown state": {Entry: []byte("x"), State: 4},
		"a late time":      {Entry: []byte("x"), Time: 1 << 60},
	} {
		w, err := bundle.NewWriter(io.Discard, g, 1)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Add(&r); err == nil {
			t.Errorf("%s: written", name)
		}
	}
	ok := &bundle.Record{Entry: []byte("x")}
	w, _ := bundle.NewWriter(io.Discard, g, 1)
	if err := w.Close(nil, nil); err == nil {
		t.Error("an entry too few: closed")
	}
	if err := errors.Join(w.Add(ok), w.Close([][]byte{{}}, nil)); err == nil {
		t.Error("an empty note: closed")
	}
	w, _ = bundle.NewWriter(io.Discard, g, 1)
	if err := w.Add(ok); err != nil {
		t.Fatal(err)
	}
	if err := w.Add(ok); err == nil {
		t.Error("an entry too many: written")
	}
	full := errors.New("the disk is full")
	w, _ = bundle.NewWriter(failing{full}, g, 1)
	w.Add(&bundle.Record{Entry: make([]byte, 60_000)})
	if err := w.Close(nil, nil); !errors.Is(err, full) {
		t.Errorf("a full disk: got %v", err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// TestReaderErrors tells a fault of the file from one of the disk.
func TestReaderErrors(t *testing.T) {
	g := ledgertest.NewGenesis(t, 1).Genesis
	data := write(t, g, records(300), [][]byte{[]byte("note")}, nil)
	broken := errors.New("the disk is broken")
	for n := 0; n < len(data); n += 997 {
		_, err := readAll(bytes.NewReader(data[:n]))
		var fault *bundle.Fault
		if n < 17 && !errors.Is(err, bundle.ErrNoBundle) || n >= 17 && (!errors.As(err, &fault) || !errors.Is(err, ledger.ErrMalformed)) {
			t.Fatalf("cut at %d: got %v", n, err)
		}
		if _, err := readAll(io.MultiReader(bytes.NewReader(data[:n]), iotest.ErrReader(broken))); !errors.Is(err, broken) {
			t.Fatalf("broken at %d: got %v", n, err)
		}
	}
	r, err := bundle.NewReader(bytes.NewReader(data[:len(data)-5]))
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Rest(t.Context()); err != nil || r.Digest() != sha256.Sum256(data[:len(data)-5]) || r.Bytes() != uint64(len(data)-5) {
		t.Errorf("the rest: %v, %d bytes", err, r.Bytes())
	}
}

// TestVectors reads the bundles among the vectors of the formats.
func TestVectors(t *testing.T) {
	files, err := filepath.Glob("../testdata/vectors/bundle*.txt")
	if err != nil || len(files) < 10 {
		t.Fatalf("got %d vectors, %v", len(files), err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		head, block, _ := strings.Cut(string(text), "\nhex\n")
		data, err := hex.DecodeString(strings.Join(strings.Fields(block), ""))
		if err != nil {
			t.Fatal(err)
		}
		_, err = readAll(bytes.NewReader(data))
		// What the founders did not sign is refused; what else is refused is for an audit.
		malformed := strings.Contains(head, "\nresult malformed")
		if (err != nil) != malformed && !strings.Contains(name, "charter") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// FuzzRead reads anything behind a good charter. What it takes has one encoding.
func FuzzRead(f *testing.F) {
	g := ledgertest.NewGenesis(f, 1).Genesis
	head := len("comity bundle v1\n") + 32 + 3 + len(g.Marshal())
	for _, n := range []int{0, 1, 5, 260} {
		data := write(f, g, records(n), [][]byte{[]byte("note")}, [][]byte{[]byte("evidence")})
		f.Add(data[head : len(data)-32])
	}
	prefix := write(f, g, nil, nil, nil)[:head]
	f.Fuzz(func(t *testing.T, tail []byte) {
		data := append(bytes.Clone(prefix), tail...)
		sum := sha256.Sum256(data)
		data = append(data, sum[:]...)
		c, err := readAll(bytes.NewReader(data))
		if err != nil {
			return
		}
		if !bytes.Equal(c.encode(), data) {
			t.Errorf("%x\nis written as\n%x", data, c.encode())
		}
	})
}
