package notice

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"comity/ledger"
)

// TestDraft: a draft is the notice and comments, whatever the kind.
func TestDraft(t *testing.T) {
	list := []*Notice{ChildCase(testDay), {Kind: ledger.KindRed}}
	for _, k := range kinds() {
		list = append(list, template(t, k))
	}
	for _, n := range list {
		draft, err := n.Draft("first line", "second\nthird")
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParseDraft(draft)
		if err != nil {
			t.Fatalf("%s: %v\n%s", n.Kind, err, draft)
		}
		if len(n.Readers) == 0 {
			again.Readers = nil
		}
		if !reflect.DeepEqual(again, n) {
			t.Errorf("%s: got %+v, want %+v", n.Kind, again, n)
		}
		if !bytes.HasPrefix(draft, []byte("// first line\n// second\n// third\n{\n")) {
			t.Errorf("%s: the note is not at the top: %.80s", n.Kind, draft)
		}
	}
	draft, err := template(t, ledger.KindYellow).Draft()
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "draft_yellow.jsonc", draft)
}

func TestParseDraft(t *testing.T) {
	const head = `{"kind":"yellow","reference":"LT-0301","origin":"XA","urgency":"U3","classification":"restricted","readers":["XA"]`
	for _, test := range []struct{ name, draft, why string }{
		{"comment at the end", head + "} // done", ""},
		{"comment in a text", head + `,"body":{"facts":"see http://example.org // and \"more\""}}`, ""},
		{"block comment", "/* x */" + head + "}", "line 1: a comment begins with //"},
		{"lone slash", head + "}\n/", "line 2: a comment begins with //"},
		{"open text", head + `,"card":{"caveat":"one` + "\n" + `two"}}`, "line 1: a text does not end"},
		{"no comma", "{\n// x\n\"kind\":\"yellow\"\n\"origin\":\"XA\"}", "line 4: not JSON"},
		{"comma too many", "{\n\"kind\":\"yellow\",\n\n}", "line 2: a comma before the end"},
		{"nothing", "// nothing\n", "ends too early"},
		{"twice", head + `,"origin":"XB"}`, "written twice"},
		{"large", strings.Repeat("// x\n", maxDraft/5+1), "at most"},
		{"escaped newline", "{\"a\":\"\\\n\"}", "line 1: a text does not end"},
	} {
		n, err := ParseDraft([]byte(test.draft))
		switch {
		case test.why == "" && err != nil:
			t.Errorf("%s: %v", test.name, err)
		case test.why != "" && (err == nil || !strings.Contains(err.Error(), test.why)):
			t.Errorf("%s: got %+v, %v, want an error with %q", test.name, n, err, test.why)
		}
	}
	if !Blank([]byte(" // x\n\n")) || Blank([]byte("{}")) {
		t.Error("blank is not told from full")
	}
}

func FuzzParseDraft(f *testing.F) {
	draft, err := ChildCase(testDay).Draft("note")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(draft)
	f.Add([]byte("{\"a\": \"// no\\\\\" // yes\n}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		n, err := ParseDraft(data)
		if err != nil {
			return
		}
		again, err := n.Draft()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ParseDraft(again); err != nil && len(again) < MaxSize {
			t.Fatalf("written but not read: %v\n%s", err, again)
		}
	})
}
