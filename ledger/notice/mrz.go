package notice

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// MRZ is the content of the machine-readable zone of a travel document, ICAO
// 9303 parts 3 to 6:
//
//	P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<
//	L898902C36UTO7408122F1204159ZE184226B<<<<<10
type MRZ struct {
	Format      MRZFormat
	Code        string // of the document, such as P
	State       string // that issued it, as printed: 1 to 3 letters
	Number      string
	Nationality string
	Birth       string // YYMMDD, with << for what is unknown
	Sex         Sex
	Expiry      string // YYMMDD
	Family      string
	Given       string
	Optional    string
	Optional2   string // TD1 only
}

// MRZFormat is the size of a document.
type MRZFormat uint8

// The formats of machine-readable zones.
const (
	TD1  MRZFormat = 1 // cards: 3 lines of 30
	TD2  MRZFormat = 2 // larger cards: 2 lines of 36
	TD3  MRZFormat = 3 // passports: 2 lines of 44
	MRVA MRZFormat = 4 // visas of full size: 2 lines of 44, of which the first begins with V
	MRVB MRZFormat = 5 // visas: 2 lines of 36, likewise
)

// ErrMRZ is returned for text that is not a machine-readable zone or was not
// read well: a check digit is wrong. Scan again.
var ErrMRZ = errors.New("not a machine-readable zone that was read well")

// mrzLayout says where the fields are once the lines are joined. A span is
// [from, to).
type mrzLayout struct {
	width, lines                  int
	number, optional, name        [2]int
	nationality, birth, sex, exp  int
	optional2                     [2]int
	optionalCheck, compositeCheck int // position, 0: none
	composite                     [][2]int
}

var mrzLayouts = map[MRZFormat]*mrzLayout{
	TD1: {
		width: 30, lines: 3,
		number: [2]int{5, 14}, optional: [2]int{15, 30}, birth: 30, sex: 37, exp: 38, nationality: 45,
		optional2: [2]int{48, 59}, compositeCheck: 59, name: [2]int{60, 90},
		composite: [][2]int{{5, 30}, {30, 37}, {38, 45}, {48, 59}},
	},
	TD2: {
		width: 36, lines: 2,
		name: [2]int{5, 36}, number: [2]int{36, 45}, nationality: 46, birth: 49, sex: 56, exp: 57,
		optional: [2]int{64, 71}, compositeCheck: 71,
		composite: [][2]int{{36, 46}, {49, 56}, {57, 71}},
	},
	TD3: {
		width: 44, lines: 2,
		name: [2]int{5, 44}, number: [2]int{44, 53}, nationality: 54, birth: 57, sex: 64, exp: 65,
		optional: [2]int{72, 86}, optionalCheck: 86, compositeCheck: 87,
		composite: [][2]int{{44, 54}, {57, 64}, {65, 87}},
	},
	// A visa has no digit over the whole zone (ICAO 9303-7 section 4.2.2).
	MRVA: {
		width: 44, lines: 2,
		name: [2]int{5, 44}, number: [2]int{44, 53}, nationality: 54, birth: 57, sex: 64, exp: 65, optional: [2]int{72, 88},
	},
	MRVB: {
		width: 36, lines: 2,
		name: [2]int{5, 36}, number: [2]int{36, 45}, nationality: 46, birth: 49, sex: 56, exp: 57, optional: [2]int{64, 72},
	},
}

// formatOf returns the format of a zone by its length and first letter, 0 if
// there is none such.
func formatOf(zone string) MRZFormat {
	visa := strings.HasPrefix(zone, "V")
	switch {
	case len(zone) == 90:
		return TD1
	case len(zone) == 72 && visa:
		return MRVB
	case len(zone) == 72:
		return TD2
	case len(zone) == 88 && visa:
		return MRVA
	case len(zone) == 88:
		return TD3
	}
	return 0
}

