package seal

import "fmt"

// ContentKey is the key of one part. Whoever has it and the sealed body reads
// that part and no other, for ever, without being a reader: it leaves the bureau
// only where the opened text is to leave it too. It prints and logs as nothing.
type ContentKey [contentKeySize]byte

// Format writes no byte of the key, whatever the verb.
func (ContentKey) Format(f fmt.State, _ rune) { fmt.Fprint(f, "content key") }

// Disclose returns the key of a part that was opened.
func (o Opened) Disclose() ContentKey { return o.contentKey }

// OpenDisclosed returns the part of a compartment as its content key opens it.
// The key is committed to: nobody can make one that opens the part to another
// text than its author sealed. All errors are [ErrMalformed].
//
// Check the author's signature over the body first, as for [Sealed.Open].
func (b *Sealed) OpenDisclosed(ctx Context, c Compartment, key ContentKey) (Opened, error) {
	p := b.part(c)
	if p == nil {
		return Opened{}, ErrMalformed
	}
	plaintext, err := p.decrypt(ctx, key)
	if err != nil {
		return Opened{}, ErrMalformed
	}
	return Opened{Compartment: c, PartID: p.id, Plaintext: plaintext, contentKey: key}, nil
}
