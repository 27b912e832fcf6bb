package node

import (
	"encoding/hex"
	"net/http"

	"comity/ledger"
	"comity/ledger/state"
	"comity/node/wire"
)

// attachment gives a piece of a sealed file, to whoever may have entries: it is
// sealed as they are.
func (a *api) attachment(req *http.Request, _ caller) (*answer, error) {
	address, err := addressOf(req)
	if err != nil {
		return nil, err
	}
	from, err := queryUint(req, "from", 0)
	if err != nil {
		return nil, err
	}
	if err := a.arrived(req.Context()); err != nil {
		return nil, err
	}
	data, err := a.holdings.piece(address, int64(from))
	if err != nil {
		return nil, err
	}
	return &answer{bytes: data}, nil
}

// attachmentState says how much of a sealed file is here. For a client of the
// own bureau the rest is fetched.
func (a *api) attachmentState(req *http.Request, who caller) (*answer, error) {
	address, err := addressOf(req)
	if err != nil {
		return nil, err
	}
	ctx, cancel, err := waitContext(req)
	if err != nil {
		return nil, err
	}
	defer cancel()
	if err := a.arrived(req.Context()); err != nil {
		return nil, err
	}
	h := a.holdings
	x, err := h.look(address)
	switch {
	case err != nil:
		return nil, err
	case x == nil:
		return nil, errNotNamed
	}
	sound, err := h.sound(address, x.Size)
	if err != nil {
		return nil, err
	}
	if !sound && who.use == state.UseAccess && who.bureau == a.bureau {
		f := h.fetch(address, x)
		select {
		case <-f.done:
			if f.err != nil {
				return nil, f.err
			}
		case <-ctx.Done():
			return &answer{json: &wire.AttachmentState{Have: h.folder.Begun(address), Fetching: true}}, nil
		}
	}
	if h.held(address, x.Size) {
		return &answer{json: &wire.AttachmentState{Held: true, Have: int64(x.Size)}}, nil
	}
	return &answer{json: &wire.AttachmentState{Have: h.folder.Begun(address)}}, nil
}

// postAttachment takes a piece of a sealed file from a client of the own bureau.
func (a *api) postAttachment(req *http.Request, who caller) (*answer, error) {
	address, err := addressOf(req)
	if err != nil {
		return nil, err
	}
	if who.bureau != a.bureau {
		return nil, &wire.Error{Code: wire.Forbidden, Message: "a node takes attachments of its own bureau only"}
	}
	size, err := queryUint(req, "size", 0)
	if err != nil {
		return nil, err
	}
	from, err := queryUint(req, "from", 0)
	if err != nil {
		return nil, err
	}
	piece, err := readBody(req)
	if err != nil {
		return nil, err
	}
	if err := a.arrived(req.Context()); err != nil {
		return nil, err
	}
	out, err := a.back.put(req.Context(), who.id, address, size, int64(from), piece)
	if err != nil {
		return nil, err
	}
	return &answer{json: out}, nil
}

// attachmentHolders tells a client of the own bureau which nodes have a file.
func (a *api) attachmentHolders(req *http.Request, who caller) (*answer, error) {
	address, err := addressOf(req)
	if err != nil {
		return nil, err
	}
	if who.bureau != a.bureau {
		return nil, &wire.Error{Code: wire.Forbidden, Message: "a node asks the others for its own bureau only"}
	}
	if err := a.arrived(req.Context()); err != nil {
		return nil, err
	}
	x, err := a.holdings.look(address)
	if err == nil && x == nil {
		err = errNotNamed
	}
	if err != nil {
		return nil, err
	}
	return &answer{json: a.holdings.holders(req.Context(), address, x.Size)}, nil
}

// dropAttachment destroys a sealed file that a client of the own bureau handed over
// and nothing names.
func (a *api) dropAttachment(req *http.Request, who caller) (*answer, error) {
	address, err := addressOf(req)
	if err != nil {
		return nil, err
	}
	if who.bureau != a.bureau {
		return nil, &wire.Error{Code: wire.Forbidden, Message: "a node takes attachments of its own bureau only"}
	}
	if err := a.arrived(req.Context()); err != nil {
		return nil, err
	}
	if err := a.back.drop(req.Context(), who.id, address); err != nil {
		return nil, err
	}
	return &answer{json: &wire.AttachmentState{}}, nil
}

func addressOf(req *http.Request) (ledger.Hash, error) {
	var h ledger.Hash
	text := req.PathValue("address")
	n, err := hex.Decode(h[:], []byte(text[:min(len(text), 2*len(h))]))
	if err != nil || n != len(h) || len(text) != 2*len(h) || hex.EncodeToString(h[:]) != text {
		return h, &wire.Error{Code: wire.Malformed, Message: "this is not the address of an attachment"}
	}
	return h, nil
}