// ParseMRZ reads the lines of a zone, which white space may divide. Every check
// digit must be right.
func ParseMRZ(text string) (*MRZ, error) {
	if len(text) > 200 {
		return nil, fmt.Errorf("%w: %d characters", ErrMRZ, len(text))
	}
	zone := strings.Join(strings.Fields(text), "")
	m := &MRZ{Format: formatOf(zone)}
	if m.Format == 0 {
		return nil, fmt.Errorf("%w: %d characters; want 88 of a passport, 72 or 90 of a card", ErrMRZ, len(zone))
	}
	if !isMRZ(zone) {
		return nil, fmt.Errorf("%w: only A-Z, 0-9 and < stand in one", ErrMRZ)
	}
	if err := m.parse(zone, mrzLayouts[m.Format]); err != nil {
		return nil, err
	}
	return m, nil
}

func (m *MRZ) parse(zone string, l *mrzLayout) error {
	span := func(s [2]int) string { return zone[s[0]:s[1]] }
	m.Code, m.State = unfill(zone[0:2]), unfill(zone[2:5])
	m.Nationality = unfill(zone[l.nationality : l.nationality+3])
	m.Birth, m.Expiry = zone[l.birth:l.birth+6], zone[l.exp:l.exp+6]
	m.Family, m.Given = parseMRZName(span(l.name))
	m.Optional, m.Optional2 = unfill(span(l.optional)), unfill(span(l.optional2))
	if err := m.parseNumber(span(l.number), zone[l.number[1]]); err != nil {
		return err
	}
	for _, f := range []struct {
		what string
		at   int
	}{{"date of birth", l.birth}, {"date of expiry", l.exp}} {
		if err := verifyDigit(f.what, zone[f.at:f.at+6], zone[f.at+6]); err != nil {
			return err
		}
		if !allIn(zone[f.at:f.at+6], decimalDigits+"<") {
			return fmt.Errorf("%w: %s has letters", ErrMRZ, f.what)
		}
	}
	switch zone[l.sex] {
	case 'F', 'M':
		m.Sex = Sex(zone[l.sex : l.sex+1])
	case '<', 'X':
		m.Sex = Unspecified
	default:
		return fmt.Errorf("%w: sex %q", ErrMRZ, zone[l.sex])
	}
	// The digit of an empty optional field may be left out.
	if l.optionalCheck != 0 && (m.Optional != "" || zone[l.optionalCheck] != '<') {
		if err := verifyDigit("optional data", span(l.optional), zone[l.optionalCheck]); err != nil {
			return err
		}
	}
	if l.compositeCheck == 0 {
		return nil
	}
	return verifyDigit("whole zone", l.compositeText(zone), zone[l.compositeCheck])
}

// parseNumber reads the document number. One longer than nine characters goes
// on in the optional data of a card, and its check digit follows it there.
func (m *MRZ) parseNumber(field string, check byte) error {
	m.Number = unfill(field)
	if !m.longNumber() || check != '<' || m.Optional == "" {
		if m.Number == "" && check == '<' {
			return nil
		}
		return verifyDigit("document number", field, check)
	}
	rest, after, _ := strings.Cut(m.Optional, "<")
	if strings.Contains(field, "<") || len(rest) < 2 {
		return fmt.Errorf("%w: document number without a check digit", ErrMRZ)
	}
	last := len(rest) - 1
	m.Number, m.Optional = field+rest[:last], after
	return verifyDigit("document number", m.Number, rest[last])
}

// longNumber reports whether the format has room for a number of more than nine
// characters.
func (m *MRZ) longNumber() bool { return m.Format == TD1 || m.Format == TD2 }

