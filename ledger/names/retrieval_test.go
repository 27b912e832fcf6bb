package names

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"time"
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
	times                           []time.Duration
	missed                          []query
}

// run asks the queries. A name that scores higher than the wanted one, or the
// same and was filed earlier, stands before it.
func (s *shelf) run(queries []query) (o outcome) {
	for _, q := range queries {
		start := time.Now()
		list := s.search(Parse(q.text))
		o.times = append(o.times, time.Since(start))
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

// treatment is a way of writing names otherwise than they were filed.
type treatment struct {
	name    string
	queries []query
}

// treatments makes n queries of each kind.
func treatments(r *rand.Rand, people []person, n int) []treatment {
	kinds := []struct {
		name  string
		write func(p person) string
	}{
		{"one wrong letter", func(p person) string { return p.treated(r, 1) }},
		{"two wrong", func(p person) string { return p.treated(r, 2) }},
		{"other spelling", func(p person) string {
			if p.variant == p.latin {
				return ""
			}
			return p.variant
		}},
		{"own script", func(p person) string { return p.native }},
	}
	out := make([]treatment, len(kinds))
	for k, kind := range kinds {
		out[k].name = kind.name
		for len(out[k].queries) < n {
			i := r.IntN(len(people))
			if text := kind.write(people[i]); text != "" {
				out[k].queries = append(out[k].queries, query{text, int32(i)})
			}
		}
	}
	return out
}
