package drafts

import (
	"cmp"
	"time"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/notice"

	"golang.org/x/crypto/cryptobyte"
)

// Draft is a statement that waits for a second signature.
type Draft struct {
	Item   ledger.Item
	Parked uint64 // when, by the author's clock, POSIX ms
	About  []byte // sealed for the bureau: what the author says it is for; may be empty

	Rejection *Rejection // nil while it waits
}

// Rejection is a supervisor's no.
type Rejection struct {
	By     keys.ID // who sealed Reason
	At     uint64  // POSIX ms, by that officer's clock
	Reason []byte  // sealed for the bureau
}

// ID returns the id of the statement.
func (d *Draft) ID() ledger.ID { return d.Item.Entry.ID }

// Urgency returns that of a notice or a new version, U1 for all else.
func (d *Draft) Urgency() ledger.Urgency {
	switch s := d.Item.Entry.Statement; s.Class {
	case ledger.ClassPublish, ledger.ClassAmend:
		if p, err := ledger.ParsePublish(s.Public); err == nil {
			return p.Urgency
		}
	}
	return ledger.U1
}

// Due returns by when somebody should have approved it: as soon as a hit on the
// notice would have to be answered. A draft that is overdue
// waits on: nothing is approved, or thrown away, by silence.
func (d *Draft) Due() uint64 {
	return d.Parked + uint64(notice.Limit(d.Urgency())/time.Millisecond)
}

// Bounds of a file.
const (
	magic   = "comity draft v1\n"
	maxNote = 64 << 10
	MaxFile = 512 << 10 // a larger one is no draft
	maxTime = ledger.MaxTime * 1000

	MaxRowFile = 64 << 20 // of what [MarshalRow] makes
)

// Marshal returns the file of a draft:
//
//	"comity draft v1\n" || u24-vector entry || u24-vector body || u64 parked ||
//	u24-vector about || u8 rejected || [ key id[32] || u64 at || u24-vector reason ]
func (d *Draft) Marshal() []byte {
	b := cryptobyte.NewBuilder(make([]byte, 0, 4096))
	vector := func(data []byte) {
		b.AddUint24LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(data) })
	}
	b.AddBytes([]byte(magic))
	b.AddBytes(d.Item.Marshal())
	b.AddUint64(d.Parked)
	vector(d.About)
	if r := d.Rejection; r == nil {
		b.AddUint8(0)
	} else {
		b.AddUint8(1)
		b.AddBytes(r.By[:])
		b.AddUint64(r.At)
		vector(r.Reason)
	}
	return b.BytesOrPanic()
}

// MarshalRow returns one file of several drafts, to be carried: the file of each,
// one behind the other.
func MarshalRow(row []*Draft) []byte {
	var data []byte
	for _, d := range row {
		data = append(data, d.Marshal()...)
	}
	return data
}

// ParseRow is the inverse of [MarshalRow]; a draft's own file is a row of one. It
// verifies nothing but the form.
func ParseRow(data []byte) (row []*Draft, err error) {
	if len(data) > MaxRowFile {
		return nil, ledger.ErrMalformed
	}
	for in := cryptobyte.String(data); len(row) == 0 || !in.Empty(); {
		d, err := read(&in)
		if err != nil || len(row) == MaxRow {
			return nil, cmp.Or(err, ledger.ErrMalformed)
		}
		row = append(row, d)
	}
	return row, nil
}

// Parse is the inverse of [Draft.Marshal]. It verifies nothing but the form.
func Parse(data []byte) (*Draft, error) {
	in := cryptobyte.String(data)
	d, err := read(&in)
	if err != nil || !in.Empty() {
		return nil, cmp.Or(err, ledger.ErrMalformed)
	}
	return d, nil
}

// read takes one draft from in.
func read(in *cryptobyte.String) (*Draft, error) {
	whole := len(*in)
	var head []byte
	if !in.ReadBytes(&head, len(magic)) || string(head) != magic {
		return nil, ledger.ErrMalformed
	}
	d := new(Draft)
	var (
		err           error
		rejected      uint8
		about, reason cryptobyte.String
	)
	if d.Item, err = ledger.ReadItem(in); err != nil {
		return nil, err
	}
	if !in.ReadUint64(&d.Parked) || !in.ReadUint24LengthPrefixed(&about) || !in.ReadUint8(&rejected) || rejected > 1 {
		return nil, ledger.ErrMalformed
	}
	d.About = about
	if rejected == 1 {
		r := new(Rejection)
		if !in.CopyBytes(r.By[:]) || !in.ReadUint64(&r.At) || !in.ReadUint24LengthPrefixed(&reason) || r.At > maxTime {
			return nil, ledger.ErrMalformed
		}
		r.Reason, d.Rejection = reason, r
	}
	if whole-len(*in) > MaxFile || len(d.About) > maxNote || len(reason) > maxNote || d.Parked > maxTime {
		return nil, ledger.ErrMalformed
	}
	return d, nil
}
