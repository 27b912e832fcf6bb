package ledger_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"comity/crypto/keys"
	"comity/crypto/seal"
	"comity/ledger"

	"golang.org/x/mod/sumdb/tlog"
)

var update = flag.Bool("update", false, "rewrite testdata/vectors and the examples in FORMAT.md")

const vectorDir = "testdata/vectors"

// A vector is one file in testdata/vectors: bytes, what they claim to be, and
// what must come of them. README.md there says how to read one.
type vector struct {
	comment string
	kind    string   // what the bytes claim to be
	result  string   // ok, malformed, refused, quorum, ...
	given   []string // "genesis FILE", "leaf HEX", "key HEX", "card KEY": what else the check is given
	shows   []string // what a reader finds in it
	data    []byte
	text    bool // written as text, not as hex
}

func (v *vector) marshal() []byte {
	var out bytes.Buffer
	for line := range strings.Lines(v.comment) {
		fmt.Fprintf(&out, "# %s\n", strings.TrimSpace(line))
	}
	fmt.Fprintf(&out, "type %s\nresult %s\n", v.kind, v.result)
	for _, g := range v.given {
		fmt.Fprintf(&out, "given %s\n", g)
	}
	for _, s := range v.shows {
		fmt.Fprintf(&out, "shows %s\n", s)
	}
	if v.text {
		fmt.Fprintf(&out, "text\n")
		for line := range strings.Lines(string(v.data)) {
			fmt.Fprintf(&out, "  %s", line)
		}
		return out.Bytes()
	}
	fmt.Fprintf(&out, "hex\n")
	for line := range slices.Chunk(v.data, 32) {
		fmt.Fprintf(&out, "  %x\n", line)
	}
	return out.Bytes()
}

func parseVector(data string) (*vector, error) {
	v := &vector{}
	block := false
	for line := range strings.Lines(data) {
		key, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		var err error
		switch {
		case block && v.text:
			v.data = append(v.data, strings.TrimPrefix(line, "  ")...)
		case block:
			var b []byte
			b, err = hex.DecodeString(strings.TrimSpace(line))
			v.data = append(v.data, b...)
		case key == "#":
			v.comment += rest + "\n"
		case key == "type":
			v.kind = rest
		case key == "result":
			v.result = rest
		case key == "given":
			v.given = append(v.given, rest)
		case key == "shows":
			v.shows = append(v.shows, rest)
		case key == "hex", key == "text":
			block, v.text = true, key == "text"
		default:
			err = errors.New("unknown line")
		}
		if err != nil {
			return nil, fmt.Errorf("%q: %w", line, err)
		}
	}
	return v, nil
}

func readVector(t testing.TB, name string) *vector {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(vectorDir, name+".txt"))
	if err != nil {
		t.Fatal(err)
	}
	v, err := parseVector(string(data))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if !bytes.Equal(v.marshal(), data) {
		t.Fatalf("%s: not as -update writes it", name)
	}
	return v
}

func vectorNames(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(vectorDir, "*.txt"))
	if err != nil || len(files) < 150 && !*update {
		t.Fatalf("got %d vectors, error %v; want 150 or more", len(files), err)
	}
	for i, f := range files {
		files[i] = strings.TrimSuffix(filepath.Base(f), ".txt")
	}
	return files
}

func TestVectors(t *testing.T) {
	if *update {
		writeVectors(t)
	}
	for _, name := range vectorNames(t) {
		v := readVector(t, name)
		if strings.TrimSpace(v.comment) == "" || !strings.HasPrefix(name, v.kind) {
			t.Errorf("%s: want a comment, and a name that begins with the type %q", name, v.kind)
		}
		shows, err := v.check(t)
		if got := resultOf(err); got != v.result {
			t.Errorf("%s: got %s (%v), want %s", name, got, err, v.result)
		}
		if err == nil && !slices.Equal(shows, v.shows) {
			t.Errorf("%s: got\n%s\nwant\n%s", name, strings.Join(shows, "\n"), strings.Join(v.shows, "\n"))
		}
	}
}

