package testnet

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// pidFile says which process runs a node:
//
//	41873 9120331
//
// The second number is when the process started, as the system counts, so that
// a process which got the number of one long gone is not taken for it; 0 where
// the system does not say.
type pidFile struct {
	pid   int
	start uint64
}

func (c *Consortium) pidPath(bureau string) string { return filepath.Join(c.dir, bureau, "node.pid") }

// pid reads the pid file of a bureau and reports whether its process runs. The
// zero pidFile means that there is none, or one that nothing can be read from.
func (c *Consortium) pid(bureau string) (p pidFile, running bool) {
	data, err := os.ReadFile(c.pidPath(bureau))
	if err != nil {
		return c.child(bureau)
	}
	if n, err := fmt.Sscanf(string(data), "%d %d\n", &p.pid, &p.start); n != 2 || err != nil || p.pid <= 1 {
		return pidFile{}, false
	}
	return p, p.alive()
}

// child answers for pid where the file is gone: for a process that this one
// started, it is not needed.
func (c *Consortium) child(bureau string) (p pidFile, running bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	child := c.procs[bureau]
	if child == nil {
		return pidFile{}, false
	}
	select {
	case <-child.done:
		return pidFile{}, false
	default: // it may have ended all the same, and not be reaped yet
		p = pidFile{pid: child.cmd.Process.Pid}
		return p, p.alive()
	}
}

// writePID replaces the pid file in one step.
func (c *Consortium) writePID(bureau string, pid int) error {
	path := c.pidPath(bureau)
	_, start := processState(pid)
	if err := os.WriteFile(path+".new", fmt.Appendf(nil, "%d %d\n", pid, start), 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

func (c *Consortium) removePID(bureau string) error {
	if err := os.Remove(c.pidPath(bureau)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("stop node of %s: %w", bureau, err)
	}
	return nil
}

// alive reports whether the process runs and is the one that was started.
func (p pidFile) alive() bool {
	if err := syscall.Kill(p.pid, 0); err != nil && !errors.Is(err, syscall.EPERM) {
		return false
	}
	state, start := processState(p.pid)
	if state == 'Z' || state == 'X' { // ended, not reaped by whoever started it
		return false
	}
	return p.start == 0 || start == 0 || p.start == start
}

// processState reads /proc/PID/stat; zeros where there is none.
func processState(pid int) (state byte, start uint64) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, 0
	}
	// The name in parentheses may hold anything; fields count from behind it.
	_, rest, ok := bytes.Cut(data[bytes.LastIndexByte(data, ')')+1:], []byte(" "))
	fields := strings.Fields(string(rest))
	if !ok || len(fields) < 20 {
		return 0, 0
	}
	fmt.Sscan(fields[19], &start) // field 22, starttime
	return fields[0][0], start
}
