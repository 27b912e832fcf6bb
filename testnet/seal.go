package testnet

import (
	"crypto/sha256"
	"time"

	"comity/crypto/keys"
	"comity/crypto/seal"
	"comity/ledger"
	"comity/ledger/notice"
)

// sealParts seals each part for the bureaus it names. The keys come from their
// homes; a bureau's own officers take them from the ledger.
func (c *Consortium) sealParts(ctx seal.Context, parts []notice.Part) ([]byte, error) {
	var sealed []seal.Part
	for _, p := range parts {
		codes := []string(p.Readers)
		if p.Readers.All() {
			codes = c.codes
		}
		out := seal.Part{Compartment: p.Compartment, Plaintext: p.Plaintext}
		for _, code := range codes {
			r, err := c.recipient(code, p.Compartment)
			if err != nil {
				return nil, err
			}
			out.Readers = append(out.Readers, r)
		}
		sealed = append(sealed, out)
	}
	return seal.Seal(ctx, sealed)
}

// recipient returns a bureau's sealing key for a compartment.
func (c *Consortium) recipient(bureau string, comp seal.Compartment) (*keys.Recipient, error) {
	h, err := c.Home(bureau)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.sealing[bureau] == nil {
		all, err := h.Recipients()
		if err != nil {
			return nil, err
		}
		c.sealing[bureau] = all
	}
	return c.sealing[bureau][comp], nil
}

func (c *Consortium) now() time.Time {
	if c.clock != nil {
		return c.clock()
	}
	return time.Now()
}

func bodyHash(body []byte) ledger.Hash { return sha256.Sum256(body) }
