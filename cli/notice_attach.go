package cli

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"comity/crypto/seal"
	"comity/ledger"
	"comity/ledger/notice"
	"comity/node/desk"
	"comity/node/drafts"
	"comity/node/wire"

	"github.com/urfave/cli/v2"
)

func (t *terminal) noticeAttachCommand() *cli.Command {
	return &cli.Command{
		Name:      "attach",
		Usage:     "add photos and files to a notice of your bureau",
		ArgsUsage: "ID [PART:]FILE...",
		Description: "Makes a new version of the notice with the same text and these files, each up to 64 MiB (on the card\n" +
			"1 MiB). They are sealed here: whoever opens the part gets them, with comity notice fetch. PART is card,\n" +
			"body or victim; body where none is said. To change the text as well: comity notice amend --attach.\n\n" +
			"Example: comity notice attach LT-0301 ferry.jpg victim:school.jpg",
		Flags:  []cli.Flag{secondFlag(), approvalFlag(), noWaitFlag()},
		Action: t.noticeAttach,
	}
}

// attachFlag is on the commands that write a notice.
func attachFlag() cli.Flag {
	return &cli.StringSliceFlag{Name: "attach", Usage: "add `[PART:]FILE`, to the card, body (default) or victim part; may be repeated"}
}

func (t *terminal) noticeAttach(c *cli.Context) error {
	args, err := arguments(c, 2, 1+ledger.MaxAttachments, "ID and [PART:]FILE")
	if err != nil {
		return err
	}
	if err := checkFiles(args[1:]); err != nil {
		return err
	}
	s, err := t.openToWrite(c)
	if err != nil {
		return err
	}
	defer s.close()
	k, err := s.own(c.Context, "amend", args[0])
	if err != nil {
		return err
	}
	if k, err = s.whole(c.Context, k); err != nil {
		return err
	}
	if k.View == nil || k.Withheld != 0 {
		return hint(fmt.Errorf("%s is not all open to you, so its text cannot be sent again as it is", k.Name()), "comity notice amend %s FILE --attach ...", k.Name())
	}
	body, err := s.desk.Body(k.Versions[len(k.Versions)-1].Index)
	if err != nil {
		return err
	}
	if missing, err := unopened(ledger.Item{Body: body}, k.View); err != nil {
		return err
	} else if len(missing) > 0 {
		return hint(fmt.Errorf("the %s part of %s does not open here, so its text cannot be sent again as it is", strings.Join(missing, " and the "), k.Name()),
			"comity notice amend %s FILE --attach ...", k.Name())
	}
	return s.amend(c, k, k.View.Notice(), args[1:], nil)
}

// amend sends a new version of a notice: with the files that it has, but for
// those to be taken off, and with more.
func (s *session) amend(c *cli.Context, k *desk.Case, n *notice.Notice, more, off []string) error {
	by, err := s.signers(c)
	if err != nil {
		return err
	}
	if len(k.Public.Attachments) > 0 {
		if k, err = s.whole(c.Context, k); err != nil {
			return err
		}
	}
	if err := s.keepAttachments(k, n, more, off); err != nil {
		return err
	}
	if err := s.attach(by, n, more); err != nil {
		return err
	}
	name := "the new version of " + k.Name()
	if n, err = s.resolve(n); err != nil {
		return s.composing(name, err)
	}
	if err := s.tellCircles(notice.CirclesOf(n.Readers, n.Victim)); err != nil {
		return err
	}
	it, waits, err := composeFor(by, func(by desk.Officers) (ledger.Item, error) { return s.desk.Amend(c.Context, s.client, by, k.ID, n) })
	if err != nil {
		return s.composing(name, err)
	}
	if err := s.submitOrPark(c, name, it, waits || c.Bool("for-approval")); err != nil {
		return err
	}
	return s.warnSuperseded(c, it, notice.CirclesOf(n.Readers, n.Victim))
}

