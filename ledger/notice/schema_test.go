package notice

import (
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"

	"comity/ledger"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// schemas compiles the schema of every kind with another's implementation.
func schemas(t *testing.T) map[ledger.Kind]*jsonschema.Schema {
	t.Helper()
	compiled := make(map[ledger.Kind]*jsonschema.Schema)
	for _, k := range kinds() {
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema(k)))
		if err != nil {
			t.Fatal(err)
		}
		c := jsonschema.NewCompiler()
		if err := c.AddResource("urn:comity:notice:v1:"+k.String(), doc); err != nil {
			t.Fatal(err)
		}
		if compiled[k], err = c.Compile("urn:comity:notice:v1:" + k.String()); err != nil {
			t.Fatalf("%s: %v", k, err)
		}
	}
	return compiled
}

func instance(t *testing.T, data []byte) any {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestSchemaAccepts what Validate accepts: templates, the child's case, and 500
// generated notices.
func TestSchemaAccepts(t *testing.T) {
	compiled := schemas(t)
	check := func(n *Notice) {
		t.Helper()
		data, err := n.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		if err := n.Validate(testDay); err != nil {
			t.Fatalf("%s: %v", n.Reference, err)
		}
		if err := compiled[n.Kind].Validate(instance(t, data)); err != nil {
			t.Errorf("%s %s: %v", n.Kind, n.Reference, err)
		}
	}
	check(ChildCase(testDay))
	g := NewGenerator(9, testDay)
	for range 170 {
		check(g.Next())
	}
	for _, k := range kinds() {
		check(template(t, k))
		for range 30 {
			check(g.NextOf(k))
		}
		if k == ledger.KindDiffusion || k == ledger.KindTally {
			continue
		}
		n := template(t, k)
		n.Kind, n.Colour, n.Readers = ledger.KindDiffusion, k, Readers{"XA", "XB"}
		if k == ledger.KindRed {
			n.Card.Action = CallDesk
		}
		check(n)
	}
}

// TestSchemaRefuses leaves out every field of every template, as TestMissing
// does: what Validate then refuses, the schema refuses, but for what it cannot say.
func TestSchemaRefuses(t *testing.T) {
	compiled := schemas(t)
	refused := 0
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
			spoilt := without(t, data, path)
			n, err := Parse(spoilt)
			if err == nil {
				err = n.Validate(testDay)
			}
			schema := compiled[k].Validate(instance(t, spoilt))
			switch {
			case err != nil && schema == nil && !unspeakable(err):
				t.Errorf("%s without %s: the schema accepts what is refused for %v", k, path, err)
			case err == nil && schema != nil:
				t.Errorf("%s without %s: the schema refuses what is accepted: %v", k, path, schema)
			case err != nil:
				refused++
			}
		}
	}
	if refused < 100 {
		t.Errorf("only %d documents were refused", refused)
	}
	for _, bad := range []struct{ from, to string }{
		{`"PROTECT"`, `"SHOOT"`}, {`"PROTECT"`, `"ARREST"`}, {`"U1"`, `"U9"`}, {`"XC"`, `"xc"`}, {`"caveat"`, `"caveats"`}, {`"H1"`, `"H3"`}, {`"B2"`, `"D5"`},
		{`"uses"`, `"knows"`}, {`"lat": 1.25`, `"lat": 91`}, {`"height_cm": 167`, `"height_cm": 9`}, {`"+99955501100"`, `"call me"`}, {`"XB"`, `"XA"`}, {`"reference": "XA-0001"`, `"reference": "1"`},
	} {
		data, err := Template(ledger.KindYellow, testDay)
		if err != nil {
			t.Fatal(err)
		}
		spoilt := bytes.ReplaceAll(data, []byte(bad.from), []byte(bad.to))
		if bytes.Equal(spoilt, data) {
			t.Fatalf("no %s in the template", bad.from)
		}
		if compiled[ledger.KindYellow].Validate(instance(t, spoilt)) == nil {
			t.Errorf("%s as %s is accepted", bad.from, bad.to)
		}
	}
}

// unspeakable reports whether every problem is of those that the schema cannot
// say.
func unspeakable(err error) bool {
	for line := range strings.SplitSeq(err.Error(), "\n") {
		if !strings.Contains(line, "is no entity of this notice") {
			return false
		}
	}
	return true
}

// TestSchemaGolden keeps two of the schemas to be read; all are made alike.
func TestSchemaGolden(t *testing.T) {
	for _, k := range []ledger.Kind{ledger.KindYellow, ledger.KindTally} {
		golden(t, "schema_"+k.String()+".json", Schema(k))
	}
	if Schema(ledger.KindUndisclosed) != nil {
		t.Error("there is a schema of no kind")
	}
}

func TestGuide(t *testing.T) {
	got := Guide()
	if *update {
		if err := os.WriteFile("KINDS.md", got, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("KINDS.md")
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("KINDS.md is not what the rules say (%v); run with -update", err)
	}
}

// TestHelp: every field is explained, and nothing else is.
func TestHelp(t *testing.T) {
	known := map[string]bool{}
	for _, s := range structures(reflect.TypeFor[document](), nil) {
		for f := range eachField(s) {
			key := f.owner + "." + f.name
			known[key] = true
			if fieldHelp[key] == "" {
				t.Errorf("%s is not explained", key)
			}
		}
	}
	for _, table := range []any{fieldHelp, fieldLimits} {
		for _, key := range reflect.ValueOf(table).MapKeys() {
			if !known[key.String()] {
				t.Errorf("%s is no field", key)
			}
		}
	}
	for owner, names := range mustHave {
		for _, name := range names {
			if !known[owner+"."+name] {
				t.Errorf("%s.%s is no field", owner, name)
			}
		}
	}
}
