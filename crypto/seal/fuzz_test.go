package seal

import (
	"bytes"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// addVectors seeds a fuzz target with every vector, good and bad.
func addVectors(f *testing.F, add func(v *vector)) {
	files, err := filepath.Glob("testdata/vectors/*.txt")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		add(readVector(f, file))
	}
}

// FuzzParse: what parses marshals back to the same bytes.
func FuzzParse(f *testing.F) {
	addVectors(f, func(v *vector) { f.Add(v.body) })
	f.Fuzz(func(t *testing.T, body []byte) {
		b, err := Parse(body)
		if err != nil {
			return
		}
		if got := b.Marshal(); !bytes.Equal(got, body) {
			t.Errorf("%x parses, yet marshals to %x", body, got)
		}
	})
}

// FuzzParseGrants: what parses as a re-share marshals back to the same bytes.
func FuzzParseGrants(f *testing.F) {
	addVectors(f, func(v *vector) { f.Add(v.grants) })
	f.Fuzz(func(t *testing.T, grants []byte) {
		c, boxes, err := parseGrants(grants)
		if err != nil {
			return
		}
		if got := marshalGrants(c, boxes); !bytes.Equal(got, grants) {
			t.Errorf("%x parses, yet marshals to %x", grants, got)
		}
	})
}

// FuzzOpen: whatever opens for a reader is what was sealed to it. All vectors
// that this reader opens hold the same text.
func FuzzOpen(f *testing.F) {
	known := readVector(f, "testdata/vectors/card-one-reader.txt")
	addVectors(f, func(v *vector) { f.Add(v.body) })
	f.Fuzz(func(t *testing.T, body []byte) {
		v := *known
		v.body = body
		result, opens := v.run()
		if result == "opens" && (len(opens) != 1 || !strings.HasSuffix(opens[0], strconv.Quote(vectorText))) ||
			result != "opens" && result != "nothing" && result != "malformed" {
			t.Errorf("%x: %s %q", body, result, opens)
		}
	})
}
