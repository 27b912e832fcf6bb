package ledger

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"comity/crypto/keys"
	"comity/crypto/sign"

	"filippo.io/mldsa"
	"golang.org/x/crypto/cryptobyte"
)

// Bounds of a charter.
const (
	MaxVoters  = 15 // who found a ledger, and at any time those who vote
	MaxMembers = 64 // at any time
	MaxCharter = 64 << 10
	charterVer = 2
)

// Charter is the genesis of a ledger and the only thing that is trusted without
// a signature in it: whoever holds the right charter can check all the rest.
// H(charter bytes) is the ledger id. See FORMAT.md, "Charter".
type Charter struct {
	Name    string // of the consortium
	Created uint64 // POSIX seconds
	Format  uint8  // with which the ledger begins; 0 in a charter of version 1, which has no quota either: see [Charter.FirstFormat]
	Quota   Quota  // of each bureau
	Members []Member
}

// Member is a bureau of the consortium. All founders are voters.
type Member struct {
	Code   string            // two letters A-Z, ascending in the charter
	Name   string            // for people
	Root   ed25519.PublicKey // enrols and revokes the bureau's keys; kept offline
	Access keys.ID           // TLS key id of the bureau's operator, who may talk to nodes before anybody is enrolled
	Node   Node
	Voter  bool // its node cosigns, and its root votes; not in the charter's bytes

	// OldNode says that a recovery left the bureau the node that it had. It may have
	// cosigned what was cut, and would contradict itself: it votes with another one
	// only. It follows from the epochs, and is not in the bytes either.
	OldNode bool
}

// Node is a bureau's node.
type Node struct {
	Address string  // host:port of its one TLS port
	TLS     keys.ID // TLS key id
	Witness keys.WitnessPublic
}

// Cosigner returns the key id of the node's Ed25519 cosigning key, with which it
// also signs its acknowledgements of purges. The two cannot be taken for each
// other: what is cosigned begins with "cosignature/v1", and a statement is signed
// in the framing of SSHSIG, which begins with "SSHSIG".
func (n *Node) Cosigner() keys.ID { return keys.SigningID(n.Witness.Ed25519) }

// NodeName returns the name of the bureau's node as cosignatures show it and as
// Raft knows it: "xa.comity/n1".
func (m *Member) NodeName() string { return NodeName(m.Code) }

// NodeName returns the name of the node of the bureau with this code.
func NodeName(code string) string { return strings.ToLower(code) + ".comity/n1" }

// Quorum returns how many of n bureaus must cosign a checkpoint to make it
// FINAL: floor((n+f)/2)+1 with f = floor((n-1)/3), so that any two quorums share
// more than f bureaus. 4 of 5, 5 of 7, 10 of 15.
func Quorum(n int) int { return (n+(n-1)/3)/2 + 1 }

// Member returns the member with this code.
func (c *Charter) Member(code string) (*Member, bool) {
	for i := range c.Members {
		if c.Members[i].Code == code {
			return &c.Members[i], true
		}
	}
	return nil, false
}

// Marshal returns the bytes whose hash is the ledger id. It panics on a charter
// that has no encoding; [NewGenesis] returns an error for one.
func (c *Charter) Marshal() []byte {
	data, err := c.encode()
	if err != nil {
		panic("ledger: charter: " + err.Error())
	}
	return data
}

func (c *Charter) encode() ([]byte, error) {
	if len(c.Members) > MaxVoters {
		return nil, ErrMalformed
	}
	b := cryptobyte.NewBuilder(nil)
	if err := c.check(); err != nil {
		return nil, err
	}
	version := uint8(1)
	if c.Format != 0 {
		version = charterVer
	}
	b.AddUint8(version)
	addString8(b, c.Name)
	b.AddUint64(c.Created)
	if version > 1 {
		c.addTerms(b)
	}
	b.AddUint8(uint8(len(c.Members)))
	for i := range c.Members {
		m := &c.Members[i]
		w := &m.Node.Witness
		if len(m.Code) != 2 || len(m.Root) != ed25519.PublicKeySize || len(w.Ed25519) != ed25519.PublicKeySize || w.MLDSA == nil {
			return nil, ErrMalformed
		}
		m.add(b)
	}
	data, err := b.Bytes()
	if err != nil { // a string is longer than its length prefix can say
		return nil, ErrMalformed
	}
	return data, nil
}

