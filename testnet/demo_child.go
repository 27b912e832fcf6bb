package testnet

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/notice"
	"comity/ledger/query"
	"comity/ledger/state"
	"comity/node/desk"
)

// The bureaus of the case that ends well: the one that misses the child, and the
// one where it is found. No other may read it.
const (
	seeker    = "XA"
	finder    = "XB"
	childName = "LT-0301"
)

// childCase returns the scenes of the case. Each looks at the ledger, through
// the desk of who acts, for what it needs, and does nothing if it was played.
func (p *player) childCase() []step {
	on := func(day, hour, minute int) time.Duration {
		return time.Duration(day-1)*24*time.Hour + time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute
	}
	return []step{
		{at: on(2, 8, 11), scene: p.publishChild},
		{at: on(2, 8, 14), scene: p.ackChild},
		{at: on(2, 8, 32), scene: p.scanPassport},
		{at: on(2, 8, 38), scene: p.confirmHit},
		{at: on(2, 9, 42), scene: p.reportOutcome},
		{at: on(2, 10, 30), scene: p.withdrawChild},
		{at: on(2, 10, 33), scene: p.purgeChild},
	}
}

// publishChild sends the notice with two officers' signatures, waits until it
// is FINAL, and shows it to the finder and to those whom it is not for.
func (p *player) publishChild(ctx context.Context) error {
	if c, err := p.child(ctx, seeker); err != nil {
		return err
	} else if c != nil {
		return p.keepChild(c.ID)
	}
	began := time.Now()
	n := notice.ChildCase(p.file.Start)
	sent, err := p.act(ctx, seeker, func(d *desk.Desk, by desk.Officers) (ledger.Item, error) {
		by.Others = []*keys.Signer{p.second[seeker].Signer}
		return d.Publish(ctx, nil, by, n)
	})
	if err != nil {
		return err
	}
	if err := p.keepChild(sent.Item.Entry.ID); err != nil {
		return err
	}
	_, cosigners, err := p.authors[seeker].Receipt(ctx, sent)
	if err != nil {
		return err
	}
	final := since(began)
	slices.Sort(cosigners)
	if err := p.see(ctx, finder, sent.Index); err != nil {
		return err
	}
	c, err := p.child(ctx, finder)
	if err != nil {
		return err
	}
	if c == nil || c.View == nil || c.View.Card == nil || c.View.Victim == nil {
		return fmt.Errorf("%w: %s cannot open %s, which is for it", errScene, finder, childName)
	}
	p.report(DemoCase{
		DemoEntry: p.entry(c.Bureau, c.Reference(), c.Index, c.Time, c.ID), Colour: c.View.Colour.String(), Minor: c.View.Victim.Minor,
		Urgency: c.Public.Urgency.String(), Readers: c.View.Readers, Signers: len(sent.Item.Entry.Signatures), Cosigners: cosigners, Seconds: final,
	})
	if err := p.lookFromOutside(ctx, c, sent); err != nil {
		return err
	}
	return p.lookAtInbox(ctx, c)
}

// lookAtInbox wants the notice before all else that waits for the finder.
func (p *player) lookAtInbox(ctx context.Context, c *desk.Case) error {
	d := p.desks[finder]
	cases, err := d.Cases(ctx, desk.Filter{Opened: true})
	if err != nil {
		return err
	}
	list := desk.Inbox(cases, finder, d.AsOf(p.time.Now()))
	i := slices.IndexFunc(list, func(w desk.Waiting) bool { return w.Case.ID == c.ID })
	if i != 0 || list[i].Task != desk.TaskRead {
		return fmt.Errorf("%w: %s is not the first in the inbox of %s", errScene, childName, finder)
	}
	p.report(DemoInbox{p.entry(c.Bureau, c.Reference(), c.Index, c.Time, c.ID), finder, string(list[i].Task), i + 1, len(list)})
	return nil
}

// lookFromOutside has the bureaus that the notice is not for try to open and to
// find it.
func (p *player) lookFromOutside(ctx context.Context, c *desk.Case, sent *Sent) error {
	person := c.View.Card.Person.Names[0]
	q, err := query.Parse(fmt.Sprintf("name:%q", person.String()), p.time.Now())
	if err != nil {
		return err
	}
	e := DemoSealed{DemoEntry: p.entry(c.Bureau, c.Reference(), c.Index, c.Time, c.ID), Kind: c.Public.Kind.String()}
	if e.Control, err = p.find(ctx, finder, q); err != nil {
		return err
	}
	for _, code := range p.codes {
		if c.View.Readers.Has(code) {
			continue
		}
		if err := p.see(ctx, code, c.Index); err != nil {
			return err
		}
		theirs, err := p.desks[code].Case(ctx, c.ID.String())
		if err != nil {
			return err
		}
		if theirs.View != nil || theirs.Err != nil {
			e.Opened++
		}
		found, err := p.find(ctx, code, q)
		if err != nil {
			return err
		}
		e.Found += found
		e.Bureaus = append(e.Bureaus, code)
	}
	clear := append(slices.Clone(sent.Item.Entry.Raw), sent.Item.Body...)
	if bytes.Contains(clear, []byte(person.Family)) || bytes.Contains(clear, []byte(childName)) {
		return fmt.Errorf("%w: what nodes keep of %s shows whom it is about", errScene, childName)
	}
	p.report(e)
	if e.Opened != 0 || e.Found != 0 || e.Control != 1 || e.Kind != ledger.KindUndisclosed.String() {
		return fmt.Errorf("%w: %s is open to bureaus that it is not for", errScene, childName)
	}
	return nil
}

