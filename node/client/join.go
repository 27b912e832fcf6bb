package client

import (
	"context"
	"encoding/json"
	"net/http"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/node/wire"
)

// Invite registers an invitation at the node; an operator of its own bureau may.
// Only the hash of the token leaves the caller.
func (c *Client) Invite(ctx context.Context, id keys.ID) (*wire.Invited, error) {
	out := new(wire.Invited)
	return out, c.postJSON(ctx, wire.PathInvites, &wire.Invite{ID: id}, out)
}

// Withdraw ends an invitation, and drops the request that came by it.
func (c *Client) Withdraw(ctx context.Context, id keys.ID) error {
	ctx, cancel := c.within(ctx, 0)
	defer cancel()
	resp, err := c.round(ctx, &http.Request{Method: http.MethodDelete, URL: c.url(wire.PathInvites+"/"+id.String(), ""), Header: http.Header{}})
	if err != nil {
		return err
	}
	return resp.Body.Close()
}

// Join brings a bureau's record to the node that invited it. The client's TLS key
// is the record's operator's or its node's, and may read at this node from then on.
func (c *Client) Join(ctx context.Context, token, record []byte) (*wire.Invited, error) {
	out := new(wire.Invited)
	return out, c.postJSON(ctx, wire.PathJoin, &wire.Join{Token: token, Record: record, Format: ledger.Format}, out)
}

// Joins lists the invitations and the requests that the node holds; an operator of
// its own bureau may ask.
func (c *Client) Joins(ctx context.Context) (*wire.Joins, error) {
	out := new(wire.Joins)
	return out, c.getJSON(ctx, wire.PathJoins, "", out)
}

// postJSON sends one JSON value and decodes the answer into another.
func (c *Client) postJSON(ctx context.Context, path string, value, into any) error {
	data, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return c.post(ctx, c.url(path, ""), binaryHeader(), data, into)
}
