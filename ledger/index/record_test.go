package index

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"comity/ledger/query"
)

// crowded returns a record of so many wallets and so many words.
func crowded(wallets, words int) *query.Record {
	r := &query.Record{Header: query.Header{ID: strings.Repeat("ab", 32)}, Reference: "ZZ-0001"}
	for i := range wallets {
		norm := fmt.Sprintf("+999560%05d", i)
		r.Identifiers = append(r.Identifiers, query.Identifier{Type: query.Wallet, Norm: norm, Text: norm})
	}
	r.Names = []query.Name{{Text: "Mirela Tandoran"}}
	var text query.Text
	for i := range words {
		text.Tokens = append(text.Tokens, fmt.Sprintf("word%d", i))
	}
	r.Texts = []query.Text{text}
	return r
}

// TestTooManyTerms: a notice with more terms than are filed is found by all that it
// holds, and by its reference.
func TestTooManyTerms(t *testing.T) {
	for _, tt := range []struct {
		wallets, words     int
		more, names, exact bool
	}{
		{100, 100, false, false, false},
		{100, 5000, true, false, false},
		{4093, 100, true, true, false},
		{6000, 0, true, true, true},
		{21_000, 0, true, true, true},
	} {
		name := fmt.Sprintf("%d wallets, %d words", tt.wallets, tt.words)
		r := crowded(tt.wallets, tt.words)
		terms := RecordTerms(r)
		if len(terms) > maxTerms+3 {
			t.Errorf("%s: %d terms", name, len(terms))
		}
		for term, want := range map[string]bool{overflow: tt.more, overflowNames: tt.names, overflowExact: tt.exact, everything: true} {
			if slices.Contains(terms, term) != want {
				t.Errorf("%s: %s is among its terms: %t", name, term, !want)
			}
		}
		ix := openTest(t, t.TempDir(), testOptions())
		apply(t, ix, &Update{To: 3, Put: []Put{{Notice: Notice{N: 2, Bureau: "XA", Opened: true, Events: []uint64{2}}, Terms: append(Terms(r.ID, nil), terms...)}}})
		last := r.Identifiers[len(r.Identifiers)-1]
		for what, e := range map[string]Expr{"its last wallet": Any{Holding(last.Type, last.Norm), MaybeHolding()}, "its name": nil,
			"its reference": Referred(query.NormalID(r.Reference)), "its id": Referred(r.ID)} {
			if what == "its name" {
				keys := nameKeys(r)
				e = Any{Called(keys[len(keys)-1]), MaybeCalled()}
			}
			if got := find(t, ix, e); !slices.Equal(got, []uint64{2}) {
				t.Errorf("%s: %s finds %v", name, what, got)
			}
		}
		if got := find(t, ix, Holding(last.Type, last.Norm)); (len(got) == 0) != tt.exact {
			t.Errorf("%s: it surely holds its last wallet: %v", name, got)
		}
		if got := find(t, ix, Any{Holding(query.Wallet, "other"), MaybeHolding()}); (len(got) > 0) != tt.exact {
			t.Errorf("%s: another wallet finds %v", name, got)
		}
	}
}

func nameKeys(r *query.Record) (out []string) {
	for _, k := range r.Keys() {
		if key, ok := strings.CutPrefix(k, "like="); ok {
			out = append(out, key)
		}
	}
	if out == nil { // they were too many before it
		out = []string{"x"}
	}
	return out
}
