package cli

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"comity/crypto/keys"
	"comity/crypto/seal"
	"comity/ledger"
	"comity/ledger/export"
	"comity/ledger/notice"
	"comity/node/desk"
	"comity/node/desk/readlog"

	"github.com/urfave/cli/v2"
)

// openedForm is a form in which opened text leaves the ledger.
type openedForm struct {
	format    notice.Format
	name, ext string
	write     func(*export.Case) ([]byte, error)
}

var openedForms = []*openedForm{
	{notice.FormatSTIX, "STIX 2.1", ".stix.json", export.STIX},
	{notice.FormatCSV, "CSV", ".csv", export.CSV},
	{notice.FormatCourt, "a court export", ".court.txt", export.Court},
}

// exportForm returns the form that was asked for, nil for the sealed one.
func exportForm(c *cli.Context) (form *openedForm, err error) {
	for _, f := range openedForms {
		switch {
		case !c.Bool(string(f.format)):
		case form != nil:
			return nil, usagef("--%s and --%s: choose one", form.format, f.format)
		default:
			form = f
		}
	}
	announced := c.String("announced") != ""
	switch {
	case c.String("ssh") != "" && (form != nil || announced):
		return nil, usagef("--ssh is about the sealed form: leave out --stix, --csv and --court")
	case announced && (form != nil || c.String("parts") != "" || c.String("purpose") != "" || c.String("second") != ""):
		return nil, usagef("--announced: what is written, in which form and what for stands in the announcement; leave the rest out")
	case form == nil && c.String("parts") != "":
		return nil, usagef("--parts is about opened text: say --stix, --csv or --court")
	}
	return form, nil
}

// exportParts returns the parts that are to leave: those of --parts, or the card
// and the body if they are open. The victim's part leaves only when it is named.
func exportParts(c *cli.Context, k *desk.Case) (readlog.Parts, error) {
	open := k.Only(readlog.AllParts).Parts() // of any version
	if k.View != nil {
		open = viewParts(k.View)
	}
	if c.String("parts") == "" {
		return open &^ readlog.PartsOf(seal.Victim), nil
	}
	var names []string
	for name := range strings.SplitSeq(c.String("parts"), ",") {
		names = append(names, strings.TrimSpace(name))
	}
	p, err := readlog.ParseParts(names)
	if err != nil {
		return 0, usagef("--parts: %s", err)
	}
	if missing := p &^ open; missing != 0 {
		return 0, fmt.Errorf("the %s of %s is not open here: none of the keys of this home opens it", strings.ReplaceAll(missing.String(), " ", " and the "), k.Name())
	}
	return p, nil
}

// mayExport refuses parts that the reader may not be given: what the keys of this
// home open is more than that. Who has no role, or a key that is revoked, exports
// nothing.
func mayExport(r *desk.Reader, k *desk.Case, parts readlog.Parts) error {
	missing := parts &^ desk.PartsOf(r.Roles)
	switch {
	case missing == 0:
		return nil
	case missing.Has(seal.Card):
		return fmt.Errorf("%s may not export anything of %s: %w", r.Label, k.Name(), desk.ErrNotForRole)
	case missing.Has(seal.Victim):
		return fmt.Errorf("%s may not export the part on the victim of %s: only a protection officer may", r.Label, k.Name())
	}
	return hint(fmt.Errorf("%s may not export the body of %s: %w", r.Label, k.Name(), desk.ErrNotForRole), "leave it out: --parts card")
}

func viewParts(v *notice.View) readlog.Parts {
	return (&desk.Case{View: v}).Parts()
}

// exported returns what leaves of a case: these parts of its current version, as
// of so many entries of the ledger.
func (s *session) exported(k *desk.Case, parts readlog.Parts, entries uint64, consent bool) *export.Case {
	current := k.Versions[len(k.Versions)-1]
	return &export.Case{
		View: k.Only(parts).View, Ledger: keys.ID(s.genesis.Ledger).String(), Version: current.ID.String(), Published: time.UnixMilli(int64(k.Time)),
		Modified: time.UnixMilli(int64(current.Time)), Status: k.Status.String(), AsOf: entries, By: s.home.Bureau(), Consent: consent, Marking: k.View.Body,
	}
}

