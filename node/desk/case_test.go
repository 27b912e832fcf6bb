package desk

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"comity/crypto/keys"
	"comity/crypto/seal"
	"comity/ledger"
	"comity/ledger/ledgertest"
	"comity/ledger/notice"
	"comity/ledger/state"
	"comity/node/client"
	"comity/node/follow"
	"comity/node/wire"
)

var today = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

// office is a bureau at its desk, with a node to talk to.
type office struct {
	*ledgertest.Bureau
	*Desk
	t    *testing.T
	node *fakeNode
	c    *client.Client
	dir  string
}

// newOffices returns a node that knows everybody's keys, and desks with keys for
// the first count bureaus.
func newOffices(t *testing.T, count int) (*fakeNode, []*office) {
	t.Helper()
	c := ledgertest.NewGenesisOf(t, 5, ledger.Quota{})
	n := newFakeNode(t, c)
	n.accept(t, c.Enrolments(t)...)
	n.finalise(t)
	var list []*office
	for _, b := range c.Bureaus[:count] {
		o := &office{Bureau: b, t: t, node: n, c: n.client(t), dir: t.TempDir()}
		o.Desk = openDesk(t, o.dir, c.Genesis)
		ids := make(map[seal.Compartment][]*keys.Identity)
		for k, id := range b.Sealing {
			ids[k] = []*keys.Identity{id}
		}
		o.Unlock(ids)
		syncDesk(t, o.Desk, n)
		list = append(list, o)
	}
	return n, list
}

func (o *office) officers() Officers { return Officers{Author: o.Officer.Signer, Created: today} }

// send puts what was composed into the ledger and makes it FINAL.
func (o *office) send(it ledger.Item, err error) ledger.ID {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
	o.node.accept(o.t, it)
	o.node.finalise(o.t)
	return it.Entry.ID
}

// look syncs and returns the case.
func (o *office) look(name string) *Case {
	o.t.Helper()
	syncDesk(o.t, o.Desk, o.node)
	c, err := o.Case(context.Background(), name)
	if err != nil {
		o.t.Fatalf("Case: %v", err)
	}
	return c
}

// The child rescue: who is named opens what they are named for, nobody else
// anything, from the first notice to the end.
func TestCaseFromPublishToWithdrawal(t *testing.T) {
	ctx := context.Background()
	_, offices := newOffices(t, 3)
	xa, xb, xc := offices[0], offices[1], offices[2]

	n := notice.ChildCase(today)
	id := xa.send(xa.Publish(ctx, xa.c, xa.both(), n))
	for _, o := range []*office{xa, xb} {
		c := o.look("LT-0301")
		if c.ID != id || c.Bureau != "XA" || c.Status != state.StatusActive || c.Public.Kind != ledger.KindUndisclosed || c.Public.Urgency != ledger.U3 {
			t.Errorf("%s: case %+v", o.Code, c)
		}
		if v := c.View; v == nil || v.Card == nil || v.Body == nil || v.Card.Action != notice.Protect || v.ID != id.String() {
			t.Errorf("%s: view %+v, %v", o.Code, v, c.Err)
		}
	}
	if c := xc.look(id.String()[:8]); c.View != nil || c.Err != nil || c.Reference() != "" || c.Name() != id.String()[:12] {
		t.Errorf("XC: view %+v, %v, name %q", c.View, c.Err, c.Name())
	}
	if _, err := xc.Case(ctx, "LT-0301"); !errors.Is(err, ErrNoCase) {
		t.Errorf("XC by name: %v, want ErrNoCase", err)
	}

	hit := xb.send(xb.Reply(ctx, xb.c, xb.officers(), &notice.Reply{Type: notice.Hit, Notice: id.String(), Match: "passport"}))
	xa.send(xa.Reply(ctx, xa.c, xa.officers(), &notice.Reply{Type: notice.Confirm, Notice: id.String(), Hit: hit.String(), Readers: notice.Readers{"XB"}}))
	// XC knows the id from the log; what it says reaches XA and counts nothing.
	syncDesk(t, xc.Desk, xc.node)
	xc.send(xc.Reply(ctx, xc.c, xc.officers(), &notice.Reply{Type: notice.Negative, Notice: id.String(), Hit: hit.String()}))
	for _, tt := range []struct {
		o    *office
		want string
	}{{xa, "hit XB, confirm XA, negative XC void"}, {xb, "hit XB, confirm XA"}, {xc, "negative XC void"}} {
		var got []string
		for _, r := range tt.o.look(id.String()).Replies {
			s := string(r.Type) + " " + r.Bureau
			if r.Void != "" {
				s += " void"
			}
			got = append(got, s)
		}
		if s := strings.Join(got, ", "); s != tt.want {
			t.Errorf("%s sees %q, want %q", tt.o.Code, s, tt.want)
		}
	}

	// XC is let in to the card, not to the rest; an amendment takes it out again.
	xa.send(xa.Grant(ctx, xa.c, xa.officers(), id, seal.Card, []string{"XC"}))
	if v := xc.look("LT-0301").View; v == nil || v.Card == nil || v.Body != nil || v.Victim != nil {
		t.Errorf("XC after the grant: %+v", v)
	}
	n.Card.Caveat += " Seen with a grey van."
	xa.send(xa.Amend(ctx, xa.c, xa.both(), id, n))
	if c := xb.look("LT-0301"); len(c.Versions) != 2 || !strings.HasSuffix(c.View.Card.Caveat, "van.") || c.Outdated() {
		t.Errorf("XB after the amendment: %+v", c)
	}
	if c := xc.look("LT-0301"); c.View != nil || !c.Outdated() || c.Versions[0].View == nil {
		t.Errorf("XC after the amendment: %+v", c)
	}

	syncDesk(t, xa.Desk, xa.node)
	end := xa.send(xa.Withdraw(ctx, xa.c, xa.officers(), id))
	c := xb.look("LT-0301")
	_, e, err := xb.Entry(c.Ended)
	if c.Status != state.StatusWithdrawn || err != nil || e.ID != end || c.EndedAt <= c.Time {
		t.Errorf("after the withdrawal: %+v, %v", c, err)
	}
	for _, tt := range []struct {
		f    Filter
		want int
	}{
		{Filter{}, 1}, {Filter{Status: state.StatusActive}, 0}, {Filter{Status: state.StatusWithdrawn}, 1}, {Filter{Bureau: "XB"}, 0},
		{Filter{Opened: true}, 1}, {Filter{Since: c.Index + 1}, 0}, {Filter{Keep: func(c *Case) bool { return len(c.Replies) == 0 }}, 0},
	} {
		list, err := xb.Cases(ctx, tt.f)
		if err != nil || len(list) != tt.want {
			t.Errorf("filter %+v: %d cases, %v, want %d", tt.f, len(list), err, tt.want)
		}
	}

	// Without keys there is the header, and no memory of what was opened.
	xb.Unlock(nil)
	if c := xb.look(id.String()); c.View != nil || len(c.Replies) != 0 {
		t.Errorf("a locked desk shows %+v", c)
	}
	checkSealed(t, xa.dir, "Sorrendahl", "grey van", "passport")
}

