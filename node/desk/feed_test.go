package desk

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"comity/crypto/seal"
	"comity/ledger/index"
	"comity/ledger/notice"
)

// rows says what the index of a desk holds of each notice.
func (o *office) rows() string {
	o.t.Helper()
	text := ""
	err := o.withIndex(func(ix *index.Index) error {
		list, err := ix.List(index.Filter{}, 100)
		for _, n := range list {
			replies, err := ix.Replies(n.N)
			if err != nil {
				return err
			}
			text += fmt.Sprintf("%+v %v\n", *n, replies)
			for _, term := range []string{index.ReferenceTerm("LT-0301"), index.ReferenceTerm("LT-0302"), "status_active", "status_withdrawn", "text_harbour", "zz_open"} {
				found, err := ix.Find(index.Term(term), 0, 100)
				if err != nil {
					return err
				}
				text += fmt.Sprintln(term, found)
			}
		}
		return err
	})
	if err != nil {
		o.t.Fatal(err)
	}
	return text
}

// TestIndexStepByStep has desks index each entry as it comes, and then all of
// them at once: the index must be the same.
func TestIndexStepByStep(t *testing.T) {
	ctx := context.Background()
	_, offices := newOffices(t, 3)
	xa, xb, xc := offices[0], offices[1], offices[2]
	step := func() {
		t.Helper()
		for _, o := range offices {
			syncDesk(t, o.Desk, o.node)
			if err := o.Index(ctx, nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	first := notice.ChildCase(today) // to XB
	id := xa.send(xa.Publish(ctx, xa.c, xa.both(), first))
	step()
	xa.send(xa.Grant(ctx, xa.c, xa.officers(), id, seal.Card, []string{"XC"}))
	step()
	xb.reply(notice.Reply{Type: notice.Ack, Notice: id.String()})
	step()
	hit := xb.reply(notice.Reply{Type: notice.Hit, Notice: id.String(), Match: "passport"}).String()
	step()
	xa.reply(notice.Reply{Type: notice.Confirm, Notice: id.String(), Hit: hit, Readers: notice.Readers{"XB"}})
	step()
	first.Card.Caveat = "Seen at the harbour. " + first.Card.Caveat
	xa.send(xa.Amend(ctx, xa.c, xa.both(), id, first))
	step() // sealed to XB again, and no longer to XC
	xa.send(xa.Grant(ctx, xa.c, xa.officers(), id, seal.Card, []string{"XC"}))
	step()
	second := notice.ChildCase(today)
	second.Reference = "LT-0302"
	other := xa.send(xa.Publish(ctx, xa.c, xa.both(), second))
	xb.reply(notice.Reply{Type: notice.Hit, Notice: other.String(), Match: "passport"})
	step()
	xa.send(xa.Withdraw(ctx, xa.c, xa.officers(), other))
	step()
	xb.reply(notice.Reply{Type: notice.Outcome, Notice: id.String(), Hit: hit, Text: "located, safe"})
	step()
	for _, o := range offices {
		got := o.rows()
		if err := o.dropIndex(true); err != nil {
			t.Fatal(err)
		}
		if err := o.Index(ctx, nil); err != nil {
			t.Fatal(err)
		}
		if want := o.rows(); got != want {
			t.Errorf("%s, step by step:\n%s\nall at once:\n%s", o.Code, got, want)
		}
	}
	if c := xc.look("LT-0301"); c.View == nil {
		t.Error("XC was granted the card of the current version, and does not have it")
	}
}

// TestIndexDropped: who asks the index while it is dropped, as when the desk takes
// other keys, asks the one that comes after it, and is not told that nothing is there.
func TestIndexDropped(t *testing.T) {
	n, _ := newOffices(t, 0)
	xa := n.Bureaus[0]
	d := openDesk(t, t.TempDir(), n.Genesis)
	d.Unlock((&office{Bureau: xa}).identities())
	syncDesk(t, d, n)
	const several = 8 // so that one is next whenever the index is opened
	dropped := make(chan error, several)
	var done atomic.Bool
	for range several {
		go func() {
			var err error
			for err == nil && !done.Load() {
				err = d.dropIndex(false)
			}
			dropped <- err
		}()
	}
	for range 50 {
		asked := false
		if err := d.withIndex(func(*index.Index) error { asked = true; return nil }); err != nil || !asked {
			t.Errorf("asked %t, %v", asked, err)
			break
		}
	}
	done.Store(true)
	for range several {
		if err := <-dropped; err != nil {
			t.Error(err)
		}
	}
}