// ParseCharter is the inverse of [Charter.Marshal]. It refuses a key that
// appears twice: one key has one use and one holder. Key ids count with the
// keys: Access is an id that nobody proves, and must not be that of a root or
// of a node's cosigning key.
func ParseCharter(data []byte) (*Charter, error) {
	var (
		c          Charter
		version, n uint8
	)
	in := cryptobyte.String(data)
	if len(data) > MaxCharter || !in.ReadUint8(&version) || version < 1 || version > charterVer || !readString8(&in, &c.Name) ||
		!in.ReadUint64(&c.Created) || c.Created > MaxTime || version > 1 && !c.readTerms(&in) || c.check() != nil || !in.ReadUint8(&n) || n == 0 || n > MaxVoters {
		return nil, ErrMalformed
	}
	seen := make(map[string]bool)
	for range n {
		m, err := parseMember(&in)
		if err != nil {
			return nil, ErrMalformed
		}
		if len(c.Members) > 0 && c.Members[len(c.Members)-1].Code >= m.Code {
			return nil, ErrMalformed
		}
		if !once(seen, m.values()) {
			return nil, ErrMalformed
		}
		m.Voter = true
		c.Members = append(c.Members, *m)
	}
	if !in.Empty() {
		return nil, ErrMalformed
	}
	if c.Format > Format {
		return nil, &FormatError{Has: c.Format, Knows: Format}
	}
	return &c, nil
}

// value is one that no two members share, and no member has twice.
type value struct {
	what  string
	bytes []byte
}

func (m *Member) values() []value {
	return append(append(rootValues(m.Root), m.Node.values()...), value{"access key", m.Access[:]})
}

func rootValues(root ed25519.PublicKey) []value {
	id := keys.SigningID(root)
	return []value{{"root key", root}, {"root key", id[:]}}
}

func (n *Node) values() []value {
	cosigner := n.Cosigner()
	return []value{{"cosigning key", cosigner[:]}, {"cosigning key", n.Witness.Ed25519}, {"cosigning key", n.Witness.MLDSA.Bytes()},
		{"TLS key", n.TLS[:]}, {"address", []byte(n.Address)}}
}

// once reports whether none of the values was seen before, and notes them.
func once(seen map[string]bool, values []value) bool {
	for _, v := range values {
		if seen[string(v.bytes)] {
			return false
		}
		seen[string(v.bytes)] = true
	}
	return true
}

func (m *Member) marshal() []byte {
	b := cryptobyte.NewBuilder(nil)
	m.add(b)
	return b.BytesOrPanic()
}

func (m *Member) add(b *cryptobyte.Builder) {
	b.AddBytes([]byte(m.Code))
	addString8(b, m.Name)
	b.AddBytes(m.Root)
	b.AddBytes(m.Access[:])
	m.Node.add(b)
}

func (n *Node) add(b *cryptobyte.Builder) {
	addString8(b, n.Address)
	b.AddBytes(n.TLS[:])
	b.AddBytes(n.Witness.Ed25519)
	b.AddBytes(n.Witness.MLDSA.Bytes())
}

func parseMember(in *cryptobyte.String) (*Member, error) {
	var (
		m          Member
		code, root []byte
	)
	if !in.ReadBytes(&code, 2) || !isCode(code) || !readString8(in, &m.Name) ||
		!in.ReadBytes(&root, ed25519.PublicKeySize) || !in.CopyBytes(m.Access[:]) {
		return nil, ErrMalformed
	}
	m.Code = string(code)
	var err error
	if m.Root, err = keys.AdmitEd25519(root); err != nil {
		return nil, err
	}
	n, err := parseNode(in, m.Code)
	if err != nil {
		return nil, err
	}
	m.Node = *n
	if !once(make(map[string]bool), m.values()) {
		return nil, ErrMalformed
	}
	return &m, nil
}

