package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"comity/ledger"
	"comity/ledger/audit"
	"comity/ledger/bundle"
	"comity/node/follow"

	"github.com/urfave/cli/v2"
)

func (t *terminal) auditCommand() *cli.Command {
	return &cli.Command{
		Name:      "audit",
		Usage:     "verify a whole ledger from one file, offline, trusting nobody",
		ArgsUsage: "[FILE]",
		Description: "FILE is what `comity bundle create` wrote; no node, key or network is needed. Everything in it must\n" +
			"follow from the ledger id, which comes from the charter, from --ledger or from the anchors of an\n" +
			"earlier audit: without one the answer is \"cannot tell\". Without FILE the node of this bureau is asked\n" +
			"for everything, and believed in nothing.\n\n" +
			"--anchors names a small file in which the auditor keeps the heads that were verified. It is made by the\n" +
			"first audit, and every later one must extend what is in it; only a good audit changes it.\n\n" +
			"The exit code is 0 authentic, 1 not authentic, 2 cannot tell, 3 usage, 4 authentic with findings.\n\n" +
			"Example: comity audit ledger.cbundle --charter charter --anchors my.anchors --report report.html",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "charter", Usage: "`FILE` of the charter, as the founders gave it (default: that of the home)"},
			&cli.StringFlag{Name: "ledger", Usage: "`ID` of the ledger, as somebody at a bureau read it out"},
			&cli.StringFlag{Name: "anchors", Usage: "`FILE` with the heads of your earlier audits"},
			&cli.Uint64Flag{Name: "since", Usage: "verify signatures from entry `N` on only, if an anchor stands for those before", DefaultText: "0"},
			&cli.StringFlag{Name: "report", Usage: "write the report as one HTML page to `FILE`"},
			&cli.BoolFlag{Name: "explain", Usage: "say of each check what it means and how it was done"},
			&cli.BoolFlag{Name: "force", Usage: "replace the report if it is there"},
		},
		Action: t.audit,
	}
}

// unsettled is an error that kept a verifying command from an answer: it cannot
// tell, and says why.
type unsettled struct{ error }

func (e *unsettled) Unwrap() error        { return e.error }
func (e *unsettled) Is(target error) bool { return target == errCannotTell }

// settled returns err as a verifying command must: that something could not be
// read is no reason to say "not authentic".
func settled(err error) error {
	var usage *usageError
	switch {
	case err == nil, err == errNotAuthentic, err == errCannotTell, err == errFindings, errors.As(err, &usage):
		return err
	}
	return &unsettled{err}
}

func (t *terminal) audit(c *cli.Context) error { return settled(t.auditFile(c)) }

func (t *terminal) auditFile(c *cli.Context) error {
	args, err := arguments(c, 0, 1, "FILE")
	if err != nil {
		return err
	}
	path := ""
	if len(args) > 0 {
		path = args[0]
	}
	if head := fileHead(path); ledger.IsExhibit(head) || ledger.IsEvidence(head) {
		what := "one notice"
		if ledger.IsEvidence(head) {
			what = "evidence"
		}
		return t.verdict(t.cannotTell(path, fmt.Errorf("it is %s, not a whole ledger", what), "to check it: comity verify "+shellWord(path)))
	}
	// What would be refused at the end is refused before the work.
	if report := c.String("report"); report != "" {
		for _, other := range []string{path, c.String("anchors"), c.String("charter")} {
			if sameFile(report, other) {
				return usagef("--report %s: the audit reads this file; choose another name for the report", report)
			}
		}
		if err := mayWrite(report, c.Bool("force")); err != nil {
			return err
		}
	}
	trust, err := t.auditTrust(c)
	if err != nil {
		return err
	}
	in, source, err := t.auditInput(c, path)
	if err != nil {
		return err
	}
	defer in.Close()
	whole, err := trust.consider(in)
	if err != nil {
		if path == "" {
			return err // of the node
		}
		return fmt.Errorf("read %s: %w", inputName(path), cause(err))
	}
	advance, end := t.rate("auditing")
	r, err := audit.Run(c.Context, whole, trust.given(), audit.Options{Since: c.Uint64("since"), Progress: advance})
	end()
	switch {
	case errors.Is(err, bundle.ErrNoBundle):
		return t.verdict(&finding{Verdict: notAuthentic, What: path,
			Reason: "it is no bundle, as comity bundle create writes it: it was damaged, cut short or is something else",
			Advice: "Do not rely on this file. Ask for it again, best from another bureau, and keep this one as evidence."})
	case errors.Is(err, follow.ErrDishonest):
		return t.verdict(&finding{Verdict: notAuthentic, What: "what the " + source + " hands out", Reason: err.Error(),
			Advice: "Do not rely on this node. Ask another bureau for a bundle, and tell the bureau whose node it is."})
	case errors.Is(err, syscall.ENOSPC):
		return hint(err, "name a folder with more room for temporary files: TMPDIR=FOLDER comity audit ...")
	case err != nil:
		return err
	}
	a := &audited{Report: r, file: path, source: source, trusted: trust.how, explain: c.Bool("explain"), at: time.Now()}
	a.command, a.settle = repeat(c, path, trust), settlement(c, path, r)
	return t.conclude(c, a, trust)
}

