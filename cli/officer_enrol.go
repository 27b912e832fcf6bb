package cli

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"
	"slices"
	"strings"

	"comity/crypto/keys"
	"comity/crypto/sign"
	"comity/ledger"
	"comity/node/home"
	"comity/node/wire"

	"github.com/urfave/cli/v2"
)

func (t *terminal) officerEnrolCommand() *cli.Command {
	return &cli.Command{
		Name:      "enrol",
		Usage:     "make an officer's keys, or take a key that the officer has, and have the root admit them",
		ArgsUsage: "LABEL",
		Description: "LABEL is a badge such as case-2, not a name. Without more a signing key is made in this home, encrypted\n" +
			"with a passphrase. With --agent it is a key of the ssh-agent of SSH_AUTH_SOCK, and stays there. With\n" +
			"--public-key it is one whose private half is elsewhere: its holder proves with ssh-keygen that it is theirs.\n" +
			"The folder officers/LABEL is the officer's: with the charter and comity.toml it makes their own home.\n" +
			"Run again, it goes on where it was interrupted.\n\n" +
			"Example: comity officer enrol case-2 --roles investigator,desk",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "roles", Usage: "`ROLE,ROLE` of " + strings.ReplaceAll(home.FormatRoles(^ledger.Roles(0)), " ", ", ")},
			&cli.BoolFlag{Name: "agent", Usage: "the signing key is one that the ssh-agent holds"},
			&cli.StringFlag{Name: "public-key", Usage: "the signing key is that of this OpenSSH `FILE.pub`; with --agent: which of its keys"},
			&cli.StringFlag{Name: "proof", Usage: "`FILE.sig` by which the holder of --public-key proves that it is theirs"},
			&cli.StringFlag{Name: "new-passphrase-file", Usage: "`FILE` whose first line is the passphrase of the new key (default: that of the root)"},
			&cli.BoolFlag{Name: "no-passphrase", Usage: "leave the new key unencrypted: for exercises"},
			rootFlag(), yesFlag(), noWaitFlag(),
		},
		Action: t.officerEnrol,
	}
}

// enrolment is an officer who is about to be enrolled.
type enrolment struct {
	label  string
	roles  ledger.Roles
	public ed25519.PublicKey // nil: to be made here, or made before
	made   bool              // the officer's folder is there
	away   bool              // its holder proves the key
	from   string            // where the key is, for people
}

func (t *terminal) officerEnrol(c *cli.Context) error {
	s, label, known, err := t.openKeys(c, "LABEL")
	if err != nil {
		return err
	}
	defer s.close()
	if label == home.OperatorLabel {
		return s.enrolOperator(c, known)
	}
	o, err := s.newOfficer(c, label, known)
	if err != nil {
		return err
	}
	r, who, err := s.registrar(c.Context)
	if err != nil {
		return err
	}
	if o.away && c.String("proof") == "" {
		return s.askProof(r, o)
	}
	var proof []byte
	if o.away {
		if proof, err = t.readProof(c.String("proof"), r, o.public); err != nil {
			return err
		}
	}
	s.showEnrolment(o)
	if err := s.agreed(c, who); err != nil {
		return err
	}
	return s.enrolOfficer(c, r, o, known, proof)
}

// newOfficer works out what the command line asks for, and refuses what cannot be.
func (s *session) newOfficer(c *cli.Context, label string, known []*heldKey) (*enrolment, error) {
	o := &enrolment{label: label, made: slices.Contains(s.home.Officers(), label)}
	var signs, talks *heldKey
	for _, k := range known {
		switch {
		case k.Label != label || !k.live():
		case k.Use == wire.KeySign:
			signs = k
		case k.Use == wire.KeyAccess:
			talks = k
		}
	}
	if signs != nil && talks != nil {
		return nil, hint(fmt.Errorf("%s is enrolled already, since entry %s", label, count(*signs.Entry)), "another officer needs another label; all of them: comity officer list")
	}
	var err error
	if text := c.String("roles"); text != "" {
		if o.roles, err = home.ParseRoles(text); err != nil {
			return nil, usagef("--roles: %s", err)
		}
	}
	if err := s.pickKey(c, o); err != nil {
		return nil, err
	}
	if !o.made {
		if o.roles == 0 {
			return nil, usagef("officer enrol: missing: --roles")
		}
		if err := home.CheckLabel(label); err != nil {
			return nil, usagef("officer enrol: %s", err)
		}
		for _, k := range known {
			if o.public != nil && k.ID == keys.SigningID(o.public) {
				return nil, fmt.Errorf("key %s is known to the ledger already, as %s of %s: one key has one use, for ever", k.ID.Short(), k.Label, s.home.Bureau())
			}
		}
		return o, nil
	}
	return o, s.madeBefore(o, known)
}

