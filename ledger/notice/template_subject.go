package notice

import (
	"time"

	"comity/ledger"
	"comity/ledger/ident"
)

// templateSubject fills a template of a kind that is not about one wanted or
// missing person.
func templateSubject(n *Notice, asOf time.Time) {
	switch n.Kind {
	case ledger.KindGreen:
		templateGreen(n, asOf)
	case ledger.KindBlack:
		templateBlack(n, asOf)
	case ledger.KindOrange:
		templateOrange(n, asOf)
	case ledger.KindPurple:
		templatePurple(n)
	case ledger.KindSilver:
		templateSilver(n, asOf)
	case ledger.KindUN:
		templateUN(n, asOf)
	}
}

func templateGreen(n *Notice, asOf time.Time) {
	n.Readers = Readers{All}
	n.Card = templateCard(CallDesk, asOf)
	n.Card.Person = Identity{
		Names: []Name{{Full: "Corvin Haldreth", Family: "Haldreth", Given: "Corvin", Script: "Latn", MRZ: "HALDRETH<<CORVIN"}},
		Born:  dayBefore(asOf, 41, 12), BirthCountry: "XD", Sex: Male, Nationalities: []string{"XD"},
		Documents: []Document{{Type: Passport, Number: "D7720418", Country: "XD", Expires: DateOf(asOf.AddDate(2, 7, 0))}},
	}
	n.Card.Looks = Appearance{HeightCM: 183, Eyes: []string{"grey"}, Hair: []string{"brown"}, Speaks: []string{"en"}}
	n.Body = &Body{
		Facts:  "Recruits by adverts for office work abroad, each time from another town. Released in spring and has booked three journeys since.",
		Status: Convicted, Legal: "decision of the prosecutor general of Aldermoor, 26-118",
		Assessment: "The probation service of Aldermoor expects new recruitment within the year: two convictions for the same scheme, and the adverts are back word for word.",
		Convictions: []Conviction{
			{Country: "XA", Date: dayBefore(asOf, 6, 0), Offence: "trafficking in persons", Court: "District Court of Aldermoor"},
			{Country: "XD", Date: dayBefore(asOf, 11, 30), Offence: "fraud by a criminal group"},
		},
		Grade: "A1", Handling: Handling{Code: H1}, TLP: TLPAmber, Languages: []string{"en"},
	}
}

func templateBlack(n *Notice, asOf time.Time) {
	lat, lon := 2.31, -24.2
	n.Readers = Readers{All}
	n.Card = &Card{
		Action: CallDesk, Person: Identity{Born: estimated(asOf, 30), Sex: Female},
		Looks: Appearance{HeightCM: 164, Eyes: []string{"brown"}, Hair: []string{"black"}, Marks: "tattoo of a swallow on the right wrist, two gold crowns"},
		Desk:  Desk{Name: "Aldermoor national desk", Phone: "+99955501100", Speaks: []string{"en", "fr"}},
	}
	n.Body = &Body{
		Facts:  "Found on the beach after a storm. Had been in the water for about a week; no sign of violence. Dental chart and DNA profile can be asked for.",
		Status: Deceased, Since: dayBefore(asOf, 0, 9), Legal: "order of the coroner of Aldermoor, C-71",
		Entities: []Entity{{ID: "pl1", Place: &Place{Name: "Saltreach, north beach", Country: "XA", What: "where the body was found", Lat: &lat, Lon: &lon, RadiusM: 200}}},
		Grade:    "A1", Handling: Handling{Code: H0}, TLP: TLPGreen, Languages: []string{"en"},
	}
}

// estimated returns about the year in which somebody of this age was born.
func estimated(asOf time.Time, age int) Date {
	d, _ := NewDate(asOf.UTC().Year()-age, 0, 0)
	d.estimated = true
	return d
}