// conclude writes the report, keeps the head if the audit was good, prints the
// verdict and returns the error that gives the exit code. What could not be
// written is said after the verdict.
func (t *terminal) conclude(c *cli.Context, a *audited, trust *auditTrust) error {
	var failed error
	if path := c.String("report"); path != "" {
		data, err := a.page()
		if err == nil {
			err = writeOutput(path, data, c.Bool("force"))
		}
		if failed = err; err == nil {
			defer t.note("wrote %s", path)
		}
	}
	if trust.path != "" && (a.Verdict == audit.Authentic || a.Verdict == audit.Remarked) {
		kept, err := trust.keep(a)
		if failed = errors.Join(failed, err); kept && err == nil {
			defer t.note("%s holds the head at %s now; the next audit must extend it: --anchors %s", trust.path, plural(a.Head.Size, "entry", "entries"), trust.path)
		}
	}
	if t.asJSON {
		if err := t.document(a.document()); err != nil {
			return err
		}
	} else {
		t.tellAudit(a)
	}
	if failed != nil {
		return failed
	}
	switch a.Verdict {
	case audit.Authentic:
		return nil
	case audit.Forged:
		return errNotAuthentic
	case audit.Remarked:
		return errFindings
	}
	return errCannotTell
}

// sameFile reports whether two paths are of one file, or will be.
func sameFile(a, b string) bool {
	if filepath.Clean(a) == filepath.Clean(b) {
		return true
	}
	x, err1 := os.Stat(a)
	y, err2 := os.Stat(b)
	return err1 == nil && err2 == nil && os.SameFile(x, y)
}

// mayWrite refuses what createOutput would refuse.
func mayWrite(path string, force bool) error {
	o, err := createOutput(path, force)
	if err == nil {
		o.discard()
	}
	return err
}

// auditInput opens the file, or asks the node for everything.
func (t *terminal) auditInput(c *cli.Context, path string) (io.ReadCloser, string, error) {
	if path == "" {
		return t.auditNode(c)
	}
	in, err := t.openInput(path)
	return in, "", err
}

// auditNode streams what the node of this bureau hands out, as a bundle that is
// never a file.
func (t *terminal) auditNode(c *cli.Context) (io.ReadCloser, string, error) {
	s, err := t.open(c)
	if err != nil {
		return nil, "", hint(err, "to audit a file: comity audit FILE")
	}
	ctx, cancel := context.WithCancel(c.Context)
	r, w := io.Pipe()
	stream := &nodeStream{PipeReader: r, cancel: cancel, done: make(chan struct{})}
	go func() { // ends when the stream is closed, if not before
		defer close(stream.done)
		defer s.close()
		_, err := s.bundle(ctx, w, ^uint64(0), true, func(uint64, uint64) {})
		w.CloseWithError(err)
	}()
	return stream, s.client.String(), nil
}

// nodeStream is a bundle on its way from a node.
type nodeStream struct {
	*io.PipeReader
	cancel context.CancelFunc
	done   chan struct{}
}

// Close ends the stream and waits for its end.
func (s *nodeStream) Close() error {
	s.cancel()
	err := s.PipeReader.Close()
	<-s.done
	return err
}

// openInput opens a file, or standard input for "-".
func (t *terminal) openInput(path string) (io.ReadCloser, error) {
	if path == "-" {
		return io.NopCloser(t.stdin), nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, cause(err))
	}
	if fi, err := f.Stat(); err == nil && fi.IsDir() {
		f.Close()
		return nil, fmt.Errorf("read %s: it is a folder", path)
	}
	return f, nil
}
