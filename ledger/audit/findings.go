package audit

import (
	"fmt"
	"math"
	"slices"
	"time"

	"comity/ledger/bundle"
)

// What is worth a person's eye.
const (
	absentHeads = 3        // heads in a row that a bureau did not cosign
	clockSlack  = 6 * 3600 // seconds between ledger time and those who cosign
)

// findings returns all findings on a history that was read to its end.
func (h *history) findings(by headed, heads []*head) ([]Finding, error) {
	out, err := h.suspicions()
	if err != nil {
		return nil, err
	}
	overdue, err := h.overdue(by)
	if err != nil {
		return nil, err
	}
	clocks, err := h.clocks(heads)
	if err != nil {
		return nil, err
	}
	purges, err := h.purges(by)
	if err != nil {
		return nil, err
	}
	return slices.Concat(out, overdue, purges, h.absent(heads), clocks), nil
}

// absent finds the bureaus that cosigned none of the last heads.
func (h *history) absent(heads []*head) []Finding {
	var last []*head
	for _, hd := range heads {
		if hd.ok {
			last = append(last, hd)
		}
	}
	if len(last) < absentHeads {
		return nil
	}
	var out []Finding
	for _, m := range h.members.Members() {
		code := m.Code
		missed := 0
		for m.Voter && missed < len(last) && h.votes(code, last[len(last)-1-missed].Size) && !slices.Contains(last[len(last)-1-missed].bureaus(), code) {
			missed++
		}
		if missed >= absentHeads {
			out = append(out, Finding{What: fmt.Sprintf("%s cosigned none of the last %d heads, from the one over %s entries on", code, missed, number(last[len(last)-missed].Size)),
				Why: "Its node is cut off, or sees another history. If one bureau more is missing, nothing may become FINAL."})
		}
	}
	return out
}

// votes reports whether a bureau was a voter at a size.
func (h *history) votes(code string, size uint64) bool {
	m, ok := h.members.At(size).Member(code)
	return ok && m.Voter
}

// clocks finds heads whose ledger time and cosigners' times are far apart: the
// time of the last entry was a leader's clock, and nodes cosign what is there.
func (h *history) clocks(heads []*head) ([]Finding, error) {
	var far uint64 // heads
	var worst Finding
	var most uint64
	var record [indexLen]byte
	for _, hd := range heads {
		if !hd.ok || hd.Size == 0 || len(hd.by) == 0 {
			continue
		}
		if err := h.index.get(int64(hd.Size-1), record[:]); err != nil {
			return nil, err
		}
		at := recordTime(record[:])
		// Who was away cosigns late. So it counts how far the nearest is behind,
		// and how far anybody is ahead of what he cosigned.
		off, who := uint64(math.MaxUint64), "" // seconds
		for _, c := range hd.by {
			now, then := c.Time, uint64(at.Unix())
			if now+clockSlack < then {
				off, who = then-now, c.Bureau
				break
			}
			if d := max(now, then) - min(now, then); d < off {
				off, who = d, c.Bureau
			}
		}
		if off <= clockSlack {
			continue
		}
		far++
		if off > most {
			index := hd.Size - 1
			most, worst = off, Finding{Entry: &index, What: fmt.Sprintf("its ledger time, %s, is %s from the clock of %s when it cosigned",
				at.UTC().Format("2 January 2006 15:04 UTC"), hours(off), who)}
		}
	}
	if far == 0 {
		return nil, nil
	}
	if far > 1 {
		worst.What += fmt.Sprintf("; %s heads are such", number(far))
	}
	worst.Why = "Order is proven, time is not: a bureau's clock is wrong, or the times in the file were changed."
	return []Finding{worst}, nil
}

// hours writes a number of seconds. A [time.Duration] has no room for what a file
// may say: it ends at 292 years.
func hours(seconds uint64) string {
	if seconds > 72*3600 {
		return fmt.Sprintf("%s days", number(seconds/86_400))
	}
	return fmt.Sprintf("%d hours", seconds/3600)
}

