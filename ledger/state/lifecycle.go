package state

import (
	"bytes"
	"fmt"
	"slices"

	"comity/crypto/seal"
	"comity/ledger"
)

// Limits of time, on ledger time. The charter has no field for them: they are the
// same in every ledger of this version.
const (
	// TermDays is for how long a notice may stand from its publication, and from
	// each extension: five years.
	TermDays = 1827
	// DueDays is how long before its last day a notice is due for review by its
	// origin: half a year.
	DueDays = 183
	// ReviewDays is within how many days reviewers should decide. A notice waits
	// on when they do not, and shows as overdue.
	ReviewDays = 14
	// RetentionDays is for how long, after a notice has ended or a reply was
	// made, its bodies are kept when its origin does not purge them before: five
	// years, as long as a notice itself may stand.
	RetentionDays = 1827
	// AckDays is within how many days a node has destroyed what is purged. Who is
	// later has no right less, and shows as overdue.
	AckDays = 7
)

const dayMS = 86_400_000

// dayOf returns the day of a ledger time; none is behind the last that a notice
// may name.
func dayOf(ms uint64) uint32 { return uint32(min(ms/dayMS, ledger.MaxDay)) }

// reviewed reports whether notices of this kind wait for reviewers. A diffusion
// shows no kind, and says itself that nobody reviewed it; a tally is of nobody.
func (a *application) reviewed(k ledger.Kind) (bool, error) {
	e, err := a.epoch()
	return err == nil && k != ledger.KindUndisclosed && k != ledger.KindTally && Reviewers(len(e.Members)) > 0, err
}

// checkPublish holds the rules on the clear fields of publish and amend, and on what
// parts they have.
func (a *application) checkPublish(p *ledger.Publish, signers []*Key) *Refusal {
	switch {
	case p.Kind == ledger.KindRed && !supervised(signers):
		return refuse(FourEyes, "a red notice needs the second signature of a supervisor")
	case !supervised(signers) && hasVictim(a.body):
		return refuse(FourEyes, "a notice with a victim's part, as more readers of one, needs the second signature of a supervisor")
	case p.ReviewBy != 0 && p.ReviewBy < dayOf(a.now):
		return refuse(BadTerm, fmt.Sprintf("its day of review, %s, is past", date(uint64(p.ReviewBy)*dayMS)))
	}
	return nil
}

// checkNotice holds the rules on what acts on a notice. Only its origin amends,
// withdraws, grants and extends, and its kind stays what it is: else one officer
// could declare a red notice blue, and rewrite it alone.
func (a *application) checkNotice(s *ledger.Statement, signers []*Key) (*Refusal, error) {
	var p *ledger.Publish
	if s.Class == ledger.ClassPublish || s.Class == ledger.ClassAmend {
		var err error
		if p, err = ledger.ParsePublish(s.Public); err != nil {
			return nil, badFields(err)
		}
		if refusal := a.checkPublish(p, signers); refusal != nil {
			return refusal, nil
		}
		if s.Class == ledger.ClassPublish {
			return a.checkAttachments(s, p)
		}
	}
	author := signers[0]
	n, err := ReadNotice(a, s.Target)
	if err != nil {
		return nil, err
	}
	if n == nil {
		return refuse(NoTarget, fmt.Sprintf("there is no notice %s", s.Target.Short())), nil
	}
	if refusal, err := mayAct(s, author, n); refusal != nil || err != nil {
		return refusal, err
	}
	if refusal, err := a.checkStands(s, n); refusal != nil || err != nil {
		return refusal, err
	}
	switch s.Class {
	case ledger.ClassAmend:
		if refusal := checkAmend(n, p); refusal != nil {
			return refusal, nil
		}
		return a.checkAttachments(s, p)
	case ledger.ClassGrant:
		return a.checkGrant(s, n, signers), nil
	case ledger.ClassExtend:
		return a.checkExtend(s, n)
	case ledger.ClassReview:
		return a.checkReview(s, n, author.Bureau)
	case ledger.ClassSuspend:
		return a.checkSuspend(s, n, author.Bureau)
	case ledger.ClassLift:
		return a.checkLift(s, n, author.Bureau)
	}
	return nil, nil
}

