package state_test

import (
	"fmt"
	"slices"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/ledgertest"
	"comity/ledger/state"
)

// newcomers are bureaus that the generator proposes, and their codes.
const newcomers = "EFG"

func (g *generator) membership() *ledger.Membership {
	m, err := g.m.Membership(g.view)
	if err != nil {
		g.t.Fatal(err)
	}
	return m
}

// rootOf returns the author with the root key of a bureau, as far as it is known.
func (g *generator) rootOf(code string) *randomAuthor {
	for _, a := range g.authors {
		if a.root && a.bureau.Code == code && a.signer == a.bureau.Root.Signer {
			return a
		}
	}
	return nil
}

// voter returns the root of a random voter, now and then of anybody.
func (g *generator) voter() *randomAuthor {
	list := slices.DeleteFunc(slices.Clone(g.membership().Members()), func(m ledger.Member) bool { return !m.Voter && g.rng.IntN(30) > 0 })
	if g.rng.IntN(40) == 0 {
		return pick(g.rng, g.authors)
	}
	return g.rootOf(pick(g.rng, list).Code)
}

// government returns who makes a statement on members, and what fills it in.
func (g *generator) government() (*randomAuthor, func(s *ledger.Statement)) {
	open, err := state.ReadProposals(g.view)
	if err != nil {
		g.t.Fatal(err)
	}
	e := g.membership().Latest()
	var ready []*state.Proposal
	for _, p := range open {
		if p.Passed(e) {
			ready = append(ready, p)
		}
	}
	late := g.raising(open, e)
	switch {
	case len(ready) > 0 && g.rng.IntN(4) > 0:
		return g.enactment(pick(g.rng, ready), e)
	case len(open) > 0 && g.rng.IntN(12) == 0:
		return g.enactment(pick(g.rng, open), e)
	case late != nil && g.rng.IntN(2) == 0:
		return late.root, func(s *ledger.Statement) {
			s.Class, s.Target, s.Public = ledger.ClassVote, late.of, (&ledger.Vote{For: true}).Marshal()
		}
	case len(open) > 1 && g.rng.IntN(4) > 0:
		target := pick(g.rng, open).ID
		if g.rng.IntN(20) == 0 {
			target = ledger.ID{9}
		}
		return g.voter(), func(s *ledger.Statement) {
			s.Class, s.Target, s.Public = ledger.ClassVote, target, (&ledger.Vote{For: g.rng.IntN(6) > 0}).Marshal()
		}
	}
	p := g.proposal(e)
	return g.voter(), func(s *ledger.Statement) { s.Class, s.Public = ledger.ClassPropose, p.Marshal() }
}

// voice is a voter who has not said yet that it is for a format, without which there
// is none.
type voice struct {
	root *randomAuthor
	of   ledger.ID
}

func (g *generator) raising(open []*state.Proposal, e *ledger.Epoch) *voice {
	for _, p := range open {
		if p.Change.Change != ledger.ChangeFormat || p.Change.Format <= e.Format {
			continue
		}
		yes, _ := p.Count(e)
		for _, m := range e.Members {
			if m.Voter && !slices.ContainsFunc(yes, func(v state.Voice) bool { return v.Bureau == m.Code }) {
				return &voice{g.rootOf(m.Code), p.ID}
			}
		}
	}
	return nil
}

// enactment carries a proposal out, mostly as it may be.
func (g *generator) enactment(p *state.Proposal, e *ledger.Epoch) (*randomAuthor, func(s *ledger.Statement)) {
	by := g.voter()
	if root := p.Change.Author(); root != nil && g.rng.IntN(9) > 0 {
		by = g.coming[keys.SigningID(root)]
	}
	number := e.Number + 1
	if g.rng.IntN(20) == 0 {
		number = 1 + uint32(g.rng.IntN(9))
	}
	return by, func(s *ledger.Statement) {
		s.Class, s.Target, s.Public = ledger.ClassEpoch, p.ID, (&ledger.Enact{Number: number}).Marshal()
	}
}

