package ident

import (
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// testRange is a calling code that ITU has not assigned: synthetic numbers
// begin with it and ring nowhere.
const testRange = "999"

// phone returns a number as E.164 has it: +66812345678. The number must be
// written for callers from abroad, after + or 00. Its calling code must be
// assigned and its length one that the country has; whether the range is in
// use is not asked, as numbering plans change faster than programs.
func phone(s string) (string, error) {
	s = strings.TrimPrefix(strings.ToLower(s), "tel:")
	if !allIn(strings.ReplaceAll(s, "\u00a0", " "), decimal+"+ -./()") {
		return "", wrong("%.40q is not a telephone number: digits after + and the country's code, such as +99955501234", s)
	}
	if rest, ok := strings.CutPrefix(s, "00"); ok {
		s = "+" + rest
	}
	if !strings.HasPrefix(s, "+") || strings.LastIndexByte(s, '+') != 0 {
		return "", wrong("%.40q has no country: write it as one dials from abroad, such as +99955501234", s)
	}
	bare := bare(s)
	if len(bare) < 7 || len(bare) > 17 {
		return "", wrong("%.40q has %d digits; a telephone number has 7 to 15 with its country code", s, len(bare))
	}
	if strings.HasPrefix(bare, testRange) {
		if len(bare) > 15 {
			return "", wrong("%.40q has %d digits; a telephone number has 7 to 15 with its country code", s, len(bare))
		}
		return "+" + bare, nil
	}
	n, err := phonenumbers.Parse(s, "")
	if err != nil {
		return "", wrong("%.40q begins with no country's calling code", s)
	}
	switch phonenumbers.IsPossibleNumberWithReason(n) {
	case phonenumbers.IS_POSSIBLE:
		e164 := phonenumbers.Format(n, phonenumbers.E164)
		// A leading zero that callers from abroad leave out is left out once.
		if again, err := phonenumbers.Parse(e164, ""); err != nil || phonenumbers.Format(again, phonenumbers.E164) != e164 {
			return "", wrong("%.40q has a zero too many after +%d", s, n.GetCountryCode())
		}
		return e164, nil
	case phonenumbers.TOO_LONG:
		return "", wrong("%.40q is too long for a number after +%d", s, n.GetCountryCode())
	case phonenumbers.INVALID_COUNTRY_CODE:
		return "", wrong("%.40q begins with no country's calling code", s)
	}
	return "", wrong("%.40q is too short for a number after +%d, or has no area code", s, n.GetCountryCode())
}
