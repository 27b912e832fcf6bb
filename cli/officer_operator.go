package cli

import (
	"errors"
	"fmt"
	"strings"

	"comity/ledger"
	"comity/node/home"

	"github.com/urfave/cli/v2"
)

// enrolOperator makes a new operator's key for a home whose own was revoked. One that
// counts is replaced: comity officer rotate operator.
func (s *session) enrolOperator(c *cli.Context, known []*heldKey) error {
	for _, name := range []string{"roles", "agent", "public-key", "proof"} {
		if c.IsSet(name) {
			return usagef("officer enrol: the operator's key is for TLS and has one role; it takes no --%s", name)
		}
	}
	slots, err := s.home.Slots(home.OperatorLabel)
	if err != nil {
		return err
	}
	slot := slots[0]
	id, err := slot.ID()
	if err != nil {
		return err
	}
	if isLive(known, id) && keptOut(s.syncErr) { // the replica is older than that
		return hint(fmt.Errorf("the operator's key of this home does not count any more, and what became of it cannot be read with it: %w", s.syncErr),
			"act with the key of an officer: comity --officer LABEL officer enrol operator")
	}
	if isLive(known, id) {
		return hint(errors.New("the operator's key of this home counts"), "to put another in its place: comity officer rotate operator")
	}
	if next, err := slot.NextID(); err == nil && isLive(known, next) { // an earlier run was interrupted
		if err := slot.Install(); err != nil {
			return err
		}
		s.note("the ledger has the operator's new key already, and this home has it now too")
		return nil
	}
	r, who, err := s.registrar(c.Context)
	if err != nil {
		return err
	}
	if !s.asJSON {
		s.say("To be signed for %s:", s.bureau(s.home.Bureau()))
		s.say("  enrol     operator, a new key for TLS, in the place of %s, which was revoked", id.Short())
	}
	if err := s.agreed(c, who); err != nil {
		return err
	}
	if err := slot.Make(nil, nil); err != nil {
		return err
	}
	act, err := slot.Rotate(ledger.RoleOperator, nil)
	if err != nil {
		return err
	}
	done, err := s.submitKeys(c, r, []keyAct{{fmt.Sprintf("enrols access key %s of operator", act.New.KeyID().Short()), ledger.ClassEnrol, act.New.Marshal(), slot.Install}})
	if s.asJSON {
		return errors.Join(s.document(map[string]any{"label": home.OperatorLabel, "roles": strings.Fields(home.FormatRoles(ledger.RoleOperator)), "entries": done}), err)
	}
	return err
}
