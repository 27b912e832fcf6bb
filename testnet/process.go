package testnet

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// process is a node that this process started as another one.
type process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended and was reaped
}

// stopWithin is how long a node may take to end before it is killed.
const stopWithin = 10 * time.Second

// Up starts the nodes of all bureaus that do not run yet as processes of their
// own, which outlive this one, and waits until all are ready.
func (c *Consortium) Up(ctx context.Context) error {
	unlock, err := c.lock()
	if err != nil {
		return fmt.Errorf("start consortium: %w", err)
	}
	defer unlock()
	for _, code := range c.codes {
		if _, ok := c.pid(code); ok {
			continue
		}
		if err := c.Launch(code); err != nil {
			return err
		}
	}
	if err := c.WaitReady(ctx); err != nil {
		return fmt.Errorf("start consortium: %w", err)
	}
	return nil
}

// Launch starts the node of one bureau as a process and does not wait for it.
// A pid file that a crash left behind is replaced.
func (c *Consortium) Launch(bureau string) error {
	h, err := c.Home(bureau)
	if err != nil {
		return fmt.Errorf("start node: %w", err)
	}
	if p, ok := c.pid(bureau); ok {
		return fmt.Errorf("start node: the node of %s runs as process %d already", bureau, p.pid)
	}
	if c.Node(bureau) != nil {
		return fmt.Errorf("start node: the node of %s runs already", bureau)
	}
	listen := h.Config().Listen
	if listen == "" {
		listen = h.Config().Address
	}
	if err := checkPort(bureau, listen); err != nil {
		return fmt.Errorf("start node: %w", err)
	}
	exe := c.Exe
	if exe == "" {
		if exe, err = os.Executable(); err != nil {
			return fmt.Errorf("start node: %w", err)
		}
	}
	log, err := c.openLog(bureau)
	if err != nil {
		return fmt.Errorf("start node of %s: %w", bureau, err)
	}
	defer log.Close() // the process has its own
	cmd := exec.Command(exe, "node", "run", "--dir", h.Dir())
	cmd.Dir, cmd.Env = h.Dir(), environment()
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // a Ctrl-C here is not for it
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start node of %s: %w", bureau, err)
	}
	p := &process{cmd, make(chan struct{})}
	go func() { // ends with the process; nobody else reaps it while we live
		cmd.Wait()
		close(p.done)
	}()
	if err := c.writePID(bureau, cmd.Process.Pid); err != nil {
		cmd.Process.Kill()
		<-p.done
		return fmt.Errorf("start node of %s: %w", bureau, err)
	}
	c.mu.Lock()
	c.procs[bureau] = p
	c.mu.Unlock()
	return nil
}

// environment is ours without what would configure another comity.
func environment() []string {
	var env []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "COMITY_") {
			env = append(env, v)
		}
	}
	return env
}

// Down stops all processes: it asks them to end, and kills those that have not
// after ten seconds.
func (c *Consortium) Down(ctx context.Context) error {
	unlock, err := c.lock()
	if err != nil {
		return fmt.Errorf("stop consortium: %w", err)
	}
	defer unlock()
	errs := make([]error, len(c.codes))
	var wg sync.WaitGroup
	for i, code := range c.codes {
		wg.Go(func() { errs[i] = c.Halt(ctx, code) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// Halt stops the process of one bureau as [Consortium.Down] does. It is no
// error if there is none.
func (c *Consortium) Halt(ctx context.Context, bureau string) error {
	p, ok := c.pid(bureau)
	if ok {
		if err := c.signal(ctx, bureau, p, syscall.SIGTERM, stopWithin); err != nil {
			if ctx.Err() != nil {
				return err
			}
			if err := c.signal(ctx, bureau, p, syscall.SIGKILL, stopWithin); err != nil {
				return err
			}
		}
	}
	return c.removePID(bureau)
}

// Kill ends the process of a bureau as a power cut would, with SIGKILL, and
// returns when it is gone.
func (c *Consortium) Kill(bureau string) error {
	p, ok := c.pid(bureau)
	if !ok {
		return fmt.Errorf("kill node: the node of %s does not run as a process", bureau)
	}
	return c.signal(context.Background(), bureau, p, syscall.SIGKILL, stopWithin)
}

// signal sends a signal and waits until the process is gone.
func (c *Consortium) signal(ctx context.Context, bureau string, p pidFile, sig syscall.Signal, within time.Duration) error {
	if err := syscall.Kill(p.pid, sig); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("stop node of %s: process %d: %w", bureau, p.pid, err)
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	c.mu.Lock()
	child := c.procs[bureau]
	c.mu.Unlock()
	if child != nil && child.cmd.Process.Pid == p.pid {
		select {
		case <-child.done:
			return nil
		case <-ctx.Done():
		}
	}
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for p.alive() {
		select {
		case <-ctx.Done():
			return fmt.Errorf("stop node of %s: process %d does not end: %w", bureau, p.pid, ctx.Err())
		case <-tick.C:
		}
	}
	return nil
}

// lock keeps two programs from starting and stopping the same nodes at once.
func (c *Consortium) lock() (unlock func(), err error) {
	f, err := os.Open(filepath.Join(c.dir, fileMarker))
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("another program is starting or stopping the nodes in %s; try again when it is done", c.dir)
		}
		return nil, err
	}
	return func() { f.Close() }, nil
}
