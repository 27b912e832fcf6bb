package export

import (
	"bytes"
	"encoding/hex"
	"errors"
	"os"
	"strings"
	"testing"

	"comity/crypto/seal"
	"comity/ledger"
	"comity/ledger/notice"
)

// vectorExhibit is the exhibit of the vectors of package ledger.
func vectorExhibit(t *testing.T) *ledger.Exhibit {
	t.Helper()
	text, err := os.ReadFile("../testdata/vectors/exhibit.txt")
	if err != nil {
		t.Fatal(err)
	}
	_, digits, _ := strings.Cut(string(text), "\nhex\n")
	data, err := hex.DecodeString(strings.Join(strings.Fields(digits), ""))
	if err != nil {
		t.Fatal(err)
	}
	x, err := ledger.ParseExhibit(data)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func TestCourtFile(t *testing.T) {
	c := childCase()
	c.Version = strings.Repeat("cd", 32)
	text, err := Court(c)
	if err != nil {
		t.Fatal(err)
	}
	again, err := CourtText(c.View, c.Ledger, c.Version)
	if err != nil || !bytes.Equal(text, again) {
		t.Error("the same parts give other bytes")
	}
	if !bytes.HasPrefix(text, []byte("{\n  \"handling\": \"H2: not passed on")) || !bytes.Contains(text, []byte("Hanne")) {
		t.Errorf("caveats do not come first, or a part is missing:\n%s", text)
	}
	x := vectorExhibit(t)
	file := CourtFile(text, []ledger.Disclosure{{Exhibit: x, Keys: []ledger.DisclosedKey{{Compartment: seal.Card}}}})
	got, proof, err := ParseCourtFile(file)
	if err != nil || !bytes.Equal(got, text) || len(proof) != 1 || len(proof[0].Keys) != 1 || !IsCourt(file) {
		t.Fatalf("got %d disclosures, %v", len(proof), err)
	}
	for name, bad := range map[string][]byte{
		"empty": nil, "cut": file[:len(file)-1], "more": append(bytes.Clone(file), '\n'),
		"another head": bytes.Replace(file, []byte("signed; check"), []byte("signed; Check"), 1),
		"no proof":     file[:bytes.LastIndex(file, []byte("-----BEGIN"))],
		"a header":     bytes.Replace(file, []byte("PROOF-----\n"), []byte("PROOF-----\nA: b\n\n"), 1),
		"another line": bytes.Replace(file, []byte("\n-----END"), []byte("\n\n-----END"), 1),
	} {
		if _, _, err := ParseCourtFile(bad); !errors.Is(err, ErrNotCourt) {
			t.Errorf("%s: %v, want ErrNotCourt", name, err)
		}
	}
	// Nobody but its origin takes the victim's part without a body that lets it go.
	c.By, c.View.Body = "XB", nil
	if _, err := Court(c); !errors.Is(err, ErrConsent) {
		t.Errorf("the victim's part alone: %v, want ErrConsent", err)
	}
	c = childCase()
	c.By, c.View.Body.Handling, c.View.Body.TLP = "XB", notice.Handling{Code: notice.H0}, notice.TLPGreen
	if _, err := Court(c); err != nil {
		t.Errorf("H0: %v", err)
	}
}
