package names

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestProperties holds for all names: symmetry, 1 for a name and itself, bounds.
func TestProperties(t *testing.T) {
	people := population(rand.New(rand.NewPCG(7, 7)), 400)
	for i, p := range people {
		a := Parse(p.latin)
		b := Parse(people[(i*37+11)%len(people)].latin)
		checkPair(t, a, b)
		if p.native != "" {
			checkPair(t, a, Parse(p.native))
		}
		if m := Compare(a, a); m.Score != 1 || len(m.Why) != 1 || m.Why[0] != "same words" {
			t.Errorf("%s and itself: got %v", p.latin, m)
		}
	}
}

// checkPair checks what must hold for any two names.
func checkPair(t *testing.T, a, b Name) {
	t.Helper()
	ab, ba := Compare(a, b), Compare(b, a)
	if ab.Score != ba.Score || strings.Join(ab.Why, "|") != strings.Join(ba.Why, "|") {
		t.Errorf("%q, %q: got %v one way, %v the other", a.Tokens(), b.Tokens(), ab, ba)
	}
	if !(ab.Score >= 0 && ab.Score <= 1) {
		t.Errorf("%q, %q: score %v", a.Tokens(), b.Tokens(), ab.Score)
	}
	if s := Score(a, b); s != ab.Score {
		t.Errorf("%q, %q: Score %v, Compare %v", a.Tokens(), b.Tokens(), s, ab.Score)
	}
	if len(ab.Why) == 0 && !a.IsZero() && !b.IsZero() {
		t.Errorf("%q, %q: no reason", a.Tokens(), b.Tokens())
	}
	for _, n := range []Name{a, b} {
		keys, probes := Keys(n), Probes(n)
		if len(keys) > maxKeys || len(probes) > maxProbes || len(n.tokens) > maxTokens {
			t.Errorf("%q: %d tokens, %d keys, %d probes", n.Tokens(), len(n.tokens), len(keys), len(probes))
		}
		if len(keys) < maxKeys && (len(probes) < len(keys) || strings.Join(keys, "|") != strings.Join(probes[:len(keys)], "|")) {
			t.Errorf("%q: the probes do not begin with the keys", n.Tokens())
		}
		for _, tok := range n.tokens {
			if len(tok.text) == 0 || len(tok.text) > maxLetter || tok.role != number && !validLatin(tok.text) {
				t.Errorf("token %q of %d bytes", tok.text, len(tok.text))
			}
		}
	}
}

// validLatin reports whether every byte is a to z.
func validLatin(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r < 'a' || r > 'z' }) < 0
}

// hostile are names that strain the bounds.
var hostile = []string{
	"", " ", "\x00", "\xff\xfe", "<<<<<<<<", ",,,,", "-", "....", "1", "A", "ـــ", "\u0301\u0301", "\u200f\u200e", "์", "្្្", "္္", "़", "ー", "ّ",
	strings.Repeat("a", 100_000), strings.Repeat("a ", 50_000), strings.Repeat("ﷺ", 5000), strings.Repeat("a\u0301", 9000), strings.Repeat("عبد ", 900),
	strings.Repeat("abdul", 900), strings.Repeat("၁", 900), strings.Repeat("က္", 900), strings.Repeat("ක්", 900), strings.Repeat("aB", 900), strings.Repeat("<<a", 900),
	strings.Repeat("한", 900), strings.Repeat("王", 900), strings.Repeat("เ", 900), "Ivаnоv Ivаn", "ivan\u202eavonavi", "🙂 🙂", "Ω≈ç√∫", "ⅷ Ⅷ", "𝐈𝐯𝐚𝐧", "ｉｖａｎ",
}

// TestHostile compares every hostile name with every other within a bound of
// time that is far above what it takes.
func TestHostile(t *testing.T) {
	start := time.Now()
	var parsed []Name
	for _, s := range hostile {
		parsed = append(parsed, Parse(s))
	}
	for _, a := range parsed {
		for _, b := range parsed {
			checkPair(t, a, b)
		}
	}
	if !Parse(strings.Repeat("abc ", 200)).Cut() || Parse("abc def").Cut() {
		t.Error("Cut does not tell a long name from a short one")
	}
	t.Logf("%d pairs in %v", len(parsed)*len(parsed), time.Since(start))
}

// TestDisguise: letters of another alphabet or width that look the same do not
// hide a name.
func TestDisguise(t *testing.T) {
	for _, s := range []string{"Ivаnоv Ivаn", "ｉｖａｎｏｖ　ｉｖａｎ", "𝐈𝐯𝐚𝐧𝐨𝐯 𝐈𝐯𝐚𝐧", "I\u200dvanov Ivan", "Ivanov\u202e Ivan", "IVANOV<<IVAN<<<<<<<<<"} {
		if got := Score(Parse(s), Parse("Ivan Ivanov")); got < 0.97 {
			t.Errorf("%q: score %.3f", s, got)
		}
	}
}

// TestKeysMeet: a name and another spelling of it share a probe and a key.
func TestKeysMeet(t *testing.T) {
	people := population(rand.New(rand.NewPCG(8, 8)), 600)
	missed := 0
	asked := 0
	for _, tr := range treatments(rand.New(rand.NewPCG(9, 9)), people, 150) {
		if tr.name == "two wrong" {
			continue
		}
		for _, q := range tr.queries {
			asked++
			filed := map[string]bool{}
			for _, k := range Keys(Parse(people[q.want].latin)) {
				filed[k] = true
			}
			met := false
			for _, k := range Probes(Parse(q.text)) {
				met = met || filed[k]
			}
			if !met {
				missed++
			}
		}
	}
	if missed > asked/50 {
		t.Errorf("%d of %d names share no key with their other spelling", missed, asked)
	}
}

