package query

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"comity/ledger/names"
)

// An index that cannot run Match on everything files each record under the keys
// of [Record.Keys] and asks for those of [Query.Plan]: whatever Match finds has at
// least one key of each group. What has them may still not match; the index then
// runs Match on it. Names looked for with ~ are the one exception: a spelling that
// is very far from the one filed may share no key (see package names).

// Key is what an index looks for: a key of a record, or the beginning of one.
type Key struct {
	Text   string
	Prefix bool
}

// Group is a set of keys of which a record that matches has one at least.
type Group []Key

// maxKeys bounds the keys of one record.
const maxKeys = 20_000

// Keys returns the keys of the record, each once, in the form FIELD=VALUE:
//
//	phone=9995550884  identifiers; near=phone=... with one character left out
//	name=ilva         a word of a name; like=KEY from package names
//	born=2013         a year in which somebody may be born
//	text=school       a word of a text; place=, from=, via=, to= likewise
//	country=XB        codes; has=photo
//	id=1c27...        and ref=, hash= (a geohash)
func (r *Record) Keys() []string {
	k := &keyList{seen: make(map[string]bool)}
	k.add("id=", r.ID)
	k.add("ref=", NormalID(r.Reference))
	k.add("kind=", r.Kind)
	k.add("kind=", r.Colour)
	k.add("urgency=", r.Urgency)
	k.add("bureau=", r.Bureau)
	for _, b := range r.Readers {
		k.add("reader=", b)
	}
	for _, o := range r.Operations {
		k.add("op=", o)
	}
	for _, c := range r.Countries {
		k.add("country=", c.Code)
	}
	for i := range r.Identifiers {
		x := &r.Identifiers[i]
		k.add(x.Type+"=", x.Norm)
		for _, near := range oneLess(x.Norm) {
			k.add("near="+x.Type+"=", near)
		}
	}
	k.names(r)
	for _, p := range r.Places {
		k.all("place=", p.Tokens)
		k.add("hash=", p.Hash)
	}
	for _, x := range r.Routes {
		k.add(x.End+"=", strings.ToLower(x.Country))
		k.all(x.End+"=", x.Tokens)
	}
	for _, t := range r.Texts {
		k.all("text=", t.Tokens)
	}
	k.flags(r)
	return k.list
}

// keyList collects keys.
type keyList struct {
	list []string
	seen map[string]bool
}

func (k *keyList) add(field, value string) {
	if key := field + value; value != "" && !k.seen[key] && len(k.list) < maxKeys {
		k.seen[key] = true
		k.list = append(k.list, key)
	}
}

func (k *keyList) all(field string, values []string) {
	for _, v := range values {
		k.add(field, v)
	}
}

func (k *keyList) names(r *Record) {
	for i := range r.Names {
		n := &r.Names[i]
		k.all("name=", n.Tokens)
		for _, form := range notBlank(n.Text, strings.ReplaceAll(n.MRZ, "<", " ")) {
			k.all("like=", names.Keys(names.Parse(form)))
		}
	}
}

func (k *keyList) flags(r *Record) {
	for _, f := range []struct {
		name string
		is   bool
	}{{HasPhoto, r.Photo}, {HasDOB, len(r.Births) > 0}, {HasLink, len(r.Links) > 0}, {HasMinor, r.Minor}} {
		if f.is {
			k.add("has=", f.name)
		}
	}
	for _, x := range r.Identifiers {
		if x.Type == Doc {
			k.add("has=", HasDoc)
		}
	}
	for _, b := range r.Births {
		for y := yearOf(b.First); y <= yearOf(b.Last); y++ {
			k.add("born=", fmt.Sprint(y))
		}
	}
}

func yearOf(day int64) int { return time.Unix(day*24*60*60, 0).UTC().Year() }

// oneLess returns s and s with each of its characters left out: two that are one
// character apart share one of these.
func oneLess(s string) []string {
	out := []string{s}
	runes := []rune(s)
	for i := range runes {
		out = append(out, string(runes[:i])+string(runes[i+1:]))
	}
	return out
}

// Plan returns groups of keys, of each of which a record that matches has one at
// least. Without a group, all records may match.
func (q *Query) Plan() []Group { return plan(q.Root) }

func plan(n Node) []Group {
	switch n := n.(type) {
	case *And:
		var out []Group
		for _, m := range n.All {
			out = append(out, plan(m)...)
		}
		return out
	case *Or:
		parts := make([][]Group, len(n.Any))
		for i, m := range n.Any {
			parts[i] = plan(m)
		}
		return either(parts)
	case *Term:
		parts := make([][]Group, len(n.Values))
		for i := range n.Values {
			parts[i] = n.plan(&n.Values[i])
		}
		return either(parts)
	}
	return nil // what is excluded has no key
}

