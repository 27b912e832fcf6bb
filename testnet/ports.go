package testnet

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"
)

// addresses returns n loopback addresses that are free now: from a base port
// on, or any.
func addresses(n, base int) ([]string, error) {
	if base != 0 && (base < 1 || base+n-1 > 65535) {
		return nil, fmt.Errorf("base port %d: there are no %d ports from there on", base, n)
	}
	var out []string
	for i := range n {
		port := 0
		if base != 0 {
			port = base + i
		}
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			return nil, portError(bureaus[i].code, net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), err)
		}
		defer l.Close() // held until all are known, so that none is given twice
		out = append(out, l.Addr().String())
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
		return fmt.Errorf("port %s of %s is in use by another program; stop that, or found a consortium on other ports", address, bureau)
	}
	return fmt.Errorf("port of %s: %w", bureau, err)
}
