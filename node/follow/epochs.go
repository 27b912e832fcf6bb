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
	"comity/node/wire"
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
// not known here. Its certificates prove them: the node is not believed. note is
// what the node shows as its last FINAL checkpoint.
func (cp *Copy) renew(ctx context.Context, c *client.Client, note []byte) (bool, error) {
	g, err := c.Charter(ctx)
	if err != nil {
		return false, err
	}
	if g.Ledger != cp.genesis.Ledger || len(g.Epochs()) <= len(cp.Genesis().Epochs()) {
		return false, nil
	}
	return cp.takeFile(c.String(), g, note)
}

// takeFile keeps a verified charter file of a node that knows more epochs. A
// recovery needs no receipt, and whoever kept one that was signed and never carried
// out could have the copy deny its own history, and follow who shows that file. So
// one that the copy has not come to counts when a FINAL note of its epoch or a later
// one comes with it: then a quorum of the new nodes has carried it out. If it cuts
// what is FINAL in the copy it is for people to take.
func (cp *Copy) takeFile(node string, g *ledger.Genesis, note []byte) (bool, error) {
	decided, err := cp.machine.Membership(cp.store)
	if err != nil {
		return false, fmt.Errorf("read members: %w", err)
	}
	ours, theirs := decided.Epochs(), g.Epochs()
	n := 1 // the first of theirs that is not ours; the founders' is
	for n < min(len(ours), len(theirs)) && ours[n].Equal(theirs[n]) {
		n++
	}
	if n < len(ours) && ours[n].Recovered && theirs[n].Recovered {
		return false, cp.otherRecovery(node, ours[n], g)
	}
	cp.mu.RLock()
	final := max(cp.final.Size, cp.ahead.Size)
	cp.mu.RUnlock()
	for _, e := range theirs[n:] {
		if !e.Recovered {
			continue
		}
		if at, _, err := g.Open(note); err != nil || at.Size < e.From {
			return false, nil // nothing shows that it was carried out
		}
		if final >= e.From {
			return false, &Cut{Node: node, Final: final, Kept: e.From - 1, Epoch: e.Number}
		}
	}
	if n < len(ours) {
		return false, &Parted{Node: node, Epoch: theirs[n].Number}
	}
	if err := ReplaceFile(cp.dir, noteCharter, g.Marshal()); err != nil {
		return false, fmt.Errorf("keep the charter file: %w", err)
	}
	cp.charter.Store(g)
	return true, cp.learn()
}

// otherRecovery says that by the charter file of a node, which is verified, another
// recovery came than the one among the entries here. Whoever signed both is named in
// a file of the copy's folder.
func (cp *Copy) otherRecovery(node string, ours *ledger.Epoch, g *ledger.Genesis) error {
	e := &Parted{Node: node, Epoch: ours.Number}
	_, own, err := cp.store.Entry(ours.From - 1)
	if err != nil {
		return errors.Join(e, err)
	}
	proof, err := ledger.NewTwoRecoveries(g, own, g.Certificates()[e.Epoch-1].Recover)
	if err != nil {
		return errors.Join(e, err)
	}
	name := fmt.Sprintf("evidence-recoveries-%d%s", e.Epoch, wire.EvidenceExt)
	if err := ReplaceFile(cp.dir, name, proof.Marshal()); err != nil {
		return errors.Join(e, fmt.Errorf("keep evidence of two recoveries: %w", err))
	}
	e.File = filepath.Join(cp.dir, name)
	return e
}

// openTheirs verifies a note of the node, if need be under the epochs of a newer
// charter file.
func (cp *Copy) openTheirs(ctx context.Context, c *client.Client, note []byte) (sealedNote, error) {
	n, err := cp.openNote(note)
	if err == nil {
		return n, nil
	}
	if fresh, rerr := cp.renew(ctx, c, note); errors.Is(rerr, ErrCut) {
		return n, rerr
	} else if rerr != nil && errors.Is(err, ledger.ErrOldCharter) {
		return n, errors.Join(err, rerr)
	} else if fresh {
		n, err = cp.openNote(note)
	}
	cut := new(ledger.CutError)
	switch {
	case err == nil:
		return n, nil
	case errors.As(err, &cut):
		return n, &Cut{Node: c.String(), Final: cut.Size, Kept: cut.Cut, Epoch: cut.Epoch, Theirs: true}
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
