package ledger

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"math/bits"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// MaxReceipt bounds a receipt: a note and at most 62 hashes.
const MaxReceipt = 128 << 10

const maxPath = 62 // in a tree of up to 2^62-1 entries

// ErrNotIncluded is returned for a receipt whose inclusion proof does not lead
// from the entry to the root of its checkpoint.
var ErrNotIncluded = errors.New("the entry is not in the tree of this checkpoint")

// Receipt proves, offline and for ever, that an entry is in the ledger: its
// index, the inclusion path and a FINAL checkpoint. Its text is
// c2sp.org/tlog-proof@v1.
type Receipt struct {
	Index uint64
	Proof tlog.RecordProof // from the leaf's sibling up
	Note  []byte           // the cosigned checkpoint
}

const receiptHeader = "c2sp.org/tlog-proof@v1\n"

// Marshal returns the text of r.
func (r *Receipt) Marshal() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%sindex %d\n", receiptHeader, r.Index)
	for _, h := range r.Proof {
		fmt.Fprintf(&b, "%s\n", base64.StdEncoding.EncodeToString(h[:]))
	}
	b.WriteString("\n")
	b.Write(r.Note)
	return b.Bytes()
}

// ParseReceipt is the inverse of [Receipt.Marshal]. Ours carry no extra line.
func ParseReceipt(data []byte) (*Receipt, error) {
	rest, ok := strings.CutPrefix(string(data), receiptHeader)
	if !ok || len(data) > MaxReceipt {
		return nil, ErrMalformed
	}
	rest, ok = strings.CutPrefix(rest, "index ")
	line, rest, ok2 := strings.Cut(rest, "\n")
	index, err := strconv.ParseUint(line, 10, 64)
	if !ok || !ok2 || err != nil || index > maxSize || strconv.FormatUint(index, 10) != line {
		return nil, ErrMalformed
	}
	r := &Receipt{Index: index}
	for {
		line, rest, ok = strings.Cut(rest, "\n")
		if !ok {
			return nil, ErrMalformed
		}
		if line == "" {
			break
		}
		if len(r.Proof) == maxPath {
			return nil, ErrMalformed
		}
		h, err := tlog.ParseHash(line)
		if err != nil || base64.StdEncoding.EncodeToString(h[:]) != line {
			return nil, ErrMalformed
		}
		r.Proof = append(r.Proof, h)
	}
	r.Note = []byte(rest)
	return r, nil
}

// Opener opens the notes of FINAL checkpoints: a [Genesis], a [Membership], or the
// [Policy] of one epoch.
type Opener interface {
	Open(note []byte) (Checkpoint, []string, error)
}

var _, _, _ Opener = (*Genesis)(nil), (*Membership)(nil), (*Policy)(nil)

// Verify checks that the entry with this leaf hash is in the log at r.Index
// under a FINAL checkpoint, and returns that checkpoint and its cosigners. With a
// [CutError] it was, and a recovery has cut the log below the checkpoint.
func (r *Receipt) Verify(by Opener, leaf tlog.Hash) (Checkpoint, []string, error) {
	c, bureaus, err := by.Open(r.Note)
	cut := new(CutError)
	if err != nil && !errors.As(err, &cut) {
		return c, bureaus, err
	}
	if r.Index >= c.Size || tlog.CheckRecord(r.Proof, int64(c.Size), tlog.Hash(c.Root), int64(r.Index), leaf) != nil {
		return c, bureaus, fmt.Errorf("entry %d, checkpoint %d: %w", r.Index, c.Size, ErrNotIncluded)
	}
	return c, bureaus, err
}

// Least returns the receipt with no more lines under its note than make it FINAL. One
// that is not it returns as it is.
func (r *Receipt) Least(m *Membership) *Receipt {
	p := m.policyOf(r.Note)
	list, err := p.Cosignatures(r.Note)
	if err != nil {
		return r
	}
	at := Checkpoint{Origin: p.Origin, Size: list[0].Size, Root: list[0].Root}
	return &Receipt{r.Index, r.Proof, FormatNote(at, p.Witness, list[:p.Quorum])}
}

// SamePast reports whether all hashes to the left in the inclusion path (RFC
// 6962, 2.1.1) of leaf size-1 in a tree of total leaves are those of our tree.
// With a path that leads to the root of that tree, this makes our first size
// leaves its first size leaves.
func SamePast(path tlog.RecordProof, size, total uint64, ours tlog.HashReader) (bool, error) {
	// The path is given from the leaf up; we go from the root down. Every left
	// subtree is complete: 2^level leaves from a multiple of 2^level on.
	leaf, lo, hi := size-1, uint64(0), total
	for i := len(path) - 1; i >= 0 && hi-lo > 1; i-- {
		level := bits.Len64(hi-lo-1) - 1
		middle := lo + 1<<level
		if leaf < middle {
			hi = middle
			continue
		}
		h, err := ours.ReadHashes([]int64{tlog.StoredHashIndex(level, int64(lo>>level))})
		if err != nil {
			return false, fmt.Errorf("compare with our tree: %w", err)
		}
		if h[0] != path[i] {
			return false, nil
		}
		lo = middle
	}
	return hi-lo == 1, nil
}
