package node

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/hashicorp/raft"
)

func testSnapshots(t testing.TB) (*Snapshots, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "snapshots")
	s, err := OpenSnapshots(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s, dir
}

// takeSnapshot writes one as raft does.
func takeSnapshot(t testing.TB, s *Snapshots, index, term uint64, manifest []byte) string {
	t.Helper()
	sink, err := s.Create(raft.SnapshotVersionMax, index, term, testConfiguration("xa", "xb"), 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	for half := range 2 {
		if _, err := sink.Write(manifest[half*len(manifest)/2 : (half+1)*len(manifest)/2]); err != nil {
			t.Fatal(err)
		}
	}
	if err := sink.Close(); err != nil {
		t.Fatal(err)
	}
	if err := sink.Cancel(); err != nil { // raft may, after Close
		t.Fatal(err)
	}
	return sink.ID()
}

func TestSnapshotStore(t *testing.T) {
	s, dir := testSnapshots(t)
	if list, err := s.List(); len(list) != 0 || err != nil {
		t.Fatalf("empty store lists %v, %v", list, err)
	}
	takeSnapshot(t, s, 9, 2, []byte("oldest"))
	takeSnapshot(t, s, 200, 3, []byte("older"))
	newest := takeSnapshot(t, s, 0x1000, 4, testManifest)
	takeSnapshot(t, s, 0x1000, 4, testManifest) // installed again
	for range 2 {
		list, err := s.List()
		if err != nil || len(list) != snapshotsKept || list[0].Index != 0x1000 || list[1].Index != 200 {
			t.Fatalf("list %v, %v; want indices 4096 and 200", list, err)
		}
		meta, r, err := s.Open(newest)
		if err != nil {
			t.Fatal(err)
		}
		want := &raft.SnapshotMeta{Version: 1, ID: newest, Index: 0x1000, Term: 4, Size: int64(len(testManifest)),
			Configuration: testConfiguration("xa", "xb"), ConfigurationIndex: 1}
		if !reflect.DeepEqual(meta, want) {
			t.Errorf("got  %+v\nwant %+v", meta, want)
		}
		if got, err := io.ReadAll(r); !bytes.Equal(got, testManifest) || err != nil {
			t.Errorf("manifest %q, %v", got, err)
		}
		if s, err = OpenSnapshots(dir); err != nil {
			t.Fatal(err)
		}
	}
	for _, id := range []string{"nothing", "../snapshots/" + newest, ""} {
		if _, _, err := s.Open(id); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("open %q: %v, want %v", id, err, fs.ErrNotExist)
		}
	}
}

