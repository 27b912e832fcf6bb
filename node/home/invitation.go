package home

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/node/client"
	"comity/node/wire"

	"golang.org/x/crypto/cryptobyte"
)

// Invitation is what a member gives to a bureau that may ask to be admitted: where
// its node is, which key that must prove, which ledger it is of, and a secret that
// is good once.
type Invitation struct {
	Bureau  string      // that is invited
	By      string      // that invites
	Ledger  ledger.Hash // id
	Root    keys.ID     // of the member that invites
	Node    keys.ID     // TLS key of its node
	Address string      // of its node, host:port
	Secret  [wire.TokenLen]byte
}

const (
	tokenPrefix = "comity-invite-"
	tokenVer    = 1
	tokenSum    = 4 // bytes of a hash, which find what copying lost
	maxToken    = 1024
)

// ErrToken is returned for a text that is no whole invitation.
var ErrToken = errors.New("it is no invitation, or not all of it: a token is one word that begins with " + tokenPrefix)

// NewInvitation returns an invitation of a bureau by a member.
func NewInvitation(id ledger.Hash, by *ledger.Member, bureau string) *Invitation {
	i := &Invitation{Bureau: bureau, By: by.Code, Ledger: id, Root: keys.SigningID(by.Root), Node: by.Node.TLS, Address: by.Node.Address}
	_, _ = rand.Read(i.Secret[:])
	return i
}

// String returns the token.
func (i *Invitation) String() string {
	b := cryptobyte.NewBuilder(nil)
	b.AddUint8(tokenVer)
	b.AddBytes([]byte(i.Bureau + i.By))
	b.AddBytes(i.Ledger[:])
	b.AddBytes(i.Root[:])
	b.AddBytes(i.Node[:])
	b.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes([]byte(i.Address)) })
	b.AddBytes(i.Secret[:])
	data := b.BytesOrPanic()
	sum := sha256.Sum256(data)
	return tokenPrefix + base64.RawURLEncoding.EncodeToString(append(data, sum[:tokenSum]...))
}

// ParseInvitation is the inverse of [Invitation.String].
func ParseInvitation(text string) (*Invitation, error) {
	text, ok := strings.CutPrefix(strings.TrimSpace(text), tokenPrefix)
	data, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if !ok || err != nil || len(text) > maxToken || len(data) <= tokenSum {
		return nil, ErrToken
	}
	data, sum := data[:len(data)-tokenSum], data[len(data)-tokenSum:]
	if want := sha256.Sum256(data); !bytes.Equal(sum, want[:tokenSum]) {
		return nil, ErrToken
	}
	var (
		i       Invitation
		version uint8
		codes   []byte
		address cryptobyte.String
	)
	in := cryptobyte.String(data)
	if !in.ReadUint8(&version) || version != tokenVer || !in.ReadBytes(&codes, 4) || !in.CopyBytes(i.Ledger[:]) || !in.CopyBytes(i.Root[:]) ||
		!in.CopyBytes(i.Node[:]) || !in.ReadUint8LengthPrefixed(&address) || !in.CopyBytes(i.Secret[:]) || !in.Empty() {
		return nil, ErrToken
	}
	i.Bureau, i.By, i.Address = string(codes[:2]), string(codes[2:]), string(address)
	if !isCode(i.Bureau) || !isCode(i.By) || checkAddress("address", i.Address) != nil {
		return nil, ErrToken
	}
	return &i, nil
}

// fileInvitation holds the token by which the bureau asks to be admitted, until it is.
const fileInvitation = "invitation"

// KeepInvitation writes the token into the home, in the place of an earlier one.
func (h *Home) KeepInvitation(i *Invitation) error {
	if i.Bureau != h.Bureau() {
		return fmt.Errorf("the invitation is for %s, and this is the home of %s", i.Bureau, h.Bureau())
	}
	return h.replace(fileInvitation, []byte(i.String()+"\n"))
}

// RestoreInvitation puts back what the home had before [Home.KeepInvitation]; nil
// leaves none.
func (h *Home) RestoreInvitation(before *Invitation) error {
	if before != nil {
		return h.KeepInvitation(before)
	}
	if err := os.Remove(filepath.Join(h.dir, fileInvitation)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("home of %s: %w", h.Bureau(), err)
	}
	return syncDir(h.dir)
}

// Invitation returns the token that the home keeps, nil where there is none.
func (h *Home) Invitation() (*Invitation, error) {
	data, err := readPublic(filepath.Join(h.dir, fileInvitation))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("home of %s: %w", h.Bureau(), err)
	}
	return ParseInvitation(string(data))
}

// ClientBy returns a client of the node that invited, as the home's operator.
func (h *Home) ClientBy(i *Invitation) (*client.Client, error) {
	t, err := h.Operator()
	if err != nil {
		return nil, err
	}
	return client.New(client.Options{Address: i.Address, Node: i.Node, TLS: t, Bureau: i.By}), nil
}

// Invited returns the charter file that the node which invited gives, verified: it
// is of the ledger of the invitation, and the member that invited has in it the keys
// that the invitation names.
func (h *Home) Invited(ctx context.Context, c *client.Client, i *Invitation) (*ledger.Genesis, error) {
	g, err := c.Charter(ctx)
	if err != nil {
		return nil, err
	}
	m, ok := g.Member(i.By)
	switch {
	case g.Ledger != i.Ledger:
		return nil, fmt.Errorf("the node of %s gave the charter of another ledger than the one in the invitation", i.By)
	case !ok:
		return nil, fmt.Errorf("%s, which invites, is no member of the ledger", i.By)
	case keys.SigningID(m.Root) != i.Root || m.Node.TLS != i.Node:
		return nil, fmt.Errorf("%s has other keys in the charter than in its invitation; ask it for a new one", i.By)
	}
	return g, nil
}

// Update writes a charter file with more epochs than the home's in its place, or
// the first one of a bureau that was admitted. It reports whether anything changed.
// The certificates in g were verified when it was parsed.
func (h *Home) Update(g *ledger.Genesis) (bool, error) {
	switch have, err := h.Genesis(); {
	case err == nil && have.Ledger != g.Ledger:
		return false, fmt.Errorf("update charter: %s belongs to another ledger, %s", h.Bureau(), have.Origin())
	case err == nil && len(g.Epochs()) <= len(have.Epochs()):
		return false, nil
	case err != nil && !errors.Is(err, ErrNoCharter):
		return false, fmt.Errorf("update charter: %w", err)
	case err != nil:
		own, merr := h.Member()
		in, ok := g.Member(h.Bureau())
		if merr != nil {
			return false, fmt.Errorf("update charter: %w", merr)
		}
		if !ok || !sameMember(in, &own) {
			return false, fmt.Errorf("update charter: %s is not among its members as this home describes it", h.Bureau())
		}
	}
	if err := h.replace(fileCharter, g.Marshal()); err != nil {
		return false, fmt.Errorf("update charter: %w", err)
	}
	return true, nil
}

// sameMember compares all but whether it votes.
func sameMember(a, b *ledger.Member) bool {
	record := func(m *ledger.Member) []byte {
		return (&ledger.Propose{Change: ledger.ChangeAdmit, Code: m.Code, Member: m}).Marshal()
	}
	return bytes.Equal(record(a), record(b))
}

// replace writes a file of the home so that after a crash the old or the new one is
// there, whole.
func (h *Home) replace(name string, data []byte) error {
	f, err := os.CreateTemp(h.dir, "."+name+"-*") // 0600
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), filepath.Join(h.dir, name))
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return syncDir(h.dir)
}
