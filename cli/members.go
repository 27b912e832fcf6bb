package cli

import (
	"fmt"

	"comity/crypto/keys"

	"github.com/urfave/cli/v2"
)

func (t *terminal) memberCommand() *cli.Command {
	return &cli.Command{
		Name:  "member",
		Usage: "see who belongs to the consortium",
		Description: "Who belongs to it is decided by votes: comity propose, comity vote.\n\n" +
			"Example: comity member list",
		Subcommands: []*cli.Command{{
			Name: "list", Usage: "list the members, those that vote and those that do not",
			Description: "Example: comity member list",
			Action:      t.memberList,
		}, {
			Name: "show", Usage: "show one bureau, also one that left, and what it could read", ArgsUsage: "BUREAU",
			Description: "Counts the notices that were sealed to it, as far as the reading keys of this home open them, and names\n" +
				"the circles it was in. What a bureau could read it keeps: leaving takes nothing back.\n\n" +
				"Example: comity member show XD",
			Action: t.memberShow,
		}},
	}
}

// memberRecord is a member as --json shows it.
type memberRecord struct {
	Bureau string  `json:"bureau"`
	Name   string  `json:"name"`
	Voter  bool    `json:"voter"`
	Node   string  `json:"node"`
	Root   keys.ID `json:"root"`
	Since  uint32  `json:"since_epoch"`
	From   uint64  `json:"from"` // entry
}

func (t *terminal) memberList(c *cli.Context) error {
	if _, err := arguments(c, 0, 0, ""); err != nil {
		return err
	}
	k, err := t.openCouncil(c)
	if err != nil {
		return err
	}
	defer k.close()
	var list []memberRecord
	e := k.members.Latest()
	for i := range e.Members {
		m := &e.Members[i]
		since, from := k.since(m.Code)
		list = append(list, memberRecord{m.Code, m.Name, m.Voter, m.Node.Address, keys.SigningID(m.Root), since, from})
	}
	gone := []memberGone{}
	for _, l := range k.left() {
		gone = append(gone, memberGone{l.code, l.epoch, l.entry})
	}
	if t.asJSON {
		return t.document(map[string]any{"epoch": e.Number, "from": e.From, "voters": e.Voters(), "quorum": e.Quorum(), "members": list, "left": gone})
	}
	var rows [][]string
	for _, m := range list {
		votes, since := "no", "founder"
		if m.Voter {
			votes = "yes"
		}
		if m.Since > 0 {
			since = fmt.Sprintf("epoch %d, entry %s", m.Since, count(m.From))
		}
		rows = append(rows, []string{m.Bureau, m.Name, votes, m.Node, m.Root.Short(), since})
	}
	t.table([]string{"BUREAU", "NAME", "VOTES", "NODE", "ROOT KEY", "SINCE"}, rows)
	t.say("Epoch %d. %d of %d voters must cosign what is FINAL, and agree to changes.", e.Number, e.Quorum(), e.Voters())
	for _, g := range gone {
		t.put(visible(fmt.Sprintf("%s left with epoch %d, entry %s; what it could read it keeps: comity member show %s", k.bureau(g.Bureau), g.Epoch, count(g.Entry), g.Bureau)))
	}
	return nil
}

// memberGone is a bureau that left as --json shows it.
type memberGone struct {
	Bureau string `json:"bureau"`
	Epoch  uint32 `json:"epoch"`
	Entry  uint64 `json:"entry"`
}

// since returns the epoch with which a member of the latest one came, without a
// break since.
func (k *council) since(code string) (number uint32, from uint64) {
	epochs := k.members.Epochs()
	for i := len(epochs) - 1; i >= 0; i-- {
		if _, ok := epochs[i].Member(code); !ok {
			break
		}
		number, from = epochs[i].Number, epochs[i].From
	}
	return number, from
}
