package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/node/backup"
	"comity/node/blobs"
	"comity/node/wire"

	"github.com/urfave/cli/v2"
)

func (t *terminal) backupCommand() *cli.Command {
	return &cli.Command{
		Name:  "backup",
		Usage: "copy what the node needs to one file, or try such a file out",
		Description: "A backup is for the day when the disk of this bureau is lost. What was purged after it was made is\n" +
			"still in it: give it no longer a life than a purge may take, and destroy it like the disk.\n\n" +
			"Example: comity backup create /mnt/safe/xa.cbackup",
		Subcommands: []*cli.Command{{
			Name:      "create",
			Usage:     "copy the ledger up to the last FINAL head, and this home, to a file, while the node runs",
			ArgsUsage: "FILE",
			Description: "In the file: every entry and sealed text up to the last FINAL head, the charter, comity.toml, public\n" +
				"keys, evidence, attachments that this node holds. Not in it: the root key, votes, drafts, the desk's\n" +
				"replica and the log of who read what. Keys only with --with-keys, encrypted to a passphrase.\n" +
				"The file is read again before it gets its name.\n\n" +
				"Example: comity backup create /mnt/safe/xa.cbackup --with-keys",
			Flags: []cli.Flag{
				&cli.BoolFlag{Name: "with-keys", Usage: "put the keys of this home in as well but the root's, encrypted to a passphrase"},
				&cli.BoolFlag{Name: "force", Usage: "replace FILE if it is there"},
			},
			Action: t.backupCreate,
		}, t.backupTestCommand()},
	}
}

// backedUp is what was put into a backup, or found in one.
type backedUp struct {
	File        string      `json:"file"`
	Bureau      string      `json:"bureau"`
	Name        string      `json:"name"`
	Ledger      keys.ID     `json:"ledger"`
	Made        time.Time   `json:"made"`
	Head        *checkpoint `json:"head"`
	Last        uint64      `json:"last_entry_at"` // POSIX ms
	Bodies      uint64      `json:"bodies"`
	Purged      uint64      `json:"purged"`
	Files       int         `json:"files"`
	Keys        int         `json:"keys"` // files; -1 when they are there and were not opened
	Attachments int         `json:"attachments"`
	Bytes       int64       `json:"bytes"`
}

func (t *terminal) backupCreate(c *cli.Context) error {
	args, err := arguments(c, 1, 1, "FILE")
	if err != nil {
		return err
	}
	if args[0] == "-" {
		return usagef("backup create: name a file: it is read again before it counts")
	}
	s, err := t.open(c)
	if err != nil {
		return err
	}
	defer s.close()
	var phrase []byte
	if c.Bool("with-keys") {
		if phrase, err = t.newPassphrase(); err != nil {
			return err
		}
	}
	b, err := s.createBackup(c.Context, args[0], phrase, c.Bool("force"))
	if err != nil {
		return err
	}
	if t.asJSON {
		return t.document(b)
	}
	t.say("Wrote %s: a backup of %s, %s, read again and whole", b.File, s.bureau(b.Bureau), size(b.Bytes))
	t.tellBackup(b)
	t.say("Try it out now and then: comity backup test %s", b.File)
	return nil
}

// tellBackup says what a backup holds.
func (t *terminal) tellBackup(b *backedUp) {
	t.say("  ledger    %s of %q", b.Ledger, b.Name)
	t.say("  entries   %s, the last at %s", count(b.Head.Size), clock(b.Last))
	t.say("  FINAL     all of them, cosigned by %s (%d needed)", strings.Join(b.Head.Cosigners, " "), b.Head.Needed)
	text := plural(b.Bodies, "sealed text", "sealed texts")
	if b.Purged > 0 {
		text += fmt.Sprintf("; %s purged", count(b.Purged))
	}
	t.say("  bodies    %s; %s", text, plural(b.Attachments, "attachment", "attachments"))
	switch {
	case b.Keys > 0:
		t.say("  keys      %s, encrypted; the root key is not among them", plural(b.Keys, "file", "files"))
	case b.Keys < 0:
		t.say("  keys      in it, encrypted; not opened: no passphrase was given")
	default:
		t.say("  keys      none: keep copies of the files in keys and officers elsewhere, or the bureau is lost with them")
	}
}