// TestWithin: each word of a name is within the name, and the index finds it there.
func TestWithin(t *testing.T) {
	for i, p := range population(rand.New(rand.NewPCG(10, 10)), 300) {
		whole := Parse(p.latin)
		filed := append(Keys(whole), WordKeys(whole)...)
		for _, w := range whole.tokens {
			part := Parse(w.text)
			if part.keyWord() == nil || !w.proper() {
				continue
			}
			if m := Within(part, whole); m.Score != 1 {
				t.Errorf("%d: %q in %q: %v", i, w.text, p.latin, m)
			}
			if !slices.ContainsFunc(WordProbes(part), func(k string) bool { return slices.Contains(filed, k) }) {
				t.Errorf("%d: %q in %q: no key of %q is filed among %q", i, w.text, p.latin, WordProbes(part), filed)
			}
		}
	}
	for _, tt := range []struct {
		part, whole string
		in          bool
	}{
		{"Халид", "Khalid al-Dulaimi", true}, {"الدليمي", "Khalid al-Dulaimi", true}, {"สมชาย", "Somchai Jaidee", true}, {"សុភា", "Kong Sophea", true},
		{"Tandoran Mirela", "Mirela Ana Tandoran", true}, {"Mirella", "Mirela Tandoran", true}, {"Халим", "Khalid al-Dulaimi", false}, {"Bob", "Robert Miller", false},
		{"Mirela Rook", "Mirela Tandoran", false}, {"M", "M Tandoran", false}, {"44", "Brigade 44", false}, {"", "Mirela", false}, {"Mirela", "", false},
	} {
		if m := Within(Parse(tt.part), Parse(tt.whole)); (m.Score > 0) != tt.in {
			t.Errorf("%s in %s: %v", tt.part, tt.whole, m)
		}
	}
}

// TestLongNamesAreFiledByWord: the pairs of a long name leave no word of it unfiled.
func TestLongNamesAreFiledByWord(t *testing.T) {
	for _, tt := range []struct{ whole, asked string }{
		{"Mirela Kestrova Dulmarin Tandoran Belkasim Orvantes Palumbreno Rostamzad Vikterlund Gandroshev Zelmerand Hartmoniak", "Гандрошев"},
		{"Mirela Kestrova Dulmarin Tandoran Belkasim Orvantes Palumbreno Rostamzad Vikterlund Gandroshev Zelmerand Hartmoniak", "Mirella"},
		{"خالد عبدالرحمن مصطفى الدليمي الجبوري البغدادي القرطبي", "Mustafa"},
		{"خالد عبدالرحمن مصطفى الدليمي الجبوري البغدادي القرطبي", "Qurtubi"},
	} {
		whole, asked := Parse(tt.whole), Parse(tt.asked)
		if m := Within(asked, whole); m.Score == 0 {
			t.Errorf("%s is not in %s", tt.asked, tt.whole)
		}
		filed := append(Keys(whole), WordKeys(whole)...)
		if !slices.ContainsFunc(WordProbes(asked), func(k string) bool { return slices.Contains(filed, k) }) {
			t.Errorf("%s: no key of %q is filed", tt.asked, WordProbes(asked))
		}
	}
}

// TestTuneFloor keeps the accuracy on the labelled pairs from falling unseen.
func TestTuneFloor(t *testing.T) {
	pairs := scoreAll(tuneSet(t), func(a, b string) float64 { return Score(Parse(a), Parse(b)) })
	if ap := averagePrecision(pairs); ap < 0.93 {
		t.Errorf("average precision %.3f", ap)
	}
	if _, _, f := f1At(pairs, Threshold); f < 0.82 {
		t.Errorf("F1 %.3f at %v", f, Threshold)
	}
}

// TestMeasures holds the measures themselves to sums done by hand.
func TestMeasures(t *testing.T) {
	set := []scored{{labelled{same: true}, 0.9}, {labelled{}, 0.8}, {labelled{same: true}, 0.7}, {labelled{}, 0.1}}
	if got, want := averagePrecision(set), (1+2.0/3)/2; math.Abs(got-want) > 1e-9 {
		t.Errorf("average precision: got %v, want %v", got, want)
	}
	if p, r, f := f1At(set, 0.7); p != 2.0/3 || r != 1 || f < 0.799 || f > 0.801 {
		t.Errorf("got P %v R %v F1 %v", p, r, f)
	}
	if got := levenshtein("kitten", "sitting"); got != 1-3.0/7 {
		t.Errorf("levenshtein: %v", got)
	}
	if got := jaroWinkler("martha", "marhta"); got < 0.961 || got > 0.962 {
		t.Errorf("jaroWinkler: %v", got)
	}
}

func FuzzCompare(f *testing.F) {
	for i, s := range hostile {
		f.Add(s, hostile[(i+7)%len(hostile)])
	}
	f.Add("Khalid al-Dulaimi", "خالد الدليمي")
	f.Add("ဒေါ်အောင်မြင့်စုကြည်", "Daw Aung Myint Su Kyi")
	f.Add("សុខ សុភា", "ประเสริฐ ใจดี")
	f.Fuzz(func(t *testing.T, x, y string) {
		a, b := Parse(x), Parse(y)
		checkPair(t, a, b)
		if s := Score(a, Parse(x)); !a.IsZero() && s != 1 {
			t.Errorf("%.40q and itself: %v", x, s)
		}
	})
}