// find counts the notices that a bureau finds.
func (p *player) find(ctx context.Context, code string, q *query.Query) (int, error) {
	f, err := p.desks[code].Search(ctx, q, false, 0)
	if err != nil {
		return 0, err
	}
	return f.Total, nil
}

func (p *player) ackChild(ctx context.Context) error {
	return p.answer(ctx, finder, notice.Ack, "", func(c *desk.Case) (*notice.Reply, uint64, error) {
		return &notice.Reply{Type: notice.Ack}, c.Time, nil
	})
}

// scanPassport scans the passport that the child carries, at a border of the
// finder, and reports the hit.
func (p *player) scanPassport(ctx context.Context) error {
	c, err := p.childSeen(ctx, finder)
	if err != nil || answered(c, notice.Hit) != nil || c.Status.Ended() {
		return err
	}
	answer, took, err := p.checkPassport(ctx)
	if err != nil {
		return err
	}
	if len(answer.Hits) != 1 || answer.Hits[0].ID != c.ID {
		return fmt.Errorf("%w: the passport hits %d notices, and not only %s", errScene, len(answer.Hits), childName)
	}
	hit := answer.Hits[0]
	sent, err := p.reply(ctx, finder, c, &notice.Reply{Type: notice.Hit, Match: hit.Why})
	if err != nil {
		return err
	}
	cases, err := p.desks[seeker].Pending(ctx)
	if err != nil {
		return err
	}
	list := desk.Inbox(cases, seeker, p.desks[seeker].AsOf(p.time.Now()))
	if len(list) == 0 || list[0].Task != desk.TaskDecideHit || list[0].ID != sent.Item.Entry.ID.String() {
		return fmt.Errorf("%w: the hit is not the first in the inbox of %s", errScene, seeker)
	}
	p.report(DemoScan{p.entry(finder, hit.View.Reference, sent.Index, sent.Time, sent.Item.Entry.ID), hit.Why, string(hit.Action), hit.Action.Sentence(), answer.AsOf, took})
	return nil
}

// checkPassport asks the finder's desk about the passport that the child carries,
// as a border does: by what a scanner reads, and no node is asked.
func (p *player) checkPassport(ctx context.Context) (answer *desk.Answer, seconds float64, err error) {
	passport, err := notice.ChildCase(p.file.Start).Card.PassportMRZ()
	if err != nil {
		return nil, 0, err
	}
	lines, err := passport.Lines()
	if err != nil {
		return nil, 0, err
	}
	d := p.desks[finder]
	if err := d.Index(ctx, nil); err != nil {
		return nil, 0, err
	}
	began := time.Now()
	m, _, err := notice.ReadMRZ(strings.Join(lines, "\n"))
	if err != nil {
		return nil, 0, err
	}
	answer, err = d.Check(ctx, &desk.Subject{MRZ: m}, p.time.Now())
	if err == nil && answer.AsOf != answer.Size {
		err = fmt.Errorf("%w: %s has %d entries in its index, of %d", errScene, finder, answer.AsOf, answer.Size)
	}
	return answer, since(began), err
}

func (p *player) confirmHit(ctx context.Context) error {
	return p.answer(ctx, seeker, notice.Confirm, notice.Hit, func(c *desk.Case) (*notice.Reply, uint64, error) {
		hit := answered(c, notice.Hit)
		return &notice.Reply{Type: notice.Confirm, Hit: hit.ID.String()}, hit.Time, nil
	})
}

func (p *player) reportOutcome(ctx context.Context) error {
	return p.answer(ctx, finder, notice.Outcome, notice.Confirm, func(c *desk.Case) (*notice.Reply, uint64, error) {
		hit := answered(c, notice.Hit)
		return &notice.Reply{Type: notice.Outcome, Hit: hit.ID.String(), Text: "located, safe"}, c.Time, nil
	})
}

// withdrawChild ends the notice: nobody shall look for a child that is safe.
func (p *player) withdrawChild(ctx context.Context) error {
	c, err := p.childSeen(ctx, seeker)
	if err != nil || c.Status.Ended() {
		return err
	}
	if answered(c, notice.Outcome) == nil {
		return fmt.Errorf("%w: %s sees no outcome of %s", errScene, seeker, childName)
	}
	sent, err := p.act(ctx, seeker, func(d *desk.Desk, by desk.Officers) (ledger.Item, error) { return d.Withdraw(ctx, nil, by, c.ID) })
	if err != nil {
		return err
	}
	for _, code := range []string{seeker, finder} {
		if err := p.see(ctx, code, sent.Index); err != nil {
			return err
		}
	}
	theirs, err := p.childSeen(ctx, finder)
	if err != nil {
		return err
	}
	if theirs.Status != state.StatusWithdrawn {
		return fmt.Errorf("%w: %s does not see that %s is withdrawn", errScene, finder, childName)
	}
	p.report(DemoAnswer{DemoEntry: p.entry(seeker, theirs.Reference(), theirs.Ended, theirs.EndedAt, sent.Item.Entry.ID), Act: "withdraw", After: minutes(c.Time, theirs.EndedAt)})
	return nil
}

// minutes returns the minutes between two ledger times, POSIX ms.
func minutes(from, to uint64) float64 {
	return float64(to-min(from, to)) / float64(time.Minute/time.Millisecond)
}