// checkSealed looks for plaintext in every file of a folder.
func checkSealed(t *testing.T, dir string, canaries ...string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		for _, canary := range canaries {
			if strings.Contains(string(data), canary) {
				t.Errorf("%s holds %q", path, canary)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestCaseAmbiguous(t *testing.T) {
	ctx := context.Background()
	_, offices := newOffices(t, 2)
	xa := offices[0]
	for _, o := range offices[:2] {
		n := notice.ChildCase(today)
		n.Origin, n.Readers = o.Code, notice.Readers{"XA", "XB"}
		o.send(o.Publish(ctx, o.c, o.both(), n))
	}
	syncDesk(t, xa.Desk, xa.node)
	_, err := xa.Case(ctx, "lt-0301")
	var several *Ambiguous
	if !errors.As(err, &several) || len(several.Cases) != 2 || !strings.Contains(err.Error(), "LT-0301 of XB") {
		t.Errorf("Case: %v, want both candidates", err)
	}
	if list, err := xa.Cases(ctx, Filter{Limit: 1}); err != nil || len(list) != 1 || list[0].Bureau != "XB" {
		t.Errorf("newest case %+v, %v", list, err)
	}
	for _, name := range []string{"", "LT", "0000000", "ffffffff", "LT-0302", strings.Repeat("0", 65)} {
		if _, err := xa.Case(ctx, name); !errors.Is(err, ErrNoCase) {
			t.Errorf("Case %q: %v, want ErrNoCase", name, err)
		}
	}
}

// A part that was copied from another author's notice is not shown.
func TestCaseRefusesForeignText(t *testing.T) {
	ctx := context.Background()
	n, offices := newOffices(t, 2)
	xa, xb := offices[0], offices[1]
	child := notice.ChildCase(today)
	xa.send(xa.Publish(ctx, xa.c, xa.both(), child))

	// XC opens nothing of it, but a reader may seal XA's text anew as its own.
	parts, err := child.Parts(notice.Origin{Ledger: keys.ID(n.Genesis.Ledger), Author: xa.Officer.Signer.ID(), Bureau: "XA"})
	if err != nil {
		t.Fatal(err)
	}
	body, err := xb.sealParts(notice.Origin{Ledger: keys.ID(n.Genesis.Ledger), Author: xb.Officer.Signer.ID(), Bureau: "XB"}, parts)
	if err != nil {
		t.Fatal(err)
	}
	id := xb.send(xb.Officer.Publish(t, ledger.KindUndisclosed, body, xb.Supervisor), nil)
	garbage := xb.send(xb.Officer.Publish(t, ledger.KindUndisclosed, []byte("not sealed")), nil)
	if c := xa.look(id.String()); c.View != nil || !errors.Is(c.Err, notice.ErrForeign) {
		t.Errorf("copied text: %+v, %v, want ErrForeign", c.View, c.Err)
	}
	if c := xa.look(garbage.String()); c.View != nil || !errors.Is(c.Err, seal.ErrMalformed) {
		t.Errorf("garbage: %+v, %v, want ErrMalformed", c.View, c.Err)
	}
}

func TestExhibit(t *testing.T) {
	ctx := context.Background()
	n, offices := newOffices(t, 1)
	xa := offices[0]
	red, err := notice.Template(ledger.KindRed, today)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := notice.Parse(red)
	if err != nil {
		t.Fatal(err)
	}
	by := xa.officers()
	if _, err := xa.Publish(ctx, xa.c, by, doc); !errors.Is(err, ErrFourEyes) {
		t.Errorf("a red notice with one signature: %v, want ErrFourEyes", err)
	}
	by.Others = append(by.Others, xa.Supervisor.Signer)
	id := xa.send(xa.Publish(ctx, xa.c, by, doc))
	c := xa.look(id.String())
	x, err := xa.Exhibit(ctx, nil, c.Index)
	if err != nil {
		t.Fatal(err)
	}
	if x, err = ledger.ParseExhibit(x.Marshal()); err != nil {
		t.Fatal(err)
	}
	v, err := x.Verify(n.Genesis)
	if err != nil || len(v.Signers) != 2 || len(v.Cosigners) != 4 {
		t.Errorf("verdict %+v, %v", v, err)
	}
	if x, err := xa.Exhibit(ctx, nil, 0); err != nil || len(x.Enrols) != 0 {
		t.Errorf("exhibit of an enrolment: %v", err)
	}
	if err := xa.store.Purge(c.Index); err != nil {
		t.Fatal(err)
	}
	if _, err := xa.Exhibit(ctx, nil, c.Index); !errors.Is(err, follow.ErrWithheld) { // the ledger has no purge of it
		t.Errorf("exhibit without its body: %v, want ErrWithheld", err)
	}
	if _, err := xa.Receipt(c.Index); err != nil {
		t.Errorf("receipt of a purged entry: %v", err)
	}
	if _, err := xa.Receipt(c.Index + 1); !errors.Is(err, ErrNotFinal) {
		t.Errorf("receipt past the end: %v, want ErrNotFinal", err)
	}

	// A node says to a desk that comes later that the body is gone. The ledger does
	// not say so: the desk takes nothing from this node, and all from another.
	body, err := n.store.Body(c.Index)
	if err != nil {
		t.Fatal(err)
	}
	if err := n.store.Purge(c.Index); err != nil {
		t.Fatal(err)
	}
	late := openDesk(t, t.TempDir(), n.Genesis)
	late.Unlock(xa.opener.keys())
	if err := late.Sync(ctx, n.client(t), nil); !errors.Is(err, follow.ErrDishonest) || !strings.Contains(err.Error(), "withheld by the node") {
		t.Errorf("a body that was kept back: %v", err)
	}
	if size, err := late.Size(); size > c.Index || err != nil {
		t.Errorf("it kept %d entries, %v", size, err)
	}
	n.record = at(c.Index, func(r *wire.Record) []*wire.Record {
		return []*wire.Record{{Time: r.Time, Entry: r.Entry, Body: body}}
	})
	syncDesk(t, late, n)
	if c, err := late.Case(ctx, id.String()); err != nil || c.Err != nil || c.View == nil {
		t.Errorf("from another node: %+v, %v", c, err)
	}
}

// Whoever reads while the desk follows sees whole steps, verified ones.
func TestReadWhileSyncing(t *testing.T) {
	ctx := context.Background()
	n, offices := newOffices(t, 1)
	xa := offices[0]
	by := xa.both()
	by.Chain = new(state.Author)
	for range 12 {
		it, err := xa.Publish(ctx, nil, by, notice.ChildCase(today))
		if err != nil {
			t.Fatal(err)
		}
		n.accept(t, it)
	}
	n.finalise(t)
	xa.Limit(2, 1<<20)
	done := make(chan error)
	go func() { done <- xa.Sync(ctx, xa.c, nil) }()
	last, stop := 0, false
	for !stop {
		select {
		case err := <-done:
			if err != nil {
				t.Fatal(err)
			}
			stop = true
		default:
		}
		list, err := xa.Cases(ctx, Filter{})
		if err != nil || len(list) < last {
			t.Fatalf("%d cases after %d: %v", len(list), last, err)
		}
		last = len(list)
		for _, c := range list {
			if c.View == nil {
				t.Fatalf("case of entry %d is not opened: %v", c.Index, c.Err)
			}
		}
	}
	if last != 12 {
		t.Errorf("%d cases, want 12", last)
	}
}
