package cli

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/state"
	"comity/node"
	"comity/node/desk"
	"comity/node/home"
	"comity/node/wire"

	"github.com/urfave/cli/v2"
)

func (t *terminal) officerCommand() *cli.Command {
	return &cli.Command{
		Name:  "officer",
		Usage: "list, enrol, replace and revoke the keys of officers",
		Description: "An officer has two keys: one signs, the other lets their machine talk to nodes and the desk. The ledger\n" +
			"knows both from the entry on that enrols them, until one that revokes them. The bureau's root signs these, or a\n" +
			"registrar, whom the root has enrolled: --officer LABEL.\n" +
			"What will be signed is shown first. The operator's, the desk's and the sealing keys are listed too.\n\n" +
			"Example: comity officer list",
		Subcommands: []*cli.Command{t.officerListCommand(), t.officerEnrolCommand(), t.officerRotateCommand(), t.officerRevokeCommand()},
	}
}

func yesFlag() cli.Flag { return &cli.BoolFlag{Name: "yes", Usage: "do not ask: you have read it"} }

// heldKey is a key as the replica knows it.
type heldKey struct {
	ID        keys.ID  `json:"key"`
	Label     string   `json:"label"`
	Use       string   `json:"use"`
	Roles     []string `json:"roles,omitempty"`
	Entry     *uint64  `json:"entry,omitempty"` // that enrolled it; of the charter if there is none
	Since     uint64   `json:"since"`           // ledger time, POSIX ms
	Left      int      `json:"left"`            // days until it is to be replaced
	RevokedAt *uint64  `json:"revoked_at,omitempty"`
	Next      *keys.ID `json:"replaced_by,omitempty"`
	Suspect   *uint64  `json:"suspect_from,omitempty"` // first entry that deserves a look because this key signed it
	Reason    string   `json:"reason,omitempty"`       // as this home remembers it
}

func (k *heldKey) live() bool { return k.RevokedAt == nil }

// name is what people call the key.
func (k *heldKey) name() string { return k.Label + ", " + useWords[k.Use] + " key " + k.ID.Short() }

// useWords are the words for the uses of keys.
var useWords = map[string]string{wire.KeyRoot: "root", wire.KeyNode: "node", wire.KeyCosign: "cosigning", wire.KeySign: "signing", wire.KeySeal: "sealing", wire.KeyAccess: "access"}

var uses = map[state.Use]string{state.UseRoot: wire.KeyRoot, state.UseNode: wire.KeyNode, state.UseCosign: wire.KeyCosign,
	state.UseSign: wire.KeySign, state.UseSeal: wire.KeySeal, state.UseAccess: wire.KeyAccess}

// bureauKeys brings the replica up to date and returns the keys of a bureau, those
// of the charter first, then in the order of their entries. It needs no passphrase.
func (s *session) bureauKeys(ctx context.Context, bureau string) ([]*heldKey, error) {
	if s.desk == nil {
		if err := s.openShared(ctx); err != nil {
			return nil, err
		}
		s.sync(ctx)
	}
	list, err := s.desk.Keys(bureau)
	if err != nil {
		return nil, err
	}
	_, _, at := s.desk.Final()
	now, days := uint64(max(at.UnixMilli(), time.Now().UnixMilli())), s.keyDays()
	var out []*heldKey
	for i := range list {
		k, err := s.heldKey(&list[i])
		if err != nil {
			return nil, err
		}
		k.Left = days - int((max(now, k.Since)-k.Since)/uint64(24*time.Hour/time.Millisecond))
		out = append(out, k)
	}
	return out, s.recall(out)
}

// openKeys starts a session about the keys of the bureau: what the one argument of the
// command names, and the keys that there are. Close it.
func (t *terminal) openKeys(c *cli.Context, names string) (s *session, word string, known []*heldKey, err error) {
	args, err := arguments(c, 1, 1, names)
	if err != nil {
		return nil, "", nil, err
	}
	if err := checkKeyFlags(c); err != nil {
		return nil, "", nil, err
	}
	if s, err = t.open(c); err != nil {
		return nil, "", nil, err
	}
	if known, err = s.bureauKeys(c.Context, s.home.Bureau()); err != nil {
		s.close()
		return nil, "", nil, err
	}
	return s, args[0], known, nil
}

func (s *session) keyDays() int {
	if n := s.home.Config().KeyDays; n > 0 {
		return n
	}
	return node.DefaultKeyDays
}

func (s *session) heldKey(known *desk.KnownKey) (*heldKey, error) {
	k := &heldKey{ID: known.ID, Label: known.Label, Use: uses[known.Use], Since: 1000 * s.genesis.Charter.Created}
	if known.Roles != 0 {
		k.Roles = strings.Fields(home.FormatRoles(known.Roles))
	}
	if !s.ofCharter(known.ID) {
		at, _, err := s.desk.Entry(known.EnrolledAt)
		if err != nil {
			return nil, err
		}
		k.Entry, k.Since = &known.EnrolledAt, at
	}
	if known.RevokedAt == 0 {
		return k, nil
	}
	at := known.RevokedAt - 1
	k.RevokedAt = &at
	if known.DoubtedFrom != 0 {
		from := known.DoubtedFrom - 1
		k.Suspect = &from
	}
	if known.Next != (keys.ID{}) {
		k.Next = &known.Next
	}
	return k, nil
}

