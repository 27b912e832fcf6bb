package cli

import (
	"errors"

	"comity/crypto/seal"
	"comity/ledger"
	"comity/ledger/notice"
	"comity/node/home"
)

// openExhibit opens of an authentic exhibit what the keys of this home open,
// and says what it finds there.
func (t *terminal) openExhibit(f *finding, x *ledger.Exhibit, h *home.Home) {
	s := x.Item.Entry.Statement
	if s.BodyLen == 0 {
		return
	}
	f.Sealed = new(sealedFinding)
	sealed, err := seal.Parse(x.Item.Body)
	if err != nil {
		if s.Class != ledger.ClassGrant {
			f.found("what its author sealed cannot be read by anybody: it is not in the form of a sealed body")
		}
		f.Sealed.Why = "not opened"
		return
	}
	if h == nil {
		f.Sealed.Why = "not opened: there are no keys of a reader here"
		return
	}
	ids, err := h.Identities(t.passphrase)
	if err != nil {
		f.Sealed.Why = "not opened: " + err.Error()
		return
	}
	opened, err := sealed.Open(seal.Context{Ledger: s.Ledger, Author: s.Author}, ids)
	if err != nil {
		f.found("%s", err)
		return
	}
	if len(opened) == 0 {
		f.Sealed.Why = "not to " + h.Bureau() + ": none of the keys here opens it (what is sealed to a circle: comity notice show)"
		return
	}
	f.Sealed.By = h.Bureau()
	for _, o := range opened {
		f.Sealed.Opened = append(f.Sealed.Opened, o.Compartment.String())
	}
	origin := notice.Origin{Ledger: s.Ledger, Author: s.Author, Bureau: f.Signers[0].Bureau}
	if err := f.read(s, origin, opened); err != nil {
		word := "what was sealed cannot be understood: "
		if errors.Is(err, notice.ErrForeign) {
			word = "what was sealed was not written for this entry: "
		}
		f.found("%s%s", word, err)
	}
}

// read takes from the opened parts what people call the notice, and its readers.
func (f *finding) read(s *ledger.Statement, origin notice.Origin, opened []seal.Opened) error {
	switch s.Class {
	case ledger.ClassPublish, ledger.ClassAmend:
		header, err := ledger.ParsePublish(s.Public)
		if err != nil {
			return err
		}
		v, err := notice.OpenParts(origin, *header, opened)
		if err != nil {
			return err
		}
		f.Reference, f.Sealed.Readers = v.Reference, v.Readers
	case ledger.ClassCircle:
		e, err := notice.OpenEpoch(origin, s, 0, opened)
		if err != nil || e == nil {
			return err
		}
		f.Reference, f.Sealed.Readers = "circle "+e.Name, e.Members
	case ledger.ClassReply, ledger.ClassReview, ledger.ClassSuspend, ledger.ClassLift, ledger.ClassExtend:
		r, err := notice.OpenReply(origin, opened)
		if err != nil || r == nil {
			return err
		}
		f.Sealed.Readers = r.Readers
	}
	return nil
}
