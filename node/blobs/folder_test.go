package blobs

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"comity/ledger"
)

// TestAttachmentUnreadable plants a file that the kernel gives EIO for: nothing of
// it may look like a fault of the whole disk, and it can be removed.
func TestAttachmentUnreadable(t *testing.T) {
	const bad = "/proc/self/mem" // at 0 nothing is mapped
	if _, err := os.Stat(bad); err != nil {
		t.Skip(err)
	}
	f, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	address := ledger.Hash{1}
	if err := os.Symlink(bad, f.whole(address)); err != nil {
		t.Fatal(err)
	}
	raw, err := os.Open(f.whole(address))
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	if _, err := raw.ReadAt(make([]byte, 1), 0); !errors.Is(err, syscall.EIO) {
		t.Skipf("this system gives %v", err)
	}
	_, readErr := f.Read(address, 0, 10)
	for what, err := range map[string]error{"read": readErr, "check": f.Check(address)} {
		if !errors.Is(err, ErrDisk) || errors.Is(err, syscall.EIO) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := f.Discard(address); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(f.whole(address)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("it is still there: %v", err)
	}
}

// TestAttachmentSweepGoesOn: one file that cannot be destroyed does not save others.
func TestAttachmentSweepGoesOn(t *testing.T) {
	f, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	first, second := ledger.Hash{1}, ledger.Hash{2}
	for _, a := range []ledger.Hash{first, second} {
		if _, err := f.Append(a, 10, 0, []byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	// A folder in the place of the whole file cannot be overwritten.
	if err := os.MkdirAll(filepath.Join(f.whole(first), "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	err = f.Sweep(time.Now(), func(File) (bool, error) { return true, nil })
	if left, listErr := f.List(); err == nil || listErr != nil || len(left) != 0 {
		t.Errorf("%v, %v; left %v", err, listErr, left)
	}
}
