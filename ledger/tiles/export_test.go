package tiles

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"comity/ledger"
	"comity/ledger/ledgertest"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// memory is a source that holds its tiles, and may lie.
type memory struct {
	*ledgertest.Consortium
	entries [][]byte
	hashes  []tlog.Hash

	mu    sync.Mutex // guards asked
	asked map[string]int

	lie  func(path string, data []byte) ([]byte, error) // nil: the truth
	note []byte                                         // nil: of the end
}

var _ Source = (*memory)(nil)

func newMemory(t *testing.T, c *ledgertest.Consortium, n int, salt string) *memory {
	m := &memory{Consortium: c, asked: make(map[string]int)}
	m.grow(t, n, salt)
	return m
}

// grow adds entries until there are n. Export does not look into them.
func (m *memory) grow(t *testing.T, n int, salt string) {
	t.Helper()
	for i := len(m.entries); i < n; i++ {
		e := fmt.Appendf(nil, "%s %d %s", salt, i, strings.Repeat("x", i%97))
		h, err := tlog.StoredHashes(int64(i), e, m)
		if err != nil {
			t.Fatal(err)
		}
		m.entries, m.hashes = append(m.entries, e), append(m.hashes, h...)
	}
	clear(m.asked)
	m.note = m.sign(t, m.Bureaus...)
}

func (m *memory) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		if x >= int64(len(m.hashes)) {
			return nil, fs.ErrNotExist
		}
		out[i] = m.hashes[x]
	}
	return out, nil
}

// sign returns the note of the end, cosigned by these, with an origin line of XA.
func (m *memory) sign(t *testing.T, by ...*ledgertest.Bureau) []byte {
	t.Helper()
	root, err := tlog.TreeHash(int64(len(m.entries)), m)
	if err != nil {
		t.Fatal(err)
	}
	p := m.Genesis.PolicyAt(0)
	c := ledger.Checkpoint{Origin: p.Origin, Size: uint64(len(m.entries)), Root: ledger.Hash(root)}
	var cosigs []*ledger.Cosignature
	for _, b := range by {
		s, err := ledger.Cosign(b.Witness, b.Node(), c, 1_700_000_000)
		if err != nil {
			t.Fatal(err)
		}
		cosigs = append(cosigs, s)
	}
	plain := ledger.FormatNote(c, p.Witness, cosigs)
	signed, err := ledger.SignOrigin(m.Bureaus[0].Witness, p, plain)
	if errors.Is(err, ledger.ErrQuorum) {
		return plain
	}
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

func (m *memory) TileCheckpoint(context.Context) ([]byte, error) {
	m.ask(CheckpointPath)
	return m.note, nil
}

func (m *memory) ask(path string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.asked[path]++
}

func (m *memory) Tile(ctx context.Context, t tlog.Tile) ([]byte, error) {
	m.ask(Path(t))
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if !Within(t, uint64(len(m.entries))) {
		return nil, fs.ErrNotExist
	}
	data, err := []byte(nil), error(nil)
	if t.L == EntryLevel {
		for i := range t.W {
			data = AppendEntry(data, m.entries[int(t.N)*Width+i])
		}
	} else {
		data, err = tlog.ReadTileData(t, m)
	}
	if err == nil && m.lie != nil {
		return m.lie(Path(t), data)
	}
	return data, err
}

func (m *memory) bundlesAsked() (n int) {
	for path := range m.asked {
		if strings.HasPrefix(path, "tile/entries/") {
			n++
		}
	}
	return n
}

func (m *memory) export(t *testing.T, dir string) (*Exported, error) {
	t.Helper()
	last := uint64(0)
	return Export(t.Context(), dir, m, m.Genesis.Membership, func(done, total uint64) {
		if done <= last || done > total || total != uint64(len(m.entries)) {
			t.Errorf("progress %d of %d after %d", done, total, last)
		}
		last = done
	})
}

// check reads the whole folder back with x/mod/sumdb/tlog and note.
func (m *memory) check(t *testing.T, dir, vkey string) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, CheckpointPath))
	if err != nil {
		t.Fatal(err)
	}
	v, err := note.NewVerifier(vkey)
	if err != nil {
		t.Fatal(err)
	}
	n, err := note.Open(data, note.VerifierList(v))
	if err != nil {
		t.Fatal(err)
	}
	c, err := ledger.ParseCheckpoint(n.Text)
	if err != nil || c.Size != uint64(len(m.entries)) {
		t.Fatalf("checkpoint of %d entries, %v; want %d", c.Size, err, len(m.entries))
	}
	f := &folder{dir: dir}
	hashes := newReader(t.Context(), tree(c), f.tile)
	for _, tile := range tlog.NewTiles(Height, 0, int64(c.Size)) {
		want, err := tlog.ReadTileData(tile, hashes)
		if err != nil {
			t.Fatalf("%s: %v", Path(tile), err)
		}
		if got, err := os.ReadFile(f.path(Path(tile))); err != nil || !bytes.Equal(got, want) {
			t.Fatalf("%s: %v", Path(tile), err)
		}
		if tile.L == 0 {
			if got, err := f.read(Path(Bundle(tile)), MaxBundle); err != nil || checkBundle(got, want) != nil {
				t.Fatalf("%s: %v", Path(Bundle(tile)), err)
			}
		}
	}
}

