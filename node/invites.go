package node

import (
	"cmp"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"slices"
	"sync"
	"time"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/node/wire"

	"golang.org/x/crypto/cryptobyte"
)

// invites are the invitations that this bureau's operators have registered here,
// and the requests to join that came by them. An invitation is known by the hash of
// its token: who reads the disk cannot use it. Each is used once.
//
// The file that keeps them is
//
//	u32 CRC32C of the rest || "comity invites v1\n" || u8 n || invitation[n]
//
// where an invitation is
//
//	id[32] || u64 expires || u64 asked at, 0 while it is open, POSIX s || u24-vector request
type invites struct {
	path  string
	clock func() time.Time

	mu   sync.Mutex // guards what follows
	list []invitation
}

// invitation is open until somebody has asked by it.
type invitation struct {
	id      keys.ID
	expires int64
	at      int64
	request []byte          // a proposal to admit, as it came
	propose *ledger.Propose // the same, parsed
}

const invitesHeader = "comity invites v1\n"

// openInvites reads what is kept. A file that is damaged is an error for people to
// know, and leaves none.
func openInvites(path string, clock func() time.Time) (*invites, error) {
	v := &invites{path: path, clock: clock}
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return v, nil
	}
	if err == nil {
		v.list, err = parseInvites(data)
	}
	if err != nil {
		return v, fmt.Errorf("read the invitations: %w", err)
	}
	return v, nil
}

func marshalInvites(list []invitation) []byte {
	b := cryptobyte.NewBuilder([]byte(invitesHeader))
	b.AddUint8(uint8(len(list)))
	for i := range list {
		v := &list[i]
		b.AddBytes(v.id[:])
		b.AddUint64(uint64(v.expires))
		b.AddUint64(uint64(v.at))
		b.AddUint24LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(v.request) })
	}
	return withSumBefore(b.BytesOrPanic())
}

func parseInvites(data []byte) ([]invitation, error) {
	if len(data) < 4 || crc32.Checksum(data[4:], castagnoli) != binary.BigEndian.Uint32(data) {
		return nil, ErrCorrupt
	}
	in := cryptobyte.String(data[4:])
	var header []byte
	var n uint8
	if !in.ReadBytes(&header, len(invitesHeader)) || string(header) != invitesHeader || !in.ReadUint8(&n) || n > wire.MaxInvites {
		return nil, ErrCorrupt
	}
	list := make([]invitation, n)
	for i := range list {
		v := &list[i]
		var expires, at uint64
		var request cryptobyte.String
		if !in.CopyBytes(v.id[:]) || !in.ReadUint64(&expires) || !in.ReadUint64(&at) || !in.ReadUint24LengthPrefixed(&request) {
			return nil, ErrCorrupt
		}
		v.expires, v.at = int64(expires), int64(at)
		if len(request) == 0 {
			continue
		}
		var err error
		if v.propose, err = ledger.ParsePropose(request); err != nil || v.propose.Change != ledger.ChangeAdmit {
			return nil, ErrCorrupt
		}
		v.request = request
	}
	if !in.Empty() {
		return nil, ErrCorrupt
	}
	return list, nil
}

// present drops what is past its time. mu is held.
func (v *invites) present() []invitation {
	now := v.clock().Unix()
	v.list = slices.DeleteFunc(v.list, func(i invitation) bool { return i.expires <= now })
	return v.list
}

// keep makes a list durable, and then the present one. mu is held.
func (v *invites) keep(list []invitation) error {
	if err := replaceSynced(v.path, marshalInvites(list)); err != nil {
		return fmt.Errorf("keep the invitations: %w", err)
	}
	v.list = list
	return nil
}

