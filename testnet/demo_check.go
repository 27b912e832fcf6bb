package testnet

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"comity/ledger"
	"comity/ledger/store"
	"comity/node/desk"
)

// checkAtMost bounds how long nodes may take to make everything FINAL.
const checkAtMost = time.Minute

// Check looks at everything once, as one who trusts no node: all entries are
// fetched from one node into an empty replica, which verifies every signature,
// every right at its position and the tree; the heads of all nodes are compared
// with it; and every statement that was ever acknowledged must be at its place
// at every node. What is wrong is in Problems; an error means that it could not
// be found out.
func (d *Demo) Check(ctx context.Context) (*DemoChecked, error) {
	began := time.Now()
	r := &DemoChecked{From: d.restart, Problems: []string{}, Needed: d.genesis.Latest().Quorum()}
	if r.From == "" {
		r.From = d.codes[len(d.codes)-1]
	}
	limited, cancel := context.WithTimeout(ctx, checkAtMost)
	defer cancel()
	if _, _, err := d.WaitEqual(limited, 0); err != nil {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("check: %w", context.Cause(ctx))
		}
		r.problem("the nodes do not agree: %s", err)
	}
	if err := d.checkEntries(ctx, r); err != nil {
		return nil, fmt.Errorf("check: %w", err)
	}
	d.checkHeads(ctx, r)
	d.checkAcknowledged(ctx, r)
	if ctx.Err() != nil {
		return nil, fmt.Errorf("check: %w", context.Cause(ctx))
	}
	r.Seconds = since(began)
	d.report(*r)
	return r, nil
}

func (r *DemoChecked) problem(format string, args ...any) {
	r.Problems = append(r.Problems, fmt.Sprintf(format, args...))
}

// checkEntries verifies all entries of one node.
func (d *Demo) checkEntries(ctx context.Context, r *DemoChecked) error {
	dir, err := os.MkdirTemp(d.options.Dir, ".check-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	k, err := desk.Open(dir, d.genesis)
	if err != nil {
		return err
	}
	defer k.Close()
	cl, err := d.Operator(r.From)
	if err != nil {
		return err
	}
	if err := k.Sync(ctx, cl, nil); err != nil {
		if ctx.Err() != nil {
			return err
		}
		r.problem("%s", err)
	}
	head, cosigners, _ := k.Final()
	if r.Entries, err = k.Size(); err != nil {
		return err
	}
	r.Root, r.Cosigners = head.Root, cosigners
	slices.Sort(r.Cosigners)
	for i := range r.Entries {
		_, e, err := k.Entry(i)
		if err != nil {
			return err
		}
		r.Signatures += len(e.Signatures)
		if e.Statement.BodyLen == 0 {
			continue
		}
		switch body, err := k.Body(i); {
		case errors.Is(err, store.ErrPurged): // by the ledger's word, not the node's
			r.Purged++
		case err != nil || !e.CheckBody(body):
			r.problem("the body of entry %d is missing", i)
		default:
			r.Bodies++
		}
	}
	return nil
}

// checkHeads compares what every node shows as FINAL with what was computed.
func (d *Demo) checkHeads(ctx context.Context, r *DemoChecked) {
	for _, code := range d.codes {
		cl, err := d.Operator(code)
		if err != nil {
			r.problem("%s: %s", code, err)
			continue
		}
		note, err := cl.Checkpoint(ctx, 0, 0)
		if err != nil {
			r.problem("%s shows no FINAL checkpoint: %s", code, err)
			continue
		}
		c, by, err := d.genesis.Open(note)
		if err != nil {
			r.problem("%s shows a checkpoint that is not FINAL: %s", code, err)
			continue
		}
		r.Heads = append(r.Heads, DemoHead{code, c.Size, c.Root, by})
		if c.Size != r.Entries || ledger.ID(c.Root) != r.Root {
			r.problem("%s holds another head: %d entries, root %s; the entries of %s give %d, root %s", code, c.Size, ledger.ID(c.Root), r.From, r.Entries, r.Root)
			continue
		}
		r.Agree = append(r.Agree, code)
	}
}

// checkAcknowledged looks at every node for every acknowledged statement.
func (d *Demo) checkAcknowledged(ctx context.Context, r *DemoChecked) {
	d.mu.Lock()
	list := slices.Clone(d.acked)
	d.mu.Unlock()
	r.Acknowledged = len(list)
	var (
		mu   sync.Mutex // guards r.Problems and r.Placed
		work sync.WaitGroup
	)
	for _, code := range d.codes {
		work.Go(func() {
			err := d.findAll(ctx, code, list)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				r.problem("%s", err)
				return
			}
			r.Placed = append(r.Placed, code)
		})
	}
	work.Wait()
	slices.Sort(r.Placed)
}

// findAll asks a node where each statement is, several at a time.
func (d *Demo) findAll(ctx context.Context, code string, list []acked) error {
	const asking = 4
	cl, err := d.Operator(code)
	if err != nil {
		return err
	}
	ctx, failed := context.WithCancelCause(ctx)
	defer failed(nil)
	var work sync.WaitGroup
	for w := range asking {
		work.Go(func() {
			for i := w; i < len(list) && ctx.Err() == nil; i += asking {
				at, err := cl.Index(ctx, list[i].id)
				switch {
				case err != nil:
					failed(fmt.Errorf("%s does not show entry %d, which was acknowledged: %w", code, list[i].index, err))
				case at.Index != list[i].index:
					failed(fmt.Errorf("%s has statement %s at %d, and it was acknowledged at %d", code, list[i].id.Short(), at.Index, list[i].index))
				}
			}
		})
	}
	work.Wait()
	return context.Cause(ctx)
}
