package names

// khmerConsonants are spelled as Cambodian names are in Latin; a capital-free
// table of sound and series (1 or 2), which decides how vowels are read.
var khmerConsonants = map[rune]struct {
	sound  string
	second bool
}{
	'ក': {"k", false}, 'ខ': {"kh", false}, 'គ': {"k", true}, 'ឃ': {"kh", true}, 'ង': {"ng", true}, 'ច': {"ch", false}, 'ឆ': {"chh", false}, 'ជ': {"ch", true},
	'ឈ': {"chh", true}, 'ញ': {"nh", true}, 'ដ': {"d", false}, 'ឋ': {"th", false}, 'ឌ': {"d", true}, 'ឍ': {"th", true}, 'ណ': {"n", false}, 'ត': {"t", false},
	'ថ': {"th", false}, 'ទ': {"t", true}, 'ធ': {"th", true}, 'ន': {"n", true}, 'ប': {"b", false}, 'ផ': {"ph", false}, 'ព': {"p", true}, 'ភ': {"ph", true},
	'ម': {"m", true}, 'យ': {"y", true}, 'រ': {"r", true}, 'ល': {"l", true}, 'វ': {"v", true}, 'ឝ': {"s", false}, 'ឞ': {"s", false}, 'ស': {"s", false},
	'ហ': {"h", false}, 'ឡ': {"l", false}, 'អ': {"", false},
}

// khmerVowels: the reading after the first and after the second series.
var khmerVowels = map[rune][2]string{
	'ា': {"a", "ea"}, 'ិ': {"e", "i"}, 'ី': {"ey", "i"}, 'ឹ': {"oe", "ue"}, 'ឺ': {"eu", "eu"}, 'ុ': {"o", "u"}, 'ូ': {"ou", "u"}, 'ួ': {"uo", "uo"}, 'ើ': {"aeu", "eu"},
	'ឿ': {"oeu", "oeu"}, 'ៀ': {"ie", "ie"}, 'េ': {"e", "e"}, 'ែ': {"ae", "e"}, 'ៃ': {"ai", "ey"}, 'ោ': {"ao", "o"}, 'ៅ': {"au", "ov"},
}

var khmerIndependent = map[rune]string{
	'ឣ': "a", 'ឤ': "a", 'ឥ': "e", 'ឦ': "ei", 'ឧ': "u", 'ឩ': "u", 'ឪ': "au", 'ឫ': "rue", 'ឬ': "rue", 'ឭ': "lue", 'ឮ': "lue", 'ឯ': "ae", 'ឰ': "ai", 'ឱ': "ao", 'ឳ': "au",
}

// fromKhmer spells one Khmer word. A consonant without a sign has the vowel of
// its series unless it ends the word.
func fromKhmer(word []rune) string {
	out := make([]byte, 0, 2*len(word))
	second, bare := false, false
	for i := 0; i < len(word); i++ {
		r := word[i]
		if c, ok := khmerConsonants[r]; ok {
			stacked := i > 0 && word[i-1] == 0x17d2
			ends := i == len(word)-1 || word[i+1] == 0x17cb
			if bare && !stacked && len(out) > 0 {
				out = append(out, khmerOwnVowel(second)...)
			}
			out = append(out, c.sound...)
			if !stacked || !second && c.second && c.sound != "m" && c.sound != "n" && c.sound != "ng" && c.sound != "r" && c.sound != "l" {
				second = c.second
			}
			closed := len(out) > len(c.sound) && vowelBefore(out, len(c.sound)) // the consonant may end a syllable
			if r == 'វ' && closed && ends {
				out[len(out)-1] = 'w' // Keo
			}
			bare = !ends && !(closed && i+2 < len(word) && isKhmerConsonant(word[i+1]))
			if len(word) == 1 {
				out = append(out, 'a')
			}
			continue
		}
		series := 0
		if second {
			series = 1
		}
		if v, ok := khmerVowels[r]; ok {
			out = append(out, v[series]...)
			bare = false
			continue
		}
		switch {
		case khmerIndependent[r] != "":
			out = append(out, khmerIndependent[r]...)
			bare = false
		case r == 'ំ' && bare:
			out = append(out, "om"...)
			bare = false
		case r == 'ំ':
			out = append(out, 'm')
		case r == 'ះ':
			out = append(out, "ah"...)
			bare = false
		case r == 'ៈ':
			out = append(out, "ak"...) // Rattanak
			bare = false
		case r == '៉': // makes the first series
			second = false
			if n := len(out); n > 0 && out[n-1] == 'b' {
				out[n-1] = 'p'
			}
		case r == '៊':
			second = true
		case r == '៍' && len(out) > 0 && !vowel(out[len(out)-1]): // silenced
			out = out[:len(out)-1]
			bare = false
		}
	}
	return string(out)
}

func isKhmerConsonant(r rune) bool { _, ok := khmerConsonants[r]; return ok }

// vowelBefore reports whether a vowel stands before the last n bytes.
func vowelBefore(out []byte, n int) bool { return len(out) > n && vowel(out[len(out)-n-1]) }

func khmerOwnVowel(second bool) string {
	if second {
		return "o"
	}
	return "a"
}
