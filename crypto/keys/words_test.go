package keys

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"testing"
)

// TestWordList holds the list to the published one, and to what makes it fit.
func TestWordList(t *testing.T) {
	sum := sha256.Sum256([]byte(strings.Join(wordList, "\n") + "\n"))
	if got, want := hex.EncodeToString(sum[:]), "2f5eed53a4727b4bf8880d8f3f199efc90e58503646d9ff8eff3a2ed3b24dbda"; got != want || len(wordList) != 1<<wordBits {
		t.Errorf("%d words with hash %s, want %s", len(wordList), got, want)
	}
	short := make(map[string]bool)
	for _, w := range wordList {
		short[w[:min(4, len(w))]] = true
	}
	if len(short) != len(wordList) || !slices.IsSorted(wordList) {
		t.Errorf("four letters name %d of %d words; sorted: %v", len(short), len(wordList), slices.IsSorted(wordList))
	}
	if bits := len(Words{}) * wordBits; bits < 88 {
		t.Errorf("%d bits", bits)
	}
}

func TestWordsVectors(t *testing.T) {
	for _, v := range readVectors(t, "words.txt") {
		id, err := ParseID(v.value["id"])
		if err != nil {
			t.Fatalf("%s: %v", v.comment, err)
		}
		if got := id.Words().String(); got != v.value["words"] {
			t.Errorf("%s: got %q, want %q", v.comment, got, v.value["words"])
		}
	}
}

// TestWordsEveryBit flips each bit: the first 88 change the words, no other does.
func TestWordsEveryBit(t *testing.T) {
	id := ID(counting(7))
	for bit := range 256 {
		other := id
		other[bit/8] ^= 0x80 >> (bit % 8)
		if changed := other.Words() != id.Words(); changed != (bit < 88) {
			t.Errorf("bit %d: changed %v", bit, changed)
		}
	}
}

func TestParseWords(t *testing.T) {
	id := ID(counting(1))
	words := id.Words().String()
	list := strings.Fields(words)
	short := slices.Clone(list)
	for i, w := range short {
		short[i] = w[:min(4, len(w))]
	}
	for _, good := range []string{words, strings.ToUpper(words), "  " + strings.Join(list, ",\n ") + ".", "1. " + strings.Join(list, " 2. "), strings.Join(short, "-")} {
		if got, err := ParseWords(good); err != nil || got != id.Words() {
			t.Errorf("%q: got %q, %v", good, got, err)
		}
	}
	for bad, want := range map[string]string{
		"":                            "no words",
		"12 ,;":                       "no words",
		strings.Join(list[1:], " "):   "only 7 of 8 words",
		words + " zoo":                "9 words, where there must be 8",
		"acid acid xylofon":           `word 3, "xylofon", is not in the list`,
		"aba " + words:                `word 1, "aba", is not in the list`,
		"aband " + words:              `word 1, "aband", is not in the list`,
		strings.Repeat("zzzz ", 1000): `word 1, "zzzz", is not in the list`,
	} {
		if _, err := ParseWords(bad); err == nil || err.Error() != want {
			t.Errorf("%.40q: got %v, want %s", bad, err, want)
		}
	}
}

func FuzzParseWords(f *testing.F) {
	f.Add(ID(counting(0)).Words().String())
	f.Fuzz(func(t *testing.T, text string) {
		w, err := ParseWords(text)
		if err != nil {
			return
		}
		if again, err := ParseWords(w.String()); err != nil || again != w {
			t.Errorf("%q: %q came back as %q, %v", text, w, again, err)
		}
	})
}