// mayAct says who may do this to the notice, whatever its state.
func mayAct(s *ledger.Statement, author *Key, n *Notice) (*Refusal, error) {
	by := ledger.ByOrigin
	switch s.Class {
	case ledger.ClassReview:
		by = ledger.ByReviewers
	case ledger.ClassSuspend, ledger.ClassLift:
		var err error
		if by, err = heldAs(s); err != nil {
			return nil, err
		}
	}
	role, who := mayAuthor, "investigators and supervisors of its origin"
	switch by {
	case ledger.ByReviewers:
		role, who = ledger.RoleSupervisor, "supervisors of other bureaus"
	case ledger.ByOversight:
		role, who = ledger.RoleAuditor, "auditors of other bureaus"
	}
	own := n.Bureau == author.Bureau
	switch {
	case own != (by == ledger.ByOrigin) && by == ledger.ByOrigin:
		return refuse(NotAllowed, fmt.Sprintf("%s may not %s a notice of %s", author.Bureau, s.Class, n.Bureau)), nil
	case own != (by == ledger.ByOrigin), author.Roles&role == 0:
		return refuse(NotAllowed, fmt.Sprintf("%s of %s may not %s a notice of %s in the name of its %s: that is for %s",
			author.Label, author.Bureau, s.Class, n.Bureau, by, who)), nil
	}
	return nil, nil
}

// checkStands refuses what comes too late. Only a suspension by others than the
// origin outlives the notice, since it holds up the purge, and so may be lifted; a
// bureau may take back what it said for that.
func (a *application) checkStands(s *ledger.Statement, n *Notice) (*Refusal, error) {
	status := n.At(a.now)
	if !status.Ended() {
		return nil, nil
	}
	if n.Purged == 0 {
		by, err := heldAs(s)
		if err != nil || by != ledger.ByOrigin && n.Held.By(by) {
			return nil, err
		}
	}
	since := fmt.Sprintf("since %s", date(n.expiry()))
	if n.Ended != 0 {
		since = fmt.Sprintf("since entry %d", n.Ended-1)
	}
	return refuse(Ended, fmt.Sprintf("the notice is %s %s", status, since)), nil
}

// heldAs returns in whose name a statement suspends or lifts: the origin's for any
// other.
func heldAs(s *ledger.Statement) (ledger.Authority, error) {
	switch s.Class {
	case ledger.ClassSuspend:
		p, err := ledger.ParseSuspend(s.Public)
		if err != nil {
			return 0, badFields(err)
		}
		return p.By, nil
	case ledger.ClassLift:
		p, err := ledger.ParseLift(s.Public)
		if err != nil {
			return 0, badFields(err)
		}
		return p.By, nil
	}
	return ledger.ByOrigin, nil
}

// hasVictim reports whether a sealed body gives somebody a victim's part. Who the
// readers are nobody sees.
func hasVictim(body []byte) bool {
	sealed, err := seal.Parse(body)
	if err != nil {
		return false // nobody opens anything of it
	}
	return slices.ContainsFunc(sealed.Parts(), func(p seal.PartInfo) bool { return p.Compartment == seal.Victim })
}

func checkAmend(n *Notice, p *ledger.Publish) *Refusal {
	switch {
	case p.Kind != n.Kind:
		return refuse(NotAllowed, fmt.Sprintf("the notice is %s, and no amendment makes it %s", n.Kind, p.Kind))
	case n.ReviewBy != 0 && (p.ReviewBy == 0 || p.ReviewBy > n.ReviewBy):
		return refuse(BadTerm, fmt.Sprintf("the notice is to be reviewed by %s: an extension moves that, and no amendment", date(uint64(n.ReviewBy)*dayMS)))
	}
	return nil
}

func (a *application) checkGrant(s *ledger.Statement, n *Notice, signers []*Key) *Refusal {
	switch status := n.At(a.now); {
	case status != StatusActive && status != StatusSubmitted:
		return refuse(NotNow, fmt.Sprintf("the notice is %s: it gets no more readers", status))
	case bytes.Equal(s.Public, ledger.VictimGrant) && !supervised(signers):
		return refuse(FourEyes, "more readers of a victim's part need the second signature of a supervisor")
	}
	return nil
}

