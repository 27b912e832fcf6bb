package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"

	"comity/ledger"
	"comity/node/desk/readlog"

	"github.com/urfave/cli/v2"
)

func (t *terminal) readlogCommand() *cli.Command {
	return &cli.Command{
		Name:  "readlog",
		Usage: "for the overseer: who read what was opened of notices, and why",
		Description: "The desk records every read before it hands anything out, in a chain of hashes. Keep the line of\n" +
			"`readlog head` elsewhere, now and then: it shows whatever is changed or cut off later.\n\n" +
			"Example: comity readlog verify --heads kept-heads.txt",
		Subcommands: []*cli.Command{{
			Name:      "verify",
			Usage:     "check that nothing in the log was changed, left out or cut off",
			ArgsUsage: "[FILE]",
			Description: "FILE is a copy of a log (default: the log of this home). It needs no key and no ledger.\n\n" +
				"The exit code is 0 whole, 1 not the log that was written, 2 cannot tell, 3 usage. Without a head\n" +
				"that was kept elsewhere nobody can tell, for who may write the file can write another one.\n\n" +
				"Example: comity readlog verify --heads kept-heads.txt",
			Flags:  []cli.Flag{headsFlag()},
			Action: func(c *cli.Context) error { return settled(t.readlogVerify(c)) },
		}, t.readlogShowCommand(), t.readlogFetchCommand(), {
			Name:      "head",
			Usage:     "print the line that stands for the log as it is now, to be kept elsewhere",
			ArgsUsage: "[FILE]",
			Description: "It tells nothing of what was read. Of a home that reads through a desk it is the desk's; supervisors\n" +
				"and auditors may ask.\n\nExample: comity readlog head >> /media/overseer/kept-heads.txt",
			Action: t.readlogHead,
		}},
	}
}

func headsFlag() cli.Flag {
	return &cli.StringFlag{Name: "heads", Usage: "`FILE` with lines of comity readlog head that were kept elsewhere"}
}

// readlogHeadOfDesk asks the desk that this home reads through, if any.
func (t *terminal) readlogHeadOfDesk(c *cli.Context) (done bool, err error) {
	s, err := t.open(c)
	if err != nil {
		return false, err
	}
	defer s.close()
	if s.remote == nil {
		return false, nil
	}
	h, err := s.deskClient.ReadsHead(c.Context)
	if err != nil {
		return true, err
	}
	if _, err := readlog.ParseHead(h.Head); err != nil {
		return true, fmt.Errorf("%s: %w", s.remote, err)
	}
	return true, t.tellHead(h.Head, h.Records)
}

func (t *terminal) tellHead(head string, records uint64) error {
	if t.asJSON {
		return t.document(map[string]any{"head": head, "records": records, "at": time.Now().UTC().Truncate(time.Second)})
	}
	t.shell("%s", head)
	return nil
}

// logFile opens the log that a command is about.
func (t *terminal) logFile(c *cli.Context) (f io.ReadCloser, name string, err error) {
	args, err := arguments(c, 0, 1, "")
	if err != nil {
		return nil, "", err
	}
	if len(args) == 1 {
		name = args[0]
	} else {
		h, err := t.openHome(c)
		if err != nil {
			return nil, "", err
		}
		name = h.ReadLog()
	}
	if f, err = readlog.Snapshot(name); err != nil {
		err = fmt.Errorf("read %s: %w", name, cause(err))
		if len(args) == 0 && errors.Is(err, fs.ErrNotExist) {
			err = hint(err, "nothing was read here; reads through a desk are in the log of its home: comity readlog fetch FILE")
		}
		return nil, name, err
	}
	return f, name, nil
}

// maxHeadLines bounds a file of kept heads: some tens of thousands.
const maxHeadLines = 8 << 20

// keptHeads reads the file that --heads names.
func (t *terminal) keptHeads(c *cli.Context) (heads []*readlog.Head, err error) {
	path := c.String("heads")
	if path == "" {
		return nil, nil
	}
	data, err := t.readInput(path, maxHeadLines)
	if err != nil {
		return nil, err
	}
	for i, line := range strings.Split(strings.TrimRight(string(data), "\n"), "\n") {
		h, err := readlog.ParseHead(line)
		if err != nil {
			return nil, fmt.Errorf("read %s: line %d is not one of comity readlog head", inputName(path), i+1)
		}
		heads = append(heads, h)
	}
	return heads, nil
}

// Verdicts on a read log, beside unknown.
const (
	logWhole  = "whole"
	logBroken = "broken"
)

// logFinding is what readlog verify found, as --json shows it.
type logFinding struct {
	Verdict    string      `json:"verdict"`
	File       string      `json:"file"`
	Reason     string      `json:"reason,omitempty"`
	Record     *uint64     `json:"record,omitempty"` // the first that cannot be believed
	Offset     *int64      `json:"offset,omitempty"`
	Bureau     string      `json:"bureau,omitempty"`
	Ledger     ledger.Hash `json:"ledger"`
	Records    uint64      `json:"records"` // that are whole
	Begun      uint64      `json:"begun,omitempty"`
	Last       uint64      `json:"last,omitempty"`
	Head       string      `json:"head,omitempty"`
	Kept       int         `json:"kept_heads"`
	Newest     uint64      `json:"newest_kept,omitempty"` // records that the newest kept head covers
	NotChecked []string    `json:"not_checked,omitempty"`

	torn bool // it ends within a record
}

