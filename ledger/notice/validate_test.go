package notice

import (
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"testing"

	"comity/ledger"
)

// template returns the template of a kind, parsed, for a test to spoil.
func template(t *testing.T, k ledger.Kind) *Notice {
	t.Helper()
	data, err := Template(k, testDay)
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, data)
}

func TestValidate(t *testing.T) {
	for _, test := range []struct {
		name  string
		kind  ledger.Kind
		spoil func(n *Notice)
		field string // of the one problem there is
		why   string
	}{
		{"no kind", ledger.KindYellow, func(n *Notice) { n.Kind = 0 }, "kind", "missing"},
		{"unknown kind", ledger.KindYellow, func(n *Notice) { n.Kind = 99 }, "kind", "not one of red, blue"},
		{"reference", ledger.KindYellow, func(n *Notice) { n.Reference = "lt 1" }, "reference", "LT-0301"},
		{"origin", ledger.KindTally, func(n *Notice) { n.Origin = "Aldermoor" }, "origin", "two-letter"},
		{"no readers", ledger.KindYellow, func(n *Notice) { n.Readers = nil }, "readers", "missing"},
		{"not its own reader", ledger.KindYellow, func(n *Notice) { n.Readers = Readers{"XB"} }, "readers", "XA itself"},
		{"reader twice", ledger.KindYellow, func(n *Notice) { n.Readers = Readers{"XA", "XB", "XB"} }, "readers[2]", "twice"},
		{"all and one", ledger.KindYellow, func(n *Notice) { n.Readers = Readers{"XA", All} }, "readers[1]", "alone"},
		{"no review", ledger.KindYellow, func(n *Notice) { n.ReviewBy = Date{} }, "review_by", "missing"},
		{"review past", ledger.KindYellow, func(n *Notice) { n.ReviewBy = DateOf(testDay) }, "review_by", "past"},
		{"review far", ledger.KindYellow, func(n *Notice) { n.ReviewBy = DateOf(testDay.AddDate(5, 0, 1)) }, "review_by", "5 years"},

		{"yellow, name only", ledger.KindYellow, func(n *Notice) {
			n.Card.Person = Identity{Names: []Name{{Full: "Somebody"}}}
		}, "card.person", "at least two of name, date of birth, nationality, document"},
		{"yellow, no card", ledger.KindYellow, func(n *Notice) { n.Card = nil }, "card", "tell people apart"},
		{"yellow, no facts", ledger.KindYellow, func(n *Notice) { n.Body.Facts = " " }, "body.facts", "missing"},
		{"yellow, arrest", ledger.KindYellow, func(n *Notice) { n.Card.Action = Arrest }, "card.action", "no ground for an arrest"},
		{"protect, no caveat", ledger.KindYellow, func(n *Notice) { n.Card.Caveat = "" }, "card.caveat", "PROTECT needs"},
		{"no desk", ledger.KindYellow, func(n *Notice) { n.Card.Desk.Phone = "0555 1" }, "card.desk.phone", "at any hour"},
		{"no action", ledger.KindYellow, func(n *Notice) { n.Card.Action = "" }, "card.action", "one instruction"},
		{"action unknown", ledger.KindYellow, func(n *Notice) { n.Card.Action = "SHOOT" }, "card.action", "not one of PROTECT"},
		{"born tomorrow", ledger.KindYellow, func(n *Notice) { n.Card.Person.Born = DateOf(testDay.AddDate(0, 0, 1)) }, "card.person.born", "not come yet"},
		{"country", ledger.KindYellow, func(n *Notice) { n.Card.Person.Nationalities[0] = "xa" }, "card.person.nationalities[0]", "ISO 3166"},
		{"document number", ledger.KindYellow, func(n *Notice) { n.Card.Person.Documents[0].Number = "ab?" }, "card.person.documents[0].number", "document number"},
		{"script without MRZ", ledger.KindYellow, func(n *Notice) { n.Card.Person.Names[0] = Name{Full: "အောင်မင်း"} }, "card.person.names[0].mrz", "passport shows"},
		{"photo", ledger.KindYellow, func(n *Notice) { n.Card.Photo = []byte("GIF89a") }, "card.photo", "JPEG"},

		{"red, no warrant", ledger.KindRed, func(n *Notice) { n.Body.Warrants = nil }, "body.warrants", "valid warrant"},
		{"red, petty", ledger.KindRed, func(n *Notice) { n.Body.Warrants[0].MaxPenalty = 23 }, "body.warrants", "RPD article 83"},
		{"red, five months left", ledger.KindRed, func(n *Notice) {
			n.Body.Warrants[0].MaxPenalty, n.Body.Warrants[0].SentenceLeft = 0, 5
		}, "body.warrants", "6 months"},
		{"red, nameless court", ledger.KindRed, func(n *Notice) { n.Body.Warrants[0].Authority = "" }, "body.warrants[0].authority", "which court"},
		{"blue, arrest", ledger.KindBlue, func(n *Notice) { n.Card.Action = Arrest }, "card.action", "blue"},

		{"diffusion, no colour", ledger.KindDiffusion, func(n *Notice) { n.Colour = 0 }, "colour", "missing"},
		{"diffusion of tally", ledger.KindDiffusion, func(n *Notice) { n.Colour = ledger.KindTally }, "colour", "no colour"},
		{"diffusion for all", ledger.KindDiffusion, func(n *Notice) {
			n.Readers, n.Victim = Readers{All}, nil
		}, "readers", "reviewed first"},
		{"colour without diffusion", ledger.KindYellow, func(n *Notice) { n.Colour = ledger.KindYellow }, "colour", "only a diffusion"},

		{"victim for all", ledger.KindYellow, func(n *Notice) {
			n.Victim, n.Readers = templateVictim(testDay), Readers{All}
		}, "victim.readers", "never for all"},
		{"victim, stranger", ledger.KindDiffusion, func(n *Notice) { n.Victim.Readers = []string{"XC"} }, "victim.readers[0]", "does not read"},
		{"victim, telling pseudonym", ledger.KindDiffusion, func(n *Notice) { n.Victim.Pseudonym = "little mirela" }, "victim.pseudonym", "true name"},
		{"victim, no caveat", ledger.KindDiffusion, func(n *Notice) {
			n.Card.Action, n.Card.Caveat = CallDesk, ""
		}, "card.caveat", "the case has a victim"},
		{"victim, minor", ledger.KindDiffusion, func(n *Notice) { n.Victim.Identity.Born = dayBefore(testDay, 15, 0) }, "victim.minor", "so a minor"},
		{"victim, no consent", ledger.KindDiffusion, func(n *Notice) { n.Victim.Consent.Why = "" }, "victim.consent.why_not", "ground"},
		{"victim, undecided", ledger.KindDiffusion, func(n *Notice) { n.Victim.Trafficking.Status = IdentifiedVictim }, "victim.trafficking.decided_by", "body"},

		{"entity without id", ledger.KindYellow, func(n *Notice) {
			n.Body.Entities = append(n.Body.Entities, Entity{Phone: &Phone{Number: "+99955501234"}})
		}, "body.entities[5].id", "name of its own"},
		{"entity is nothing", ledger.KindYellow, func(n *Notice) { n.Body.Entities = append(n.Body.Entities, Entity{ID: "x"}) }, "body.entities[5]", "0 things"},
		{"entity is two", ledger.KindYellow, func(n *Notice) {
			n.Body.Entities = append(n.Body.Entities, Entity{ID: "x", Trip: &Trip{From: "a", To: "b"}, Event: &Event{What: "transit"}})
		}, "body.entities[5]", "2 things"},
		{"entity twice", ledger.KindYellow, func(n *Notice) {
			n.Body.Entities = append(n.Body.Entities, n.Body.Entities[0])
		}, "body.entities[5].id", "two entities"},
		{"off Earth", ledger.KindYellow, func(n *Notice) { *n.Body.Entities[4].Place.Lat = 91 }, "body.entities[4].place", "on Earth"},
		{"link to nothing", ledger.KindYellow, func(n *Notice) { n.Body.Links[0].To = "p9" }, "body.links[0].to", "no entity"},
		{"relation", ledger.KindYellow, func(n *Notice) { n.Body.Links[0].Relation = "knows" }, "body.links[0].relation", "not one of"},
		{"grade", ledger.KindYellow, func(n *Notice) { n.Body.Grade = "D5" }, "body.grade", "B2"},
		{"H3 without text", ledger.KindYellow, func(n *Notice) { n.Body.Handling.Code = H3 }, "body.handling.text", "write what"},

		{"tally, no counters", ledger.KindTally, func(n *Notice) { n.Tally = nil }, "tally", "missing"},
		{"tally, negative", ledger.KindTally, func(n *Notice) { n.Tally.Located = -1 }, "tally.located", "not a count"},
		{"tally of a person", ledger.KindTally, func(n *Notice) { n.Card = templateCard(Locate, testDay) }, "tally", "counters only"},
		{"yellow counts", ledger.KindYellow, func(n *Notice) { n.Tally = &Tally{Operation: "X", Sector: "XA-01"} }, "tally", "only a tally"},
	} {
		t.Run(test.name, func(t *testing.T) {
			n := template(t, test.kind)
			test.spoil(n)
			var problems Problems
			if err := n.Validate(testDay); !errors.As(err, &problems) {
				t.Fatalf("got %v, want a problem with %s", err, test.field)
			}
			if len(problems) != 1 || problems[0].Field != test.field || !strings.Contains(problems[0].Why, test.why) {
				t.Errorf("got %v, want one problem, %s: ... %s", problems, test.field, test.why)
			}
		})
	}
}

