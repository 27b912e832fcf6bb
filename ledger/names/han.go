package names

import (
	"strings"

	"github.com/mozillazg/go-pinyin"
)

// hanSurnames are readings of surnames that differ from the most frequent one of
// their character.
var hanSurnames = map[rune]string{
	'单': "shan", '單': "shan", '曾': "zeng", '解': "xie", '仇': "qiu", '任': "ren", '区': "ou", '區': "ou", '查': "zha", '朴': "piao", '盖': "ge",
	'尉': "yu", '冼': "xian", '翟': "zhai", '召': "shao", '员': "yun", '黑': "he", '缪': "miao", '繆': "miao", '乐': "yue", '樂': "yue",
	'覃': "qin", '盛': "sheng", '葛': "ge", '华': "hua", '華': "hua", '宁': "ning", '寧': "ning", '洗': "xian", '秘': "bi", '祭': "zhai", '万': "wan", '沈': "shen", '石': "shi",
}

// hanDouble are surnames of two characters.
var hanDouble = map[string]bool{
	"欧阳": true, "歐陽": true, "司马": true, "司馬": true, "诸葛": true, "諸葛": true, "上官": true, "司徒": true, "夏侯": true, "皇甫": true, "尉迟": true, "尉遲": true,
	"慕容": true, "令狐": true, "东方": true, "東方": true, "公孙": true, "公孫": true, "独孤": true, "獨孤": true, "南宫": true, "南宮": true, "端木": true, "司空": true,
	"澹台": true, "长孙": true, "長孫": true, "宇文": true, "轩辕": true, "軒轅": true, "赫连": true, "百里": true, "呼延": true, "拓跋": true,
}

// hanSyllable returns the most frequent Mandarin reading without its tone.
func hanSyllable(r rune) string {
	first, _, _ := strings.Cut(pinyin.PinyinDict[int(r)], ",")
	return strings.ReplaceAll(foldLatin([]rune(strings.ReplaceAll(strings.ToLower(first), "ü", "v"))), "v", "u")
}

// fromHan spells a Chinese word: the surname, a blank, the given name. A word
// of one character, and one longer than a name, is spelled character by
// character.
func fromHan(word []rune) string { return spellHan(word, func(s string) string { return s }) }

// wadeGilesInitials spell the initials of pinyin in the older system, in which
// Taiwan and books before 1979 write names; longest first.
var wadeGilesInitials = [...][2]string{
	{"zh", "ch"}, {"ch", "ch"}, {"sh", "sh"}, {"b", "p"}, {"d", "t"}, {"g", "k"}, {"j", "ch"}, {"q", "ch"}, {"x", "sh"}, {"z", "ts"}, {"c", "ts"}, {"r", "j"},
}

// wadeGiles spells a syllable of pinyin in Wade-Giles, as far as codes differ.
func wadeGiles(s string) string {
	for _, i := range wadeGilesInitials {
		if rest, ok := strings.CutPrefix(s, i[0]); ok {
			return i[1] + rest
		}
	}
	return s
}

// spellHan spells each character, its pinyin brought to another system by turn.
func spellHan(word []rune, turn func(string) string) string {
	family := 1
	if len(word) > 2 && hanDouble[string(word[:2])] {
		family = 2
	}
	out := make([]byte, 0, 6*len(word))
	for i, r := range word {
		s := hanSyllable(r)
		if special, ok := hanSurnames[r]; ok && i == 0 && len(word) <= 4 {
			s = special
		}
		if i == family && len(word) <= 4 || i > 0 && len(word) > 4 {
			out = append(out, ' ')
		}
		out = append(out, turn(s)...)
	}
	return string(out)
}

// hangulLead, hangulVowels and hangulTail are the parts of a Korean syllable in
// the order of Unicode, in Revised Romanization.
var (
	hangulLead  = [...]string{"g", "kk", "n", "d", "tt", "r", "m", "b", "pp", "s", "ss", "", "j", "jj", "ch", "k", "t", "p", "h"}
	hangulVowel = [...]string{"a", "ae", "ya", "yae", "eo", "e", "yeo", "ye", "o", "wa", "wae", "oe", "yo", "u", "wo", "we", "wi", "yu", "eu", "ui", "i"}
	hangulTail  = [...]string{
		"", "k", "k", "k", "n", "n", "n", "t", "l", "k", "m", "l", "l", "l", "l", "l", "m", "p", "p", "t", "t", "ng", "t", "t", "k", "t", "p", "t",
	}
)

// hangulSurnames are surnames that Koreans spell by custom.
var hangulSurnames = map[rune]string{
	'김': "kim", '이': "lee", '리': "ri", '박': "park", '최': "choi", '정': "jung", '강': "kang", '조': "cho", '윤': "yoon", '장': "jang", '임': "lim", '림': "rim",
	'오': "oh", '우': "woo", '구': "koo", '고': "ko", '권': "kwon", '유': "yoo", '류': "ryu", '노': "roh", '신': "shin", '백': "baek", '문': "moon", '배': "bae", '전': "jeon", '심': "shim", '주': "joo", '국': "kuk", '길': "kil", '금': "kum", '곽': "kwak", '공': "kong",
}

