package names

import "slices"

// cyrillicLetters follow the usage of passports and news in English (close to
// BGN/PCGN); signs that have no sound are left out. Where systems differ, the
// spelling code of code.go brings them together.
var cyrillicLetters = map[rune]string{
	'а': "a", 'б': "b", 'в': "v", 'г': "g", 'д': "d", 'е': "e", 'ё': "yo", 'ж': "zh", 'з': "z", 'и': "i", 'й': "y", 'к': "k", 'л': "l", 'м': "m",
	'н': "n", 'о': "o", 'п': "p", 'р': "r", 'с': "s", 'т': "t", 'у': "u", 'ф': "f", 'х': "kh", 'ц': "ts", 'ч': "ch", 'ш': "sh", 'щ': "shch",
	'ы': "y", 'э': "e", 'ю': "yu", 'я': "ya",
	'ґ': "g", 'є': "ye", 'і': "i", 'ї': "yi", 'ў': "u", // Ukrainian, Belarusian
	'ђ': "dj", 'ј': "j", 'љ': "lj", 'њ': "nj", 'ћ': "c", 'џ': "dz", 'ѓ': "gj", 'ќ': "kj", 'ѕ': "dz", // Serbian, Macedonian
	'қ': "q", 'ғ': "gh", 'ә': "a", 'ң': "ng", 'ө': "o", 'ұ': "u", 'ү': "u", 'һ': "h", // Kazakh, Kyrgyz, Tatar, Mongolian
	'ҷ': "j", 'ӣ': "i", 'ӯ': "u", 'ҳ': "h", 'җ': "j", 'ҡ': "q", 'ҙ': "z", 'ҫ': "s", 'ӊ': "n", 'ӗ': "e", 'ӱ': "u", 'ӧ': "o", 'ӓ': "a", 'ѐ': "e", 'ѝ': "i",
	'ӏ': "", 'ь': "", 'ъ': "",
}

// fromCyrillic spells a Cyrillic word; letters that only Ukrainian or only
// Serbian and Macedonian has switch the rules of that language on.
func fromCyrillic(word []rune) string {
	has := func(rs ...rune) bool {
		return slices.ContainsFunc(word, func(r rune) bool { return slices.Contains(rs, r) })
	}
	ukrainian := has('і', 'ї', 'є', 'ґ') && !has('қ', 'ғ', 'ә', 'ң', 'ө', 'ұ', 'ү', 'ў')
	serbian := has('ђ', 'ј', 'љ', 'њ', 'ћ', 'џ')
	out := make([]byte, 0, 2*len(word))
	for i, r := range word {
		switch {
		case ukrainian && r == 'г':
			out = append(out, 'h')
		case ukrainian && r == 'и':
			out = append(out, 'y')
		case serbian && r == 'х':
			out = append(out, 'h')
		case serbian && r == 'ц':
			out = append(out, 'c')
		case r == 'ъ' && i > 0 && i+1 < len(word) && !isVowel(cyrillicLetters[word[i+1]]) && !isVowel(cyrillicLetters[word[i-1]]):
			out = append(out, 'a') // Bulgarian
		default:
			out = append(out, cyrillicLetters[r]...)
		}
	}
	return string(out)
}

// isVowel reports whether a romanised letter begins with a vowel sound.
func isVowel(s string) bool {
	return s != "" && (vowel(s[0]) || s[0] == 'y')
}

// vowel reports whether b is one of a, e, i, o, u.
func vowel(b byte) bool {
	switch b {
	case 'a', 'e', 'i', 'o', 'u':
		return true
	}
	return false
}
