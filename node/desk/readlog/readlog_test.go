package readlog

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"comity/crypto/keys"
	"comity/crypto/seal"
	"comity/ledger"
)

var (
	testOrigin = Origin{Ledger: ledger.Hash{1, 2, 3}, Bureau: "XA"}
	noon       = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
)

func testRead(i int) Read {
	return Read{Officer: keys.ID{7}, Label: "case-1", How: Shown, Parts: PartsOf(seal.Card, seal.Body),
		Notice: ledger.ID{byte(i), byte(i >> 8), 1}, Entry: uint64(100 + i), Purpose: "case 3fa2b1c0"}
}

func openTest(t *testing.T, path string) *Log {
	t.Helper()
	l, err := Open(path, testOrigin, noon)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// written returns the bytes of a log of n reads, and its heads: heads[i] is of
// i records.
func written(t *testing.T, n int) (data []byte, heads []*Head) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "log")
	l := openTest(t, path)
	h, err := l.Head(noon)
	if err != nil {
		t.Fatal(err)
	}
	heads = append(heads, &h)
	for i := range n {
		h, err := l.Append(noon.Add(time.Duration(i)*time.Minute), testRead(i))
		if err != nil {
			t.Fatal(err)
		}
		heads = append(heads, &h)
	}
	if data, err = os.ReadFile(path); err != nil {
		t.Fatal(err)
	}
	return data, heads
}

func verify(data []byte, kept ...*Head) (*Report, error) {
	return Verify(bytes.NewReader(data), kept, nil)
}

func TestWhatIsWrittenIsReadBack(t *testing.T) {
	data, heads := written(t, 3)
	var got []*Record
	r, err := Verify(bytes.NewReader(data), heads, func(r *Record) error { got = append(got, r); return nil })
	if err != nil || r.Head != *heads[3] || r.Torn != nil || r.Origin != testOrigin || r.Begun != uint64(noon.UnixMilli()) {
		t.Fatalf("got %+v, %v", r, err)
	}
	for i, rec := range got {
		if want := testRead(i); rec.Number != uint64(i) || *rec.Read != want || rec.Time != uint64(noon.UnixMilli())+uint64(i)*60_000 {
			t.Errorf("record %d: got %+v %+v, want %+v", i, rec, rec.Read, want)
		}
	}
	if fi, err := os.Stat(t.TempDir()); err != nil || !fi.IsDir() {
		t.Fatal(err)
	}
}

func TestTheFileIsForItsOwnerOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "reads", "log")
	openTest(t, path).Close()
	for p, want := range map[string]os.FileMode{path: 0o600, filepath.Dir(path): 0o700} {
		if fi, err := os.Stat(p); err != nil || fi.Mode().Perm() != want {
			t.Errorf("%s: %v, %v, want %o", p, fi.Mode().Perm(), err, want)
		}
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path, testOrigin, noon); err == nil || !strings.Contains(err.Error(), "0640") {
		t.Errorf("open a log that others may read: %v", err)
	}
}

func TestEveryFlippedByteIsFound(t *testing.T) {
	data, _ := written(t, 3)
	var broken *Broken
	for i := range data {
		for _, bit := range []byte{1, 0x80} {
			bad := bytes.Clone(data)
			bad[i] ^= bit
			if _, err := verify(bad); !errors.As(err, &broken) {
				t.Fatalf("byte %d with bit %#x flipped: %v, want Broken", i, bit, err)
			}
			path := filepath.Join(t.TempDir(), "log")
			if i%37 == 0 { // the writer refuses as well
				if err := os.WriteFile(path, bad, 0o600); err != nil {
					t.Fatal(err)
				}
				if _, err := Open(path, testOrigin, noon); err == nil {
					t.Fatalf("byte %d flipped: the log is continued", i)
				}
			}
		}
	}
}

