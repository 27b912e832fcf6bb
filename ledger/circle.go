package ledger

import "golang.org/x/crypto/cryptobyte"

// Circle holds the clear fields of every statement on a circle but the one that
// founds it, which has none. One with a body makes a new epoch; one without ends
// the circle. The log shows neither name nor members.
type Circle struct {
	After ID // the statement on the circle that stood until then: two that were written at once cannot both count
}

// Marshal returns the encoding of c: statement id.
func (c *Circle) Marshal() []byte { return c.After[:] }

// ParseCircle is the inverse of [Circle.Marshal].
func ParseCircle(data []byte) (*Circle, error) {
	var c Circle
	in := cryptobyte.String(data)
	if !in.CopyBytes(c.After[:]) || c.After == (ID{}) || !in.Empty() {
		return nil, ErrMalformed
	}
	return &c, nil
}

// checkCircle holds what only a founding statement lacks against what only it
// must have.
func (s *Statement) checkCircle(body, target bool) error {
	if !target {
		return must(nil, body, len(s.Public) == 0)
	}
	_, err := ParseCircle(s.Public)
	return must(err)
}
