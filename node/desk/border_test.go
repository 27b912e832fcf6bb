package desk

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"comity/crypto/keys"
	"comity/crypto/seal"
	"comity/ledger"
	"comity/ledger/index"
	"comity/ledger/names"
	"comity/ledger/notice"
	"comity/ledger/query"
	"comity/ledger/state"
)

// check asks the desk of an office and returns what was hit, as "LT-0301 PROTECT".
func (o *office) check(s *Subject) string {
	o.t.Helper()
	a, err := o.Desk.Check(context.Background(), s, today)
	if err != nil {
		o.t.Fatalf("check %+v: %v", s, err)
	}
	var out []string
	for _, h := range a.Hits {
		out = append(out, h.View.Reference+" "+string(h.Action))
		if h.View.Body != nil || h.View.Victim != nil {
			o.t.Errorf("a check opened more than the card of %s", h.View.Reference)
		}
	}
	return strings.Join(out, ", ")
}

// follow syncs and indexes.
func (o *office) follow() {
	o.t.Helper()
	syncDesk(o.t, o.Desk, o.node)
	if err := o.Index(context.Background(), nil); err != nil {
		o.t.Fatal(err)
	}
}

func scanned(t *testing.T, n *notice.Notice) *notice.MRZ {
	t.Helper()
	m, err := n.Card.PassportMRZ()
	if err != nil {
		t.Fatal(err)
	}
	lines, err := m.Lines()
	if err != nil {
		t.Fatal(err)
	}
	if m, err = notice.ParseMRZ(strings.Join(lines, "\n")); err != nil {
		t.Fatal(err)
	}
	return m
}

