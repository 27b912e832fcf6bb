package seal

import (
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"

	"comity/crypto/keys"
)

// ErrTooLarge means that content or readers do not fit in a body. Larger
// content belongs in an attachment, more readers in a circle.
var ErrTooLarge = errors.New("does not fit in a sealed body")

// A Part is the content of one compartment and who may read it.
type Part struct {
	Compartment Compartment
	Plaintext   []byte
	Readers     []*keys.Recipient // at least one, at most MaxReaders, none twice
}

// Seal returns the body of a statement: one part per compartment at most, in
// any order. The author is a reader only if named as one: without a grant to
// an own key, nobody at the author's bureau can read the body again.
//
// Sealing the same content twice gives unrelated bytes, so a statement that is
// sent again must carry the body that was sealed first.
func Seal(ctx Context, parts []Part) ([]byte, error) {
	if len(parts) == 0 {
		return nil, errors.New("seal: no parts")
	}
	parts = slices.SortedFunc(slices.Values(parts), func(a, b Part) int {
		return cmp.Compare(a.Compartment, b.Compartment)
	})
	b := &Sealed{}
	for i, part := range parts {
		if !part.Compartment.valid() {
			return nil, fmt.Errorf("seal %s part: no such compartment", part.Compartment)
		}
		if i > 0 && part.Compartment == parts[i-1].Compartment {
			return nil, fmt.Errorf("seal %s part: more than one", part.Compartment)
		}
		p, err := sealPart(ctx, part)
		if err != nil {
			return nil, fmt.Errorf("seal %s part: %w", part.Compartment, err)
		}
		b.parts = append(b.parts, *p)
	}
	body := b.Marshal()
	if len(body) > MaxBody {
		return nil, fmt.Errorf("seal %d bytes: %w", len(body), ErrTooLarge)
	}
	return body, nil
}

func sealPart(ctx Context, in Part) (*part, error) {
	if len(in.Plaintext) > MaxBody {
		return nil, fmt.Errorf("%d bytes: %w", len(in.Plaintext), ErrTooLarge)
	}
	p := &part{compartment: in.Compartment}
	rand.Read(p.id[:])
	var contentKey [contentKeySize]byte
	rand.Read(contentKey[:])
	if err := p.encrypt(ctx, contentKey, pad(in.Plaintext)); err != nil {
		return nil, err
	}
	// The grants hash what was encrypted: this order is not free.
	var err error
	p.grants, err = sealGrants(grantInfo(ctx, ctx.Author, p), contentKey, in.Readers)
	return p, err
}

func (p *part) encrypt(ctx Context, contentKey [contentKeySize]byte, padded []byte) (err error) {
	p.sealed, err = encryptChunks(contentKey[:], ctx.partContext(p), padded)
	return err
}

// decrypt returns the content, once all of it is authenticated.
func (p *part) decrypt(ctx Context, contentKey [contentKeySize]byte) ([]byte, error) {
	padded, err := decryptChunks(contentKey[:], ctx.partContext(p), p.sealed)
	if err != nil {
		return nil, err
	}
	plaintext, ok := unpad(padded)
	if !ok {
		return nil, errPadding
	}
	return plaintext, nil
}

// commitsTo reports whether contentKey is the part's, and ctx its context.
func (p *part) commitsTo(ctx Context, contentKey [contentKeySize]byte) bool {
	_, err := openHeader(contentKey[:], ctx.partContext(p), p.sealed)
	return err == nil
}

// errPadding means that the author encrypted something that pad does not return.
var errPadding = errors.New("content is not padded as it must be")
