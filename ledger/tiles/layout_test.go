package tiles

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"testing"

	"comity/ledger"

	"golang.org/x/mod/sumdb/tlog"
)

func TestPath(t *testing.T) {
	for _, tt := range []struct {
		tile tlog.Tile
		path string
	}{
		{tlog.Tile{H: 8, L: 0, N: 0, W: 256}, "tile/0/000"},
		{tlog.Tile{H: 8, L: 0, N: 1234067, W: 256}, "tile/0/x001/x234/067"}, // the example of the specification
		{tlog.Tile{H: 8, L: 1, N: 0, W: 17}, "tile/1/000.p/17"},
		{tlog.Tile{H: 8, L: 63, N: 0, W: 1}, "tile/63/000.p/1"},
		{tlog.Tile{H: 8, L: -1, N: 273, W: 112}, "tile/entries/273.p/112"},
		{tlog.Tile{H: 8, L: -1, N: 1000, W: 256}, "tile/entries/x001/000"},
		{tlog.Tile{H: 8, L: 0, N: 1<<54 - 1, W: 255}, "tile/0/x018/x014/x398/x509/x481/983.p/255"},
	} {
		if got := Path(tt.tile); got != tt.path {
			t.Errorf("path %s, want %s", got, tt.path)
		}
		if got, err := ParsePath(tt.path); err != nil || got != tt.tile {
			t.Errorf("%s: got %+v, %v", tt.path, got, err)
		}
	}
}

func TestParsePathRefuses(t *testing.T) {
	for _, path := range []string{
		"", "tile", "tile/", "checkpoint", "tile/0", "tile/0/", "/tile/0/000", "tile/0/000/", "tile//000",
		"tile/0/0", "tile/0/0000", "tile/0/x000", "tile/0/x000/001", "tile/0/001/002", "tile/0/x001/x002", "tile/0/+01", "tile/0/-01",
		"tile/00/000", "tile/+0/000", "tile/-1/000", "tile/64/000", "tile/data/000", "tile/8/0/000", "tile/entries/8/000",
		"tile/0/000.p", "tile/0/000.p/", "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/01", "tile/0/000.p/-1", "tile/0/000.p/1/2",
		"tile/0/../0/000", "tile/0/x999/x999/x999/x999/x999/x999/x999/x999/x999/x999/999", "tile/entries/000.p/17\n",
	} {
		if got, err := ParsePath(path); !errors.Is(err, ledger.ErrMalformed) {
			t.Errorf("%q: got %+v, %v", path, got, err)
		}
	}
}

// TestTilesOfTree holds the tiles of the specification's example.
func TestTilesOfTree(t *testing.T) {
	full, partial := make(map[int]int), make(map[int]int)
	for _, tile := range tlog.NewTiles(Height, 0, 70_000) {
		if !Within(tile, 70_000) || tile.W < Width && Within(tile, 69_999) && tile.L == 0 {
			t.Errorf("%s: not where it should be", Path(tile))
		}
		if tile.W == Width {
			full[tile.L]++
		} else {
			partial[tile.L] = tile.W
		}
	}
	if got, want := fmt.Sprint(full, partial), "map[0:273 1:1] map[0:112 1:17 2:1]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestWithin(t *testing.T) {
	for _, tt := range []struct {
		path string
		size uint64
		want bool
	}{
		{"tile/0/000.p/1", 0, false},
		{"tile/0/000.p/1", 1, true},
		{"tile/0/000", 255, false},
		{"tile/0/000", 256, true},
		{"tile/0/000.p/255", 256, true}, // of a former tree
		{"tile/entries/001.p/44", 300, true},
		{"tile/entries/001.p/45", 300, false},
		{"tile/1/000.p/1", 255, false},
		{"tile/1/000.p/1", 256, true},
		{"tile/1/000.p/2", 511, false},
		{"tile/63/000.p/1", math.MaxUint64, false},
		{"tile/7/000.p/1", 1<<62 - 1, true},
		{"tile/8/000.p/1", 1<<62 - 1, false},
	} {
		tile, err := ParsePath(tt.path)
		if err != nil || Within(tile, tt.size) != tt.want {
			t.Errorf("%s within %d: want %v (%v)", tt.path, tt.size, tt.want, err)
		}
	}
	for _, tile := range []tlog.Tile{{H: 8, N: 1 << 62, W: 1}, {H: 8, N: -1, W: 1}, {H: 8, N: math.MaxInt64, W: 256}, {H: 8, W: 0}, {H: 8, W: 257}} {
		if Within(tile, 1<<62-1) {
			t.Errorf("%+v is within", tile)
		}
	}
}

func TestBundle(t *testing.T) {
	var bundle, want []byte
	entries := [][]byte{{}, []byte("a"), bytes.Repeat([]byte{7}, ledger.MaxEntry)}
	for _, e := range entries {
		bundle = AppendEntry(bundle, e)
		h := tlog.RecordHash(e)
		want = append(want, h[:]...)
	}
	if got, err := LeafHashes(bundle); err != nil || !bytes.Equal(got, want) {
		t.Errorf("leaf hashes %x, %v", got, err)
	}
	if !bytes.Equal(bundle[:5], []byte{0, 0, 0, 1, 'a'}) {
		t.Errorf("begins with %x", bundle[:5])
	}
	for _, cut := range []int{1, 3, 4, 6, len(bundle) - 1} {
		if _, err := LeafHashes(bundle[:cut]); !errors.Is(err, ledger.ErrMalformed) {
			t.Errorf("cut at %d: %v", cut, err)
		}
	}
}

func FuzzParsePath(f *testing.F) {
	f.Add("tile/0/x001/x234/067.p/17")
	f.Add("tile/entries/000")
	f.Fuzz(func(t *testing.T, path string) {
		tile, err := ParsePath(path)
		if err != nil {
			return
		}
		if Path(tile) != path || tile.H != Height || tile.L < EntryLevel || tile.L > 63 || tile.N < 0 || tile.W < 1 || tile.W > Width {
			t.Errorf("%q is %+v", path, tile)
		}
		if Within(tile, 1<<62-1) && tile.N > 1<<54 {
			t.Errorf("%q is within", path)
		}
	})
}

func FuzzLeafHashes(f *testing.F) {
	f.Add(AppendEntry(AppendEntry(nil, []byte("one")), nil))
	f.Fuzz(func(t *testing.T, bundle []byte) {
		hashes, err := LeafHashes(bundle)
		if err != nil {
			return
		}
		var again []byte
		n := 0
		for rest := bundle; len(rest) > 0; n++ {
			var e []byte
			e, rest, err = CutEntry(rest)
			if err != nil {
				t.Fatal(err)
			}
			again = AppendEntry(again, e)
		}
		if !bytes.Equal(again, bundle) || len(hashes) != n*tlog.HashSize {
			t.Errorf("%x came back as %x with %d hashes", bundle, again, n)
		}
	})
}
