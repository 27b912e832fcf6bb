package client

import (
	"context"

	"comity/ledger"
	"comity/ledger/tiles"
	"comity/node/wire"

	"golang.org/x/mod/sumdb/tlog"
)

var _ tiles.Source = (*Client)(nil)

// TileCheckpoint returns the note of the node's last FINAL checkpoint with its
// origin line, not verified.
func (c *Client) TileCheckpoint(ctx context.Context) ([]byte, error) {
	return c.get(ctx, c.url(wire.PathTiles+tiles.CheckpointPath, ""), 0, ledger.MaxNote)
}

// Tile returns a tile of hashes or a bundle of entries, not verified.
func (c *Client) Tile(ctx context.Context, t tlog.Tile) ([]byte, error) {
	return c.get(ctx, c.url(wire.PathTiles+tiles.Path(t), ""), 0, int64(tiles.MaxSize(t)))
}