// add registers an invitation.
func (v *invites) add(id keys.ID) (*wire.Invited, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	list := v.present()
	if i := slices.IndexFunc(list, func(i invitation) bool { return i.id == id }); i >= 0 {
		return &wire.Invited{ID: id, Expires: list[i].expires}, nil
	}
	if len(list) >= wire.MaxInvites {
		return nil, &wire.Error{Code: wire.Busy, Message: fmt.Sprintf("this node holds %d invitations and requests to join already: withdraw one", len(list))}
	}
	one := invitation{id: id, expires: v.clock().Add(wire.InviteHours * time.Hour).Unix()}
	if err := v.keep(append(slices.Clone(list), one)); err != nil {
		return nil, err
	}
	return &wire.Invited{ID: id, Expires: one.expires}, nil
}

// withdraw ends an invitation, with the request that came by it.
func (v *invites) withdraw(id keys.ID) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	list := v.present()
	rest := slices.DeleteFunc(slices.Clone(list), func(i invitation) bool { return i.id == id })
	if len(rest) == len(list) {
		return &wire.Error{Code: wire.NotFound, Message: "there is no invitation of this id"}
	}
	return v.keep(rest)
}

// errToken is the one answer to a token that cannot be used, whatever the reason.
var errToken = &wire.Error{Code: wire.Forbidden, Message: "no open invitation has this token: it was never good, was used, or is older than three days"}

// find returns the place of the invitation that a token is of, else -1.
func find(list []invitation, token []byte) int {
	if len(token) != wire.TokenLen {
		return -1
	}
	id, at := wire.TokenID(token), -1
	for i := range list { // all of them, whichever it is
		if subtle.ConstantTimeCompare(list[i].id[:], id[:]) == 1 {
			at = i
		}
	}
	return at
}

// has reports whether a token is of an invitation here, used or not.
func (v *invites) has(token []byte) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return find(v.present(), token) >= 0
}

// ask uses a token for a request, once; the same again gets the same answer. check
// judges the request; what it refuses leaves the token as it was.
func (v *invites) ask(token, request []byte, p *ledger.Propose, check func() error) (*wire.Invited, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	list := slices.Clone(v.present())
	at := find(list, token)
	if at < 0 {
		return nil, errToken
	}
	one := &list[at]
	if one.request != nil {
		if subtle.ConstantTimeCompare(one.request, request) != 1 {
			return nil, errToken
		}
		return &wire.Invited{ID: one.id, Expires: one.expires}, nil
	}
	if err := check(); err != nil {
		return nil, err
	}
	one.at = v.clock().Unix()
	one.expires = v.clock().Add(wire.JoinDays * 24 * time.Hour).Unix()
	one.request, one.propose = slices.Clone(request), p
	if err := v.keep(list); err != nil {
		return nil, err
	}
	return &wire.Invited{ID: one.id, Expires: one.expires}, nil
}

// knows says what a key that the ledger does not know may do here: nothing while no
// invitation is open; bring a request while one is; read, if it is in a request.
func (v *invites) knows(id keys.ID) door {
	v.mu.Lock()
	defer v.mu.Unlock()
	out := doorNone
	for _, i := range v.present() {
		switch {
		case i.propose == nil:
			out = max(out, doorOpen)
		case i.propose.Member.Access == id || i.propose.Member.Node.TLS == id:
			out = doorInvited
		}
	}
	return out
}

// all returns what operators see.
func (v *invites) all() *wire.Joins {
	v.mu.Lock()
	defer v.mu.Unlock()
	out := new(wire.Joins)
	for _, i := range v.present() {
		one := wire.Invited{ID: i.id, Expires: i.expires}
		if i.propose == nil {
			out.Open = append(out.Open, one)
			continue
		}
		m := i.propose.Member
		out.Requests = append(out.Requests, wire.JoinRequest{Invited: one, At: i.at, Code: m.Code, Name: m.Name, Address: m.Node.Address, Record: i.request})
	}
	slices.SortStableFunc(out.Requests, func(a, b wire.JoinRequest) int { return cmp.Compare(a.At, b.At) })
	return out
}
