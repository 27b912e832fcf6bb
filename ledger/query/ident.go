package query

import (
	"strings"
	"unicode"
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

// maxIdentifier bounds a normal form, in bytes.
const maxIdentifier = 128

// Normal returns the form in which identifiers of a type compare, and whether
// text can be one at all. It forgives what people put between the digits; it
// does not say that the number exists.
func Normal(kind, text string) (norm string, ok bool) {
	text = strings.TrimSpace(text)
	switch kind {
	case Phone:
		norm = keep(Fold(text), isDigit)
		if rest, cut := strings.CutPrefix(norm, "00"); cut && !strings.HasPrefix(text, "+") {
			norm = rest
		}
		return norm, len(norm) >= 5 && len(norm) <= 17
	case Wallet:
		norm = keep(text, func(r rune) bool { return !unicode.IsSpace(r) })
		if lower := strings.ToLower(norm); strings.HasPrefix(lower, "0x") || strings.HasPrefix(lower, "bc1") {
			norm = lower // the case of these carries a checksum at most
		}
	case Email:
		norm = strings.ToLower(text)
		at := strings.LastIndexByte(norm, '@')
		return norm, at > 0 && at < len(norm)-1 && !strings.ContainsAny(norm, " \t") && len(norm) <= maxIdentifier
	case Account:
		norm = strings.TrimPrefix(Fold(text), "@")
	case IMEI:
		norm = keep(Fold(text), isDigit)
		if len(norm) == 16 {
			norm = norm[:14] + luhn(norm[:14]) // IMEISV: the software's version in place of the check digit
		}
		return norm, len(norm) == 15 || len(norm) == 14
	default:
		norm = keep(strings.ToUpper(Fold(text)), func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) })
	}
	return norm, len(norm) >= 2 && len(norm) <= maxIdentifier
}

// CheckDigit says whether the check digits of a normal form are right; known is
// false for types that have none.
func CheckDigit(kind, norm string) (right, known bool) {
	switch kind {
	case IBAN:
		if len(norm) < 15 || len(norm) > 34 || !isUpper(norm[0]) || !isUpper(norm[1]) || !isDigit(rune(norm[2])) || !isDigit(rune(norm[3])) {
			return false, false // an account number of another form
		}
		rest := 0
		for _, c := range norm[4:] + norm[:4] {
			switch {
			case isDigit(c):
				rest = (rest*10 + int(c-'0')) % 97
			case c >= 'A' && c <= 'Z':
				rest = (rest*100 + int(c-'A') + 10) % 97
			default:
				return false, false
			}
		}
		return rest == 1, true
	case IMEI:
		return len(norm) == 15 && luhn(norm[:14]) == norm[14:], true
	}
	return false, false
}

// luhn returns the check digit of a string of digits.
func luhn(digits string) string {
	sum := 0
	for i := range len(digits) {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 0 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return string(rune('0' + (10-sum%10)%10))
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
