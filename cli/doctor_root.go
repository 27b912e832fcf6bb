package cli

import (
	"errors"

	"comity/crypto/keys"
	"comity/node/home"
)

// examineRoot looks whether the root key is where nodes and officers work. One
// without a passphrase is of an exercise.
func (s *session) examineRoot() []diagnosis {
	switch _, err := s.home.Root(nil); {
	case errors.Is(err, home.ErrNoRoot):
		return []diagnosis{good("root", "its key is not on this machine")}
	case errors.Is(err, keys.ErrPassphraseNeeded):
		return []diagnosis{bad("root", "move keys/root to a stick that is locked away; commands that need it take --root FILE",
			"its key is on this machine, protected by the passphrase alone")}
	}
	return nil
}
