package wire

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"net/http"
	"strconv"
	"testing"

	"comity/ledger"
	"comity/ledger/ledgertest"
)

func items(t testing.TB) []ledger.Item {
	b := ledgertest.NewGenesis(t, 1).Bureaus[0]
	return []ledger.Item{
		b.EnrolSigner(t, b.Officer, "desk-1", ledger.RoleInvestigator),
		b.Officer.Publish(t, ledger.KindYellow, []byte("a sealed body")),
	}
}

func TestRecordRoundTrip(t *testing.T) {
	var stream []byte
	var want []Record
	for i, it := range items(t) {
		want = append(want, Record{Time: uint64(1000 + i), Entry: it.Entry, Body: it.Body})
		if len(it.Body) > 0 {
			want = append(want, Record{Time: uint64(1000 + i), Entry: it.Entry, Purged: true, PurgedBy: 1<<40 + 7})
		}
	}
	for i := range want {
		stream = want[i].Append(stream)
	}
	r := bufio.NewReader(bytes.NewReader(stream))
	for i := range want {
		got, err := ReadRecord(r)
		if err != nil {
			t.Fatalf("record %d: %v", i, err)
		}
		if got.Time != want[i].Time || got.Purged != want[i].Purged || got.PurgedBy != want[i].PurgedBy || !bytes.Equal(got.Body, want[i].Body) || !bytes.Equal(got.Entry.Raw, want[i].Entry.Raw) {
			t.Errorf("record %d: got %+v, want %+v", i, got, want[i])
		}
	}
	if _, err := ReadRecord(r); !errors.Is(err, io.EOF) {
		t.Errorf("after the last record: %v, want EOF", err)
	}
	for cut := 1; cut < len(stream); cut++ {
		r := bufio.NewReader(bytes.NewReader(stream[:cut]))
		var err error
		n := 0
		for ; err == nil; n++ {
			_, err = ReadRecord(r)
		}
		if whole := boundary(want, cut); errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) != whole {
			t.Fatalf("cut at %d: %v after %d records", cut, err, n-1)
		}
	}
}

// boundary reports whether a cut lies between two records.
func boundary(records []Record, cut int) bool {
	for i := range records {
		if cut -= len(records[i].Append(nil)); cut == 0 {
			return true
		}
	}
	return false
}

func TestReadRecordRefusesWhatTheStatementDoesNotName(t *testing.T) {
	with, without := items(t)[1], items(t)[0]
	for name, r := range map[string][]byte{
		"another body":             (&Record{Entry: with.Entry, Body: []byte("another body!")}).Append(nil),
		"no body":                  (&Record{Entry: with.Entry}).Append(nil),
		"a body nobody named":      (&Record{Entry: without.Entry, Body: []byte("x")}).Append(nil),
		"a purge of nothing":       (&Record{Entry: without.Entry, Purged: true}).Append(nil),
		"a purge by no entry":      append([]byte{2}, (&Record{Entry: with.Entry}).Append(nil)[1:]...),
		"a purge, and the body":    append([]byte{2}, (&Record{Entry: with.Entry, Body: with.Body}).Append(nil)[1:]...),
		"an unknown state":         append([]byte{9}, (&Record{Entry: with.Entry, Body: with.Body}).Append(nil)[1:]...),
		"an entry above the limit": append(make([]byte, 9), 0xff, 0xff, 0xff),
	} {
		if _, err := ReadRecord(bufio.NewReader(bytes.NewReader(r))); !errors.Is(err, ledger.ErrMalformed) {
			t.Errorf("%s: %v, want %v", name, err, ledger.ErrMalformed)
		}
	}
}

func TestItemsRoundTrip(t *testing.T) {
	want := items(t)
	data := MarshalItems(want)
	got, err := ParseItems(data)
	if err != nil || len(got) != len(want) || !bytes.Equal(MarshalItems(got), data) {
		t.Fatalf("ParseItems: %d items, %v", len(got), err)
	}
	for name, bad := range map[string][]byte{"nothing": nil, "cut": data[:len(data)-1], "longer": append(bytes.Clone(data), 0),
		"too many": bytes.Repeat(want[0].Marshal(), ledger.MaxBatch+1)} {
		if _, err := ParseItems(bad); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// Every code of this package and of package state has a status of its own
// choice, so that none reaches a client as a fault of the node.
func TestEveryCodeHasAStatus(t *testing.T) {
	codes := append(constants(t, "errors.go", "Code"), constants(t, "../../ledger/state/refusal.go", "Code")...)
	if len(codes) < 25 {
		t.Fatalf("found %d codes only", len(codes))
	}
	for _, c := range codes {
		e := &Error{Code: Code(c)}
		if e.Status() == http.StatusInternalServerError && e.Code != Internal {
			t.Errorf("code %s has no status", c)
		}
		if fromState := len(constants(t, "errors.go", "Code")) > 0 && !contains(constants(t, "errors.go", "Code"), c); IsRefusal(e) != fromState {
			t.Errorf("IsRefusal(%s) = %v, want %v", c, IsRefusal(e), fromState)
		}
	}
	if (&Error{Code: "no such code"}).Status() != http.StatusInternalServerError {
		t.Error("an unknown code has a status")
	}
	if err := fmt.Errorf("submit: %w", &Error{Code: Busy, Message: "x"}); CodeOf(err) != Busy || !errors.Is(err, &Error{Code: Busy}) || !Retryable(err) {
		t.Error("a wrapped error lost its code")
	}
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// constants returns the values of the string constants of a type in a file.
func constants(t *testing.T, path, typ string) []string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var values []string
	ast.Inspect(f, func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if !ok || len(v.Values) != 1 {
			return true
		}
		if id, ok := v.Type.(*ast.Ident); !ok || id.Name != typ {
			return true
		}
		if lit, ok := v.Values[0].(*ast.BasicLit); ok {
			s, err := strconv.Unquote(lit.Value)
			if err != nil {
				t.Fatal(err)
			}
			values = append(values, s)
		}
		return true
	})
	return values
}

func FuzzReadRecord(f *testing.F) {
	for _, it := range items(f) {
		f.Add((&Record{Time: 7, Entry: it.Entry, Body: it.Body}).Append(nil))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		rec, err := ReadRecord(bufio.NewReader(bytes.NewReader(data)))
		if err != nil {
			return
		}
		if again := rec.Append(nil); !bytes.Equal(again, data[:len(again)]) {
			t.Errorf("record marshals back to %x, was %x", again, data[:len(again)])
		}
	})
}

func FuzzParseItems(f *testing.F) {
	f.Add(MarshalItems(items(f)))
	f.Fuzz(func(t *testing.T, data []byte) {
		if got, err := ParseItems(data); err == nil && !bytes.Equal(MarshalItems(got), data) {
			t.Errorf("items marshal back to other bytes than %x", data)
		}
	})
}

func TestSpanRoundTrip(t *testing.T) {
	times := NewTimes()
	times.Add(7)
	s := &Span{Root: ledger.Hash{1}, Times: times.Sum()}
	got, err := ParseSpan(s.Marshal())
	if err != nil || *got != *s {
		t.Errorf("got %+v, %v", got, err)
	}
	for _, n := range []int{0, SpanLen - 1, SpanLen + 1} {
		if _, err := ParseSpan(make([]byte, n)); err == nil {
			t.Errorf("%d bytes parsed", n)
		}
	}
	if other := NewTimes(); other.Sum() == times.Sum() {
		t.Error("no times hash as one")
	}
}
