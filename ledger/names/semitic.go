package names

// arabicLetters spell the letters of Arabic, Persian, Pashto, Urdu, Kurdish and
// Uyghur. Short vowels are mostly not written; the comparison of loose scripts
// forgives that.
var arabicLetters = map[rune]string{
	'ا': "a", 'أ': "a", 'إ': "i", 'آ': "a", 'ٱ': "a", 'ب': "b", 'ت': "t", 'ث': "th", 'ج': "j", 'ح': "h", 'خ': "kh", 'د': "d", 'ذ': "dh", 'ر': "r",
	'ز': "z", 'س': "s", 'ش': "sh", 'ص': "s", 'ض': "d", 'ط': "t", 'ظ': "z", 'ع': "a", 'غ': "gh", 'ف': "f", 'ق': "q", 'ك': "k", 'ل': "l",
	'م': "m", 'ن': "n", 'ه': "h", 'و': "w", 'ي': "y", 'ى': "a", 'ة': "a", 'ء': "", 'ئ': "y", 'ؤ': "w",
	'پ': "p", 'چ': "ch", 'ژ': "zh", 'گ': "g", 'ک': "k", 'ی': "y", 'ۀ': "e", 'ہ': "h", 'ھ': "h", 'ے': "e", 'ں': "n", 'ٹ': "t", 'ڈ': "d", 'ڑ': "r",
	'ټ': "t", 'ډ': "d", 'ړ': "r", 'ښ': "sh", 'ږ': "zh", 'ځ': "dz", 'څ': "ts", 'ې': "e", 'ۍ': "ay", 'ڼ': "n", 'ګ': "g", 'ێ': "e", 'ۆ': "o",
	'ڕ': "r", 'ڵ': "l", 'ە': "e", 'ۇ': "u", 'ۈ': "u", 'ۋ': "w", 'ڭ': "ng", 'ڤ': "v", 'ۃ': "a", 'ۂ': "e", 'ڠ': "ng", 'ڽ': "ny", 'ڬ': "g",
	0x64e: "a", 0x64f: "u", 0x650: "i", 0x64b: "", 0x64c: "", 0x64d: "", 0x652: "", 0x670: "a", 0x640: "",
}

// arabicWords are words whose spelling in Latin is fixed by custom.
var arabicWords = map[string]string{
	"محمد": "muhammad", "بن": "bin", "ابن": "ibn", "بنت": "bint", "ابو": "abu", "أبو": "abu", "ابي": "abu", "أبي": "abu", "ام": "umm", "أم": "umm",
	"آل": "al", "ال": "al", "عبد": "abd", "الله": "allah", "عبدالله": "abdullah", "علي": "ali", "علی": "ali", "عمر": "omar", "يوسف": "yusuf", "یوسف": "yusuf",
	"عمرو": "amr", "داود": "dawud", "داوود": "dawud", "طه": "taha", "حسن": "hasan", "حسين": "husayn", "حسین": "husayn", "احمد": "ahmad", "أحمد": "ahmad",
	"محمود": "mahmud", "عثمان": "uthman", "مصطفى": "mustafa", "مصطفی": "mustafa", "موسى": "musa", "موسی": "musa", "عيسى": "isa", "عیسی": "isa",
	"يحيى": "yahya", "یحیی": "yahya", "ابراهيم": "ibrahim", "إبراهيم": "ibrahim", "ابراهیم": "ibrahim", "اسماعيل": "ismail", "إسماعيل": "ismail",
	"سعيد": "said", "سعید": "said", "سيد": "sayyid", "سید": "sayyid", "شيخ": "shaykh", "خان": "khan", "رحمن": "rahman", "حاجی": "haji", "حاجي": "haji",
	"ملا": "mullah", "مولوی": "mawlawi", "مولوي": "mawlawi", "عايشة": "aisha", "عائشة": "aisha", "مريم": "maryam", "مریم": "maryam",
}

// fromArabic spells one word in the Arabic script. The article stays on the
// word; splitting it off is the work of Parse.
func fromArabic(word []rune) string {
	if s, ok := arabicWords[string(word)]; ok {
		return s
	}
	out := make([]byte, 0, 2*len(word))
	for i, r := range word {
		last := i == len(word)-1
		switch {
		case i == 0 && (r == 'ی' || r == 'ي'):
			out = append(out, 'y')
		case i == 0 && r == 'ا' && len(word) > 2 && (word[1] == 'ی' || word[1] == 'ي'):
			// alif before ya' carries the vowel that ya' writes: Iyad, Ishan
		case last && i > 0 && (r == 'ي' || r == 'ی'):
			out = append(out, 'i')
		case last && r == 'و' && i > 0:
			out = append(out, 'u')
		case last && (r == 'ه' || r == 'ة') && len(word) > 2:
			out = append(out, 'a')
		case r == 0x651: // shadda: double letters are one sound to the comparison
		default:
			out = append(out, arabicLetters[r]...)
		}
	}
	return string(out)
}

