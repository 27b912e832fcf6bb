package notice

import (
	"fmt"
	"time"

	"comity/ledger"
)

// Template returns a notice of the kind for an author to edit: complete, valid
// on the day of asOf, about people who do not exist.
func Template(kind ledger.Kind, asOf time.Time) ([]byte, error) {
	n := &Notice{
		Kind: kind, Reference: "XA-0001", Origin: "XA", Urgency: ledger.U1, Classification: ledger.Restricted,
		ReviewBy: DateOf(asOf.AddDate(1, 0, 0)), Readers: Readers{"XA", "XB"},
	}
	switch kind {
	case ledger.KindYellow:
		n.Card, n.Body = templateCard(Protect, asOf), templateBody(Missing, asOf)
	case ledger.KindRed:
		n.Readers = Readers{All}
		n.Card, n.Body = templateCard(Arrest, asOf), templateBody(Wanted, asOf)
		n.Body.Warrants = []Warrant{templateWarrant(asOf)}
	case ledger.KindBlue:
		n.Card, n.Body = templateCard(DoNotAlert, asOf), templateBody(PersonOfInterest, asOf)
	case ledger.KindDiffusion:
		n.Colour = ledger.KindYellow
		n.Card, n.Body, n.Victim = templateCard(Protect, asOf), templateBody(VictimOf, asOf), templateVictim(asOf)
	case ledger.KindTally:
		n.Classification, n.Urgency, n.Readers = ledger.Unclassified, ledger.U0, Readers{All}
		n.Tally = &Tally{Operation: "LANTERN TIDE", Sector: "XA-01", Hour: 6, Hotspots: 9, Inspections: 288}
	default:
		if !Enabled(kind) {
			return nil, fmt.Errorf("template: there are no %s notices", kind)
		}
		templateSubject(n, asOf)
	}
	return n.Marshal()
}

func templateCard(action Action, asOf time.Time) *Card {
	c := &Card{
		Action: action,
		Person: Identity{
			Names: []Name{
				{Full: "Mirela Tandoran", Family: "Tandoran", Given: "Mirela", Script: "Latn", MRZ: "TANDORAN<<MIRELA"},
				{Full: "Miri", Use: NameAlias},
			},
			Born: dayBefore(asOf, 26, 40), BirthPlace: "Port Selwen", BirthCountry: "XC",
			Sex: Female, Nationalities: []string{"XC"},
			Documents: []Document{{Type: Passport, Number: "C4471902", Country: "XC", Expires: DateOf(asOf.AddDate(4, 2, 0))}},
		},
		Looks: Appearance{HeightCM: 167, Eyes: []string{"brown"}, Hair: []string{"black"}, Marks: "scar on the left forearm", Speaks: []string{"en"}},
		Desk:  Desk{Name: "Aldermoor national desk", Phone: "+99955501100", Speaks: []string{"en", "fr"}},
	}
	switch action {
	case Protect:
		c.Caveat = "May be a victim of trafficking. Separate from companions, do not question alone, give water and a quiet room."
		c.NonPunishment = true
		c.Dangers = []Danger{Controlled}
	case Arrest:
		c.Dangers = []Danger{EscapeRisk}
	}
	return c
}

func templateBody(status Status, asOf time.Time) *Body {
	lat, lon := 1.25, -25.5
	return &Body{
		Facts:  "Answered an advert for office work abroad, left on a ticket paid by the recruiter and has not been heard of since a message of eleven words.",
		Status: status, Since: dayBefore(asOf, 0, 12), Purpose: "c", Legal: "request of the district prosecutor of Aldermoor, file 11-204",
		Entities: []Entity{
			{ID: "p1", Person: &Person{Identity: Identity{Names: []Name{{Full: "Mirela Tandoran"}}}, Role: "recruited"}},
			{ID: "p2", Person: &Person{Identity: Identity{Names: []Name{{Full: "Uncle Rook", Use: NameAlias}}}, Role: "recruiter"}},
			{ID: "ph1", Phone: &Phone{Number: "+99955507731", App: "chat"}},
			{ID: "w1", Wallet: &Wallet{Currency: "BTC", Address: "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"}},
			{ID: "pl1", Place: &Place{Name: "Harbour Towers, block C", Country: "XB", What: "suspected scam centre", Lat: &lat, Lon: &lon, RadiusM: 500}},
		},
		Links: []Link{
			{From: "p2", Relation: Uses, To: "ph1", Grade: "B2"},
			{From: "p2", Relation: Recruited, To: "p1", Grade: "B2"},
			{From: "p2", Relation: Uses, To: "w1", Grade: "C3"},
			{From: "p1", Relation: HeldAt, To: "pl1", Grade: "C3", Text: "from the background of a picture"},
		},
		Grade: "B2", Handling: Handling{Code: H1}, TLP: TLPAmber, Languages: []string{"en"},
	}
}

