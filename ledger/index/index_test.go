package index

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/ncruces/go-sqlite3"
)

func testOptions() Options {
	return Options{Key: [KeySize]byte{1, 2, 3}, Ledger: [32]byte{4}, Keys: [32]byte{5}}
}

func openTest(t testing.TB, dir string, o Options) *Index {
	t.Helper()
	ix, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ix.Close() })
	return ix
}

func apply(t testing.TB, ix *Index, u *Update) {
	t.Helper()
	if err := ix.Apply(u); err != nil {
		t.Fatal(err)
	}
}

func find(t testing.TB, ix *Index, e Expr) []uint64 {
	t.Helper()
	found, err := ix.Find(e, 0, 100)
	if err != nil {
		t.Fatalf("find %v: %v", e, err)
	}
	return found
}

// three is an update of three notices, of which the last was not opened.
func three() *Update {
	return &Update{To: 10, Put: []Put{
		{Notice: Notice{N: 2, Bureau: "XA", Ended: false, Opened: true, Events: []uint64{2}}, Terms: []string{"i_aa01", "bd_X123", "w_harbour", "k_red"}},
		{Notice: Notice{N: 5, Bureau: "XB", Ended: false, Opened: true, Events: []uint64{5, 7, 300}}, Terms: []string{"i_aa02", "bd_Y99", "w_harbour", "k_blue"}},
		{Notice: Notice{N: 6, Bureau: "XA", Ended: true, Opened: false, Events: []uint64{6, 8}}, Terms: []string{"i_bb03"}},
	}, Replies: []Reply{{Entry: 9, Notice: 5}, {Entry: 4, Notice: 2, Asks: true}}}
}

func TestFind(t *testing.T) {
	ix := openTest(t, t.TempDir(), testOptions())
	apply(t, ix, three())
	for _, tt := range []struct {
		e    Expr
		want []uint64
	}{
		{Term("bd_X123"), []uint64{2}},
		{Term("bd_X12"), nil},
		{Term("w_harbour"), []uint64{5, 2}},
		{All{Term("w_harbour"), Term("k_blue")}, []uint64{5}},
		{Any{Term("bd_X123"), Term("i_bb03")}, []uint64{6, 2}},
		{Term("i_aa*"), []uint64{5, 2}},
		{All{Any{Term("k_red"), Term("k_blue")}, Term("bd_Y99")}, []uint64{5}},
		{But{Term("w_harbour"), Any{Term("k_red"), Term("k_none")}}, []uint64{5}},
		{Term(`"; DROP TABLE notice; --`), nil},
		{Term("w_harbour OR k_red"), nil},
	} {
		if got := find(t, ix, tt.e); !slices.Equal(got, tt.want) {
			t.Errorf("find %v: got %v, want %v", tt.e, got, tt.want)
		}
	}
	for limit, want := range []int{0, 1, 2, 2} {
		if n, err := ix.Count(Term("w_harbour"), limit); err != nil || n != want {
			t.Errorf("count up to %d: got %d, %v", limit, n, err)
		}
	}
	n, err := ix.Notice(5)
	if err != nil || n == nil || n.Bureau != "XB" || n.Ended || !n.Opened || !slices.Equal(n.Events, []uint64{5, 7, 300}) {
		t.Errorf("Notice(5): got %+v, %v", n, err)
	}
	if n, err := ix.Notice(4); n != nil || err != nil {
		t.Errorf("Notice(4): got %+v, %v", n, err)
	}
	if got, err := ix.Replies(5); err != nil || !slices.Equal(got, []uint64{9}) {
		t.Errorf("Replies(5): got %v, %v", got, err)
	}
	ended := true
	for _, tt := range []struct {
		f    Filter
		want []uint64
	}{
		{Filter{}, []uint64{6, 5, 2}},
		{Filter{Bureau: "XA"}, []uint64{6, 2}},
		{Filter{Opened: true}, []uint64{5, 2}},
		{Filter{Since: 5, Before: 6}, []uint64{5}},
		{Filter{Ended: &ended}, []uint64{6}},
	} {
		list, err := ix.List(tt.f, 100)
		var got []uint64
		for _, n := range list {
			got = append(got, n.N)
		}
		if err != nil || !slices.Equal(got, tt.want) {
			t.Errorf("List(%+v): got %v, %v, want %v", tt.f, got, err, tt.want)
		}
	}
	if list, err := ix.List(Filter{}, 1); err != nil || len(list) != 1 || list[0].N != 6 {
		t.Errorf("List of 1: got %v, %v", list, err)
	}
	if err := ix.Apply(&Update{From: 9, To: 12}); err == nil {
		t.Error("an update that does not begin where the last one ended was taken")
	}
}

