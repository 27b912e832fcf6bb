package ident

import (
	"strings"

	"github.com/biter777/countries"
	"golang.org/x/text/language"
)

// special are codes beside ISO 3166-1 alpha-3 that travel documents show (ICAO
// 9303-3 section 5), and that keep their form; UTO is no state, for specimens.
var special = words("GBD GBN GBO GBP GBS UNO UNA UNK XBA XIM XCC XCE XCO XEC XPO XES XMP XOM XDC XXA XXB XXC XXX EUE UTO IAO")

// withdrawn are the alpha-3 codes of ISO 3166-3: people were born there and
// papers still say so. By the alpha-2 code where that was not given out anew.
var withdrawn = map[string]string{
	"SUN": "SUN", "SU": "SUN", "YUG": "YUG", "YU": "YUG", "SCG": "SCG", "CSK": "CSK", "DDR": "DDR", "DD": "DDR",
	"TMP": "TLS", "TP": "TLS", "ZAR": "COD", "ZR": "COD", "ROM": "ROU", "BUR": "MMR", "BU": "MMR", "ANT": "ANT", "AN": "ANT",
}

func words(s string) map[string]bool {
	m := make(map[string]bool)
	for w := range strings.FieldsSeq(s) {
		m[w] = true
	}
	return m
}

// userAssigned reports whether s is one of XA to XZ, which ISO 3166-1 leaves to
// whoever needs codes that are nobody's.
func userAssigned(s string) bool {
	return len(s) == 2 && s[0] == 'X' && s[1] >= 'A' && s[1] <= 'Z'
}

// country returns the alpha-2 code for an alpha-2 or alpha-3 code of ISO 3166-1,
// for the D and RKS of travel documents and the codes of sports federations such as
// GER, which public notices use. What has no alpha-2 code keeps its own.
func country(s string) (string, error) {
	code := strings.TrimRight(strings.ToUpper(s), "<")
	switch {
	case code == "D":
		return "DE", nil
	case code == "RKS", code == "XKX":
		return "XK", nil
	case userAssigned(code), special[code]:
		return code, nil
	case withdrawn[code] != "":
		code = withdrawn[code]
		if withdrawn[code] == code {
			return code, nil
		}
	}
	if (len(code) == 2 || len(code) == 3) && allIn(code, upper) {
		// The library knows countries by a thousand words: only codes count.
		c := countries.ByName(code)
		two := c.Alpha2()
		if len(two) == 2 && allIn(two, upper) && (code == two || code == c.Alpha3() || code == c.IOC() || code == c.FIFA()) {
			return two, nil
		}
	}
	return "", wrong("%.20q is not a code of ISO 3166 such as XA, nor one that a passport shows", s)
}

// State returns the code of a country as a passport shows it (ICAO 9303-3
// section 5): three letters, D for Germany. What has no such code stays.
func State(code string) string {
	c, err := country(code)
	switch {
	case err != nil:
		return code
	case c == "DE":
		return "D"
	case c == "XK":
		return "RKS"
	case len(c) != 2 || userAssigned(c):
		return c
	}
	if three := countries.ByName(c).Alpha3(); len(three) == 3 {
		return three
	}
	return c
}

// bibliographic are the codes of ISO 639-2/B that differ from those of the
// registry, which libraries and public notices use.
var bibliographic = map[string]string{
	"alb": "sq", "arm": "hy", "baq": "eu", "bur": "my", "chi": "zh", "cze": "cs", "dut": "nl", "fre": "fr", "geo": "ka", "ger": "de",
	"gre": "el", "ice": "is", "mac": "mk", "mao": "mi", "may": "ms", "per": "fa", "rum": "ro", "slo": "sk", "tib": "bo", "wel": "cy",
}

// languageCode returns the code of ISO 639: of two letters where there is one.
func languageCode(s string) (string, error) {
	if (len(s) == 2 || len(s) == 3) && allIn(s, lower+upper) {
		if two := bibliographic[strings.ToLower(s)]; two != "" {
			return two, nil
		}
		if b, err := language.ParseBase(strings.ToLower(s)); err == nil && b.String() != "und" {
			return b.String(), nil
		}
	}
	return "", wrong("%.20q is not a code of ISO 639 such as en", s)
}

// scriptCode returns the code of ISO 15924, such as Latn.
func scriptCode(s string) (string, error) {
	if len(s) == 4 && allIn(s, lower+upper) {
		if sc, err := language.ParseScript(s); err == nil {
			return sc.String(), nil
		}
	}
	return "", wrong("%.20q is not a code of ISO 15924 such as Latn or Mymr", s)
}
