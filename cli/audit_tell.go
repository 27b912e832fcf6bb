package cli

import (
	"fmt"
	"strings"
	"time"

	"comity/crypto/keys"
	"comity/ledger/audit"
)

// tellAudit prints an audit for a person: the verdict, then what is wrong, then
// every check with its numbers, what needs a person, and what was not checked.
func (t *terminal) tellAudit(a *audited) {
	switch a.Verdict {
	case audit.Authentic:
		t.head(green, "OK", a.headline())
	case audit.Remarked:
		t.head(yellow, "OK, BUT", a.headline())
	case audit.Forged:
		t.head(red, "FAILED", a.headline())
	default:
		t.head(yellow, "UNKNOWN", a.headline())
	}
	if a.Verdict == audit.CannotTell {
		t.say("  Compare its ledger id by telephone with somebody you know at one of its bureaus, who reads it from comity charter show:")
		t.say("     %s", grouped(a.Ledger))
		t.say("  If it is the same:")
		t.shell("     %s", commandLine(a.settle))
	}
	for _, line := range a.detail() {
		t.say("  %s", line)
	}
	t.tellFailures(a)
	t.tellChecks(a)
	for _, f := range a.Findings {
		t.say("  found     %s%s", subject(f.Entry, ""), f.What)
		if f.Why != "" {
			t.say("            %s", f.Why)
		}
	}
	const unchecked = "  not checked: "
	for i, text := range a.NotChecked {
		label := unchecked
		if i > 0 {
			label = strings.Repeat(" ", len(label))
		}
		fmt.Fprintln(t.stdout, wrap(label+visible(text), width(t.stdout), len(label)))
	}
	t.tellFacts(a)
}

// screenful is how many failures a screen shows. The report has more.
const screenful = 20

// tellFailures prints what is wrong, and what to do about it once for all that
// it is the same for.
func (t *terminal) tellFailures(a *audited) {
	shown := a.Failures[:min(len(a.Failures), screenful)]
	for i, f := range shown {
		t.say("  wrong     %s%s", subject(f.Entry, f.Bureau), f.What)
		if f.Do != "" && (i+1 == len(shown) || shown[i+1].Do != f.Do) {
			t.say("            %s", f.Do)
		}
	}
	if s := a.unnamed(len(shown)); s != "" {
		t.say("            %s", s)
	}
}

// tellChecks prints the questions, each behind its answer and how often it was
// put.
func (t *terminal) tellChecks(a *audited) {
	numbers := make([]string, len(a.Checks))
	widest := 0
	for i, c := range a.Checks {
		numbers[i] = count(c.Checked)
		switch {
		case c.Failed > c.Checked: // the file ended before there was anything to check
			numbers[i] = count(c.Failed)
		case c.Failed > 0:
			numbers[i] = count(c.Failed) + " of " + numbers[i]
		}
		widest = max(widest, len(numbers[i]))
	}
	const indent = 12
	for i, c := range a.Checks {
		word := answer(c)
		sgr := map[string]string{"yes": green, "no": red, "none": yellow}[word]
		if word == "no" {
			word = "NO"
		}
		line := fmt.Sprintf("  %s%s%*s  %s", t.paint(sgr, word), strings.Repeat(" ", indent-2-len(word)), widest, numbers[i], visible(c.Question))
		fmt.Fprintln(t.stdout, wrap(line, width(t.stdout), indent+widest+2))
		if a.explain {
			t.text(strings.Repeat(" ", indent+widest+2), explanation(c.Question))
		}
	}
}

// tellFacts prints what the audit was about.
func (t *terminal) tellFacts(a *audited) {
	if a.Members > 0 { // the charter could be read
		t.say("  named     %s", a.Name)
		t.say("  ledger    %s", keys.ID(a.Ledger))
		t.say("  trusted   %s", a.because())
	}
	if a.Head.Size > 0 {
		t.say("  head      %s", plural(a.Head.Size, "entry", "entries"))
		t.say("  root      %s", keys.ID(a.Head.Root))
	}
	if a.Since > 0 {
		t.say("  since     signatures were checked from entry %s on", count(a.Since))
	}
	if a.SinceWhy != "" {
		t.say("  since     %s", a.SinceWhy)
	}
	t.tellEpochs(a)
	if s := a.times(); s != "" {
		t.say("  cosigned  %s, by the cosigners' clocks", s)
	}
	if k := a.Anchor; k != nil {
		t.say("  anchor    root %s at %s, kept %s", keys.ID(k.Root).Short(), count(k.Size), moment(k.At))
	}
	t.say("  file      %s", plural(a.Bytes, "byte", "bytes"))
	t.say("  SHA-256   %s", keys.ID(a.Digest))
}

// tellEpochs prints how the members changed, the last changes where there are many.
func (t *terminal) tellEpochs(a *audited) {
	shown := a.Epochs[max(0, len(a.Epochs)-screenful):]
	if more := len(a.Epochs) - len(shown); more > 0 {
		t.say("  members   changed %d times before that; --report and --json name all", more)
	}
	for _, e := range shown {
		label := fmt.Sprintf("  members   entry %s: ", count(e.Entry))
		fmt.Fprintln(t.stdout, wrap(label+visible(e.What), width(t.stdout), 12))
	}
}

// subject says what a failure or a finding is about, with a colon.
func subject(entry *uint64, bureau string) string {
	switch {
	case entry != nil && bureau != "":
		return "entry " + count(*entry) + " of " + bureau + ": "
	case entry != nil:
		return "entry " + count(*entry) + ": "
	case bureau != "":
		return bureau + ": "
	}
	return ""
}