// exportOpened writes what is open of a case to a file, if it may leave. More than
// a card is announced first.
func (s *session) exportOpened(c *cli.Context, k *desk.Case, form *openedForm) error {
	if k.View == nil {
		return fmt.Errorf("%s: %w", k.Name(), errNothingOpen(k))
	}
	parts, err := exportParts(c, k)
	if err != nil {
		return err
	}
	if form.format == notice.FormatCourt && k.View.Tally != nil {
		return usagef("--court: %s is a tally, which is of no case; its counts: --csv", k.Name())
	}
	if parts.Has(seal.Victim) && form.format != notice.FormatCourt {
		return hint(usagef("--parts: the part on the victim leaves the ledger in no form but a court export"), "say --court")
	}
	if err := mayExport(s.ownReader(), k, parts); err != nil {
		return err
	}
	if v := k.Only(parts).View; v != nil && (v.Body != nil || v.Victim != nil) {
		return s.announce(c, k, form, parts)
	}
	final, _, _ := s.desk.Final()
	data, err := form.write(s.exported(k, parts, final.Size, false))
	if err != nil {
		return fmt.Errorf("%s: %w", k.Name(), err)
	}
	if form.format == notice.FormatCourt {
		proof, err := s.desk.Disclose(c.Context, s.client, k, k.Versions[len(k.Versions)-1].Index, parts.Compartments()...)
		if err != nil {
			return err
		}
		data = export.CourtFile(data, []ledger.Disclosure{*proof})
	}
	if err := s.recordRead(readlog.Exported, c.String("purpose"), k.Only(parts)); err != nil {
		return err
	}
	if err := s.writeOpened(c, k, form, data); err != nil {
		return err
	}
	if k.View.Tally == nil {
		s.note("%s", s.cardOnly(k))
	}
	return nil
}

func errNothingOpen(k *desk.Case) error {
	if k.Outdated() {
		return errors.New("its present version is not open here, so there is nothing to export")
	}
	return errors.New("nothing of it is open here, so there is nothing to export")
}

// cardOnly says why an export holds the card alone.
func (s *session) cardOnly(k *desk.Case) string {
	why := "you asked for no more"
	switch {
	case k.View.Body == nil:
		why = "the body is not open here"
	case k.View.Body.KeptBack() != "" && k.Bureau != s.home.Bureau():
		why += "; its body is kept back without the consent of " + k.Bureau + ": " + k.View.Body.KeptBack()
	}
	return "only the card of " + k.Name() + " is written: " + why
}

// writeOpened writes opened text, whole or not at all.
func (s *session) writeOpened(c *cli.Context, k *desk.Case, form *openedForm, data []byte) error {
	path := exportPath(c, k, form)
	if path == "-" {
		_, err := s.stdout.Write(data)
		return err
	}
	if err := writeOutput(path, data, c.Bool("force")); err != nil {
		return err
	}
	s.note("wrote %s as %s: it is opened text that nothing protects but the caveats in it", path, form.name)
	if form.format == notice.FormatCourt {
		s.note("whoever has the charter can check it: comity verify %s", path)
	}
	return nil
}

func exportPath(c *cli.Context, k *desk.Case, form *openedForm) string {
	if path := c.String("o"); path != "" {
		return path
	}
	return fileName(k) + form.ext
}

