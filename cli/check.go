package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"comity/crypto/keys"
	"comity/crypto/seal"
	"comity/ledger/notice"
	"comity/node/desk"

	"github.com/urfave/cli/v2"
)

func (t *terminal) checkCommand() *cli.Command {
	return &cli.Command{
		Name:  "check",
		Usage: "ask at a border whether somebody is the person of a notice",
		Description: "A check needs the machine-readable zone of a document, the number of a document, or a name\n" +
			"with a date of birth: a name alone asks about too many people. The answer comes from this\n" +
			"machine, or from the bureau's desk if this home reads through it; it asks no node, and says as of\n" +
			"which entry it is. --fresh asks the node for news first.\n\n" +
			"--stdin answers one line of standard input after the other with one line of JSON, and follows\n" +
			"the node meanwhile. A line is a zone, its lines joined or divided by spaces, or a JSON object\n" +
			"with mrz, doc and country, or name and dob, and ref, which comes back with the answer.\n\n" +
			"--send tells the origin of each notice of the hit. While no node can be reached the report\n" +
			"waits on disk; it arrives once, however often this command or the machine is cut off.\n\n" +
			"Exit codes: 0 no hit, 4 hit, 2 no hit but the index is not complete, 1 failed, 3 usage.\n" +
			"With --stdin: 0 when the input ended.\n\n" +
			"Example: comity check --mrz - < scan.txt",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "mrz", Usage: "the zone in `FILE`, or - for standard input"},
			&cli.StringFlag{Name: "doc", Usage: "`NUMBER` of a document"},
			&cli.StringFlag{Name: "country", Usage: "`CODE` of the country that issued it"},
			&cli.StringFlag{Name: "name", Usage: "`NAME` in the letters of a passport; with --dob"},
			&cli.StringFlag{Name: "dob", Usage: "`DATE` of birth: 1998-05-04, 1998-05 or 1998"},
			&cli.BoolFlag{Name: "stdin", Usage: "answer line after line until the input ends"},
			&cli.BoolFlag{Name: "fresh", Usage: "ask the node for news first"},
			&cli.BoolFlag{Name: "send", Usage: "report each hit to the origin of its notice"},
			&cli.BoolFlag{Name: "deliver", Usage: "check nobody; send the reports that wait"},
		},
		Action: t.check,
	}
}

// How long a check waits for what is not needed to answer.
const (
	indexLimit   = 5 * time.Second // to take in entries that are here already
	deliverLimit = 5 * time.Second // for a report to get to the node
)

func (t *terminal) check(c *cli.Context) error {
	if _, err := arguments(c, 0, 0, ""); err != nil {
		return err
	}
	var subject *asked
	if !c.Bool("stdin") && !c.Bool("deliver") {
		var err error
		if subject, err = t.subject(c); err != nil {
			return err
		}
	} else if c.String("mrz")+c.String("doc")+c.String("country")+c.String("name")+c.String("dob") != "" {
		return usagef("--stdin and --deliver take nobody to check from the command line")
	}
	s, err := t.open(c)
	if err != nil {
		return err
	}
	defer s.close()
	k, err := s.openBorder(c)
	if err != nil {
		return err
	}
	switch {
	case c.Bool("stdin"):
		return k.serve(c.Context)
	case c.Bool("deliver"):
		return k.deliverAll(c.Context)
	}
	return k.checkOne(c.Context, subject)
}

// subject reads whom the command line asks about.
func (t *terminal) subject(c *cli.Context) (*asked, error) {
	zone := c.String("mrz")
	if zone != "" {
		if c.String("doc")+c.String("name")+c.String("dob")+c.String("country") != "" {
			return nil, usagef("--mrz says all that a check needs; leave the other options out")
		}
		text, err := t.readInput(zone, 4<<10)
		if err != nil {
			return nil, err
		}
		return subjectOf(&question{MRZ: string(text)})
	}
	return subjectOf(&question{Doc: c.String("doc"), Country: c.String("country"), Name: c.String("name"), DOB: c.String("dob")})
}

// question is what one line of --stdin asks.
type question struct {
	Ref     string `json:"ref,omitempty"`
	MRZ     string `json:"mrz,omitempty"`
	Doc     string `json:"doc,omitempty"`
	Country string `json:"country,omitempty"`
	Name    string `json:"name,omitempty"`
	DOB     string `json:"dob,omitempty"`
}

