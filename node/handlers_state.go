package node

import (
	"errors"
	"fmt"
	"net/http"

	"comity/ledger"
	"comity/ledger/store"
	"comity/node/wire"

	"golang.org/x/mod/sumdb/tlog"
)

// span tells another node what this one holds between two indexes.
func (a *api) span(req *http.Request, _ caller) (*answer, error) {
	from, err := queryUint(req, "from", 0)
	if err != nil {
		return nil, err
	}
	to, err := queryUint(req, "to", 0)
	if err != nil {
		return nil, err
	}
	s, err := a.node.span(from, to)
	if err != nil {
		return nil, err
	}
	return &answer{bytes: s.Marshal()}, nil
}

func (r *replica) span(from, to uint64) (*wire.Span, error) {
	if to <= from || to-from > wire.MaxSpan {
		return nil, &wire.Error{Code: wire.Malformed, Message: fmt.Sprintf("a span has 1 to %d entries", wire.MaxSpan)}
	}
	times := wire.NewTimes()
	for i := from; i < to; i++ {
		t, _, err := r.store.Entry(i)
		if errors.Is(err, store.ErrNoEntry) {
			return nil, &wire.Error{Code: wire.NotFound, Message: fmt.Sprintf("this node holds no entry %d", i)}
		}
		if err != nil {
			return nil, err
		}
		times.Add(t)
	}
	root, err := tlog.TreeHash(int64(to), r.store)
	if err != nil {
		return nil, fmt.Errorf("root at %d: %w", to, err)
	}
	return &wire.Span{Root: ledger.Hash(root), Times: times.Sum()}, nil
}

// present tells another node which state this one has applied.
func (a *api) present(*http.Request, caller) (*answer, error) {
	data, err := a.node.manifest()
	if err != nil {
		return nil, err
	}
	return &answer{bytes: data}, nil
}

// manifest describes the state that this node has applied. A command may be
// applied while it is read: then it is read again.
func (r *replica) manifest() ([]byte, error) {
	for range 10 {
		applied := r.store.Applied()
		m, err := readManifest(r.machine, r.store, applied)
		if err != nil {
			return nil, err
		}
		if r.store.Applied() == applied && r.fsm.fetching.Load() == 0 {
			return m.marshal(), nil
		}
	}
	return nil, &wire.Error{Code: wire.Busy, Message: "its state moves"}
}
