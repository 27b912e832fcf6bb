package cli

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/bundle"
	"comity/node"
	"comity/node/backup"
	"comity/node/blobs"
	"comity/node/home"

	"github.com/urfave/cli/v2"
)

func (t *terminal) restoreCommand() *cli.Command {
	return &cli.Command{
		Name:      "restore",
		Usage:     "make this bureau's folder anew from a backup",
		ArgsUsage: "FILE",
		Description: "The folder must not exist or be empty. The node of the folder knows that it is an old copy: it votes\n" +
			"and cosigns only when it holds what the others hold and is past all that it may have signed since the\n" +
			"backup, and gives nobody an entry before it has purged what was purged meanwhile. Never run the same\n" +
			"node twice: restore only when the old disk is gone or will not start again.\n\n" +
			"Example: comity restore /mnt/safe/xa.cbackup --dir /var/lib/comity",
		Flags:  []cli.Flag{&cli.BoolFlag{Name: "yes", Usage: "do not ask"}},
		Action: t.restore,
	}
}

// restored is what became of a backup.
type restored struct {
	*backedUp
	Dir     string   `json:"dir,omitempty"`
	Lack    []string `json:"missing_keys,omitempty"`  // key files that the node needs
	Missing uint64   `json:"missing_bodies"`          // that were purged after the head
	Digest  keys.ID  `json:"digest"`                  // of the state that the entries lead to
	Newer   *uint64  `json:"newer_entries,omitempty"` // that the node has beyond the backup
}

func (t *terminal) restore(c *cli.Context) error {
	args, err := arguments(c, 1, 1, "FILE")
	if err != nil {
		return err
	}
	dir, err := homeDir(c)
	if err != nil {
		return err
	}
	if err := home.Vacant(dir, ""); err != nil { // before a long file is read
		return fmt.Errorf("restore: %w", err)
	}
	f, b, err := t.openBackup(c.Context, args[0])
	if err != nil {
		return err
	}
	defer f.Close()
	t.note("a backup of %s, %s of %q, made %s ago", b.Bureau, plural(b.Head.Size, "entry", "entries"), b.Name, age(time.Since(b.Made)))
	t.note("  ledger %s: compare it with one that came another way", b.Ledger)
	t.note("its node must run nowhere else: two of them with the same keys would contradict each other")
	if !c.Bool("yes") {
		if err := t.confirm(fmt.Sprintf("Make %s from it? yes or no: ", visible(dir))); err != nil {
			return err
		}
	}
	var r *restored
	err = home.Whole(dir, func(tmp string) (err error) {
		r, err = t.restoreInto(c.Context, f, tmp, t.backupPhrase(true), nil)
		return err
	})
	if err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	r.File, r.Dir = args[0], dir
	h, err := home.Open(dir)
	if err != nil {
		return err
	}
	r.Lack = h.MissingKeys()
	if t.asJSON {
		return t.document(r)
	}
	t.say("Restored %s: the home of %s as of %s", r.Dir, r.Bureau, r.Made.Format(time.DateTime+"Z"))
	t.tellBackup(r.backedUp)
	t.tellMissing(r)
	if len(r.Lack) > 0 {
		t.say("  next      put the key files back: %s, and the folders keys and officers as they were", strings.Join(r.Lack, " and "))
	}
	t.say("  then      comity --dir %s node run: it neither votes nor cosigns before it has caught up; comity status says when", shellWord(r.Dir))
	return nil
}

// tellMissing says which bodies a backup lacks without a reason in it.
func (t *terminal) tellMissing(r *restored) {
	if r.Missing > 0 {
		t.say("  lacks     %s whose purge came after the head of the backup", plural(r.Missing, "sealed text", "sealed texts"))
	}
}

