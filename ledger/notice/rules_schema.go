package notice

import (
	"slices"
	"strings"
)

// object and list are JSON Schema in the making. Go writes the keys of a map in
// order, so that equal schemas are equal bytes.
type (
	object map[string]any
	list   []any
)

// schemaAt says something of the field at path, if it is there.
func schemaAt(path string, what any) object {
	name, rest, deeper := strings.Cut(path, ".")
	if deeper {
		what = schemaAt(rest, what)
	}
	return object{"properties": object{name: what}}
}

// schemaRequired says that the field at path must be there, and what it must be.
func schemaRequired(path string, what ...object) object {
	name, rest, deeper := strings.Cut(path, ".")
	s := object{"required": list{name}}
	switch {
	case deeper:
		s["properties"] = object{name: schemaRequired(rest, what...)}
	case len(what) > 0:
		s["properties"] = object{name: what[0]}
	}
	return s
}

// schemaWritten says that a text must be there and not blank.
func schemaWritten(path string) object { return schemaRequired(path, object{"pattern": notBlank}) }

// notBlank is a regular expression of ECMA 262: some character is no space.
const notBlank = `\S`

// schemaItems says that the list at path has an item that is what.
func schemaItems(path string, what object) object {
	return schemaRequired(path, object{"contains": what})
}

// schemaEntity says that the case has an entity of one of the types.
func schemaEntity(types ...string) object {
	var any list
	for _, t := range types {
		any = append(any, object{"required": list{t}})
	}
	return schemaItems("body.entities", object{"anyOf": any})
}

func actionIsNot(a Action) object { return schemaAt("card.action", object{"not": object{"const": a}}) }

// recognisable: the card shows a photo or says how the person looks.
var recognisable = schemaAt("card", object{"anyOf": list{
	object{"required": list{"photo"}}, object{"required": list{"looks"}, "properties": object{"looks": object{"minProperties": 1}}},
}})

// twoMarks: two of the four things that tell people apart are known.
var twoMarks = func() object {
	known := []object{
		schemaRequired("names", object{"contains": object{"anyOf": list{schemaWritten("full"), schemaWritten("family"), schemaWritten("given")}, "not": schemaRequired("use", object{"const": NamePseudonym})}}),
		schemaRequired("born"), schemaRequired("nationalities", object{"minItems": 1}), schemaRequired("documents", object{"minItems": 1}),
	}
	var pairs list
	for i, a := range known {
		for _, b := range slices.Backward(known[i+1:]) {
			pairs = append(pairs, object{"allOf": list{a, b}})
		}
	}
	return schemaRequired("card.person", object{"anyOf": pairs})
}()
