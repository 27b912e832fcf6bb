package ledger

import "golang.org/x/crypto/cryptobyte"

// Bounds of a Raft command.
const (
	MaxBatch         = 256     // statements in one command
	MaxBatchBytes    = 1 << 20 // a batch stops growing past this
	MaxCosignatures  = 2 * MaxVoters
	MaxCommand       = MaxBatchBytes + MaxEntry + MaxBody + 4096
	commandBatch     = 1
	commandCosign    = 2
	commandEvidence  = 3
	itemOverhead     = 6
	commandBatchHead = 11
)

// Command is what Raft orders: a batch of entries with their bodies, or
// cosignatures, or the evidence against a node. Exactly one of its fields is set.
type Command struct {
	Batch        *Batch
	Cosignatures []*Cosignature
	Evidence     *Cosignature // over another root than the log's at its size
}

// Batch is a group of entries that are applied in one step.
type Batch struct {
	Time  uint64 // ledger time: POSIX milliseconds by the leader's clock; Apply lets the ledger's time not fall
	Items []Item
}

// Item is an entry and the sealed body it names, empty where it names none.
type Item struct {
	Entry *Entry
	Body  []byte
}

// Size returns how many bytes the item adds to a command.
func (it *Item) Size() int { return itemOverhead + len(it.Entry.Raw) + len(it.Body) }

// Marshal returns u8 type || payload. It panics on a command of more or fewer
// parts than [ParseCommand] takes: one that is in the log and cannot be read
// would stop every node.
func (c *Command) Marshal() []byte {
	if c.Batch != nil && (len(c.Batch.Items) == 0 || len(c.Batch.Items) > MaxBatch) ||
		c.Batch == nil && c.Evidence == nil && (len(c.Cosignatures) == 0 || len(c.Cosignatures) > MaxCosignatures) ||
		c.Evidence != nil && (c.Batch != nil || len(c.Cosignatures) > 0) {
		panic("ledger: command of too many parts or none")
	}
	size := commandBatchHead
	if c.Batch != nil {
		for i := range c.Batch.Items {
			size += c.Batch.Items[i].Size()
		}
	}
	b := cryptobyte.NewBuilder(make([]byte, 0, size))
	if c.Evidence != nil {
		b.AddUint8(commandEvidence)
		b.AddBytes(c.Evidence.Marshal())
		return b.BytesOrPanic()
	}
	if c.Batch == nil {
		b.AddUint8(commandCosign)
		b.AddUint8(uint8(len(c.Cosignatures)))
		for _, s := range c.Cosignatures {
			b.AddBytes(s.Marshal())
		}
		return b.BytesOrPanic()
	}
	b.AddUint8(commandBatch)
	b.AddUint64(c.Batch.Time)
	b.AddUint16(uint16(len(c.Batch.Items)))
	for i := range c.Batch.Items {
		it := &c.Batch.Items[i]
		b.AddUint24LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(it.Entry.Raw) })
		b.AddUint24LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(it.Body) })
	}
	return b.BytesOrPanic()
}

// ParseCommand is the inverse of [Command.Marshal]. It checks each body against
// its statement. Entries and bodies alias data.
func ParseCommand(data []byte) (*Command, error) {
	in := cryptobyte.String(data)
	var kind uint8
	if len(data) > MaxCommand || !in.ReadUint8(&kind) {
		return nil, ErrMalformed
	}
	switch kind {
	case commandBatch:
		return parseBatch(in)
	case commandCosign:
		return parseCosignatures(in)
	case commandEvidence:
		s, err := ParseCosignature(in)
		if err != nil {
			return nil, err
		}
		return &Command{Evidence: s}, nil
	}
	return nil, ErrMalformed
}

func parseBatch(in cryptobyte.String) (*Command, error) {
	var (
		b     Batch
		count uint16
	)
	if !in.ReadUint64(&b.Time) || b.Time > MaxTime*1000+999 || !in.ReadUint16(&count) || count == 0 || count > MaxBatch {
		return nil, ErrMalformed
	}
	b.Items = make([]Item, 0, count)
	for range count {
		it, err := ReadItem(&in)
		if err != nil {
			return nil, err
		}
		b.Items = append(b.Items, it)
	}
	if !in.Empty() {
		return nil, ErrMalformed
	}
	return &Command{Batch: &b}, nil
}

// ReadItem reads u24-vector entry || u24-vector body, as commands, submissions
// and streams of entries carry it.
func ReadItem(in *cryptobyte.String) (Item, error) {
	var raw, body cryptobyte.String
	if !in.ReadUint24LengthPrefixed(&raw) || !in.ReadUint24LengthPrefixed(&body) {
		return Item{}, ErrMalformed
	}
	e, err := ParseEntry(raw)
	if err != nil {
		return Item{}, err
	}
	if !e.CheckBody(body) {
		return Item{}, ErrMalformed
	}
	return Item{e, body}, nil
}

// Marshal returns the bytes that [ReadItem] reads.
func (it *Item) Marshal() []byte {
	b := cryptobyte.NewBuilder(make([]byte, 0, it.Size()))
	b.AddUint24LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(it.Entry.Raw) })
	b.AddUint24LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(it.Body) })
	return b.BytesOrPanic()
}

// ParseItem is the inverse of [Item.Marshal].
func ParseItem(data []byte) (Item, error) {
	in := cryptobyte.String(data)
	it, err := ReadItem(&in)
	if err == nil && !in.Empty() {
		err = ErrMalformed
	}
	return it, err
}

func parseCosignatures(in cryptobyte.String) (*Command, error) {
	var count uint8
	if !in.ReadUint8(&count) || count == 0 || count > MaxCosignatures {
		return nil, ErrMalformed
	}
	c := &Command{}
	for range count {
		s, err := readCosignature(&in)
		if err != nil {
			return nil, err
		}
		c.Cosignatures = append(c.Cosignatures, s)
	}
	if !in.Empty() {
		return nil, ErrMalformed
	}
	return c, nil
}
