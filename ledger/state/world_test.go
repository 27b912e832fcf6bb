package state_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"sync"
	"testing"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/ledgertest"
	"comity/ledger/state"

	"golang.org/x/mod/sumdb/tlog"
)

// memory is a View that commands are committed to.
type memory struct {
	tables  map[string][]byte
	hashes  []tlog.Hash
	records []state.Record
	fails   error // when set, every read fails with it
}

func newMemory(m *state.Machine) *memory {
	v := &memory{tables: make(map[string][]byte)}
	v.commit(m.Begin())
	return v
}

func (v *memory) Get(t state.Table, key []byte) ([]byte, error) {
	return v.tables[string(byte(t))+string(key)], v.fails
}

func (v *memory) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		if x >= int64(len(v.hashes)) {
			return nil, errors.New("no such hash")
		}
		out[i] = v.hashes[x]
	}
	return out, v.fails
}

func (v *memory) commit(c *state.Changes) {
	for _, p := range c.Puts {
		if key := string(byte(p.Table)) + string(p.Key); p.Value == nil {
			delete(v.tables, key)
		} else {
			v.tables[key] = bytes.Clone(p.Value)
		}
	}
	v.hashes = append(v.hashes, c.Hashes...)
	v.records = append(v.records, c.Records...)
}

// entriesOnly returns the tables without what cosignatures and evidence wrote.
func (v *memory) entriesOnly() map[string][]byte {
	out := maps.Clone(v.tables)
	delete(out, string(byte(state.TableMeta))+"pending")
	delete(out, string(byte(state.TableMeta))+"final")
	maps.DeleteFunc(out, func(key string, _ []byte) bool {
		return key[0] == byte(state.TableFaulty) || key[0] == byte(state.TableEpochs) && len(key) == 6 // FINAL checkpoints
	})
	return out
}

// world is a ledger in which all bureaus have made their enrolments.
type world struct {
	*ledgertest.Consortium
	t    testing.TB
	m    *state.Machine
	view *memory
	now  uint64
	log  []string // what was applied, as the Python verifier reads it

	commands []*ledger.Command // the same
}

func newWorld(t testing.TB, n int) *world {
	t.Helper()
	w := genesisWorld(t, n)
	w.accept(w.Enrolments(t)...)
	return w
}

func genesisWorld(t testing.TB, n int) *world {
	t.Helper()
	return worldOf(t, ledgertest.NewGenesis(t, n))
}

func worldOf(t testing.TB, c *ledgertest.Consortium) *world {
	return worldAs(t, c, state.This)
}

// worldAs is one whose node is of another version of the program.
func worldAs(t testing.TB, c *ledgertest.Consortium, p state.Program) *world {
	m := state.NewAs(c.Genesis, p)
	return &world{Consortium: c, t: t, m: m, view: newMemory(m), now: 1_700_000_000_000}
}

// remembering verifies each signature once: tests apply the same logs often.
type remembering struct{ state.Plain }

var remembered sync.Map // what was verified, with its keys -> whether it is good

func (r remembering) Entry(e *ledger.Entry, signers []ed25519.PublicKey) bool {
	return recall(string(e.Raw)+string(bytes.Join(toBytes(signers), nil)), func() bool { return r.Plain.Entry(e, signers) })
}

func (r remembering) Cosignature(s *ledger.Cosignature, w keys.WitnessPublic, origin string) bool {
	return recall(fmt.Sprintf("%x %x %x %s", s.Marshal(), w.Ed25519, w.MLDSA.Bytes(), origin), func() bool { return r.Plain.Cosignature(s, w, origin) })
}

func recall(key string, verify func() bool) bool {
	if good, ok := remembered.Load(key); ok {
		return good.(bool)
	}
	good := verify()
	remembered.Store(key, good)
	return good
}

func toBytes(list []ed25519.PublicKey) (out [][]byte) {
	for _, k := range list {
		out = append(out, k)
	}
	return out
}

// apply applies a command as it comes out of the log.
func (w *world) apply(c *ledger.Command) (*state.Changes, []state.Result) {
	w.t.Helper()
	parsed, err := ledger.ParseCommand(c.Marshal())
	if err != nil {
		w.t.Fatalf("command: %v", err)
	}
	changes, results, err := w.m.Apply(w.view, parsed, remembering{})
	if err != nil {
		w.t.Fatalf("apply: %v", err)
	}
	w.view.commit(changes)
	line := hex.EncodeToString(c.Marshal())
	for _, r := range results {
		line += " " + word(r)
	}
	w.log, w.commands = append(w.log, line), append(w.commands, parsed)
	return changes, results
}

func (w *world) batch(items ...ledger.Item) []state.Result {
	w.t.Helper()
	w.now += 1000
	_, results := w.apply(&ledger.Command{Batch: &ledger.Batch{Time: w.now, Items: items}})
	return results
}

// accept applies a batch of which nothing may be refused, and returns the
// index of its last entry.
func (w *world) accept(items ...ledger.Item) uint64 {
	w.t.Helper()
	results := w.batch(items...)
	for i, r := range results {
		if r.Refusal != nil || r.Known {
			w.t.Fatalf("item %d: got %+v, refusal %v", i, r, r.Refusal)
		}
	}
	return results[len(results)-1].Index
}

func (w *world) cosigned(list ...*ledger.Cosignature) []state.Result {
	w.t.Helper()
	_, results := w.apply(&ledger.Command{Cosignatures: list})
	return results
}

// cosign returns the cosignature of the i-th bureau's node for a checkpoint.
func (w *world) cosign(i int, c *state.Collected) *ledger.Cosignature {
	w.t.Helper()
	b := w.Bureaus[i]
	s, err := ledger.Cosign(b.Witness, b.Node(), ledger.Checkpoint{Origin: w.Genesis.Origin(), Size: c.Size, Root: c.Root}, w.now/1000)
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

func (w *world) head() state.Head {
	w.t.Helper()
	h, err := state.ReadHead(w.view)
	if err != nil {
		w.t.Fatal(err)
	}
	return h
}

func (w *world) pending() *state.Collected {
	w.t.Helper()
	c, err := state.ReadPending(w.view)
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

func (w *world) final() *state.Collected {
	w.t.Helper()
	c, err := state.ReadFinal(w.view)
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

// forge returns the item with one bit of its i-th signature flipped.
func forge(t testing.TB, it ledger.Item, i int) ledger.Item {
	t.Helper()
	sigs := append([]ledger.Signature(nil), it.Entry.Signatures...)
	sigs[i].Sig[0] ^= 1
	e, err := ledger.NewEntry(it.Entry.Signed(), sigs)
	if err != nil {
		t.Fatal(err)
	}
	return ledger.Item{Entry: e, Body: it.Body}
}
