package ledger

import (
	"bytes"
	"crypto/ed25519"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"comity/crypto/keys"
	"comity/crypto/sign"

	"golang.org/x/crypto/cryptobyte"
)

// Change is what a proposal wants to change about who belongs to the consortium, or
// about the format in which they write.
type Change uint8

// The changes. Numbers are part of the format and are never reused.
const (
	ChangeAdmit   Change = 1 + iota // a bureau joins; it does not vote yet
	ChangeRemove                    // a bureau leaves, with all its keys
	ChangePromote                   // a member becomes a voter
	ChangeDemote                    // a voter becomes a member that does not vote
	ChangeRoot                      // a member that lost its root key gets a new one
	ChangeNode                      // a member whose node was lost gets a new one
	ChangeFormat                    // the ledger gets a newer format, which all voters know
	changesEnd
)

var changeNames = [...]string{"", "admit", "remove", "promote", "demote", "root", "node", "format"}

// String returns the name of c.
func (c Change) String() string { return nameOf(changeNames[:], uint8(c), "change") }

// Propose holds the clear fields of a proposal. Voters decide on it.
type Propose struct {
	Change Change
	Code   string            // of the bureau; empty for ChangeFormat
	Member *Member           // ChangeAdmit, with this Code
	Root   ed25519.PublicKey // ChangeRoot: the new one
	Node   *Node             // ChangeNode: the new one
	Format uint8             // ChangeFormat: the new one; 0 for other changes
	// Proof is a signature over [Propose.Proven]: of ChangeAdmit by the bureau's
	// root, of ChangeRoot by the new root, of ChangeNode by the root that the
	// bureau has. Other changes have none.
	Proof []byte
}

// Sign sets the proof.
func (p *Propose) Sign(ledger Hash, root *keys.Signer) error {
	sig, err := sign.Sign(root, sign.NamespaceEnrol, p.Proven(ledger))
	if err != nil {
		return fmt.Errorf("sign proposal: %w", err)
	}
	p.Proof = sig[:]
	return nil
}

// Proven returns the bytes that the proof is a signature over: ledger id || the
// fields before it.
func (p *Propose) Proven(ledger Hash) []byte { return append(ledger[:], p.fields()...) }

// CheckProof reports whether the proof is good, in the epoch that the proposal is
// to follow.
func (p *Propose) CheckProof(ledger Hash, e *Epoch) bool {
	var root ed25519.PublicKey
	switch p.Change {
	case ChangeAdmit:
		root = p.Member.Root
	case ChangeRoot:
		root = p.Root
	case ChangeNode:
		m, ok := e.Member(p.Code)
		if !ok {
			return false
		}
		root = m.Root
	default:
		return true
	}
	return sign.Verify(root, sign.NamespaceEnrol, p.Proven(ledger), p.Proof)
}

// Author returns the root key that makes the epoch of this proposal: that of the
// bureau that joins, which so accepts what it joins, or the new one of a bureau
// that lost its own. It is nil where any voter's root does.
func (p *Propose) Author() ed25519.PublicKey {
	switch p.Change {
	case ChangeAdmit:
		return p.Member.Root
	case ChangeRoot:
		return p.Root
	}
	return nil
}

// About returns the code of the bureau that the proposal is about, or the number of
// the format.
func (p *Propose) About() string {
	if p.Change == ChangeFormat {
		return strconv.Itoa(int(p.Format))
	}
	return p.Code
}

// Needed returns how many voters of an epoch must be for the proposal: a quorum, and
// for a format all. The vote of a root says that its bureau's node knows the format,
// and a node that does not could not go on.
func (p *Propose) Needed(e *Epoch) int {
	if p.Change == ChangeFormat {
		return e.Voters()
	}
	return e.Quorum()
}

// Keys returns the ids of the keys that become known with it.
func (p *Propose) Keys() []keys.ID {
	switch p.Change {
	case ChangeAdmit:
		m := p.Member
		return []keys.ID{keys.SigningID(m.Root), m.Access, m.Node.TLS, m.Node.Cosigner()}
	case ChangeRoot:
		return []keys.ID{keys.SigningID(p.Root)}
	case ChangeNode:
		return []keys.ID{p.Node.TLS, p.Node.Cosigner()}
	}
	return nil
}

