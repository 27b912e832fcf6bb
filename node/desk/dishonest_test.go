package desk

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/ledgertest"
	"comity/ledger/state"
	"comity/node/follow"
	"comity/node/wire"

	"golang.org/x/mod/sumdb/tlog"
)

// lies is what a node can do to a desk that has the first 27 of its 45 entries.
// Each makes the node lie about the rest.
var lies = map[string]func(t *testing.T, n *fakeNode){
	"flipped signature": func(t *testing.T, n *fakeNode) {
		n.record = at(33, func(r *wire.Record) []*wire.Record {
			raw := slices.Clone(r.Entry.Raw)
			raw[len(raw)-1] ^= 1
			return []*wire.Record{reparse(t, r, raw)}
		})
	},
	"changed statement": func(t *testing.T, n *fakeNode) {
		n.record = at(33, func(r *wire.Record) []*wire.Record {
			s := *r.Entry.Statement
			s.Created++
			e, err := ledger.NewEntry(s.Marshal(), r.Entry.Signatures)
			if err != nil {
				t.Fatal(err)
			}
			return []*wire.Record{{Time: r.Time, Entry: e, Body: r.Body}}
		})
	},
	"signed by a stranger": func(t *testing.T, n *fakeNode) {
		n.record = at(33, func(r *wire.Record) []*wire.Record {
			k, err := keys.GenerateSigner()
			if err != nil {
				t.Fatal(err)
			}
			s := *r.Entry.Statement
			s.Author, s.Seq, s.Prev = k.ID(), 0, ledger.ID{}
			e, err := ledger.SignStatement(&s, k)
			if err != nil {
				t.Fatal(err)
			}
			return []*wire.Record{{Time: r.Time, Entry: e, Body: r.Body}}
		})
	},
	"reordered": func(t *testing.T, n *fakeNode) {
		var held *wire.Record
		n.record = func(i uint64, r *wire.Record) []*wire.Record {
			switch i {
			case 33:
				held = r
				return nil
			case 34:
				return []*wire.Record{r, held}
			}
			return []*wire.Record{r}
		}
	},
	"dropped": func(t *testing.T, n *fakeNode) {
		n.record = at(33, func(r *wire.Record) []*wire.Record { return nil })
	},
	"dropped at the end": func(t *testing.T, n *fakeNode) {
		n.record = func(i uint64, r *wire.Record) []*wire.Record {
			if i >= 40 {
				return nil
			}
			return []*wire.Record{r}
		}
	},
	"sent twice": func(t *testing.T, n *fakeNode) {
		var before *wire.Record
		n.record = func(i uint64, r *wire.Record) []*wire.Record {
			r, before = before, r
			if i == 33 {
				return []*wire.Record{r}
			}
			return []*wire.Record{before}
		}
	},
	"another body": func(t *testing.T, n *fakeNode) {
		n.record = at(33, func(r *wire.Record) []*wire.Record {
			r.Body = append(slices.Clone(r.Body), 0)
			return []*wire.Record{r}
		})
	},
	"too few cosignatures": func(t *testing.T, n *fakeNode) {
		n.note = n.cosigned(t, present(t, n), 3)
	},
	"forged root": func(t *testing.T, n *fakeNode) {
		lines := strings.SplitAfter(string(n.note), "\n")
		lines[2] = tlog.Hash(ledger.EmptyRoot).String() + "\n"
		n.note = []byte(strings.Join(lines, ""))
	},
	"not a note": func(t *testing.T, n *fakeNode) { n.note = []byte("trust me\n") },
	"another ledger": func(t *testing.T, n *fakeNode) {
		c := present(t, n)
		c.Origin = ledger.Origin(ledger.Hash{1})
		n.note = n.cosigned(t, c, 5)
	},
	"time beyond all times": func(t *testing.T, n *fakeNode) {
		n.record = at(33, func(r *wire.Record) []*wire.Record {
			r.Time = 1 << 63
			return []*wire.Record{r}
		})
	},
	// A quorum cosigned something else than what the node sends, all of it
	// well signed and allowed.
	"another history": func(t *testing.T, n *fakeNode) {
		c := present(t, n)
		c.Root[0] ^= 1
		n.note = n.cosigned(t, c, 5)
	},
}

