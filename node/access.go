package node

import (
	"crypto/tls"
	"errors"
	"net/http"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/state"
	"comity/ledger/tiles"
	"comity/node/wire"
)

// caller is who is at the other end of a TLS session, as the ledger knows it at
// this moment.
type caller struct {
	id     keys.ID
	bureau string
	use    state.Use
	roles  ledger.Roles
	own    bool   // of the bureau whose node this is
	door   door   // of a visitor, whose key opens nothing in the ledger
	host   string // of a stranger, which is counted by it
}

// may is a set of callers that a route admits. What no route names is denied.
type may uint8

const (
	mayNode   may = 1 << iota // another bureau's node
	mayRead                   // any enrolled client
	maySubmit                 // enrolled clients that write: all but auditors
	mayInvite                 // operators of the bureau whose node this is
	mayJoin                   // strangers, while an invitation is open
	mayVerify                 // a newcomer whose request is here
	mayLeave                  // the node of a bureau that left
)

// allows reports whether the route is open to the caller.
func (m may) allows(c caller) bool {
	switch c.door {
	case doorOpen:
		return m&mayJoin != 0
	case doorInvited:
		return m&(mayJoin|mayVerify) != 0
	case doorLeft:
		return m&mayLeave != 0
	}
	switch c.use {
	case state.UseNode:
		return m&mayNode != 0
	case state.UseAccess:
		return m&mayRead != 0 || m&maySubmit != 0 && c.roles&^ledger.RoleAuditor != 0 ||
			m&mayInvite != 0 && c.own && c.roles&ledger.RoleOperator != 0
	}
	return false
}

var errUnauthenticated = &wire.Error{Code: wire.Unauthenticated, Message: "the ledger does not know this TLS key, or it was revoked"}

// identify finds the caller behind a TLS session in the ledger, afresh for each
// request: a revocation counts from the moment it is applied. remote is where the
// session comes from.
func (s *served) identify(cs *tls.ConnectionState, remote string) (caller, error) {
	if cs == nil || len(cs.PeerCertificates) == 0 {
		return caller{}, errUnauthenticated
	}
	c, err := s.who(keys.TLSID(cs.PeerCertificates[0]))
	if c.door == doorOpen {
		c.host = hostOf(remote)
	}
	return c, err
}

// who returns whose the TLS key is, or as what it may visit.
func (s *served) who(id keys.ID) (caller, error) {
	c, err := s.holder(id)
	if errors.Is(err, errUnauthenticated) {
		return s.visitor(id)
	}
	return c, err
}

// holder returns whose the TLS key is, if it is one that the ledger lets in.
func (s *served) holder(id keys.ID) (caller, error) {
	k, err := state.ReadKey(s.store, id)
	if err != nil {
		return caller{}, err
	}
	if k == nil {
		k = s.roster.nodeKey(id)
	}
	if k == nil || k.RevokedAt != 0 || k.Use != state.UseAccess && k.Use != state.UseNode {
		return caller{}, errUnauthenticated
	}
	return caller{id: id, bureau: k.Bureau, use: k.Use, roles: k.Roles, own: k.Bureau == s.bureau}, nil
}

// route is one line of the table of what may be asked.
type route struct {
	method  string
	pattern string // of http.ServeMux, without the method
	may     may
	body    int64 // bytes of the request body that are read
	handle  func(*api, *http.Request, caller) (*answer, error)
}

// routes is the whole API. TestRoutes goes through every route with every role.
var routes = []route{
	{http.MethodPost, wire.PathEntries, maySubmit | mayVerify, wire.MaxItem, (*api).postEntry},
	{http.MethodGet, wire.PathEntries, mayRead | mayNode | mayVerify, 0, (*api).entries},
	{http.MethodGet, wire.PathIndex + "{id}", mayRead | mayNode, 0, (*api).index},
	{http.MethodGet, wire.PathAttachment + "{address}", mayRead | mayNode, 0, (*api).attachment},
	{http.MethodPost, wire.PathAttachment + "{address}", maySubmit, wire.MaxPiece, (*api).postAttachment},
	{http.MethodPost, wire.PathAttachment + "{address}/drop", maySubmit, 0, (*api).dropAttachment},
	{http.MethodGet, wire.PathAttachment + "{address}/holders", mayRead, 0, (*api).attachmentHolders},
	{http.MethodGet, wire.PathAttachment + "{address}/state", mayRead, 0, (*api).attachmentState},
	{http.MethodGet, wire.PathReceipts + "{index}", mayRead | mayNode | mayVerify, 0, (*api).receipt},
	{http.MethodGet, wire.PathCheckpoint, mayRead | mayNode | mayVerify, 0, (*api).checkpoint},
	{http.MethodGet, wire.PathAuthors + "{key}", mayRead | mayNode, 0, (*api).author},
	{http.MethodGet, wire.PathStatus, mayRead | mayNode, 0, (*api).status},
	{http.MethodGet, wire.PathCharter, mayRead | mayNode | mayVerify | mayLeave, 0, (*api).charter},
	{http.MethodGet, wire.PathTiles + tiles.CheckpointPath, mayRead | mayNode, 0, (*api).tileCheckpoint},
	{http.MethodGet, wire.PathTiles + "tile/{path...}", mayRead | mayNode, 0, (*api).tile},
	{http.MethodGet, wire.PathEvidence, mayRead | mayNode, 0, (*api).evidenceFiles},
	{http.MethodGet, wire.PathEvidence + "/{name}", mayRead | mayNode, 0, (*api).evidenceFile},
	{http.MethodGet, wire.PathArchive, mayRead | mayNode, 0, (*api).archived},
	{http.MethodPost, wire.PathInvites, mayInvite, wire.MaxJSON, (*api).invite},
	{http.MethodDelete, wire.PathInvites + "/{id}", mayInvite, 0, (*api).uninvite},
	{http.MethodGet, wire.PathJoins, mayInvite, 0, (*api).joins},
	{http.MethodPost, wire.PathJoin, mayJoin, wire.MaxJoin, (*api).join},
	{http.MethodPost, wire.PathHeads, mayNode, wire.MaxHeads, (*api).hand},
	{http.MethodGet, wire.PathHeads, mayNode, 0, (*api).head},
	{http.MethodGet, wire.PathRoots, mayNode, 0, (*api).roots},
	{http.MethodPost, wire.PathForward, mayNode, wire.MaxForward, (*api).forward},
	{http.MethodPost, wire.PathCosign, mayNode, wire.MaxJSON, (*api).cosign},
	{http.MethodPost, wire.PathReadIndex, mayNode, 0, (*api).readIndex},
	{http.MethodGet, wire.PathSpan, mayNode, 0, (*api).span},
	{http.MethodGet, wire.PathManifest, mayNode, 0, (*api).present},
}