// fromHangul spells a Korean word; the first syllable of a word of two to four
// syllables is taken for the surname.
func fromHangul(word []rune) string {
	out := make([]byte, 0, 5*len(word))
	if len(word) > 2 && len(word) <= 4 && hangulDouble[string(word[:2])] {
		family := fromHangulSyllables(word[:2])
		return family + " " + fromHangulSyllables(word[2:])
	}
	for i, r := range word {
		if s, ok := hangulSurnames[r]; ok && i == 0 && len(word) <= 4 && len(word) > 1 {
			out = append(append(out, s...), ' ')
			continue
		}
		if i == 1 && len(word) <= 4 && len(out) > 0 && out[len(out)-1] != ' ' {
			out = append(out, ' ')
		}
		out = append(out, fromHangulSyllables([]rune{r})...)
	}
	return string(out)
}

// hangulDouble are surnames of two syllables.
var hangulDouble = map[string]bool{"남궁": true, "황보": true, "제갈": true, "사공": true, "선우": true, "서문": true, "독고": true, "동방": true}

// fromHangulSyllables spells syllables as they stand.
func fromHangulSyllables(word []rune) string {
	var out []byte
	for _, r := range word {
		if r < 0xac00 || r > 0xd7a3 {
			continue
		}
		n := int(r - 0xac00)
		out = append(out, hangulLead[n/588]...)
		out = append(out, hangulVowel[n%588/28]...)
		out = append(out, hangulTail[n%28]...)
	}
	return string(out)
}

// kanaLetters spell hiragana, in Hepburn; katakana is shifted to it first.
var kanaLetters = map[rune]string{
	'あ': "a", 'い': "i", 'う': "u", 'え': "e", 'お': "o", 'か': "ka", 'き': "ki", 'く': "ku", 'け': "ke", 'こ': "ko", 'が': "ga", 'ぎ': "gi", 'ぐ': "gu", 'げ': "ge", 'ご': "go",
	'さ': "sa", 'し': "shi", 'す': "su", 'せ': "se", 'そ': "so", 'ざ': "za", 'じ': "ji", 'ず': "zu", 'ぜ': "ze", 'ぞ': "zo", 'た': "ta", 'ち': "chi", 'つ': "tsu", 'て': "te", 'と': "to",
	'だ': "da", 'ぢ': "ji", 'づ': "zu", 'で': "de", 'ど': "do", 'な': "na", 'に': "ni", 'ぬ': "nu", 'ね': "ne", 'の': "no", 'は': "ha", 'ひ': "hi", 'ふ': "fu", 'へ': "he", 'ほ': "ho",
	'ば': "ba", 'び': "bi", 'ぶ': "bu", 'べ': "be", 'ぼ': "bo", 'ぱ': "pa", 'ぴ': "pi", 'ぷ': "pu", 'ぺ': "pe", 'ぽ': "po", 'ま': "ma", 'み': "mi", 'む': "mu", 'め': "me", 'も': "mo",
	'や': "ya", 'ゆ': "yu", 'よ': "yo", 'ら': "ra", 'り': "ri", 'る': "ru", 'れ': "re", 'ろ': "ro", 'わ': "wa", 'ゐ': "i", 'ゑ': "e", 'を': "o", 'ん': "n", 'ゔ': "vu",
	'ぁ': "a", 'ぃ': "i", 'ぅ': "u", 'ぇ': "e", 'ぉ': "o", 'ゎ': "wa",
}

// fromKana spells one Japanese word.
func fromKana(word []rune) string {
	out := make([]byte, 0, 3*len(word))
	for _, r := range word {
		if 'ァ' <= r && r <= 'ヶ' {
			r -= 0x60
		}
		switch r {
		case 'ゃ', 'ゅ', 'ょ', 'ぁ', 'ぃ', 'ぅ', 'ぇ', 'ぉ': // takes the place of the vowel before it
			if n := len(out); n > 0 && vowel(out[n-1]) {
				before := out[n-1]
				out = out[:n-1]
				plain := n > 2 && out[n-2] == 'h' && (out[n-3] == 's' || out[n-3] == 'c') || n > 1 && out[n-2] == 'j'
				if before == 'i' && !plain && (r == 'ゃ' || r == 'ゅ' || r == 'ょ') {
					out = append(out, 'y')
				}
			}
			out = append(out, map[rune]string{'ゃ': "a", 'ゅ': "u", 'ょ': "o"}[r]+kanaLetters[smallVowel(r)]...)
		case 'っ', 'ー':
		default:
			out = append(out, kanaLetters[r]...)
		}
	}
	return string(out)
}

// smallVowel returns the small vowel letters themselves and 0 for the others.
func smallVowel(r rune) rune {
	switch r {
	case 'ぁ', 'ぃ', 'ぅ', 'ぇ', 'ぉ':
		return r
	}
	return 0
}
