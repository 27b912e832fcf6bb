package notice

import "comity/ledger/ident"

// Body is what investigators see: the case.
type Body struct {
	Facts       string       `json:"facts"`
	Status      Status       `json:"status,omitempty"` // of the person, in this case
	Since       Date         `json:"since,omitzero"`   // missing, or wanted, since
	Purpose     string       `json:"purpose,omitempty"`
	Legal       string       `json:"legal_basis,omitempty"`
	Warrants    []Warrant    `json:"warrants,omitempty"`
	Assessment  string       `json:"assessment,omitempty"` // of a repeat offender: who expects what, on what grounds
	Convictions []Conviction `json:"convictions,omitempty"`
	Threat      *Threat      `json:"threat,omitempty"`
	Method      *Method      `json:"method,omitempty"`
	Listing     *Listing     `json:"listing,omitempty"`
	Entities    []Entity     `json:"entities,omitempty"`
	Links       []Link       `json:"links,omitempty"`
	Grade       Grade        `json:"grade,omitempty"`
	Handling    Handling     `json:"handling,omitzero"`
	TLP         TLP          `json:"tlp,omitempty"`
	Languages   []string     `json:"languages,omitempty"` // of the text, ISO 639
}

// Status is what a person is in the case (after RPD article 44).
type Status string

// Statuses.
const (
	Wanted           Status = "wanted"
	Charged          Status = "charged"
	Convicted        Status = "convicted"
	Suspect          Status = "suspect"
	Witness          Status = "witness"
	VictimOf         Status = "victim"
	Missing          Status = "missing"
	PersonOfInterest Status = "person_of_interest"
	Deceased         Status = "deceased"
	CannotSay        Status = "cannot_identify_self"
	Listed           Status = "listed"
)

var statuses = []Status{Wanted, Charged, Convicted, Suspect, Witness, VictimOf, Missing, PersonOfInterest, Deceased, CannotSay, Listed}

// Warrant is a decision of a court or another authority to arrest a person.
type Warrant struct {
	Country     string `json:"country"` // that issued it
	Authority   string `json:"authority"`
	Reference   string `json:"reference"`
	Date        Date   `json:"date,omitzero"`
	Offence     string `json:"offence"`
	Charge      string `json:"charge,omitempty"` // as it is written
	Language    string `json:"language,omitempty"`
	Translation string `json:"translation,omitempty"` // of the charge, into English

	// What RPD article 83 measures, in months. Life is 999.
	MaxPenalty   int `json:"max_penalty_months,omitempty"`
	SentenceLeft int `json:"sentence_left_months,omitempty"`
}

// The thresholds of RPD article 83 for a red notice, in months.
const (
	minPenalty      = 24 // an offence punishable by two years or more
	minSentenceLeft = 6  // or a sentence of which six months or more are left
)

// Grade is a source's reliability (A, B, C, X) and its information's (1 to 4).
type Grade string

// Handling says what a reader may do with the information.
type Handling struct {
	Code HandlingCode `json:"code,omitempty"`
	Text string       `json:"text,omitempty"`
}

// HandlingCode is H0 to H3.
type HandlingCode string

// Handling codes.
const (
	H0 HandlingCode = "H0" // no restriction beyond the law
	H1 HandlingCode = "H1" // not as evidence without the origin's consent
	H2 HandlingCode = "H2" // not passed on without the origin's consent
	H3 HandlingCode = "H3" // as the text says
)

// TLP is a marking of the traffic light protocol 2.0.
type TLP string

// TLP markings.
const (
	TLPClear       TLP = "CLEAR"
	TLPGreen       TLP = "GREEN"
	TLPAmber       TLP = "AMBER"
	TLPAmberStrict TLP = "AMBER+STRICT"
	TLPRed         TLP = "RED"
)

func (b *Body) check(p *problems) {
	oneOf(p, "body.status", b.Status, statuses...)
	if b.Since.After(p.asOf) {
		p.add("body.since", "%s has not come yet", b.Since)
	}
	if b.Purpose != "" && (len(b.Purpose) != 1 || b.Purpose[0] < 'a' || b.Purpose[0] > 'h') {
		p.add("body.purpose", "%.20q is not one of the purposes a to h of RPD article 10", b.Purpose)
	}
	for i := range b.Warrants {
		b.Warrants[i].check(p, index("body.warrants", i))
	}
	for i := range b.Convictions {
		b.Convictions[i].check(p, index("body.convictions", i))
	}
	if b.Threat != nil {
		b.Threat.check(p)
	}
	if b.Method != nil {
		b.Method.check(p)
	}
	if b.Listing != nil {
		b.Listing.check(p)
	}
	b.checkEntities(p)
	b.Grade.check(p, "body.grade")
	oneOf(p, "body.handling.code", b.Handling.Code, H0, H1, H2, H3)
	if b.Handling.Code == H3 && b.Handling.Text == "" {
		p.add("body.handling.text", "H3 means \"as the text says\": write what a reader may do")
	}
	oneOf(p, "body.tlp", b.TLP, TLPClear, TLPGreen, TLPAmber, TLPAmberStrict, TLPRed)
	p.languages("body.languages", b.Languages)
}

func (w *Warrant) check(p *problems, at string) {
	p.need(at+".country", w.Country, "which country issued it, so that others can ask for the file")
	p.country(at+".country", w.Country)
	p.need(at+".authority", w.Authority, "which court or authority issued it")
	p.need(at+".reference", w.Reference, "its number, so that it can be found and checked")
	p.need(at+".offence", w.Offence, "for what the person is wanted")
	switch {
	case w.Date.IsZero():
		p.add(at+".date", "missing: when it was issued")
	case w.Date.After(p.asOf):
		p.add(at+".date", "%s has not come yet", w.Date)
	}
	p.identifier(at+".language", ident.Language, w.Language)
	if w.MaxPenalty < 0 || w.SentenceLeft < 0 {
		p.add(at, "a penalty or sentence cannot be less than nothing")
	}
}

// enough reports whether the warrant passes the threshold for a red notice.
func (w Warrant) enough() bool {
	return w.MaxPenalty >= minPenalty || w.SentenceLeft >= minSentenceLeft
}

func (g Grade) check(p *problems, at string) {
	if g != "" && (len(g) != 2 || !allIn(string(g[:1]), "ABCX") || !allIn(string(g[1:]), "1234")) {
		p.add(at, "%.20q is not a source grade: A, B, C or X for the source, 1 to 4 for what it says, such as B2", string(g))
	}
}
