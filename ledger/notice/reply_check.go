package notice

import (
	"slices"
	"strings"
	"time"
)

// needs says which fields a type of reply has beside those of every reply:
// "-" for a field that it must not have, "?" for one that it may have, and else
// why it needs the field.
type needs struct{ hit, request, match, scope, right, decision, text string }

var replyNeeds = map[ReplyType]needs{
	Ack:       {hit: "-", request: "-", match: "-", scope: "-", right: "-", decision: "-", text: "?"},
	Hit:       {hit: "-", request: "-", match: "by what the person was found, such as the number of a passport", scope: "-", right: "-", decision: "-", text: "?"},
	Confirm:   {hit: "which hit", request: "-", match: "-", scope: "-", right: "-", decision: "-", text: "?"},
	Negative:  {hit: "which hit", request: "-", match: "-", scope: "-", right: "-", decision: "-", text: "?"},
	NeedsTime: {hit: "which hit", request: "-", match: "-", scope: "-", right: "-", decision: "-", text: "?"},
	Outcome:   {hit: "?", request: "-", match: "-", scope: "-", right: "-", decision: "-", text: "what happened"},
	Message:   {hit: "?", request: "?", match: "-", scope: "-", right: "-", decision: "-", text: "what you want to say"},

	ConsentAsk:    {hit: "-", request: "-", match: "-", scope: "what for", right: "-", decision: "-", text: "why: the origin decides by it"},
	ConsentGrant:  {hit: "-", request: "which request", match: "-", scope: "what is granted", right: "-", decision: "-", text: "?"},
	ConsentRefuse: {hit: "-", request: "which request", match: "-", scope: "-", right: "-", decision: "-", text: "why: the bureau that asked answers for it"},

	Exported: {hit: "-", request: "?", match: "-", scope: "-", right: "-", decision: "-", text: "what it is for: the origin reads it"},

	RequestReceive: {hit: "-", request: "-", match: "-", scope: "-", right: "access, correction or deletion", decision: "-", text: "what the person asks"},
	RequestAsk:     {hit: "-", request: "which request", match: "-", scope: "-", right: "-", decision: "-", text: "?"},
	RequestBlock:   {hit: "-", request: "which request", match: "-", scope: "-", right: "-", decision: "-", text: "?"},
	RequestDecide:  {hit: "-", request: "which request", match: "-", scope: "-", right: "-", decision: "granted, partly or refused", text: "the reasons, which the person is told"},
	RequestExecute: {hit: "-", request: "which request", match: "-", scope: "-", right: "-", decision: "-", text: "what was done"},
}

// Validate reports whether r says what its type needs, on the day of asOf, and
// nothing else. Its error is of type [Problems].
func (r *Reply) Validate(asOf time.Time) error {
	p := &problems{asOf: asOf}
	if !isHex(r.Notice, 32) {
		p.add("notice", "%.80q is not the id of a notice: 64 hexadecimal digits", r.Notice)
	}
	if n, ok := replyNeeds[r.Type]; ok {
		r.checkFields(p, &n)
	} else if r.Type == "" {
		p.need("type", "", replyTypeNames())
	} else {
		p.add("type", "%.40q is not one of %s", string(r.Type), replyTypeNames())
	}
	switch {
	case r.At.IsZero():
		p.add("at", "missing: when, by your own clock")
	case !r.At.Equal(r.At.Truncate(time.Second)) || r.At.Location() != time.UTC:
		p.add("at", "want full seconds in UTC")
	}
	r.checkReaders(p)
	return p.err()
}

func replyTypeNames() string {
	words := make([]string, len(replyTypes))
	for i, t := range replyTypes {
		words[i] = string(t)
	}
	return strings.Join(words, ", ")
}

func (r *Reply) checkFields(p *problems, n *needs) {
	field := func(name, value, need string) {
		switch {
		case need == "-" && value != "":
			p.add(name, "a reply of type %s has none", r.Type)
		case need != "-" && need != "?":
			p.need(name, value, need)
		}
	}
	for _, id := range []struct{ name, value, need string }{{"hit", r.Hit, n.hit}, {"request", r.Request, n.request}} {
		field(id.name, id.value, id.need)
		if id.value != "" && id.need != "-" && !isHex(id.value, 32) {
			p.add(id.name, "%.80q is not the id of a reply: 64 hexadecimal digits", id.value)
		}
	}
	if r.Hit != "" && r.Request != "" {
		p.add("request", "a message is about a hit or about a request")
	}
	field("match", r.Match, n.match)
	field("right", string(r.Right), n.right)
	oneOf(p, "right", r.Right, RightAccess, RightCorrection, RightDeletion)
	field("decision", string(r.Decision), n.decision)
	oneOf(p, "decision", r.Decision, DecideGrant, DecidePart, DecideRefuse)
	field("text", r.Text, n.text)
	switch {
	case r.Type == Exported && r.Export == nil:
		p.add("export", "missing: what is exported")
	case r.Type != Exported && r.Export != nil:
		p.add("export", "a reply of type %s has none", r.Type)
	case r.Export != nil:
		r.Export.check(p)
	}
	switch {
	case r.Scope == nil && n.scope != "-":
		p.add("scope", "missing: %s", n.scope)
	case r.Scope != nil && n.scope == "-":
		p.add("scope", "a reply of type %s has none", r.Type)
	case r.Scope != nil:
		r.Scope.check(p)
	}
}

func (r *Reply) checkReaders(p *problems) {
	if len(r.Readers) == 0 {
		p.add("readers", "missing: the codes of the bureaus that shall read it")
	}
	if r.Readers.All() {
		return
	}
	for i, b := range r.Readers {
		switch {
		case !isReader(b):
			p.add(index("readers", i), "%.80q is not the two-letter code of a bureau, nor circle: and the name of a circle", b)
		case slices.Contains(r.Readers[:i], b):
			p.add(index("readers", i), "%s is named twice", b)
		}
	}
}
