package keys

import (
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// vector is one case of a file in testdata/vectors, whose first lines say how
// to read it. The comment names the case.
type vector struct {
	comment string
	value   map[string]string
}

func readVectors(t testing.TB, name string) []vector {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "vectors", name))
	if err != nil {
		t.Fatal(err)
	}
	var all []vector
	for block := range strings.SplitSeq(string(data), "\n\n") {
		v := vector{value: make(map[string]string)}
		var last string
		for line := range strings.Lines(block) {
			line = strings.TrimSuffix(line, "\n")
			if text, ok := strings.CutPrefix(line, "# "); ok {
				v.comment = text
			} else if text, ok := strings.CutPrefix(line, "\t"); ok {
				v.value[last] += text + "\n"
			} else if key, text, ok := strings.Cut(line, ":"); ok {
				last = key
				v.value[key] = strings.TrimPrefix(text, " ")
			} else if line != "" && line != "#" {
				t.Fatalf("%s: cannot read line %q", name, line)
			}
		}
		if len(v.value) > 0 {
			all = append(all, v)
		}
	}
	if len(all) == 0 {
		t.Fatalf("%s: no vectors", name)
	}
	return all
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatalf("vector holds %q: %v", s, err)
	}
	return b
}

// outcome is what the vectors call err.
func outcome(err error) string {
	switch {
	case err == nil:
		return "ok"
	case errors.Is(err, ErrPassphraseNeeded):
		return "passphrase-needed"
	case errors.Is(err, ErrPassphrase):
		return "wrong-passphrase"
	case errors.Is(err, ErrMalformed), errors.Is(err, ErrKey):
		return "refused"
	}
	return "unexpected error: " + err.Error()
}

// counting returns 32 bytes that count up from first, as in the vectors.
func counting(first byte) (seed [32]byte) {
	for i := range seed {
		seed[i] = first + byte(i)
	}
	return seed
}