// Marshal returns the encoding of p: u8 change, details, proof. It panics on a
// proposal without what its change needs.
func (p *Propose) Marshal() []byte { return append(p.fields(), p.Proof...) }

func (p *Propose) fields() []byte {
	b := cryptobyte.NewBuilder(nil)
	b.AddUint8(uint8(p.Change))
	switch p.Change {
	case ChangeAdmit:
		p.Member.add(b)
	case ChangeNode:
		b.AddBytes([]byte(p.Code))
		p.Node.add(b)
	case ChangeFormat:
		b.AddUint8(p.Format)
	default:
		b.AddBytes([]byte(p.Code))
		b.AddBytes(p.Root)
	}
	return b.BytesOrPanic()
}

// ParsePropose is the inverse of [Propose.Marshal]. It does not check the proof:
// see [Propose.CheckProof].
func ParsePropose(data []byte) (*Propose, error) {
	var p Propose
	in := cryptobyte.String(data)
	if len(data) > MaxPublic || !in.ReadUint8((*uint8)(&p.Change)) {
		return nil, ErrMalformed
	}
	if p.Change > ChangeFormat {
		return nil, ErrLater
	}
	if p.readDetails(&in) != nil {
		return nil, ErrMalformed
	}
	switch p.Change {
	case ChangeAdmit, ChangeRoot, ChangeNode:
		if !in.ReadBytes(&p.Proof, ed25519.SignatureSize) {
			return nil, ErrMalformed
		}
	}
	if !in.Empty() {
		return nil, ErrMalformed
	}
	return &p, nil
}

// readDetails reads what stands between the change and the proof.
func (p *Propose) readDetails(in *cryptobyte.String) (err error) {
	switch p.Change {
	case ChangeAdmit:
		if p.Member, err = parseMember(in); err == nil {
			p.Code = p.Member.Code
		}
		return err
	case ChangeFormat:
		if !in.ReadUint8(&p.Format) || p.Format < 2 { // no ledger has an earlier one than 1
			return ErrMalformed
		}
		return nil
	}
	var code, root []byte
	if !in.ReadBytes(&code, 2) || !isCode(code) {
		return ErrMalformed
	}
	p.Code = string(code)
	switch p.Change {
	case ChangeRemove, ChangePromote, ChangeDemote:
		return nil
	case ChangeRoot:
		if !in.ReadBytes(&root, ed25519.PublicKeySize) {
			return ErrMalformed
		}
		p.Root, err = keys.AdmitEd25519(root)
		return err
	case ChangeNode:
		p.Node, err = parseNode(in, p.Code)
		return err
	}
	return ErrMalformed
}

// Proposes returns the proposal that s makes, nil for any other statement.
func (s *Statement) Proposes() *Propose {
	if s.Class != ClassPropose {
		return nil
	}
	p, err := ParsePropose(s.Public)
	if err != nil {
		return nil
	}
	return p
}

// Vote holds the clear fields of a voter's word on a proposal. The last one counts.
type Vote struct {
	For bool
}

// Marshal returns the encoding of v: u8, 1 for and 2 against.
func (v *Vote) Marshal() []byte {
	if v.For {
		return []byte{1}
	}
	return []byte{2}
}

// ParseVote is the inverse of [Vote.Marshal].
func ParseVote(data []byte) (*Vote, error) {
	if len(data) != 1 || data[0] != 1 && data[0] != 2 {
		return nil, ErrMalformed
	}
	return &Vote{For: data[0] == 1}, nil
}

// Enact holds the clear fields of the statement that begins an epoch.
type Enact struct {
	Number uint32 // of the epoch; that of the one before + 1
}

// Marshal returns the encoding of e: u32 number.
func (e *Enact) Marshal() []byte { return binary.BigEndian.AppendUint32(nil, e.Number) }

// ParseEnact is the inverse of [Enact.Marshal].
func ParseEnact(data []byte) (*Enact, error) {
	var e Enact
	in := cryptobyte.String(data)
	if !in.ReadUint32(&e.Number) || e.Number == 0 || e.Number > MaxEpochs || !in.Empty() {
		return nil, ErrMalformed
	}
	return &e, nil
}

