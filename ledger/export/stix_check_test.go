package export

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// required are the properties that the STIX 2.1 specification demands of the
// types that we write, beside those of section 3.1 that all have.
var required = map[string][]string{
	"report": {"name", "published", "object_refs", "report_types"}, "note": {"content", "object_refs"}, "identity": {"name", "identity_class"},
	"location": {}, "indicator": {"pattern", "pattern_type", "valid_from", "indicator_types"},
	"relationship": {"relationship_type", "source_ref", "target_ref"}, "marking-definition": {}, "user-account": {}, "email-addr": {"value"},
}

var (
	stixID   = regexp.MustCompile(`^([a-z][a-z0-9-]+[a-z0-9])--[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	stixTime = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$`)
	relType  = regexp.MustCompile(`^[a-z0-9-]+$`)
)

var observables = []string{"user-account", "email-addr"}

// checkSTIX returns what is wrong with a bundle.
func checkSTIX(data []byte) (problems []string) {
	wrong := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	var b struct {
		Type, ID string
		Objects  []map[string]any
	}
	if err := json.Unmarshal(data, &b); err != nil {
		return []string{err.Error()}
	}
	if m := stixID.FindStringSubmatch(b.ID); b.Type != "bundle" || m == nil || m[1] != "bundle" {
		wrong("no bundle: %s %s", b.Type, b.ID)
	}
	types := make(map[string]string)
	for _, o := range b.Objects {
		id, _ := o["id"].(string)
		if types[id] != "" {
			wrong("%s is there twice", id)
		}
		types[id], _ = o["type"].(string)
	}
	for _, o := range b.Objects {
		for _, p := range checkObject(o, types) {
			wrong("%v: %s", o["id"], p)
		}
	}
	return problems
}

func checkObject(o map[string]any, types map[string]string) (problems []string) {
	wrong := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	kind, _ := o["type"].(string)
	id, _ := o["id"].(string)
	if m := stixID.FindStringSubmatch(id); m == nil || m[1] != kind {
		wrong("its id is not of its type %s", kind)
	}
	need, known := required[kind]
	if !known {
		return append(problems, "a type that is not written here")
	}
	need = append(slices.Clone(need), "spec_version")
	switch {
	case kind == "marking-definition":
		need = append(need, "created")
		if o["extensions"] == nil && (o["definition_type"] == nil || o["definition"] == nil) {
			wrong("it marks nothing")
		}
	case slices.Contains(observables, kind):
	default:
		need = append(need, "created", "modified", "created_by_ref")
		if kind == "identity" && strings.HasPrefix(fmt.Sprint(o["name"]), "bureau ") {
			need = need[:len(need)-1]
		}
	}
	for _, n := range need {
		if o[n] == nil || o[n] == "" {
			wrong("%s is missing", n)
		}
	}
	if o["spec_version"] != "2.1" {
		wrong("spec_version %v", o["spec_version"])
	}
	for _, n := range []string{"created", "modified", "published", "valid_from"} {
		if s, ok := o[n].(string); ok {
			if _, err := time.Parse(time.RFC3339, s); err != nil || !stixTime.MatchString(s) {
				wrong("%s %s is no timestamp", n, s)
			}
		}
	}
	problems = append(problems, checkRefs(o, types)...)
	switch kind {
	case "location":
		if o["country"] == nil && (o["latitude"] == nil || o["longitude"] == nil) {
			wrong("it is nowhere")
		}
		if o["precision"] != nil && o["latitude"] == nil {
			wrong("precision without a position")
		}
	case "relationship":
		if s, _ := o["relationship_type"].(string); !relType.MatchString(s) {
			wrong("relationship_type %q", s)
		}
	case "user-account":
		if o["user_id"] == nil && o["account_login"] == nil {
			wrong("an account of nobody")
		}
	}
	return problems
}

// checkRefs wants every reference to lead to an object of the bundle, and every
// object but a marking to be marked.
func checkRefs(o map[string]any, types map[string]string) (problems []string) {
	for key, v := range o {
		var refs []any
		switch {
		case strings.HasSuffix(key, "_refs"):
			refs, _ = v.([]any)
			if len(refs) == 0 {
				problems = append(problems, key+" is empty")
			}
		case strings.HasSuffix(key, "_ref"):
			refs = []any{v}
		}
		for _, r := range refs {
			to := types[fmt.Sprint(r)]
			if to == "" || key == "object_marking_refs" && to != "marking-definition" || key == "created_by_ref" && to != "identity" {
				problems = append(problems, fmt.Sprintf("%s leads to %v, a %q", key, r, to))
			}
		}
		if v == nil || v == "" {
			problems = append(problems, key+" is empty")
		}
	}
	if marks, _ := o["object_marking_refs"].([]any); o["type"] != "marking-definition" && len(marks) != 2 {
		problems = append(problems, "TLP and handling are not both marked")
	}
	return problems
}
