package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/state"
	"comity/node/client"
	"comity/node/desk"
	"comity/node/home"
	"comity/node/wire"

	"github.com/urfave/cli/v2"
)

func (t *terminal) joinCommand() *cli.Command {
	return &cli.Command{
		Name:      "join",
		Usage:     "ask to be admitted to a ledger, and accept it once the voters agreed",
		ArgsUsage: "[-]",
		Description: "Asks for the token of your invitation, or with - reads it from standard input: a token is a secret, and\n" +
			"no argument. Brings this bureau's record to the node that invited, and shows eight words for you to\n" +
			"read to everybody who telephones. Later it says how far the voters are. With --accept, once enough of\n" +
			"them are for it: type the words of the ledger's id that the inviting bureau reads to you; your root\n" +
			"key signs the entry that admits you.\n\n" +
			"Example: comity join --root /mnt/stick/XF.root",
		Flags:  []cli.Flag{&cli.BoolFlag{Name: "accept", Usage: "sign the entry that admits this bureau"}, rootFlag()},
		Action: t.join,
	}
}

// newcomer is a bureau that is about to join.
type newcomer struct {
	*session
	invitation *home.Invitation
	member     ledger.Member
}

func (t *terminal) join(c *cli.Context) error {
	args, err := arguments(c, 0, 1, "-")
	if err != nil {
		return err
	}
	if len(args) == 1 && args[0] != "-" {
		return usagef("join: a token is no argument: others on this machine can read those, and the shell keeps them. " +
			"Give it on standard input (comity join - <FILE), or when comity join asks for it")
	}
	h, err := t.openHome(c)
	if err != nil {
		return err
	}
	if g, err := h.Genesis(); err == nil {
		return fmt.Errorf("join: %s is a member of %q already", h.Bureau(), g.Charter.Name)
	} else if !errors.Is(err, home.ErrNoCharter) {
		return err
	}
	n := &newcomer{session: &session{terminal: t, home: h}}
	if n.member, err = h.Member(); err != nil {
		return err
	}
	if len(args) == 1 {
		if c.Bool("accept") {
			return usagef("join: --accept goes with the token that was used before, and takes none")
		}
		data, err := n.readInput("-", maxAnswer)
		if err != nil {
			return err
		}
		return n.ask(c, string(bytes.TrimSpace(data)))
	}
	if n.invitation, err = h.Invitation(); err != nil {
		return err
	}
	if n.invitation != nil {
		return n.proceed(c)
	}
	none := hint(fmt.Errorf("join: %s has used no invitation yet", h.Bureau()), "comity join, on a terminal, asks for the token that you were sent; comity join - reads it from standard input")
	if c.Bool("accept") || !isTerminal(t.stdin) {
		return none
	}
	token, err := t.ask("Token of the invitation (it is not shown): ")
	if err != nil {
		return err
	}
	return n.ask(c, string(bytes.TrimSpace(token)))
}

