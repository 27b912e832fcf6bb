package cli

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"comity/crypto/seal"
	"comity/ledger"
	"comity/ledger/export"
	"comity/ledger/notice"
	"comity/ledger/store"
	"comity/node/desk"
	"comity/node/desk/readlog"

	"github.com/urfave/cli/v2"
)

// announcedFlag is on notice export.
func announcedFlag() cli.Flag {
	return &cli.StringFlag{Name: "announced", Usage: "write the file of the export with this `ID`, which is announced and approved; 8 digits are enough"}
}

// exportAnnounced writes the file of an export that is in the ledger. Nothing of
// the announcement is believed that does not hold now: both signatures, by keys
// that are valid still, its receipt, the consent, and that the text is the one that was announced.
func (s *session) exportAnnounced(c *cli.Context, k *desk.Case, prefix string) error {
	r, err := s.announcement(k, prefix)
	if err != nil {
		return err
	}
	form := formOf(r.Export.Format)
	parts, err := readlog.ParseParts(r.Export.Parts)
	if err != nil {
		return err
	}
	if err := mayExport(s.ownReader(), k, parts); err != nil {
		return err
	}
	proof, err := s.desk.Disclose(c.Context, s.client, k, r.Index, seal.Body)
	if err != nil { // its receipt does not verify, or is not there
		return fmt.Errorf("the export of %s was not written: %w", k.Name(), err)
	}
	data, consent, err := s.announcedText(k, r)
	if err != nil {
		return err
	}
	if form.format == notice.FormatCourt {
		shown, err := s.courtProof(c, k, parts, consent)
		if err != nil {
			return err
		}
		data = export.CourtFile(data, append([]ledger.Disclosure{shown[0], *proof}, shown[1:]...))
	}
	purpose := r.Text
	if readlog.CheckPurpose(purpose) != nil {
		purpose = ""
	}
	if err := s.recordRead(readlog.Exported, purpose, k.Only(parts)); err != nil {
		return err
	}
	return s.writeOpened(c, k, form, data)
}

// announcement returns the export of this bureau that a person means, if the
// officer who acts announced it and nothing is wrong with it.
func (s *session) announcement(k *desk.Case, prefix string) (*desk.Reply, error) {
	if s.label == "" {
		return nil, s.whichOfficer()
	}
	r, err := exportOf(k, prefix)
	if err != nil {
		return nil, err
	}
	author, err := s.desk.Key(r.Author)
	if err != nil {
		return nil, err
	}
	not := func(format string, args ...any) error {
		return fmt.Errorf("the export of %s was not written: %s", k.Name(), fmt.Sprintf(format, args...))
	}
	switch {
	case r.Bureau != s.home.Bureau():
		return nil, not("%s announced it", r.Bureau)
	case author == nil || author.Label != s.label:
		return nil, not("it was announced by another officer, who writes the file")
	case r.Void != "":
		return nil, not("it does not count: %s", r.Void)
	case r.Alarm != "":
		return nil, hint(not("%s", r.Alarm), "announce it anew")
	}
	if err := s.desk.InForce(r); err != nil {
		return nil, hint(not("%s", err), "announce it anew, with keys that are valid")
	}
	return r, nil
}

// exportOf returns the one announced export of the case whose id begins with
// prefix.
func exportOf(k *desk.Case, prefix string) (found *desk.Reply, err error) {
	n := 0
	for i := range k.Replies {
		if r := &k.Replies[i]; r.Type == notice.Exported && !r.Bared && strings.HasPrefix(r.ID.String(), prefix) {
			found, n = r, n+1
		}
	}
	if n != 1 || len(prefix) < 8 {
		return nil, hint(usagef("--announced %s: it names %s of %s", prefix, plural(n, "export", "exports"), k.Name()),
			"see them: comity notice show %s; what waits for a supervisor: comity draft list", k.Name())
	}
	return found, nil
}

func formOf(f notice.Format) *openedForm {
	for _, form := range openedForms {
		if form.format == f {
			return form
		}
	}
	return nil // notice.Export has no other
}

// announcedText returns the text of an announced export, if it is what was
// announced and may still leave.
func (s *session) announcedText(k *desk.Case, r *desk.Reply) ([]byte, *notice.ConsentLine, error) {
	again := func(why string) error {
		return hint(fmt.Errorf("the export of %s was not written: %s", k.Name(), why), "announce it anew: comity notice export %s --%s", k.Name(), r.Export.Format)
	}
	switch current := k.Versions[len(k.Versions)-1]; {
	case errors.Is(k.Err, store.ErrPurged):
		return nil, nil, fmt.Errorf("the export of %s was not written: its texts are purged", k.Name())
	case current.ID.String() != r.Export.Version:
		return nil, nil, again(k.Bureau + " changed the notice since it was announced")
	}
	text, consent, err := s.exportText(k, r.Export)
	if err != nil {
		return nil, nil, err
	}
	if consent != nil && consent.ID != r.Request {
		return nil, nil, again("the consent that it was announced with does not cover it any more")
	}
	if sum := sha256.Sum256(text); hex.EncodeToString(sum[:]) != r.Export.SHA256 {
		return nil, nil, again("what is open here is not the text that was announced; the notice may stand otherwise now")
	}
	return text, consent, nil
}

// courtProof discloses the exported parts of the notice and, where the export
// rests on a consent, the origin's words that gave it.
func (s *session) courtProof(c *cli.Context, k *desk.Case, parts readlog.Parts, consent *notice.ConsentLine) ([]ledger.Disclosure, error) {
	of, err := s.desk.Disclose(c.Context, s.client, k, k.Versions[len(k.Versions)-1].Index, parts.Compartments()...)
	if err != nil {
		return nil, err
	}
	list := []ledger.Disclosure{*of}
	if consent != nil {
		given, err := s.desk.Disclose(c.Context, s.client, k, consent.Answer.Index, seal.Body)
		if err != nil {
			return nil, err
		}
		list = append(list, *given)
	}
	return list, nil
}
