package cli

import (
	"fmt"
	"strings"
	"time"

	"comity/node/client"
	"comity/node/home"
	"comity/node/wire"

	"github.com/urfave/cli/v2"
)

func (t *terminal) inviteCommand() *cli.Command {
	return &cli.Command{
		Name:      "invite",
		Usage:     "let a bureau ask to be admitted: make a token that is good once",
		ArgsUsage: "[BUREAU]",
		Description: "The token names this bureau's node, the ledger and your root key, and holds a secret. Whoever has\n" +
			"it may ask this node once, within 72 hours, to be proposed as a member; what becomes of that is for\n" +
			"the voters, who telephone the bureau. Send it by a way that you trust. One that came into wrong hands\n" +
			"ends with --withdraw, and so does a request that came by it.\n\n" +
			"Example: comity invite XF",
		Flags:  []cli.Flag{&cli.StringFlag{Name: "withdraw", Usage: "end the invitation with this `ID`, of which 8 digits are enough: comity proposals lists them"}},
		Action: t.invite,
	}
}

// ownNode returns the operator's client of the bureau's own node.
func (s *session) ownNode() (*client.Client, error) {
	operator, err := s.home.Operator()
	if err != nil {
		return nil, err
	}
	return s.home.ClientOf(s.home.Bureau(), operator)
}

func (t *terminal) invite(c *cli.Context) error {
	if id := c.String("withdraw"); id != "" || c.IsSet("withdraw") {
		return t.withdrawInvitation(c, id)
	}
	args, err := arguments(c, 1, 1, "BUREAU")
	if err != nil {
		return err
	}
	k, err := t.openCouncil(c)
	if err != nil {
		return err
	}
	defer k.close()
	code := args[0]
	if !isBureau(code) {
		return usagef("invite: %q is not a code of two capital letters, such as XF", code)
	}
	if m, ok := k.members.Member(code); ok {
		return fmt.Errorf("invite: %s (%s) is a member already", m.Code, m.Name)
	}
	by, ok := k.members.Member(k.home.Bureau())
	if !ok {
		return fmt.Errorf("invite: %s is no member of the ledger", k.home.Bureau())
	}
	own, err := k.ownNode()
	if err != nil {
		return err
	}
	defer own.Close()
	i := home.NewInvitation(k.genesis.Ledger, by, code)
	got, err := own.Invite(c.Context, wire.TokenID(i.Secret[:]))
	if err != nil {
		return fmt.Errorf("invite %s: %w", code, err)
	}
	if t.asJSON {
		return t.document(map[string]any{"bureau": code, "by": by.Code, "token": i.String(), "id": got.ID, "expires": got.Expires})
	}
	t.note("%s may use it once, until %s; send it by a way that you trust", code, time.Unix(got.Expires, 0).UTC().Format(time.DateTime+"Z"))
	t.note("if it gets into wrong hands: comity invite --withdraw %.8s", got.ID.String())
	t.note("there: comity init --bureau %s ..., then comity join, which asks for it; here, when it has asked: comity propose admit %s", code, code)
	t.shell("%s", i)
	return nil
}

// withdrawInvitation ends an invitation of this bureau, and the request that came by
// it, if any.
func (t *terminal) withdrawInvitation(c *cli.Context, prefix string) error {
	if _, err := arguments(c, 0, 0, ""); err != nil {
		return err
	}
	if len(prefix) < 8 {
		return usagef("invite: --withdraw takes 8 digits or more of an invitation's id: comity proposals")
	}
	s, err := t.open(c)
	if err != nil {
		return err
	}
	defer s.close()
	own, err := s.ownNode()
	if err != nil {
		return err
	}
	defer own.Close()
	list, err := own.Joins(c.Context)
	if err != nil {
		return fmt.Errorf("invite: %w", err)
	}
	var found []wire.Invited
	by := ""
	for _, i := range list.Open {
		if strings.HasPrefix(i.ID.String(), strings.ToLower(prefix)) {
			found = append(found, i)
		}
	}
	for _, r := range list.Requests {
		if strings.HasPrefix(r.ID.String(), strings.ToLower(prefix)) {
			found, by = append(found, r.Invited), r.Code
		}
	}
	if len(found) != 1 {
		return hint(fmt.Errorf("invite: there is no invitation %s", prefix), "those that can be withdrawn: comity proposals")
	}
	if err := own.Withdraw(c.Context, found[0].ID); err != nil {
		return fmt.Errorf("invite: %w", err)
	}
	if t.asJSON {
		return t.document(map[string]any{"withdrawn": found[0].ID, "request_of": by})
	}
	text := "Nobody can use it any more."
	if by != "" {
		text = "The request of " + by + " is gone with it; a proposal that was made of it is for the voters."
	}
	t.say("The invitation %.8s is withdrawn. %s", found[0].ID.String(), text)
	return nil
}

// isBureau reports whether a text may be the code of a bureau.
func isBureau(s string) bool {
	return len(s) == 2 && 'A' <= s[0] && s[0] <= 'Z' && 'A' <= s[1] && s[1] <= 'Z'
}
