package seal

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"strings"
	"testing"
)

const (
	cryptoMD     = "../CRYPTO.md"
	exampleFence = "```seal-example\n"
)

// exampleLines is what crypto/CRYPTO.md shows of a vector with one part and one
// grant. Long values are cut in the middle.
func exampleLines(t *testing.T, v *vector) string {
	b := mustParse(t, v.body)
	p := &b.parts[0]
	opened, err := b.Open(v.ctx, v.ids())
	if err != nil || len(opened) != 1 {
		t.Fatalf("open: got %v, error %v", opened, err)
	}
	var out strings.Builder
	line := func(name string, value []byte) { fmt.Fprintf(&out, "%-12s %s\n", name, wrapHex(value)) }
	line("ledger", v.ctx.Ledger[:])
	line("author", v.ctx.Author[:])
	seed := v.identities[0].identity.Seed()
	line("reader seed", seed[:])
	line("content key", opened[0].contentKey[:])
	fmt.Fprintf(&out, "%-12s %q\n", "text", opened[0].Plaintext)
	line("context", v.ctx.partContext(p))
	line("info", grantInfo(v.ctx, v.ctx.Author, p))
	digest := sha256.Sum256(v.body)
	line("H(body)", digest[:])

	offset := 0
	field := func(name string, size int) {
		value := v.body[offset : offset+size]
		text := hex.EncodeToString(value)
		if size > 48 {
			text = fmt.Sprintf("%x..%x", value[:8], value[size-8:])
		}
		fmt.Fprintf(&out, "%6d %5d  %s  %s\n", offset, size, text, name)
		offset += size
	}
	fmt.Fprintf(&out, "offset  size\n")
	field("suite", 1)
	field("n", 1)
	field("compartment", 1)
	field("part id", partIDSize)
	field("size", 4)
	field("salt", saltSize)
	field("commitment", commitmentSize)
	field("chunk 0", len(p.sealed)-headerSize)
	field("m", 2)
	field("compartment", 1)
	field("enc", encSize)
	field("ct", boxSize-encSize)
	return out.String()
}

// wrapHex breaks hex after 48 bytes, under the value.
func wrapHex(value []byte) string {
	var lines []string
	for len(value) > 48 {
		lines = append(lines, hex.EncodeToString(value[:48]))
		value = value[48:]
	}
	return strings.Join(append(lines, hex.EncodeToString(value)), "\n"+strings.Repeat(" ", 13))
}

// TestExampleInCryptoMD reads the example of the format's text back.
func TestExampleInCryptoMD(t *testing.T) {
	want := exampleLines(t, readVector(t, "testdata/vectors/card-one-reader.txt"))
	doc, err := os.ReadFile(cryptoMD)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := bytes.Cut(doc, []byte(exampleFence))
	got, after, closed := bytes.Cut(rest, []byte("```\n"))
	if !ok || !closed {
		t.Fatalf("%s has no block %q", cryptoMD, exampleFence)
	}
	if string(got) == want {
		return
	}
	if !*update {
		t.Fatalf("%s: example is\n%s\nwant\n%s", cryptoMD, got, want)
	}
	doc = bytes.Join([][]byte{before, []byte(exampleFence), []byte(want), []byte("```\n"), after}, nil)
	if err := os.WriteFile(cryptoMD, doc, 0o644); err != nil {
		t.Fatal(err)
	}
}
