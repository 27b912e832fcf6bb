package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"comity/ledger"
	"comity/ledger/export"
	"comity/node/home"

	"github.com/urfave/cli/v2"
)

func (t *terminal) verifyCommand() *cli.Command {
	return &cli.Command{
		Name:      "verify",
		Usage:     "check that a notice is authentic and in the ledger, or what evidence proves",
		ArgsUsage: "FILE|ID",
		Description: "A FILE, as `comity notice export` writes it, is checked offline, with nothing but the charter.\n" +
			"So is a court export, whose text is compared with what was signed, and which shows who exported it and why.\n" +
			"So is a FILE.cevidence, which proves that bureaus signed two histories, and says which bureaus.\n" +
			"An ID or a short name is checked against this bureau's own replica, which believes no node.\n" +
			"The exit code is 0 authentic, 1 not authentic, 2 cannot tell, 3 usage, 4 authentic with findings.\n\n" +
			"Example: comity verify LT-0301.cnotice",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "charter", Usage: "`FILE` of the charter to check against (default: that of the home)"},
		},
		Action: func(c *cli.Context) error {
			args, err := arguments(c, 1, 1, "FILE or ID")
			if err != nil {
				return err
			}
			v := t.verify(c, args[0])
			return t.verdict(v)
		},
	}
}

// verify finds out what can be said about a file or an id. Whatever stands in
// the way of an answer is itself the answer "cannot tell".
func (t *terminal) verify(c *cli.Context, what string) *finding {
	if isBundle(what) {
		return t.cannotTell(what, errors.New("it is a whole ledger, not one notice"), "to check it: comity audit "+shellWord(what))
	}
	if isFile(what) {
		return t.verifyFile(c, what)
	}
	if c.String("charter") != "" {
		return t.cannotTell(what, fmt.Errorf("there is no file %s; --charter is for files", what), "")
	}
	return t.verifyID(c, what)
}

// isFile reports whether a person who writes this means a file.
func isFile(s string) bool {
	if s == "-" || strings.HasSuffix(s, exhibitExt) || strings.HasSuffix(s, evidenceExt) || strings.ContainsRune(s, os.PathSeparator) {
		return true
	}
	fi, err := os.Stat(s)
	return err == nil && fi.Mode().IsRegular()
}

// isBundle reports whether a file begins as a bundle does.
func isBundle(path string) bool { return bytes.HasPrefix(fileHead(path), []byte(bundleHeader)) }

// fileHead returns the first bytes of a file, by which its kind is known; none
// of what is no file.
func fileHead(path string) []byte {
	fi, err := os.Stat(path) // a pipe must not be read here
	if err != nil || !fi.Mode().IsRegular() {
		return nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	head := make([]byte, 32)
	n, _ := io.ReadFull(f, head)
	return head[:n]
}

// charter returns the charter to check against, and the home when there is one.
func (t *terminal) charter(c *cli.Context) (*ledger.Genesis, *home.Home, error) {
	h, homeErr := t.openHome(c)
	path := c.String("charter")
	if path == "" {
		if homeErr != nil {
			if errors.Is(homeErr, home.ErrNoHome) {
				homeErr = errors.New("there is no charter here to check it against")
			}
			return nil, nil, homeErr
		}
		g, err := h.Genesis()
		return g, h, err
	}
	data, err := t.readInput(path, ledger.MaxGenesis)
	if err != nil {
		return nil, nil, err
	}
	g, err := parseGenesis(path, data)
	if err != nil {
		return nil, nil, err
	}
	if homeErr != nil {
		return g, nil, nil
	}
	// Keys of a home open nothing of another ledger; they are not even tried.
	if own, err := h.Genesis(); err != nil || own.Ledger != g.Ledger {
		h = nil
	}
	return g, h, nil
}

// laterThan is the answer for a file with a statement that only a newer program may
// know. By itself it may be forged as well.
func (t *terminal) laterThan(path string, err error) *finding {
	return t.cannotTell(path, fmt.Errorf("it holds a statement that this comity does not know (%w): it is damaged or forged, or of a later format", err),
		"verify it with the newest comity: of a format that the ledger has, that one knows all")
}

// verifyFile checks an exhibit or an evidence file offline.
func (t *terminal) verifyFile(c *cli.Context, path string) *finding {
	data, err := t.readInput(path, export.MaxCourt)
	if err != nil {
		return t.cannotTell(path, err, "")
	}
	if export.IsCourt(data) {
		return t.verifyCourt(c, path, data)
	}
	if isEvidence(path, data) {
		return t.verifyEvidence(c, path, data)
	}
	x, err := ledger.ParseExhibit(data)
	if errors.Is(err, ledger.ErrLater) {
		return t.laterThan(path, err)
	}
	if err != nil {
		return &finding{Verdict: notAuthentic, What: path, Reason: "it is no notice, as comity notice export writes it: it was damaged, cut short or is something else"}
	}
	g, h, err := t.charter(c)
	if err != nil {
		return t.cannotTell(path, err, "give the charter that you have from the founders: --charter FILE")
	}
	f := &finding{What: path, genesis: g, Index: &x.Receipt.Index, ID: x.Item.Entry.ID.String()}
	if x.Ledger != g.Ledger && x.Ledger == x.Item.Entry.Statement.Ledger {
		f.Verdict = unknown
		f.Reason = fmt.Sprintf("it belongs to ledger %s, and the charter here is of ledger %s", ledger.Origin(x.Ledger), g.Origin())
		f.Advice = "check it with the charter of its own ledger: --charter FILE"
		return f
	}
	v, err := x.Verify(g)
	cut := new(ledger.CutError)
	if errors.As(err, &cut) {
		f.establish(x, v)
		f.wasCut(cut)
		t.openExhibit(f, x, h)
		return f
	}
	if errors.Is(err, ledger.ErrOtherLedger) {
		err = errors.New("what it says of its ledger is not what was signed")
	}
	if err != nil {
		if v != nil {
			f.signed(v)
		}
		f.failed(err)
		return f
	}
	f.establish(x, v)
	t.openExhibit(f, x, h)
	return f
}
