package ledger_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// verifier is testdata/verify.py, which was written from FORMAT.md and CRYPTO.md
// alone: what it and the code come to differently, the documents leave open.
const verifier = "testdata/verify.py"

// python runs the verifier and returns what it printed and its exit code.
func python(t *testing.T, args ...string) (string, int) {
	t.Helper()
	path, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3 here, which the independent verifier needs")
	}
	c := exec.Command(path, append([]string{verifier}, args...)...)
	out, err := c.CombinedOutput()
	if c.ProcessState == nil {
		t.Fatal(err)
	}
	return string(out), c.ProcessState.ExitCode()
}

func TestPythonVectors(t *testing.T) {
	if out, code := python(t, "--vectors", vectorDir); code != 0 {
		t.Errorf("exit code %d:\n%s", code, out)
	}
}

// TestPythonMutations changes vectors at random and asks the code what comes of
// each. The verifier must come to the same; a result that was turned round must
// be found.
func TestPythonMutations(t *testing.T) {
	dir, rng := t.TempDir(), rand.New(rand.NewPCG(5, 6))
	names := vectorNames(t)
	write := func(name string, v *vector) {
		if err := os.WriteFile(filepath.Join(dir, name+".txt"), v.marshal(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	results := make(map[string]int)
	for _, name := range names {
		original := readVector(t, name)
		if original.kind == "genesis" {
			write(name, original)
		}
		for i := range 4 {
			v := *original
			v.text, v.data = false, mutate(rng, v.data)
			var err error
			if v.shows, err = v.check(t); err != nil {
				v.shows = nil
			}
			results[resultOf(err)]++
			if v.result = "ok"; err != nil {
				v.result = "any but ok" // it may break several rules
			}
			write(fmt.Sprintf("mutated-%s-%d", name, i), &v)
		}
	}
	t.Logf("results %v", results)
	if out, code := python(t, "--vectors", dir); code != 0 {
		t.Errorf("exit code %d:\n%s", code, out)
	}

	v := readVector(t, "note")
	v.result, v.shows = "refused", nil
	write("planted", v)
	if out, code := python(t, "--vectors", dir); code != 1 || !strings.Contains(out, "planted.txt: ok, want refused") {
		t.Errorf("a planted fault was not found: exit code %d:\n%s", code, out)
	}
}

// mutate returns a copy of data with one change.
func mutate(rng *rand.Rand, data []byte) []byte {
	out := slices.Clone(data)
	if len(out) == 0 {
		return []byte{byte(rng.IntN(256))}
	}
	// Most of what has rules stands near the beginning.
	i := rng.IntN(len(out))
	if rng.IntN(2) == 0 {
		i = rng.IntN(min(len(out), 300))
	}
	switch rng.IntN(6) {
	case 0:
		out[i] ^= 1 << rng.IntN(8)
	case 1:
		out[i] = []byte{0, 1, ' ', '\n', '+', '=', '0', 0x7f, 0x80, 0xff}[rng.IntN(10)]
	case 2:
		out = slices.Delete(out, i, i+1)
	case 3:
		out = slices.Insert(out, i, out[rng.IntN(len(out))])
	case 4:
		j := rng.IntN(len(out))
		out[i], out[j] = out[j], out[i]
	default:
		out[i] += byte(rng.IntN(3)) - 1 // now and then nothing
	}
	return out
}
