package cli

import (
	"errors"
	"fmt"
	"time"

	"comity/crypto/keys"
	"comity/ledger/export"
	"comity/ledger/notice"
	"comity/node/desk"

	"github.com/urfave/cli/v2"
)

// openedForm is a form in which opened text leaves the ledger.
type openedForm struct {
	name, ext string
	write     func(*export.Case) ([]byte, error)
}

// exportForm returns the form that was asked for, nil for the sealed one.
func exportForm(c *cli.Context) (*openedForm, error) {
	stix, table := c.Bool("stix"), c.Bool("csv")
	switch {
	case stix && table:
		return nil, usagef("--stix and --csv: choose one")
	case (stix || table) && c.String("ssh") != "":
		return nil, usagef("--ssh is about the sealed form: leave out --stix and --csv")
	case stix:
		return &openedForm{"STIX 2.1", ".stix.json", export.STIX}, nil
	case table:
		return &openedForm{"CSV", ".csv", export.CSV}, nil
	}
	return nil, nil
}

// exportOpened writes what is open of a case to a file, if it may leave.
func (s *session) exportOpened(c *cli.Context, k *desk.Case, form *openedForm) error {
	final, _, _ := s.desk.Final()
	current := k.Versions[len(k.Versions)-1]
	x := &export.Case{
		View: k.View, Ledger: keys.ID(s.genesis.Ledger).String(), Published: time.UnixMilli(int64(k.Time)), Modified: time.UnixMilli(int64(current.Time)),
		Status: k.Status.String(), AsOf: final.Size, By: s.home.Bureau(), Consent: s.consented(k),
	}
	data, err := form.write(x)
	if errors.Is(err, export.ErrConsent) {
		return hint(fmt.Errorf("%s stays in the ledger: %w", k.Name(), err), "ask %s for its consent: comity notice consent ask %s --for-use export", k.Bureau, k.Name())
	}
	if err != nil {
		return fmt.Errorf("%s: %w", k.Name(), err)
	}
	path := c.String("o")
	if path == "" {
		path = fileName(k) + form.ext
	}
	if path == "-" {
		_, err := s.stdout.Write(data)
		return err
	}
	if err := writeOutput(path, data, c.Bool("force")); err != nil {
		return err
	}
	s.note("wrote %s as %s: it is opened text that nothing protects but the caveats in it", path, form.name)
	return nil
}

// consented reports whether the origin consents to an export by this bureau, by
// its last word that is known here.
func (s *session) consented(k *desk.Case) bool {
	return k.Thread(s.desk.AsOf(time.Now())).Consented(s.home.Bureau(), notice.UseExport)
}
