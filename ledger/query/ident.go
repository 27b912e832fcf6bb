package query

import (
	"strings"
	"unicode"

	"comity/ledger/ident"
)

// Types of identifiers: the names of the fields that look for them.
const (
	Doc     = "doc"
	Phone   = "phone"
	Wallet  = "wallet"
	IBAN    = "iban"
	Email   = "email"
	Account = "account"
	IMEI    = "imei"
	Plate   = "plate"
	VIN     = "vin"
)

// Advert is the type of what adverts are told apart by: a digest of their words. No
// field looks for it; notices that quote one advert are linked by it.
const Advert = "advert"

// maxIdentifier bounds a normal form, in bytes.
const maxIdentifier = 128

// kinds of package ident, by field.
var identKinds = map[string]ident.Kind{
	Doc: ident.Document, Phone: ident.Phone, Wallet: ident.Wallet, IBAN: ident.Bank, Email: ident.Email, IMEI: ident.IMEI, Plate: ident.Plate, VIN: ident.VIN,
}

// Normal returns the form in which identifiers of a type compare, and whether
// text can be one at all: the canonical form of package ident, without the
// country of a document or a plate, as few people know it; and for what has none,
// its letters and digits, so that an odd number is found by who types the same
// odd number.
func Normal(kind, text string) (norm string, ok bool) {
	text = strings.TrimSpace(text)
	if len(text) > 4*maxIdentifier {
		return "", false
	}
	text = ident.Digits(text)
	if kind == Phone && isE164(text) {
		return text[1:], true // as the ledger has nearly all of them
	}
	if k := identKinds[kind]; k != "" {
		if s, err := ident.Normalize(k, text); err == nil {
			switch kind {
			case Doc, Plate:
				s = s[strings.IndexByte(s, ':')+1:]
			case Phone:
				s = strings.TrimPrefix(s, "+")
			case Wallet:
				s = foldWallet(s)
			}
			return s, s != "" && len(s) <= maxIdentifier
		}
	}
	return loose(kind, text)
}

func isE164(s string) bool {
	return len(s) >= 8 && len(s) <= 16 && s[0] == '+' && s[1] != '0' && strings.Trim(s[1:], "0123456789") == ""
}

// foldWallet lowers the case of addresses in which it carries a checksum at most.
func foldWallet(s string) string {
	if lower := strings.ToLower(s); strings.HasPrefix(lower, "0x") || strings.HasPrefix(lower, "bc1") || strings.HasPrefix(lower, "tb1") {
		return lower
	}
	return s
}

// loose is Normal of what package ident does not take.
func loose(kind, text string) (norm string, ok bool) {
	switch kind {
	case Phone:
		norm = keep(Fold(text), isDigit)
		if rest, cut := strings.CutPrefix(norm, "00"); cut && !strings.HasPrefix(text, "+") {
			norm = rest
		}
		return norm, len(norm) >= 5 && len(norm) <= 17
	case Wallet:
		norm = foldWallet(keep(text, func(r rune) bool { return !unicode.IsSpace(r) }))
	case Email:
		norm = strings.ToLower(text)
		at := strings.LastIndexByte(norm, '@')
		return norm, at > 0 && at < len(norm)-1 && !strings.ContainsAny(norm, " \t") && len(norm) <= maxIdentifier
	case Account:
		norm = strings.TrimPrefix(Fold(text), "@")
	case IMEI:
		norm = keep(Fold(text), isDigit)
		return norm, len(norm) >= 14 && len(norm) <= 16
	default:
		norm = keep(strings.ToUpper(Fold(text)), func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) })
	}
	return norm, len(norm) >= 2 && len(norm) <= maxIdentifier
}

// CountryCode returns the alpha-2 code of a country that is written with two or
// three letters, and the code itself where there is none.
func CountryCode(code string) string {
	if c, err := ident.Normalize(ident.Country, code); err == nil {
		return c
	}
	return strings.ToUpper(code)
}

// CheckDigit says whether the check digits of a normal form are right; known is
// false for what has none.
func CheckDigit(kind, norm string) (right, known bool) {
	switch kind {
	case IBAN:
		// A number of another form is of a bank that has no IBAN.
		if len(norm) < 15 || len(norm) > 34 || !isUpper(norm[0]) || !isUpper(norm[1]) || !isDigit(rune(norm[2])) || !isDigit(rune(norm[3])) {
			return false, false
		}
		_, err := ident.Normalize(ident.IBAN, norm)
		return err == nil, true
	case IMEI, Wallet:
		_, err := ident.Normalize(identKinds[kind], norm)
		return err == nil, true
	}
	return false, false
}

// NearIdentifier reports whether two normal forms are at most one character
// apart: one changed, left out, added, or two neighbours swapped.
func NearIdentifier(a, b string) bool { return editDistance(a, b, 2) <= 1 }

// editDistance counts the characters to change, add, leave out or swap to make b
// of a; it stops at limit.
func editDistance(a, b string, limit int) int {
	if len(a)-len(b) >= limit*4 || len(b)-len(a) >= limit*4 {
		return limit
	}
	x, y := []rune(a), []rune(b)
	if len(x)-len(y) >= limit || len(y)-len(x) >= limit {
		return limit
	}
	before, last, row := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := range x {
		row[0] = i + 1
		best := row[0]
		for j := range y {
			cost := 1
			if x[i] == y[j] {
				cost = 0
			}
			row[j+1] = min(last[j+1]+1, row[j]+1, last[j]+cost)
			if i > 0 && j > 0 && x[i] == y[j-1] && x[i-1] == y[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
			best = min(best, row[j+1])
		}
		if best >= limit {
			return limit
		}
		before, last, row = last, row, before
	}
	return min(last[len(y)], limit)
}

func keep(s string, ok func(rune) bool) string {
	return strings.Map(func(r rune) rune {
		if ok(r) {
			return r
		}
		return -1
	}, s)
}

func isDigit(r rune) bool { return r >= '0' && r <= '9' }

func isUpper(c byte) bool { return c >= 'A' && c <= 'Z' }
