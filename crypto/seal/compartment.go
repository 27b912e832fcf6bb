package seal

import (
	"fmt"

	"comity/crypto/keys"
)

// A Compartment says who a part of a notice is for. The number is on the wire.
type Compartment uint8

const (
	// Card is what a border officer sees: enough to recognise and to act.
	Card Compartment = 1
	// Body is the case, for the investigators of the bureaus named.
	Body Compartment = 2
	// Victim is a victim's or witness's identity, for the people named.
	Victim Compartment = 3
)

// String returns "card", "body" or "victim".
func (c Compartment) String() string {
	switch c {
	case Card:
		return "card"
	case Body:
		return "body"
	case Victim:
		return "victim"
	}
	return fmt.Sprintf("compartment(%d)", uint8(c))
}

func (c Compartment) valid() bool { return c >= Card && c <= Victim }

// A Context is what a body is bound to. It is not in the body: the reader takes
// it from the statement that was signed, and a body that was sealed in another
// context does not open.
type Context struct {
	Ledger keys.ID // SHA-256 of the charter
	Author keys.ID // signing key of the statement's author
}

// partContext is the context of a part's encryption.
func (ctx Context) partContext(p *part) []byte {
	return tuple([]byte("comity/v1/part"), []byte{suite}, ctx.Ledger[:], ctx.Author[:],
		[]byte{byte(p.compartment)}, p.id[:])
}