// whole returns a case with all that the officer may read of it, and the keys of its
// attachments: a desk hands them out only when it is asked, and records that. What
// the keys here open and the officer may not read is only counted, see
// [desk.Case.Withheld].
func (s *session) whole(ctx context.Context, k *desk.Case) (*desk.Case, error) {
	if s.remote == nil {
		k, err := s.working(ctx, k.ID.String())
		if err != nil {
			return nil, err
		}
		return k.Only(desk.PartsOf(s.ownReader().Roles)), nil
	}
	return s.remote.OpenFiles(ctx, k.ID.String(), "to keep its files")
}

// keepAttachments gives a new version the files of the one before.
func (s *session) keepAttachments(k *desk.Case, n *notice.Notice, more, off []string) error {
	var had []notice.Attachment
	if k.View != nil {
		had = k.View.Attachments
	}
	for _, name := range off {
		if !slices.ContainsFunc(had, func(a notice.Attachment) bool { return a.Name == name }) {
			return fmt.Errorf("--detach %s: %s has no such file", name, k.Name())
		}
	}
	n.Attachments = nil
	for _, a := range had {
		replaced := slices.ContainsFunc(more, func(spec string) bool {
			_, path := splitFile(spec)
			return strings.EqualFold(filepath.Base(path), a.Name)
		})
		switch {
		case slices.Contains(off, a.Name):
		case replaced:
			s.note("%s takes the place of the file of that name", a.Name)
		case k.View.Obtainable(&a) != nil:
			s.note("%s is not kept: %s", a.Name, k.View.Obtainable(&a))
		case a.Part == seal.Card && n.Card == nil, a.Part == seal.Body && n.Body == nil, a.Part == seal.Victim && n.Victim == nil:
			s.note("%s is not kept: the new version has no %s", a.Name, a.Part)
		default:
			n.Attachments = append(n.Attachments, a)
		}
	}
	if public := n.Publish(); len(k.Public.Attachments) > len(had) {
		s.note("%d of %s of the version before are not seen here, and not kept", len(k.Public.Attachments)-len(had), plural(len(k.Public.Attachments), "file", "files"))
	} else if len(public.Attachments) > 0 && len(more) == 0 {
		s.note("keeps %s of the version before", plural(len(public.Attachments), "file", "files"))
	}
	return nil
}

// fileParts are the words for where a file stands.
var fileParts = map[string]seal.Compartment{"card": seal.Card, "body": seal.Body, "victim": seal.Victim}

// splitFile divides [PART:]FILE.
func splitFile(spec string) (seal.Compartment, string) {
	if word, path, ok := strings.Cut(spec, ":"); ok && fileParts[word] != 0 {
		return fileParts[word], path
	}
	return seal.Body, spec
}

// checkFiles refuses files that could not be attached, before anything is asked
// or done.
func checkFiles(specs []string) error {
	if len(specs) > ledger.MaxAttachments {
		return usagef("%d files; a notice has at most %d", len(specs), ledger.MaxAttachments)
	}
	for _, spec := range specs {
		part, path := splitFile(spec)
		if err := checkFile(part, path); err != nil {
			return err
		}
	}
	return nil
}

func checkFile(part seal.Compartment, path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("attach %s: %w", path, cause(err))
	}
	if err := notice.CheckFileName(filepath.Base(path)); err != nil {
		return hint(fmt.Errorf("attach %s: %w", path, err), "its readers get it under this name: rename it")
	}
	switch {
	case !info.Mode().IsRegular():
		return fmt.Errorf("attach %s: it is no file", path)
	case info.Size() > seal.MaxAttachment:
		return fmt.Errorf("attach %s: it has %s bytes; an attachment has at most %s, %s", path, count(info.Size()), size(seal.MaxAttachment), count(seal.MaxAttachment))
	case part == seal.Card && info.Size() > notice.MaxCardAttachment:
		return hint(fmt.Errorf("attach %s: it has %s; a file on the card has at most %s", path, size(info.Size()), size(notice.MaxCardAttachment)),
			"checkpoints get it over slow lines: put a small picture on the card and this one into the body")
	}
	return nil
}

