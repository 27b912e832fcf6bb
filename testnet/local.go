package testnet

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"

	"comity/node"
)

// local is a node in this process.
type local struct {
	node *node.Node
	log  *os.File
}

// forkWindow is for how long a port is tried that is in use: a child of this
// process that is forked, but does not execute its program yet, holds the sockets
// that the parent has closed meanwhile.
const forkWindow = time.Second

// Start runs the node of a bureau in this process. It returns when the node
// listens; see [Consortium.WaitReady].
func (c *Consortium) Start(bureau string) error {
	h, err := c.Home(bureau)
	if err != nil {
		return fmt.Errorf("start node: %w", err)
	}
	if p, ok := c.pid(bureau); ok {
		return fmt.Errorf("start node: the node of %s runs as process %d already", bureau, p.pid)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.nodes[bureau] != nil {
		return fmt.Errorf("start node: the node of %s runs already", bureau)
	}
	cfg, err := h.NodeConfig()
	if err != nil {
		return fmt.Errorf("start node: %w", err)
	}
	if c.alter != nil {
		c.alter(bureau, &cfg)
	}
	log, err := c.openLog(bureau)
	if err != nil {
		return fmt.Errorf("start node of %s: %w", bureau, err)
	}
	settings := h.Config()
	cfg.Logger = newLogger(log, settings.Level())
	n, err := node.Open(cfg)
	for began := time.Now(); errors.Is(err, syscall.EADDRINUSE) && time.Since(began) < forkWindow; {
		time.Sleep(forkWindow / 50)
		n, err = node.Open(cfg)
	}
	if err != nil {
		log.Close()
		return fmt.Errorf("start node of %s: %w", bureau, err)
	}
	c.nodes[bureau] = &local{n, log}
	return nil
}

// StartAll runs the nodes of all bureaus in this process; on an error none.
func (c *Consortium) StartAll() error {
	for _, code := range c.codes {
		if err := c.Start(code); err != nil {
			return errors.Join(err, c.StopAll())
		}
	}
	return nil
}

// Stop stops a node that runs in this process, as an operator would: it hands
// leadership over and closes its files.
func (c *Consortium) Stop(bureau string) error {
	c.mu.Lock()
	l := c.nodes[bureau]
	delete(c.nodes, bureau)
	c.mu.Unlock()
	if l == nil {
		return fmt.Errorf("stop node: the node of %s does not run in this process", bureau)
	}
	if err := errors.Join(l.node.Close(), l.log.Close()); err != nil {
		return fmt.Errorf("stop node of %s: %w", bureau, err)
	}
	return nil
}

// StopAll stops all nodes that run in this process.
func (c *Consortium) StopAll() error {
	c.mu.Lock()
	var running []string
	for code := range c.nodes {
		running = append(running, code)
	}
	c.mu.Unlock()
	var wg sync.WaitGroup
	errs := make([]error, len(running))
	for i, code := range running {
		wg.Go(func() { errs[i] = c.Stop(code) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// Node returns the node of a bureau that runs in this process, nil when it does
// not. Faults are injected through it.
func (c *Consortium) Node(bureau string) *node.Node {
	c.mu.Lock()
	defer c.mu.Unlock()
	if l := c.nodes[bureau]; l != nil {
		return l.node
	}
	return nil
}
