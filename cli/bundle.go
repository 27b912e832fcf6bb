package cli

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/bundle"
	"comity/node/follow"
	"comity/node/wire"

	"github.com/urfave/cli/v2"
)

// bundleHeader is the first line of a bundle (FORMAT.md).
const bundleHeader = "comity bundle v1\n"

func (t *terminal) bundleCommand() *cli.Command {
	return &cli.Command{
		Name:  "bundle",
		Usage: "hand the whole ledger to an auditor in one file",
		Description: "The operator makes the file, the auditor checks it with no node and no key: comity audit.\n\n" +
			"Example: comity bundle create ledger.cbundle",
		Subcommands: []*cli.Command{{
			Name:      "create",
			Usage:     "write every entry up to the last FINAL head to a file",
			ArgsUsage: "FILE",
			Description: "The file holds the charter, the entries, the heads that the bureaus cosigned and what evidence\n" +
				"the node keeps. It opens nothing, and shows an auditor no more than a node sees. What the node\n" +
				"hands out must add up to the cosigned head, else there is no file.\n\n" +
				"Example: comity bundle create ledger.cbundle",
			Flags: []cli.Flag{
				&cli.BoolFlag{Name: "bodies", Usage: "put the sealed texts in as well; their hashes are signed without them"},
				&cli.Uint64Flag{Name: "until", Usage: "end at the last FINAL head of at most `N` entries", DefaultText: "all"},
				&cli.BoolFlag{Name: "force", Usage: "replace FILE if it is there"},
			},
			Action: t.bundleCreate,
		}},
	}
}

// bundled is what was put into a bundle.
type bundled struct {
	File     string     `json:"file,omitempty"`
	Name     string     `json:"name"`
	Ledger   keys.ID    `json:"ledger"`
	Entries  uint64     `json:"entries"`
	Head     checkpoint `json:"head"`
	Heads    int        `json:"heads"`
	Evidence int        `json:"evidence"`
	Bodies   uint64     `json:"bodies"`
	LeftOut  uint64     `json:"left_out"`
	Purged   uint64     `json:"purged"`
	Bytes    int64      `json:"bytes"`
	SHA256   keys.ID    `json:"sha256"`
	Next     string     `json:"next"`
}

func (t *terminal) bundleCreate(c *cli.Context) error {
	args, err := arguments(c, 1, 1, "FILE")
	if err != nil {
		return err
	}
	path := args[0]
	if path == "-" {
		return usagef("bundle create: name a file: what is cut off must not look like a bundle")
	}
	s, err := t.open(c)
	if err != nil {
		return err
	}
	defer s.close()
	until := ^uint64(0)
	if c.IsSet("until") {
		until = c.Uint64("until")
	}
	b, err := s.createBundle(c.Context, path, until, c.Bool("bodies"), c.Bool("force"))
	if err != nil {
		return err
	}
	if t.asJSON {
		return t.document(b)
	}
	t.tellBundle(b)
	return nil
}

// createBundle writes a bundle to a file, whole or not at all.
func (s *session) createBundle(ctx context.Context, path string, until uint64, bodies, force bool) (*bundled, error) {
	out, err := createOutput(path, force)
	if err != nil {
		return nil, err
	}
	sum := sha256.New()
	advance, end := s.progress("bundling the ledger")
	b, err := s.bundle(ctx, io.MultiWriter(out, sum), until, bodies, advance)
	end()
	if err != nil {
		out.discard()
		var disk *fs.PathError
		if errors.As(err, &disk) && disk.Path == out.Name() {
			return nil, fmt.Errorf("write %s: %w", path, cause(err))
		}
		return nil, err
	}
	fi, err := out.Stat()
	if err != nil {
		out.discard()
		return nil, fmt.Errorf("write %s: %w", path, cause(err))
	}
	if err := out.keep(); err != nil {
		return nil, err
	}
	b.File, b.Bytes, b.SHA256 = path, fi.Size(), keys.ID(sum.Sum(nil))
	b.Next = commandLine([]string{"comity", "audit", path, "--ledger", b.Ledger.String()})
	return b, nil
}

