package node

import (
	"encoding/hex"
	"io"
	"net/http"

	"comity/ledger"
	"comity/node/wire"
)

var errTalksTooMuch = &wire.Error{Code: wire.Busy, Message: "this node hands round cosignatures too often"}

// hand takes cosignatures that another node brings past the leader.
func (a *api) hand(req *http.Request, who caller) (*answer, error) {
	if !a.limits.mayTalk(who) {
		return nil, errTalksTooMuch
	}
	data, err := readBody(req)
	if err != nil {
		return nil, err
	}
	c, err := ledger.ParseCommand(data)
	if err != nil || len(c.Cosignatures) == 0 {
		return nil, &wire.Error{Code: wire.Malformed, Message: "these are not cosignatures"}
	}
	if err := a.node.gossip.handed(c.Cosignatures); err != nil {
		return nil, err
	}
	return &answer{json: struct{}{}}, nil
}

// head gives the newest cosignature of a node that this one holds, or nothing.
func (a *api) head(req *http.Request, who caller) (*answer, error) {
	if !a.limits.mayTalk(who) {
		return nil, errTalksTooMuch
	}
	s := a.node.gossip.head(req.URL.Query().Get("node"))
	return &answer{stream: func(w io.Writer) error {
		if s == nil {
			return nil
		}
		_, err := w.Write(s.Marshal())
		return err
	}}, nil
}

// roots takes which root another node holds at a size, and answers with ours.
func (a *api) roots(req *http.Request, who caller) (*answer, error) {
	if !a.limits.mayCompare(who) {
		return nil, errTalksTooMuch
	}
	size, err := queryUint(req, "size", 0)
	if err != nil {
		return nil, err
	}
	theirs, err := hex.DecodeString(req.URL.Query().Get("root"))
	if err != nil || len(theirs) != len(ledger.Hash{}) {
		return nil, &wire.Error{Code: wire.Malformed, Message: "root is not one in hexadecimal digits"}
	}
	m, ok := a.roster.now().Member(who.bureau)
	if !ok {
		return nil, errUnauthenticated
	}
	root, held, err := a.node.agree.asked(m.NodeName(), head{size, ledger.Hash(theirs)})
	if err != nil {
		return nil, err
	}
	return &answer{stream: func(w io.Writer) error {
		if !held {
			return nil
		}
		_, err := w.Write(root[:])
		return err
	}}, nil
}

// evidenceFiles lists the proofs that this node keeps against others.
func (a *api) evidenceFiles(*http.Request, caller) (*answer, error) {
	return &answer{json: a.proofs.files()}, nil
}

// evidenceFile gives one of them.
func (a *api) evidenceFile(req *http.Request, _ caller) (*answer, error) {
	data, err := a.proofs.read(req.PathValue("name"))
	if err != nil {
		return nil, err
	}
	if data == nil {
		return nil, &wire.Error{Code: wire.NotFound, Message: "there is no evidence of this name"}
	}
	return &answer{stream: func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	}}, nil
}

// archived gives FINAL notes that this node has kept.
func (a *api) archived(req *http.Request, _ caller) (*answer, error) {
	from, err := queryUint(req, "from", 0)
	if err != nil {
		return nil, err
	}
	limit, err := queryUint(req, "limit", wire.MaxArchived)
	if err != nil {
		return nil, err
	}
	if a.archive == nil {
		return nil, errArchiveClosed
	}
	list, err := a.archive.page(from, limit)
	if err != nil {
		return nil, err
	}
	return &answer{stream: func(w io.Writer) error {
		_, err := w.Write(wire.MarshalArchived(list))
		return err
	}}, nil
}
