package cli

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestNetReadmeTour follows the README's first tour word by word: every command
// of the section, in order, in one shell, with the program built from here.
func TestNetReadmeTour(t *testing.T) {
	if testing.Short() {
		t.Skip("runs five processes")
	}
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("the tour is for bash, which is not here")
	}
	if _, err := exec.LookPath("ssh-keygen"); err != nil {
		t.Skip("the tour uses ssh-keygen, which is not here")
	}
	dir := t.TempDir()
	build := exec.Command("go", "build", "-o", filepath.Join(dir, "comity"), "comity")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	script := tour(t)
	for _, want := range []string{"testnet up", "notice submit", "search", "notice show", "notice ack", "status", "notice export", "verify", "testnet down"} {
		if !strings.Contains(script, "comity "+want) {
			t.Errorf("the tour has no comity %s", want)
		}
	}
	script = strings.ReplaceAll(script, "go build -o comity . && export PATH=$PWD:$PATH", "export PATH=$PWD:$PATH")
	script = strings.ReplaceAll(script, "/tmp/comity-tour", filepath.Join(dir, "tour"))
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, bash, "-euxo", "pipefail", "-c", script)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_STATE_HOME="+filepath.Join(dir, "state"))
	cmd.WaitDelay = time.Second
	t.Cleanup(func() {
		down := exec.Command(filepath.Join(dir, "comity"), "testnet", "down", "--dir", filepath.Join(dir, "tour"))
		_ = down.Run() // nothing is left to stop when the tour came to its end
	})
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("the tour stops: %v\n%s", err, out)
	}
	for _, want := range []string{
		"XA-0001", "FINAL", // the investigator's notice
		"PROTECT",                           // what XB reads
		"Node of XB",                        // status
		"OK      XA-0001",                   // verify
		`Good "statement@comity" signature`, // by OpenSSH
	} {
		if !bytes.Contains(out, []byte(want)) {
			t.Errorf("the tour's output lacks %q", want)
		}
	}
	if t.Failed() {
		t.Logf("%s", out)
	}
}

// tour returns the indented lines of the README's section "A first tour".
func tour(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, ok := strings.Cut(string(data), "\n## A first tour\n")
	section, _, ok2 := strings.Cut(section, "\n## ")
	if !ok || !ok2 {
		t.Fatal("README.md has no section \"A first tour\"")
	}
	var lines []string
	for line := range strings.Lines(section) {
		if command, ok := strings.CutPrefix(line, "    "); ok {
			lines = append(lines, command)
		}
	}
	return strings.Join(lines, "")
}
