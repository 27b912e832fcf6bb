package node

import (
	"fmt"

	"github.com/hashicorp/raft"
	"golang.org/x/crypto/cryptobyte"
)

// Requests. Each marshal returns a whole frame, each parse takes a payload and
// gives errMalformed for anything that the marshal would not have written.
// Parsed entries alias the payload.
//
// Fields that raft keeps for versions older than this program (Leader,
// Candidate, Peers) are not sent; the parser fills in those that follow from the
// header. An index is not sent with an entry: entries are contiguous from
// PrevLogEntry on, by construction.

// raftProtocol is the only raft.ProtocolVersion spoken.
const raftProtocol = raft.ProtocolVersionMax

// A request starts with a header:
//
//	u8 protocol=3 || u16-vector node id || u16-vector address
//
// The receiver holds both names against the identity that TLS proved.
func marshalHeader(b *cryptobyte.Builder, h raft.RPCHeader) {
	if h.ProtocolVersion != raftProtocol {
		b.SetError(fmt.Errorf("raft protocol version %d", h.ProtocolVersion))
		return
	}
	b.AddUint8(uint8(h.ProtocolVersion))
	for _, name := range [][]byte{h.ID, h.Addr} {
		if len(name) == 0 || len(name) > maxName {
			b.SetError(fmt.Errorf("node id or address of %d bytes", len(name)))
			return
		}
		b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(name) })
	}
}

func parseHeader(s *cryptobyte.String) (raft.RPCHeader, bool) {
	var version uint8
	var id, addr cryptobyte.String
	ok := s.ReadUint8(&version) && version == uint8(raftProtocol) &&
		s.ReadUint16LengthPrefixed(&id) && 0 < len(id) && len(id) <= maxName &&
		s.ReadUint16LengthPrefixed(&addr) && 0 < len(addr) && len(addr) <= maxName
	return raft.RPCHeader{ProtocolVersion: raftProtocol, ID: id, Addr: addr}, ok
}

// RequestVote:
//
//	header || u64 term || u64 last index || u64 last term || u8 leadership transfer, 0 or 1
func marshalRequestVote(r *raft.RequestVoteRequest) ([]byte, error) {
	b := newFrame(maxSmall)
	marshalHeader(b, r.RPCHeader)
	b.AddUint64(r.Term)
	b.AddUint64(r.LastLogIndex)
	b.AddUint64(r.LastLogTerm)
	addBool(b, r.LeadershipTransfer)
	return finishFrame(b, frameRequestVote, maxSmall)
}

func parseRequestVote(payload []byte) (*raft.RequestVoteRequest, error) {
	s := cryptobyte.String(payload)
	r := new(raft.RequestVoteRequest)
	var ok bool
	if r.RPCHeader, ok = parseHeader(&s); !ok ||
		!s.ReadUint64(&r.Term) || r.Term == 0 ||
		!s.ReadUint64(&r.LastLogIndex) ||
		!s.ReadUint64(&r.LastLogTerm) || r.LastLogTerm > r.Term ||
		!readBool(&s, &r.LeadershipTransfer) || !s.Empty() {
		return nil, errMalformed
	}
	return r, nil
}

// RequestPreVote:
//
//	header || u64 term || u64 last index || u64 last term
func marshalRequestPreVote(r *raft.RequestPreVoteRequest) ([]byte, error) {
	b := newFrame(maxSmall)
	marshalHeader(b, r.RPCHeader)
	b.AddUint64(r.Term)
	b.AddUint64(r.LastLogIndex)
	b.AddUint64(r.LastLogTerm)
	return finishFrame(b, frameRequestPreVote, maxSmall)
}

func parseRequestPreVote(payload []byte) (*raft.RequestPreVoteRequest, error) {
	s := cryptobyte.String(payload)
	r := new(raft.RequestPreVoteRequest)
	var ok bool
	if r.RPCHeader, ok = parseHeader(&s); !ok ||
		!s.ReadUint64(&r.Term) || r.Term == 0 ||
		!s.ReadUint64(&r.LastLogIndex) ||
		!s.ReadUint64(&r.LastLogTerm) || r.LastLogTerm > r.Term || !s.Empty() {
		return nil, errMalformed
	}
	return r, nil
}

// TimeoutNow:
//
//	header
func marshalTimeoutNow(r *raft.TimeoutNowRequest) ([]byte, error) {
	b := newFrame(maxSmall)
	marshalHeader(b, r.RPCHeader)
	return finishFrame(b, frameTimeoutNow, maxSmall)
}

func parseTimeoutNow(payload []byte) (*raft.TimeoutNowRequest, error) {
	s := cryptobyte.String(payload)
	header, ok := parseHeader(&s)
	if !ok || !s.Empty() {
		return nil, errMalformed
	}
	return &raft.TimeoutNowRequest{RPCHeader: header}, nil
}