// files returns what is in a folder, with "/" between names.
func files(t *testing.T, dir string) (out []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			rel, _ := filepath.Rel(dir, path)
			out = append(out, filepath.ToSlash(rel))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestExport(t *testing.T) {
	c := ledgertest.NewGenesis(t, 1)
	for _, n := range []int{1, 255, 256, 257, 600} {
		m, dir := newMemory(t, c, n, "a"), filepath.Join(t.TempDir(), "tiles")
		x, err := m.export(t, dir)
		if err != nil {
			t.Fatalf("%d entries: %v", n, err)
		}
		if x.Checkpoint.Size != uint64(n) || x.Before != 0 || x.Origin != "XA" || !slices.Equal(x.Cosigners, []string{"XA"}) || x.Written != len(files(t, dir))-1 {
			t.Errorf("%d entries: %+v", n, x)
		}
		m.check(t, dir, x.Key)
	}
}

func TestExportIsIncremental(t *testing.T) {
	m, dir := newMemory(t, ledgertest.NewGenesis(t, 1), 300, "a"), t.TempDir()
	if _, err := m.export(t, dir); err != nil {
		t.Fatal(err)
	}
	clear(m.asked)
	if x, err := m.export(t, dir); err != nil || x.Written != 0 || m.bundlesAsked() != 0 {
		t.Errorf("again: %+v, %v; asked for %v", x, err, m.asked)
	}
	m.grow(t, 310, "a")
	if x, err := m.export(t, dir); err != nil || x.Before != 300 || m.bundlesAsked() != 1 || m.asked["tile/entries/001.p/54"] != 1 {
		t.Errorf("ten more: %+v, %v; asked for %v", x, err, m.asked)
	}
	m.grow(t, 1000, "a")
	x, err := m.export(t, dir)
	if err != nil || m.bundlesAsked() != 3 {
		t.Errorf("many more: %+v, %v; asked for %v", x, err, m.asked)
	}
	m.check(t, dir, x.Key)
	for _, name := range files(t, dir) {
		if strings.Contains(name, "001.p") {
			t.Errorf("%s is still there, and full", name)
		}
	}
	// What is lost comes back, and nothing else is fetched.
	if err := os.Remove(filepath.Join(dir, "tile/entries/001")); err != nil {
		t.Fatal(err)
	}
	clear(m.asked)
	if x, err := m.export(t, dir); err != nil || x.Written != 1 || m.bundlesAsked() != 1 {
		t.Errorf("one lost: %+v, %v; asked for %v", x, err, m.asked)
	}
}

func TestExportResumes(t *testing.T) {
	m, dir := newMemory(t, ledgertest.NewGenesis(t, 1), 1500, "a"), t.TempDir()
	m.lie = func(path string, data []byte) ([]byte, error) {
		if path == "tile/entries/005.p/220" {
			return nil, errors.New("the line went dead")
		}
		return data, nil
	}
	if _, err := m.export(t, dir); err == nil || !strings.Contains(err.Error(), "went dead") {
		t.Fatalf("got %v", err)
	}
	left := slices.DeleteFunc(files(t, dir), func(name string) bool { return !strings.HasPrefix(name, "tile/entries/") })
	if slices.Contains(files(t, dir), CheckpointPath) || len(left) == 0 {
		t.Fatalf("left %v", files(t, dir))
	}
	// A file that was damaged meanwhile is fetched again, the others are not.
	if err := os.WriteFile(filepath.Join(dir, left[0]), []byte("\x00\x01a"), 0o644); err != nil {
		t.Fatal(err)
	}
	clear(m.asked)
	m.lie = nil
	x, err := m.export(t, dir)
	if err != nil || m.asked[left[0]] != 1 || m.bundlesAsked() != 6-len(left)+1 {
		t.Fatalf("%+v, %v; left %v, asked for %v", x, err, left, m.asked)
	}
	m.check(t, dir, x.Key)
}

// TestExportBelievesNothing: one lie at a time, and no checkpoint is written.
func TestExportBelievesNothing(t *testing.T) {
	c := ledgertest.NewGenesis(t, 4)
	m := newMemory(t, c, 600, "a")
	other := newMemory(t, c, 600, "b")
	flipIn := func(path string, at int) func(string, []byte) ([]byte, error) {
		return func(p string, data []byte) ([]byte, error) {
			if p == path {
				data = bytes.Clone(data)
				data[(at+len(data))%len(data)] ^= 1
			}
			return data, nil
		}
	}
	tell := func(path string, with []byte) func(string, []byte) ([]byte, error) {
		return func(p string, data []byte) ([]byte, error) {
			if p == path {
				return with, nil
			}
			return data, nil
		}
	}
	foreign, _ := other.Tile(t.Context(), tlog.Tile{H: 8, L: -1, N: 1, W: 256})
	first, _ := m.Tile(t.Context(), tlog.Tile{H: 8, L: -1, N: 0, W: 256})
	changedSize := bytes.Replace(m.note, []byte("\n600\n"), []byte("\n599\n"), 1)
	stranger := newMemory(t, ledgertest.NewGenesis(t, 4), 600, "a")
	_, lines, _ := bytes.Cut(m.note, []byte("\n\n"))
	_, cosigned, _ := bytes.Cut(lines, []byte("\n"))
	for _, tt := range []struct {
		name string
		lie  func(string, []byte) ([]byte, error)
		note []byte
		want string
	}{
		{"an entry", flipIn("tile/entries/000", 10), nil, "not those under the checkpoint"},
		{"the last entry", flipIn("tile/entries/002.p/88", -1), nil, "not those under the checkpoint"},
		{"the length of an entry", flipIn("tile/entries/001", 1), nil, "entries tile/entries/001"},
		{"a leaf hash", flipIn("tile/0/001", 5), nil, "tile"},
		{"a leaf hash at the edge", flipIn("tile/0/002.p/88", 5), nil, "tile"},
		{"a hash above", flipIn("tile/1/000.p/2", 5), nil, "tile"},
		{"a short bundle", tell("tile/entries/001", first[:len(first)-20]), nil, "entries tile/entries/001"},
		{"no entries", tell("tile/entries/001", nil), nil, "not those"},
		{"another bundle", tell("tile/entries/001", first), nil, "not those"},
		{"a bundle of another history", tell("tile/entries/001", foreign), nil, "not those"},
		{"a short tile", tell("tile/0/001", make([]byte, 32)), nil, "tile"},
		{"another history, its checkpoint ours", func(p string, _ []byte) ([]byte, error) {
			tile, _ := ParsePath(p)
			return other.Tile(t.Context(), tile)
		}, nil, "tile"},
		{"one cosigner too few", nil, m.sign(t, c.Bureaus[:2]...), "too few cosignatures"},
		{"another size", nil, changedSize, "is not good"},
		{"another ledger", nil, stranger.note, "too few cosignatures"},
		{"no origin line", nil, slices.Concat(m.note[:bytes.Index(m.note, []byte("\n\n"))+2], cosigned), "signed the checkpoint as its origin"},
		{"no note", nil, []byte("600"), "malformed"},
	} {
		dir := t.TempDir()
		lying := &memory{Consortium: c, entries: m.entries, hashes: m.hashes, asked: make(map[string]int), lie: tt.lie, note: m.note}
		if tt.note != nil {
			lying.note = tt.note
		}
		_, err := lying.export(t, dir)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %s", tt.name, err, tt.want)
		}
		for _, name := range files(t, dir) {
			if name == CheckpointPath || strings.HasSuffix(name, ".tmp") {
				t.Errorf("%s: left %s", tt.name, name)
			}
			tile, err := ParsePath(name)
			want, err2 := m.Tile(t.Context(), tile)
			if got, err3 := os.ReadFile(filepath.Join(dir, name)); errors.Join(err, err2, err3) != nil || !bytes.Equal(got, want) {
				t.Errorf("%s: left a wrong %s: %v", tt.name, name, errors.Join(err, err2, err3))
			}
		}
	}
}

