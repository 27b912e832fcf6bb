package index

import (
	"fmt"
	"slices"
	"testing"
)

// TestTidy: all segments become one, in steps, between which the file may be
// closed; nothing that is found changes, and what is deleted is gone.
func TestTidy(t *testing.T) {
	dir := t.TempDir()
	ix := openTest(t, dir, testOptions())
	grow := func(to, step uint64) {
		for from := ix.Position(); from < to; from += step {
			u := &Update{From: from, To: from + step}
			for n := from; n < from+step; n++ {
				u.Put = append(u.Put, Put{Notice: Notice{N: n, Bureau: "XA"}, Terms: []string{"w_all", fmt.Sprintf("w_%d", n), fmt.Sprintf("k_%d", n%97)}})
			}
			apply(t, ix, u)
		}
	}
	grow(tidyAfter-64, 64)
	if more, err := ix.Tidy(); more || err != nil {
		t.Errorf("with few entries: more %v, %v", more, err)
	}
	grow(tidyAfter+192, 16)
	ask := func() (all []uint64) {
		for _, term := range []Term{"w_all", "w_0", "w_4100", "k_5", "w_none"} {
			list, err := ix.Find(term, 0, 10_000)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, list...)
		}
		return all
	}
	segments := func() int64 {
		n, err := ix.writer.number("SELECT count(DISTINCT segid) FROM find_idx")
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	before, many := ask(), segments()
	more, err := ix.Tidy()
	if !more || err != nil {
		t.Fatalf("the first step: more %v, %v", more, err)
	}
	if err := ix.Close(); err != nil {
		t.Fatal(err)
	}
	ix = openTest(t, dir, testOptions())
	for steps := 0; ; steps++ {
		if !slices.Equal(ask(), before) {
			t.Fatalf("after step %d something else is found", steps)
		}
		if more, err = ix.Tidy(); err != nil || steps > 1000 {
			t.Fatalf("step %d: %v", steps, err)
		}
		if !more {
			break
		}
	}
	if n := segments(); n != 1 || many < 3 {
		t.Errorf("%d segments became %d", many, n)
	}
	if more, err := ix.Tidy(); more || err != nil {
		t.Errorf("again: more %v, %v", more, err)
	}
	size := ix.Position()
	apply(t, ix, &Update{From: size, To: size + 1, Delete: []uint64{4100}})
	if list, err := ix.Find(Term("w_4100"), 0, 10); len(list) != 0 || err != nil {
		t.Errorf("deleted: got %v, %v", list, err)
	}
	if list, err := ix.Find(Term("w_all"), 0, 10_000); len(list) != int(size)-1 || err != nil {
		t.Errorf("the others: %d of %d, %v", len(list), size-1, err)
	}
	grow(2*size, 256)
	if more, err := ix.Tidy(); !more || err != nil {
		t.Errorf("when it has grown: more %v, %v", more, err)
	}
}
