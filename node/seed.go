package node

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"comity/ledger"
	"comity/ledger/bundle"
	"comity/ledger/state"
	"comity/ledger/store"

	"golang.org/x/mod/sumdb/tlog"
)

// Seed makes the data folder of a node out of a copy of the ledger, and not out of
// a Raft log: of a backup. Every entry goes through the rules of the ledger on the
// way. The node that starts on the folder takes it for one whose restore from a
// snapshot was cut: it fetches the rest from the others before it applies a
// command. It has forgotten its votes, and abstains (abstain.go); and it cosigns
// nothing until it is past all that it may have cosigned (restored.go).
type Seed struct {
	Missing uint64 // bodies that the copy lacks, and that no purge in it explains

	dir      string
	genesis  *ledger.Genesis
	member   *ledger.Member
	machine  *state.Machine
	verified *verifier
	store    *store.Disk
	groups   int
	absent   []uint64 // entries without the body that they name
}

// seedFlush is how many groups of a bundle are flushed as one: what came since is
// in memory.
const seedFlush = 64

// NewSeed begins to fill dir, which must not exist. Call Finish or Close.
func NewSeed(dir string, g *ledger.Genesis, bureau string) (*Seed, error) {
	m, ok := g.Member(bureau)
	if !ok {
		return nil, fmt.Errorf("node: the charter names no bureau %q", bureau)
	}
	if m.Voter && g.Latest().Voters() == 1 {
		return nil, errors.New("node: by this charter file no other node votes in this ledger: nobody could tell it what it did since")
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, fmt.Errorf("node: %w", err)
	}
	s := &Seed{dir: dir, genesis: g, member: m, machine: state.New(g), verified: newVerifier()}
	var err error
	if s.store, err = store.Open(filepath.Join(dir, "ledger"), s.machine); err != nil {
		return nil, fmt.Errorf("node: %w", err)
	}
	return s, nil
}

// Close ends a seed that is not finished. The folder is of no use.
func (s *Seed) Close() error {
	if s.store == nil {
		return nil
	}
	return s.store.Close()
}

// ReadHashes implements [tlog.HashReader] on what was added so far.
func (s *Seed) ReadHashes(indexes []int64) ([]tlog.Hash, error) { return s.store.ReadHashes(indexes) }

// Leaf returns the leaf hash of an entry that was added.
func (s *Seed) Leaf(index uint64) (tlog.Hash, error) {
	_, e, err := s.store.Entry(index)
	if err != nil {
		return tlog.Hash{}, err
	}
	return e.LeafHash(), nil
}

// Last returns the head of what was added so far.
func (s *Seed) Last() (state.Head, error) { return state.ReadHead(s.store) }

// Add adds the next entries. What the ledger would not accept at its place is an
// error, and so is an entry without the body that it names, unless that is purged.
func (s *Seed) Add(g *bundle.Group) error {
	items := make([]ledger.Item, len(g.Records))
	for i := range g.Records {
		var err error
		if items[i], err = s.item(g.First+uint64(i), &g.Records[i]); err != nil {
			return err
		}
	}
	chunk := store.NewStaged(s.store, g.First)
	// All signatures at once, on all cores; Apply finds them verified.
	if err := s.verified.prepare(chunk, s.machine.Genesis().PolicyAt, &ledger.Command{Batch: &ledger.Batch{Items: items}}); err != nil {
		return fmt.Errorf("entries from %d on: %w", g.First, err)
	}
	for from := 0; from < len(items); {
		to := from + 1
		for to < len(items) && to-from < ledger.MaxBatch && g.Records[to].Time == g.Records[from].Time {
			to++
		}
		if err := s.apply(chunk, g.Records[from].Time, items[from:to]); err != nil {
			return err
		}
		from = to
	}
	chunk.Changes.DropAsk()
	if err := s.store.Commit(0, &chunk.Changes); err != nil {
		return err
	}
	if s.groups++; s.groups%seedFlush == 0 {
		return s.store.Flush(s.store.Mark())
	}
	return nil
}

// item returns a record as a command would bring it.
func (s *Seed) item(index uint64, r *bundle.Record) (it ledger.Item, err error) {
	if it.Entry, err = ledger.ParseEntry(r.Entry); err != nil {
		return it, fmt.Errorf("entry %d: %w", index, err)
	}
	switch {
	case r.State == bundle.LeftOut:
		return it, fmt.Errorf("entry %d: the copy was made without its body", index)
	case r.State == bundle.Purged && it.Entry.Statement.BodyLen > 0:
		s.absent = append(s.absent, index)
		return it, nil
	case !it.Entry.CheckBody(r.Body):
		return it, fmt.Errorf("entry %d: it comes with another body than its author signed", index)
	}
	it.Body = r.Body
	return it, nil
}

