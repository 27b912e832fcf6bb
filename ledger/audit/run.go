package audit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/bundle"
)

// Trust is what the auditor brings.
type Trust struct {
	Ledger  *ledger.Hash // the ledger that is meant; without it the verdict is at best CannotTell
	Anchors []Anchor     // heads of it that were verified before
}

// Options are how an audit runs. The zero value is good.
type Options struct {
	// Since is an index: if an anchor at or after it stands in the file's tree,
	// the signatures of the entries before are not verified again.
	Since    uint64
	Workers  int                      // goroutines; 0 for one per core
	Temp     string                   // directory for temporary files, some 250 bytes per entry; "" for the system's
	Progress func(done, total uint64) // may be nil; called from one goroutine
}

// Run audits a bundle. Whatever is wrong with the ledger in it is in the report;
// an error is one of reading, of the temporary files, of ctx, or
// [bundle.ErrNoBundle]. If r can seek, it may be read twice.
func Run(ctx context.Context, r io.Reader, t Trust, o Options) (*Report, error) {
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.Progress == nil {
		o.Progress = func(done, total uint64) {}
	}
	start, again := int64(0), false
	seeker, ok := r.(io.Seeker)
	if ok {
		var err error
		start, err = seeker.Seek(0, io.SeekCurrent)
		again = err == nil
	}
	a := &audit{trust: t, options: o, anchored: !slices.ContainsFunc(t.Anchors, func(a Anchor) bool { return a.Size >= o.Since })}
	report, err := a.run(ctx, r)
	if err != nil || !a.rested || !again {
		return report, err
	}
	// No anchor agrees with the file after all.
	if _, err := seeker.Seek(start, io.SeekStart); err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	a = &audit{trust: t, options: o, anchored: true}
	return a.run(ctx, r)
}

// audit is one run.
type audit struct {
	trust    Trust
	options  Options
	anchored bool // it is known that no anchor lets signatures rest
	rested   bool // signatures were not verified, and no anchor stands for them

	report  *Report
	history *history
	heads   headList
	proofs  []proof
}

func (a *audit) run(ctx context.Context, in io.Reader) (*Report, error) {
	a.report = &Report{}
	r, err := bundle.NewReader(in)
	if err != nil {
		return a.broken(ctx, r, newProblems(), err)
	}
	g := r.Genesis()
	a.describe(g)
	since, why := a.since(r.Size())
	a.report.Since, a.report.SinceWhy = since, why

	files, err := newFiles(a.options.Temp)
	if err != nil {
		return nil, err
	}
	defer files.close()
	h, err := newHistory(g, files, r.Size(), since)
	if err != nil {
		return nil, err
	}
	a.history = h
	a.charter(g)
	err = newWorkers(g, since).run(ctx, r, a.options.Workers, func(j *job) error {
		if err := h.take(j); err != nil {
			return err
		}
		a.options.Progress(h.size, r.Size())
		return nil
	})
	a.report.Entries = h.size
	h.tally.counts(a.report)
	if err != nil { // of a file that breaks off no head was read
		a.rested = since > 0
		failed := h.problems.some()
		h.differences(headed{})
		a.report.NotChecked = h.notChecked(a.report, a.trust)
		if failed && errors.Is(err, ledger.ErrFormat) { // what comes later mends nothing
			a.report.NotChecked = append(a.report.NotChecked, fmt.Sprintf("What follows the first %s: %v.", plural(h.size, "entry", "entries"), err))
			return a.refuted(ctx, r, h.problems)
		}
		return a.broken(ctx, r, h.problems, err)
	}
	var tail error
	a.members(g)
	a.heads, tail = readHeads(ctx, r, h.members, a.options.Workers)
	whole := tail == nil
	if whole {
		tail = a.evidence(ctx, r)
	}
	var fault *bundle.Fault
	if tail != nil && !errors.As(tail, &fault) {
		return nil, tail
	}
	if err := a.judge(g, whole); err != nil {
		return nil, err
	}
	if tail != nil {
		return a.broken(ctx, r, h.problems, tail)
	}
	a.report.Digest, a.report.Bytes = r.Digest(), r.Bytes()
	a.close(h.problems)
	return a.report, nil
}

