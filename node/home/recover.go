package home

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/node/follow"
)

// extNext marks a key file that takes its place when the ledger knows the key.
const extNext = ".next"

// NextNode makes new keys for the node of this home, beside those that it has, and
// returns the change that gives the bureau this node, with the proof of its root.
// Keys that were made before and wait are kept: the change is made of them again.
func (h *Home) NextNode(ledgerID ledger.Hash, root *keys.Signer, address string) (*ledger.Propose, error) {
	tls, err := readTLS(h.key(fileNodeTLS + extNext))
	if errors.Is(err, fs.ErrNotExist) {
		if err = writeTLS(h.key(fileNodeTLS + extNext)); err == nil {
			tls, err = readTLS(h.key(fileNodeTLS + extNext))
		}
	}
	if err != nil {
		return nil, fmt.Errorf("new keys for the node of %s: %w", h.Bureau(), err)
	}
	w, err := readWitness(h.key(fileWitness + extNext))
	if errors.Is(err, fs.ErrNotExist) {
		if w, err = keys.GenerateWitness(); err == nil {
			err = keys.WriteFile(h.key(fileWitness+extNext), w.MarshalPEM())
		}
	}
	if err != nil {
		return nil, fmt.Errorf("new keys for the node of %s: %w", h.Bureau(), err)
	}
	if address == "" {
		address = h.config.Address
	}
	p := &ledger.Propose{Change: ledger.ChangeNode, Code: h.Bureau(), Node: &ledger.Node{Address: address, TLS: tls.ID(), Witness: w.Public()}}
	return p, p.Sign(ledgerID, root)
}

// TakeNode puts the keys of a node in their place that the home has, or waits with,
// once a charter says that they are the bureau's. It may be called again after it
// was cut.
func (h *Home) TakeNode(n *ledger.Node) error {
	nowTLS, nowCosign := h.nodeKeys(n, "")
	if !h.HasNode(n) {
		return fmt.Errorf("the keys of the node that %s is to have are not in this home", h.Bureau())
	}
	for _, k := range []struct {
		name string
		now  bool
	}{{fileNodeTLS, nowTLS}, {fileWitness, nowCosign}} {
		if k.now {
			continue
		}
		if err := os.Rename(h.key(k.name+extNext), h.key(k.name)); err != nil {
			return fmt.Errorf("take the new keys of the node: %w", err)
		}
	}
	return syncDir(filepath.Join(h.dir, dirKeys))
}

// HasNode reports whether the home has the keys of a node, or waits with them.
func (h *Home) HasNode(n *ledger.Node) bool {
	nowTLS, nowCosign := h.nodeKeys(n, "")
	nextTLS, nextCosign := h.nodeKeys(n, extNext)
	return (nowTLS || nextTLS) && (nowCosign || nextCosign)
}

// nodeKeys reports which keys of the home are those of a node.
func (h *Home) nodeKeys(n *ledger.Node, ext string) (tls, cosign bool) {
	t, err1 := readTLS(h.key(fileNodeTLS + ext))
	w, err2 := readWitness(h.key(fileWitness + ext))
	return err1 == nil && t.ID() == n.TLS, err2 == nil && keys.SigningID(w.Public().Ed25519) == n.Cosigner()
}

// HasNewNode reports whether keys of a node wait beside those that the home has, and
// whether one of them is of the node n: a [Home.TakeNode] that was cut has moved the
// other.
func (h *Home) HasNewNode(n *ledger.Node) (waits, is bool, err error) {
	t, err := readTLS(h.key(fileNodeTLS + extNext))
	if err == nil {
		waits, is = true, t.ID() == n.TLS
	} else if !errors.Is(err, fs.ErrNotExist) {
		return false, false, fmt.Errorf("new keys for the node of %s: %w", h.Bureau(), err)
	}
	w, err := readWitness(h.key(fileWitness + extNext))
	if err == nil {
		waits, is = true, is || keys.SigningID(w.Public().Ed25519) == n.Cosigner()
	} else if !errors.Is(err, fs.ErrNotExist) {
		return false, false, fmt.Errorf("new keys for the node of %s: %w", h.Bureau(), err)
	}
	return waits, is, nil
}

