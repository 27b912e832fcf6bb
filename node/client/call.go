package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	"comity/node/wire"
)

// buffers holds answers while they are decoded.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// binaryHeader returns the header of a POST. The empty Idempotency-Key is not
// sent; it tells net/http that a request which met a connection that the node
// had just closed may go out again on another one. All our POSTs are such: a
// statement's id makes it safe.
func binaryHeader() http.Header {
	return http.Header{"Content-Type": {"application/octet-stream"}, "Idempotency-Key": nil}
}

// within returns a context that ends in time. The deadline of ctx, where it has
// one, is the caller's own choice; else it is our timeout and what the node was
// asked to wait.
func (c *Client) within(ctx context.Context, wait time.Duration) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return ctx, func() {}
	}
	limit := c.timeout + wait
	return context.WithTimeoutCause(ctx, limit, errSlow(limit))
}

// get fetches at most limit bytes.
func (c *Client) get(ctx context.Context, u *url.URL, wait time.Duration, limit int64) ([]byte, error) {
	ctx, cancel := c.within(ctx, wait)
	defer cancel()
	resp, err := c.round(ctx, &http.Request{Method: http.MethodGet, URL: u, Header: http.Header{}})
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	var b bytes.Buffer
	if err := c.read(ctx, &b, resp.Body, limit); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// getJSON fetches into a value.
func (c *Client) getJSON(ctx context.Context, path, query string, into any) error {
	data, err := c.get(ctx, c.url(path, query), 0, wire.MaxJSON)
	if err != nil {
		return err
	}
	return c.decode(data, into)
}

// post sends data and decodes the answer into a value, unless into is nil.
func (c *Client) post(ctx context.Context, u *url.URL, header http.Header, data []byte, into any) error {
	return c.postBounded(ctx, u, header, data, into, wire.MaxJSON)
}

// postBounded is post for an answer of at most limit bytes.
func (c *Client) postBounded(ctx context.Context, u *url.URL, header http.Header, data []byte, into any, limit int64) error {
	ctx, cancel := c.within(ctx, 0)
	defer cancel()
	body := bytes.NewReader(data)
	resp, err := c.round(ctx, &http.Request{
		Method: http.MethodPost, URL: u, Header: header,
		Body: io.NopCloser(body), ContentLength: int64(len(data)),
		GetBody: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil },
	})
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	b := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(b)
	b.Reset()
	if err := c.read(ctx, b, resp.Body, limit); err != nil {
		return err
	}
	if into == nil {
		return nil
	}
	return c.decode(b.Bytes(), into)
}

// round makes one call. It answers with a response of status 200, or an error.
// The transport is called directly: no redirect is followed, no cookie kept.
func (c *Client) round(ctx context.Context, req *http.Request) (*http.Response, error) {
	resp, err := c.transport.RoundTrip(req.WithContext(ctx))
	if err != nil {
		return nil, c.unreachable(ctx, err)
	}
	if resp.StatusCode/100 == 2 {
		return resp, nil
	}
	defer resp.Body.Close()
	var b bytes.Buffer
	if err := c.read(ctx, &b, resp.Body, maxError); err != nil {
		return nil, err
	}
	var refusal wire.Error
	if decodeOne(b.Bytes(), &refusal) != nil || refusal.Code == "" {
		return nil, fmt.Errorf("%s: status %d without a reason we know", c.name, resp.StatusCode)
	}
	return nil, &refusal
}

// read copies an answer that is at most limit bytes long. It reads to the end,
// so that the connection can carry the next call.
func (c *Client) read(ctx context.Context, b *bytes.Buffer, r io.Reader, limit int64) error {
	n, err := b.ReadFrom(io.LimitReader(r, limit+1))
	switch {
	case err != nil:
		return c.unreachable(ctx, err)
	case n > limit:
		return fmt.Errorf("%s: the answer is longer than %d bytes", c.name, limit)
	}
	return nil
}

func (c *Client) decode(data []byte, into any) error {
	if err := decodeOne(data, into); err != nil {
		return fmt.Errorf("%s: %w", c.name, err)
	}
	return nil
}

var errAnswer = errors.New("the answer is not one of this version of the API")

// decodeOne decodes one JSON value with nothing after it. A field that we do not
// know is one of a later version and is passed over: nodes are upgraded one by
// one, and nothing that an answer says is believed without a proof.
func decodeOne(data []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	if dec.Decode(into) != nil {
		return errAnswer
	}
	if _, err := dec.Token(); err != io.EOF {
		return errAnswer
	}
	return nil
}