func date(t *testing.T, s string) notice.Date {
	t.Helper()
	d, err := notice.ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// slip returns the last day that a date may be misread as in this way.
func slip(t *testing.T, d notice.Date, why string) (out notice.Date) {
	t.Helper()
	for _, m := range d.Misreadings() {
		if m.Why == why {
			out = m.Date
		}
	}
	if out.IsZero() {
		t.Fatalf("%s: %s gives no day", d, why)
	}
	return out
}

// A number in which a 6 was read as G, or the other way round, has right check digits:
// it is found, and nobody is arrested on it.
func TestCheckTwins(t *testing.T) {
	_, offices := newOffices(t, 1)
	xa := offices[0]
	n := notice.ChildCase(today)
	n.Card.Person.Documents[0].Number = "A30117G46"
	xa.send(xa.Publish(context.Background(), xa.c, xa.both(), n))
	xa.follow()
	for number, want := range map[string]string{"A30117G46": "LT-0301 PROTECT", "A30117646": "LT-0301 PROTECT", "A3011764G": "LT-0301 PROTECT", "A30117846": ""} {
		scan := *scanned(t, n)
		scan.Number, scan.Family, scan.Birth = number, "OTHER", "500101"
		if got := xa.check(&Subject{MRZ: &scan}); got != want {
			t.Errorf("%s: got %q, want %q", number, got, want)
		}
		if why, near := (&Subject{MRZ: &scan}).matches(xa.look("LT-0301").View, today); near != (why != "" && number != "A30117G46") {
			t.Errorf("%s: %q, near %t", number, why, near)
		}
	}
}

func TestCheck(t *testing.T) {
	ctx := context.Background()
	_, offices := newOffices(t, 3)
	xa, xb, xc := offices[0], offices[1], offices[2]
	n := notice.ChildCase(today)
	id := xa.send(xa.Publish(ctx, xa.c, xa.both(), n))
	for _, o := range offices {
		o.follow()
	}
	born := n.Card.Person.Born
	year := date(t, born.String()[:4])
	for _, tt := range []struct {
		what string
		s    Subject
		hit  bool
	}{
		{"zone", Subject{MRZ: scanned(t, n)}, true},
		{"document", Subject{Number: "A30117745"}, true},
		{"document as people write it", Subject{Number: "a 3011-7745", Country: "XA"}, true},
		{"document of another country", Subject{Number: "A30117745", Country: "XB"}, false},
		{"another document", Subject{Number: "A30117746"}, false},
		{"name and birth", Subject{Name: "Ilva Sorrendahl", Born: born}, true},
		{"name the other way round", Subject{Name: "SORRENDAHL, Ilva", Born: born}, true},
		{"name and year", Subject{Name: "ilva sorrendahl", Born: year}, true},
		{"name misspelled", Subject{Name: "Ilwa Sorendahl", Born: born}, true},
		{"name in another script", Subject{Name: "Илва Соррендаль", Born: born}, true},
		{"another name", Subject{Name: "Ilva Sorrenholm", Born: born}, false},
		{"name and a birth with a wrong digit", Subject{Name: "Ilva Sorrendahl", Born: slip(t, born, "one digit differs")}, true},
		{"name in another script and a birth with two digits swapped", Subject{Name: "Илва Соррендаль", Born: slip(t, born, "two digits swapped")}, true},
		{"name misspelled and a birth with a wrong digit", Subject{Name: "Ilfa Sorendal", Born: slip(t, born, "one digit differs")}, false},
		{"another name and a birth with a wrong digit", Subject{Name: "Ilva Sorrenholm", Born: slip(t, born, "one digit differs")}, false},
		{"name and another birth", Subject{Name: "Ilva Sorrendahl", Born: date(t, "1971-02-03")}, false},
	} {
		for _, o := range []*office{xa, xb} {
			want := ""
			if tt.hit {
				want = "LT-0301 PROTECT"
			}
			if got := o.check(&tt.s); got != want {
				t.Errorf("%s: %s: got %q, want %q", o.Code, tt.what, got, want)
			}
		}
		if got := xc.check(&tt.s); got != "" {
			t.Errorf("XC, which is no reader: %s: got %q", tt.what, got)
		}
	}
	for _, s := range []Subject{{}, {Name: "Ilva Sorrendahl"}, {Born: born}, {Number: "--"}, {Name: "Sorrendahl", Number: " "}} {
		if _, err := xb.Desk.Check(ctx, &s, today); !errors.Is(err, ErrSubject) {
			t.Errorf("check %+v: %v, want ErrSubject", s, err)
		}
	}

	// What is not indexed yet is not found, and the answer says how far it goes.
	other := notice.ChildCase(today)
	other.Reference, other.Card.Person.Documents[0].Number = "LT-0302", "B00000001"
	xa.send(xa.Publish(ctx, xa.c, xa.both(), other))
	syncDesk(t, xb.Desk, xb.node)
	a, err := xb.Desk.Check(ctx, &Subject{Number: "B00000001"}, today)
	if err != nil || len(a.Hits) != 0 || a.AsOf+1 != a.Size || a.Time.IsZero() {
		t.Errorf("before it is indexed: %+v, %v", a, err)
	}
	xb.follow()
	if got := xb.check(&Subject{Number: "B00000001"}); got != "LT-0302 PROTECT" {
		t.Errorf("after it is indexed: %q", got)
	}
	if got := xb.check(&Subject{Name: "Ilva Sorrendahl", Born: born}); got != "LT-0302 PROTECT, LT-0301 PROTECT" {
		t.Errorf("two notices of one person: %q", got)
	}

	// An amendment takes the number away; a withdrawal all of it.
	n.Card.Person.Documents[0].Number = "C12345678"
	xa.send(xa.Amend(ctx, xa.c, xa.both(), id, n))
	syncDesk(t, xb.Desk, xb.node)
	if got := xb.check(&Subject{Number: "A30117745"}); got != "" {
		t.Errorf("an amendment that is not indexed yet: the former number finds %q", got)
	}
	xb.follow()
	if got := xb.check(&Subject{Number: "C12345678"}); got != "LT-0301 PROTECT" {
		t.Errorf("amended: %q", got)
	}
	xa.send(xa.Withdraw(ctx, xa.c, xa.officers(), id))
	xb.follow()
	if got := xb.check(&Subject{Number: "C12345678"}); got != "" {
		t.Errorf("withdrawn: %q", got)
	}
}

// TestCheckMisread: a date of birth with day and month swapped is no silent miss,
// and no reason for an arrest.
func TestCheckMisread(t *testing.T) {
	n := notice.ChildCase(today)
	n.Card.Person.Born = date(t, "2013-05-04")
	v := &notice.View{Header: ledger.Publish{Kind: n.Kind}, Reference: n.Reference, Card: n.Card}
	for _, tt := range []struct {
		name, born, why string
		near            bool
	}{
		{"Ilva Sorrendahl", "2013-05-04", "name Ilva Sorrendahl (likeness 1.00) and date of birth 2013-05-04", false},
		{"SORRENDAHL, Ilva", "2013-04-05", "name Ilva Sorrendahl (likeness 1.00); date of birth 2013-05-04 in the notice, 2013-04-05 here: day and month swapped", true},
		{"Ilva Sorrendahl", "2013-05-14", "name Ilva Sorrendahl (likeness 1.00); date of birth 2013-05-04 in the notice, 2013-05-14 here: one digit differs", true},
		{"Ilva Sorrendahl", "2031-05-04", "name Ilva Sorrendahl (likeness 1.00); date of birth 2013-05-04 in the notice, 2031-05-04 here: two digits swapped", true},
		{"Ilva Sorrendahl", "2013-06-05", "", false},
		{"Ilva", "2013-04-05", "", false},
		{"Olva Sorrendal", "2013-04-05", "", false},
		{"Ilva Sorrendahl", "2013", "name Ilva Sorrendahl (likeness 1.00) and date of birth 2013-05-04", false},
		{"Ilva Sorrendahl", "2014~", "name Ilva Sorrendahl (likeness 1.00) and date of birth 2013-05-04", false},
		{"Ilva Sorrendahl", "2014", "", false},
	} {
		s := &Subject{Name: tt.name, Born: date(t, tt.born)}
		if why, near := s.matches(v, today); why != tt.why || near != tt.near {
			t.Errorf("%s, %s: got %q, near %v, want %q, %v", tt.name, tt.born, why, near, tt.why, tt.near)
		}
		terms, _, _, err := s.terms(today)
		if err != nil {
			t.Fatal(err)
		}
		if tt.near {
			filed := index.Terms("", v)
			day, _ := n.Card.Person.Born.Range()
			if !slices.Contains(terms.days, int64(day)) || !slices.ContainsFunc(terms.near, func(term string) bool { return slices.Contains(filed, term) }) {
				t.Errorf("%s, %s: the index is not asked for what is filed", tt.name, tt.born)
			}
		}
	}
}

// TestMayBe: the names in the index take out no card that matches, and most others.
func TestMayBe(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long, and one goroutine")
	}
	g := notice.NewGenerator(20, today)
	var views []*notice.View
	var forms [][]string
	for range 150 {
		n := g.Next()
		v := &notice.View{Header: ledger.Publish{Kind: n.Kind}, Reference: n.Reference, Card: n.Card}
		views, forms = append(views, v), append(forms, query.RecordOf(v, query.Header{}).NameForms())
	}
	matched, dropped := 0, 0
	for i, v := range views {
		born := v.Card.Person.Born
		for _, n := range v.Card.Person.Names {
			typed := []rune(n.String())
			typed[len(typed)/2] = 'e'
			family, given, _ := strings.Cut(n.MRZForm(), "<<")
			given = strings.ReplaceAll(given, "<", " ")
			long := strings.Repeat("ANNA ", 8)
			for _, s := range []*Subject{
				{Name: n.String(), Born: born}, {Name: string(typed), Born: born}, {Name: n.MRZForm(), Born: born},
				{MRZ: &notice.MRZ{Format: notice.TD3, Family: family, Given: given}},
				{MRZ: &notice.MRZ{Format: notice.TD3, Family: family, Given: (given + " " + long)[:max(0, 37-len(family))]}},
			} {
				keep := s.mayBe(names.WithBirth)
				for j, other := range views {
					if j != i && j%7 != i%7 {
						continue
					}
					was := other.Card.Person.Born
					other.Card.Person.Born = date(t, "1990-05-04") // of all, so that the name decides
					if s.MRZ != nil {
						s.MRZ.Birth = "900504"
					} else {
						s.Born = other.Card.Person.Born
					}
					why, _ := s.matches(other, today)
					other.Card.Person.Born = was
					kept := keep == nil || keep(forms[j])
					if why != "" {
						matched++
					}
					if why != "" && !kept {
						t.Errorf("%+v, %v: %s, and the index does not give it", s, s.MRZ, why)
					}
					if !kept {
						dropped++
					}
				}
			}
		}
	}
	if matched < 500 || dropped < 10*matched {
		t.Errorf("%d matched, %d dropped", matched, dropped)
	}
}

