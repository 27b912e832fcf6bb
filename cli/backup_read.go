package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/bundle"
	"comity/node/backup"
	"comity/node/home"
)

// backupUse is what is done with the parts of a backup while it is read. Nothing
// that was done counts before the whole file was read: the checksum is at its end.
type backupUse struct {
	begun      func(*backup.About) error
	file       func(name string, from io.Reader) error
	keys       func(sealed []byte) (n int, err error)
	charter    func(*ledger.Genesis) error
	group      func(*bundle.Group) error
	note       func(note []byte) error // the last FINAL one, of all entries
	attachment func(name string, from io.Reader) error
}

const maxSealedKeys = 8 << 20

// readBackup reads a whole backup and checks all that can be checked without
// applying an entry: its form and checksum, that each body is the one that was
// signed, that the entries are the ones under every FINAL head in it.
func (t *terminal) readBackup(ctx context.Context, f *os.File) (*backedUp, error) {
	return t.useBackup(ctx, f, &backupUse{})
}

func (t *terminal) useBackup(ctx context.Context, f *os.File, use *backupUse) (*backedUp, error) {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	r, err := backup.NewReader(f)
	if err != nil {
		return nil, err
	}
	a := r.About()
	b := &backedUp{Bureau: a.Bureau, Ledger: keys.ID(a.Ledger), Made: time.UnixMilli(int64(a.Made)).UTC()}
	if use.begun != nil {
		if err := use.begun(a); err != nil {
			return nil, err
		}
	}
	seen := make(map[string]bool)
	for {
		s, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		if seen[s.Name] {
			return nil, fmt.Errorf("it has %q twice: %w", s.Name, ledger.ErrMalformed)
		}
		seen[s.Name] = true
		if err := t.useSection(ctx, r, s, b, use); err != nil {
			return nil, err
		}
	}
	b.Bytes = int64(r.Bytes())
	if b.Head == nil || !seen["comity.toml"] || !seen["charter"] {
		return nil, fmt.Errorf("it lacks the ledger, the charter or comity.toml: %w", ledger.ErrMalformed)
	}
	return b, nil
}

func (t *terminal) useSection(ctx context.Context, r *backup.Reader, s *backup.Section, b *backedUp, use *backupUse) error {
	switch s.Kind {
	case backup.File:
		if !home.IsBackupFile(s.Name) {
			return fmt.Errorf("it has a file %q, which no backup has: %w", s.Name, ledger.ErrMalformed)
		}
		b.Files++
		if use.file != nil {
			return use.file(s.Name, s)
		}
	case backup.Keys:
		sealed, err := io.ReadAll(io.LimitReader(s, maxSealedKeys+1))
		if err != nil {
			return err
		}
		if len(sealed) > maxSealedKeys {
			return fmt.Errorf("it has keys of more than %s: %w", size(maxSealedKeys), ledger.ErrMalformed)
		}
		b.Keys = -1
		if use.keys != nil {
			b.Keys, err = use.keys(sealed)
		}
		return err
	case backup.Ledger:
		if b.Head != nil {
			return fmt.Errorf("it has two ledgers: %w", ledger.ErrMalformed)
		}
		return t.useLedger(ctx, r.About(), s, b, use)
	case backup.Attachment:
		b.Attachments++
		sum := sha256.New()
		from := io.TeeReader(s, sum)
		if use.attachment != nil {
			if err := use.attachment(s.Name, from); err != nil {
				return err
			}
		}
		if _, err := io.Copy(io.Discard, from); err != nil {
			return err
		}
		if s.Name != hex.EncodeToString(sum.Sum(nil)) {
			return fmt.Errorf("attachment %.12s is not the file of its address: %w", s.Name, ledger.ErrMalformed)
		}
	}
	return nil
}

// useLedger reads the ledger in a backup.
func (t *terminal) useLedger(ctx context.Context, a *backup.About, s io.Reader, b *backedUp, use *backupUse) error {
	in, err := bundle.NewReader(s)
	if err != nil {
		return err
	}
	g := in.Genesis()
	if g.Ledger != a.Ledger || in.Size() != a.Size {
		return fmt.Errorf("it says another ledger or size at its beginning than it holds: %w", ledger.ErrMalformed)
	}
	b.Name = g.Charter.Name
	if use.charter != nil {
		if err := use.charter(g); err != nil {
			return err
		}
	}
	advance, end := t.progress("reading the backup")
	defer end()
	tree := new(growing)
	for {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		group, err := in.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		for i := range group.Records {
			if err := b.count(tree.size, &group.Records[i]); err != nil {
				return err
			}
			tree.add(group.Records[i].Entry)
		}
		if use.group != nil {
			if err := use.group(group); err != nil {
				return err
			}
		}
		advance(tree.size, in.Size())
	}
	return b.heads(g, a, in, tree, use)
}

// count checks the body of a record, and counts it.
func (b *backedUp) count(index uint64, r *bundle.Record) error {
	e, err := ledger.ParseEntry(r.Entry)
	if err != nil {
		return fmt.Errorf("entry %s: %w", count(index), err)
	}
	switch {
	case r.State == bundle.Purged:
		b.Purged++
	case r.State == bundle.LeftOut:
		return fmt.Errorf("entry %s is in it without its body: %w", count(index), ledger.ErrMalformed)
	case !e.CheckBody(r.Body):
		return fmt.Errorf("entry %s is in it with another body than its author signed: %w", count(index), ledger.ErrMalformed)
	case r.State == bundle.Included:
		b.Bodies++
	}
	b.Last = r.Time
	return nil
}

// heads checks the FINAL heads in a backup. The last one is of all its entries;
// the ones before it were compared with the entries when it was made.
func (b *backedUp) heads(g *ledger.Genesis, a *backup.About, in *bundle.Reader, tree *growing, use *backupUse) error {
	var last []byte
	for {
		note, err := in.NextNote()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		last = note
	}
	for {
		if _, err := in.NextEvidence(); err == io.EOF {
			break
		} else if err != nil {
			return err
		}
	}
	at, by, err := g.Open(last)
	if err != nil {
		return fmt.Errorf("its last head: %w", err)
	}
	if root := tree.root(); at.Size != a.Size || at.Root != a.Root || root != at.Root {
		return errors.New("its entries are not the ones under its FINAL head")
	}
	slices.Sort(by)
	b.Head = &checkpoint{at.Size, keys.ID(at.Root), by, g.At(at.Size).Quorum()}
	if use.note != nil {
		return use.note(last)
	}
	return nil
}
