package names

import (
	"slices"

	"golang.org/x/text/unicode/norm"
)

// greekLetters follow ELOT 743.
var greekLetters = map[rune]string{
	'α': "a", 'β': "v", 'γ': "g", 'δ': "d", 'ε': "e", 'ζ': "z", 'η': "i", 'θ': "th", 'ι': "i", 'κ': "k", 'λ': "l", 'μ': "m", 'ν': "n", 'ξ': "x",
	'ο': "o", 'π': "p", 'ρ': "r", 'σ': "s", 'ς': "s", 'τ': "t", 'υ': "y", 'φ': "f", 'χ': "ch", 'ψ': "ps", 'ω': "o",
}

// greekPairs are two letters that are read as one; b and d stand at the start
// of a word only.
var greekPairs = map[string]string{
	"ου": "ou", "αυ": "av", "ευ": "ev", "γγ": "ng", "γξ": "nx", "γχ": "nch", "μπ": "b", "ντ": "d", "γκ": "g", "τζ": "tz",
}

// fromGreek spells a Greek word.
func fromGreek(word []rune) string {
	plain := []rune(norm.NFD.String(string(word)))
	plain = slices.DeleteFunc(plain, func(r rune) bool { return r >= 0x300 && r < 0x370 })
	out := make([]byte, 0, 2*len(plain))
	for i := 0; i < len(plain); i++ {
		if i+1 < len(plain) {
			pair := string(plain[i : i+2])
			s, ok := greekPairs[pair]
			if ok && i > 0 && (pair == "μπ" || pair == "ντ") {
				s = map[string]string{"μπ": "mp", "ντ": "nt"}[pair]
			}
			if ok && i > 0 && pair == "γκ" {
				s = "gk"
			}
			if ok {
				out = append(out, s...)
				i++
				continue
			}
		}
		out = append(out, greekLetters[plain[i]]...)
	}
	return string(out)
}

// caucasianLetters spell the Armenian and the Georgian alphabet.
var caucasianLetters = map[rune]string{
	'ա': "a", 'բ': "b", 'գ': "g", 'դ': "d", 'ե': "e", 'զ': "z", 'է': "e", 'ը': "y", 'թ': "t", 'ժ': "zh", 'ի': "i", 'լ': "l", 'խ': "kh", 'ծ': "ts",
	'կ': "k", 'հ': "h", 'ձ': "dz", 'ղ': "gh", 'ճ': "ch", 'մ': "m", 'յ': "y", 'ն': "n", 'շ': "sh", 'ո': "o", 'չ': "ch", 'պ': "p", 'ջ': "j",
	'ռ': "r", 'ս': "s", 'վ': "v", 'տ': "t", 'ր': "r", 'ց': "ts", 'ւ': "u", 'փ': "p", 'ք': "k", 'օ': "o", 'ֆ': "f", 'և': "ev",
	'ა': "a", 'ბ': "b", 'გ': "g", 'დ': "d", 'ე': "e", 'ვ': "v", 'ზ': "z", 'თ': "t", 'ი': "i", 'კ': "k", 'ლ': "l", 'მ': "m", 'ნ': "n", 'ო': "o",
	'პ': "p", 'ჟ': "zh", 'რ': "r", 'ს': "s", 'ტ': "t", 'უ': "u", 'ფ': "p", 'ქ': "k", 'ღ': "gh", 'ყ': "q", 'შ': "sh", 'ჩ': "ch", 'ც': "ts",
	'ძ': "dz", 'წ': "ts", 'ჭ': "ch", 'ხ': "kh", 'ჯ': "j", 'ჰ': "h",
}
