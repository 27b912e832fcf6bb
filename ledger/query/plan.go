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
// least one key of each group, and none of a group that is not to be there. What
// has them may still not match; the index then runs Match on it. Names looked for
// with ~ are the one exception: a spelling that is very far from the one filed may
// share no key (see package names).

// Key is what an index looks for: a key of a record, or the beginning of one.
type Key struct {
	Text   string
	Prefix bool
}

// Group is a set of keys of which a record that matches has one at least, or
// with Not none.
type Group struct {
	Any []Key
	Not bool
}

// MaxKeys bounds the keys of one record: one that has as many may have more.
const MaxKeys = 20_000

// Keys returns the keys of the record, each once, in the form FIELD=VALUE:
//
//	phone=9995550884  identifiers; near=phone=... with one character left out, of
//	                  those of which a query cannot name all that are near
//	desk=phone=...    a telephone that the record holds as that of a desk only
//	name=ilva         a word of a name; like=KEY from package names
//	born=2013         a year in which somebody may be born; born=any, of very many
//	text=school       a word of a text; place=, from=, via=, to= likewise
//	country=XB        codes; has=photo
//	status=active     as it is if no time has passed: what expires is filed as before
//	id=1c27...        and ref=, hash= (a geohash)
//
// Those that say most come first, what is near an identifier last.
func (r *Record) Keys() []string {
	k := &keyList{seen: make(map[string]bool)}
	k.add("id=", r.ID)
	k.add("ref=", NormalID(r.Reference))
	k.add("kind=", r.Kind)
	k.add("kind=", r.Colour)
	k.add("urgency=", r.Urgency)
	k.add("bureau=", r.Bureau)
	k.add("status=", r.Status)
	for _, b := range r.Readers {
		k.add("reader=", b)
	}
	for _, o := range r.Operations {
		k.add("op=", o)
	}
	for _, c := range r.Countries {
		k.add("country=", c.Code)
	}
	k.identifiers(r)
	for i := range r.Names {
		k.all("name=", r.Names[i].Tokens)
	}
	for _, p := range r.Places {
		k.all("place=", p.Tokens)
		k.add("hash=", p.Hash)
	}
	for _, x := range r.Routes {
		k.add(x.End+"=", strings.ToLower(x.Country))
		k.all(x.End+"=", x.Tokens)
	}
	k.flags(r)
	k.names(r)
	for _, t := range r.Texts {
		k.all("text=", t.Tokens)
	}
	k.near(r)
	return k.list
}

// keyList collects keys.
type keyList struct {
	list []string
	seen map[string]bool
}

func (k *keyList) add(field, value string) {
	if key := field + value; value != "" && !k.seen[key] && len(k.list) < MaxKeys {
		k.seen[key] = true
		k.list = append(k.list, key)
	}
}

func (k *keyList) all(field string, values []string) {
	for _, v := range values {
		k.add(field, v)
	}
}

func (k *keyList) identifiers(r *Record) {
	linked := make(map[string]bool)
	for i := range r.Identifiers {
		x := &r.Identifiers[i]
		k.add(x.Type+"=", x.Norm)
		linked[x.Type+"="+x.Norm] = linked[x.Type+"="+x.Norm] || x.Linkable()
	}
	for key, is := range linked {
		if !is {
			k.add("desk=", key)
		}
	}
}

func (k *keyList) near(r *Record) {
	for i := range r.Identifiers {
		x := &r.Identifiers[i]
		if x.Type == Advert || editable(x.Type, x.Norm) {
			continue // nobody asks for what is near it, or a query asks for all of that
		}
		for _, near := range oneLess(x.Norm) {
			k.add("near="+x.Type+"=", near)
		}
	}
}

// editable reports whether all that is one character away from an identifier,
// and is itself editable, is few enough to be asked for.
func editable(kind, norm string) bool {
	letters, longest := alphabet(kind)
	return len(norm) <= longest && strings.Trim(norm, letters) == ""
}

// alphabet returns the characters of editable identifiers and how long they are.
func alphabet(kind string) (letters string, longest int) {
	const digits = "0123456789"
	if kind == Phone || kind == IMEI {
		return digits, 16
	}
	return digits + "ABCDEFGHIJKLMNOPQRSTUVWXYZ", 12
}

