package desk

import (
	"context"
	"errors"
	"fmt"
	"time"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/state"
	"comity/node/client"

	"golang.org/x/mod/sumdb/tlog"
)

// ErrNotFinal is returned for a receipt of an entry that the desk's last FINAL
// checkpoint does not cover.
var ErrNotFinal = errors.New("it is not under the last FINAL checkpoint of this desk")

// Receipt makes the receipt of an entry from the replica, offline.
func (d *Desk) Receipt(index uint64) (*ledger.Receipt, error) {
	final, note := d.Note()
	if index >= final.Size {
		return nil, fmt.Errorf("receipt of entry %d: %w", index, ErrNotFinal)
	}
	proof, err := tlog.ProveRecord(int64(final.Size), int64(index), d.store)
	if err != nil {
		return nil, fmt.Errorf("receipt of entry %d: %w", index, err)
	}
	return &ledger.Receipt{Index: index, Proof: proof, Note: note}, nil
}

// Exhibit makes the file with which a third party can check an entry offline:
// the entry, its sealed body, its receipt, and the same for the enrolments of
// its signers. The client, which may be nil, is asked for receipts only where
// the replica holds an entry that its own checkpoint does not cover. An exhibit
// that would not verify is not returned.
func (d *Desk) Exhibit(ctx context.Context, c *client.Client, index uint64) (*ledger.Exhibit, error) {
	x, err := d.exhibit(ctx, c, index)
	if err != nil {
		return nil, fmt.Errorf("exhibit of entry %d: %w", index, err)
	}
	if _, err := x.Verify(d.Genesis()); err != nil {
		return nil, fmt.Errorf("exhibit of entry %d: %w", index, err)
	}
	return x, nil
}

func (d *Desk) exhibit(ctx context.Context, c *client.Client, index uint64) (*ledger.Exhibit, error) {
	body, err := d.Body(index)
	if err != nil {
		return nil, err
	}
	x, err := d.bodiless(ctx, c, index)
	if err != nil {
		return nil, err
	}
	x.Item.Body = body
	return x, nil
}

// bodiless returns the exhibit of an entry without its body.
func (d *Desk) bodiless(ctx context.Context, c *client.Client, index uint64) (*ledger.Exhibit, error) {
	_, e, err := d.store.Entry(index)
	if err != nil {
		return nil, err
	}
	x := &ledger.Exhibit{Ledger: d.genesis.Ledger, Item: ledger.Item{Entry: e}}
	if x.Receipt, err = d.receipt(ctx, c, index); err != nil {
		return nil, err
	}
	for _, s := range e.Signatures {
		k, err := d.Key(s.Key)
		if err != nil {
			return nil, err
		}
		if k == nil {
			return nil, fmt.Errorf("no bureau has enrolled key %s", s.Key.Short())
		}
		if k.Use == state.UseRoot || k.Use == state.UseCosign {
			continue // the charter vouches for it
		}
		if x.Enrols, err = d.enrolments(ctx, c, x.Enrols, k); err != nil {
			return nil, err
		}
	}
	return x, nil
}

// enrolments adds the enrolment of a key to the list, and behind it that of the
// registrar who made it in place of the root.
func (d *Desk) enrolments(ctx context.Context, c *client.Client, list []ledger.Enrolment, k *state.Key) ([]ledger.Enrolment, error) {
	_, by, err := d.store.Entry(k.EnrolledAt)
	if err != nil {
		return nil, err
	}
	r, err := d.receipt(ctx, c, k.EnrolledAt)
	if err != nil {
		return nil, err
	}
	list = append(list, ledger.Enrolment{Entry: by, Receipt: r})
	if k.By == (keys.ID{}) {
		return list, nil
	}
	registrar, err := d.Key(k.By)
	if err != nil || registrar == nil {
		return nil, errors.Join(err, fmt.Errorf("no bureau has enrolled the registrar's key %s", k.By.Short()))
	}
	return d.enrolments(ctx, c, list, registrar)
}

func (d *Desk) receipt(ctx context.Context, c *client.Client, index uint64) (*ledger.Receipt, error) {
	r, err := d.Receipt(index)
	if !errors.Is(err, ErrNotFinal) || c == nil {
		return r, err
	}
	return c.Receipt(ctx, index, 10*time.Second)
}