// proposal returns a random change. Of four voters at least three stay, and all are
// members of it again before long.
func (g *generator) proposal(e *ledger.Epoch) ledger.Propose {
	code := pick(g.rng, e.Members).Code
	if e.Format < ledger.Format && g.rng.IntN(16) == 0 || g.rng.IntN(60) == 0 {
		return raise(2 + uint8(g.rng.IntN(ledger.Format-1))) // none that would stop this program
	}
	change := ledger.Change(1 + g.rng.IntN(6))
	m, _ := e.Member(code)
	if change == ledger.ChangeRemove && g.rng.IntN(2) > 0 {
		change = ledger.ChangeDemote
	}
	if len(e.Members) < 5 && g.rng.IntN(2) > 0 {
		change = ledger.ChangeAdmit
	}
	if (change == ledger.ChangeRemove || change == ledger.ChangeDemote) && m.Voter && e.Voters() < 4 && g.rng.IntN(9) > 0 {
		change = ledger.ChangePromote
	}
	if change == ledger.ChangePromote && g.rng.IntN(9) > 0 {
		for _, m := range e.Members {
			if !m.Voter {
				code = m.Code
			}
		}
	}
	if code == "XD" && change == ledger.ChangeRemove { // it is to found circles
		code = "XC"
	}
	b := g.bureaus[code]
	switch change {
	case ledger.ChangeAdmit:
		if missing := g.missing(e); missing != "" {
			code = missing
		}
		b = g.fresh(code)
		g.coming[b.Root.Signer.ID()] = &randomAuthor{bureau: b, signer: b.Root.Signer, author: b.Root, root: true}
		return b.Admission(g.t)
	case ledger.ChangeRoot:
		g.spares++
		next := g.NewAuthor(fmt.Sprintf("root %d", g.spares))
		g.coming[next.Signer.ID()] = &randomAuthor{bureau: b, signer: next.Signer, author: next, root: true}
		return b.NewRoot(g.t, next)
	case ledger.ChangeNode:
		next := g.fresh(code)
		p := b.NewNode(g.t, next)
		g.nodes[p.Node.Cosigner()] = next
		return p
	}
	return about(change, code)
}

// missing returns the code of a bureau that is no member, "" when all are.
func (g *generator) missing(e *ledger.Epoch) string {
	for _, c := range "ABCD" + newcomers {
		code := "X" + string(c)
		if _, ok := e.Member(code); !ok {
			return code
		}
	}
	return ""
}

// fresh returns a bureau with keys that nobody has.
func (g *generator) fresh(code string) *ledgertest.Bureau {
	g.spares++
	b := g.Newcomer(g.t, code)
	b.Root = g.NewAuthor(fmt.Sprintf("%s root %d", code, g.spares))
	return b
}

// governed follows an epoch that the ledger took.
func (g *generator) governed(s *ledger.Statement) {
	p, err := state.ReadProposal(g.view, s.Target)
	if err != nil {
		g.t.Fatal(err)
	}
	g.changes[p.Change.Change]++
	switch p.Change.Change {
	case ledger.ChangeAdmit:
		a := g.coming[s.Author]
		g.bureaus[p.Change.Code] = a.bureau
		g.Bureaus = append(g.Bureaus, a.bureau)
		g.authors = append(g.authors, a, &randomAuthor{bureau: a.bureau, signer: a.bureau.Witness.Signer(), node: true})
	case ledger.ChangeRemove:
		b := g.bureaus[p.Change.Code]
		g.authors = slices.DeleteFunc(g.authors, func(a *randomAuthor) bool { return a.bureau == b && g.rng.IntN(20) > 0 })
		g.Bureaus = slices.DeleteFunc(g.Bureaus, func(x *ledgertest.Bureau) bool { return x == b && len(g.Bureaus) > 4 && g.rng.IntN(3) > 0 })
	case ledger.ChangeRoot:
		a := g.coming[s.Author]
		a.bureau.Root = a.author
		g.authors = append(g.authors, a)
	case ledger.ChangeNode:
		b, next := g.bureaus[p.Change.Code], g.nodes[p.Change.Node.Cosigner()]
		b.Witness, b.TLS = next.Witness, next.TLS
		g.authors = append(g.authors, &randomAuthor{bureau: b, signer: b.Witness.Signer(), node: true})
	}
}
