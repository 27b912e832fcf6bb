package client

import (
	"context"
	"fmt"

	"comity/ledger"
	"comity/node/wire"
)

// Submit hands a signed statement and its body to the node and returns when a
// majority has committed it. It does not wait until it is FINAL: see
// [Client.Receipt]. Submitting the same item again, here or at another node,
// gives the same index.
func (c *Client) Submit(ctx context.Context, it ledger.Item) (*wire.Submitted, error) {
	out := new(wire.Submitted)
	if err := c.post(ctx, c.submitURL, c.submitTo, it.Marshal(), out); err != nil {
		return nil, err
	}
	if out.ID != it.Entry.ID {
		return nil, fmt.Errorf("%s: it answered for another statement", c.name)
	}
	return out, nil
}

// Forward hands items to the leader; only nodes may. There is one outcome per
// item, in their order.
func (c *Client) Forward(ctx context.Context, items []ledger.Item) ([]wire.Outcome, error) {
	var out []wire.Outcome
	if err := c.post(ctx, c.url(wire.PathForward, ""), binaryHeader(), wire.MarshalItems(items), &out); err != nil {
		return nil, err
	}
	if len(out) != len(items) {
		return nil, fmt.Errorf("%s: %d outcomes for %d items", c.name, len(out), len(items))
	}
	for i := range out {
		s := out[i].Submitted
		if (s == nil) == (out[i].Error == nil) || s != nil && s.ID != items[i].Entry.ID {
			return nil, fmt.Errorf("%s: the outcome of item %d is of something else", c.name, i)
		}
	}
	return out, nil
}

// Cosign hands cosignatures to the leader, as the Raft command that carries
// them; only nodes may.
func (c *Client) Cosign(ctx context.Context, cosigs []*ledger.Cosignature) error {
	command := ledger.Command{Cosignatures: cosigs}
	return c.post(ctx, c.url(wire.PathCosign, ""), binaryHeader(), command.Marshal(), nil)
}

// ReadIndex asks the leader for a position; only nodes may. A read of a state
// that has reached it is linearizable.
func (c *Client) ReadIndex(ctx context.Context) (*wire.ReadIndex, error) {
	out := new(wire.ReadIndex)
	if err := c.post(ctx, c.url(wire.PathReadIndex, ""), binaryHeader(), nil, out); err != nil {
		return nil, err
	}
	return out, nil
}
