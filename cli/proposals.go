package cli

import (
	"crypto/ed25519"
	"slices"
	"time"

	"comity/ledger"
	"comity/ledger/state"
	"comity/node/wire"

	"github.com/urfave/cli/v2"
)

func (t *terminal) proposalsCommand() *cli.Command {
	return &cli.Command{
		Name:  "proposals",
		Usage: "list what voters may decide on, and who asks to join",
		Description: "Proposals are entries of the ledger, named P- and the number of the entry. Requests to join are\n" +
			"those that came to this bureau's node with an invitation of yours; nobody else sees them.\n\n" +
			"Example: comity proposals",
		Action: t.proposals,
	}
}

// proposalRecord is a proposal as --json shows it.
type proposalRecord struct {
	Name    string        `json:"name"`
	ID      string        `json:"id"`
	By      string        `json:"by"`
	Change  string        `json:"change"`
	Bureau  string        `json:"bureau,omitempty"`
	Format  uint8         `json:"format,omitempty"`
	Says    string        `json:"says"`
	For     []string      `json:"for"`
	Against []string      `json:"against,omitempty"`
	Needed  int           `json:"needed"`
	State   string        `json:"state"`
	Until   uint64        `json:"until"` // ledger time, POSIX ms
	Epoch   uint32        `json:"epoch,omitempty"`
	Voices  []state.Voice `json:"-"`
}

func (k *council) record(p *state.Proposal) proposalRecord {
	e := k.members.Latest()
	yes, no := p.Count(e)
	r := proposalRecord{Name: shortName(p), ID: p.ID.String(), By: p.Bureau, Change: p.Change.Change.String(), Bureau: p.Change.Code, Format: p.Change.Format,
		Says: k.sentence(p.Change), For: []string{}, Needed: p.Change.Needed(e), State: k.stateOf(p), Until: p.Until(), Epoch: p.Epoch}
	for _, v := range yes {
		r.For = append(r.For, v.Bureau)
	}
	for _, v := range no {
		r.Against = append(r.Against, v.Bureau)
	}
	return r
}

func (t *terminal) proposals(c *cli.Context) error {
	if _, err := arguments(c, 0, 0, ""); err != nil {
		return err
	}
	k, err := t.openCouncil(c)
	if err != nil {
		return err
	}
	defer k.close()
	open, err := state.ReadProposals(k.desk.View())
	if err != nil {
		return err
	}
	joins := k.joins(c)
	if t.asJSON {
		list := []proposalRecord{}
		for _, p := range open {
			list = append(list, k.record(p))
		}
		return t.document(map[string]any{"proposals": list, "joins": joins.Requests, "invitations": joins.Open})
	}
	var rows [][]string
	for _, p := range open {
		rows = append(rows, []string{shortName(p), p.Bureau, k.sentence(p.Change), k.tally(p), k.stateOf(p)})
	}
	if len(rows) > 0 {
		t.table([]string{"NAME", "BY", "WHAT", "FOR IT", "STATE"}, rows)
	} else {
		t.say("Nothing is proposed.")
	}
	for _, r := range joins.Requests {
		t.say("%s asks to join with your invitation %.8s: %s, node at %s. To propose it: comity propose admit %s", r.Code, r.ID.String(), r.Name, r.Address, r.Code)
	}
	for _, i := range joins.Open {
		t.say("Your invitation %.8s is not used yet; it may be until %s. To end it: comity invite --withdraw %.8s", i.ID.String(), time.Unix(i.Expires, 0).UTC().Format(time.DateTime+"Z"), i.ID.String())
	}
	return nil
}

// joins asks the own node who came with an invitation; nobody where it cannot say.
func (k *council) joins(c *cli.Context) *wire.Joins {
	none := &wire.Joins{Open: []wire.Invited{}, Requests: []wire.JoinRequest{}}
	own, err := k.ownNode()
	if err != nil {
		return none
	}
	defer own.Close()
	list, err := own.Joins(c.Context)
	if err != nil {
		if code := wire.CodeOf(err); code != wire.NotFound && code != wire.Forbidden {
			k.note("who asks to join is not known: %s", err)
		}
		return none
	}
	// Who has become a member since asks no more, and no key comes back.
	for _, r := range list.Requests {
		if p, err := ledger.ParsePropose(r.Record); err == nil && p.Member != nil && k.hadRoot(p.Member.Root) {
			continue
		}
		none.Requests = append(none.Requests, r)
	}
	none.Open = append(none.Open, list.Open...)
	return none
}

// hadRoot reports whether a root key is or was that of a member.
func (k *council) hadRoot(root ed25519.PublicKey) bool {
	return slices.ContainsFunc(k.members.Epochs(), func(e *ledger.Epoch) bool {
		return slices.ContainsFunc(e.Members, func(m ledger.Member) bool { return m.Root.Equal(root) })
	})
}
