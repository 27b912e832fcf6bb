package ledger

import (
	"bytes"

	"comity/crypto/seal"

	"golang.org/x/crypto/cryptobyte"
)

// MaxAttachments is how many attachments a publish or amend names at most.
const MaxAttachments = 16

// Attachment is what the log says of a sealed file: its address, by which nodes
// hold it, and its length, by which they bound it.
type Attachment struct {
	Address Hash   // SHA-256 of the sealed bytes
	Size    uint64 // of the sealed bytes
}

// addAttachments appends u8 n || n * (address[32] || u64 size), and nothing for
// none.
func addAttachments(b *cryptobyte.Builder, list []Attachment) {
	if len(list) == 0 {
		return
	}
	b.AddUint8(uint8(len(list)))
	for i := range list {
		b.AddBytes(list[i].Address[:])
		b.AddUint64(list[i].Size)
	}
}

// readAttachments is the inverse of addAttachments: addresses ascend strictly,
// and each size is one that sealing produces.
func readAttachments(in *cryptobyte.String, list *[]Attachment) bool {
	if in.Empty() {
		return true
	}
	var n uint8
	if !in.ReadUint8(&n) || n == 0 || n > MaxAttachments {
		return false
	}
	for i := range int(n) {
		var a Attachment
		if !in.CopyBytes(a.Address[:]) || !in.ReadUint64(&a.Size) || !seal.IsSealedSize(a.Size) {
			return false
		}
		if i > 0 && bytes.Compare((*list)[i-1].Address[:], a.Address[:]) >= 0 {
			return false
		}
		*list = append(*list, a)
	}
	return true
}