// TestEveryCutIsFound cuts the log at each byte: between records only a kept
// head shows it, within one the log itself.
func TestEveryCutIsFound(t *testing.T) {
	data, heads := written(t, 3)
	var broken *Broken
	whole := 0
	for n := range len(data) {
		r, err := verify(data[:n])
		switch {
		case n < headerLen:
			if !errors.As(err, &broken) {
				t.Fatalf("cut at %d: %v, want Broken", n, err)
			}
			continue
		case err != nil:
			t.Fatalf("cut at %d: %v", n, err)
		case r.Torn == nil:
			whole++
		case int(r.Torn.Offset)+len(r.Torn.Bytes) != n:
			t.Fatalf("cut at %d: torn %+v", n, r.Torn)
		}
		if _, err := verify(data[:n], heads[3]); !errors.As(err, &broken) || !strings.Contains(broken.Reason, "missing") {
			t.Fatalf("cut at %d, with the head: %v, want Broken", n, err)
		}
		if r.Head != *heads[r.Head.Size] {
			t.Fatalf("cut at %d: head %+v", n, r.Head)
		}
	}
	if whole != 3 {
		t.Errorf("%d cuts are between records, want 3", whole)
	}
}

func TestDroppedSwappedAndForgedRecordsAreFound(t *testing.T) {
	data, heads := written(t, 4)
	other, _ := written(t, 4)
	var at []int // where records begin
	for s, err := newScanner(bytes.NewReader(data)); ; {
		if err != nil {
			t.Fatal(err)
		}
		at = append(at, int(s.offset))
		if _, e := s.next(); e == io.EOF {
			break
		} else if e != nil {
			t.Fatal(e)
		}
	}
	cut := func(i int) []byte { return data[at[i]:at[i+1]] }
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	head := data[:headerLen]
	// Whoever may write the file can make a chain that holds in itself.
	forged := bytes.Clone(head)
	hash := heads[0].Hash
	for i := range 4 {
		read := testRead(i)
		if i == 2 {
			read.Purpose = "another purpose"
		}
		forged, hash = frame(forged, hash, &Record{Number: uint64(i), Time: 1, Read: &read})
	}
	for name, tt := range map[string]struct {
		data []byte
		kept []*Head
	}{
		"dropped in the middle":    {join(head, cut(0), cut(2), cut(3)), nil},
		"dropped at the beginning": {join(head, cut(1), cut(2), cut(3)), nil},
		"dropped at the end":       {join(head, cut(0), cut(1), cut(2)), heads[4:]},
		"swapped":                  {join(head, cut(0), cut(2), cut(1), cut(3)), nil},
		"twice":                    {join(head, cut(0), cut(0), cut(1)), nil},
		"of another log":           {join(head, other[headerLen:]), nil},
		"begun anew":               {other, heads[1:2]},
		"begun anew, empty":        {other[:headerLen], heads[:1]},
		"written anew":             {forged, heads[3:4]},
		"written anew, longer":     {forged, heads[4:]},
	} {
		var broken *Broken
		if _, err := verify(tt.data, tt.kept...); !errors.As(err, &broken) {
			t.Errorf("%s: %v, want Broken", name, err)
		}
	}
	if _, err := verify(forged, heads[:2]...); err == nil {
		t.Error("written anew from record 0 on: the head of one record does not show it")
	}
	if _, err := verify(data, heads...); err != nil {
		t.Errorf("as it was written: %v", err)
	}
}

