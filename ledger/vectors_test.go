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

	"comity/ledger"
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
	case errors.As(err, new(*ledger.CutError)):
		return "cut"
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
