package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/node/home"
	"comity/node/wire"

	"github.com/urfave/cli/v2"
)

func (t *terminal) officerRotateCommand() *cli.Command {
	return &cli.Command{
		Name:      "rotate",
		Usage:     "make new keys for a label, and have them take the place of the old ones in one entry each",
		ArgsUsage: "LABEL",
		Description: "LABEL is that of an officer, whose two keys are replaced, or operator, desk, card, body or victim. Roles stay.\n" +
			"The old keys end from the entry on, and what they signed stays valid; a sealing key is kept, to open what was\n" +
			"sealed to it. Home and ledger change together; interrupted, run it again. A desk of this home that runs takes a new\n" +
			"sealing key by itself, unless its passphrase was typed; its own key, desk, when it is started again.\n\n" +
			"Example: comity officer rotate case-1",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "agent", Usage: "the new signing key is one that the ssh-agent holds"},
			&cli.StringFlag{Name: "public-key", Usage: "the new signing key is that of this OpenSSH `FILE.pub`; with --agent: which of its keys"},
			&cli.StringFlag{Name: "proof", Usage: "`FILE.sig` by which the holder of --public-key proves that it is theirs"},
			&cli.StringFlag{Name: "new-passphrase-file", Usage: "`FILE` whose first line is the passphrase of the new keys (default: that of the root)"},
			&cli.BoolFlag{Name: "no-passphrase", Usage: "leave the new keys unencrypted: for exercises"},
			rootFlag(), yesFlag(), noWaitFlag(),
		},
		Action: t.officerRotate,
	}
}

// change is a key that another is about to take the place of.
type change struct {
	*home.Slot
	old *heldKey
}

func (t *terminal) officerRotate(c *cli.Context) error {
	s, label, known, err := t.openKeys(c, "LABEL")
	if err != nil {
		return err
	}
	defer s.close()
	list, finished, err := s.changes(label, known)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		if t.asJSON {
			return t.document(map[string]any{"label": label, "entries": []*written{}})
		}
		s.say("The ledger has new keys of %s already, and this home has them now too: %s.", label, plural(finished, "key", "keys"))
		return nil
	}
	o := &enrolment{label: label}
	if list[0].Purpose == ledger.PurposeSign {
		if err := s.pickKey(c, o); err != nil {
			return err
		}
	} else if c.Bool("agent") || c.String("public-key") != "" {
		return usagef("officer rotate: --agent and --public-key are for the signing key of an officer")
	}
	olds := make([]*heldKey, len(list))
	for i := range list {
		olds[i] = list[i].old
	}
	if err := s.talkOtherwise(olds, known); err != nil {
		return err
	}
	r, who, err := s.registrar(c.Context)
	if err != nil {
		return err
	}
	if o.away && c.String("proof") == "" {
		return s.askProof(r, o)
	}
	s.showChanges(list, o)
	if err := s.agreed(c, who); err != nil {
		return err
	}
	return s.change(c, r, list, o)
}

// changes returns which keys a label stands for. Those that the ledger has replaced
// and this home has not, because a run was interrupted, are put in their place.
func (s *session) changes(label string, known []*heldKey) (list []change, finished int, err error) {
	for _, k := range known {
		if k.Label == label && k.live() && (k.Use == wire.KeyRoot || k.Use == wire.KeyNode) {
			return nil, 0, fmt.Errorf("%s is not replaced like this: the keys of a node and of a root belong to who is a member, and the bureaus change them by a vote", k.name())
		}
	}
	slots, err := s.home.Slots(label)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, fmt.Errorf("the home of %s has no key of %s to replace", s.home.Bureau(), label)
	}
	if err != nil {
		return nil, 0, hint(err, "rotate it where its folder officers/%s is", label)
	}
	for _, slot := range slots {
		next, err := slot.NextID()
		switch {
		case err == nil && isLive(known, next), slot.Begun():
			if err := slot.Install(); err != nil {
				return nil, 0, err
			}
			finished++
			continue
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			return nil, 0, err
		}
		id, err := slot.ID()
		if err != nil {
			return nil, 0, err
		}
		i := slices.IndexFunc(known, func(k *heldKey) bool { return k.ID == id })
		switch {
		case i < 0:
			return nil, 0, hint(fmt.Errorf("the ledger does not know the key %s of %s yet", id.Short(), label), "enrol it: comity enrol")
		case !known[i].live():
			return nil, 0, fmt.Errorf("%s ended at entry %s: only a key that counts can be replaced", known[i].name(), count(*known[i].RevokedAt))
		}
		list = append(list, change{slot, known[i]})
	}
	return list, finished, nil
}

