package export

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"comity/ledger/notice"
)

var asOf = time.Date(2026, 11, 22, 10, 30, 0, 0, time.UTC)

// childCase is the case of a child as its origin exports it, with an entity of
// every type.
func childCase() *Case {
	n := notice.ChildCase(asOf)
	lat, lon := 2.5, -24.5
	n.Body.Entities = append(n.Body.Entities, []notice.Entity{
		{ID: "d2", Document: &notice.Document{Type: notice.IDCard, Number: "ID-77/12"}},
		{ID: "ac", Account: &notice.Account{Service: "mail", Handle: "wynn@example.org"}},
		{ID: "ac2", Account: &notice.Account{Service: "Chat", Handle: "it's\\me"}},
		{ID: "w1", Wallet: &notice.Wallet{Currency: "BTC", Address: "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"}},
		{ID: "b1", BankAccount: &notice.BankAccount{Number: "GB82WEST12345698765432"}},
		{ID: "v1", Vehicle: &notice.Vehicle{Plate: "XB 4471", Country: "XB"}},
		{ID: "pl2", Place: &notice.Place{Name: "Nowhere"}},
		{ID: "pl3", Place: &notice.Place{What: "pier", Lat: &lat, Lon: &lon, RadiusM: 20}},
		{ID: "t1", Trip: &notice.Trip{From: "XC", To: "XB"}},
		{ID: "e1", Event: &notice.Event{What: "transit"}},
		{ID: "pay", Payment: &notice.Payment{Amount: "1500.00", Currency: "USD"}},
		{ID: "o1", Organization: &notice.Organization{Name: "=HYPERLINK(\"http://x\")", Country: "XD"}},
	}...)
	n.Body.Links = append(n.Body.Links, notice.Link{From: "p1", Relation: "PAID to!", To: "o1"}, notice.Link{From: "p1", Relation: notice.Uses, To: "gone"})
	v := &notice.View{
		ID: strings.Repeat("1c27", 16), Origin: notice.Origin{Bureau: n.Origin}, Header: n.Publish(), Kind: n.Kind, Colour: n.Colour,
		Reference: n.Reference, Readers: n.Readers, Card: n.Card, Body: n.Body, Victim: n.Victim,
	}
	return &Case{View: v, Ledger: strings.Repeat("ab", 32), Published: asOf, Modified: asOf.Add(time.Hour), Status: "active", AsOf: 99, By: "XA"}
}

func TestSTIX(t *testing.T) {
	data, err := STIX(childCase())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range checkSTIX(data) {
		t.Error(p)
	}
	again, err := STIX(childCase())
	if err != nil || !bytes.Equal(data, again) {
		t.Error("the same version gives other bytes")
	}
	text := string(data)
	for _, want := range []string{
		`"tlp_2_0": "red"`, `"statement": "H2: not passed on without the origin's consent"`, `"account_type": "phone"`, `"user_id": "+99955508842"`,
		`"relationship_type": "paid-to-"`, `[user-account:account_type = 'chat' AND user-account:account_login = 'it\\'s\\\\me']`, `source grade B2`,
		`"precision": 3000`, `PROTECT: bring to safety`, `"value": "wynn@example.org"`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is missing in\n%s", want, text)
		}
	}
	// Nothing that only the protection officers know, and nobody accused.
	for _, never := range []string{"Wren", "Hanne", "glasses", "+99955503310", "threat-actor"} {
		if strings.Contains(text, never) {
			t.Errorf("%s is exported", never)
		}
	}
	// The id that the specification's rule gives, computed with another implementation.
	if !strings.Contains(text, "email-addr--"+emailID) {
		t.Errorf("the id of the e-mail address is not %s", emailID)
	}
}

