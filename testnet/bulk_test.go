package testnet

import (
	"testing"

	"comity/ledger"
	"comity/ledger/state"
	"comity/ledger/store"
)

// bulk writes a large ledger into a folder, past any node: entries are judged by the
// machine and kept in the store. Nobody cosigned them, and signatures that were made a
// moment ago are taken for good.
type bulk struct {
	t       *testing.T
	machine *state.Machine
	store   *store.Disk
	head    state.Head
	batches int
}

// bulkFlush is how many batches are flushed as one: a flush writes most of the tables
// anew.
const bulkFlush = 128

func openBulk(t *testing.T, dir string, g *ledger.Genesis) *bulk {
	t.Helper()
	b := &bulk{t: t, machine: state.New(g)}
	var err error
	if b.store, err = store.Open(dir, b.machine); err != nil {
		t.Fatal(err)
	}
	if b.head, err = state.ReadHead(b.store); err != nil {
		t.Fatal(err)
	}
	return b
}

// add adds statements as one batch, a millisecond after the one before.
func (b *bulk) add(items []ledger.Item) {
	b.t.Helper()
	staged := store.NewStaged(b.store, b.head.Size)
	changes, results, err := b.machine.Apply(staged, &ledger.Command{Batch: &ledger.Batch{Time: b.head.Time + 1, Items: items}}, trusting{})
	if err != nil {
		b.t.Fatal(err)
	}
	for _, r := range results {
		if r.Refusal != nil {
			b.t.Fatal(r.Refusal)
		}
	}
	staged.Add(changes)
	if err := b.store.Commit(staged.Changes.Head.Size, &staged.Changes); err != nil {
		b.t.Fatal(err)
	}
	b.head = staged.Changes.Head
	if b.batches++; b.batches%bulkFlush == 0 {
		b.flush()
	}
}

func (b *bulk) flush() {
	b.t.Helper()
	if err := b.store.Flush(b.store.Mark()); err != nil {
		b.t.Fatal(err)
	}
}

// close leaves all that was added on the disk.
func (b *bulk) close() {
	b.t.Helper()
	b.flush()
	if err := b.store.Close(); err != nil {
		b.t.Fatal(err)
	}
}
