package notice

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Scope is a use of a notice beyond what its handling code allows: what a
// reader asks for, or what the origin consents to. The origin may grant less
// than was asked for; what it did not grant stays forbidden.
type Scope struct {
	Uses  []Use  `json:"uses"`
	For   string `json:"for"`            // who uses it then: a court, an authority, a bureau
	Until Date   `json:"until,omitzero"` // the last day of the consent; none is without an end
}

// Use is a use that needs the origin's consent.
type Use string

// Uses.
const (
	UseEvidence Use = "evidence" // before a court: what H1 keeps back
	UsePassOn   Use = "pass_on"  // to others than the readers: what H2 keeps back
	UseExport   Use = "export"   // of the body, out of this ledger
)

// ParseUses reads uses with commas between them, each once.
func ParseUses(text string) ([]Use, error) {
	var uses []Use
	for word := range strings.SplitSeq(text, ",") {
		u := Use(strings.ReplaceAll(strings.TrimSpace(word), "-", "_"))
		switch u {
		case UseEvidence, UsePassOn, UseExport:
		default:
			return nil, fmt.Errorf("%.40q is no use: want evidence, pass_on or export", word)
		}
		if slices.Contains(uses, u) {
			return nil, fmt.Errorf("%s is named twice", u)
		}
		uses = append(uses, u)
	}
	return uses, nil
}

// Allows reports whether the consent covers a use on the day of t.
func (s *Scope) Allows(u Use, t time.Time) bool {
	return s != nil && slices.Contains(s.Uses, u) && !s.ended(t)
}

// covers reports whether the consent allows all that an export needs, at a time in
// POSIX ms.
func (s *Scope) covers(f Format, at uint64) bool {
	return !slices.ContainsFunc(f.Uses(), func(u Use) bool { return !s.Allows(u, time.UnixMilli(int64(at)).UTC()) })
}

// ended reports whether the last day is over.
func (s *Scope) ended(t time.Time) bool {
	if s.Until.IsZero() {
		return false
	}
	_, last := s.Until.Range()
	return t.Unix() >= int64(last+1)*24*60*60
}

// String returns the scope in words: "evidence, pass on for the court of XB until 2027-01-31".
func (s *Scope) String() string {
	words := make([]string, len(s.Uses))
	for i, u := range s.Uses {
		words[i] = strings.ReplaceAll(string(u), "_", " ")
	}
	text := strings.Join(words, ", ") + " for " + s.For
	if !s.Until.IsZero() {
		text += " until " + s.Until.String()
	}
	return text
}

func (s *Scope) check(p *problems) {
	if len(s.Uses) == 0 {
		p.add("scope.uses", "missing: what for: evidence, pass_on or export")
	}
	for i, u := range s.Uses {
		p.need(index("scope.uses", i), string(u), "evidence, pass_on or export")
		oneOf(p, index("scope.uses", i), u, UseEvidence, UsePassOn, UseExport)
		if slices.Contains(s.Uses[:i], u) {
			p.add(index("scope.uses", i), "%.20s is named twice", u)
		}
	}
	p.need("scope.for", s.For, "who will use it: a court, an authority, a bureau")
	if !s.Until.IsZero() && !s.Until.IsDay() {
		p.add("scope.until", "%s: want a day", s.Until)
	}
}

// Right is what a person may ask about the data on them (RPD article 18).
type Right string

// Rights.
const (
	RightAccess     Right = "access"     // what is held
	RightCorrection Right = "correction" // it is wrong
	RightDeletion   Right = "deletion"   // it must not be held
)

// Decision is what the origin decides on a person's request.
type Decision string

// Decisions. What is granted, in whole or in part, must then be executed.
const (
	DecideGrant  Decision = "granted"
	DecidePart   Decision = "partly"
	DecideRefuse Decision = "refused"
)
