package audit

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/bundle"
)

// tally counts what a report tells of the entries.
type tally struct {
	members  []ledger.Member // all that ever were: those of the charter, and those admitted, in their order
	numbers  map[string]int  // of bureaus, in that order
	entries  []uint64        // by bureau
	kinds    map[string]uint64
	bodies   [4]uint64          // by state
	signers  map[keys.ID]uint32 // numbers, from 1, of keys that signed what was accepted
	suspects []suspect          // bounded
	suspect  uint64             // keys in doubt
}

// suspect is a key that its bureau has put in doubt.
type suspect struct {
	index  uint64 // of the revocation that did so last
	from   uint64
	bureau string
	key    keys.ID
}

const maxFindings = 20 // of one kind

func newTally(g *ledger.Genesis) tally {
	t := tally{numbers: make(map[string]int), kinds: make(map[string]uint64), signers: make(map[keys.ID]uint32)}
	t.admit(g.Charter.Members)
	return t
}

// admit takes up bureaus that are new.
func (t *tally) admit(members []ledger.Member) {
	for _, m := range members {
		if _, known := t.numbers[m.Code]; !known && len(t.members) < noBureau {
			t.numbers[m.Code] = len(t.members)
			t.members, t.entries = append(t.members, m), append(t.entries, 0)
		}
	}
}

// number returns the number of a bureau as index records have it.
func (t *tally) number(code string) byte {
	if n, ok := t.numbers[code]; ok {
		return byte(n)
	}
	return noBureau
}

func (t *tally) add(e *ledger.Entry, bureau string) {
	if n := t.number(bureau); n != noBureau {
		t.entries[n]++
	}
	t.kinds[kindOf(e.Statement)]++
}

func (t *tally) body(s bundle.BodyState) { t.bodies[s]++ }

// signed puts down who signed an accepted entry; of a recovery, which more may sign
// than there is room for, the first: they are roots, whom no revocation puts in doubt.
func (t *tally) signed(record []byte, e *ledger.Entry) {
	for i := range min(len(e.Signatures), len(record)/4) {
		id := e.Signatures[i].Key
		if t.signers[id] == 0 {
			t.signers[id] = uint32(len(t.signers) + 1)
		}
		binary.BigEndian.PutUint32(record[4*i:], t.signers[id])
	}
}

func (t *tally) revoked(index uint64, bureau string, r *ledger.Revoke) {
	if r.SuspectFrom == ledger.NotSuspect {
		return
	}
	s := suspect{index, r.SuspectFrom, bureau, r.Key}
	if i := slices.IndexFunc(t.suspects, func(s suspect) bool { return s.key == r.Key }); i >= 0 {
		t.suspects[i] = s // from an earlier entry on
		return
	}
	if t.suspect++; t.suspect <= maxFindings {
		t.suspects = append(t.suspects, s)
	}
}

// kindOf says what a statement is, in the clear.
func kindOf(s *ledger.Statement) string {
	switch s.Class {
	case ledger.ClassPublish:
		p, err := ledger.ParsePublish(s.Public)
		switch {
		case err != nil:
			return "notice"
		case p.Kind == ledger.KindUndisclosed:
			return "diffusion"
		case p.Kind == ledger.KindTally:
			return "tally"
		}
		return p.Kind.String() + " notice"
	case ledger.ClassAmend:
		return "amendment"
	case ledger.ClassWithdraw:
		return "withdrawal"
	case ledger.ClassGrant:
		return "grant to more readers"
	case ledger.ClassReply:
		return "answer"
	case ledger.ClassReview:
		return "review"
	case ledger.ClassSuspend:
		return "suspension"
	case ledger.ClassLift:
		return "end of a suspension"
	case ledger.ClassExtend:
		return "extension"
	case ledger.ClassCircle:
		return "statement on a circle"
	case ledger.ClassPurge:
		return "purge"
	case ledger.ClassPurgeAck:
		return "acknowledgement of a purge"
	case ledger.ClassEnrol:
		return "enrolment of a key"
	case ledger.ClassRevoke:
		return "revocation of a key"
	case ledger.ClassRotate:
		return "replacement of a key"
	case ledger.ClassPropose:
		return "proposal on members"
	case ledger.ClassVote:
		return "vote on a proposal"
	case ledger.ClassEpoch:
		return "change of members"
	case ledger.ClassRecover:
		return "recovery after the loss of most nodes"
	}
	return s.Class.String()
}

// counts fills in the tables of a report.
func (t *tally) counts(r *Report) {
	for i := range t.members {
		r.Bureaus = append(r.Bureaus, Count{t.members[i].Code, t.members[i].Name, t.entries[i]})
	}
	for name, n := range t.kinds {
		r.Kinds = append(r.Kinds, Count{Name: name, Entries: n})
	}
	slices.SortFunc(r.Kinds, func(a, b Count) int {
		return cmp.Or(cmp.Compare(b.Entries, a.Entries), cmp.Compare(a.Name, b.Name))
	})
}

// suspicions returns a finding for each key that is in doubt.
func (h *history) suspicions() ([]Finding, error) {
	list := h.tally.suspects
	if len(list) == 0 {
		return nil, nil
	}
	type doubt struct {
		of   int // in list
		from uint64
	}
	doubts := make(map[uint32]doubt) // by the number of a key
	for id, n := range h.tally.signers {
		k := h.key(id)
		if i := slices.IndexFunc(list, func(s suspect) bool { return s.key == id }); i >= 0 {
			doubts[n] = doubt{i, list[i].from}
		} else if k == nil {
			continue
		} else if i := slices.IndexFunc(list, func(s suspect) bool { return s.key == k.By && k.EnrolledAt >= s.from }); i >= 0 {
			doubts[n] = doubt{of: i} // all that it signed
		}
	}
	counts := make([]uint64, len(list))
	err := h.index.each(func(i int64, record []byte) {
		for at := 41; at < indexLen; at += 4 {
			if d, ok := doubts[binary.BigEndian.Uint32(record[at:])]; ok && uint64(i) >= d.from {
				counts[d.of]++
				return
			}
		}
	})
	if err != nil {
		return nil, err
	}
	var out []Finding
	for i := range list {
		s := &list[i]
		what := fmt.Sprintf("%s is in doubt about its key %s from entry %s on", s.bureau, s.key.Short(), number(s.from))
		if k := h.key(s.key); k != nil && k.Registrar() {
			what += "; entries that it signed since, or whom it enrolled: " + number(counts[i])
		} else {
			what += "; entries that it signed since: " + number(counts[i])
		}
		out = append(out, Finding{Entry: &s.index, What: what,
			Why: "They stay valid, since the key was good at their position, and deserve a look. Whether it was in the right hands, only the bureau knows."})
	}
	if more := h.tally.suspect - uint64(len(list)); more > 0 {
		out = append(out, Finding{What: fmt.Sprintf("%s more keys are in doubt", number(more)), Why: "As above."})
	}
	return out, nil
}