// describe notes what the charter says.
func (a *audit) describe(g *ledger.Genesis) {
	r, c := a.report, g.Charter
	r.Ledger, r.Name, r.Exercise = g.Ledger, c.Name, strings.Contains(strings.ToLower(c.Name), "exercise")
	r.Quorum, r.Members = ledger.Quorum(len(c.Members)), len(c.Members)
	trust := "in the charter of the ledger that you named, signed by all its founders"
	if a.trust.Ledger == nil {
		trust = "in the charter in this file; nothing says that it is the right one"
	} else if *a.trust.Ledger != g.Ledger {
		trust = "not at all: it is of another ledger than you named"
	}
	for i := range c.Members {
		m := &c.Members[i]
		r.Keys = append(r.Keys, RootKey{m.Code, m.Name, keys.SigningID(m.Root), trust})
	}
}

// charter holds the ledger of the file against the one that is meant.
func (a *audit) charter(g *ledger.Genesis) {
	a.history.checked[qCharter] = uint64(len(g.Charter.Members))
	if want := a.trust.Ledger; want != nil && *want != g.Ledger {
		a.history.fail(qCharter, "", Failure{What: fmt.Sprintf("this is another ledger (%s) than the one you named (%s)", digest(g.Ledger), digest(*want)),
			Do: "Ask for a file of the right ledger. If its bureaus are the same, ask them which charter they founded."})
	}
}

// members holds the certificates in the charter file against the epochs that the
// entries make. What they leave open the entries say: that each epoch was voted for
// was asked of them, and whether they are the ledger's the heads will say.
func (a *audit) members(g *ledger.Genesis) {
	h, r := a.history, a.report
	derived := h.members
	for _, e := range g.Epochs()[1:] {
		if e.From > h.size {
			break // certified, and behind the end of the file
		}
		h.checked[qMembers]++
	}
	for _, e := range derived.Epochs()[1:] {
		r.Epochs = append(r.Epochs, Change{e.Number, e.From - 1, renewal(derived.Epochs()[e.Number-1], e), e.Recovered})
	}
	short := len(g.Epochs()) > len(derived.Epochs()) && g.Epochs()[len(derived.Epochs())].From <= h.size
	if !derived.Agrees(g.Membership) || short {
		h.fail(qMembers, "", Failure{Do: askSplit, What: "the certificates in the file's charter are not of the changes of members that its entries make"})
	}
	h.members = derived.Longer(g.Membership)
	h.genesis = g.Knowing(h.members)
	latest := h.members.At(h.size)
	r.Quorum, r.Members = latest.Quorum(), latest.Voters()
	for i := range latest.Members {
		m := &latest.Members[i]
		if !slices.ContainsFunc(r.Keys, func(k RootKey) bool { return k.Fingerprint == keys.SigningID(m.Root) }) {
			r.Keys = append(r.Keys, RootKey{m.Code, m.Name, keys.SigningID(m.Root), "by votes of the others, which are entries of this file"})
		}
	}
}

// renewal says in words what an epoch changed: one thing, or several in a recovery.
func renewal(before, e *ledger.Epoch) string {
	var list []string
	for i := range before.Members {
		was := &before.Members[i]
		m, ok := e.Member(was.Code)
		if !ok {
			list = append(list, was.Code+" was removed")
			continue
		}
		if m.Voter && !was.Voter {
			list = append(list, m.Code+" became a voter")
		}
		if !m.Voter && was.Voter {
			list = append(list, m.Code+" is no voter any more")
		}
		if !m.Root.Equal(was.Root) {
			list = append(list, m.Code+" got a new root key")
		}
		if m.Node.Cosigner() != was.Node.Cosigner() || m.Node.TLS != was.Node.TLS {
			list = append(list, m.Code+" got a new node")
		}
	}
	for i := range e.Members {
		if _, ok := before.Member(e.Members[i].Code); !ok {
			list = append(list, e.Members[i].Code+" joined")
		}
	}
	if e.Format > before.Format {
		list = append(list, fmt.Sprintf("the ledger has format %d", e.Format))
	}
	what := strings.Join(list, ", ")
	if e.Recovered {
		return fmt.Sprintf("after the quorum of nodes was lost, a quorum of the roots went on from here: %s; what had been entry %s and above was cut", what, number(e.From-1))
	}
	return what
}

// since returns from which entry on signatures are verified, and if that is not
// what was asked for, why.
func (a *audit) since(size uint64) (uint64, string) {
	want := a.options.Since
	if want == 0 {
		return 0, ""
	}
	if a.trust.Ledger != nil {
		for _, n := range a.trust.Anchors {
			if !a.anchored && want <= n.Size && n.Size <= size {
				return want, ""
			}
		}
	}
	return 0, fmt.Sprintf("no head that you kept, at entry %s or later, stands in this file: every signature was checked", number(want))
}