// asked is whom a question asks about, and what was misread in it. A zone that can be
// read in several ways asks about others as well, and is refused as unsure if nobody
// is known of any.
type asked struct {
	desk.Subject
	question *question
	repaired []notice.Repair
	others   []*asked
	unsure   error
}

func subjectOf(q *question) (*asked, error) {
	s := &asked{question: q, Subject: desk.Subject{Number: q.Doc, Country: strings.ToUpper(q.Country), Name: q.Name}}
	if q.MRZ != "" {
		return zoneOf(q)
	}
	var err error
	switch {
	case q.DOB != "":
		if s.Born, err = notice.ParseDate(q.DOB); err != nil {
			return nil, usagef("date of birth %.20q: want 1998-05-04, 1998-05 or 1998", q.DOB)
		}
	case q.Doc == "" && q.Name != "":
		return nil, usagef("a name alone asks about too many people: give the date of birth as well, or the year")
	}
	if q.Doc == "" && q.Name == "" {
		return nil, usagef("say whom to check: a machine-readable zone, a document number, or a name with a date of birth")
	}
	return s, nil
}

// zoneOf returns whom a scan asks about.
func zoneOf(q *question) (*asked, error) {
	list, err := notice.Readings(q.MRZ)
	_, _, unsure := notice.ReadMRZ(q.MRZ)
	again := "scan it again, or type the number of the document: comity check --doc NUMBER"
	if err != nil {
		return nil, hint(err, "%s", again)
	}
	all := make([]*asked, len(list))
	for i, r := range list {
		own := *q // the bureau's desk is asked for this reading
		own.MRZ = r.Zone
		all[i] = &asked{Subject: desk.Subject{MRZ: r.MRZ}, question: &own, repaired: r.Repairs}
	}
	if len(all) > 1 {
		all[0].others, all[0].unsure = all[1:], hint(unsure, "%s", again)
	}
	return all[0], nil
}

// border is a desk that answers checks.
type border struct {
	*session
	officer *desk.Officers // who reports; nil without --send
	fresh   time.Time      // when the node last said that there is nothing newer
}

// openBorder opens the replica and its keys without asking the node, unless the
// command line wants it to.
func (s *session) openBorder(c *cli.Context) (*border, error) {
	k := &border{session: s}
	if c.Bool("send") || c.Bool("deliver") {
		by, err := s.signers(c)
		if err != nil {
			return nil, err
		}
		k.officer = &by
	}
	if s.remote != nil && !c.Bool("deliver") {
		return k, k.openAtDesk(c)
	}
	ids, err := s.home.Identities(s.passphrase)
	if err != nil {
		return nil, err
	}
	if len(ids[seal.Card]) == 0 && !c.Bool("deliver") {
		return nil, fmt.Errorf("the key of %s for cards is not in this home: nobody can be checked here", s.home.Bureau())
	}
	if err := s.openDesk(c.Context); err != nil {
		return nil, err
	}
	s.desk.Unlock(ids)
	size, err := s.desk.Size()
	if err != nil {
		return nil, err
	}
	if size == 0 || c.Bool("fresh") {
		if s.sync(c.Context); s.syncErr == nil {
			k.fresh = time.Now()
		}
	}
	if size, err = s.desk.Size(); err == nil && size == 0 && !c.Bool("stdin") {
		err = hint(fmt.Errorf("the replica of %s is empty: nothing is known of anybody", s.home.Bureau()), "%s", "get it from the node: comity check --fresh")
	}
	return k, err
}

// catchUp takes entries that are here into the index, for a while: a check must
// not wait for a long one.
func (k *border) catchUp(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, indexLimit)
	defer cancel()
	advance, end := k.progress("indexing the ledger")
	err := k.desk.Index(limited, advance)
	end()
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return nil
	}
	return err
}

