package ledger

import "fmt"

// Kind is the colour of a notice as its clear header shows it. The zero Kind is
// what a diffusion shows: its real kind is sealed.
type Kind uint8

// The kinds of notices. Numbers are part of the format and are never reused.
const (
	KindUndisclosed Kind = iota
	KindRed              // locate and arrest
	KindBlue             // identity, location or activity
	KindGreen            // warning on a repeat offender
	KindYellow           // missing, or cannot identify themselves
	KindBlack            // unidentified body
	KindOrange           // imminent threat
	KindPurple           // modus operandi
	KindSilver           // assets
	KindUN               // Security Council list
	KindDiffusion        // direct to chosen bureaus, not reviewed
	KindTally            // counters of an operation
)

var kindNames = [...]string{"undisclosed", "red", "blue", "green", "yellow", "black", "orange", "purple", "silver", "un", "diffusion", "tally"}

// String returns the lower-case name of k.
func (k Kind) String() string { return nameOf(kindNames[:], uint8(k), "kind") }

// ParseKind is the inverse of [Kind.String].
func ParseKind(s string) (Kind, error) {
	i, err := codeOf(kindNames[:], s, "kind")
	return Kind(i), err
}

// Urgency says how fast an answer is asked for.
type Urgency uint8

// Urgencies, with the time in which the origin is asked to answer a hit.
const (
	U0 Urgency = iota // 7 days
	U1                // 24 hours
	U2                // 1 hour
	U3                // 10 minutes
)

var urgencyNames = [...]string{"U0", "U1", "U2", "U3"}

// String returns "U0" to "U3".
func (u Urgency) String() string { return nameOf(urgencyNames[:], uint8(u), "urgency") }

// ParseUrgency is the inverse of [Urgency.String].
func ParseUrgency(s string) (Urgency, error) {
	i, err := codeOf(urgencyNames[:], s, "urgency")
	return Urgency(i), err
}

// Classification is the protective marking of a notice.
type Classification uint8

// Classifications, in ascending order of protection.
const (
	Unclassified Classification = iota
	Restricted
	Confidential
	Secret
)

var classificationNames = [...]string{"unclassified", "restricted", "confidential", "secret"}

// String returns the lower-case name of c.
func (c Classification) String() string {
	return nameOf(classificationNames[:], uint8(c), "classification")
}

// ParseClassification is the inverse of [Classification.String].
func ParseClassification(s string) (Classification, error) {
	i, err := codeOf(classificationNames[:], s, "classification")
	return Classification(i), err
}

func nameOf(names []string, code uint8, what string) string {
	if int(code) < len(names) && names[code] != "" {
		return names[code]
	}
	return fmt.Sprintf("%s(%d)", what, code)
}

func codeOf(names []string, s, what string) (uint8, error) {
	for i, n := range names {
		if n == s && n != "" {
			return uint8(i), nil
		}
	}
	return 0, fmt.Errorf("unknown %s %q", what, s)
}
