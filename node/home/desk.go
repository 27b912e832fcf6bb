package home

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"comity/crypto/keys"
	"comity/node/client"
)

// Names within the folder.
const (
	dirReads  = "reads"
	fileReads = "log"
	fileDesk  = "desk-tls.pem"
)

// deskLabel is the badge of the desk's TLS key in the ledger. Its role, auditor,
// lets it read from nodes and write nothing.
const deskLabel = "desk"

// ReadLog returns the path of the log of who read what was opened here. It is
// not in the desk's folder, which may be removed and is made again.
func (h *Home) ReadLog() string { return filepath.Join(h.dir, dirReads, fileReads) }

// DeskTLS returns the TLS key of the desk of this home: officers pin it, and
// nodes know the desk by it. The error matches [fs.ErrNotExist] before
// [Home.MakeDeskTLS].
func (h *Home) DeskTLS() (*keys.TLS, error) {
	t, err := readTLS(h.key(fileDesk))
	if err != nil {
		return nil, fmt.Errorf("desk's key of %s: %w", h.Bureau(), err)
	}
	return t, nil
}

// MakeDeskTLS returns the TLS key of the desk, and makes it if there is none.
// Nodes know it once it is enrolled.
func (h *Home) MakeDeskTLS() (*keys.TLS, error) {
	t, err := h.DeskTLS()
	if !errors.Is(err, fs.ErrNotExist) {
		return t, err
	}
	if err := writeTLS(h.key(fileDesk)); err != nil {
		return nil, fmt.Errorf("desk's key of %s: %w", h.Bureau(), err)
	}
	return h.DeskTLS()
}

// DeskClient returns a client of the bureau's desk at an address, which must
// prove the pinned key, with the officer's key t.
func (h *Home) DeskClient(address string, pin keys.ID, t *keys.TLS) *client.Client {
	return client.New(client.Options{Address: address, Node: pin, TLS: t, Bureau: h.Bureau(), Desk: true})
}

// Nodes returns clients, with the key t, of every node of the ledger: first
// that of the configuration, then the bureau's own, then the others in the order
// of the charter.
func (h *Home) Nodes(t *keys.TLS) ([]*client.Client, error) {
	g, err := h.Genesis()
	if err != nil {
		return nil, err
	}
	first, err := h.resolve(g)
	if err != nil {
		return nil, err
	}
	options := []client.Options{first}
	if own, ok := g.Member(h.Bureau()); ok {
		options = append(options, nodeOf(own))
	}
	members := g.Members()
	for i := range members {
		options = append(options, nodeOf(&members[i]))
	}
	var list []*client.Client
	seen := make(map[string]bool)
	for _, o := range options {
		if seen[o.Address] {
			continue
		}
		seen[o.Address] = true
		o.TLS = t
		list = append(list, client.New(o))
	}
	return list, nil
}