// ask brings the bureau's record to the node that invited.
func (n *newcomer) ask(c *cli.Context, token string) error {
	i, err := home.ParseInvitation(token)
	if err != nil {
		return usagef("join: %s", err)
	}
	if i.Bureau != n.home.Bureau() {
		return fmt.Errorf("join: the invitation is for %s, and this is the home of %s", i.Bureau, n.home.Bureau())
	}
	root, err := n.home.Root(n.passphrase)
	if err != nil {
		return err
	}
	p := &ledger.Propose{Change: ledger.ChangeAdmit, Code: n.member.Code, Member: &n.member}
	if err := p.Sign(i.Ledger, root); err != nil {
		return err
	}
	before, err := n.home.Invitation()
	if err != nil {
		return err
	}
	if err := n.home.KeepInvitation(i); err != nil { // before it is used: the answer may be lost
		return fmt.Errorf("join: %w", err)
	}
	n.invitation = i
	node, err := n.home.ClientBy(i)
	if err != nil {
		return err
	}
	defer node.Close()
	got, err := node.Join(c.Context, i.Secret[:], p.Marshal())
	for range tries { // the answer may be lost, or a refusal that came while we still wrote; the same again is safe
		if lost := new(client.Unreachable); !errors.As(err, &lost) || !lost.Sent || lost.KeyRefused() {
			break
		}
		got, err = node.Join(c.Context, i.Secret[:], p.Marshal())
	}
	if err != nil {
		certain := wire.CodeOf(err) == wire.Forbidden
		if keptOut(err) {
			certain, err = true, errors.New("no invitation is open at its node; this one was used, or is older than three days, or was taken back")
		}
		if certain { // it is as if nobody had asked
			err = errors.Join(err, n.home.RestoreInvitation(before))
		}
		return hint(fmt.Errorf("join: %s did not take the request: %w", i.By, err), "an invitation is good once and for 72 hours; if this one is not, ask %s for another", i.By)
	}
	g, err := n.home.Invited(c.Context, node, i)
	if err != nil {
		return fmt.Errorf("join: %w", err)
	}
	words := keys.SigningID(n.member.Root).Words().String()
	if n.asJSON {
		return n.document(map[string]any{"bureau": n.member.Code, "by": i.By, "ledger": keys.ID(g.Ledger), "words": words, "until": got.Expires})
	}
	n.put(visible(fmt.Sprintf("%s asks to join %q, invited by %s.", n.member.Code, g.Charter.Name, bureauText(g, i.By))))
	n.say("Every voter will telephone you. Read to each the eight words of your root key:")
	n.say("  %s", words)
	n.say("Next: comity join says how far they are; the request is kept until %s", time.Unix(got.Expires, 0).UTC().Format(time.DateOnly))
	return nil
}

// proceed looks how far the voters are and, if it is wanted and they agreed, joins.
func (n *newcomer) proceed(c *cli.Context) error {
	node, err := n.home.ClientBy(n.invitation)
	if err != nil {
		return err
	}
	defer node.Close()
	if n.genesis, err = n.home.Invited(c.Context, node, n.invitation); err != nil {
		if err = fmt.Errorf("join: %w", err); keptOut(err) {
			err = hint(err, "it knows no request of %s with these keys: ask %s for another invitation", n.member.Code, n.invitation.By)
		}
		return err
	}
	n.client = node
	if n.desk, err = desk.Open(n.home.DeskDir(), n.genesis); err != nil {
		return err
	}
	defer n.closeDesk()
	advance, end := n.progress("reading the ledger")
	err = n.desk.Sync(c.Context, node, advance)
	end()
	if err != nil {
		return fmt.Errorf("join: %w", err)
	}
	k := &council{session: n.session, members: n.desk.Members()}
	head, err := state.ReadHead(n.desk.View())
	if err != nil {
		return err
	}
	k.now = head.Time
	if m, ok := k.members.Member(n.member.Code); ok {
		return n.arrive(c, node, m)
	}
	p, err := n.proposed()
	if err != nil {
		return err
	}
	if !c.Bool("accept") {
		if err := k.tellProposal(p); err != nil || n.asJSON {
			return err
		}
		n.say("  words     to read to who telephones: %s", keys.SigningID(n.member.Root).Words())
		return nil
	}
	if !p.Passed(k.members.Latest()) {
		return hint(fmt.Errorf("join: not enough voters are for it yet: %s", k.tally(p)), "the others telephone you; what to read to them: comity join")
	}
	return n.accept(c, k, p, node)
}

// proposed returns the open proposal to admit this bureau with these keys.
func (n *newcomer) proposed() (*state.Proposal, error) {
	open, err := state.ReadProposals(n.desk.View())
	if err != nil {
		return nil, err
	}
	own := (&ledger.Propose{Change: ledger.ChangeAdmit, Code: n.member.Code, Member: &n.member}).Marshal()
	at := slices.IndexFunc(open, func(p *state.Proposal) bool {
		return p.Change.Change == ledger.ChangeAdmit && bytes.HasPrefix(p.Change.Marshal(), own)
	})
	if at < 0 {
		return nil, hint(fmt.Errorf("join: nobody has proposed %s with these keys yet", n.member.Code), "%s does that: comity propose admit %s; the words to read to it: %s",
			n.invitation.By, n.member.Code, keys.SigningID(n.member.Root).Words())
	}
	return open[at], nil
}