// openBackup opens a backup and reads all of it once: nothing is made of a file
// that was not checked to its end.
func (t *terminal) openBackup(ctx context.Context, path string) (*os.File, *backedUp, error) {
	fi, err := os.Stat(path)
	if err == nil && !fi.Mode().IsRegular() { // a pipe would be waited for, and cannot be read twice
		return nil, nil, fmt.Errorf("read %s: it is no file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, fmt.Errorf("read %s: %w", path, cause(err))
	}
	b, err := t.readBackup(ctx, f)
	if errors.Is(err, backup.ErrNoBackup) {
		err = hint(fmt.Errorf("%s is no backup", path), "comity backup create makes one; a bundle is for: comity audit")
	} else if err != nil {
		err = fmt.Errorf("%s is damaged: %w", path, err)
	}
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	b.File = path
	return f, b, nil
}

// backupPhrase returns what asks for the passphrase of a backup's keys; nil where
// they stay closed.
func (t *terminal) backupPhrase(needed bool) home.Passphrase {
	if !needed && t.passFile == "" && !isTerminal(t.stdin) {
		return nil
	}
	return t.passphrase
}

// restoreInto makes a home of a backup in a folder that is there, and empty.
func (t *terminal) restoreInto(ctx context.Context, f *os.File, dir string, phrase home.Passphrase, seeded func(*node.Seed) error) (*restored, error) {
	r := new(restored)
	var seed *node.Seed
	defer func() {
		if seed != nil {
			seed.Close()
		}
	}()
	var about *backup.About
	var folder *blobs.Folder
	side := filepath.Join(dir, "side") // files of the node's data, until the seed has made its folder
	b, err := t.useBackup(ctx, f, &backupUse{
		begun: func(a *backup.About) error { about = a; return nil },
		file: func(name string, from io.Reader) error {
			if strings.HasPrefix(name, "node/") {
				return home.PutFile(side, name, from)
			}
			return home.PutFile(dir, name, from)
		},
		keys: func(sealed []byte) (int, error) {
			if phrase == nil {
				return -1, nil
			}
			if seeded != nil { // a scratch folder is no place for keys
				return openBackupKeys(sealed, "", phrase)
			}
			return openBackupKeys(sealed, dir, phrase)
		},
		charter: func(g *ledger.Genesis) (err error) {
			seed, err = node.NewSeed(filepath.Join(dir, "node"), g, about.Bureau)
			return err
		},
		group: func(g *bundle.Group) error { return seed.Add(g) },
		note: func(note []byte) error {
			if seeded != nil {
				if err := seeded(seed); err != nil {
					return err
				}
			}
			head, err := seed.Last()
			if err != nil {
				return err
			}
			r.Digest = keys.ID(head.Digest)
			return seed.Finish(note, about.Made)
		},
		attachment: func(name string, from io.Reader) (err error) {
			if folder == nil {
				if folder, err = blobs.Open(filepath.Join(dir, "node", "attachments")); err != nil {
					return err
				}
			}
			address, err := folder.Put(func(to io.Writer) error { _, err := io.Copy(to, from); return err })
			if err == nil && hex.EncodeToString(address[:]) != name {
				err = errors.New("an attachment is not the file of its address")
			}
			return err
		},
	})
	if err != nil {
		return nil, err
	}
	r.backedUp, r.Missing = b, seed.Missing
	if err := errors.Join(moveSide(side, dir), home.FinishRestore(dir)); err != nil {
		return nil, err
	}
	return r, sameHome(dir, about)
}

// sameHome holds the files of the home that a backup made against what the backup
// says of itself: its parts may come from several hands.
func sameHome(dir string, a *backup.About) error {
	h, err := home.Open(dir)
	if err != nil {
		return err
	}
	g, err := h.Genesis()
	if err != nil {
		return err
	}
	if h.Bureau() != a.Bureau || g.Ledger != a.Ledger {
		return fmt.Errorf("its comity.toml and charter are of bureau %s in ledger %s, and the rest is of %s in %s", h.Bureau(), g.Origin(), a.Bureau, ledger.Origin(a.Ledger))
	}
	return nil
}

// moveSide puts what the node had beside the ledger into its new folder.
func moveSide(side, dir string) error {
	for _, name := range []string{"witness.muted", "finals", "evidence"} {
		err := os.Rename(filepath.Join(side, "node", name), filepath.Join(dir, "node", name))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return os.RemoveAll(side)
}

// openBackupKeys writes the keys of a backup into the folder of a new home, or with
// "" for it only opens them.
func openBackupKeys(sealed []byte, dir string, phrase home.Passphrase) (int, error) {
	plain, err := openWith(sealed, phrase)
	if err != nil {
		return 0, fmt.Errorf("the keys in the backup: %w", err)
	}
	defer clear(plain)
	return home.PutKeys(dir, plain)
}

func openWith(sealed []byte, phrase home.Passphrase) (plain []byte, err error) {
	for wrong := false; ; wrong = true {
		pass, no := phrase("the keys in the backup", wrong)
		switch {
		case wrong && errors.Is(no, keys.ErrPassphrase):
			return nil, err
		case no != nil:
			return nil, no
		}
		if plain, err = keys.OpenPassphrase(sealed, pass); !errors.Is(err, keys.ErrPassphrase) {
			return plain, err
		}
	}
}
