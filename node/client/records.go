package client

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"comity/node/wire"
)

// maxRecords bounds the bytes of one stream: a node ends it after the record
// that passes wire.MaxStream.
const maxRecords = wire.MaxStream + wire.MaxItem + 64

// Records fetches the entries from index from on, at most limit (and at most
// [wire.MaxRecords]) of them, and calls each in log order. It returns the index
// after the last record that each accepted; none at all means that the node has
// no more. Form and body hashes are checked, signatures are not. An error of
// each ends the stream and is returned as it is.
func (c *Client) Records(ctx context.Context, from uint64, limit int, each func(*wire.Record) error) (next uint64, err error) {
	limit = min(max(limit, 1), wire.MaxRecords)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	// The time runs while we wait for the node, and not while each works.
	timer := time.AfterFunc(c.timeout, func() { cancel(errSlow(c.timeout)) })
	defer timer.Stop()

	u := c.url(wire.PathEntries, fmt.Sprintf("from=%d&limit=%d", from, limit))
	resp, err := c.round(ctx, &http.Request{Method: http.MethodGet, URL: u, Header: http.Header{}})
	if err != nil {
		return from, err
	}
	defer resp.Body.Close()
	body := &failing{r: io.LimitReader(resp.Body, maxRecords)}
	in := bufio.NewReaderSize(body, 64<<10)
	next = from
	for {
		timer.Reset(c.timeout)
		rec, err := wire.ReadRecord(in)
		timer.Stop()
		switch {
		case err == io.EOF:
			return next, nil
		case body.err != nil:
			return next, c.unreachable(ctx, body.err)
		case err != nil:
			return next, fmt.Errorf("%s: entry %d: %w", c.name, next, err)
		case next == from+uint64(limit):
			return next, fmt.Errorf("%s: more entries than were asked for", c.name)
		}
		if err := each(rec); err != nil {
			return next, err
		}
		next++
	}
}

// failing remembers an error of the connection, to tell it from bytes that are
// not a record.
type failing struct {
	r   io.Reader
	err error
}

func (f *failing) Read(b []byte) (int, error) {
	n, err := f.r.Read(b)
	if err != nil && !errors.Is(err, io.EOF) {
		f.err = err
	}
	return n, err
}
