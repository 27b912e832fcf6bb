package ledger_test

import (
	"encoding/binary"
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// A layout cuts bytes into named fields and prints them as FORMAT.md shows them.
type layout struct {
	t    *testing.T
	out  strings.Builder
	data []byte
	at   int
}

// field prints the next size bytes, long ones cut in the middle.
func (l *layout) field(size int, name string) []byte {
	l.t.Helper()
	if l.at+size > len(l.data) {
		l.t.Fatalf("field %s: bytes %d to %d of %d", name, l.at, l.at+size, len(l.data))
	}
	value := l.data[l.at : l.at+size]
	text := fmt.Sprintf("%x", value)
	if size > 40 {
		text = fmt.Sprintf("%x..%x", value[:8], value[size-8:])
	}
	fmt.Fprintf(&l.out, "%s\n", strings.TrimRight(fmt.Sprintf("%6d %5d  %s  %s", l.at, size, text, name), " "))
	l.at += size
	return value
}

// number prints the next size bytes and returns them as an integer.
func (l *layout) number(size int, name string) int {
	l.t.Helper()
	var b [8]byte
	copy(b[8-size:], l.field(size, name))
	return int(binary.BigEndian.Uint64(b[:]))
}

// vector prints a length of that width and then that many bytes.
func (l *layout) vector(width int, name string) {
	l.t.Helper()
	n := l.number(width, "length")
	l.field(n, name)
}

// fields prints "name size" pairs.
func (l *layout) fields(pairs ...any) {
	l.t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		l.field(pairs[i+1].(int), pairs[i].(string))
	}
}

func (l *layout) statement() {
	l.fields("version", 1, "class", 1, "ledger", 32, "author", 32, "seq", 8, "prev", 32, "seen_size", 8, "seen_root", 32,
		"created", 8, "target", 32, "body_hash", 32, "body_len", 4)
	l.number(2, "length of public")
}

// layouts say how the example of a vector is cut.
var layouts = map[string]func(l *layout){
	"statement-publish": func(l *layout) {
		l.statement()
		l.fields("kind", 1, "review_by", 4, "classification", 1, "urgency", 1, "size_class", 1)
	},
	"enrol-sign": func(l *layout) {
		l.field(1, "purpose")
		l.vector(1, "label")
		l.fields("roles", 2, "compartment", 1)
		l.vector(2, "key")
		l.vector(1, "proof")
	},
	"entry-two-signatures": func(l *layout) {
		l.vector(3, "statement")
		l.number(2, "length of signatures")
		for l.at < len(l.data) {
			l.fields("key id", 32, "signature", 64)
		}
	},
	"genesis-one": func(l *layout) {
		l.number(3, "length of charter")
		l.field(1, "version")
		l.vector(1, "name")
		l.fields("created", 8, "n", 1, "code", 2)
		l.vector(1, "name")
		l.fields("root", 32, "access", 32)
		l.vector(1, "address")
		l.fields("tls", 32, "ed25519", 32, "mldsa44", 1312, "signature", 64)
	},
	"cosignature": func(l *layout) {
		l.vector(1, "node name")
		l.fields("size", 8, "root", 32, "time", 8, "Ed25519 signature", 64, "ML-DSA-44 signature", 2420)
	},
	"evidence": func(l *layout) {
		l.fields("header", 19, "ledger id", 32)
		l.vector(3, "note of the contradicting checkpoint")
		l.vector(3, "note of the FINAL checkpoint")
		l.field(32, "root of the FINAL history at 12")
		for range l.number(1, "n") {
			l.field(32, "hash")
		}
	},
	"recovery-cut": func(l *layout) {
		l.fields("header", 28, "ledger id", 32)
		l.vector(3, "recover entry")
		l.field(1, "kind")
		l.vector(3, "note")
	},
	"exhibit": func(l *layout) {
		l.fields("header", 18, "ledger id", 32)
		l.vector(3, "entry")
		l.vector(3, "sealed body")
		l.vector(3, "receipt")
		for range l.number(1, "n") {
			l.vector(3, "entry of an enrolment")
			l.vector(3, "its receipt")
		}
	},
	"bundle-two": func(l *layout) {
		l.fields("header", 17, "ledger id", 32)
		l.vector(3, "genesis")
		size := l.number(8, "size")
		for range size {
			l.field(8, "time")
			l.vector(3, "entry")
			l.field(1, "body state")
		}
		for range size {
			l.field(32, "leaf hash")
		}
		for range l.number(4, "number of notes") {
			l.vector(3, "note")
		}
		l.number(2, "number of pieces of evidence")
		l.field(32, "checksum")
	},
}

// wrap breaks a line with long hex.
func wrap(line string) string {
	word, value, _ := strings.Cut(line, " ")
	if len(line) <= 110 || strings.Contains(value, " ") {
		return line + "\n"
	}
	var out strings.Builder
	for ; value != ""; word = "" {
		n := min(len(value), 96)
		fmt.Fprintf(&out, "%-12s %s\n", word, value[:n])
		value = value[n:]
	}
	return out.String()
}

// example is what FORMAT.md shows of a vector.
func example(t *testing.T, name string) string {
	v := readVector(t, name)
	var out strings.Builder
	for _, s := range v.shows {
		out.WriteString(wrap(s))
	}
	if v.text {
		out.WriteString("text\n")
		for line := range strings.Lines(string(v.data)) {
			if len(line) > 110 {
				line = line[:88] + ".." + line[len(line)-17:]
			}
			out.WriteString(line)
		}
		return out.String()
	}
	cut, ok := layouts[name]
	if !ok {
		t.Fatalf("FORMAT.md shows %s, and no layout says how", name)
	}
	l := &layout{t: t, data: v.data}
	cut(l)
	if l.at != len(l.data) {
		t.Fatalf("%s: %d bytes laid out of %d", name, l.at, len(l.data))
	}
	fmt.Fprintf(&out, "offset  size\n%s", l.out.String())
	return out.String()
}

var exampleBlock = regexp.MustCompile("(?s)```example ([a-z0-9-]+)\n(.*?)```\n")
