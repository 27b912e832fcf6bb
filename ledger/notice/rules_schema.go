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

// at says something of the field at path, if it is there.
func at(path string, what any) object {
	name, rest, deeper := strings.Cut(path, ".")
	if deeper {
		what = at(rest, what)
	}
	return object{"properties": object{name: what}}
}

// required says that the field at path must be there, and what it must be.
func required(path string, what ...object) object {
	name, rest, deeper := strings.Cut(path, ".")
	s := object{"required": list{name}}
	switch {
	case deeper:
		s["properties"] = object{name: required(rest, what...)}
	case len(what) > 0:
		s["properties"] = object{name: what[0]}
	}
	return s
}

// written says that a text must be there and not blank.
func written(path string) object { return required(path, object{"pattern": notBlank}) }

// notBlank is a regular expression of ECMA 262: some character is no space.
const notBlank = `\S`

// hasItems says that the list at path has an item that is what.
func hasItems(path string, what object) object { return required(path, object{"contains": what}) }

// hasEntity says that the case has an entity of one of the types.
func hasEntity(types ...string) object {
	var any list
	for _, t := range types {
		any = append(any, object{"required": list{t}})
	}
	return hasItems("body.entities", object{"anyOf": any})
}

func actionIsNot(a Action) object { return at("card.action", object{"not": object{"const": a}}) }

// recognisable: the card shows a photo or says how the person looks.
var recognisable = at("card", object{"anyOf": list{
	object{"required": list{"photo"}}, object{"required": list{"looks"}, "properties": object{"looks": object{"minProperties": 1}}},
}})

// twoMarks: two of the four things that tell people apart are known.
var twoMarks = func() object {
	known := []object{
		required("names", object{"contains": object{"anyOf": list{written("full"), written("family"), written("given")}, "not": required("use", object{"const": NamePseudonym})}}),
		required("born"), required("nationalities", object{"minItems": 1}), required("documents", object{"minItems": 1}),
	}
	var pairs list
	for i, a := range known {
		for _, b := range slices.Backward(known[i+1:]) {
			pairs = append(pairs, object{"allOf": list{a, b}})
		}
	}
	return required("card.person", object{"anyOf": pairs})
}()
