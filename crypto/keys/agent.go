package keys

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// AgentSigner returns a Signer for a key that the ssh-agent a holds now. It
// returns [ErrNotInAgent] if a does not list it. Whether a will sign is known
// only when it is asked: the agent may want a confirmation or a touch.
func AgentSigner(a agent.Agent, pub ed25519.PublicKey) (*Signer, error) {
	pub, err := AdmitEd25519(pub)
	if err != nil {
		return nil, fmt.Errorf("use ssh-agent: %w", err)
	}
	held, err := a.List()
	if err != nil {
		return nil, fmt.Errorf("list keys of the ssh-agent: %w", err)
	}
	key := sshPublicKey(pub)
	switch {
	case len(held) == 0: // an agent that is locked shows none
		return nil, fmt.Errorf("use key %s: %w, which shows no key at all: it is locked or empty", SigningID(pub).Short(), ErrNotInAgent)
	case !slices.ContainsFunc(held, func(k *agent.Key) bool { return bytes.Equal(k.Blob, key.Marshal()) }):
		return nil, fmt.Errorf("use key %s: %w", SigningID(pub).Short(), ErrNotInAgent)
	}
	sign := func(data []byte) ([]byte, error) {
		reply, err := a.Sign(key, data)
		if err != nil {
			return nil, fmt.Errorf("the ssh-agent gives no signature: it was locked, it does not have the key any more, or nobody confirmed: %w", err)
		}
		if reply.Format != ssh.KeyAlgoED25519 || len(reply.Rest) != 0 {
			return nil, errors.New("the ssh-agent's reply is not an Ed25519 signature")
		}
		return reply.Blob, nil
	}
	return &Signer{pub: pub, id: SigningID(pub), sign: sign}, nil
}

// AgentKey is a signing key that an ssh-agent holds.
type AgentKey struct {
	Public  ed25519.PublicKey
	Comment string // as the agent has it: foreign text
}

// AgentKeys returns the keys of the ssh-agent a that can sign statements, in its
// order, and how many others it holds: of other kinds, certificates, and keys on
// tokens that sign something of their own.
func AgentKeys(a agent.Agent) (list []AgentKey, others int, err error) {
	held, err := a.List()
	if err != nil {
		return nil, 0, fmt.Errorf("list keys of the ssh-agent: %w", err)
	}
	for _, k := range held {
		pub, err := parseSSHKey(k.Blob)
		if err != nil || slices.ContainsFunc(list, func(l AgentKey) bool { return l.Public.Equal(pub) }) {
			others++
			continue
		}
		list = append(list, AgentKey{pub, k.Comment})
	}
	return list, others, nil
}
