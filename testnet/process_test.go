package testnet

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// sleeper is a program that takes a node's arguments and does nothing; with
// deaf, it ignores SIGTERM.
func sleeper(t *testing.T, deaf bool) string {
	t.Helper()
	script := "#!/bin/sh\nexec sleep 60\n"
	if deaf {
		script = "#!/bin/sh\ntrap '' TERM\nwhile :; do sleep 1; done\n"
	}
	path := filepath.Join(t.TempDir(), "sleeper")
	if err := os.WriteFile(path, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLaunchAndHalt(t *testing.T) {
	c := found(t, Options{Bureaus: 1, Officers: Officers()[:1]})
	c.Exe = sleeper(t, false)
	if s := c.States(t.Context())[0]; s.Running || s.Why != "not running" {
		t.Errorf("before: got %+v", s)
	}
	if err := c.Launch("XA"); err != nil {
		t.Fatal(err)
	}
	p, ok := c.pid("XA")
	if !ok {
		t.Fatal("the process does not run")
	}
	if sid, err := sessionOf(p.pid); err != nil || sid != p.pid {
		t.Errorf("session %d of process %d, %v: it would get our Ctrl-C", sid, p.pid, err)
	}
	// Another program sees it by its pid file, and leaves it alone.
	other, err := Load(c.Dir())
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Launch("XA"); err == nil || !strings.Contains(err.Error(), "runs as process") {
		t.Errorf("launched twice: %v", err)
	}
	if err := other.Start("XA"); err == nil || !strings.Contains(err.Error(), "runs as process") {
		t.Errorf("started twice: %v", err)
	}
	if err := Remove(c.Dir()); err == nil || !strings.Contains(err.Error(), "still runs") {
		t.Errorf("removed while it runs: %v", err)
	}
	if err := other.Down(t.Context()); err != nil {
		t.Fatal(err)
	}
	if p.alive() {
		t.Error("the process still runs")
	}
	if s := c.States(t.Context())[0]; s.Running || s.Why != "not running" {
		t.Errorf("after: got %+v", s)
	}
	if err := other.Down(t.Context()); err != nil {
		t.Errorf("down again: %v", err)
	}
}

func TestEndedChildDoesNotRun(t *testing.T) {
	c := found(t, Options{Bureaus: 1, Officers: Officers()[:1]})
	cmd := exec.Command("sh", "-c", "read line")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c.procs["XA"] = &process{cmd, make(chan struct{})} // nobody has reaped it yet
	if _, running := c.pid("XA"); !running {
		t.Error("it does not run")
	}
	in.Close()
	for (pidFile{pid: cmd.Process.Pid}).alive() {
		time.Sleep(pollEvery)
	}
	if p, running := c.pid("XA"); running {
		t.Errorf("process %d has ended and runs", p.pid)
	}
	cmd.Wait()
}

// sessionOf returns the session of a process from /proc.
func sessionOf(pid int) (int, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	var state string
	var parent, group, session int
	_, err = fmt.Sscan(string(data[strings.LastIndexByte(string(data), ')')+1:]), &state, &parent, &group, &session)
	return session, err
}

func TestKilledLeavesStalePIDFile(t *testing.T) {
	c := found(t, Options{Bureaus: 1, Officers: Officers()[:1]})
	c.Exe = sleeper(t, true)
	if err := c.Launch("XA"); err != nil {
		t.Fatal(err)
	}
	if err := c.Kill("XA"); err != nil {
		t.Fatal(err)
	}
	if s := c.States(t.Context())[0]; s.Running || !strings.Contains(s.Why, "ended without being stopped") {
		t.Errorf("got %+v", s)
	}
	if err := c.Kill("XA"); err == nil {
		t.Error("killed twice")
	}
	if err := c.Launch("XA"); err != nil {
		t.Errorf("a stale pid file is in the way: %v", err)
	}
	// We need no file to stop what we started ourselves.
	if err := os.Remove(c.pidPath("XA")); err != nil {
		t.Fatal(err)
	}
	if err := c.Kill("XA"); err != nil {
		t.Error(err)
	}
}

func TestPIDOfAnotherProcess(t *testing.T) {
	c := found(t, Options{Bureaus: 1, Officers: Officers()[:1]})
	sleep := exec.Command("sleep", "60")
	if err := sleep.Start(); err != nil {
		t.Skip(err)
	}
	defer func() {
		sleep.Process.Kill()
		sleep.Wait()
	}()
	pid := sleep.Process.Pid
	_, start := processState(pid)
	if start == 0 {
		t.Skip("this system does not say when a process started")
	}
	for _, tt := range []struct {
		text    string
		running bool
	}{
		{fmt.Sprintf("%d %d\n", pid, start), true},
		{fmt.Sprintf("%d %d\n", pid, start-1), false}, // the number was used again
		{fmt.Sprintf("%d", pid), false},
		{"", false},
		{"-1 0\n", false},
		{"one two\n", false},
	} {
		if err := os.WriteFile(c.pidPath("XA"), []byte(tt.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, got := c.pid("XA"); got != tt.running {
			t.Errorf("%q: running is %t", tt.text, got)
		}
	}
}

func TestUpSaysWhy(t *testing.T) {
	c := found(t, Options{Bureaus: 1, Officers: Officers()[:1]})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()

	c.Exe = filepath.Join(t.TempDir(), "words")
	if err := os.WriteFile(c.Exe, []byte("#!/bin/sh\necho \"$@\"; echo out of cheese >&2; exit 1\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	err := c.Up(ctx)
	if err == nil || !strings.Contains(err.Error(), "the node of XA does not run; its last words: out of cheese") {
		t.Errorf("a node that ends: got %v", err)
	}
	log, err := os.ReadFile(c.LogPath("XA"))
	if want := "node run --dir " + c.Homes()[0].Dir() + "\n"; err != nil || !strings.HasPrefix(string(log), want) {
		t.Errorf("log: got %q, %v; want %q first", log, err, want)
	}

	l, err := net.Listen("tcp", c.Genesis().Charter.Members[0].Node.Address)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := c.Up(ctx); err == nil || !strings.Contains(err.Error(), "of XA is in use already") {
		t.Errorf("a port in use: got %v", err)
	}

	unlock, err := c.lock()
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	if err := c.Down(ctx); err == nil || !strings.Contains(err.Error(), "another program is starting or stopping") {
		t.Errorf("two at once: got %v", err)
	}
}

func TestEnvironment(t *testing.T) {
	t.Setenv("COMITY_DIR", "/elsewhere")
	for _, v := range environment() {
		if strings.HasPrefix(v, "COMITY_") {
			t.Errorf("a node gets %s", v)
		}
	}
}
