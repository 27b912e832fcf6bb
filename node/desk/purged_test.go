package desk

import (
	"context"
	"errors"
	"slices"
	"testing"

	"comity/ledger"
	"comity/ledger/notice"
	"comity/ledger/store"
	"comity/node/follow"
	"comity/node/wire"
)

// TestPurged follows a purge at a desk that had opened the notice, and at one that
// comes later, to which nodes tell lies about it.
func TestPurged(t *testing.T) {
	ctx := context.Background()
	n, offices := newOffices(t, 2)
	xa, xb := offices[0], offices[1]
	id := xa.send(xa.Publish(ctx, xa.c, xa.both(), notice.ChildCase(today)))
	stays := xa.send(xa.Publish(ctx, xa.c, xa.both(), notice.ChildCase(today)))
	if c := xb.look(id.String()); c.View == nil {
		t.Fatalf("XB opens nothing: %v", c.Err)
	}
	first := xb.look(id.String()).Index
	if list, err := xb.PurgedSince(0); err != nil || len(list) != 0 {
		t.Errorf("purges before there is one: %v, %v", list, err)
	}
	syncDesk(t, xa.Desk, n)
	xa.send(xa.Withdraw(ctx, xa.c, xa.officers(), id))
	syncDesk(t, xa.Desk, n)
	chain, err := xa.Chain(ctx, xa.c, xa.officers().Author.ID())
	if err != nil {
		t.Fatal(err)
	}
	e, err := ledger.SignStatement(&ledger.Statement{Class: ledger.ClassPurge, Ledger: n.Genesis.Ledger, Author: xa.officers().Author.ID(), Seq: chain.Seq, Prev: chain.Prev,
		SeenRoot: ledger.EmptyRoot, Created: 1_700_000_000, Target: id, Public: (&ledger.Purge{Reason: ledger.ReasonOver}).Marshal()}, xa.officers().Author, xa.Supervisor.Signer)
	if err != nil {
		t.Fatal(err)
	}
	xa.send(ledger.Item{Entry: e}, nil)
	syncDesk(t, xb.Desk, n)
	if _, err := xb.Body(first); !errors.Is(err, store.ErrPurged) {
		t.Errorf("body: %v, want ErrPurged", err)
	}
	if c := xb.look(id.String()); c.View != nil {
		t.Error("the desk remembers what it opened")
	}
	if c := xb.look(stays.String()); c.View == nil {
		t.Errorf("another notice is gone too: %v", c.Err)
	}
	list, err := xb.PurgedSince(0)
	if err != nil || len(list) != 1 || list[0].ID != id || !slices.Equal(list[0].Entries, []uint64{first}) {
		t.Fatalf("purges: %+v, %v", list, err)
	}
	if more, err := xb.PurgedSince(1); err != nil || len(more) != 0 {
		t.Errorf("purges from the second on: %v, %v", more, err)
	}

	for _, by := range []uint64{0, first, first + 1, list[0].By - 1, list[0].By + 1000} {
		n.record = at(first, func(r *wire.Record) []*wire.Record {
			return []*wire.Record{{Time: r.Time, Entry: r.Entry, Purged: true, PurgedBy: by}}
		})
		late := newTestDesk(t, n.Genesis)
		if err := late.Sync(ctx, n.client(t), nil); !errors.Is(err, follow.ErrDishonest) {
			t.Errorf("purged by entry %d: %v, want ErrDishonest", by, err)
		}
	}
	// A body of another notice is not purged by this purge.
	other := first + 1
	n.record = at(other, func(r *wire.Record) []*wire.Record {
		return []*wire.Record{{Time: r.Time, Entry: r.Entry, Purged: true, PurgedBy: list[0].By}}
	})
	late := newTestDesk(t, n.Genesis)
	if err := late.Sync(ctx, n.client(t), nil); !errors.Is(err, follow.ErrDishonest) {
		t.Errorf("purged by the purge of another notice: %v, want ErrDishonest", err)
	}
	n.record = nil
	syncDesk(t, late, n)
	if _, err := late.Body(first); !errors.Is(err, store.ErrPurged) {
		t.Errorf("body at a desk that came later: %v, want ErrPurged", err)
	}
}
