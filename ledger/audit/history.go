package audit

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/bundle"
	"comity/ledger/state"

	"golang.org/x/mod/sumdb/tlog"
)

// history is the stage of an audit that takes the entries in their order and
// decides. It goes on after a failure from what the file has, so that one
// changed entry does not condemn all that follow.
type history struct {
	*problems
	genesis *ledger.Genesis
	machine *state.Machine
	files   *files
	since   uint64

	size    uint64
	time    uint64             // ledger time of the last entry
	members *ledger.Membership // by the entries
	tables  *tables
	index   *list // of all entries, see indexLen
	record  [indexLen]byte

	// Two trees: of the leaf hashes that the file lists, and of those that its
	// entries have. They are one until an entry differs.
	listed, entries *tree
	byListed        *state.Replay
	byEntries       *state.Replay // nil while the trees are one
	by              *state.Replay // that judged last
	verifier        verifier
	// Where chains were broken they may go on from several ends.
	loose map[keys.ID]bool           // authors of entries that failed: from anywhere
	ends  map[keys.ID][]state.Author // other ends than that in the tables; bounded

	moved   []*mismatch // bounded
	differ  uint64      // entries that differ from their listed hash
	pending *mismatch   // the last one, which may belong to a run
	before  [2]tlog.Hash

	tally tally
}

// An index record is id[32] || time u64 || number of the bureau, by which
// authors are counted || the numbers u32 of the keys that signed it, 0 for none.
const (
	indexLen = 32 + 8 + 1 + 4*ledger.MaxSigners
	noBureau = 255
)

func newHistory(g *ledger.Genesis, f *files, size, since uint64) (*history, error) {
	m := state.New(g)
	h := &history{problems: newProblems(), genesis: g, machine: m, files: f, members: ledger.NewMembership(g.Ledger, g.Charter), since: since, loose: make(map[keys.ID]bool), ends: make(map[keys.ID][]state.Author)}
	h.tally = newTally(g)
	var err error
	if h.tables, err = newTables(f, m, size); err != nil {
		return nil, err
	}
	file, err := f.create("index")
	if err != nil {
		return nil, err
	}
	h.index = newList(file, indexLen)
	if file, err = f.create("tree"); err != nil {
		return nil, err
	}
	h.listed = &tree{hashes: newList(file, tlog.HashSize)}
	h.entries = h.listed
	h.byListed = m.NewReplay(view{h.tables, h.listed})
	return h, nil
}

// take decides on a group.
func (h *history) take(j *job) error {
	for i := range j.out {
		if err := h.entry(&j.group.Records[i], &j.out[i]); err != nil {
			return err
		}
	}
	return nil
}

func (h *history) entry(rec *bundle.Record, c *checked) error {
	i := h.size
	h.checked[qSequence]++
	if c.leaf == c.listed { // else it is named, and may be what does not belong here
		if rec.Time < h.time {
			h.fail(qSequence, "time", Failure{Entry: &i, What: "its ledger time is before that of an entry before it, and ledger time never falls", Do: askFile})
		}
		h.time = max(h.time, rec.Time)
	}
	var refusal *state.Refusal
	bureau := ""
	clear(h.record[:])
	if c.entry != nil {
		var err error
		if refusal, err = h.judge(i, rec, c); err != nil {
			return fmt.Errorf("audit entry %d: %w", i, err)
		}
		if refusal == nil {
			bureau = h.by.Signers()[0].Bureau
			h.tally.signed(h.record[41:], c.entry)
			if err := h.accept(c.entry, rec.State); err != nil {
				return fmt.Errorf("audit entry %d: %w", i, err)
			}
		} else {
			bureau = h.bureau(c.entry.Statement.Author)
		}
		h.tally.add(c.entry, bureau)
	}
	if err := h.place(i, c, bureau, refusal); err != nil {
		return err
	}
	h.body(i, rec, c, bureau)
	if c.entry != nil {
		copy(h.record[:], c.entry.ID[:])
	}
	binary.BigEndian.PutUint64(h.record[32:], rec.Time)
	h.record[40] = h.tally.number(bureau)
	h.size++
	return h.index.add(h.record[:])
}

