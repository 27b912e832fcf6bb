package links

import (
	"cmp"
	"maps"
	"slices"

	"comity/ledger/names"
	"comity/ledger/query"
)

// Memory is a [Source] of records that are all in memory.
type Memory struct {
	records map[string]*query.Record
	holders map[string][]string // by type and normal form
	bearers map[string][]string // by a key of a name
}

var _ Source = (*Memory)(nil)

// NewMemory returns a source of these records. Its work and its size grow with
// the number of identifiers and keys of names in them.
func NewMemory(records []*query.Record) *Memory {
	m := &Memory{make(map[string]*query.Record, len(records)), make(map[string][]string), make(map[string][]string)}
	for _, r := range records {
		if m.records[r.ID] != nil {
			continue
		}
		m.records[r.ID] = r
		for i := range r.Identifiers {
			if x := &r.Identifiers[i]; x.Linkable() {
				put(m.holders, x.Type+":"+x.Norm, r.ID)
			}
		}
		for i := range r.Names {
			for _, key := range nameKeys(r.Names[i].Text) {
				put(m.bearers, key, r.ID)
			}
		}
	}
	return m
}

// put adds an id once: those of one record come one after the other.
func put(to map[string][]string, key, id string) {
	if list := to[key]; len(list) == 0 || list[len(list)-1] != id {
		to[key] = append(list, id)
	}
}

// nameKeys are what a name is filed under.
func nameKeys(name string) []string { return names.Keys(names.Parse(name)) }

// Record returns the record with an id.
func (m *Memory) Record(id string) (*query.Record, error) { return m.records[id], nil }

// Holders returns who holds an identifier.
func (m *Memory) Holders(kind, norm string, limit int) ([]string, int, error) {
	all := m.holders[kind+":"+norm]
	return all[:min(limit, len(all))], len(all), nil
}

// maxBearers bounds what is looked at of one key.
const maxBearers = 200

// Namesakes returns the records with a name that has most keys in common.
func (m *Memory) Namesakes(name string, limit int) ([]string, error) {
	shared := make(map[string]int)
	for _, key := range nameKeys(name) {
		list := m.bearers[key]
		for _, id := range list[:min(maxBearers, len(list))] {
			shared[id]++
		}
	}
	out := slices.SortedFunc(maps.Keys(shared), func(a, b string) int {
		return cmp.Or(cmp.Compare(shared[b], shared[a]), cmp.Compare(a, b))
	})
	return out[:min(limit, len(out))], nil
}
