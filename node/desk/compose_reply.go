package desk

import (
	"context"
	"fmt"
	"slices"
	"time"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/notice"
	"comity/node/client"
)

// Reply composes an answer to a notice, sealed to its origin and the author's
// own bureau, or to the readers that r names, of which the author's bureau is
// always one. Readers and At are filled in where r leaves them out; r itself is
// not changed.
func (d *Desk) Reply(ctx context.Context, c *client.Client, by Officers, r *notice.Reply) (ledger.Item, error) {
	it, err := d.composeReply(ctx, c, by, *r)
	if err != nil {
		return ledger.Item{}, fmt.Errorf("compose %s: %w", r.Type, err)
	}
	return it, nil
}

func (d *Desk) composeReply(ctx context.Context, c *client.Client, by Officers, r notice.Reply) (ledger.Item, error) {
	o, err := d.author(&by)
	if err != nil {
		return ledger.Item{}, err
	}
	id, err := keys.ParseID(r.Notice)
	if err != nil {
		return ledger.Item{}, fmt.Errorf("notice %.80q: not an id", r.Notice)
	}
	n, err := d.Notice(id)
	if err != nil {
		return ledger.Item{}, err
	}
	if n == nil {
		size, _ := d.Seen()
		return ledger.Item{}, fmt.Errorf("there is no notice %s in the %d entries of this desk", id.Short(), size)
	}
	if len(r.Readers) == 0 {
		r.Readers = notice.Readers{n.Bureau}
	}
	if r.Readers, err = d.Resolve(r.Readers); err != nil {
		return ledger.Item{}, err
	}
	if !r.Readers.Has(o.Bureau) {
		r.Readers = append(slices.Clone(r.Readers), o.Bureau)
	}
	if r.At.IsZero() {
		r.At = by.created().Truncate(time.Second)
	}
	if err := r.Validate(by.created()); err != nil {
		return ledger.Item{}, err
	}
	if r.Type == notice.Exported && r.Export.NeedsTwo() && len(by.Others) == 0 && !by.Awaits {
		return ledger.Item{}, &SecondNeeded{"it takes the text of a case out of the ledger"}
	}
	part, err := r.Part(o)
	if err != nil {
		return ledger.Item{}, err
	}
	body, err := d.sealParts(o, []notice.Part{part})
	if err != nil {
		return ledger.Item{}, err
	}
	return d.sign(ctx, c, &by, ledger.Statement{Class: ledger.ClassReply}, body)
}
