package cli

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/node/home"
	"comity/node/wire"

	"github.com/urfave/cli/v2"
)

func (t *terminal) officerRevokeCommand() *cli.Command {
	return &cli.Command{
		Name:      "revoke",
		Usage:     "end keys of your bureau, from the next entry on",
		ArgsUsage: "LABEL|KEY",
		Description: "LABEL stands for every key with it; KEY is 8 digits or more of one. What a key signed before stays valid;\n" +
			"--suspect-from N says that what it signed from entry N on deserves a look. Its open sessions end at every node\n" +
			"and desk when they apply this. It cannot be taken back. The reason stays in this home, in the file revoked:\n" +
			"in the ledger every bureau would read it, for ever.\n\n" +
			"Example: comity officer revoke case-1 --suspect-from 1204 --reason 'laptop stolen'",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "reason", Usage: "why: `TEXT`, or - for standard input; kept in this home alone"},
			&cli.StringFlag{Name: "suspect-from", Usage: "entry `N` from which on the key may have been in other hands"},
			rootFlag(), yesFlag(), noWaitFlag(),
		},
		Action: t.officerRevoke,
	}
}

func (t *terminal) officerRevoke(c *cli.Context) error {
	if err := required(c, "reason"); err != nil {
		return err
	}
	reason, err := t.given(c, "reason")
	if err != nil {
		return err
	}
	if reason = strings.TrimSpace(reason); reason == "" || len(reason) > home.MaxReason || strings.ContainsFunc(reason, unicode.IsControl) {
		return usagef("officer revoke: the reason is one line of 1 to %d bytes", home.MaxReason)
	}
	s, word, known, err := t.openKeys(c, "LABEL or KEY")
	if err != nil {
		return err
	}
	defer s.close()
	list, err := findKeys(known, word)
	if err != nil {
		return err
	}
	if err := s.mayRevoke(list, c.String("suspect-from") != ""); err != nil {
		return err
	}
	suspect, doubted, err := s.suspectFrom(c, list)
	if err != nil {
		return err
	}
	if err := s.talkOtherwise(list, known); err != nil {
		return err
	}
	r, who, err := s.registrar(c.Context)
	if err != nil {
		return err
	}
	s.showRevocation(list, suspect, doubted, reason)
	if err := s.agreed(c, who); err != nil {
		return err
	}
	var acts []keyAct
	for _, k := range list {
		acts = append(acts, keyAct{name: "revokes " + k.name(), class: ledger.ClassRevoke, public: (&ledger.Revoke{Key: k.ID, SuspectFrom: suspect}).Marshal()})
	}
	done, err := s.submitKeys(c, r, acts)
	for i, w := range done {
		err = errors.Join(err, s.home.Remember(home.Ended{Key: list[i].ID, Label: list[i].Label, Entry: w.Index, Reason: reason}))
	}
	if t.asJSON {
		return errors.Join(t.document(map[string]any{"keys": list, "entries": done}), err)
	}
	return err
}

// mayRevoke refuses keys that the root does not end. That one was in other hands is
// often learned after it has ended, so it may be said of it then.
func (s *session) mayRevoke(list []*heldKey, suspect bool) error {
	for _, k := range list {
		switch {
		case !k.live() && !suspect:
			return fmt.Errorf("%s is revoked already, since entry %s", k.name(), count(*k.RevokedAt))
		case k.Use == wire.KeyRoot || k.Use == wire.KeyNode || k.Use == wire.KeyCosign:
			return fmt.Errorf("%s is not revoked like this: the keys of a node and of a root belong to who is a member, and the bureaus change them by a vote", k.name())
		}
	}
	return nil
}

// suspectFrom reads --suspect-from, and counts what the keys signed from there on.
func (s *session) suspectFrom(c *cli.Context, list []*heldKey) (from uint64, doubted int, err error) {
	text := c.String("suspect-from")
	if text == "" {
		return ledger.NotSuspect, 0, nil
	}
	size, err := s.desk.Size()
	if err != nil {
		return 0, 0, err
	}
	from, err = strconv.ParseUint(strings.ReplaceAll(text, ",", ""), 10, 62)
	if err != nil || from > size {
		return 0, 0, usagef("--suspect-from %s: it is not the index of an entry; there are %s here", text, count(size))
	}
	for i := from; i < size; i++ {
		_, e, err := s.desk.Entry(i)
		if err != nil {
			return 0, 0, err
		}
		for j := range e.Signatures {
			if slices.ContainsFunc(list, func(k *heldKey) bool { return k.ID == e.Signatures[j].Key }) {
				doubted++
				break
			}
		}
	}
	return from, doubted, nil
}

// talkOtherwise makes sure that the key by which this command talks to the node is
// not one that it ends: the answer would be cut off.
func (s *session) talkOtherwise(list, known []*heldKey) error {
	ends := func(id keys.ID) bool { return slices.ContainsFunc(list, func(k *heldKey) bool { return k.ID == id }) }
	if !ends(s.access.ID()) {
		return nil
	}
	if own, err := s.home.Operator(); err == nil && !ends(own.ID()) && isLive(known, own.ID()) {
		return s.talkAs(own)
	}
	for _, label := range s.home.Officers() {
		if own, err := s.home.Access(label); err == nil && !ends(own.ID()) && isLive(known, own.ID()) {
			return s.talkAs(own)
		}
	}
	return hint(errors.New("the key by which this home talks to the node would end, and there is no other here"), "enrol another officer first: comity officer enrol --help")
}

func isLive(known []*heldKey, id keys.ID) bool {
	return slices.ContainsFunc(known, func(k *heldKey) bool { return k.ID == id && k.live() })
}

// talkAs goes on with another access key.
func (s *session) talkAs(t *keys.TLS) error {
	c, err := s.home.Client(t)
	if err != nil {
		return err
	}
	s.client.Close()
	s.access, s.client = t, c
	return nil
}

func (s *session) showRevocation(list []*heldKey, suspect uint64, doubted int, reason string) {
	if s.asJSON {
		return
	}
	s.say("To be signed for %s:", s.bureau(s.home.Bureau()))
	for _, k := range list {
		since := "of the charter"
		if k.Entry != nil {
			since = "enrolled at entry " + count(*k.Entry)
		}
		s.say("  revoke    %s, %s; %s", k.name(), since, strings.Join(k.Roles, " "))
		if k.Use == wire.KeySeal {
			s.say("            nobody seals to it any more; what was sealed to it can still be opened with it")
		}
	}
	s.say("  from      the next entry on, for ever; what was signed before stays valid, and open sessions end")
	if suspect != ledger.NotSuspect {
		s.say("  suspect   %s signed from entry %s on so far: every bureau is told to look at what is there, and nothing of it ends", plural(doubted, "entry", "entries"), count(suspect))
	}
	s.say("  reason    %s (kept in this home alone)", reason)
	if own, err := s.home.Operator(); err == nil && slices.ContainsFunc(list, func(k *heldKey) bool { return k.ID == own.ID() }) {
		s.say("  then      this home talks as no operator any more, until it has a new key: comity officer enrol operator")
	}
}

// recall adds to keys why they were revoked, as far as this home remembers.
func (s *session) recall(list []*heldKey) error {
	ended, err := s.home.Remembered()
	for _, e := range ended {
		for _, k := range list {
			if k.ID == e.Key && !k.live() {
				k.Reason = e.Reason
			}
		}
	}
	return err
}
