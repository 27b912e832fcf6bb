package client

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"comity/ledger"
	"comity/node/wire"
)

// AttachmentState returns how much of a sealed file the node has. A node that has
// it not whole fetches it for a client of its own bureau, and answers when it has
// it, or when the wait, at most [wire.MaxWait] seconds, is up.
func (c *Client) AttachmentState(ctx context.Context, address ledger.Hash, wait time.Duration) (*wire.AttachmentState, error) {
	seconds := waitSeconds(wait)
	ctx, cancel := c.within(ctx, time.Duration(seconds)*time.Second)
	defer cancel()
	out := new(wire.AttachmentState)
	if err := c.getJSON(ctx, attachmentPath(address)+"/state", "wait="+strconv.Itoa(seconds), out); err != nil {
		return nil, err
	}
	return out, nil
}

// Attachment returns a piece of a sealed file that the node holds, from an offset
// on: [wire.MaxPiece] bytes, or all up to the end of its size.
func (c *Client) Attachment(ctx context.Context, address ledger.Hash, size, from int64) ([]byte, error) {
	want := min(size-from, wire.MaxPiece)
	data, err := c.get(ctx, c.url(attachmentPath(address), "from="+strconv.FormatInt(from, 10)), 0, wire.MaxPiece)
	if err != nil {
		return nil, err
	}
	if int64(len(data)) != want {
		return nil, fmt.Errorf("%s: it gave %d bytes of an attachment where %d follow", c.name, len(data), want)
	}
	return data, nil
}

// PutAttachment hands the node a piece of a sealed file of a size, and returns how
// much it has now. A piece that does not begin where the node's part ends is
// passed over; one without bytes asks where that is.
func (c *Client) PutAttachment(ctx context.Context, address ledger.Hash, size, from int64, piece []byte) (*wire.AttachmentState, error) {
	query := url.Values{"size": {strconv.FormatInt(size, 10)}, "from": {strconv.FormatInt(from, 10)}}
	out := new(wire.AttachmentState)
	if err := c.post(ctx, c.url(attachmentPath(address), query.Encode()), binaryHeader(), piece, out); err != nil {
		return nil, err
	}
	if out.Have < 0 || out.Have > size {
		return nil, fmt.Errorf("%s: it claims %d bytes of an attachment of %d", c.name, out.Have, size)
	}
	return out, nil
}

// AttachmentHolders asks which nodes have a sealed file, by way of the client's own.
func (c *Client) AttachmentHolders(ctx context.Context, address ledger.Hash) (*wire.AttachmentHolders, error) {
	out := new(wire.AttachmentHolders)
	if err := c.getJSON(ctx, attachmentPath(address)+"/holders", "", out); err != nil {
		return nil, err
	}
	return out, nil
}

// DropAttachment has the node destroy a sealed file that this client handed it, as
// long as nothing names it.
func (c *Client) DropAttachment(ctx context.Context, address ledger.Hash) error {
	return c.post(ctx, c.url(attachmentPath(address)+"/drop", ""), binaryHeader(), nil, nil)
}

func attachmentPath(address ledger.Hash) string {
	return wire.PathAttachment + fmt.Sprintf("%x", address[:])
}
