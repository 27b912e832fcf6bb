package cli

import (
	"bytes"
	"context"
	"net"
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
	t.Parallel()
	dir := t.TempDir()
	self, err := os.Executable() // TestMain makes it comity under that name
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "comity"), program, 0o700); err != nil {
		t.Fatal(err)
	}
	script := section(t, "A first tour")
	for _, want := range []string{"testnet up", "notice submit", "search", "notice show", "notice ack", "status", "notice export", "verify", "bundle create", "audit", "export tiles", "testnet down",
		"inbox", "check", "desk run", "readlog show", "notice withdraw", "notice purge"} {
		if !strings.Contains(script, "comity "+want) {
			t.Errorf("the tour has no comity %s", want)
		}
	}
	script = strings.ReplaceAll(script, "go build -o comity . && export PATH=$PWD:$PATH", "export PATH=$PWD:$PATH")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	if !strings.Contains(script, "127.0.0.1:7301") {
		t.Error("the tour has no desk on port 7301")
	}
	script = strings.ReplaceAll(script, "127.0.0.1:7301", l.Addr().String())
	// A person needs longer to become another officer than nodes to agree.
	script = strings.ReplaceAll(script, "export COMITY_DIR=", "settle; export COMITY_DIR=")
	script = `settle() { until [ "$(comity testnet status --json --dir /tmp/comity-tour | grep -oE '"(size|final)": *[0-9]+' | grep -oE '[0-9]+' | sort -u | wc -l)" = 1 ]; do :; done; }` + "\n" + script
	script = strings.ReplaceAll(script, "/tmp/comity-tour", filepath.Join(dir, "tour"))
	t.Cleanup(func() {
		down := exec.Command(filepath.Join(dir, "comity"), "testnet", "down", "--dir", filepath.Join(dir, "tour"))
		_ = down.Run() // nothing is left to stop when the tour came to its end
	})
	inShell(t, bash, dir, script,
		"XA-0001", "FINAL", // the investigator's notice
		"PROTECT",                              // what XB reads
		"Read notice  XA-0001",                 // the inbox
		"the review of XA-0001",                // reviewers
		"HIT  PROTECT",                         // a border
		"the confirmation of a hit on XA-0001", // the origin
		"Node of XB",                           // status
		"call of the origin",                   // the read log
		"TO APPROVE  purge by case-1",          // the second officer
		"yellow, sealed",                       // what is left
		"OK      XA-0001",                      // verify
		`Good "statement@comity" signature`,    // by OpenSSH
		"tessera/cmd/fsck",                     // how to check the tiles
		"OK      Every entry is authentic",     // audit
		"wrote report.html",
	)
}

// inShell runs a script and wants texts in its output.
func inShell(t *testing.T, bash, dir, script string, wants ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, bash, "-euxo", "pipefail", "-c", script)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_STATE_HOME="+filepath.Join(dir, "state"))
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("it stops: %v\n%s", err, out)
	}
	for _, want := range wants {
		if !bytes.Contains(out, []byte(want)) {
			t.Errorf("the output lacks %q", want)
		}
	}
	if t.Failed() {
		t.Logf("%s", out)
	}
}

// section returns the indented lines of a section of the README.
func section(t *testing.T, title string) string {
	t.Helper()
	data, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, ok := strings.Cut(string(data), "\n## "+title+"\n")
	text, _, ok2 := strings.Cut(text, "\n## ")
	if !ok || !ok2 {
		t.Fatalf("README.md has no section %q", title)
	}
	var lines []string
	for line := range strings.Lines(text) {
		if command, ok := strings.CutPrefix(line, "    "); ok {
			lines = append(lines, command)
		}
	}
	return strings.Join(lines, "")
}