// madeBefore fills in what an earlier run made of an officer, and refuses what does not
// go with it.
func (s *session) madeBefore(o *enrolment, known []*heldKey) error {
	own, err := s.home.SigningKey(o.label)
	for _, k := range known {
		if err == nil && k.ID == keys.SigningID(own) && !k.live() {
			return hint(fmt.Errorf("the keys of %s in this home are revoked since entry %s, and no key comes back", o.label, count(*k.RevokedAt)),
				"move the folder officers/%s away to make new ones", o.label)
		}
	}
	roles, rolesErr := s.home.Roles(o.label)
	switch {
	case rolesErr != nil:
		return rolesErr
	case o.roles != 0 && o.roles != roles:
		return usagef("officer enrol: %s has the roles %s in this home, not those of --roles", o.label, home.FormatRoles(roles))
	case err != nil:
		return err
	case o.public != nil && !o.public.Equal(own):
		return fmt.Errorf("%s has another signing key in this home, %s", o.label, keys.SigningID(own).Short())
	}
	o.roles, o.public = roles, own
	return nil
}

// pickKey sets which key the officer signs with, where it is not made here.
func (s *session) pickKey(c *cli.Context, o *enrolment) error {
	o.from = "made here, in officers/" + o.label
	if path := c.String("public-key"); path != "" {
		data, err := s.readInput(path, 16<<10)
		if err != nil {
			return err
		}
		if o.public, err = keys.ParseAuthorizedKey(string(data)); err != nil {
			return fmt.Errorf("%s is not one public key of OpenSSH, of the kind ed25519: %w", path, err)
		}
		o.from, o.away = "of "+path, !c.Bool("agent")
	}
	if !c.Bool("agent") {
		return nil
	}
	list, others, err := home.AgentKeys()
	if err != nil {
		return err
	}
	if o.public != nil {
		list = slices.DeleteFunc(list, func(k keys.AgentKey) bool { return !k.Public.Equal(o.public) })
	} else if o.made {
		own, err := s.home.SigningKey(o.label)
		if err != nil {
			return err
		}
		list = slices.DeleteFunc(list, func(k keys.AgentKey) bool { return !k.Public.Equal(own) })
	}
	switch {
	case len(list) == 1:
		o.public, o.from = list[0].Public, fmt.Sprintf("in the ssh-agent, which calls it %q", list[0].Comment)
		return nil
	case len(list) > 1:
		var names []string
		for _, k := range list {
			names = append(names, fmt.Sprintf("%q", k.Comment))
		}
		return hint(fmt.Errorf("the ssh-agent holds %d keys that could sign: %s", len(list), strings.Join(names, ", ")), "say which with its public half: --agent --public-key FILE.pub")
	case o.public != nil || o.made:
		return hint(errors.New("the ssh-agent does not show that key"), "see what it holds with ssh-add -L; one that is locked shows nothing: ssh-add -X")
	case others > 0:
		return hint(fmt.Errorf("the ssh-agent holds %s and none of the kind ed25519", plural(others, "key", "keys")), "make one with: ssh-keygen -t ed25519")
	}
	return hint(errors.New("the ssh-agent shows no key at all: it is locked or empty"), "ssh-add -X unlocks it, ssh-add FILE gives it a key")
}

// askProof writes what the holder of a key that is elsewhere has to sign.
func (s *session) askProof(r *home.Registrar, o *enrolment) error {
	path, text := o.label+".enrol", r.Proof(o.public)
	if have, err := s.readInput(path, int64(len(text))); err != nil || !bytes.Equal(have, text) { // of an earlier run it is as good
		if err := writeOutput(path, text, false); err != nil {
			return err
		}
	}
	return hint(fmt.Errorf("%s is not enrolled yet: the holder of key %s has to prove that it is theirs; %s is what to sign", o.label, keys.SigningID(o.public).Short(), path),
		"they run: ssh-keygen -Y sign -f KEY -n %s %s; then here the same with --proof %s.sig", sign.NamespaceEnrol, path, path)
}

