package cli

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// chromium is a browser without a window, that must reach nobody.
type chromium struct {
	path string
	dir  string
}

// newChromium skips the test where there is no browser.
func newChromium(t *testing.T) *chromium {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a browser")
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return &chromium{path, t.TempDir()}
		}
	}
	t.Skip("no Chromium is installed: apt-get install chromium")
	return nil
}

// visit is what the browser did with a page.
type visit struct {
	dom     string
	console []string // what the page made it complain of
	asked   []string // addresses that the page made it ask for
}

var (
	consoleLine = regexp.MustCompile(`(?m)^.*:CONSOLE.*$`)
	askedURL    = regexp.MustCompile(`"url":"(https?://[^"]*)"`)
)

// open opens an address and returns what came of it.
func (c *chromium) open(t *testing.T, address string, flags ...string) *visit {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	profile, err := os.MkdirTemp(c.dir, "profile-")
	if err != nil {
		t.Fatal(err)
	}
	netLog := filepath.Join(profile, "net.json")
	cmd := exec.CommandContext(ctx, c.path, append([]string{"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
		"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--enable-logging=stderr", "--user-data-dir=" + profile, "--log-net-log=" + netLog},
		append(flags, address)...)...)
	cmd.WaitDelay = time.Second
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v\n%s", c.path, err, &errs)
	}
	v := &visit{dom: out.String(), console: consoleLine.FindAllString(errs.String(), -1)}
	data, err := os.ReadFile(netLog)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range askedURL.FindAllSubmatch(data, -1) {
		u, err := url.Parse(string(m[1]))
		// The browser itself asks its maker for this and that, in vain.
		if err == nil && !strings.HasSuffix(u.Hostname(), ".google.com") && !slices.Contains(v.asked, u.String()) {
			v.asked = append(v.asked, u.String())
		}
	}
	return v
}

// file writes a page to a file and returns its address.
func (c *chromium) file(t *testing.T, name string, page []byte) string {
	t.Helper()
	path := filepath.Join(c.dir, name+".html")
	if err := os.WriteFile(path, page, 0o600); err != nil {
		t.Fatal(err)
	}
	return "file://" + path
}

// TestBrowserReport opens reports in a real browser: they must say what they
// say, make it fetch and run nothing, and complain of nothing.
func TestBrowserReport(t *testing.T) {
	b := newChromium(t)
	t.Parallel()
	for name, a := range samples() {
		page, err := a.page()
		if err != nil {
			t.Fatal(err)
		}
		v := b.open(t, b.file(t, name, page), "--dump-dom")
		if len(v.console) > 0 || len(v.asked) > 0 {
			t.Errorf("%s: the browser says %q and asks for %q", name, v.console, v.asked)
		}
		for _, want := range []string{"<title>" + a.word() + ": audit report, ", a.headline(), `class="verdict ` + pageClasses[a.Verdict], "What was not checked", "</main>"} {
			if !strings.Contains(v.dom, want) {
				t.Errorf("%s: the page lacks %q", name, want)
			}
		}
		for _, tag := range []string{"<script", "<img", "<link", "<iframe", "<object", "<b>", " style="} {
			if strings.Contains(v.dom, tag) {
				t.Errorf("%s: the page has %q", name, tag)
			}
		}
	}
}

// The test above sees what it is there to see.
func TestBrowserSees(t *testing.T) {
	b := newChromium(t)
	t.Parallel()
	page, err := lanternTide().page()
	if err != nil {
		t.Fatal(err)
	}
	plants := []string{`<script>alert(1)</script>`, `<p style="color:red">x</p>`, `<img src="http://127.0.0.1:9/x.png">`}
	planted := bytes.Replace(page, []byte("</main>"), []byte(strings.Join(plants, "")+"</main>"), 1)
	if v := b.open(t, b.file(t, "planted", planted), "--dump-dom"); len(v.console) < len(plants) {
		t.Errorf("of %q the browser says only %q", plants, v.console)
	}
	loose := []byte(`<!DOCTYPE html><title>x</title><img src="http://127.0.0.1:9/x.png">`)
	if v := b.open(t, b.file(t, "loose", loose), "--dump-dom"); !slices.Contains(v.asked, "http://127.0.0.1:9/x.png") {
		t.Errorf("a page asks for a picture, and it is not seen: %q", v.asked)
	}
}

// TestBrowserNarrow measures reports on narrow and wide screens: nothing runs
// out of them, and the style is there.
func TestBrowserNarrow(t *testing.T) {
	b := newChromium(t)
	t.Parallel()
	const script = `<script>onload = () => {
  for (const f of document.querySelectorAll("iframe")) {
    const d = f.contentDocument, s = d.defaultView.getComputedStyle(d.querySelector(".verdict"));
    document.body.append("[" + f.name + ": width " + d.documentElement.scrollWidth + ", border " + s.borderTopWidth + "]");
  }
}</script>`
	pages, frames, wants := make(map[string][]byte), "", []string{}
	for name, a := range samples() {
		page, err := a.page()
		if err != nil {
			t.Fatal(err)
		}
		pages["/"+name] = page
		for _, width := range []int{320, 360, 1230} {
			frames += fmt.Sprintf(`<iframe name="%s %d" src="/%s" width="%d" height="900" style="border:0"></iframe>`, name, width, name, width)
			wants = append(wants, fmt.Sprintf("[%s %d: width %d, border 3px]", name, width, width))
		}
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if page, ok := pages[r.URL.Path]; ok {
			w.Write(page)
			return
		}
		fmt.Fprintf(w, `<!DOCTYPE html><link rel="icon" href="data:,"><body>%s%s</body>`, frames, script)
	}))
	defer server.Close()
	v := b.open(t, server.URL+"/", "--dump-dom", "--window-size=1400,1000")
	for _, want := range wants {
		if !strings.Contains(v.dom, want) {
			name, _, _ := strings.Cut(want, ":")
			_, got, _ := strings.Cut(v.dom, name+":")
			got, _, _ = strings.Cut(got, "]")
			t.Errorf("got %s:%s], want %s", name, got, want)
		}
	}
}

var (
	pdfPage = regexp.MustCompile(`/Type /Page\b`)
	pdfBox  = regexp.MustCompile(`/MediaBox \[0 0 ([0-9.]+) ([0-9.]+)\]`)
)

// TestBrowserPrint prints reports to PDF: on A4, on few pages.
func TestBrowserPrint(t *testing.T) {
	b := newChromium(t)
	t.Parallel()
	for name, most := range map[string]int{"authentic": 4, "forged": 16} {
		page, err := samples()[name].page()
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(b.dir, name+".pdf")
		b.open(t, b.file(t, name, page), "--no-pdf-header-footer", "--print-to-pdf="+file)
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if n := len(pdfPage.FindAll(data, -1)); n < 1 || n > most {
			t.Errorf("%s: %d pages, want 1 to %d", name, n, most)
		}
		for _, box := range pdfBox.FindAllSubmatch(data, -1) {
			if !strings.HasPrefix(string(box[1]), "594.9") && string(box[1]) != "595" || !strings.HasPrefix(string(box[2]), "841.") && string(box[2]) != "842" {
				t.Errorf("%s: a page of %s x %s points is not A4", name, box[1], box[2])
			}
		}
	}
}
