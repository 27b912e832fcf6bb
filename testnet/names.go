package testnet

import (
	"comity/ledger"
	"comity/node/home"
)

// bureaus are made up. Their codes are among those that ISO 3166 leaves to
// users; XK, which some use for a real place, is left out.
var bureaus = [ledger.MaxVoters]struct{ code, name string }{
	{"XA", "Aldermoor"}, {"XB", "Brackwater"}, {"XC", "Corvane"}, {"XD", "Dunmarsh"}, {"XE", "Estmere"},
	{"XF", "Fernhallow"}, {"XG", "Garrowmere"}, {"XH", "Hollinvale"}, {"XI", "Inverlace"}, {"XJ", "Jorvane"},
	{"XL", "Larkmoor"}, {"XM", "Merrowdeep"}, {"XN", "Northquay"}, {"XO", "Osterfell"}, {"XP", "Pellamere"},
}

// Officers returns the officers that each bureau of an exercise has.
func Officers() []home.OfficerSpec {
	return []home.OfficerSpec{
		{Label: "case-1", Roles: ledger.RoleInvestigator},
		{Label: "desk-1", Roles: ledger.RoleDesk | ledger.RoleInvestigator},
		{Label: "protect-1", Roles: ledger.RoleProtection},
		{Label: "sup-1", Roles: ledger.RoleSupervisor},
	}
}
