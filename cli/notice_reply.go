package cli

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"comity/ledger"
	"comity/ledger/notice"
	"comity/node/desk"
	"comity/node/desk/readlog"

	"github.com/urfave/cli/v2"
)

func (t *terminal) noticeAckCommand() *cli.Command {
	return &cli.Command{
		Name:        "ack",
		Usage:       "tell the origin that you read a notice and are on it",
		ArgsUsage:   "ID",
		Description: "Example: comity notice ack LT-0301",
		Flags:       []cli.Flag{noWaitFlag(), againFlag()},
		Action: func(c *cli.Context) error {
			return t.answer(c, &notice.Reply{Type: notice.Ack})
		},
	}
}

func (t *terminal) noticeMessageCommand() *cli.Command {
	return &cli.Command{
		Name:      "message",
		Usage:     "say something about a notice, or about a hit or a request on it",
		ArgsUsage: "ID",
		Description: "A message decides nothing.\n\n" +
			"Example: comity notice message LT-0301 --text - < message.txt",
		Flags: []cli.Flag{textFlag(), hitFlag(), requestFlag(), toFlag(), noWaitFlag()},
		Action: func(c *cli.Context) error {
			return t.answer(c, &notice.Reply{Type: notice.Message})
		},
	}
}

func (t *terminal) noticeReplyCommand() *cli.Command {
	return &cli.Command{
		Name:      "reply",
		Usage:     "answer a notice, with the type of the answer as a flag",
		ArgsUsage: "ID",
		Description: "The same as `notice hit`, `confirm`, `negative`, `needs-time`, `outcome` and `message`.\n\n" +
			"Example: comity notice reply LT-0301 --type outcome --text - < outcome.txt",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "type", Usage: "`TYPE`: hit, confirm, negative, needs-time, outcome or message"},
			textFlag(),
			matchFlag(),
			hitFlag(), toFlag(), noWaitFlag(), againFlag(),
		},
		Action: t.noticeReply,
	}
}

// againFlag is on answers that say nothing new the second time: most often the
// first command was cut off before it could say that it was done.
func againFlag() cli.Flag {
	return &cli.BoolFlag{Name: "again", Usage: "send it although your bureau said the same before"}
}

// textFlag is on every answer that has a text.
func textFlag() cli.Flag {
	return &cli.StringFlag{Name: "text", Usage: "`TEXT`, which is sealed; - for standard input, because other users of this machine can read arguments"}
}

func matchFlag() cli.Flag {
	return &cli.StringFlag{Name: "match", Usage: "of a hit: by `WHAT` the person was found, such as the number of a passport; - for standard input"}
}

func hitFlag() cli.Flag {
	return &cli.StringFlag{Name: "hit", Usage: "`ID` of the hit, 8 digits are enough (default: the one that waits)"}
}

func requestFlag() cli.Flag {
	return &cli.StringFlag{Name: "request", Usage: "`ID` of the request, 8 digits are enough (default: the one that waits)"}
}

func toFlag() cli.Flag {
	return &cli.StringFlag{Name: "to", Usage: "`BUREAUS` that shall read it (default: whom it answers; the origin's own words: all readers)"}
}

// replyTypes are those that `notice reply` takes; the others have their own verbs.
var replyTypes = []string{"hit", "confirm", "negative", "needs-time", "outcome", "message"}

func (t *terminal) noticeReply(c *cli.Context) error {
	if err := required(c, "type"); err != nil {
		return err
	}
	kind := strings.ReplaceAll(c.String("type"), "_", "-") // as the verb, or as it is sealed
	if !slices.Contains(replyTypes, kind) {
		err := usagef("there is no reply of type %q", kind)
		if near := nearest(replyTypes, kind); near != "" {
			return hint(err, "did you mean %s", near)
		}
		return hint(err, "types: %s", strings.Join(replyTypes, ", "))
	}
	return t.answer(c, &notice.Reply{Type: notice.ReplyType(strings.ReplaceAll(kind, "-", "_"))})
}

// given reads a flag whose value may be on standard input.
func (t *terminal) given(c *cli.Context, flag string) (string, error) {
	text := c.String(flag)
	if text != "-" {
		return text, nil
	}
	data, err := t.readInput("-", notice.MaxSize/2)
	return strings.TrimRight(string(data), "\n"), err
}

// answer completes a reply from the flags and the thread that it belongs to,
// and sends it.
func (t *terminal) answer(c *cli.Context, r *notice.Reply) error {
	args, err := arguments(c, 1, 1, "ID")
	if err != nil {
		return err
	}
	if c.String("text") == "-" && c.String("match") == "-" {
		return usagef("--text - and --match -: there is one standard input")
	}
	if r.Text, err = t.given(c, "text"); err != nil {
		return err
	}
	if r.Match, err = t.given(c, "match"); err != nil {
		return err
	}
	s, err := t.openToWrite(c)
	if err != nil {
		return err
	}
	defer s.close()
	// What was answered before decides what this answer may be.
	k, err := s.openCase(c.Context, args[0], readlog.Shown, "to answer: "+r.Type.Words())
	if err != nil {
		return err
	}
	if !c.Bool("again") {
		if err := s.unsaid(k, r); err != nil {
			return err
		}
	}
	name := fmt.Sprintf("the %s on %s", r.Type.Noun(), k.Name())
	due, err := s.completeReply(c, k, name, r)
	if err != nil {
		return err
	}
	by, err := s.signers(c)
	if err != nil {
		return err
	}
	if r.Type == notice.RequestBlock {
		if err := s.suspendBlocked(c.Context, by, k); err != nil {
			return err
		}
	}
	it, err := s.desk.Reply(c.Context, s.client, by, r)
	if err != nil {
		return s.composing(name, err)
	}
	if err := s.send(c, name, it); err != nil {
		return err
	}
	if due != "" {
		s.note("%s", due)
	}
	return nil
}

