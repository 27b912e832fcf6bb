package query

import (
	"slices"
	"strings"

	"comity/ledger/names"
)

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
	case TimeField:
		var g Group
		for _, s := range v.Spans {
			g = g.or(timePlan(s).Any...)
		}
		return groups(g)
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
			return groups(Group{}.or(Key{Text: "hash=" + anySpan}).or(v.Point.cells("hash=", t.WithinKM)...))
		}
		if v.Hash == "" {
			return wordPlan("place=", v.Words)
		}
		return groups(longest("place=", v.Words).or(Key{"hash=" + v.Hash, true}))
	case RouteField:
		return groups(longest(name+"=", v.Words).or(Key{Text: name + "=" + strings.ToLower(v.Norm)}))
	case HasField:
		if v.Norm == HasMinor { // also by the date of birth
			return groups(bornPlan(v).or(Key{Text: "has=" + HasMinor}))
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

func bornPlan(v *Value) Group {
	g := Group{}.or(Key{Text: "born=" + anySpan})
	for _, s := range v.Spans {
		first, last := 0, 9999
		if s.First != Earliest {
			first = yearOf(s.First)
		}
		if s.Last != Latest {
			last = yearOf(s.Last)
		}
		for _, k := range years("born=", first, last) {
			if !slices.Contains(g.Any, k) {
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
