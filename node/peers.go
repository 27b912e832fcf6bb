package node

import (
	"context"
	"fmt"
	"sync"
	"time"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/node/client"
	"comity/node/wire"
)

// peers is how a node reaches the other nodes beside Raft. Names are node
// names. The test twin calls the other nodes directly.
type peers interface {
	talker
	giver
	Forward(ctx context.Context, name string, items []ledger.Item) ([]wire.Outcome, error)
	Cosign(ctx context.Context, name string, list []*ledger.Cosignature) error
	Records(ctx context.Context, name string, from uint64, limit int, each func(*wire.Record) error) (next uint64, err error)
	ReadIndex(ctx context.Context, name string) (*wire.ReadIndex, error)
	Receipt(ctx context.Context, name string, index uint64) (*ledger.Receipt, error) // parsed, not verified
	Span(ctx context.Context, name string, from, to uint64) (*wire.Span, error)
	Manifest(ctx context.Context, name string) ([]byte, error)
	Status(ctx context.Context, name string) (*wire.Status, error)
	Charter(ctx context.Context, name string) (*ledger.Genesis, error) // verified, of whatever ledger
}

// httpPeers reaches the others through their API, each under the TLS key that
// the charter pins.
type httpPeers struct {
	roster *roster
	tls    *keys.TLS

	mu      sync.Mutex // guards clients
	clients map[string]peerClient
}

// peerClient is a client of a node as it was when it was made.
type peerClient struct {
	*client.Client
	address string
	key     keys.ID
}

var _ peers = (*httpPeers)(nil)

// peerConnections are as many as groups are on their way to the leader, and some for
// what else nodes say to each other. A node grants nodeConns.
const peerConnections = 40

func newHTTPPeers(r *roster, tls *keys.TLS) *httpPeers {
	return &httpPeers{roster: r, tls: tls, clients: make(map[string]peerClient)}
}

func (p *httpPeers) client(name string) (*client.Client, error) {
	m := p.roster.node(name)
	if m == nil {
		return nil, fmt.Errorf("no member has a node %q", name)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	c, ok := p.clients[name]
	if ok && (c.address != m.Node.Address || c.key != m.Node.TLS) { // the bureaus gave it another
		c.Close()
		ok = false
	}
	if !ok {
		c = peerClient{client.New(client.Options{Address: m.Node.Address, Node: m.Node.TLS, TLS: p.tls, Timeout: 30 * time.Second, Connections: peerConnections}), m.Node.Address, m.Node.TLS}
		p.clients[name] = c
	}
	return c.Client, nil
}

func (p *httpPeers) Forward(ctx context.Context, name string, items []ledger.Item) ([]wire.Outcome, error) {
	c, err := p.client(name)
	if err != nil {
		return nil, err
	}
	return c.Forward(ctx, items)
}

func (p *httpPeers) Cosign(ctx context.Context, name string, list []*ledger.Cosignature) error {
	c, err := p.client(name)
	if err != nil {
		return err
	}
	return c.Cosign(ctx, list)
}

func (p *httpPeers) Records(ctx context.Context, name string, from uint64, limit int, each func(*wire.Record) error) (uint64, error) {
	c, err := p.client(name)
	if err != nil {
		return from, err
	}
	return c.Records(ctx, from, limit, each)
}

func (p *httpPeers) ReadIndex(ctx context.Context, name string) (*wire.ReadIndex, error) {
	c, err := p.client(name)
	if err != nil {
		return nil, err
	}
	return c.ReadIndex(ctx)
}

func (p *httpPeers) Hand(ctx context.Context, name string, list []*ledger.Cosignature) error {
	c, err := p.client(name)
	if err != nil {
		return err
	}
	return c.Hand(ctx, list)
}

func (p *httpPeers) Head(ctx context.Context, name, of string) (*ledger.Cosignature, error) {
	c, err := p.client(name)
	if err != nil {
		return nil, err
	}
	return c.Head(ctx, of)
}

func (p *httpPeers) Receipt(ctx context.Context, name string, index uint64) (*ledger.Receipt, error) {
	c, err := p.client(name)
	if err != nil {
		return nil, err
	}
	return c.Receipt(ctx, index, 0)
}

func (p *httpPeers) Span(ctx context.Context, name string, from, to uint64) (*wire.Span, error) {
	c, err := p.client(name)
	if err != nil {
		return nil, err
	}
	return c.Span(ctx, from, to)
}

func (p *httpPeers) Manifest(ctx context.Context, name string) ([]byte, error) {
	c, err := p.client(name)
	if err != nil {
		return nil, err
	}
	return c.Manifest(ctx, maxManifest)
}

func (p *httpPeers) Status(ctx context.Context, name string) (*wire.Status, error) {
	c, err := p.client(name)
	if err != nil {
		return nil, err
	}
	return c.Status(ctx)
}

func (p *httpPeers) Charter(ctx context.Context, name string) (*ledger.Genesis, error) {
	c, err := p.client(name)
	if err != nil {
		return nil, err
	}
	return c.Charter(ctx)
}

func (p *httpPeers) Root(ctx context.Context, name string, size uint64, root ledger.Hash) (ledger.Hash, bool, error) {
	c, err := p.client(name)
	if err != nil {
		return ledger.Hash{}, false, err
	}
	return c.Root(ctx, size, root)
}

func (p *httpPeers) Attachment(ctx context.Context, name string, address ledger.Hash, size, from int64) ([]byte, error) {
	c, err := p.client(name)
	if err != nil {
		return nil, err
	}
	return c.Attachment(ctx, address, size, from)
}

// close ends all connections.
func (p *httpPeers) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.clients {
		c.Close()
	}
}
