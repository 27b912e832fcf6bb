package names

import "strings"

// assignRoles splits compounds that custom writes as one word or as two, and
// says which tokens are no name proper.
func assignRoles(in []token) []token {
	out := make([]token, 0, len(in)+2)
	for i := range in {
		t := in[i]
		if rest, ok := servantOf(t.text); ok && len(out)+1 < maxTokens {
			first := t
			first.text = "abd"
			t.text = rest
			out = append(out, first, t)
			continue
		}
		if stem, ok := faithOf(t.text); ok && len(out)+1 < maxTokens {
			first := t
			first.text = stem
			t.text = "din"
			if stem != "" {
				out = append(out, first)
			}
			out = append(out, t)
			continue
		}
		if isServant(t.text) && i+1 < len(in) {
			t.text = "abd"
		}
		if t.text == "allah" && len(out) > 0 && out[len(out)-1].text == "abd" {
			out[len(out)-1].text = "abdullah"
			continue
		}
		out = append(out, t)
	}
	if len(out) > maxTokens {
		out = out[:maxTokens]
	}
	proper := 0
	for i := range out {
		out[i].role = roleOf(out, i)
		if out[i].role == part {
			proper++
		}
	}
	for i := range out {
		if proper == 0 && (out[i].role == particle || out[i].role == title) {
			out[i].role = part
		}
	}
	return out
}

// roleOf tells the role of a token from its word and its place.
func roleOf(ts []token, i int) role {
	t := &ts[i]
	if t.role == number {
		return number
	}
	first, last := i == 0, i == len(ts)-1
	switch {
	case len(t.text) == 1 && t.from == latin && !(first && t.text == "u" && len(ts) > 2):
		if particles[t.text] && !first && !last {
			return particle
		}
		return initial
	case suffixes[t.text] && i > 1 && last:
		return suffix
	case t.from == burmese && first && len(ts) > 2 && (t.text == "u" || t.text == "daw" || t.text == "ko" || t.text == "ma" || t.text == "maung"):
		return title
	case t.text == "u" && first && len(ts) > 2:
		return title
	case articles[t.text] && !last && (t.text[1] == 'l' || t.text[1] == ts[i+1].text[0]):
		return particle
	case particles[t.text] && !last && (!first || leading[t.text] && len(ts) > 2):
		return particle
	case t.from.abjad() && len(t.text) < 4: // Adam, of which Arabic does not write the vowel, is no admiral
		return part
	case degrees[t.text] && last && len(ts) > 2:
		return title
	case titles[t.text] && len(ts) > 2 && (first || !softTitles[t.text]) && !last:
		return title
	case titles[t.text] && !softTitles[t.text] && len(ts) == 2 && first:
		return title
	}
	return part
}

// isServant reports whether a word is "servant of" in one of its spellings, to
// which the next word belongs.
func isServant(s string) bool {
	switch s {
	case "abd", "abdul", "abdel", "abdal", "abdol", "abdoul", "abdur", "abdar", "abder", "abdus", "abdun", "abdan", "abdi", "abdu", "abed":
		return true
	}
	return false
}

// servantOf splits Abdulrahman, Abdurrahman and Abdikadir; Abdullah is a name by
// itself.
func servantOf(s string) (rest string, ok bool) {
	if !strings.HasPrefix(s, "abd") || len(s) < 8 {
		return "", false
	}
	s = s[3:]
	if strings.HasSuffix(s, "lah") || strings.HasSuffix(s, "lahi") || strings.HasSuffix(s, "llo") || strings.HasSuffix(s, "lla") {
		return "", false
	}
	if s[0] == 'o' && s[1] == 'u' {
		s = s[1:]
	}
	if !vowel(s[0]) {
		return "", false
	}
	switch {
	case s[1] == 'l', s[1] == 'r' && s[2] == 'r', s[1] == s[2] && !vowel(s[1]):
		rest = s[2:]
	case s[1] == 'r' || s[0] == 'i' || s[0] == 'u' && !vowel(s[1]):
		rest = s[1:]
	default:
		return "", false
	}
	return rest, len(rest) >= 3
}

// faiths are the spellings of "of the faith" at the end of a name.
var faiths = []string{
	"uddin", "eddin", "eddine", "addin", "oddin", "uddine", "oddine", "uddeen", "eddeen", "aldin", "eldin", "eldine", "uldin", "aldeen", "eldeen", "uddyn",
}

// faithOf splits Salahuddin and Noureddine as Salah al-Din is written; the stem
// is empty for Uddin alone.
func faithOf(s string) (stem string, ok bool) {
	for _, end := range faiths {
		if stem, ok := strings.CutSuffix(s, end); ok && (stem == "" || len(stem) >= 3) {
			return stem, true
		}
	}
	switch s {
	case "deen", "dine", "dyn":
		return "", true
	}
	return "", false
}

// patronymics are the endings of Slavic fathers' names.
var patronymics = []string{"ovich", "evich", "ovych", "evych", "ovna", "evna", "ivna", "ovitch", "evitch", "ovic", "evic"}

// isPatronymic reports whether a word is a father's name by its ending; Serbian
// surnames end alike, so it must not be the last word.
func isPatronymic(s string) bool {
	if len(s) < 7 {
		return false
	}
	for _, end := range patronymics {
		if strings.HasSuffix(s, end) {
			return true
		}
	}
	return false
}

// finish computes what the comparison needs of a token.
func (t *token) finish() {
	if t.role == suffix {
		if v, ok := suffixValue[t.text]; ok {
			t.text = v
		}
	}
	t.code = codeOf(t.text, t.from)
	t.skel = skeletonOf(t.code)
	t.kin = kinOf[t.text]
	t.common = isCommon(t.text, t.kin)
	t.ending = ending(t.text)
	t.house = houseOf[t.text]
	t.father = isPatronymic(t.text)
	switch {
	case t.from == hebrew && strings.Contains(t.text, "w"):
		t.alt = codeOf(strings.ReplaceAll(t.text, "w", "v"), t.from)
	case t.other != "":
		t.alt = codeOf(t.other, t.from)
	case len(t.text) > 6 && articles[t.text[:2]] && t.text[1] == 'l':
		t.alt = codeOf(t.text[2:], t.from)
	}
	if t.altSkel = skeletonOf(t.alt); t.altSkel == t.skel {
		t.altSkel = ""
	}
	switch t.role {
	case particle:
		t.weight = 0.1
	case title:
		t.weight = 0.05
	case initial:
		t.weight = 0.5
	case suffix:
		t.weight = 0.2
	default:
		t.weight = 1
		switch t.text {
		case "abd":
			t.weight = 0.2
		case "din":
			t.weight = 0.4
		}
	}
}
