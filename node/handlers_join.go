package node

import (
	"encoding/json"
	"fmt"
	"net/http"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/state"
	"comity/node/wire"
)

// door is what somebody may do here whose TLS key opens nothing in the ledger.
type door uint8

const (
	doorNone    door = iota
	doorLeft         // the node of a bureau that left: may learn that it did
	doorOpen         // an invitation is open: may show a token
	doorInvited      // its request is here: may verify the ledger that it joins
)

// visitor returns who is behind a key that opens nothing in the ledger, if it may
// come in at all.
func (s *served) visitor(id keys.ID) (caller, error) {
	k, err := state.ReadKey(s.store, id)
	if err != nil {
		return caller{}, err
	}
	c := caller{id: id}
	switch {
	case k != nil && k.Use == state.UseNode && k.RevokedAt != 0:
		c.door = doorLeft
	case k == nil && s.invites != nil:
		c.door = s.invites.knows(id)
	}
	if c.door == doorNone {
		return caller{}, errUnauthenticated
	}
	return c, nil
}

// invite registers an invitation.
func (a *api) invite(req *http.Request, who caller) (*answer, error) {
	var v wire.Invite
	if err := readJSON(req, &v); err != nil {
		return nil, err
	}
	out, err := a.invites.add(v.ID)
	if err != nil {
		return nil, err
	}
	a.log.Info("invitation registered", "by", who.id.Short(), "invitation", v.ID.Short())
	return &answer{json: out}, nil
}

// uninvite ends one.
func (a *api) uninvite(req *http.Request, who caller) (*answer, error) {
	id, err := keys.ParseID(req.PathValue("id"))
	if err != nil {
		return nil, &wire.Error{Code: wire.Malformed, Message: "this is not the id of an invitation"}
	}
	if err := a.invites.withdraw(id); err != nil {
		return nil, err
	}
	a.keyed.fire() // who came in by it goes
	a.log.Info("invitation withdrawn", "by", who.id.Short(), "invitation", id.Short())
	return &answer{json: struct{}{}}, nil
}

// joins lists invitations and requests.
func (a *api) joins(*http.Request, caller) (*answer, error) {
	return &answer{json: a.invites.all()}, nil
}

var errTooManyTries = &wire.Error{Code: wire.Busy, Message: "too many requests to join: try again in some seconds"}

// saysNoFormat is the last format of programs that do not say which they know.
const saysNoFormat = 2

// join takes the request of a bureau that was invited.
func (a *api) join(req *http.Request, who caller) (*answer, error) {
	var v wire.Join
	if err := readJSON(req, &v); err != nil {
		return nil, err
	}
	if !a.invites.has(v.Token) { // only wrong tokens are counted: others' do not keep out who has a right one
		if !a.limits.mayTry(who) {
			return nil, errTooManyTries
		}
		return nil, errToken
	}
	if has, knows := a.roster.now().Format, max(v.Format, saysNoFormat); knows < has {
		return nil, &wire.Error{Code: wire.Forbidden, Message: fmt.Sprintf("the ledger has format %d, and the comity that asks knows none after %d: install a newer one first", has, knows)}
	}
	p, err := ledger.ParsePropose(v.Record)
	if err != nil || p.Change != ledger.ChangeAdmit {
		return nil, &wire.Error{Code: wire.Malformed, Message: "this is not the record of a bureau that wants to join"}
	}
	out, err := a.invites.ask(v.Token, v.Record, p, func() error { return a.admissible(p, who.id) })
	if err != nil {
		return nil, err
	}
	a.log.Info("request to join", "bureau", p.Code, "address", p.Member.Node.Address, "invitation", out.ID.Short())
	return &answer{json: out}, nil
}

// admissible refuses a record that the bureaus could not admit, or that somebody
// else brings.
func (a *api) admissible(p *ledger.Propose, by keys.ID) error {
	no := func(why string) error { return &wire.Error{Code: wire.Forbidden, Message: why} }
	m, now := p.Member, a.roster.now()
	if !p.CheckProof(a.genesis.Ledger, now.Epoch) {
		return no("the proof in the record is not good: it must be signed by the bureau's root, for this ledger")
	}
	if by != m.Access && by != m.Node.TLS {
		return no("the record names other TLS keys than the one that brings it")
	}
	if _, err := now.After(p, now.From); err != nil {
		return no("the record cannot be admitted: " + err.Error())
	}
	for _, id := range []keys.ID{keys.SigningID(m.Root), m.Access, m.Node.TLS, m.Node.Cosigner()} {
		k, err := state.ReadKey(a.store, id)
		if err != nil {
			return err
		}
		if k != nil {
			return no("the record cannot be admitted: the ledger knows the key " + id.Short() + " already")
		}
	}
	return nil
}

// readJSON reads one JSON value, which the route bounds.
func readJSON(req *http.Request, into any) error {
	data, err := readBody(req)
	if err != nil {
		return err
	}
	if json.Unmarshal(data, into) != nil {
		return &wire.Error{Code: wire.Malformed, Message: "this is not what is asked for here"}
	}
	return nil
}
