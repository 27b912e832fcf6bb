package desk

import (
	"context"
	"errors"
	"slices"
	"testing"

	"comity/ledger"
	"comity/ledger/notice"
	"comity/node/follow"
)

// TestOpenRead reads a replica that another desk has and goes on with: what it had
// brought to disk, with the keys or without, and no more.
func TestOpenRead(t *testing.T) {
	ctx := context.Background()
	n, offices := newOffices(t, 2)
	xa, xb := offices[0], offices[1]
	id := xa.send(xa.Publish(ctx, xa.c, xa.both(), notice.ChildCase(today)))
	xb.look("LT-0301")
	xa.look("LT-0301")
	r, err := OpenRead(xb.dir, n.Genesis)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	r.Unlock(xb.identities())
	list, err := r.Cases(ctx, Filter{Opened: true})
	if err != nil || len(list) != 1 || list[0].ID != id || list[0].View.Victim == nil {
		t.Errorf("cases %+v, %v", list, err)
	}
	if _, err := r.Case(ctx, "LT-0301"); err == nil {
		t.Error("it has an index")
	}
	if err := r.Sync(ctx, n.client(t), nil); !errors.Is(err, follow.ErrReading) {
		t.Errorf("Sync: %v, want ErrReading", err)
	}
	xa.send(xa.Withdraw(ctx, xa.c, xa.officers(), id))
	xb.look(id.String())
	was, err := r.Size()
	if err != nil {
		t.Fatal(err)
	}
	again, err := OpenRead(xb.dir, n.Genesis)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if size, err := again.Size(); err != nil || size != was+1 {
		t.Errorf("%d entries, %v, want %d", size, err, was+1)
	}
	if final, _, _ := again.Final(); final.Size != was+1 {
		t.Errorf("FINAL at %d, want %d", final.Size, was+1)
	}
	if k, err := again.Keys("XB"); err != nil || !slices.ContainsFunc(k, func(k KnownKey) bool { return k.ID == xb.Officer.Signer.ID() }) {
		t.Errorf("keys %v, %v", k, err)
	}
	if reach, err := (&Reader{Desk: r, Bureau: "XB", Roles: ledger.RoleInvestigator}).Reach(ctx, "XA"); err != nil || reach.Total != 0 {
		t.Errorf("XA could read %+v, %v", reach, err)
	}
	if reach, err := (&Reader{Desk: r, Bureau: "XA", Roles: ledger.RoleInvestigator}).Reach(ctx, "XB"); err != nil || reach.Total != 1 || reach.Own != 1 || reach.Kinds[ledger.KindUndisclosed] != 1 {
		t.Errorf("XB could read %+v, %v", reach, err)
	}
}
