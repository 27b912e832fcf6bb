package notice

import (
	"fmt"
	"slices"
	"strings"

	"comity/ledger"
)

// kindRule is what a kind of notice must hold beyond what every notice must.
// The same table says what is missing ([Notice.Validate]), makes the JSON
// Schema ([Schema]) and the documentation ([Guide]).
type kindRule struct {
	what  string // what the kind is for
	who   string // what it says of a person
	rules []rule
}

// rule is one thing that a kind asks for or refuses.
type rule struct {
	field  string // path of JSON names that the problem is with
	why    string // sentence for the author: what is missing and why it is asked
	holds  func(n *Notice) bool
	schema object // says the same as holds
}

// ruleOf returns the rule of a kind, nil for what is none. A diffusion has the
// rules of its colour as well.
func ruleOf(k ledger.Kind) *kindRule { return kindRules[k] }

// Enabled reports whether notices of this kind can be sent.
func Enabled(k ledger.Kind) bool { return ruleOf(k) != nil }

// Colours are the kinds that a diffusion may be of.
func Colours() []ledger.Kind {
	return []ledger.Kind{ledger.KindRed, ledger.KindBlue, ledger.KindGreen, ledger.KindYellow, ledger.KindBlack, ledger.KindOrange,
		ledger.KindPurple, ledger.KindSilver, ledger.KindUN}
}

func kindNames(kinds ...ledger.Kind) string {
	var names []string
	for _, k := range kinds {
		names = append(names, k.String())
	}
	return strings.Join(names, ", ")
}

const (
	whyIdentity = "%s notice needs at least two of name, date of birth, nationality, document, so that a border officer can tell people apart"
	whyArrest   = "%s is no ground for an arrest; choose PROTECT, LOCATE, DO_NOT_ALERT or CALL_DESK"
)

