package readlog

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"

	"comity/ledger"

	"golang.org/x/crypto/cryptobyte"
)

const (
	magic     = "comity/reads/1\n\x00"
	headerLen = 16 + 32 + 2 + 16 + 8 + 4
	headWord  = "comity/reads/1"
)

// Origin says whose log it is.
type Origin struct {
	Ledger ledger.Hash
	Bureau string // code of two letters
}

// header is the beginning of a log.
type header struct {
	Origin
	log  [16]byte // random: a log that was begun anew is another
	time uint64   // POSIX ms
}

func (h *header) marshal() []byte {
	b := cryptobyte.NewBuilder(nil)
	b.AddBytes([]byte(magic))
	b.AddBytes(h.Ledger[:])
	b.AddBytes([]byte(h.Bureau))
	b.AddBytes(h.log[:])
	b.AddUint64(h.time)
	data := b.BytesOrPanic()
	b = cryptobyte.NewBuilder(data)
	b.AddUint32(crc32.Checksum(data, castagnoli))
	return b.BytesOrPanic()
}

func parseHeader(data []byte) (*header, error) {
	var (
		h            header
		word, bureau []byte
		sum          uint32
	)
	in := cryptobyte.String(data)
	ok := in.ReadBytes(&word, len(magic)) && in.CopyBytes(h.Ledger[:]) && in.ReadBytes(&bureau, 2) && in.CopyBytes(h.log[:]) &&
		in.ReadUint64(&h.time) && in.ReadUint32(&sum) && in.Empty()
	if !ok || string(word) != magic || sum != crc32.Checksum(data[:headerLen-4], castagnoli) || !isCode(string(bureau)) {
		return nil, ErrMalformed
	}
	h.Bureau = string(bureau)
	return &h, nil
}

func isCode(s string) bool {
	return len(s) == 2 && 'A' <= s[0] && s[0] <= 'Z' && 'A' <= s[1] && s[1] <= 'Z'
}

// head returns the head of a log without records.
func (h *header) head() Head {
	sum := sha256.New()
	sum.Write([]byte{0})
	sum.Write(h.marshal())
	return Head{Bureau: h.Bureau, Log: h.log, Hash: [hashLen]byte(sum.Sum(nil))}
}

// Head stands for a log up to a record. Two logs with the same head have the
// same records up to there. It tells nothing of what was read.
type Head struct {
	Bureau string
	Log    [16]byte
	Size   uint64 // records
	Hash   [hashLen]byte
}

// Marshal returns the head as a line for people to keep, without a line break.
func (h *Head) Marshal() string {
	return fmt.Sprintf("%s %s %x %d %x", headWord, h.Bureau, h.Log, h.Size, h.Hash)
}

// ParseHead is the inverse of [Head.Marshal]; a line break may follow.
func ParseHead(line string) (*Head, error) {
	line = strings.TrimSuffix(line, "\n")
	words := strings.Split(line, " ")
	if len(words) != 5 || words[0] != headWord || !isCode(words[1]) {
		return nil, fmt.Errorf("parse head: %w", ErrMalformed)
	}
	h := &Head{Bureau: words[1]}
	size, err := strconv.ParseUint(words[3], 10, 64)
	if err != nil || len(words[2]) != 2*len(h.Log) || len(words[4]) != 2*len(h.Hash) {
		return nil, fmt.Errorf("parse head: %w", ErrMalformed)
	}
	h.Size = size
	_, err1 := hex.Decode(h.Log[:], []byte(words[2]))
	_, err2 := hex.Decode(h.Hash[:], []byte(words[4]))
	if err1 != nil || err2 != nil || h.Marshal() != line {
		return nil, fmt.Errorf("parse head: %w", ErrMalformed)
	}
	return h, nil
}