func TestFindNamed(t *testing.T) {
	ix := openTest(t, t.TempDir(), testOptions())
	u := three()
	u.Put[0].Names = []string{"Ilva Sorrendahl", "SORRENDAHL  ILVA"}
	u.Put[1].Names = []string{"Uncle Rook"}
	apply(t, ix, u)
	named := func(want string, limit int) []uint64 {
		found, err := ix.FindNamed(Any{Term("w_harbour"), Term("i_bb03")}, 0, limit, func(names []string) bool { return slices.Contains(names, want) })
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	for _, tt := range []struct {
		name  string
		limit int
		want  []uint64
	}{
		{"SORRENDAHL  ILVA", 9, []uint64{6, 2}}, // of the notice of entry 6 no names are known
		{"SORRENDAHL  ILVA", 1, []uint64{6}},
		{"Uncle Rook", 9, []uint64{6, 5}},
		{"Uncle", 9, []uint64{6}},
	} {
		if got := named(tt.name, tt.limit); !slices.Equal(got, tt.want) {
			t.Errorf("%s, %d: got %v, want %v", tt.name, tt.limit, got, tt.want)
		}
	}
	again := three().Put[1]
	again.Names = []string{"Aunt Rook"}
	apply(t, ix, &Update{From: 10, To: 11, Put: []Put{again}})
	if got := named("Uncle Rook", 9); !slices.Equal(got, []uint64{6}) {
		t.Errorf("after the notice got another name: got %v", got)
	}
}

func TestPutAgain(t *testing.T) {
	dir := t.TempDir()
	ix := openTest(t, dir, testOptions())
	apply(t, ix, three())
	apply(t, ix, &Update{From: 10, To: 11, Put: []Put{{Notice: Notice{N: 2, Bureau: "XA", Ended: false, Opened: true, Events: []uint64{2, 10}}, Terms: []string{"i_aa01", "bd_Z777"}}}})
	if err := ix.Close(); err != nil {
		t.Fatal(err)
	}
	ix = openTest(t, dir, testOptions())
	if ix.Position() != 11 {
		t.Errorf("position %d after reopening, want 11", ix.Position())
	}
	if got := find(t, ix, Any{Term("bd_X123"), Term("k_red")}); got != nil {
		t.Errorf("former terms still find %v", got)
	}
	if got := find(t, ix, Term("bd_Z777")); !slices.Equal(got, []uint64{2}) {
		t.Errorf("new terms find %v", got)
	}
	if got := find(t, ix, Term("w_harbour")); !slices.Equal(got, []uint64{5}) {
		t.Errorf("w_harbour finds %v", got)
	}
}

// TestDelete looks into the decrypted tables: a deleted notice must be in none,
// nor in the segments of the full-text engine.
func TestDelete(t *testing.T) {
	for _, secure := range []bool{true, false} {
		dir := t.TempDir()
		ix := openTest(t, dir, testOptions())
		if !secure { // the planted fault, which the test must see
			if err := ix.writer.Exec("INSERT INTO find(find, rank) VALUES('secure-delete', 0)"); err != nil {
				t.Fatal(err)
			}
		}
		u := three()
		u.Put[0].Terms = append(u.Put[0].Terms, "zz_onlyinthisone")
		apply(t, ix, u)
		apply(t, ix, &Update{From: 10, To: 11, Delete: []uint64{2}, Forget: []uint64{9}})
		if got := find(t, ix, Any{Term("bd_X123"), Term("zz_onlyinthisone"), Term("i_aa01")}); got != nil {
			t.Errorf("a deleted notice is found: %v", got)
		}
		if n, err := ix.Notice(2); n != nil || err != nil {
			t.Errorf("a deleted notice is there: %+v, %v", n, err)
		}
		for n := uint64(2); n < 6; n += 3 {
			if got, err := ix.Replies(n); got != nil || err != nil {
				t.Errorf("replies to %d: %v, %v", n, got, err)
			}
		}
		left := false
		for _, sql := range []string{"SELECT block FROM find_data", "SELECT t FROM term"} {
			err := ix.read(func(c *conn) error {
				return c.query(sql, func(s *sqlite3.Stmt) error {
					left = left || bytes.Contains(s.ColumnRawBlob(0), []byte("onlyinthisone"))
					return nil
				})
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		if left == secure {
			t.Errorf("secure-delete %t: the term is still in the tables: %t", secure, left)
		}
		if fi, err := os.Stat(filepath.Join(dir, fileName+"-wal")); secure && (err != nil || fi.Size() != 0) {
			t.Errorf("the write-ahead log was not emptied: %v, %v", fi, err)
		}
	}
}

// TestEncrypted looks for the terms in the files.
func TestEncrypted(t *testing.T) {
	dir := t.TempDir()
	ix := openTest(t, dir, testOptions())
	apply(t, ix, three())
	check := func(when string) {
		t.Helper()
		files, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil || len(files) == 0 {
			t.Fatal(files, err)
		}
		for _, f := range files {
			data, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			for _, plain := range []string{"harbour", "X123", "SQLite format", "notice"} {
				if bytes.Contains(data, []byte(plain)) {
					t.Errorf("%s: %s holds %q", when, filepath.Base(f), plain)
				}
			}
			if fi, err := os.Stat(f); err != nil || fi.Mode().Perm() != 0o600 {
				t.Errorf("%s: %s has mode %v, %v", when, filepath.Base(f), fi.Mode(), err)
			}
		}
	}
	check("open")
	ix.Close()
	check("closed")
}

// TestRebuild opens an index as another one than it was: it begins anew.
func TestRebuild(t *testing.T) {
	dir := t.TempDir()
	ix := openTest(t, dir, testOptions())
	apply(t, ix, three())
	ix.Close()
	original, err := os.ReadFile(filepath.Join(dir, fileName))
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]func(o *Options, file []byte) []byte{
		"same":      func(o *Options, file []byte) []byte { return file },
		"key":       func(o *Options, file []byte) []byte { o.Key[7]++; return file },
		"ledger":    func(o *Options, file []byte) []byte { o.Ledger[7]++; return file },
		"keys":      func(o *Options, file []byte) []byte { o.Keys[7]++; return file },
		"truncated": func(o *Options, file []byte) []byte { return file[:len(file)/2+100] },
		"first":     func(o *Options, file []byte) []byte { file[50]++; return file },
		"not one":   func(o *Options, file []byte) []byte { return bytes.Repeat([]byte("no index "), 3000) },
	} {
		o, file := testOptions(), slices.Clone(original)
		file = tt(&o, file)
		if err := os.WriteFile(filepath.Join(dir, fileName), file, 0o600); err != nil {
			t.Fatal(err)
		}
		ix, err := Open(dir, o)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		want := uint64(0)
		if name == "same" {
			want = 10
		}
		if ix.Position() != want {
			t.Errorf("%s: position %d, want %d", name, ix.Position(), want)
		}
		if err := ix.Apply(&Update{From: want, To: want + 1, Put: []Put{{Notice: Notice{N: want, Bureau: "XA"}, Terms: []string{"i_x"}}}}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		ix.Close()
	}
}

// TestDamage turns one byte of each page: every call returns, with what is right,
// or an error, or fewer finds; it neither panics nor hangs.
func TestDamage(t *testing.T) {
	dir := t.TempDir()
	ix := openTest(t, dir, testOptions())
	u := &Update{To: 400}
	for i := range uint64(400) {
		u.Put = append(u.Put, Put{Notice: Notice{N: i, Bureau: "XA", Events: []uint64{i}}, Terms: []string{fmt.Sprintf("bd_%d", i), "w_all"}})
	}
	apply(t, ix, u)
	ix.Close()
	original, err := os.ReadFile(filepath.Join(dir, fileName))
	if err != nil {
		t.Fatal(err)
	}
	seen := false
	for page := 0; page < len(original); page += 4096 {
		file := slices.Clone(original)
		file[page+99]++
		if err := os.WriteFile(filepath.Join(dir, fileName), file, 0o600); err != nil {
			t.Fatal(err)
		}
		ix, err := Open(dir, testOptions())
		if err != nil {
			t.Fatalf("page %d: %v", page/4096, err)
		}
		seen = seen || ix.Position() == 0
		_, err = ix.Find(Term("w_all"), 0, 1000)
		seen = seen || errors.Is(err, ErrDamaged)
		_, err = ix.List(Filter{}, 1000)
		seen = seen || errors.Is(err, ErrDamaged)
		p := ix.Position()
		if err := ix.Apply(&Update{From: p, To: p + 1, Put: []Put{{Notice: Notice{N: p, Bureau: "XA"}, Terms: []string{"w_all"}}}, Delete: []uint64{7}}); err != nil && !errors.Is(err, ErrDamaged) {
			t.Errorf("page %d: %v", page/4096, err)
		}
		ix.Close()
	}
	if !seen {
		t.Error("no damage was ever seen")
	}
}

func TestFindBorn(t *testing.T) {
	ix := openTest(t, t.TempDir(), testOptions())
	u := three()
	u.Put[0].First, u.Put[0].Last = -100, -100
	u.Put[1].First, u.Put[1].Last = 0, 364
	u.Put[2].First, u.Put[2].Last = -1000, 1000 // it ended
	u.Put[2].Terms = append(u.Put[2].Terms, "w_harbour")
	u.Put = append(u.Put, Put{Notice: Notice{N: 8, Bureau: "XA"}, Terms: []string{"w_harbour"}}) // on day 0
	apply(t, ix, u)
	for _, tt := range []struct {
		first, last int64
		want        []uint64
	}{
		{-100, -100, []uint64{2}}, {-101, -101, nil}, {-99, -1, nil}, {364, 364, []uint64{5}}, {365, 365, nil}, {0, 0, []uint64{8, 5}}, {-400, 400, []uint64{8, 5, 2}},
	} {
		got, full, err := ix.FindBorn(Term("w_harbour"), tt.first, tt.last, 10, nil)
		if err != nil || full || !slices.Equal(got, tt.want) {
			t.Errorf("FindBorn(%d, %d): got %v, full %v, %v, want %v", tt.first, tt.last, got, full, err, tt.want)
		}
	}
	// Many of one key and other names: there is an end, and it is said.
	u = &Update{From: u.To, To: u.To + 40}
	for i := range uint64(40) {
		u.Put = append(u.Put, Put{Notice: Notice{N: u.From + i, Bureau: "XA", First: 5000, Last: 5000}, Names: []string{"Decoy"}, Terms: []string{"w_harbour"}})
	}
	u.Put[3].Names = []string{"Ilva"}
	apply(t, ix, u)
	ilva := func(names []string) bool { return slices.Contains(names, "Ilva") }
	for _, tt := range []struct {
		limit int
		keep  func([]string) bool
		found int
		full  bool
	}{{10, nil, 10, true}, {10, ilva, 1, false}, {2, ilva, 0, true}, {40, nil, 40, true}, {41, nil, 40, false}} {
		if got, full, err := ix.FindBorn(Term("w_harbour"), 5000, 5000, tt.limit, tt.keep); err != nil || len(got) != tt.found || full != tt.full {
			t.Errorf("at most %d: got %v, full %v, %v, want %d, %v", tt.limit, got, full, err, tt.found, tt.full)
		}
		if got, full, err := ix.FindDays(Term("w_harbour"), []int64{5000}, tt.limit, tt.keep); err != nil || len(got) != tt.found || full != tt.full {
			t.Errorf("on the day, at most %d: got %v, full %v, %v, want %d, %v", tt.limit, got, full, err, tt.found, tt.full)
		}
	}
	for _, tt := range []struct {
		days []int64
		want []uint64
	}{{nil, nil}, {[]int64{-100}, []uint64{2}}, {[]int64{5, -100, 7}, []uint64{2}}, {[]int64{0, 364, 1000}, []uint64{8}}} {
		if got, _, err := ix.FindDays(Term("w_harbour"), tt.days, 10, nil); err != nil || !slices.Equal(got, tt.want) {
			t.Errorf("FindDays(%v): got %v, %v, want %v", tt.days, got, err, tt.want)
		}
	}
}

// A number is found as it stands on the document, in the digits of any script.
func TestDocumentTerm(t *testing.T) {
	for number, want := range map[string]string{"md 401-882": "bd_MD401882", "០៦២១៤៤៥៨៨": "bd_062144588", "៛ -": ""} {
		if got := DocumentTerm(number); got != want {
			t.Errorf("%s: got %q, want %q", number, got, want)
		}
	}
}
