package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/state"
	"comity/node/client"
	"comity/node/home"
	"comity/node/wire"

	"github.com/urfave/cli/v2"
)

// council is a session about who belongs to the consortium: the replica is open and
// as new as the node, and the charter file knows every epoch that the replica does.
type council struct {
	*session
	members *ledger.Membership
	now     uint64 // ledger time, POSIX ms
}

// openCouncil starts a session. Close it.
func (t *terminal) openCouncil(c *cli.Context) (*council, error) {
	s, err := t.open(c)
	if err != nil {
		return nil, err
	}
	k := &council{session: s}
	if err = s.openShared(c.Context); err == nil {
		err = k.refresh(c.Context)
	}
	if err != nil {
		s.close()
		return nil, err
	}
	return k, nil
}

// refresh brings the replica and the charter file up to date.
func (k *council) refresh(ctx context.Context) error {
	k.sync(ctx)
	if err := ctx.Err(); err != nil {
		return err
	}
	head, err := state.ReadHead(k.desk.View())
	if err != nil {
		return err
	}
	if head.Size == 0 && k.syncErr != nil {
		return hint(fmt.Errorf("the ledger cannot be read: %w", k.syncErr), "%s", k.adviceFor(k.syncErr))
	}
	k.members, k.now = k.desk.Members(), head.Time
	return nil
}

// renewCharter writes the charter file with the certificates of all epochs that the
// replica knows, where the home has fewer. The replica is verified, and so is each
// certificate. Where that cannot be done now, the older file is as good as before.
func (s *session) renewCharter(ctx context.Context) {
	if len(s.desk.Members().Epochs()) <= len(s.genesis.Epochs()) {
		return
	}
	g, err := certified(ctx, s, s.client)
	if err == nil {
		s.genesis = g
		_, err = s.home.Update(g)
	}
	if err != nil {
		s.note("the charter file was not brought up to date: %s", err)
	}
}

// certified returns the charter file of a session with a certificate for each epoch
// that its replica knows.
func certified(ctx context.Context, s *session, node *client.Client) (*ledger.Genesis, error) {
	g := s.desk.Genesis()
	all := s.desk.Members().Epochs()
	for n := len(g.Epochs()); n < len(all); n++ {
		r, err := node.Receipt(ctx, all[n].From-1, wire.MaxWait*time.Second)
		if err != nil {
			return nil, err
		}
		cert, err := s.desk.Certificate(uint32(n), r)
		if err != nil {
			return nil, err
		}
		if g, err = g.With(cert); err != nil {
			return nil, err
		}
	}
	return g, nil
}

// registrar returns what writes for the bureau's root.
func (k *council) registrar(ctx context.Context) (*home.Registrar, error) {
	root, err := k.home.Root(k.passphrase)
	if err != nil {
		return nil, err
	}
	return k.home.RegistrarOf(ctx, k.genesis, k.client, root)
}

// until waits until an entry is FINAL and in the replica.
func (k *council) until(ctx context.Context, index uint64) error {
	ctx, cancel := context.WithTimeout(ctx, finalLimit)
	defer cancel()
	for {
		if size, err := k.desk.Size(); err != nil || size > index {
			return err
		}
		if _, err := k.client.Checkpoint(ctx, index, wire.MaxWait*time.Second); err != nil && wire.CodeOf(err) != wire.NotFinal {
			return fmt.Errorf("entry %s is in the ledger and not FINAL yet: %w", count(index), err)
		}
		if err := k.refresh(ctx); err != nil {
			return err
		}
		if k.syncErr != nil {
			return fmt.Errorf("entry %s is in the ledger, and cannot be read yet: %w", count(index), k.syncErr)
		}
	}
}

// proposalWait is how long a proposal is waited for that was just made elsewhere.
const proposalWait = 3 * time.Second

// proposal returns the proposal that a person names: P-17, 17, or at least eight
// digits of its id.
func (k *council) proposal(ctx context.Context, name string) (*state.Proposal, error) {
	number := strings.TrimPrefix(strings.ToUpper(name), "P-")
	none := func() error {
		return hint(fmt.Errorf("there is no proposal %s", visible(name)), "see them with: comity proposals")
	}
	if index, err := strconv.ParseUint(number, 10, 64); err == nil && len(number) < 8 {
		size, err := k.desk.Size()
		if err == nil && index >= size { // another node may have it already
			if _, err := k.client.Checkpoint(ctx, index, proposalWait); err != nil {
				return nil, none()
			}
			if err = k.refresh(ctx); err == nil {
				size, err = k.desk.Size()
			}
		}
		if err != nil {
			return nil, err
		}
		if index >= size {
			return nil, none()
		}
		_, e, err := k.desk.Entry(index)
		if err != nil {
			return nil, err
		}
		p, err := state.ReadProposal(k.desk.View(), e.ID)
		if err == nil && p == nil {
			err = none()
		}
		return p, err
	}
	open, err := state.ReadProposals(k.desk.View())
	if err != nil {
		return nil, err
	}
	open = slices.DeleteFunc(open, func(p *state.Proposal) bool { return !strings.HasPrefix(p.ID.String(), strings.ToLower(name)) })
	if len(name) < 8 || len(open) != 1 {
		return nil, none()
	}
	return open[0], nil
}

// shortName is how people name a proposal.
func shortName(p *state.Proposal) string { return fmt.Sprintf("P-%d", p.Index) }

