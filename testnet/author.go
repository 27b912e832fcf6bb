package testnet

import (
	"context"
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"sync"
	"time"

	"comity/crypto/keys"
	"comity/crypto/seal"
	"comity/ledger"
	"comity/ledger/notice"
	"comity/ledger/state"
	"comity/node/client"
	"comity/node/home"
	"comity/node/wire"
)

// Author is an officer who writes statements and submits them. Statements of
// one author form a chain, so that an Author makes and submits one at a time;
// different authors work at the same time.
type Author struct {
	Bureau string
	*home.Officer

	net     *Consortium
	clients []*client.Client // the own bureau's node first, then the others

	mu    sync.Mutex // guards the chain, held from making a statement until its outcome is known
	known bool       // whether seq and prev are what the ledger has
	seq   uint64
	prev  ledger.ID
}

// Author returns an officer of a bureau. Close it.
func (c *Consortium) Author(bureau, label string) (*Author, error) {
	h, err := c.Home(bureau)
	if err != nil {
		return nil, err
	}
	o, err := h.Officer(label, nil)
	if err != nil {
		return nil, err
	}
	a := &Author{Bureau: bureau, Officer: o, net: c}
	codes := slices.Clone(c.codes)
	slices.SortStableFunc(codes, func(x, y string) int {
		switch {
		case x == bureau && y != bureau:
			return -1
		case y == bureau && x != bureau:
			return 1
		}
		return 0
	})
	for _, code := range codes {
		cl, err := h.ClientOf(code, o.TLS)
		if err != nil {
			return nil, err
		}
		a.clients = append(a.clients, cl)
	}
	return a, nil
}

// Close ends the author's connections.
func (a *Author) Close() {
	for _, cl := range a.clients {
		cl.Close()
	}
}

// Sent is a statement that was accepted.
type Sent struct {
	Item  ledger.Item
	Index uint64
	Time  uint64 // ledger time, POSIX ms; 0 when it was known before
}

// Publish seals a notice for its readers, signs it and submits it. Others sign
// with the author where four eyes are needed.
func (a *Author) Publish(ctx context.Context, n *notice.Notice, others ...*keys.Signer) (*Sent, error) {
	parts, err := n.Parts(a.origin())
	if err != nil {
		return nil, fmt.Errorf("publish: %w", err)
	}
	body, err := a.net.sealParts(a.context(), parts)
	if err != nil {
		return nil, fmt.Errorf("publish %s: %w", n.Reference, err)
	}
	header := n.Publish()
	header.SizeClass = uint8(bits.Len(uint(len(body) - 1)))
	return a.Submit(ctx, &ledger.Statement{Class: ledger.ClassPublish, Public: header.Marshal()}, body, others...)
}

// Submit completes a statement, of which the caller has set the class, the
// target and the clear fields, with the place in the author's chain and the
// body, signs it and submits it: at the own bureau's node, then at the others,
// until one accepts or refuses it or ctx ends. It is the same statement at
// every node, so that no failure makes it count twice.
func (a *Author) Submit(ctx context.Context, s *ledger.Statement, body []byte, others ...*keys.Signer) (*Sent, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for try := 0; ; try++ {
		if !a.known {
			if err := a.resume(ctx); err != nil {
				return nil, err
			}
		}
		sent, err := a.submitNext(ctx, s, body, others)
		if state.Code(wire.CodeOf(err)) != state.BadSequence || try == maxRestarts {
			return sent, err
		}
		// We continued what a node knew that was behind: ask again.
		if err := rest(ctx, err); err != nil {
			return nil, err
		}
	}
}

