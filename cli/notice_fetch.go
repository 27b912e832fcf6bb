package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"comity/ledger/notice"
	"comity/ledger/state"
	"comity/node/desk"
	"comity/node/wire"

	"github.com/urfave/cli/v2"
)

func (t *terminal) noticeFetchCommand() *cli.Command {
	return &cli.Command{
		Name:      "fetch",
		Usage:     "get the photos and files of a notice",
		ArgsUsage: "ID [NAME]",
		Description: "Gets those that your keys open, or the one of this NAME, through your bureau's node, and writes them,\n" +
			"opened and checked, to a folder. A transfer that was cut goes on where it stopped. What is written is in\n" +
			"the clear: no purge reaches it. Who gets more than files of the card is recorded, with the purpose.\n\n" +
			"Example: comity notice fetch LT-0301 --out case/",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "out", Usage: "into the folder `DIR` (default: this one)"},
			&cli.BoolFlag{Name: "force", Usage: "replace FILE if it is there"},
			purposeFlag(),
		},
		Action: t.noticeFetch,
	}
}

// fetched is a file that was written, as --json shows it.
type fetched struct {
	Name   string `json:"name"`
	Part   string `json:"part"`
	Type   string `json:"type"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
	Path   string `json:"path"`
}

func (t *terminal) noticeFetch(c *cli.Context) error {
	args, err := arguments(c, 1, 2, "ID")
	if err != nil {
		return err
	}
	s, err := t.open(c)
	if err != nil {
		return err
	}
	defer s.close()
	if err := s.readCases(c.Context); err != nil {
		return err
	}
	if err := checkPurpose(c.String("purpose")); err != nil {
		return err
	}
	k, err := s.named(args[0])(s.reader().OpenFiles(c.Context, args[0], c.String("purpose")))
	if err != nil {
		return err
	}
	list, err := s.fetchable(k, args[1:])
	if err != nil {
		return err
	}
	dir := c.String("out")
	if dir == "" {
		dir = "."
	}
	if !c.Bool("force") {
		if list, err = s.unfetched(dir, list); err != nil {
			return err
		} else if len(list) == 0 {
			return s.told([]fetched{})
		}
	}
	outs, err := createOutputs(dir, list, c.Bool("force"))
	if err != nil {
		return err
	}
	err = s.fetchAll(c, k, list, outs)
	for _, o := range outs {
		if o != nil {
			o.discard()
		}
	}
	return err
}

// fetchable returns the files of a case that were asked for, as far as they can
// be had. One that was named, or all, that cannot are an error.
func (s *session) fetchable(k *desk.Case, names []string) ([]*desk.File, error) {
	switch {
	case k.Status == state.StatusPurged:
		return nil, fmt.Errorf("%s is purged: its files are destroyed everywhere", k.Name())
	case k.View == nil:
		return nil, fmt.Errorf("%s is not for you to open", k.Name())
	case len(k.View.Attachments) == 0:
		return nil, fmt.Errorf("%s has no file that you can open", k.Name())
	}
	var list []*desk.File
	var last error
	for _, a := range k.View.Attachments {
		if len(names) > 0 && a.Name != names[0] {
			continue
		}
		f, err := desk.Fetchable(s.genesis, k.View, a)
		if err != nil {
			s.note("not to be had: %s", err)
			last = err
			continue
		}
		if slices.ContainsFunc(list, func(b *desk.File) bool { return b.Name == a.Name }) {
			s.note("%s is the name of two files; the first is taken", a.Name)
			continue
		}
		list = append(list, f)
	}
	switch {
	case len(list) > 0:
		return list, nil
	case last != nil:
		return nil, last
	}
	return nil, hint(fmt.Errorf("%s has no file %s", k.Name(), names[0]), "its files: comity notice show %s", k.Name())
}

// unfetched leaves out the files that are in a folder already, byte for byte: a
// command that was cut between two of them is given again.
func (s *session) unfetched(dir string, list []*desk.File) (left []*desk.File, err error) {
	for _, f := range list {
		path := filepath.Join(dir, f.Name)
		same, err := f.IsAt(path)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", path, cause(err))
		}
		if same {
			s.note("%s is there already, as the notice has it", path)
			continue
		}
		left = append(left, f)
	}
	return left, nil
}

// createOutputs begins all files before one is fetched: nothing is half done
// because of a name that is taken.
func createOutputs(dir string, list []*desk.File, force bool) (outs []*output, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("write %s: %w", dir, cause(err))
	}
	for _, f := range list {
		o, err := createOutput(filepath.Join(dir, f.Name), force)
		if err != nil {
			for _, o := range outs {
				o.discard()
			}
			return nil, err
		}
		outs = append(outs, o)
	}
	return outs, nil
}

// fetchAll fetches, opens and keeps one file after the other. An output that was
// kept is nil afterwards.
func (s *session) fetchAll(c *cli.Context, k *desk.Case, list []*desk.File, outs []*output) error {
	s.closeDesk() // the rest may take long
	var done []fetched
	for i, f := range list {
		if err := s.fetchOne(c, k, f, outs[i], true); err != nil {
			return errors.Join(err, s.told(done))
		}
		done = append(done, fetched{f.Name, f.Part.String(), f.Type, f.Size, f.SHA256, outs[i].path})
		outs[i] = nil
		if !s.asJSON {
			s.say("%s  %s, %s, of the %s: %s", k.Name(), f.Name, size(f.Size), f.Part, done[i].Path)
		}
	}
	if !s.asJSON {
		s.note("in the clear, and no purge reaches it: remove it when you do not need it any more")
	}
	return s.told(done)
}

func (s *session) told(done []fetched) error {
	if !s.asJSON {
		return nil
	}
	return s.document(done)
}

// fetchOne gets, checks and writes one file. What waits for approval is still to
// be sent: its sealed file is not dropped.
func (s *session) fetchOne(c *cli.Context, k *desk.Case, f *desk.File, o *output, drop bool) (err error) {
	files, err := desk.OpenFiles(s.home.DeskDir())
	if err != nil {
		return err
	}
	release, err := f.Take(c.Context, files, func() { s.note("another command gets %s; this one waits for it", f.Name) })
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, release()) }()
	var shown string // which of two bars
	advance, end := func(uint64, uint64) {}, func() {}
	err = f.Fetch(c.Context, s.client, files, func(atNode bool, done, total uint64) {
		what := f.Name
		if atNode {
			what += ", on its way to the node"
		}
		if what != shown {
			end()
			shown = what
			advance, end = s.transferred(what)
		}
		advance(done, total)
	})
	end()
	switch {
	case purgedFile(err):
		return fmt.Errorf("%s is purged: its files are destroyed everywhere", k.Name())
	case wire.CodeOf(err) == wire.NotFound:
		return hint(fmt.Errorf("%s of %s was not got: %w", f.Name, k.Name(), err), "it lies with the node of %s; try again when that runs", k.Bureau)
	case err != nil:
		return hint(fmt.Errorf("%s of %s was not got: %w", f.Name, k.Name(), err), "the same command goes on where this one stopped")
	}
	if err := f.Open(files, o); err != nil {
		return err
	}
	if err := o.keep(); err != nil || !drop {
		return err
	}
	return f.Drop(files)
}

// showFiles lists the files of one part.
func (s *session) showFiles(v *notice.View, part string) {
	for i := range v.Attachments {
		a := &v.Attachments[i]
		if a.Part.String() != part {
			continue
		}
		if err := v.Obtainable(a); err != nil {
			s.say("  file      NOT TO BE HAD %.120s: %s", a.Name, err)
			continue
		}
		s.say("  file      %s, %s, %s", a.Name, a.Type, size(a.Size))
	}
}

// holdersLimit is how long `notice show` waits to hear which nodes have files.
const holdersLimit = 5 * time.Second

// tellHolders says of the files of a notice of this bureau which of them are lost if
// one node is: those that nobody has fetched yet.
func (s *session) tellHolders(ctx context.Context, k *desk.Case) {
	if k.Bureau != s.home.Bureau() || s.client == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, holdersLimit)
	defer cancel()
	var alone, lost []string
	for i := range k.View.Attachments {
		a := &k.View.Attachments[i]
		p, err := a.Public()
		if err != nil {
			continue
		}
		switch held, err := s.client.AttachmentHolders(ctx, p.Address); {
		case err != nil:
			return // the node does not answer; what it has is not known
		case len(held.Held) == 1 && len(held.Silent) == 0:
			alone = append(alone, a.Name+" ("+held.Held[0]+")")
		case len(held.Held) == 0:
			lost = append(lost, a.Name)
		}
	}
	if len(alone) > 0 {
		s.note("one node alone has %s: it is lost with that node until a bureau fetches it", strings.Join(alone, ", "))
	}
	if len(lost) > 0 {
		s.note("no node that answers has %s: attach it again, with comity notice attach %s FILE", strings.Join(lost, ", "), k.Name())
	}
}

// attachmentRecord is a file of a notice, as --json shows it: without its key.
type attachmentRecord struct {
	Part    string `json:"part"`
	Name    string `json:"name"`
	Type    string `json:"type"`
	Size    int64  `json:"size"`
	SHA256  string `json:"sha256"`
	Address string `json:"address"`
	Problem string `json:"problem,omitempty"` // why it cannot be fetched
}

func attachmentsOf(v *notice.View) (list []attachmentRecord) {
	for i := range v.Attachments {
		a := &v.Attachments[i]
		r := attachmentRecord{a.Part.String(), a.Name, a.Type, a.Size, a.SHA256, a.Address, ""}
		if err := v.Obtainable(a); err != nil {
			r.Problem = err.Error()
		}
		list = append(list, r)
	}
	return list
}
