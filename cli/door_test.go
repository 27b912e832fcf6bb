package cli

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"comity/ledger/links"
	"comity/ledger/notice"
	"comity/node/desk"
)

// opened are the types in which opened text leaves a desk.
var opened = []reflect.Type{reflect.TypeFor[desk.Case](), reflect.TypeFor[desk.Reply](), reflect.TypeFor[notice.View](), reflect.TypeFor[notice.Reply](),
	reflect.TypeFor[links.Graph](), reflect.TypeFor[desk.Answer]()}

// gives reports whether a value of a type leads to opened text.
func gives(t reflect.Type, seen map[reflect.Type]bool) bool {
	if slices.Contains(opened, t) {
		return true
	}
	if seen[t] {
		return false
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Chan:
		return gives(t.Elem(), seen)
	case reflect.Map:
		return gives(t.Key(), seen) || gives(t.Elem(), seen)
	case reflect.Struct:
		for i := range t.NumField() {
			if gives(t.Field(i).Type, seen) {
				return true
			}
		}
	}
	return false
}

// doors returns the methods of a replica that give opened text, by name.
func doors() map[string]bool {
	out := make(map[string]bool)
	t := reflect.TypeFor[*desk.Desk]()
	for i := range t.NumMethod() {
		m := t.Method(i).Type
		for j := range m.NumOut() {
			if gives(m.Out(j), make(map[reflect.Type]bool)) {
				out[t.Method(i).Name] = true
			}
		}
		for j := range m.NumIn() { // or hand it to a function that is given
			if f := m.In(j); f.Kind() == reflect.Func {
				for k := range f.NumIn() {
					out[t.Method(i).Name] = out[t.Method(i).Name] || gives(f.In(k), make(map[reflect.Type]bool))
				}
			}
		}
	}
	for _, name := range texts {
		_, out[name] = t.MethodByName(name)
	}
	return out
}

// texts are the methods that give opened text as no more than a string.
var texts = []string{"OpenNote"}

// apart are the calls that need no reader: what they open is shown to nobody.
var apart = []string{
	"cli/demo.go: d.Check",                         // no desk: a demo that checks itself
	"cli/notice_new.go: d.Cases",                   // counts, with no key
	"node/desk/server/server.go: s.cfg.Desk.Cases", // opens what is new ahead of who asks for it
}

// TestOneDoor wants of the packages that show something to people that they ask no
// replica for opened text, but a reader, which records first. A method that is new,
// and a command or a route that is new, are held to it.
func TestOneDoor(t *testing.T) {
	names := doors()
	for _, want := range []string{"Cases", "Case", "Search", "SearchAs", "Links", "Events", "Answer", "Pending", "Check", "OpenDraft", "OpenNote"} {
		if !names[want] {
			t.Errorf("%s is not seen to give opened text", want)
		}
	}
	used := make(map[string]bool)
	for _, dir := range []string{"cli", "node/desk/server"} {
		files, err := filepath.Glob(filepath.Join("..", dir, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatal(files, err)
		}
		for _, path := range files {
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for _, call := range replicaCalls(t, data, names) {
				call = dir + "/" + filepath.Base(path) + ": " + call
				if used[call] = true; !slices.Contains(apart, call) {
					t.Errorf("%s gives opened text past the reader: nobody records it", call)
				}
			}
		}
	}
	for _, call := range apart {
		if !used[call] {
			t.Errorf("%s is no longer there", call)
		}
	}
	// It finds what it is to find.
	planted := "package cli\nfunc f() { s.desk.Case(ctx, name); w.desk.Events(ctx, at, 0); s.reader().Case(ctx, name); a.cfg.Desk.OpenDraft(it); s.desk.OpenNote(d, by, id) }"
	if got := replicaCalls(t, []byte(planted), names); !slices.Equal(got, []string{"s.desk.Case", "w.desk.Events", "a.cfg.Desk.OpenDraft", "s.desk.OpenNote"}) {
		t.Errorf("of planted calls it finds %q", got)
	}
}

// replicaCalls returns the calls, by these names, of what is not a reader: a field or
// a variable that is called as replicas are.
func replicaCalls(t *testing.T, source []byte, names map[string]bool) (list []string) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), "", source, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(f, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok || !names[sel.Sel.Name] {
			return true
		}
		if path := dotted(sel); isReplica(path) {
			list = append(list, path)
		}
		return true
	})
	return list
}

// isReplica reports whether a call is of a desk: s.desk.Case, d.Cases.
func isReplica(path string) bool {
	parts := strings.Split(path, ".")
	of := parts[max(0, len(parts)-2)]
	return len(parts) > 1 && !slices.Contains([]string{"desk.Case", "desk.Answer"}, path) /* types */ && slices.Contains([]string{"desk", "Desk", "d", "own", "replica"}, of)
}

// dotted returns a selector as it is written, "" for one of what a call returns.
func dotted(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		if of := dotted(e.X); of != "" {
			return of + "." + e.Sel.Name
		}
	}
	return ""
}