func (k *border) checkOne(ctx context.Context, subject *asked) error {
	if k.remote == nil {
		if err := k.catchUp(ctx); err != nil {
			return err
		}
	}
	answers, fresh, err := k.askAll(ctx, []*asked{subject})
	if err != nil {
		return err
	}
	if k.remote != nil {
		k.fresh = fresh
	}
	a := answers[0].Answer
	if err := answers[0].Err; errors.Is(err, desk.ErrSubject) {
		return usagef("%s", err)
	} else if err != nil {
		return err
	}
	reports, err := k.report(ctx, a)
	if err != nil {
		err = fmt.Errorf("the hit is NOT reported: %w", err) // said after the answer
	}
	if k.asJSON {
		r := k.record(a, reports)
		r.Repaired, r.Readings = subject.repaired, subject.readings()
		err = errors.Join(k.document(r), err)
	} else {
		k.tell(a)
		for _, fix := range subject.repaired {
			k.say("  misread   %s: compare it with the document", fix)
		}
		if n := subject.readings(); n > 0 {
			k.say("  readings  %d would explain the scan, and this is one: compare the number with the document", n)
		}
	}
	if err != nil {
		return err
	}
	if reports > 0 {
		if err := k.deliverSoon(ctx, reports); err != nil {
			return err
		}
	}
	switch {
	case len(a.Hits) > 0:
		return errFindings
	case a.Full, a.AsOf < a.Size:
		return errCannotTell
	}
	return nil
}

// report writes a hit on each notice of an answer into the queue, and returns
// how many.
func (k *border) report(ctx context.Context, a *desk.Answer) (n int, err error) {
	if k.officer == nil {
		return 0, nil
	}
	for i := range a.Hits {
		h := &a.Hits[i]
		if h.Bureau == k.home.Bureau() {
			continue // our own notice: nobody is to be told
		}
		if err := k.knows(ctx, h.ID); err != nil {
			return n, err
		}
		by := *k.officer
		if by.Chain, err = k.desk.QueueEnd(by.Author.ID()); err != nil {
			return n, err
		}
		it, err := k.desk.Reply(ctx, nil, by, &notice.Reply{Type: notice.Hit, Notice: h.ID.String(), Match: h.Why})
		if err != nil {
			return n, err
		}
		if err := k.desk.Enqueue(it); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// deliver syncs and sends what waits.
func (k *border) deliver(ctx context.Context) (*desk.Delivery, error) {
	if err := k.desk.Sync(ctx, k.client, nil); err != nil {
		return nil, err
	}
	return k.desk.Deliver(ctx, k.client, func(id keys.ID) *keys.Signer {
		if k.officer != nil && k.officer.Author.ID() == id {
			return k.officer.Author
		}
		return nil
	})
}

// deliverSoon tries once, and tells what became of it.
func (k *border) deliverSoon(ctx context.Context, reports int) error {
	limited, cancel := context.WithTimeout(ctx, deliverLimit)
	defer cancel()
	d, err := k.deliver(limited)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		k.note("%s kept on this machine; the node does not take it now: %s", plural(reports, "report is", "reports are"), err)
		k.note("it is sent by the next check with --send, or by: comity check --deliver")
		return nil
	}
	return k.tellDelivery(d)
}

func (k *border) tellDelivery(d *desk.Delivery) error {
	for _, r := range d.Refused {
		k.note("a report was not accepted: %s (kept as a file in the queue of the desk)", r.Err)
	}
	if d.Sent > 0 {
		k.note("%s in the ledger", plural(d.Sent, "report is", "reports are"))
	}
	if d.Waiting > 0 {
		k.note("%s until the author's place in the ledger is clear; try again in a moment: comity check --deliver", plural(d.Waiting, "report waits", "reports wait"))
	}
	if len(d.Refused) > 0 {
		return errTold
	}
	return nil
}

// deliverAll sends what waits until all of it is FINAL, or says why it is not.
func (k *border) deliverAll(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, finalLimit)
	defer cancel()
	for sent := 0; ; {
		d, err := k.deliver(limited)
		if err != nil {
			return fmt.Errorf("deliver reports: %w", err)
		}
		if sent += d.Final; len(d.Refused) > 0 {
			return k.tellDelivery(d)
		}
		if d.Sent+d.Waiting == 0 {
			k.note("%s delivered; none waits", plural(sent, "report", "reports"))
			return nil
		}
		select {
		case <-limited.Done():
			if ctx.Err() == nil {
				return k.tellDelivery(d)
			}
			return ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}
