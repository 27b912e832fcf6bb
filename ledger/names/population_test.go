package names

import (
	"math/rand/v2"
	"slices"
	"strings"
)

// culture is a source of made-up people. A part is written "latin/latin=native":
// spellings in use, and the writing in the script of the country, which some
// cultures have. Given and family names are drawn apart, so nobody is meant.
type culture struct {
	name          string
	given, family []spelled
	middle        int  // of ten: how many people have a second given name or a father's
	familyFirst   bool // in Latin as well
	joined        bool // in the native script without a blank
}

// spelled is a name in its spellings.
type spelled struct {
	latin  []string
	native string
	made   bool // of a stem and an ending
}

func spellings(text string) []spelled {
	var out []spelled
	for w := range strings.FieldsSeq(text) {
		l, native, _ := strings.Cut(w, "=")
		s := spelled{native: strings.ReplaceAll(native, "_", " ")}
		for v := range strings.SplitSeq(l, "/") {
			s.latin = append(s.latin, strings.ReplaceAll(v, "_", " "))
		}
		out = append(out, s)
	}
	return out
}

// stems makes family names of every stem with every ending.
func stems(stems, endings string) []spelled {
	var out []spelled
	for _, s := range spellings(stems) {
		for _, e := range spellings(endings) {
			n := spelled{native: s.native + e.native, made: true}
			if s.native == "" {
				n.native = ""
			}
			for i, l := range s.latin {
				n.latin = append(n.latin, l+e.latin[min(i, len(e.latin)-1)])
			}
			out = append(out, n)
		}
	}
	return out
}

// person is one made-up name.
type person struct {
	latin   string   // the primary spelling
	variant string   // another spelling of the same
	native  string   // "" if the culture has no other script here
	words   []string // of latin
}

// cross makes a family name of the beginning of one and the end of another: the
// world has more family names than tables have, and one name is rare in it. It
// has no native writing.
func (s spelled) cross(o spelled) spelled {
	a, b := []rune(s.latin[0]), []rune(o.latin[0])
	if len(a) < 4 || len(b) < 4 {
		return s
	}
	cut := len(a) / 2
	if a[cut] == ' ' || a[cut] == '-' {
		cut++
	}
	from := len(b) / 2
	if b[from] == ' ' || b[from] == '-' {
		from++
	}
	return spelled{latin: []string{string(a[:cut]) + strings.ToLower(string(b[from:]))}}
}

// person draws a name from a culture.
func (c *culture) person(r *rand.Rand) person {
	parts := []spelled{c.given[r.IntN(len(c.given))]}
	if r.IntN(10) < c.middle {
		parts = append(parts, c.given[r.IntN(len(c.given))])
	}
	family := c.family[r.IntN(len(c.family))]
	if r.IntN(10) < 6 && !family.made {
		family = family.cross(c.family[r.IntN(len(c.family))])
	}
	parts = append(parts, family)
	if c.familyFirst {
		parts[0], parts[len(parts)-1] = parts[len(parts)-1], parts[0]
	}
	var p person
	var variant, native []string
	for _, s := range parts {
		p.words = append(p.words, s.latin[r.IntN(len(s.latin))])
		variant = append(variant, s.latin[r.IntN(len(s.latin))])
		if s.native != "" {
			native = append(native, s.native)
		}
	}
	p.latin, p.variant = strings.Join(p.words, " "), strings.Join(variant, " ")
	if len(native) == len(parts) {
		blank := " "
		if c.joined {
			blank = ""
		}
		p.native = strings.Join(native, blank)
	}
	return p
}

// halfOf draws with half of the family names of every culture: the first half,
// or the other.
func halfOf(half int, draw func() []person) []person {
	whole := cultures
	defer func() { cultures = whole }()
	cultures = slices.Clone(cultures)
	for i := range cultures {
		c := &cultures[i]
		f := slices.Clone(c.family)
		rand.New(rand.NewPCG(31, 32)).Shuffle(len(f), func(i, j int) { f[i], f[j] = f[j], f[i] })
		cut := len(f) / 2
		c.family = [][]spelled{f[:cut], f[cut:]}[half]
		if c.name == "Burmese" {
			c.given = c.family
		}
	}
	return draw()
}

// population draws n people with names that differ, of all cultures alike.
func population(r *rand.Rand, n int) []person {
	seen := make(map[string]bool, n)
	out := make([]person, 0, n)
	for i := 0; len(out) < n; i++ {
		p := cultures[i%len(cultures)].person(r)
		if !seen[p.latin] {
			seen[p.latin] = true
			out = append(out, p)
		}
	}
	return out
}

