package node

import (
	"crypto/ed25519"
	"fmt"

	"github.com/hashicorp/raft"
	"golang.org/x/crypto/cryptobyte"
)

// Replies. They carry no header: the connection is authenticated and answers one
// request at a time, so who replies is known. The parser fills raft's header in.
//
//	append-entries     u64 term || u64 last log index || u8 flags: 1 success, 2 no back-off before the next attempt
//	request-vote       u64 term || u8 granted, 0 or 1 || u8{ballot}, empty unless granted
//	request-pre-vote   u64 term || u8 granted, 0 or 1
//	timeout-now        nothing
//	install-snapshot   u64 term || u8 success, 0 or 1
//	elected, hand-over nothing
//	refused            u8 refusal

// refusal is why a node did not hand an RPC to its raft, or what raft said to
// it. The reason in words stays in the log of the node that refused: errors cross
// the network as a code from a closed list.
type refusal uint8

const (
	refusedIdentity refusal = 1 // the header names another node than TLS does; the connection ends
	refusedTerm     refusal = 2 // the term is out of all reach
	refusedContent  refusal = 3 // Filter or FilterSnapshot said no
	refusedRaft     refusal = 4 // raft answered with an error
	refusedElection refusal = 5 // the sender has not shown that it leads
	refusedAbstains refusal = 6 // this node forgot its log, and does not take part in that yet
)

func (r refusal) Error() string {
	switch r {
	case refusedIdentity:
		return "peer refused: sender's name is not its TLS identity"
	case refusedTerm:
		return "peer refused: term far above its own"
	case refusedContent:
		return "peer refused: entries or snapshot did not pass its checks"
	case refusedRaft:
		return "peer's raft answered with an error"
	case refusedElection:
		return "peer refused: it has seen no proof that this node was elected"
	case refusedAbstains:
		return "peer refused: it forgot its log and abstains until it has caught up"
	}
	return fmt.Sprintf("peer refused: code %d", uint8(r))
}

func marshalRefusal(r refusal) []byte {
	return []byte{0, 0, 0, 1, byte(frameRefused), byte(r)}
}

func parseRefusal(payload []byte) error {
	if len(payload) != 1 || payload[0] < byte(refusedIdentity) || payload[0] > byte(refusedAbstains) {
		return errMalformed
	}
	return refusal(payload[0])
}

// voteReply is raft's answer to a RequestVote with the signature of this node.
type voteReply struct {
	raft.RequestVoteResponse
	ballot []byte
}

// noted is the empty reply to a request of this type.
type noted frameType

// marshalReply encodes what raft answered.
func marshalReply(resp any) ([]byte, error) {
	b := newFrame(32)
	var t frameType
	switch r := resp.(type) {
	case *raft.AppendEntriesResponse:
		t = frameAppendEntries
		b.AddUint64(r.Term)
		b.AddUint64(r.LastLog)
		var flags uint8
		if r.Success {
			flags |= 1
		}
		if r.NoRetryBackoff {
			flags |= 2
		}
		b.AddUint8(flags)
	case *voteReply:
		t = frameRequestVote
		b.AddUint64(r.Term)
		addBool(b, r.Granted)
		b.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(r.ballot) })
	case *raft.RequestPreVoteResponse:
		t = frameRequestPreVote
		b.AddUint64(r.Term)
		addBool(b, r.Granted)
	case *raft.TimeoutNowResponse:
		t = frameTimeoutNow
	case *raft.InstallSnapshotResponse:
		t = frameInstallSnapshot
		b.AddUint64(r.Term)
		addBool(b, r.Success)
	case noted:
		t = frameType(r)
	default:
		return nil, fmt.Errorf("marshal reply of type %T", resp)
	}
	return finishFrame(b, t|frameReply, maxSmall)
}

// parseReply decodes a reply into resp, whose type is that of the RPC that was
// sent, and returns the term in it.
func parseReply(payload []byte, resp any, from raft.RPCHeader) (term uint64, err error) {
	s := cryptobyte.String(payload)
	var ok bool
	switch r := resp.(type) {
	case *raft.AppendEntriesResponse:
		var flags uint8
		*r = raft.AppendEntriesResponse{RPCHeader: from}
		ok = s.ReadUint64(&r.Term) && s.ReadUint64(&r.LastLog) && s.ReadUint8(&flags) && flags <= 3
		r.Success, r.NoRetryBackoff = flags&1 != 0, flags&2 != 0
		term = r.Term
	case *voteReply:
		var sig cryptobyte.String
		r.RequestVoteResponse = raft.RequestVoteResponse{RPCHeader: from}
		ok = s.ReadUint64(&r.Term) && readBool(&s, &r.Granted) && s.ReadUint8LengthPrefixed(&sig) &&
			(len(sig) == 0 || r.Granted && len(sig) == ed25519.SignatureSize)
		term, r.ballot = r.Term, orNil(sig)
	case *raft.RequestPreVoteResponse:
		*r = raft.RequestPreVoteResponse{RPCHeader: from}
		ok = s.ReadUint64(&r.Term) && readBool(&s, &r.Granted)
		term = r.Term
	case *raft.TimeoutNowResponse:
		*r = raft.TimeoutNowResponse{RPCHeader: from}
		ok = true
	case *raft.InstallSnapshotResponse:
		*r = raft.InstallSnapshotResponse{RPCHeader: from}
		ok = s.ReadUint64(&r.Term) && readBool(&s, &r.Success)
		term = r.Term
	case *noted:
		ok = true
	default:
		panic(fmt.Sprintf("node: reply of type %T", resp))
	}
	if !ok || !s.Empty() {
		return 0, errMalformed
	}
	return term, nil
}
