package blobs

import (
	"context"
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"testing"

	"comity/ledger"
)

// TestAttachmentTake has several users of a folder, as processes are, take one file.
func TestAttachmentTake(t *testing.T) {
	dir, address := t.TempDir(), ledger.Hash{1}
	var wg sync.WaitGroup
	var users atomic.Int32
	for range 3 {
		f, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		wg.Go(func() {
			release, err := f.Take(t.Context(), address, func() {})
			if err != nil {
				t.Error(err)
				return
			}
			if n := users.Add(1); n != 1 {
				t.Errorf("%d at a time", n)
			}
			users.Add(-1)
			if err := release(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	f, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	release, err := f.Take(t.Context(), address, func() { t.Error("waits for nobody") })
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	told := 0
	if _, err := f.Take(ctx, address, func() { told++; cancel() }); !errors.Is(err, context.Canceled) || told != 1 {
		t.Errorf("taken twice: %v, told %d times", err, told)
	}
	other, err := f.Take(t.Context(), ledger.Hash{2}, func() { t.Error("another file waits") })
	if err := errors.Join(err, other(), release()); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}