// hebrewLetters: final forms are those of the letter.
var hebrewLetters = map[rune]string{
	'א': "a", 'ב': "b", 'ג': "g", 'ד': "d", 'ה': "h", 'ו': "w", 'ז': "z", 'ח': "kh", 'ט': "t", 'י': "y", 'כ': "k", 'ך': "kh", 'ל': "l", 'מ': "m",
	'ם': "m", 'נ': "n", 'ן': "n", 'ס': "s", 'ע': "a", 'פ': "p", 'ף': "f", 'צ': "ts", 'ץ': "ts", 'ק': "k", 'ר': "r", 'ש': "sh", 'ת': "t",
	'װ': "v", 'ױ': "oy", 'ײ': "ey", '׳': "", '״': "",
}

// hebrewWords are names whose spelling in Latin is fixed by custom.
var hebrewWords = map[string]string{
	"יעקב": "yaakov", "יוסף": "yosef", "דוד": "david", "דויד": "david", "משה": "moshe", "אברהם": "avraham", "יצחק": "yitzhak", "שמעון": "shimon", "חנה": "hannah",
	"רבקה": "rivka", "שרה": "sara", "שלמה": "shlomo", "מרים": "miriam", "אליהו": "eliyahu", "בנימין": "binyamin", "יהודה": "yehuda", "יהושע": "yehoshua",
	"שמואל": "shmuel", "ישראל": "israel", "אסתר": "ester", "כהן": "cohen", "לוי": "levi", "בן": "ben", "בר": "bar", "אריה": "arye", "חיים": "haim", "מנחם": "menachem",
	"אהרון": "aharon", "יונתן": "yonatan", "רחל": "rachel", "לאה": "lea", "נתן": "natan", "יואל": "yoel", "אורי": "uri",
}

// fromHebrew spells one word in the Hebrew script.
func fromHebrew(word []rune) string {
	if s, ok := hebrewWords[string(word)]; ok {
		return s
	}
	out := make([]byte, 0, 2*len(word))
	for i, r := range word {
		last := i == len(word)-1
		next := rune(0)
		if !last {
			next = word[i+1]
		}
		switch {
		case r == 'ו' && (i == 0 || next == 'ו'):
			out = append(out, 'v')
		case r == 'ו' && i > 0 && word[i-1] == 'ו':
		case r == 'י' && next == 'י' && i > 0:
		case r == 'י' && last:
			out = append(out, 'i')
		case r == 'ה' && last:
			out = append(out, 'a')
		case r == 'ג' && (next == '׳' || next == '\''):
			out = append(out, 'j')
		case r == 'צ' && (next == '׳' || next == '\''):
			out = append(out, "ch"...)
		default:
			out = append(out, hebrewLetters[r]...)
		}
	}
	return string(out)
}

// ethiopicRows are the consonants of the Ethiopic syllabary from U+1200 on, one
// for each row of eight syllables.
var ethiopicRows = [...]string{
	"h", "l", "h", "m", "s", "r", "s", "sh", "q", "qw", "q", "qw", "b", "v", "t", "ch", "h", "hw", "n", "ny", "", "k", "kw", "kh", "khw", "w", "",
	"z", "zh", "y", "d", "d", "j", "g", "gw", "g", "t", "ch", "p", "ts", "ts", "f", "p",
}

// ethiopicVowels are the orders of a row.
var ethiopicVowels = [...]string{"e", "u", "i", "a", "e", "i", "o", "wa"}

// fromEthiopic spells one word of Amharic or Tigrinya.
func fromEthiopic(word []rune) string {
	out := make([]byte, 0, 3*len(word))
	for i, r := range word {
		row, order := int(r-0x1200)/8, int(r-0x1200)%8
		if r < 0x1200 || row >= len(ethiopicRows) {
			continue
		}
		out = append(out, ethiopicRows[row]...)
		switch {
		case ethiopicRows[row] == "" && order == 0:
			out = append(out, 'a')
		case order == 5 && i == len(word)-1 && ethiopicRows[row] != "": // no vowel at the end
		default:
			out = append(out, ethiopicVowels[order]...)
		}
	}
	return string(out)
}
