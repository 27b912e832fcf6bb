package audit

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"comity/ledger"
	"comity/ledger/state"
)

// firsts keeps the findings on the first entries of one kind, and counts all.
type firsts struct {
	list []Finding // by entry, bounded
	all  uint64
}

func (f *firsts) add(entry uint64, what, why string) {
	f.all++
	at, _ := slices.BinarySearchFunc(f.list, entry, func(x Finding, i uint64) int { return int(int64(*x.Entry) - int64(i)) })
	if at < maxFindings {
		f.list = slices.Insert(f.list, at, Finding{Entry: &entry, What: what, Why: why})
		f.list = f.list[:min(len(f.list), maxFindings)]
	}
}

// rest returns the list, with one more finding on those that are not in it.
func (f *firsts) rest(one, many, why string) []Finding {
	if more := f.all - uint64(len(f.list)); more > 0 {
		return append(f.list, Finding{What: plural(more, one, many), Why: why})
	}
	return f.list
}

// overdue finds the notices that expired because their origin did not look at
// them in time, and those that wait for reviewers, when the last head was
// cosigned.
func (h *history) overdue(by headed) ([]Finding, error) {
	if by.final == nil {
		return nil, nil
	}
	now := by.final.reached(h.members.PolicyAt(by.final.Size).Voters()) * 1000
	var past, waiting firsts
	err := h.tables.notices.each(func(slot []byte) error {
		_, value, _ := h.tables.notices.parts(slot)
		n, ok := state.ParseNotice(value)
		if !ok {
			return fmt.Errorf("temporary files: %w", ledger.ErrMalformed)
		}
		switch {
		case n.At(now) == state.StatusExpired:
			past.add(n.Index, "review date passed: "+day(n.Term()),
				fmt.Sprintf("%s was to review this notice by then, and has neither extended nor withdrawn it: it has expired.", n.Bureau))
		case n.Overdue(now):
			waiting.add(n.Index, fmt.Sprintf("it waits for its reviewers since %s", day(uint32(n.Sent/86_400_000))),
				fmt.Sprintf("Reviewers should decide within %d days. Until they do, nobody is to act on it as if they had.", state.ReviewDays))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return slices.Concat(
		past.rest("more notice is past its day of review", "more notices are past their day of review", "Nobody has looked at whether they should still stand."),
		waiting.rest("more notice waits for its reviewers", "more notices wait for their reviewers", "As above.")), nil
}

// purges finds what was purged and is still there, what is gone and was not
// purged, and nodes that have not acknowledged.
func (h *history) purges(by headed) ([]Finding, error) {
	var still, gone, late firsts
	look := func(index, purged, note uint64) {
		switch in, out := note%noteAbsent, note/noteAbsent; {
		case purged != 0 && in > 0:
			still.add(index, fmt.Sprintf("%s in this file, though entry %s orders that it be purged", plural(in, "sealed text of it is", "sealed texts of it are"), number(purged-1)),
				"Whoever made the file has not destroyed it. Destroy this file too, and ask for one without it.")
		case purged == 0 && out > 0:
			gone.add(index, fmt.Sprintf("%s said to be purged, and no entry of the ledger orders it", plural(out, "sealed text of it is", "sealed texts of it are")),
				"Ask who made the file where it is.")
		}
	}
	err := h.tables.notices.each(func(slot []byte) error {
		_, value, note := h.tables.notices.parts(slot)
		n, ok := state.ParseNotice(value)
		if !ok {
			return fmt.Errorf("temporary files: %w", ledger.ErrMalformed)
		}
		look(n.Index, n.Purged, note)
		return nil
	})
	if err == nil {
		err = h.tables.replies.each(func(slot []byte) error {
			_, value, note := h.tables.replies.parts(slot)
			r, ok := state.ParseReply(value)
			if !ok {
				return fmt.Errorf("temporary files: %w", ledger.ErrMalformed)
			}
			look(r.Index, r.Purged, note)
			return nil
		})
	}
	if err == nil && by.final != nil {
		now := by.final.reached(h.members.PolicyAt(by.final.Size).Voters()) * 1000
		err = h.tables.purges.each(func(slot []byte) error {
			_, value, _ := h.tables.purges.parts(slot)
			p, ok := state.ParsePurge(value)
			if !ok {
				return fmt.Errorf("temporary files: %w", ledger.ErrMalformed)
			}
			if missing := slices.DeleteFunc(p.Overdue(now), h.left); len(missing) > 0 {
				late.add(p.Index, "purge not acknowledged by "+strings.Join(missing, ", "),
					fmt.Sprintf("A node has %d days to destroy what is purged and to say so. Until it does, the texts may still be there.", state.AckDays))
			}
			return nil
		})
	}
	if err != nil {
		return nil, err
	}
	return slices.Concat(
		still.rest("more purged notice or answer is still in this file", "more purged notices or answers are still in this file", "As above."),
		gone.rest("more notice or answer has lost its text without a purge", "more notices or answers have lost their text without a purge", "As above."),
		late.rest("more purge is overdue", "more purges are overdue", "As above.")), nil
}

// left reports whether a node is that of no member any more: nothing that it did
// not do is late.
func (h *history) left(node string) bool {
	return !slices.ContainsFunc(h.members.Members(), func(m ledger.Member) bool { return m.NodeName() == node })
}

// day writes a day for people.
func day(d uint32) string { return time.Unix(int64(d)*86_400, 0).UTC().Format("2 January 2006") }
