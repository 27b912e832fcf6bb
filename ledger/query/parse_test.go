package query

import (
	"errors"
	"strings"
	"testing"
	"time"
)

var asOf = time.Date(2026, 11, 22, 10, 30, 0, 0, time.UTC)

func TestParse(t *testing.T) {
	for _, test := range []struct{ query, want string }{
		{`min`, `text:"min"`},
		{`name:"Aung Min" dob:1998`, `(name:"Aung Min" AND dob:1998-01-01..1998-12-31)`},
		{`name~min AND doc:A-30.117/745`, `(name~"min" AND doc:A30117745)`},
		{`a b OR c d`, `((text:"a" AND text:"b") OR (text:"c" AND text:"d"))`},
		{`a (b OR c) d`, `(text:"a" AND (text:"b" OR text:"c") AND text:"d")`},
		{`-country:TH`, `NOT country:TH`},
		{`country!=th,LA`, `NOT country:TH,LA`},
		{`NOT (a OR NOT b)`, `NOT (text:"a" OR NOT text:"b")`},
		{`--a`, `NOT NOT text:"a"`},
		{`dob:1990-05..1991`, `dob:1990-05-01..1991-12-31`},
		{`dob:..1991-02`, `dob:..1991-02-28`},
		{`dob>=1990`, `dob:1990-01-01..`},
		{`dob>1990`, `dob:1991-01-01..`},
		{`dob<1990-05-04`, `dob:..1990-05-03`},
		{`dob<=1990-05-04`, `dob:..1990-05-04`},
		{`dob=1990-05-04`, `dob:1990-05-04`},
		{`dob~1990-05-04`, `dob~1990-05-04`},
		{`age:13`, `dob:2012-11-23..2013-11-22`},
		{`age:13..15`, `dob:2010-11-23..2013-11-22`},
		{`age<18`, `dob:2008-11-23..`},
		{`age>=18`, `dob:..2008-11-22`},
		{`phone:"+999 (555) 088-42"`, `phone:99955508842`},
		{`phone:0099955508842`, `phone:99955508842`},
		{`iban:"gb82 west 1234 5698 7654 32"`, `iban:GB82WEST12345698765432`},
		{`email:Agent@Example.ORG`, `email:agent@example.org`},
		{`imei:49-015420-323751-8`, `imei:490154203237518`},
		{`imei:4901542032375101`, `imei:490154203237518`},
		{`wallet:0xAbC123`, `wallet:0xabc123`},
		{`time:today`, `time:2026-11-22T00:00:00Z..2026-11-22T23:59:59Z`},
		{`time:-7d`, `time:2026-11-15T10:30:00Z..2026-11-22T10:30:00Z`},
		{`time:-7d..-1d`, `time:2026-11-15T10:30:00Z..2026-11-21T10:30:00Z`},
		{`time:2026-10..`, `time:2026-10-01T00:00:00Z..`},
		{`time<2026-10-01T12:00:00+02:00`, `time:..2026-10-01T09:59:59Z`},
		{`time:-90min`, `time:2026-11-22T09:00:00Z..2026-11-22T10:30:00Z`},
		{`kind:Yellow,black`, `kind:yellow,black`},
		{`status:review-due`, `status:review_due`},
		{`link:LT-0301`, `link:lt-0301 depth:1`},
		{`link:LT-0301 depth:3 has:photo`, `(link:lt-0301 depth:3 AND has:photo)`},
		{`place~16.7,98.5`, `place~16.7,98.5 within:10`},
		{`place~-16.7,-98.5 within:25km`, `place~-16.7,-98.5 within:25`},
		{`place:"Harbour Towers"`, `place:"Harbour Towers"`},
		{`op:"Lantern  Tide"`, `op:"lantern tide"`},
		{`recruit*`, `text:"recruit"*`},
		{`"music scho"*`, `text:"music scho"*`},
		{`“music school”`, `text:"music school"`},
		{`"say \"no\""`, `text:"say \"no\""`},
		{`from:XC,XD to:"Port Selwen"`, `(from:"XC","XD" AND to:"Port Selwen")`},
		{"a\n  b", `(text:"a" AND text:"b")`},
		{`LT-0301`, `text:"LT-0301"`},
		{`"name:x"`, `text:"name:x"`},
		{`NOTHING ORDER ANDES`, `(text:"NOTHING" AND text:"ORDER" AND text:"ANDES")`},
		{`NAME:min`, `name:"min"`},
	} {
		q, err := Parse(test.query, asOf)
		if err != nil {
			t.Errorf("%s: %v", test.query, err)
			continue
		}
		if got := q.Root.String(); got != test.want {
			t.Errorf("%s: got %s, want %s", test.query, got, test.want)
		}
		// What it says it understood means the same.
		again, err := Parse(q.Root.String(), asOf)
		if err != nil {
			t.Errorf("%s: %s: %v", test.query, q.Root, err)
		} else if got := strings.ReplaceAll(again.Root.String(), "\\", ""); got != strings.ReplaceAll(q.Root.String(), "\\", "") {
			t.Errorf("%s: %s became %s", test.query, q.Root, got)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	deep := strings.Repeat("(", MaxDepth+1) + "a" + strings.Repeat(")", MaxDepth+1)
	for _, test := range []struct{ query, at, want string }{
		{"", "1:1", "nothing to look for"},
		{"  ", "1:3", "nothing to look for"},
		{"name:", "1:6", "nothing to look for"},
		{`name:""`, "1:6", "nothing to look for"},
		{`name: min`, "1:6", "no space between"},
		{`a "open`, "1:3", "a quote is not closed"},
		{"a\nnmae:min", "2:1", "did you mean name?"},
		{"a dbo:1998", "1:3", "did you mean dob?"},
		{"passport:A1", "1:1", "did you mean doc?"},
		{"nationality:XA", "1:1", "did you mean country?"},
		{"shoe_size:44", "1:1", "fields: name, dob, age"},
		{"http://x", "1:1", `there is no field "http"`},
		{":x", "1:1", "a field is missing before :"},
		{"a == b", "1:3", "a field is missing before ="},
		{"имя:x", "1:1", "there is no field"},
		{"name：min", "1:1", "write : or ~ in ASCII"},
		{"a OR", "1:5", "a term is missing at the end"},
		{"OR a", "1:1", "a term is missing before OR"},
		{"a AND AND b", "1:7", "a term is missing before AND"},
		{"a or b", "1:3", "write OR"},
		{"not a", "1:1", "write NOT"},
		{"(a", "1:1", "this bracket is not closed"},
		{"a)", "1:2", "closes what was not opened"},
		{"()", "1:2", "a term is missing before the bracket"},
		{"- a", "1:1", "right before its term"},
		{"f(x)", "1:2", "a bracket within a word"},
		{`na"me"`, "1:3", "a quote within a word"},
		{`"a"b`, "1:4", "a space is missing behind the quote"},
		{"a,b", "1:2", "no list with commas"},
		{"name:Min,Aung", "1:9", "no list with commas"},
		{"name>min", "1:1", "name takes no >"},
		{"doc>A1", "1:1", "operators of doc: : = != ~"},
		{"text~min", "1:1", "text takes no ~"},
		{"kind~red", "1:1", "kind takes no ~"},
		{"has>photo", "1:1", "has takes no >"},
		{"link~LT-0301", "1:1", "link takes no ~"},
		{"time~today", "1:1", "time takes no ~"},
		{"name:min*", "1:6", "name takes no *"},
		{"phone:+9995*", "1:7", "without * and ?"},
		{"re*t", "1:1", "a * stands at the end"},
		{"r*", "1:1", "needs two letters"},
		{"!!", "1:1", "no letter and no digit"},
		{"dob:yesterday", "1:5", "not a date"},
		{"dob:1998-13", "1:5", "not a date"},
		{"dob:1998-02-30", "1:5", "no such day"},
		{"dob:..", "1:5", "one end at least"},
		{"dob:1999..1990", "1:5", "ends before it begins"},
		{"dob>1990..1999", "1:5", "one too many"},
		{"age:old", "1:5", "not an age"},
		{"age:-3", "1:5", "not an age"},
		{"age~13", "1:1", "age takes no ~"},
		{"time:-3m", "1:6", "minutes or months"},
		{"time:soon", "1:6", "is no time"},
		{"time:-99999999d", "1:6", "how long ago"},
		{"phone:12", "1:7", "5 to 17 digits"},
		{"phone:0945-012 3456", "1:7", "has no country code"},
		{"phone~09450123456", "1:7", "has no country code"},
		{"dob:1966-13", "1:5", `date "1966-13"`},
		{"email:agent", "1:7", "has an @"},
		{"imei:12", "1:6", "15 digits"},
		{"doc:A..B", "1:5", "has no order"},
		{"kind:pink", "1:6", "kind is one of red"},
		{"kind:yelow", "1:6", "did you mean yellow?"},
		{"status:open", "1:8", "status is one of live"},
		{"has:phone", "1:5", `there is no "phone"`},
		{"country:Thailand", "1:9", "no code of two or three letters"},
		{"bureau:Aldermoor", "1:8", "no code"},
		{"id:a*", "1:4", "is no id"},
		{"depth:2", "1:1", "stands behind a term of link"},
		{"name:x depth:2", "1:8", "stands behind a term of link"},
		{"link:LT-0301 depth:9", "1:14", "from 1 to 4"},
		{"link:LT-0301 depth>2", "1:14", "write depth:N"},
		{"place:x within:5", "1:9", "goes with place~"},
		{"place~Selwen", "1:7", "needs a point on Earth"},
		{"place~91,0", "1:7", "needs a point on Earth"},
		{"place~NaN,0", "1:7", "needs a point on Earth"},
		{"place~1,2 within:NaN", "1:11", "not a distance"},
		{"op:--", "1:4", "no letter and no digit"},
		{deep, "1:18", "deeper than 16"},
		{strings.Repeat("-", 40) + "a", "1:18", "deeper than 16"},
		{strings.Repeat("a ", MaxTerms+1), "1:129", "more than 64 terms"},
		{"country:" + strings.Repeat("XA,", MaxValues) + "XA", "1:777", "more than 256 values"},
		{strings.Repeat("a", MaxLength+1), "1:1", "longer than 4096 bytes"},
		{"a\xff", "1:1", "not UTF-8"},
	} {
		_, err := Parse(test.query, asOf)
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%.60q: got %v, want %s", test.query, err, test.want)
			continue
		}
		if got := e.Why + "; " + e.Hint; e.Pos.String() != test.at || !strings.Contains(got, test.want) {
			t.Errorf("%.60q: got %s %s, want %s %s", test.query, e.Pos, got, test.at, test.want)
		}
	}
}

// TestEveryFieldTakesItsOperators tries every operator on every field: it is
// either taken or refused with the list of those that are.
func TestEveryFieldTakesItsOperators(t *testing.T) {
	for _, f := range Fields() {
		if _, err := Parse(f.Example, asOf); err != nil {
			t.Errorf("example of %s: %v", f.Name, err)
		}
		if f.Means == "" {
			t.Errorf("%s is not documented", f.Name)
		}
		example := strings.Trim(f.Example[strings.IndexAny(f.Example, ":~")+1:], " ")
		if f.Type == TextField {
			example = f.Example
		}
		for _, op := range []Op{Equal, "=", NotEqual, Fuzzy, Greater, AtLeast, Less, AtMost} {
			takes := op == "=" || op == NotEqual
			for _, o := range f.Ops {
				takes = takes || o == op
			}
			value := example
			if op != Equal && op != Fuzzy {
				value, _, _ = strings.Cut(value, "..")
			}
			if f.Type == TimeField {
				value = "2026-11"
			}
			if f.Type == PlaceField && op != Fuzzy {
				value = "Selwen"
			}
			_, err := Parse(f.Name+string(op)+value, asOf)
			if takes && err != nil {
				t.Errorf("%s%s%s: %v", f.Name, op, value, err)
			}
			if !takes && (err == nil || !strings.Contains(err.Error(), "takes no "+string(op))) {
				t.Errorf("%s%s%s: got %v, want it refused", f.Name, op, value, err)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		`name:"Aung Min" dob:1998 AND (smuggling OR -country:XA,XB)`, `link:LT-0301 depth:2`, `place~1,2 within:5`, `time:-7d..now`,
		`"phra\"se"* NOT age>=18`, `王小明 name~Мирек`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		q, err := Parse(s, asOf)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || e.Pos.Line < 1 || e.Pos.Col < 1 || e.Why == "" {
				t.Fatalf("%q: %v", s, err)
			}
			return
		}
		if n := len(q.Terms()); n == 0 || n > MaxTerms {
			t.Fatalf("%q: %d terms", s, n)
		}
		q.Explain()
		q.Match(&Record{})
		q.Match(sample)
	})
}

var sample = RecordOf(nil, Header{ID: strings.Repeat("1c27", 16), Time: 1})