func TestExportNeverGoesBack(t *testing.T) {
	c := ledgertest.NewGenesis(t, 4)
	long, dir := newMemory(t, c, 600, "a"), t.TempDir()
	x, err := long.export(t, dir)
	if err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(filepath.Join(dir, CheckpointPath))
	if err != nil {
		t.Fatal(err)
	}
	short := newMemory(t, c, 300, "a")
	if _, err := short.export(t, dir); !errors.Is(err, ErrBehind) || !strings.Contains(err.Error(), "300 entries, and the folder 600") {
		t.Errorf("a node that is behind: %v", err)
	}
	for _, n := range []int{300, 600, 900} {
		fork := newMemory(t, c, n, "b")
		_, err := fork.export(t, dir)
		var e *ForkError
		if !errors.As(err, &e) || e.Old.Size != 600 || e.New.Size != uint64(n) || !slices.Equal(e.Both, []string{"XA", "XB", "XC", "XD"}) {
			t.Errorf("a fork of %d entries: %v", n, err)
			continue
		}
		if got, err := os.ReadFile(e.Note); err != nil || !bytes.Equal(got, fork.note) {
			t.Errorf("evidence %s: %v", e.Note, err)
		}
	}
	if after, err := os.ReadFile(filepath.Join(dir, CheckpointPath)); err != nil || !bytes.Equal(after, before) {
		t.Errorf("the checkpoint changed: %v", err)
	}
	long.check(t, dir, x.Key)
}

