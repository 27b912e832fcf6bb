package notice

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"comity/ledger"
)

var update = flag.Bool("update", false, "rewrite the golden files in testdata")

// testDay is the day by which the tests judge.
var testDay = time.Date(2026, 11, 3, 8, 11, 0, 0, time.UTC)

// golden compares got with a file of testdata, or writes it under -update.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, got, 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs; run with -update and read the diff. got:\n%s", name, got)
	}
}

func parse(t *testing.T, data []byte) *Notice {
	t.Helper()
	n, err := Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestParseRefuses(t *testing.T) {
	const head = `"kind":"yellow","reference":"LT-0301","origin":"XA","urgency":"U3","classification":"restricted","readers":["XA"]`
	deep := strings.Repeat("[", 40) + strings.Repeat("]", 40)
	for _, test := range []struct{ name, doc, why string }{
		{"empty", ``, "ends too early"},
		{"cut", `{"kind":"yellow"`, "ends too early"},
		{"not an object", `["kind"]`, "not a JSON object"},
		{"null", `null`, "null"},
		{"null field", `{` + head + `,"card":null}`, "card: null"},
		{"trailing", `{` + head + `} {}`, "follows"},
		{"unknown field", `{` + head + `,"colour_of_hair":"red"}`, `unknown field "colour_of_hair"`},
		{"unknown inner field", `{` + head + `,"card":{"actoin":"PROTECT"}}`, `unknown field "actoin"`},
		{"twice", `{` + head + `,"origin":"XB"}`, "origin: written twice"},
		{"twice inside", `{` + head + `,"body":{"facts":"a","facts":"b"}}`, "body.facts: written twice"},
		{"other case", `{` + head + `,"Origin":"XB"}`, `unknown field "Origin"`},
		{"case by folding", `{` + head + `,"ca\u017fe":"XB"}`, "unknown field"},
		{"bad UTF-8", `{` + head + "\xff}", "not UTF-8"},
		{"half a surrogate", `{` + head + `,"body":{"facts":"\ud800"}}`, "a character was lost"},
		{"control character", `{` + head + `,"body":{"facts":"\u001b[2J"}}`, "control character"},
		{"deep", `{` + head + `,"card":` + deep + `}`, "nested"},
		{"long key", `{"` + strings.Repeat("a", 65) + `":1}`, "field name of 65 bytes"},
		{"large", `{"a":"` + strings.Repeat("x", MaxSize) + `"}`, "at most"},
		{"bad kind", `{"kind":"mauve","urgency":"U0","classification":"secret"}`, `kind: unknown kind "mauve"`},
		{"bad colour", strings.Replace(`{`+head+`}`, `"yellow"`, `"diffusion","colour":"undisclosed"`, 1), "colour"},
		{"bad urgency", strings.Replace(`{`+head+`}`, "U3", "U9", 1), "urgency"},
		{"bad date", `{` + head + `,"review_by":"2026-13-01"}`, "not a date"},
		{"empty date", `{` + head + `,"review_by":""}`, "not a date"},
	} {
		t.Run(test.name, func(t *testing.T) {
			n, err := Parse([]byte(test.doc))
			if err == nil {
				t.Fatalf("accepted: %+v", n)
			}
			if !strings.Contains(err.Error(), test.why) {
				t.Errorf("got %q, want it to say %q", err, test.why)
			}
		})
	}
}

func TestMarshalParse(t *testing.T) {
	for _, n := range []*Notice{ChildCase(testDay), NewGenerator(3, testDay).Next(), {Kind: ledger.KindRed}} {
		data, err := n.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		again := parse(t, data)
		if len(n.Readers) == 0 {
			again.Readers = nil
		}
		if !reflect.DeepEqual(again, n) {
			t.Errorf("%s: got %+v, want %+v", n.Reference, again, n)
		}
	}
}

func TestPublishHidesDiffusion(t *testing.T) {
	n := ChildCase(testDay)
	got := n.Publish()
	if got.Kind != ledger.KindUndisclosed || got.Urgency != ledger.U3 || got.Classification != ledger.Confidential {
		t.Errorf("got %+v", got)
	}
	if day := dateOfDay(got.ReviewBy); day != n.ReviewBy {
		t.Errorf("review by %s, want %s", day, n.ReviewBy)
	}
	if _, err := ledger.ParsePublish(got.Marshal()); err != nil {
		t.Errorf("the ledger refuses the header: %v", err)
	}
}

func TestFourEyes(t *testing.T) {
	for _, test := range []struct {
		kind, colour ledger.Kind
		want         bool
	}{
		{ledger.KindRed, 0, true},
		{ledger.KindYellow, 0, false},
		{ledger.KindDiffusion, ledger.KindYellow, false},
		{ledger.KindDiffusion, ledger.KindRed, true},
		{ledger.KindTally, 0, false},
	} {
		if got := (&Notice{Kind: test.kind, Colour: test.colour}).FourEyes(); got != test.want {
			t.Errorf("%s %s: got %v, want %v", test.kind, test.colour, got, test.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	data, err := ChildCase(testDay).Marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(`{"kind":"tally","urgency":"U0","classification":"unclassified","tally":{"hour":-1}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		n, err := Parse(data)
		if err != nil {
			return
		}
		_ = n.Validate(testDay) // must not panic on what is incomplete
		once, err := n.Marshal()
		if err != nil {
			t.Fatalf("parsed but not marshalled: %v", err)
		}
		if len(once) > MaxSize {
			return // indenting made it larger than what is read
		}
		again, err := Parse(once)
		if err != nil {
			t.Fatalf("marshalled but not parsed: %v\n%s", err, once)
		}
		twice, err := again.Marshal()
		if err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("two encodings (%v):\n%s\n%s", err, once, twice)
		}
	})
}
