package home

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"comity/crypto/keys"
	"comity/crypto/sign"
	"comity/ledger"

	"filippo.io/mldsa"
)

// ExtMember ends the name of a member file.
const ExtMember = ".member"

// MaxMember bounds a member file, in bytes.
const MaxMember = 16 << 10

const memberFormat = "comity/member/v1"

// memberFile is how a bureau describes itself to the others before a charter
// does. It holds no secret; proof is its root's signature of the document
// without that line, in the namespace member@comity.
//
//	{
//	  "format": "comity/member/v1",
//	  "bureau": "XA",
//	  "name": "Aldermoor",
//	  "root": "ssh-ed25519 AAAA...",
//	  "operator": "7f2c...",
//	  "node": {"address": "192.0.2.1:7101", "tls": "91aa...", "ed25519": "...", "mldsa44": "..."},
//	  "proof": "..."
//	}
type memberFile struct {
	Format   string     `json:"format"`
	Bureau   string     `json:"bureau"`
	Name     string     `json:"name"`
	Root     string     `json:"root"`
	Operator keys.ID    `json:"operator"`
	Node     memberNode `json:"node"`
	Proof    []byte     `json:"proof,omitempty"`
}

type memberNode struct {
	Address string  `json:"address"`
	TLS     keys.ID `json:"tls"`
	Ed25519 []byte  `json:"ed25519"`
	MLDSA44 []byte  `json:"mldsa44"`
}

// ErrMember is returned for a file that is no member file, or not a whole one.
var ErrMember = errors.New("it is not a bureau's member file as comity init writes it, or not all of it")

// ErrMemberChanged is returned for a member file that its root did not sign as
// it is.
var ErrMemberChanged = errors.New("it was changed after the bureau's root signed it")

// describe returns the text of a member file with a proof, or what is signed
// without one.
func describe(m *ledger.Member, proof []byte) ([]byte, error) {
	data, err := json.MarshalIndent(memberFile{
		Format: memberFormat, Bureau: m.Code, Name: m.Name, Root: keys.AuthorizedKey(m.Root, ""), Operator: m.Access,
		Node:  memberNode{m.Node.Address, m.Node.TLS, m.Node.Witness.Ed25519, m.Node.Witness.MLDSA.Bytes()},
		Proof: proof,
	}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("describe %s: %w", m.Code, err)
	}
	return append(data, '\n'), nil
}

// marshalMember returns the member file of a bureau, signed by its root.
func marshalMember(m *ledger.Member, root *keys.Signer) ([]byte, error) {
	text, err := describe(m, nil)
	if err != nil {
		return nil, err
	}
	proof, err := sign.Sign(root, sign.NamespaceMember, text)
	if err != nil {
		return nil, fmt.Errorf("describe %s: %w", m.Code, err)
	}
	return describe(m, proof[:])
}

// ParseMember reads a member file and verifies that the root which it names has
// signed it. That the root is the bureau's own it cannot know: compare its words.
func ParseMember(data []byte) (*ledger.Member, error) {
	var f memberFile
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&f); err != nil || f.Format != memberFormat || len(data) > MaxMember {
		return nil, ErrMember
	}
	m := &ledger.Member{Code: f.Bureau, Name: f.Name, Access: f.Operator}
	m.Node.Address, m.Node.TLS = f.Node.Address, f.Node.TLS
	var err1, err2, err3 error
	m.Root, err1 = keys.ParseAuthorizedKey(f.Root)
	m.Node.Witness.Ed25519, err2 = keys.AdmitEd25519(f.Node.Ed25519)
	m.Node.Witness.MLDSA, err3 = mldsa.NewPublicKey(mldsa.MLDSA44(), f.Node.MLDSA44)
	if errors.Join(err1, err2, err3) != nil {
		return nil, ErrMember
	}
	again, err := describe(m, f.Proof)
	if err != nil || !bytes.Equal(again, data) {
		return nil, ErrMember // one encoding, so that two people compare the same file
	}
	text, err := describe(m, nil)
	if err != nil || !sign.Verify(m.Root, sign.NamespaceMember, text, f.Proof) {
		return nil, ErrMemberChanged
	}
	if !fit(m) {
		return nil, ErrMember
	}
	return m, nil
}

// fit reports whether a charter can have the member.
func fit(m *ledger.Member) bool {
	_, err := ledger.NewGenesis(&ledger.Charter{Name: m.Name, Members: []ledger.Member{*m}})
	return err == nil
}
