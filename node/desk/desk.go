package desk

import (
	"errors"
	"fmt"

	"comity/ledger"
	"comity/ledger/store"
	"comity/node/blobs"
	"comity/node/follow"
)

// Desk is a replica of a ledger, a [follow.Copy], and what a bureau's keys open of
// it. Its methods may be called by several goroutines.
type Desk struct {
	*follow.Copy
	dir     string
	genesis *ledger.Genesis
	store   store.Store

	catalog *catalog
	enrols  enrolments
	opener  *opener
	finder  finder
	files   *blobs.Folder // sealed files, on their way to a node or from one
	queue   queue
	reading bool // see [OpenRead]
}

// Open opens the replica in a folder, which it makes if need be.
func Open(dir string, g *ledger.Genesis) (*Desk, error) {
	d := &Desk{dir: dir, genesis: g, opener: new(opener)}
	var err error
	if d.Copy, err = follow.Open(dir, g, d.destroy); err != nil {
		return nil, fmt.Errorf("open desk: %w", err)
	}
	d.store = d.Store()
	d.catalog = newCatalog(d.store)
	d.Unlock(nil)
	if d.files, err = OpenFiles(dir); err == nil {
		err = d.sweepFiles()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open desk: %w", err), d.Copy.Close())
	}
	return d, nil
}

// OpenRead opens the replica in a folder for reading alone, as far as it is on disk,
// also while another process has it: see [follow.OpenRead]. It has no index, so that
// what looks for cases opens all of them.
func OpenRead(dir string, g *ledger.Genesis) (*Desk, error) {
	d := &Desk{dir: dir, genesis: g, opener: new(opener), reading: true}
	var err error
	if d.Copy, err = follow.OpenRead(dir, g); err != nil {
		return nil, fmt.Errorf("open desk to read: %w", err)
	}
	d.store = d.Store()
	d.catalog = newCatalog(d.store)
	d.Unlock(nil)
	if d.files, err = OpenFiles(dir); err != nil {
		return nil, errors.Join(fmt.Errorf("open desk to read: %w", err), d.Copy.Close())
	}
	return d, nil
}

// destroy forgets what was opened of bodies that are gone, and removes sealed
// files of purged notices.
func (d *Desk) destroy(entries []uint64) error {
	return errors.Join(d.opener.forget(d, entries), d.sweepFiles())
}

// Close releases the folder and forgets everything that was opened.
func (d *Desk) Close() error {
	d.Unlock(nil)
	if err := errors.Join(d.dropIndex(false), d.Copy.Close()); err != nil {
		return fmt.Errorf("close desk: %w", err)
	}
	return nil
}
