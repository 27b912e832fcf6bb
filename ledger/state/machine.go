package state

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"comity/crypto/keys"
	"comity/ledger"

	"golang.org/x/mod/sumdb/tlog"
)

// Verifier checks signatures. What it answers depends on its arguments alone;
// a node's verifier remembers what it verified before the command was stored.
type Verifier interface {
	// Entry reports whether every signature of e verifies, with the public
	// keys of its signers in their order.
	Entry(e *ledger.Entry, signers []ed25519.PublicKey) bool
	// Cosignature reports whether both signatures of s verify.
	Cosignature(s *ledger.Cosignature, w keys.WitnessPublic, origin string) bool
}

// Plain is the Verifier that remembers nothing.
type Plain struct{}

// Entry verifies each signature of e.
func (Plain) Entry(e *ledger.Entry, signers []ed25519.PublicKey) bool {
	for i, pub := range signers {
		if !e.Verify(i, pub) {
			return false
		}
	}
	return true
}

// Cosignature verifies s.
func (Plain) Cosignature(s *ledger.Cosignature, w keys.WitnessPublic, origin string) bool {
	return s.Verify(w, origin)
}

// Record is an accepted entry as stores keep it.
type Record struct {
	Time uint64 // ledger time of its batch, POSIX ms
	Item ledger.Item
}

// Changes is what a command does to the state, to be committed as one step.
type Changes struct {
	Records []Record    // new leaves, in order
	Hashes  []tlog.Hash // to append to the stored hashes of the tree
	Puts    []Put
	Head    Head       // after the command
	Final   *Collected // the FINAL checkpoint where the command changed it, else nil
	Purged  []uint64   // entries whose bodies are to be destroyed, before anybody sees the command
}

// Result answers one statement or cosignature of a command, or its evidence.
type Result struct {
	Index   uint64   // of the entry
	Time    uint64   // ledger time at which it was accepted; 0 when Known
	Known   bool     // the same statement was accepted before; Index is that one's
	Refusal *Refusal // nil when accepted
}

// Machine applies commands to the ledger of one charter. It holds no state of
// its own and may be used by several goroutines.
type Machine struct {
	genesis  *ledger.Genesis
	founders *ledger.Membership // of epoch 0 alone
	epochs   memberships
	program  Program
}

// New returns the machine of a ledger.
func New(g *ledger.Genesis) *Machine {
	return NewAs(g, This)
}

// Genesis returns the ledger whose commands m applies.
func (m *Machine) Genesis() *ledger.Genesis { return m.genesis }

// Begin returns the changes that make an empty store the state at genesis: the
// keys of the charter, and an empty tree.
func (m *Machine) Begin() *Changes {
	o := newOverlay(nil, 0)
	for i := range m.genesis.Charter.Members {
		o.memberKeys(&m.genesis.Charter.Members[i], 0)
	}
	head := Head{Root: ledger.EmptyRoot, Digest: digest(m.genesis.Ledger, 0, o.order)}
	o.put(TableMeta, []byte(metaHead), head.marshal())
	return &Changes{Puts: o.order, Head: head}
}

// Apply computes what the command does to the state v. An error means that the
// view could not be read, or that this program is too old for the ledger
// ([ledger.FormatError]), never that the command is bad.
func (m *Machine) Apply(v View, c *ledger.Command, verify Verifier) (*Changes, []Result, error) {
	head, err := ReadHead(v)
	if err != nil {
		return nil, nil, err
	}
	a := &application{Machine: m, overlay: newOverlay(v, head.Size), verify: verify, head: head}
	if _, err := a.epoch(); err != nil { // also of a store that a newer program wrote
		return nil, nil, err
	}
	var results []Result
	switch {
	case c.Batch != nil:
		results, err = a.batch(c.Batch)
	case c.Evidence != nil:
		results = []Result{{Index: c.Evidence.Size}}
		results[0].Refusal, err = a.evidence(c.Evidence)
	default:
		results, err = a.cosignatures(c.Cosignatures)
	}
	if err != nil {
		return nil, nil, err
	}
	return &Changes{a.records, a.hashes, a.order, a.head, a.final, a.purged}, results, nil
}

// Admit says whether the statement would be accepted, were it the author's next
// one and applied to v now: at ledger time or, if that is later, at the time now in
// POSIX ms. Nodes ask before they let it take a place in a batch; only Apply
// decides.
func (m *Machine) Admit(v View, it *ledger.Item, now uint64, verify Verifier) (*Refusal, error) {
	head, err := ReadHead(v)
	if err != nil {
		return nil, err
	}
	a := &application{Machine: m, overlay: newOverlay(v, head.Size), verify: verify, head: head, now: max(head.Time, now)}
	if !it.Entry.CheckBody(it.Body) {
		return refuse(Body, "the sealed body is not the one that was signed"), nil
	}
	a.body = it.Body
	_, refusal, err := a.check(it.Entry)
	return refusal, err
}

