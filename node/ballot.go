package node

import (
	"crypto/ed25519"
	"fmt"

	"comity/ledger"

	"github.com/hashicorp/raft"
	"golang.org/x/crypto/cryptobyte"
)

// A ballot is a voter's signature under its grant of a vote. It goes along with
// the reply to a RequestVote; a leader shows what it collected to each node that
// is to believe it.
//
//	ballot  = Ed25519 signature[64], by the voter's cosigning key, over
//	          "comity/v1/ballot\0" || ledger id[32] || u64 term || u8{voter} || u8{candidate}
//	elected = header || u64 term || u8 n || (u8{voter} || ballot) * n
//
// No text that the same key cosigns, or signs as the log's origin, begins like
// this: they begin with "cosignature/v1" and "comity/" and a hexadecimal digit.
type ballot struct {
	voter     raft.ServerID
	signature []byte
}

const (
	ballotContext = "comity/v1/ballot\x00"
	maxElected    = maxHeader + 8 + 1 + ledger.MaxVoters*(1+255+ed25519.SignatureSize)
)

// ballotMessage returns what a voter signs.
func ballotMessage(id ledger.Hash, term uint64, voter, candidate raft.ServerID) []byte {
	b := cryptobyte.NewBuilder([]byte(ballotContext))
	b.AddBytes(id[:])
	b.AddUint64(term)
	for _, name := range []raft.ServerID{voter, candidate} {
		b.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes([]byte(name)) })
	}
	return b.BytesOrPanic()
}

// electedRequest is the request with which a node shows that it was elected.
type electedRequest struct {
	raft.RPCHeader
	Term    uint64
	Ballots []ballot
}

// GetRPCHeader implements raft.WithRPCHeader, as raft's own requests do.
func (r *electedRequest) GetRPCHeader() raft.RPCHeader { return r.RPCHeader }

func marshalElected(r *electedRequest) ([]byte, error) {
	if len(r.Ballots) > ledger.MaxVoters {
		return nil, fmt.Errorf("marshal %d ballots", len(r.Ballots))
	}
	b := newFrame(maxElected)
	marshalHeader(b, r.RPCHeader)
	b.AddUint64(r.Term)
	b.AddUint8(uint8(len(r.Ballots)))
	for _, v := range r.Ballots {
		b.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes([]byte(v.voter)) })
		b.AddBytes(v.signature)
	}
	return finishFrame(b, frameElected, maxElected)
}

func parseElected(payload []byte) (*electedRequest, error) {
	s := cryptobyte.String(payload)
	r := new(electedRequest)
	var (
		ok bool
		n  uint8
	)
	if r.RPCHeader, ok = parseHeader(&s); !ok || !s.ReadUint64(&r.Term) || r.Term == 0 || !s.ReadUint8(&n) || n > ledger.MaxVoters {
		return nil, errMalformed
	}
	for range n {
		var voter cryptobyte.String
		var sig []byte
		if !s.ReadUint8LengthPrefixed(&voter) || len(voter) == 0 || !s.ReadBytes(&sig, ed25519.SignatureSize) {
			return nil, errMalformed
		}
		r.Ballots = append(r.Ballots, ballot{raft.ServerID(voter), sig})
	}
	if !s.Empty() {
		return nil, errMalformed
	}
	return r, nil
}

// handOverRequest is the request with which a leader tells everybody to whom it
// hands leadership: that node may then ask for votes although there is a leader.
//
//	hand-over = header || u64 term || u8{node}
type handOverRequest struct {
	raft.RPCHeader
	Term uint64
	To   raft.ServerID
}

// GetRPCHeader implements raft.WithRPCHeader.
func (r *handOverRequest) GetRPCHeader() raft.RPCHeader { return r.RPCHeader }

func marshalHandOver(r *handOverRequest) ([]byte, error) {
	b := newFrame(maxSmall)
	marshalHeader(b, r.RPCHeader)
	b.AddUint64(r.Term)
	b.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes([]byte(r.To)) })
	return finishFrame(b, frameHandOver, maxSmall)
}

func parseHandOver(payload []byte) (*handOverRequest, error) {
	s := cryptobyte.String(payload)
	r := new(handOverRequest)
	var ok bool
	var to cryptobyte.String
	if r.RPCHeader, ok = parseHeader(&s); !ok || !s.ReadUint64(&r.Term) || r.Term == 0 ||
		!s.ReadUint8LengthPrefixed(&to) || len(to) == 0 || !s.Empty() {
		return nil, errMalformed
	}
	r.To = raft.ServerID(to)
	return r, nil
}