// maxGroup bounds a group: it is not worth more questions.
const maxGroup = 1000

// either joins alternatives: one group of each, together, are in what matches
// any of them.
func either(parts [][]Group) []Group {
	if len(parts) == 1 {
		return parts[0]
	}
	var out Group
	for _, p := range parts {
		if len(p) == 0 {
			return nil
		}
		best := slices.MinFunc(p, func(a, b Group) int { return a.cost() - b.cost() })
		out = append(out, best...)
	}
	if len(out) > maxGroup {
		return nil
	}
	return []Group{out}
}

// cost guesses how little a group narrows: many keys, and short ones, find much.
func (g Group) cost() int {
	c := 0
	for _, k := range g {
		c += 1000/(len(k.Text)+1) + 10
	}
	return c
}

// plan returns the groups of one value.
func (t *Term) plan(v *Value) []Group {
	name := t.Field.Name
	switch t.Field.Type {
	case TextField:
		return textPlan(v)
	case NameField:
		if t.Op == Fuzzy {
			var g Group
			for _, key := range names.Probes(v.name) {
				g = append(g, Key{Text: "like=" + key})
			}
			return groups(g)
		}
		return wordPlan("name=", v.Words)
	case DayField, AgeField:
		return groups(bornPlan(v))
	case IdentField:
		if t.Op == Fuzzy {
			var g Group
			for _, near := range oneLess(v.Norm) {
				g = append(g, Key{Text: "near=" + name + "=" + near})
			}
			return groups(g)
		}
		return one(name+"="+v.Norm, false)
	case IDField:
		return groups(idPlan(v.Norm))
	case PlaceField:
		if t.Op == Fuzzy {
			return nil
		}
		if v.Hash == "" {
			return wordPlan("place=", v.Words)
		}
		return groups(append(longest("place=", v.Words), Key{"hash=" + v.Hash, true}))
	case RouteField:
		return groups(append(longest(name+"=", v.Words), Key{Text: name + "=" + strings.ToLower(v.Norm)}))
	case HasField:
		if v.Norm == HasMinor {
			return nil // also by the date of birth
		}
		return one("has="+v.Norm, false)
	case CodeField:
		switch name {
		case "status": // changes as time goes by
			return nil
		case "reader":
			return groups(Group{{Text: "reader=" + v.Norm}, {Text: "reader=all"}})
		}
		return one(name+"="+v.Norm, false)
	}
	return nil
}

func one(key string, prefix bool) []Group { return []Group{{{key, prefix}}} }

// groups is a list of one group, or of none if it is empty.
func groups(g Group) []Group {
	if len(g) == 0 || len(g) > maxGroup {
		return nil
	}
	return []Group{g}
}

// idPlan is for what may be a short name or the beginning of an id.
func idPlan(norm string) Group {
	g := Group{{Text: "ref=" + norm}}
	if len(norm) >= 8 {
		g = append(g, Key{"id=" + norm, true})
	}
	return g
}

// textPlan has a group for each word, each of which also lets pass the notice
// that has the whole value as its name.
func textPlan(v *Value) []Group {
	var out []Group
	tokens := v.Words[0]
	for i, w := range tokens {
		g := append(idPlan(NormalID(v.Text)), Key{"text=" + w, v.Prefix && i == len(tokens)-1})
		out = append(out, g)
	}
	return out
}

// wordPlan has a group for each piece of each word.
func wordPlan(field string, words [][]string) []Group {
	var out []Group
	for _, w := range words {
		for i, piece := range w {
			r := []rune(piece)
			out = append(out, Group{{field + piece, i == len(w)-1 && len(r) == 1 && unspaced(r[0])}})
		}
	}
	return out
}

// longest returns the longest piece of the words, which narrows most.
func longest(field string, words [][]string) Group {
	var best Group
	for _, g := range wordPlan(field, words) {
		if best == nil || len(g[0].Text) > len(best[0].Text) {
			best = g
		}
	}
	return best
}

// maxYears is over how many years a date of birth still narrows.
const maxYears = 30

func bornPlan(v *Value) Group {
	var g Group
	for _, s := range v.Spans {
		if s.First == Earliest || s.Last == Latest || yearOf(s.Last)-yearOf(s.First) > maxYears {
			return nil
		}
		for y := yearOf(s.First); y <= yearOf(s.Last); y++ {
			if k := (Key{Text: fmt.Sprintf("born=%d", y)}); !slices.Contains(g, k) {
				g = append(g, k)
			}
		}
	}
	return g
}

// Has reports whether one of the sorted keys is of the group.
func (g Group) Has(sorted []string) bool {
	for _, k := range g {
		i, found := slices.BinarySearch(sorted, k.Text)
		if found || k.Prefix && i < len(sorted) && strings.HasPrefix(sorted[i], k.Text) {
			return true
		}
	}
	return false
}