func (a *application) checkExtend(s *ledger.Statement, n *Notice) (*Refusal, error) {
	p, err := ledger.ParseExtend(s.Public)
	if err != nil {
		return nil, badFields(err)
	}
	latest := dayOf(a.now) + TermDays
	switch {
	case !n.ReviewDue(a.now):
		return refuse(TooEarly, fmt.Sprintf("its review is due from %s on", date(uint64(n.Term()-DueDays)*dayMS))), nil
	case p.ReviewBy <= n.Term():
		return refuse(BadTerm, fmt.Sprintf("the notice stands until %s as it is", date(uint64(n.Term())*dayMS))), nil
	case p.ReviewBy > latest:
		return refuse(BadTerm, fmt.Sprintf("five years are the most: %s", date(uint64(latest)*dayMS))), nil
	}
	return nil, nil
}

func (a *application) checkReview(s *ledger.Statement, n *Notice, bureau string) (*Refusal, error) {
	p, err := ledger.ParseReview(s.Public)
	if err != nil {
		return nil, badFields(err)
	}
	switch {
	case p.Version != n.Version:
		return refuse(Superseded, fmt.Sprintf("the version reviewed, %s, is not the one that stands, %s", p.Version.Short(), n.Version.Short())), nil
	case n.Status != StatusSubmitted:
		return refuse(NotNow, fmt.Sprintf("the notice is %s, and waits for no review", n.Status)), nil
	}
	b, err := a.ballot(s.Target, bureau)
	if err == nil && b.own.Review == p.Decision {
		return refuse(Repeated, fmt.Sprintf("%s has said so of this version already", bureau)), nil
	}
	return nil, err
}

func (a *application) checkSuspend(s *ledger.Statement, n *Notice, bureau string) (*Refusal, error) {
	p, err := ledger.ParseSuspend(s.Public)
	if err != nil {
		return nil, badFields(err)
	}
	b, err := a.ballot(s.Target, bureau)
	switch {
	case err != nil:
		return nil, err
	case n.Held.By(p.By) && b.own.Lift[p.By] == 0:
		return refuse(Repeated, fmt.Sprintf("its %s has suspended the notice", p.By)), nil
	case b.own.Suspend[p.By]:
		return refuse(Repeated, fmt.Sprintf("%s has said so", bureau)), nil
	}
	return nil, nil
}

func (a *application) checkLift(s *ledger.Statement, n *Notice, bureau string) (*Refusal, error) {
	p, err := ledger.ParseLift(s.Public)
	if err != nil {
		return nil, badFields(err)
	}
	b, err := a.ballot(s.Target, bureau)
	switch {
	case err != nil:
		return nil, err
	case !n.Held.By(p.By) && !(b.own.Suspend[p.By] && p.Outcome == ledger.OutcomeRestored):
		return refuse(NotNow, fmt.Sprintf("the notice is not suspended by its %s: who suspends one lifts it", p.By)), nil
	case b.own.Lift[p.By] == p.Outcome:
		return refuse(Repeated, fmt.Sprintf("%s has said so", bureau)), nil
	}
	return nil, nil
}

func badFields(err error) error {
	return fmt.Errorf("state: statement parsed with bad public fields: %w", err)
}

// publish begins a notice.
func (a *application) publish(e *ledger.Entry, index uint64, bureau string) error {
	p, err := ledger.ParsePublish(e.Statement.Public)
	if err != nil {
		return err
	}
	n := Notice{Bureau: bureau, Kind: p.Kind, Index: index, ReviewBy: p.ReviewBy, Limit: dayOf(a.now) + TermDays, Last: index + 1}
	if err := a.version(&n, e, index); err != nil {
		return err
	}
	a.put(TableNotices, e.ID[:], n.marshal())
	a.addBody(index, e.ID, 0)
	return a.addAttachments(e, p, index)
}

// version makes the entry the current version. What reviewers said of the one
// before is not said of this one.
func (a *application) version(n *Notice, e *ledger.Entry, index uint64) error {
	n.Latest, n.Version, n.Sent, n.Approved = index, e.ID, a.now, 0
	n.Status = StatusActive
	waits, err := a.reviewed(n.Kind)
	if waits {
		n.Status = StatusSubmitted
	}
	return err
}

