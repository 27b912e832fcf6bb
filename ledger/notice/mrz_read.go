package notice

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"comity/ledger/ident"
)

// Repair is one thing that [ReadMRZ] put right, for the officer to compare with
// the document.
type Repair struct {
	Field  string `json:"field"`  // such as document number
	Line   int    `json:"line"`   // from 1
	Column int    `json:"column"` // from 1, in the line put right
	From   string `json:"from"`   // as scanned; "" for what was missing
	To     string `json:"to"`     // "" for what was left out
}

// String returns "document number, line 2, place 3: O read as 0".
func (r Repair) String() string {
	where := fmt.Sprintf("%s, line %d, place %d: ", r.Field, r.Line, r.Column)
	switch {
	case r.From == "":
		return where + "missing " + r.To + " added"
	case r.To == "":
		return where + "surplus " + r.From + " left out"
	}
	return where + r.From + " read as " + r.To
}

// confusion is what scanners take for one another: each digit and its letter.
// G and 6, as K and <, have one value modulo ten, so that no check digit tells
// them apart: they are put right only where a letter or a digit cannot stand.
var (
	letterOf = map[byte]byte{'0': 'O', '1': 'I', '8': 'B', '5': 'S', '2': 'Z', '6': 'G'}
	digitOf  = map[byte]byte{'O': '0', 'I': '1', 'B': '8', 'S': '5', 'Z': '2', 'G': '6'}
	twinOf   = map[byte]byte{'0': 'O', '1': 'I', '8': 'B', '5': 'S', '2': 'Z', 'O': '0', 'I': '1', 'B': '8', 'S': '5', 'Z': '2'}
)

// maxTwins bounds the numbers of [MRZ.Twins].
const maxTwins = 8

// Twins returns the zone with numbers of the document that a scanner may have taken for
// this one, and that no check digit tells from it: with 6 in place of G, and G of 6.
func (m *MRZ) Twins() []*MRZ {
	numbers := []string{m.Number}
	for i := range len(m.Number) {
		c := map[byte]string{'G': "6", '6': "G"}[m.Number[i]]
		for _, n := range numbers {
			if c != "" && len(numbers) <= maxTwins {
				numbers = append(numbers, n[:i]+c+n[i+1:])
			}
		}
	}
	out := make([]*MRZ, 0, len(numbers))
	for _, n := range numbers[1:] {
		twin := *m
		twin.Number = n
		out = append(out, &twin)
	}
	return out
}

// Limits of what is repaired. A zone with more wrong is scanned again.
const (
	maxFlips   = 2  // characters in fields that may hold letters and digits
	maxMissing = 24 // characters at the end of a line of fillers
	maxLost    = 2  // characters elsewhere in a line, too many or too few
)

// ReadMRZ reads a zone as a scanner gives it, and puts right what the check
// digits prove: letters in a date, digits in a country, one or two characters of
// a number, fillers that are missing, one too many, or read as K. It returns
// what was put right. It refuses with [ErrMRZ] where nothing, or more than one
// thing, would make every check digit right: a wrong number finds nobody, and a
// scan costs a second. (Taking the fewest changes for the truth would put 86 %
// of single misreadings right, not 81 %, and some of the others wrong.)
//
// A name has no check digit. In it only a digit becomes the letter that it looks
// like, and only what stands among the fillers at the end becomes a filler.
func ReadMRZ(text string) (*MRZ, []Repair, error) {
	list, err := Readings(text)
	switch {
	case err != nil:
		return nil, nil, err
	case len(list) > 1:
		return nil, nil, fmt.Errorf("%w: %d misreadings would explain it; scan again, or type the number", ErrMRZ, len(list))
	}
	return list[0].MRZ, list[0].Repairs, nil
}

// Reading is what a scan may say.
type Reading struct {
	MRZ     *MRZ
	Repairs []Repair // what had to be put right for it
	Zone    string   // its lines, joined
}

// maxReadings bounds those of one scan: beyond, nearly anything may be meant.
const maxReadings = 16

