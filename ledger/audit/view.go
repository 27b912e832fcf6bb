package audit

import (
	"encoding/binary"
	"fmt"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/state"

	"golang.org/x/mod/sumdb/tlog"
)

// tables is the state of the ledger without what an audit has no need of: ids,
// which authors' chains stand for, and what is pending. In memory is what grows
// with the number of keys, some 300 bytes for each.
type tables struct {
	keys    map[keys.ID][]byte
	authors map[keys.ID]*[8 + 32]byte // as the state has an Author
	sealing map[string][]byte
	notices *notices
}

func newTables(f *files, m *state.Machine, size uint64) (*tables, error) {
	t := &tables{keys: make(map[keys.ID][]byte), authors: make(map[keys.ID]*[40]byte), sealing: make(map[string][]byte)}
	var err error
	if t.notices, err = newNotices(f, min(size, 1<<mostSlots)); err != nil {
		return nil, err
	}
	return t, t.put(m.Begin().Puts, nil)
}

// Get implements part of [state.View].
func (t *tables) Get(table state.Table, key []byte) ([]byte, error) {
	switch table {
	case state.TableKeys:
		return t.keys[keys.ID(key)], nil
	case state.TableAuthors:
		if a := t.authors[keys.ID(key)]; a != nil {
			return a[:], nil
		}
	case state.TableSealing:
		return t.sealing[string(key)], nil
	case state.TableNotices:
		return t.notices.get(key)
	}
	return nil, nil
}

// put takes over what an entry changes. review is the day of review that the
// entry sets, nil for none.
func (t *tables) put(puts []state.Put, review *uint32) error {
	for _, p := range puts {
		switch p.Table {
		case state.TableKeys:
			t.keys[keys.ID(p.Key)] = p.Value
		case state.TableAuthors:
			a := t.authors[keys.ID(p.Key)]
			if a == nil {
				a = new([40]byte)
				t.authors[keys.ID(p.Key)] = a
			}
			if copy(a[:], p.Value) != len(a) || len(p.Value) != len(a) {
				return fmt.Errorf("audit: the end of a chain in %d bytes", len(p.Value))
			}
		case state.TableSealing:
			if p.Value == nil {
				delete(t.sealing, string(p.Key))
			} else {
				t.sealing[string(p.Key)] = p.Value
			}
		case state.TableNotices:
			if err := t.notices.put(p.Key, p.Value, review); err != nil {
				return err
			}
		}
	}
	return nil
}

// setAuthor moves the end of a chain: after a breach the audit goes on from
// what the file has.
func (t *tables) setAuthor(id keys.ID, seq uint64, prev ledger.ID) {
	var a [40]byte
	binary.BigEndian.PutUint64(a[:], seq)
	copy(a[8:], prev[:])
	t.authors[id] = &a
}

// view is the state over one of the trees of an audit.
type view struct {
	*tables
	tlog.HashReader
}

var _ state.View = view{}

// view returns the state without a tree.
func (t *tables) view() view { return view{tables: t} }