func TestExportFolder(t *testing.T) {
	m := newMemory(t, ledgertest.NewGenesis(t, 1), 10, "a")
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "letter.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := m.export(t, dir); err == nil || !strings.Contains(err.Error(), "holds other things") {
		t.Errorf("a folder of somebody else: %v", err)
	}
	dir = t.TempDir()
	f, err := openFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.export(t, dir); err == nil || !strings.Contains(err.Error(), "another export") {
		t.Errorf("two at a time: %v", err)
	}
	f.close()
	if _, err := m.export(t, dir); err != nil {
		t.Error(err)
	}
	other := newMemory(t, ledgertest.NewGenesis(t, 1), 10, "a")
	if _, err := other.export(t, dir); err == nil || !strings.Contains(err.Error(), "not a FINAL one of this ledger") {
		t.Errorf("a folder of another ledger: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Export(ctx, t.TempDir(), m, m.Genesis.Membership, func(uint64, uint64) {}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// TestExportTraps exports to a folder in which somebody put what is no tile.
func TestExportTraps(t *testing.T) {
	m := newMemory(t, ledgertest.NewGenesis(t, 1), 300, "a")
	dir := t.TempDir()
	mine := filepath.Join(t.TempDir(), "mine")
	if err := os.WriteFile(mine, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "tile", "0"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "tile", "entries"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"checkpoint.tmp", "tile/0/000.tmp", "tile/0/001.tmp"} {
		if err := os.Symlink(mine, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"tile/0/000", "tile/entries/000"} { // who reads them waits for ever
		if err := syscall.Mkfifo(filepath.Join(dir, name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	x, err := m.export(t, dir)
	if err != nil {
		t.Fatal(err)
	}
	m.check(t, dir, x.Key)
	if data, err := os.ReadFile(mine); err != nil || string(data) != "mine" {
		t.Errorf("a file elsewhere was written to: %q, %v", data, err)
	}
}