func templateOrange(n *Notice, asOf time.Time) {
	n.Readers, n.Urgency = Readers{All}, ledger.U3
	n.ReviewBy = DateOf(asOf.AddDate(0, 3, 0))
	n.Card = &Card{
		Caveat: "Grey parcels of the size of a shoe box, sender Moonquay Trading: do not open, move or use a radio within 50 m.",
		Action: CallDesk, Dangers: []Danger{Explosive},
		Desk: Desk{Name: "Aldermoor national desk", Phone: "+99955501100", Speaks: []string{"en", "fr"}},
	}
	n.Body = &Body{
		Facts: "Two parcels went off in sorting centres of Aldermoor; the workshop held papers for seven more.",
		Legal: "inquiry of the prosecutor general of Aldermoor, 26-240",
		Threat: &Threat{
			What: "explosives in parcels that go off when the lid is lifted", Target: "embassies and sorting centres in Brackwater and Corvane",
			From: DateOf(asOf), Until: DateOf(asOf.AddDate(0, 1, 0)), Advice: "clear the room, call the bomb squad, then the desk; keep the paper that came with it",
		},
		Entities: []Entity{{ID: "o1", Organization: &Organization{Name: "Moonquay Trading", Country: "XA"}}},
		Grade:    "A2", Handling: Handling{Code: H0}, TLP: TLPAmber, Languages: []string{"en"},
	}
}

func templatePurple(n *Notice) {
	n.Readers = Readers{All}
	n.Body = &Body{
		Facts: "Eleven cases in three countries since spring follow one pattern; those who answer the adverts are made to defraud others from a closed compound.",
		Legal: "circular of the national bureau of Aldermoor, 26-7",
		Method: &Method{
			Offence: "trafficking in persons for forced criminality",
			How:     "An advert offers office work at three times the usual wage. The interview is by chat. The ticket is paid by the recruiter, the last leg is by car at night, and the passport is taken on arrival for a permit.",
			Objects: []string{"one-way tickets paid from one wallet", "letters of a hotel that does not exist"}, Concealment: "travellers are told to say that they visit a cousin",
			Signs:   []string{"several young travellers with like letters who do not know each other", "nobody knows the address of the work", "a telephone that is answered by another"},
			Counter: "ask apart from the group for the employer's address; call the desk before anybody travels on",
		},
		Grade: "A2", Handling: Handling{Code: H0}, TLP: TLPGreen, Languages: []string{"en"},
	}
}

func templateSilver(n *Notice, asOf time.Time) {
	n.Body = &Body{
		Facts: "Ransoms of 41 families went to the wallet and on to the account within a day each; the villa was paid for from it.",
		Legal: "restraint order of the District Court of Aldermoor, RO-19/26, article 44 of the code of procedure",
		Entities: []Entity{
			{ID: "b1", BankAccount: &BankAccount{Number: ident.NewIBAN("XB", "BRCK00012345678901"), Bank: "Brackwater Commercial", Country: "XB", Holder: "Moonquay Trading"}},
			{ID: "w1", Wallet: &Wallet{Currency: "BTC", Address: "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"}},
			{ID: "v1", Vehicle: &Vehicle{Plate: "BW 4471 K", Country: "XB", Model: "saloon", Colour: "black"}},
			{ID: "r1", Property: &Property{What: "real estate", Description: "villa with a jetty", Address: "Harbour Road 9, Low Brack", Country: "XB", Registration: "LR 118-44"}},
			{ID: "o1", Organization: &Organization{Name: "Moonquay Trading", Country: "XB", Registration: "C-20418"}},
		},
		Links: []Link{
			{From: "o1", Relation: Owns, To: "b1", Grade: "A1"}, {From: "o1", Relation: Owns, To: "r1", Grade: "A1"},
			{From: "w1", Relation: PaidTo, To: "b1", Grade: "B2", Since: dayBefore(asOf, 0, 200)},
		},
		Grade: "A1", Handling: Handling{Code: H1}, TLP: TLPAmber, Languages: []string{"en"},
	}
}

func templateUN(n *Notice, asOf time.Time) {
	n.Readers = Readers{All}
	n.Card = templateCard(CallDesk, asOf)
	n.Card.Person = Identity{
		Names: []Name{
			{Full: "Ruvan Ostermark", Family: "Ostermark", Given: "Ruvan", Script: "Latn", MRZ: "OSTERMARK<<RUVAN"}, {Full: "Abu Ostar", Use: NameAlias},
		},
		Born: estimated(asOf, 52), Sex: Male, Nationalities: []string{"XE"},
	}
	n.Card.Looks = Appearance{}
	n.Body = &Body{
		Facts: "Named by the committee as the one who pays and arms the group.", Status: Listed, Legal: "resolution 1267 and those that follow it",
		Listing: &Listing{List: "1267", Reference: "XQi.042", Listed: dayBefore(asOf, 3, 0), Measures: []Measure{AssetsFreeze, TravelBan, ArmsEmbargo}},
		Grade:   "A1", Handling: Handling{Code: H0}, TLP: TLPClear, Languages: []string{"en"},
	}
}
