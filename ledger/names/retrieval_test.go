package names

import (
	"cmp"
	"math/rand/v2"
	"slices"
)

// shelf is an inverted index of names, as an index on disk would be.
type shelf struct {
	names   []Name
	posts   map[string][]int32
	longest int // posting lists longer than this are left out
}

func newShelf(longest int) *shelf { return &shelf{posts: make(map[string][]int32), longest: longest} }

func (s *shelf) add(n Name) {
	id := int32(len(s.names))
	s.names = append(s.names, n)
	for _, k := range Keys(n) {
		s.posts[k] = append(s.posts[k], id)
	}
}

// found is a candidate and its score.
type found struct {
	id    int32
	score float64
}

// search returns the names that share a key with q, best first.
func (s *shelf) search(q Name) []found {
	seen := make(map[int32]bool)
	var out []found
	for _, k := range Probes(q) {
		list := s.posts[k]
		if len(list) > s.longest {
			continue
		}
		for _, id := range list {
			if !seen[id] {
				seen[id] = true
				out = append(out, found{id, Score(q, s.names[id])})
			}
		}
	}
	slices.SortFunc(out, func(a, b found) int { return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.id, b.id)) })
	return out
}

// query is a name to look for and the name that it stands for.
type query struct {
	text string
	want int32
}

// outcome of many queries.
type outcome struct {
	n, candidates, first, ten, over int
	looked                          int
	missed                          []query
}

// run asks the queries. A name that scores higher than the wanted one, or the
// same and was filed earlier, stands before it.
func (s *shelf) run(queries []query) (o outcome) {
	for _, q := range queries {
		list := s.search(Parse(q.text))
		o.n++
		o.looked += len(list)
		at := slices.IndexFunc(list, func(f found) bool { return f.id == q.want })
		if at >= 0 {
			o.candidates++
			if list[at].score >= Threshold {
				o.over++
			}
		}
		if at == 0 {
			o.first++
		}
		if at >= 0 && at < 10 {
			o.ten++
		} else {
			o.missed = append(o.missed, q)
		}
	}
	return o
}

// treatments makes the queries: names with typing errors, other spellings, and
// the writing of the country.
func treatments(r *rand.Rand, people []person, n int) (typos, variants, natives []query) {
	for len(typos) < n || len(variants) < n || len(natives) < n {
		i := r.IntN(len(people))
		p := people[i]
		if len(typos) < n {
			typos = append(typos, query{p.treated(r), int32(i)})
		}
		if len(variants) < n && p.variant != p.latin {
			variants = append(variants, query{p.variant, int32(i)})
		}
		if len(natives) < n && p.native != "" {
			natives = append(natives, query{p.native, int32(i)})
		}
	}
	return typos, variants, natives
}
