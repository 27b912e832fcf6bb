package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// machines are computers that only these tests know: network namespaces with an
// address each, joined by a bridge that leads nowhere else.
type machines struct {
	t       *testing.T
	prefix  string // of the namespaces' names
	dir     string // holds a folder for each
	program string // folder of the program
	env     []string
}

// newMachines makes a machine for each name, at 192.0.2.1 and up, and skips the
// test where that cannot be.
func newMachines(t *testing.T, names ...string) *machines {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root, to make a network for each machine")
	}
	for _, tool := range []string{"ip", "bash"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip("needs the command " + tool)
		}
	}
	self, err := os.Executable() // TestMain makes it comity under that name
	if err != nil {
		t.Fatal(err)
	}
	m := &machines{t: t, prefix: fmt.Sprintf("comity-%d-", os.Getpid()), dir: t.TempDir()}
	m.program = filepath.Join(m.dir, "bin")
	if err := errors.Join(os.Mkdir(m.program, 0o700), os.Symlink(self, filepath.Join(m.program, "comity"))); err != nil {
		t.Fatal(err)
	}
	net := m.prefix + "net"
	if out, err := exec.Command("ip", "netns", "add", net).CombinedOutput(); err != nil {
		t.Skipf("no network namespace can be made here: %s", bytes.TrimSpace(out))
	}
	t.Cleanup(func() { m.ip("netns", "del", net) })
	if out, err := exec.Command("ip", "-n", net, "link", "add", "bridge", "type", "bridge").CombinedOutput(); err != nil {
		t.Skipf("no bridge can be made here: %s", bytes.TrimSpace(out))
	}
	m.ip("-n", net, "link", "set", "bridge", "up")
	for i, name := range names {
		m.add(net, name, i+1)
	}
	return m
}

// add connects one more machine. What still runs on it ends with the test.
func (m *machines) add(net, name string, n int) {
	m.t.Helper()
	ns := m.prefix + name
	m.ip("netns", "add", ns)
	m.t.Cleanup(func() {
		m.kill(ns)
		m.ip("netns", "del", ns)
	})
	m.ip("-n", net, "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", ns)
	m.ip("-n", net, "link", "set", name, "master", "bridge", "up")
	m.ip("-n", ns, "addr", "add", fmt.Sprintf("192.0.2.%d/24", n), "dev", "eth0")
	m.ip("-n", ns, "link", "set", "eth0", "up")
	m.ip("-n", ns, "link", "set", "lo", "up")
	if err := os.MkdirAll(filepath.Join(m.dir, name, "stick"), 0o700); err != nil {
		m.t.Fatal(err)
	}
}

func (m *machines) ip(args ...string) {
	m.t.Helper()
	if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
		m.t.Errorf("ip %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// kill ends the processes of a namespace, which are all ours.
func (m *machines) kill(ns string) {
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		out, err := exec.Command("ip", "netns", "pids", ns).Output()
		if err != nil || len(bytes.TrimSpace(out)) == 0 {
			return
		}
		for _, word := range strings.Fields(string(out)) {
			if pid, err := strconv.Atoi(word); err == nil {
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
		}
	}
	m.t.Errorf("processes in %s do not end", ns)
}

// run runs a line in a shell on a machine, with what is typed, and returns what
// it printed. Processes that it leaves behind go on.
func (m *machines) run(name, line, typed string) (string, error) {
	m.t.Helper()
	ctx, cancel := context.WithTimeout(m.t.Context(), time.Minute)
	defer cancel()
	out, err := os.CreateTemp(m.dir, "out-") // a pipe would wait for those processes
	if err != nil {
		m.t.Fatal(err)
	}
	defer out.Close()
	cmd := exec.CommandContext(ctx, "ip", "netns", "exec", m.prefix+name, "bash", "-euo", "pipefail", "-c", line)
	cmd.Dir = filepath.Join(m.dir, name)
	env := slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "COMITY_") })
	cmd.Env = append(append(env, "HOME="+cmd.Dir, "XDG_STATE_HOME=", "PATH="+m.program+":"+os.Getenv("PATH")), m.env...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(typed), out, out
	err = cmd.Run()
	text, readErr := os.ReadFile(out.Name())
	if readErr != nil {
		m.t.Fatal(readErr)
	}
	return string(text), err
}

