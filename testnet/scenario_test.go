package testnet

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"comity/ledger/notice"
)

// scenario is a case played on processes: a node of each bureau, and the program
// as officers run it, with its arguments, its output and its exit code.
type scenario struct {
	*Consortium
	t   *testing.T
	ctx context.Context
	dir string // the officers' own files

	last string // bureau that acted last
}

// play starts the nodes of so many bureaus and enrols their officers.
func play(t *testing.T, bureaus int) *scenario {
	t.Helper()
	if os.Getenv("COMITY_LONG") == "" {
		t.Skip("plays a day of officers on real processes; set COMITY_LONG=1, as .ci/run does")
	}
	t.Parallel()
	limit := 10 * time.Minute
	if os.Getenv("COMITY_WEEKEND") != "" {
		limit = time.Hour // as large as is asked for
	}
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	t.Cleanup(cancel)
	c := upProcesses(ctx, t, Options{Bureaus: bureaus, Log: "warn"})
	s := &scenario{Consortium: c, t: t, ctx: ctx, dir: t.TempDir()}
	s.settle()
	return s
}

// settle waits until all nodes that run have the same entries, all FINAL.
func (s *scenario) settle() {
	s.t.Helper()
	if _, _, err := s.WaitEqual(s.ctx, 0); err != nil {
		s.t.Fatal(err)
	}
}

// ran is what a command said.
type ran struct {
	out, err string
	code     int
}

// command is the program in the home of a bureau, as its desk officer runs it.
func (s *scenario) command(bureau string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(s.ctx, s.Exe, args...)
	cmd.Dir = s.dir
	cmd.Env = append(environment(), "NO_COLOR=1", "COMITY_OFFICER=desk-1", "COMITY_DIR="+s.homes[bureau].Dir())
	return cmd
}

// try runs a command, whatever comes of it. Where another bureau takes over, its
// node first learns what the others know: people need longer for that.
func (s *scenario) try(bureau, stdin string, args ...string) ran {
	s.t.Helper()
	if bureau != s.last {
		s.settle()
		s.last = bureau
	}
	var out, stderr bytes.Buffer
	cmd := s.command(bureau, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		s.t.Fatalf("%s: comity %q: %v", bureau, args, err)
	}
	return ran{out.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

// do runs a command that succeeds, and returns its output.
func (s *scenario) do(bureau string, args ...string) string {
	s.t.Helper()
	r := s.try(bureau, "", args...)
	if r.code != 0 {
		s.t.Fatalf("%s: comity %q: exit %d\n%s%s", bureau, args, r.code, r.out, r.err)
	}
	return r.out
}

// ask runs a command with --json and decodes what it says.
func (s *scenario) ask(v any, bureau string, args ...string) {
	s.t.Helper()
	if out := s.do(bureau, append(args, "--json")...); json.Unmarshal([]byte(out), v) != nil {
		s.t.Fatalf("%s: comity %q: not what was expected: %s", bureau, args, out)
	}
}

// refused runs a command that fails, and wants it to say why.
func (s *scenario) refused(bureau, why string, args ...string) {
	s.t.Helper()
	if r := s.try(bureau, "", args...); r.code == 0 || !strings.Contains(r.err, why) {
		s.t.Fatalf("%s: comity %q: exit %d, want a refusal that says %q\n%s%s", bureau, args, r.code, why, r.out, r.err)
	}
}

// says wants all of these in the output of a command that succeeds.
func (s *scenario) says(bureau string, want []string, args ...string) string {
	s.t.Helper()
	out := s.do(bureau, args...)
	for _, w := range want {
		if !strings.Contains(out, w) {
			s.t.Errorf("%s: comity %q: no %q in\n%s", bureau, args, w, out)
		}
	}
	return out
}

// write puts a notice into a file of the officers, and returns its name.
func (s *scenario) write(n *notice.Notice) string {
	s.t.Helper()
	data, err := n.Marshal()
	if err != nil {
		s.t.Fatal(err)
	}
	name := n.Reference + ".json"
	if err := os.WriteFile(filepath.Join(s.dir, name), data, 0o600); err != nil {
		s.t.Fatal(err)
	}
	return name
}

// submitted is what --json says of a statement that was sent.
type submitted struct {
	ID      string  `json:"id"`
	Index   uint64  `json:"index"`
	State   string  `json:"state"`
	Seconds float64 `json:"seconds"`
}

// send submits a notice, and wants it to be FINAL.
func (s *scenario) send(n *notice.Notice, flags ...string) submitted {
	s.t.Helper()
	var done submitted
	s.ask(&done, n.Origin, append([]string{"notice", "submit", s.write(n)}, flags...)...)
	if done.State != "FINAL" {
		s.t.Fatalf("%s: %+v", n.Reference, done)
	}
	return done
}

// plaintext returns which of these words stand in a file under dir, in letters
// of either case, and where.
func plaintext(t *testing.T, dir string, words []string) (found []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) || err == nil && !e.Type().IsRegular() {
			return nil
		}
		if err != nil {
			return err
		}
		data, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) { // a snapshot that was taken away meanwhile
			return nil
		}
		data = bytes.ToLower(data)
		for _, w := range words {
			if bytes.Contains(data, bytes.ToLower([]byte(w))) {
				found = append(found, fmt.Sprintf("%s: %s", e.Name(), w))
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(found)
	return found
}

// zone returns the lines of the passport that the card of a notice names.
func zone(t *testing.T, c *notice.Card) string {
	t.Helper()
	m, err := c.PassportMRZ()
	if err != nil {
		t.Fatal(err)
	}
	lines, err := m.Lines()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(lines, "\n")
}
