package names

import "strings"

// endingTable lists endings that family names are made with, the spellings of
// one a line. Another ending is another family: Zuckermann, Zuckerberg.
const endingTable = `
ov ev yov iev yev off eff ow ova eva
in yn ina yna
enko
sky ski skiy skii skij skyi skyj skaya skaia ska
owski ovski ovsky ovskiy ovskii ovskij ovskyi ovskyj owsky owskij ovskaya ovskaia owska ovska
ewski evski evsky evskiy evskii evskij evskyi evskyj ewsky ewskij evskaya evskaia ewska evska
cki cky cka
iuk yuk juk uk
ovich evich ovic evic owicz ewicz ovych evych
czyk chik chyk
ak iak yak
ik
akis
idis ides
opoulos opulos
atos
ellis
oglou oglu
mann man
berg burg
bach
stein
feld
hauer
meier maier mayer meyer
hofer
son sen sson
ton
ley
ford
well
wood
field
worth
zai zay
yan ian
dze
shvili
wong
thong
kul kun
maz
`

// endingOf maps an ending to its line, from 1.
var endingOf = func() map[string]uint8 {
	out := make(map[string]uint8)
	for i, line := range strings.Split(strings.TrimSpace(endingTable), "\n") {
		for w := range strings.FieldsSeq(line) {
			out[w] = uint8(i + 1)
		}
	}
	return out
}()

// ending returns the line of the longest ending that leaves a stem of three
// letters, 0 if the word has none.
func ending(text string) uint8 {
	for n := min(7, len(text)-3); n >= 2; n-- {
		if line := endingOf[text[len(text)-n:]]; line != 0 {
			return line
		}
	}
	return 0
}