// parseNode parses the node of the bureau with this code.
func parseNode(in *cryptobyte.String, code string) (*Node, error) {
	var (
		n       Node
		ed, dsa []byte
	)
	if !readString8(in, &n.Address) || !in.CopyBytes(n.TLS[:]) ||
		!in.ReadBytes(&ed, ed25519.PublicKeySize) || !in.ReadBytes(&dsa, mldsa.MLDSA44PublicKeySize) || !isAddress(n.Address) {
		return nil, ErrMalformed
	}
	var err error
	if n.Witness.Ed25519, err = keys.AdmitEd25519(ed); err != nil {
		return nil, err
	}
	if n.Witness.MLDSA, err = mldsa.NewPublicKey(mldsa.MLDSA44(), dsa); err != nil {
		return nil, err
	}
	// Two keys of one name that a note cannot tell apart: who grinds such a pair
	// would spoil every note that carries its lines.
	if keyHash(NodeName(code), algCosignEd25519, ed) == keyHash(NodeName(code), algCosignMLDSA44, dsa) {
		return nil, ErrMalformed
	}
	return &n, nil
}

// Genesis is a charter with the signatures of all its founders, and who belongs
// to the consortium as far as its certificates say.
type Genesis struct {
	Charter *Charter
	Ledger  Hash // H(charter bytes), the ledger id
	*Membership

	charter []byte
	sigs    [][]byte // in the order of members, nil where not yet signed
	certs   []*Certificate
}

// NewGenesis starts the signing of a charter.
func NewGenesis(c *Charter) (*Genesis, error) {
	raw, err := c.encode()
	if err != nil {
		return nil, fmt.Errorf("charter: %w", err)
	}
	parsed, err := ParseCharter(raw)
	if err != nil {
		return nil, fmt.Errorf("charter: %w", err)
	}
	g := newGenesis(parsed, raw)
	g.sigs = make([][]byte, len(parsed.Members))
	return g, nil
}

func newGenesis(c *Charter, raw []byte) *Genesis {
	id := sha256.Sum256(raw)
	return &Genesis{Charter: c, Ledger: id, Membership: NewMembership(id, c), charter: raw}
}

// Knowing returns g as one that knows these epochs, by a log that was applied, and
// not by certificates: [Genesis.Marshal] leaves out those that have none.
func (g *Genesis) Knowing(m *Membership) *Genesis {
	out := *g
	out.Membership = m
	return &out
}

// Sign adds the signature of the founder whose root key this is.
func (g *Genesis) Sign(root *keys.Signer) error {
	sig, err := sign.Sign(root, sign.NamespaceCharter, g.charter)
	if err != nil {
		return fmt.Errorf("sign charter: %w", err)
	}
	return g.AddSignature(root.Public(), sig[:])
}

// ErrNotFounder is returned for a signature by a key that is no founder's root.
var ErrNotFounder = errors.New("the key is the root of none of the founders")

// AddSignature adds a signature of the charter that a founder made elsewhere.
func (g *Genesis) AddSignature(root ed25519.PublicKey, sig []byte) error {
	for i := range g.Charter.Members {
		m := &g.Charter.Members[i]
		if !m.Root.Equal(root) {
			continue
		}
		if !sign.Verify(m.Root, sign.NamespaceCharter, g.charter, sig) {
			return fmt.Errorf("charter: the signature of %s is not good", m.Code)
		}
		g.sigs[i] = slices.Clone(sig)
		return nil
	}
	return fmt.Errorf("sign charter: %w", ErrNotFounder)
}

// Unsigned returns the codes of the founders whose signature is missing.
func (g *Genesis) Unsigned() []string {
	var codes []string
	for i, sig := range g.sigs {
		if sig == nil {
			codes = append(codes, g.Charter.Members[i].Code)
		}
	}
	return codes
}

// Origin returns "comity/" and the first 16 hex digits of the ledger id.
func Origin(ledger Hash) string { return "comity/" + hex.EncodeToString(ledger[:8]) }

