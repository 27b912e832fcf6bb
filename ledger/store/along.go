package store

import (
	"errors"
	"fmt"
	"os"

	"comity/ledger/state"
)

// tries bounds how often OpenRead begins again because a Flush came between.
const tries = 8

// OpenRead opens the store of m's ledger in dir for reading alone, as its last Flush
// left it, also while another process has it open: it takes no lock, and changes
// nothing. What that process flushes later is not seen; what it purges is gone.
//
// Nothing below the position of a Flush is ever written over but purged bodies, and
// the one file that goes is a tree that another took the place of: who opened it
// keeps it, and who came too late finds the new one in the next commit.
func OpenRead(dir string, m *state.Machine) (*Disk, error) {
	for try := 1; ; try++ {
		d, err := openRead(dir, m)
		if err == nil {
			return d, nil
		}
		if try == tries || !errors.Is(err, ErrCorrupt) {
			return nil, fmt.Errorf("open store %s to read: %w", dir, err)
		}
	}
}

func openRead(dir string, m *state.Machine) (*Disk, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	d := &Disk{folder: &folder{root: root, ledger: m.Genesis().Ledger, reading: true}, generations: []*generation{newGeneration()},
		limits: defaultLimits, failed: ErrReading}
	if d.flushed, err = d.position(); err == nil && d.flushed == (position{}) {
		err = corrupt(commitName, "nothing was flushed yet")
	}
	if err == nil {
		err = d.resume()
	}
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}
