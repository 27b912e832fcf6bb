package ledger

import "comity/crypto/keys"

// Rotate holds the clear fields of a rotation: one of a bureau's keys ends, and
// another takes its place, in one entry. Label, roles and compartment stay, which
// is for who applies the statement to ask.
type Rotate struct {
	Old keys.ID // ends from the next position on
	New Enrol
}

// Marshal returns the encoding of r: key id, then the fields of an enrolment.
func (r *Rotate) Marshal() []byte { return append(r.Old[:], r.New.Marshal()...) }

// ParseRotate is the inverse of [Rotate.Marshal]. A key does not replace itself.
func ParseRotate(data []byte) (*Rotate, error) {
	if len(data) < len(keys.ID{}) {
		return nil, ErrMalformed
	}
	e, err := ParseEnrol(data[len(keys.ID{}):])
	if err != nil {
		return nil, ErrMalformed
	}
	r := &Rotate{keys.ID(data[:len(keys.ID{})]), *e}
	if r.Old == e.KeyID() {
		return nil, ErrMalformed
	}
	return r, nil
}

// Admits returns the enrolment that the statement is or holds: that of the key
// which is known once it is accepted. It is nil where no key is admitted.
func (s *Statement) Admits() *Enrol {
	switch s.Class {
	case ClassEnrol:
		if e, err := ParseEnrol(s.Public); err == nil {
			return e
		}
	case ClassRotate:
		if r, err := ParseRotate(s.Public); err == nil {
			return &r.New
		}
	}
	return nil
}
