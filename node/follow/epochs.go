package follow

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"comity/ledger"
	"comity/node/client"
)

// noteCharter is a newer charter file than the one that the copy was opened with,
// as a node gave it: the notes beside it may be of its epochs.
const noteCharter = "charter"

// Members returns who belongs to the consortium, epoch after epoch, as far as the
// charter file or the replica says, whichever knows more.
func (cp *Copy) Members() *ledger.Membership { return cp.members.Load() }

// Genesis returns the ledger that is followed, with the newest charter file
// that it knows.
func (cp *Copy) Genesis() *ledger.Genesis { return cp.charter.Load() }

// learn looks who belongs to the consortium, after the state or the charter file
// has changed.
func (cp *Copy) learn() error {
	m, err := cp.machine.Membership(cp.store)
	if err != nil {
		return fmt.Errorf("read members: %w", err)
	}
	if g := cp.Genesis(); len(g.Epochs()) > len(m.Epochs()) {
		m = g.Membership
	}
	cp.members.Store(m)
	return nil
}

// loadCharter takes over the newer charter file of this folder, if there is one.
func (cp *Copy) loadCharter() error {
	cp.charter.Store(cp.genesis)
	data, err := os.ReadFile(filepath.Join(cp.dir, noteCharter))
	if errors.Is(err, fs.ErrNotExist) {
		return cp.learn()
	}
	if err != nil {
		return err
	}
	g, err := ledger.ParseGenesis(data)
	if err != nil {
		return fmt.Errorf("file %s: %w", noteCharter, err)
	}
	if g.Ledger == cp.genesis.Ledger && len(g.Epochs()) > len(cp.genesis.Epochs()) {
		cp.charter.Store(g)
	}
	return cp.learn()
}

// renew asks the node for its charter file, and keeps it if it has epochs that are
// not known here. Its certificates prove them: the node is not believed.
func (cp *Copy) renew(ctx context.Context, c *client.Client) (bool, error) {
	g, err := c.Charter(ctx)
	if err != nil {
		return false, err
	}
	if g.Ledger != cp.genesis.Ledger || len(g.Epochs()) <= len(cp.Genesis().Epochs()) {
		return false, nil
	}
	if err := ReplaceFile(cp.dir, noteCharter, g.Marshal()); err != nil {
		return false, fmt.Errorf("keep the charter file: %w", err)
	}
	cp.charter.Store(g)
	return true, cp.learn()
}

// openTheirs verifies a note of the node, if need be under the epochs of a newer
// charter file.
func (cp *Copy) openTheirs(ctx context.Context, c *client.Client, note []byte) (sealedNote, error) {
	n, err := cp.openNote(note)
	if err == nil {
		return n, nil
	}
	if fresh, rerr := cp.renew(ctx, c); rerr != nil && errors.Is(err, ledger.ErrOldCharter) {
		return n, errors.Join(err, rerr)
	} else if fresh {
		n, err = cp.openNote(note)
	}
	switch {
	case err == nil:
		return n, nil
	case errors.Is(err, ledger.ErrOldCharter):
		return n, err // nobody lies
	}
	return n, &Dishonest{Node: c.String(), Reason: err.Error(), Note: note}
}

// Certificate returns what proves an epoch after the founders', from the replica
// and a receipt of the entry that began it, to whoever knows the epochs before.
func (cp *Copy) Certificate(number uint32, receipt *ledger.Receipt) (*ledger.Certificate, error) {
	return cp.machine.CertificateBy(cp.store, number, receipt)
}
