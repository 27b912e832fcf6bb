package cli

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"comity/testnet"
)

// The commands that a demo names for a second terminal work there.
func TestDemoSecondTerminal(t *testing.T) {
	if testing.Short() {
		t.Skip("plays an operation on five nodes")
	}
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	t.Setenv("COMITY_DIR", "")
	testingOnlyDemo = func(o *testnet.DemoOptions) { o.Every, o.HoursPerSecond = 100, 96 }
	defer func() { testingOnlyDemo = nil }()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	read, write := io.Pipe()
	ended := make(chan error, 1)
	var notes bytes.Buffer
	go func() {
		first := &terminal{stdin: strings.NewReader(""), stdout: write, stderr: &notes}
		ended <- first.run(ctx, []string{"comity", "demo"})
		write.Close()
	}()
	var commands [][]string
	screen, running := "", false
	lines := bufio.NewScanner(read)
	for lines.Scan() && !strings.HasPrefix(lines.Text(), "Never put") {
		screen += lines.Text() + "\n"
		if running {
			if line, ok := strings.CutPrefix(lines.Text(), "   "+invocation()+" "); ok {
				command, _, _ := strings.Cut(line, "  ")
				commands = append(commands, strings.Fields(command))
			}
		}
		running = running || strings.HasPrefix(lines.Text(), "Still running.")
	}
	if len(commands) < 4 {
		t.Fatalf("it names %d commands, on\n%s%s", len(commands), screen, &notes)
	}
	var shown bytes.Buffer
	for _, c := range commands {
		second := &terminal{stdin: strings.NewReader(""), stdout: &shown, stderr: &shown}
		err := second.run(ctx, append([]string{"comity"}, c...))
		// Time is played so fast that a cosignature may look hours late: a finding.
		if err != nil && !errors.Is(err, errFindings) {
			t.Errorf("%s: %v", strings.Join(c, " "), err)
		}
	}
	for _, want := range []string{"You are at XA (Aldermoor) now", "located, safe", "Every entry is authentic and none is missing.", "Node of XA (Aldermoor), ready", "You are at XC"} {
		if !strings.Contains(shown.String(), want) {
			t.Errorf("%q is not in\n%s", want, &shown)
		}
	}
	missing := &terminal{stdin: strings.NewReader(""), stdout: &shown, stderr: &shown}
	if err := missing.run(ctx, []string{"comity", "notice", "show", "LT-0301"}); err == nil {
		t.Error("XC sees LT-0301")
	}
	cancel()
	if err := <-ended; err != nil || !strings.Contains(notes.String(), "demo resumes") {
		t.Errorf("stopped: got %v, %q", err, &notes)
	}
}

func TestInvocation(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "comity")
	if err := os.WriteFile(program, nil, 0o700); err != nil {
		t.Fatal(err)
	}
	other := t.TempDir()
	for _, tt := range []struct{ exe, arg0, path, want string }{
		{"/tmp/go-build123/b001/exe/comity", "/tmp/go-build123/b001/exe/comity", "", "go run ."},
		{"/home/x/cache/4f/" + strings.Repeat("4f", 32) + "-d/comity", "/home/x/cache/comity", "", "go run ."},
		{program, "comity", dir, "comity"},
		{program, program, dir, "comity"},
		{program, program, other, program},
		{program, "./comity", other, "./comity"},
	} {
		t.Setenv("PATH", tt.path)
		if got := invocationOf(tt.exe, tt.arg0); got != tt.want {
			t.Errorf("%q as %q with PATH=%s: got %q, want %q", tt.exe, tt.arg0, tt.path, got, tt.want)
		}
	}
}

func TestDemoFailedCheck(t *testing.T) {
	var out bytes.Buffer
	p := &demoPrinter{terminal: &terminal{stdout: &out, stderr: &out}, nodes: 5}
	p.event(testnet.DemoChecked{Entries: 12, Signatures: 13, Purged: 1, Agree: []string{"XA"}, Acknowledged: 7, Placed: []string{"XA", "XB"}, Problems: []string{"XC holds another head"}})
	for _, want := range []string{"Check        FAILED: 12 entries, 13 signatures good, 1 purged", "XC holds another head", "at 2 of 5 nodes", "1 of 5 bureaus hold"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s", want, &out)
		}
	}
	if strings.Contains(out.String(), "OK") {
		t.Errorf("a failed check says OK:\n%s", &out)
	}
}

// What a purge has left is told, and nothing else.
func TestDemoPurgeLeft(t *testing.T) {
	for _, tt := range []struct {
		left testnet.DemoPurged
		want string
	}{
		{testnet.DemoPurged{}, "no key opens it, no check hits it; proof holds"},
		{testnet.DemoPurged{Given: 1}, "still given by 1, opened by 0"},
		{testnet.DemoPurged{Opened: 2}, "opened by 2, hit 0"},
		{testnet.DemoPurged{Hits: 1}, "hit 1 and found 0"},
		{testnet.DemoPurged{Found: 3}, "found 3 times"},
	} {
		if got := gone(tt.left); !strings.Contains(got, tt.want) {
			t.Errorf("%+v: got %q, want %q", tt.left, got, tt.want)
		}
	}
}

func TestDuration(t *testing.T) {
	for seconds, want := range map[float64]string{0: "1 ms", 0.0004: "1 ms", 0.031: "31 ms", 0.0949: "95 ms", 0.095: "0.1 s", 1.26: "1.3 s", 75: "75.0 s"} {
		if got := duration(seconds); got != want {
			t.Errorf("%v: got %q, want %q", seconds, got, want)
		}
	}
	for minutes, want := range map[float64]string{0.2: "0 minutes later", 1: "1 minute later", 2.99: "3 minutes later", 119: "119 minutes later", 139: "2 hours later"} {
		if got := later(minutes); got != want {
			t.Errorf("%v: got %q, want %q", minutes, got, want)
		}
	}
}
