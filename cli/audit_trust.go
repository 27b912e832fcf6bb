package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/audit"

	"github.com/urfave/cli/v2"
)

// auditTrust is what an audit is given to trust: a ledger id, and heads that
// were verified before.
type auditTrust struct {
	ledger  *ledger.Hash
	home    *ledger.Hash // of the home's charter, where the command line names no ledger
	anchors *audit.Anchors
	path    string // of the anchors, "" without
	text    []byte // of the file of anchors when it was read; nil if it was not there
	how     string // the id came to be trusted
}

// auditTrust reads what the command line names.
func (t *terminal) auditTrust(c *cli.Context) (*auditTrust, error) {
	trust := &auditTrust{path: c.String("anchors")}
	var err error
	if trust.ledger, err = t.namedLedger(c); err != nil {
		return nil, err
	}
	switch {
	case c.String("charter") != "":
		trust.how = "it is the hash of the charter " + inputName(c.String("charter")) + ", which you gave"
	case trust.ledger != nil:
		trust.how = "you named it with --ledger"
	}
	if trust.path != "" {
		if err := trust.read(); err != nil {
			return nil, err
		}
	}
	if trust.ledger == nil {
		if h, err := t.openHome(c); err == nil {
			if g, err := h.Genesis(); err == nil {
				trust.home = &g.Ledger
			}
		}
	}
	return trust, nil
}

// namedLedger returns the ledger that --charter or --ledger names, nil without.
func (t *terminal) namedLedger(c *cli.Context) (*ledger.Hash, error) {
	var named *ledger.Hash
	if path := c.String("charter"); path != "" {
		data, err := t.readInput(path, ledger.MaxGenesis)
		if err != nil {
			return nil, err
		}
		g, err := parseGenesis(path, data)
		if err != nil {
			return nil, err
		}
		named = &g.Ledger
	}
	if text := c.String("ledger"); text != "" {
		id, err := parseLedger(text)
		if err != nil {
			return nil, err
		}
		if named != nil && *named != id {
			return nil, usagef("--charter and --ledger name two ledgers: %s and %s", keys.ID(*named), keys.ID(id))
		}
		named = &id
	}
	return named, nil
}

// parseLedger reads a ledger id as it is printed, or in groups as it is read out.
func parseLedger(text string) (ledger.Hash, error) {
	digits := strings.ToLower(strings.NewReplacer(" ", "", "-", "", ":", "").Replace(text))
	id, err := keys.ParseID(digits)
	if err != nil {
		return ledger.Hash{}, hint(usagef("--ledger %s: it is no ledger id, which has 64 digits", text),
			"a part of it is not enough: another ledger with the same beginning can be made")
	}
	return ledger.Hash(id), nil
}

// load returns the text of the file of anchors, nil if it is not there.
func (a *auditTrust) load() ([]byte, error) {
	fi, err := os.Stat(a.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("read %s: %w", a.path, cause(err))
	case !fi.Mode().IsRegular():
		return nil, fmt.Errorf("read %s: it is no file of anchors", a.path)
	case fi.Size() > audit.MaxAnchors:
		return nil, fmt.Errorf("read %s: it is larger than %s, which no file of anchors is", a.path, size(audit.MaxAnchors))
	}
	data, err := os.ReadFile(a.path)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", a.path, cause(err))
	}
	return data, nil
}

// read reads the anchors, if they are there.
func (a *auditTrust) read() error {
	var err error
	if a.text, err = a.load(); err != nil || a.text == nil {
		return err
	}
	if a.anchors, err = audit.ParseAnchors(a.text); err != nil {
		return hint(fmt.Errorf("read %s: it is no file of anchors, or was damaged: %w", a.path, err), "without it only --ledger or --charter says which ledger is meant, and a history that was rolled back is not noticed")
	}
	id := a.anchors.Ledger
	if a.ledger != nil && *a.ledger != id {
		return hint(fmt.Errorf("%s holds heads of ledger %s, and you ask about ledger %s", a.path, keys.ID(id), keys.ID(*a.ledger)), "keep one file of anchors for each ledger")
	}
	if a.ledger == nil {
		a.how = "it is the one of your earlier audits, in " + a.path
	}
	a.ledger = &id
	return nil
}

