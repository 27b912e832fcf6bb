package state_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"comity/ledger"
	"comity/ledger/ledgertest"
	"comity/ledger/state"
)

// lifeTable is the life of a notice: what each may do to it in each state, and
// what it is then, or the code of the refusal. Five bureaus, of which two decide
// together; "reviewers" and "oversight" are two of them, "one reviewer" is one.
// "held by ..." is suspended by these; "evidence" has ended, and others than the
// origin hold it suspended; "outlived" ended five years ago. "approved" may stand
// for a diffusion as well: it is active too.
const lifeTable = `
origin            amend      withdraw   grant      extend     suspend    lift       cancel     approve      purge
submitted         submitted  withdrawn  submitted  too_early  suspended  not_now    not_now    not_allowed  not_ended
approved          submitted  withdrawn  approved   too_early  suspended  not_now    not_now    not_allowed  not_ended
diffusion         active     withdrawn  active     too_early  suspended  not_now    not_now    not_allowed  not_ended
review due        submitted  withdrawn  approved   approved   suspended  not_now    not_now    not_allowed  not_ended
returned          submitted  withdrawn  not_now    too_early  suspended  not_now    not_now    not_allowed  not_ended
held by origin    suspended  withdrawn  not_now    too_early  repeated   approved   cancelled  not_allowed  not_ended
held by reviewers suspended  evidence   not_now    too_early  suspended  not_now    not_now    not_allowed  not_ended
held by oversight suspended  evidence   not_now    too_early  suspended  not_now    not_now    not_allowed  not_ended
withdrawn         ended      ended      ended      ended      ended      ended      ended      not_allowed  four_eyes
refused           ended      ended      ended      ended      ended      ended      ended      not_allowed  four_eyes
cancelled         ended      ended      ended      ended      ended      ended      ended      not_allowed  four_eyes
expired           ended      ended      ended      ended      ended      ended      ended      not_allowed  four_eyes
evidence          ended      ended      ended      ended      ended      ended      ended      not_allowed  not_now
outlived          ended      ended      ended      ended      ended      ended      ended      not_allowed  purged
purged            ended      ended      ended      ended      ended      ended      ended      not_allowed  repeated

two of origin     amend      withdraw   grant      purge
approved          submitted  withdrawn  approved   not_ended
held by reviewers suspended  evidence   not_now    not_ended
withdrawn         ended      ended      ended      purged
refused           ended      ended      ended      purged
cancelled         ended      ended      ended      purged
expired           ended      ended      ended      purged
evidence          ended      ended      ended      not_now
outlived          ended      ended      ended      purged

reviewers         approve    return     refuse     suspend    lift       cancel     amend        withdraw     grant        extend       purge
submitted         approved   returned   refused    suspended  not_now    not_now    not_allowed  not_allowed  not_allowed  not_allowed  not_ended
approved          not_now    not_now    not_now    suspended  not_now    not_now    not_allowed  not_allowed  not_allowed  not_allowed  not_ended
diffusion         not_now    not_now    not_now    suspended  not_now    not_now    not_allowed  not_allowed  not_allowed  not_allowed  not_ended
review due        not_now    not_now    not_now    suspended  not_now    not_now    not_allowed  not_allowed  not_allowed  not_allowed  not_ended
returned          not_now    not_now    not_now    suspended  not_now    not_now    not_allowed  not_allowed  not_allowed  not_allowed  not_ended
held by origin    not_now    not_now    not_now    suspended  not_now    not_now    not_allowed  not_allowed  not_allowed  not_allowed  not_ended
held by reviewers not_now    not_now    not_now    repeated   approved   cancelled  not_allowed  not_allowed  not_allowed  not_allowed  not_ended
held by oversight not_now    not_now    not_now    suspended  not_now    not_now    not_allowed  not_allowed  not_allowed  not_allowed  not_ended
withdrawn         ended      ended      ended      ended      ended      ended      not_allowed  not_allowed  not_allowed  not_allowed  too_early
refused           ended      ended      ended      ended      ended      ended      not_allowed  not_allowed  not_allowed  not_allowed  too_early
cancelled         ended      ended      ended      ended      ended      ended      not_allowed  not_allowed  not_allowed  not_allowed  too_early
expired           ended      ended      ended      ended      ended      ended      not_allowed  not_allowed  not_allowed  not_allowed  too_early
evidence          ended      ended      ended      repeated   withdrawn  withdrawn  not_allowed  not_allowed  not_allowed  not_allowed  too_early
outlived          ended      ended      ended      ended      ended      ended      not_allowed  not_allowed  not_allowed  not_allowed  purged
purged            ended      ended      ended      ended      ended      ended      not_allowed  not_allowed  not_allowed  not_allowed  repeated

one reviewer      approve    return     refuse     suspend    lift       cancel
submitted         submitted  submitted  submitted  submitted  not_now    not_now
approved          not_now    not_now    not_now    approved   not_now    not_now
held by reviewers not_now    not_now    not_now    repeated   suspended  suspended
evidence          ended      ended      ended      repeated   evidence   evidence

oversight         suspend    lift       cancel     approve      amend        withdraw     purge
submitted         suspended  not_now    not_now    not_allowed  not_allowed  not_allowed  not_ended
approved          suspended  not_now    not_now    not_allowed  not_allowed  not_allowed  not_ended
diffusion         suspended  not_now    not_now    not_allowed  not_allowed  not_allowed  not_ended
held by reviewers suspended  not_now    not_now    not_allowed  not_allowed  not_allowed  not_ended
held by oversight repeated   approved   cancelled  not_allowed  not_allowed  not_allowed  not_ended
withdrawn         ended      ended      ended      not_allowed  not_allowed  not_allowed  not_allowed
evidence          ended      ended      ended      not_allowed  not_allowed  not_allowed  not_allowed
outlived          ended      ended      ended      not_allowed  not_allowed  not_allowed  not_allowed

officer elsewhere amend        withdraw     grant        extend       suspend      lift         approve      purge
submitted         not_allowed  not_allowed  not_allowed  not_allowed  not_allowed  not_allowed  not_allowed  not_ended
held by reviewers not_allowed  not_allowed  not_allowed  not_allowed  not_allowed  not_allowed  not_allowed  not_ended
evidence          not_allowed  not_allowed  not_allowed  not_allowed  not_allowed  not_allowed  not_allowed  not_allowed
outlived          not_allowed  not_allowed  not_allowed  not_allowed  not_allowed  not_allowed  not_allowed  not_allowed
`

