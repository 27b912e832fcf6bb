package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/node/home"
)

// testPaper is the record of a bureau with a long name, which is no markup, and
// with more officers than are proposed.
func testPaper(t *testing.T) *paper {
	t.Helper()
	officers := []home.OfficerSpec{{Label: "inv-1", Roles: ledger.RoleInvestigator}, {Label: "sup-1", Roles: ledger.RoleSupervisor},
		{Label: "an-officer-with-a-long-label", Roles: ledger.RoleDesk}, {Label: "aud-1", Roles: ledger.RoleAuditor}}
	h, err := home.Create(filepath.Join(t.TempDir(), "xa"), home.CreateOptions{
		Bureau: "XA", Name: "<b>Aldermoor</b> & " + strings.Repeat("Sons ", 20) + "\u202eend", Address: "[2001:db8::1]:7101", Officers: officers,
	})
	if err != nil {
		t.Fatal(err)
	}
	p, err := newPaper(h, officers)
	if err != nil {
		t.Fatal(err)
	}
	m, err := h.Member()
	if err != nil {
		t.Fatal(err)
	}
	var words []string
	for _, w := range p.Words {
		words = append(words, w.Word)
	}
	if got, want := strings.Join(words, " "), keys.SigningID(m.Root).Words().String(); got != want {
		t.Errorf("words: got %q, want %q", got, want)
	}
	return p
}

func TestPaperText(t *testing.T) {
	p := testPaper(t)
	p.Name = "Aldermoor"
	page, err := p.render("XA.txt")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(page), "\n"), "\n")
	if len(lines) > 60 { // a page of A4 has 66
		t.Errorf("%d lines", len(lines))
	}
	for _, line := range lines {
		if utf8.RuneCountInString(line) > 80 || strings.HasSuffix(line, " ") {
			t.Errorf("too wide, or with spaces at its end: %q", line)
		}
	}
	for _, k := range p.Keys {
		if !strings.Contains(string(page), "  "+k.Use+"\n      "+k.ID+"\n") {
			t.Errorf("the page lacks %s", k.Use)
		}
	}
}

// TestBrowserPaper prints the record in a real browser: one page of A4, which
// fetches and runs nothing.
func TestBrowserPaper(t *testing.T) {
	b := newChromium(t)
	t.Parallel()
	page, err := testPaper(t).render("XA.html")
	if err != nil {
		t.Fatal(err)
	}
	if text := string(page); strings.Contains(text, "<b>") || strings.Contains(text, "\u202e") || !strings.Contains(text, "&lt;b&gt;Aldermoor") {
		t.Errorf("a name is shown as something else: %.900s", text)
	}
	file := filepath.Join(b.dir, "paper.pdf")
	v := b.open(t, b.file(t, "paper", page), "--no-pdf-header-footer", "--print-to-pdf="+file)
	if len(v.console) > 0 || len(v.asked) > 0 {
		t.Errorf("the browser says %q and asks for %q", v.console, v.asked)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	box := pdfBox.FindSubmatch(data)
	if n := len(pdfPage.FindAll(data, -1)); n != 1 || box == nil || !strings.HasPrefix(string(box[1]), "59") || !strings.HasPrefix(string(box[2]), "84") {
		t.Errorf("%d pages of %q points, want one of A4", n, box)
	}
}