// consider lets the home's charter say which ledger is meant, if the file says
// that it is of that ledger: any other file is simply not known here. It returns
// the file from its start. What can seek stays what it is.
func (a *auditTrust) consider(in io.Reader) (io.Reader, error) {
	if a.ledger != nil || a.home == nil {
		return in, nil
	}
	head := make([]byte, len(bundleHeader)+len(ledger.Hash{}))
	n, err := io.ReadFull(in, head)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return nil, err
	}
	if err == nil && bytes.Equal(head[len(bundleHeader):], a.home[:]) {
		a.ledger, a.how = a.home, "it is that of the charter in this home"
	}
	if seeker, ok := in.(io.Seeker); ok {
		if _, err := seeker.Seek(0, io.SeekStart); err == nil {
			return in, nil
		}
	}
	return io.MultiReader(bytes.NewReader(head[:n]), in), nil
}

// given returns what the audit is given.
func (a *auditTrust) given() audit.Trust {
	trust := audit.Trust{Ledger: a.ledger}
	if a.anchors != nil {
		trust.Anchors = a.anchors.List()
	}
	return trust
}

// keep adds the head of a good audit to the anchors, and reports whether the
// file changed. What somebody else wrote to it since it was read stays: this audit
// did not hold those heads against the file.
func (a *auditTrust) keep(r *audited) (bool, error) {
	if r.Head.Size == 0 {
		return false, nil // every history begins so
	}
	if a.anchors == nil {
		a.anchors = audit.NewAnchors(r.Ledger)
	}
	before := a.anchors.Marshal()
	if err := a.anchors.Add(audit.Anchor{Size: r.Head.Size, Root: r.Head.Root, At: r.at}); err != nil {
		return false, fmt.Errorf("keep the head in %s: %w", a.path, err)
	}
	after := a.anchors.Marshal()
	if bytes.Equal(before, after) {
		return false, nil
	}
	if len(after) > audit.MaxAnchors {
		return false, fmt.Errorf("keep the head in %s: it would be larger than %s, which nobody could read again; begin a new file with its last line", a.path, size(audit.MaxAnchors))
	}
	switch now, err := a.load(); {
	case err != nil:
		return false, err
	case !bytes.Equal(now, a.text):
		return false, hint(fmt.Errorf("keep the head in %s: the file was changed while this audit ran, and stays as it is", a.path), "audit again: the heads that it holds now were not compared")
	}
	path, err := filepath.EvalSymlinks(a.path) // a link stays one
	if err != nil {
		path = a.path
	}
	return true, writeOutput(path, after, true)
}

// repeat returns the command line that does the same audit again.
func repeat(c *cli.Context, path string, trust *auditTrust) []string {
	words := append(auditing(path), flagWords(c, "charter", "ledger", "anchors")...)
	if trust.ledger != nil && trust.ledger == trust.home {
		words = append(words, "--ledger", keys.ID(*trust.ledger).String())
	}
	if c.IsSet("since") {
		words = append(words, "--since", strconv.FormatUint(c.Uint64("since"), 10))
	}
	return append(words, flagWords(c, "report")...)
}

// settlement returns the command line that settles whether it is the ledger meant,
// once its id was compared.
func settlement(c *cli.Context, path string, r *audit.Report) []string {
	return append(append(auditing(path), "--ledger", keys.ID(r.Ledger).String()), flagWords(c, "anchors")...)
}

func auditing(path string) []string {
	words := []string{"comity", "audit"}
	if path != "" {
		words = append(words, path)
	}
	return words
}

// flagWords returns the flags with a value that the command line has, of those
// named.
func flagWords(c *cli.Context, names ...string) (words []string) {
	for _, name := range names {
		if v := c.String(name); v != "" {
			words = append(words, "--"+name, v)
		}
	}
	return words
}
