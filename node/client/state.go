package client

import (
	"context"
	"fmt"

	"comity/node/wire"
)

// Span returns what the node says that it holds as the entries from index from
// up to to, which is not among them. A node that does not hold them all answers
// [wire.NotFound].
func (c *Client) Span(ctx context.Context, from, to uint64) (*wire.Span, error) {
	data, err := c.get(ctx, c.url(wire.PathSpan, fmt.Sprintf("from=%d&to=%d", from, to)), 0, wire.SpanLen)
	if err != nil {
		return nil, err
	}
	s, err := wire.ParseSpan(data)
	if err != nil {
		return nil, fmt.Errorf("%s: span of entries %d to %d: %w", c.name, from, to, err)
	}
	return s, nil
}

// Manifest returns the manifest of the state that the node has applied, not
// parsed: at most limit bytes.
func (c *Client) Manifest(ctx context.Context, limit int64) ([]byte, error) {
	return c.get(ctx, c.url(wire.PathManifest, ""), 0, limit)
}
