package ident

import (
	"fmt"
	"strings"
)

// ibanLength is how long an IBAN is by country, from the registry of ISO 13616
// (release 99). A country that is not here has no IBANs.
var ibanLength = map[string]int{
	"AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BI": 27, "BR": 29, "BY": 28,
	"CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DJ": 27, "DK": 18, "DO": 28, "EE": 20, "EG": 29, "ES": 24, "FI": 18,
	"FK": 18, "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28, "HN": 28, "HR": 21, "HU": 28,
	"IE": 22, "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20, "LB": 28, "LC": 32, "LI": 21, "LT": 20,
	"LU": 20, "LV": 21, "LY": 25, "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MN": 20, "MR": 27, "MT": 31, "MU": 30, "NI": 28,
	"NL": 18, "NO": 15, "OM": 23, "PK": 24, "PL": 28, "PS": 29, "PT": 25, "QA": 29, "RO": 24, "RS": 22, "RU": 33, "SA": 24,
	"SC": 31, "SD": 18, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "SO": 23, "ST": 25, "SV": 28, "TL": 23, "TN": 24, "TR": 26,
	"UA": 29, "VA": 22, "VG": 24, "XK": 20, "YE": 30,
}

// iban returns an IBAN without spaces. Its country must have IBANs of this
// length and its check digits must be right. Those of user-assigned countries
// are for tests: 15 to 34 characters, with right check digits.
func iban(s string) (string, error) {
	n := strings.ToUpper(compact(strings.TrimPrefix(strings.ToUpper(s), "IBAN")))
	if len(n) < 15 || len(n) > 34 || !allIn(n, upper+decimal) || !allIn(n[:2], upper) || !allIn(n[2:4], decimal) {
		return "", wrong("%.40q is not an IBAN: two letters of the country, two digits, and 11 to 30 letters and digits", s)
	}
	switch want := ibanLength[n[:2]]; {
	case want == 0 && !userAssigned(n[:2]):
		return "", wrong("%.40q: %s has no IBANs", s, n[:2])
	case want != 0 && len(n) != want:
		return "", wrong("%.40q has %d characters; an IBAN of %s has %d", s, len(n), n[:2], want)
	case ibanRemainder(n) != 1:
		return "", wrong("%.40q: the check digits are wrong; read it again", s)
	}
	return n, nil
}

// ibanRemainder is what ISO 7064 MOD 97-10 leaves of the number with its first
// four characters moved to the end: 1 if it is right.
func ibanRemainder(n string) int {
	rest := 0
	for _, c := range []byte(n[4:] + n[:4]) {
		if c >= 'A' {
			rest = (rest*100 + int(c-'A') + 10) % 97
		} else {
			rest = (rest*10 + int(c-'0')) % 97
		}
	}
	return rest
}

// NewIBAN returns the IBAN of an account, whose letters are capitals, with its
// check digits: synthetic data needs some.
func NewIBAN(country, account string) string {
	return fmt.Sprintf("%s%02d%s", country, 98-ibanRemainder(country+"00"+account), account)
}

// bank returns the number of an account. What begins like an IBAN of a country
// that has them must be one.
func bank(s string) (string, error) {
	n := strings.ToUpper(compact(s))
	rest, said := strings.CutPrefix(n, "IBAN")
	if said || len(n) > 14 && allIn(n[:2], upper) && allIn(n[2:4], decimal) && (ibanLength[n[:2]] != 0 || userAssigned(n[:2])) {
		return iban(rest)
	}
	if len(n) < 3 || len(n) > 40 || !allIn(n, upper+decimal) || strings.Trim(n, upper) == "" {
		return "", wrong("%.40q is not a number of an account: an IBAN, or 3 to 40 letters and digits", s)
	}
	return n, nil
}