func templateWarrant(asOf time.Time) Warrant {
	return Warrant{
		Country: "XA", Authority: "District Court of Aldermoor", Reference: "DC-11/204", Date: dayBefore(asOf, 0, 30),
		Offence: "trafficking in persons, aggravated", Charge: "recruited and transported eleven persons for forced criminality",
		Language: "en", MaxPenalty: 180,
	}
}

func templateVictim(asOf time.Time) *Victim {
	return &Victim{
		Pseudonym: "Juniper",
		Identity: Identity{
			Names: []Name{{Full: "Mirela Tandoran", Family: "Tandoran", Given: "Mirela"}}, Born: dayBefore(asOf, 26, 40), Sex: Female,
		},
		Health: "asthma, carries no inhaler", Needs: "a woman as interpreter for French",
		Consent:     Consent{Given: false, Why: "vital interest: cannot be reached and is in danger"},
		Trafficking: Trafficking{Status: PossibleVictim, Methods: []string{"debt_bondage", "withholds_documents"}, Exploitation: []string{ForcedCriminality}},
		Referral:    "shelter line of Aldermoor, +99955501190",
	}
}

// ChildCase returns LT-0301, the case that ends well: a diffusion from XA to XB
// about a child of 13 who sent one message from near the border.
func ChildCase(asOf time.Time) *Notice {
	born := dayBefore(asOf, 13, 97)
	name := Name{Full: "Ilva Sorrendahl", Family: "Sorrendahl", Given: "Ilva", Script: "Latn", MRZ: "SORRENDAHL<<ILVA"}
	lat, lon := 2.104, -24.871
	return &Notice{
		Kind: ledger.KindDiffusion, Colour: ledger.KindYellow, Reference: "LT-0301", Origin: "XA",
		Urgency: ledger.U3, Classification: ledger.Confidential, ReviewBy: DateOf(asOf.AddDate(0, 6, 0)), Readers: Readers{"XA", "XB"},
		Card: &Card{
			Caveat:        "A child. Do not question alone; do not hand over to whoever travels along, whatever papers they show. A protection officer comes.",
			NonPunishment: true, Action: Protect, Dangers: []Danger{Controlled},
			Person: Identity{
				Names: []Name{name}, Born: born, BirthCountry: "XA", Sex: Female, Nationalities: []string{"XA"},
				Documents: []Document{{Type: Passport, Number: "A30117745", Country: "XA", Expires: DateOf(asOf.AddDate(3, 1, 0))}},
			},
			Looks: Appearance{HeightCM: 152, Eyes: []string{"green"}, Hair: []string{"fair"}, Marks: "brace on the upper teeth", Speaks: []string{"en"}},
			Desk:  Desk{Name: "Aldermoor child rescue desk", Phone: "+99955501117", Speaks: []string{"en"}},
		},
		Body: &Body{
			Facts:  "Left home on the promise of a place in a music school. One message, of five words, from a phone near the border of Brackwater; the phone has been off since.",
			Status: Missing, Since: dayBefore(asOf, 0, 3), Purpose: "c", Legal: "order of the guardianship court of Aldermoor, G-88/31",
			Entities: []Entity{
				{ID: "p1", Person: &Person{Identity: Identity{Names: []Name{{Full: "Teacher Wynn", Use: NameAlias}}}, Role: "recruiter"}},
				{ID: "ph1", Phone: &Phone{Number: "+99955508842", App: "chat"}},
				{ID: "a1", JobAdvert: &JobAdvert{Title: "Free places, music school by the sea", Where: "chat channel", Posted: dayBefore(asOf, 0, 20)}},
				{ID: "pl1", Place: &Place{Name: "Crossing at Low Brack", Country: "XB", What: "border crossing", Lat: &lat, Lon: &lon, RadiusM: 3000}},
			},
			Links: []Link{
				{From: "p1", Relation: Uses, To: "ph1", Grade: "B2"},
				{From: "p1", Relation: Posted, To: "a1", Grade: "B2"},
				{From: "ph1", Relation: SeenAt, To: "pl1", Grade: "A1", Text: "last cell before it was switched off"},
			},
			Grade: "A1", Handling: Handling{Code: H2}, TLP: TLPRed, Languages: []string{"en"},
		},
		Victim: &Victim{
			Pseudonym: "Wren", Minor: true,
			Identity:    Identity{Names: []Name{name}, Born: born, Sex: Female, Nationalities: []string{"XA"}},
			Guardians:   []Guardian{{Name: "Hanne Sorrendahl", Relation: "mother", Phone: "+99955503310", Safe: true}},
			Health:      "well when last seen; needs glasses to read",
			Needs:       "a woman officer; may call her mother at once",
			Consent:     Consent{Given: true, By: "her mother", Scope: "search and return", Date: dayBefore(asOf, 0, 1)},
			Trafficking: Trafficking{Status: PossibleVictim, Methods: []string{"false_promises"}},
			Referral:    "youth service of Aldermoor, with Brackwater's protection officer on site",
		},
	}
}

// dayBefore returns the day so many years and days before asOf.
func dayBefore(asOf time.Time, years, days int) Date { return DateOf(asOf.AddDate(-years, 0, -days)) }
