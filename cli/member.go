package cli

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"

	"comity/crypto/keys"
	"comity/ledger"

	"filippo.io/mldsa"
)

const memberExt = ".member"

// memberFile is the public summary of a bureau, which it sends to the other
// founders. It is not signed: the charter that is made from it is, by all.
//
//	{
//	  "format": "comity/member/v1",
//	  "bureau": "XA",
//	  "name": "Aldermoor",
//	  "root": "ssh-ed25519 AAAA...",
//	  "operator": "7f2c...",
//	  "node": {"address": "192.0.2.7:7101", "tls": "91aa...", "ed25519": "...", "mldsa44": "..."}
//	}
type memberFile struct {
	Format   string     `json:"format"`
	Bureau   string     `json:"bureau"`
	Name     string     `json:"name"`
	Root     string     `json:"root"`
	Operator keys.ID    `json:"operator"`
	Node     memberNode `json:"node"`
}

type memberNode struct {
	Address string  `json:"address"`
	TLS     keys.ID `json:"tls"`
	Ed25519 []byte  `json:"ed25519"`
	MLDSA44 []byte  `json:"mldsa44"`
}

const (
	memberFormat = "comity/member/v1"
	maxMember    = 16 << 10
)

// marshalMember returns the text of a summary.
func marshalMember(m *ledger.Member) ([]byte, error) {
	data, err := json.MarshalIndent(memberFile{
		Format: memberFormat, Bureau: m.Code, Name: m.Name, Root: authorizedKey(m.Root), Operator: m.Access,
		Node: memberNode{m.Node.Address, m.Node.TLS, m.Node.Witness.Ed25519, m.Node.Witness.MLDSA.Bytes()},
	}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("summary of %s: %w", m.Code, err)
	}
	return append(data, '\n'), nil
}

var errMember = errors.New("not the public summary of a bureau, as comity init writes it")

// parseMember is the inverse of marshalMember. What it accepts is a member of a
// charter.
func parseMember(data []byte) (*ledger.Member, error) {
	var f memberFile
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&f); err != nil || f.Format != memberFormat || len(data) > maxMember {
		return nil, errMember
	}
	m := &ledger.Member{Code: f.Bureau, Name: f.Name, Access: f.Operator}
	m.Node.Address, m.Node.TLS = f.Node.Address, f.Node.TLS
	var err1, err2, err3 error
	m.Root, err1 = keys.ParseAuthorizedKey(f.Root)
	m.Node.Witness.Ed25519, err2 = keys.AdmitEd25519(f.Node.Ed25519)
	m.Node.Witness.MLDSA, err3 = mldsa.NewPublicKey(mldsa.MLDSA44(), f.Node.MLDSA44)
	if errors.Join(err1, err2, err3) != nil {
		return nil, errMember
	}
	again, err := marshalMember(m)
	if err != nil || !bytes.Equal(again, data) {
		return nil, errMember // one encoding, so that two people compare the same file
	}
	return m, nil
}

// authorizedKey writes a public key as OpenSSH does.
func authorizedKey(pub ed25519.PublicKey) string {
	blob := append([]byte("\x00\x00\x00\x0bssh-ed25519\x00\x00\x00\x20"), pub...)
	return "ssh-ed25519 " + base64.StdEncoding.EncodeToString(blob)
}

// fingerprint returns how people recognise a bureau's root key.
func fingerprint(m *ledger.Member) string { return keys.SigningID(m.Root).Short() }
