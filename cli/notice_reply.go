package cli

import (
	"fmt"
	"strings"
	"time"

	"comity/ledger/notice"
	"comity/node/desk"

	"github.com/urfave/cli/v2"
)

func (t *terminal) noticeAckCommand() *cli.Command {
	return &cli.Command{
		Name:        "ack",
		Usage:       "tell the origin that you read a notice and are on it",
		ArgsUsage:   "ID",
		Description: "Example: comity notice ack LT-0301",
		Flags: []cli.Flag{noWaitFlag(),
			&cli.BoolFlag{Name: "again", Usage: "send it although your bureau acknowledged this notice already"}},
		Action: func(c *cli.Context) error {
			return t.answer(c, &notice.Reply{Type: notice.Ack})
		},
	}
}

func (t *terminal) noticeReplyCommand() *cli.Command {
	return &cli.Command{
		Name:      "reply",
		Usage:     "answer a notice: a hit, a decision on one, an outcome, a message",
		ArgsUsage: "ID",
		Description: "Only the origin confirms a hit or denies it. The text is sealed; give it with --text - on\n" +
			"standard input, because other users of this machine can read arguments.\n\n" +
			"Example: comity notice reply LT-0301 --type outcome --text - < outcome.txt",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "type", Usage: "`TYPE`: hit, confirm, negative, needs_time, outcome or message"},
			&cli.StringFlag{Name: "text", Usage: "`TEXT`, or - for standard input"},
			&cli.StringFlag{Name: "match", Usage: "of a hit: by `WHAT` the person was found, such as the number of a passport"},
			&cli.StringFlag{Name: "hit", Usage: "`ID` of the hit that is decided; 8 digits are enough"},
			&cli.StringFlag{Name: "to", Usage: "`BUREAUS` that shall read it (default: the origin, or of its origin all readers)"},
			noWaitFlag(),
		},
		Action: t.noticeReply,
	}
}

// replyTypes are those that `notice reply` takes; an ack has its own verb.
var replyTypes = []string{"hit", "confirm", "negative", "needs_time", "outcome", "message"}

func (t *terminal) noticeReply(c *cli.Context) error {
	if err := required(c, "type"); err != nil {
		return err
	}
	kind := c.String("type")
	known := false
	for _, name := range replyTypes {
		known = known || name == kind
	}
	if !known {
		err := usagef("there is no reply of type %q", kind)
		if near := nearest(replyTypes, kind); near != "" {
			return hint(err, "did you mean %s", near)
		}
		return hint(err, "types: %s", strings.Join(replyTypes, ", "))
	}
	r := &notice.Reply{Type: notice.ReplyType(kind), Text: c.String("text"), Match: c.String("match")}
	if r.Text == "-" {
		data, err := t.readInput("-", notice.MaxSize/2)
		if err != nil {
			return err
		}
		r.Text = strings.TrimRight(string(data), "\n")
	}
	return t.answer(c, r)
}

// answer completes a reply and sends it.
func (t *terminal) answer(c *cli.Context, r *notice.Reply) error {
	args, err := arguments(c, 1, 1, "ID")
	if err != nil {
		return err
	}
	s, err := t.openToWrite(c)
	if err != nil {
		return err
	}
	defer s.close()
	k, err := s.find(c.Context, args[0])
	if err != nil {
		return err
	}
	r.Notice, r.At = k.ID.String(), time.Now().UTC().Truncate(time.Second)
	if r.Readers, err = s.replyReaders(c, k); err != nil {
		return err
	}
	if r.Type == notice.Ack && !c.Bool("again") {
		if err := s.notAcked(k); err != nil {
			return err
		}
	}
	if prefix := c.String("hit"); prefix != "" {
		if r.Hit, err = hitID(k, prefix); err != nil {
			return err
		}
	}
	name := fmt.Sprintf("the %s on %s", strings.ReplaceAll(string(r.Type), "_", " "), k.Name())
	if err := s.checkNotice(name, r.Validate(time.Now())); err != nil {
		return err
	}
	by, err := s.signers(c)
	if err != nil {
		return err
	}
	it, err := s.desk.Reply(c.Context, s.client, by, r)
	if err != nil {
		return s.composing(name, err)
	}
	return s.send(c, name, it)
}

// notAcked refuses a second ack of what did not change since the first.
func (s *session) notAcked(k *desk.Case) error {
	for _, r := range k.Replies {
		if r.Type == notice.Ack && r.Bureau == s.home.Bureau() && r.Index > k.Versions[len(k.Versions)-1].Index {
			return hint(fmt.Errorf("%s acknowledged %s already, at entry %s, %s (nothing written)", r.Bureau, k.Name(), count(r.Index), clock(r.Time)),
				"to send another ack all the same, say --again")
		}
	}
	return nil
}

// replyReaders returns who reads an answer: whom the command names; else the
// origin; else, where the origin itself answers, all who read the notice.
func (s *session) replyReaders(c *cli.Context, k *desk.Case) (notice.Readers, error) {
	own := s.home.Bureau()
	if to := c.String("to"); to != "" {
		return readersFlag(own, to)
	}
	if k.Bureau != own {
		return notice.Readers{own, k.Bureau}, nil
	}
	if k.View != nil {
		return k.View.Readers, nil
	}
	return notice.Readers{own}, nil
}

// hitID returns the id of the one hit on the case that begins with prefix.
func hitID(k *desk.Case, prefix string) (string, error) {
	var found []string
	for _, r := range k.Replies {
		if r.Type == notice.Hit && strings.HasPrefix(r.ID.String(), prefix) {
			found = append(found, r.ID.String())
		}
	}
	if len(found) != 1 || len(prefix) < 8 {
		return "", hint(usagef("--hit %s: it names %s on %s", prefix, plural(len(found), "hit", "hits"), k.Name()), "see them: comity notice show %s", k.Name())
	}
	return found[0], nil
}
