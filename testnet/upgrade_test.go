package testnet

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"comity/ledger"
)

// before returns the program of an earlier commit: of COMITY_BEFORE, else of the
// one before the last. It is built from what git has of it; the checkout is not
// touched.
func before(t *testing.T) (exe, commit string) {
	t.Helper()
	git := func(args ...string) ([]byte, error) {
		cmd := exec.Command("git", args...)
		cmd.Dir = ".."
		out, err := cmd.Output()
		if exit := new(exec.ExitError); errors.As(err, &exit) {
			err = fmt.Errorf("git %s: %s", strings.Join(args, " "), exit.Stderr)
		}
		return out, err
	}
	commit = os.Getenv("COMITY_BEFORE")
	if commit == "" {
		commit = "HEAD~1"
	}
	id, err := git("rev-parse", "--verify", "--short", commit+"^{commit}")
	if err != nil {
		t.Skipf("there is no commit before this one here: %v", err)
	}
	archive, err := git("archive", "--format=tar", strings.TrimSpace(string(id)), ":/")
	if err != nil {
		t.Fatal(err)
	}
	src := t.TempDir()
	root, err := os.OpenRoot(src)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	for r := tar.NewReader(bytes.NewReader(archive)); ; {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		data, err := io.ReadAll(r)
		if err == nil {
			err = root.MkdirAll(filepath.Dir(h.Name), 0o700)
		}
		if err == nil {
			err = root.WriteFile(h.Name, data, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	exe = filepath.Join(t.TempDir(), "comity")
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-o", exe, ".")
	cmd.Dir = src
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build %s: %v\n%s", commit, err, out)
	}
	return exe, strings.TrimSpace(string(id))
}

// TestNetUpgrade plays an upgrade: three bureaus that the program before this one
// founded and runs go over to this one, one node after the other, while officers
// of all bureaus submit. Every acknowledged entry becomes FINAL in each mixture,
// leaders of both programs included, and one bureau goes back and over again.
func TestNetUpgrade(t *testing.T) {
	if os.Getenv("COMITY_LONG") == "" {
		t.Skip("builds the program of the commit before; set COMITY_LONG=1, as .ci/run does")
	}
	t.Parallel()
	old, commit := before(t)
	now := build(t)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	dir := filepath.Join(t.TempDir(), "net")
	up := exec.CommandContext(ctx, old, "testnet", "up", "--bureaus", "3", "--dir", dir)
	up.Env = environment()
	if out, err := up.CombinedOutput(); err != nil {
		t.Fatalf("%s: testnet up: %v\n%s", commit, err, out)
	}
	c, err := Load(dir)
	if err != nil {
		t.Fatalf("this program does not open what %s founded: %v", commit, err)
	}
	defer c.Close()
	t.Cleanup(func() {
		if err := c.Down(context.Background()); err != nil {
			t.Error(err)
		}
	})
	authors := authorsOf(t, c, "case-1")
	var sent []*Sent
	submit := func() {
		t.Helper()
		more := sendAll(ctx, t, authors, len(sent), 5)
		sent = append(sent, more...)
		for _, s := range more {
			if _, by, err := authors[0].Receipt(ctx, s); err != nil || len(by) < ledger.Quorum(3) {
				t.Fatalf("receipt of entry %d: cosigned by %q, %v", s.Index, by, err)
			}
		}
		if _, _, err := c.WaitEqual(ctx, uint64(len(sent))); err != nil {
			t.Fatal(err)
		}
		checkEverywhere(ctx, t, c, sent)
	}
	run := func(bureau, exe string) {
		t.Helper()
		if err := c.Halt(ctx, bureau); err != nil {
			t.Fatal(err)
		}
		c.Exe = exe
		if err := c.Launch(bureau); err != nil {
			t.Fatal(err)
		}
		if err := c.WaitReady(ctx); err != nil {
			t.Fatalf("%s with %s: %v; last words: %s", bureau, exe, err, lastLine(c.LogPath(bureau)))
		}
		submit()
	}
	submit()
	leader, err := c.WaitLeader(ctx)
	if err != nil {
		t.Fatal(err)
	}
	// A newer format than the ledger's waits for the last node; where the commit before
	// has none to raise, nobody can propose it.
	propose := func(want string) {
		t.Helper()
		format := strconv.Itoa(ledger.Format)
		cmd := exec.CommandContext(ctx, now, "--dir", c.Homes()[0].Dir(), "propose", "format", format)
		cmd.Env, cmd.Stdin = environment(), strings.NewReader(format+"\n")
		if c.Genesis().Latest().Format == ledger.Format {
			want = "it is so already"
		}
		if out, _ := cmd.CombinedOutput(); !strings.Contains(string(out), want) {
			t.Errorf("propose format %s: got %q, want %q in it", format, out, want)
		}
	}
	run(leader, now) // leadership goes to an old one
	propose("not all nodes know format")
	run(leader, old) // an upgrade can be taken back
	for _, code := range c.Bureaus() {
		run(code, now)
	}
	propose("for it    1 of 3: " + c.Bureaus()[0])
}
