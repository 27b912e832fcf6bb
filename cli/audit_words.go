package cli

import (
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"comity/ledger"
	"comity/ledger/audit"
)

// audited is a report of package audit, with what the person asked for. The
// screen, the JSON document and the HTML page are made from it, and say the same
// in the same words.
type audited struct {
	*audit.Report
	file    string    // as given; "-" is standard input
	source  string    // the node that the file was made from a moment ago, "" for a file that was given
	trusted string    // how the ledger id came to be trusted, "" if it did not
	command []string  // the command line to repeat it
	settle  []string  // the command line that would settle a "cannot tell"
	explain bool      // --explain
	at      time.Time // when it was made
}

// word is the verdict in a word, for the page and its title.
func (a *audited) word() string {
	switch a.Verdict {
	case audit.Authentic, audit.Remarked:
		return "Authentic"
	case audit.Forged:
		return "Not authentic"
	}
	return "Cannot tell"
}

// verdictName is the verdict as programs read it.
func (a *audited) verdictName() string {
	switch a.Verdict {
	case audit.Authentic:
		return authentic
	case audit.Remarked:
		return withFindings
	case audit.Forged:
		return notAuthentic
	}
	return unknown
}

// headline is the verdict in a sentence.
func (a *audited) headline() string {
	switch a.Verdict {
	case audit.Authentic, audit.Remarked:
		return "Every entry is authentic and none is missing."
	case audit.Forged:
		switch {
		case a.Members == 0:
			return "The charter in this file was damaged or forged."
		case a.onlyFails("Does it extend the heads"):
			return "This is not the history that you verified before."
		case a.onlyFails("Is it the ledger that you named"):
			return "This is not the ledger that you named."
		}
		return "This is not the history that the bureaus signed."
	}
	return "All that was checked is right, but nothing says that this is the ledger you mean."
}

// onlyFails reports whether, of all checks, only the one whose question begins so
// failed.
func (a *audited) onlyFails(begins string) bool {
	for _, c := range a.Checks {
		if (c.Failed > 0) != strings.HasPrefix(c.Question, begins) {
			return false
		}
	}
	return len(a.Checks) > 0
}

// detail is what a reader of the headline must know with it.
func (a *audited) detail() []string {
	var list []string
	switch a.Verdict {
	case audit.Authentic, audit.Remarked:
		list = append(list, fmt.Sprintf("Up to %s. %s cosigned that head (%d of %d needed).", a.span(), capital(series(a.Cosigners)), a.Quorum, a.Members))
	case audit.Forged:
		n, atLeast := uint64(len(a.Failures)), ""
		if n >= audit.MaxFailures {
			atLeast = "at least "
		}
		list = append(list, capital(fmt.Sprintf("%s%s wrong, named below. Do not rely on any of it; keep the file as evidence.",
			atLeast, numeral(n)+" "+pick(n, "thing is", "things are"))))
	}
	if n := uint64(len(a.Findings)); n > 0 {
		list = append(list, capital(numeral(n)+" "+pick(n, "matter needs", "matters need")+" a person's eye."))
	}
	if n := uint64(len(a.NotChecked)); n > 0 {
		list = append(list, capital(numeral(n)+" "+pick(n, "thing was", "things were")+" not checked and "+pick(n, "is", "are")+" named below."))
	}
	return list
}

// unnamed says that there are more failures than the first shown, "" if there
// are not. How many entries fail, the checks say.
func (a *audited) unnamed(shown int) string {
	switch more := len(a.Failures) - shown; {
	case more > 0:
		return fmt.Sprintf("These are the first %s; --report and --json name %s more.", count(shown), count(more))
	case len(a.Failures) >= audit.MaxFailures:
		return fmt.Sprintf("These are the first %s; more are not named.", count(shown))
	}
	return ""
}