// Why a proposal does not fit an epoch.
var (
	ErrNoMember = errors.New("there is no such member")
	ErrStands   = errors.New("it is so already")
	ErrInUse    = errors.New("a member has it")
	ErrFull     = errors.New("there are as many as there may be")
	ErrLast     = errors.New("it is the last voter")
	ErrOldNode  = errors.New("its node may have cosigned what a recovery cut")
)

// After returns the epoch that follows e when the proposal takes effect at a
// position, or why it does not fit. It says nothing about keys that were in use
// before: only the log knows them all.
func (e *Epoch) After(p *Propose, from uint64) (*Epoch, error) {
	if p.Change == ChangeFormat {
		return e.raised(p.Format, from)
	}
	m, is := e.Member(p.Code)
	if is == (p.Change == ChangeAdmit) {
		if is {
			return nil, fmt.Errorf("%s is a member: %w", p.Code, ErrStands)
		}
		return nil, fmt.Errorf("%s is no member: %w", p.Code, ErrNoMember)
	}
	switch {
	case e.Number >= MaxEpochs:
		return nil, e.last()
	case p.Change == ChangeAdmit && len(e.Members) >= MaxMembers:
		return nil, fmt.Errorf("there are %d members: %w", len(e.Members), ErrFull)
	case p.Change == ChangePromote && m.Voter:
		return nil, fmt.Errorf("%s is a voter: %w", p.Code, ErrStands)
	case p.Change == ChangePromote && e.Voters() >= MaxVoters:
		return nil, fmt.Errorf("there are %d voters: %w", e.Voters(), ErrFull)
	case p.Change == ChangePromote && m.OldNode:
		return nil, fmt.Errorf("%s needs a node with new keys first: propose node (%w)", p.Code, ErrOldNode)
	case p.Change == ChangeDemote && !m.Voter:
		return nil, fmt.Errorf("%s does not vote: %w", p.Code, ErrStands)
	case (p.Change == ChangeDemote || p.Change == ChangeRemove && m.Voter) && e.Voters() == 1:
		return nil, fmt.Errorf("%s may not go: %w", p.Code, ErrLast)
	}
	if what := e.clash(p); what != "" {
		return nil, fmt.Errorf("the %s that is proposed for %s: %w", what, p.Code, ErrInUse)
	}
	next := &Epoch{Number: e.Number + 1, From: from, Members: slices.Clone(e.Members), Format: e.Format}
	at, _ := slices.BinarySearchFunc(next.Members, p.Code, func(m Member, code string) int { return strings.Compare(m.Code, code) })
	switch p.Change {
	case ChangeAdmit:
		next.Members = slices.Insert(next.Members, at, *p.Member)
	case ChangeRemove:
		next.Members = slices.Delete(next.Members, at, at+1)
	case ChangePromote, ChangeDemote:
		next.Members[at].Voter = p.Change == ChangePromote
	case ChangeRoot:
		next.Members[at].Root = p.Root
	case ChangeNode:
		next.Members[at].Node, next.Members[at].OldNode = *p.Node, false
	}
	return next, nil
}

// raised returns the epoch with the same members that follows e in a newer format.
func (e *Epoch) raised(format uint8, from uint64) (*Epoch, error) {
	switch {
	case format <= e.Format:
		return nil, fmt.Errorf("the ledger has format %d: %w", e.Format, ErrStands)
	case e.Number >= MaxEpochs:
		return nil, e.last()
	}
	return &Epoch{Number: e.Number + 1, From: from, Members: slices.Clone(e.Members), Format: format}, nil
}

// last is the error of who wants an epoch after the last that there may be.
func (e *Epoch) last() error { return fmt.Errorf("the ledger has %d epochs: %w", e.Number, ErrFull) }

// clash names what the proposal gives the bureau and a member has already, this
// bureau's own address apart.
func (e *Epoch) clash(p *Propose) string {
	var new []value
	switch p.Change {
	case ChangeAdmit:
		new = p.Member.values()
	case ChangeRoot:
		new = rootValues(p.Root)
	case ChangeNode:
		new = p.Node.values()
	}
	for i := range e.Members {
		for _, has := range e.Members[i].values() {
			for _, v := range new {
				if bytes.Equal(v.bytes, has.bytes) && !(v.what == "address" && e.Members[i].Code == p.Code) {
					return v.what
				}
			}
		}
	}
	return ""
}
