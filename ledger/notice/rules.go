package notice

import "comity/ledger"

// ruleOf returns what a kind of notice must hold beyond what every notice must,
// and nil for a kind that cannot be sent yet.
func ruleOf(k ledger.Kind) func(n *Notice, p *problems) {
	switch k {
	case ledger.KindRed:
		return (*Notice).checkRed
	case ledger.KindBlue:
		return (*Notice).checkBlue
	case ledger.KindYellow:
		return (*Notice).checkYellow
	case ledger.KindDiffusion:
		return (*Notice).checkDiffusion
	case ledger.KindTally:
		return (*Notice).checkTally
	}
	return nil
}

// Enabled reports whether notices of this kind can be sent.
func Enabled(k ledger.Kind) bool { return ruleOf(k) != nil }

func (n *Notice) checkKind(p *problems) {
	rule := ruleOf(n.Kind)
	switch {
	case n.Kind == ledger.KindUndisclosed:
		p.add("kind", "missing: red, blue, yellow, diffusion or tally")
		return
	case rule == nil:
		p.add("kind", "%s notices are not enabled yet; red, blue, yellow, diffusion and tally are", n.Kind)
		return
	}
	if n.Kind != ledger.KindDiffusion && n.Colour != ledger.KindUndisclosed {
		p.add("colour", "only a diffusion has one: it hides its kind from the header")
	}
	if n.Kind != ledger.KindTally && n.Tally != nil {
		p.add("tally", "only a tally counts")
	}
	rule(n, p)
}

// checkRed holds a notice against RPD article 83: identity, facts, and a
// warrant for an offence that weighs enough.
func (n *Notice) checkRed(p *problems) {
	n.needIdentity(p, "red")
	n.needBody(p, "red")
	if n.Card != nil && n.Card.Action == Protect {
		p.add("card.action", "a red notice asks for an arrest; a person to protect needs a yellow notice or a diffusion")
	}
	if n.Body == nil {
		return
	}
	if len(n.Body.Warrants) == 0 {
		p.add("body.warrants", "a red notice needs a valid warrant or judgment: nobody is arrested on a police report alone")
	}
	for i := range n.Body.Warrants {
		if n.Body.Warrants[i].enough() {
			return
		}
	}
	if len(n.Body.Warrants) > 0 {
		p.add("body.warrants", "a red notice needs an offence punishable by %d months or more, or a sentence of which %d months or more are left (RPD article 83)", minPenalty, minSentenceLeft)
	}
}

// checkYellow: a person is missing, or cannot say who they are.
func (n *Notice) checkYellow(p *problems) {
	n.needIdentity(p, "yellow")
	n.needBody(p, "yellow")
	n.neverArrest(p, "yellow")
}

// checkBlue: who somebody is, where they are, or what they do.
func (n *Notice) checkBlue(p *problems) {
	n.needIdentity(p, "blue")
	n.needBody(p, "blue")
	n.neverArrest(p, "blue")
}

// checkDiffusion: a notice to chosen bureaus that nobody has reviewed. Its
// content obeys the rules of its colour; its reach and its power are less.
func (n *Notice) checkDiffusion(p *problems) {
	if n.Readers.All() {
		p.add("readers", "a diffusion goes to bureaus of your choosing: name them; what is for all is reviewed first")
	}
	switch n.Colour {
	case ledger.KindUndisclosed:
		p.add("colour", "missing: which kind it is; only its readers see it")
		return
	case ledger.KindDiffusion, ledger.KindTally:
		p.add("colour", "%s is no colour of a diffusion", n.Colour)
		return
	}
	rule := ruleOf(n.Colour)
	if rule == nil {
		p.add("colour", "%s notices are not enabled yet; red, blue and yellow are", n.Colour)
		return
	}
	rule(n, p)
	if n.Colour == ledger.KindRed {
		n.neverArrest(p, "diffusion, which is not reviewed,")
	}
}

// checkTally: counters, and no person at all.
func (n *Notice) checkTally(p *problems) {
	if n.Tally == nil {
		p.add("tally", "missing: the counters")
	}
	if n.Card != nil || n.Body != nil || n.Victim != nil {
		p.add("tally", "counters only; a person needs a notice of their own")
	}
}

func (n *Notice) needIdentity(p *problems, kind string) {
	const rule = "a %s notice needs at least two of name, date of birth, nationality, document, so that a border officer can tell people apart"
	switch {
	case n.Card == nil:
		p.add("card", "missing: "+rule, kind)
	case n.Card.Person.marks() < 2:
		p.add("card.person", rule, kind)
	}
}

func (n *Notice) needBody(p *problems, kind string) {
	switch {
	case n.Body == nil:
		p.add("body", "missing: a %s notice needs the facts of the case", kind)
	default:
		p.need("body.facts", n.Body.Facts, "what happened, so that a reader can weigh the request")
	}
}

func (n *Notice) neverArrest(p *problems, kind string) {
	if n.Card != nil && n.Card.Action == Arrest {
		p.add("card.action", "a %s notice is no ground for an arrest; choose PROTECT, LOCATE, DO_NOT_ALERT or CALL_DESK", kind)
	}
}
