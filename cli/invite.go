package cli

import (
	"fmt"
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
		ArgsUsage: "BUREAU",
		Description: "The token names this bureau's node, the ledger and your root key, and holds a secret. Whoever has\n" +
			"it may ask this node once, within 72 hours, to be proposed as a member; what becomes of that is for\n" +
			"the voters, who telephone the bureau. Send it by a way that you trust.\n\n" +
			"Example: comity invite XF",
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
		return t.document(map[string]any{"bureau": code, "by": by.Code, "token": i.String(), "expires": got.Expires})
	}
	t.note("%s may use it once, until %s; send it by a way that you trust", code, time.Unix(got.Expires, 0).UTC().Format(time.DateTime+"Z"))
	t.note("there: comity init --bureau %s ..., then comity join, which asks for it; here, when it has asked: comity propose admit %s", code, code)
	t.shell("%s", i)
	return nil
}

// isBureau reports whether a text may be the code of a bureau.
func isBureau(s string) bool {
	return len(s) == 2 && 'A' <= s[0] && s[0] <= 'Z' && 'A' <= s[1] && s[1] <= 'Z'
}
