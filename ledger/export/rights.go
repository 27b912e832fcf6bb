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
	Ledger    string       // id of the ledger
	Version   string       // id of the entry of this version
	Published time.Time    // ledger time of the first version
	Modified  time.Time    // ledger time of this one
	Status    string       // in words, such as active
	AsOf      uint64       // entries of the ledger that this takes in
	By        string       // code of the bureau that exports
	Marking   *notice.Body // whose handling and TLP it carries; nil for those of View
	Consent   bool         // its origin consents to the export; see MayExport
}

// ErrConsent is returned for an export that needs the consent of the origin.
var ErrConsent = errors.New("the origin has not consented to an export")

// MayExport reports whether the bureau may take the notice out of the ledger.
// The origin may. Any other needs the origin's consent where the body's handling
// code or TLP marking keeps it back, and where the body has no code at all. The
// part on the victim is in no STIX and no CSV, whoever asks, and in a court export
// only with the body, which says how it may be used, or by consent. That
// somebody else signs it too is asked where it is announced: [notice.Export].
func (c *Case) MayExport() error {
	v := c.View
	switch {
	case v == nil || !v.Opened():
		return errors.New("nothing of it is open here, so there is nothing to export")
	case c.By == v.Origin.Bureau || c.Consent:
		return nil
	case v.Body == nil && v.Victim != nil:
		return fmt.Errorf("%w: the body, which says how it may be used, is not open", ErrConsent)
	case v.Body == nil:
		return nil // a card, a tally: what every reader's front line sees
	}
	if why := v.Body.KeptBack(); why != "" {
		return fmt.Errorf("%w: %s, and %s is not its origin %s", ErrConsent, why, c.By, v.Origin.Bureau)
	}
	return nil
}

// marking returns the body whose handling and TLP marking the export carries,
// nil where it is not open.
func (c *Case) marking() *notice.Body {
	if c.Marking != nil {
		return c.Marking
	}
	return c.View.Body
}

// handling returns the handling that a body asks for; a card alone has that of
// H2, as whoever sees no body cannot know what it says.
func handling(b *notice.Body) notice.Handling {
	if b == nil {
		return notice.Handling{}
	}
	return b.Handling
}

// tlp returns the marking of a body, AMBER where its author gave none or where
// the body that says so is not open.
func tlp(b *notice.Body) notice.TLP {
	if b == nil || tlpIDs[b.TLP] == "" {
		return notice.TLPAmber
	}
	return b.TLP
}
