package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"comity/ledger"
	"comity/ledger/notice"
	"comity/node/desk"
	"comity/node/drafts"
	"comity/node/home"

	"github.com/urfave/cli/v2"
)

func (t *terminal) noticeNewCommand() *cli.Command {
	return &cli.Command{
		Name:  "new",
		Usage: "write a template to edit, or edit and send one",
		Description: "The template is complete and about people who do not exist: replace all of it.\n\n" +
			"--edit opens it in $VISUAL or $EDITOR with a remark at every field, shows what each bureau will see,\n" +
			"asks, and seals, signs and sends. The text lies in the bureau's home meanwhile, never in /tmp, and is\n" +
			"overwritten and removed once it is in the ledger; if that fails it is kept and named.\n\n" +
			"Example: comity notice new --kind yellow --to XB,XC -o lt-0301.json\n" +
			"Example: comity notice new --kind yellow --to XB,XC --edit",
		Flags: append([]cli.Flag{
			&cli.StringFlag{Name: "kind", Usage: "`KIND`: " + kindList()},
			&cli.StringFlag{Name: "to", Usage: "`BUREAUS` that shall read it, such as XB,XC, or circle:NAME, or all"},
			&cli.BoolFlag{Name: "edit", Usage: "edit it now, look at what each reader will see, and send it"},
			&cli.BoolFlag{Name: "yes", Usage: "with --edit: send without asking"},
			&cli.BoolFlag{Name: "again", Usage: "with --edit: although a notice of your bureau has this reference already"},
			attachFlag(), secondFlag(), approvalFlag(), noWaitFlag(),
		}, outputFlags()...),
		Action: t.noticeNew,
	}
}

func (t *terminal) noticeNew(c *cli.Context) error {
	if _, err := arguments(c, 0, 0, ""); err != nil {
		return err
	}
	if err := required(c, "kind"); err != nil {
		return err
	}
	if err := editFlags(c); err != nil {
		return err
	}
	if err := checkFiles(c.StringSlice("attach")); err != nil {
		return err
	}
	kind, err := kindFlag(c.String("kind"))
	if err != nil {
		return err
	}
	template, err := notice.Template(kind, time.Now())
	if err != nil {
		return err
	}
	n, err := notice.Parse(template)
	if err != nil {
		return err
	}
	var genesis *ledger.Genesis
	switch h, err := t.openHome(c); {
	case err == nil:
		n.Origin = h.Bureau()
		n.Reference = nextReference(h)
		if genesis, err = h.Genesis(); err != nil {
			t.note("no charter here, so the bureaus of --to are not checked")
			genesis = nil
		}
	case !errors.Is(err, home.ErrNoHome):
		return err
	default:
		t.note("no home here, so the origin is %s; change it to your bureau", n.Origin)
	}
	readers, err := readersFlag(n.Origin, c.String("to"))
	if err == nil && genesis != nil {
		err = checkMembers(genesis, readers)
	}
	switch {
	case err != nil:
		return err
	case readers != nil:
		n.Readers = readers
	case !n.Readers.All():
		n.Readers = notice.Readers{n.Origin}
		t.note("only %s will read it; name others with --to, or in the field readers", n.Origin)
	}
	if c.Bool("edit") {
		return t.noticeEdit(c, n)
	}
	data, err := n.Marshal()
	if err != nil {
		return err
	}
	return t.result(c, data)
}

// editFlags checks that flags of an edited notice stand with --edit, and those
// of a file without.
func editFlags(c *cli.Context) error {
	for _, name := range []string{"yes", "again", "attach", "second", "for-approval", "no-wait"} {
		if c.IsSet(name) && !c.Bool("edit") {
			return usagef("--%s goes with --edit; a template is not sent", name)
		}
	}
	for _, name := range []string{"o", "force"} {
		if c.IsSet(name) && c.Bool("edit") {
			return usagef("--edit sends the notice and writes no file: leave -%s out", name)
		}
	}
	return nil
}

// nextReference proposes a reference by how many notices of the bureau the
// replica here knows. It asks no node and needs no key; the author may choose
// another, and submit refuses one that is in use.
func nextReference(h *home.Home) string {
	known := 0
	if g, err := h.Genesis(); err == nil {
		if d, err := desk.Open(h.DeskDir(), g); err == nil {
			cases, err := d.Cases(context.Background(), desk.Filter{Bureau: h.Bureau()})
			if err == nil {
				known = len(cases)
			}
			d.Close()
		}
	}
	waiting, _ := drafts.Folder(h.DraftsDir()).List() // what is damaged waits for nothing
	for _, d := range waiting {
		if d.Item.Entry.Statement.Class == ledger.ClassPublish {
			known++
		}
	}
	return fmt.Sprintf("%s-%04d", h.Bureau(), known+1)
}

func (t *terminal) noticeImportCommand() *cli.Command {
	return &cli.Command{
		Name:      "import",
		Usage:     "make a draft of a public notice",
		ArgsUsage: "FILE",
		Description: "Reads one public notice in the JSON of the field, FILE or - for standard input, and writes a\n" +
			"draft. What was odd or dropped, and what the draft still lacks, is told on standard error.\n\n" +
			"Example: comity notice import public.json -o draft.json",
		Flags:  outputFlags(),
		Action: t.noticeImport,
	}
}

func (t *terminal) noticeImport(c *cli.Context) error {
	args, err := arguments(c, 1, 1, "FILE")
	if err != nil {
		return err
	}
	data, err := t.readInput(args[0], notice.MaxSize)
	if err != nil {
		return err
	}
	n, notes, err := notice.Import(data)
	if err != nil {
		return fmt.Errorf("%s: %w", inputName(args[0]), err)
	}
	if h, err := t.openHome(c); err == nil {
		n.Origin, n.Readers = h.Bureau(), notice.Readers{h.Bureau()}
	}
	for _, text := range notes {
		t.note("noticed: %s", text)
	}
	var problems notice.Problems
	if errors.As(n.Validate(time.Now()), &problems) {
		for _, p := range problems {
			t.note("to do: %s", p.String())
		}
	}
	draft, err := n.Marshal()
	if err != nil {
		return err
	}
	return t.result(c, draft)
}