func at(index uint64, change func(r *wire.Record) []*wire.Record) func(uint64, *wire.Record) []*wire.Record {
	return func(i uint64, r *wire.Record) []*wire.Record {
		if i == index {
			return change(r)
		}
		return []*wire.Record{r}
	}
}

func reparse(t *testing.T, r *wire.Record, raw []byte) *wire.Record {
	t.Helper()
	e, err := ledger.ParseEntry(raw)
	if err != nil {
		t.Fatal(err)
	}
	return &wire.Record{Time: r.Time, Entry: e, Body: r.Body}
}

func present(t *testing.T, n *fakeNode) ledger.Checkpoint {
	t.Helper()
	c, err := ledger.ParseCheckpoint(strings.Join(strings.SplitAfter(string(n.note), "\n")[:3], ""))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// newLiar returns a node with 45 entries, and what is FINAL at 27 and at 45.
// Between two lies, back makes it honest again.
func newLiar(t *testing.T) (n *fakeNode, items []ledger.Item, back func(size uint64)) {
	t.Helper()
	n = newFakeNode(t, ledgertest.NewGenesis(t, 5))
	items = population(t, n.Consortium, 20)
	n.accept(t, items[:27]...)
	n.finalise(t)
	notes := map[uint64][]byte{27: n.note}
	n.accept(t, items[27:]...)
	n.finalise(t)
	notes[45] = n.note
	return n, items, func(size uint64) {
		n.final, n.note, n.record, n.receipt = size, notes[size], nil, nil
	}
}

// Whatever a node lies about is refused with a sentence, and nothing that the
// lie is in is kept; an honest node then gives the rest.
func TestSyncRefusesLies(t *testing.T) {
	n, _, back := newLiar(t)
	for name, lie := range lies {
		t.Run(name, func(t *testing.T) {
			d := newTestDesk(t, n.Genesis)
			back(27)
			syncDesk(t, d, n)
			back(45)
			lie(t, n)
			err := d.Sync(context.Background(), n.client(t), nil)
			if !errors.Is(err, follow.ErrDishonest) {
				t.Fatalf("Sync: %v, want ErrDishonest", err)
			}
			if !strings.HasPrefix(err.Error(), "sync: node of XA at 127.0.0.1:") {
				t.Errorf("%q does not say which node", err)
			}
			wantSize(t, d, 27)
			back(45)
			syncDesk(t, d, n)
			wantSize(t, d, 45)
		})
	}
}

// In small chunks, what came before the lie stays: a quorum vouches for it.
func TestSyncRefusesLiesInChunks(t *testing.T) {
	if testing.Short() {
		t.Skip("TestSyncRefusesLies tells the same lies")
	}
	n, items, back := newLiar(t)
	for name, lie := range lies {
		t.Run(name, func(t *testing.T) {
			back(45)
			lie(t, n)
			d := newTestDesk(t, n.Genesis)
			d.Limit(8, 1<<20)
			err := d.Sync(context.Background(), n.client(t), nil)
			if !errors.Is(err, follow.ErrDishonest) {
				t.Fatalf("Sync: %v, want ErrDishonest", err)
			}
			size, err := d.Size()
			if err != nil || size > 40 || size%8 != 0 {
				t.Errorf("%d entries kept, %v", size, err)
			}
			for i := range size {
				_, got, err := d.Entry(i)
				if err != nil || got.ID != items[i].Entry.ID {
					t.Fatalf("entry %d is not the one in the ledger: %v", i, err)
				}
			}
			if final, _, _ := d.Final(); final.Size != 0 {
				t.Errorf("a checkpoint of %d entries was kept", final.Size)
			}
			back(45)
			syncDesk(t, d, n)
			wantSize(t, d, 45)
		})
	}
}

// Lies in receipts, which vouch for chunks.
func TestSyncRefusesReceipts(t *testing.T) {
	n, _, back := newLiar(t)
	for name, lie := range map[string]func(t *testing.T, n *fakeNode, r *ledger.Receipt){
		"path":  func(t *testing.T, n *fakeNode, r *ledger.Receipt) { r.Proof[0][0] ^= 1 },
		"short": func(t *testing.T, n *fakeNode, r *ledger.Receipt) { r.Proof = r.Proof[1:] },
		"note": func(t *testing.T, n *fakeNode, r *ledger.Receipt) {
			r.Note = n.cosigned(t, present(t, n), 2)
		},
	} {
		t.Run(name, func(t *testing.T) {
			back(45)
			n.receipt = func(r *ledger.Receipt) { lie(t, n, r) }
			d := newTestDesk(t, n.Genesis)
			d.Limit(8, 1<<20)
			if err := d.Sync(context.Background(), n.client(t), nil); !errors.Is(err, follow.ErrDishonest) {
				t.Fatalf("Sync: %v, want ErrDishonest", err)
			}
			wantSize(t, d, 0)
		})
	}
}

// A quorum's cosignatures do not make an entry one that the rules accept: each
// of these is under a root that all bureaus cosigned.
func TestSyncRefusesWhatAQuorumCosigned(t *testing.T) {
	n, items, back := newLiar(t)
	for name, want := range map[string]string{
		"flipped signature":    "entry 33 cannot be in the ledger: a signature does not verify",
		"changed statement":    "entry 33 cannot be in the ledger: a signature does not verify",
		"signed by a stranger": "entry 33 cannot be in the ledger: no bureau has enrolled the signing key",
		"sent twice":           "entry 33 is entry 32 again",
		"dropped":              "entry 34 cannot be in the ledger: it is number",
	} {
		t.Run(name, func(t *testing.T) {
			back(45)
			lies[name](t, n)
			var leaves []tlog.Hash
			for i, it := range items {
				for _, r := range n.record(uint64(i), &wire.Record{Entry: it.Entry, Body: it.Body}) {
					leaves = append(leaves, r.Entry.LeafHash())
				}
			}
			n.note = n.cosigned(t, ledger.Checkpoint{Origin: n.Genesis.Origin(), Size: uint64(len(leaves)), Root: rootOf(t, leaves)}, 5)
			d := newTestDesk(t, n.Genesis)
			err := d.Sync(context.Background(), n.client(t), nil)
			if !errors.Is(err, follow.ErrDishonest) || !strings.Contains(err.Error(), want) {
				t.Errorf("Sync: %v, want %q", err, want)
			}
			wantSize(t, d, 0)
		})
	}
}

// rootOf returns the root over leaves.
func rootOf(t *testing.T, leaves []tlog.Hash) ledger.Hash {
	t.Helper()
	var all []tlog.Hash
	read := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, x := range indexes {
			out[i] = all[x]
		}
		return out, nil
	})
	for i, leaf := range leaves {
		h, err := tlog.StoredHashesForRecordHash(int64(i), leaf, read)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, h...)
	}
	root, err := tlog.TreeHash(int64(len(leaves)), read)
	if err != nil {
		t.Fatal(err)
	}
	return ledger.Hash(root)
}