// Readings returns all that a scan may say, by the same rules as [ReadMRZ], those
// with the fewest repairs first. A border asks for each of several: to look for
// nobody because one letter is not sure would let a child pass.
func Readings(text string) ([]Reading, error) {
	if len(text) > 400 {
		return nil, fmt.Errorf("%w: %d characters", ErrMRZ, len(text))
	}
	if m, err := ParseMRZ(text); err == nil {
		if zone := strings.Join(strings.Fields(text), ""); !looksRepairable(zone, m.Format) {
			return []Reading{{m, nil, zone}}, nil
		}
	}
	lines, err := scannedLines(text)
	if err != nil {
		return nil, err
	}
	zones := fittedZones(lines)
	if len(zones) == 0 {
		return nil, fmt.Errorf("%w: %s; want 2 lines of 44 of a passport, 2 of 36 or 3 of 30 of a card; scan again, or type the number", ErrMRZ, widths(lines))
	}
	found := make(map[string][]Repair) // by the zone put right
	for _, zone := range zones {
		for _, c := range repairZone(zone) {
			if _, ok := found[c.text]; !ok {
				found[c.text] = c.repairs
			}
		}
	}
	return readingsOf(found)
}

// widths says how long lines are: "lines of 44 and 41 characters".
func widths(lines []string) string {
	out := make([]string, len(lines))
	for i, line := range lines {
		out[i] = fmt.Sprint(len(line))
	}
	return "lines of " + strings.Join(out, " and ") + " characters"
}

// scanned is a zone in the course of repair.
type scanned struct {
	text    string // all lines joined
	format  MRZFormat
	repairs []Repair
}

// looksRepairable reports whether a zone whose digits are right has characters
// that cannot be: the digits do not see K for a filler, nor anything in a name.
func looksRepairable(zone string, f MRZFormat) bool {
	z := scanned{text: zone, format: f}
	z.force()
	return len(z.repairs) > 0
}

// scannedLines returns the lines of a scan in the letters of a zone.
func scannedLines(text string) ([]string, error) {
	text = strings.NewReplacer("«", "<<", "‹", "<", "＜", "<", "\r", "\n", "\ufeff", "").Replace(text)
	var lines []string
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.ToUpper(strings.Trim(line, " \t\u00a0"))
		if line != "" {
			lines = append(lines, line)
		}
	}
	if len(lines) == 1 {
		// One line that holds the whole zone, with spaces for line ends or none.
		if fields := strings.Fields(lines[0]); len(fields) > 1 {
			lines = fields
		} else if f := formatOf(lines[0]); f != 0 {
			zone, width := lines[0], mrzLayouts[f].width
			lines = nil
			for i := 0; i < len(zone); i += width {
				lines = append(lines, zone[i:i+width])
			}
		}
	}
	if len(lines) < 2 || len(lines) > 3 {
		return nil, fmt.Errorf("%w: %d lines; want 2 or 3", ErrMRZ, len(lines))
	}
	for _, line := range lines {
		if !isMRZ(strings.ReplaceAll(line, " ", "")) {
			return nil, fmt.Errorf("%w: only A-Z, 0-9 and < stand in one", ErrMRZ)
		}
	}
	return lines, nil
}

// fittedZones returns the zones that the lines may be once each has its width.
func fittedZones(lines []string) []scanned {
	var zones []scanned
	for format := TD1; format <= MRVB; format++ {
		l := mrzLayouts[format]
		visa := strings.HasPrefix(lines[0], "V")
		if l.lines != len(lines) || visa != (format == MRVA || format == MRVB) {
			continue
		}
		candidates := []scanned{{format: format}}
		for i, line := range lines {
			var next []scanned
			for _, fitted := range fitLine(line, i, l) {
				for _, c := range candidates {
					next = append(next, scanned{c.text + fitted.text, format, slices.Concat(c.repairs, fitted.repairs)})
				}
			}
			candidates = next
		}
		zones = append(zones, candidates...)
	}
	return zones
}

