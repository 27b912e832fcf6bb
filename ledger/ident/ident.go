// Package ident brings what identifies people, things and accounts into one
// canonical form each, and refuses what cannot be one: telephone numbers, codes
// of countries, languages and scripts, bank accounts, devices, vehicles,
// wallets, documents, mail addresses and accounts with online services.
//
// The canonical form is what search, links and blind indexes compare: two
// spellings of one identifier have the same, two identifiers never do by
// accident of spelling. [Normalize] is strict and says in words what is wrong.
//
// What stands behind each kind, and who keeps it:
//
//	phone     E.164, github.com/nyaruka/phonenumbers (Apache 2.0 and MIT; a port of Google's
//	          libphonenumber that follows its metadata monthly; replaces a table of numbering
//	          plans by hand; it, its metadata and protobuf make the program 2.6 MB larger, 14 %, and
//	          its start some 15 ms slower, as it reads its metadata when the program begins)
//	country   ISO 3166-1 and -3, codes of ICAO 9303-3, github.com/biter777/countries (BSD 2)
//	language  ISO 639, and script ISO 15924: golang.org/x/text/language (BSD 3, the Go authors)
//	wallet    base58check and bech32(m): github.com/btcsuite/btcd/btcutil (ISC), which keys use
//	          already; EIP-55: golang.org/x/crypto/sha3; TRON is base58check of version 0x41
//	iban      ISO 13616, length by country, modulo 97 of ISO 7064: by hand, bank.go
//	imei      3GPP TS 23.003, Luhn: by hand; vin ISO 3779 with the check digit of 49 CFR 565: by hand
//
// # Reserved for tests
//
// Synthetic data must pass every check and be nobody's. So these count as sound:
// telephone numbers after +999, a calling code that ITU has not assigned; the
// user-assigned countries XA to XZ of ISO 3166-1 and UTO of ICAO 9303, in IBANs
// too; Bitcoin addresses of the test network.
//
// The package opens no file, reads no clock and starts no goroutine.
package ident

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// Kind is what an identifier identifies.
type Kind string

// The kinds, by the words that a query uses.
const (
	Phone    Kind = "phone"
	Document Kind = "doc"
	Wallet   Kind = "wallet"
	IBAN     Kind = "iban"
	Bank     Kind = "account" // an IBAN, or a number of a bank that has none
	IMEI     Kind = "imei"
	VIN      Kind = "vin"
	Plate    Kind = "plate"
	Email    Kind = "email"
	Handle   Kind = "handle" // service:name, with an online service
	Country  Kind = "country"
	Language Kind = "language"
	Script   Kind = "script"
)

// Kinds lists all kinds.
var Kinds = []Kind{Phone, Document, Wallet, IBAN, Bank, IMEI, VIN, Plate, Email, Handle, Country, Language, Script}

// ErrIdentifier is what every error of [Normalize] wraps.
var ErrIdentifier = errors.New("not an identifier of its kind")

// maxRaw bounds what is looked at: no identifier is longer.
const maxRaw = 256

// Normalize returns the canonical form of an identifier as a person wrote it.
// Its error wraps [ErrIdentifier] and is a sentence for the author: what is
// wrong, and how it should look. A canonical form is its own canonical form.
func Normalize(k Kind, raw string) (string, error) {
	s := strings.TrimSpace(raw)
	if s == "" {
		return "", wrong("nothing is written")
	}
	if len(s) > maxRaw {
		return "", wrong("%d characters; none is so long", len(s))
	}
	s = Digits(s)
	switch k {
	case Phone:
		return phone(s)
	case Document:
		return document(s)
	case Wallet:
		return wallet(s)
	case IBAN:
		return iban(s)
	case Bank:
		return bank(s)
	case IMEI:
		return imei(s)
	case VIN:
		return vin(s)
	case Plate:
		return plate(s)
	case Email:
		return email(s)
	case Handle:
		return handle(s)
	case Country:
		return country(s)
	case Language:
		return languageCode(s)
	case Script:
		return scriptCode(s)
	}
	return "", wrong("no kind %.20q of identifiers", string(k))
}

// Digits returns s with the decimal digits of every script as 0 to 9: numbers are read
// off documents as they stand there.
func Digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x80 || !unicode.IsDigit(r) {
			return r
		}
		v := rune(0) // digits of one script follow one another, and begin with their zero
		for v < 9 && unicode.IsDigit(r-v-1) {
			v++
		}
		return '0' + v
	}, s)
}

// Of joins a country and a number of a plate or a document into the raw text
// that [Normalize] reads: XA:AB123. Without a country it is the number.
func Of(country, number string) string {
	if country == "" {
		return number
	}
	return country + ":" + number
}

func wrong(format string, args ...any) error {
	return &identError{fmt.Sprintf(format, args...)}
}

// identError is a sentence that wraps ErrIdentifier without repeating it.
type identError struct{ why string }

func (e *identError) Error() string { return e.why }

func (e *identError) Unwrap() error { return ErrIdentifier }

const (
	upper   = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	lower   = "abcdefghijklmnopqrstuvwxyz"
	decimal = "0123456789"
)

// allIn reports whether s has bytes of the alphabet only.
func allIn(s, alphabet string) bool {
	for i := range len(s) {
		if strings.IndexByte(alphabet, s[i]) < 0 {
			return false
		}
	}
	return true
}

// compact leaves out what people put between the digits of a number.
func compact(s string) string { return separators.Replace(s) }

var separators = strings.NewReplacer(" ", "", "-", "", "/", "", ".", "", "<", "", "\u00a0", "", "\u2010", "", "\u2011", "", "\t", "", "\n", "")

// bare returns the ASCII letters and digits of s in upper case.
func bare(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x80 && strings.ContainsRune(upper+decimal, r) {
			return r
		}
		return -1
	}, strings.ToUpper(s[:min(len(s), maxRaw)]))
}
