package notice

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"comity/crypto/seal"
)

func testReply() *Reply {
	return &Reply{
		Type: Hit, Notice: strings.Repeat("1c27", 16), Match: "passport number A30117745", Text: "lane 4, travels with a man of 40",
		At: testDay, Readers: Readers{"XA", "XB"},
	}
}

func TestReplyRoundTrip(t *testing.T) {
	r := testReply()
	data, err := r.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "reply_hit.json", data)
	again, err := ParseReply(data)
	if err != nil || !reflect.DeepEqual(again, r) {
		t.Errorf("got %+v, %v", again, err)
	}
	part, err := r.Part(testOrigin)
	if err != nil {
		t.Fatal(err)
	}
	if part.Compartment != seal.Body || !reflect.DeepEqual(part.Readers, r.Readers) {
		t.Errorf("got a %s for %s", part.Compartment, part.Readers)
	}
	got, err := OpenReply(testOrigin, opened(part))
	if err != nil || !reflect.DeepEqual(got, r) {
		t.Errorf("got %+v, %v", got, err)
	}
	if got, err := OpenReply(testOrigin, nil); got != nil || err != nil {
		t.Errorf("from nothing: %+v, %v", got, err)
	}
}

func TestReplyIsNoNotice(t *testing.T) {
	part, err := testReply().Part(testOrigin)
	if err != nil {
		t.Fatal(err)
	}
	n := ChildCase(testDay)
	if _, err := OpenParts(testOrigin, n.Publish(), opened(part)); err == nil {
		t.Error("a reply opened as a notice")
	}
	if _, err := OpenReply(testOrigin, opened(parts(t, n, testOrigin)...)); err == nil {
		t.Error("a notice opened as a reply")
	}
	other := testOrigin
	other.Author[0]++
	if _, err := OpenReply(other, opened(part)); !errors.Is(err, ErrForeign) {
		t.Errorf("by another author: %v, want ErrForeign", err)
	}
}

func TestReplyValidate(t *testing.T) {
	for _, test := range []struct {
		name  string
		spoil func(r *Reply)
		field string
	}{
		{"sound", func(*Reply) {}, ""},
		{"ack", func(r *Reply) { r.Type, r.Match = Ack, "" }, ""},
		{"confirm", func(r *Reply) { r.Type, r.Match, r.Hit = Confirm, "", r.Notice }, ""},
		{"no type", func(r *Reply) { r.Type, r.Match = "", "" }, "type"},
		{"unknown type", func(r *Reply) { r.Type, r.Match = "nod", "" }, "type"},
		{"short id", func(r *Reply) { r.Notice = "1c27" }, "notice"},
		{"upper case id", func(r *Reply) { r.Notice = strings.ToUpper(r.Notice) }, "notice"},
		{"hit of a hit", func(r *Reply) { r.Hit = r.Notice }, "hit"},
		{"confirm nothing", func(r *Reply) { r.Type, r.Match, r.Hit = Confirm, "", "no" }, "hit"},
		{"hit by nothing", func(r *Reply) { r.Match = "" }, "match"},
		{"ack by something", func(r *Reply) { r.Type = Ack }, "match"},
		{"silent outcome", func(r *Reply) { r.Type, r.Match, r.Text = Outcome, "", "" }, "text"},
		{"no time", func(r *Reply) { r.At = time.Time{} }, "at"},
		{"nanoseconds", func(r *Reply) { r.At = r.At.Add(1) }, "at"},
		{"no readers", func(r *Reply) { r.Readers = nil }, "readers"},
		{"confirm of no hit", func(r *Reply) { r.Type, r.Match = Confirm, "" }, "hit"},
		{"ack with a scope", func(r *Reply) { r.Type, r.Match, r.Scope = Ack, "", &Scope{} }, "scope"},
		{"sound consent", func(r *Reply) { *r = *filed(1, 0, "XB", ConsentAsk, 0).Reply }, ""},
		{"consent to nothing", func(r *Reply) { *r = *filed(1, 0, "XB", ConsentAsk, 0).Reply; r.Scope = nil }, "scope"},
		{"consent for no use", func(r *Reply) { *r = *filed(1, 0, "XB", ConsentAsk, 0).Reply; r.Scope.Uses = nil }, "scope.uses"},
		{"consent for another use", func(r *Reply) { *r = *filed(1, 0, "XB", ConsentAsk, 0).Reply; r.Scope.Uses[0] = "sale" }, "scope.uses[0]"},
		{"consent for nobody", func(r *Reply) { *r = *filed(1, 0, "XB", ConsentAsk, 0).Reply; r.Scope.For = " " }, "scope.for"},
		{"consent until a year", func(r *Reply) { *r = *filed(1, 0, "XB", ConsentAsk, 0).Reply; r.Scope.Until = date(t, "2027") }, "scope.until"},
		{"grant of no request", func(r *Reply) { *r = *filed(1, 0, "XA", ConsentGrant, 1).Reply; r.Request = "" }, "request"},
		{"refusal without a reason", func(r *Reply) { *r = *filed(1, 0, "XA", ConsentRefuse, 1).Reply; r.Text = "" }, "text"},
		{"sound request", func(r *Reply) { *r = *filed(1, 0, "XB", RequestReceive, 0).Reply }, ""},
		{"request of no right", func(r *Reply) { *r = *filed(1, 0, "XB", RequestReceive, 0).Reply; r.Right = "money" }, "right"},
		{"decision of nothing", func(r *Reply) { *r = *filed(1, 0, "XA", RequestDecide, 1).Reply; r.Decision = "" }, "decision"},
		{"about two things", func(r *Reply) { *r = *filed(1, 0, "XA", Message, 1).Reply; r.Request = r.Notice }, "request"},
		{"reader twice", func(r *Reply) { r.Readers = Readers{"XA", "XA"} }, "readers[1]"},
		{"bad reader", func(r *Reply) { r.Readers = Readers{"Brackwater"} }, "readers[0]"},
	} {
		r := testReply()
		test.spoil(r)
		var problems Problems
		switch err := r.Validate(testDay); {
		case test.field == "" && err != nil:
			t.Errorf("%s: %v", test.name, err)
		case test.field != "" && (!errors.As(err, &problems) || len(problems) != 1 || problems[0].Field != test.field):
			t.Errorf("%s: got %v, want one problem with %s", test.name, err, test.field)
		}
	}
}

func FuzzParseReply(f *testing.F) {
	data, err := testReply().Marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	for _, kind := range replyTypes {
		data, err := filed(1, 0, "XA", kind, 1).Marshal()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := ParseReply(data)
		if err != nil {
			return
		}
		if r.Validate(testDay) != nil {
			return
		}
		part, err := r.Part(testOrigin)
		if err != nil {
			t.Fatalf("valid but not sealed: %v", err)
		}
		if got, err := OpenReply(testOrigin, opened(part)); err != nil || !reflect.DeepEqual(got, r) {
			t.Fatalf("got %+v, %v, want %+v", got, err, r)
		}
	})
}
