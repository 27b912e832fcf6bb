package state

import (
	"encoding/binary"
	"fmt"

	"comity/ledger"

	"golang.org/x/crypto/cryptobyte"
)

// MaxCircles is how many open circles a bureau may have founded. Each is a key
// that desks try on what they cannot open, so they must not grow without bound.
const MaxCircles = 32

// Circle is what the ledger knows of a circle in the clear: neither its name nor
// its members.
type Circle struct {
	Bureau string    // that founded it
	Index  uint64    // of the founding statement
	Latest uint64    // of the last statement that made an epoch
	Last   ledger.ID // the last statement on it, which the next one names
	Epochs uint32    // how many there were
	Ended  uint64    // index of the statement that ended it + 1; 0 when none has. It ends too when Bureau leaves the ledger
}

// CircleBytes is the length of what the state holds of a circle.
const CircleBytes = 2 + 3*8 + 4 + 32

func (c *Circle) marshal() []byte {
	b := cryptobyte.NewFixedBuilder(make([]byte, 0, CircleBytes))
	b.AddBytes([]byte(c.Bureau))
	b.AddUint64(c.Index)
	b.AddUint64(c.Latest)
	b.AddUint64(c.Ended)
	b.AddUint32(c.Epochs)
	b.AddBytes(c.Last[:])
	return b.BytesOrPanic()
}

func parseCircle(data []byte) (*Circle, bool) {
	var c Circle
	var code []byte
	in := cryptobyte.String(data)
	ok := in.ReadBytes(&code, 2) && in.ReadUint64(&c.Index) && in.ReadUint64(&c.Latest) && in.ReadUint64(&c.Ended) &&
		in.ReadUint32(&c.Epochs) && in.CopyBytes(c.Last[:]) && in.Empty()
	c.Bureau = string(code)
	return &c, ok
}

// ReadCircle returns the circle with this founding statement, nil when there is
// none.
func ReadCircle(v View, id ledger.ID) (*Circle, error) {
	return read(v, TableCircles, id[:], parseCircle)
}

// ReadCircles returns how many statements on circles the ledger has.
func ReadCircles(v View) (uint64, error) {
	n, err := read(v, TableMeta, []byte(metaCircles), readNumber)
	if n == nil || err != nil {
		return 0, err
	}
	return *n, nil
}

// ReadCircleAt returns the index of the k-th statement on a circle, from 0, in
// log order.
func ReadCircleAt(v View, k uint64) (uint64, error) {
	n, err := read(v, TableCircles, binary.BigEndian.AppendUint64(nil, k), readNumber)
	if err == nil && n == nil {
		err = fmt.Errorf("state: there is no statement %d on a circle", k)
	}
	if err != nil {
		return 0, err
	}
	return *n, nil
}

// openCircles returns how many open circles a bureau has.
func (a *application) openCircles(bureau string) (uint64, error) {
	n, err := read(a, TableCircles, []byte(bureau), readNumber)
	if n == nil || err != nil {
		return 0, err
	}
	return *n, nil
}

// checkCircle says who founds circles, and who changes them. Whom a circle
// changes is sealed, so nobody else can watch it: a change, which decides who
// reads what others seal to it, needs four eyes. Once a bureau has left the
// consortium one officer is enough, once: that the others stay and nobody joins is
// for the members to see, and until the circle has other keys none of them seals to
// it.
func (a *application) checkCircle(s *ledger.Statement, signers []*Key) (*Refusal, error) {
	author := signers[0]
	if author.Roles&mayAuthor == 0 {
		return refuse(NotAllowed, fmt.Sprintf("%s of %s may not found or change circles", author.Label, author.Bureau)), nil
	}
	leftSince, err := a.leavers()
	if err != nil {
		return nil, err
	}
	if code := leftSince(s.SeenSize); code != "" && s.BodyLen > 0 {
		return refuse(Superseded, fmt.Sprintf("%s has left the ledger since its author looked", code)), nil
	}
	if s.Target == (ledger.ID{}) {
		open, err := a.openCircles(author.Bureau)
		if err == nil && open >= MaxCircles {
			return refuse(TooMany, fmt.Sprintf("%s has %d open circles: it must end one first", author.Bureau, open)), nil
		}
		return nil, err
	}
	p, err := ledger.ParseCircle(s.Public)
	if err != nil {
		return nil, badFields(err)
	}
	c, err := ReadCircle(a, s.Target)
	if err != nil {
		return nil, err
	}
	if c == nil {
		return refuse(NoTarget, fmt.Sprintf("there is no circle %s", s.Target.Short())), nil
	}
	from, err := a.leftSince(c.Bureau, c.Index)
	if err != nil {
		return nil, err
	}
	switch {
	case c.Bureau != author.Bureau:
		return refuse(NotAllowed, fmt.Sprintf("%s may not change a circle of %s", author.Bureau, c.Bureau)), nil
	case c.Ended != 0:
		return refuse(Ended, fmt.Sprintf("the circle ended with entry %d", c.Ended-1)), nil
	case from > 0:
		return refuse(Ended, fmt.Sprintf("the circle ended when %s left the ledger, with entry %d", c.Bureau, from-1)), nil
	case p.After != c.Last:
		return refuse(Superseded, fmt.Sprintf("the circle was changed since: its last statement is %s", c.Last.Short())), nil
	case !supervised(signers) && leftSince(c.Latest) == "":
		return refuse(FourEyes, "a change of a circle needs the second signature of a supervisor"), nil
	}
	return nil, nil
}

// circle founds, changes or ends a circle.
func (a *application) circle(e *ledger.Entry, index uint64, bureau string) error {
	s := e.Statement
	id, c := s.Target, &Circle{Bureau: bureau, Index: index}
	open, err := a.openCircles(bureau)
	if err != nil {
		return err
	}
	if id == (ledger.ID{}) {
		id = e.ID
		open++
	} else if c, err = ReadCircle(a, id); err != nil {
		return err
	}
	c.Last = e.ID
	if s.BodyLen > 0 {
		c.Latest, c.Epochs = index, c.Epochs+1
		a.addBody(index, id, 0)
	} else {
		c.Ended = index + 1
		open--
	}
	k, err := ReadCircles(a)
	if err != nil {
		return err
	}
	a.put(TableCircles, id[:], c.marshal())
	a.put(TableCircles, []byte(bureau), binary.BigEndian.AppendUint64(nil, open))
	a.put(TableCircles, binary.BigEndian.AppendUint64(nil, k), binary.BigEndian.AppendUint64(nil, index))
	a.put(TableMeta, []byte(metaCircles), binary.BigEndian.AppendUint64(nil, k+1))
	return nil
}