// TestVectorsInFormat reads the examples of FORMAT.md back. It stands behind
// TestVectors, which writes what it reads.
func TestVectorsInFormat(t *testing.T) {
	doc, err := os.ReadFile("FORMAT.md")
	if err != nil {
		t.Fatal(err)
	}
	shown := 0
	want := exampleBlock.ReplaceAllFunc(doc, func(block []byte) []byte {
		shown++
		name := string(exampleBlock.FindSubmatch(block)[1])
		return fmt.Appendf(nil, "```example %s\n%s```\n", name, example(t, name))
	})
	if shown != len(layouts)+2 {
		t.Errorf("FORMAT.md shows %d examples, want %d", shown, len(layouts)+2)
	}
	if bytes.Equal(doc, want) {
		return
	}
	if !*update {
		got, want := strings.Split(string(doc), "\n"), strings.Split(string(want), "\n")
		for i := range min(len(got), len(want)) {
			if got[i] != want[i] {
				t.Fatalf("FORMAT.md, line %d: got %q, want %q", i+1, got[i], want[i])
			}
		}
		t.Fatalf("FORMAT.md: got %d lines, want %d", len(got), len(want))
	}
	if err := os.WriteFile("FORMAT.md", want, 0o644); err != nil {
		t.Fatal(err)
	}
}

// resultOf says in the words of the files what a check came to.
func resultOf(err error) string {
	switch {
	case err == nil:
		return "ok"
	case errors.Is(err, ledger.ErrMalformed):
		return "malformed"
	case errors.Is(err, ledger.ErrQuorum):
		return "quorum"
	case errors.Is(err, ledger.ErrNotIncluded):
		return "not-included"
	case errors.Is(err, ledger.ErrOtherLedger):
		return "other-ledger"
	}
	return "refused"
}

// given returns the values of the given lines with this key.
func (v *vector) values(key string) []string {
	var out []string
	for _, g := range v.given {
		if value, ok := strings.CutPrefix(g, key+" "); ok {
			out = append(out, value)
		}
	}
	return out
}

