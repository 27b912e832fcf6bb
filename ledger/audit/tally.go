package audit

import (
	"cmp"
	"fmt"
	"slices"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/bundle"
)

// tally counts what a report tells of the entries.
type tally struct {
	members  []ledger.Member
	numbers  map[string]int // of bureaus, in the order of the charter
	entries  []uint64       // by bureau
	kinds    map[string]uint64
	bodies   [4]uint64 // by state
	suspects []suspect // bounded
	suspect  uint64    // revocations that name a suspicion
}

// suspect is a revocation that puts earlier entries of the bureau in doubt.
type suspect struct {
	index  uint64 // of the revocation
	from   uint64
	bureau int
	key    keys.ID
	before uint64 // entries of the bureau before it
}

const maxFindings = 20 // of one kind

func newTally(g *ledger.Genesis) tally {
	t := tally{members: g.Charter.Members, numbers: make(map[string]int), kinds: make(map[string]uint64)}
	for i := range t.members {
		t.numbers[t.members[i].Code] = i
	}
	t.entries = make([]uint64, len(t.members))
	return t
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

func (t *tally) revoked(index uint64, bureau string, r *ledger.Revoke) {
	if r.SuspectFrom == ledger.NotSuspect {
		return
	}
	if t.suspect++; t.suspect <= maxFindings {
		n := t.numbers[bureau]
		t.suspects = append(t.suspects, suspect{index, r.SuspectFrom, n, r.Key, t.entries[n]})
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

// suspicions returns a finding for each revocation that puts entries in doubt.
func (h *history) suspicions() ([]Finding, error) {
	list := h.tally.suspects
	if len(list) == 0 {
		return nil, nil
	}
	// How many entries of each bureau stand before each index that is named.
	order := slices.Clone(list)
	slices.SortFunc(order, func(a, b suspect) int { return cmp.Compare(a.from, b.from) })
	clear := make(map[uint64]uint64) // index of the revocation: entries of the bureau before from
	seen := make([]uint64, len(h.tally.members))
	err := h.index.each(func(i int64, record []byte) {
		for len(order) > 0 && order[0].from <= uint64(i) {
			clear[order[0].index] = seen[order[0].bureau]
			order = order[1:]
		}
		if n := record[40]; n != noBureau {
			seen[n]++
		}
	})
	if err != nil {
		return nil, err
	}
	var out []Finding
	for _, s := range list {
		code := h.tally.members[s.bureau].Code
		n := uint64(0)
		if s.from < s.index {
			n = s.before - clear[s.index]
		}
		out = append(out, Finding{Entry: &s.index,
			What: fmt.Sprintf("%s revoked key %s and doubts its own entries from %s on: %s of them up to here", code, s.key.Short(), number(s.from), number(n)),
			Why:  "They stay valid, since the key was good at their position. Whether it was in the right hands, only the bureau knows."})
	}
	if more := h.tally.suspect - uint64(len(list)); more > 0 {
		out = append(out, Finding{What: fmt.Sprintf("%s more revocations put earlier entries in doubt", number(more)), Why: "As above."})
	}
	return out, nil
}