// announce composes what tells the origin of an export, and sends it, or keeps it
// for a second officer. The file is written only once it is in the ledger.
func (s *session) announce(c *cli.Context, k *desk.Case, form *openedForm, parts readlog.Parts) error {
	if err := s.mayAnnounce(c, k, form, parts); err != nil {
		return err
	}
	final, _, _ := s.desk.Final()
	e := &notice.Export{Version: k.Versions[len(k.Versions)-1].ID.String(), Parts: strings.Fields(parts.String()), Format: form.format, Entries: final.Size}
	text, consent, err := s.exportText(k, e)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(text)
	e.SHA256 = hex.EncodeToString(sum[:])
	r := &notice.Reply{Type: notice.Exported, Notice: k.ID.String(), Export: e, Text: c.String("purpose"), At: time.Now().UTC().Truncate(time.Second)}
	if r.Readers = (notice.Readers{s.home.Bureau()}); k.Bureau != s.home.Bureau() {
		r.Readers = append(r.Readers, k.Bureau)
	}
	if consent != nil {
		r.Request = consent.ID
	}
	name := "the export of " + k.Name()
	by, err := s.signers(c)
	if err != nil {
		return err
	}
	it, waits, err := composeFor(by, func(by desk.Officers) (ledger.Item, error) { return s.desk.Reply(c.Context, s.client, by, r) })
	if err != nil {
		return s.composing(name, err)
	}
	if waits {
		if err := s.submitOrPark(c, name, it, true); err != nil || s.asJSON {
			return err
		}
		s.note("once it is approved you write the file: comity notice export %s --announced %.8s", k.Name(), it.Entry.ID)
		return nil
	}
	if second, err := s.desk.Second(it.Entry); err != nil || second == "" {
		return errors.Join(err, hint(fmt.Errorf("%s was not sent: %s is no supervisor of %s (nothing written)", name, c.String("second"), s.home.Bureau()),
			"the second signature is a supervisor's: --second LABEL"))
	}
	if err := s.send(c, name, it); err != nil {
		return err
	}
	if err := s.read(c.Context); err != nil {
		return hint(err, "it is announced; write the file: comity notice export %s --announced %.8s", k.Name(), it.Entry.ID)
	}
	if k, err = s.working(c.Context, k.ID.String()); err != nil {
		return err
	}
	return s.exportAnnounced(c, k, it.Entry.ID.String())
}

// mayAnnounce refuses what could not be written in the end, before it is told.
func (s *session) mayAnnounce(c *cli.Context, k *desk.Case, form *openedForm, parts readlog.Parts) error {
	if err := readlog.CheckPurpose(c.String("purpose")); err != nil {
		return hint(usagef("--purpose: %s; more than a card leaves the ledger only for a purpose, which %s reads", err, k.Bureau),
			"such as: --purpose 'hearing before the district court of %s'", s.home.Bureau())
	}
	officer, err := s.officer()
	switch path := exportPath(c, k, form); {
	case err != nil:
		return err
	case parts.Has(seal.Victim) && officer.Roles&ledger.RoleProtection == 0:
		return fmt.Errorf("%s may not export the part on the victim of %s: only a protection officer may", officer.Label, k.Name())
	case path == "-":
		return usagef("-o -: an export is announced first, and that prints: write to a file")
	default:
		if _, err := os.Lstat(path); err == nil && !c.Bool("force") {
			return hint(fmt.Errorf("write %s: it is there already", path), "choose another name, or say --force")
		}
	}
	return nil
}

// exportText returns the text that an export is of, and the consent it rests on,
// nil where it needs none.
func (s *session) exportText(k *desk.Case, e *notice.Export) ([]byte, *notice.ConsentLine, error) {
	parts, err := readlog.ParseParts(e.Parts)
	if err != nil {
		return nil, nil, err
	}
	consent, err := k.ConsentTo(s.home.Bureau(), e, s.desk.AsOf(time.Now()))
	if errors.Is(err, desk.ErrNoConsent) {
		use := "export"
		if e.Format == notice.FormatCourt {
			use = "evidence,export"
		}
		return nil, nil, hint(fmt.Errorf("%s stays in the ledger: %w", k.Name(), err), "ask %s for its consent: comity notice consent ask %s --for-use %s", k.Bureau, k.Name(), use)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", k.Name(), err)
	}
	for _, f := range openedForms {
		if f.format == e.Format {
			text, err := f.write(s.exported(k, parts, e.Entries, consent != nil))
			if err != nil {
				return nil, nil, fmt.Errorf("%s: %w", k.Name(), err)
			}
			return text, consent, nil
		}
	}
	return nil, nil, fmt.Errorf("%s: there is no format %.20q", k.Name(), string(e.Format))
}
