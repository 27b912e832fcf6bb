package server

import (
	"strings"

	"comity/ledger"
	"comity/ledger/notice"
	"comity/node/desk"
	"comity/node/wire"
)

// summary is a case in a list.
func summary(c *desk.Case) *wire.Case {
	out := wireCase(c.Brief(), "")
	for i := range out.Versions {
		out.Versions[i].View = nil
	}
	return out
}

// withFiles adds what opens the attachments of the current version.
func withFiles(out *wire.Case, c *desk.Case) {
	for i := range c.View.Attachments {
		out.View.Attachments[i].Key = c.View.Attachments[i].Key
	}
}

// maxFormer is how many former versions go along with a case.
const maxFormer = 8

func wireView(v *notice.View) *wire.CaseView {
	if v == nil {
		return nil
	}
	out := &wire.CaseView{Kind: v.Kind.String(), Reference: v.Reference, Readers: v.Readers, Circles: v.Circles,
		Card: v.Card, Body: v.Body, Tally: v.Tally, Victim: v.Victim}
	for _, a := range notice.Without(v.Attachments) { // keys only to who asks for them, see withFiles
		out.Attachments = append(out.Attachments, wire.CaseAttachment{Part: a.Part.String(), Author: a.Author, Attachment: a})
	}
	if v.Colour != ledger.KindUndisclosed {
		out.Colour = v.Colour.String()
	}
	return out
}

// maxReplies bounds the text of replies in one answer: a flood of them must not
// keep a notice from being shown. The newest are whole.
const maxReplies = 4 << 20

// wireCase is a case as it goes to an officer of a bureau, with all that is open in
// it, but for small numbers of persons in a tally of another.
func wireCase(c *desk.Case, own string) *wire.Case {
	out := &wire.Case{ID: c.ID, Index: c.Index, Time: c.Time, Bureau: c.Bureau, Author: c.Author, Status: c.Status.String(),
		Reviewed: c.Reviewed, Due: c.ReviewDue, Term: c.Term, Held: uint8(c.Held), Blocked: c.Blocked,
		Public: c.Public.Marshal(), Problem: problem(c.Err), Withheld: strings.Fields(c.Withheld.String())}
	if out.View = wireView(c.View); out.View != nil && c.Bureau != own {
		out.View.Tally = out.View.Tally.Shared()
	}
	for i := range c.Versions {
		v := &c.Versions[i]
		w := wire.CaseVersion{ID: v.ID, Index: v.Index, Time: v.Time, Author: v.Author, Public: v.Public.Marshal(), Doubt: v.Doubt, Problem: problem(v.Err)}
		if v.View != nil {
			w.Reference = v.View.Reference
		}
		if last := len(c.Versions) - 1; i < last && i >= last-maxFormer {
			if w.View = wireView(v.View); w.View != nil && c.Bureau != own {
				w.View.Tally = w.View.Tally.Shared()
			}
		}
		out.Versions = append(out.Versions, w)
	}
	out.Replies = make([]wire.CaseReply, len(c.Replies))
	for i, room := len(c.Replies)-1, maxReplies; i >= 0; i-- {
		r := &c.Replies[i]
		w := wire.CaseReply{ID: r.ID, Index: r.Index, Time: r.Time, Bureau: r.Bureau, Author: r.Author, Void: r.Void, Second: r.Second, Roles: uint16(r.Roles), Alarm: r.Alarm, Doubt: r.Doubt, Reply: r.Reply, Bared: r.Bared}
		if room -= len(r.Text) + len(r.Match); room < 0 {
			short := *r.Reply
			short.Text, short.Match = "(not sent: the answers are too many for one page)", ""
			w.Reply = &short
		}
		out.Replies[i] = w
	}
	for _, a := range c.Acts {
		out.Acts = append(out.Acts, wire.CaseAct{ID: a.ID, Class: uint8(a.Class), Index: a.Index, Time: a.Time, Bureau: a.Bureau, Doubt: a.Doubt, What: a.What, Reason: a.Reason})
	}
	out.Ended, out.EndedAt = c.Ended, c.EndedAt
	return out
}

func problem(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
