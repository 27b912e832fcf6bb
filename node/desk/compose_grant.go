package desk

import (
	"context"
	"fmt"

	"comity/crypto/seal"
	"comity/ledger"
	"comity/node/client"
)

// Grant composes a re-share: it lets further bureaus open one compartment of
// the current version of a notice, which the keys of this desk must open. A
// later version is sealed to the readers that it names, and to nobody else.
func (d *Desk) Grant(ctx context.Context, c *client.Client, by Officers, id ledger.ID, compartment seal.Compartment, bureaus []string) (ledger.Item, error) {
	body, err := d.grants(by, id, compartment, bureaus)
	if err != nil {
		return ledger.Item{}, fmt.Errorf("share notice %s: %w", id.Short(), err)
	}
	s := ledger.Statement{Class: ledger.ClassGrant, Target: id}
	if compartment == seal.Victim {
		if len(by.Others) == 0 && !by.Awaits {
			return ledger.Item{}, fmt.Errorf("share notice %s: %w", id.Short(), &SecondNeeded{"it is about a victim"})
		}
		s.Public = ledger.VictimGrant
	}
	it, err := d.sign(ctx, c, &by, s, body)
	if err != nil {
		return ledger.Item{}, fmt.Errorf("share notice %s: %w", id.Short(), err)
	}
	return it, nil
}

func (d *Desk) grants(by Officers, id ledger.ID, compartment seal.Compartment, bureaus []string) ([]byte, error) {
	n, err := d.active(by, id)
	if err != nil {
		return nil, err
	}
	e, sealed, err := d.sealed(n.Latest)
	if err != nil {
		return nil, err
	}
	named, err := d.Resolve(bureaus)
	if err != nil {
		return nil, err
	}
	readers, err := d.recipients(compartment, named)
	if err != nil {
		return nil, err
	}
	parts, err := d.openParts(e, sealed, identities{compartment: d.opener.keys()[compartment]})
	if err != nil {
		return nil, err
	}
	if len(parts) == 0 {
		return nil, fmt.Errorf("this desk has no key that opens its %s", compartment)
	}
	return sealed.Grants(d.context(e), by.Author.ID(), parts[0], readers)
}
