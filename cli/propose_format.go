package cli

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"comity/ledger"
	"comity/node"
	"comity/node/wire"
)

// parseFormat reads the number of a format.
func parseFormat(text string, format *uint8) bool {
	n, err := strconv.ParseUint(text, 10, 8)
	*format = uint8(n)
	return err == nil && n > 0
}

// programKnows refuses a format that this program does not know: who signs for one
// must be able to say what it is.
func programKnows(format uint8) error {
	if format > ledger.Format {
		return fmt.Errorf("this comity knows formats up to %d: install one that knows format %d first, here and on this bureau's node", ledger.Format, format)
	}
	return nil
}

// ownKnows refuses a format that this program, or the bureau's own node, does not know.
// The vote of the root will say that they do.
func (k *council) ownKnows(ctx context.Context, format uint8) error {
	if err := programKnows(format); err != nil {
		return err
	}
	m, ok := k.members.Member(k.home.Bureau())
	if !ok {
		return fmt.Errorf("%s is no member of the ledger", k.home.Bureau())
	}
	return lacking([]memberState{k.askNode(ctx, m.Code, m.Name, m.NodeName())}, format)
}

// allKnow refuses a format that the node of some voter does not know, or of which it
// cannot be told now. Each voter's own root decides; this only spares them the way.
func (k *council) allKnow(ctx context.Context, format uint8) error {
	if err := programKnows(format); err != nil {
		return err
	}
	var voters []memberState
	for _, m := range k.askNodes(ctx) {
		if is, ok := k.members.Member(m.Bureau); ok && is.Voter {
			voters = append(voters, m)
		} else if m.Version != "" && m.knows() < format {
			k.note("%s does not vote, and its node knows no format after %d: it will stop", m.Bureau, m.knows())
		}
	}
	if err := lacking(voters, format); err != nil {
		return hint(err, "comity upgrade check says which node runs which version")
	}
	return nil
}

// lacking names the nodes that do not know a format, or do not say.
func lacking(list []memberState, format uint8) error {
	var old, silent []string
	for _, m := range list {
		switch {
		case m.Version == "":
			silent = append(silent, m.Bureau)
		case m.knows() < format:
			old = append(old, fmt.Sprintf("%s knows none after %d", m.Bureau, m.knows()))
		}
	}
	switch {
	case len(old) > 0:
		return fmt.Errorf("not all nodes know format %d: that of %s", format, strings.Join(old, ", that of "))
	case len(silent) > 0:
		return fmt.Errorf("no answer from the node of %s: it may not know format %d", strings.Join(silent, ", "), format)
	}
	return nil
}

// tellFormats says which format the ledger has, which one these programs know, and how
// the one comes to the other.
func (s *session) tellFormats(list []memberState) {
	has := s.has(list)
	s.say("The ledger has format %d. This program is version %s and knows format %d.", has, node.Version, ledger.Format)
	if next := s.nextFormat(list, has); next != "" {
		s.put(visible(next))
	}
}

// has returns the format of the ledger, as the own node says it, or the charter file.
func (s *session) has(list []memberState) uint8 {
	has := s.genesis.Latest().Format
	for _, m := range list {
		if m.Bureau == s.home.Bureau() {
			has = max(has, m.has)
		}
	}
	return has
}

// nextFormat says what has to be done for the format that this program knows, "" if
// the ledger has it.
func (s *session) nextFormat(list []memberState, has uint8) string {
	if has >= ledger.Format {
		return ""
	}
	var voters []memberState
	var open []wire.Proposal
	for _, m := range list {
		if m.Voter {
			voters = append(voters, m)
		}
		if m.Bureau == s.home.Bureau() {
			open = m.proposals
		}
	}
	if err := lacking(voters, ledger.Format); err != nil {
		return fmt.Sprintf("Format %d waits: %s.", ledger.Format, err)
	}
	at := slices.IndexFunc(open, func(p wire.Proposal) bool {
		return p.Change == ledger.ChangeFormat.String() && p.Code == strconv.Itoa(ledger.Format)
	})
	if at < 0 {
		return fmt.Sprintf("The nodes of all voters know format %d. Next: comity propose format %d", ledger.Format, ledger.Format)
	}
	var missing []string
	for _, v := range voters {
		if !slices.Contains(open[at].For, v.Bureau) {
			missing = append(missing, v.Bureau)
		}
	}
	return fmt.Sprintf("%s wants format %d for the ledger; still to vote: %s. Next: comity vote P-%d", open[at].By, ledger.Format, strings.Join(missing, " "), open[at].Index)
}
