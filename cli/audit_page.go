package cli

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"html/template"
	"reflect"
	"slices"

	"comity/ledger/audit"
)

// The report of an audit is one HTML file that needs nothing else: no script,
// no font, no picture from anywhere. Its policy forbids a browser to fetch or
// run anything, so that text which slipped in could not do so either. The style
// is named by its hash; widths of bars are attributes of SVG, which are no style.
var (
	//go:embed audit_report.html
	pageText string
	//go:embed audit_report.css
	pageStyle string

	pageTemplate = template.Must(template.New("report").Parse(pageText))
)

// page is what the template shows, in words. Every text of it is made visible
// before it is shown: see visibleAll.
type page struct {
	Policy string
	Style  template.CSS

	Name, Lead            string
	Exercise              bool
	Class, Word, Headline string
	Detail                []string
	Compare, Settle       string
	Failures              []pageFailure
	Unnamed               string
	Checks                []pageCheck
	NotChecked            []string
	Bureaus, Kinds        []pageCount
	Epochs                []pageEpoch
	Findings              []pageFinding
	Keys                  []pageKey
	Facts                 []pageFact
	Commands              []pageCommand
	Repeat                string
}

type (
	pageFailure struct{ Entry, Bureau, What, Do string }
	pageCheck   struct{ Question, Explain, Class, Answer, Checked, Failed string }
	pageCount   struct {
		Code, Name, Entries, Colour string
		Width                       int // percent
	}
	pageEpoch   struct{ Entry, What string }
	pageFinding struct{ Entry, What, Why string }
	pageKey     struct{ Bureau, Name, Fingerprint, Trust string }
	pageFact    struct {
		Name, Value string
		Mono        bool
	}
	pageCommand struct{ Line, Note string }
)

// pageClasses are the looks of the verdict's box. A finding makes nothing less
// authentic: it has a line of its own in the box.
var pageClasses = map[audit.Verdict]string{audit.Authentic: "good", audit.Remarked: "good", audit.Forged: "bad", audit.CannotTell: "unsure"}

// page returns the HTML page of an audit.
func (a *audited) page() ([]byte, error) {
	p := &page{
		Name: a.Name, Exercise: a.Exercise, Lead: a.lead(),
		Class: pageClasses[a.Verdict], Word: a.word(), Headline: a.headline(), Detail: a.detail(),
		Unnamed: a.unnamed(len(a.Failures)), NotChecked: a.NotChecked,
		Repeat: "No network, no key and no account is needed. The format is public, so that another program can check the same file.",
	}
	if a.Verdict == audit.CannotTell {
		p.Compare, p.Settle = grouped(a.Ledger), commandLine(a.settle)
	}
	for _, f := range a.Failures {
		p.Failures = append(p.Failures, pageFailure{place(f.Entry), f.Bureau, f.What, f.Do})
	}
	for _, c := range a.Checks {
		row := pageCheck{Question: c.Question, Class: answer(c), Answer: answer(c), Checked: count(c.Checked), Failed: count(c.Failed)}
		if a.explain {
			row.Explain = explanation(c.Question)
		}
		p.Checks = append(p.Checks, row)
	}
	p.Bureaus, p.Kinds = bars(a.Bureaus), bars(a.Kinds)
	for _, e := range a.Epochs {
		p.Epochs = append(p.Epochs, pageEpoch{count(e.Entry), capital(e.What)})
	}
	for _, f := range a.Findings {
		p.Findings = append(p.Findings, pageFinding{place(f.Entry), f.What, f.Why})
	}
	for _, k := range a.Keys {
		p.Keys = append(p.Keys, pageKey{k.Bureau, k.Name, k.Fingerprint.Short(), k.Trust})
	}
	mono := []string{"Ledger id", "Head", "Your last head", "File"} // they hold hashes
	for _, f := range a.facts() {
		p.Facts = append(p.Facts, pageFact{f[0], f[1], slices.Contains(mono, f[0])})
	}
	if a.source == "" && a.file != "-" {
		p.Commands = append(p.Commands, pageCommand{"sha256sum " + shellWord(a.file), hex.EncodeToString(a.Digest[:])})
	}
	p.Commands = append(p.Commands, pageCommand{Line: commandLine(a.command)})

	visibleAll(reflect.ValueOf(p).Elem())
	hash := sha256.Sum256([]byte(pageStyle))
	p.Style = template.CSS(pageStyle)
	p.Policy = "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(hash[:]) + "'; base-uri 'none'; form-action 'none'"
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, p); err != nil {
		return nil, fmt.Errorf("make the report: %w", err)
	}
	return b.Bytes(), nil
}

// lead says what the report is about and how it was made.
func (a *audited) lead() string {
	from := "Made offline from one file"
	if a.source != "" {
		from = "Made from what the " + a.source + " handed out"
	}
	what := "No charter could be read"
	if a.Members > 0 {
		what = fmt.Sprintf("Ledger “%s”, %s", a.Name, plural(a.Entries, "entry", "entries"))
	}
	return fmt.Sprintf("%s. %s by comity %s, %s.", what, from, buildVersion().Version, moment(a.at))
}

// bars returns counts with the width of their bars: the longest is full.
func bars(counts []audit.Count) []pageCount {
	var most uint64 = 1
	for _, c := range counts {
		most = max(most, c.Entries)
	}
	out := make([]pageCount, len(counts))
	for i, c := range counts {
		width := int(float64(c.Entries)/float64(most)*100 + 0.5)
		if c.Entries > 0 {
			width = max(width, 1)
		}
		name := c.Name
		if c.Code == "" {
			name = capital(name)
		}
		out[i] = pageCount{c.Code, name, count(c.Entries), fmt.Sprintf("c%d", i%5), width}
	}
	return out
}

// visibleAll makes every text below v visible, as on a terminal: a browser shows
// what a bureau calls itself as that bureau wrote it, reordered and hidden
// letters included. The template escapes what means something in HTML.
func visibleAll(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(visible(v.String()))
	case reflect.Slice:
		for i := range v.Len() {
			visibleAll(v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			visibleAll(v.Field(i))
		}
	}
}