func (t *terminal) readlogVerify(c *cli.Context) error {
	heads, err := t.keptHeads(c)
	if err != nil {
		return err
	}
	f, name, err := t.logFile(c)
	if f == nil {
		if errors.Is(err, fs.ErrNotExist) && len(heads) > 0 {
			return t.logVerdict(&logFinding{Verdict: logBroken, File: name, Kept: len(heads),
				Reason: "the log is not there, and it was when the head was kept"})
		}
		if broken := (*readlog.Broken)(nil); errors.As(err, &broken) { // its files do not belong together
			out := &logFinding{Verdict: logBroken, File: name, Kept: len(heads), Reason: broken.Reason}
			if broken.Offset > 0 {
				out.Offset = &broken.Offset
			}
			return t.logVerdict(out)
		}
		return err
	}
	defer f.Close()
	out, err := verifyLog(f, name, heads, nil)
	if err != nil {
		return err
	}
	return t.logVerdict(out)
}

// verifyLog checks a log, and says what was found.
func verifyLog(f io.Reader, name string, heads []*readlog.Head, each func(*readlog.Record) error) (*logFinding, error) {
	out := &logFinding{Verdict: logWhole, File: name, Kept: len(heads)}
	for _, h := range heads {
		out.Newest = max(out.Newest, h.Size)
	}
	r, err := readlog.Verify(f, heads, each)
	if r != nil {
		out.Bureau, out.Ledger, out.Begun, out.Last, out.Records, out.Head = r.Bureau, r.Ledger, r.Begun, r.Last, r.Head.Size, r.Head.Marshal()
	}
	var broken *readlog.Broken
	switch {
	case errors.As(err, &broken):
		out.Verdict, out.Reason = logBroken, broken.Reason
		if broken.Offset > 0 {
			out.Record, out.Offset = &broken.Record, &broken.Offset
		}
	case err != nil:
		return nil, err
	case r.Torn != nil:
		out.torn = true
		out.Verdict, out.Reason = unknown, r.Torn.Error()+": a crash leaves it so, and whoever cuts the file; the desk mends it when it next records a read, and says so in the log"
	case len(heads) == 0:
		out.Verdict, out.Reason = unknown, "no head was given that was kept elsewhere: who may write the file can write another one whose chain holds as well, or cut records off the end"
	default:
		if out.Newest < out.Records {
			out.NotChecked = append(out.NotChecked, fmt.Sprintf("whether the records from %s on were written anew: the newest kept head is older", count(out.Newest)))
		}
		out.NotChecked = append(out.NotChecked, "whether records behind the newest kept head were cut off", "what was read without this desk, with keys copied from it")
	}
	return out, nil
}

func (t *terminal) logVerdict(f *logFinding) error {
	if t.asJSON {
		if err := t.document(f); err != nil {
			return err
		}
	} else {
		t.tellLog(f)
	}
	switch f.Verdict {
	case logWhole:
		return nil
	case logBroken:
		return errNotAuthentic
	}
	return errCannotTell
}

func (t *terminal) tellLog(f *logFinding) {
	switch f.Verdict {
	case logWhole:
		t.head(green, "OK", fmt.Sprintf("the read log of %s is whole: %s.", f.Bureau, plural(f.Records, "record", "records")))
	case logBroken:
		t.head(red, "FAILED", inputName(f.File)+" is not the read log that was written.")
		switch {
		case f.Offset != nil && f.Record != nil:
			t.say("  record %s, at byte %s: %s", count(*f.Record), count(*f.Offset), f.Reason)
		default:
			t.say("  %s", f.Reason)
		}
		t.say("  Keep the file as it is, and ask who could write to it since the last time it was whole.")
	default:
		t.head(yellow, "UNKNOWN", fmt.Sprintf("The chain of %s holds; it cannot be told whether they are all, and as they were written.", plural(f.Records, "record", "records")))
		t.say("  %s", f.Reason)
	}
	if f.Head == "" {
		return
	}
	t.say("  begun     %s", clock(f.Begun))
	if f.Last > 0 {
		t.say("  last read %s", clock(f.Last))
	}
	if f.Kept > 0 {
		t.say("  compared  with %s; the newest covers %s", plural(f.Kept, "kept head", "kept heads"), plural(f.Newest, "record", "records"))
	}
	if f.Verdict != logBroken {
		t.shell("  head      %s", f.Head)
	}
	if len(f.NotChecked) > 0 {
		t.say("  not checked: %s", strings.Join(f.NotChecked, "; "))
	}
}

func (t *terminal) readlogHead(c *cli.Context) error {
	if c.NArg() == 0 {
		if done, err := t.readlogHeadOfDesk(c); done || err != nil {
			return err
		}
	}
	f, name, err := t.logFile(c)
	if err != nil {
		return err
	}
	defer f.Close()
	out, err := verifyLog(f, name, nil, nil)
	if err != nil {
		return err
	}
	if out.Verdict == logBroken {
		return hint(fmt.Errorf("there is no head of %s: %s", inputName(name), out.Reason), "see: comity readlog verify")
	}
	return t.tellHead(out.Head, out.Records)
}
