package store_test

import (
	"testing"

	"comity/ledger/state"
	"comity/ledger/store"
	"comity/ledger/store/storetest"
)

func TestMem(t *testing.T) {
	storetest.Run(t, func(t *testing.T, m *state.Machine) store.Store { return store.NewMem(m) })
}

func TestDisk(t *testing.T) {
	storetest.Run(t, func(t *testing.T, m *state.Machine) store.Store {
		s, err := store.Open(t.TempDir(), m)
		if err != nil {
			t.Fatal(err)
		}
		return s
	})
}

func TestDiskSmall(t *testing.T) {
	storetest.Run(t, func(t *testing.T, m *state.Machine) store.Store {
		s, err := store.OpenSmall(t.TempDir(), m)
		if err != nil {
			t.Fatal(err)
		}
		return s
	})
}
