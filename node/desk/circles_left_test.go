package desk

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"comity/ledger"
	"comity/ledger/notice"
	"comity/ledger/state"
)

// TestCircleLeft: once a bureau has left the ledger nobody seals to a circle with it
// in, one officer of the founder gives the circle other keys, and nobody is taken in
// on the way.
func TestCircleLeft(t *testing.T) {
	ctx := context.Background()
	n, offices := newOffices(t, 5)
	xa, xb, xc, xe := offices[0], offices[1], offices[2], offices[4]
	found := func(o *office, name string, members ...string) *Circle {
		t.Helper()
		o.send(o.FoundCircle(ctx, o.c, o.officers(), name, members))
		return o.circle(name)
	}
	lantern, other := found(xa, "LANTERN", "XB", "XE"), found(xa, "OTHER", "XB", "XE")
	pair, theirs := found(xa, "PAIR", "XE"), found(xe, "THEIRS", "XA", "XB")
	returned := found(xa, "RETURN", "XB", "XE")
	syncDesk(t, xb.Desk, n)
	old := xb.send(xb.Publish(ctx, xb.c, xb.both(), teamNotice("XB", "LT-0", "THEIRS"))).String()
	syncDesk(t, xb.Desk, n)
	alone := teamNotice("XB", "LT-1", "LANTERN")
	alone.Victim = nil
	early, err := xb.Publish(ctx, xb.c, Officers{Author: xb.Supervisor.Signer, Created: today}, alone)
	if err != nil {
		t.Fatal(err)
	}
	if list, err := xa.ToRenew("XA"); err != nil || len(list) > 0 {
		t.Errorf("nobody has left, and to renew are %v, %v", list, err)
	}
	change, err := xa.ChangeCircle(ctx, xa.c, xa.both(), lantern, []string{"XB", "XC"})
	if err != nil {
		t.Fatal(err)
	}
	if c := xe.circle("LANTERN"); c.Epoch == nil {
		t.Fatal("XE is not in LANTERN")
	}
	n.remove(t, "XE")

	// Nobody seals to its keys: those who stay are named one by one.
	for _, o := range []*office{xa, xb} {
		if c := o.circle("LANTERN"); strings.Join(c.Gone, " ") != "XE" || strings.Join(c.Stay(), " ") != "XA XB" || c.Ended {
			t.Errorf("%s: gone %v, stay %v", o.Code, c.Gone, c.Stay())
		}
		if _, err := o.sealedFor(lantern.ID); err == nil || !strings.Contains(err.Error(), "XE left the ledger and has its keys: XA must give it others first") {
			t.Errorf("%s seals to the old epoch: %v", o.Code, err)
		}
	}
	meanwhile, err := xb.Publish(ctx, xb.c, xb.both(), teamNotice("XB", "LT-2", "LANTERN"))
	two := xb.send(meanwhile, err).String()
	opensNothing(t, xe, meanwhile)
	if v := xa.look(two).View; v == nil || v.Victim == nil || strings.Join(v.Readers, " ") != "XB XA" {
		t.Errorf("XA reads %+v", v)
	}
	if r, err := xb.Reachable(notice.Readers{"XE", "circle:" + lantern.ID.String(), "circle:" + theirs.ID.String(), "all"}); err != nil || strings.Join(r, " ") != "XA XB all" {
		t.Errorf("reachable are %v, %v", r, err)
	}

	// What was sealed before is stale; sent all the same, its readers are told.
	syncDesk(t, xb.Desk, n)
	if err := xb.Fresh(early); !errors.Is(err, ErrStale) {
		t.Errorf("sealed before: %v, want ErrStale", err)
	}
	if err := xa.Fresh(change); !errors.Is(err, ErrStale) {
		t.Errorf("a change of before: %v, want ErrStale", err)
	}
	one := xb.send(early, nil).String()
	if v := xa.look(one).View; v == nil || len(v.Circles) != 1 || strings.Join(v.Circles[0].Gone, " ") != "XE" {
		t.Errorf("XA is told %+v", v)
	}

	// The founder's officers: the first one makes the epoch, and another finds it made.
	if list, err := xb.ToRenew("XB"); err != nil || len(list) > 0 {
		t.Errorf("XB is to renew %v, %v", list, err)
	}
	list, err := xa.ToRenew("XA")
	if err != nil || len(list) != 4 || list[0].ID != lantern.ID || list[2].ID != pair.ID {
		t.Fatalf("XA is to renew %v, %v", list, err)
	}
	first, err := xa.RenewCircle(ctx, xa.c, xa.officers(), list[0])
	if err != nil {
		t.Fatal(err)
	}
	by := Officers{Author: xa.Supervisor.Signer, Created: today}
	second, err := xa.RenewCircle(ctx, xa.c, by, list[0])
	if err != nil {
		t.Fatal(err)
	}
	xa.send(first, nil)
	if _, results, err := n.machine.Apply(n.store, &ledger.Command{Batch: &ledger.Batch{Time: n.now, Items: []ledger.Item{second}}}, state.Plain{}); err != nil ||
		results[0].Refusal == nil || results[0].Refusal.Code != state.Superseded {
		t.Errorf("the second: %+v, %v", results, err)
	}
	for _, o := range []*office{xa, xb} {
		if c := o.circle("LANTERN"); c.Number != 2 || c.Epoch == nil || len(c.Gone) > 0 || strings.Join(c.Epoch.Members, " ") != "XA XB" {
			t.Errorf("%s: circle %+v", o.Code, c)
		}
	}
	if c := xe.circle("LANTERN"); c.Epoch != nil || c.Number != 2 {
		t.Errorf("XE: circle %+v", c)
	}
	if _, err := xa.RenewCircle(ctx, xa.c, xa.officers(), xa.circle("LANTERN")); err == nil {
		t.Error("it is renewed again")
	}
	it, err := xb.Publish(ctx, xb.c, xb.both(), teamNotice("XB", "LT-3", "LANTERN"))
	three := xb.send(it, err).String()
	opensNothing(t, xe, it)
	if v := xa.look(three).View; v == nil || v.Victim == nil || len(v.Circles) != 1 || v.Circles[0].Epoch != 2 || v.Circles[0].Gone != nil {
		t.Errorf("XA reads %+v", v)
	}

	// One dishonest officer takes the occasion to let XC in.
	k := xa.circle("OTHER")
	s, err := xa.nextOn(xa.officers(), k, 1)
	if err != nil {
		t.Fatal(err)
	}
	xa.send(xa.composeEpoch(ctx, xa.c, xa.officers(), s, k.next(), []string{"XB", "XC"}))
	syncDesk(t, xc.Desk, n)
	if c, err := xc.Circle("OTHER"); !errors.Is(err, ErrNoCircle) {
		t.Errorf("XC is in %+v, %v", c, err)
	}
	syncDesk(t, xb.Desk, n)
	if _, err := xb.Publish(ctx, xb.c, xb.both(), teamNotice("XB", "LT-4", other.ID.String())); err == nil || !strings.Contains(err.Error(), "one officer of XA changed whom it is for") {
		t.Errorf("XB seals to it: %v", err)
	}

	// So does one who lets XE in, which has come back with other keys than when it
	// was a member.
	back := n.readmit(t, "XE")
	k = xa.circle("RETURN")
	if s, err = xa.nextOn(xa.officers(), k, 1); err != nil {
		t.Fatal(err)
	}
	xa.send(xa.composeEpoch(ctx, xa.c, xa.officers(), s, k.next(), []string{"XB", "XE"}))
	xe2 := openDesk(t, t.TempDir(), n.Genesis)
	xe2.Unlock((&office{Bureau: back}).identities())
	syncDesk(t, xe2, n)
	if c, err := xe2.Circle("RETURN"); !errors.Is(err, ErrNoCircle) {
		t.Errorf("who came back is in %+v, %v", c, err)
	}
	syncDesk(t, xb.Desk, n)
	if _, err := xb.sealedFor(returned.ID); err == nil || !strings.Contains(err.Error(), "one officer of XA changed whom it is for") {
		t.Errorf("XB seals to it: %v", err)
	}

	// Where only the founder stays, and where the founder left, a circle is over.
	pair = xa.circle("PAIR")
	xa.send(xa.RenewCircle(ctx, xa.c, xa.officers(), pair))
	if c := xa.circle("PAIR"); !c.Ended {
		t.Errorf("circle %+v", c)
	}
	for _, o := range []*office{xa, xb} {
		if c := o.circle("THEIRS"); !c.Ended || c.Gone != nil {
			t.Errorf("%s: circle %+v", o.Code, c)
		}
	}
	if _, err := xb.Publish(ctx, xb.c, xb.both(), teamNotice("XB", "LT-5", "THEIRS")); err == nil || !strings.Contains(err.Error(), "has ended") {
		t.Errorf("XB seals to the circle of who left: %v", err)
	}
	if v := xa.look(old).View; v == nil || v.Victim == nil || slices.ContainsFunc(v.Circles, func(c notice.CircleSeen) bool { return c.Superseded || c.Gone != nil }) {
		t.Errorf("XA reads of before %+v", v)
	}
	fresh := openDesk(t, t.TempDir(), n.Genesis) // which reads all at once
	fresh.Unlock(xb.identities())
	syncDesk(t, fresh, n)
	mine, err := xb.Circles()
	if err != nil {
		t.Fatal(err)
	}
	again, err := fresh.Circles()
	if err != nil || len(again) != len(mine) {
		t.Fatalf("%d circles, %v, want %d", len(again), err, len(mine))
	}
	for i, c := range again {
		if m := mine[i]; c.ID != m.ID || c.Ended != m.Ended || c.Number != m.Number || (c.Epoch == nil) != (m.Epoch == nil) {
			t.Errorf("circle %s: %+v, want %+v", c.Name, c, m)
		}
	}
}
