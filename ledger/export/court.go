package export

import (
	"bytes"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"

	"comity/ledger"
	"comity/ledger/notice"
)

// courtText is the opened text of a notice as a court reads it: the caveats
// first, then the parts as their author wrote them.
type courtText struct {
	Handling       string         `json:"handling"`
	TLP            string         `json:"tlp"`
	Origin         string         `json:"origin"`
	Reference      string         `json:"reference"`
	Kind           string         `json:"kind"`
	Classification string         `json:"classification"`
	Ledger         string         `json:"ledger"`
	Notice         string         `json:"notice"`
	Version        string         `json:"version"`
	Card           *notice.Card   `json:"card,omitempty"`
	Body           *notice.Body   `json:"body,omitempty"`
	Victim         *notice.Victim `json:"victim,omitempty"`
}

// Court returns the text of a court export: see [CourtText].
func Court(c *Case) ([]byte, error) {
	if err := c.MayExport(); err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	return CourtText(c.View, c.Ledger, c.Version)
}

// CourtText writes the open parts of a view of the version with this entry id. It
// holds nothing but what its author signed: whoever has the proof of a court
// export derives the same bytes from it.
func CourtText(v *notice.View, ledgerID, version string) ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(courtText{
		Handling: handling(v.Body).Caveat(), TLP: string(tlp(v.Body)), Origin: v.Origin.Bureau, Reference: v.Reference, Kind: v.Title(),
		Classification: v.Header.Classification.String(), Ledger: ledgerID, Notice: v.ID, Version: version,
		Card: v.Card, Body: v.Body, Victim: v.Victim,
	})
	if err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	return out.Bytes(), nil
}

// A court export is one file: a line that says what it is, the text, and the
// proof behind it, so that anybody reads the one and comity checks the other.
const (
	courtHead = "COMITY COURT EXPORT v1. The text below is what the origin sealed and signed; check it: comity verify FILE --charter CHARTER\n\n"
	courtTail = "\n-----BEGIN COMITY PROOF-----\n"
	courtType = "COMITY PROOF"

	// MaxCourt bounds a court export: text, and a proof in base64.
	MaxCourt = notice.MaxSize*2 + ledger.MaxDisclosureFile*3/2
)

// ErrNotCourt is returned for a file that is no court export.
var ErrNotCourt = errors.New("it is no court export, or it was cut short")

// IsCourt reports whether a file begins as a court export does.
func IsCourt(data []byte) bool { return bytes.HasPrefix(data, []byte(courtHead[:22])) }

// CourtFile joins a text and its proof to a file.
func CourtFile(text []byte, proof []ledger.Disclosure) []byte {
	out := append([]byte(courtHead), text...)
	out = append(out, '\n')
	return append(out, pem.EncodeToMemory(&pem.Block{Type: courtType, Bytes: ledger.MarshalDisclosures(proof)})...)
}

// ParseCourtFile divides a court export. It verifies nothing. There is one
// encoding: no byte stands outside of the text and the proof. It returns [ErrNotCourt],
// or [ledger.ErrLater].
func ParseCourtFile(data []byte) (text []byte, proof []ledger.Disclosure, err error) {
	rest, ok := bytes.CutPrefix(data, []byte(courtHead))
	at := bytes.LastIndex(rest, []byte(courtTail))
	if !ok || at < 0 || len(data) > MaxCourt {
		return nil, nil, ErrNotCourt
	}
	block, after := pem.Decode(rest[at+1:])
	if block == nil || len(after) != 0 || block.Type != courtType || len(block.Headers) != 0 {
		return nil, nil, ErrNotCourt
	}
	if proof, err = ledger.ParseDisclosures(block.Bytes); errors.Is(err, ledger.ErrLater) {
		return nil, nil, err
	}
	if err != nil {
		return nil, nil, ErrNotCourt
	}
	if text = rest[:at]; !bytes.Equal(CourtFile(text, proof), data) {
		return nil, nil, ErrNotCourt
	}
	return text, proof, nil
}
