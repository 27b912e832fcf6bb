package cli

import (
	"context"
	"fmt"
	"time"

	"comity/ledger"
	"comity/node/wire"

	"github.com/urfave/cli/v2"
)

func (t *terminal) doctorCommand() *cli.Command {
	return &cli.Command{
		Name:  "doctor",
		Usage: "look for what is wrong with this bureau's node, and say what to do",
		Description: "Looks at the settings, the keys' files, the disk, the clocks, the own node and the way to every\n" +
			"other one, from this machine. The exit code is 4 when something wants a person.\n\n" +
			"Example: comity doctor",
		Action: t.doctor,
	}
}

// diagnosis is one thing that was looked at.
type diagnosis struct {
	What  string `json:"what"` // one word
	Good  bool   `json:"good"`
	Found string `json:"found"`
	Do    string `json:"do,omitempty"`
}

func good(what, format string, args ...any) diagnosis {
	return diagnosis{What: what, Good: true, Found: fmt.Sprintf(format, args...)}
}

func bad(what, do, format string, args ...any) diagnosis {
	return diagnosis{What: what, Do: do, Found: fmt.Sprintf(format, args...)}
}

// nodeAnswer is what one bureau's node said, and when.
type nodeAnswer struct {
	member *ledger.Member
	status *wire.Status
	err    error
	off    time.Duration // its clock, against the one here
	unsure time.Duration // as much as the answer took
	signed uint64        // entries of the newest FINAL checkpoint there, where the own node's cosignature is on it
}

const (
	doctorPatience = 5 * time.Second
	clockTolerance = time.Second // less than anything that a node refuses
	diskLow        = 1 << 30     // bytes
	diskSoon       = 30          // days
)

func (t *terminal) doctor(c *cli.Context) error {
	if _, err := arguments(c, 0, 0, ""); err != nil {
		return err
	}
	s, err := t.open(c)
	if err != nil {
		return err
	}
	defer s.close()
	s.newerCharter(c.Context)
	list, err := s.examine(c.Context)
	if err != nil {
		return err
	}
	wrong := 0
	for _, d := range list {
		if !d.Good {
			wrong++
		}
	}
	if t.asJSON {
		err = t.document(list)
	} else {
		s.tellDiagnoses(list, wrong)
	}
	if err == nil && wrong > 0 {
		err = errFindings
	}
	return err
}

func (s *session) tellDiagnoses(list []diagnosis, wrong int) {
	for _, d := range list {
		word := s.paint(green, "ok  ")
		if !d.Good {
			word = s.paint(red, "LOOK")
		}
		s.put(word + "  " + visible(fmt.Sprintf("%-9s %s", d.What, d.Found)))
		if d.Do != "" {
			s.put("                " + visible("do: "+d.Do))
		}
	}
	if wrong == 0 {
		s.say("Nothing is wrong with the node of %s, as far as this machine sees.", s.bureau(s.home.Bureau()))
	} else {
		s.say("%s to look at.", plural(uint64(wrong), "thing", "things"))
	}
}

// examine looks at everything, the nearest first.
func (s *session) examine(ctx context.Context) (list []diagnosis, err error) {
	found, err := configFindings(s.home)
	if err != nil {
		return nil, err
	}
	for _, f := range found {
		list = append(list, bad("settings", "comity config print shows what counts and where it comes from", "%s", f))
	}
	if len(found) == 0 {
		list = append(list, good("settings", "good, and as the charter says"))
	}
	keys, err := s.examineKeys()
	if err != nil {
		return nil, err
	}
	list = append(list, s.examineLeft()...)
	answers := s.askAll(ctx)
	list = append(append(list, keys...), s.examineRoot()...)
	list = append(list, s.examineClock(answers))
	list = append(list, s.examinePorts(ctx)...)
	for _, a := range answers {
		if a.member.Code == s.home.Bureau() {
			list = append(list, s.examineOwn(a, answers)...)
		}
	}
	for _, a := range answers {
		if a.member.Code != s.home.Bureau() {
			list = append(list, s.examinePeer(a))
		}
	}
	return list, nil
}