// evidence reads and verifies the pieces of evidence in the file.
func (a *audit) evidence(ctx context.Context, r *bundle.Reader) error {
	for {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		data, err := r.NextEvidence()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		a.proofs = append(a.proofs, newProof(a.history.genesis, data))
	}
}

// judge asks what needs the whole history.
func (a *audit) judge(g *ledger.Genesis, whole bool) error {
	h, r := a.history, a.report
	by, err := h.heads(a.heads, whole)
	if err != nil {
		return err
	}
	if by.final != nil {
		r.Head, r.Cosigners = by.final.Checkpoint, by.final.bureaus()
		_, r.Latest = by.final.clocks()
	}
	for _, hd := range a.heads.all {
		if hd.ok {
			r.Earliest, _ = hd.clocks()
			break
		}
	}
	if err := h.anchors(a.trust, by); err != nil {
		return err
	}
	r.Anchor = newest(a.trust.Anchors)
	a.rested = h.since > 0 && h.failed[qAnchors] > 0
	if r.Findings, err = h.findings(by, a.heads.all); err != nil {
		return err
	}
	convicted, err := h.evidence(by, a.proofs)
	if err != nil {
		return err
	}
	r.Findings = slices.Concat(convicted, r.Findings)
	r.NotChecked = h.notChecked(r, a.trust)
	return nil
}

// broken reports a file that is not a whole bundle. Other errors it returns.
func (a *audit) broken(ctx context.Context, r *bundle.Reader, p *problems, err error) (*Report, error) {
	var fault *bundle.Fault
	if !errors.As(err, &fault) {
		return nil, err
	}
	f := Failure{Do: askFile, What: fmt.Sprintf("the beginning of the file is damaged or forged (byte %s): %s", number(fault.Offset), fault.What)}
	q := qCharter
	if r.Genesis() != nil {
		q = qSequence
		f.What = fmt.Sprintf("the file is damaged at byte %s, after %s of %s entries: %s", number(fault.Offset), number(fault.Entries), number(r.Size()), fault.What)
	}
	p.fail(q, "", f)
	return a.refuted(ctx, r, p)
}

// refuted reports on a file of which something failed and the rest is not judged.
func (a *audit) refuted(ctx context.Context, r *bundle.Reader, p *problems) (*Report, error) {
	if err := r.Rest(ctx); err != nil {
		return nil, err
	}
	a.report.Digest, a.report.Bytes = r.Digest(), r.Bytes()
	a.close(p)
	return a.report, nil
}

// close fills in the checks and comes to a verdict.
func (a *audit) close(p *problems) {
	r := a.report
	for q := range questions {
		if p.checked[q] == 0 && p.failed[q] == 0 && !slices.Contains(always, q) {
			continue
		}
		r.Checks = append(r.Checks, Check{a.question(q), p.checked[q], p.failed[q]})
	}
	r.Failures = p.failures()
	switch {
	case p.some():
		r.Verdict = Forged
	case a.trust.Ledger == nil:
		r.Verdict = CannotTell
	case len(r.Findings) > 0:
		r.Verdict = Remarked
	}
}

// question is what a check is called.
func (a *audit) question(q question) string {
	r := a.report
	span, enough := "", ""
	if r.Entries > 0 {
		span = ", 0 to " + number(r.Entries-1)
	}
	if r.Members > 0 {
		enough = fmt.Sprintf(" (%d of %d)", r.Quorum, r.Members)
	}
	switch q {
	case qCharter:
		if a.trust.Ledger == nil {
			return "Did every bureau of the charter sign it?"
		}
		return "Is it the ledger that you named, founded by every bureau of its charter?"
	case qSignatures:
		return "Was each entry signed by a key that its bureau had enrolled, and not revoked, at that place?"
	case qRules:
		return "Was each author allowed, at that place, to do what the entry does?"
	case qSequence:
		return fmt.Sprintf("Is the sequence complete%s, with no entry changed, moved, added or removed?", span)
	case qChains:
		return "Do each officer's own statements follow each other without a gap?"
	case qHeads:
		return fmt.Sprintf("Is every head in the file signed by enough bureaus%s, and one of this same history?", enough)
	case qMembers:
		return "Do the certificates of who joined and left agree with the entries?"
	case qAnchors:
		return "Does it extend the heads that you kept from earlier audits?"
	case qKeys:
		return "Was every key enrolled and revoked by the root of its own bureau?"
	case qBodies:
		return "Is each sealed text in the file the one that was signed?"
	}
	panic("audit: a question without words")
}
