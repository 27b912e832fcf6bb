package cli

import (
	"path/filepath"
	"testing"
	"time"

	"comity/ledger"
	"comity/node/backup"
	"comity/node/home"
)

// A backup whose files of the home are of another bureau or ledger than the rest
// of it makes no home.
func TestSameHome(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "XA")
	h, err := home.Create(dir, home.CreateOptions{Bureau: "XA", Name: "Aldermoor", Address: "127.0.0.1:7101"})
	if err != nil {
		t.Fatal(err)
	}
	g, err := home.Found([]*home.Home{h}, home.Terms{Name: "Exercise", Created: time.Unix(1_700_000_000, 0)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		backup.About
		ok bool
	}{
		{backup.About{Bureau: "XA", Ledger: g.Ledger}, true},
		{backup.About{Bureau: "XB", Ledger: g.Ledger}, false},
		{backup.About{Bureau: "XA", Ledger: ledger.Hash{1}}, false},
	} {
		if err := sameHome(dir, &x.About); (err == nil) != x.ok {
			t.Errorf("of %s in %x: %v", x.Bureau, x.Ledger[:4], err)
		}
	}
}
