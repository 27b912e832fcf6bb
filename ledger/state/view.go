package state

import (
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// Table names one of the key spaces of the state.
type Table uint8

// The tables. Numbers are part of what stores keep on disk.
const (
	TableKeys        Table = 1 + iota // key id -> Key
	TableAuthors                      // key id -> Author
	TableIDs                          // statement id -> u64 index
	TableNotices                      // id of the publish statement -> Notice
	TableSealing                      // bureau code || compartment -> the bureau's current sealing key
	TableMeta                         // "head", "pending", "final", "purges", "circles", "epoch", "proposals"
	TableFaulty                       // node name -> Fault
	TableReplies                      // id of a reply -> Reply
	TableBodies                       // u64 index of an entry with a body -> whose it is, and the one before
	TablePurges                       // id of a purge -> Purge; u64 number of a purge -> its id
	TableVotes                        // id of the publish statement -> what bureaus said of the notice, undecided
	TableCircles                      // id of the founding statement -> Circle; u64 number of a statement on a circle -> its index; bureau code -> how many open ones it has
	TableAttachments                  // address -> Attachment
	TableEpochs                       // u32 number of an epoch -> EpochRecord, and with 'f' its first FINAL checkpoint; bureau code -> positions at which it left
	TableProposals                    // id of the propose statement -> Proposal
	TableSpent                        // bureau code -> Spent
	TableEnd                          // one past the last table
)

// View is the state before a command.
type View interface {
	// Get returns the value of a key, nil when there is none. The caller must
	// not change it.
	Get(t Table, key []byte) ([]byte, error)
	tlog.HashReader
}

// Put sets a key of a table; a nil Value deletes it.
type Put struct {
	Table Table
	Key   []byte
	Value []byte
}

// overlay is a view with the changes made so far by the command being applied.
type overlay struct {
	base   View
	puts   map[string][]byte
	order  []Put
	hashes []tlog.Hash
	first  int64 // stored-hash index of hashes[0]
}

func newOverlay(v View, size uint64) *overlay {
	return &overlay{base: v, puts: make(map[string][]byte), first: tlog.StoredHashIndex(0, int64(size))}
}

func (o *overlay) Get(t Table, key []byte) ([]byte, error) {
	if len(o.puts) > 0 { // the key as an argument of the map is never copied
		var buf [64]byte
		if v, ok := o.puts[string(append(append(buf[:0], byte(t)), key...))]; ok {
			return v, nil
		}
	}
	v, err := o.base.Get(t, key)
	if err != nil {
		return nil, fmt.Errorf("read table %d: %w", t, err)
	}
	return v, nil
}

func (o *overlay) put(t Table, key, value []byte) {
	o.puts[string(byte(t))+string(key)] = value
	o.order = append(o.order, Put{t, key, value})
}

// ReadHashes serves the hashes that this command added from memory.
func (o *overlay) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	var missing []int64
	for i, x := range indexes {
		if x >= o.first && x-o.first < int64(len(o.hashes)) {
			out[i] = o.hashes[x-o.first]
		} else {
			missing = append(missing, x)
		}
	}
	if len(missing) == 0 {
		return out, nil
	}
	read, err := o.base.ReadHashes(missing)
	if err != nil {
		return nil, fmt.Errorf("read hashes: %w", err)
	}
	for i, x := range indexes {
		if x < o.first || x-o.first >= int64(len(o.hashes)) {
			out[i], read = read[0], read[1:]
		}
	}
	return out, nil
}

// root returns the root of the first size entries.
func root(r tlog.HashReader, size uint64) (tlog.Hash, error) {
	h, err := tlog.TreeHash(int64(size), r)
	if err != nil {
		return h, fmt.Errorf("root at %d: %w", size, err)
	}
	return h, nil
}
