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
	id := ledger.Hash{1}
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
	good, err := os.ReadFile(path)
	if err != nil || len(good) != cursorSize {
		t.Fatalf("%d bytes, %v", len(good), err)
	}
	if _, _, err := openCursor(path, ledger.Hash{2}); err == nil {
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
