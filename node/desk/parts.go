package desk

import (
	"slices"

	"comity/crypto/seal"
	"comity/ledger/notice"
	"comity/node/desk/readlog"
)

// Parts returns which parts of the case stand open in it, in any version.
// Replies are sealed as the body is.
func (c *Case) Parts() readlog.Parts {
	var p readlog.Parts
	if slices.ContainsFunc(c.Replies, func(r Reply) bool { return !r.bare() }) {
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
// of which type.
func (c *Case) Only(p readlog.Parts) *Case {
	out := *c
	out.Withheld = c.Parts() &^ p
	out.View = only(c.View, p)
	out.Versions = slices.Clone(c.Versions)
	for i := range out.Versions {
		out.Versions[i].View = only(c.Versions[i].View, p)
	}
	if !p.Has(seal.Body) {
		out.Replies = slices.Clone(c.Replies)
		for i := range out.Replies {
			out.Replies[i] = out.Replies[i].Bare()
		}
	}
	return &out
}

// Bare returns the reply with no more of it than who answered, when, and of
// which type.
func (r Reply) Bare() Reply {
	r.Reply = &notice.Reply{Type: r.Type, Notice: r.Notice, At: r.At}
	return r
}

// bare reports whether [Reply.Bare] made it: what was sealed names its readers.
func (r *Reply) bare() bool { return len(r.Readers) == 0 }

// only returns a view of some parts, nil if none of them is open: the name, kind
// and readers of a notice stand in each part.
func only(v *notice.View, p readlog.Parts) *notice.View {
	if partsOf(v)&p == 0 {
		return nil
	}
	out := *v
	if !p.Has(seal.Card) {
		out.Card = nil
	}
	if !p.Has(seal.Body) {
		out.Body, out.Tally = nil, nil
	}
	if !p.Has(seal.Victim) {
		out.Victim = nil
	}
	return &out
}
