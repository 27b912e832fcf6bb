package cli

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"html"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestAuditGolden compares what is said of every sample, on a screen and to a
// program, with testdata/audit-*.golden; read them when they change.
func TestAuditGolden(t *testing.T) {
	for name, a := range samples() {
		for _, asJSON := range []bool{false, true} {
			var out bytes.Buffer
			term := &terminal{stdout: &out, asJSON: asJSON}
			file := "audit-" + name + ".golden"
			if asJSON {
				file = "audit-" + name + ".json"
				if err := term.document(a.document()); err != nil {
					t.Fatal(err)
				}
			} else {
				term.tellAudit(a)
			}
			golden := filepath.Join("testdata", file)
			if *update {
				if err := os.WriteFile(golden, out.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got := out.String(); got != string(want) {
				t.Errorf("%s: got\n%s\nwant\n%s", file, got, want)
			}
		}
	}
}

// A text of several verdicts never says "OK" or "authentic" of what is not.
func TestAuditNeverKind(t *testing.T) {
	for name, a := range samples() {
		var out bytes.Buffer
		(&terminal{stdout: &out}).tellAudit(a)
		page, err := a.page()
		if err != nil {
			t.Fatal(err)
		}
		good := name == "authentic" || name == "remarked"
		if got := strings.HasPrefix(out.String(), "OK"); got != good {
			t.Errorf("%s: begins %.20q", name, &out)
		}
		for _, text := range []string{out.String(), string(page)} {
			if got := strings.Contains(text, "is authentic and none is missing"); got != good {
				t.Errorf("%s: it says that all is authentic: %v", name, got)
			}
		}
	}
}

var (
	pageTag    = regexp.MustCompile(`<(/?)([a-z0-9]+)([^<>]*?)(/?)>`)
	pageStyled = regexp.MustCompile(`(?s)<style>(.*)</style>`)
	outside    = regexp.MustCompile(`(?i)https?:|url\(|@import|\bsrc=|\bhref=|<script|<link|<iframe|javascript:|\son[a-z]+=|\sstyle=`)
	voidTag    = map[string]bool{"meta": true}
)

// checkPage returns what is wrong with the form of a page.
func checkPage(page []byte) (problems []string) {
	text := string(page)
	style := pageStyled.FindStringSubmatch(text)
	if style == nil {
		return []string{"it has no style"}
	}
	sum := sha256.Sum256([]byte(style[1]))
	policy := "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	if !strings.Contains(html.UnescapeString(text), `<meta http-equiv="Content-Security-Policy" content="`+policy) {
		problems = append(problems, "its policy is not "+policy)
	}
	if m := outside.FindString(strings.ReplaceAll(text, style[0], "")); m != "" || outside.MatchString(style[1]) {
		problems = append(problems, fmt.Sprintf("it reaches outside or runs something: %q", m))
	}
	var open []string
	heading := 0
	for _, m := range pageTag.FindAllStringSubmatch(strings.ReplaceAll(text, style[1], ""), -1) {
		closing, name, attributes, self := m[1] != "", m[2], m[3], m[4] != ""
		switch {
		case self || voidTag[name]:
		case !closing:
			open = append(open, name)
		case len(open) == 0 || open[len(open)-1] != name:
			return append(problems, fmt.Sprintf("</%s> closes nothing that is open: %v", name, open))
		default:
			open = open[:len(open)-1]
		}
		if name == "th" && !closing && !strings.Contains(attributes, `scope="`) {
			problems = append(problems, "a heading of a table without scope")
		}
		if name == "table" && !closing && !strings.Contains(attributes, `aria-labelledby="`) {
			problems = append(problems, "a table without a name")
		}
		if len(name) == 2 && name[0] == 'h' && name != "hr" && !closing {
			if level := int(name[1] - '0'); level > heading+1 {
				problems = append(problems, "a heading of level "+name[1:]+" under one of level "+fmt.Sprint(heading))
			} else {
				heading = level
			}
		}
	}
	if len(open) > 0 {
		problems = append(problems, fmt.Sprintf("left open: %v", open))
	}
	if !strings.Contains(text, `<html lang="en">`) {
		problems = append(problems, "it does not say its language")
	}
	return problems
}

func TestPage(t *testing.T) {
	for name, a := range samples() {
		page, err := a.page()
		if err != nil {
			t.Fatal(err)
		}
		// What bureaus are called is text wherever it stands.
		for _, p := range checkPage(bytes.ReplaceAll(page, []byte("src=x onerror=alert("), nil)) {
			t.Errorf("%s: %s", name, p)
		}
		for _, r := range string(page) {
			if r != '\n' && !shows(r) {
				t.Errorf("%s: the page has %U", name, r)
			}
		}
		if got := bytes.Contains(page, []byte("EXERCISE")); got != a.Exercise {
			t.Errorf("%s: the page says EXERCISE: %v, want %v", name, got, a.Exercise)
		}
		if got := bytes.Contains(page, []byte("1,284 entries")); !got {
			t.Errorf("%s: the page does not say how many entries", name)
		}
	}
	page, err := lanternTide().page()
	if err != nil {
		t.Fatal(err)
	}
	for _, plant := range []string{"<script>x</script>", "<p onload=x>y</p>", `<img src="x"/>`, "<p>", "</p>", "<h4>x</h4>", "<th>x</th>", "<table></table>", `<p style="x">y</p>`} {
		if len(checkPage(bytes.Replace(page, []byte("</main>"), []byte(plant+"</main>"), 1))) == 0 {
			t.Errorf("planted %s is not found", plant)
		}
	}
	if len(checkPage(bytes.Replace(page, []byte("color-scheme"), []byte("color-schema"), 1))) == 0 {
		t.Error("a changed style is not found")
	}
}

func TestPace(t *testing.T) {
	for _, tt := range []struct {
		done, total uint64
		took        time.Duration
		want        string
	}{
		{0, 0, 0, "0 of 0 entries"},
		{1, 1, time.Millisecond, "1 of 1 entry"},
		{1000, 1_000_000, 500 * time.Millisecond, "1,000 of 1,000,000 entries"},
		{30_000, 1_000_000, time.Second, "30,000 of 1,000,000 entries, 30,000/s, 33 s left"},
		{1_000_000, 1_000_000, time.Minute, "1,000,000 of 1,000,000 entries, 16,666/s"},
		{1000, 1_000_000, 2 * time.Second, "1,000 of 1,000,000 entries, 500/s, 33 min left"},
		{10, 1_000_000, 10 * time.Second, "10 of 1,000,000 entries, 1/s, 277.8 h left"},
	} {
		if got := pace(tt.done, tt.total, tt.took); got != tt.want {
			t.Errorf("%d of %d in %s: got %q, want %q", tt.done, tt.total, tt.took, got, tt.want)
		}
	}
}
