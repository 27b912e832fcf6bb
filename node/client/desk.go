package client

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"

	"comity/node/wire"
)

// DeskStatus returns what a desk says of itself. This and the other calls of
// this file are for a client of a desk, not of a node: see [Options.Desk].
func (c *Client) DeskStatus(ctx context.Context) (*wire.DeskStatus, error) {
	out := new(wire.DeskStatus)
	if err := c.getJSON(ctx, wire.PathDeskStatus, "", out); err != nil {
		return nil, err
	}
	return out, nil
}

// DeskCases returns the cases that a query asks for, newest first.
func (c *Client) DeskCases(ctx context.Context, q wire.CaseQuery) (*wire.CaseList, error) {
	return c.caseList(ctx, wire.PathDeskCases, q)
}

// DeskSearch returns the cases that match, best first.
func (c *Client) DeskSearch(ctx context.Context, q wire.SearchQuery) (*wire.CaseList, error) {
	return c.caseList(ctx, wire.PathDeskSearch, q)
}

// DeskInbox returns what waits for the bureau.
func (c *Client) DeskInbox(ctx context.Context, q wire.InboxQuery) (*wire.Inbox, error) {
	out := new(wire.Inbox)
	if err := c.ask(ctx, wire.PathDeskInbox, q, out); err != nil {
		return nil, err
	}
	for i := range out.Waiting {
		if out.Waiting[i].Case == nil {
			return nil, fmt.Errorf("%s: task %d of its answer is about nothing", c.name, i)
		}
	}
	return out, nil
}

// DeskCase returns one case.
func (c *Client) DeskCase(ctx context.Context, r wire.CaseRequest) (*wire.Case, error) {
	out := new(wire.Case)
	if err := c.ask(ctx, wire.PathDeskCase, r, out); err != nil {
		return nil, err
	}
	return out, nil
}

// DeskLinks returns what hangs together with a case.
func (c *Client) DeskLinks(ctx context.Context, q wire.LinksQuery) (*wire.Links, error) {
	out := new(wire.Links)
	if err := c.ask(ctx, wire.PathDeskLinks, q, out); err != nil {
		return nil, err
	}
	return out, nil
}

// DeskEvents returns what happened after a cursor.
func (c *Client) DeskEvents(ctx context.Context, q wire.EventsQuery) (*wire.Events, error) {
	out := new(wire.Events)
	if err := c.ask(ctx, wire.PathDeskEvents, q, out); err != nil {
		return nil, err
	}
	return out, nil
}

// DeskCheck answers checks, each in its place.
func (c *Client) DeskCheck(ctx context.Context, q wire.CheckQuery) (*wire.CheckAnswer, error) {
	out := new(wire.CheckAnswer)
	if err := c.ask(ctx, wire.PathDeskCheck, q, out); err != nil {
		return nil, err
	}
	if len(out.Answers) != len(q.Subjects) {
		return nil, fmt.Errorf("%s: %d answers to %d checks", c.name, len(out.Answers), len(q.Subjects))
	}
	return out, nil
}

// ReadsHead returns the head of the desk's read log.
func (c *Client) ReadsHead(ctx context.Context) (*wire.ReadsHead, error) {
	out := new(wire.ReadsHead)
	if err := c.getJSON(ctx, wire.PathDeskReads, "", out); err != nil {
		return nil, err
	}
	return out, nil
}

// ReadLog returns bytes of the desk's read log from an offset on, none when it
// ends there; [wire.LogShorter] when it ends before.
func (c *Client) ReadLog(ctx context.Context, from int64) ([]byte, error) {
	return c.get(ctx, c.url(wire.PathDeskLog, "from="+strconv.FormatInt(from, 10)), 0, wire.MaxReadLog)
}

func (c *Client) caseList(ctx context.Context, path string, question any) (*wire.CaseList, error) {
	out := new(wire.CaseList)
	if err := c.ask(ctx, path, question, out); err != nil {
		return nil, err
	}
	for i, k := range out.Cases {
		if k == nil {
			return nil, fmt.Errorf("%s: case %d of its answer is none", c.name, i)
		}
	}
	return out, nil
}

// ask posts a question as JSON and decodes the answer, which may be long.
func (c *Client) ask(ctx context.Context, path string, question, into any) error {
	data, err := json.Marshal(question)
	if err != nil {
		return fmt.Errorf("ask %s: %w", c.name, err)
	}
	header := http.Header{"Content-Type": {"application/json"}, "Idempotency-Key": nil}
	return c.postBounded(ctx, c.url(path, ""), header, data, into, wire.MaxDeskAnswer)
}
