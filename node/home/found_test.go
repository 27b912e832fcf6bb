package home

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"comity/crypto/keys"
	"comity/crypto/sign"
	"comity/ledger"
)

var terms = Terms{Name: "Exercise", Created: founded, Quota: ledger.DefaultQuota}

// testMember returns a member that nobody's home is about.
func testMember(root *keys.Signer, w *keys.Witness) ledger.Member {
	m := ledger.Member{Code: "XA", Name: "Aldermoor", Root: root.Public(), Access: keys.ID{1}}
	m.Node = ledger.Node{Address: "192.0.2.1:7101", TLS: keys.ID{2}, Witness: w.Public()}
	return m
}

func TestFound(t *testing.T) {
	b, a := create(t, "XB", "127.0.0.1:7102"), create(t, "XA", "127.0.0.1:7101")
	if _, err := a.Genesis(); !errors.Is(err, ErrNoCharter) {
		t.Errorf("before: got %v, want ErrNoCharter", err)
	}
	g, err := Found([]*Home{b, a}, terms, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range []*Home{a, b} {
		got, err := h.Genesis()
		if err != nil || got.Ledger != g.Ledger {
			t.Errorf("%s: got %v, %v", h.Bureau(), got, err)
		}
		if got != nil && (got.Charter.Quota != ledger.DefaultQuota || got.Charter.Format != ledger.Format) {
			t.Errorf("%s: its charter has format %d and quota %+v", h.Bureau(), got.Charter.Format, got.Charter.Quota)
		}
		if err := h.Install(g); err != nil {
			t.Errorf("installed again: %v", err)
		}
		if c, err := h.NodeConfig(); err != nil || c.Bureau != h.Bureau() || c.Dir != h.NodeDir() {
			t.Errorf("node configuration: got %+v, %v", c, err)
		}
		if left, _ := filepath.Glob(filepath.Join(h.Dir(), ".charter-*")); len(left) > 0 {
			t.Errorf("left behind: %q", left)
		}
	}
	if _, err := Found([]*Home{a, b}, terms, nil); err == nil {
		t.Error("bureaus of one ledger founded another")
	}
	wants(t, create(t, "XC", "127.0.0.1:7103").Install(g), "a stranger", "XC is not among its founders")
	wants(t, create(t, "XA", "127.0.0.1:7101").Install(g), "a bureau with other keys", "another name, address or key")
	unsigned, err := ledger.NewGenesis(g.Charter)
	if err != nil {
		t.Fatal(err)
	}
	wants(t, a.Install(unsigned), "an unsigned charter", "XA, XB did not sign it")

	// A charter that is cut off is not taken for none.
	if err := os.Truncate(filepath.Join(b.Dir(), fileCharter), 100); err != nil {
		t.Fatal(err)
	}
	wants(t, b.Install(g), "a charter that is cut off", "there is one that cannot be read; move it away")
}

func TestFoundAllOrNone(t *testing.T) {
	a, b := create(t, "XA", "127.0.0.1:7101"), create(t, "XB", "127.0.0.1:7102")
	if err := os.Mkdir(filepath.Join(b.Dir(), fileCharter), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := Found([]*Home{a, b}, terms, nil); err == nil {
		t.Fatal("founded")
	}
	if _, err := a.Genesis(); !errors.Is(err, ErrNoCharter) {
		t.Errorf("a charter was left behind: %v", err)
	}
}

// wants wants an error with a text.
func wants(t *testing.T, err error, what, text string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), text) {
		t.Errorf("%s: got %v, want %q", what, err, text)
	}
}