// span is the entries of the file: "entry 1,283, the last of 1,284".
func (a *audited) span() string {
	if a.Entries == 0 {
		return "no entry"
	}
	return fmt.Sprintf("entry %s, the last of %s", count(a.Entries-1), count(a.Entries))
}

// answer is the outcome of a check in a word.
func answer(c audit.Check) string {
	switch {
	case c.Failed > 0:
		return "no"
	case c.Checked == 0:
		return "none"
	}
	return "yes"
}

// times says when the head was cosigned, by the cosigners' clocks.
func (a *audited) times() string {
	if a.Latest.IsZero() {
		return ""
	}
	if a.Earliest.IsZero() || a.Earliest.Equal(a.Latest) {
		return moment(a.Latest)
	}
	return moment(a.Earliest) + " to " + moment(a.Latest)
}

// facts are what the audit was about.
func (a *audited) facts() [][2]string {
	var list [][2]string
	if a.Members > 0 { // the charter could be read
		list = append(list, [][2]string{
			{"Ledger", a.Name},
			{"Ledger id", grouped(a.Ledger)},
			{"Trusted", a.because()},
			{"Entries", a.entries()},
		}...)
	}
	if a.Head.Size > 0 {
		list = append(list,
			[2]string{"Head", fmt.Sprintf("root %s at %s", hex.EncodeToString(a.Head.Root[:]), plural(a.Head.Size, "entry", "entries"))},
			[2]string{"Cosigned by", fmt.Sprintf("%s (%d of %d needed)", series(a.Cosigners), a.Quorum, a.Members)})
	}
	if s := a.times(); s != "" {
		list = append(list, [2]string{"Cosigned on", s + ", by the cosigners' clocks"})
	}
	if k := a.Anchor; k != nil {
		list = append(list, [2]string{"Your last head", fmt.Sprintf("root %s at %s, kept %s", hex.EncodeToString(k.Root[:8]), plural(k.Size, "entry", "entries"), moment(k.At))})
	}
	return append(list, [2]string{"File", fmt.Sprintf("%s, SHA-256 %s", plural(a.Bytes, "byte", "bytes"), hex.EncodeToString(a.Digest[:]))})
}

// because says how the ledger id came to be trusted.
func (a *audited) because() string {
	if a.trusted == "" {
		return "no: nothing says that it is the right one"
	}
	return "because " + a.trusted
}

func (a *audited) entries() string {
	text := count(a.Entries)
	if a.Entries > 0 {
		text += fmt.Sprintf(", from 0 to %s", count(a.Entries-1))
	}
	if a.Since > 0 {
		text += fmt.Sprintf("; signatures checked from entry %s on", count(a.Since))
	}
	if a.SinceWhy != "" {
		text += "; " + a.SinceWhy
	}
	return text
}

// grouped writes a hash in groups of four digits, as it is read out by
// telephone: all of it, because a part of it can be searched for.
func grouped(h ledger.Hash) string {
	digits := hex.EncodeToString(h[:])
	var groups []string
	for ; digits != ""; digits = digits[4:] {
		groups = append(groups, digits[:4])
	}
	return strings.Join(groups, " ")
}

// place is where in the ledger something is: "1,263", or the file as a whole.
func place(index *uint64) string {
	if index == nil {
		return "file"
	}
	return count(*index)
}

// moment writes a time as a report does.
func moment(t time.Time) string { return t.UTC().Format("2 January 2006 15:04 UTC") }

// series joins codes: "XA, XB and XC".
func series(list []string) string {
	switch n := len(list); n {
	case 0:
		return "nobody"
	case 1:
		return list[0]
	default:
		return strings.Join(list[:n-1], ", ") + " and " + list[n-1]
	}
}

// numeral writes a small number as a word.
func numeral(n uint64) string {
	words := []string{"no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"}
	if n < uint64(len(words)) {
		return words[n]
	}
	return count(n)
}

func pick(n uint64, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// capital returns a sentence of ours with a capital letter at its start.
func capital(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
