package desk

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

// noteCharter is a newer charter file than the one that the desk was opened with,
// as a node gave it: the notes beside it may be of its epochs.
const noteCharter = "charter"

// Members returns who belongs to the consortium, epoch after epoch, as far as the
// charter file or the replica says, whichever knows more.
func (d *Desk) Members() *ledger.Membership { return d.members.Load() }

// Genesis returns the ledger that the desk follows, with the newest charter file
// that it knows.
func (d *Desk) Genesis() *ledger.Genesis { return d.charter.Load() }

// learn looks who belongs to the consortium, after the state or the charter file
// has changed.
func (d *Desk) learn() error {
	m, err := d.machine.Membership(d.store)
	if err != nil {
		return fmt.Errorf("read members: %w", err)
	}
	if g := d.Genesis(); len(g.Epochs()) > len(m.Epochs()) {
		m = g.Membership
	}
	d.members.Store(m)
	return nil
}

// loadCharter takes over the newer charter file of this folder, if there is one.
func (d *Desk) loadCharter() error {
	d.charter.Store(d.genesis)
	data, err := os.ReadFile(filepath.Join(d.dir, noteCharter))
	if errors.Is(err, fs.ErrNotExist) {
		return d.learn()
	}
	if err != nil {
		return err
	}
	g, err := ledger.ParseGenesis(data)
	if err != nil {
		return fmt.Errorf("file %s: %w", noteCharter, err)
	}
	if g.Ledger == d.genesis.Ledger && len(g.Epochs()) > len(d.genesis.Epochs()) {
		d.charter.Store(g)
	}
	return d.learn()
}

// renew asks the node for its charter file, and keeps it if it has epochs that are
// not known here. Its certificates prove them: the node is not believed.
func (d *Desk) renew(ctx context.Context, c *client.Client) (bool, error) {
	g, err := c.Charter(ctx)
	if err != nil {
		return false, err
	}
	if g.Ledger != d.genesis.Ledger || len(g.Epochs()) <= len(d.Members().Epochs()) {
		return false, nil
	}
	if err := replaceFile(d.dir, noteCharter, g.Marshal()); err != nil {
		return false, fmt.Errorf("keep the charter file: %w", err)
	}
	d.charter.Store(g)
	return true, d.learn()
}

// openTheirs verifies a note of the node, if need be under the epochs of a newer
// charter file.
func (d *Desk) openTheirs(ctx context.Context, c *client.Client, note []byte) (sealedNote, error) {
	n, err := d.openNote(note)
	if err == nil {
		return n, nil
	}
	if fresh, rerr := d.renew(ctx, c); rerr != nil && errors.Is(err, ledger.ErrOldCharter) {
		return n, errors.Join(err, rerr)
	} else if fresh {
		n, err = d.openNote(note)
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
func (d *Desk) Certificate(number uint32, receipt *ledger.Receipt) (*ledger.Certificate, error) {
	return d.machine.CertificateBy(d.store, number, receipt)
}

// everMembers returns the members of all epochs that the replica has come to, each
// with the keys of one epoch, and once if these are the same in several.
func (d *Desk) everMembers() (list []*ledger.Member) {
	seen := make(map[string]bool)
	for _, e := range d.Members().Epochs() {
		for i := range e.Members {
			m := &e.Members[i]
			key := string(m.Root) + string(m.Node.TLS[:])
			if !seen[key] {
				seen[key] = true
				list = append(list, m)
			}
		}
	}
	return list
}
