package cli

import (
	"fmt"
	"strings"

	"comity/ledger/notice"
	"comity/node/desk"

	"github.com/urfave/cli/v2"
)

func (t *terminal) noticeHitCommand() *cli.Command {
	return &cli.Command{
		Name:      "hit",
		Usage:     "tell the origin that its person may have been found",
		ArgsUsage: "ID",
		Description: "A hit is provisional until the origin confirms it; nothing else does. The origin has 10 minutes\n" +
			"for a notice of urgency U3, 1 hour for U2, 24 hours for U1, 7 days for U0.\n\n" +
			"Example: comity notice hit LT-0301 --match 'passport C4471902'",
		Flags:  []cli.Flag{matchFlag(), textFlag(), toFlag(), noWaitFlag(), againFlag()},
		Action: func(c *cli.Context) error { return t.answer(c, &notice.Reply{Type: notice.Hit}) },
	}
}

func (t *terminal) noticeConfirmCommand() *cli.Command {
	return t.decideCommand(notice.Confirm, "confirm", "decide a hit on your notice: it is the person", "")
}

func (t *terminal) noticeNegativeCommand() *cli.Command {
	return t.decideCommand(notice.Negative, "negative", "decide a hit on your notice: it is somebody else", "")
}

func (t *terminal) noticeNeedsTimeCommand() *cli.Command {
	return t.decideCommand(notice.NeedsTime, "needs-time", "tell who had a hit that your answer will come",
		"It gives as long again as there was at first, once, and only before the time is over.\n")
}

func (t *terminal) decideCommand(kind notice.ReplyType, name, usage, more string) *cli.Command {
	return &cli.Command{
		Name: name, Usage: usage, ArgsUsage: "ID",
		Description: "Only the origin decides a hit. Its last word counts.\n" + more + "\nExample: comity notice " + name + " LT-0301",
		Flags:       []cli.Flag{hitFlag(), textFlag(), toFlag(), noWaitFlag()},
		Action:      func(c *cli.Context) error { return t.answer(c, &notice.Reply{Type: kind}) },
	}
}

func (t *terminal) noticeOutcomeCommand() *cli.Command {
	return &cli.Command{
		Name:      "outcome",
		Usage:     "tell the origin what came of a confirmed hit, or of a notice",
		ArgsUsage: "ID",
		Description: "It is about your bureau's confirmed hit, if there is one; else about the notice.\n\n" +
			"Example: comity notice outcome LT-0301 --text - < outcome.txt",
		Flags:  []cli.Flag{hitFlag(), textFlag(), toFlag(), noWaitFlag()},
		Action: func(c *cli.Context) error { return t.answer(c, &notice.Reply{Type: notice.Outcome}) },
	}
}

// candidate is what a reply may be about.
type candidate struct {
	id, bureau string
	waits      bool // for this reply
}

// subject sets the hit or request that a reply is about, by its flag, or as the
// only one that waits for such a reply. It returns whose it is.
func (s *session) subject(c *cli.Context, k *desk.Case, th *notice.Thread, r *notice.Reply) (bureau string, err error) {
	hits, consents, requests := s.candidates(th, r.Type)
	switch r.Type {
	case notice.Confirm, notice.Negative, notice.NeedsTime:
		r.Hit, bureau, err = choose(c, k, "hit", hits, true)
	case notice.Outcome:
		r.Hit, _, err = choose(c, k, "hit", hits, false)
	case notice.Message:
		if r.Hit, bureau, err = chosen(c, k, "hit", hits); err == nil && r.Hit == "" {
			r.Request, bureau, err = chosen(c, k, "request", append(consents, requests...))
		}
	case notice.ConsentGrant, notice.ConsentRefuse:
		r.Request, bureau, err = choose(c, k, "request", consents, true)
	case notice.RequestAsk, notice.RequestBlock, notice.RequestDecide, notice.RequestExecute:
		r.Request, bureau, err = choose(c, k, "request", requests, true)
	default:
		if c.String("hit") != "" {
			err = usagef("--hit: a reply of type %s is about no hit", r.Type)
		}
	}
	return bureau, err
}

func (s *session) candidates(th *notice.Thread, kind notice.ReplyType) (hits, consents, requests []candidate) {
	own := s.home.Bureau()
	for _, h := range th.Hits {
		waits := h.Open()
		if kind == notice.Outcome {
			waits = h.State == notice.HitConfirmed && h.Bureau == own
		}
		hits = append(hits, candidate{h.ID, h.Bureau, waits})
	}
	for _, a := range th.Consents {
		consents = append(consents, candidate{a.ID, a.Bureau, a.Open()})
	}
	for _, r := range th.Requests {
		waits := r.Open() && (r.Decision == nil) == (kind != notice.RequestExecute)
		if kind == notice.RequestAsk {
			waits = r.State == notice.RequestReceived
		}
		requests = append(requests, candidate{r.ID, r.Bureau, waits})
	}
	return hits, consents, requests
}

// choose returns what the flag names, else the one candidate that waits. Of
// several none is guessed; where none is needed, none is no error.
func choose(c *cli.Context, k *desk.Case, flag string, list []candidate, needed bool) (id, bureau string, err error) {
	if c.String(flag) != "" {
		return chosen(c, k, flag, list)
	}
	var waiting []candidate
	var ids []string
	for _, a := range list {
		if a.waits {
			waiting, ids = append(waiting, a), append(ids, fmt.Sprintf("%.8s of %s", a.id, a.bureau))
		}
	}
	switch {
	case len(waiting) == 1:
		return waiting[0].id, waiting[0].bureau, nil
	case len(waiting) > 1:
		return "", "", hint(usagef("%s has %s: say which, --%s ID", k.Name(), plural(len(waiting), flag, flag+"s"), flag), "they are %s", strings.Join(ids, ", "))
	case needed:
		return "", "", hint(fmt.Errorf("no %s on %s waits for this (nothing written)", flag, k.Name()), "to change a decision, name its %s: --%s ID; see: comity notice show %s", flag, flag, k.Name())
	}
	return "", "", nil
}

// chosen returns the one candidate that the flag names, nothing without the flag.
func chosen(c *cli.Context, k *desk.Case, flag string, list []candidate) (id, bureau string, err error) {
	prefix := c.String(flag)
	if prefix == "" {
		return "", "", nil
	}
	var found []candidate
	for _, a := range list {
		if strings.HasPrefix(a.id, prefix) {
			found = append(found, a)
		}
	}
	if len(found) != 1 || len(prefix) < 8 {
		return "", "", hint(usagef("--%s %s: it names %s on %s", flag, prefix, plural(len(found), flag, flag+"s"), k.Name()), "see them: comity notice show %s", k.Name())
	}
	return found[0].id, found[0].bureau, nil
}