func (v *vector) genesis(t testing.TB) *ledger.Genesis {
	t.Helper()
	g, err := ledger.ParseGenesis(readVector(t, v.values("genesis")[0]).data)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// check parses and, where something is given, verifies the vector. It returns
// what it found.
func (v *vector) check(t testing.TB) ([]string, error) {
	t.Helper()
	switch v.kind {
	case "statement":
		return show(ledger.ParseStatement(v.data))(showStatement)
	case "publish":
		return show(ledger.ParsePublish(v.data))(showPublish)
	case "enrol":
		return show(ledger.ParseEnrol(v.data))(showEnrol)
	case "revoke":
		return show(ledger.ParseRevoke(v.data))(showRevoke)
	case "charter":
		return show(ledger.ParseCharter(v.data))(showCharter)
	case "cosignature":
		return v.checkCosignature(t)
	case "command":
		return show(ledger.ParseCommand(v.data))(showCommand)
	case "checkpoint":
		c, err := ledger.ParseCheckpoint(string(v.data))
		return show(&c, err)(showCheckpoint)
	case "item":
		it, err := ledger.ParseItem(v.data)
		return show(&it, err)(showItem)
	case "genesis":
		g, err := ledger.ParseGenesis(v.data)
		if err != nil {
			return nil, err
		}
		return showCharter(g.Charter), nil
	case "entry":
		return v.checkEntry(t)
	case "note":
		c, bureaus, err := v.genesis(t).Policy().Open(v.data)
		return append(showCheckpoint(&c), "cosigned "+strings.Join(bureaus, " ")), err
	case "receipt":
		return v.checkReceipt(t)
	case "exhibit":
		return v.checkExhibit(t)
	}
	t.Fatalf("unknown type %q", v.kind)
	return nil, nil
}

// show turns what a parser returned into lines.
func show[T any](value *T, err error) func(func(*T) []string) ([]string, error) {
	return func(lines func(*T) []string) ([]string, error) {
		if err != nil {
			return nil, err
		}
		return lines(value), nil
	}
}

func (v *vector) checkEntry(t testing.TB) ([]string, error) {
	t.Helper()
	e, err := ledger.ParseEntry(v.data)
	if err != nil {
		return nil, err
	}
	for i, key := range v.values("key") {
		pub, err := hex.DecodeString(key)
		if err != nil {
			t.Fatal(err)
		}
		if !e.Verify(i, pub) {
			return nil, fmt.Errorf("signature %d is not good", i)
		}
	}
	out := []string{fmt.Sprintf("id %s", e.ID), fmt.Sprintf("leaf %x", ledger.Hash(e.LeafHash()))}
	for _, s := range e.Signatures {
		out = append(out, fmt.Sprintf("signer %s", s.Key))
	}
	return out, nil
}

func (v *vector) checkCosignature(t testing.TB) ([]string, error) {
	t.Helper()
	s, err := ledger.ParseCosignature(v.data)
	if err != nil {
		return nil, err
	}
	out := showCosignature(s)
	for range v.values("genesis") {
		p := v.genesis(t).Policy()
		if !s.Verify(p.Witness[s.Node], p.Origin) {
			return nil, fmt.Errorf("the cosignature is not good")
		}
		text := ledger.Checkpoint{Origin: p.Origin, Size: s.Size, Root: s.Root}.String()
		out = append(out, fmt.Sprintf("cosigned04 %x", cosigned04(text, s.Time)), fmt.Sprintf("cosigned06 %x", cosigned06(s.Node, p.Origin, s.Size, s.Root[:], s.Time)))
	}
	return out, nil
}

func (v *vector) checkReceipt(t testing.TB) ([]string, error) {
	t.Helper()
	r, err := ledger.ParseReceipt(v.data)
	if err != nil {
		return nil, err
	}
	out := []string{fmt.Sprintf("index %d", r.Index), fmt.Sprintf("path %d", len(r.Proof))}
	for _, leaf := range v.values("leaf") {
		var h tlog.Hash
		if _, err := hex.Decode(h[:], []byte(leaf)); err != nil {
			t.Fatal(err)
		}
		c, bureaus, err := r.Verify(v.genesis(t).Policy(), h)
		if err != nil {
			return nil, err
		}
		out = append(append(out, showCheckpoint(&c)...), "cosigned "+strings.Join(bureaus, " "))
	}
	return out, nil
}

func (v *vector) checkExhibit(t testing.TB) ([]string, error) {
	t.Helper()
	x, err := ledger.ParseExhibit(v.data)
	if err != nil {
		return nil, err
	}
	verdict, err := x.Verify(v.genesis(t))
	if err != nil {
		return nil, err
	}
	out := []string{fmt.Sprintf("id %s", x.Item.Entry.ID), fmt.Sprintf("index %d", x.Receipt.Index), "cosigned " + strings.Join(verdict.Cosigners, " ")}
	for _, s := range verdict.Signers {
		out = append(out, strings.TrimSpace(fmt.Sprintf("signer %s %s root=%v enrolled=%d %s", s.Bureau, s.Key, s.Root, s.EnrolledAt, s.Label)))
	}
	for _, text := range v.values("card") {
		id, err := keys.ParseIdentity(text)
		if err != nil {
			t.Fatal(err)
		}
		b, err := seal.Parse(x.Item.Body)
		if err != nil {
			return nil, err
		}
		ctx := seal.Context{Ledger: keys.ID(x.Ledger), Author: x.Item.Entry.Statement.Author}
		opened, err := b.Open(ctx, map[seal.Compartment][]*keys.Identity{seal.Card: {id}})
		if err != nil {
			return nil, err
		}
		for _, o := range opened {
			out = append(out, fmt.Sprintf("opens %s %q", o.Compartment, o.Plaintext))
		}
	}
	return out, nil
}