// readProof reads the proof that ssh-keygen made.
func (t *terminal) readProof(path string, r *home.Registrar, pub ed25519.PublicKey) ([]byte, error) {
	data, err := t.readInput(path, 4<<10)
	if err != nil {
		return nil, err
	}
	by, namespace, sig, err := sign.ParseArmor(data)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s is not a signature that ssh-keygen -Y sign made with a key of the kind ed25519: %w", path, err)
	case !by.Equal(pub):
		return nil, fmt.Errorf("%s is a signature by another key", path)
	case namespace != sign.NamespaceEnrol:
		return nil, fmt.Errorf("%s was signed for %q and not for %s", path, namespace, sign.NamespaceEnrol)
	case !sign.Verify(pub, sign.NamespaceEnrol, r.Proof(pub), sig):
		return nil, fmt.Errorf("%s signs something else: it is not for this ledger and this root", path)
	}
	return sig, nil
}

func (s *session) showEnrolment(o *enrolment) {
	if s.asJSON {
		return
	}
	s.say("To be signed for %s:", s.bureau(s.home.Bureau()))
	s.say("  enrol     %s", o.label)
	s.say("  roles     %s", home.FormatRoles(o.roles))
	if o.public != nil {
		s.say("  signing   key %s, %s", keys.SigningID(o.public).Short(), o.from)
	} else {
		s.say("  signing   a new key, %s", o.from)
	}
	s.say("  access    a key for TLS in officers/%s", o.label)
	s.say("  from      the next entry on, in every bureau's ledger, until they are revoked")
}

// enrolOfficer makes what is not there yet, and submits.
func (s *session) enrolOfficer(c *cli.Context, r *home.Registrar, o *enrolment, known []*heldKey, proof []byte) error {
	pass := s.passphraseOfNew(c)
	if !o.made {
		var phrase []byte
		var err error
		if o.public == nil {
			if phrase, err = s.passphraseForNew(c); err != nil {
				return err
			}
			pass = home.Only(phrase)
		}
		if err := s.home.AddOfficer(home.OfficerSpec{Label: o.label, Roles: o.roles, Public: o.public}, phrase); err != nil {
			return err
		}
	}
	if !o.away {
		officer, err := s.home.Officer(o.label, pass)
		if err != nil {
			return err
		}
		if proof, err = r.Prove(officer.Signer); err != nil {
			return err
		}
	}
	list, err := s.home.Enrolments(o.label, proof)
	if err != nil {
		return err
	}
	var acts []keyAct
	for i := range list {
		id := list[i].KeyID()
		if !slices.ContainsFunc(known, func(k *heldKey) bool { return k.ID == id }) {
			acts = append(acts, keyAct{name: fmt.Sprintf("enrols %s key %s of %s", useWords[list[i].Purpose.String()], id.Short(), o.label), class: ledger.ClassEnrol, public: list[i].Marshal()})
		}
	}
	if len(acts) == 0 {
		return fmt.Errorf("the ledger knows both keys of %s already", o.label)
	}
	done, err := s.submitKeys(c, r, acts)
	if s.asJSON {
		return errors.Join(s.document(map[string]any{"label": o.label, "roles": strings.Fields(home.FormatRoles(o.roles)), "entries": done}), err)
	}
	if err == nil {
		s.say("%s is an officer of %s: comity --officer %s status", o.label, s.bureau(s.home.Bureau()), o.label)
	}
	return err
}

// passphraseOfNew returns the passphrase of a new key that an earlier run made.
func (s *session) passphraseOfNew(c *cli.Context) home.Passphrase {
	if path := c.String("new-passphrase-file"); path != "" {
		return passphraseIn(path)
	}
	return s.passphrase
}

// passphraseForNew returns the passphrase of a key that is about to be made; none
// where the command line asks for none.
func (s *session) passphraseForNew(c *cli.Context) ([]byte, error) {
	path := c.String("new-passphrase-file")
	switch {
	case c.Bool("no-passphrase"):
		return nil, nil
	case path != "":
		return newPassphraseIn(path)
	}
	phrase, err := s.newPassphrase()
	if errors.Is(err, errNoPassphrase) {
		err = hint(err, "give --new-passphrase-file FILE, or --no-passphrase for an exercise")
	}
	return phrase, err
}
