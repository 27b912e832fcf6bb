package state_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"comity/ledger/state"
)

// TestPythonJudges applies a random log of valid and invalid commands here and
// in the verifier of testdata/verify.py, which was written from FORMAT.md alone:
// each statement and each cosignature must come to the same code, and both to
// the same log and the same checkpoints. The other way round, a code that is
// changed must be found.
func TestPythonJudges(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3 here, which the independent verifier needs")
	}
	g := newGenerator(t, 4, rand.New(rand.NewPCG(3, 4)))
	for range 150 {
		c := g.command()
		_, results := g.apply(c)
		g.learn(c, results)
	}
	lines := g.log
	judge := func(name string, lines []string) (string, error) {
		return pythonJudges(t, python, g.world, name, lines)
	}

	out, err := judge("log", lines)
	if err != nil {
		t.Fatalf("the verifier judges otherwise: %v\n%s", err, out)
	}
	h := g.head()
	want := fmt.Sprintf("log %d %x\n", h.Size, h.Root) + collected("pending", g.pending()) + collected("final", g.final())
	if !strings.HasSuffix(out, want) {
		t.Errorf("got %s, want it to end with\n%s", out, want)
	}

	i := slices.IndexFunc(lines, func(l string) bool { return strings.Contains(l, " not_allowed") })
	lines[i] = strings.Replace(lines[i], " not_allowed", " ok", 1)
	out, err = judge("planted", lines)
	if planted := fmt.Sprintf("line %d: ", i+1); err == nil || !strings.Contains(out, planted) {
		t.Errorf("a planted fault in %s was not found: %v\n%s", planted, err, out)
	}
}

// TestPythonJudgesLives has the verifier judge lives that the random log does not
// reach: what is held, and what is taken back.
func TestPythonJudgesLives(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3 here, which the independent verifier needs")
	}
	l := newLives(t)
	out, err := pythonJudges(t, python, l.world, "lives", l.log)
	if err != nil {
		t.Errorf("the verifier judges otherwise: %v\n%s", err, out)
	}
}

// judged has the verifier judge what the world has been through.
func (w *world) judged() {
	w.t.Helper()
	python, err := exec.LookPath("python3")
	if err != nil {
		return
	}
	if out, err := pythonJudges(w.t, python, w, "log", w.log); err != nil {
		w.t.Errorf("the verifier judges otherwise: %v\n%s", err, out)
	}
}

// pythonJudges runs the verifier over a log in the form of world.log.
func pythonJudges(t testing.TB, python string, w *world, name string, lines []string) (string, error) {
	t.Helper()
	dir := t.TempDir()
	charter, path := filepath.Join(dir, "charter"), filepath.Join(dir, name)
	for file, data := range map[string][]byte{charter: w.Genesis.Marshal(), path: []byte(strings.Join(lines, "\n") + "\n")} {
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.Command(python, "../testdata/verify.py", "--charter", charter, "--judge", path).CombinedOutput()
	return string(out), err
}

// word is what the verifier calls a result.
func word(r state.Result) string {
	switch {
	case r.Refusal != nil:
		return string(r.Refusal.Code)
	case r.Known:
		return "known"
	}
	return "ok"
}

// collected is the line that the verifier prints of a checkpoint.
func collected(name string, c *state.Collected) string {
	if c == nil {
		return ""
	}
	line := fmt.Sprintf("%s %d %x", name, c.Size, c.Root)
	var codes []string
	for _, s := range c.Cosigs {
		codes = append(codes, strings.ToUpper(s.Node[:2]))
	}
	slices.Sort(codes)
	return strings.Join(append([]string{line}, codes...), " ") + "\n"
}
