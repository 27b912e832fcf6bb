package store_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// medium follows a directory through the steps of a store and knows what of it
// would be left after a power loss: the bytes of a file as of its last sync,
// under the names as of the last sync of the directory.
type medium struct {
	dir     string
	last    string            // the step that has happened when the next is announced
	synced  map[uint64][]byte // inode -> content
	durable map[string]uint64 // name -> inode
	forget  string            // syncs whose step begins so do not happen
}

func newMedium(dir string) *medium {
	return &medium{dir: dir, synced: make(map[uint64][]byte), durable: make(map[string]uint64)}
}

// advance notes that the last step has happened, and that next is about to.
func (m *medium) advance(t testing.TB, next string) {
	t.Helper()
	last := m.last
	m.last = next
	verb, name, _ := strings.Cut(last, " ")
	if verb != "sync" || m.forget != "" && strings.HasPrefix(last, m.forget) {
		return
	}
	names := m.names(t)
	if name == "." {
		m.durable = names
		return
	}
	m.synced[names[name]] = m.read(t, name)
}

func (m *medium) names(t testing.TB) map[string]uint64 {
	t.Helper()
	list, err := os.ReadDir(m.dir)
	if err != nil {
		t.Fatal(err)
	}
	out := make(map[string]uint64)
	for _, e := range list {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		out[e.Name()] = info.Sys().(*syscall.Stat_t).Ino
	}
	return out
}

func (m *medium) read(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(m.dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// images returns what a machine could find after it lost power now, and, as
// "killed", what it finds when only the process ended.
func (m *medium) images(t testing.TB) map[string]map[string][]byte {
	t.Helper()
	out := map[string]map[string][]byte{"killed": {}, "new names": {}, "new names, garbage": {}, "old names": {}, "old names, garbage": {}}
	size := make(map[uint64]int)
	for name, inode := range m.names(t) {
		now := m.read(t, name)
		size[inode] = len(now)
		out["killed"][name] = now
		out["new names"][name] = m.synced[inode]
		out["new names, garbage"][name] = garbage(m.synced[inode], len(now))
	}
	for name, inode := range m.durable {
		out["old names"][name] = m.synced[inode]
		out["old names, garbage"][name] = garbage(m.synced[inode], size[inode])
	}
	return out
}

// garbage extends data to size with bytes that nobody wrote.
func garbage(data []byte, size int) []byte {
	out := append([]byte(nil), data...)
	for block := sha256.Sum256(data); len(out) < size; block = sha256.Sum256(block[:]) {
		out = append(out, block[:min(len(block), size-len(out))]...)
	}
	return out
}

// digest returns a hash of an image.
func digest(files map[string][]byte) string {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(h, "%q %x\n", name, sha256.Sum256(files[name]))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// placeImage writes an image into a new directory.
func placeImage(t testing.TB, files map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