// keptOut reports whether a node does not let this bureau in.
func keptOut(err error) bool {
	var lost *client.Unreachable
	return errors.As(err, &lost) && lost.KeyRefused()
}

var errOtherWords = errors.New("these are not the words of this ledger")

// accept signs the entry that admits this bureau, once somebody has heard that this
// is the ledger which was meant.
func (n *newcomer) accept(c *cli.Context, k *council, p *state.Proposal, node *client.Client) error {
	root, err := n.home.Root(n.passphrase) // before anybody telephones
	if err != nil {
		return err
	}
	e := k.members.Latest()
	if !n.asJSON {
		n.put(visible(fmt.Sprintf("You join %q: %s, of which %d vote; %d of these must cosign what is FINAL.", n.genesis.Charter.Name,
			plural(len(e.Members), "member", "members"), e.Voters(), e.Quorum())))
		for i := range e.Members {
			n.put(visible(fmt.Sprintf("  %s  %s", e.Members[i].Code, e.Members[i].Name)))
		}
	}
	for try := 1; ; try++ {
		text, err := n.askLine(fmt.Sprintf("Telephone %s. Type the eight words of the ledger's id that it reads to you (comity charter show): ", n.invitation.By))
		if err == nil {
			if err = sameWords(text, keys.ID(n.genesis.Ledger)); errors.Is(err, errWords) {
				err = errOtherWords
			}
		}
		if err == nil {
			break
		}
		if errors.Is(err, io.EOF) {
			err = notTyped("the eight words of the ledger's id, as " + n.invitation.By + " reads them to you")
		}
		if !isTerminal(n.stdin) || try == tries {
			if err = fmt.Errorf("%s did not join: %w", n.member.Code, err); errors.Is(err, errOtherWords) {
				err = hint(err, "have them read again; if they still differ you were led to another ledger: tell %s", n.invitation.By)
			}
			return err
		}
		n.note("%s", err)
	}
	seen, _, _ := n.desk.Final() // the head that it accepts
	r := n.home.FirstRegistrar(n.genesis, node, root, seen)
	_, sub, err := r.SubmitOn(c.Context, ledger.ClassEpoch, p.ID, (&ledger.Enact{Number: e.Number + 1}).Marshal())
	if err != nil {
		return n.refusal("the entry that admits "+n.member.Code, err)
	}
	if _, err := node.Receipt(c.Context, sub.Index, wire.MaxWait*time.Second); err != nil {
		return hint(fmt.Errorf("%s is admitted with entry %s, which is not FINAL yet: %w", n.member.Code, count(sub.Index), err), "comity join")
	}
	if err := n.desk.Sync(c.Context, node, nil); err != nil {
		return err
	}
	m, ok := n.desk.Members().Member(n.member.Code)
	if !ok {
		return fmt.Errorf("%s was admitted with entry %s, and the ledger does not show it", n.member.Code, count(sub.Index))
	}
	return n.arrive(c, node, m)
}

// arrive installs the charter file of a bureau that was admitted.
func (n *newcomer) arrive(c *cli.Context, node *client.Client, m *ledger.Member) error {
	if !m.Root.Equal(n.member.Root) {
		return fmt.Errorf("join: %s is a member with another root key than this home has", m.Code)
	}
	g, err := certified(c.Context, n.session, node)
	if err != nil {
		return err
	}
	if _, err := n.home.Update(g); err != nil {
		return err
	}
	e := g.Latest()
	if n.asJSON {
		return n.document(map[string]any{"bureau": m.Code, "ledger": keys.ID(g.Ledger), "epoch": e.Number, "from": e.From, "voter": m.Voter})
	}
	n.put(visible(fmt.Sprintf("%s is a member of %q, epoch %d, from entry %s on.", m.Code, g.Charter.Name, e.Number, count(e.From))))
	n.say("Next: comity node run, and once it is ready: comity enrol")
	n.say("It does not vote yet. When its node has caught up, a voter may propose that: comity propose promote %s", m.Code)
	return nil
}
