package audit

import (
	"fmt"

	"comity/ledger"
	"comity/ledger/bundle"
	"comity/ledger/state"

	"golang.org/x/mod/sumdb/tlog"
)

// mismatch is an entry that has another leaf hash than the one that the file
// lists at its place, or a run of entries that stand beside their places. Which
// of the two is right, the heads say at the end.
type mismatch struct {
	index        uint64
	run          uint64 // entries in it, from index on
	shift        int    // +1: what stands here is listed one place before; -1: one place behind
	leaf, listed tlog.Hash
	bureau       string // whose entry it says it is
	signer       string
	also         string // what else is wrong with it
	body         string // what is wrong with its sealed body
	malformed    bool
}

// place puts the entry in the trees, and notes whether it is the one that the
// file lists.
func (h *history) place(i uint64, c *checked, bureau string, refusal *state.Refusal) error {
	differs := c.leaf != c.listed
	if differs && h.entries == h.listed {
		file, err := h.files.create("entries")
		if err != nil {
			return err
		}
		h.entries = h.listed.branch(newList(file, tlog.HashSize))
		h.byEntries = h.machine.NewReplay(view{h.tables, h.entries})
	}
	if err := h.listed.add(c.listed); err != nil {
		return err
	}
	if h.entries != h.listed {
		if err := h.entries.add(c.leaf); err != nil {
			return err
		}
	}
	if last := h.pending; last != nil {
		if last.leaf == c.listed {
			last.shift = -1
		}
		h.settle()
	}
	if !differs {
		h.before = [2]tlog.Hash{c.leaf, c.listed}
		switch {
		case c.entry == nil:
			h.fail(qSignatures, "", Failure{Entry: &i, What: "these bytes are no entry of any version that is known", Do: askFile})
		case refusal != nil && refusal.Code != state.BadSequence: // that one is noted
			q, key, f := h.breach(i, c.entry, refusal)
			h.fail(q, key, f)
		}
		return nil
	}
	h.differ++
	h.count(qSequence)
	m := &mismatch{index: i, run: 1, leaf: c.leaf, listed: c.listed, bureau: bureau, malformed: c.entry == nil}
	if i > 0 && c.leaf == h.before[1] {
		m.shift = 1
	}
	if c.entry != nil {
		m.signer = h.signer(c.entry.Statement.Author)
	}
	switch {
	case c.entry == nil:
		h.count(qSignatures)
	case refusal != nil && refusal.Code != state.BadSequence:
		q, _, f := h.breach(i, c.entry, refusal)
		h.count(q)
		m.also = f.What
	}
	h.pending = m
	h.before = [2]tlog.Hash{c.leaf, c.listed}
	return nil
}

// settle puts the pending mismatch with the others, or into the run before it.
func (h *history) settle() {
	m := h.pending
	h.pending = nil
	if m == nil {
		return
	}
	if n := len(h.moved); n > 0 {
		if last := h.moved[n-1]; m.shift != 0 && last.shift == m.shift && last.index+last.run == m.index {
			last.run++
			return
		}
	}
	if len(h.moved) < MaxFailures {
		h.moved = append(h.moved, m)
	}
}

func signatureCode(c state.Code) bool {
	return c == state.OtherLedger || c == state.UnknownKey || c == state.RevokedKey || c == state.BadSignature
}

// breach says which rule the entry breaks, and with which others it belongs.
func (h *history) breach(i uint64, e *ledger.Entry, r *state.Refusal) (question, string, Failure) {
	s := e.Statement
	bureau := h.bureau(s.Author)
	f := Failure{Entry: &i, Bureau: bureau, What: r.Reason, Do: askEntry(bureau)}
	if s.Class == ledger.ClassPublish || s.Class == ledger.ClassReply {
		f.Do = "Do not act on it. " + f.Do
	}
	q := qRules
	if signatureCode(r.Code) {
		q = qSignatures
	}
	switch r.Code {
	case state.OtherLedger:
		f.What = fmt.Sprintf("it was signed for another ledger (%s), not for this one", digest(s.Ledger))
		f.Do = "Somebody put it here: find out who made this file."
		return q, "ledger", f
	case state.UnknownKey, state.RevokedKey:
		for _, sig := range e.Signatures {
			k := h.key(sig.Key)
			switch {
			case k == nil || k.Use != state.UseSign && k.Use != state.UseRoot && k.Use != state.UseCosign:
				f.What = fmt.Sprintf("it is signed with key %s, which no bureau had enrolled before it", sig.Key.Short())
				return q, "key " + string(sig.Key[:]), f
			case k.RevokedAt != 0:
				f.Bureau = k.Bureau
				f.What = fmt.Sprintf("it is signed with key %s (%s) of %s, which was revoked at entry %s",
					sig.Key.Short(), k.Label, k.Bureau, number(k.RevokedAt-1))
				return q, "key " + string(sig.Key[:]), f
			}
		}
	case state.BadSignature:
		f.What = fmt.Sprintf("the signature of %s does not verify: statement or signature was changed after signing", h.badSigner(e))
	case state.NoTarget, state.Ended:
		return q, "target " + string(s.Target[:]), f
	}
	return q, "", f
}

// badSigner names the first key whose signature does not verify.
func (h *history) badSigner(e *ledger.Entry) string {
	for i, sig := range e.Signatures {
		if k := h.key(sig.Key); k != nil && !testingOnlyVerify(e, i, k.Public) {
			return h.signer(sig.Key)
		}
	}
	return h.signer(e.Statement.Author)
}

// body looks at what the record has of the sealed body.
func (h *history) body(i uint64, rec *bundle.Record, c *checked, bureau string) {
	h.tally.body(rec.State)
	if rec.State == bundle.Included {
		h.checked[qBodies]++
	}
	if c.entry == nil || c.body {
		return
	}
	f := Failure{Entry: &i, Bureau: bureau, Do: "Do not act on it. " + askEntry(bureau)}
	s := c.entry.Statement
	switch {
	case rec.State == bundle.Included && s.BodyLen == 0:
		f.What = "the file has a sealed text for it, and the statement names none"
	case rec.State == bundle.Included:
		f.What = fmt.Sprintf("the sealed text is not the one that %s signed (digest %s in the file, %s signed)",
			orSomebody(bureau), digest(bodyHash(rec.Body)), digest(s.BodyHash))
	case s.BodyLen == 0:
		f.What = "the file says that its sealed text is elsewhere or purged, and the statement names none"
	default:
		f.What = "the file says that it has no sealed text, and the statement names one"
	}
	if c.leaf != c.listed {
		h.count(qBodies) // the entry is named, and may be what is wrong
		h.pending.body = f.What
		return
	}
	h.fail(qBodies, "", f)
}
