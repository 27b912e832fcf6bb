package audit

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"comity/ledger"
)

const anchorsFile = `comity anchors v1
ledger 9ce5aa09e7402c2c9ce5aa09e7402c2c9ce5aa09e7402c2c9ce5aa09e7402c2c
# the first audit, with the charter compared by telephone

902 MBo5iSv8SuT8/rEVo8RJgppA4n0OZt9hbl7wfh+tXeg= 2027-03-01T10:02:00Z
1284 eOtwnAuQfdiAIKFFn+KUr1E7UpFdb3/fJNeGfZPd+0Q= 2027-03-14T10:02:00Z
`

func TestAnchors(t *testing.T) {
	a, err := ParseAnchors([]byte(anchorsFile))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(a.Marshal()); got != anchorsFile {
		t.Errorf("marshals back as\n%s", got)
	}
	list := a.List()
	if len(list) != 2 || list[0].Size != 902 || list[1].Size != 1284 {
		t.Fatalf("got %+v", list)
	}
	at := time.Date(2027, 4, 1, 12, 0, 0, 500, time.FixedZone("", 7200))
	if err := a.Add(Anchor{Size: 1000, Root: ledger.Hash{1}, At: at}); err != nil {
		t.Fatal(err)
	}
	if err := a.Add(Anchor{Size: 1000, Root: ledger.Hash{1}, At: at.Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	if err := a.Add(Anchor{Size: 1000, Root: ledger.Hash{2}, At: at}); !errors.Is(err, ErrAnchor) {
		t.Errorf("another root at the same size: got %v", err)
	}
	if err := a.Add(Anchor{Root: ledger.EmptyRoot, At: at}); !errors.Is(err, ledger.ErrMalformed) {
		t.Errorf("size 0: got %v", err)
	}
	want := strings.Replace(anchorsFile, "\n1284", "\n1000 AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= 2027-04-01T10:00:00Z\n1284", 1)
	if got := string(a.Marshal()); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if again, err := ParseAnchors(a.Marshal()); err != nil || len(again.List()) != 3 {
		t.Errorf("parse again: %v", err)
	}
}

func TestAnchorsRefused(t *testing.T) {
	for name, change := range map[string][2]string{
		"version":         {"anchors v1", "anchors v2"},
		"upper-case id":   {"ledger 9ce5aa", "ledger 9CE5AA"},
		"short id":        {"ledger 9ce5aa", "ledger 9ce5"},
		"no id":           {"ledger 9", "leger 9"},
		"leading zero":    {"\n902", "\n0902"},
		"sign":            {"\n902", "\n+902"},
		"size 0":          {"\n902", "\n0"},
		"sizes descend":   {"\n902", "\n1902"},
		"sizes equal":     {"\n902", "\n1284"},
		"too large":       {"\n1284", "\n4611686018427387904"},
		"root bits":       {"Xeg=", "Xeh="},
		"short root":      {"Xeg=", "Xeg"},
		"local time":      {"10:02:00Z", "10:02:00+02:00"},
		"fraction":        {"10:02:00Z", "10:02:00.5Z"},
		"before 1970":     {"2027-03-01", "1969-03-01"},
		"carriage return": {"00Z\n", "00Z\r\n"},
		"two spaces":      {"902 ", "902  "},
		"more fields":     {"00Z\n", "00Z x\n"},
		"long remark":     {"# the", "# " + strings.Repeat("x", 2000)},
		"no line end":     {"2027-03-14T10:02:00Z\n", "2027-03-14T10:02:00Z"},
	} {
		text := strings.Replace(anchorsFile, change[0], change[1], 1)
		if text == anchorsFile {
			t.Fatalf("%s: nothing changed", name)
		}
		if _, err := ParseAnchors([]byte(text)); !errors.Is(err, ledger.ErrMalformed) {
			t.Errorf("%s: got %v, want malformed", name, err)
		}
	}
	if _, err := ParseAnchors(nil); err == nil {
		t.Error("nothing at all: accepted")
	}
}

func FuzzParseAnchors(f *testing.F) {
	f.Add([]byte(anchorsFile))
	f.Add([]byte("comity anchors v1\nledger 9ce5aa09e7402c2c9ce5aa09e7402c2c9ce5aa09e7402c2c9ce5aa09e7402c2c\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := ParseAnchors(data)
		if err != nil {
			return
		}
		if got := a.Marshal(); !bytes.Equal(got, data) {
			t.Errorf("%q marshals back as %q", data, got)
		}
	})
}
