package notice

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"comity/crypto/keys"
	"comity/crypto/seal"
	"comity/ledger"
)

// CirclePrefix begins a reader that is a circle: "circle:" and, in what is
// sealed, the id of the statement that founded it. In a draft its name, or the
// first digits of that id, will do.
const CirclePrefix = "circle:"

// Bounds of a circle.
const (
	MaxCircleName    = 32
	MaxCircleMembers = 64 // its statement has as many grants in each of three parts

	// MaxCircleReaders is how many readers a text may name with a circle among them.
	MaxCircleReaders = 128
)

// Circle returns the name or id of the circle that a reader is, "" for a bureau.
func Circle(reader string) string {
	if name, ok := strings.CutPrefix(reader, CirclePrefix); ok {
		return name
	}
	return ""
}

// Circles returns the names or ids of the circles among the readers.
func (r Readers) Circles() []string {
	var list []string
	for _, reader := range r {
		if name := Circle(reader); name != "" {
			list = append(list, name)
		}
	}
	return list
}

// checkCircles refuses readers that name circles without bound: each is looked up
// in all statements on circles.
func (r Readers) checkCircles() error {
	if !slices.ContainsFunc(r, func(reader string) bool { return Circle(reader) != "" }) {
		return nil
	}
	if len(r) > MaxCircleReaders {
		return fmt.Errorf("%d readers with a circle among them: %d are the most", len(r), MaxCircleReaders)
	}
	for i, reader := range r {
		if slices.Contains(r[:i], reader) {
			return errors.New("with a circle among the readers, one is named twice")
		}
	}
	return nil
}

// CirclesOf returns the circles among the readers of a notice and those of its
// victim's part, each once: where all read the notice, its victim's part may be for
// a circle that the readers do not name.
func CirclesOf(readers Readers, v *Victim) Readers {
	list := slices.Clone(readers)
	if v != nil {
		list = append(list, v.Readers...)
	}
	list = slices.DeleteFunc(list, func(r string) bool { return Circle(r) == "" })
	slices.Sort(list)
	return slices.Compact(list)
}

// Bureaus returns the readers with the members of circles in the place of these;
// a circle that is not among those given is left out.
func (r Readers) Bureaus(circles []CircleSeen) Readers {
	var list Readers
	for _, reader := range r {
		of := Readers{reader}
		if name := Circle(reader); name != "" {
			i := slices.IndexFunc(circles, func(c CircleSeen) bool { return c.ID.String() == name })
			if i < 0 {
				continue
			}
			of = circles[i].Members
		}
		for _, b := range of {
			if !slices.Contains(list, b) {
				list = append(list, b)
			}
		}
	}
	return list
}

// IsCircleName reports whether s can be the name of a circle: 1 to 32 letters,
// digits, and - . _ between them, but not what could be the first digits of an
// id: else somebody could name a circle like the id of another.
func IsCircleName(s string) bool {
	return isCircleWord(s) && (len(s) < 8 || !allIn(s, decimalDigits+"abcdef"))
}

func isCircleWord(s string) bool {
	const inner = upperLetters + lowerLetters + decimalDigits
	return s != "" && len(s) <= MaxCircleName && allIn(s, inner+"-._") && allIn(s[:1], inner) && allIn(s[len(s)-1:], inner)
}

// isReader reports whether s is the code of a bureau or names a circle.
func isReader(s string) bool {
	name := Circle(s)
	return isBureau(s) || isCircleWord(name) || isHex(name, 32)
}

// CircleSeen is a circle among the readers of a version, as the reader knows it.
type CircleSeen struct {
	ID      ledger.ID `json:"id"` // of the founding statement
	Name    string    `json:"name"`
	Founder string    `json:"founder"`
	Epoch   int       `json:"epoch"`
	Members Readers   `json:"members"`

	// Superseded says that the circle had changed, or ended, before the notice
	// came into the ledger: it was sealed to members who may not be the present
	// ones.
	Superseded bool `json:"superseded,omitempty"`

	// Gone are the members that had left the ledger by then: they have the key that
	// the notice was sealed to.
	Gone Readers `json:"gone,omitempty"`
}

// Epoch is one epoch of a circle: who is in it, and its keys. A notice to the
// circle is sealed to the key of its compartment, with one grant.
type Epoch struct {
	Name    string
	Number  int       // from 1
	Circle  ledger.ID // the founding statement; zero in that one itself
	After   ledger.ID // the statement on the circle before; zero in the first
	Members Readers   // in order, the founder among them
	Keys    map[seal.Compartment]*keys.Recipient

	// Seeds are the private halves: all for who makes the epoch, for a reader
	// those of the compartments that it opened.
	Seeds map[seal.Compartment]*keys.Identity
}

// circleText is what is sealed of an epoch in each part. The part of each
// compartment has that compartment's seed, and the public keys of all, so that
// who may open one can seal to all. It is never printed.
type circleText struct {
	Name    string            `json:"name"`
	Epoch   int               `json:"epoch"`
	Founded string            `json:"founded,omitempty"` // id of the founding statement
	After   string            `json:"after,omitempty"`   // id of the statement on the circle before
	Keys    map[string]string `json:"keys"`              // by compartment, base64
	Seed    string            `json:"seed"`              // hexadecimal
}