// InstallSnapshot, with the manifest in the same frame:
//
//	header || u8 snapshot version=1 || u64 term || u64 last index || u64 last term
//	|| u64 configuration index || u24-vector configuration || u24-vector manifest
//
// The configuration is raft's own encoding of it, see ParseConfiguration.
func marshalInstallSnapshot(r *raft.InstallSnapshotRequest, manifest []byte) ([]byte, error) {
	if r.SnapshotVersion != raft.SnapshotVersionMax {
		return nil, fmt.Errorf("marshal snapshot of version %d", r.SnapshotVersion)
	}
	if r.Size != int64(len(manifest)) {
		return nil, fmt.Errorf("marshal snapshot: %d bytes announced, %d given", r.Size, len(manifest))
	}
	if len(manifest) > MaxManifest || len(r.Configuration) > maxConfiguration {
		return nil, fmt.Errorf("marshal snapshot at %d: %w", r.LastLogIndex, errOversize)
	}
	b := newFrame(maxSmall + len(r.Configuration) + len(manifest))
	marshalHeader(b, r.RPCHeader)
	b.AddUint8(uint8(r.SnapshotVersion))
	b.AddUint64(r.Term)
	b.AddUint64(r.LastLogIndex)
	b.AddUint64(r.LastLogTerm)
	b.AddUint64(r.ConfigurationIndex)
	b.AddUint24LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(r.Configuration) })
	b.AddUint24LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(manifest) })
	return finishFrame(b, frameInstallSnapshot, frameInstallSnapshot.maxRequest())
}

func parseInstallSnapshot(payload []byte) (r *raft.InstallSnapshotRequest, manifest []byte, err error) {
	s := cryptobyte.String(payload)
	r = new(raft.InstallSnapshotRequest)
	var ok bool
	var version uint8
	var conf, data cryptobyte.String
	if r.RPCHeader, ok = parseHeader(&s); !ok ||
		!s.ReadUint8(&version) || version != uint8(raft.SnapshotVersionMax) ||
		!s.ReadUint64(&r.Term) || r.Term == 0 ||
		!s.ReadUint64(&r.LastLogIndex) || r.LastLogIndex == 0 ||
		!s.ReadUint64(&r.LastLogTerm) || r.LastLogTerm == 0 || r.LastLogTerm > r.Term ||
		!s.ReadUint64(&r.ConfigurationIndex) || r.ConfigurationIndex > r.LastLogIndex ||
		!s.ReadUint24LengthPrefixed(&conf) || !s.ReadUint24LengthPrefixed(&data) ||
		len(data) > MaxManifest || !s.Empty() {
		return nil, nil, errMalformed
	}
	if _, err := ParseConfiguration(conf); err != nil {
		return nil, nil, errMalformed
	}
	r.SnapshotVersion = raft.SnapshotVersionMax
	r.Configuration = conf
	r.Size = int64(len(data))
	return r, data, nil
}

// request is a parsed request of any type.
type request struct {
	command  raft.WithRPCHeader // what raft's main loop will switch on
	term     uint64             // zero if the RPC carries none
	manifest []byte             // of an InstallSnapshot
}

// parseRequest parses the payload of a request frame.
func parseRequest(t frameType, payload []byte) (*request, error) {
	switch t {
	case frameAppendEntries:
		r, err := parseAppendEntries(payload)
		if err != nil {
			return nil, err
		}
		return &request{command: r, term: r.Term}, nil
	case frameRequestVote:
		r, err := parseRequestVote(payload)
		if err != nil {
			return nil, err
		}
		return &request{command: r, term: r.Term}, nil
	case frameRequestPreVote:
		r, err := parseRequestPreVote(payload)
		if err != nil {
			return nil, err
		}
		return &request{command: r, term: r.Term}, nil
	case frameTimeoutNow:
		r, err := parseTimeoutNow(payload)
		if err != nil {
			return nil, err
		}
		return &request{command: r}, nil
	case frameInstallSnapshot:
		r, manifest, err := parseInstallSnapshot(payload)
		if err != nil {
			return nil, err
		}
		return &request{command: r, term: r.Term, manifest: manifest}, nil
	case frameElected:
		r, err := parseElected(payload)
		if err != nil {
			return nil, err
		}
		return &request{command: r, term: r.Term}, nil
	case frameHandOver:
		r, err := parseHandOver(payload)
		if err != nil {
			return nil, err
		}
		return &request{command: r, term: r.Term}, nil
	}
	return nil, errMalformed
}

func addBool(b *cryptobyte.Builder, v bool) {
	if v {
		b.AddUint8(1)
	} else {
		b.AddUint8(0)
	}
}

func readBool(s *cryptobyte.String, v *bool) bool {
	var u uint8
	if !s.ReadUint8(&u) || u > 1 {
		return false
	}
	*v = u == 1
	return true
}