// oneEdit returns the editable identifiers that are one character away from s,
// and s: one is wrong, too many, missing, or two are swapped.
func oneEdit(kind, s string) []string {
	letters, longest := alphabet(kind)
	r := []rune(s)
	if len(r) > longest+1 {
		return nil
	}
	out := oneLess(s)
	for i := range len(r) + 1 {
		before, after := string(r[:i]), string(r[i:])
		for c := range len(letters) {
			out = append(out, before+letters[c:c+1]+after)
			if i < len(r) {
				out = append(out, before+letters[c:c+1]+string(r[i+1:]))
			}
		}
		if i+1 < len(r) {
			out = append(out, before+string(r[i+1])+string(r[i])+string(r[i+2:]))
		}
	}
	out = slices.DeleteFunc(out, func(x string) bool { return !editable(kind, x) })
	slices.Sort(out)
	return slices.Compact(out)
}

func (k *keyList) names(r *Record) {
	for i := range r.Names {
		n := &r.Names[i]
		for _, form := range n.forms() {
			parsed := names.Parse(form)
			k.all("like=", names.Keys(parsed))
			k.all("like=", names.WordKeys(parsed))
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
		if yearOf(b.Last)-yearOf(b.First) > maxYears {
			k.add("born=", "any")
			continue
		}
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

// Plan returns groups of keys that a record which matches has, or has not, once
// link terms are resolved. Without a group, all records may match. What is filed may be of more parts than who asks
// may read; then whole is false, and only what all parts have alike is excluded.
func (q *Query) Plan(whole bool) []Group { return plan(q.Root, whole) }

func plan(n Node, whole bool) []Group {
	switch n := n.(type) {
	case *And:
		var out []Group
		for _, m := range n.All {
			out = append(out, plan(m, whole)...)
		}
		return out
	case *Or:
		parts := make([][]Group, len(n.Any))
		for i, m := range n.Any {
			parts[i] = plan(m, whole)
		}
		return either(parts)
	case *Not:
		return exclude(n.Node, whole)
	case *Term:
		parts := make([][]Group, len(n.Values))
		for i := range n.Values {
			parts[i] = n.plan(&n.Values[i])
		}
		return either(parts)
	}
	return nil
}

// exclude returns groups of what does not match n.
func exclude(n Node, whole bool) []Group {
	switch n := n.(type) {
	case *Or: // none of them
		var out []Group
		for _, m := range n.Any {
			out = append(out, exclude(m, whole)...)
		}
		return out
	case *And: // one at least is not
		parts := make([][]Group, len(n.All))
		for i, m := range n.All {
			parts[i] = exclude(m, whole)
		}
		return either(parts)
	case *Not:
		return plan(n.Node, whole)
	case *Term:
		g := Group{Not: true}
		for i := range n.Values {
			if n.told(&n.Values[i], whole) { // of several values, those
				g.Any = append(g.Any, n.plan(&n.Values[i])[0].Any...)
			}
		}
		if len(g.Any) > 0 {
			return []Group{g}
		}
	}
	return nil
}

// told reports whether the key of a value says that it matches, also in an index
// that writes only letters and digits of it. Most keys say that it may.
func (t *Term) told(v *Value, whole bool) bool {
	switch t.Field.Name {
	case "kind", "urgency", "bureau":
		return true
	case "status":
		return slices.Contains(final, v.Norm)
	case "country":
		return whole
	case "has":
		return whole && v.Norm != HasMinor
	}
	return false
}

// lasting are the statuses that a notice may have as filed and, when time has
// passed, no longer; final those that no time changes.
var (
	lasting = []string{"submitted", "returned", "active", "suspended"}
	final   = []string{"refused", "withdrawn", "cancelled", "purged"}
)

// statusPlan is for a word of status:, of a notice as it is now.
func statusPlan(word string) Group {
	if slices.Contains(lasting, word) || slices.Contains(final, word) {
		return Group{Any: []Key{{Text: "status=" + word}}}
	}
	var g Group // live, review_due, expired: what is not over by an entry
	for _, s := range lasting {
		g.Any = append(g.Any, Key{Text: "status=" + s})
	}
	return g
}

// maxGroup bounds a group: it is not worth more questions.
const maxGroup = 1200

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
		if best.Not {
			return nil // nothing that both have
		}
		out.Any = append(out.Any, best.Any...)
	}
	if len(out.Any) > maxGroup {
		return nil
	}
	return []Group{out}
}

// cost guesses how little a group narrows: many keys, and short ones, find much.
func (g Group) cost() int {
	if g.Not {
		return 1 << 40
	}
	c := 0
	for _, k := range g.Any {
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
				g.Any = append(g.Any, Key{Text: "like=" + key})
			}
			return groups(g)
		}
		return wordPlan("name=", v.Words)
	case DayField, AgeField:
		return groups(bornPlan(v))
	case IdentField:
		if t.Op == Fuzzy {
			var g Group
			for _, near := range oneEdit(name, v.Norm) {
				g.Any = append(g.Any, Key{Text: name + "=" + near})
			}
			for _, near := range oneLess(v.Norm) {
				g.Any = append(g.Any, Key{Text: "near=" + name + "=" + near})
			}
			return groups(g)
		}
		return one(name+"="+v.Norm, false)
	case IDField:
		return groups(idPlan(v.Norm))
	case LinkField:
		g := Group{}.or(Key{Text: "id=none"}) // where it is linked to nothing, nothing matches
		for id := range t.linked {
			g = g.or(Key{Text: "id=" + id})
		}
		return groups(g)
	case PlaceField:
		if t.Op == Fuzzy {
			return nil
		}
		if v.Hash == "" {
			return wordPlan("place=", v.Words)
		}
		return groups(longest("place=", v.Words).or(Key{"hash=" + v.Hash, true}))
	case RouteField:
		return groups(longest(name+"=", v.Words).or(Key{Text: name + "=" + strings.ToLower(v.Norm)}))
	case HasField:
		if v.Norm == HasMinor {
			return nil // also by the date of birth
		}
		return one("has="+v.Norm, false)
	case CodeField:
		switch name {
		case "status":
			return groups(statusPlan(v.Norm))
		case "reader":
			return groups(Group{}.or(Key{Text: "reader=" + v.Norm}, Key{Text: "reader=all"}))
		}
		return one(name+"="+v.Norm, false)
	}
	return nil
}