// notChecked says what no audit of this kind can tell.
func (h *history) notChecked(r *Report, t Trust) []string {
	var sealed uint64
	for s, n := range h.tally.bodies {
		if bundle.BodyState(s) != bundle.None {
			sealed += n
		}
	}
	out := []string{}
	add := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	if t.Ledger == nil {
		add("Whether this is the ledger that you mean: you named none, and the charter in the file vouches for itself only.")
	}
	if len(t.Anchors) == 0 {
		add("Whether this history extends one that you verified before: you gave no earlier head.")
	}
	if sealed > 0 {
		add("The content of %s: no key was used. Author, order, size and signature were checked.", plural(sealed, "sealed entry", "sealed entries"))
	}
	if out := h.tally.bodies[bundle.LeftOut] + h.tally.bodies[bundle.Purged]; out > 0 {
		add("%s not in the file.", plural(out, "sealed text that is", "sealed texts that are"))
	}
	add("Whether what a bureau wrote is true. A signature proves who said it, not that it is so.")
	if r.Head.Size > 0 {
		add("Anything after entry %s: the last head, over these, was signed by %s.", number(r.Head.Size-1), codes(r.Cosigners))
	}
	add("Clocks: times are each bureau's own, and ledger times stand in no signature. Order is proven; clock time is not.")
	switch {
	case h.since == 0:
	case h.checked[qAnchors] == 0 || h.failed[qAnchors] > 0:
		add("Signatures of entries before %s: you wanted them to rest, and it did not come out that a head that you kept stands for them.", number(h.since))
	default:
		add("Signatures of entries before %s: you verified them before, and a head that you kept stands for them.", number(h.since))
	}
	return out
}

// anchors holds the heads that the auditor kept against the history.
func (h *history) anchors(t Trust, by headed) error {
	list := slices.SortedFunc(slices.Values(t.Anchors), func(a, b Anchor) int { return int(min(max(int64(a.Size)-int64(b.Size), -1), 1)) })
	var agreed uint64
	for _, a := range list {
		h.checked[qAnchors]++
		f := Failure{Do: askEvidence}
		when := a.At.UTC().Format("2 January 2006")
		if a.Size > h.size {
			f.What = fmt.Sprintf("the file ends with %s entries, and on %s you verified this ledger up to %s: entries %s to %s are missing",
				number(h.size), when, number(a.Size), number(h.size), number(a.Size-1))
			f.Do = "Ask for a file that goes at least as far. If there is none, what you verified was taken away."
			h.wasCut(&f, agreed, a.Size)
			h.fail(qAnchors, "", f)
			continue
		}
		is := h.listed
		if by.truth == entries {
			is = h.entries
		}
		root, err := is.root(a.Size)
		if err != nil {
			return err
		}
		if root == a.Root {
			agreed = a.Size
			continue
		}
		f.What = fmt.Sprintf("this is not the history that you verified on %s (root %s then, %s in the file, at %s entries): it was rewritten somewhere in entries %s to %s",
			when, digest(a.Root), digest(root), number(a.Size), number(agreed), number(a.Size-1))
		h.wasCut(&f, agreed, a.Size)
		h.fail(qAnchors, "rewritten", f)
	}
	return nil
}

// wasCut says that a recovery cut what the auditor verified, if one stands between the
// heads that agree and the one that does not.
func (h *history) wasCut(f *Failure, agreed, size uint64) {
	for _, e := range h.members.Epochs() {
		if at := e.From - 1; e.Recovered && agreed <= at && at < size {
			f.What += fmt.Sprintf("; entry %s is a recovery: a quorum of the roots cut there what you had verified", number(at))
			f.Do = "Ask the bureaus whether they lost most of their nodes. If they did, your head is the proof of what they cut: keep it, take it out of the anchors, and audit again. If not, rely on nothing."
		}
	}
}

// newest returns the newest anchor, nil without one.
func newest(list []Anchor) *Anchor {
	var out *Anchor
	for i := range list {
		if out == nil || list[i].Size > out.Size {
			out = &list[i]
		}
	}
	return out
}

func recordTime(record []byte) time.Time {
	ms := uint64(0)
	for _, b := range record[32:40] {
		ms = ms<<8 | uint64(b)
	}
	return time.UnixMilli(int64(ms))
}