// Lines returns the zone. It fails if a field does not fit: only a name is cut.
func (m *MRZ) Lines() ([]string, error) {
	l := mrzLayouts[m.Format]
	if l == nil {
		return nil, fmt.Errorf("%w: format %d", ErrMRZ, m.Format)
	}
	number, numberCheck, optional := m.Number, digit(m.Number), m.Optional
	if len(number) > 9 && m.longNumber() {
		optional = number[9:] + string(numberCheck) + "<" + optional
		number, numberCheck = number[:9], '<'
	}
	if number == "" {
		numberCheck = '<'
	}
	zone := []byte(strings.Repeat("<", l.width*l.lines))
	var wrong error
	put := func(what, s string, from, to int) {
		s = strings.TrimRight(s, "<")
		if len(s) > to-from || !isMRZ(s) {
			wrong = fmt.Errorf("%w: %s %.50q", ErrMRZ, what, s)
			return
		}
		copy(zone[from:], s)
	}
	put("code", m.Code, 0, 2)
	put("state", m.State, 2, 5)
	put("nationality", m.Nationality, l.nationality, l.nationality+3)
	put("document number", number, l.number[0], l.number[1])
	put("date of birth", m.Birth, l.birth, l.birth+6)
	put("date of expiry", m.Expiry, l.exp, l.exp+6)
	put("optional data", optional, l.optional[0], l.optional[1])
	put("optional data", m.Optional2, l.optional2[0], l.optional2[1])
	name := formatMRZName(m.Family, m.Given)
	put("name", name[:min(len(name), l.name[1]-l.name[0])], l.name[0], l.name[1])
	if m.Sex == Female || m.Sex == Male {
		put("sex", string(m.Sex), l.sex, l.sex+1)
	}
	if wrong != nil {
		return nil, wrong
	}
	zone[l.number[1]] = numberCheck
	zone[l.birth+6], zone[l.exp+6] = digit(string(zone[l.birth:l.birth+6])), digit(string(zone[l.exp:l.exp+6]))
	if l.optionalCheck != 0 && m.Optional != "" {
		zone[l.optionalCheck] = digit(m.Optional)
	}
	if l.compositeCheck != 0 {
		zone[l.compositeCheck] = digit(l.compositeText(string(zone)))
	}
	lines := make([]string, l.lines)
	for i := range lines {
		lines[i] = string(zone[i*l.width : (i+1)*l.width])
	}
	return lines, nil
}

// Born returns the date of birth. The century is the last one in which the
// holder is born by asOf.
func (m *MRZ) Born(asOf time.Time) Date {
	var field [3]int
	for i := range field {
		pair := m.Birth[min(2*i, len(m.Birth)):min(2*i+2, len(m.Birth))]
		switch {
		case len(pair) == 2 && allIn(pair, decimalDigits):
			field[i] = int(pair[0]-'0')*10 + int(pair[1]-'0')
		case i == 0:
			return Date{}
		}
	}
	year := asOf.UTC().Year()/100*100 + field[0]
	for range 2 {
		if d, err := NewDate(year, field[1], field[2]); err == nil && !d.After(asOf) {
			return d
		}
		year -= 100
	}
	return Date{}
}

func (l *mrzLayout) compositeText(zone string) string {
	var b strings.Builder
	for _, s := range l.composite {
		b.WriteString(zone[s[0]:s[1]])
	}
	return b.String()
}

// digit returns the check digit of s: weights 7, 3, 1; A is 10, < is 0.
func digit(s string) byte {
	sum := 0
	for i := range len(s) {
		v := 0
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			v = int(c - '0')
		case c >= 'A' && c <= 'Z':
			v = int(c-'A') + 10
		}
		sum += v * [3]int{7, 3, 1}[i%3]
	}
	return '0' + byte(sum%10)
}

func verifyDigit(what, s string, got byte) error {
	if want := digit(s); got != want {
		return fmt.Errorf("%w: check digit of the %s is %c, want %c", ErrMRZ, what, got, want)
	}
	return nil
}

// isMRZ reports whether only characters of a machine-readable zone are in s.
func isMRZ(s string) bool { return allIn(s, upperLetters+decimalDigits+"<") }

func unfill(s string) string { return strings.TrimRight(s, "<") }
