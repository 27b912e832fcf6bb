package client

import (
	"context"
	"fmt"
	"net/url"

	"comity/ledger"
	"comity/node/wire"
)

// Hand brings cosignatures to another node, not for the log, but so that it can
// hold them against its own; only nodes may.
func (c *Client) Hand(ctx context.Context, cosigs []*ledger.Cosignature) error {
	command := ledger.Command{Cosignatures: cosigs}
	return c.post(ctx, c.url(wire.PathHeads, ""), binaryHeader(), command.Marshal(), nil)
}

// Head returns the newest cosignature by a node that the asked one holds, nil
// when it holds none; only nodes may ask. It is not verified.
func (c *Client) Head(ctx context.Context, of string) (*ledger.Cosignature, error) {
	data, err := c.get(ctx, c.url(wire.PathHeads, "node="+url.QueryEscape(of)), 0, wire.MaxHeads)
	if err != nil || len(data) == 0 {
		return nil, err
	}
	s, err := ledger.ParseCosignature(data)
	if err != nil {
		return nil, fmt.Errorf("%s: newest cosignature of %s: %w", c.name, of, err)
	}
	return s, nil
}

// Root tells another node which root the caller's log has at a size, and returns
// which root the asked one's has there; false while it is shorter. Only nodes may
// ask.
func (c *Client) Root(ctx context.Context, size uint64, root ledger.Hash) (ledger.Hash, bool, error) {
	data, err := c.get(ctx, c.url(wire.PathRoots, fmt.Sprintf("size=%d&root=%x", size, root)), 0, int64(len(root)))
	if err != nil || len(data) == 0 {
		return ledger.Hash{}, false, err
	}
	if len(data) != len(root) {
		return ledger.Hash{}, false, fmt.Errorf("%s: root at %d: %w", c.name, size, ledger.ErrMalformed)
	}
	return ledger.Hash(data), true, nil
}

// EvidenceFiles lists the proofs that the node keeps of nodes that cosigned
// another history.
func (c *Client) EvidenceFiles(ctx context.Context) ([]wire.EvidenceFile, error) {
	var out []wire.EvidenceFile
	if err := c.getJSON(ctx, wire.PathEvidence, "", &out); err != nil {
		return nil, err
	}
	return out, nil
}

// Evidence returns an evidence file by its name. It is parsed, not verified:
// [ledger.Evidence.Verify] does that.
func (c *Client) Evidence(ctx context.Context, name string) (*ledger.Evidence, error) {
	data, err := c.get(ctx, c.url(wire.PathEvidence+"/"+url.PathEscape(name), ""), 0, ledger.MaxEvidence)
	if err != nil {
		return nil, err
	}
	e, err := ledger.ParseEvidence(data)
	if err != nil {
		return nil, fmt.Errorf("%s: evidence %s: %w", c.name, name, err)
	}
	return e, nil
}

// Archive returns FINAL notes that the node has kept since it began, oldest
// first, from the one with this number on; none means that there are no more.
// They are not verified: [ledger.Policy.Open] does that.
func (c *Client) Archive(ctx context.Context, from uint64) ([]wire.Archived, error) {
	u := c.url(wire.PathArchive, fmt.Sprintf("from=%d&limit=%d", from, wire.MaxArchived))
	data, err := c.get(ctx, u, 0, wire.MaxArchive)
	if err != nil {
		return nil, err
	}
	list, err := wire.ParseArchived(data)
	if err != nil {
		return nil, fmt.Errorf("%s: archived checkpoints: %w", c.name, err)
	}
	return list, nil
}
