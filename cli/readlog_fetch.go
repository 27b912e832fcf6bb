package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
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
	copied := &logCopy{file: f, name: args[0], desk: s.deskClient, of: s.remote.String(),
		origin: readlog.Origin{Ledger: s.genesis.Ledger, Bureau: s.home.Bureau()}}
	had, out, err := copied.fetch(c.Context)
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

// logDesk is what a desk gives an auditor of its read log.
type logDesk interface {
	ReadLog(ctx context.Context, from int64) ([]byte, error)
	ReadsHead(ctx context.Context) (*wire.ReadsHead, error)
}

// logCopy is an auditor's copy of the read log of a desk.
type logCopy struct {
	file   *os.File
	name   string
	desk   logDesk
	of     string // the name of desk
	origin readlog.Origin
}

// fetch adds to the copy, which had so many records before. Nothing is written to it
// that was not found to follow from what it has.
func (l *logCopy) fetch(ctx context.Context) (had uint64, out *logFinding, err error) {
	report, begun, err := verifyCopy(l.file)
	if err != nil {
		return 0, nil, fmt.Errorf("%s: the copy itself is damaged: %w", l.name, err)
	}
	if report != nil {
		had = report.Head.Size
	}
	refuse := func(reason string) (uint64, *logFinding, error) {
		return had, &logFinding{Verdict: logBroken, File: "what " + l.of + " has", Reason: reason, Records: had}, nil
	}
	fresh, err := os.CreateTemp(filepath.Dir(l.name), ".fetch-*") // 0600, and without a name at once
	if err != nil {
		return had, nil, fmt.Errorf("fetch %s: %w", l.name, cause(err))
	}
	defer fresh.Close()
	if err := os.Remove(fresh.Name()); err != nil {
		return had, nil, fmt.Errorf("fetch %s: %w", l.name, cause(err))
	}
	end, err := l.receive(ctx, fresh, begun)
	if wire.CodeOf(err) == wire.LogShorter {
		return refuse("it is shorter than the copy: records were cut off, or it was begun anew")
	}
	if err != nil {
		return had, nil, err
	}
	if end == 0 {
		return refuse("it is empty")
	}
	report, err = readlog.Verify(io.MultiReader(io.NewSectionReader(l.file, 0, begun), io.NewSectionReader(fresh, 0, end-begun)), nil, nil)
	var broken, other *readlog.Broken
	switch {
	case errors.As(err, &broken):
		return refuse("what is new does not follow from the copy: " + broken.Error())
	case err != nil:
		return had, nil, err
	case report.Origin != l.origin:
		return refuse("it is of another bureau or ledger")
	}
	if err := l.sameHead(ctx, &report.Head); errors.As(err, &other) {
		return refuse(other.Reason)
	} else if err != nil {
		return had, nil, err
	}
	if report.Torn != nil { // a record that is being written, or was torn: it is fetched again
		end = report.Torn.Offset
	}
	if err := l.append(begun, io.NewSectionReader(fresh, 0, end-begun)); err != nil {
		return had, nil, fmt.Errorf("write %s: %w", l.name, cause(err))
	}
	return had, &logFinding{Verdict: logWhole, File: l.name, Bureau: report.Bureau, Ledger: report.Ledger, Records: report.Head.Size,
		Begun: report.Begun, Last: report.Last, Head: report.Head.Marshal()}, nil
}

// receive writes to a file what the desk has from a byte on, and returns the byte
// where that ends.
func (l *logCopy) receive(ctx context.Context, to io.Writer, from int64) (end int64, err error) {
	for end = from; ; {
		data, err := l.desk.ReadLog(ctx, end)
		if err != nil || len(data) == 0 {
			return end, err
		}
		if _, err := to.Write(data); err != nil {
			return end, fmt.Errorf("fetch %s: %w", l.name, cause(err))
		}
		end += int64(len(data))
	}
}

// append writes to the copy what follows at a byte: all, or nothing.
func (l *logCopy) append(at int64, fresh io.Reader) error {
	err := l.file.Truncate(at)
	if err == nil {
		_, err = io.Copy(io.NewOffsetWriter(l.file, at), fresh)
	}
	if err == nil {
		err = l.file.Sync()
	}
	if err != nil {
		return errors.Join(err, l.file.Truncate(at), l.file.Sync())
	}
	return nil
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

// sameHead refuses, as [readlog.Broken], a desk whose log has as many records as the
// copy, and others.
func (l *logCopy) sameHead(ctx context.Context, ours *readlog.Head) error {
	h, err := l.desk.ReadsHead(ctx)
	if err != nil {
		return err
	}
	theirs, err := readlog.ParseHead(h.Head)
	switch {
	case err != nil:
		return err
	case theirs.Log != ours.Log || theirs.Size < ours.Size || theirs.Size == ours.Size && theirs.Hash != ours.Hash:
		return &readlog.Broken{Reason: "it is not the log that the copy is of: it was begun anew, or written anew"}
	}
	return nil
}