// createBackup writes a backup to a file, reads it again, and gives it its name.
func (s *session) createBackup(ctx context.Context, path string, phrase []byte, force bool) (*backedUp, error) {
	out, err := createOutput(path, force)
	if err != nil {
		return nil, err
	}
	b, err := s.fillBackup(ctx, out.File, phrase)
	if err == nil {
		err = out.Sync()
	}
	if err == nil {
		var read *backedUp
		if read, err = s.readBackup(ctx, out.File); err == nil && (read.Head.Size != b.Head.Size || read.Attachments != b.Attachments || read.Files != b.Files) {
			err = errors.New("it holds something else than was written to it")
		}
		if err != nil {
			err = fmt.Errorf("read the backup again: %w", err)
		} else {
			b.Last, b.Bytes = read.Last, read.Bytes
		}
	}
	if err != nil {
		out.discard()
		var disk *fs.PathError
		if errors.As(err, &disk) && disk.Path == out.Name() {
			return nil, fmt.Errorf("write %s: %w", path, cause(err))
		}
		return nil, err
	}
	b.File = path
	return b, out.keep()
}

// fillBackup writes the sections of a backup.
func (s *session) fillBackup(ctx context.Context, out *os.File, phrase []byte) (*backedUp, error) {
	heads, err := s.finals(ctx, ^uint64(0))
	if err != nil {
		return nil, err
	}
	target := heads[len(heads)-1]
	b := &backedUp{Bureau: s.home.Bureau(), Name: s.genesis.Charter.Name, Ledger: keys.ID(s.genesis.Ledger), Made: time.Now().UTC().Truncate(time.Millisecond)}
	w, err := backup.NewWriter(out, &backup.About{Ledger: s.genesis.Ledger, Bureau: b.Bureau, Made: uint64(b.Made.UnixMilli()), Size: target.Size, Root: target.Root})
	if err != nil {
		return nil, err
	}
	names, err := s.home.BackupFiles()
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if err := w.Section(backup.File, name, func(to io.Writer) error { return copyFile(to, filepath.Join(s.home.Dir(), name)) }); err != nil {
			return nil, err
		}
		b.Files++
	}
	if len(phrase) > 0 {
		plain, n, err := s.home.BackupKeys()
		if err != nil {
			return nil, err
		}
		s.note("encrypting the keys; this takes a moment, on purpose")
		sealed, err := keys.SealPassphrase(plain, phrase)
		clear(plain)
		if err != nil {
			return nil, err
		}
		b.Keys = n
		if err := w.Section(backup.Keys, "keys", func(to io.Writer) error { _, err := to.Write(sealed); return err }); err != nil {
			return nil, err
		}
	}
	err = w.Section(backup.Ledger, "ledger", func(to io.Writer) error {
		advance, end := s.progress("copying the ledger")
		defer end()
		made, err := s.bundleTo(ctx, to, heads, true, advance)
		if err == nil {
			b.Head, b.Bodies, b.Purged = &made.Head, made.Bodies, made.Purged
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := s.backupAttachments(ctx, w, b); err != nil {
		return nil, err
	}
	return b, w.Close()
}

func copyFile(to io.Writer, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	defer f.Close()
	_, err = io.Copy(to, f)
	return err
}

// backupAttachments copies the sealed files that this bureau's node holds. The
// node gives them, and none that was purged; each is fetched whole before any of
// it is written.
func (s *session) backupAttachments(ctx context.Context, w *backup.Writer, b *backedUp) error {
	dir := filepath.Join(s.home.NodeDir(), "attachments")
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return nil // the node runs elsewhere, or holds none
	}
	folder, err := blobs.Open(dir)
	if err != nil {
		return err
	}
	list, err := folder.List()
	if err != nil {
		return err
	}
	for _, f := range list {
		if f.Part {
			continue
		}
		switch ok, err := s.backupAttachment(ctx, w, f.Address, f.Size); {
		case err != nil:
			return err
		case ok:
			b.Attachments++
		}
	}
	return nil
}

func (s *session) backupAttachment(ctx context.Context, w *backup.Writer, address ledger.Hash, size int64) (bool, error) {
	tmp, err := os.CreateTemp("", "comity-backup-*")
	if err != nil {
		return false, fmt.Errorf("backup: %w", err)
	}
	defer tmp.Close()
	if err := os.Remove(tmp.Name()); err != nil { // it has no name from here on
		return false, fmt.Errorf("backup: %w", err)
	}
	for at := int64(0); at < size; {
		piece, err := s.client.Attachment(ctx, address, size, at)
		switch wire.CodeOf(err) {
		case wire.NotFound, wire.Purged:
			return false, nil // no statement names it, or it is gone since we looked
		}
		if err != nil {
			return false, err
		}
		if _, err := tmp.Write(piece); err != nil {
			return false, fmt.Errorf("backup: %w", err)
		}
		at += int64(len(piece))
	}
	if _, err := tmp.Seek(0, io.SeekStart); err != nil {
		return false, fmt.Errorf("backup: %w", err)
	}
	return true, w.Section(backup.Attachment, fmt.Sprintf("%x", address[:]), func(to io.Writer) error { _, err := io.Copy(to, tmp); return err })
}