func (t *terminal) tellBundle(b *bundled) {
	t.say("Wrote %s: %s of %q, %s", b.File, plural(b.Entries, "entry", "entries"), b.Name, size(b.Bytes))
	t.say("  ledger    %s", b.Ledger)
	t.say("  head      %s, cosigned by %s (%d needed)", plural(b.Head.Size, "entry", "entries"), strings.Join(b.Head.Cosigners, " "), b.Head.Needed)
	t.say("  root      %s", b.Head.Root)
	t.say("  with      %s, %s", plural(b.Heads, "FINAL head", "FINAL heads"), plural(b.Evidence, "piece of evidence", "pieces of evidence"))
	text := plural(b.Bodies, "sealed text", "sealed texts")
	if b.LeftOut > 0 {
		text += fmt.Sprintf("; %s left out, --bodies puts them in", count(b.LeftOut))
	}
	if b.Purged > 0 {
		text += fmt.Sprintf("; %s purged", count(b.Purged))
	}
	t.say("  bodies    %s", text)
	t.say("  SHA-256   %s", b.SHA256)
	t.say("An auditor who has the ledger id from elsewhere checks it with:")
	t.shell("   %s", b.Next)
}

// bundle writes what the node hands out up to its last FINAL checkpoint of at
// most until entries. Entries that do not add up to it are refused: a bundle is
// never worse than the node's own checkpoint.
func (s *session) bundle(ctx context.Context, w io.Writer, until uint64, bodies bool, advance func(done, total uint64)) (*bundled, error) {
	heads, err := s.finals(ctx, until)
	if err != nil {
		return nil, err
	}
	return s.bundleTo(ctx, w, heads, bodies, advance)
}

// bundleTo writes the bundle that ends with the last of some FINAL heads.
func (s *session) bundleTo(ctx context.Context, w io.Writer, heads []final, bodies bool, advance func(done, total uint64)) (*bundled, error) {
	target := heads[len(heads)-1]
	out, err := bundle.NewWriter(w, s.genesis, target.Size)
	if err != nil {
		return nil, err
	}
	b := &bundled{Name: s.genesis.Charter.Name, Ledger: keys.ID(s.genesis.Ledger), Entries: target.Size, Heads: len(heads),
		Head: checkpoint{target.Size, keys.ID(target.Root), target.by, s.genesis.PolicyAt(target.Size).Quorum}}
	slices.Sort(b.Head.Cosigners)
	tree, notes := new(growing), make([][]byte, 0, len(heads))
	each := func(r *wire.Record) error {
		rec := b.record(r, bodies)
		if err := out.Add(rec); err != nil {
			return err
		}
		tree.add(rec.Entry)
		if at := heads[len(notes)]; tree.size == at.Size {
			if root := tree.root(); root != at.Root {
				return &follow.Dishonest{Node: s.client.String(), Reason: "its entries are not the ones under its checkpoint", Note: at.note,
					Cosigned: &at.Checkpoint, Computed: &ledger.Checkpoint{Origin: at.Origin, Size: at.Size, Root: root}}
			}
			notes = append(notes, at.note)
		}
		return nil
	}
	for tree.size < target.Size {
		from := tree.size
		_, err := s.client.Records(ctx, from, int(min(target.Size-from, wire.MaxRecords)), each)
		switch {
		case errors.Is(err, ledger.ErrMalformed):
			return nil, &follow.Dishonest{Node: s.client.String(), Reason: fmt.Sprintf("what it sends as entry %s is none", count(tree.size))}
		case err != nil:
			return nil, err
		case tree.size == from:
			return nil, &follow.Dishonest{Node: s.client.String(), Reason: fmt.Sprintf("it shows a checkpoint of %s and gives only %s", plural(target.Size, "entry", "entries"), count(from))}
		}
		advance(tree.size, target.Size)
	}
	evidence, err := s.evidence(ctx)
	if err != nil {
		return nil, err
	}
	b.Evidence = len(evidence)
	return b, out.Close(notes, evidence)
}

// record returns a record as the bundle has it, and counts its body.
func (b *bundled) record(r *wire.Record, bodies bool) *bundle.Record {
	rec := &bundle.Record{Time: r.Time, Entry: r.Entry.Raw}
	switch {
	case r.Purged:
		rec.State = bundle.Purged
		b.Purged++
	case len(r.Body) == 0:
		rec.State = bundle.None
	case bodies:
		rec.State, rec.Body = bundle.Included, r.Body
		b.Bodies++
	default:
		rec.State = bundle.LeftOut
		b.LeftOut++
	}
	return rec
}

// commandLine writes words as a shell reads them.
func commandLine(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = shellWord(w)
	}
	return strings.Join(quoted, " ")
}
