package notice

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"comity/ledger/ident"
)

// MatchMRZ reports whether the holder of a scanned document may be the person
// of the card, and by what: the number of a document, or name and date of birth
// together. A name alone matches nobody: too many people share one.
func (v *View) MatchMRZ(m *MRZ, asOf time.Time) (ok bool, why string) {
	if v.Card == nil {
		return false, ""
	}
	person := &v.Card.Person
	for i := range person.Documents {
		if d := &person.Documents[i]; d.sameAs(m) {
			return true, fmt.Sprintf("%s number %s", strings.ReplaceAll(string(d.Type), "_", " "), d.Number)
		}
	}
	born := m.Born(asOf)
	if !born.IsDay() || !person.Born.IsDay() || born != person.Born {
		return false, ""
	}
	for _, n := range person.Names {
		if n.sameAs(m) {
			return true, fmt.Sprintf("name %s and date of birth %s", n, born)
		}
	}
	return false, ""
}

// sameAs reports whether the zone is of this document. DE, DEU and the D of a
// passport are one country; one that nobody knows is held against no document.
func (d *Document) sameAs(m *MRZ) bool {
	if bareNumber(d.Number) == "" || bareNumber(d.Number) != bareNumber(m.Number) {
		return false
	}
	ours, err := ident.Normalize(ident.Country, d.Country)
	if err != nil {
		return true
	}
	theirs, err := ident.Normalize(ident.Country, m.State)
	return err != nil || ours == theirs
}

// sameAs reports whether the words of the name are those of the zone, in any
// order. The last word of a name that fills its line may be cut.
func (n Name) sameAs(m *MRZ) bool {
	printed := formatMRZName(m.Family, m.Given)
	if m.Cut() {
		return strings.HasPrefix(n.MRZForm(), printed)
	}
	ours, theirs := mrzWords(n.MRZForm()), mrzWords(printed)
	slices.Sort(ours)
	slices.Sort(theirs)
	return len(ours) > 0 && slices.Equal(ours, theirs)
}

// Cut reports whether the name fills its line, so that its end may be missing.
func (m *MRZ) Cut() bool {
	width := 0
	if l := mrzLayouts[m.Format]; l != nil {
		width = l.name[1] - l.name[0]
	}
	return len(formatMRZName(m.Family, m.Given)) >= width
}

// PassportMRZ returns the zone that the passport on the card would show when it
// is scanned.
func (c *Card) PassportMRZ() (*MRZ, error) {
	p := &c.Person
	i := slices.IndexFunc(p.Documents, func(d Document) bool { return d.Type == Passport })
	if i < 0 || len(p.Names) == 0 {
		return nil, errors.New("the card names no passport and its holder")
	}
	d := p.Documents[i]
	family, given := parseMRZName(p.Names[0].MRZForm())
	m := &MRZ{
		Format: TD3, Code: "P", State: ident.State(d.Country), Number: bareNumber(d.Number), Nationality: ident.State(d.Country),
		Birth: mrzDate(p.Born), Sex: p.Sex, Expiry: mrzDate(d.Expires), Family: family, Given: given,
	}
	if len(p.Nationalities) > 0 {
		m.Nationality = ident.State(p.Nationalities[0])
	}
	return m, nil
}

// mrzDate returns YYMMDD, with << for what is not known.
func mrzDate(d Date) string {
	pair := func(n uint16) string {
		if n == 0 {
			return "<<"
		}
		return fmt.Sprintf("%02d", n%100)
	}
	if d.IsZero() {
		return "<<<<<<"
	}
	return fmt.Sprintf("%02d", d.year%100) + pair(uint16(d.month)) + pair(uint16(d.day))
}