// PutCharter replaces the charter file by one of the same ledger that knows more.
func (h *Home) PutCharter(g *ledger.Genesis) error {
	have, err := h.Genesis()
	if err != nil {
		return err
	}
	if have.Ledger != g.Ledger {
		return fmt.Errorf("install charter: %s belongs to another ledger, %s", h.Bureau(), have.Origin())
	}
	if len(g.Epochs()) < len(have.Epochs()) {
		return fmt.Errorf("install charter: the home knows %d epochs, and the file %d", len(have.Epochs()), len(g.Epochs()))
	}
	path := filepath.Join(h.dir, fileCharter)
	if err := os.Remove(path + ".new"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("install charter: %w", err)
	}
	if err := keys.WriteFile(path+".new", g.Marshal()); err != nil {
		return fmt.Errorf("install charter: %w", err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("install charter: %w", err)
	}
	return syncDir(h.dir)
}

// Recover carries out the last steps of a recovery: the charter file, the node's
// new keys, and its new data in the place of the old, which goes by the folder
// aside to those that repairs have set aside, and with it, if desk is set, the
// replica of the desk. data is a folder of the home, "" where the node begins without. While it
// is not done, nothing starts on what is there: a node's folder without data says
// so. It may be called again after it was cut.
func (h *Home) Recover(g *ledger.Genesis, n *ledger.Node, data, aside string, desk bool) error {
	old := filepath.Join(h.dir, aside)
	if _, err := os.Lstat(old); errors.Is(err, fs.ErrNotExist) {
		if err := os.Rename(h.NodeDir(), old); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("recover: %w", err)
		}
	} else if h.hasNodeData() { // the new data has its name already
		if err := moveKept(old, h.NodeDir()); err != nil {
			return fmt.Errorf("recover: %w", err)
		}
		if data != "" { // made again by who calls again: no purge would reach it
			if err := os.RemoveAll(data); err != nil {
				return fmt.Errorf("recover: %w", err)
			}
		}
		return h.setAside(old, desk)
	}
	if err := os.MkdirAll(h.NodeDir(), 0o700); err != nil {
		return fmt.Errorf("recover: %w", err)
	}
	owner := filepath.Join(h.NodeDir(), "node")
	if err := os.Remove(owner); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("recover: %w", err)
	}
	if err := keys.WriteFile(owner, []byte(unfinished)); err != nil {
		return fmt.Errorf("recover: %w", err)
	}
	if err := syncDir(h.dir); err != nil {
		return fmt.Errorf("recover: %w", err)
	}
	if err := h.PutCharter(g); err != nil {
		return fmt.Errorf("recover: %w", err)
	}
	if err := h.TakeNode(n); err != nil {
		return fmt.Errorf("recover: %w", err)
	}
	if data == "" {
		if err := errors.Join(moveKept(old, h.NodeDir()), os.Remove(owner)); err != nil {
			return fmt.Errorf("recover: %w", err)
		}
		return h.setAside(old, desk)
	}
	if err := moveKept(h.NodeDir(), old); err != nil { // by a call without data that was cut
		return fmt.Errorf("recover: %w", err)
	}
	if err := os.RemoveAll(h.NodeDir()); err != nil {
		return fmt.Errorf("recover: %w", err)
	}
	if err := os.Rename(data, h.NodeDir()); err != nil {
		return fmt.Errorf("recover: %w", err)
	}
	if err := moveKept(old, h.NodeDir()); err != nil {
		return fmt.Errorf("recover: %w", err)
	}
	return h.setAside(old, desk)
}

