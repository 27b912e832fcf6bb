package cli

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"comity/node/wire"
)

// finality says how far the ledger is FINAL, and how old that is.
func finality(st *wire.Status) string {
	old := ""
	if st.FinalTime > 0 {
		old = age(time.UnixMilli(st.Clock).Sub(time.UnixMilli(int64(st.FinalTime))))
	}
	switch lag := st.Size - min(st.Size, st.FinalSize); {
	case st.FinalSize == 0:
		return "nothing yet"
	case lag == 0 && old == "":
		return "all " + plural(st.FinalSize, "entry", "entries")
	case lag == 0:
		return fmt.Sprintf("all %s, the last %s ago", plural(st.FinalSize, "entry", "entries"), old)
	case old == "":
		return fmt.Sprintf("up to %s; %s behind", count(st.FinalSize), plural(lag, "entry", "entries"))
	default:
		return fmt.Sprintf("up to %s, written %s ago; %s behind", count(st.FinalSize), old, plural(lag, "entry", "entries"))
	}
}

// votersOf is how many bureaus' nodes may cosign.
func votersOf(st *wire.Status) (n int) {
	for _, p := range st.Peers {
		if p.Voter {
			n++
		}
	}
	return n
}

// diskText says how full the disk is, and how long it lasts.
func diskText(st *wire.Status) string {
	if st.DiskBytes < 0 || st.DiskFree < 0 {
		return "the node cannot tell on its system how much is free"
	}
	left := fmt.Sprintf("%s used, %s free", size(st.DiskBytes), size(st.DiskFree))
	if st.DiskDays >= 0 && st.DiskDays < 100*365 {
		left += fmt.Sprintf(": enough for %s as the ledger grew in its last 30", plural(st.DiskDays, "day", "days"))
	}
	return left
}

// dueKey is what is to be replaced by one command.
type dueKey struct {
	name string
	left int
	do   string
}

// text says it in one line, for status and doctor.
func (k *dueKey) text() string {
	if k.left < 0 {
		return fmt.Sprintf("key %s: %s over", k.name, plural(-k.left, "day", "days"))
	}
	return fmt.Sprintf("key %s: %s left", k.name, plural(k.left, "day", "days"))
}

// dueKeys returns the keys of a status that are to be replaced soon, the oldest
// first. An officer's two keys are one line.
func dueKeys(st *wire.Status) (list []dueKey) {
	seen := make(map[string]bool)
	for i := range st.Keys {
		k := &st.Keys[i]
		if !k.Due(st.KeyDays) {
			continue
		}
		d := dueKey{name: k.Label, left: k.Left}
		switch k.Use {
		case wire.KeySign, wire.KeyAccess:
			d.do = "rotate with: comity officer rotate " + k.Label
		case wire.KeySeal:
			d.name = "sealing " + k.Label
			d.do = "rotate with: comity officer rotate " + k.Label
		default:
			d.do = "the bureaus change it by a vote"
		}
		if seen[d.name] {
			continue
		}
		seen[d.name] = true
		list = append(list, d)
	}
	return list
}

// tellKeys says when keys are to be replaced.
func (s *session) tellKeyDates(st *wire.Status) {
	if len(st.Keys) == 0 {
		return
	}
	due := dueKeys(st)
	if len(due) == 0 {
		first := &st.Keys[0]
		s.say("  keys      %s; the first to be replaced is %s, in %s", count(st.KeysKnown), first.Label, plural(first.Left, "day", "days"))
	}
	for _, k := range due {
		s.put("  " + s.paint(yellow, "key") + "       " + visible(strings.TrimPrefix(k.text(), "key ")+", "+k.do))
	}
}

// tellProposals says what waits for the votes of bureaus.
func (s *session) tellProposals(st *wire.Status) {
	for _, p := range st.Proposals {
		text := fmt.Sprintf("P-%d by %s: %s %s; %d for it of %d needed, %d against; lapses %s", p.Index, p.By, p.Change, p.Code, len(p.For), max(p.Needed, st.Quorum), len(p.Against), clock(p.Until))
		if !slices.Contains(p.For, st.Bureau) && !slices.Contains(p.Against, st.Bureau) {
			text += fmt.Sprintf("; %s has not voted: comity vote P-%d", st.Bureau, p.Index)
		}
		s.put("  " + s.paint(yellow, "proposal") + "  " + visible(text))
	}
	if more := st.ProposalsOpen - len(st.Proposals); more > 0 {
		s.say("  proposal  and %s more", count(more))
	}
}