// treated returns the name with so many wrong letters, and at times in another
// order, as the public benchmark of candidates treats names.
func (p person) treated(r *rand.Rand, wrong int) string {
	words := append([]string(nil), p.words...)
	if r.IntN(3) == 0 {
		r.Shuffle(len(words), func(i, j int) { words[i], words[j] = words[j], words[i] })
	}
	name := strings.Join(words, " ")
	for range wrong {
		name = typo(r, name)
	}
	return name
}

// typo drops, adds, changes or swaps a letter.
func typo(r *rand.Rand, name string) string {
	s := []rune(name)
	if len(s) < 4 {
		return name
	}
	i := 1 + r.IntN(len(s)-2)
	for tries := 0; (s[i] == ' ' || s[i+1] == ' ') && tries < 50; tries++ {
		i = 1 + r.IntN(len(s)-2)
	}
	letter := rune('a' + r.IntN(26))
	switch r.IntN(4) {
	case 0:
		s = slices.Delete(s, i, i+1)
	case 1:
		s = slices.Insert(s, i, letter)
	case 2:
		s[i] = letter
	case 3:
		s[i], s[i+1] = s[i+1], s[i]
	}
	return string(s)
}

var cultures = []culture{
	{name: "Arab", middle: 7, given: spellings(arabGiven), family: spellings(arabFamily)},
	{name: "Arab", middle: 9, given: spellings(arabGiven), family: spellings(arabFamily)},
	{name: "Afghan", middle: 5, given: spellings(afghanGiven), family: spellings(afghanFamily)},
	{name: "Russian", middle: 0, given: spellings(russianGiven), family: stems(russianStems, russianEndings)},
	{name: "Chinese", familyFirst: true, joined: true, given: stems(chineseFirst, chineseSecond), family: spellings(chineseFamily)},
	{name: "Korean", familyFirst: true, joined: true, given: stems(koreanFirst, koreanSecond), family: spellings(koreanFamily)},
	{name: "Burmese", middle: 6, given: spellings(burmesePairs), family: spellings(burmesePairs)},
	{name: "Khmer", familyFirst: true, given: spellings(khmerGiven), family: spellings(khmerFamily)},
	{name: "Thai", given: spellings(thaiGiven), family: stems(thaiStems, thaiEndings)},
	{name: "Indian", middle: 3, given: spellings(indianGiven), family: spellings(indianFamily)},
	{name: "Bengali", middle: 3, given: spellings(bengaliGiven), family: spellings(bengaliFamily)},
	{name: "Vietnamese", middle: 10, familyFirst: true, given: spellings(vietGiven), family: spellings(vietFamily)},
	{name: "Spanish", middle: 4, given: spellings(spanishGiven), family: spellings(spanishFamily)},
	{name: "English", middle: 3, given: spellings(englishGiven), family: stems(englishStems, "ton ley ford well son man by wood field worth")},
	{name: "German", middle: 2, given: spellings(germanGiven), family: stems(germanStems, "mann berg hauer er meier bach stein feld hofer")},
	{name: "French", middle: 2, given: spellings(frenchGiven), family: stems(frenchStems, "ard eau et ier on in aud elle")},
	{name: "Turkish", middle: 2, given: spellings(turkishGiven), family: stems("Yıl Ak Kara Demir Öz Gün Ay Er Çel Şen Tok Kaya Sar Bay Koç Tan Yal", "maz oğlu er soy alp taş can türk demir kan gül bay")},
	{name: "Nigerian", middle: 3, given: spellings(nigerianGiven), family: stems("Ade Olu Oba Ola Ogun Chuk Ike Nwa Oko Eze Aki Ayo Bab", "yemi wole femi mide kunle wuma nna chi rie bunmi lola tunde gbade")},
	{name: "Polish", given: spellings(polishGiven), family: stems("Kowal Wiśn Nowak Zieliń Szymań Wójc Kamiń Lewand Jabłoń Ostrow Górn Sikor Malin Czern Borow", "ski ewski owski icki iak czyk owicz ik")},
	{name: "Indonesian", middle: 4, given: spellings(indonesianGiven), family: spellings(indonesianFamily)},
	{name: "Greek", given: spellings(greekGiven), family: stems("Papad=Παπαδ Kon=Κον Geo=Γε Nik=Νικ Dim=Δημ Tsi=Τσ Mav=Μαυ Ler=Λερ Zaf=Ζαφ Kal=Καλ Ath=Αθ Sta=Στα", "opoulos=όπουλος akis=άκης idis=ίδης atos=άτος ellis=έλλης oglou=όγλου")},
	{name: "Hebrew", given: spellings(hebrewGiven), family: spellings(hebrewFamily)},
}