// attach seals files for a notice that is about to be written.
func (s *session) attach(by desk.Officers, n *notice.Notice, specs []string) error {
	for _, spec := range specs {
		part, path := splitFile(spec)
		if err := checkFile(part, path); err != nil {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return fmt.Errorf("attach %s: %w", path, cause(err))
		}
		info, err := f.Stat()
		if err == nil {
			var a notice.Attachment
			if a, err = s.desk.Attach(by, part, filepath.Base(path), f, info.Size()); err == nil {
				n.Attachments = append(n.Attachments, a)
			}
		}
		f.Close()
		if err != nil {
			return fmt.Errorf("attach %s: %w", path, cause(err))
		}
	}
	return nil
}

// sendFiles hands the node the files that a statement names.
func (s *session) sendFiles(ctx context.Context, name string, it ledger.Item) error {
	files, err := desk.OpenFiles(s.home.DeskDir())
	if err != nil {
		return err
	}
	advance, end := s.transferred("handing over the files")
	err = desk.SendFiles(ctx, s.client, files, it.Entry.Statement, advance)
	end()
	switch {
	case errors.Is(err, desk.ErrNoFile):
		return hint(fmt.Errorf("%s was not sent: %w", name, err), "it was sealed in another home, or long ago: whoever wrote the notice attaches the file again")
	case err != nil:
		return hint(fmt.Errorf("%s was not sent: %w", name, err), "try again when the node of your bureau answers: files go through it")
	}
	return nil
}

// sentFiles removes what was kept here to be sent.
func (s *session) sentFiles(it ledger.Item) {
	files, err := desk.OpenFiles(s.home.DeskDir())
	if err == nil {
		err = desk.DropFiles(files, it.Entry.Statement)
	}
	if err != nil {
		s.note("the sealed files that were sent are still here: %s", err)
	}
}

// dropFiles destroys the sealed files of drafts that are thrown away, here and at
// the node, but for those that another draft or the ledger names.
func (s *session) dropFiles(ctx context.Context, gone []*drafts.Draft) {
	var theirs []fileNamed
	for _, d := range gone {
		theirs = append(theirs, filesNamed(d.Item.Entry.Statement)...)
	}
	if len(theirs) == 0 {
		return
	}
	named := make(map[string]bool)
	list, _ := s.drafts().List() // what is damaged names nothing
	for _, d := range list {
		for _, f := range filesNamed(d.Item.Entry.Statement) {
			named[f.Address] = true
		}
	}
	files, err := desk.OpenFiles(s.home.DeskDir())
	if err != nil {
		s.note("the sealed files of it are still here: %s", err)
		return
	}
	for _, f := range theirs {
		var address ledger.Hash
		if _, err := hex.Decode(address[:], []byte(f.Address)); err != nil || named[f.Address] {
			continue
		}
		if err := files.Drop(address); err != nil {
			s.note("a sealed file of it is still here: %s", err)
		}
		limited, cancel := context.WithTimeout(ctx, deliverLimit)
		err := s.client.DropAttachment(limited, address)
		cancel()
		if err != nil && wire.CodeOf(err) != wire.Forbidden && wire.CodeOf(err) != wire.Purged {
			s.note("the node keeps a sealed file of it for eight days at most: %s", err)
		}
	}
}

// purgedFile reports whether an error says that a file is gone for good.
func purgedFile(err error) bool { return wire.CodeOf(err) == wire.Purged }

// fileNamed is a sealed file as an entry names it in the clear.
type fileNamed struct {
	Address string `json:"address"`
	Sealed  uint64 `json:"sealed_size"`
}

// filesNamed returns the sealed files that a statement names.
func filesNamed(st *ledger.Statement) (list []fileNamed) {
	if st.Class != ledger.ClassPublish && st.Class != ledger.ClassAmend {
		return nil
	}
	p, err := ledger.ParsePublish(st.Public)
	if err != nil {
		return nil // such a statement does not parse
	}
	for _, a := range p.Attachments {
		list = append(list, fileNamed{hex.EncodeToString(a.Address[:]), a.Size})
	}
	return list
}
