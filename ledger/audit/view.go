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
	meta    map[string][]byte // as the state has it, but for what is of the log alone
	epochs  map[string][]byte // likewise; there is a bounded number
	open    map[string][]byte // how many open circles a bureau has, likewise

	// In files. The note of a notice, and of a reply, counts the sealed texts that
	// the bundle has of it, and from noteAbsent on those that it says are purged.
	notices, replies, votes, purges, circles, attachments, proposals *slots
}

const noteAbsent = 1 << 32

func newTables(f *files, m *state.Machine, size uint64) (*tables, error) {
	t := &tables{keys: make(map[keys.ID][]byte), authors: make(map[keys.ID]*[40]byte), sealing: make(map[string][]byte),
		meta: make(map[string][]byte), epochs: make(map[string][]byte), open: make(map[string][]byte)}
	var err error
	for _, x := range []struct {
		to    **slots
		name  string
		value int
		about uint64
	}{
		{&t.notices, "notices", state.NoticeBytes, size}, {&t.replies, "replies", state.ReplyBytes, size / 4},
		{&t.votes, "votes", state.VotesBytes(ledger.MaxMembers), 0}, {&t.purges, "purges", state.PurgeBytes(ledger.MaxMembers), 0},
		{&t.circles, "circles", state.CircleBytes, 0},
		{&t.attachments, "attachments", state.AttachmentBytes, 0},
		{&t.proposals, "proposals", state.MaxProposalBytes, 0},
	} {
		if *x.to, err = newSlots(f, x.name, x.value, min(x.about, 1<<mostSlots)); err != nil {
			return nil, err
		}
	}
	return t, t.put(m.Begin().Puts, 0)
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
	case state.TableMeta:
		return t.meta[string(key)], nil
	case state.TableEpochs:
		return t.epochs[string(key)], nil
	default:
		if table == state.TableCircles && len(key) == 2 {
			return t.open[string(key)], nil
		}
		if s := t.slots(table); s != nil && len(key) == len(ledger.ID{}) {
			return s.get(key)
		}
	}
	return nil, nil
}

// slots returns the file of a table, nil when it has none.
func (t *tables) slots(table state.Table) *slots {
	switch table {
	case state.TableNotices:
		return t.notices
	case state.TableReplies:
		return t.replies
	case state.TableVotes:
		return t.votes
	case state.TablePurges:
		return t.purges
	case state.TableCircles:
		return t.circles
	case state.TableAttachments:
		return t.attachments
	case state.TableProposals:
		return t.proposals
	}
	return nil
}

// put takes over what an entry changes. texts is what it adds to the notes of a
// notice or reply.
func (t *tables) put(puts []state.Put, texts uint64) error {
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
		case state.TableMeta:
			switch string(p.Key) {
			case "purges", "circles", "epoch", "proposals":
				t.meta[string(p.Key)] = p.Value
			}
		case state.TableEpochs:
			t.epochs[string(p.Key)] = p.Value
		case state.TableNotices, state.TableReplies:
			if err := t.slots(p.Table).put(p.Key, p.Value, texts); err != nil {
				return err
			}
		case state.TableVotes, state.TablePurges, state.TableCircles, state.TableAttachments, state.TableProposals:
			if p.Table == state.TableCircles && len(p.Key) == 2 {
				t.open[string(p.Key)] = p.Value
			}
			if len(p.Key) != len(ledger.ID{}) {
				continue // a number of a purge, or of a statement on a circle: nobody asks
			}
			if err := t.slots(p.Table).put(p.Key, p.Value, 0); err != nil {
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