// submitNext makes the statement the next one of the chain and submits it.
func (a *Author) submitNext(ctx context.Context, s *ledger.Statement, body []byte, others []*keys.Signer) (*Sent, error) {
	s.Ledger, s.Author, s.Seq, s.Prev = a.net.genesis.Ledger, a.Signer.ID(), a.seq, a.prev
	s.SeenRoot, s.Created = ledger.EmptyRoot, uint64(a.net.now().Unix())
	if len(body) > 0 {
		s.BodyHash, s.BodyLen = bodyHash(body), uint32(len(body))
	}
	entry, err := ledger.SignStatement(s, a.Signer, others...)
	if err != nil {
		return nil, err
	}
	item := ledger.Item{Entry: entry, Body: body}
	a.known = false // until we know better: ctx may end while the outcome is open
	var done *wire.Submitted
	err = a.anywhere(ctx, func(ctx context.Context, cl *client.Client) (err error) {
		done, err = cl.Submit(ctx, item)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("submit as %s of %s: %w", a.Label, a.Bureau, err)
	}
	a.known, a.seq, a.prev = true, a.seq+1, entry.ID
	return &Sent{item, done.Index, done.Time}, nil
}

// resume learns where the author's chain ends.
func (a *Author) resume(ctx context.Context) error {
	err := a.anywhere(ctx, func(ctx context.Context, cl *client.Client) error {
		end, err := cl.FreshAuthor(ctx, a.Signer.ID())
		if err == nil {
			a.known, a.seq, a.prev = true, end.Seq, end.Prev
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("continue the statements of %s of %s: %w", a.Label, a.Bureau, err)
	}
	return nil
}

// Receipt waits until the statement is FINAL, and returns its receipt and the
// bureaus that cosigned, verified against the charter.
func (a *Author) Receipt(ctx context.Context, s *Sent) (r *ledger.Receipt, cosigners []string, err error) {
	err = a.anywhere(ctx, func(ctx context.Context, cl *client.Client) error {
		r, err = cl.Receipt(ctx, s.Index, tryFor/2)
		return err
	})
	if err != nil {
		return nil, nil, fmt.Errorf("receipt of entry %d: %w", s.Index, err)
	}
	_, cosigners, err = r.Verify(a.net.genesis, s.Item.Entry.LeafHash())
	return r, cosigners, err
}

const (
	tryFor      = 8 * time.Second        // at one node before the next is asked
	restFor     = 100 * time.Millisecond // after all were asked
	maxRestarts = 50
)

// anywhere calls nodes in turn until one gives an answer that another would
// give too, or ctx ends.
func (a *Author) anywhere(ctx context.Context, call func(context.Context, *client.Client) error) error {
	for {
		var err error
		strangers := 0
		for _, cl := range a.clients {
			one, cancel := context.WithTimeout(ctx, tryFor)
			err = call(one, cl)
			cancel()
			if err == nil || !elsewhere(err) {
				return err
			}
			if wire.CodeOf(err) == wire.Unauthenticated { // a node that is behind may not know us yet
				strangers++
			}
			if ctx.Err() != nil {
				return errors.Join(context.Cause(ctx), err)
			}
		}
		if strangers == len(a.clients) {
			return err
		}
		if err := rest(ctx, err); err != nil {
			return err
		}
	}
}

// rest waits a moment; if ctx ends first, it returns that with the error that
// made us wait.
func rest(ctx context.Context, err error) error {
	t := time.NewTimer(restFor)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return errors.Join(context.Cause(ctx), err)
	case <-t.C:
		return nil
	}
}

// elsewhere reports whether another node, or the same one later, may answer
// otherwise.
func elsewhere(err error) bool {
	var broken *client.Unreachable
	code := wire.CodeOf(err)
	return wire.Retryable(err) || errors.As(err, &broken) || code == wire.NotFinal || code == wire.Unauthenticated
}

func (a *Author) origin() notice.Origin {
	return notice.Origin{Ledger: a.net.genesis.Ledger, Author: a.Signer.ID(), Bureau: a.Bureau}
}

func (a *Author) context() seal.Context {
	return seal.Context{Ledger: a.net.genesis.Ledger, Author: a.Signer.ID()}
}
