package notice

import (
	"strings"

	"comity/ledger/ident"
)

// Name is one name of a person. A name that is not in Latin letters needs its
// MRZ form, because that is what a passport shows and a border officer scans.
type Name struct {
	Full   string  `json:"full,omitempty"` // as the person writes it
	Family string  `json:"family,omitempty"`
	Given  string  `json:"given,omitempty"`
	Script string  `json:"script,omitempty"` // ISO 15924; Latn when left out
	MRZ    string  `json:"mrz,omitempty"`    // ERIKSSON<<ANNA<MARIA
	Use    NameUse `json:"use,omitempty"`
}

// NameUse says what a name is to the person.
type NameUse string

// Uses of a name. A name without one is the name now in use.
const (
	NameBirth     NameUse = "birth"
	NameFormer    NameUse = "former"
	NameAlias     NameUse = "alias"
	NamePseudonym NameUse = "pseudonym" // chosen by us to hide who it is
)

// String returns the full name, or family and given name.
func (n Name) String() string {
	if n.Full != "" {
		return n.Full
	}
	return strings.TrimSpace(n.Given + " " + n.Family)
}

// Sex is F, M or X as in a machine-readable zone; X is unspecified.
type Sex string

// The sexes that ICAO 9303 knows.
const (
	Female      Sex = "F"
	Male        Sex = "M"
	Unspecified Sex = "X"
)

// Identity is what tells one person from another.
type Identity struct {
	Names         []Name     `json:"names,omitempty"`
	Born          Date       `json:"born,omitzero"`
	BirthPlace    string     `json:"birth_place,omitempty"`
	BirthCountry  string     `json:"birth_country,omitempty"`
	Sex           Sex        `json:"sex,omitempty"`
	Nationalities []string   `json:"nationalities,omitempty"`
	Documents     []Document `json:"documents,omitempty"`
}

// Document is a passport or another paper that names its holder.
type Document struct {
	Type    DocumentType `json:"type"`
	Number  string       `json:"number"`
	Country string       `json:"country,omitempty"` // that issued it
	Expires Date         `json:"expires,omitzero"`
	Status  string       `json:"status,omitempty"` // lost, stolen, held by another person
}

// DocumentType is the type of a document.
type DocumentType string

// Types of documents.
const (
	Passport        DocumentType = "passport"
	IDCard          DocumentType = "id_card"
	ResidencePermit DocumentType = "residence_permit"
	Visa            DocumentType = "visa"
	SeamanBook      DocumentType = "seaman_book"
	BirthRecord     DocumentType = "birth_record"
	DrivingLicence  DocumentType = "driving_licence"
	TravelDocument  DocumentType = "travel_document"
)

var documentTypes = []DocumentType{Passport, IDCard, ResidencePermit, Visa, SeamanBook, BirthRecord, DrivingLicence, TravelDocument}

// marks counts which of the four things that tell people apart are known.
func (id *Identity) marks() int {
	n := 0
	for _, known := range []bool{id.named(), !id.Born.IsZero(), len(id.Nationalities) > 0, len(id.Documents) > 0} {
		if known {
			n++
		}
	}
	return n
}

func (id *Identity) named() bool {
	for _, n := range id.Names {
		if n.String() != "" && n.Use != NamePseudonym {
			return true
		}
	}
	return false
}

func (id *Identity) check(p *problems, at string) {
	for i, n := range id.Names {
		n.check(p, index(at+".names", i))
	}
	oneOf(p, at+".sex", id.Sex, Female, Male, Unspecified)
	p.country(at+".birth_country", id.BirthCountry)
	for i, c := range id.Nationalities {
		p.country(index(at+".nationalities", i), c)
		if c == "" {
			p.add(index(at+".nationalities", i), "an empty nationality; leave it out instead")
		}
	}
	if id.Born.After(p.asOf) {
		p.add(at+".born", "%s has not come yet", id.Born)
	}
	for i, d := range id.Documents {
		d.check(p, index(at+".documents", i))
	}
}

func (n *Name) check(p *problems, at string) {
	switch {
	case strings.TrimSpace(n.String()) == "" && n.MRZ == "":
		p.add(at, "an empty name; leave it out instead")
	case n.MRZ != "":
		if !isMRZ(n.MRZ) {
			p.add(at+".mrz", "only A-Z, 0-9 and < stand in a machine-readable zone")
		}
	case !latin(n.String()):
		p.add(at+".mrz", "a name that is not in Latin letters needs the form that its passport shows, such as ERIKSSON<<ANNA")
	}
	p.identifier(at+".script", ident.Script, n.Script)
	oneOf(p, at+".use", n.Use, NameBirth, NameFormer, NameAlias, NamePseudonym)
}

func (d *Document) check(p *problems, at string) {
	if d.Type == "" {
		p.add(at+".type", "which document it is must be said, such as passport")
	}
	oneOf(p, at+".type", d.Type, documentTypes...)
	if !isDocumentNumber(d.Number) {
		p.add(at+".number", "%.40q is not a document number: 3 to 32 of A-Z, 0-9, space, - and /", d.Number)
	}
	p.country(at+".country", d.Country)
}