// TestCheckFindsPlanted plants one fault at a time in a bundle that is right.
func TestCheckFindsPlanted(t *testing.T) {
	data, err := STIX(childCase())
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		kind  string
		plant func(o map[string]any)
		want  string
	}{
		{"report", func(o map[string]any) { delete(o, "published") }, "published is missing"},
		{"report", func(o map[string]any) { o["object_refs"] = []any{} }, "object_refs is empty"},
		{"note", func(o map[string]any) { delete(o, "content") }, "content is missing"},
		{"indicator", func(o map[string]any) { o["valid_from"] = "yesterday" }, "no timestamp"},
		{"identity", func(o map[string]any) { delete(o, "object_marking_refs") }, "not both marked"},
		{"relationship", func(o map[string]any) { o["relationship_type"] = "paid to" }, "relationship_type"},
		{"relationship", func(o map[string]any) { o["target_ref"] = "note--00000000-0000-4000-8000-000000000000" }, "target_ref leads to"},
		{"location", func(o map[string]any) {
			delete(o, "country")
			delete(o, "latitude")
		}, "nowhere"},
		{"user-account", func(o map[string]any) { o["id"] = "user-account--1" }, "not of its type"},
		{"email-addr", func(o map[string]any) { o["value"] = "" }, "value is missing"},
		{"marking-definition", func(o map[string]any) { delete(o, "extensions") }, "marks nothing"},
		{"note", func(o map[string]any) { o["type"] = "malware" }, "not written here"},
		{"note", func(o map[string]any) { o["spec_version"] = "2.0" }, "spec_version"},
	} {
		var b map[string]any
		if err := json.Unmarshal(data, &b); err != nil {
			t.Fatal(err)
		}
		for _, o := range b["objects"].([]any) {
			if o := o.(map[string]any); o["type"] == test.kind {
				test.plant(o)
				break
			}
		}
		bad, err := json.Marshal(b)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(checkSTIX(bad), "\n"); !strings.Contains(got, test.want) {
			t.Errorf("%s: got %q, want %s", test.kind, got, test.want)
		}
	}
}

func TestCSV(t *testing.T) {
	data, err := CSV(childCase())
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for i, row := range rows[1:] {
		if row[5] != "TLP:RED" || !strings.HasPrefix(row[6], "H2: ") || row[0] != "LT-0301" || row[4] != "99" {
			t.Errorf("line %d has lost its caveats: %q", i, row)
		}
		for _, cell := range row {
			if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r") {
				t.Errorf("line %d: a formula %q", i, cell)
			}
		}
	}
	text := string(data)
	for _, want := range []string{"'+99955508842", "Ilva Sorrendahl", "passport", "2013-08-17", "Crossing at Low Brack", "B2"} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is missing in\n%s", want, text)
		}
	}
	for _, never := range []string{"Wren", "Hanne", "glasses", "99955503310"} {
		if strings.Contains(text, never) {
			t.Errorf("%s is exported", never)
		}
	}
}

func TestMayExport(t *testing.T) {
	for _, test := range []struct {
		by      string
		code    notice.HandlingCode
		tlp     notice.TLP
		consent bool
		may     bool
	}{
		{"XA", notice.H2, notice.TLPRed, false, true}, // the origin
		{"XB", notice.H0, notice.TLPAmber, false, true},
		{"XB", notice.H0, notice.TLPRed, false, false},
		{"XB", notice.H0, notice.TLPRed, true, true},
		{"XB", notice.H1, notice.TLPGreen, false, false},
		{"XB", notice.H1, notice.TLPGreen, true, true},
		{"XB", notice.H2, notice.TLPClear, false, false},
		{"XB", notice.H3, notice.TLPClear, false, false},
		{"XB", "", notice.TLPClear, false, false},
		{"XB", "H9", notice.TLPClear, false, false},
		{"", notice.H1, notice.TLPClear, false, false},
	} {
		c := childCase()
		c.By, c.Consent = test.by, test.consent
		c.View.Body.Handling, c.View.Body.TLP = notice.Handling{Code: test.code}, test.tlp
		for name, export := range map[string]func(*Case) ([]byte, error){"stix": STIX, "csv": CSV} {
			data, err := export(c)
			if (err == nil) != test.may || err != nil && (!errors.Is(err, ErrConsent) || data != nil) {
				t.Errorf("%s of %+v: %v", name, test, err)
			}
		}
	}
	c := childCase()
	c.View = &notice.View{}
	if _, err := STIX(c); err == nil {
		t.Error("nothing is exported")
	}
	// A card alone goes out, marked as strictly as what is not seen may be.
	c = childCase()
	c.By, c.View.Body, c.View.Victim = "XB", nil, nil
	data, err := STIX(c)
	if err != nil || len(checkSTIX(data)) != 0 || !strings.Contains(string(data), "no handling code") {
		t.Errorf("%v %q", err, checkSTIX(data))
	}
}

const emailID = "6e3f7f00-5d08-5403-bed9-3baab224c4db"