// stages says how a notice comes to each state.
var stages = map[string]func(l *stage){
	"submitted": func(l *stage) {},
	"approved":  func(l *stage) { l.does("reviewers", "approve") },
	"diffusion": func(l *stage) {},
	"review due": func(l *stage) {
		l.does("reviewers", "approve")
		l.now += (state.TermDays - state.DueDays + 1) * dayMS
	},
	"returned":          func(l *stage) { l.does("reviewers", "return") },
	"held by origin":    func(l *stage) { l.does("reviewers", "approve"); l.does("origin", "suspend") },
	"held by reviewers": func(l *stage) { l.does("reviewers", "approve"); l.does("reviewers", "suspend") },
	"held by oversight": func(l *stage) { l.does("reviewers", "approve"); l.does("oversight", "suspend") },
	"withdrawn":         func(l *stage) { l.does("origin", "withdraw") },
	"refused":           func(l *stage) { l.does("reviewers", "refuse") },
	"cancelled":         func(l *stage) { l.does("reviewers", "suspend"); l.does("reviewers", "cancel") },
	"expired":           func(l *stage) { l.now += (state.TermDays + 1) * dayMS },
	"evidence":          func(l *stage) { l.does("reviewers", "suspend"); l.does("origin", "withdraw") },
	"outlived":          func(l *stage) { l.does("origin", "withdraw"); l.now += retention },
	"purged":            func(l *stage) { l.does("origin", "withdraw"); l.does("two of origin", "purge") },
}