// TestWeight: of hits with like instructions the one to act on comes first.
func TestWeight(t *testing.T) {
	hit := func(u ledger.Urgency, unreviewed bool, s state.Status) *Sighting {
		return &Sighting{View: &notice.View{Header: ledger.Publish{Urgency: u}}, Unreviewed: unreviewed, Status: s}
	}
	order := []*Sighting{
		hit(ledger.U1, false, state.StatusActive), hit(ledger.U0, false, state.StatusActive),
		hit(ledger.U3, true, state.StatusActive), hit(ledger.U3, false, state.StatusSuspended), hit(ledger.U3, true, state.StatusSuspended),
	}
	for i := range order[1:] {
		if weight(order[i]) <= weight(order[i+1]) {
			t.Errorf("%+v does not come before %+v", order[i], order[i+1])
		}
	}
}

// TestCheckUnreviewed: a diffusion asks for no arrest, whatever its author wrote.
func TestCheckUnreviewed(t *testing.T) {
	_, offices := newOffices(t, 2)
	xa, xb := offices[0], offices[1]
	n := notice.ChildCase(today)
	n.Colour, n.Card.Action = ledger.KindRed, notice.Arrest
	// A program of his own does not validate.
	by := xa.both()
	from, err := xa.author(&by)
	if err != nil {
		t.Fatal(err)
	}
	parts, err := n.Parts(from)
	if err != nil {
		t.Fatal(err)
	}
	body, err := xa.sealParts(from, parts)
	if err != nil {
		t.Fatal(err)
	}
	header := n.Publish()
	header.SizeClass = sizeClass(len(body))
	xa.send(xa.sign(context.Background(), xa.c, &by, ledger.Statement{Class: ledger.ClassPublish, Public: header.Marshal()}, body))
	xb.follow()
	if got := xb.check(&Subject{Number: "A30117745"}); got != "LT-0301 CALL_DESK" {
		t.Errorf("got %q", got)
	}
}

