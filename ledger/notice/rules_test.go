package notice

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"comity/ledger"
)

// kinds are all that can be sent.
func kinds() []ledger.Kind { return append(Colours(), ledger.KindDiffusion, ledger.KindTally) }

// leaves returns the paths of all fields of a document, inner ones after those
// that hold them; of a list only its first item is entered.
func leaves(at string, v any) []string {
	var paths []string
	switch v := v.(type) {
	case map[string]any:
		names := make([]string, 0, len(v))
		for name := range v {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			path := strings.TrimPrefix(at+"."+name, ".")
			paths = append(append(paths, path), leaves(path, v[name])...)
		}
	case []any:
		if len(v) > 0 {
			paths = append(paths, leaves(at+".0", v[0])...)
		}
	}
	return paths
}

// without returns a document of which the field at path is left out.
func without(t *testing.T, data []byte, path string) []byte {
	t.Helper()
	var doc any
	if err := json.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	names := strings.Split(path, ".")
	at := doc
	for _, name := range names[:len(names)-1] {
		if l, ok := at.([]any); ok {
			at = l[0]
		} else {
			at = at.(map[string]any)[name]
		}
	}
	delete(at.(map[string]any), names[len(names)-1])
	out, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestMissing leaves out every field of every template, one at a time. The
// golden table is what an author reads; a field that is not in it may be left out.
func TestMissing(t *testing.T) {
	var table strings.Builder
	asked := map[string]bool{}
	for _, k := range kinds() {
		data, err := Template(k, testDay)
		if err != nil {
			t.Fatal(err)
		}
		var doc any
		if err := json.Unmarshal(data, &doc); err != nil {
			t.Fatal(err)
		}
		for _, path := range leaves("", doc) {
			n, err := Parse(without(t, data, path))
			if err == nil {
				err = n.Validate(testDay)
			}
			if err == nil {
				continue
			}
			for _, line := range strings.Split(err.Error(), "\n") {
				fmt.Fprintf(&table, "%s without %s -> %s\n", k, path, line)
				asked[k.String()+" "+line] = true
			}
		}
		for _, r := range ruleOf(k).rules {
			if !strings.HasPrefix(r.why, "missing") {
				continue
			}
			if !slices.ContainsFunc([]string{r.field, strings.SplitN(r.field, ".", 2)[0]}, func(f string) bool { return asked[k.String()+" "+f+": "+r.why] }) {
				t.Errorf("%s: nothing that is left out makes it say %s: %s", k, r.field, r.why)
			}
		}
	}
	golden(t, "missing.txt", []byte(table.String()))
}

// TestRules breaks what a kind refuses, one thing at a time.
func TestRules(t *testing.T) {
	person := Identity{Names: []Name{{Full: "Ruvan Ostermark"}}, Nationalities: []string{"XE"}}
	for _, test := range []struct {
		name  string
		kind  ledger.Kind
		spoil func(n *Notice)
		field string // of the one problem; "" for none
		why   string
	}{
		{"red to protect", ledger.KindRed, func(n *Notice) { n.Card.Action, n.Card.Caveat = Protect, "x" }, "card.action", "yellow notice or a diffusion"},
		{"green, arrest", ledger.KindGreen, func(n *Notice) { n.Card.Action = Arrest }, "card.action", "a green notice is no ground"},
		{"green, blank assessment", ledger.KindGreen, func(n *Notice) { n.Body.Assessment = " \n" }, "body.assessment", "slander"},
		{"green, future conviction", ledger.KindGreen, func(n *Notice) { n.Body.Convictions[0].Date = DateOf(testDay.AddDate(1, 0, 0)) }, "body.convictions[0].date", "not come yet"},
		{"yellow, nameless", ledger.KindYellow, func(n *Notice) {
			n.Card.Person, n.Body.Status = Identity{Sex: Female}, CannotSay
		}, "", ""},
		{"yellow, nameless, no looks", ledger.KindYellow, func(n *Notice) {
			n.Card.Person, n.Card.Looks, n.Body.Status = Identity{Sex: Female}, Appearance{}, CannotSay
		}, "card.person", "a photo or looks"},
		{"black with a name", ledger.KindBlack, func(n *Notice) { n.Card.Person.Names = person.Names }, "card.person.names", "use alias"},
		{"black with a supposed name", ledger.KindBlack, func(n *Notice) { n.Card.Person.Names = []Name{{Full: "Ruvan", Use: NameAlias}} }, "", ""},
		{"black to locate", ledger.KindBlack, func(n *Notice) { n.Card.Action = Locate }, "card.action", "dead person"},
		{"black, only a photo", ledger.KindBlack, func(n *Notice) { n.Card.Looks, n.Card.Photo = Appearance{}, []byte("\xff\xd8\xff\xe0") }, "", ""},
		{"black, no place", ledger.KindBlack, func(n *Notice) { n.Body.Entities = nil }, "body.entities", "where the body was found"},
		{"black, only the year", ledger.KindBlack, func(n *Notice) { n.Body.Since, _ = NewDate(2025, 0, 0) }, "", ""},
		{"orange with a person", ledger.KindOrange, func(n *Notice) { n.Card.Person = person }, "", ""},
		{"orange that is over", ledger.KindOrange, func(n *Notice) { n.Body.Threat.Until = dayBefore(testDay, 0, 1) }, "body.threat.until", "warns of nothing"},
		{"purple of a person", ledger.KindPurple, func(n *Notice) { n.Card = templateCard(CallDesk, testDay) }, "card.person", "names nobody"},
		{"purple of an entity", ledger.KindPurple, func(n *Notice) {
			n.Body.Entities = []Entity{{ID: "p1", Person: &Person{Identity: person}}}
		}, "body.entities", "names nobody"},
		{"purple with a role", ledger.KindPurple, func(n *Notice) { n.Body.Entities = []Entity{{ID: "p1", Person: &Person{Role: "guard"}}} }, "", ""},
		{"purple, empty sign", ledger.KindPurple, func(n *Notice) { n.Body.Method.Signs[0] = "" }, "body.method.signs[0]", "empty"},
		{"silver, no asset", ledger.KindSilver, func(n *Notice) {
			n.Body.Links, n.Body.Entities = nil, []Entity{{ID: "p1", Person: &Person{Role: "owner"}}}
		}, "body.entities", "needs an asset"},
		{"silver with its owner", ledger.KindSilver, func(n *Notice) { n.Card = templateCard(Locate, testDay) }, "", ""},
		{"un, an organization", ledger.KindUN, func(n *Notice) {
			n.Card, n.Body.Entities = nil, []Entity{{ID: "o1", Organization: &Organization{Name: "Ostar Front"}}}
		}, "", ""},
		{"un, nobody", ledger.KindUN, func(n *Notice) { n.Card = nil }, "card", "whom the list names"},
		{"un, measure", ledger.KindUN, func(n *Notice) { n.Body.Listing.Measures[0] = "jail" }, "body.listing.measures[0]", "not one of assets_freeze"},
		{"un, empty measure", ledger.KindUN, func(n *Notice) { n.Body.Listing.Measures[0] = "" }, "body.listing.measures[0]", "empty"},
		{"tally with facts", ledger.KindTally, func(n *Notice) { n.Body = templateBody(Missing, testDay) }, "tally", "counters only"},
		{"no such colour", ledger.KindDiffusion, func(n *Notice) { n.Colour = ledger.KindTally }, "colour", "no colour"},
	} {
		t.Run(test.name, func(t *testing.T) {
			n := template(t, test.kind)
			test.spoil(n)
			var problems Problems
			switch err := n.Validate(testDay); {
			case test.field == "":
				if err != nil {
					t.Errorf("got %v, want no problem", err)
				}
			case !errors.As(err, &problems) || len(problems) != 1 || problems[0].Field != test.field || !strings.Contains(problems[0].Why, test.why):
				t.Errorf("got %v, want one problem, %s: ... %s", err, test.field, test.why)
			}
		})
	}
}

// TestDiffusionOfEveryColour: the content of a diffusion obeys the rules of its
// colour.
func TestDiffusionOfEveryColour(t *testing.T) {
	for _, k := range Colours() {
		n := template(t, k)
		n.Kind, n.Colour, n.Readers = ledger.KindDiffusion, k, Readers{"XA", "XB"}
		if k == ledger.KindRed {
			n.Card.Action = CallDesk
		}
		if err := n.Validate(testDay); err != nil {
			t.Errorf("%s: %v", k, err)
		}
		if v := open(t, n); v.Title() != k.String()+" diffusion, unreviewed" {
			t.Errorf("%s is shown as %s", k, v.Title())
		}
		n.Body = nil
		if err := n.Validate(testDay); err == nil {
			t.Errorf("%s: a diffusion without its case passes", k)
		}
	}
}