var kindRules = map[ledger.Kind]*kindRule{
	ledger.KindRed: {
		what: "Asks to find a wanted person and to arrest them, as the law of the reader allows.",
		who:  "identity, and a warrant for an offence that weighs enough (RPD article 83)",
		rules: []rule{
			ruleIdentity("red"), ruleFacts,
			{"card.action", "a red notice asks for an arrest; a person to protect needs a yellow notice or a diffusion",
				func(n *Notice) bool { return n.Card == nil || n.Card.Action != Protect }, actionIsNot(Protect)},
			{"body.warrants", "a red notice needs a valid warrant or judgment: nobody is arrested on a police report alone",
				func(n *Notice) bool { return n.Body != nil && len(n.Body.Warrants) > 0 }, schemaItems("body.warrants", object{})},
			{"body.warrants", fmt.Sprintf("a red notice needs an offence punishable by %d months or more, or a sentence of which %d months or more are left (RPD article 83)", minPenalty, minSentenceLeft),
				func(n *Notice) bool {
					return n.Body == nil || len(n.Body.Warrants) == 0 || slices.ContainsFunc(n.Body.Warrants, Warrant.enough)
				}, schemaItems("body.warrants", object{"anyOf": list{
					object{"required": list{"max_penalty_months"}, "properties": object{"max_penalty_months": object{"minimum": minPenalty}}},
					object{"required": list{"sentence_left_months"}, "properties": object{"sentence_left_months": object{"minimum": minSentenceLeft}}},
				}})},
		},
	},
	ledger.KindBlue: {
		what:  "Asks who a person is, where they are or what they do.",
		who:   "identity",
		rules: []rule{ruleIdentity("blue"), ruleFacts, ruleNoArrest("blue")},
	},
	ledger.KindGreen: {
		what: "Warns of a person who has offended and is expected to do so again.",
		who:  "identity, and the assessment that the warning rests on",
		rules: []rule{
			ruleIdentity("green"), ruleFacts, ruleNoArrest("green"),
			ruleText("body.assessment", "a green notice needs the assessment of the authority that expects new offences, and its grounds: a warning without one is a slander",
				func(b *Body) string { return b.Assessment }),
		},
	},
	ledger.KindYellow: {
		what:  "Asks to find a missing person, or to tell who a person is that cannot say so.",
		who:   "identity; of one who cannot say who they are, status cannot_identify_self and a photo or looks",
		rules: []rule{yellowPerson, ruleFacts, ruleNoArrest("yellow")},
	},
	ledger.KindBlack: {
		what: "Asks who a dead person was.",
		who:  "no name: looks or a photo, where and when the body was found",
		rules: []rule{
			{"card", "missing: a black notice needs a card with what is known of the body, and whom to call",
				func(n *Notice) bool { return n.Card != nil }, schemaRequired("card")},
			{"card.person.names", "a black notice is about a body without a name: give a supposed name the use alias; once it is known, withdraw the notice",
				func(n *Notice) bool { return n.Card == nil || !slices.ContainsFunc(n.Card.Person.Names, Name.isTrue) },
				schemaAt("card.person.names", object{"items": object{"required": list{"use"}, "properties": object{"use": object{"enum": list{NameAlias, NamePseudonym}}}}})},
			{"card.looks", "missing: a black notice needs marks, height or another thing by which relatives recognise the body, or a photo",
				func(n *Notice) bool { return n.Card == nil || !n.Card.Looks.IsZero() || len(n.Card.Photo) > 0 }, recognisable},
			{"card.action", "a black notice is about a dead person; choose CALL_DESK",
				func(n *Notice) bool { return n.Card == nil || n.Card.Action == CallDesk }, schemaAt("card.action", object{"const": CallDesk})},
			ruleFacts,
			{"body.since", "missing: when the body was found or the person died, if only by the year: it narrows down who is missing since",
				func(n *Notice) bool { return n.Body == nil || !n.Body.Since.IsZero() }, schemaRequired("body.since")},
			{"body.entities", "a black notice needs a place: where the body was found",
				func(n *Notice) bool { return n.Body == nil || n.Body.has("place") }, schemaEntity("place")},
		},
	},
	ledger.KindOrange: {
		what: "Warns of an imminent threat by an event, a person, an object or a process.",
		who:  "nobody need be named",
		rules: []rule{
			{"card", "missing: an orange notice needs a card: the front line must know before it happens, and whom to call",
				func(n *Notice) bool { return n.Card != nil }, schemaRequired("card")},
			{"card.caveat", "missing: what to look for and how to stay safe, read before all else",
				func(n *Notice) bool { return n.Card == nil || strings.TrimSpace(n.Card.Caveat) != "" }, schemaWritten("card.caveat")},
			ruleFacts, ruleNoArrest("orange"),
			{"body.threat", "missing: an orange notice needs the threat: what, against whom and where, and what to do",
				func(n *Notice) bool { return n.Body == nil || n.Body.Threat != nil }, schemaRequired("body.threat")},
		},
	},
	ledger.KindPurple: {
		what: "Tells how a crime is done: methods, objects, devices and places to hide things.",
		who:  "nobody is named",
		rules: []rule{
			ruleFacts, ruleNoArrest("purple"),
			{"body.method", "missing: a purple notice needs the method: how it is done, and by what one notices it",
				func(n *Notice) bool { return n.Body == nil || n.Body.Method != nil }, schemaRequired("body.method")},
			{"card.person", "a purple notice goes to all and names nobody; a person needs a notice of their own",
				func(n *Notice) bool { return n.Card == nil || n.Card.Person.marks() == 0 },
				schemaAt("card.person", object{"maxProperties": 0})},
			{"body.entities", "a purple notice goes to all and names nobody; say what a person does, not who it is",
				func(n *Notice) bool { return n.Body == nil || !n.Body.identifies() },
				schemaAt("body.entities", object{"items": object{"properties": object{"person": object{"propertyNames": object{"const": "role"}}}}})},
		},
	},
	ledger.KindSilver: {
		what: "Asks to find, identify or watch assets of a crime.",
		who:  "identity of the owner only where a card is given",
		rules: []rule{
			ruleFacts, ruleNoArrest("silver"),
			ruleText("body.legal_basis", "a silver notice needs the order or the law by which assets are traced: without one no bank or register may answer",
				func(b *Body) string { return b.Legal }),
			{"body.entities", "a silver notice needs an asset: a bank account, wallet, vehicle, property or organization",
				func(n *Notice) bool { return n.Body == nil || n.Body.has(assets...) }, schemaEntity(assets...)},
		},
	},
	ledger.KindUN: {
		what: "Tells of a person or an organization on a list of the Security Council, and of the measures on them.",
		who:  "identity, or an organization among the entities",
		rules: []rule{
			{"card.person", "a UN notice needs whom the list names: at least two of name, date of birth, nationality, document, or an organization among the entities",
				func(n *Notice) bool {
					return n.Card != nil && n.Card.Person.marks() >= 2 || n.Body != nil && n.Body.has("organization")
				}, object{"anyOf": list{twoMarks, schemaEntity("organization")}}},
			ruleFacts, ruleNoArrest("UN"),
			{"body.listing", "missing: a UN notice needs the list, its reference and the measures, so that a reader can look the entry up",
				func(n *Notice) bool { return n.Body == nil || n.Body.Listing != nil }, schemaRequired("body.listing")},
		},
	},
	ledger.KindDiffusion: {
		what: "Goes to chosen bureaus at once, unreviewed. Its kind, the colour, is sealed and its rules are that kind's.",
		who:  "what its colour asks",
		rules: []rule{
			{"readers", "a diffusion goes to bureaus of your choosing: name them; what is for all is reviewed first",
				func(n *Notice) bool { return !n.Readers.All() }, schemaAt("readers", object{"items": object{"not": object{"const": All}}})},
			{"colour", "missing: which kind it is; only its readers see it: " + kindNames(Colours()...),
				func(n *Notice) bool { return n.Colour != ledger.KindUndisclosed }, schemaRequired("colour")},
			{"card.action", fmt.Sprintf(whyArrest, "a diffusion, which nobody reviews,"),
				func(n *Notice) bool { return n.Colour != ledger.KindRed || n.Card == nil || n.Card.Action != Arrest }, actionIsNot(Arrest)},
		},
	},
	ledger.KindTally: {
		what: "Counts what an operation does: inspections, hotspots, intercepted, located.",
		who:  "nobody: a number of persons under five is not stated in what is shared",
		rules: []rule{
			{"tally", "missing: the counters",
				func(n *Notice) bool { return n.Tally != nil }, schemaRequired("tally")},
			{"tally", "counters only; a person needs a notice of their own",
				func(n *Notice) bool { return n.Card == nil && n.Body == nil && n.Victim == nil },
				object{"properties": object{"card": false, "body": false, "victim": false}}},
		},
	},
}

