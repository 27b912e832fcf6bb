package cli

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"

	"comity/ledger/notice"

	"github.com/urfave/cli/v2"
)

const maxFormFile = 4 * notice.MaxSize

// noticeEdit lets a person write a notice in an editor, shows what each bureau
// will see of it, asks, and sends it. Whatever goes wrong on the way, the text
// is kept and named; once the notice is in the ledger it is removed.
func (t *terminal) noticeEdit(c *cli.Context, n *notice.Notice) error {
	if t.asJSON && !c.Bool("yes") {
		return usagef("--json shows no preview to confirm: say --yes as well")
	}
	h, err := t.openHome(c)
	if err != nil {
		return err
	}
	if kept := keptTexts(h.Dir()); len(kept) > 0 {
		t.note("%s kept, in plain text: %s", plural(len(kept), "text of an earlier edit is", "texts of earlier edits are"), strings.Join(kept, " "))
		t.note("send it with comity notice submit FILE, or remove it")
	}
	first, err := n.Form(
		"A "+n.Kind.String()+" notice, about people who do not exist: replace all of it, save, and close the editor.",
		"Lines after // are remarks and are not sent. Close without a change, or empty the file, and nothing is sent.")
	if err != nil {
		return err
	}
	d, err := newText(h.Dir(), n.Reference+".jsonc", first)
	if err != nil {
		return err
	}
	defer func() {
		if !d.kept {
			d.remove()
		}
	}()
	n, err = t.editUntilSound(d, first)
	if err != nil {
		return err
	}
	d.kept = true // an officer's work from here on: removed only once it is in the ledger
	if err := t.sendEdited(c, n); err != nil {
		t.note("your text is kept in %s", d.path)
		t.note("send it later: comity notice submit %s; then remove it", d.path)
		return err
	}
	d.kept = false
	return nil
}

// editUntilSound opens the editor until the text is a notice that can be sent.
// What is wrong stands at the top of the text when it opens again. A text that
// is closed unchanged is given up, and kept if somebody wrote it.
func (t *terminal) editUntilSound(d *textFile, first []byte) (*notice.Notice, error) {
	shown := first
	for {
		if err := t.edit(d); err != nil {
			d.kept = !bytes.Equal(shown, first)
			return nil, t.keptText(d, err)
		}
		text, err := d.read(maxFormFile)
		switch {
		case err != nil:
			d.kept = true
			return nil, t.keptText(d, err)
		case bytes.Equal(text, first), notice.Blank(text):
			return nil, errors.New("nothing was written, so nothing is sent")
		}
		plain := withoutProblems(text)
		n, err := notice.ParseForm(plain)
		if err == nil {
			err = n.Validate(time.Now())
		}
		if err == nil {
			return n, nil
		}
		if bytes.Equal(text, shown) {
			d.kept = true
			return nil, t.keptText(d, t.checkNotice("the text", err))
		}
		shown = withProblems(plain, err)
		if err := d.write(shown); err != nil {
			d.kept = true
			return nil, t.keptText(d, err)
		}
	}
}

func (t *terminal) keptText(d *textFile, err error) error {
	if d.kept {
		t.note("your text is kept in %s; when it is right: comity notice submit %s", d.path, d.path)
	}
	return err
}

// problemMark begins the lines that say what is wrong, so that they can be
// replaced by others.
const problemMark = "//! "

// withProblems puts what is wrong at the top of a text. A line that is named is
// the one that the editor shows, below two lines more.
func withProblems(text []byte, wrong error) []byte {
	var b bytes.Buffer
	b.WriteString(problemMark + "NOT SENT. Put right what follows, save, and close the editor; close it unchanged to give up.\n")
	var problems notice.Problems
	if errors.As(wrong, &problems) {
		for _, p := range problems {
			fmt.Fprintf(&b, "%s  %s\n", problemMark, oneLine(p.String()))
		}
	} else {
		why := lineNumber.ReplaceAllStringFunc(oneLine(wrong.Error()), func(s string) string {
			n, err := strconv.Atoi(s[len("line "):])
			if err != nil {
				return s
			}
			return fmt.Sprintf("line %d", n+2)
		})
		fmt.Fprintf(&b, "%s  %s\n", problemMark, why)
	}
	b.Write(text)
	return b.Bytes()
}

var lineNumber = regexp.MustCompile(`\bline [0-9]{1,6}\b`)

// withoutProblems leaves out what withProblems wrote.
func withoutProblems(text []byte) []byte {
	var b bytes.Buffer
	for line := range bytes.Lines(text) {
		if !bytes.HasPrefix(line, []byte(strings.TrimSpace(problemMark))) {
			b.Write(line)
		}
	}
	return b.Bytes()
}

func oneLine(s string) string { return strings.Join(strings.Fields(visible(s)), " ") }

// sendEdited previews a notice, asks, and sends it.
func (t *terminal) sendEdited(c *cli.Context, n *notice.Notice) error {
	s, err := t.openToWrite(c)
	if err != nil {
		return err
	}
	defer s.close()
	by, err := s.signers(c)
	if err != nil {
		return err
	}
	if err := s.attach(by, n, c.StringSlice("attach")); err != nil {
		return err
	}
	reference := n.Reference
	if n, err = s.desk.ResolveNotice(n); err != nil {
		return s.composing(reference, err)
	}
	circles, err := s.desk.Seeing(notice.CirclesOf(n.Readers, n.Victim))
	if err == nil {
		err = s.warnRevoked(notice.CirclesOf(n.Readers, n.Victim))
	}
	if err != nil {
		return err
	}
	if !s.asJSON {
		if err := s.preview(n, by.Author.ID()); err != nil {
			return err
		}
	}
	if !c.Bool("yes") {
		s.closeDesk() // whoever reads the question may take a minute
		if err := s.confirm("Seal, sign and send " + n.Reference + " as shown? yes or no: "); err != nil {
			return err
		}
		if err := s.read(c.Context); err != nil {
			return err
		}
		if now, err := s.desk.Seeing(notice.CirclesOf(n.Readers, n.Victim)); err != nil || !reflect.DeepEqual(now, circles) {
			return errors.Join(err, fmt.Errorf("%s was not sent: a circle among its readers changed while you looked; look again", n.Reference))
		}
	}
	return s.publish(c, by, n)
}
