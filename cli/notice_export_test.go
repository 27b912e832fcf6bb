package cli

import (
	"testing"

	"comity/crypto/seal"
	"comity/ledger"
	"comity/node/desk"
	"comity/node/desk/readlog"
)

// Nobody exports a part that the roles do not let them read: without a role, or once
// the key is revoked, not even a card.
func TestMayExport(t *testing.T) {
	for _, x := range []struct {
		roles ledger.Roles
		parts readlog.Parts // the most that may leave
	}{
		{0, 0},
		{ledger.RoleDesk, readlog.PartsOf(seal.Card)},
		{ledger.RoleInvestigator, readlog.PartsOf(seal.Card, seal.Body)},
		{ledger.RoleSupervisor, readlog.PartsOf(seal.Card, seal.Body)},
		{ledger.RoleProtection, readlog.PartsOf(seal.Card, seal.Victim)},
		{everyRole, readlog.AllParts},
	} {
		for parts := readlog.Parts(1); parts <= readlog.AllParts; parts++ {
			err := mayExport(&desk.Reader{Label: "desk-1", Roles: x.roles}, &desk.Case{}, parts)
			if (err == nil) != (parts&^x.parts == 0) {
				t.Errorf("roles %b, %s: %v", x.roles, parts, err)
			}
		}
	}
}
