package cli

import (
	"os"
	"path/filepath"
	"testing"

	"comity/node/desk"
	"comity/node/home"
)

// TestAlongOfWhatIsGone reads along where the process that wrote ended, and left what
// nobody can open: what was read until then is there.
func TestAlongOfWhatIsGone(t *testing.T) {
	h, err := home.Create(filepath.Join(t.TempDir(), "xa"), home.CreateOptions{Bureau: "XA", Name: "Aldermoor", Address: "127.0.0.1:7101"})
	if err != nil {
		t.Fatal(err)
	}
	p := newPretender(t)
	all := len(p.records)
	p.cosign(t, all-5, 4)
	s := p.session(t)
	s.home = h
	d, err := desk.Open(h.DeskDir(), p.Genesis)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Sync(t.Context(), s.client, nil); err != nil {
		t.Fatal(err)
	}
	if err := s.openShared(t.Context()); err != nil || !s.along {
		t.Fatalf("along %t, %v", s.along, err)
	}
	defer s.closeDesk()
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(filepath.Join(h.DeskDir(), "ledger", "index"), 100); err != nil {
		t.Fatal(err)
	}
	p.cosign(t, all, 4)
	s.sync(t.Context())
	if s.syncErr == nil || s.desk == nil {
		t.Fatalf("synced: %v, %v", s.syncErr, s.desk)
	}
	if size, err := s.desk.Size(); err != nil || size != uint64(all-5) {
		t.Errorf("%d entries, %v", size, err)
	}
}
