package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"comity/ledger"
	"comity/node/home"
)

// TestSignFutureDraft: who signs sees that a clock is wrong.
func TestSignFutureDraft(t *testing.T) {
	dir := t.TempDir()
	h, err := home.Create(filepath.Join(dir, "xa"), home.CreateOptions{Bureau: "XA", Name: "Aldermoor", Address: "127.0.0.1:7101"})
	if err != nil {
		t.Fatal(err)
	}
	m, err := h.Member()
	if err != nil {
		t.Fatal(err)
	}
	for ahead, want := range map[time.Duration]string{2 * maxAhead: "it was made in the future", maxAhead / 2: "wrote"} {
		dir := t.TempDir()
		g, err := home.NewCharter(home.Terms{Name: "Solo", Created: time.Now().Add(ahead)}, []*ledger.Member{&m})
		if err != nil {
			t.Fatal(err)
		}
		draft, sig := filepath.Join(dir, "draft"), filepath.Join(dir, "sig")
		if err := os.WriteFile(draft, g.Charter.Marshal(), 0o600); err != nil {
			t.Fatal(err)
		}
		_, _, errs := command(t, "charter", "sign", draft, "-o", sig, "--dir", h.Dir())
		if _, err := os.Stat(sig); !strings.Contains(errs, want) || (err == nil) != (want == "wrote") {
			t.Errorf("%s ahead: got %s, %v, want %q", ahead, errs, err, want)
		}
	}
}
