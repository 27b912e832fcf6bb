package home

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"comity/crypto/keys"
	"comity/crypto/sign"
	"comity/ledger"
)

// A ledger is founded by files that its founders exchange, in any way:
//
//	each founder   Create           its member file, signed by its root
//	one of them    NewCharter       the draft of a charter, from all member files
//	each           SignCharter      its signature, once it has heard the words of every other root
//	each           AddSignature,    the charter, once all signed
//	               Install
//
// The words are what makes the others' roots the right ones; everything else in
// the charter is right because the bureau that it describes has signed it.

// Terms are what founders agree on beside who they are.
type Terms struct {
	Name    string // of the consortium
	Created time.Time
	Quota   ledger.Quota // of each bureau
	Format  uint8        // with which the ledger begins, the newest when 0
}

// NewCharter drafts the charter of these founders. Nobody has signed it yet. An
// error names the founders who cannot both be in it.
func NewCharter(t Terms, founders []*ledger.Member) (*ledger.Genesis, error) {
	c := &ledger.Charter{Name: t.Name, Created: uint64(t.Created.Unix()), Format: t.Format, Quota: t.Quota}
	if c.Format == 0 {
		c.Format = ledger.Format
	}
	for i, m := range founders {
		for _, other := range founders[:i] {
			if what := shared(m, other); what != "" {
				return nil, fmt.Errorf("new charter: %s and %s have %s", other.Code, m.Code, what)
			}
		}
		c.Members = append(c.Members, *m)
	}
	slices.SortFunc(c.Members, func(a, b ledger.Member) int { return strings.Compare(a.Code, b.Code) })
	g, err := ledger.NewGenesis(c)
	if err != nil {
		return nil, fmt.Errorf("new %w", err)
	}
	return g, nil
}

// shared says what of two founders must differ and does not, "" if all does.
func shared(a, b *ledger.Member) string {
	wa, wb := &a.Node.Witness, &b.Node.Witness
	switch {
	case a.Code == b.Code && a.Root.Equal(b.Root):
		return "one code and one root key: that is one bureau, named twice"
	case a.Code == b.Code:
		return "one code, and different root keys: only one of them can be that bureau"
	case a.Root.Equal(b.Root):
		return "the same root key; each bureau makes its own"
	case a.Node.Address == b.Node.Address:
		return "the same address, " + a.Node.Address
	case a.Node.TLS == b.Node.TLS || wa.Ed25519.Equal(wb.Ed25519) || bytes.Equal(wa.MLDSA.Bytes(), wb.MLDSA.Bytes()):
		return "the same key of a node; each makes its own"
	case a.Access == b.Access:
		return "the same operator's key; each makes its own"
	}
	return ""
}

// ErrDraft is returned for a file that is no draft of a charter.
var ErrDraft = errors.New("it is not the draft of a charter, or not all of it")

// ParseDraft reads the draft of a charter, the bytes that its founders sign.
func ParseDraft(data []byte) (*ledger.Genesis, error) {
	c, err := ledger.ParseCharter(data)
	if errors.Is(err, ledger.ErrFormat) {
		return nil, fmt.Errorf("read draft: %w", err)
	}
	if err != nil {
		return nil, ErrDraft
	}
	return ledger.NewGenesis(c)
}

// WordsError says that the words heard from a founder are not those of the root
// that the charter has for it.
type WordsError struct {
	Code string // of the founder
	Of   string // the founder whose words they are, "" if nobody's
}

func (e *WordsError) Error() string {
	if e.Of != "" {
		return fmt.Sprintf("these are the words of %s, not of %s", e.Of, e.Code)
	}
	return fmt.Sprintf("these are not the words of the root key that the charter has for %s", e.Code)
}

// CheckWords compares the words that were heard from a founder with its root in
// the charter.
func CheckWords(c *ledger.Charter, code string, heard keys.Words) error {
	m, ok := c.Member(code)
	if !ok {
		return fmt.Errorf("%s is not among the founders", code)
	}
	if keys.SigningID(m.Root).Words() == heard {
		return nil
	}
	e := &WordsError{Code: code}
	for i := range c.Members {
		if keys.SigningID(c.Members[i].Root).Words() == heard {
			e.Of = c.Members[i].Code
		}
	}
	return e
}

