package wire

import (
	"crypto/sha256"

	"comity/crypto/keys"
)

// The paths by which a bureau comes in. An operator of the inviting bureau
// registers the hash of a token at its own node; the newcomer shows the token
// there, once, with its record; from then on its TLS keys may read at that node
// what it needs to verify the ledger, and bring the entry that admits it.
const (
	PathInvites = "/v1/invites" // operators of the node's own bureau: POST Invite: Invited; DELETE + "/" + hex id: withdraws it, and a request that came by it
	PathJoin    = "/v1/join"    // a TLS key that the ledger does not know, while an invitation is open: POST Join: Invited
	PathJoins   = "/v1/joins"   // operators of the node's own bureau: GET: Joins
)

// Bounds of invitations.
const (
	TokenLen   = 32       // bytes of an invitation's token
	MaxInvites = 16       // of one node, open ones and requests together
	MaxJoin    = 16 << 10 // bytes of a request to join
	// InviteHours is how long a token may be used, by the clock of the node that
	// holds its hash. A request that came in time is kept for JoinDays.
	InviteHours = 72
	JoinDays    = 30
)

// TokenID returns the hash by which a node knows a token, and people an invitation.
func TokenID(token []byte) keys.ID {
	return sha256.Sum256(append([]byte("comity invite v1\n"), token...))
}

// Invite registers an invitation. The node does not learn the token before it is
// used.
type Invite struct {
	ID keys.ID `json:"id"` // TokenID of the token
}

// Invited says how long an invitation is good, or a request that came by it.
type Invited struct {
	ID      keys.ID `json:"id"`
	Expires int64   `json:"expires"` // POSIX s, by the node's clock
}

// Join asks that a bureau be admitted. The TLS key that brings it is the record's
// operator's or its node's. Who lost the answer may send the same again.
type Join struct {
	Token  []byte `json:"token"`
	Record []byte `json:"record"` // the member's record with the proof by its root, as the details of a proposal to admit hold them
	Format uint8  `json:"format"` // the newest that the bureau's program knows; 0 in those before 3
}

// JoinRequest is a request as the node has checked and kept it: the proof in the
// record is good. Whether it comes from whom it names, people must find out.
type JoinRequest struct {
	Invited
	At      int64  `json:"at"` // POSIX s, by the node's clock
	Code    string `json:"code"`
	Name    string `json:"name"`
	Address string `json:"address"`
	Record  []byte `json:"record"`
}

// Joins are the invitations that a node holds.
type Joins struct {
	Open     []Invited     `json:"open,omitempty"`
	Requests []JoinRequest `json:"requests,omitempty"` // the oldest first
}
