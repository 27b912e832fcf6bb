package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"comity/ledger"
	"comity/node"
	"comity/node/home"
	"comity/node/wire"

	"github.com/urfave/cli/v2"
)

func (t *terminal) backupTestCommand() *cli.Command {
	return &cli.Command{
		Name:      "test",
		Usage:     "restore a backup to a scratch folder, and compare it with the ledger of today",
		ArgsUsage: "FILE",
		Description: "Applies every entry as a node would, compares the result with the node of this home if it answers,\n" +
			"and removes the scratch folder. The exit code is 0 when the file would make a node, 1 when not.\n\n" +
			"Example: comity backup test /mnt/safe/xa.cbackup",
		Flags:  []cli.Flag{&cli.StringFlag{Name: "scratch", Usage: "`FOLDER` with room for a copy of the ledger", DefaultText: "that of temporary files"}},
		Action: t.backupTest,
	}
}

func (t *terminal) backupTest(c *cli.Context) error {
	args, err := arguments(c, 1, 1, "FILE")
	if err != nil {
		return err
	}
	f, b, err := t.openBackup(c.Context, args[0])
	if err != nil {
		return err
	}
	defer f.Close()
	s, why := t.open(c)
	if why == nil {
		defer s.close()
		if id := ledger.Hash(b.Ledger); s.genesis.Ledger != id {
			return fmt.Errorf("%s is of ledger %s, and this home of %s", args[0], ledger.Origin(id), s.genesis.Origin())
		}
	} else if !errors.Is(why, home.ErrNoHome) {
		return why
	}
	tmp, done, err := home.Scratch(cmp.Or(c.String("scratch"), os.TempDir()), "comity-restore-")
	if err != nil {
		return fmt.Errorf("make a scratch folder: %w", cause(err))
	}
	defer done()
	var newer *uint64
	r, err := t.restoreInto(c.Context, f, filepath.Join(tmp), t.backupPhrase(false), func(seed *node.Seed) error {
		if s == nil {
			return nil
		}
		newer, why = s.compareBackup(c.Context, seed)
		if errors.Is(why, errOtherHistory) {
			return why
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("%s cannot be restored: %w", args[0], err)
	}
	r.File, r.Newer = args[0], newer
	if t.asJSON {
		return t.document(r)
	}
	t.say("Backup of %s, made %s, %s ago", b.Bureau, b.Made.Format(time.DateTime+"Z"), age(time.Since(b.Made)))
	t.tellBackup(r.backedUp)
	t.tellMissing(r)
	t.say("  restores  yes: the ledger accepts every entry, and they lead to the state %.16s", r.Digest)
	switch {
	case newer != nil && *newer > 0:
		t.say("  today     the %s holds the same, and %s more", s.client, plural(*newer, "entry", "entries"))
	case newer != nil:
		t.say("  today     the %s holds the same, and nothing more", s.client)
	case s == nil:
		t.say("  today     not compared: there is no home here; compare the ledger id with one that came another way")
	default:
		t.say("  today     not compared: %s", why)
	}
	return nil
}

var errOtherHistory = errors.New("its history is not the one of the node")

// compareBackup holds what a backup has led to against the node, and returns how
// many entries the node's last FINAL head has beyond it.
func (s *session) compareBackup(ctx context.Context, seed *node.Seed) (*uint64, error) {
	head, err := seed.Last()
	if err != nil || head.Size == 0 {
		return nil, err
	}
	receipt, err := s.client.Receipt(ctx, head.Size-1, 0)
	switch wire.CodeOf(err) {
	case wire.NotFinal, wire.NotFound:
		return nil, fmt.Errorf("the %s has no FINAL head of so many entries: it is behind the backup", s.client)
	}
	if err != nil {
		return nil, err
	}
	leaf, err := seed.Leaf(head.Size - 1)
	if err != nil {
		return nil, err
	}
	at, _, err := receipt.Verify(s.genesis, leaf)
	if errors.Is(err, ledger.ErrNotIncluded) {
		return nil, fmt.Errorf("%w: both are cosigned by a quorum, which proves that bureaus signed two histories: keep the file", errOtherHistory)
	}
	if err != nil {
		return nil, err
	}
	same, err := ledger.SamePast(receipt.Proof, head.Size, at.Size, seed)
	if err != nil {
		return nil, err
	}
	if !same {
		return nil, fmt.Errorf("%w: both are cosigned by a quorum, which proves that bureaus signed two histories: keep the file", errOtherHistory)
	}
	more := at.Size - head.Size
	return &more, nil
}