func TestCrashAtEachStep(t *testing.T) {
	stop := errors.New("the power fails")
	t.Cleanup(func() { testingOnlyStep = nil })
	for fail := 0; ; fail++ {
		path := filepath.Join(t.TempDir(), "log")
		n, name := 0, ""
		testingOnlyStep = func(s string) error {
			if n++; n > fail {
				name = s
				return stop
			}
			return nil
		}
		acknowledged := []Head{}
		l, err := Open(path, testOrigin, noon)
		if l != nil {
			l.limit = 300 // the second write goes into a further file
		}
		for i := 0; err == nil && i < 2; i++ {
			var h Head
			if h, err = l.Append(noon, testRead(i), testRead(10+i)); err == nil {
				acknowledged = append(acknowledged, h)
			} else if _, again := l.Append(noon, testRead(i)); again == nil {
				t.Errorf("%s: the log goes on after a failed write", name)
			}
		}
		if l != nil {
			l.Close()
		}
		testingOnlyStep = nil
		again := openTest(t, path)
		if _, err := again.Append(noon, testRead(5)); err != nil {
			t.Errorf("%s: after it: %v", name, err)
		}
		data := all(t, path)
		var kept []*Head
		for i := range acknowledged {
			kept = append(kept, &acknowledged[i])
		}
		if _, err := verify(data, kept...); err != nil {
			t.Errorf("%s: what was acknowledged is not there: %v", name, err)
		}
		if err == nil { // it went through without a failure
			if last, err := lastPart(path); fail < 14 || err != nil || last != 2 {
				t.Errorf("only %d steps, %d files, %v", fail, last, err)
			}
			return
		}
	}
}

