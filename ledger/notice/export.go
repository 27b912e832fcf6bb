package notice

import (
	"fmt"
	"slices"
	"strings"

	"comity/crypto/seal"
)

// Export is what a bureau announces before it takes the text of a notice out of
// the ledger. The reply that holds it is sealed to the origin and signed by the
// officer who exports and by a supervisor of the same bureau; only then is the
// file written.
type Export struct {
	Version string   `json:"version"` // id of the entry whose text it is, 64 hexadecimal digits
	Parts   []string `json:"parts"`   // card, body, victim
	Format  Format   `json:"format"`
	SHA256  string   `json:"sha256"` // of the opened text as it is written, 64 hexadecimal digits
	Entries uint64   `json:"as_of"`  // entries of the ledger that the text takes in
}

// Format is a form in which opened text leaves the ledger.
type Format string

// Formats.
const (
	FormatSTIX  Format = "stix"
	FormatCSV   Format = "csv"
	FormatCourt Format = "court" // with the proof that it is what the origin signed
)

// Uses are what a consent must allow for an export of this format.
func (f Format) Uses() []Use {
	if f == FormatCourt {
		return []Use{UseEvidence, UseExport}
	}
	return []Use{UseExport}
}

// Has reports whether the export takes a part along.
func (e *Export) Has(c seal.Compartment) bool { return slices.Contains(e.Parts, c.String()) }

// String returns what is exported in words: "card and body as CSV".
func (e *Export) String() string {
	words := map[Format]string{FormatSTIX: "STIX", FormatCSV: "CSV", FormatCourt: "court export"}[e.Format]
	return strings.Join(e.Parts, " and ") + " as " + words
}

// NeedsTwo reports whether a second officer must sign the export: of all but a
// card.
func (e *Export) NeedsTwo() bool { return e.Has(seal.Body) || e.Has(seal.Victim) }

func (e *Export) check(p *problems) {
	for _, id := range []struct{ name, value string }{{"export.version", e.Version}, {"export.sha256", e.SHA256}} {
		if !isHex(id.value, 32) {
			p.add(id.name, "%.80q is not 64 hexadecimal digits", id.value)
		}
	}
	p.need("export.format", string(e.Format), "stix, csv or court")
	oneOf(p, "export.format", e.Format, FormatSTIX, FormatCSV, FormatCourt)
	if len(e.Parts) == 0 {
		p.add("export.parts", "missing: card, body or victim")
	}
	last := seal.Compartment(0)
	for i, name := range e.Parts {
		c := seal.Compartment(0)
		for k := seal.Card; k <= seal.Victim; k++ {
			if k.String() == name {
				c = k
			}
		}
		if c <= last { // none of them, twice, or out of order
			p.add(index("export.parts", i), "%.20q: want card, body and victim, each at most once and in this order", name)
		}
		last = max(last, c)
	}
	if e.Has(seal.Victim) && e.Format != FormatCourt {
		p.add("export.parts", "the part on the victim leaves the ledger in no form but a court export")
	}
}

// KeptBack says why a bureau other than the origin may not take the body out of
// the ledger without the origin's consent, "" if it may.
func (b *Body) KeptBack() string {
	switch {
	case b.TLP == TLPRed:
		return "it is TLP:RED, for the eyes of its readers only"
	case b.Handling.Code != H0:
		return b.Handling.Caveat()
	}
	return ""
}

// caveats are the handling codes in words.
var caveats = map[HandlingCode]string{
	H0: "no restriction beyond the law",
	H1: "not as evidence without the origin's consent",
	H2: "not passed on without the origin's consent",
	H3: "as the text says",
	"": "no handling code: to be used as H2, not passed on without the origin's consent",
}

// Caveat returns the handling in words, as every export carries it. A code that
// is not known is none.
func (h Handling) Caveat() string {
	words, known := caveats[h.Code]
	if !known {
		words = caveats[""]
	}
	if known && h.Code != "" {
		words = string(h.Code) + ": " + words
	}
	if h.Text != "" {
		words += ". " + h.Text
	}
	return words
}

// ExportLine is an announced export.
type ExportLine struct {
	Filed
	Grant *Filed // the origin's consent that it names, as that stood then; nil if it did not cover it
}

// takeExport notes an export with the consent that it rests on.
func (t *Thread) takeExport(p *Filed) {
	line := &ExportLine{Filed: *p}
	if c := t.consents[p.Request]; c != nil && c.Bureau == p.Bureau && c.Answer != nil && c.Answer.Type == ConsentGrant && c.Answer.Scope.covers(p.Export.Format, p.Time) {
		line.Grant = c.Answer
	}
	t.Exports = append(t.Exports, line)
}

// ConsentFor returns the bureau's consents that allow an export of this format
// at the thread's time, the last one first.
func (t *Thread) ConsentFor(bureau string, f Format) (list []*ConsentLine) {
	for _, c := range slices.Backward(t.Consents) {
		if c.Bureau == bureau && c.Granted().covers(f, t.AsOf) {
			list = append(list, c)
		}
	}
	return list
}

func (t *Thread) judgeExport(p *Filed) string {
	if p.Request != "" && t.consents[p.Request] == nil {
		return fmt.Sprintf("there is no request for consent %.8s on this notice", p.Request)
	}
	return ""
}