// apply applies entries of one ledger time, of which every one must be accepted.
func (s *Seed) apply(chunk *store.Staged, time uint64, items []ledger.Item) error {
	at := chunk.Size()
	changes, results, err := s.machine.Apply(chunk, &ledger.Command{Batch: &ledger.Batch{Time: time, Items: items}}, s.verified)
	if err != nil {
		return err
	}
	for i, r := range results {
		switch {
		case r.Refusal != nil:
			return fmt.Errorf("entry %d: the ledger cannot hold it: %w", at+uint64(i), r.Refusal)
		case r.Known:
			return fmt.Errorf("entry %d: the ledger holds it already, as entry %d", at+uint64(i), r.Index)
		}
	}
	if changes.Head.Time != time {
		return fmt.Errorf("entry %d: the ledger time falls", at)
	}
	chunk.Add(changes)
	return nil
}

// Finish checks that what was added is what a FINAL note covers, and makes the
// rest of the folder. made is when the copy was made, POSIX ms.
func (s *Seed) Finish(note []byte, made uint64) error {
	if err := s.adopt(note); err != nil {
		return err
	}
	if err := s.missing(); err != nil {
		return err
	}
	head, err := state.ReadHead(s.store)
	if err != nil {
		return err
	}
	if err := s.end(); err != nil {
		return err
	}
	last := ledger.Checkpoint{Origin: s.genesis.Origin(), Size: head.Size, Root: head.Root}
	return s.files(last, 0, func(snaps *Snapshots) error {
		return errors.Join(snaps.tear(), writeAbstain(filepath.Join(s.dir, abstainName), lostVotes),
			(&restored{made, head.Size}).write(filepath.Join(s.dir, "witness")))
	})
}

// end makes the ledger durable and closes it.
func (s *Seed) end() error {
	err := errors.Join(s.store.Flush(s.store.Mark()), s.store.Close())
	s.store = nil
	return err
}

// missing counts the bodies that are not there for no reason in the copy.
func (s *Seed) missing() error {
	for _, index := range s.absent {
		purged, err := state.Purged(s.store, index)
		if err != nil {
			return err
		}
		if !purged {
			s.Missing++
		}
	}
	return nil
}

// adopt makes the note the state's FINAL checkpoint.
func (s *Seed) adopt(note []byte) error {
	p, err := s.machine.Membership(s.store)
	if err != nil {
		return err
	}
	at, _, err := p.Open(note)
	if err != nil {
		return err
	}
	head, err := state.ReadHead(s.store)
	if err != nil {
		return err
	}
	if at.Size != head.Size || at.Root != head.Root {
		return fmt.Errorf("its entries are not the ones under its FINAL head of %d", at.Size)
	}
	cosigs, err := p.Cosignatures(note)
	if err != nil {
		return err
	}
	return s.store.Commit(0, s.machine.Adopt(head, nil, &state.Collected{Size: at.Size, Root: at.Root, Cosigs: cosigs}, nil))
}

// files makes all but the ledger. Until the folder has its name nobody starts it.
func (s *Seed) files(last ledger.Checkpoint, term uint64, more func(*Snapshots) error) error {
	dir := s.dir
	if err := claim(filepath.Join(dir, "node"), s.member.NodeName()); err != nil {
		return err
	}
	if err := os.Mkdir(filepath.Join(dir, "snapshots"), 0o700); err != nil {
		return err
	}
	for _, step := range []func() error{
		func() error { return createWhole(filepath.Join(dir, "floor"), newFloorFile()) },
		func() error { return createWhole(filepath.Join(dir, "epochs"), make([]byte, epochsSize)) },
		func() error { return (&repairJournal{term: term}).writeVotes(filepath.Join(dir, "raft.db")) },
		func() error { return more(&Snapshots{dir: filepath.Join(dir, "snapshots")}) },
		func() error {
			return replaceSynced(filepath.Join(dir, "witness"), withSumBefore([]byte(last.String())))
		},
	} {
		if err := step(); err != nil {
			return fmt.Errorf("node: %w", err)
		}
	}
	return nil
}
