package state

import (
	"fmt"

	"comity/crypto/keys"
	"comity/ledger"

	"golang.org/x/crypto/cryptobyte"
)

// Attachment is what the ledger knows of a sealed file. An address belongs for
// good to the notice that named it first: else another notice could keep alive
// what is purged with this one.
type Attachment struct {
	Notice ledger.ID // the publish statement of its notice
	Index  uint64    // of the entry that named it first
	Author keys.ID   // of that entry: the context in which the file is sealed
	Size   uint64    // of the sealed bytes
}

func (x *Attachment) marshal() []byte {
	b := cryptobyte.NewFixedBuilder(make([]byte, 0, AttachmentBytes))
	b.AddBytes(x.Notice[:])
	b.AddUint64(x.Index)
	b.AddBytes(x.Author[:])
	b.AddUint64(x.Size)
	return b.BytesOrPanic()
}

// AttachmentBytes is the length of what the state holds of an attachment.
const AttachmentBytes = 32 + 8 + 32 + 8

// ParseAttachment reads what the state holds of an attachment.
func ParseAttachment(data []byte) (*Attachment, bool) {
	var x Attachment
	in := cryptobyte.String(data)
	return &x, in.CopyBytes(x.Notice[:]) && in.ReadUint64(&x.Index) && in.CopyBytes(x.Author[:]) && in.ReadUint64(&x.Size) && in.Empty()
}

// ReadAttachment returns what the ledger knows of the attachment at an address,
// nil when no statement names it.
func ReadAttachment(v View, address ledger.Hash) (*Attachment, error) {
	return read(v, TableAttachments, address[:], ParseAttachment)
}

// checkAttachments holds that each address is new, or this notice's already.
func (a *application) checkAttachments(s *ledger.Statement, p *ledger.Publish) (*Refusal, error) {
	for _, x := range p.Attachments {
		known, err := ReadAttachment(a, x.Address)
		if err != nil {
			return nil, err
		}
		if known != nil && (s.Class == ledger.ClassPublish || known.Notice != s.Target || known.Size != x.Size) {
			return refuse(AddressInUse, fmt.Sprintf("the attachment %x is named since entry %d, of another notice or with another size", x.Address[:4], known.Index)), nil
		}
	}
	return nil, nil
}

// addAttachments notes the addresses that the entry is the first to name.
func (a *application) addAttachments(e *ledger.Entry, p *ledger.Publish, index uint64) error {
	s := e.Statement
	of := s.Target
	if s.Class == ledger.ClassPublish {
		of = e.ID
	}
	for _, x := range p.Attachments {
		known, err := ReadAttachment(a, x.Address)
		if err != nil {
			return err
		}
		if known == nil {
			a.put(TableAttachments, x.Address[:], (&Attachment{of, index, s.Author, x.Size}).marshal())
		}
	}
	return nil
}
