package testnet

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
	"syscall"
)

// Ports that are chosen lie below the range from which systems take the ports
// of outgoing connections (32768 and up on Linux): else a client that dials a
// node which is down could take its port, or reach itself (TCP, RFC 9293,
// section 3.5, simultaneous open).
const (
	lowestPort  = 10240
	highestPort = 32767
	blockPorts  = 32
	portTries   = 1000
)

// claims gives each port once, so that nobody founds a consortium on the ports of
// a node that is down for a while. It takes them from blocks, and holds the first
// port of each block for as long as the process runs: other processes that choose
// ports so leave the block alone.
type claims struct {
	mu     sync.Mutex // guards what follows
	blocks []net.Listener
	next   int // the port to give next; a multiple of blockPorts: none is left
}

// claimed is what this process has claimed.
var claimed claims

// take returns a loopback address that is free, and that it has not given before.
func (c *claims) take() (net.Listener, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		for c.next%blockPorts == 0 {
			if err := c.claim(); err != nil {
				return nil, err
			}
		}
		l, err := listenLoopback(c.next)
		c.next++
		if err == nil {
			return l, nil
		}
	}
}

// claim takes another block. When all seem to be taken, it gives its own back.
func (c *claims) claim() error {
	const blocks = (highestPort + 1 - lowestPort) / blockPorts
	for try := 0; ; try++ {
		first := lowestPort + blockPorts*rand.IntN(blocks)
		l, err := listenLoopback(first)
		if err == nil {
			c.blocks = append(c.blocks, l)
			c.next = first + 1
			return nil
		}
		if try < portTries {
			continue
		}
		if len(c.blocks) == 0 {
			return fmt.Errorf("no free port from %d to %d: %w", lowestPort, highestPort, err)
		}
		c.release()
		try = 0
	}
}

// release gives all blocks back.
func (c *claims) release() {
	for _, l := range c.blocks {
		_ = l.Close()
	}
	c.blocks, c.next = nil, 0
}

func listenLoopback(port int) (net.Listener, error) {
	return net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
}

// addresses returns n loopback addresses that are free now: from a base port
// on, or any.
func addresses(n, base int) ([]string, error) {
	if base != 0 && (base < 1 || base+n-1 > 65535) {
		return nil, fmt.Errorf("base port %d: there are no %d ports from there on", base, n)
	}
	var out []string
	for i := range n {
		if base == 0 {
			l, err := claimed.take()
			if err != nil {
				return nil, err
			}
			out = append(out, l.Addr().String())
			if err := l.Close(); err != nil {
				return nil, fmt.Errorf("port %s: %w", l.Addr(), err)
			}
			continue
		}
		address := net.JoinHostPort("127.0.0.1", strconv.Itoa(base+i))
		if err := checkPort(bureaus[i%len(bureaus)].code, address); err != nil {
			return nil, err
		}
		out = append(out, address)
	}
	return out, nil
}

// checkPort returns a sentence if a node could not listen there.
func checkPort(bureau, address string) error {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return portError(bureau, address, err)
	}
	return l.Close()
}

func portError(bureau, address string, err error) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("port %s of %s is in use already; stop that program, or found a consortium on other ports: %w", address, bureau, syscall.EADDRINUSE)
	}
	return fmt.Errorf("port of %s: %w", bureau, err)
}
