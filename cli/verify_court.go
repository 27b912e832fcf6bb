package cli

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/export"
	"comity/ledger/notice"

	"github.com/urfave/cli/v2"
)

// courtFinding is what a court export shows beside the notice itself.
type courtFinding struct {
	Parts    []string      `json:"parts"` // opened with the keys in the file
	SHA256   string        `json:"sha256"`
	Exporter string        `json:"exporter,omitempty"` // bureau
	Seconded bool          `json:"seconded"`           // a supervisor of the bureau signed it too
	Officers []string      `json:"officers,omitempty"` // who signed the export
	Purpose  string        `json:"purpose,omitempty"`
	Index    uint64        `json:"index,omitempty"` // of the announcement
	Consent  *notice.Scope `json:"consent,omitempty"`
	Handling string        `json:"handling"`
	origin   notice.Origin // of the notice
	export   *notice.Reply // the announcement
	view     *notice.View  // what the file opens
	version  *ledger.Entry // the version that it is of
	genesis  *ledger.Genesis
}

// verifyCourt checks a court export offline: that the notice is in the ledger,
// that the text in the file is what its origin sealed and signed, that the export
// was announced with two signatures, and the consent it rests on.
func (t *terminal) verifyCourt(c *cli.Context, path string, data []byte) *finding {
	text, proof, err := export.ParseCourtFile(data)
	if errors.Is(err, ledger.ErrLater) {
		return t.laterThan(path, err)
	}
	if err != nil {
		return &finding{Verdict: notAuthentic, What: path, Reason: err.Error() + ", or changed"}
	}
	g, h, err := t.charter(c)
	if err != nil {
		return t.cannotTell(path, err, "give the charter that you have from the founders: --charter FILE")
	}
	x := proof[0].Exhibit
	f := &finding{What: path, genesis: g, Index: &x.Receipt.Index, ID: x.Item.Entry.ID.String()}
	if x.Ledger != g.Ledger && x.Ledger == x.Item.Entry.Statement.Ledger {
		f.Verdict, f.Reason = unknown, fmt.Sprintf("it belongs to ledger %s, and the charter here is of ledger %s", ledger.Origin(x.Ledger), g.Origin())
		f.Advice = "check it with the charter of its own ledger: --charter FILE"
		return f
	}
	v, err := x.Verify(g)
	cut := new(ledger.CutError)
	switch {
	case errors.As(err, &cut):
		f.establish(x, v)
		f.wasCut(cut)
	case err != nil:
		if v != nil {
			f.signed(v)
		}
		f.failed(err)
		return f
	default:
		f.establish(x, v)
	}
	f.NotChecked = append(f.NotChecked, "whether a consent was taken back before the export")
	court := &courtFinding{genesis: g, version: x.Item.Entry, origin: notice.Origin{Ledger: keys.ID(x.Ledger), Author: x.Item.Entry.Statement.Author, Bureau: v.Signers[0].Bureau}}
	if err := court.read(&proof[0], text); err != nil {
		f.failed(err)
		return f
	}
	f.Court, f.Reference = court, court.view.Reference
	t.openExhibit(f, x, h)
	if f.Sealed != nil && len(f.Sealed.Opened) == 0 {
		f.Sealed = nil // it needs no key here
	}
	for i := range proof[1:] {
		if err := court.add(&proof[i+1]); err != nil {
			f.failed(err)
			return f
		}
	}
	for _, what := range court.missing() {
		f.found("%s", what)
	}
	return f
}

// read opens the notice with the keys in the file, and holds the text against it.
func (k *courtFinding) read(d *ledger.Disclosure, text []byte) error {
	opened, err := d.Open()
	if err != nil {
		return err
	}
	s := d.Item.Entry.Statement
	header, err := ledger.ParsePublish(s.Public)
	if err != nil || s.Class != ledger.ClassPublish && s.Class != ledger.ClassAmend {
		return fmt.Errorf("what it proves is a %s, and no notice", s.Class)
	}
	if k.view, err = notice.OpenParts(k.origin, *header, opened); err != nil {
		return fmt.Errorf("what was sealed was not written for this entry: %w", err)
	}
	k.view.ID = d.Item.Entry.ID.String()
	if s.Class == ledger.ClassAmend {
		k.view.ID = s.Target.String()
	}
	want, err := export.CourtText(k.view, keys.ID(d.Ledger).String(), d.Item.Entry.ID.String())
	if err != nil {
		return err
	}
	if !bytes.Equal(text, want) {
		return fmt.Errorf("the text in the file is not what %s signed: somebody changed it", k.origin.Bureau)
	}
	sum := sha256.Sum256(text)
	k.SHA256, k.Handling = hex.EncodeToString(sum[:]), "no body, so no word on how it may be used"
	if k.view.Body != nil {
		k.Handling = k.view.Body.Handling.Caveat()
	}
	for _, o := range opened {
		k.Parts = append(k.Parts, o.Compartment.String())
	}
	return nil
}

