package cli

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	htmltemplate "html/template"
	"io"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"text/template"
	"time"

	"comity/crypto/keys"
	"comity/node/home"
)

// The paper record of a new bureau: what its people keep when all machines are
// gone, and sign by hand. It holds no secret, and fits a page of A4.
var (
	//go:embed paper.html
	paperHTML string
	//go:embed paper.css
	paperStyle string
	//go:embed paper.txt
	paperText string
)

// paper is what the page shows. Every text of it is made visible first.
type paper struct {
	Policy string
	Style  htmltemplate.CSS

	Code, Name, Address, Made, Version string
	Words                              []paperWord
	Keys                               []paperKey
	Calls                              []string // rows for the other founders
}

type (
	paperWord struct{ Number, Word string }
	paperKey  struct{ Use, ID string }
)

// paperCalls is how many founders have a row on the page.
const paperCalls = 6

// newPaper collects the record of a home. It needs no passphrase.
func newPaper(h *home.Home, officers []home.OfficerSpec) (*paper, error) {
	m, err := h.Member()
	if err != nil {
		return nil, err
	}
	recipients, err := h.Recipients()
	if err != nil {
		return nil, err
	}
	p := &paper{Code: m.Code, Name: m.Name, Address: m.Node.Address, Made: time.Now().UTC().Format(time.DateOnly), Version: buildVersion().Version,
		Calls: make([]string, paperCalls)}
	root := keys.SigningID(m.Root)
	for i, w := range strings.Fields(root.Words().String()) {
		p.Words = append(p.Words, paperWord{fmt.Sprint(i + 1), w})
	}
	add := func(id keys.ID, format string, args ...any) {
		p.Keys = append(p.Keys, paperKey{fmt.Sprintf(format, args...), id.String()})
	}
	add(root, "root")
	add(m.Node.TLS, "node, connections")
	add(m.Node.Cosigner(), "node, cosigning")
	add(m.Access, "operator")
	for _, c := range slices.Sorted(maps.Keys(recipients)) {
		add(recipients[c].ID(), "sealing, %s", c)
	}
	for _, o := range officers {
		pub, err := h.SigningKey(o.Label)
		if err != nil {
			return nil, err
		}
		add(keys.SigningID(pub), "officer %s", o.Label)
	}
	return p, nil
}

// render returns the page in the form that the file's name asks for.
func (p *paper) render(path string) ([]byte, error) {
	visibleAll(reflect.ValueOf(p).Elem())
	type page interface {
		Execute(w io.Writer, data any) error
	}
	var t page
	var err error
	switch strings.ToLower(filepath.Ext(path)) {
	case ".html", ".htm":
		hash := sha256.Sum256([]byte(paperStyle))
		p.Style = htmltemplate.CSS(paperStyle)
		p.Policy = "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(hash[:]) + "'; base-uri 'none'; form-action 'none'"
		t, err = htmltemplate.New("paper").Parse(paperHTML)
	default:
		t, err = template.New("paper").Parse(paperText)
	}
	if err != nil {
		return nil, fmt.Errorf("make the paper record: %w", err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, p); err != nil {
		return nil, fmt.Errorf("make the paper record: %w", err)
	}
	return b.Bytes(), nil
}
