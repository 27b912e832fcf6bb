package testnet

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"syscall"
)

// Ports that are chosen lie below the range from which systems take the ports
// of outgoing connections (32768 and up on Linux): else a client that dials a
// node which is down could take its port, or reach itself (TCP, RFC 9293,
// section 3.5, simultaneous open).
const (
	lowestPort  = 10240
	highestPort = 32767
	portTries   = 1000
)

// addresses returns n loopback addresses that are free now: from a base port
// on, or any.
func addresses(n, base int) ([]string, error) {
	if base != 0 && (base < 1 || base+n-1 > 65535) {
		return nil, fmt.Errorf("base port %d: there are no %d ports from there on", base, n)
	}
	var out []string
	for i, try := 0, 0; i < n; {
		port := base + i
		if base == 0 {
			port = lowestPort + rand.IntN(highestPort-lowestPort+1)
		}
		address := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
		l, err := net.Listen("tcp", address)
		if err != nil && base == 0 && try < portTries {
			try++
			continue
		}
		if err != nil {
			return nil, portError(bureaus[i%len(bureaus)].code, address, err)
		}
		defer l.Close() // held until all are known, so that none is given twice
		out = append(out, address)
		i++
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