// sentence says what a proposal would change.
func (k *council) sentence(p *ledger.Propose) string {
	who := p.Code
	if m, ok := k.everMember(p.Code); ok {
		who = fmt.Sprintf("%s (%s)", m.Code, m.Name)
	}
	switch p.Change {
	case ledger.ChangeAdmit:
		return fmt.Sprintf("%s (%s) joins, with its node at %s", p.Code, p.Member.Name, p.Member.Node.Address)
	case ledger.ChangeRemove:
		return who + " leaves, with all its keys"
	case ledger.ChangePromote:
		return who + " becomes a voter: its node cosigns, its root votes"
	case ledger.ChangeDemote:
		return who + " votes and cosigns no more, and stays a member"
	case ledger.ChangeRoot:
		return who + " gets a new root key in the place of the one it has"
	case ledger.ChangeNode:
		return fmt.Sprintf("%s gets a node with new keys, at %s, in the place of the one it has", who, p.Node.Address)
	case ledger.ChangeFormat:
		return fmt.Sprintf("the ledger gets format %d", p.Format)
	}
	return fmt.Sprintf("a change of %s that this version does not know", who)
}

// everMember returns a member by its code, the newest of that name.
func (k *council) everMember(code string) (*ledger.Member, bool) {
	epochs := k.members.Epochs()
	for i := len(epochs) - 1; i >= 0; i-- {
		if m, ok := epochs[i].Member(code); ok {
			return m, true
		}
	}
	return nil, false
}

// newKey returns the id of the key that a proposal brings in, which voters compare
// by telephone; ok is false where it brings none.
func newKey(p *ledger.Propose) (id keys.ID, ok bool) {
	switch p.Change {
	case ledger.ChangeAdmit:
		return keys.SigningID(p.Member.Root), true
	case ledger.ChangeRoot:
		return keys.SigningID(p.Root), true
	case ledger.ChangeNode:
		return p.Node.TLS, true
	}
	return keys.ID{}, false
}

// meant has a person show that the proposal is what the bureau that it is about
// wants: by typing the eight words of a new key as somebody there read them by
// telephone, or, where there is no new key or it is the own bureau's, the code of the
// bureau. It never shows the words that it waits for.
func (k *council) meant(p *ledger.Propose) error {
	want, hasKey := newKey(p)
	hasKey = hasKey && p.Code != k.home.Bureau()
	typed := p.About() + " to agree"
	question := "Type the code of the bureau, to say that you mean it: "
	if p.Change == ledger.ChangeFormat {
		question = "Type the number of the format, to say that you mean it: "
	}
	if hasKey {
		typed = fmt.Sprintf("the eight words of the new key, as %s reads them to you", p.Code)
		question = fmt.Sprintf("Telephone %s under a number that you know. Type the eight words that it reads to you: ", p.Code)
	}
	for try := 1; ; try++ {
		text, err := k.askLine(question)
		if err == nil {
			if hasKey {
				err = sameWords(text, want)
			} else if !strings.EqualFold(text, p.About()) {
				err = fmt.Errorf("%q is not %s", visible(text), p.About())
			}
		}
		if err == nil {
			return nil
		}
		if errors.Is(err, io.EOF) {
			return hint(notTyped(typed), "on a terminal; it may also come on standard input")
		}
		if errors.Is(err, context.Canceled) || !isTerminal(k.stdin) || try == tries {
			return err
		}
		k.note("%s", err)
	}
}

// errWords is returned for words that are those of another key.
var errWords = errors.New("these are not the words of the key in the proposal")

// sameWords compares what was typed with the words of a key.
func sameWords(text string, want keys.ID) error {
	words, err := keys.ParseWords(text)
	if err != nil {
		return err
	}
	if words != want.Words() {
		return errWords
	}
	return nil
}

// tally says who is for a proposal and who against, and how many must be for it.
func (k *council) tally(p *state.Proposal) string {
	e := k.members.Latest()
	if p.Epoch != 0 {
		e = k.members.Epochs()[p.Epoch-1]
	}
	yes, no := p.Count(e)
	text := fmt.Sprintf("%d of %d", len(yes), p.Change.Needed(e))
	if len(yes) > 0 {
		text += ": " + codesOf(yes)
	}
	if len(no) > 0 {
		text += "; against: " + codesOf(no)
	}
	return text
}

func codesOf(list []state.Voice) string {
	var codes []string
	for _, v := range list {
		codes = append(codes, v.Bureau)
	}
	slices.Sort(codes)
	return strings.Join(codes, " ")
}

// stateOf says what has become of a proposal.
func (k *council) stateOf(p *state.Proposal) string {
	switch {
	case p.Epoch != 0:
		return fmt.Sprintf("carried out with epoch %d", p.Epoch)
	case !p.Open(k.now):
		return "lapsed on " + day(p.Until())
	case !k.fits(p):
		return "cannot be carried out any more"
	case p.Passed(k.members.Latest()) && p.Change.Change == ledger.ChangeAdmit:
		return "accepted; " + p.Change.Code + " has to join: comity join --accept"
	case p.Passed(k.members.Latest()) && p.Change.Change == ledger.ChangeRoot:
		return "accepted; " + p.Change.Code + " has to take the key: comity recover root --accept"
	case p.Passed(k.members.Latest()):
		return "accepted; any voter carries it out: comity vote " + shortName(p)
	}
	return "open until " + day(p.Until())
}

// fits reports whether a proposal can still be carried out as things are.
func (k *council) fits(p *state.Proposal) bool {
	e := k.members.Latest()
	_, err := e.After(p.Change, e.From+1)
	return err == nil
}

// day writes the day of a ledger time.
func day(ms uint64) string {
	return time.UnixMilli(int64(min(ms, math.MaxInt64))).UTC().Format(time.DateOnly)
}
