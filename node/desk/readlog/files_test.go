package readlog

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// smallLog is a log whose files are followed by another after some records.
func smallLog(t *testing.T, path string) *Log {
	t.Helper()
	l := openTest(t, path)
	l.limit = 1000
	return l
}

// all returns a log as if it were one file.
func all(t *testing.T, path string) []byte {
	t.Helper()
	f, err := Snapshot(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	data, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestFilesFollowEachOther writes a log in many files by two writers at once, and
// reads it as one.
func TestFilesFollowEachOther(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	var wg sync.WaitGroup
	var mu sync.Mutex
	var kept []*Head
	for range 2 {
		l := smallLog(t, path)
		wg.Go(func() {
			for i := range 15 {
				h, err := l.Append(noon, testRead(i), testRead(i+1))
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				kept = append(kept, &h)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	last, err := lastPart(path)
	if err != nil || last < 5 {
		t.Fatalf("%d files, %v", last, err)
	}
	for n := 1; n <= last; n++ {
		if fi, err := os.Stat(partPath(path, n)); err != nil || fi.Size() > 1000+2*(maxBody+frameLen+hashLen) || fi.Mode().Perm() != 0o600 {
			t.Errorf("file %d: %v, %v", n, fi, err)
		}
	}
	data := all(t, path)
	if r, err := verify(data, kept...); err != nil || r.Head.Size != 60 {
		t.Errorf("got %+v, %v, want 60 records", r, err)
	}
	// A copy is fetched piece by piece, and is one file.
	l := smallLog(t, path)
	var got []byte
	for {
		piece, err := l.Tail(int64(len(got)), 333)
		if err != nil {
			t.Fatal(err)
		}
		if len(piece) == 0 {
			break
		}
		got = append(got, piece...)
	}
	if !bytes.Equal(got, data) {
		t.Errorf("the copy has %d bytes, the log %d", len(got), len(data))
	}
	if _, err := l.Tail(int64(len(data))+1, 1); !errors.Is(err, ErrShorter) {
		t.Errorf("behind the end: %v", err)
	}
}

// TestWhatIsDoneToFilesIsFound plants what may be done to the files of a log.
func TestWhatIsDoneToFilesIsFound(t *testing.T) {
	swap := func(path string, a, b int) error {
		return errors.Join(os.Rename(partPath(path, a), path+".x"), os.Rename(partPath(path, b), partPath(path, a)), os.Rename(path+".x", partPath(path, b)))
	}
	flip := func(path string, n int, at int64) error {
		data, err := os.ReadFile(partPath(path, n))
		if err != nil {
			return err
		}
		data[at] ^= 1
		return os.WriteFile(partPath(path, n), data, 0o600)
	}
	forge := func(path string, n int, change func(h *nextHeader)) error {
		data, err := os.ReadFile(partPath(path, n))
		if err != nil {
			return err
		}
		h, err := parseNextHeader(data[:nextLen])
		if err != nil {
			return err
		}
		change(h)
		if n == 6 { // its records are gone too
			data = data[:nextLen]
		}
		return os.WriteFile(partPath(path, n), append(h.marshal(), data[nextLen:]...), 0o600)
	}
	for name, do := range map[string]func(path string) error{
		"a file is missing":          func(p string) error { return os.Remove(partPath(p, 3)) },
		"the last files are missing": func(p string) error { return errors.Join(os.Remove(partPath(p, 6)), os.Remove(partPath(p, 5))) },
		"two files are swapped":      func(p string) error { return swap(p, 2, 3) },
		"one is the copy of another": func(p string) error {
			return errors.Join(os.Remove(partPath(p, 3)), os.Link(partPath(p, 2), partPath(p, 3)))
		},
		"a file is cut":                     func(p string) error { return os.Truncate(partPath(p, 2), nextLen+10) },
		"a file has no record":              func(p string) error { return os.Truncate(partPath(p, 2), nextLen) },
		"a file is cut within its header":   func(p string) error { return os.Truncate(partPath(p, 6), 20) },
		"a byte of a record is another":     func(p string) error { return flip(p, 3, nextLen+50) },
		"a byte of a header is another":     func(p string) error { return flip(p, 3, 90) },
		"a byte of the magic is another":    func(p string) error { return flip(p, 3, 3) },
		"the first file is that of another": func(p string) error { return flip(p, 1, 60) },
		"a header has another hash":         func(p string) error { return forge(p, 3, func(h *nextHeader) { h.head.Hash[0]++ }) },
		"a header has another size":         func(p string) error { return forge(p, 3, func(h *nextHeader) { h.head.Size++ }) },
		"a header has another id":           func(p string) error { return forge(p, 3, func(h *nextHeader) { h.head.Log[0]++ }) },
		"a header has another ledger":       func(p string) error { return forge(p, 3, func(h *nextHeader) { h.Ledger[0]++ }) },
		"a header has another bureau":       func(p string) error { return forge(p, 3, func(h *nextHeader) { h.Bureau = "XZ" }) },
		"a file without records is forged": func(p string) error {
			return forge(p, 6, func(h *nextHeader) { h.head.Hash[0]++ })
		},
		"a file is added": func(p string) error {
			data, err := os.ReadFile(partPath(p, 6))
			if err != nil {
				return err
			}
			h, err := parseNextHeader(data[:nextLen])
			if err != nil {
				return err
			}
			h.offset += int64(len(data) - nextLen)
			return os.WriteFile(partPath(p, 7), h.marshal(), 0o600)
		},
	} {
		path := filepath.Join(t.TempDir(), "log")
		l := smallLog(t, path)
		var head Head
		var err error
		for i := 0; err == nil && l.last.number < 6; i++ {
			head, err = l.Append(noon, testRead(i), testRead(i+1))
		}
		if err == nil {
			err = do(path)
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		f, err := Snapshot(path)
		if err == nil {
			kept := []*Head{&head}
			if strings.Contains(name, "forged") { // nothing but the header tells
				kept = nil
			}
			_, err = Verify(f, kept, nil)
			f.Close()
		}
		var broken *Broken
		if !errors.As(err, &broken) {
			t.Errorf("%s: %v", name, err)
		}
		if strings.Contains(name, "last files") {
			if _, err := l.Append(noon, testRead(1)); !errors.Is(err, ErrReplaced) {
				t.Errorf("%s: the writer: %v", name, err)
			}
		}
	}
}

// TestFilesOfAnotherLog: a file that goes on where another log ends is not taken.
func TestFilesOfAnotherLog(t *testing.T) {
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	for _, path := range []string{a, b} {
		l := smallLog(t, path)
		for i := 0; l.last.number < 3; i++ {
			if _, err := l.Append(noon, testRead(i)); err != nil {
				t.Fatal(err)
			}
		}
		l.Close()
	}
	if err := os.Rename(partPath(b, 3), partPath(a, 3)); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(a, testOrigin, noon); !errors.Is(err, ErrOther) {
		t.Errorf("the last file is of another log: %v", err)
	}
}

// TestOpenReadsTheLastFile: damage before it is for Verify to find, and a log that
// grows takes no longer to open.
func TestOpenReadsTheLastFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	l := smallLog(t, path)
	for i := 0; l.last.number < 3; i++ {
		if _, err := l.Append(noon, testRead(i)); err != nil {
			t.Fatal(err)
		}
	}
	head, err := l.Head(noon)
	if err != nil {
		t.Fatal(err)
	}
	again := smallLog(t, path)
	if got, err := again.Head(noon); err != nil || got != head {
		t.Errorf("head %+v, %v, want %+v", got, err, head)
	}
	if next, err := again.Append(noon, testRead(1)); err != nil || next.Size != head.Size+1 {
		t.Errorf("after it: %+v, %v", next, err)
	}
	if _, err := verify(all(t, path), &head); err != nil {
		t.Error(err)
	}
}