// moveKept moves what a node keeps over a recovery: a purge reaches attachments
// with the node's data and nowhere else. What is there already stays.
func moveKept(from, to string) error {
	for _, keep := range []string{"attachments", "evidence", "finals"} {
		err := os.Rename(filepath.Join(from, keep), filepath.Join(to, keep))
		if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return nil
}

// unfinished is in the place of the node's name while a recovery is carried out.
const unfinished = "a recovery that is not finished\n"

func (h *Home) hasNodeData() bool {
	for _, name := range []string{"ledger", "raft.db"} {
		if _, err := os.Lstat(filepath.Join(h.NodeDir(), name)); err == nil {
			return true
		}
	}
	return false
}

// Recovered reports whether the home is past a recovery with this charter and
// node: to carry it out again would make the node forget what it did since.
func (h *Home) Recovered(g *ledger.Genesis, n *ledger.Node, aside string) bool {
	have, err := h.Genesis()
	if err != nil || len(have.Epochs()) < len(g.Epochs()) {
		return false
	}
	t, err1 := readTLS(h.key(fileNodeTLS))
	w, err2 := readWitness(h.key(fileWitness))
	if err1 != nil || err2 != nil || t.ID() != n.TLS || keys.SigningID(w.Public().Ed25519) != n.Cosigner() {
		return false
	}
	if _, err := os.Lstat(filepath.Join(h.dir, aside)); err == nil {
		return false
	}
	owner, err := os.ReadFile(filepath.Join(h.NodeDir(), "node"))
	return err != nil || string(owner) != unfinished
}

// setAside puts what a recovery has replaced where a purge finds it: with what
// repairs have set aside.
func (h *Home) setAside(old string, desk bool) error {
	to := filepath.Join(h.NodeDir(), "replaced")
	if err := errors.Join(os.MkdirAll(to, 0o700), os.MkdirAll(old, 0o700)); err != nil {
		return fmt.Errorf("recover: %w", err)
	}
	// First: once old is gone, the recovery counts as carried out.
	replica := filepath.Join(old, dirDesk)
	if _, err := os.Lstat(replica); desk && errors.Is(err, fs.ErrNotExist) {
		if err := os.Rename(h.DeskDir(), replica); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("recover: %w", err)
		}
	}
	if _, err := os.Lstat(replica); err == nil {
		if err := errors.Join(os.MkdirAll(h.DeskDir(), 0o700), follow.MoveKept(replica, h.DeskDir())); err != nil {
			return fmt.Errorf("recover: %w", err)
		}
	}
	n := 1
	for ; ; n++ {
		if _, err := os.Lstat(filepath.Join(to, strconv.Itoa(n))); errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	if err := os.Rename(old, filepath.Join(to, strconv.Itoa(n))); err != nil {
		return fmt.Errorf("recover: %w", err)
	}
	return syncDir(h.dir)
}

// NextRoot makes a new root key beside the one that this home has or has lost, and
// returns the change that gives it to the bureau, proven with it: the other bureaus
// vote on that. One that was made before and waits is kept.
func (h *Home) NextRoot(ledgerID ledger.Hash, pass Passphrase, passphrase []byte) (*ledger.Propose, error) {
	path := h.key(fileRoot + extNext)
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		if err := writeSigner(path, h.Bureau()+" root", passphrase); err != nil {
			return nil, fmt.Errorf("new root key of %s: %w", h.Bureau(), err)
		}
		pass = Only(passphrase)
	}
	root, err := readSigner(path, pass)
	if err != nil {
		return nil, fmt.Errorf("new root key of %s: %w", h.Bureau(), err)
	}
	p := &ledger.Propose{Change: ledger.ChangeRoot, Code: h.Bureau(), Root: root.Public()}
	return p, p.Sign(ledgerID, root)
}

// NewRoot returns the public half of the root key that waits to be the bureau's;
// the error is [fs.ErrNotExist] when none waits.
func (h *Home) NewRoot() (ed25519.PublicKey, error) {
	return readSigningPublic(h.key(fileRoot + extNext))
}

// NewRootSigner returns the root key that waits.
func (h *Home) NewRootSigner(pass Passphrase) (*keys.Signer, error) {
	s, err := readSigner(h.key(fileRoot+extNext), pass)
	if err != nil {
		return nil, fmt.Errorf("new root key of %s: %w", h.Bureau(), err)
	}
	return s, nil
}

// TakeRoot puts the new root key in its place once a charter says that it is the
// bureau's. It may be called again after it was cut.
func (h *Home) TakeRoot(root ed25519.PublicKey) error {
	if now, err := readSigningPublic(h.key(fileRoot)); err == nil && now.Equal(root) {
		return nil
	}
	next, err := readSigningPublic(h.key(fileRoot + extNext))
	if err != nil || !next.Equal(root) {
		return fmt.Errorf("the root key that %s is to have is not in this home", h.Bureau())
	}
	// The public half last: it says which of the two counts.
	for _, ext := range []string{"", extPublic} {
		if err := os.Rename(h.key(fileRoot+extNext+ext), h.key(fileRoot+ext)); err != nil && !(ext == "" && errors.Is(err, fs.ErrNotExist)) {
			return fmt.Errorf("take the new root key: %w", err)
		}
	}
	return syncDir(filepath.Join(h.dir, dirKeys))
}
