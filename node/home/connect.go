package home

import (
	"fmt"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/node"
	"comity/node/client"
)

// NodeConfig returns what the bureau's node needs to run; who runs it adds a
// logger. It reads the node's keys and no other.
func (h *Home) NodeConfig() (node.Config, error) {
	g, err := h.Genesis()
	if err != nil {
		return node.Config{}, err
	}
	c := node.Config{
		Genesis: g, Bureau: h.config.Bureau, Dir: h.NodeDir(), Listen: h.config.Listen,
		Tiles: h.config.Tiles, TilesPublic: h.config.TilesPublic, KeyDays: h.config.KeyDays, Clock: h.Clock,
	}
	if c.Profile, err = node.ParseProfile(h.config.Profile); err != nil {
		return node.Config{}, fmt.Errorf("node of %s: %w", h.Bureau(), err)
	}
	if c.Admin, err = h.config.adminIn(h.dir); err != nil {
		return node.Config{}, fmt.Errorf("node of %s: %w", h.Bureau(), err)
	}
	if c.TLS, err = readTLS(h.key(fileNodeTLS)); err != nil {
		return node.Config{}, fmt.Errorf("node of %s: %w", h.Bureau(), err)
	}
	if c.Witness, err = readWitness(h.key(fileWitness)); err != nil {
		return node.Config{}, fmt.Errorf("node of %s: %w", h.Bureau(), err)
	}
	return c, nil
}

// Client returns a client, with the key t, of the node that the configuration
// names: the bureau's own, unless it says another.
func (h *Home) Client(t *keys.TLS) (*client.Client, error) {
	g, err := h.Genesis()
	if err != nil {
		return nil, err
	}
	o, err := h.resolve(g)
	if err != nil {
		return nil, err
	}
	o.TLS = t
	return client.New(o), nil
}

// ClientOf returns a client, with the key t, of the node of another bureau. Any
// node accepts statements and serves the same ledger.
func (h *Home) ClientOf(bureau string, t *keys.TLS) (*client.Client, error) {
	g, err := h.Genesis()
	if err != nil {
		return nil, err
	}
	m, ok := g.Member(bureau)
	if !ok {
		return nil, fmt.Errorf("connect: %s is not a member of this ledger", bureau)
	}
	o := nodeOf(m)
	o.TLS = t
	return client.New(o), nil
}

// resolve returns where commands find a node, and the key that it must prove.
// An address that is not in the charter is another way to the own node, through
// a tunnel for example, so that its key is expected.
func (h *Home) resolve(g *ledger.Genesis) (client.Options, error) {
	m, ok := g.Member(h.Bureau())
	if !ok {
		return client.Options{}, fmt.Errorf("connect: %s is not a member of this ledger", h.Bureau())
	}
	own, want := nodeOf(m), h.config.Node
	if want == "" {
		return own, nil
	}
	if o, ok := pinned(want); ok {
		return o, nil
	}
	members := g.Members()
	for i := range members {
		if m := &members[i]; m.Code == want || m.Node.Address == want {
			return nodeOf(m), nil
		}
	}
	if isCode(want) {
		return client.Options{}, fmt.Errorf("connect: node %s is not a member of this ledger", want)
	}
	own.Address = want
	return own, nil
}

func nodeOf(m *ledger.Member) client.Options {
	return client.Options{Address: m.Node.Address, Node: m.Node.TLS, Bureau: m.Code}
}