// A desk whose program does not know the format that the bureaus decided on says so,
// keeps what it understands, and calls nobody a liar for what it cannot read.
func TestSyncOfALaterFormat(t *testing.T) {
	n := newFakeNode(t, ledgertest.NewGenesis(t, 4))
	n.machine = state.NewAs(n.Genesis, state.Program{Knows: ledger.Format + 1, Needs: state.This.Needs})
	n.accept(t, n.Consortium.Enrolments(t)...)
	n.finalise(t)
	size := n.final
	d := newTestDesk(t, n.Genesis)
	syncDesk(t, d, n)

	it := n.Bureaus[0].Propose(t, ledger.Propose{Change: ledger.ChangeFormat, Format: ledger.Format + 1})
	n.accept(t, it)
	for _, b := range n.Bureaus[1:] {
		n.accept(t, b.Vote(t, it.Entry.ID, true))
	}
	seen := present(t, n)
	n.accept(t, n.Bureaus[0].Enact(t, it.Entry.ID, 1, seen.Size, seen.Root))
	n.accept(t, n.Bureaus[0].Officer.Reply(t, []byte("of a class to come")))
	n.finalise(t)
	n.record = func(index uint64, r *wire.Record) []*wire.Record {
		if index == n.final-1 {
			r.Body = []byte("what an old program does not understand")
		}
		return []*wire.Record{r}
	}
	err := d.Sync(t.Context(), n.client(t), nil)
	if !errors.Is(err, ledger.ErrFormat) || errors.Is(err, follow.ErrDishonest) || !strings.Contains(err.Error(), "install the newer comity") {
		t.Errorf("got %v", err)
	}
	wantSize(t, d, size)
}
