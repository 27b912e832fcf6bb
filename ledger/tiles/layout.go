// Package tiles lays a ledger out as c2sp.org/tlog-tiles: the Merkle tree as
// tiles of 256 hashes, the entries as bundles of 256, and a checkpoint, so that
// tools which know nothing of comity read and check it.
//
//	checkpoint                  the note of a FINAL checkpoint with an origin line
//	tile/<L>/<N>[.p/<W>]        W hashes of 32 bytes; 256 without .p
//	tile/entries/<N>[.p/<W>]    W times (u16 length || entry)
//
// N is written in groups of three digits: 1234067 is x001/x234/067. Sealed
// bodies are not in it. Tiles, paths and proofs are those of x/mod/sumdb/tlog,
// which calls entries "data"; this package has what differs.
//
// Start reading at [Export].
package tiles

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"

	"comity/ledger"

	"golang.org/x/mod/sumdb/tlog"
)

// Height is the height of a tile, and Width the hashes in a full one.
const (
	Height = 8
	Width  = 1 << Height
)

// CheckpointPath is where the checkpoint lies, beside the tiles.
const CheckpointPath = "checkpoint"

// EntryLevel is the level of a [tlog.Tile] that is a bundle of entries.
const EntryLevel = -1

// MaxBundle bounds a bundle of entries.
const MaxBundle = Width * (2 + ledger.MaxEntry)

// maxPath is longer than the path of any tile within 2^62 entries.
const maxPath = 64

// Path returns the path of a tile, or of a bundle of entries.
func Path(t tlog.Tile) string {
	rest := strings.TrimPrefix(t.Path(), fmt.Sprintf("tile/%d/", Height))
	if bundle, ok := strings.CutPrefix(rest, "data/"); ok {
		rest = "entries/" + bundle
	}
	return "tile/" + rest
}

// ParsePath is the inverse of [Path].
func ParsePath(path string) (tlog.Tile, error) {
	rest, ok := strings.CutPrefix(path, "tile/")
	if bundle, entries := strings.CutPrefix(rest, "entries/"); entries {
		rest = "data/" + bundle
	}
	t, err := tlog.ParseTilePath(fmt.Sprintf("tile/%d/%s", Height, rest))
	if !ok || err != nil || len(path) > maxPath || t.L > 63 || t.N < 0 || Path(t) != path {
		return tlog.Tile{}, fmt.Errorf("tile path: %w", ledger.ErrMalformed)
	}
	return t, nil
}

// Within reports whether all hashes of t are in a tree of this size. For a
// partial tile that includes the trees in which it is full: what it holds stays.
func Within(t tlog.Tile, size uint64) bool {
	return t.N >= 0 && t.N <= math.MaxInt64>>Height && t.W >= 1 && t.W <= Width &&
		uint64(t.N)<<Height+uint64(t.W) <= size>>(Height*max(t.L, 0))
}

// Bundle returns the bundle with the entries of a tile of level 0.
func Bundle(t tlog.Tile) tlog.Tile {
	t.L = EntryLevel
	return t
}

// MaxSize returns the largest number of bytes that t can have.
func MaxSize(t tlog.Tile) int {
	if t.L == EntryLevel {
		return t.W * (2 + ledger.MaxEntry)
	}
	return t.W * tlog.HashSize
}

// AppendEntry appends an entry to a bundle.
func AppendEntry(bundle, entry []byte) []byte {
	if len(entry) > math.MaxUint16 {
		panic("tiles: an entry of more than 65,535 bytes")
	}
	return append(binary.BigEndian.AppendUint16(bundle, uint16(len(entry))), entry...)
}

// CutEntry splits the first entry off a bundle.
func CutEntry(bundle []byte) (entry, rest []byte, err error) {
	if len(bundle) < 2 || len(bundle)-2 < int(binary.BigEndian.Uint16(bundle)) {
		return nil, nil, fmt.Errorf("entry bundle: %w", ledger.ErrMalformed)
	}
	n := 2 + int(binary.BigEndian.Uint16(bundle))
	return bundle[2:n], bundle[n:], nil
}

// LeafHashes returns the tile of level 0 that goes with a bundle.
func LeafHashes(bundle []byte) ([]byte, error) {
	var tile []byte
	for len(bundle) > 0 {
		entry, rest, err := CutEntry(bundle)
		if err != nil {
			return nil, err
		}
		h := tlog.RecordHash(entry)
		tile, bundle = append(tile, h[:]...), rest
	}
	return tile, nil
}
