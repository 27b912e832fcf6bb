package cli

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"comity/ledger"
	"comity/ledger/notice"

	"github.com/urfave/cli/v2"
)

func (t *terminal) noticeCommand() *cli.Command {
	return &cli.Command{
		Name:  "notice",
		Usage: "write, send, read and answer case notices",
		Description: "A notice is one JSON file: `notice new` writes a template, `notice submit` checks, seals, signs\n" +
			"and sends it. An ID is a notice's short name, or 8 digits or more of its id.\n\n" +
			"Example: comity notice show LT-0301",
		Subcommands: []*cli.Command{
			t.noticeNewCommand(), t.noticeImportCommand(), t.noticeSubmitCommand(), t.noticeAmendCommand(), t.noticeAttachCommand(),
			t.noticeListCommand(), t.noticeShowCommand(), t.noticeFetchCommand(), t.noticeAckCommand(), t.noticeHitCommand(), t.noticeConfirmCommand(),
			t.noticeNegativeCommand(), t.noticeNeedsTimeCommand(), t.noticeOutcomeCommand(), t.noticeMessageCommand(),
			t.noticeConsentCommand(), t.noticeRequestCommand(), t.noticeReplyCommand(),
			t.noticeGrantCommand(), t.noticeReviewCommand(), t.noticeSuspendCommand(), t.noticeLiftCommand(),
			t.noticeExtendCommand(), t.noticeWithdrawCommand(), t.noticePurgeCommand(), t.noticeExportCommand(),
			t.noticeSchemaCommand(), t.noticeLinksCommand(),
		},
	}
}

// outputFlags are those of commands whose result is a file.
func outputFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "o", Usage: "write to `FILE` (default: standard output)"},
		&cli.BoolFlag{Name: "force", Usage: "replace FILE if it is there"},
	}
}

// result writes a file, or standard output where no file was asked for. With --json
// standard output then has what is said about the file.
func (t *terminal) result(c *cli.Context, data []byte, about ...map[string]any) error {
	path := c.String("o")
	if path == "" || path == "-" {
		_, err := t.stdout.Write(data)
		return err
	}
	if err := writeOutput(path, data, c.Bool("force")); err != nil {
		return err
	}
	t.note("wrote %s", path)
	if !t.asJSON {
		return nil
	}
	doc := map[string]any{"file": path, "bytes": len(data)}
	for _, more := range about {
		maps.Copy(doc, more)
	}
	return t.document(doc)
}

// readNotice reads a notice for sending: parsed, and with all its problems told.
func (t *terminal) readNotice(path string) (*notice.Notice, error) {
	data, err := t.readInput(path, maxFormFile)
	if err != nil {
		return nil, err
	}
	n, err := notice.ParseForm(data)
	if err != nil {
		return nil, hint(fmt.Errorf("%s: %w", inputName(path), err), "a complete example of each kind: comity notice new --kind yellow")
	}
	return n, t.checkNotice(inputName(path), n.Validate(time.Now()))
}

// checkNotice tells the problems of a document as a list.
func (t *terminal) checkNotice(path string, err error) error {
	var problems notice.Problems
	if !errors.As(err, &problems) {
		return err
	}
	if t.asJSON {
		if err := t.document(map[string]any{"file": path, "problems": problems}); err != nil {
			return err
		}
	}
	t.note("%s was not sent: put right first", path)
	for _, p := range problems {
		fmt.Fprintf(t.stderr, "  %s: %s\n", visible(p.Field), visible(p.Why))
	}
	return errTold
}

// circleLetters are those of names and ids of circles.
const circleLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._"

// readersFlag reads --to: codes and circles with commas between them, or "all".
func readersFlag(own, text string) (notice.Readers, error) {
	if text == "" {
		return nil, nil
	}
	if text == notice.All {
		return notice.Readers{notice.All}, nil
	}
	readers := notice.Readers{own}
	for code := range strings.SplitSeq(text, ",") {
		code = strings.TrimSpace(code)
		if name := notice.Circle(code); name != "" && strings.Trim(name, circleLetters) != "" {
			return nil, usagef("--to %s: %q is no name of a circle", text, name)
		} else if name == "" && (len(code) != 2 || strings.ToUpper(code) != code) {
			return nil, usagef("--to %s: %q is not the two-letter code of a bureau, nor circle:NAME", text, code)
		}
		if !readers.Has(code) {
			readers = append(readers, code)
		}
	}
	return readers, nil
}

// checkMembers refuses readers that the ledger has no bureau for: nothing could be
// sealed to them. Which circles there are it does not know.
func checkMembers(g *ledger.Genesis, readers notice.Readers) error {
	for _, code := range readers {
		if _, ok := g.Member(code); ok || code == notice.All || notice.Circle(code) != "" {
			continue
		}
		var codes []string
		for _, m := range g.Members() {
			codes = append(codes, m.Code)
		}
		return hint(usagef("--to %s: no bureau of this ledger has this code (nothing written)", code), "its bureaus: %s", strings.Join(codes, " "))
	}
	return nil
}

// kindFlag reads a kind of notice, and suggests one for a mistyped word.
func kindFlag(text string) (ledger.Kind, error) {
	k, err := ledger.ParseKind(text)
	if err == nil {
		return k, nil
	}
	if near := nearest(kindNames(), text); near != "" {
		return 0, hint(usagef("there is no kind %q", text), "did you mean %s", near)
	}
	return 0, hint(usagef("there is no kind %q", text), "kinds: %s", kindList())
}

// kindNames returns the kinds that can be sent.
func kindNames() []string {
	var names []string
	for k := ledger.KindRed; k <= ledger.KindTally; k++ {
		names = append(names, k.String())
	}
	return names
}

func kindList() string { return strings.Join(kindNames(), ", ") }
