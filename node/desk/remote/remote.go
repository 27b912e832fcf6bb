// Package remote lets an officer's machine, which holds no reading key, read
// through the bureau's desk. It gives cases in the form in which an own desk
// gives them. What it gives is as good as the word of that desk: it proves
// nothing, and an own replica, which needs no key, proves what is in the ledger.
package remote

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"comity/ledger"
	"comity/ledger/notice"
	"comity/ledger/query"
	"comity/ledger/state"
	"comity/node/client"
	"comity/node/desk"
	"comity/node/desk/readlog"
	"comity/node/wire"
)

// Desk is the bureau's desk as one officer reads it.
type Desk struct {
	client *client.Client
	ledger ledger.Hash
}

// New returns a desk that is asked through a client, made with [client.Options.Desk].
func New(c *client.Client, g *ledger.Genesis) *Desk { return &Desk{client: c, ledger: g.Ledger} }

// String returns which desk it is, as sentences name it.
func (d *Desk) String() string { return d.client.String() }

// Status returns what the desk says of itself. A desk of another ledger is
// refused.
func (d *Desk) Status(ctx context.Context) (*wire.DeskStatus, error) {
	s, err := d.client.DeskStatus(ctx)
	if err != nil {
		return nil, err
	}
	if s.Ledger != fmt.Sprintf("%x", d.ledger[:]) {
		return nil, fmt.Errorf("%s: it is the desk of another ledger", d)
	}
	return s, nil
}

// Cases returns the cases that the filter takes, in log order, as
// [desk.Desk.Cases] does. Of each only the action of its card is open.
func (d *Desk) Cases(ctx context.Context, f desk.Filter) ([]*desk.Case, error) {
	q := wire.CaseQuery{Bureau: f.Bureau, Since: f.Since, Opened: f.Opened, Limit: f.Limit}
	if f.Status != 0 {
		q.Status = f.Status.String()
	}
	if f.Keep != nil || q.Limit == 0 || q.Limit > wire.MaxCases {
		q.Limit = wire.MaxCases
	}
	var list []*desk.Case
	for {
		page, err := d.client.DeskCases(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, w := range page.Cases {
			c, err := d.parse(w)
			if err != nil {
				return nil, err
			}
			if q.Before != 0 && c.Index >= q.Before {
				return nil, fmt.Errorf("%s: its list of cases is in no order", d)
			}
			q.Before = c.Index
			if f.Keep == nil || f.Keep(c) {
				list = append(list, c)
			}
			if f.Limit > 0 && len(list) == f.Limit {
				slices.Reverse(list)
				return list, nil
			}
		}
		if !page.More || len(page.Cases) == 0 {
			slices.Reverse(list)
			return list, nil
		}
	}
}

// Case returns one case with no more of it than its card: the desk records nothing.
func (d *Desk) Case(ctx context.Context, name string) (*desk.Case, error) {
	return d.one(ctx, wire.CaseRequest{Name: name, Card: true})
}

// Open returns one case with the parts that the officer's roles allow, which the desk
// records. Where purpose is "" it records the case itself, if the bureau allows it.
func (d *Desk) Open(ctx context.Context, name string, how readlog.How, purpose string) (*desk.Case, error) {
	return d.one(ctx, wire.CaseRequest{Name: name, Purpose: purpose, Export: how == readlog.Exported})
}

// OpenFiles is Open with what opens the attachments as well, which is recorded as an
// export.
func (d *Desk) OpenFiles(ctx context.Context, name, purpose string) (*desk.Case, error) {
	return d.one(ctx, wire.CaseRequest{Name: name, Purpose: purpose, Files: true})
}

func (d *Desk) one(ctx context.Context, q wire.CaseRequest) (*desk.Case, error) {
	w, err := d.client.DeskCase(ctx, q)
	if wire.CodeOf(err) == wire.NotFound {
		return nil, fmt.Errorf("%s: %w", q.Name, desk.ErrNoCase)
	}
	if err != nil {
		return nil, err
	}
	return d.parse(w)
}

// Inbox returns what waits for the bureau at a time, POSIX ms, as [desk.Inbox]
// does; words is also what the tasks are about, which the desk records.
func (d *Desk) Inbox(ctx context.Context, asOf uint64, words bool, limit int, purpose string) ([]desk.Waiting, int, error) {
	in, err := d.client.DeskInbox(ctx, wire.InboxQuery{AsOf: asOf, Words: words, Limit: min(limit, wire.MaxWaiting), Purpose: purpose})
	if err != nil {
		return nil, 0, err
	}
	var list []desk.Waiting
	for _, w := range in.Waiting {
		c, err := d.parse(w.Case)
		if err != nil {
			return nil, 0, err
		}
		list = append(list, desk.Waiting{Task: desk.Task(w.Task), Case: c, ID: w.ID, Bureau: w.Bureau, Text: w.Text, Urgency: w.Urgency,
			Since: w.Since, Due: w.Due, Escalated: w.Escalated})
	}
	return list, max(in.Total, len(list)), nil
}

// Search returns what a query finds, as [desk.Desk.Search] does. The desk has
// recorded what it tells of more than cards.
func (d *Desk) Search(ctx context.Context, q *query.Query, withEnded bool, limit int, purpose string) (*desk.Findings, error) {
	if limit == 0 || limit > wire.MaxCases {
		limit = wire.MaxCases
	}
	list, err := d.client.DeskSearch(ctx, wire.SearchQuery{Query: q.Text, Ended: withEnded, Limit: limit, Purpose: purpose})
	if err != nil {
		return nil, err
	}
	f := &desk.Findings{Ended: max(0, list.Ended), More: list.More}
	for _, w := range list.Cases {
		c, err := d.parse(w)
		if err != nil {
			return nil, err
		}
		if c.View == nil {
			return nil, fmt.Errorf("%s: %w", d, errAnswer)
		}
		f.Found = append(f.Found, desk.Found{Case: c, Score: w.Score, Why: w.Why})
	}
	f.Total = max(list.Total, len(f.Found))
	return f, nil
}

var errAnswer = errors.New("its answer is not one of this version of the API")

// parse returns the case of an answer.
func (d *Desk) parse(w *wire.Case) (*desk.Case, error) {
	c, err := parseCase(w)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", d, errAnswer)
	}
	if c.View != nil {
		c.View.Origin.Ledger = [32]byte(d.ledger)
	}
	return c, nil
}

