package server

import (
	"crypto/tls"
	"net/http"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/state"
	"comity/node/desk"
	"comity/node/desk/readlog"
	"comity/node/wire"
)

// Sets of roles that a route admits.
const (
	readers   = ledger.RoleInvestigator | ledger.RoleDesk | ledger.RoleProtection | ledger.RoleSupervisor
	overseers = ledger.RoleSupervisor | ledger.RoleAuditor
	everybody = readers | overseers | ledger.RoleOperator
)

// route is one line of the table of what may be asked.
type route struct {
	method  string
	pattern string                                         // of http.ServeMux, without the method
	may     ledger.Roles                                   // any of these
	body    int64                                          // bytes of the request that are read
	handle  func(*api, *http.Request, caller) (any, error) // bytes, or what becomes JSON
}

// routes is the whole API. TestRoutes goes through every route with every role.
var routes = []route{
	{http.MethodGet, wire.PathDeskStatus, everybody, 0, (*api).status},
	{http.MethodPost, wire.PathDeskCases, readers, wire.MaxDeskRequest, (*api).cases},
	{http.MethodPost, wire.PathDeskCase, readers, wire.MaxDeskRequest, (*api).one},
	{http.MethodPost, wire.PathDeskSearch, readers, wire.MaxDeskRequest, (*api).search},
	{http.MethodPost, wire.PathDeskInbox, readers, wire.MaxDeskRequest, (*api).inbox},
	{http.MethodPost, wire.PathDeskLinks, readers, wire.MaxDeskRequest, (*api).links},
	{http.MethodPost, wire.PathDeskEvents, readers, wire.MaxDeskRequest, (*api).events},
	{http.MethodPost, wire.PathDeskCheck, readers, wire.MaxDeskChecks, (*api).check},
	{http.MethodGet, wire.PathDeskReads, overseers, 0, (*api).readsHead},
	{http.MethodGet, wire.PathDeskLog, ledger.RoleAuditor, 0, (*api).readLog},
}

// caller is who is at the other end of a TLS session, as the ledger knows it at
// this moment.
type caller struct {
	id    keys.ID
	label string
	roles ledger.Roles
	parts readlog.Parts
}

var errUnauthenticated = &wire.Error{Code: wire.Unauthenticated, Message: "this desk does not know the key as one of its bureau's officers, or it was revoked"}

// identify finds the caller behind a TLS session in the replica, afresh for
// each request.
func (s *Server) identify(cs *tls.ConnectionState) (caller, error) {
	if cs == nil || len(cs.PeerCertificates) == 0 {
		return caller{}, errUnauthenticated
	}
	return s.known(keys.TLSID(cs.PeerCertificates[0]))
}

func (s *Server) known(id keys.ID) (caller, error) {
	k, err := s.cfg.Desk.Key(id)
	if err != nil {
		return caller{}, err
	}
	if k == nil || k.RevokedAt != 0 || k.Use != state.UseAccess || k.Bureau != s.cfg.Bureau {
		return caller{}, errUnauthenticated
	}
	return caller{id, k.Label, k.Roles, desk.PartsOf(k.Roles)}, nil
}
