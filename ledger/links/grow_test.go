package links

import (
	"fmt"
	"strings"
	"testing"

	"comity/ledger/notice"
	"comity/ledger/query"
)

// counting counts what is asked of a source and what it answers.
type counting struct {
	Source
	calls, answers int
}

func (c *counting) Record(id string) (*query.Record, error) {
	c.calls++
	return c.Source.Record(id)
}

func (c *counting) Holders(kind, norm string, limit int) ([]string, int, error) {
	ids, total, err := c.Source.Holders(kind, norm, limit)
	c.calls, c.answers = c.calls+1, c.answers+len(ids)
	return ids, total, err
}

// record makes a notice that holds telephones, each used by its own recruiter.
func record(n int, phones ...string) *query.Record {
	id := fmt.Sprintf("%064x", n+1)
	v := &notice.View{ID: id, Reference: fmt.Sprintf("XA-%04d", n), Origin: notice.Origin{Bureau: "XA"}, Body: &notice.Body{}}
	v.Card = &notice.Card{Desk: notice.Desk{Phone: "+99955501100"}}
	v.Body.Entities = append(v.Body.Entities, notice.Entity{ID: "p1", Person: &notice.Person{
		Identity: notice.Identity{Names: []notice.Name{{Full: fmt.Sprintf("Uncle Rook%d", n)}}}}})
	for i, p := range phones {
		e := fmt.Sprintf("ph%d", i)
		v.Body.Entities = append(v.Body.Entities, notice.Entity{ID: e, Phone: &notice.Phone{Number: p}})
		v.Body.Links = append(v.Body.Links, notice.Link{From: "p1", Relation: notice.Uses, To: e, Grade: "B2"})
	}
	return query.RecordOf(v, query.Header{ID: id, Bureau: "XA"})
}

// bare makes the record that a notice with these telephones and no more has.
func bare(n int, phones ...string) *query.Record {
	r := &query.Record{Header: query.Header{ID: fmt.Sprintf("%064x", n+1)}}
	for _, p := range phones {
		r.Identifiers = append(r.Identifiers, query.Identifier{Type: query.Phone, Norm: p[1:], Text: p, At: "body.entities.phone"})
	}
	return r
}

func phone(n int) string { return fmt.Sprintf("+99956%06d", n) }

