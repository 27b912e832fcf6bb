package cli

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/node/home"

	"github.com/urfave/cli/v2"
)

func (t *terminal) charterNewCommand() *cli.Command {
	return &cli.Command{
		Name: "new", Usage: "draft a charter from the founders' member files", ArgsUsage: "MEMBER...",
		Description: "One founder does this, and sends the draft to all others. It becomes a charter only when each of\n" +
			"them has signed it.\n\n" +
			"Example: comity charter new --name 'Northern Reach' *.member -o charter.draft",
		Flags: append([]cli.Flag{
			&cli.StringFlag{Name: "name", Usage: "`NAME` of the consortium"},
			&cli.Uint64Flag{Name: "quota-entries", Usage: "`NUMBER` of entries that a bureau may write in a day; 0: no limit", Value: uint64(ledger.DefaultQuota.Entries)},
			&cli.Uint64Flag{Name: "quota-mib", Usage: "`NUMBER` of MiB, with what is sealed; 0: no limit", Value: ledger.DefaultQuota.Bytes >> 20},
		}, outputFlags()...),
		Action: t.charterNew,
	}
}

func (t *terminal) charterNew(c *cli.Context) error {
	args, err := arguments(c, 1, ledger.MaxVoters, "the founders' member files")
	if err != nil {
		return err
	}
	if err := required(c, "name"); err != nil {
		return err
	}
	if err := checkName(c.String("name")); err != nil {
		return err
	}
	quota, err := quotaOf(c)
	if err != nil {
		return err
	}
	var founders []*ledger.Member
	for _, path := range args {
		data, err := t.readInput(path, home.MaxMember)
		if err != nil {
			return err
		}
		m, err := home.ParseMember(data)
		if err != nil {
			return hint(fmt.Errorf("read %s: %w", inputName(path), err), "ask that bureau for its member file again; nothing was drafted")
		}
		founders = append(founders, m)
	}
	g, err := home.NewCharter(home.Terms{Name: c.String("name"), Created: time.Now(), Quota: quota}, founders)
	if errors.Is(err, ledger.ErrMalformed) {
		return hint(fmt.Errorf("new charter: these member files make no charter"), "every key and every address may appear once only")
	}
	if err != nil {
		return err
	}
	if err := t.result(c, g.Charter.Marshal(), map[string]any{"ledger": keys.ID(g.Ledger), "words": keys.ID(g.Ledger).Words().String(), "founders": len(g.Charter.Members)}); err != nil {
		return err
	}
	t.noteCharter(g)
	t.note("next: send the draft to all; each compares words by telephone and signs it: comity charter sign")
	return nil
}

// quotaOf reads what each bureau may write in a day.
func quotaOf(c *cli.Context) (q ledger.Quota, err error) {
	entries, mib := c.Uint64("quota-entries"), c.Uint64("quota-mib")
	if entries > math.MaxUint32 {
		return q, usagef("--quota-entries %d: the most is %s", entries, count(uint64(math.MaxUint32)))
	}
	if mib >= 1<<43 {
		return q, usagef("--quota-mib %d: the most is %s", mib, count(uint64(1<<43-1)))
	}
	return ledger.Quota{Entries: uint32(entries), Bytes: mib << 20}, nil
}

// allowance says what a bureau may write in a day.
func allowance(q ledger.Quota) string {
	var limits []string
	if q.Entries != 0 {
		limits = append(limits, plural(uint64(q.Entries), "entry", "entries"))
	}
	if q.Bytes != 0 {
		limits = append(limits, size(int64(min(q.Bytes, math.MaxInt64))))
	}
	if limits == nil {
		return "a bureau may write without limit"
	}
	return "a bureau may write " + strings.Join(limits, " and ") + " in a day"
}

// noteCharter tells what a draft says, for who makes or signs it.
func (t *terminal) noteCharter(g *ledger.Genesis) {
	for i := range g.Charter.Members {
		m := &g.Charter.Members[i]
		t.note("%s (%s), node at %s", m.Code, m.Name, m.Node.Address)
	}
	n := len(g.Charter.Members)
	t.note("%q, %s: %d must cosign what is FINAL; %s", g.Charter.Name, plural(n, "founder", "founders"), ledger.Quorum(n), allowance(g.Charter.Quota))
}

// checkName refuses a name of a consortium that no charter can have.
func checkName(name string) error {
	if home.Check("name", name) != nil { // the same rule as for a bureau's
		return usagef("--name %.80q is not a name of 1 to 255 printable bytes", name)
	}
	return nil
}
