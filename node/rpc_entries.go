package node

import (
	"fmt"
	"math"
	"time"

	"github.com/hashicorp/raft"
	"golang.org/x/crypto/cryptobyte"
)

// AppendEntries:
//
//	header || u64 term || u64 previous index || u64 previous term || u64 commit index
//	|| u16 count || entry[count]
func marshalAppendEntries(r *raft.AppendEntriesRequest) ([]byte, error) {
	if len(r.Entries) > MaxAppendEntries {
		return nil, fmt.Errorf("marshal %d entries: raft must be configured with MaxAppendEntries %d", len(r.Entries), MaxAppendEntries)
	}
	size := maxSmall
	for i, e := range r.Entries {
		if e.Index != r.PrevLogEntry+1+uint64(i) {
			return nil, fmt.Errorf("marshal entry %d after %d: not contiguous", e.Index, r.PrevLogEntry+uint64(i))
		}
		if len(e.Data) > MaxCommand || len(e.Extensions) > maxExtensions {
			return nil, fmt.Errorf("marshal entry %d: %w", e.Index, errOversize)
		}
		size += entryOverhead + len(e.Data) + len(e.Extensions)
	}
	b := newFrame(size)
	marshalHeader(b, r.RPCHeader)
	b.AddUint64(r.Term)
	b.AddUint64(r.PrevLogEntry)
	b.AddUint64(r.PrevLogTerm)
	b.AddUint64(r.LeaderCommitIndex)
	b.AddUint16(uint16(len(r.Entries)))
	for _, e := range r.Entries {
		marshalEntry(b, e)
	}
	return finishFrame(b, frameAppendEntries, MaxFrame)
}

func parseAppendEntries(payload []byte) (*raft.AppendEntriesRequest, error) {
	s := cryptobyte.String(payload)
	r := new(raft.AppendEntriesRequest)
	var ok bool
	var count uint16
	if r.RPCHeader, ok = parseHeader(&s); !ok ||
		!s.ReadUint64(&r.Term) || r.Term == 0 ||
		!s.ReadUint64(&r.PrevLogEntry) || r.PrevLogEntry > math.MaxUint64-MaxAppendEntries ||
		!s.ReadUint64(&r.PrevLogTerm) || r.PrevLogTerm > r.Term ||
		!s.ReadUint64(&r.LeaderCommitIndex) ||
		!s.ReadUint16(&count) || count > MaxAppendEntries {
		return nil, errMalformed
	}
	term := r.PrevLogTerm // terms never fall along a log, nor rise above the leader's
	for i := range uint64(count) {
		e, ok := parseEntry(&s)
		if !ok || e.Term < term || e.Term > r.Term {
			return nil, errMalformed
		}
		e.Index = r.PrevLogEntry + 1 + i
		term = e.Term
		r.Entries = append(r.Entries, e)
	}
	if !s.Empty() {
		return nil, errMalformed
	}
	return r, nil
}

// entry:
//
//	u64 term || u8 type || u64 appended-at, POSIX s || u32 ns || u24-vector data || u16-vector extensions
//
// The time is the leader's claim, kept for telemetry; it decides nothing.
func marshalEntry(b *cryptobyte.Builder, e *raft.Log) {
	b.AddUint64(e.Term)
	b.AddUint8(uint8(e.Type))
	b.AddUint64(uint64(e.AppendedAt.Unix()))
	b.AddUint32(uint32(e.AppendedAt.Nanosecond()))
	b.AddUint24LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(e.Data) })
	b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(e.Extensions) })
}

func parseEntry(s *cryptobyte.String) (*raft.Log, bool) {
	var kind uint8
	var sec uint64
	var nsec uint32
	var data, ext cryptobyte.String
	e := new(raft.Log)
	if !s.ReadUint64(&e.Term) || e.Term == 0 || !s.ReadUint8(&kind) ||
		!s.ReadUint64(&sec) || !s.ReadUint32(&nsec) || nsec >= 1e9 ||
		!s.ReadUint24LengthPrefixed(&data) || len(data) > MaxCommand ||
		!s.ReadUint16LengthPrefixed(&ext) || len(ext) > maxExtensions {
		return nil, false
	}
	e.Type = raft.LogType(kind)
	switch e.Type {
	case raft.LogCommand, raft.LogNoop, raft.LogBarrier:
	case raft.LogConfiguration:
		// raft decodes this as soon as it is stored, and panics if it cannot.
		if _, err := ParseConfiguration(data); err != nil {
			return nil, false
		}
	default: // the two deprecated membership types change peers without our guard
		return nil, false
	}
	e.AppendedAt = time.Unix(int64(sec), int64(nsec)).UTC()
	e.Data, e.Extensions = orNil(data), orNil(ext)
	return e, true
}

// isHeartbeat tells raft's heartbeats from its other empty AppendEntries by what
// they leave at zero, as raft's own transport does.
func isHeartbeat(r *raft.AppendEntriesRequest) bool {
	return len(r.Entries) == 0 && r.PrevLogEntry == 0 && r.PrevLogTerm == 0 && r.LeaderCommitIndex == 0
}

// orNil keeps "no data" nil, as raft writes it.
func orNil(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return b
}