func one(key string, prefix bool) []Group { return groups(Group{}.or(Key{key, prefix})) }

// or returns the group with further keys.
func (g Group) or(keys ...Key) Group { return Group{Any: append(slices.Clone(g.Any), keys...)} }

// groups is a list of one group, or of none if it is empty.
func groups(g Group) []Group {
	if len(g.Any) == 0 || len(g.Any) > maxGroup {
		return nil
	}
	return []Group{g}
}

// idPlan is for what may be a short name or the beginning of an id.
func idPlan(norm string) Group {
	g := Group{}.or(Key{Text: "ref=" + norm})
	if len(norm) >= 8 {
		g = g.or(Key{"id=" + norm, true})
	}
	return g
}

// textPlan has a group for each word, each of which also lets pass the notice
// that has the whole value as its name.
func textPlan(v *Value) []Group {
	var out []Group
	tokens := v.Words[0]
	for i, w := range tokens {
		g := idPlan(NormalID(v.Text)).or(Key{"text=" + w, v.Prefix && i == len(tokens)-1})
		for _, key := range names.WordProbes(v.name) {
			g = g.or(Key{Text: "like=" + key})
		}
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
			out = append(out, Group{}.or(Key{field + piece, i == len(w)-1 && len(r) == 1 && unspaced(r[0])}))
		}
	}
	return out
}

// longest returns the longest piece of the words, which narrows most.
func longest(field string, words [][]string) Group {
	var best Group
	for _, g := range wordPlan(field, words) {
		if best.Any == nil || len(g.Any[0].Text) > len(best.Any[0].Text) {
			best = g
		}
	}
	return best
}

// maxYears is over how many years a date of birth still narrows.
const maxYears = 30

func bornPlan(v *Value) Group {
	g := Group{}.or(Key{Text: "born=any"})
	for _, s := range v.Spans {
		if s.First == Earliest || s.Last == Latest || yearOf(s.Last)-yearOf(s.First) > maxYears {
			return Group{}
		}
		for y := yearOf(s.First); y <= yearOf(s.Last); y++ {
			if k := (Key{Text: fmt.Sprintf("born=%d", y)}); !slices.Contains(g.Any, k) {
				g = g.or(k)
			}
		}
	}
	return g
}

// Passes reports whether a record with these sorted keys may match.
func (g Group) Passes(sorted []string) bool {
	for _, k := range g.Any {
		i, found := slices.BinarySearch(sorted, k.Text)
		if found || k.Prefix && i < len(sorted) && strings.HasPrefix(sorted[i], k.Text) {
			return !g.Not
		}
	}
	return g.Not
}