// stage is a notice in one state, and who may want something of it.
type stage struct {
	*life
	auditors, elsewhere []*ledgertest.Author
}

func newStage(t *testing.T) *stage {
	l := &stage{life: newLife(t, ledger.KindBlue)}
	for i := range 2 {
		l.auditors = append(l.auditors, l.fresh(1+i, ledger.RoleAuditor))
		l.elsewhere = append(l.elsewhere, l.fresh(1+i, ledger.RoleInvestigator|ledger.RoleDesk|ledger.RoleProtection|ledger.RoleOperator))
	}
	return l
}

// enter brings the notice into a state.
func (l *stage) enter(name string) {
	if name == "diffusion" {
		it := l.Bureaus[0].Officer.Publish(l.t, ledger.KindUndisclosed, text)
		l.accept(it)
		l.id, l.version = it.Entry.ID, it.Entry.ID
	}
	stages[name](l)
}

// keep returns what puts everything back as it is now.
func (l *stage) keep() (restore func()) {
	view, now, id, version := *l.view, l.now, l.id, l.version
	l.view.tables, l.view.hashes, l.view.records = maps.Clone(view.tables), slices.Clone(view.hashes), slices.Clone(view.records)
	everybody := append(slices.Clone(l.auditors), l.elsewhere...)
	for _, b := range l.Bureaus {
		everybody = append(everybody, b.Root, b.Officer, b.Supervisor)
	}
	saved := make([]ledgertest.Author, len(everybody))
	for i, a := range everybody {
		saved[i] = *a
	}
	return func() {
		*l.view, l.now, l.id, l.version = view, now, id, version
		for i, a := range everybody {
			*a = saved[i]
		}
	}
}

// act returns what the authors of a column would sign.
func (l *stage) act(who, act string) (items []ledger.Item) {
	var authors, seconds []*ledgertest.Author
	by := ledger.ByOrigin
	switch who {
	case "origin":
		authors = append(authors, l.Bureaus[0].Officer)
	case "two of origin":
		authors, seconds = append(authors, l.Bureaus[0].Officer), append(seconds, l.Bureaus[0].Supervisor)
	case "reviewers":
		authors, by = append(authors, l.head(1), l.head(2)), ledger.ByReviewers
	case "one reviewer":
		authors, by = append(authors, l.head(1)), ledger.ByReviewers
	case "oversight":
		authors, by = l.auditors, ledger.ByOversight
	case "officer elsewhere":
		authors, by = l.elsewhere, ledger.ByReviewers
	}
	if act == "purge" || act == "amend" || act == "withdraw" || act == "grant" || act == "extend" {
		authors = authors[:1] // nobody decides these together
	}
	for _, a := range authors {
		items = append(items, l.sign(a, act, by, seconds))
	}
	return items
}

func (l *stage) sign(a *ledgertest.Author, act string, by ledger.Authority, seconds []*ledgertest.Author) ledger.Item {
	t, today := l.t, uint32(l.now/dayMS)
	switch act {
	case "amend":
		return a.Amend(t, l.id, l.notice().Kind, text, seconds...)
	case "withdraw":
		return a.Sign(t, ledger.Statement{Class: ledger.ClassWithdraw, Target: l.id}, nil, seconds...)
	case "grant":
		return a.Sign(t, ledger.Statement{Class: ledger.ClassGrant, Target: l.id}, text, seconds...)
	case "extend":
		return a.Extend(t, l.id, today+state.TermDays, text)
	case "suspend":
		return a.Suspend(t, l.id, by)
	case "lift":
		return a.Lift(t, l.id, by, ledger.OutcomeRestored)
	case "cancel":
		return a.Lift(t, l.id, by, ledger.OutcomeCancelled)
	case "approve":
		return a.Review(t, l.id, l.notice().Version, ledger.Approve)
	case "return":
		return a.Review(t, l.id, l.notice().Version, ledger.Return)
	case "refuse":
		return a.Review(t, l.id, l.notice().Version, ledger.Refuse)
	case "purge":
		return a.Purge(t, l.id, ledger.ReasonOver, seconds...)
	}
	t.Fatalf("there is no act %q", act)
	return ledger.Item{}
}

