package node

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"comity/ledger"
	"comity/node/wire"
)

func archivedNote(size uint64) []byte {
	return []byte(ledger.Checkpoint{Origin: "comity/0123456789abcdef", Size: size, Root: ledger.Hash{byte(size)}}.String() + "\n— xa.comity/n1 AAAAAAA=\n")
}

func openTestArchive(t *testing.T, path string) *archive {
	t.Helper()
	a, err := openArchive(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.close(); err != nil {
			t.Error(err)
		}
	})
	return a
}

// A note is kept when the ledger has doubled, or an hour has passed.
func TestArchiveKeepsNotEveryNote(t *testing.T) {
	a := openTestArchive(t, filepath.Join(t.TempDir(), "finals"))
	const minute = 60_000
	for _, tt := range []struct {
		size, time uint64
		want       bool
	}{
		{10, 0, true}, {10, 90 * minute, false}, {11, 1, false}, {19, 59 * minute, false}, {20, 59 * minute, true},
		{21, 59*minute + archiveEvery - 1, false}, {21, 59*minute + archiveEvery, true}, {41, 120 * minute, false}, {42, 120 * minute, true}, {1 << 61, 121 * minute, true},
	} {
		if got := a.due(tt.size, tt.time); got != tt.want {
			t.Errorf("%d entries at %d ms: got %v, want %v", tt.size, tt.time, got, tt.want)
		}
		if tt.want {
			if err := a.keep(archivedNote(tt.size), tt.time); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// Whatever a crash leaves of the last record, those before are there, and the
// next is kept; damage anywhere before the last is not passed over in silence.
func TestArchiveTornAndDamaged(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "finals")
	a := openTestArchive(t, path)
	var ends []int64
	for size := uint64(1); size <= 1000; size++ {
		if err := a.keep(archivedNote(size), size); err != nil {
			t.Fatal(err)
		}
		ends = append(ends, a.end)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(whole) < archiveHead+ledger.MaxNote {
		t.Fatalf("%d bytes: a file that is all tail", len(whole))
	}
	other := filepath.Join(dir, "other")
	for cut := ends[len(ends)-2]; cut < int64(len(whole)); cut++ {
		if err := os.WriteFile(other, whole[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		a := openTestArchive(t, other)
		if len(a.index) != 999 || a.end != ends[998] {
			t.Fatalf("cut at %d: %d notes up to %d", cut, len(a.index), a.end)
		}
		if err := a.keep(archivedNote(5000), 5); err != nil {
			t.Fatal(err)
		}
		again := openTestArchive(t, other)
		list, err := again.page(998, 10)
		if err != nil || len(list) != 2 || !bytes.Equal(list[1].Note, archivedNote(5000)) || list[1].Time != 5 {
			t.Fatalf("cut at %d, continued: %d notes, %v", cut, len(list), err)
		}
	}
	for at := 0; at < int(ends[2]); at++ {
		bad := bytes.Clone(whole)
		bad[at] ^= 1
		if err := os.WriteFile(other, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		if a, err := openArchive(other); !errors.Is(err, ErrCorrupt) {
			t.Errorf("byte %d flipped: %v, want %v", at, err, ErrCorrupt)
			_ = a.close()
		}
		if now, err := os.ReadFile(other); err != nil || !bytes.Equal(now, bad) {
			t.Fatalf("byte %d flipped: the file was changed, %v", at, err)
		}
	}
}

func TestArchivePages(t *testing.T) {
	a := openTestArchive(t, filepath.Join(t.TempDir(), "finals"))
	for size := uint64(1); size <= 150; size++ {
		if err := a.keep(archivedNote(size), 1000*size); err != nil {
			t.Fatal(err)
		}
	}
	var all []wire.Archived
	for {
		page, err := a.page(uint64(len(all)), 1000)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) > wire.MaxArchived {
			t.Fatalf("a page of %d", len(page))
		}
		again, err := wire.ParseArchived(wire.MarshalArchived(page))
		if err != nil || len(again) != len(page) {
			t.Fatalf("it does not come back: %v", err)
		}
		if len(page) == 0 {
			break
		}
		all = append(all, again...)
	}
	if len(all) != 150 || all[149].Time != 150_000 || !bytes.Equal(all[149].Note, archivedNote(150)) {
		t.Errorf("%d notes", len(all))
	}
	if page, err := a.page(1<<62, 5); err != nil || len(page) != 0 {
		t.Errorf("past the end: %d notes, %v", len(page), err)
	}
}
