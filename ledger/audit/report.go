package audit

import (
	"time"

	"comity/ledger"
)

// Verdict is the outcome of an audit in a word. The numbers are the exit codes
// of the commands that verify.
type Verdict int

// The verdicts. One failure outweighs everything else.
const (
	Authentic  Verdict = 0 // all was checked and is right, and nothing needs a person
	Forged     Verdict = 1 // something is not what was signed, or is missing
	CannotTell Verdict = 2 // right in itself, but nothing says that this is the ledger meant
	Remarked   Verdict = 4 // authentic, with findings for a person to look at
)

// Report is what an audit found. Everything in it was computed from the file
// and from what the auditor brought.
type Report struct {
	Verdict  Verdict
	Ledger   ledger.Hash // of the charter in the file
	Name     string      // of the consortium
	Exercise bool        // the charter says that its data are synthetic
	Digest   ledger.Hash // SHA-256 of the file
	Bytes    uint64      // its length

	Entries   uint64            // in the file
	Since     uint64            // signatures were checked from this index on
	SinceWhy  string            // why from there, where another index was asked for; "" otherwise
	Head      ledger.Checkpoint // the last FINAL one of the file
	Cosigners []string          // bureaus that cosigned Head, in order of code
	Quorum    int               // how many are needed, of those who vote at the end
	Members   int               // who vote then
	Epochs    []Change          // of the members, by the entries
	Earliest  time.Time         // of the cosignatures of the first head in the file, by the cosigners' clocks
	Latest    time.Time         // of those of Head

	Checks     []Check
	Failures   []Failure // in order of entry; at most [MaxFailures], Check.Failed has the number
	Findings   []Finding
	NotChecked []string

	Bureaus []Count // entries by bureau, in the order of the charter
	Kinds   []Count // entries by what they are, most first
	Keys    []RootKey
	Anchor  *Anchor // the newest earlier head of the auditor, nil without one
}

// Check is one question, put to every entry, head or body that it concerns. Its
// answer is yes if something was checked and nothing failed.
type Check struct {
	Question string
	Checked  uint64
	Failed   uint64
}

// MaxFailures bounds the failures that a report names.
const MaxFailures = 100

// Failure is something that must not be: a proof that this is not the history
// that the bureaus signed.
type Failure struct {
	Entry  *uint64 // index; nil for what concerns the whole file
	Bureau string  // whose entry or head it is, "" if unknown
	What   string  // what differs, with both values where there are two
	Do     string  // what the reader should do
}

// Finding is something that is authentic and yet needs a person's eye.
type Finding struct {
	Entry *uint64 // index; nil for what concerns the whole file
	What  string
	Why   string // it matters
}

// Count is a number of entries.
type Count struct {
	Code    string // of a bureau, "" otherwise
	Name    string
	Entries uint64
}

// Change is a change of who belongs to the consortium.
type Change struct {
	Number uint32 // of the epoch that began with it
	Entry  uint64
	What   string

	Recovered bool // a recovery began it: what had stood at Entry and above was cut
}

// RootKey is a key that everything else rests on.
type RootKey struct {
	Bureau      string
	Name        string
	Fingerprint ledger.ID // of the bureau's root key
	Trust       string    // how the auditor came to trust it, in words
}

// Anchor is a head that the auditor verified at an earlier time and kept.
type Anchor struct {
	Size uint64
	Root ledger.Hash
	At   time.Time // of the audit, by the auditor's clock
}