// judge returns why the entry may not stand here, once it has noted what can be
// passed over: a chain that is broken, a history that the author has not seen.
func (h *history) judge(i uint64, rec *bundle.Record, c *checked) (*state.Refusal, error) {
	e := c.entry
	it := ledger.Item{Entry: e}
	if c.body && rec.State == bundle.Included {
		it.Body = rec.Body
	}
	acts := e.Statement.Class == ledger.ClassEnrol || e.Statement.Class == ledger.ClassRevoke || e.Statement.Class == ledger.ClassRotate
	h.checked[qRules]++
	h.checked[qChains]++
	if acts {
		h.checked[qKeys]++
	}
	h.verifier.sigs = c.sigs
	if i < h.since {
		h.verifier.sigs = good
	} else {
		h.checked[qSignatures]++
	}
	h.by = h.byListed
	refusal, err := h.by.Judge(i, h.time, it, &h.verifier)
	if err == nil && refusal != nil && refusal.Code == state.BadSeen && h.byEntries != nil {
		h.by = h.byEntries
		refusal, err = h.by.Judge(i, h.time, it, &h.verifier)
	}
	if err == nil && refusal != nil && refusal.Code == state.BadSeen {
		if err := h.unseen(i, e); err != nil {
			return nil, err
		}
		refusal, err = h.by.JudgeUnseen(i, h.time, it, &h.verifier)
	}
	if err == nil && refusal != nil && refusal.Code == state.BadSequence {
		refusal, err = h.chain(i, it)
	}
	if err != nil || refusal == nil {
		return refusal, err
	}
	h.afterwards(e, refusal)
	if acts && refusal.Code != state.BadSequence {
		h.count(qKeys)
	}
	return refusal, nil
}

// unseen notes that the author has seen another history than that of the file.
func (h *history) unseen(i uint64, e *ledger.Entry) error {
	s := e.Statement
	f := Failure{Entry: &i, Bureau: h.bureau(s.Author), Do: "Compare this file with one from another bureau: `comity diff` names the first entry where they part."}
	f.What = fmt.Sprintf("its author, %s, had seen %s entries before it, and in the file only %s stand there", h.signer(s.Author), number(s.SeenSize), number(i))
	if s.SeenSize <= i {
		root, err := h.listed.root(s.SeenSize)
		if err != nil {
			return err
		}
		f.What = fmt.Sprintf("its author, %s, had seen another history of the first %s entries (root %s signed, %s in the file)",
			h.signer(s.Author), number(s.SeenSize), digest(s.SeenRoot), digest(root))
	}
	h.fail(qRules, "seen", f)
	return nil
}

// maxEnds bounds the ends from which a broken chain may go on.
const maxEnds = 4

// chain notes how the entry breaks its author's chain, and judges it again as if
// it did not. From then on the chain may go on from here or from where it was:
// what was out of its place is one entry, and not all that follow.
func (h *history) chain(i uint64, it ledger.Item) (*state.Refusal, error) {
	e := it.Entry
	s := e.Statement
	end, err := state.ReadAuthor(h.tables.view(), s.Author)
	if err != nil {
		return nil, err
	}
	others := h.ends[s.Author]
	known := slices.Index(others, state.Author{Seq: s.Seq, Prev: s.Prev})
	switch {
	case known >= 0:
		others = slices.Delete(others, known, known+1)
	case h.loose[s.Author]:
		delete(h.loose, s.Author)
	default:
		again, f, err := h.chainFailure(i, e, end)
		if err != nil {
			return nil, err
		}
		h.fail(qChains, "", f)
		if again {
			return &state.Refusal{Code: state.BadSequence, Reason: f.What}, nil
		}
	}
	if len(others) == maxEnds {
		others = others[1:]
	}
	h.ends[s.Author] = append(others, end)
	h.tables.setAuthor(s.Author, s.Seq, s.Prev)
	return h.by.JudgeUnseen(i, h.time, it, &h.verifier)
}