func TestValidateNamesEveryProblem(t *testing.T) {
	n := parse(t, []byte(`{"kind":"red","reference":"","origin":"X","urgency":"U0","classification":"secret","readers":[],"card":{"action":"","person":{},"desk":{"name":"","phone":""}}}`))
	golden(t, "problems.txt", []byte(n.Validate(testDay).Error()+"\n"))
}

func TestDiffusionNeverArrests(t *testing.T) {
	n := template(t, ledger.KindRed)
	n.Kind, n.Colour, n.Readers = ledger.KindDiffusion, ledger.KindRed, Readers{"XA", "XE"}
	var problems Problems
	if err := n.Validate(testDay); !errors.As(err, &problems) || len(problems) != 1 || problems[0].Field != "card.action" {
		t.Errorf("got %v, want one problem with card.action", err)
	}
	v := open(t, n)
	if got := v.Action(); got != CallDesk {
		t.Errorf("unreviewed arrest is shown as %s, want %s", got, CallDesk)
	}
	v.Card.Action = "SHOOT"
	if got := v.Action(); got != CallDesk {
		t.Errorf("an unknown instruction is shown as %s, want %s", got, CallDesk)
	}
	if !v.Unreviewed() || v.Title() != "red diffusion, unreviewed" {
		t.Errorf("shown as %q", v.Title())
	}
}

