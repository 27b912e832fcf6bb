package keys

import "errors"

var (
	// ErrKey means that a public key was refused: it is well-formed, or nearly,
	// but not a key that comity admits. It deliberately says no more.
	ErrKey = errors.New("public key refused")

	// ErrMalformed means that a text or file is not a key in the only form that
	// its parser accepts.
	ErrMalformed = errors.New("malformed key")

	// ErrPassphraseNeeded means that a key file is encrypted and no passphrase
	// was given. Ask for one and parse again.
	ErrPassphraseNeeded = errors.New("passphrase needed")

	// ErrPassphrase means that the passphrase given does not open the key file.
	ErrPassphrase = errors.New("wrong passphrase")

	// ErrNotInAgent means that the ssh-agent does not hold the key.
	ErrNotInAgent = errors.New("key not in the ssh-agent")
)