func parseCase(w *wire.Case) (c *desk.Case, err error) {
	if w == nil { // JSON has null everywhere
		return nil, errAnswer
	}
	c = &desk.Case{ID: w.ID, Index: w.Index, Time: w.Time, Bureau: w.Bureau, Author: w.Author, Reviewed: w.Reviewed, ReviewDue: w.Due, Term: w.Term,
		Held: state.Holds(w.Held), Blocked: w.Blocked}
	if c.Status, err = parseStatus(w.Status); err != nil {
		return nil, err
	}
	if c.Public, err = ledger.ParsePublish(w.Public); err != nil || len(w.Versions) == 0 {
		return nil, errAnswer
	}
	for i := range w.Versions {
		v := &w.Versions[i]
		out := desk.Version{ID: v.ID, Index: v.Index, Time: v.Time, Author: v.Author, Doubt: v.Doubt, Err: problem(v.Problem)}
		if out.Public, err = ledger.ParsePublish(v.Public); err != nil {
			return nil, err
		}
		switch {
		case v.View != nil:
			if out.View, err = parseView(w, v.View, out.Public); err != nil {
				return nil, err
			}
			out.View.Stopped = c.Stopped()
		case v.Reference != "":
			out.View = &notice.View{ID: w.ID.String(), Header: *out.Public, Reference: v.Reference, Stopped: c.Stopped()}
		}
		c.Versions = append(c.Versions, out)
	}
	c.Err = problem(w.Problem)
	if c.Withheld, err = readlog.ParseParts(w.Withheld); err != nil {
		return nil, err
	}
	if w.View != nil {
		if c.View, err = parseView(w, w.View, c.Public); err != nil {
			return nil, err
		}
		c.View.Reviewed, c.View.Stopped = c.Reviewed, c.Stopped()
		c.Versions[len(c.Versions)-1].View = c.View
	}
	for i := range w.Replies {
		r := &w.Replies[i]
		if r.Reply == nil {
			return nil, errAnswer
		}
		c.Replies = append(c.Replies, desk.Reply{ID: r.ID, Index: r.Index, Time: r.Time, Bureau: r.Bureau, Author: r.Author, Void: r.Void, Second: r.Second, Roles: ledger.Roles(r.Roles), Alarm: r.Alarm, Doubt: r.Doubt, Reply: r.Reply, Bared: r.Bared})
	}
	for _, a := range w.Acts {
		c.Acts = append(c.Acts, desk.Act{ID: a.ID, Class: ledger.Class(a.Class), Index: a.Index, Time: a.Time, Bureau: a.Bureau, Doubt: a.Doubt, What: a.What, Reason: a.Reason})
	}
	c.Ended, c.EndedAt = w.Ended, w.EndedAt
	return c, nil
}

func parseView(w *wire.Case, x *wire.CaseView, header *ledger.Publish) (v *notice.View, err error) {
	v = &notice.View{ID: w.ID.String(), Origin: notice.Origin{Author: w.Author, Bureau: w.Bureau}, Header: *header,
		Reference: x.Reference, Readers: x.Readers, Circles: x.Circles, Card: x.Card, Body: x.Body, Tally: x.Tally, Victim: x.Victim}
	for _, a := range x.Attachments {
		p, err := readlog.ParseParts([]string{a.Part})
		if err != nil {
			return nil, err
		}
		a.Attachment.Part, a.Attachment.Author = p.Compartments()[0], a.Author
		v.Attachments = append(v.Attachments, a.Attachment)
	}
	if v.Kind, err = ledger.ParseKind(x.Kind); err != nil {
		return nil, err
	}
	if x.Colour != "" {
		if v.Colour, err = ledger.ParseKind(x.Colour); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// parseStatus returns the status of a notice by its word.
func parseStatus(word string) (state.Status, error) {
	s, ok := state.ParseStatus(word)
	if !ok {
		return 0, errAnswer
	}
	return s, nil
}

func problem(text string) error {
	if text == "" {
		return nil
	}
	return errors.New(text)
}
