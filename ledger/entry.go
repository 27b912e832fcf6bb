package ledger

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"slices"

	"comity/crypto/keys"
	"comity/crypto/sign"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/mod/sumdb/tlog"
)

// Signature is one officer's signature over a statement: SSHSIG with namespace
// "statement@comity" and hash sha512 (OpenSSH PROTOCOL.sshsig).
type Signature struct {
	Key keys.ID
	Sig [ed25519.SignatureSize]byte
}

// Entry is a signed statement: the data of one leaf of the tree.
//
//	u24-vector statement || u16-vector { key id[32], signature[64] }...
//
// The author's signature comes first, the others strictly ascending by key id.
type Entry struct {
	Raw        []byte // as received; what is hashed, stored and replicated
	ID         ID
	Statement  *Statement
	Signatures []Signature

	statement []byte // the signed bytes, within Raw
}

// SignStatement makes the entry of a statement with its author's signature and,
// where an act needs four eyes, those of others.
func SignStatement(s *Statement, author *keys.Signer, others ...*keys.Signer) (*Entry, error) {
	if author.ID() != s.Author {
		return nil, fmt.Errorf("sign statement: key %s is not the author %s", author.ID().Short(), s.Author.Short())
	}
	raw := s.Marshal()
	var sigs []Signature
	for _, k := range append([]*keys.Signer{author}, others...) {
		sig, err := sign.Sign(k, sign.NamespaceStatement, raw)
		if err != nil {
			return nil, fmt.Errorf("sign statement: %w", err)
		}
		sigs = append(sigs, Signature{k.ID(), sig})
	}
	return NewEntry(raw, sigs)
}

// NewEntry joins the bytes of a statement and its signatures, in any order, to
// an entry. It does not verify the signatures: [Entry.Verify] does.
func NewEntry(statement []byte, sigs []Signature) (*Entry, error) {
	s, err := ParseStatement(statement)
	if err != nil {
		return nil, err
	}
	b := cryptobyte.NewBuilder(make([]byte, 0, len(statement)+8+len(sigs)*96))
	b.AddUint24LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(statement) })
	b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
		for _, sig := range sortSignatures(s.Author, sigs) {
			b.AddBytes(sig.Key[:])
			b.AddBytes(sig.Sig[:])
		}
	})
	raw, err := b.Bytes()
	if err != nil {
		return nil, ErrMalformed
	}
	return ParseEntry(raw)
}

// ParseEntry parses leaf data. The entry keeps data, which must not change.
func ParseEntry(data []byte) (*Entry, error) {
	if len(data) > MaxEntry {
		return nil, ErrMalformed
	}
	in := cryptobyte.String(data)
	var statement, sigs cryptobyte.String
	if !in.ReadUint24LengthPrefixed(&statement) || !in.ReadUint16LengthPrefixed(&sigs) || !in.Empty() {
		return nil, ErrMalformed
	}
	s, err := ParseStatement(statement)
	if err != nil {
		return nil, err
	}
	e := &Entry{Raw: data, ID: StatementID(statement), Statement: s, statement: statement}
	for !sigs.Empty() {
		var sig Signature
		if len(e.Signatures) == s.Class.maxSigners() || !sigs.CopyBytes(sig.Key[:]) || !sigs.CopyBytes(sig.Sig[:]) {
			return nil, ErrMalformed
		}
		e.Signatures = append(e.Signatures, sig)
	}
	if !orderedSignatures(s.Author, e.Signatures) {
		return nil, ErrMalformed
	}
	return e, nil
}

// Signed returns the bytes that the signatures are over.
func (e *Entry) Signed() []byte { return e.statement }

// LeafHash returns the RFC 6962 hash of the entry, SHA-256(0x00 || entry).
func (e *Entry) LeafHash() tlog.Hash { return tlog.RecordHash(e.Raw) }

// Verify reports whether the i-th signature is one by pub over the statement.
// It says nothing about the rights of pub: that is decided by log position.
func (e *Entry) Verify(i int, pub ed25519.PublicKey) bool {
	return e.Signatures[i].Key == keys.SigningID(pub) &&
		sign.Verify(pub, sign.NamespaceStatement, e.statement, e.Signatures[i].Sig[:])
}

// CheckBody reports whether body is the one that the statement names, and, of a
// grant, one that its clear fields admit to.
func (e *Entry) CheckBody(body []byte) bool {
	if e.Statement.BodyLen == 0 {
		return len(body) == 0
	}
	return len(body) == int(e.Statement.BodyLen) && sha256.Sum256(body) == e.Statement.BodyHash &&
		(e.Statement.Class != ClassGrant || e.Statement.checkGrant(body))
}

func orderedSignatures(author keys.ID, sigs []Signature) bool {
	if len(sigs) == 0 || sigs[0].Key != author {
		return false
	}
	for i := 1; i < len(sigs); i++ {
		if sigs[i].Key == author || i > 1 && bytes.Compare(sigs[i-1].Key[:], sigs[i].Key[:]) >= 0 {
			return false
		}
	}
	return true
}

func sortSignatures(author keys.ID, sigs []Signature) []Signature {
	out := slices.Clone(sigs)
	slices.SortFunc(out, func(a, b Signature) int {
		if (a.Key == author) != (b.Key == author) {
			if a.Key == author {
				return -1
			}
			return 1
		}
		return bytes.Compare(a.Key[:], b.Key[:])
	})
	return out
}