// TestAdvertsLink finds who quotes one advert, however it was copied, and links
// nobody over a phrase that many use.
func TestAdvertsLink(t *testing.T) {
	quote := func(n int, title, text string) *query.Record {
		id := fmt.Sprintf("%064x", n+1)
		v := &notice.View{ID: id, Origin: notice.Origin{Bureau: "XA"}, Body: &notice.Body{Entities: []notice.Entity{{ID: "a1", JobAdvert: &notice.JobAdvert{Title: title, Text: text}}}}}
		return query.RecordOf(v, query.Header{ID: id, Bureau: "XA"})
	}
	records := []*query.Record{
		quote(0, "Office work abroad", "Office work abroad! Three times the usual wage; ticket paid, no papers asked."),
		quote(1, "Same as last week", "OFFICE WORK ABROAD - three times the usual wage, ticket paid. No papers asked"),
		quote(2, "Another", "Office work abroad! Twice the usual wage; ticket paid, no papers asked."),
		quote(3, "Short", "Office work abroad!"),
		quote(4, "Short, too", "Office work abroad!"),
	}
	g, err := Grow(NewMemory(records), records[0].ID, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if why := g.Linked(); len(why) != 1 || !strings.Contains(why[records[1].ID], "Office work abroad") {
		t.Errorf("linked: %q", why)
	}
	if g, err := Grow(NewMemory(records), records[3].ID, Limits{}); err != nil || len(g.Linked()) != 0 {
		t.Errorf("a phrase links: %v, %v", g, err)
	}
}

// TestCompound links the cases of three bureaus, as in the second scenario of
// the domain: over a telephone, and over another one step further.
func TestCompound(t *testing.T) {
	records := []*query.Record{
		record(0, phone(1), phone(9)), record(1, phone(1), phone(2)), record(2, phone(2), phone(3)), record(3, phone(3)), record(4, phone(8)),
	}
	for depth, want := range []string{1: "XA-0001", 2: "XA-0001 XA-0002", 3: "XA-0001 XA-0002 XA-0003", 4: "XA-0001 XA-0002 XA-0003"} {
		if depth == 0 {
			continue
		}
		g, err := Grow(NewMemory(records), records[0].ID, Limits{Depth: depth})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, n := range g.Nodes[1:] {
			if n.Notice {
				got = append(got, n.Label)
			}
		}
		if strings.Join(got, " ") != want || g.Cut || len(g.Linked()) != len(got) {
			t.Errorf("depth %d: got %q, want %s", depth, got, want)
		}
	}
	g, err := Grow(NewMemory(records), records[0].ID, Limits{Depth: 2})
	if err != nil {
		t.Fatal(err)
	}
	if why := g.Linked()[records[2].ID]; why != "phone +99956000002 also in XA-0001, 2 steps away" {
		t.Errorf("got %q", why)
	}
	if says := g.Edges[0].Says; len(says) != 1 || says[0] != "Uncle Rook0 uses +99956000001 (B2)" {
		t.Errorf("got %q", says)
	}
	// The desk's telephone, which all have, links none of them.
	for _, n := range g.Nodes {
		if strings.Contains(n.ID, "99955501100") {
			t.Error("the telephone of the desk is a link")
		}
	}
}

// TestHubIsNotFollowed has one telephone in 10,000 notices, each of which has
// another that ten share. The work is counted, not timed.
func TestHubIsNotFollowed(t *testing.T) {
	const n = 10_000
	records := make([]*query.Record, n)
	for i := range records {
		records[i] = bare(i, phone(999_999), phone(i/10))
	}
	src := &counting{Source: NewMemory(records)}
	g, err := Grow(src, records[0].ID, Limits{Depth: 4})
	if err != nil {
		t.Fatal(err)
	}
	hubs := 0
	for _, node := range g.Nodes {
		if node.Hub {
			hubs++
			if node.Shared != n {
				t.Errorf("a hub of %d, want %d", node.Shared, n)
			}
		}
	}
	if linked := len(g.Linked()); hubs != 1 || linked != 9 {
		t.Errorf("%d hubs, %d linked; want 1 and 9", hubs, linked)
	}
	if src.calls > 50 || src.answers > 100 || len(g.Edges) > 40 {
		t.Errorf("%d calls, %d answers, %d edges: more than what is shown", src.calls, src.answers, len(g.Edges))
	}
	// Followed all the same, the limit on notices holds.
	src = &counting{Source: src.Source}
	g, err = Grow(src, records[0].ID, Limits{Depth: 4, Hub: 2 * n, Notices: 100})
	if err != nil {
		t.Fatal(err)
	}
	if got := len(g.Linked()); got != 99 || !g.Cut || src.calls > 400 {
		t.Errorf("%d linked, cut %v, %d calls", got, g.Cut, src.calls)
	}
}

func TestHostileNoticeIsBounded(t *testing.T) {
	var phones []string
	for i := range 5000 {
		phones = append(phones, phone(i))
	}
	a, b := bare(0, phones...), bare(1, phones...)
	src := &counting{Source: NewMemory([]*query.Record{a, b})}
	g, err := Grow(src, a.ID, Limits{Depth: 4})
	if err != nil || !g.Cut || len(g.Nodes) > maxIdentifiers+2 || src.calls > 2*maxIdentifiers+4 {
		t.Errorf("%d nodes, %d calls, cut %v, %v", len(g.Nodes), src.calls, g.Cut, err)
	}
}

// TestOtherCountry shows that a passport is not the one of another country that
// has its number.
func TestOtherCountry(t *testing.T) {
	doc := func(n int, country string) *query.Record {
		r := bare(n)
		r.Identifiers = []query.Identifier{{Type: query.Doc, Norm: "A1", Text: "A1", Country: country, At: "body"}}
		return r
	}
	a, b, c, d := doc(0, "XA"), doc(1, "XB"), doc(2, "XA"), doc(3, "")
	for _, test := range []struct {
		with []*query.Record
		want int
	}{{[]*query.Record{b}, 0}, {[]*query.Record{b, c}, 1}, {[]*query.Record{b, c, d}, 2}, {[]*query.Record{d}, 1}} {
		g, err := Grow(NewMemory(append(test.with, a)), a.ID, Limits{Depth: 2})
		if err != nil {
			t.Fatal(err)
		}
		if _, wrong := g.Linked()[b.ID]; len(g.Linked()) != test.want || wrong || test.want == 0 && len(g.Nodes)+len(g.Edges) != 1 {
			t.Errorf("got %v, %d nodes, %d edges; want %d linked", g.Linked(), len(g.Nodes), len(g.Edges), test.want)
		}
	}
}

func TestNamesOnlySuggest(t *testing.T) {
	a, b, c := record(0, phone(1)), record(1, phone(2)), record(2, phone(2))
	b.Names[0].Text = a.Names[0].Text
	src := NewMemory([]*query.Record{a, b, c})
	g, err := Grow(src, a.ID, Limits{Depth: 4})
	if err != nil {
		t.Fatal(err)
	}
	if len(g.Nodes) != 2 || !g.Nodes[1].Suggested || len(g.Linked()) != 0 || !g.Edges[0].Suggested || g.Edges[0].Score != 1 {
		t.Errorf("got %+v", g)
	}
	if g, _ = Grow(src, a.ID, Limits{Namesakes: -1}); len(g.Nodes) != 1 {
		t.Errorf("got %+v", g.Nodes)
	}
	if g, err := Grow(src, "none", Limits{}); g != nil || err != nil {
		t.Errorf("got %v, %v", g, err)
	}
}