// Parts returns the plaintexts of an epoch, each for the members.
func (e *Epoch) Parts(o Origin) ([]Part, error) {
	if err := e.check(o.Bureau); err != nil {
		return nil, err
	}
	text := circleText{Name: e.Name, Epoch: e.Number, Founded: idText(e.Circle), After: idText(e.After), Keys: make(map[string]string)}
	for c := seal.Card; c <= seal.Victim; c++ {
		if e.Seeds[c] == nil {
			return nil, fmt.Errorf("no key for a %s", c)
		}
		text.Keys[c.String()] = base64.StdEncoding.EncodeToString(e.Seeds[c].Recipient().Bytes())
	}
	var parts []Part
	for c := seal.Card; c <= seal.Victim; c++ {
		own, seed := text, e.Seeds[c].Seed()
		own.Seed = hex.EncodeToString(seed[:])
		part, err := newPart(c, e.Members, &inner{
			Format: formatCircle, Ledger: o.Ledger, Author: o.Author, Origin: o.Bureau, Readers: e.Members, Circle: &own,
		})
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	return parts, nil
}

// check holds the rules on an epoch of a circle of a bureau.
func (e *Epoch) check(founder string) error {
	switch {
	case !IsCircleName(e.Name):
		return errors.New("its name is not 1 to 32 letters, digits, and - . _ between them, or could be an id")
	case e.Number < 1, (e.Number == 1) != (e.Circle == ledger.ID{}), (e.Circle == ledger.ID{}) != (e.After == ledger.ID{}):
		return errors.New("it does not say after which epoch it comes")
	case len(e.Members) < 2 || len(e.Members) > MaxCircleMembers:
		return fmt.Errorf("a circle has 2 to %d members, its founder among them; this one would have %d", MaxCircleMembers, len(e.Members))
	case !slices.Contains(e.Members, founder):
		return fmt.Errorf("%s, who founded it, is not a member", founder)
	}
	for i, m := range e.Members {
		if !isBureau(m) || i > 0 && m <= e.Members[i-1] {
			return errors.New("its members are not codes of bureaus, each once, in order")
		}
	}
	return nil
}

// OpenEpoch returns the epoch that a statement on a circle makes, from what a
// reader could open of it; nil if that is nothing. number is which epoch of the
// circle the ledger has it for, 0 for who does not know. Like [OpenParts] it refuses a text from
// elsewhere.
func OpenEpoch(o Origin, s *ledger.Statement, number int, opened []seal.Opened) (*Epoch, error) {
	texts, err := openInner(o, formatCircle, opened)
	if err != nil {
		return nil, fmt.Errorf("open circle: %w", err)
	}
	var e *Epoch
	for _, t := range texts {
		if t.Circle == nil || len(t.Attachments) > 0 || t.content() != (content{circle: t.Circle}) {
			return nil, fmt.Errorf("open circle: %s: %w: not what a circle holds", t.compartment, ErrForeign)
		}
		own, err := t.Circle.epoch(t.compartment, t.Readers)
		if err == nil && e != nil {
			err = own.like(e)
		}
		if err != nil {
			return nil, fmt.Errorf("open circle: %s: %w", t.compartment, err)
		}
		if e == nil {
			e = own
		}
		e.Seeds[t.compartment] = own.Seeds[t.compartment]
	}
	if e == nil {
		return nil, nil
	}
	if err := e.check(o.Bureau); err != nil {
		return nil, fmt.Errorf("open circle: %w", err)
	}
	after := ledger.ID{}
	if s.Target != (ledger.ID{}) {
		c, err := ledger.ParseCircle(s.Public)
		if err != nil {
			return nil, fmt.Errorf("open circle: %w", err)
		}
		after = c.After
	}
	if e.Circle != s.Target || e.After != after || number != 0 && e.Number != number {
		return nil, fmt.Errorf("open circle: %w: it is another epoch than the one that was signed", ErrForeign)
	}
	return e, nil
}

// epoch reads what one part says.
func (t *circleText) epoch(c seal.Compartment, members Readers) (*Epoch, error) {
	e := &Epoch{Name: t.Name, Number: t.Epoch, Members: members, Keys: make(map[seal.Compartment]*keys.Recipient), Seeds: make(map[seal.Compartment]*keys.Identity)}
	var err error
	if e.Circle, err = parseIDText(t.Founded); err != nil {
		return nil, err
	}
	if e.After, err = parseIDText(t.After); err != nil {
		return nil, err
	}
	for c := seal.Card; c <= seal.Victim; c++ {
		raw, err := base64.StdEncoding.Strict().DecodeString(t.Keys[c.String()])
		if err != nil {
			return nil, errors.New("a key that is none")
		}
		if e.Keys[c], err = keys.RecipientFromBytes(raw); err != nil {
			return nil, fmt.Errorf("a key that is none: %w", err)
		}
	}
	if len(t.Keys) != len(e.Keys) {
		return nil, errors.New("a key for no compartment")
	}
	seed, err := hex.DecodeString(t.Seed)
	if err != nil || !isHex(t.Seed, 32) {
		return nil, errors.New("a seed that is none")
	}
	if e.Seeds[c], err = keys.IdentityFromSeed([32]byte(seed)); err != nil {
		return nil, err
	}
	if !e.Seeds[c].Recipient().Equal(e.Keys[c]) {
		return nil, errors.New("its seed is not that of its key")
	}
	return e, nil
}

// like returns an error unless both are one epoch, seeds apart.
func (e *Epoch) like(o *Epoch) error {
	same := e.Name == o.Name && e.Number == o.Number && e.Circle == o.Circle && e.After == o.After && slices.Equal(e.Members, o.Members)
	for c, k := range e.Keys {
		same = same && k.Equal(o.Keys[c])
	}
	if !same {
		return fmt.Errorf("%w: its parts are of two epochs", ErrForeign)
	}
	return nil
}

func idText(id ledger.ID) string {
	if id == (ledger.ID{}) {
		return ""
	}
	return id.String()
}

func parseIDText(text string) (ledger.ID, error) {
	if text == "" {
		return ledger.ID{}, nil
	}
	id, err := keys.ParseID(text)
	if err != nil || id == (keys.ID{}) {
		return ledger.ID{}, errors.New("an id that is none")
	}
	return id, nil
}
