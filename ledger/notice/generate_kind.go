package notice

import (
	"fmt"

	"comity/ledger"
	"comity/ledger/ident"
)

// NextOf returns the next notice of a kind that can be sent, and nil for what is
// none. [Generator.Next] keeps the rates of the field; this is for who needs
// one of each kind. The two count together.
func (g *Generator) NextOf(k ledger.Kind) *Notice {
	data, err := Template(k, g.asOf)
	if err != nil {
		return nil
	}
	n, err := Parse(data)
	if err != nil {
		panic(fmt.Sprintf("notice: a template is not a notice: %v", err))
	}
	g.made++
	n.Origin = Bureaus()[g.rng.IntN(5)].Code
	n.Reference = fmt.Sprintf("%s-%06d", n.Origin, g.made)
	n.ReviewBy = DateOf(g.asOf.AddDate(0, 0, 90+g.rng.IntN(1000)))
	n.Readers = Readers{All}
	if k == ledger.KindDiffusion {
		n.Readers = Readers{n.Origin, g.otherBureau(n.Origin)}
	}
	if n.Card != nil {
		g.varyCard(n)
	}
	if n.Body != nil {
		g.varyBody(n)
	}
	if n.Tally != nil {
		n.Tally.Sector = fmt.Sprintf("%s-%02d", n.Origin, g.rng.IntN(10)+1)
		n.Tally.Inspections = 50 + g.rng.IntN(400)
		n.Tally.Intercepted, n.Tally.Located = g.rng.IntN(20), g.rng.IntN(10)
	}
	return n
}

// varyCard puts a person of the corpus on a card that has one. No child is
// wanted, warned of or listed.
func (g *Generator) varyCard(n *Notice) {
	n.Card.Desk.Name = bureauName(n.Origin) + " national desk"
	n.Card.Desk.Phone = fmt.Sprintf("+9995550%02d00", n.Origin[1]-'A'+11)
	switch {
	case n.colour() == ledger.KindBlack:
		n.Card.Person.Born, n.Card.Person.Sex = estimated(g.asOf, 18+g.rng.IntN(60)), pick(g.rng, []Sex{Female, Male})
		n.Card.Looks.HeightCM = 150 + g.rng.IntN(50)
		return
	case n.Card.Person.marks() == 0:
		return
	}
	for {
		person := g.person()
		if age, _ := person.Born.Age(g.asOf); age >= adult {
			n.Card.Person = *person
			break
		}
	}
	if n.Victim != nil {
		n.Victim.Identity.Names, n.Victim.Identity.Born = n.Card.Person.Names, n.Card.Person.Born
		n.Card.Person.Names = []Name{{Full: n.Victim.Pseudonym, Use: NamePseudonym}}
	}
}

// varyBody gives the things of a case numbers of their own.
func (g *Generator) varyBody(n *Notice) {
	b := n.Body
	b.Grade = pick(g.rng, []Grade{"A1", "A2", "B2", "C3"})
	for i := range b.Warrants {
		b.Warrants[i].Country, b.Warrants[i].Reference = n.Origin, fmt.Sprintf("DC-%05d", g.rng.IntN(1e5))
	}
	if b.Listing != nil {
		b.Listing.Reference = fmt.Sprintf("XQi.%03d", g.rng.IntN(1000))
	}
	for i := range b.Entities {
		switch e := &b.Entities[i]; {
		case e.Phone != nil:
			e.Phone.Number = fmt.Sprintf("+9995%08d", g.rng.IntN(1e8))
		case e.BankAccount != nil:
			e.BankAccount.Number = ident.NewIBAN(e.BankAccount.Country, fmt.Sprintf("BRCK%014d", g.rng.Int64N(1e14)))
		case e.Vehicle != nil:
			e.Vehicle.Plate = fmt.Sprintf("B%c %04d", 'A'+g.rng.IntN(26), g.rng.IntN(1e4))
		case e.Place != nil:
			e.Place.Name = pick(g.rng, towns)
		}
	}
}
