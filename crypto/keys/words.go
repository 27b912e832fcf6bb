package keys

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Words is an identifier as two people compare it by telephone: its first 88
// bits as eight words of the English list of BIP 39, 11 bits each, the highest
// first. There is no check word: who types what another reads compares all of
// it. Unlike [ID.Short], nobody can search for a second key with the same ones.
type Words [8]uint16

const wordBits = 11

// Words returns the words of the identifier.
func (id ID) Words() Words {
	var w Words
	for bit := range len(w) * wordBits {
		w[bit/wordBits] = w[bit/wordBits]<<1 | uint16(id[bit/8]>>(7-bit%8)&1)
	}
	return w
}

// String returns the words with spaces between them.
func (w Words) String() string {
	var list [len(w)]string
	for i, n := range w {
		list[i] = wordList[n]
	}
	return strings.Join(list[:], " ")
}

// ParseWords reads eight words as people type them: in any case, with whatever
// is no letter between them, each whole or by its first four letters. The error
// is a sentence for who typed them.
func ParseWords(text string) (Words, error) {
	typed := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return r < 'a' || 'z' < r })
	var w Words
	if len(typed) == 0 {
		return Words{}, errors.New("no words")
	}
	for i, word := range typed {
		n, found := slices.BinarySearch(wordList, word)
		if !found && (len(word) != 4 || n == len(wordList) || !strings.HasPrefix(wordList[n], word)) {
			return Words{}, fmt.Errorf("word %d, %.20q, is not in the list", i+1, word)
		}
		if i < len(w) {
			w[i] = uint16(n)
		}
	}
	switch {
	case len(typed) < len(w):
		return Words{}, fmt.Errorf("only %d of %d words", len(typed), len(w))
	case len(typed) > len(w):
		return Words{}, fmt.Errorf("%d words, where there must be %d", len(typed), len(w))
	}
	return w, nil
}