// TestIndexIsDisposable damages, loses and outdates the index: the cases stay
// the same.
func TestIndexIsDisposable(t *testing.T) {
	ctx := context.Background()
	_, offices := newOffices(t, 2)
	xa, xb := offices[0], offices[1]
	for _, ref := range []string{"LT-0301", "LT-0302", "LT-0303"} {
		n := notice.ChildCase(today)
		n.Reference = ref
		xa.send(xa.Publish(ctx, xa.c, xa.both(), n))
	}
	gone := notice.ChildCase(today)
	gone.Reference = "LT-0304"
	id := xa.send(xa.Publish(ctx, xa.c, xa.both(), gone))
	xa.follow()
	xa.send(xa.Withdraw(ctx, xa.c, xa.officers(), id))
	xb.follow()
	dir := filepath.Join(xb.dir, dirIndex)
	ids := xb.opener.keys()
	refs := func() string {
		t.Helper()
		list, err := xb.Cases(ctx, Filter{Opened: true})
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, c := range list {
			out = append(out, c.Reference())
		}
		return strings.Join(out, " ")
	}
	wynn, err := query.Parse("wynn", today)
	if err != nil {
		t.Fatal(err)
	}
	reopen := func(between func()) {
		t.Helper()
		xb.Unlock(nil) // closes it
		between()
		xb.Unlock(ids)
	}
	damage := func(from, to int) func() {
		return func() {
			t.Helper()
			files, err := filepath.Glob(filepath.Join(dir, "notices.db*"))
			if err != nil || len(files) == 0 {
				t.Fatal(files, err)
			}
			data, err := os.ReadFile(files[0])
			if err != nil {
				t.Fatal(err)
			}
			for i := from; i < min(to, len(data)); i += 512 {
				data[i]++
			}
			if err := os.WriteFile(files[0], data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	for what, between := range map[string]func(){
		"reopened":   func() {},
		"lost":       func() { os.RemoveAll(dir) },
		"key lost":   func() { os.Remove(filepath.Join(dir, fileIndexKey)) },
		"head":       damage(0, 100),
		"all tables": damage(4096, 1<<30),
		"some":       damage(20000, 1<<30),
	} {
		reopen(between)
		if got := refs(); got != "LT-0301 LT-0302 LT-0303 LT-0304" {
			t.Errorf("%s: got %q", what, got)
		}
		f, err := xb.Search(ctx, wynn, false, 1)
		if err != nil || len(f.Found) != 1 || f.Total != 3 || f.Ended != 1 || len(f.Beyond) != 4 {
			t.Errorf("%s: search: %+v, %v", what, f, err)
		}
		if c, err := xb.Case(ctx, "lt-0302"); err != nil || c.Reference() != "LT-0302" {
			t.Errorf("%s: by name: %v, %v", what, c, err)
		}
		if got := xb.check(&Subject{Number: "A30117745"}); strings.Count(got, "PROTECT") != 3 {
			t.Errorf("%s: check: %q", what, got)
		}
	}
	// With the key of the cards alone there is another index, and the first one
	// cannot be opened.
	before, err := xb.indexOptions(ids)
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(filepath.Join(dir, fileIndexKey))
	if err != nil {
		t.Fatal(err)
	}
	xb.Unlock(map[seal.Compartment][]*keys.Identity{seal.Card: ids[seal.Card]})
	if got := refs(); got != "LT-0301 LT-0302 LT-0303 LT-0304" {
		t.Errorf("cards alone: %q", got)
	}
	ctx2 := seal.Context{Ledger: keys.ID(xb.genesis.Ledger)}
	if key, ok := openIndexKey(ctx2, file[32:], ids); !ok || key != before.Key {
		t.Error("all keys do not open the index")
	}
	if key, ok := openIndexKey(ctx2, file[32:], xb.opener.keys()); ok && key == before.Key {
		t.Error("the key of the cards opens the index of all parts")
	}
	checkSealed(t, xb.dir, "Sorrendahl", "SORRENDAHL", "A30117745", "LT-0301", "music school")
}

// Notices by the dozen with the same number, which any bureau can write, and end,
// must not push another one out without a word.
func TestCheckUnderDecoys(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long, and one goroutine")
	}
	ctx := context.Background()
	_, offices := newOffices(t, 1)
	xa := offices[0]
	by := xa.both()
	var err error
	if by.Chain, err = xa.QueueEnd(by.Author.ID()); err != nil {
		t.Fatal(err)
	}
	publish := func() ledger.Item { return must(xa.Publish(ctx, nil, by, notice.ChildCase(today))) }
	check := func() *Answer {
		t.Helper()
		xa.node.finalise(t)
		xa.follow()
		a, err := xa.Desk.Check(ctx, &Subject{Number: "A30117745"}, today)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	real := publish()
	xa.node.accept(t, real)
	var decoys []ledger.Item
	for range maxSightings {
		decoys = append(decoys, publish())
	}
	xa.node.accept(t, decoys...)
	xa.node.finalise(t)
	xa.follow()
	for i := range decoys {
		decoys[i] = must(xa.Withdraw(ctx, nil, by, decoys[i].Entry.ID))
	}
	xa.node.accept(t, decoys...)
	if a := check(); len(a.Hits) != 1 || a.Hits[0].ID != real.Entry.ID || a.Full {
		t.Errorf("behind those that have ended: %d hits, cut %t", len(a.Hits), a.Full)
	}
	for range maxSightings {
		n := notice.ChildCase(today)
		n.Card.Action, n.Card.NonPunishment = notice.CallDesk, false
		xa.node.accept(t, must(xa.Publish(ctx, nil, by, n)))
	}
	if a := check(); len(a.Hits) != maxSightings || !a.Full || a.Hits[0].ID != real.Entry.ID || a.Hits[0].Action != notice.Protect {
		t.Errorf("%d hits, and cut %t; the first is %s: %s", len(a.Hits), a.Full, a.Hits[0].ID.Short(), a.Hits[0].Action)
	}
}
