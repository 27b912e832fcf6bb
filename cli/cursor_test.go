package cli

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"comity/ledger"
	"comity/node/desk"
)

func TestCursor(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cursor")
	of := func(first byte) *ledger.Genesis {
		id := ledger.Hash{first}
		return &ledger.Genesis{Ledger: id, Membership: ledger.NewMembership(id, new(ledger.Charter))}
	}
	id := of(1)
	c, _, err := openCursor(path, id)
	if !errors.Is(err, errNewCursor) {
		t.Fatalf("the first time: %v", err)
	}
	last := desk.Cursor{Next: 1 << 62, Checked: 1 << 62, AsOf: 1 << 62}
	for _, at := range []desk.Cursor{{}, {Next: 7, Checked: 3, AsOf: 9}, last, {Next: 8}} {
		if err := c.keep(at); err != nil {
			t.Fatal(err)
		}
		again, got, err := openCursor(path, id)
		if err != nil || got != at {
			t.Fatalf("kept %+v, got %+v, %v", at, got, err)
		}
		again.Close()
	}
	c.Close()
	// What stands above a recovery was never told, however far the watch was.
	cut := of(1)
	cut.Membership = cut.Next(&ledger.Epoch{Number: 1, From: 6, Recovered: true})
	for at, want := range map[desk.Cursor]desk.Cursor{{Next: 9, Checked: 7, AsOf: 3}: {Next: 5, Checked: 5, AsOf: 3}, {Next: 4, Checked: 2}: {Next: 4, Checked: 2}} {
		old, _, _ := openCursor(path, id)
		now, got, err := func() (*cursor, desk.Cursor, error) {
			if err := errors.Join(old.keep(at), old.Close()); err != nil {
				t.Fatal(err)
			}
			return openCursor(path, cut)
		}()
		if err != nil || got != want {
			t.Errorf("%+v after a recovery: got %+v, %v", at, got, err)
		}
		if err := errors.Join(now.keep(desk.Cursor{Next: 20}), now.Close()); err != nil {
			t.Fatal(err)
		}
		if now, got, err = openCursor(path, cut); err != nil || got.Next != 20 {
			t.Errorf("kept since: got %+v, %v", got, err)
		}
		now.Close()
	}
	good, err := os.ReadFile(path)
	if err != nil || len(good) != cursorSize {
		t.Fatalf("%d bytes, %v", len(good), err)
	}
	if _, _, err := openCursor(path, of(2)); err == nil {
		t.Error("a cursor of another ledger is taken")
	}
	for name, bad := range map[string][]byte{"short": good[:100], "long": append(good, ' '), "zeros": make([]byte, cursorSize), "text": []byte("{}")} {
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := openCursor(path, id); err == nil || errors.Is(err, errNewCursor) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
