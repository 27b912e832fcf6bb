package home

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"comity/crypto/keys"
	"comity/ledger"
)

// Install writes the charter into the home. All founders must have signed it,
// and it must describe this bureau as its own files do. Installing the same
// charter again changes nothing; another one is refused.
func (h *Home) Install(g *ledger.Genesis) error {
	if missing := g.Unsigned(); len(missing) > 0 {
		return fmt.Errorf("install charter: %s did not sign it", strings.Join(missing, ", "))
	}
	if err := h.CheckDraft(g.Charter); err != nil {
		return fmt.Errorf("install charter: %w", err)
	}
	switch have, err := h.Genesis(); {
	case err == nil && have.Ledger == g.Ledger:
		return nil
	case err == nil:
		return fmt.Errorf("install charter: %s already belongs to another ledger, %s", h.Bureau(), have.Origin())
	case !errors.Is(err, ErrNoCharter):
		return fmt.Errorf("install charter: there is one that cannot be read; move it away: %w", err)
	}
	if err := h.writeCharter(g); err != nil {
		return fmt.Errorf("install charter: %w", err)
	}
	return nil
}

// writeCharter gives the charter its name only when it is whole and durable,
// and never replaces one.
func (h *Home) writeCharter(g *ledger.Genesis) error {
	tmp, err := os.MkdirTemp(h.dir, ".charter-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	whole := filepath.Join(tmp, fileCharter)
	if err := keys.WriteFile(whole, g.Marshal()); err != nil {
		return err
	}
	if err := os.Link(whole, filepath.Join(h.dir, fileCharter)); err != nil {
		return err
	}
	return syncDir(h.dir)
}

// Genesis returns the charter, its signatures verified.
func (h *Home) Genesis() (*ledger.Genesis, error) {
	data, err := readPublicUpTo(filepath.Join(h.dir, fileCharter), ledger.MaxGenesis)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("home of %s: %w: it belongs to no ledger yet", h.Bureau(), ErrNoCharter)
	}
	if err != nil {
		return nil, fmt.Errorf("home of %s: %w", h.Bureau(), err)
	}
	g, err := ledger.ParseGenesis(data)
	if errors.Is(err, ledger.ErrMalformed) {
		err = ErrBadCharter
	}
	if err != nil {
		return nil, fmt.Errorf("home of %s: %s: %w", h.Bureau(), filepath.Join(h.dir, fileCharter), err)
	}
	return g, nil
}