func TestTallySuppresses(t *testing.T) {
	for want, tally := range map[string]Tally{
		"288 inspections at 9 hotspots":                                 {Inspections: 288, Hotspots: 9},
		"288 inspections at 9 hotspots, under 5 intercepted":            {Inspections: 288, Hotspots: 9, Intercepted: 4},
		"288 inspections at 9 hotspots, 5 intercepted, under 5 located": {Inspections: 288, Hotspots: 9, Intercepted: 5, Located: 1},
		"288 inspections at 9 hotspots, 12 intercepted, 6 located":      {Inspections: 288, Hotspots: 9, Intercepted: 12, Located: 6},
	} {
		if got := tally.Summary(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		shared := tally.Shared()
		if got := shared.Summary(); got != want || shared.Shared().Summary() != want {
			t.Errorf("shared: got %q, want %q", got, want)
		}
		data, err := json.Marshal(&View{Kind: ledger.KindTally, Tally: &tally})
		if err != nil || regexp.MustCompile(`"(intercepted|located)":[1-4][,}]`).Match(data) {
			t.Errorf("%s, %v", data, err)
		}
	}
	n := tallyCase()
	for _, tt := range []struct {
		suppressed []string
		located    int
		ok         bool
	}{{nil, 1, true}, {[]string{"located"}, 0, true}, {[]string{"located"}, 1, false}, {[]string{"located", "located"}, 0, false}, {[]string{"inspections"}, 0, false}} {
		n.Tally.Suppressed, n.Tally.Located = tt.suppressed, tt.located
		if err := n.Validate(testDay); (err == nil) != tt.ok {
			t.Errorf("%+v: %v", tt, err)
		}
	}
}

func tallyCase() *Notice {
	for _, e := range Operation(1, testDay) {
		if e.Notice.Kind == ledger.KindTally {
			e.Notice.Tally.Intercepted, e.Notice.Tally.Located = 0, 0
			return e.Notice
		}
	}
	panic("an operation without a tally")
}