// completeReply fills in what a reply answers and who reads it, and refuses one
// that would be void. It returns by when the origin should answer, in words.
func (s *session) completeReply(c *cli.Context, k *desk.Case, name string, r *notice.Reply) (due string, err error) {
	asOf := s.desk.AsOf(time.Now())
	th := k.Thread(asOf)
	about, err := s.subject(c, k, th, r)
	if err != nil {
		return "", err
	}
	grantAsked(th, r)
	r.Notice, r.At = k.ID.String(), time.Now().UTC().Truncate(time.Second)
	if r.Readers, err = s.replyReaders(c, k, r, about); err != nil {
		return "", err
	}
	if err := s.checkNotice(name, r.Validate(time.Now())); err != nil {
		return "", err
	}
	if err := th.Allows(s.home.Bureau(), r); err != nil {
		return "", hint(fmt.Errorf("%s was not sent: %w (nothing written)", name, err), "see: comity notice show %s", k.Name())
	}
	return s.dueText(k, th, r), nil
}

// dueText says what a reply does to a deadline.
func (s *session) dueText(k *desk.Case, th *notice.Thread, r *notice.Reply) string {
	limit := notice.Limit(k.Public.Urgency)
	switch r.Type {
	case notice.Hit, notice.ConsentAsk:
		if k.Bureau != s.home.Bureau() {
			return fmt.Sprintf("%s has %s to answer; after that it is ESCALATED, never confirmed: comity inbox", k.Bureau, age(limit))
		}
	case notice.RequestDecide, notice.RequestExecute:
		if k.Held.By(ledger.ByOrigin) && (r.Type == notice.RequestExecute || r.Decision == notice.DecideRefuse) {
			return fmt.Sprintf("%s is still suspended by %s: comity notice lift %s", k.Name(), k.Bureau, k.Name())
		}
	case notice.NeedsTime:
		for _, h := range th.Hits {
			switch {
			case h.ID != r.Hit:
			case h.State == notice.HitEscalated:
				return "the time was over: the hit stays ESCALATED until you decide"
			case h.Extended:
				return "you asked for time before: it is due at " + clock(h.Due) + " all the same"
			default:
				return "you have " + age(notice.Limit(h.Urgency)) + " from now to decide"
			}
		}
	}
	return ""
}

// unsaid refuses a second ack of what did not change since the first, and a hit
// or a request for consent that waits already.
func (s *session) unsaid(k *desk.Case, r *notice.Reply) error {
	own := s.home.Bureau()
	twice := func(what string, index, at uint64) error {
		return hint(fmt.Errorf("%s %s %s already, at entry %s, %s (nothing written)", own, what, k.Name(), count(index), clock(at)), "to send it all the same, say --again")
	}
	th := k.Thread(0)
	switch r.Type {
	case notice.Ack:
		since := k.Versions[len(k.Versions)-1].Index
		if n := len(th.Exports); n > 0 && k.Bureau == own {
			since = max(since, th.Exports[n-1].Index) // of which it takes note
		}
		for _, p := range th.Posts {
			if p.Type == notice.Ack && p.Bureau == own && p.Index > since {
				return twice("acknowledged", p.Index, p.Time)
			}
		}
	case notice.Hit:
		for _, h := range th.Hits {
			if h.Bureau == own && h.Open() && h.Match == r.Match {
				return twice("told of this hit on", h.Index, h.Time)
			}
		}
	case notice.ConsentAsk:
		for _, a := range th.Consents {
			if a.Bureau == own && a.Open() && a.Scope.String() == r.Scope.String() {
				return twice("asked for this consent on", a.Index, a.Time)
			}
		}
	}
	return nil
}

// replyReaders returns who reads an answer: whom the command names; else whose
// hit or request it is about; else the origin; else, where the origin itself
// speaks about the notice, all who read the notice.
func (s *session) replyReaders(c *cli.Context, k *desk.Case, r *notice.Reply, about string) (notice.Readers, error) {
	own := s.home.Bureau()
	if to := c.String("to"); to != "" {
		readers, err := readersFlag(own, to)
		if err == nil {
			err = checkMembers(s.genesis, readers)
		}
		s.tellLeft(readers)
		return readers, err
	}
	var readers notice.Readers
	for _, b := range []string{own, k.Bureau, about} {
		if b != "" && !slices.Contains(readers, b) {
			readers = append(readers, b)
		}
	}
	if k.Bureau == own && r.Type == notice.Ack { // that it took note of exports: for those who told of them
		for _, e := range k.Thread(0).Exports {
			if !slices.Contains(readers, e.Bureau) {
				readers = append(readers, e.Bureau)
			}
		}
		return readers, nil
	}
	if k.Bureau == own && about == "" && k.View != nil && r.Type != notice.RequestReceive {
		return s.desk.Reachable(k.View.Readers)
	}
	return readers, nil
}