// ofCharter reports whether the charter names the key.
func (s *session) ofCharter(id keys.ID) bool {
	return slices.ContainsFunc(s.genesis.Charter.Members, func(m ledger.Member) bool {
		return slices.Contains([]keys.ID{keys.SigningID(m.Root), m.Node.TLS, m.Node.Cosigner(), m.Access}, id)
	})
}

// registrar returns who signs what is said of keys, and in words: the officer who
// acts, where that is a registrar, else the root.
func (s *session) registrar(ctx context.Context) (r *home.Registrar, who string, err error) {
	if s.label != "" && s.home.RootFile == "" {
		if roles, err := s.home.Roles(s.label); err == nil && roles&ledger.RoleRegistrar != 0 {
			o, err := s.officer()
			if err != nil {
				return nil, "", err
			}
			r, err = s.home.Registrar(ctx, s.client, o.Signer)
			return r, "as the registrar " + s.label, err
		}
	}
	root, err := s.home.Root(s.passphrase)
	if err != nil {
		return nil, "", err
	}
	r, err = s.home.Registrar(ctx, s.client, root)
	return r, "with the root", err
}

// checkKeyFlags refuses flags on a key that do not go together.
func checkKeyFlags(c *cli.Context) error {
	switch {
	case c.String("proof") != "" && (c.String("public-key") == "" || c.Bool("agent")):
		return usagef("%s: --proof is for a --public-key that is not in the ssh-agent here", verb(c))
	case c.Bool("no-passphrase") && c.String("new-passphrase-file") != "":
		return usagef("%s: --no-passphrase and a passphrase file do not go together", verb(c))
	}
	return nil
}

func joinWords(words []string) string { return strings.Join(words, " ") }

// findKeys returns the keys that a label, or 8 digits or more of an id, stand for:
// all that count with this label, or the one with this id.
func findKeys(list []*heldKey, word string) ([]*heldKey, error) {
	var found []*heldKey
	ended := false
	digits := strings.ReplaceAll(word, " ", "")
	_, err := hex.DecodeString(digits[:len(digits)&^1])
	for _, k := range list {
		switch {
		case k.Label == word && k.live(), err == nil && len(digits) >= 8 && strings.HasPrefix(k.ID.String(), digits):
			found = append(found, k)
		case k.Label == word:
			ended = true
		}
	}
	switch {
	case len(found) > 0:
		return found, nil
	case ended:
		return nil, hint(fmt.Errorf("every key of %s is revoked already", word), "see: comity officer list")
	}
	return nil, hint(fmt.Errorf("there is no key %s", word), "a label, or 8 digits or more of a key: comity officer list")
}

// submitKeys submits statements on keys in their order, waits until the last is
// FINAL, and tells what became of each.
func (s *session) submitKeys(c *cli.Context, r *home.Registrar, acts []keyAct) ([]*written, error) {
	s.closeDesk() // the rest may take a minute
	ctx, cancel := context.WithTimeout(c.Context, sendLimit)
	defer cancel()
	var done []*written
	var last *ledger.Item
	for _, a := range acts {
		item, sub, err := r.Submit(ctx, a.class, a.public)
		if err != nil {
			return done, s.refusal(a.name, err)
		}
		last = item
		w := &written{Name: a.name, ID: sub.ID, Index: sub.Index, State: "committed", Time: sub.Time, Known: sub.Known}
		done = append(done, w)
		if !s.asJSON {
			s.say("  entry     %s: %s", count(w.Index), a.name)
		}
		if a.after != nil {
			if err := a.after(); err != nil {
				return done, err
			}
		}
	}
	if c.Bool("no-wait") {
		return done, nil
	}
	w := done[len(done)-1]
	if err := s.waitFinal(c.Context, last.Entry, w); err != nil {
		return done, err
	}
	for _, d := range done { // it covers those before it
		d.State, d.Size, d.Cosigners = w.State, w.Size, w.Cosigners
	}
	if !s.asJSON {
		s.say("  FINAL     cosigned by %s at %s", strings.Join(w.Cosigners, " "), count(w.Size))
	}
	return done, nil
}

// keyAct is a statement on a key that is about to be signed.
type keyAct struct {
	name   string
	class  ledger.Class
	public []byte
	after  func() error // once it is committed; may be nil
}

// agreed asks whether to sign what was shown, unless the command line says so.
func (s *session) agreed(c *cli.Context, who string) error {
	if c.Bool("yes") {
		return nil
	}
	return s.askYes(fmt.Sprintf("Sign this %s of %s? Type yes: ", who, s.home.Bureau()))
}