// fitLine returns the ways to give a line its width: with fillers at its end or
// in one of its runs of fillers, or with fewer.
func fitLine(line string, at int, l *mrzLayout) []scanned {
	spaced, space := strings.ReplaceAll(line, " ", "<"), strings.IndexByte(line, ' ')
	line = strings.ReplaceAll(line, " ", "")
	if spaced != line && len(spaced) == l.width {
		return []scanned{{text: spaced, repairs: []Repair{{"fillers", at + 1, space + 1, "spaces", "<"}}}}
	}
	isName := at*l.width <= l.name[0] && l.name[0] < (at+1)*l.width
	short := l.width - len(line)
	// A scanner that has no < writes spaces; those at the end were cut above.
	fill := l.width - len(spaced)
	switch blank := len(spaced) - len(line); {
	case fill > 0 && blank > strings.Count(line, "<"):
		return []scanned{{text: spaced + strings.Repeat("<", fill), repairs: []Repair{{"fillers", at + 1, space + 1, "spaces", "<"}}}}
	case short == 0:
		return []scanned{{text: line}}
	case short > maxMissing || short < -maxLost:
		return nil
	}
	var fitted []scanned
	add := func(i int) {
		z := scanned{}
		if short > 0 {
			fill := strings.Repeat("<", short)
			z.text = line[:i] + fill + line[i:]
			z.repairs = []Repair{{"fillers", at + 1, i + 1, "", fill}}
		} else {
			z.text = line[:i+short] + line[i:]
			z.repairs = []Repair{{"fillers", at + 1, i + short + 1, line[i+short : i], ""}}
		}
		if !slices.ContainsFunc(fitted, func(f scanned) bool { return f.text == z.text }) {
			fitted = append(fitted, z)
		}
	}
	// A name may only grow and shrink at its end: no digit checks what is inside.
	end := len(line)
	if short > 0 || strings.HasSuffix(line, strings.Repeat("<", 1-short)) {
		add(end)
	}
	if isName || short > maxLost {
		return fitted
	}
	for i := 1; i < end; i++ {
		if line[i-1] == '<' && line[i] != '<' && (short > 0 || i+short >= 0 && strings.Trim(line[i+short:i], "<") == "") {
			add(i)
		}
	}
	return fitted
}

// repairZone returns every zone that is z with at most maxFlips characters
// changed and has all check digits right; z alone if it has.
func repairZone(z scanned) []scanned {
	z.force()
	if _, err := ParseMRZ(z.text); err == nil {
		return []scanned{z}
	}
	var places []int
	for _, s := range z.unsure() {
		for i := s[0]; i < s[1]; i++ {
			if twinOf[z.text[i]] != 0 {
				places = append(places, i)
			}
		}
	}
	level := []scanned{z}
	last := map[string]int{z.text: -1} // the last place changed, so that no pair comes twice
	flips := maxFlips
	if len(z.repairs) > 0 && z.repairs[0].Field == "fillers" {
		flips = 1 // a line of the wrong width has enough wrong, and there are many ways to fit it
	}
	var right []scanned
	for range flips {
		var next []scanned
		for _, c := range level {
			for n, i := range places {
				if n <= last[c.text] {
					continue
				}
				changed := c.put(i, twinOf[c.text[i]])
				last[changed.text] = n
				next = append(next, changed)
				if _, err := ParseMRZ(changed.text); err == nil {
					right = append(right, changed)
				}
			}
		}
		level = next
	}
	return right
}

// unsure returns the fields of letters and digits whose check digit is wrong.
func (z *scanned) unsure() [][2]int {
	l := mrzLayouts[z.format]
	right := func(s [2]int, check int) bool { return digit(z.text[s[0]:s[1]]) == z.text[check] }
	switch {
	case (z.format == TD1 || z.format == TD2) && z.text[l.number[1]] == '<' && strings.Trim(z.text[l.optional[0]:l.optional[1]], "<") != "":
		return [][2]int{l.number, l.optional, l.optional2} // a long number
	case !right(l.number, l.number[1]):
		return [][2]int{l.number}
	case l.optionalCheck != 0 && !right(l.optional, l.optionalCheck):
		return [][2]int{l.optional}
	}
	return [][2]int{l.optional, l.optional2}
}

// put returns z with another character at i, and notes it.
func (z scanned) put(i int, c byte) scanned {
	l := mrzLayouts[z.format]
	r := Repair{l.fieldAt(i), i/l.width + 1, i%l.width + 1, string(z.text[i]), string(c)}
	return scanned{z.text[:i] + string(c) + z.text[i+1:], z.format, append(slices.Clip(z.repairs), r)}
}

// force puts right every character that cannot stand where it does.
func (z *scanned) force() {
	l := mrzLayouts[z.format]
	to := func(s [2]int, as func(c byte) byte) {
		for i := s[0]; i < s[1]; i++ {
			if c := as(z.text[i]); c != 0 && c != z.text[i] {
				*z = z.put(i, c)
			}
		}
	}
	digits := func(c byte) byte {
		if c == 'K' {
			return '<'
		}
		return digitOf[c]
	}
	number := func(c byte) byte { return digitOf[c] }
	letters := func(c byte) byte { return letterOf[c] }
	to([2]int{l.birth, l.birth + 6}, digits)
	to([2]int{l.exp, l.exp + 6}, digits)
	for _, check := range []int{l.number[1], l.birth + 6, l.exp + 6, l.optionalCheck, l.compositeCheck} {
		if check != 0 {
			as := number
			if check == l.number[1] || check == l.optionalCheck {
				as = digits // which may be a filler
			}
			to([2]int{check, check + 1}, as)
		}
	}
	to([2]int{l.sex, l.sex + 1}, func(c byte) byte {
		if c == 'K' {
			return '<'
		}
		return 0
	})
	to([2]int{0, 5}, letters)
	to([2]int{l.nationality, l.nationality + 3}, letters)
	z.forceFillers(l)
	to(l.name, letters)
}

