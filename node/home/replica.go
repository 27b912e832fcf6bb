package home

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/node"
	"comity/node/client"
)

const (
	dirReplica  = "replica"
	fileReplica = "replica-tls.pem"
)

// replicaLabel is the badge of a read replica's TLS key in the ledger. Its role,
// operator, lets it read from nodes and hand them statements that others signed; at
// a desk it is shown nothing.
const replicaLabel = "replica"

// ErrNoSource is returned for a read replica that is told of no source.
var ErrNoSource = errors.New("a read replica copies from nodes or from other read replicas, and none is named")

// ReplicaDir returns the folder of the data of a read replica.
func (h *Home) ReplicaDir() string { return filepath.Join(h.dir, dirReplica) }

// ReplicaTLS returns the TLS key of the read replica of this home: clients pin it,
// and nodes know the read replica by it. The error matches [fs.ErrNotExist] before
// [Home.MakeReplicaTLS].
func (h *Home) ReplicaTLS() (*keys.TLS, error) {
	t, err := readTLS(h.key(fileReplica))
	if err != nil {
		return nil, fmt.Errorf("key of the read replica of %s: %w", h.Bureau(), err)
	}
	return t, nil
}

// MakeReplicaTLS returns the TLS key of the read replica, and makes it if there is
// none. Nodes know it once it is enrolled.
func (h *Home) MakeReplicaTLS() (*keys.TLS, error) {
	t, err := h.ReplicaTLS()
	if !errors.Is(err, fs.ErrNotExist) {
		return t, err
	}
	if err := writeTLS(h.key(fileReplica)); err != nil {
		return nil, fmt.Errorf("key of the read replica of %s: %w", h.Bureau(), err)
	}
	return h.ReplicaTLS()
}

// MirrorConfig returns what the bureau's read replica needs to run; who runs it
// adds a logger. It reads the read replica's key and no other.
func (h *Home) MirrorConfig() (node.MirrorConfig, error) {
	fail := func(err error) (node.MirrorConfig, error) {
		return node.MirrorConfig{}, fmt.Errorf("read replica of %s: %w", h.Bureau(), err)
	}
	g, err := h.Genesis()
	if err != nil {
		return fail(err)
	}
	c := node.MirrorConfig{Genesis: g, Bureau: h.config.Bureau, Dir: h.ReplicaDir(), Listen: h.config.Listen,
		Tiles: h.config.Tiles, TilesPublic: h.config.TilesPublic, Clock: h.Clock}
	if c.Admin, err = h.config.adminIn(h.dir); err != nil {
		return fail(err)
	}
	if len(h.config.From) == 0 {
		return fail(ErrNoSource)
	}
	if c.TLS, err = h.ReplicaTLS(); err != nil {
		return node.MirrorConfig{}, err
	}
	for _, from := range h.config.From {
		o, err := h.source(g, from)
		if err != nil {
			return fail(err)
		}
		if o.Node == c.TLS.ID() {
			return fail(fmt.Errorf("from names %s, which is this read replica itself", from))
		}
		o.TLS = c.TLS
		c.Sources = append(c.Sources, client.New(o))
	}
	return c, nil
}

// source returns where a source is, and the key that it must prove.
func (h *Home) source(g *ledger.Genesis, from string) (client.Options, error) {
	if o, ok := pinned(from); ok {
		return o, nil
	}
	members := g.Members()
	for i := range members {
		if m := &members[i]; m.Code == from || m.Node.Address == from {
			return nodeOf(m), nil
		}
	}
	if isCode(from) {
		return client.Options{}, fmt.Errorf("from names %s, which is not a member of this ledger", from)
	}
	return client.Options{}, fmt.Errorf("from names %s, which is no node's address in the charter; a read replica is named with its key, %s#KEY, as comity node key prints it there", from, from)
}

// pinned returns what HOST:PORT#KEY names: a read replica.
func pinned(text string) (client.Options, bool) {
	address, key, ok := strings.Cut(text, "#")
	if !ok {
		return client.Options{}, false
	}
	id, err := keys.ParseID(key)
	return client.Options{Address: address, Node: id, Replica: true}, err == nil
}

// checkPinned checks the form of HOST:PORT#KEY.
func checkPinned(name, value string) error {
	address, key, _ := strings.Cut(value, "#")
	if err := checkAddress(name, address); err != nil {
		return err
	}
	if _, err := keys.ParseID(key); err != nil {
		return fmt.Errorf("%s %.100q names a read replica, and what is after the # is not the id of a key: 64 hexadecimal digits, as comity node key prints it", name, value)
	}
	return nil
}

// enrolReplica returns what the root has to say about the key of the read replica,
// nothing where there is none.
func (h *Home) enrolReplica() ([]ledger.Enrol, error) {
	t, err := h.ReplicaTLS()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	id := t.ID()
	return []ledger.Enrol{{Purpose: ledger.PurposeAccess, Label: replicaLabel, Roles: ledger.RoleOperator, Key: id[:]}}, nil
}