// TestSignCharter wants every other founder's words, and the right ones.
func TestSignCharter(t *testing.T) {
	homes := []*Home{create(t, "XA", "127.0.0.1:7101"), create(t, "XB", "127.0.0.1:7102"), create(t, "XC", "127.0.0.1:7103")}
	draft, err := draftOf(homes, terms)
	if err != nil {
		t.Fatal(err)
	}
	g, err := ParseDraft(draft)
	if err != nil {
		t.Fatal(err)
	}
	for at := 0; at < len(draft); at += 97 {
		if _, err := ParseDraft(draft[:at]); !errors.Is(err, ErrDraft) {
			t.Fatalf("the first %d bytes: got %v, want ErrDraft", at, err)
		}
	}
	words := func(code string) keys.Words {
		m, _ := g.Charter.Member(code)
		return keys.SigningID(m.Root).Words()
	}
	signed := func(heard map[string]keys.Words) error {
		_, err := homes[0].SignCharter(g, heard, nil)
		return err
	}
	none := keys.ID{1, 2, 3}.Words()
	wants(t, signed(nil), "no words", "the words of XB were not compared")
	wants(t, signed(map[string]keys.Words{"XB": words("XB")}), "one founder's words", "the words of XC were not compared")
	wants(t, signed(map[string]keys.Words{"XB": words("XC"), "XC": words("XC")}), "another's words", "these are the words of XC, not of XB")
	wants(t, signed(map[string]keys.Words{"XB": words("XB"), "XC": none}), "nobody's words", "these are not the words of the root key that the charter has for XC")
	wants(t, CheckWords(g.Charter, "XQ", none), "nobody", "XQ is not among the founders")

	good := map[string]keys.Words{"XB": words("XB"), "XC": words("XC")}
	file, err := homes[0].SignCharter(g, good, nil)
	if err != nil {
		t.Fatal(err)
	}
	if code, err := AddSignature(g, file); err != nil || code != "XA" || !slices.Equal(g.Unsigned(), []string{"XB", "XC"}) {
		t.Errorf("got %s, %v; unsigned %v", code, err, g.Unsigned())
	}
	other, err := NewCharter(terms, members(t, homes[:2]))
	if err != nil {
		t.Fatal(err)
	}
	elsewhere, err := homes[1].SignCharter(other, map[string]keys.Words{"XA": words("XA")}, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = AddSignature(g, elsewhere)
	wants(t, err, "a signature of another charter", "XB signed something else")
	_, err = AddSignature(g, file[:len(file)-1])
	wants(t, err, "a signature that is cut off", "or not all of it")
	officer, err := homes[0].Officer("case-1", nil)
	if err != nil {
		t.Fatal(err)
	}
	sig, err := sign.Sign(officer.Signer, sign.NamespaceCharter, draft)
	if err != nil {
		t.Fatal(err)
	}
	_, err = AddSignature(g, sign.Armor(officer.Signer.Public(), sign.NamespaceCharter, sig[:]))
	wants(t, err, "an officer's signature", "a key that is no founder's root")
	if !slices.Equal(g.Unsigned(), []string{"XB", "XC"}) {
		t.Errorf("refused signatures count: unsigned %v", g.Unsigned())
	}
}

func members(t *testing.T, homes []*Home) (list []*ledger.Member) {
	t.Helper()
	for _, h := range homes {
		m, err := h.Member()
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, &m)
	}
	return list
}

// TestNewCharterTwice gives two founders one thing that each must have alone.
func TestNewCharterTwice(t *testing.T) {
	list := members(t, []*Home{create(t, "XA", "127.0.0.1:7101"), create(t, "XB", "127.0.0.1:7102")})
	for want, change := range map[string]func(b *ledger.Member){
		"one code, and different root keys": func(b *ledger.Member) { b.Code = "XA" },
		"that is one bureau, named twice":   func(b *ledger.Member) { *b = *list[0] },
		"XA and XB have the same root key":  func(b *ledger.Member) { b.Root = list[0].Root },
		"the same address, 127.0.0.1:7101":  func(b *ledger.Member) { b.Node.Address = list[0].Node.Address },
		"the same key of a node":            func(b *ledger.Member) { b.Node.TLS = list[0].Node.TLS },
		"have the same key of a node":       func(b *ledger.Member) { b.Node.Witness = list[0].Node.Witness },
		"the same operator's key":           func(b *ledger.Member) { b.Access = list[0].Access },
		"new charter: malformed":            func(b *ledger.Member) { b.Access = keys.SigningID(list[0].Root) },
	} {
		b := *list[1]
		change(&b)
		_, err := NewCharter(terms, []*ledger.Member{list[0], &b})
		wants(t, err, want, want)
	}
}

// TestRootFile keeps the root key apart from the home.
func TestRootFile(t *testing.T) {
	stick := t.TempDir()
	file := filepath.Join(stick, "XA.root")
	o := CreateOptions{Bureau: "XA", Name: "Aldermoor", Address: "127.0.0.1:7101", Officers: testOfficers, RootFile: file}
	failed := errors.New("no paper")
	o.Finish = func(h *Home) error {
		if _, err := h.Member(); err != nil {
			t.Error(err)
		}
		return failed
	}
	dir := filepath.Join(t.TempDir(), "xa")
	if _, err := Create(dir, o); !errors.Is(err, failed) {
		t.Fatalf("got %v, want the error of Finish", err)
	}
	for _, left := range []string{dir, file} {
		if _, err := os.Stat(left); err == nil {
			t.Errorf("%s was left behind", left)
		}
	}
	o.Finish = nil
	h, err := Create(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Root(nil); !errors.Is(err, ErrNoRoot) {
		t.Errorf("without the stick: got %v, want ErrNoRoot", err)
	}
	h.RootFile = file
	root, err := h.Root(nil)
	if err != nil {
		t.Fatal(err)
	}
	if own, err := h.Member(); err != nil || !own.Root.Equal(root.Public()) {
		t.Errorf("the key on the stick is another one: %v", err)
	}
	h.RootFile = filepath.Join(dir, dirOfficers, "case-1", fileSign)
	_, err = h.Root(nil)
	wants(t, err, "an officer's key", "is not the root key of XA")
	h.RootFile = filepath.Join(stick, "gone")
	if _, err := h.Root(nil); err == nil || errors.Is(err, ErrNoRoot) {
		t.Errorf("a file that is not there: got %v", err)
	}

	// A root that is there is another bureau's, and stays.
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Create(filepath.Join(t.TempDir(), "xb"), o); !errors.Is(err, os.ErrExist) {
		t.Errorf("over a root that is there: got %v", err)
	}
	if after, err := os.ReadFile(file); err != nil || !bytes.Equal(after, before) || len(root.Public()) != ed25519.PublicKeySize {
		t.Errorf("the root that was there is changed: %v", err)
	}
}