// TestTornWriteIsMendedAndTold leaves each beginning of a write behind, as it is
// and filled with zeros.
func TestTornWriteIsMendedAndTold(t *testing.T) {
	data, heads := written(t, 2)
	short, _ := written(t, 0)
	_ = short
	var first int
	s, err := newScanner(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.next(); err != nil {
		t.Fatal(err)
	}
	first = int(s.offset)
	dir := t.TempDir()
	for n := first + 1; n < len(data); n += 3 {
		for _, zeros := range []int{0, len(data) - n} {
			if zeros > 0 && n > len(data)-hashLen {
				continue // a hash of which a beginning is there cannot be told from a changed one
			}
			path := filepath.Join(dir, "log")
			torn := append(bytes.Clone(data[:n]), make([]byte, zeros)...)
			if zeros > 0 && n < first+frameLen {
				continue // so is a length
			}
			if err := os.WriteFile(path, torn, 0o600); err != nil {
				t.Fatal(err)
			}
			l, err := Open(path, testOrigin, noon)
			if err != nil {
				t.Fatalf("%d bytes and %d zeros: %v", n, zeros, err)
			}
			l.Close()
			mended, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var last *Record
			if r, err := Verify(bytes.NewReader(mended), heads[:2], func(r *Record) error { last = r; return nil }); err != nil || r.Head.Size != 2 || r.Torn != nil {
				t.Fatalf("%d bytes and %d zeros: %+v, %v", n, zeros, r, err)
			}
			if last.Mended == nil || int(last.Mended.Bytes) != len(torn)-first {
				t.Errorf("%d bytes and %d zeros: %+v", n, zeros, last.Mended)
			}
			if _, err := verify(mended, heads...); err == nil {
				t.Errorf("%d bytes and %d zeros: the head of the record that is gone does not show it", n, zeros)
			}
			os.Remove(path)
		}
	}
}

func TestTwoWritersShareOneLog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	var wg sync.WaitGroup
	for range 2 {
		l := openTest(t, path)
		wg.Go(func() {
			for i := range 20 {
				if _, err := l.Append(noon, testRead(i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if r, err := verify(data); err != nil || r.Head.Size != 40 {
		t.Errorf("got %+v, %v, want 40 records", r, err)
	}
}

func TestWriterNoticesWhatIsDoneToItsFile(t *testing.T) {
	for name, tt := range map[string]struct {
		do   func(path string) error
		want error
	}{
		"removed":  {os.Remove, ErrReplaced},
		"cut":      {func(path string) error { return os.Truncate(path, headerLen) }, ErrShorter},
		"replaced": {func(path string) error { return os.Rename(path+".copy", path) }, ErrReplaced},
		"written by another hand": {func(path string) error {
			f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			_, err = f.Write(bytes.Repeat([]byte("x"), 100))
			return errors.Join(err, f.Close())
		}, nil},
	} {
		path := filepath.Join(t.TempDir(), "log")
		l := openTest(t, path)
		if _, err := l.Append(noon, testRead(1)); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(path)
		if err == nil {
			err = os.WriteFile(path+".copy", data, 0o600)
		}
		if err == nil {
			err = tt.do(path)
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.Append(noon, testRead(2)); err == nil || tt.want != nil && !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
	path := filepath.Join(t.TempDir(), "log")
	openTest(t, path).Close()
	if _, err := Open(path, Origin{Ledger: ledger.Hash{9}, Bureau: "XA"}, noon); !errors.Is(err, ErrOther) {
		t.Errorf("of another ledger: %v", err)
	}
}

func TestAppendRefusesWhatHasNoEncoding(t *testing.T) {
	l := openTest(t, filepath.Join(t.TempDir(), "log"))
	for name, edit := range map[string]func(*Read){
		"no purpose":        func(r *Read) { r.Purpose = "" },
		"long purpose":      func(r *Read) { r.Purpose = strings.Repeat("x", MaxPurpose+1) },
		"two lines":         func(r *Read) { r.Purpose = "a\nb" },
		"terminal":          func(r *Read) { r.Purpose = "a\x1b[2J" },
		"not UTF-8":         func(r *Read) { r.Purpose = "\xff" },
		"space around":      func(r *Read) { r.Purpose = " a" },
		"no part":           func(r *Read) { r.Parts = 0 },
		"an unknown part":   func(r *Read) { r.Parts = 8 },
		"no way of reading": func(r *Read) { r.How = 0 },
		"a long label":      func(r *Read) { r.Label = strings.Repeat("x", ledger.MaxLabel+1) },
	} {
		r := testRead(1)
		edit(&r)
		if _, err := l.Append(noon, r); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	if _, err := l.Append(noon); err == nil {
		t.Error("no read: taken")
	}
	if _, err := l.Append(noon, testRead(1)); err != nil {
		t.Errorf("after refusals: %v", err)
	}
}

func TestHead(t *testing.T) {
	_, heads := written(t, 1)
	line := heads[1].Marshal()
	if h, err := ParseHead(line + "\n"); err != nil || *h != *heads[1] {
		t.Errorf("parse %q: %+v, %v", line, h, err)
	}
	for _, bad := range []string{"", line[1:], line + " ", line + "\n\n", strings.ToUpper(line), strings.Replace(line, " 1 ", " 01 ", 1), strings.Replace(line, "XA", "xa", 1), line[:len(line)-1]} {
		if _, err := ParseHead(bad); err == nil {
			t.Errorf("parse %q: taken", bad)
		}
	}
}

func FuzzRecord(f *testing.F) {
	read := testRead(1)
	f.Add((&Record{Number: 1, Time: 2, Read: &read}).marshal())
	f.Add((&Record{Number: 1, Time: 2, Mended: &Mended{Bytes: 3}}).marshal())
	f.Fuzz(func(t *testing.T, data []byte) {
		if r, err := parseRecord(data); err == nil && !bytes.Equal(r.marshal(), data) {
			t.Errorf("%x parses and gives %x", data, r.marshal())
		}
	})
}

func FuzzVerify(f *testing.F) {
	h := &header{Origin: testOrigin}
	read := testRead(1)
	data, _ := frame(h.marshal(), h.head().Hash, &Record{Read: &read})
	f.Add(data)
	f.Add(data[:headerLen])
	f.Fuzz(func(t *testing.T, data []byte) {
		again := h.marshal()
		hash := h.head().Hash
		if len(data) >= headerLen {
			if p, err := parseHeader(data[:headerLen]); err == nil {
				again, hash = p.marshal(), p.head().Hash
			}
		}
		r, err := Verify(bytes.NewReader(data), nil, func(r *Record) error { again, hash = frame(again, hash, r); return nil })
		if err == nil && r.Torn == nil && !bytes.Equal(again, data) {
			t.Errorf("%x is whole and is %x", data, again)
		}
	})
}