// application is one run of Apply.
type application struct {
	*Machine
	*overlay
	verify  Verifier
	head    Head
	now     uint64 // ledger time of the batch
	body    []byte // sealed, of the entry that is judged; nil where it is not there
	records []Record
	final   *Collected
	purged  []uint64             // entries whose bodies go
	members *ledger.Membership   // as far as it was asked for since the last epoch
	renewed bool                 // an epoch began
	seen    map[uint64]tlog.Hash // roots at sizes that authors of this batch named
	unseen  bool                 // the rule on what authors have seen is not asked
}

func (a *application) batch(b *ledger.Batch) ([]Result, error) {
	a.now = max(a.head.Time, b.Time)
	results := make([]Result, len(b.Items))
	for i := range b.Items {
		var err error
		if results[i], err = a.item(&b.Items[i]); err != nil {
			return nil, err
		}
	}
	if len(a.records) == 0 {
		// Not even the time moves: who has the accepted entries has the state.
		return results, nil
	}
	h, err := root(a, a.head.Size)
	if err != nil {
		return nil, err
	}
	a.head.Root = ledger.Hash(h)
	if a.renewed { // what others were asked to cosign is before it, and nobody may be left who does
		a.put(TableMeta, []byte(metaPending), nil)
	}
	if err := a.ask(); err != nil {
		return nil, err
	}
	a.put(TableMeta, []byte(metaHead), a.head.marshal())
	return results, nil
}

// item accepts or refuses one statement.
func (a *application) item(it *ledger.Item) (Result, error) {
	e := it.Entry
	index, known, err := ReadIndex(a, e.ID)
	if err != nil || known {
		return Result{Index: index, Known: known}, err
	}
	a.body = it.Body
	signers, author, refusal, err := a.judge(e)
	if err != nil || refusal != nil {
		return Result{Refusal: refusal}, err
	}
	index = a.head.Size
	before := len(a.order)
	if err := a.accept(e, index, author, signers); err != nil {
		return Result{}, err
	}
	if e.Statement.Class == ledger.ClassPurge {
		bodies, err := Bodies(a, e.Statement.Target)
		if err != nil {
			return Result{}, err
		}
		a.purged = append(a.purged, bodies...)
	}
	hashes, err := tlog.StoredHashesForRecordHash(int64(index), e.LeafHash(), a)
	if err != nil {
		return Result{}, fmt.Errorf("hash entry %d: %w", index, err)
	}
	a.hashes = append(a.hashes, hashes...)
	a.records = append(a.records, Record{a.now, *it})
	a.head.Time = a.now
	a.head.Size++
	a.head.Digest = digest(a.head.Digest, a.head.Time, a.order[before:])
	return Result{Index: index, Time: a.head.Time}, nil
}

// judge holds all rules. Beside the refusal it returns what accept needs.
func (a *application) judge(e *ledger.Entry) ([]*Key, Author, *Refusal, error) {
	signers, refusal, err := a.check(e)
	if err != nil || refusal != nil {
		return nil, Author{}, refusal, err
	}
	s := e.Statement
	author, err := ReadAuthor(a, s.Author)
	if err != nil {
		return nil, Author{}, nil, err
	}
	if s.Seq != author.Seq || s.Prev != author.Prev {
		return nil, author, refuse(BadSequence, fmt.Sprintf("it is number %d of key %s, whose next statement is number %d",
			s.Seq, s.Author.Short(), author.Seq)), nil
	}
	return signers, author, nil, nil
}

// accept writes what the entry changes, the tree apart.
func (a *application) accept(e *ledger.Entry, index uint64, author Author, signers []*Key) error {
	a.put(TableIDs, e.ID[:], binary.BigEndian.AppendUint64(nil, index))
	a.put(TableAuthors, e.Statement.Author[:], append(binary.BigEndian.AppendUint64(nil, author.Seq+1), e.ID[:]...))
	if err := a.spend(e, signers[0].Bureau); err != nil {
		return err
	}
	return a.effects(e, index, signers)
}

// digest extends the chain over the ledger time and the changes of every entry.
func digest(prev ledger.Hash, time uint64, puts []Put) ledger.Hash {
	h := sha256.New()
	h.Write(prev[:])
	h.Write(binary.BigEndian.AppendUint64(nil, time))
	var n [4]byte
	field := func(b []byte) {
		binary.BigEndian.PutUint32(n[:], uint32(len(b)))
		h.Write(n[:])
		h.Write(b)
	}
	for _, p := range puts {
		h.Write([]byte{byte(p.Table)})
		field(p.Key)
		field(p.Value)
	}
	return ledger.Hash(h.Sum(nil))
}