func (s *session) showChanges(list []change, o *enrolment) {
	if s.asJSON {
		return
	}
	s.say("To be signed for %s:", s.bureau(s.home.Bureau()))
	for _, k := range list {
		from := "a new key, made here"
		if k.Purpose == ledger.PurposeSign && o.public != nil {
			from = "key " + keys.SigningID(o.public).Short() + ", " + o.from
		}
		s.say("  replace   %s", k.old.name())
		s.say("  by        %s", from)
	}
	s.say("  from      the next entry on; what the old keys signed stays valid, and their open sessions end")
	if list[0].Purpose == ledger.PurposeSeal {
		s.say("  sealed    all bureaus seal to the new key; the old one stays in this home, for what was sealed to it")
	}
}

// change makes the new keys, submits, and puts each in its place when the ledger has
// it.
func (s *session) change(c *cli.Context, r *home.Registrar, list []change, o *enrolment) error {
	var acts []keyAct
	for _, k := range list {
		var phrase []byte
		var err error
		if _, made := k.NextID(); made != nil && k.Purpose != ledger.PurposeAccess && o.public == nil {
			if phrase, err = s.passphraseForNew(c); err != nil {
				return err
			}
			if err := s.opensAll(k.Purpose, phrase); err != nil {
				return err
			}
		}
		if err := k.Make(o.public, phrase); err != nil {
			return err
		}
		proof, err := s.proveNext(c, r, k, o, phrase)
		if err != nil {
			return err
		}
		var roles ledger.Roles
		if len(k.old.Roles) > 0 {
			if roles, err = home.ParseRoles(joinWords(k.old.Roles)); err != nil {
				return err
			}
		}
		act, err := k.Rotate(roles, proof)
		if err != nil {
			return err
		}
		act.New.Label = k.old.Label // as the ledger has it
		acts = append(acts, keyAct{fmt.Sprintf("replaces %s by %s", k.old.name(), act.New.KeyID().Short()), ledger.ClassRotate, act.Marshal(), k.Install})
	}
	done, err := s.submitKeys(c, r, acts)
	if s.asJSON {
		return errors.Join(s.document(map[string]any{"label": o.label, "entries": done}), err)
	}
	switch {
	case err != nil:
	case list[0].Purpose == ledger.PurposeSeal:
		s.note("a desk of this home that runs takes the new key by itself; whether it has: comity desk status")
	case o.label == "desk":
		s.note("a desk that runs has the old key until it is started again; officers pin the new one: comity desk key")
	}
	return err
}

// opensAll refuses a passphrase for a new sealing key that does not open those which
// are here: who reads, and a desk that starts by itself, has one for all of them.
func (s *session) opensAll(p ledger.Purpose, phrase []byte) error {
	if p != ledger.PurposeSeal || phrase == nil {
		return nil
	}
	_, err := s.home.Identities(home.Only(phrase))
	if errors.Is(err, keys.ErrPassphrase) {
		return hint(errors.New("the sealing keys of a home have one passphrase, and this one does not open the others; nothing was made"), "take the passphrase that they have")
	}
	return err
}

// proveNext returns the proof of possession of a new signing key.
func (s *session) proveNext(c *cli.Context, r *home.Registrar, k change, o *enrolment, phrase []byte) ([]byte, error) {
	switch {
	case k.Purpose != ledger.PurposeSign:
		return nil, nil
	case o.away:
		return s.readProof(c.String("proof"), r, o.public)
	}
	pass := home.Only(phrase)
	if phrase == nil {
		pass = s.passphraseOfNew(c)
	}
	signer, err := k.Signer(pass)
	if err != nil {
		return nil, err
	}
	return r.Prove(signer)
}