// act writes what a statement changes that acts on a notice.
func (a *application) act(e *ledger.Entry, index uint64, bureau string) error {
	s := e.Statement
	n, err := ReadNotice(a, s.Target)
	if err != nil {
		return err
	}
	switch s.Class {
	case ledger.ClassAmend:
		err = a.amend(n, e, index)
	case ledger.ClassWithdraw:
		a.end(n, StatusWithdrawn, index)
	case ledger.ClassExtend:
		var p *ledger.Extend
		if p, err = ledger.ParseExtend(s.Public); err == nil {
			n.ReviewBy, n.Limit = p.ReviewBy, dayOf(a.now)+TermDays
		}
	case ledger.ClassReview:
		err = a.review(n, s, index, bureau)
	case ledger.ClassSuspend:
		err = a.suspend(n, s, bureau)
	case ledger.ClassLift:
		err = a.lift(n, s, index, bureau)
	}
	if err != nil {
		return err
	}
	if s.BodyLen > 0 {
		a.addBody(index, s.Target, n.Last)
		n.Last = index + 1
	}
	a.put(TableNotices, s.Target[:], n.marshal())
	return nil
}

func (a *application) end(n *Notice, s Status, index uint64) {
	n.Status, n.Ended, n.EndedAt = s, index+1, a.now
}

func (a *application) amend(n *Notice, e *ledger.Entry, index uint64) error {
	p, err := ledger.ParsePublish(e.Statement.Public)
	if err != nil {
		return err
	}
	if err := a.addAttachments(e, p, index); err != nil {
		return err
	}
	n.ReviewBy = p.ReviewBy
	if err := a.version(n, e, index); err != nil {
		return err
	}
	votes, err := ReadVotes(a, e.Statement.Target)
	if err != nil || votes == nil {
		return err
	}
	b := &ballot{votes: votes}
	b.clear(func(v *Vote) { v.Review = 0 })
	return a.putBallot(e.Statement.Target, b)
}

// review counts a bureau's decision; its last one counts, until enough agree.
func (a *application) review(n *Notice, s *ledger.Statement, index uint64, bureau string) error {
	p, err := ledger.ParseReview(s.Public)
	if err != nil {
		return err
	}
	b, err := a.ballot(s.Target, bureau)
	if err != nil {
		return err
	}
	b.own.Review = p.Decision
	if b.decide(func(v *Vote) bool { return v.Review == p.Decision }) {
		switch p.Decision {
		case ledger.Approve:
			n.Status, n.Approved = StatusActive, index+1
		case ledger.Return:
			n.Status = StatusReturned
		case ledger.Refuse:
			a.end(n, StatusRefused, index)
		}
		b.clear(func(v *Vote) { v.Review = 0 })
	}
	return a.putBallot(s.Target, b)
}

// suspend counts a bureau's voice; the origin's alone is enough for its own. While
// the notice is suspended it takes back what the bureau said for a lift.
func (a *application) suspend(n *Notice, s *ledger.Statement, bureau string) error {
	p, err := ledger.ParseSuspend(s.Public)
	if err != nil {
		return err
	}
	if p.By == ledger.ByOrigin {
		n.Held |= 1 << p.By
		return nil
	}
	b, err := a.ballot(s.Target, bureau)
	if err != nil {
		return err
	}
	if b.own.Lift[p.By] = 0; !n.Held.By(p.By) {
		b.own.Suspend[p.By] = true
		if b.decide(func(v *Vote) bool { return v.Suspend[p.By] }) {
			n.Held |= 1 << p.By
			b.clear(func(v *Vote) { v.Suspend[p.By] = false })
		}
	}
	return a.putBallot(s.Target, b)
}

// lift counts a bureau's voice as suspend does. Before the notice is suspended it
// takes back what the bureau said for that. A notice that has ended stays what it
// is, and since when: its retention begins once.
func (a *application) lift(n *Notice, s *ledger.Statement, index uint64, bureau string) error {
	p, err := ledger.ParseLift(s.Public)
	if err != nil {
		return err
	}
	decided := p.By == ledger.ByOrigin
	if !decided {
		b, err := a.ballot(s.Target, bureau)
		if err != nil {
			return err
		}
		if b.own.Suspend[p.By] = false; n.Held.By(p.By) {
			b.own.Lift[p.By] = p.Outcome
			decided = b.decide(func(v *Vote) bool { return v.Lift[p.By] == p.Outcome })
		}
		if decided {
			b.clear(func(v *Vote) { v.Lift[p.By] = 0 })
		}
		if err := a.putBallot(s.Target, b); err != nil {
			return err
		}
	}
	if !decided {
		return nil
	}
	n.Held &^= 1 << p.By
	if p.Outcome == ledger.OutcomeCancelled && !n.At(a.now).Ended() {
		a.end(n, StatusCancelled, index)
	}
	return nil
}
