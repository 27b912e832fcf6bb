package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/node/desk"

	"github.com/urfave/cli/v2"
)

// memberShown is a bureau as --json shows it.
type memberShown struct {
	memberRecord
	Left  *uint64      `json:"left,omitempty"` // the entry with which it left
	Epoch uint32       `json:"left_epoch,omitempty"`
	Could *reachRecord `json:"could_read,omitempty"` // if the reading keys are here
}

func (t *terminal) memberShow(c *cli.Context) error {
	args, err := arguments(c, 1, 1, "BUREAU")
	if err != nil {
		return err
	}
	k, err := t.openCouncil(c)
	if err != nil {
		return err
	}
	defer k.close()
	code := strings.ToUpper(args[0])
	m, ok := k.everMember(code)
	if !ok {
		return hint(fmt.Errorf("%s is no member, and never was", visible(code)), "those who are: comity member list")
	}
	since, from := k.since(code)
	r := memberShown{memberRecord: memberRecord{m.Code, m.Name, m.Voter, m.Node.Address, keys.SigningID(m.Root), since, from}}
	for _, l := range k.left() {
		if l.code == code {
			r.Left, r.Epoch, r.Voter = &l.entry, l.epoch, false
		}
	}
	if r.Could, err = k.reach(c.Context, code); err != nil {
		return err
	}
	if t.asJSON {
		return t.document(r)
	}
	t.put(visible(fmt.Sprintf("%s  %s", m.Code, m.Name)))
	switch {
	case r.Left != nil:
		t.say("  left      with epoch %d, entry %s: it is no member", r.Epoch, count(*r.Left))
	case since > 0:
		t.say("  member    since epoch %d, entry %s", since, count(from))
	default:
		t.say("  member    from the beginning")
	}
	if r.Left == nil {
		t.say("  votes     %s", map[bool]string{true: "yes", false: "no"}[m.Voter])
		t.put(visible("  node      " + m.Node.Address))
	}
	t.say("  root key  %s", r.Root)
	k.tellReach(r.Could, code, r.Left != nil)
	return nil
}

// leaver is a bureau that left, and is no member now.
type leaver struct {
	code  string
	epoch uint32
	entry uint64
}

// left returns who left the consortium and has not come back, in order.
func (k *council) left() (list []leaver) {
	epochs := k.members.Epochs()
	for i := 1; i < len(epochs); i++ {
		for _, m := range epochs[i-1].Members {
			if _, is := epochs[i].Member(m.Code); is {
				continue
			}
			list = slices.DeleteFunc(list, func(l leaver) bool { return l.code == m.Code })
			list = append(list, leaver{m.Code, epochs[i].Number, epochs[i].From - 1})
		}
	}
	return slices.DeleteFunc(list, func(l leaver) bool { _, is := k.members.Member(l.code); return is })
}

// reachRecord is what a bureau could read, as far as the keys of this home tell.
type reachRecord struct {
	Notices int            `json:"notices"` // of other bureaus
	Kinds   map[string]int `json:"kinds"`   // as the ledger shows them
	Own     int            `json:"own"`     // of this bureau
	Ended   int            `json:"ended"`
	Purged  int            `json:"purged"` // notices of which nobody can tell any more
	More    bool           `json:"more,omitempty"`
	Circles []string       `json:"circles"` // that it was in, by name, founder and id
	circles []*desk.Circle
}

// reachLimit bounds how long what a bureau could read is counted.
const reachLimit = 20 * time.Second

// reach returns what a bureau could read; nil if the reading keys are not here.
func (k *council) reach(ctx context.Context, code string) (*reachRecord, error) {
	ids, err := k.home.Identities(k.passphrase)
	if err != nil || len(ids) == 0 {
		return nil, ctx.Err()
	}
	k.desk.Unlock(ids)
	limited, cancel := context.WithTimeout(ctx, reachLimit)
	defer cancel()
	counted, err := k.ownReader().Reach(limited, code)
	if err != nil && (ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded)) {
		return nil, err
	}
	r := &reachRecord{Notices: counted.Total, Kinds: make(map[string]int), Own: counted.Own, Ended: counted.Ended, Purged: counted.Purged, More: err != nil, Circles: []string{}}
	for kind, n := range counted.Kinds {
		r.Kinds[kind.String()] = n
	}
	if r.circles, err = k.desk.CirclesOf(code); err != nil {
		return nil, err
	}
	for _, x := range r.circles {
		r.Circles = append(r.Circles, x.Label())
	}
	return r, nil
}

// tellReach says what a bureau can read, or could before it left.
func (k *council) tellReach(r *reachRecord, code string, left bool) {
	if r == nil {
		k.say("  it reads  what is sealed to it, to all, or to its circles; how much that is, only a home with reading keys can tell")
		return
	}
	text := plural(r.Notices, "notice", "notices")
	if r.More {
		text = "at least " + text
	}
	var kinds []string
	for kind := ledger.KindUndisclosed; kind <= ledger.KindTally; kind++ {
		if n := r.Kinds[kind.String()]; n > 0 {
			kinds = append(kinds, count(n)+" "+kind.String())
		}
	}
	if len(kinds) > 0 {
		text += fmt.Sprintf(" (%s; %s of %s, %s ended)", strings.Join(kinds, ", "), count(r.Own), k.home.Bureau(), count(r.Ended))
	}
	k.say("  notices   %s of other bureaus sealed to it, of those that the keys here open", text)
	except := "what a grant shared, which does not say with whom"
	if r.Purged > 0 {
		except += ", and " + plural(r.Purged, "purged notice", "purged notices")
	}
	k.say("            not counted: %s", except)
	if len(r.Circles) == 0 {
		k.say("  circles   it was in none that %s is in", k.home.Bureau())
		return
	}
	k.put(visible(fmt.Sprintf("  circles   it was in %s", strings.Join(r.Circles, "; "))))
	if !left {
		return
	}
	for _, x := range r.circles {
		switch {
		case x.Founder == code:
			k.put(visible(fmt.Sprintf("            %s is over: %s had founded it", x.Name, code)))
		case len(x.Gone) > 0:
			k.put(visible(fmt.Sprintf("            %s needs other keys: the next that an officer of %s writes gives it some; nobody seals to it until then", x.Name, x.Founder)))
		}
	}
}
