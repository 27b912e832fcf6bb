package home

import (
	"fmt"
	"strings"

	"comity/ledger"
)

// roleNames are the words for roles, in the order of their bits.
var roleNames = [...]struct {
	role ledger.Roles
	name string
}{
	{ledger.RoleInvestigator, "investigator"},
	{ledger.RoleDesk, "desk"},
	{ledger.RoleProtection, "protection"},
	{ledger.RoleSupervisor, "supervisor"},
	{ledger.RoleOperator, "operator"},
	{ledger.RoleAuditor, "auditor"},
	{ledger.RoleRegistrar, "registrar"},
}

// FormatRoles returns the words for a set of roles, "investigator supervisor".
func FormatRoles(r ledger.Roles) string {
	var words []string
	for _, n := range roleNames {
		if r&n.role != 0 {
			words = append(words, n.name)
		}
	}
	return strings.Join(words, " ")
}

// ParseRoles reads words with spaces or commas between them: one role at least,
// none twice.
func ParseRoles(text string) (ledger.Roles, error) {
	var roles ledger.Roles
words:
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == ',' || r == '\n' }) {
		for _, n := range roleNames {
			if n.name == word && roles&n.role == 0 {
				roles |= n.role
				continue words
			}
			if n.name == word {
				return 0, fmt.Errorf("role %s is named twice", word)
			}
		}
		return 0, fmt.Errorf("unknown role %q; the roles are %s", word, FormatRoles(^ledger.Roles(0)))
	}
	if roles == 0 {
		return 0, fmt.Errorf("no role; the roles are %s", FormatRoles(^ledger.Roles(0)))
	}
	return roles, nil
}
