package desk

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"comity/crypto/seal"
	"comity/ledger/index"
	"comity/ledger/links"
	"comity/ledger/notice"
	"comity/ledger/query"
	"comity/node/desk/readlog"
)

// sharing returns a desk with cases that share telephones and documents, one of
// them the telephone of their bureau's desk, and their records.
func sharing(t *testing.T) (*office, []*Case, []*query.Record) {
	t.Helper()
	ctx := context.Background()
	_, offices := newOffices(t, 1)
	xa := offices[0]
	by := xa.both()
	by.Chain = must(xa.QueueEnd(by.Author.ID()))
	for i := range 12 {
		n := notice.ChildCase(today)
		n.Reference = fmt.Sprintf("LK-%04d", i)
		n.Card.Person.Documents = []notice.Document{{Type: notice.Passport, Number: fmt.Sprintf("K%07d", i/2), Country: []string{"XA", "XB"}[i/6%2]}}
		n.Body.Entities = nil
		n.Body.Links = nil
		for j, phone := range []int{i / 3, 100 + i%4, 999} {
			n.Body.Entities = append(n.Body.Entities, notice.Entity{ID: fmt.Sprintf("ph%d", j), Phone: &notice.Phone{Number: fmt.Sprintf("+999560%05d", phone)}})
		}
		if i == 11 { // an identifier of a case that is also the telephone of the desk
			n.Body.Entities = append(n.Body.Entities, notice.Entity{ID: "ph9", Phone: &notice.Phone{Number: n.Card.Desk.Phone}})
		}
		xa.node.accept(t, must(xa.Publish(ctx, nil, by, n)))
	}
	xa.node.finalise(t)
	xa.follow()
	cases := must(xa.Cases(ctx, Filter{Opened: true}))
	var records []*query.Record
	for _, c := range cases {
		records = append(records, c.Record())
	}
	return xa, cases, records
}

// TestLinksAreThoseOfMemory compares graphs that grow from the index with those
// that grow from all records, for who may read all and for who may read cards.
func TestLinksAreThoseOfMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long, and one goroutine")
	}
	ctx := context.Background()
	xa, cases, records := sharing(t)
	var cards []*query.Record
	for _, c := range cases {
		cards = append(cards, c.Only(readlog.PartsOf(seal.Card)).Record())
	}
	linked, hubs := 0, 0
	for _, parts := range []readlog.Parts{readlog.AllParts, readlog.PartsOf(seal.Card)} {
		truth := records
		if parts != readlog.AllParts {
			truth = cards
		}
		for _, limits := range []links.Limits{{}, {Depth: 2}, {Depth: 3, Hub: 5, Namesakes: -1}} {
			for _, c := range cases {
				want := must(links.Grow(links.NewMemory(truth), c.ID.String(), limits))
				got := must(links.Grow(xa.linkSource(ctx, parts), c.ID.String(), limits))
				if graphText(got) != graphText(want) {
					t.Fatalf("%s, %+v:\n%s\nwant\n%s", c.Name(), limits, graphText(got), graphText(want))
				}
				linked += len(got.Linked())
				for _, n := range got.Nodes {
					if n.Hub {
						hubs++
					}
				}
			}
		}
	}
	if linked < 100 || hubs < 12 {
		t.Errorf("%d linked, %d hubs: that proves little", linked, hubs)
	}
	g := must(xa.Links(ctx, cases[11], readlog.AllParts, links.Limits{}))
	if len(g.Linked()) == 0 {
		t.Error("the case is linked to none")
	}
}

// graphText says what is in a graph, in no order.
func graphText(g *links.Graph) string {
	text := make(map[string]string)
	for _, n := range g.Nodes {
		text[n.ID] = fmt.Sprint(n.Notice, n.Type, n.Label, n.Step, n.Shared, n.Hub, n.Suggested)
	}
	for _, e := range g.Edges {
		text[g.Nodes[e.From].ID+" "+g.Nodes[e.To].ID] = fmt.Sprint(e.Label, e.Says, e.Suggested)
	}
	return fmt.Sprint(text)
}

// TestHubOpensNothing has a telephone in ten thousand rows of the index of which
// no entry is there: who followed or opened one of them would fail.
func TestHubOpensNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long, and one goroutine")
	}
	ctx := context.Background()
	xa, cases, records := sharing(t)
	hub := records[0].Identifiers[slices.IndexFunc(records[0].Identifiers, func(x query.Identifier) bool { return strings.HasSuffix(x.Text, "00999") })].Norm
	err := xa.withIndex(func(ix *index.Index) error {
		u := &index.Update{From: ix.Position(), To: ix.Position() + 10_000}
		for i := u.From; i < u.To; i++ {
			u.Put = append(u.Put, index.Put{Notice: index.Notice{N: i, Bureau: "XA", Opened: true, Events: []uint64{i}}, Terms: []string{"phone_" + hub}})
		}
		return ix.Apply(u)
	})
	if err != nil {
		t.Fatal(err)
	}
	src := xa.linkSource(ctx, readlog.AllParts)
	g, err := links.Grow(src, cases[0].ID.String(), links.Limits{Depth: 4})
	if err != nil {
		t.Fatal(err)
	}
	shared := 0
	for _, n := range g.Nodes {
		if n.Hub {
			shared = n.Shared
		}
	}
	if shared != 10_012 || len(src.records) > 12 {
		t.Errorf("a hub of %d, %d records opened", shared, len(src.records))
	}
}

// TestCrowdedNotices: a notice of which the index does not hold all is linked by what
// is in it, and by nothing else.
func TestCrowdedNotices(t *testing.T) {
	ctx := context.Background()
	xa, cases, records := sharing(t)
	err := xa.withIndex(func(ix *index.Index) error {
		u := &index.Update{From: ix.Position(), To: ix.Position()}
		for _, r := range records { // as if neither identifiers nor names had fitted
			n, err := ix.Notice(r.Index)
			if err != nil {
				return err
			}
			u.Put = append(u.Put, index.Put{Notice: *n, Terms: []string{index.IDTerm(r.ID), string(index.MaybeHolding()), string(index.MaybeCalled())}})
		}
		return ix.Apply(u)
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, parts := range []readlog.Parts{readlog.AllParts, readlog.PartsOf(seal.Card, seal.Body)} {
		src := xa.linkSource(ctx, parts)
		truth := slices.Clone(records)
		for i, c := range cases {
			if parts != readlog.AllParts {
				truth[i] = c.Only(parts).Record()
			}
		}
		want := graphText(must(links.Grow(links.NewMemory(truth), cases[0].ID.String(), links.Limits{Depth: 2})))
		if got := graphText(must(links.Grow(src, cases[0].ID.String(), links.Limits{Depth: 2}))); got != want {
			t.Errorf("parts %v:\n%s\nwant\n%s", parts, got, want)
		}
		if ids, total, err := src.Holders(query.Phone, "99900000000", 50); err != nil || len(ids) != 0 || total != 0 {
			t.Errorf("a telephone that nobody holds: %v, %d, %v", ids, total, err)
		}
	}
}