// chainFailure says how the entry does not follow the end of its author's chain,
// and whether it is one that stands in the file already.
func (h *history) chainFailure(i uint64, e *ledger.Entry, end state.Author) (again bool, f Failure, err error) {
	s, who := e.Statement, h.signer(e.Statement.Author)
	f = Failure{Entry: &i, Bureau: h.bureau(s.Author), Do: "Ask the bureau for its officer's statements, and compare this file with one from another bureau."}
	switch {
	case s.Seq < end.Seq:
		first, ok, err := h.find(e.ID)
		if err != nil {
			return false, f, err
		}
		if ok {
			f.What = fmt.Sprintf("it is entry %s again", number(first))
			return true, f, nil
		}
		f.What = fmt.Sprintf("it is statement %s of %s, and stands behind that officer's statement %s", number(s.Seq), who, number(end.Seq-1))
	case s.Seq > end.Seq:
		missing := fmt.Sprintf("statement %s is", number(end.Seq))
		if s.Seq-end.Seq > 1 {
			missing = fmt.Sprintf("statements %s to %s are", number(end.Seq), number(s.Seq-1))
		}
		f.What = fmt.Sprintf("it is statement %s of %s, and %s missing before it", number(s.Seq), who, missing)
	default:
		f.What = fmt.Sprintf("it follows another statement of %s than the one in the file (%s signed, %s in the file)",
			who, digest(s.Prev), digest(end.Prev))
	}
	return false, f, nil
}

// afterwards moves the chain of the author of a refused entry to where the next
// one may well go on.
func (h *history) afterwards(e *ledger.Entry, r *state.Refusal) {
	s := e.Statement
	if h.tables.keys[s.Author] == nil {
		return
	}
	switch r.Code {
	case state.BadSequence:
	case state.OtherLedger, state.UnknownKey, state.RevokedKey, state.BadSignature:
		h.loose[s.Author] = true
	default: // the statement is the author's own
		if end, err := state.ReadAuthor(h.tables.view(), s.Author); err == nil && s.Seq >= end.Seq {
			h.tables.setAuthor(s.Author, s.Seq+1, e.ID)
		}
	}
}

// accept takes over what the entry changes, of whose body the file says this.
func (h *history) accept(e *ledger.Entry, body bundle.BodyState) error {
	puts, err := h.by.Accept()
	if err != nil {
		return err
	}
	if s := e.Statement; s.Class == ledger.ClassRevoke {
		r, err := ledger.ParseRevoke(s.Public)
		if err != nil {
			return err
		}
		h.tally.revoked(h.size, h.by.Signers()[0].Bureau, r)
	}
	texts := uint64(0)
	switch body {
	case bundle.Included:
		texts = 1
	case bundle.Purged:
		texts = noteAbsent
	}
	if err := h.tables.put(puts, texts); err != nil || e.Statement.Class != ledger.ClassEpoch && e.Statement.Class != ledger.ClassRecover {
		return err
	}
	if h.members, err = h.machine.Membership(h.tables.view()); err != nil {
		return err
	}
	h.tally.admit(h.members.Members())
	return nil
}

// find returns the first entry before with this statement.
func (h *history) find(id ledger.ID) (index uint64, ok bool, err error) {
	if len(h.problems.entries) >= MaxFailures {
		return 0, false, nil // nobody will read it
	}
	err = h.index.each(func(i int64, record []byte) {
		if !ok && bytes.Equal(record[:32], id[:]) {
			index, ok = uint64(i), true
		}
	})
	return index, ok, err
}

// key returns what the state knows of a key, nil for nothing.
func (h *history) key(id keys.ID) *state.Key {
	k, err := state.ReadKey(h.tables.view(), id)
	if err != nil {
		return nil
	}
	return k
}

func (h *history) bureau(id keys.ID) string {
	if k := h.key(id); k != nil {
		return k.Bureau
	}
	return ""
}

// signer names a key for people.
func (h *history) signer(id keys.ID) string {
	if k := h.key(id); k != nil {
		return fmt.Sprintf("%s (key %s, %s)", k.Bureau, id.Short(), k.Label)
	}
	return fmt.Sprintf("nobody known (key %s)", id.Short())
}
