package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"

	"comity/crypto/keys"
	"comity/node/desk/readlog"
	"comity/node/wire"

	"github.com/urfave/cli/v2"
)

func (t *terminal) readlogFetchCommand() *cli.Command {
	return &cli.Command{
		Name:      "fetch",
		Usage:     "add to a copy of the desk's read log what is new in it",
		ArgsUsage: "FILE",
		Description: "For an auditor, whose access key the desk knows. What is new must follow from what the copy has: a\n" +
			"log that was cut, changed or begun anew since is found at once, and the copy stays as it was.\n" +
			"FILE is made if need be.\n\n" +
			"The exit code is 0, 1 the desk's log is not the one of the copy, 2 cannot tell, 3 usage.\n\n" +
			"Example: comity readlog fetch /srv/overseer/XA.reads",
		Action: func(c *cli.Context) error { return settled(t.readlogFetch(c)) },
	}
}

func (t *terminal) readlogFetch(c *cli.Context) error {
	args, err := arguments(c, 1, 1, "FILE")
	if err != nil {
		return err
	}
	s, err := t.open(c)
	if err != nil {
		return err
	}
	defer s.close()
	if s.remote == nil {
		return hint(usagef("readlog fetch: this home reads through no desk"), "set desk and desk_key in comity.toml, or say --desk HOST:PORT#KEY")
	}
	f, err := os.OpenFile(args[0], os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return fmt.Errorf("open %s: %w", args[0], cause(err))
	}
	defer f.Close()
	if fi, err := f.Stat(); err != nil || keys.CheckPrivate(fi) != nil {
		return errors.Join(err, fmt.Errorf("open %s: %w", args[0], keys.CheckPrivate(fi)))
	}
	had, out, err := s.fetchLog(c.Context, f, args[0])
	if err != nil {
		return err
	}
	if out.Verdict == logWhole && !t.asJSON {
		t.say("%s has %s, %s new; the chain holds", args[0], plural(out.Records, "record", "records"), count(out.Records-had))
		t.shell("  head      %s", out.Head)
		return nil
	}
	return t.logVerdict(out)
}

// fetchLog adds to the copy f, which had so many records before.
func (s *session) fetchLog(ctx context.Context, f *os.File, name string) (had uint64, out *logFinding, err error) {
	report, end, err := verifyCopy(f)
	if err != nil {
		return 0, nil, fmt.Errorf("%s: the copy itself is damaged: %w", name, err)
	}
	if report != nil {
		had = report.Head.Size
	}
	begun := end
	refuse := func(reason string) (uint64, *logFinding, error) {
		err := errors.Join(f.Truncate(begun), f.Sync())
		return had, &logFinding{Verdict: logBroken, File: "what " + s.remote.String() + " has", Reason: reason, Records: had}, err
	}
	for {
		data, err := s.deskClient.ReadLog(ctx, end)
		if wire.CodeOf(err) == wire.LogShorter {
			return refuse("it is shorter than the copy: records were cut off, or it was begun anew")
		}
		if err != nil {
			return had, nil, err
		}
		if len(data) == 0 {
			break
		}
		if _, err := f.WriteAt(data, end); err != nil {
			return had, nil, fmt.Errorf("write %s: %w", name, cause(err))
		}
		end += int64(len(data))
	}
	if err := f.Sync(); err != nil {
		return had, nil, fmt.Errorf("write %s: %w", name, cause(err))
	}
	report, whole, err := verifyCopy(f)
	var broken *readlog.Broken
	switch {
	case errors.As(err, &broken):
		return refuse("what is new does not follow from the copy: " + broken.Error())
	case err != nil:
		return had, nil, err
	case report == nil:
		return refuse("it is empty")
	case report.Bureau != s.home.Bureau() || report.Ledger != s.genesis.Ledger:
		return refuse("it is of another bureau or ledger")
	}
	if whole < end { // a record that is being written, or was torn: it is fetched again
		if err := f.Truncate(whole); err != nil {
			return had, nil, err
		}
	}
	if err := s.sameHead(ctx, &report.Head); err != nil {
		return refuse(err.Error())
	}
	return had, &logFinding{Verdict: logWhole, File: name, Bureau: report.Bureau, Ledger: report.Ledger, Records: report.Head.Size,
		Begun: report.Begun, Last: report.Last, Head: report.Head.Marshal()}, nil
}

// verifyCopy checks a copy, and returns where its whole records end. An empty
// one has no report.
func verifyCopy(f *os.File) (*readlog.Report, int64, error) {
	fi, err := f.Stat()
	if err != nil || fi.Size() == 0 {
		return nil, 0, err
	}
	r, err := readlog.Verify(io.NewSectionReader(f, 0, fi.Size()), nil, nil)
	if err != nil {
		return nil, 0, err
	}
	if r.Torn != nil {
		return r, r.Torn.Offset, nil
	}
	return r, fi.Size(), nil
}

// sameHead refuses a desk whose log has as many records as the copy, and others.
func (s *session) sameHead(ctx context.Context, ours *readlog.Head) error {
	h, err := s.deskClient.ReadsHead(ctx)
	if err != nil {
		return err
	}
	theirs, err := readlog.ParseHead(h.Head)
	switch {
	case err != nil:
		return err
	case theirs.Log != ours.Log || theirs.Size < ours.Size || theirs.Size == ours.Size && theirs.Hash != ours.Hash:
		return errors.New("it is not the log that the copy is of: it was begun anew, or written anew")
	}
	return nil
}
