package client

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/node/wire"
)

// Index returns where the statement with this id is.
func (c *Client) Index(ctx context.Context, id ledger.ID) (*wire.Located, error) {
	out := new(wire.Located)
	if err := c.getJSON(ctx, wire.PathIndex+id.String(), "", out); err != nil {
		return nil, err
	}
	if out.ID != id {
		return nil, fmt.Errorf("%s: it answered for another statement", c.name)
	}
	return out, nil
}

// Receipt returns the receipt of the entry at index. If no FINAL checkpoint
// covers it yet, the node waits for one as long as it is asked to, at most
// [wire.MaxWait] seconds, and then answers [wire.NotFinal]. The receipt is
// parsed, not verified.
func (c *Client) Receipt(ctx context.Context, index uint64, wait time.Duration) (*ledger.Receipt, error) {
	seconds := waitSeconds(wait)
	query := ""
	if seconds > 0 {
		query = "wait=" + strconv.Itoa(seconds)
	}
	u := c.url(wire.PathReceipts+strconv.FormatUint(index, 10), query)
	data, err := c.get(ctx, u, time.Duration(seconds)*time.Second, ledger.MaxReceipt)
	if err != nil {
		return nil, err
	}
	r, err := ledger.ParseReceipt(data)
	if err != nil {
		return nil, fmt.Errorf("%s: receipt of entry %d: %w", c.name, index, err)
	}
	if r.Index != index {
		return nil, fmt.Errorf("%s: it answered with the receipt of another entry", c.name)
	}
	return r, nil
}

// Checkpoint returns the note of the node's last FINAL checkpoint, not
// verified: [ledger.Policy.Open] does that. With wait, the node answers when
// there is one of more than above entries, or [wire.NotFinal] when the time, at
// most [wire.MaxWait] seconds, is up.
func (c *Client) Checkpoint(ctx context.Context, above uint64, wait time.Duration) ([]byte, error) {
	seconds := waitSeconds(wait)
	query := ""
	if above > 0 || seconds > 0 {
		query = fmt.Sprintf("above=%d&wait=%d", above, seconds)
	}
	return c.checkpoint(ctx, query, seconds)
}

// OriginCheckpoint is [Client.Checkpoint] with the origin line of a node before the
// cosignatures, as tlog-tiles want it; without it where the node has none.
func (c *Client) OriginCheckpoint(ctx context.Context, above uint64, wait time.Duration) ([]byte, error) {
	seconds := waitSeconds(wait)
	return c.checkpoint(ctx, fmt.Sprintf("above=%d&wait=%d&origin=1", above, seconds), seconds)
}

func (c *Client) checkpoint(ctx context.Context, query string, seconds int) ([]byte, error) {
	return c.get(ctx, c.url(wire.PathCheckpoint, query), time.Duration(seconds)*time.Second, ledger.MaxReceipt)
}

// Author returns the end of an author's chain as this node has applied it: it
// may lack a statement that another node has just acknowledged.
func (c *Client) Author(ctx context.Context, key keys.ID) (*wire.Author, error) {
	return c.author(ctx, key, "")
}

// FreshAuthor returns the end of an author's chain with all that was
// acknowledged before the call, by whichever node: what the next statement must
// continue. It costs the leader a barrier.
func (c *Client) FreshAuthor(ctx context.Context, key keys.ID) (*wire.Author, error) {
	return c.author(ctx, key, "fresh=1")
}

func (c *Client) author(ctx context.Context, key keys.ID, query string) (*wire.Author, error) {
	out := new(wire.Author)
	if err := c.getJSON(ctx, wire.PathAuthors+key.String(), query, out); err != nil {
		return nil, err
	}
	if out.Key != key {
		return nil, fmt.Errorf("%s: it answered for another author", c.name)
	}
	return out, nil
}

// Status returns what the node says of itself.
func (c *Client) Status(ctx context.Context) (*wire.Status, error) {
	return c.status(ctx, "")
}

// FreshStatus is [Client.Status] of a node that has first applied all that was
// acknowledged before the call, by whichever node. It costs the leader a barrier.
func (c *Client) FreshStatus(ctx context.Context) (*wire.Status, error) {
	return c.status(ctx, "fresh=1")
}

func (c *Client) status(ctx context.Context, query string) (*wire.Status, error) {
	out := new(wire.Status)
	if err := c.getJSON(ctx, wire.PathStatus, query, out); err != nil {
		return nil, err
	}
	return out, nil
}

// Charter returns the node's genesis file. Its founders' signatures are good,
// but whether it is the right charter only the ledger id says, compared with
// one that came another way.
func (c *Client) Charter(ctx context.Context) (*ledger.Genesis, error) {
	data, err := c.get(ctx, c.url(wire.PathCharter, ""), 0, ledger.MaxGenesis)
	if err != nil {
		return nil, err
	}
	g, err := ledger.ParseGenesis(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.name, err)
	}
	return g, nil
}

// waitSeconds rounds up to what the API takes.
func waitSeconds(d time.Duration) int {
	return int(min(max(0, (d+time.Second-1)/time.Second), wire.MaxWait))
}
