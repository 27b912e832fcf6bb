package ledger

import "golang.org/x/crypto/cryptobyte"

// Quota is what a bureau may write in a day of ledger time. A zero field, as
// those of a charter of version 1, is no limit.
type Quota struct {
	Entries uint32
	Bytes   uint64 // of entries and their sealed bodies
}

// DefaultQuota is what a charter says unless its founders agree on something
// else. It is far above a busy day, and keeps one bureau from filling the disks
// of all the others overnight.
var DefaultQuota = Quota{Entries: 20_000, Bytes: 2 << 30}

// MinQuotaBytes is the least limit of bytes: it lets any one entry pass.
const MinQuotaBytes = MaxEntry + MaxBody

// check holds the rules on a charter's format and quota.
func (c *Charter) check() error {
	switch {
	case c.Format == 0: // a charter of version 1
		if c.Quota != (Quota{}) {
			return ErrMalformed
		}
	case c.Format < charterVer, c.Quota.Bytes != 0 && c.Quota.Bytes < MinQuotaBytes:
		return ErrMalformed
	}
	return nil
}

// addTerms writes what charters have since version 2.
func (c *Charter) addTerms(b *cryptobyte.Builder) {
	b.AddUint8(c.Format)
	b.AddUint32(c.Quota.Entries)
	b.AddUint64(c.Quota.Bytes)
}

func (c *Charter) readTerms(in *cryptobyte.String) bool {
	return in.ReadUint8(&c.Format) && c.Format != 0 && in.ReadUint32(&c.Quota.Entries) && in.ReadUint64(&c.Quota.Bytes)
}
