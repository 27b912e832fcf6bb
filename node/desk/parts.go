package desk

import (
	"errors"
	"slices"

	"comity/crypto/seal"
	"comity/ledger"
	"comity/ledger/notice"
	"comity/ledger/store"
	"comity/node/desk/readlog"
	"comity/node/follow"
)

// Parts returns which parts of the case stand open in it, in any version.
// Replies, and the reasons of acts, are sealed as the body is.
func (c *Case) Parts() readlog.Parts {
	var p readlog.Parts
	if slices.ContainsFunc(c.Replies, func(r Reply) bool { return !r.Bared }) || slices.ContainsFunc(c.Acts, func(a Act) bool { return a.Reason != "" }) {
		p |= readlog.PartsOf(seal.Body)
	}
	for i := range c.Versions {
		p |= partsOf(c.Versions[i].View)
	}
	return p | partsOf(c.View)
}

func partsOf(v *notice.View) (p readlog.Parts) {
	if v == nil {
		return 0
	}
	if v.Card != nil {
		p |= readlog.PartsOf(seal.Card)
	}
	if v.Body != nil || v.Tally != nil {
		p |= readlog.PartsOf(seal.Body)
	}
	if v.Victim != nil {
		p |= readlog.PartsOf(seal.Victim)
	}
	return p
}

// Only returns the case with nothing open in it but these parts, for somebody
// who may not read the others. Of a reply it then tells who answered, when, and
// of which type. It takes over what is named here: a field that is not, nobody
// has yet decided who may read.
func (c *Case) Only(p readlog.Parts) *Case {
	out := &Case{ID: c.ID, Index: c.Index, Time: c.Time, Bureau: c.Bureau, Author: c.Author, Status: c.Status,
		Reviewed: c.Reviewed, ReviewDue: c.ReviewDue, Term: c.Term, Held: c.Held, Blocked: c.Blocked,
		Public: c.Public, View: only(c.View, p), Err: onlyErr(c.Err, p), Withheld: c.Parts() &^ p, Ended: c.Ended, EndedAt: c.EndedAt}
	for i := range c.Versions {
		v := &c.Versions[i]
		out.Versions = append(out.Versions, Version{ID: v.ID, Index: v.Index, Time: v.Time, Author: v.Author, Public: v.Public, Doubt: v.Doubt, View: only(v.View, p), Err: onlyErr(v.Err, p)})
	}
	for _, r := range c.Replies {
		if !p.Has(seal.Body) {
			r = r.Bare()
		}
		out.Replies = append(out.Replies, r)
	}
	for _, a := range c.Acts {
		if !p.Has(seal.Body) {
			if a.Class == ledger.ClassReview {
				continue // what reviewers think of it is not for a checkpoint
			}
			a.Reason = ""
		}
		out.Acts = append(out.Acts, Act{ID: a.ID, Class: a.Class, Index: a.Index, Time: a.Time, Bureau: a.Bureau, Doubt: a.Doubt, What: a.What, Reason: a.Reason})
	}
	return out
}

// ErrNotShown stands for the reason why a version cannot be shown, in a list and for
// who may not read bodies: it may tell what is in one.
var ErrNotShown = errors.New("the desk does not believe it")

func onlyErr(err error, p readlog.Parts) error {
	if err == nil || p.Has(seal.Body) || errors.Is(err, store.ErrPurged) || errors.Is(err, follow.ErrWithheld) {
		return err
	}
	return ErrNotShown
}

// Bare returns the reply with no more of it than who answered, when, and of
// which type.
func (r Reply) Bare() Reply {
	return Reply{ID: r.ID, Index: r.Index, Time: r.Time, Bureau: r.Bureau, Author: r.Author, Void: r.Void, Doubt: r.Doubt,
		Reply: &notice.Reply{Type: r.Type, Notice: r.Notice, At: r.At}, Bared: true}
}

// only returns a view of some parts, nil if none of them is open: the name, kind
// and readers of a notice stand in each part.
func only(v *notice.View, p readlog.Parts) *notice.View {
	if partsOf(v)&p == 0 {
		return nil
	}
	out := &notice.View{ID: v.ID, Origin: v.Origin, Header: v.Header, Kind: v.Kind, Colour: v.Colour, Reference: v.Reference, Readers: v.Readers, Circles: v.Circles,
		Reviewed: v.Reviewed, Stopped: v.Stopped}
	if p.Has(seal.Card) {
		out.Card = v.Card
	}
	if p.Has(seal.Body) {
		out.Body, out.Tally = v.Body, v.Tally
	}
	if p.Has(seal.Victim) {
		out.Victim = v.Victim
	}
	for _, a := range v.Attachments {
		if p.Has(a.Part) {
			out.Attachments = append(out.Attachments, a)
		}
	}
	return out
}

// IsKind reports whether the case is of a kind, openly or as a diffusion of this
// colour.
func (c *Case) IsKind(kind ledger.Kind) bool {
	if c.View == nil {
		return c.Public.Kind == kind || kind == ledger.KindDiffusion && c.Public.Kind == ledger.KindUndisclosed
	}
	return c.View.Kind == kind || c.View.Colour == kind
}
