package remote

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"comity/ledger"
	"comity/ledger/notice"
	"comity/node/wire"
)

// example is a case as a desk sends it.
func example() *wire.Case {
	n := notice.ChildCase(time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC))
	p := ledger.Publish{ReviewBy: 20_000, SizeClass: 12}
	return &wire.Case{ID: ledger.ID{1}, Index: 7, Time: 8, Bureau: "XA", Status: "active", Reviewed: true, Due: true, Term: 20_001, Public: p.Marshal(),
		View: &wire.CaseView{Kind: n.Kind.String(), Colour: n.Colour.String(), Reference: n.Reference, Readers: n.Readers,
			Card: n.Card, Body: n.Body, Victim: n.Victim},
		Withheld: []string{"victim"},
		Versions: []wire.CaseVersion{{ID: ledger.ID{1}, Index: 7, Time: 8, Public: p.Marshal(), Reference: n.Reference}},
		Replies:  []wire.CaseReply{{ID: ledger.ID{2}, Index: 9, Bureau: "XB", Reply: &notice.Reply{Type: notice.Ack}}},
		Acts:     []wire.CaseAct{{ID: ledger.ID{3}, Index: 10, Bureau: "XA", What: "extend until 2027-01-01"}},
		Ended:    10, EndedAt: 11}
}

func TestParseCase(t *testing.T) {
	c, err := parseCase(example())
	if err != nil || c.Reference() != "LT-0301" || c.View.Title() != "yellow diffusion, unreviewed" || c.Replies[0].Type != notice.Ack || c.Ended != 10 || len(c.Acts) != 1 {
		t.Fatalf("got %+v, %v", c, err)
	}
	if !c.Reviewed || !c.View.Reviewed || c.View.Stopped || !c.ReviewDue || c.Term != 20_001 {
		t.Errorf("reviewed %v and %v, stopped %v, due %v, term %d", c.Reviewed, c.View.Reviewed, c.View.Stopped, c.ReviewDue, c.Term)
	}
	blocked := example()
	blocked.Blocked, blocked.Held = true, 1<<ledger.ByOversight
	if c, err := parseCase(blocked); err != nil || !c.View.Stopped || !c.Held.ByOthers() {
		t.Errorf("a blocked notice: %+v, %v", c, err)
	}
	suspended := example()
	suspended.Status = "suspended"
	if c, err := parseCase(suspended); err != nil || !c.View.Stopped {
		t.Errorf("a suspended notice: %+v, %v", c, err)
	}
	for name, edit := range map[string]func(*wire.Case){
		"no version":             func(w *wire.Case) { w.Versions = nil },
		"an unknown status":      func(w *wire.Case) { w.Status = "lost" },
		"no header":              func(w *wire.Case) { w.Public = nil },
		"no header of a version": func(w *wire.Case) { w.Versions[0].Public = []byte{1} },
		"an unknown kind":        func(w *wire.Case) { w.View.Kind = "mauve" },
		"an unknown colour":      func(w *wire.Case) { w.View.Colour = "mauve" },
		"an unknown part":        func(w *wire.Case) { w.Withheld = []string{"all"} },
		"a reply without one":    func(w *wire.Case) { w.Replies[0].Reply = nil },
	} {
		w := example()
		edit(w)
		if c, err := parseCase(w); err == nil {
			t.Errorf("%s: taken as %+v", name, c)
		}
	}
}

// A list of a desk may hold null where a case should be.
func TestParseNoCase(t *testing.T) {
	if c, err := parseCase(nil); err == nil {
		t.Errorf("taken as %+v", c)
	}
}

// FuzzParseCase wants of whatever a desk sends that it does no harm.
func FuzzParseCase(f *testing.F) {
	data, err := json.Marshal(example())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add(bytes.Replace(data, []byte(`"card"`), []byte(`"cart"`), 1))
	f.Fuzz(func(t *testing.T, data []byte) {
		w := new(wire.Case)
		if json.Unmarshal(data, w) != nil {
			return
		}
		c, err := parseCase(w)
		if err != nil {
			return
		}
		c.Name()
		c.Outdated()
		c.Parts()
		c.Only(0)
		c.IsKind(ledger.KindYellow)
		if c.View != nil {
			c.View.Title()
			c.View.Action()
		}
	})
}
