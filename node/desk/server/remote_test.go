package server

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"comity/crypto/keys"
	"comity/ledger/query"
	"comity/node/client"
	"comity/node/desk"
	"comity/node/desk/readlog"
	"comity/node/desk/remote"
	"comity/node/wire"
)

// reach returns the desk as the holder of a key reaches it.
func (w *world) reach(t testing.TB, key, pin *keys.TLS) *remote.Desk {
	t.Helper()
	c := client.New(client.Options{Address: w.server.Address(), Node: pin.ID(), TLS: key, Bureau: "XB", Desk: true})
	t.Cleanup(c.Close)
	return remote.New(c, w.Genesis)
}

// remote compares what officers get through the desk with what its own replica
// shows of the same parts.
func (w *world) remote(t *testing.T) {
	ctx := t.Context()
	for _, role := range []string{"investigator", "desk", "protection", "supervisor"} {
		d := w.reach(t, w.officer[role], w.cfg.TLS)
		got, err := d.Open(ctx, "LT-0301", readlog.Shown, "")
		if err != nil {
			t.Fatal(err)
		}
		own, err := w.desk.Case(ctx, "LT-0301")
		if err != nil {
			t.Fatal(err)
		}
		want := own.Only(desk.PartsOf(roles[role]))
		if !reflect.DeepEqual(got.View, want.View) {
			t.Errorf("as %s: got %+v\nwant %+v", role, got.View, want.View)
		}
		if got.Term != own.Term || got.Term == 0 || got.Reviewed != own.Reviewed || got.ReviewDue != own.ReviewDue ||
			got.View.Reviewed != own.View.Reviewed || got.View.Stopped != own.View.Stopped || got.View.ReviewBy() != own.View.ReviewBy() {
			t.Errorf("as %s: of the life of the notice got %+v\nwant %+v", role, got, own)
		}
		if !reflect.DeepEqual(got.Replies, want.Replies) || len(got.Replies) != 1 {
			t.Errorf("as %s: replies %+v, want %+v", role, got.Replies, want.Replies)
		}
		for _, c := range []*desk.Case{got, want} { // compared above
			c.View, c.Replies = nil, nil
			for i := range c.Versions {
				c.Versions[i].View = nil
			}
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("as %s: got %+v\nwant %+v", role, got, want)
		}
		list, err := d.Cases(ctx, desk.Filter{Opened: true, Keep: func(c *desk.Case) bool { return c.Bureau == "XA" }})
		if err != nil || len(list) != 1 || list[0].Reference() != "LT-0301" || list[0].View.Action() != own.View.Action() || list[0].View.Title() != own.View.Title() {
			t.Errorf("as %s: cases %+v, %v", role, list, err)
		}
		if s, err := d.Status(ctx); err != nil || s.Bureau != "XB" {
			t.Errorf("as %s: status %+v, %v", role, s, err)
		}
		if _, err := d.Case(ctx, "XX-9999"); !errors.Is(err, desk.ErrNoCase) {
			t.Errorf("as %s: a case that is not there: %v", role, err)
		}
	}
	if _, err := w.reach(t, w.officer["operator"], w.cfg.TLS).Cases(ctx, desk.Filter{}); wire.CodeOf(err) != wire.Forbidden {
		t.Errorf("as operator: %v", err)
	}
	if _, err := w.reach(t, w.officer["desk"], newKey(t)).Status(ctx); !errors.Is(err, client.ErrWrongKey) {
		t.Errorf("a desk with another key: %v", err)
	}
	q, err := query.Parse("wynn", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	f, err := w.reach(t, w.officer["investigator"], w.cfg.TLS).Search(ctx, q, false, 0, "")
	if err != nil || len(f.Found) != 1 || len(f.Found[0].Why) == 0 || f.Total != 1 || f.Ended != 0 || f.More {
		t.Errorf("search: %+v %v", f, err)
	}
}

// TestNetFollowerTurnsToTheNextNode gives the desk a first node that does not
// answer.
func TestNetFollowerTurnsToTheNextNode(t *testing.T) {
	if testing.Short() {
		t.Skip("uses loopback TCP")
	}
	t.Parallel()
	w := newWorld(t, func(c *Config) {
		nobody := client.New(client.Options{Address: freeAddress(t), Node: keys.ID{1}, TLS: newKey(t), Bureau: "XQ"})
		c.Nodes = append([]*client.Client{nobody}, c.Nodes...)
	})
	heard, name, problem, _ := w.server.follower.Report()
	w.until("news", func() bool { heard, name, problem, _ = w.server.follower.Report(); return heard != 0 })
	if want := w.cfg.Nodes[1].String(); name != want || problem != "" {
		t.Errorf("it follows %s (%q), want %s", name, problem, want)
	}
}
