package home

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"comity/crypto/keys"
	"comity/ledger"
)

// Install writes the charter into the home. All founders must have signed it,
// and it must describe this bureau as its own keys do. Installing the same
// charter again changes nothing; another one is refused.
func (h *Home) Install(g *ledger.Genesis) error {
	if err := h.checkCharter(g); err != nil {
		return fmt.Errorf("install charter: %w", err)
	}
	switch have, err := h.Genesis(); {
	case err == nil && have.Ledger == g.Ledger:
		return nil
	case err == nil:
		return fmt.Errorf("install charter: %s already belongs to another ledger, %s", h.Bureau(), have.Origin())
	case !errors.Is(err, ErrNoCharter):
		return fmt.Errorf("install charter: %w", err)
	}
	if err := keys.WriteFile(filepath.Join(h.dir, fileCharter), g.Marshal()); err != nil {
		return fmt.Errorf("install charter: %w", err)
	}
	return nil
}

func (h *Home) checkCharter(g *ledger.Genesis) error {
	if missing := g.Unsigned(); len(missing) > 0 {
		return fmt.Errorf("%s did not sign it", strings.Join(missing, ", "))
	}
	in, ok := g.Charter.Member(h.Bureau())
	if !ok {
		return fmt.Errorf("%s is not among its members", h.Bureau())
	}
	own, err := h.Member()
	if err != nil {
		return err
	}
	one := func(m ledger.Member) []byte { return (&ledger.Charter{Members: []ledger.Member{m}}).Marshal() }
	if !bytes.Equal(one(*in), one(own)) {
		return fmt.Errorf("it describes %s with another name, address or key than this home has", h.Bureau())
	}
	return nil
}

// Genesis returns the charter, its signatures verified.
func (h *Home) Genesis() (*ledger.Genesis, error) {
	data, err := readPublic(filepath.Join(h.dir, fileCharter))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("home of %s: %w: it belongs to no ledger yet", h.Bureau(), ErrNoCharter)
	}
	if err != nil {
		return nil, fmt.Errorf("home of %s: %w", h.Bureau(), err)
	}
	g, err := ledger.ParseGenesis(data)
	if err != nil {
		return nil, fmt.Errorf("home of %s: %s: %w", h.Bureau(), filepath.Join(h.dir, fileCharter), err)
	}
	return g, nil
}

// Found makes a ledger of these bureaus: all sign its charter and all install
// it, or none does. It is for exercises, where one machine holds every root
// key; in earnest each bureau signs at home.
func Found(homes []*Home, name string, created time.Time, pass Passphrase) (*ledger.Genesis, error) {
	c := &ledger.Charter{Name: name, Created: uint64(created.Unix())}
	for _, h := range homes {
		if _, err := h.Genesis(); !errors.Is(err, ErrNoCharter) {
			return nil, fmt.Errorf("found ledger: %s already has a charter", h.Bureau())
		}
		m, err := h.Member()
		if err != nil {
			return nil, fmt.Errorf("found ledger: %w", err)
		}
		c.Members = append(c.Members, m)
	}
	slices.SortFunc(c.Members, func(a, b ledger.Member) int { return strings.Compare(a.Code, b.Code) })
	g, err := ledger.NewGenesis(c)
	if err != nil {
		return nil, fmt.Errorf("found ledger: %w", err)
	}
	for _, h := range homes {
		root, err := h.Root(pass)
		if err != nil {
			return nil, fmt.Errorf("found ledger: %w", err)
		}
		if err := g.Sign(root); err != nil {
			return nil, fmt.Errorf("found ledger: %w", err)
		}
	}
	for i, h := range homes {
		if err := h.Install(g); err != nil {
			for _, done := range homes[:i] {
				os.Remove(filepath.Join(done.dir, fileCharter))
			}
			return nil, fmt.Errorf("found ledger: %w", err)
		}
	}
	return g, nil
}