// CheckDraft returns an error unless the charter describes this bureau as its
// own files do: else somebody put another address or key into it.
func (h *Home) CheckDraft(c *ledger.Charter) error {
	in, ok := c.Member(h.Bureau())
	if !ok {
		return fmt.Errorf("%s is not among its founders", h.Bureau())
	}
	own, err := h.Member()
	if err != nil {
		return err
	}
	got, err1 := describe(in, nil)
	want, err2 := describe(&own, nil)
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	if !bytes.Equal(got, want) {
		return fmt.Errorf("it describes %s with another name, address or key than this home has", h.Bureau())
	}
	return nil
}

// SignCharter signs a charter with the bureau's root, and returns the signature
// as OpenSSH writes it. heard has the words of every other founder's root, as
// its people read them.
func (h *Home) SignCharter(g *ledger.Genesis, heard map[string]keys.Words, pass Passphrase) ([]byte, error) {
	if err := h.CheckDraft(g.Charter); err != nil {
		return nil, fmt.Errorf("sign charter: %w", err)
	}
	for i := range g.Charter.Members {
		code := g.Charter.Members[i].Code
		if code == h.Bureau() {
			continue
		}
		words, ok := heard[code]
		if !ok {
			return nil, fmt.Errorf("sign charter: the words of %s were not compared", code)
		}
		if err := CheckWords(g.Charter, code, words); err != nil {
			return nil, fmt.Errorf("sign charter: %w", err)
		}
	}
	root, err := h.Root(pass)
	if err != nil {
		return nil, fmt.Errorf("sign charter: %w", err)
	}
	sig, err := sign.Sign(root, sign.NamespaceCharter, g.Charter.Marshal())
	if err != nil {
		return nil, fmt.Errorf("sign charter: %w", err)
	}
	return sign.Armor(root.Public(), sign.NamespaceCharter, sig[:]), nil
}

// AddSignature adds what SignCharter returned at a founder's, and returns whose
// it is. The error is a sentence about the file.
func AddSignature(g *ledger.Genesis, file []byte) (code string, err error) {
	pub, namespace, sig, err := sign.ParseArmor(file)
	if err != nil || namespace != sign.NamespaceCharter {
		return "", errors.New("it is not a founder's signature of a charter, or not all of it")
	}
	for i := range g.Charter.Members {
		if g.Charter.Members[i].Root.Equal(pub) {
			code = g.Charter.Members[i].Code
		}
	}
	err = g.AddSignature(pub, sig)
	switch {
	case errors.Is(err, ledger.ErrNotFounder):
		return "", errors.New("it is signed by a key that is no founder's root")
	case err != nil:
		return "", fmt.Errorf("%s signed something else: another charter, or this one before it was changed", code)
	}
	return code, nil
}

// Found makes a ledger of these bureaus: all sign its charter and all install
// it, or none does. It is for exercises, where one machine holds every root key
// and hears everybody's words; the steps are those of the founders.
func Found(homes []*Home, t Terms, pass Passphrase) (*ledger.Genesis, error) {
	draft, err := draftOf(homes, t)
	if err != nil {
		return nil, fmt.Errorf("found ledger: %w", err)
	}
	heard := make(map[string]keys.Words)
	for _, h := range homes {
		own, err := h.Member()
		if err != nil {
			return nil, fmt.Errorf("found ledger: %w", err)
		}
		heard[own.Code] = keys.SigningID(own.Root).Words()
	}
	g, err := ParseDraft(draft)
	if err != nil {
		return nil, fmt.Errorf("found ledger: %w", err)
	}
	for _, h := range homes {
		file, err := h.SignCharter(g, heard, pass)
		if err != nil {
			return nil, fmt.Errorf("found ledger: %w", err)
		}
		if _, err := AddSignature(g, file); err != nil {
			return nil, fmt.Errorf("found ledger: the signature of %s: %w", h.Bureau(), err)
		}
	}
	for i, h := range homes {
		if err := h.Install(g); err != nil {
			for _, done := range homes[:i] {
				os.Remove(filepath.Join(done.dir, fileCharter))
			}
			return nil, fmt.Errorf("found ledger: %w", err)
		}
	}
	return g, nil
}

// draftOf drafts a charter from the member files of homes without one.
func draftOf(homes []*Home, t Terms) ([]byte, error) {
	var founders []*ledger.Member
	for _, h := range homes {
		if _, err := h.Genesis(); !errors.Is(err, ErrNoCharter) {
			return nil, fmt.Errorf("%s already has a charter", h.Bureau())
		}
		file, err := readPublic(h.MemberFile())
		if err != nil {
			return nil, err
		}
		m, err := ParseMember(file)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", h.MemberFile(), err)
		}
		founders = append(founders, m)
	}
	g, err := NewCharter(t, founders)
	if err != nil {
		return nil, err
	}
	return g.Charter.Marshal(), nil
}