// Marshal returns the bytes of a charter file: u24-vector charter || one signature
// per founder, in order || u24-vector certificate, for each epoch after the
// founders'. All founders must have signed.
func (g *Genesis) Marshal() []byte {
	if missing := g.Unsigned(); len(missing) > 0 {
		panic(fmt.Sprintf("ledger: charter not signed by %v", missing))
	}
	b := cryptobyte.NewBuilder(nil)
	b.AddUint24LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(g.charter) })
	for _, sig := range g.sigs {
		b.AddBytes(sig)
	}
	for _, c := range g.certs {
		b.AddUint24LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(c.Marshal()) })
	}
	return b.BytesOrPanic()
}

// ParseGenesis is the inverse of [Genesis.Marshal]; it verifies every founder's
// signature, and every certificate.
func ParseGenesis(data []byte) (*Genesis, error) {
	in := cryptobyte.String(data)
	var raw cryptobyte.String
	if len(data) > MaxGenesis || !in.ReadUint24LengthPrefixed(&raw) {
		return nil, fmt.Errorf("charter: %w", ErrMalformed)
	}
	c, err := ParseCharter(raw)
	if err != nil {
		return nil, fmt.Errorf("charter: %w", err)
	}
	g := newGenesis(c, raw)
	for i := range c.Members {
		var sig []byte
		if !in.ReadBytes(&sig, ed25519.SignatureSize) {
			return nil, fmt.Errorf("charter: %w", ErrMalformed)
		}
		if !sign.Verify(c.Members[i].Root, sign.NamespaceCharter, raw, sig) {
			return nil, fmt.Errorf("charter: the signature of %s is not good", c.Members[i].Code)
		}
		g.sigs = append(g.sigs, sig)
	}
	var certs []*Certificate
	for !in.Empty() {
		var cert cryptobyte.String
		if !in.ReadUint24LengthPrefixed(&cert) || len(certs) == MaxEpochs {
			return nil, fmt.Errorf("charter: %w", ErrMalformed)
		}
		c, err := ParseCertificate(cert)
		if err != nil {
			return nil, fmt.Errorf("charter: certificate of epoch %d: %w", len(certs)+1, err)
		}
		certs = append(certs, c)
		if c.raises() > Format {
			break // what comes after it may be of a form that is not known here
		}
	}
	if len(certs) == 0 {
		return g, nil
	}
	g, err = g.With(certs...)
	if err != nil {
		return nil, fmt.Errorf("charter: %w", err)
	}
	return g, nil
}

func isCode(b []byte) bool {
	return len(b) == 2 && 'A' <= b[0] && b[0] <= 'Z' && 'A' <= b[1] && b[1] <= 'Z'
}

// isAddress accepts "host:port": a host of printable ASCII without brackets and
// colons, or one in brackets, which may have colons; a port from 1 to 65535,
// without leading zeros.
func isAddress(s string) bool {
	i := strings.LastIndexByte(s, ':')
	if i < 1 {
		return false
	}
	host, port := s[:i], s[i+1:]
	inner, bracketed := strings.CutPrefix(host, "[")
	if bracketed {
		if inner, bracketed = strings.CutSuffix(inner, "]"); !bracketed {
			return false
		}
	}
	for _, c := range []byte(inner) {
		if c <= ' ' || c > '~' || c == '[' || c == ']' || c == ':' && !bracketed {
			return false
		}
	}
	n, err := strconv.ParseUint(port, 10, 16)
	return inner != "" && err == nil && n != 0 && strconv.FormatUint(n, 10) == port
}

func addString8(b *cryptobyte.Builder, s string) {
	b.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes([]byte(s)) })
}

// readString8 reads 1 to 255 bytes of UTF-8 without control characters.
func readString8(in *cryptobyte.String, s *string) bool {
	var v cryptobyte.String
	if !in.ReadUint8LengthPrefixed(&v) || len(v) == 0 || !utf8.Valid(v) {
		return false
	}
	for _, r := range string(v) {
		if r < ' ' || 0x7f <= r && r <= 0x9f {
			return false
		}
	}
	*s = string(v)
	return true
}
