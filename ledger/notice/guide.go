package notice

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"comity/ledger"
)

// Guide returns the documentation of all kinds as Markdown: what each is for,
// what it asks for and why, and every field. It is made of what
// [Notice.Validate] checks by, so that it cannot be out of step.
func Guide() []byte {
	var b bytes.Buffer
	fmt.Fprint(&b, `# Kinds of notices

Made by `+"`notice.Guide`"+`, from the table that notices are checked by. Do not edit: run
`+"`go test ./ledger/notice -run Guide -update`"+`. The JSON Schema of a kind: `+"`comity notice schema --kind KIND`"+`;
a form with these words at every field: `+"`comity notice new --kind KIND --edit`"+`.

A notice has a header in the clear and up to three sealed parts: the **card** for the front line, the **body** for
investigators, the **victim** part for named protection officers. Every kind needs a reference, an origin, an urgency, a
classification, a review day and readers. A card, where there is one, needs one instruction and a desk to call.

`)
	for _, k := range append(Colours(), ledger.KindDiffusion, ledger.KindTally) {
		r := ruleOf(k)
		fmt.Fprintf(&b, "## %s\n\n%s\n\nPerson: %s.\n\n| field | asked, and why |\n|---|---|\n", k, r.what, r.who)
		for _, rule := range r.rules {
			fmt.Fprintf(&b, "| `%s` | %s |\n", rule.field, cell(strings.TrimPrefix(rule.why, "missing: ")))
		}
		fmt.Fprintln(&b)
	}
	fmt.Fprint(&b, "# Fields\n\nA field in **bold** must be there wherever its part is. Dates are 2010, 2010-05 or 2010-05-04, with ~ after an estimate.\n\n")
	for _, t := range structures(reflect.TypeFor[document](), nil) {
		fmt.Fprintf(&b, "## %s\n\n| field | |\n|---|---|\n", strings.ToLower(t.Name()))
		for f := range eachField(t) {
			name := "`" + f.name + "`"
			if slices.Contains(mustHave[t.Name()], f.name) {
				name = "**" + name + "**"
			}
			fmt.Fprintf(&b, "| %s | %s |\n", name, cell(fieldHelp[f.owner+"."+f.name]))
		}
		fmt.Fprintln(&b)
	}
	return append(bytes.TrimRight(b.Bytes(), "\n"), '\n')
}

func cell(s string) string { return strings.NewReplacer("|", "\\|", "<", "&lt;").Replace(s) }

// structures returns t and the structs of its fields, each once, outer first.
func structures(t reflect.Type, seen []reflect.Type) []reflect.Type {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || t == reflect.TypeFor[Date]() || slices.Contains(seen, t) {
		return seen
	}
	seen = append(seen, t)
	for f := range eachField(t) {
		seen = structures(f.of, seen)
	}
	return seen
}
