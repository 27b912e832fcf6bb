package export

import (
	"errors"
	"fmt"
	"time"

	"comity/ledger/notice"
)

// Case is what is exported: one version of a notice, as its reader opened it.
type Case struct {
	View      *notice.View
	Ledger    string    // id of the ledger
	Published time.Time // ledger time of the first version
	Modified  time.Time // ledger time of this one
	Status    string    // in words, such as active
	AsOf      uint64    // entries of the ledger that this takes in
	By        string    // code of the bureau that exports
	Consent   bool      // its origin consents to the export; see MayExport
}

// ErrConsent is returned for an export that needs the consent of the origin.
var ErrConsent = errors.New("the origin has not consented to an export")

// MayExport reports whether the bureau may take the notice out of the ledger.
// The origin may. Any other needs the origin's consent where the body's handling
// code or TLP marking keeps it back, and where the body has no code at all. The
// part on the victim is in no export, whoever asks.
func (c *Case) MayExport() error {
	v := c.View
	switch {
	case v == nil || !v.Opened():
		return errors.New("nothing of it is open here, so there is nothing to export")
	case c.By == v.Origin.Bureau || c.Consent:
		return nil
	case v.Body == nil:
		return nil // a card, a tally: what every reader's front line sees
	case v.Body.TLP == notice.TLPRed:
		return fmt.Errorf("%w: it is TLP:RED, for the eyes of its readers only, and %s is not its origin %s", ErrConsent, c.By, v.Origin.Bureau)
	}
	if h := v.Body.Handling; h.Code != notice.H0 {
		return fmt.Errorf("%w: %s, and %s is not its origin %s", ErrConsent, caveat(h), c.By, v.Origin.Bureau)
	}
	return nil
}

// caveats are the handling codes in words, as every export carries them.
var caveats = map[notice.HandlingCode]string{
	notice.H0: "no restriction beyond the law",
	notice.H1: "not as evidence without the origin's consent",
	notice.H2: "not passed on without the origin's consent",
	notice.H3: "as the text says",
	"":        "no handling code: to be used as H2, not passed on without the origin's consent",
}

// caveat writes a handling code in words.
func caveat(h notice.Handling) string {
	words, known := caveats[h.Code]
	if !known {
		words = caveats[""]
	}
	s := string(h.Code)
	if known && s != "" {
		s += ": "
	} else {
		s = ""
	}
	if s += words; h.Text != "" {
		s += ". " + h.Text
	}
	return s
}

// handling returns the handling of a view; a card alone has that of H2, as
// whoever sees no body cannot know what it says.
func handling(v *notice.View) notice.Handling {
	if v.Body == nil {
		return notice.Handling{}
	}
	return v.Body.Handling
}

// tlp returns the marking of a view, AMBER where its author gave none or where
// the body that says so is not open.
func tlp(v *notice.View) notice.TLP {
	if v.Body == nil || tlpIDs[v.Body.TLP] == "" {
		return notice.TLPAmber
	}
	return v.Body.TLP
}
