package names

import "golang.org/x/text/unicode/norm"

// latinLetters are letters that have no decomposition into a to z and marks.
var latinLetters = map[rune]string{
	'ß': "ss", 'æ': "ae", 'œ': "oe", 'ø': "o", 'đ': "d", 'ð': "d", 'þ': "th", 'ł': "l", 'ħ': "h", 'ı': "i", 'ĸ': "k", 'ŋ': "ng", 'ŧ': "t",
	'ə': "a", 'ɛ': "e", 'ɔ': "o", 'ƙ': "k", 'ɗ': "d", 'ɓ': "b", 'ƴ': "y", 'ɨ': "i", 'ʉ': "u", 'ɖ': "d", 'ɣ': "gh", 'ſ': "s", 'ƒ': "f", 'ǝ': "e",
	'ơ': "o", 'ư': "u", 'ǥ': "g", 'ȥ': "z", 'ɩ': "i", 'ʋ': "v", 'ŀ': "l", 'ĳ': "ij", 'ŉ': "n", 'ẞ': "ss",
}

// foldLatin drops the marks of Latin letters and expands the letters that are
// not among a to z.
func foldLatin(word []rune) string {
	out := make([]byte, 0, len(word)+4)
	for _, r := range word {
		if r < 0x80 {
			out = append(out, byte(r))
			continue
		}
		if s, ok := latinLetters[r]; ok {
			out = append(out, s...)
			continue
		}
		var buf [16]byte
		for _, d := range string(norm.NFKD.AppendString(buf[:0], string(r))) {
			if d < 0x80 {
				out = append(out, byte(d)|0x20)
			} else {
				out = append(out, latinLetters[d]...)
			}
		}
	}
	return string(out)
}