// An older snapshot, or another one at the same index, takes nobody's place.
func TestSnapshotOldEvictsNothing(t *testing.T) {
	s, dir := testSnapshots(t)
	takeSnapshot(t, s, 200, 3, []byte("older"))
	newest := takeSnapshot(t, s, 300, 3, testManifest)
	before, _ := os.ReadDir(dir)
	for _, at := range [][2]uint64{{100, 9}, {299, 3}, {300, 2}, {300, 4}} {
		sink, err := s.Create(raft.SnapshotVersionMax, at[0], at[1], testConfiguration("xa", "xb"), 1, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := sink.Close(); !errors.Is(err, errStale) {
			t.Errorf("index %d, term %d: %v, want %v", at[0], at[1], err, errStale)
		}
	}
	after, _ := os.ReadDir(dir)
	if list, err := s.List(); err != nil || len(list) != 2 || list[0].ID != newest || len(after) != len(before) {
		t.Errorf("list %v, %v, files %v", list, err, after)
	}
}

// What a peer sent is not seen before it is promoted, and takes nobody's place.
func TestSnapshotStaged(t *testing.T) {
	s, dir := testSnapshots(t)
	takeSnapshot(t, s, 100, 3, []byte("oldest"))
	takeSnapshot(t, s, 200, 3, []byte("older"))
	var refuse error
	s.check = func(*raft.SnapshotMeta, []byte) error { return refuse }
	close := func(index uint64) (string, error) {
		sink, err := s.Create(raft.SnapshotVersionMax, index, 3, testConfiguration("xa"), 1, nil)
		if err != nil {
			t.Fatal(err)
		}
		return sink.ID(), sink.Close()
	}
	refuse = errors.New("no")
	if _, err := close(300); !errors.Is(err, refuse) {
		t.Errorf("refused by the check: %v", err)
	}
	if meta, _, err := s.staged(); meta != nil || err != nil {
		t.Errorf("staged all the same: %v, %v", meta, err)
	}
	refuse = nil
	if _, err := close(200); !errors.Is(err, errStale) {
		t.Errorf("not newer: %v, want %v", err, errStale)
	}
	for _, index := range []uint64{300, 250, 400} { // the last one counts
		if _, err := close(index); err != nil {
			t.Fatal(err)
		}
	}
	s, err := OpenSnapshots(dir)
	if err != nil {
		t.Fatal(err)
	}
	if list, err := s.List(); err != nil || len(list) != 2 || list[0].Index != 200 || list[1].Index != 100 {
		t.Errorf("list %v, %v; want 200 and 100", list, err)
	}
	if meta, _, err := s.staged(); err != nil || meta.Index != 400 {
		t.Errorf("staged %v, %v; want 400", meta, err)
	}
	if meta, r, err := s.Open(snapshotID(400, 3)); err != nil || meta.Index != 400 || r == nil {
		t.Errorf("raft cannot open it: %v", err)
	}
	if err := s.promote(300); err != nil { // of nothing
		t.Fatal(err)
	}
	if meta, _, _ := s.staged(); meta != nil {
		t.Errorf("still staged: %d", meta.Index)
	}
	s.check = func(*raft.SnapshotMeta, []byte) error { return nil }
	if _, err := close(400); err != nil {
		t.Fatal(err)
	}
	if err := s.promote(400); err != nil || s.newest() != 400 {
		t.Errorf("promote: %v, newest %d", err, s.newest())
	}
	if list, err := s.List(); err != nil || len(list) != 2 || list[0].Index != 400 || list[1].Index != 200 {
		t.Errorf("list %v, %v; want 400 and 200", list, err)
	}
}

func TestSnapshotRefuses(t *testing.T) {
	s, dir := testSnapshots(t)
	if _, err := s.Create(0, 1, 1, testConfiguration("xa"), 1, nil); err == nil {
		t.Error("version 0 created")
	}
	if _, err := s.Create(1, 1, 1, raft.Configuration{}, 1, nil); err == nil {
		t.Error("created without a voter")
	}
	sink, err := s.Create(1, 1, 1, testConfiguration("xa"), 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sink.Write(make([]byte, MaxManifest)); err != nil {
		t.Error(err)
	}
	if _, err := sink.Write([]byte{0}); err == nil {
		t.Error("wrote more than MaxManifest")
	}
	sink.Cancel()
	if err := sink.Close(); err != nil {
		t.Error(err)
	}
	if names, _ := os.ReadDir(dir); len(names) != 0 {
		t.Errorf("a cancelled snapshot left %v", names)
	}
}

// TestSnapshotDamage: a damaged or cut file is an error, in List as well.
func TestSnapshotDamage(t *testing.T) {
	s, dir := testSnapshots(t)
	id := takeSnapshot(t, s, 7, 2, testManifest)
	path := filepath.Join(dir, id+snapshotSuffix)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	refuse := func(what string, data []byte) {
		t.Helper()
		if _, _, err := parseSnapshot(data); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: parse: %v, want %v", what, err, ErrCorrupt)
		}
	}
	refuse("a byte more", append(bytes.Clone(whole), 0))
	for i := range whole {
		refuse(fmt.Sprintf("cut to %d", i), whole[:i])
		for bit := range 8 {
			bad := bytes.Clone(whole)
			bad[i] ^= 1 << bit
			refuse(fmt.Sprintf("bit %d of byte %d", bit, i), bad)
		}
	}
	if err := os.WriteFile(path, whole[:20], 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Open(id); !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), path) {
		t.Errorf("open: %v, want %v with the file", err, ErrCorrupt)
	}
	if _, err := s.List(); !errors.Is(err, ErrCorrupt) {
		t.Errorf("list: %v, want %v", err, ErrCorrupt)
	}
	// Under another's name it is no better.
	os.WriteFile(path, whole, 0o600)
	if err := os.Rename(path, filepath.Join(dir, snapshotID(8, 2)+snapshotSuffix)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.List(); !errors.Is(err, ErrCorrupt) {
		t.Errorf("renamed: %v, want %v", err, ErrCorrupt)
	}
}

// TestSnapshotCrash leaves what each step leaves when the machine stops there.
func TestSnapshotCrash(t *testing.T) {
	s, dir := testSnapshots(t)
	id := takeSnapshot(t, s, 7, 2, testManifest)
	whole, err := os.ReadFile(filepath.Join(dir, id+snapshotSuffix))
	if err != nil {
		t.Fatal(err)
	}
	next := filepath.Join(dir, snapshotID(9, 2)+snapshotSuffix)
	for i := 0; i <= len(whole); i += 7 { // while writing
		if err := os.WriteFile(next+snapshotTemp, whole[:i], 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := OpenSnapshots(dir)
		if err != nil {
			t.Fatal(err)
		}
		if list, err := s.List(); err != nil || len(list) != 1 || list[0].ID != id {
			t.Fatalf("died after %d bytes: %v, %v; want the one before", i, list, err)
		}
		if _, err := os.Stat(next + snapshotTemp); !errors.Is(err, fs.ErrNotExist) {
			t.Fatalf("died after %d bytes: it is still there", i)
		}
	}
	// Before reaping: three are there, the newest two count.
	takeSnapshot(t, s, 8, 2, testManifest)
	meta := &raft.SnapshotMeta{Index: 9, Term: 2, Configuration: testConfiguration("xa"), ConfigurationIndex: 1}
	data, err := marshalSnapshot(meta, testManifest)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(next, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if list, err := s.List(); err != nil || len(list) != 2 || list[0].Index != 9 || list[1].Index != 8 {
		t.Errorf("died before reaping: %v, %v; want 9 and 8", list, err)
	}
}

func FuzzParseSnapshot(f *testing.F) {
	data, err := marshalSnapshot(&raft.SnapshotMeta{Index: 9, Term: 2, Configuration: testConfiguration("xa"), ConfigurationIndex: 1}, testManifest)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data[:len(data)-4])
	f.Fuzz(func(t *testing.T, body []byte) {
		data := withSum(body) // else nothing ever gets past the checksum
		meta, manifest, err := parseSnapshot(data)
		if err != nil {
			return
		}
		if got, err := marshalSnapshot(meta, manifest); err != nil || !bytes.Equal(got, data) {
			t.Fatalf("parsed %x\nback   %x, %v", data, got, err)
		}
	})
}
