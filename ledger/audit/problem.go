package audit

import (
	"fmt"
	"slices"
	"strings"
)

// question is one of the checks of a report.
type question int

const (
	qCharter question = iota
	qSignatures
	qRules
	qSequence
	qChains
	qMembers
	qHeads
	qAnchors
	qKeys
	qBodies
	questions
)

// always are the questions that stand in a report even if nothing was there to
// check.
var always = []question{qCharter, qSignatures, qSequence, qHeads}

// testingOnlyBlind are questions, as bits, that audits do not look into: with it,
// tests show that each is needed.
var testingOnlyBlind uint

// problem is a failure with those that are of one kind with it.
type problem struct {
	Failure
	key  string
	main bool   // it is a changed entry: what others came of
	more uint64 // entries, or heads, beside that of the failure
	last uint64 // of the entries
}

// problems collects what failed. It names a bounded number, and counts the rest.
type problems struct {
	checked, failed [questions]uint64
	file            []*problem // that concern the whole file
	entries         []*problem // in order of entry
	groups          map[string]*problem
}

func newProblems() *problems { return &problems{groups: make(map[string]*problem)} }

// fail adds a failure of one entry, or of the file. Entries with the same key,
// if it is not empty, are one failure.
func (p *problems) fail(q question, key string, f Failure) {
	p.count(q)
	p.name(q, key, f)
}

// name is fail for what is counted already.
func (p *problems) name(q question, key string, f Failure) { p.put(q, key, f, false) }

// nameMain is name for an entry that was changed. There is room for it, however
// much was named before.
func (p *problems) nameMain(q question, key string, f Failure) { p.put(q, key, f, true) }

func (p *problems) put(q question, key string, f Failure, main bool) {
	if testingOnlyBlind>>q&1 == 1 {
		return
	}
	if g := p.groups[key]; key != "" && g != nil {
		if g.more++; f.Entry != nil {
			g.last = *f.Entry
		}
		return
	}
	list := &p.entries
	if f.Entry == nil {
		list = &p.file
	}
	most := MaxFailures
	if main {
		most *= 2
	}
	if len(*list) >= most {
		return
	}
	n := &problem{Failure: f, key: key, main: main}
	*list = append(*list, n)
	if key != "" {
		p.groups[key] = n
	}
}

// again counts heads that fail q as the one does that has the key.
func (p *problems) again(q question, key string, n uint64) {
	if testingOnlyBlind>>q&1 == 1 {
		return
	}
	p.failed[q] += n
	if g := p.groups[key]; g != nil {
		g.more += n
	}
}

// count notes that an entry whose failure is named already fails q as well.
func (p *problems) count(q question) {
	if testingOnlyBlind>>q&1 == 0 {
		p.failed[q]++
	}
}

// maxFile bounds the failures of the file that a report names before those of
// entries: what is wrong with many heads must not hide what is wrong with one entry.
const maxFile = 10

// failures returns what a report names: the file first, then by entry.
func (p *problems) failures() []Failure {
	slices.SortStableFunc(p.entries, func(a, b *problem) int {
		return int(min(max(int64(*a.Entry)-int64(*b.Entry), -1), 1))
	})
	file := p.file
	if len(file) > maxFile && len(p.entries) > 0 {
		file = slices.Clone(file[:maxFile])
		last := *file[maxFile-1]
		last.What += "; more that concerns the whole file is not named"
		file[maxFile-1] = &last
	}
	// What is too much are the last entries, but for those that were changed.
	for i := len(p.entries) - 1; i >= 0 && len(file)+len(p.entries) > MaxFailures; i-- {
		if !p.entries[i].main {
			p.entries = slices.Delete(p.entries, i, i+1)
		}
	}
	var out []Failure
	for _, n := range slices.Concat(file, p.entries) {
		f := n.Failure
		switch {
		case n.more > 0 && f.Entry == nil:
			f.What += fmt.Sprintf("; so it is with %s more", number(n.more))
		case n.more == 1:
			f.What += fmt.Sprintf("; so it is with entry %s", number(n.last))
		case n.more > 1:
			f.What += fmt.Sprintf("; so it is with %s more entries, the last of them %s", number(n.more), number(n.last))
		}
		if len(out) < MaxFailures {
			out = append(out, f)
		}
	}
	return out
}

// some reports whether anything failed.
func (p *problems) some() bool { return p.failed != [questions]uint64{} }

// number writes n with commas.
func number(n uint64) string {
	s := fmt.Sprint(n)
	var b strings.Builder
	for i, c := range s {
		if i > 0 && (len(s)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(c)
	}
	return b.String()
}

// digest writes the first bytes of a hash as people compare them.
func digest(h [32]byte) string { return fmt.Sprintf("%x %x %x %x", h[0:2], h[2:4], h[4:6], h[6:8]) }
