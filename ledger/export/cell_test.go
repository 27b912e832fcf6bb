package export

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"
)

func TestCell(t *testing.T) {
	for s, want := range map[string]string{
		"":                       "",
		"Ilva":                   "Ilva",
		"=1+1":                   "'=1+1",
		"+99955508842":           "'+99955508842",
		"-2":                     "'-2",
		"@SUM(A1)":               "'@SUM(A1)",
		"  =cmd|' /C calc'!A0":   "'  =cmd|' /C calc'!A0",
		"\t=1":                   "' =1",
		"\u200b=1":               "'\u200b=1",
		"\ufeff=1":               "'\ufeff=1",
		"gpj.\u202eexe":          "gpj. exe",
		"＝1":                     "'＝1",
		"|x":                     "'|x",
		"a\r\n=1":                "a  =1",
		"王小明":                    "王小明",
		"a\xff":                  "a\uFFFD",
		"O'Neill, \"Rook\"; x=1": "O'Neill, \"Rook\"; x=1",
	} {
		if got := Cell(s); got != want {
			t.Errorf("%q: got %q, want %q", s, got, want)
		}
	}
}

func FuzzCell(f *testing.F) {
	f.Add("=1", "a,b\"c")
	f.Fuzz(func(t *testing.T, a, b string) {
		var out bytes.Buffer
		if err := WriteCSV(&out, []string{"a", "b"}, [][]string{{a, b}}); err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(&out).ReadAll()
		if err != nil || len(rows) != 2 || len(rows[1]) != 2 {
			t.Fatalf("%q %q: got %q, %v", a, b, rows, err)
		}
		for _, c := range rows[1] {
			if c != Cell(c) && !strings.HasPrefix(c, "'") {
				t.Errorf("%q is not safe", c)
			}
			if strings.HasPrefix(c, "=") || strings.ContainsAny(c, "\r\n\x00") {
				t.Errorf("%q is not safe", c)
			}
		}
	})
}