// add takes in the announcement of the export, then the consent.
func (k *courtFinding) add(d *ledger.Disclosure) error {
	v, err := d.Verify(k.genesis)
	if err != nil && !errors.As(err, new(*ledger.CutError)) { // the notice says what was cut
		return fmt.Errorf("what it says of the export does not verify: %w", err)
	}
	opened, err := d.Open()
	if err != nil {
		return err
	}
	e := d.Item.Entry
	r, err := notice.OpenReply(notice.Origin{Ledger: keys.ID(d.Ledger), Author: e.Statement.Author, Bureau: v.Signers[0].Bureau}, opened)
	if err != nil || r == nil || e.Statement.Class != ledger.ClassReply || r.Notice != k.view.ID {
		return errors.Join(errors.New("what it says of the export is about something else"), err)
	}
	if err := r.Validate(time.Unix(int64(e.Statement.Created), 0)); err != nil {
		return fmt.Errorf("what it says of the export is not complete: %w", err)
	}
	switch {
	case r.Type == notice.Exported && k.export == nil:
		if r.Export.SHA256 != k.SHA256 || r.Export.Version != k.version.ID.String() || r.Export.Format != notice.FormatCourt || !slices.Equal(r.Export.Parts, k.Parts) {
			return errors.New("the export that was announced is another one than this text")
		}
		k.export, k.Exporter, k.Purpose, k.Index = r, v.Signers[0].Bureau, r.Text, d.Receipt.Index
		for i, s := range v.Signers {
			k.Officers = append(k.Officers, s.Label)
			k.Seconded = k.Seconded || i > 0 && s.Bureau == k.Exporter && s.Roles&ledger.RoleSupervisor != 0
		}
	case r.Type == notice.ConsentGrant && k.export != nil && k.Consent == nil:
		if r.Request != k.export.Request || v.Signers[0].Bureau != k.origin.Bureau {
			return errors.New("the consent in it is not the one that the export rests on")
		}
		k.Consent = r.Scope
	default:
		return errors.New("it holds more than an export may")
	}
	return nil
}

// missing names what an export of this text should show and does not.
func (k *courtFinding) missing() (list []string) {
	if k.view.Body == nil && k.view.Victim == nil {
		return nil // a card needs no leave
	}
	switch {
	case k.export == nil:
		return []string{"nothing shows who exported it, or that anybody approved it"}
	case !k.Seconded:
		list = append(list, "it was exported WITHOUT A SECOND OFFICER")
	}
	if k.Exporter != k.origin.Bureau && (k.view.Body == nil || k.view.Body.KeptBack() != "") &&
		(k.Consent == nil || !slices.Contains(k.Consent.Uses, notice.UseEvidence) || !slices.Contains(k.Consent.Uses, notice.UseExport)) {
		list = append(list, "it was exported WITHOUT THE CONSENT OF "+k.origin.Bureau)
	}
	return list
}

// tellCourt prints what a court export shows.
func (t *terminal) tellCourt(k *courtFinding) {
	t.say("  text      the %s in the file, word for word as %s signed; sha256 %s", strings.Join(k.Parts, " and the "), k.origin.Bureau, k.SHA256)
	t.say("  handling  %s", k.Handling)
	if k.Exporter != "" {
		t.say("  exported  by %s, signed by %s, at entry %s", bureauText(k.genesis, k.Exporter), strings.Join(k.Officers, " and "), count(k.Index))
		t.say("  purpose   %s", k.Purpose)
	}
	if k.Consent != nil {
		t.say("  consent   of %s: %s", k.origin.Bureau, k.Consent)
	}
}
