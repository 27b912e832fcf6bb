package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"

	"comity/ledger/state"
	"comity/ledger/store"
)

// Diff reads all of two stores of a history and returns the first difference,
// or the first error of got. It looks for keys that are not there as well.
func Diff(h *History, got, want store.Store) error {
	if g, w := got.Mark(), want.Mark(); g.Applied != w.Applied || g.Head != w.Head || got.Applied() != w.Applied {
		return fmt.Errorf("position: got %+v, want %+v", g, w)
	}
	if err := diffTables(h, got, want); err != nil {
		return err
	}
	for i := range hashCount(want) {
		g, err := got.ReadHashes([]int64{i})
		if err != nil {
			return err
		}
		if w, _ := want.ReadHashes([]int64{i}); g[0] != w[0] {
			return fmt.Errorf("hash %d: got %v, want %v", i, g[0], w[0])
		}
	}
	for i := range want.Mark().Head.Size {
		if err := diffEntry(i, got, want); err != nil {
			return err
		}
	}
	return nil
}

func diffTables(h *History, got, want store.Store) error {
	check := func(t state.Table, key []byte) error {
		g, err := got.Get(t, key)
		if err != nil {
			return err
		}
		if w, _ := want.Get(t, key); (g == nil) != (w == nil) || !bytes.Equal(g, w) {
			return fmt.Errorf("table %d, key %x: got %x, want %x", t, key, g, w)
		}
		return nil
	}
	for _, k := range h.Keys {
		other := bytes.Clone(k.Key)
		other[len(other)-1] ^= 1
		if err := errors.Join(check(k.Table, k.Key), check(k.Table, other), check(k.Table+1, k.Key)); err != nil {
			return err
		}
	}
	return nil
}

func diffEntry(i uint64, got, want store.Store) error {
	gt, ge, err := got.Entry(i)
	if err != nil {
		return err
	}
	if wt, we, _ := want.Entry(i); gt != wt || !reflect.DeepEqual(ge, we) {
		return fmt.Errorf("entry %d: got %d %x, want %d %x", i, gt, ge.Raw, wt, we.Raw)
	}
	gb, err := got.Body(i)
	wb, werr := want.Body(i)
	switch {
	case errors.Is(err, store.ErrPurged) != errors.Is(werr, store.ErrPurged):
		return fmt.Errorf("body %d: got error %w, want %v", i, err, werr)
	case errors.Is(err, store.ErrPurged):
		return nil
	case err != nil:
		return err
	case (gb == nil) != (wb == nil) || !bytes.Equal(gb, wb):
		return fmt.Errorf("body %d: got %x, want %x", i, gb, wb)
	}
	return nil
}