// assets are the types of entities that can be traced as assets.
var assets = []string{"bank_account", "wallet", "vehicle", "property", "organization"}

// article is the one before the name of a kind.
func article(kind string) string {
	if kind == ledger.KindOrange.String() {
		return "an "
	}
	return "a "
}

func ruleIdentity(kind string) rule {
	return rule{"card.person", fmt.Sprintf(whyIdentity, article(kind)+kind), func(n *Notice) bool { return n.Card != nil && n.Card.Person.marks() >= 2 }, twoMarks}
}

// yellowPerson: who is missing is known; who cannot say who they are is not.
var yellowPerson = rule{
	"card.person", fmt.Sprintf(whyIdentity, "a yellow") + "; of one who cannot say who they are, body.status cannot_identify_self and a photo or looks",
	func(n *Notice) bool {
		if n.Card == nil {
			return false
		}
		return n.Card.Person.marks() >= 2 || n.Body != nil && n.Body.Status == CannotSay && (!n.Card.Looks.IsZero() || len(n.Card.Photo) > 0)
	},
	object{"anyOf": list{twoMarks, object{"allOf": list{schemaAt("body.status", object{"const": CannotSay}), schemaRequired("body.status"), recognisable, schemaRequired("card")}}}},
}

var ruleFacts = rule{"body.facts", "missing: what happened, so that a reader can weigh the request",
	func(n *Notice) bool { return n.Body != nil && strings.TrimSpace(n.Body.Facts) != "" }, schemaWritten("body.facts")}

func ruleNoArrest(kind string) rule {
	return rule{"card.action", fmt.Sprintf(whyArrest, article(kind)+kind+" notice"), func(n *Notice) bool { return n.Card == nil || n.Card.Action != Arrest }, actionIsNot(Arrest)}
}

// ruleText asks for a text of the body; a body that is missing is said by ruleFacts.
func ruleText(field, why string, of func(b *Body) string) rule {
	return rule{field, "missing: " + why, func(n *Notice) bool { return n.Body == nil || strings.TrimSpace(of(n.Body)) != "" }, schemaWritten(field)}
}

func (n *Notice) checkKind(p *problems) {
	kinds := append(Colours(), ledger.KindDiffusion, ledger.KindTally)
	switch r := ruleOf(n.Kind); {
	case n.Kind == ledger.KindUndisclosed:
		p.add("kind", "missing: one of %s", kindNames(kinds...))
		return
	case r == nil:
		p.add("kind", "%s is not one of %s", n.Kind, kindNames(kinds...))
		return
	default:
		n.hold(p, r)
	}
	if n.Kind != ledger.KindTally && n.Tally != nil {
		p.add("tally", "only a tally counts")
	}
	switch {
	case n.Kind != ledger.KindDiffusion && n.Colour != ledger.KindUndisclosed:
		p.add("colour", "only a diffusion has one: it hides its kind from the header")
	case n.Kind == ledger.KindDiffusion && slices.Contains(Colours(), n.Colour):
		n.hold(p, ruleOf(n.Colour))
	case n.Kind == ledger.KindDiffusion && n.Colour != ledger.KindUndisclosed:
		p.add("colour", "%s is no colour of a diffusion; choose one of %s", n.Colour, kindNames(Colours()...))
	}
}

// hold reports every rule that does not hold, once in the field it is about or,
// where the part that has the field is missing, in that part.
func (n *Notice) hold(p *problems, r *kindRule) {
	for _, rule := range r.rules {
		if rule.holds(n) {
			continue
		}
		field, why := rule.field, rule.why
		part, _, inner := strings.Cut(field, ".")
		if inner && (part == "card" && n.Card == nil || part == "body" && n.Body == nil) {
			field, why = part, "missing: "+strings.TrimPrefix(why, "missing: ")
		}
		p.add(field, "%s", why)
	}
}

// isTrue reports whether a name is the person's own, not one that others gave.
func (n Name) isTrue() bool { return n.Use != NameAlias && n.Use != NamePseudonym }

// has reports whether an entity of one of the types is among those of b.
func (b *Body) has(types ...string) bool {
	return slices.ContainsFunc(b.Entities, func(e Entity) bool { return slices.Contains(types, e.Type()) })
}

// identifies reports whether an entity says who a person is.
func (b *Body) identifies() bool {
	return slices.ContainsFunc(b.Entities, func(e Entity) bool { return e.Person != nil && (e.Person.marks() > 0 || len(e.Person.Names) > 0) })
}