func (l *stage) does(who, act string) {
	l.t.Helper()
	l.may("", l.act(who, act)...)
}

// would returns what becomes of the notice, or the code of the first refusal, and
// leaves everything as it is.
func (l *stage) would(who, act string) string {
	l.t.Helper()
	defer l.keep()()
	for _, r := range l.batch(l.act(who, act)...) {
		if r.Refusal != nil {
			return string(r.Refusal.Code)
		}
	}
	n := l.notice()
	switch status := n.At(l.now); {
	case status.Ended() && status != state.StatusPurged && n.Held.ByOthers():
		return "evidence"
	case status == state.StatusActive && n.Reviewed():
		return "approved"
	default:
		return status.String()
	}
}

// TestLifeTable holds the table against what the machine decides.
func TestLifeTable(t *testing.T) {
	l := newStage(t)
	seen := make(map[string]bool)
	for _, block := range strings.Split(strings.TrimSpace(lifeTable), "\n\n") {
		rows := strings.Split(block, "\n")
		who, acts := cells(rows[0])
		for _, row := range rows[1:] {
			name, want := cells(row)
			seen[name] = true
			restore := l.keep()
			l.enter(name)
			for i, act := range acts {
				if got := l.would(who, act); got != want[i] {
					t.Errorf("%s: %s by %s: got %s, want %s", name, act, who, got, want[i])
				}
			}
			restore()
		}
	}
	if len(seen) != len(stages) {
		t.Errorf("the table has %d states of %d", len(seen), len(stages))
	}
}

// cells divides a line into its name, which may have spaces, and its columns.
func cells(line string) (string, []string) {
	return strings.TrimSpace(line[:18]), strings.Fields(line[18:])
}

// TestHeldIsNotPurged: what others hold is not purged before they let it go, whatever
// the reason, and not for longer than it may be kept; when it ended does not move.
func TestHeldIsNotPurged(t *testing.T) {
	l := newStage(t)
	for _, how := range []string{"lifted", "cancelled", "outlived"} {
		restore := l.keep()
		l.enter("held by reviewers")
		l.does("oversight", "suspend")
		l.does("origin", "withdraw")
		ended := l.notice().EndedAt
		purge := func(r ledger.Reason) string {
			l.t.Helper()
			got := l.refusal(l.fresh(0, ledger.RoleInvestigator).Purge(t, l.id, r, l.Bureaus[0].Supervisor))
			return string(got)
		}
		if got := purge(ledger.ReasonOrder); got != string(state.NotNow) {
			t.Fatalf("%s: held by both: got %q", how, got)
		}
		if how == "outlived" {
			l.now = ended + retention - 3500 // the next entry but one is in time
			if got := purge(ledger.ReasonOver); got != string(state.NotNow) {
				t.Errorf("a second or two before retention ends: got %q", got)
			}
			l.now += 3500
		} else {
			act := map[string]string{"lifted": "lift", "cancelled": "cancel"}[how]
			l.does("oversight", act)
			if got := purge(ledger.ReasonOver); got != string(state.NotNow) {
				t.Errorf("%s: held by reviewers: got %q", how, got)
			}
			l.does("reviewers", act)
			if n := l.notice(); n.Status != state.StatusWithdrawn || n.EndedAt != ended {
				t.Errorf("%s: got %+v, want it withdrawn at %d", how, n, ended)
			}
		}
		if got := purge(ledger.ReasonOver); got != "" {
			t.Errorf("%s: got %q", how, got)
		}
		restore()
	}
}
