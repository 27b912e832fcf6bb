package notice

import (
	"slices"
	"strings"

	"comity/ledger/ident"
)

// Victim is who a victim really is, for the protection officers of the bureaus
// it names. It never shares a key with the case.
type Victim struct {
	Readers     []string    `json:"readers,omitempty"` // fewer bureaus than the notice's, or left out for the same
	Pseudonym   string      `json:"pseudonym"`         // what the card and the body say instead
	Identity    Identity    `json:"identity"`
	Minor       bool        `json:"minor,omitempty"`
	Guardians   []Guardian  `json:"guardians,omitempty"`
	Health      string      `json:"health,omitempty"`
	Needs       string      `json:"needs,omitempty"` // language, company, a doctor
	Consent     Consent     `json:"consent"`
	Trafficking Trafficking `json:"trafficking,omitzero"`
	Referral    string      `json:"referral,omitempty"` // who takes care from here
}

// Guardian is who answers for a minor.
type Guardian struct {
	Name     string `json:"name"`
	Relation string `json:"relation"`
	Phone    string `json:"phone,omitempty"`
	Safe     bool   `json:"safe_to_contact"` // a guardian may be part of the crime
}

// Consent is what the victim, or the guardian of a minor, agreed to.
type Consent struct {
	Given bool   `json:"given"`
	By    string `json:"by,omitempty"`
	Scope string `json:"scope,omitempty"`
	Date  Date   `json:"date,omitzero"`
	Why   string `json:"why_not,omitempty"` // on what ground the case goes on without it
}

// Trafficking is what was found out about the crime against the victim. Its
// words follow the Human Trafficking Case Data Standard.
type Trafficking struct {
	Status       TraffickingStatus `json:"status,omitempty"`
	DecidedBy    string            `json:"decided_by,omitempty"`
	Methods      []string          `json:"methods_of_control,omitempty"`
	Exploitation []string          `json:"types_of_exploitation,omitempty"`
}

// TraffickingStatus says how far the status as a victim is decided.
type TraffickingStatus string

// Trafficking statuses.
const (
	PossibleVictim   TraffickingStatus = "possible_victim"
	PresumedVictim   TraffickingStatus = "presumed_victim"
	IdentifiedVictim TraffickingStatus = "identified_victim"
	NotVictim        TraffickingStatus = "not_a_victim"
)

// ForcedCriminality is the type of exploitation of those who are made to
// defraud others in a compound; version 2.0 of the standard has no word for it.
const ForcedCriminality = "forced_criminality"

var (
	methodsOfControl = []string{
		"debt_bondage", "takes_earnings", "restricts_finances", "threats", "psychological_abuse", "physical_abuse",
		"sexual_abuse", "false_promises", "psychoactive_substances", "restricts_movement", "restricts_medical_care",
		"excessive_working_hours", "uses_children", "threat_of_law_enforcement", "withholds_necessities", "withholds_documents", "other",
	}
	typesOfExploitation = []string{
		"sexual_exploitation", "forced_labour", "slavery", "servitude", "forced_marriage", "forced_begging",
		"organ_removal", "armed_service", "illegal_adoption", ForcedCriminality, "other",
	}
)

// IsZero reports whether nothing was found out.
func (t Trafficking) IsZero() bool {
	return t.Status == "" && t.DecidedBy == "" && len(t.Methods) == 0 && len(t.Exploitation) == 0
}

func (v *Victim) check(p *problems, n *Notice) {
	readers := v.readers(n)
	if readers.All() {
		p.add("victim.readers", "a victim's identity is never for all: name the bureaus whose protection officers need it")
	}
	for i, r := range v.Readers {
		if r != All && !n.Readers.Has(r) {
			p.add(index("victim.readers", i), "%.80q does not read the notice itself", r)
		}
	}
	p.need("victim.pseudonym", v.Pseudonym, "what the card and the body call the victim")
	if v.Pseudonym != "" && slices.ContainsFunc(v.Identity.Names, func(name Name) bool { return sharesWord(name.String(), v.Pseudonym) }) {
		p.add("victim.pseudonym", "%.40q gives a part of the true name away", v.Pseudonym)
	}
	if n.Card != nil && n.Card.Caveat == "" {
		p.add("card.caveat", "missing: the case has a victim, and who meets them must first read how to protect them")
	}
	v.Identity.check(p, "victim.identity")
	if !v.Minor && !v.Identity.Born.IsZero() {
		if _, oldest := v.Identity.Born.Age(p.asOf); oldest < adult {
			p.add("victim.minor", "born %s, so a minor: say so", v.Identity.Born)
		}
	}
	for i, g := range v.Guardians {
		at := index("victim.guardians", i)
		p.need(at+".name", g.Name, "who it is")
		p.need(at+".relation", g.Relation, "what they are to the child")
		p.identifier(at+".phone", ident.Phone, g.Phone)
	}
	if v.Consent.Given {
		p.need("victim.consent.by", v.Consent.By, "who consented: the victim, or a guardian of a minor")
	} else {
		p.need("victim.consent.why_not", v.Consent.Why, "on what ground the case goes on without consent, such as vital interest")
	}
	v.Trafficking.check(p, "victim.trafficking")
}

const adult = 18

func (t *Trafficking) check(p *problems, at string) {
	oneOf(p, at+".status", t.Status, PossibleVictim, PresumedVictim, IdentifiedVictim, NotVictim)
	if t.Status == IdentifiedVictim || t.Status == NotVictim {
		p.need(at+".decided_by", t.DecidedBy, "which body decided it")
	}
	for i, m := range t.Methods {
		oneOf(p, index(at+".methods_of_control", i), m, methodsOfControl...)
	}
	for i, e := range t.Exploitation {
		oneOf(p, index(at+".types_of_exploitation", i), e, typesOfExploitation...)
	}
}

// readers returns the bureaus whose protection officers may open the part.
func (v *Victim) readers(n *Notice) Readers {
	if v == nil || len(v.Readers) == 0 {
		return n.Readers
	}
	return v.Readers
}

// sharesWord reports whether a and b have a word in common, in any case.
func sharesWord(a, b string) bool {
	words := strings.Fields(strings.ToLower(a))
	return slices.ContainsFunc(strings.Fields(strings.ToLower(b)), func(w string) bool { return slices.Contains(words, w) })
}
