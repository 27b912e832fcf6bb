package notice

import (
	"strings"
	"unicode"
)

// MRZForm returns the name as a machine-readable zone has it, FAMILY<<GIVEN, or
// the words alone where nobody said which is the family name. Letters that
// ICAO 9303-3 section 6 does not spell in Latin are left out; the author of
// such a name gives its MRZ form.
func (n Name) MRZForm() string {
	switch {
	case n.MRZ != "":
		return n.MRZ
	case n.Family != "" || n.Given != "":
		return formatMRZName(mrzText(n.Family), mrzText(n.Given))
	}
	return strings.Join(mrzWords(mrzText(n.Full)), "<")
}

// formatMRZName joins the words of a family and a given name, each in the
// letters of a zone already.
func formatMRZName(family, given string) string {
	s := strings.Join(mrzWords(family), "<")
	if g := mrzWords(given); len(g) > 0 {
		s += "<<" + strings.Join(g, "<")
	}
	return s
}

// parseMRZName is the inverse of formatMRZName.
func parseMRZName(s string) (family, given string) {
	family, given, _ = strings.Cut(unfill(s), "<<")
	return strings.Join(mrzWords(family), " "), strings.Join(mrzWords(given), " ")
}

// mrzWords returns the words of a name in a zone.
func mrzWords(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == '<' || r == ' ' })
}

// mrzText spells s in the letters of a zone: an apostrophe is left out, any
// other mark divides words.
func mrzText(s string) string {
	var b strings.Builder
	for _, r := range strings.ToUpper(s) {
		switch spelt, ok := mrzSpelling[r]; {
		case r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
			b.WriteRune(r)
		case ok:
			b.WriteString(spelt)
		case r == '\'' || r == '’' || unicode.IsLetter(r) || unicode.IsMark(r):
		default:
			b.WriteByte(' ')
		}
	}
	return b.String()
}

// mrzSpelling is the recommended transliteration of ICAO 9303-3 section 6 for
// the Latin letters outside A to Z.
var mrzSpelling = spellings(map[string]string{
	"A": "ÀÁÂÃĀĂĄ", "AE": "ÄÆ", "AA": "Å", "C": "ÇĆĈĊČ", "D": "ĎĐÐ", "E": "ÈÉÊËĒĔĖĘĚ", "G": "ĜĞĠĢ", "H": "ĤĦ",
	"I": "ÌÍÎÏĨĪĬĮİ", "IJ": "Ĳ", "J": "Ĵ", "K": "Ķ", "L": "ĹĻĽĿŁ", "N": "ÑŃŅŇ", "O": "ÒÓÔÕŌŎŐ", "OE": "ÖØŒ",
	"R": "ŔŖŘ", "S": "ŚŜŞŠȘ", "SS": "ßẞ", "T": "ŢŤŦȚ", "TH": "Þ", "U": "ÙÚÛŨŪŬŮŰŲ", "UE": "Ü", "W": "Ŵ", "Y": "ÝŶŸ",
	"Z": "ŹŻŽ",
})

func spellings(of map[string]string) map[rune]string {
	m := make(map[rune]string)
	for spelt, letters := range of {
		for _, r := range letters {
			m[r] = spelt
		}
	}
	return m
}
