package links

import (
	"fmt"
	"slices"
	"strings"

	"comity/ledger/notice"
	"comity/ledger/query"
)

// Grow returns what hangs together with the notice root, and nil if the source
// has no such notice.
func Grow(src Source, root string, limits Limits) (*Graph, error) {
	w := &grower{src: src, limits: limits.withDefaults(), g: &Graph{index: make(map[string]int), joins: make(map[[2]int]bool)},
		records: make(map[int]*query.Record)}
	r, err := src.Record(root)
	if err != nil || r == nil {
		return nil, err
	}
	w.notice(r, 0)
	frontier := []int{0}
	for step := 1; step <= w.limits.Depth && len(frontier) > 0; step++ {
		var next []int
		for _, at := range frontier {
			found, err := w.expand(at, step)
			if err != nil {
				return nil, err
			}
			next = append(next, found...)
		}
		frontier = next
	}
	if err := w.suggest(); err != nil {
		return nil, err
	}
	return w.g, nil
}

// grower is the state of one Grow.
type grower struct {
	src     Source
	limits  Limits
	g       *Graph
	records map[int]*query.Record // by node
	notices int
}

func (w *grower) notice(r *query.Record, step int) int {
	label := r.Reference
	if label == "" {
		label = r.ID[:min(12, len(r.ID))]
	}
	kind := strings.TrimSpace(r.Colour + " " + r.Kind)
	i := w.g.add(Node{ID: r.ID, Notice: true, Type: kind, Label: label, Bureau: r.Bureau, Step: step})
	w.records[i] = r
	w.notices++
	return i
}

// expand follows the identifiers of a notice, and returns the notices that it
// found.
func (w *grower) expand(at, step int) (found []int, err error) {
	done := make(map[string]bool)
	for i := range w.records[at].Identifiers {
		x := &w.records[at].Identifiers[i]
		key := x.Type + ":" + x.Norm
		if done[key] || !x.Linkable() {
			continue
		}
		if len(done) == maxIdentifiers {
			w.g.Cut = true
			break
		}
		done[key] = true
		if e, ok := w.g.index[key]; ok {
			if x.Same(w.g.Nodes[e].of) {
				w.hold(at, e) // its holders are known; a hub has further ones
			}
			continue
		}
		ids, total, err := w.src.Holders(x.Type, x.Norm, w.limits.Hub)
		if err != nil {
			return nil, fmt.Errorf("notices with %s: %w", x.Type, err)
		}
		if total < 2 {
			continue
		}
		hub := total > w.limits.Hub
		e := w.g.add(Node{ID: key, Type: x.Type, Label: x.Text, Step: step, Shared: total, Hub: hub, of: x})
		w.hold(at, e)
		if hub {
			continue
		}
		edges, cut := len(w.g.Edges), w.g.Cut
		w.g.Cut = false
		more, err := w.reach(at, e, step, ids, x)
		if err != nil {
			return nil, err
		}
		if !w.g.Cut { // those that turned out to be of another country do not count
			w.g.Nodes[e].Shared = 1 + len(w.g.Edges) - edges
		}
		w.g.Cut = w.g.Cut || cut
		if len(w.g.Edges) == edges {
			w.g.drop(e)
		}
		found = append(found, more...)
	}
	return found, nil
}

// reach adds the notices that hold an entity.
func (w *grower) reach(at, entity, step int, ids []string, of *query.Identifier) (found []int, err error) {
	for _, id := range ids {
		i, known := w.g.index[id]
		if !known {
			if w.notices >= w.limits.Notices {
				w.g.Cut = true
				continue
			}
			r, err := w.src.Record(id)
			if err != nil {
				return nil, fmt.Errorf("linked notice: %w", err)
			}
			if r == nil || !holds(r, of) {
				continue
			}
			i = w.notice(r, step)
			w.g.Nodes[i].from, w.g.Nodes[i].by = at, entity
			found = append(found, i)
		}
		if holds(w.records[i], of) {
			w.hold(i, entity)
		}
	}
	return found, nil
}

// holds reports whether a record has this very identifier: a passport with the
// same number of another country is another.
func holds(r *query.Record, of *query.Identifier) bool {
	for i := range r.Identifiers {
		if r.Identifiers[i].Same(of) {
			return true
		}
	}
	return false
}

// hold joins a notice to an entity that it holds, with what its author states.
func (w *grower) hold(at, entity int) {
	e := Edge{From: at, To: entity}
	r := w.records[at]
	for i := range r.Identifiers {
		x := &r.Identifiers[i]
		if !is(w.g.Nodes[entity].ID, x) {
			continue
		}
		if e.Label == "" {
			e.Label = x.Label
		}
		if x.Entity == "" {
			continue
		}
		for _, l := range r.Links {
			if (l.From == x.Entity || l.To == x.Entity) && len(e.Says) < w.limits.Statements {
				if s := statement(r, l); !slices.Contains(e.Says, s) {
					e.Says = append(e.Says, s)
				}
			}
		}
	}
	w.g.join(e)
}

// is reports whether a node's id is that of an identifier.
func is(id string, x *query.Identifier) bool {
	n := len(x.Type)
	return len(id) == n+1+len(x.Norm) && id[:n] == x.Type && id[n+1:] == x.Norm
}

// statement writes a link as a sentence with the grade of its source:
// "Uncle Rook uses +99955507731 (B2)".
func statement(r *query.Record, l query.Link) string {
	grade := l.Grade
	if grade == "" {
		grade = "not graded"
	}
	return fmt.Sprintf("%s %s %s (%s)", entityText(r, l.From), notice.Relation(l.Relation), entityText(r, l.To), grade)
}

// entityText says what an entity of a body is, as far as a record knows.
func entityText(r *query.Record, id string) string {
	for i := range r.Names {
		if r.Names[i].Entity == id {
			return r.Names[i].Text
		}
	}
	for i := range r.Identifiers {
		if r.Identifiers[i].Entity == id {
			return r.Identifiers[i].Text
		}
	}
	for i := range r.Places {
		if r.Places[i].Entity == id {
			return r.Places[i].Text
		}
	}
	return id
}

// suggest adds those who bear a name of the first notice. They are found by name
// alone, so nothing follows from them.
func (w *grower) suggest() error {
	root, left := w.records[0], w.limits.Namesakes
	for i := range root.Names {
		n := &root.Names[i]
		if n.Use == notice.NamePseudonym || left <= 0 {
			continue
		}
		ids, err := w.src.Namesakes(n.Text, w.limits.Hub)
		if err != nil {
			return fmt.Errorf("notices with a name: %w", err)
		}
		for _, id := range ids {
			if _, known := w.g.index[id]; known || left <= 0 {
				continue
			}
			r, err := w.src.Record(id)
			if err != nil {
				return fmt.Errorf("notice with a name: %w", err)
			}
			if r == nil {
				continue
			}
			score, why := sameName(n, r)
			if score == 0 {
				continue
			}
			at := w.notice(r, 1)
			w.g.Nodes[at].Suggested = true
			w.g.join(Edge{From: 0, To: at, Label: why, Suggested: true, Score: score})
			left--
		}
	}
	return nil
}

// sameName compares a name with those of a record.
func sameName(n *query.Name, r *query.Record) (best float64, why string) {
	for i := range r.Names {
		if r.Names[i].Use == notice.NamePseudonym {
			continue
		}
		if score, how := query.CompareNames(n.Text, r.Names[i].Text); score > best {
			best, why = score, fmt.Sprintf("%s and %s: %s", n.Text, r.Names[i].Text, how)
		}
	}
	return best, why
}