// forceFillers turns into a filler a K that can be nothing else: after the P of
// a passport, in a code of a country that there is without it, in a field of
// fillers alone, among the fillers after a name.
func (z *scanned) forceFillers(l *mrzLayout) {
	if z.text[1] == 'K' {
		*z = z.put(1, '<')
	}
	for _, from := range []int{2, l.nationality} {
		code := z.text[from : from+3]
		without := strings.TrimRight(code, "K<")
		if isState(unfill(code)) || !isState(without) {
			continue
		}
		for i := from + len(without); i < from+3; i++ {
			if z.text[i] == 'K' {
				*z = z.put(i, '<')
			}
		}
	}
	for _, s := range [][2]int{l.optional, l.optional2} {
		// Content begins at the left and a lone K is none that a state is known to write.
		if field := z.text[s[0]:s[1]]; strings.Trim(field, "K<") == "" && strings.Count(field, "<") > 0 {
			z.fillers(s[0], s[1])
		}
	}
	z.fillers(l.name[0]+nameEnd(z.text[l.name[0]:l.name[1]]), l.name[1])
}

// isState reports whether a passport may show this code.
func isState(code string) bool {
	_, err := ident.Normalize(ident.Country, code)
	return err == nil
}

// fillers makes each K of a span a filler.
func (z *scanned) fillers(from, to int) {
	for i := from; i < to; i++ {
		if z.text[i] == 'K' {
			*z = z.put(i, '<')
		}
	}
}

// nameEnd returns where the fillers after a name begin: after its second double
// filler, or three fillers, if nothing but K and fillers follows; the end if not.
func nameEnd(name string) int {
	end := len(strings.TrimRight(name, "K<"))
	rest := name[end:]
	if !strings.Contains(rest, "<") {
		return len(name)
	}
	// Letters K that follow the name at once are its own: MAREK<<<K<<.
	own := len(rest) - len(strings.TrimLeft(rest, "K"))
	if run := rest[own:]; strings.HasPrefix(run, "<<<") || strings.Contains(strings.TrimLeft(name[:end], "<"), "<<") && strings.HasPrefix(run, "<<") {
		return end + own
	}
	return len(name)
}

// fieldAt names the field of a place.
func (l *mrzLayout) fieldAt(i int) string {
	in := func(from, to int) bool { return i >= from && i < to }
	switch {
	case i < 2:
		return "document code"
	case i < 5:
		return "issuing state"
	case in(l.name[0], l.name[1]):
		return "name"
	case in(l.number[0], l.number[1]+1):
		return "document number"
	case in(l.nationality, l.nationality+3):
		return "nationality"
	case in(l.birth, l.birth+7):
		return "date of birth"
	case i == l.sex:
		return "sex"
	case in(l.exp, l.exp+7):
		return "date of expiry"
	case i == l.compositeCheck:
		return "check digit of the whole zone"
	}
	return "optional data"
}

// readingsOf returns the zones that were found, and refuses none and too many.
func readingsOf(found map[string][]Repair) ([]Reading, error) {
	switch {
	case len(found) == 0:
		return nil, fmt.Errorf("%w: the check digits are wrong and no likely misreading explains them; scan again, or type the number", ErrMRZ)
	case len(found) > maxReadings:
		return nil, fmt.Errorf("%w: %d misreadings would explain it; scan again, or type the number", ErrMRZ, len(found))
	}
	list := make([]Reading, 0, len(found))
	for zone, repairs := range found {
		m, err := ParseMRZ(zone)
		if err != nil {
			return nil, err
		}
		list = append(list, Reading{m, repairs, zone})
	}
	slices.SortFunc(list, func(a, b Reading) int {
		return cmp.Or(cmp.Compare(len(a.Repairs), len(b.Repairs)), cmp.Compare(a.Zone, b.Zone))
	})
	return list, nil
}
