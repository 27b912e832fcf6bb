package tiles

import (
	"context"
	"sync"

	"golang.org/x/mod/sumdb/tlog"
)

// maxCached bounds the tiles that are kept in memory; each has at most 8 KiB.
const maxCached = 1024

// reader hands tiles of hashes to [tlog.TileHashReader], which checks them
// against the root of a tree, and keeps those that passed.
type reader struct {
	ctx  context.Context // of the one export that it reads for
	tile func(context.Context, tlog.Tile) ([]byte, error)

	mu    sync.Mutex // guards known
	known map[tlog.Tile][]byte
}

var _ tlog.TileReader = (*reader)(nil)

// newReader returns the hashes of a tree, read from a source that is not
// trusted: what does not lead to the root is an error.
func newReader(ctx context.Context, tree tlog.Tree, tile func(context.Context, tlog.Tile) ([]byte, error)) tlog.HashReader {
	return tlog.TileHashReader(tree, &reader{ctx: ctx, tile: tile, known: make(map[tlog.Tile][]byte)})
}

// Height implements [tlog.TileReader].
func (r *reader) Height() int { return Height }

// ReadTiles implements [tlog.TileReader].
func (r *reader) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	out := make([][]byte, len(tiles))
	for i, t := range tiles {
		r.mu.Lock()
		out[i] = r.known[t]
		r.mu.Unlock()
		if out[i] != nil {
			continue
		}
		data, err := r.tile(r.ctx, t)
		if err != nil {
			return nil, err
		}
		out[i] = data[:min(len(data), MaxSize(t))] // a full tile may stand for a partial one
	}
	return out, nil
}

// SaveTiles implements [tlog.TileReader].
func (r *reader) SaveTiles(tiles []tlog.Tile, data [][]byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.known)+len(tiles) > maxCached {
		clear(r.known)
	}
	for i, t := range tiles {
		r.known[t] = data[i]
	}
}