// auditDocument is an audit as --json shows it.
type auditDocument struct {
	Verdict    string         `json:"verdict"`
	What       string         `json:"what"`
	Reason     string         `json:"reason,omitempty"`
	Ledger     keys.ID        `json:"ledger,omitzero"`
	Trusted    string         `json:"trusted,omitempty"`
	Name       string         `json:"name"`
	Exercise   bool           `json:"exercise,omitempty"`
	SHA256     keys.ID        `json:"sha256"`
	Bytes      uint64         `json:"bytes"`
	Entries    uint64         `json:"entries"`
	Since      uint64         `json:"since"`
	SinceWhy   string         `json:"since_why,omitempty"`
	Head       *checkpoint    `json:"head,omitempty"`
	Members    int            `json:"members"`
	Earliest   string         `json:"earliest,omitempty"`
	Latest     string         `json:"latest,omitempty"`
	Anchor     *auditAnchor   `json:"anchor,omitempty"`
	Checks     []auditCheck   `json:"checks"`
	Failures   []auditFailure `json:"failures"`
	Findings   []auditFinding `json:"findings"`
	NotChecked []string       `json:"not_checked"`
	Epochs     []auditEpoch   `json:"epochs"` // how the members changed
	Bureaus    []auditCount   `json:"bureaus"`
	Kinds      []auditCount   `json:"kinds"`
	Keys       []auditKey     `json:"keys"`
	Settle     string         `json:"settle,omitempty"` // the command that settles a "cannot tell"
}

type (
	auditCheck struct {
		Question string `json:"question"`
		Answer   string `json:"answer"` // yes, no, none
		Checked  uint64 `json:"checked"`
		Failed   uint64 `json:"failed"`
		Explain  string `json:"explain,omitempty"`
	}
	auditFailure struct {
		Entry  *uint64 `json:"entry,omitempty"`
		Bureau string  `json:"bureau,omitempty"`
		What   string  `json:"what"`
		Do     string  `json:"do"`
	}
	auditFinding struct {
		Entry *uint64 `json:"entry,omitempty"`
		What  string  `json:"what"`
		Why   string  `json:"why"`
	}
	auditEpoch struct {
		Number    uint32 `json:"number"`
		Entry     uint64 `json:"entry"`
		What      string `json:"what"`
		Recovered bool   `json:"recovered,omitempty"`
	}
	auditCount struct {
		Code    string `json:"code,omitempty"`
		Name    string `json:"name"`
		Entries uint64 `json:"entries"`
	}
	auditKey struct {
		Bureau      string  `json:"bureau"`
		Name        string  `json:"name"`
		Fingerprint keys.ID `json:"fingerprint"`
		Trust       string  `json:"trust"`
	}
	auditAnchor struct {
		Size uint64  `json:"size"`
		Root keys.ID `json:"root"`
		At   string  `json:"at"`
	}
)

// document returns the audit for programs.
func (a *audited) document() *auditDocument {
	d := &auditDocument{Verdict: a.verdictName(), What: a.file, Ledger: keys.ID(a.Ledger), Trusted: a.trusted, Name: a.Name, Exercise: a.Exercise,
		SHA256: keys.ID(a.Digest), Bytes: a.Bytes, Entries: a.Entries, Since: a.Since, SinceWhy: a.SinceWhy, Members: a.Members,
		Earliest: stamp(a.Earliest), Latest: stamp(a.Latest),
		Checks: []auditCheck{}, Failures: []auditFailure{}, Findings: []auditFinding{}, NotChecked: append([]string{}, a.NotChecked...),
		Epochs: []auditEpoch{}, Bureaus: []auditCount{}, Kinds: []auditCount{}, Keys: []auditKey{}}
	if a.source != "" {
		d.What = a.source
	}
	if a.Verdict == audit.CannotTell {
		d.Reason, d.Settle = a.headline(), commandLine(a.settle)
	}
	if a.Head.Size > 0 {
		d.Head = &checkpoint{a.Head.Size, keys.ID(a.Head.Root), append([]string{}, a.Cosigners...), a.Quorum}
	}
	if k := a.Anchor; k != nil {
		d.Anchor = &auditAnchor{k.Size, keys.ID(k.Root), stamp(k.At)}
	}
	for _, c := range a.Checks {
		row := auditCheck{Question: c.Question, Answer: answer(c), Checked: c.Checked, Failed: c.Failed}
		if a.explain {
			row.Explain = explanation(c.Question)
		}
		d.Checks = append(d.Checks, row)
	}
	for _, f := range a.Failures {
		d.Failures = append(d.Failures, auditFailure{f.Entry, f.Bureau, f.What, f.Do})
	}
	for _, f := range a.Findings {
		d.Findings = append(d.Findings, auditFinding{f.Entry, f.What, f.Why})
	}
	for _, e := range a.Epochs {
		d.Epochs = append(d.Epochs, auditEpoch(e))
	}
	for _, c := range a.Bureaus {
		d.Bureaus = append(d.Bureaus, auditCount{c.Code, c.Name, c.Entries})
	}
	for _, c := range a.Kinds {
		d.Kinds = append(d.Kinds, auditCount{c.Code, c.Name, c.Entries})
	}
	for _, k := range a.Keys {
		d.Keys = append(d.Keys, auditKey{k.Bureau, k.Name, keys.ID(k.Fingerprint), k.Trust})
	}
	return d
}

// stamp writes a time for programs, "" for none.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