// eventually runs a line until it does not fail.
func (m *machines) eventually(name, line string) string {
	m.t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		out, err := m.run(name, line, "")
		if err == nil {
			return out
		}
		if time.Now().After(end) {
			m.t.Fatalf("%s$ %s\n%v\n%s", name, line, err, out)
		}
	}
}

// mail brings the files that are for all from each machine to the others.
func (m *machines) mail(names []string) {
	m.t.Helper()
	for _, from := range names {
		for _, pattern := range []string{"*.member", "charter.draft", "*.sig"} {
			files, err := filepath.Glob(filepath.Join(m.dir, from, pattern))
			if err != nil {
				m.t.Fatal(err)
			}
			for _, file := range files {
				data, err := os.ReadFile(file)
				if err != nil {
					m.t.Fatal(err)
				}
				for _, to := range names {
					if err := os.WriteFile(filepath.Join(m.dir, to, filepath.Base(file)), data, 0o600); err != nil {
						m.t.Fatal(err)
					}
				}
			}
		}
	}
}

// inWords finds the words that init shows.
var inWords = regexp.MustCompile(`(?m)in words.*:\n  ([a-z]+(?: [a-z]+){7})$`)

// TestNetReadmeFound follows the section of three machines line by line, as its
// operators do: every command is the README's, what is said by telephone was
// printed at the other end, and the mail brings files. It only leaves the
// passphrases out, unless COMITY_LONG is set: they are slow on purpose.
func TestNetReadmeFound(t *testing.T) {
	if testing.Short() {
		t.Skip("runs three nodes")
	}
	t.Parallel()
	names := []string{"xa", "xb", "xc"}
	m := newMachines(t, names...)
	long := os.Getenv("COMITY_LONG") != ""
	if long {
		file := filepath.Join(m.dir, "passphrase")
		if err := os.WriteFile(file, []byte("correct horse\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		m.env = []string{"COMITY_PASSPHRASE_FILE=" + file}
	}
	words := make(map[string]string)
	var all strings.Builder
	for line := range strings.Lines(section(t, "Found a consortium of three bureaus on three machines")) {
		name, command, ok := strings.Cut(strings.TrimSpace(line), "$ ")
		if _, err := os.Stat(filepath.Join(m.dir, name)); !ok || err != nil {
			t.Fatalf("on which machine is this? %s", line)
		}
		typed := ""
		switch {
		case strings.HasPrefix(command, "comity init ") && !long:
			command += " --no-passphrase"
		case strings.HasPrefix(command, "comity charter sign "):
			for _, other := range names {
				if other != name {
					typed += words[other] + "\n"
				}
			}
		case strings.HasPrefix(command, "comity enrol"): // a person comes when the node is there
			m.eventually(name, "comity status")
		case strings.HasPrefix(command, "comity notice show"):
			m.eventually(name, command)
		}
		out, err := m.run(name, command, typed)
		fmt.Fprintf(&all, "%s%s\n", line, out)
		if err != nil {
			t.Fatalf("it stops: %v\n%s", err, &all)
		}
		if found := inWords.FindStringSubmatch(out); found != nil {
			words[name] = found[1]
		}
		m.mail(names)
	}
	for _, want := range []string{
		`XC is a member of "Northern Reach": 3 founders, and all have signed.`,
		"Enrolled 7 keys of XB (Brackwater)",
		"Node of XB (Brackwater), ready",
		"2 of 3 needed",
		"FINAL",
		"XA-0001",
	} {
		if !strings.Contains(all.String(), want) {
			t.Errorf("the output lacks %q", want)
		}
	}
	if t.Failed() {
		t.Logf("%s", &all)
	}
}
