package desk

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"comity/crypto/keys"
	"comity/crypto/seal"
	"comity/ledger"
	"comity/ledger/notice"
	"comity/ledger/state"
)

// circle syncs and returns the circle of a name.
func (o *office) circle(name string) *Circle {
	o.t.Helper()
	syncDesk(o.t, o.Desk, o.node)
	c, err := o.Circle(name)
	if err != nil {
		o.t.Fatalf("%s: %v", o.Code, err)
	}
	return c
}

// teamNotice is a notice of a bureau to a circle, with all three parts.
func teamNotice(bureau, reference string, circle string) *notice.Notice {
	n := notice.ChildCase(today)
	n.Reference, n.Origin = reference, bureau
	n.Readers = notice.Readers{bureau, notice.CirclePrefix + circle}
	n.Victim.Readers = nil
	return n
}

// TestCircle is the life of a joint team: formed, joined, left, and ended.
func TestCircle(t *testing.T) {
	ctx := context.Background()
	_, offices := newOffices(t, 4)
	xa, xb, xc, xd := offices[0], offices[1], offices[2], offices[3]
	reads := func(when, id string, want ...*office) {
		t.Helper()
		for _, o := range offices {
			c := o.look(id)
			if c.Err != nil {
				t.Errorf("%s: %s: %v", when, o.Code, c.Err)
			}
			if got := c.View != nil && c.View.Card != nil && c.View.Body != nil && c.View.Victim != nil; got != slices.Contains(want, o) {
				t.Errorf("%s: %s reads it: %v", when, o.Code, got)
			}
		}
	}

	circle := xa.send(xa.FoundCircle(ctx, xa.c, xa.officers(), "LANTERN", []string{"XC", "XB"}))
	for _, o := range offices[:3] {
		c := o.circle("LANTERN")
		if c.ID != circle || c.Founder != "XA" || c.Number != 1 || c.Epoch == nil || strings.Join(c.Epoch.Members, " ") != "XA XB XC" || len(c.Epoch.Seeds) != 3 {
			t.Errorf("%s: circle %+v", o.Code, c)
		}
	}
	syncDesk(t, xd.Desk, xd.node)
	if _, err := xd.Circle("LANTERN"); !errors.Is(err, ErrNoCircle) {
		t.Errorf("XD: %v, want ErrNoCircle", err)
	}

	// A notice to the circle is one grant for each part, and one for its author's bureau.
	first, err := xb.Publish(ctx, xb.c, xb.both(), teamNotice("XB", "LT-1", "LANTERN"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := seal.Parse(first.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range b.Parts() {
		if p.Grants != 2 {
			t.Errorf("the %s has %d grants", p.Compartment, p.Grants)
		}
	}
	one := xb.send(first, nil).String()
	reads("first epoch", one, xa, xb, xc)
	v := xc.look("LT-1").View
	want := notice.CircleSeen{ID: circle, Name: "LANTERN", Founder: "XA", Epoch: 1, Members: notice.Readers{"XA", "XB", "XC"}}
	if len(v.Circles) != 1 || fmt.Sprint(v.Circles[0]) != fmt.Sprint(want) || strings.Join(v.Bureaus(), " ") != "XB XA XC" {
		t.Errorf("XC sees circles %+v of bureaus %v", v.Circles, v.Bureaus())
	}

	// XD joins, and reads nothing that was sealed before, until it is re-shared.
	if _, err := xa.ChangeCircle(ctx, xa.c, xa.officers(), xa.circle("LANTERN"), []string{"XB", "XC", "XD"}); !errors.Is(err, ErrFourEyes) {
		t.Errorf("one officer changes a circle: %v", err)
	}
	if _, err := xb.ChangeCircle(ctx, xb.c, xb.both(), xb.circle("LANTERN"), []string{"XD"}); err == nil || !strings.Contains(err.Error(), "XA founded it") {
		t.Errorf("XB changes the circle of XA: %v", err)
	}
	xa.send(xa.ChangeCircle(ctx, xa.c, xa.both(), xa.circle("LANTERN"), []string{"XB", "XC", "XD"}))
	reads("after XD joined", one, xa, xb, xc)
	syncDesk(t, xb.Desk, xb.node)
	for c := seal.Card; c <= seal.Victim; c++ {
		by := xb.officers()
		if c == seal.Victim {
			by = xb.both()
		}
		xb.send(xb.Grant(ctx, xb.c, by, ledger.ID(first.Entry.ID), c, []string{"circle:LANTERN"}))
	}
	reads("after it was re-shared", one, xa, xb, xc, xd)
	if seen := xd.look(one).View.Circles; len(seen) != 1 || seen[0].Name != "LANTERN" || seen[0].Epoch != 1 || seen[0].Members != nil {
		t.Errorf("XD sees of the epoch before it joined: %+v", seen)
	}
	two := xd.send(xd.Publish(ctx, xd.c, xd.both(), teamNotice("XD", "LT-2", circle.String()))).String()
	reads("second epoch", two, xa, xb, xc, xd)

	// XC leaves: it keeps what it had, and with all its keys opens nothing more.
	xa.send(xa.ChangeCircle(ctx, xa.c, xa.both(), xa.circle("LANTERN"), []string{"XB", "XD"}))
	left := xc.circle("LANTERN")
	if left.Epoch != nil || left.Known == nil || left.Known.Number != 2 || left.Number != 3 {
		t.Errorf("XC: circle %+v", left)
	}
	if _, err := xc.Publish(ctx, xc.c, xc.both(), teamNotice("XC", "LT-9", "LANTERN")); err == nil || !strings.Contains(err.Error(), "its present epoch is not for the keys of this desk") {
		t.Errorf("XC seals to a circle that it left: %v", err)
	}
	syncDesk(t, xb.Desk, xb.node)
	it, err := xb.Publish(ctx, xb.c, xb.both(), teamNotice("XB", "LT-3", "LANTERN"))
	three := xb.send(it, err).String()
	reads("third epoch", three, xa, xb, xd)
	reads("third epoch", two, xa, xb, xc, xd)
	opensNothing(t, xc, it)

	// An amendment is sealed to the epoch of its own day.
	amended := teamNotice("XB", "LT-1", "LANTERN")
	xb.send(xb.Amend(ctx, xb.c, xb.both(), first.Entry.ID, amended))
	reads("amended", one, xa, xb, xd)
	if c := xc.look(one); !c.Outdated() {
		t.Error("XC does not see that the version which it reads is former")
	}

	// It ends: nothing is sealed to it, what was is read as before.
	xa.send(xa.EndCircle(ctx, xa.c, xa.both(), xa.circle("LANTERN")))
	reads("ended", three, xa, xb, xd)
	syncDesk(t, xb.Desk, xb.node)
	if _, err := xb.Publish(ctx, xb.c, xb.both(), teamNotice("XB", "LT-4", circle.String())); err == nil || !strings.Contains(err.Error(), "has ended") {
		t.Errorf("a notice to a circle that has ended: %v", err)
	}
	if r, err := xb.Reachable(notice.Readers{"XB", notice.CirclePrefix + circle.String()}); err != nil || strings.Join(r, " ") != "XB XA XD" {
		t.Errorf("reachable %v, %v", r, err)
	}

	// A notice to a circle is purged like any other, and for its members too.
	xb.send(xb.Withdraw(ctx, xb.c, xb.officers(), it.Entry.ID))
	syncDesk(t, xb.Desk, xb.node)
	xb.send(xb.Purge(ctx, xb.c, xb.both(), it.Entry.ID, ledger.ReasonOver))
	for _, o := range offices {
		if c := o.look(three); c.Status != state.StatusPurged || c.View != nil {
			t.Errorf("%s: a purged notice is %s, view %+v", o.Code, c.Status, c.View)
		}
	}

	// No seed is in a file of anybody's desk.
	for _, o := range offices {
		for _, x := range o.opener.circles().epochs {
			if x.epoch == nil {
				continue
			}
			for _, id := range x.epoch.Seeds {
				seed := id.Seed()
				for _, other := range offices {
					if found := holds(t, other.dir, seed[:], fmt.Appendf(nil, "%x", seed)); found != "" {
						t.Errorf("%s has a seed of the circle in %s", other.Code, found)
					}
				}
			}
		}
	}

	// Who begins again from the ledger, or without the index, comes to the same.
	for _, o := range offices {
		again := &office{Bureau: o.Bureau, t: t, node: o.node, c: o.c}
		again.Desk = openDesk(t, filepath.Join(t.TempDir(), "again"), o.Genesis())
		again.Unlock(o.identities())
		for _, id := range []string{one, two, three} {
			if got, want := again.look(id), o.look(id); fmt.Sprint(partsOf(got.View), got.Name()) != fmt.Sprint(partsOf(want.View), want.Name()) {
				t.Errorf("%s reads of %.8s %v anew and %v before", o.Code, id, partsOf(got.View), partsOf(want.View))
			}
		}
	}
}

// holds returns a file under dir that has one of these in it.
func holds(t *testing.T, dir string, any ...[]byte) (found string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		for _, x := range any {
			if bytes.Contains(data, x) {
				found = path
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// opensNothing tries all that a bureau holds, the seeds of the epochs that it was
// in among them, on the grants of an item.
func opensNothing(t *testing.T, o *office, it ledger.Item) {
	t.Helper()
	all := make(map[seal.Compartment][]*keys.Identity)
	for c, id := range o.Bureau.Sealing {
		all[c] = append(all[c], id)
	}
	cs := o.opener.circles()
	seeds := 0
	for _, x := range cs.epochs {
		if x.epoch != nil {
			for c, id := range x.epoch.Seeds {
				all[c] = append(all[c], id)
				seeds++
			}
		}
	}
	b, err := seal.Parse(it.Body)
	if err != nil {
		t.Fatal(err)
	}
	opened, err := b.Open(o.context(it.Entry), all)
	if err != nil || len(opened) > 0 || seeds < 6 {
		t.Errorf("with %d old seeds %s opens %v, %v", seeds, o.Code, opened, err)
	}
}

// TestCircleRace: who seals to an epoch while another one is made is read by the
// members of the epoch that it saw, and both sides are told.
func TestCircleRace(t *testing.T) {
	ctx := context.Background()
	n, offices := newOffices(t, 3)
	xa, xb, xc := offices[0], offices[1], offices[2]
	xa.send(xa.FoundCircle(ctx, xa.c, xa.officers(), "LANTERN", []string{"all"}))
	k := xa.circle("LANTERN")
	if len(k.Epoch.Members) != 5 {
		t.Fatalf("all are %v", k.Epoch.Members)
	}
	syncDesk(t, xb.Desk, n)
	syncDesk(t, xc.Desk, n)
	it, err := xb.Publish(ctx, xb.c, xb.both(), teamNotice("XB", "LT-1", "LANTERN"))
	if err != nil {
		t.Fatal(err)
	}
	first, err := xa.ChangeCircle(ctx, xa.c, xa.both(), k, []string{"XB"})
	if err != nil {
		t.Fatal(err)
	}
	by := Officers{Author: xa.Supervisor.Signer, Others: []*keys.Signer{xa.Officer.Signer}, Created: today}
	second, err := xa.ChangeCircle(ctx, xa.c, by, k, []string{"XB", "XC", "XD"})
	if err != nil {
		t.Fatal(err)
	}
	draft := it
	xb.send(first, nil)
	id := xb.send(it, nil)
	if c := xc.look(id.String()); c.View == nil || len(c.View.Circles) != 1 || !c.View.Circles[0].Superseded || c.View.Circles[0].Epoch != 1 {
		t.Errorf("XC sees %+v", c.View)
	}
	if c := xb.look(id.String()); c.View == nil || !c.View.Circles[0].Superseded {
		t.Errorf("XB sees %+v", c.View)
	}
	if c, err := xb.Superseded(it.Entry, xb.look(id.String()).View.Readers); err != nil || len(c) != 1 || c[0].ID != k.ID {
		t.Errorf("XB is warned of %+v, %v", c, err)
	}
	// Of two changes that were written at once the second does not count, and says so.
	if r, err := state.ReadCircle(xb.View(), k.ID); err != nil || r.Last != first.Entry.ID {
		t.Errorf("the circle %+v, %v", r, err)
	}
	syncDesk(t, xa.Desk, n)
	for name, it := range map[string]ledger.Item{"a change": second, "a notice": draft} {
		o := xa
		if name == "a notice" {
			o = xb
		}
		if err := o.Fresh(it); !errors.Is(err, ErrStale) {
			t.Errorf("%s that was composed before: %v, want ErrStale", name, err)
		}
	}
}

// TestCircleDraft: what waits for a second officer is stale once a circle that it
// may be for has lost a member, whether or not its readers can be read.
func TestCircleDraft(t *testing.T) {
	ctx := context.Background()
	n, offices := newOffices(t, 2)
	xa, xb := offices[0], offices[1]
	xa.send(xa.FoundCircle(ctx, xa.c, xa.officers(), "LANTERN", []string{"XB", "XC"}))
	k := xa.circle("LANTERN")
	team := teamNotice("XA", "LT-1", "LANTERN")
	id := xa.send(xa.Publish(ctx, xa.c, xa.both(), team))
	syncDesk(t, xa.Desk, n)
	by := xa.officers()
	by.Awaits = true
	grant, err := xa.Grant(ctx, xa.c, by, id, seal.Victim, []string{"circle:LANTERN"})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(xa.Place(ctx, xa.c, grant), xa.Fresh(grant)); err != nil {
		t.Fatal(err)
	}
	xb.send(xb.FoundCircle(ctx, xb.c, xb.officers(), "OTHER", []string{"XA"}))
	syncDesk(t, xa.Desk, n)
	again, err := xa.Renew(ctx, xa.c, xa.officers(), grant)
	if err != nil {
		t.Fatalf("after another circle was founded: %v", err)
	}
	if s, old := again.Entry.Statement, grant.Entry.Statement; s.SeenSize != old.SeenSize || s.SeenRoot != old.SeenRoot {
		t.Errorf("signed again it has seen %d entries, sealed at %d", s.SeenSize, old.SeenSize)
	}
	xa.send(xa.ChangeCircle(ctx, xa.c, xa.both(), k, []string{"XB"}))
	syncDesk(t, xa.Desk, n)
	for name, it := range map[string]ledger.Item{"the draft": grant, "signed again": again} {
		if err := xa.Fresh(it); !errors.Is(err, ErrStale) {
			t.Errorf("%s: %v, want ErrStale", name, err)
		}
	}
	if _, err := xa.Renew(ctx, xa.c, xa.officers(), grant); !errors.Is(err, ErrStale) {
		t.Errorf("Renew: %v, want ErrStale", err)
	}
}

// TestCircleVictim: a circle that only the victim's part names, of a notice for
// all, is watched like one that the notice names.
func TestCircleVictim(t *testing.T) {
	ctx := context.Background()
	_, offices := newOffices(t, 3)
	xa, xb, xc := offices[0], offices[1], offices[2]
	xa.send(xa.FoundCircle(ctx, xa.c, xa.officers(), "LANTERN", []string{"XB"}))
	k := xa.circle("LANTERN")
	n := teamNotice("XA", "LT-1", "LANTERN")
	n.Kind, n.Colour = n.Colour, ledger.KindUndisclosed
	n.Victim.Readers, n.Readers = n.Readers, notice.Readers{notice.All}
	it, err := xa.Publish(ctx, xa.c, xa.both(), n)
	if err != nil {
		t.Fatal(err)
	}
	if v, err := xa.OpenDraft(it); err != nil || len(v.Circles) != 1 || v.Circles[0].ID != k.ID {
		t.Errorf("the draft: %+v, %v", v, err)
	}
	xa.send(xa.ChangeCircle(ctx, xa.c, xa.both(), k, []string{"XC"}))
	syncDesk(t, xa.Desk, xa.node)
	if err := xa.Fresh(it); !errors.Is(err, ErrStale) {
		t.Errorf("after a change: %v, want ErrStale", err)
	}
	id := xa.send(xa.Publish(ctx, xa.c, xa.both(), n)).String()
	if v := xc.look(id).View; v == nil || v.Victim == nil || len(v.Circles) != 1 || v.Circles[0].Epoch != 2 || v.Circles[0].Superseded {
		t.Errorf("XC sees %+v", v)
	}
	if v := xb.look(id).View; v == nil || v.Victim != nil {
		t.Errorf("XB sees %+v", v)
	}

	// A victim's part with more keys in it than its own readers.
	by := xa.officers()
	o, err := xa.author(&by)
	if err != nil {
		t.Fatal(err)
	}
	n.Victim.Readers = []string{"XA", "XB"}
	parts, err := n.Parts(o)
	if err != nil {
		t.Fatal(err)
	}
	parts[2].Readers = notice.Readers{"XA", "XB", "XC", "XD"}
	body, err := xa.sealParts(o, parts)
	if err != nil {
		t.Fatal(err)
	}
	p := n.Publish()
	p.SizeClass = sizeClass(len(body))
	if it, err = xa.sign(ctx, xa.c, &by, ledger.Statement{Class: ledger.ClassPublish, Public: p.Marshal()}, body); err != nil {
		t.Fatal(err)
	}
	if _, err := xa.OpenDraft(it); err == nil || !strings.Contains(err.Error(), "victim is sealed to more keys than the 2 readers") {
		t.Errorf("OpenDraft: %v", err)
	}
}

// TestCircleFounder: whom a founder claims as members, but has sealed no keys to,
// reads what names them, and what they write themselves.
func TestCircleFounder(t *testing.T) {
	ctx := context.Background()
	_, offices := newOffices(t, 3)
	xa, xb := offices[0], offices[1]
	syncDesk(t, xa.Desk, xa.node)
	by := xa.officers()
	o, err := xa.author(&by)
	if err != nil {
		t.Fatal(err)
	}
	found := func(name string, sealed ...notice.Readers) ledger.ID {
		t.Helper()
		e := notice.Epoch{Name: name, Number: 1, Members: notice.Readers{"XA", "XB", "XC"}, Seeds: make(map[seal.Compartment]*keys.Identity)}
		for c := seal.Card; c <= seal.Victim; c++ {
			if e.Seeds[c], err = keys.GenerateIdentity(); err != nil {
				t.Fatal(err)
			}
		}
		parts, err := e.Parts(o)
		if err != nil {
			t.Fatal(err)
		}
		for i := range parts {
			parts[i].Readers = sealed[i]
		}
		body, err := xa.sealParts(o, parts)
		if err != nil {
			t.Fatal(err)
		}
		return xa.send(xa.sign(ctx, xa.c, &by, ledger.Statement{Class: ledger.ClassCircle}, body))
	}
	two := notice.Readers{"XA", "XB"}
	circle := found("LANTERN", two, two, two)
	syncDesk(t, xb.Desk, xb.node)
	n := teamNotice("XB", "LT-1", circle.String())
	n.Readers = append(n.Readers, "XC")
	id := xb.send(xb.Publish(ctx, xb.c, xb.both(), n)).String()
	for _, o := range offices {
		if v := o.look(id).View; v == nil || v.Card == nil || v.Body == nil || v.Victim == nil {
			t.Errorf("%s does not read all of it: %+v", o.Code, v)
		}
	}
	syncDesk(t, xa.Desk, xa.node)
	circle = found("PARTIAL", two, two, notice.Readers{"XA"})
	syncDesk(t, xb.Desk, xb.node)
	if _, err := xb.Publish(ctx, xb.c, xb.both(), teamNotice("XB", "LT-2", circle.String())); err == nil || !strings.Contains(err.Error(), "open no key for a victim") {
		t.Errorf("an epoch without a key for a victim's part: %v", err)
	}
}

// TestCircleGrants: an epoch with more grants than a circle has members costs its
// readers no trial.
func TestCircleGrants(t *testing.T) {
	ctx := context.Background()
	_, offices := newOffices(t, 2)
	xa, xb := offices[0], offices[1]
	syncDesk(t, xa.Desk, xa.node)
	it, err := xa.FoundCircle(ctx, xa.c, xa.officers(), "LANTERN", []string{"XB"})
	if err != nil {
		t.Fatal(err)
	}
	b, err := seal.Parse(it.Body)
	if err != nil {
		t.Fatal(err)
	}
	opened, err := b.Open(xa.context(it.Entry), xa.identities())
	if err != nil {
		t.Fatal(err)
	}
	readers := []*keys.Recipient{xb.Bureau.Sealing[seal.Card].Recipient()}
	for range notice.MaxCircleMembers {
		id, err := keys.GenerateIdentity()
		if err != nil {
			t.Fatal(err)
		}
		readers = append(readers, id.Recipient())
	}
	sealed, err := seal.Seal(xa.context(it.Entry), []seal.Part{{Compartment: seal.Card, Plaintext: opened[0].Plaintext, Readers: readers}})
	if err != nil {
		t.Fatal(err)
	}
	if b, err = seal.Parse(sealed); err != nil {
		t.Fatal(err)
	}
	if e, err := xb.readEpoch(it.Entry, b, 1, xb.identities()); e != nil || err == nil || !strings.Contains(err.Error(), "more keys than a circle has members") {
		t.Errorf("%+v, %v", e, err)
	}
}

// TestCircleNames tells circles of one name apart, and hostile ones from others.
func TestCircleNames(t *testing.T) {
	ctx := context.Background()
	n, offices := newOffices(t, 2)
	xa, xb := offices[0], offices[1]
	one := xa.send(xa.FoundCircle(ctx, xa.c, xa.officers(), "TEAM", []string{"XB"}))
	two := xb.send(xb.FoundCircle(ctx, xb.c, xb.officers(), "TEAM", []string{"XA"}))
	syncDesk(t, xa.Desk, n)
	var same *SameCircle
	if _, err := xa.Circle("TEAM"); !errors.As(err, &same) || len(same.Circles) != 2 || !strings.Contains(err.Error(), "TEAM of XB, "+two.String()[:8]) {
		t.Errorf("two of a name: %v", err)
	}
	if _, err := xa.Publish(ctx, xa.c, xa.both(), teamNotice("XA", "LT-1", "TEAM")); !errors.As(err, &same) {
		t.Errorf("a notice to two of a name: %v", err)
	}
	// Nor does the name go over to the other once one has ended.
	syncDesk(t, xb.Desk, n)
	k, err := xb.Circle(two.String()[:8])
	if err != nil {
		t.Fatal(err)
	}
	xb.send(xb.EndCircle(ctx, xb.c, xb.both(), k))
	syncDesk(t, xa.Desk, n)
	if _, err := xa.Circle("TEAM"); !errors.As(err, &same) {
		t.Errorf("after the other's end: %v", err)
	}
	if c, err := xa.Circle(one.String()[:8]); err != nil || c.ID != one {
		t.Errorf("by its id: %+v, %v", c, err)
	}
	for name, members := range map[string][]string{"a b": {"XB"}, "ok": nil, "TEAM2": {"XZ"}, "": {"XB"}, "dc23abee": {"XB"}} {
		if _, err := xa.FoundCircle(ctx, xa.c, xa.officers(), name, members); err == nil {
			t.Errorf("circle %q of %v is composed", name, members)
		}
	}

	// A statement whose body is none, or another's, is no circle, and stops nothing.
	n.accept(t, xa.Supervisor.Circle(t, []byte("no sealed body")))
	n.finalise(t)
	syncDesk(t, xa.Desk, n)
	if list, err := xa.Circles(); err != nil || len(list) != 2 {
		t.Errorf("%d circles, %v", len(list), err)
	}
	id := xa.send(xa.Publish(ctx, xa.c, xa.both(), teamNotice("XA", "LT-2", one.String())))
	if c := xb.look(id.String()); c.View == nil {
		t.Error("XB does not read a notice to its circle")
	}
	// A member's new key asks for a new epoch.
	fresh, err := keys.GenerateIdentity()
	if err != nil {
		t.Fatal(err)
	}
	n.accept(t, xb.EnrolSealing(t, seal.Card, fresh.Recipient()))
	n.finalise(t)
	if c := xa.circle(one.String()); strings.Join(c.Changed, " ") != "XB" || c.Revoked != nil {
		t.Errorf("changed %v, revoked %v", c.Changed, c.Revoked)
	}
	n.accept(t, xb.Revoke(t, xb.Bureau.Sealing[seal.Body].Recipient().ID()))
	n.finalise(t)
	if c := xa.circle(one.String()); strings.Join(c.Revoked, " ") != "XB" {
		t.Errorf("revoked %v", c.Revoked)
	}
}

// identities returns the bureau's keys as a desk is unlocked with them.
func (o *office) identities() identities {
	ids := make(identities)
	for c, id := range o.Bureau.Sealing {
		ids[c] = []*keys.Identity{id}
	}
	return ids
}
