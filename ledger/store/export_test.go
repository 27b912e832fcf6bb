package store

import "comity/ledger/state"

// OpenSmall opens a store in which segments, leaves and waste are so small that
// a short history has several of each.
func OpenSmall(dir string, m *state.Machine) (*Disk, error) {
	return open(dir, m, limits{segment: 2 << 10, leaf: 256, garbage: 0})
}

// SetStep sets what is called before each step that changes the disk.
func SetStep(f func(step string) error) { testingOnlyStep = f }
