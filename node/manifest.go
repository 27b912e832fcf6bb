package node

import (
	"errors"
	"fmt"

	"comity/ledger"
	"comity/ledger/state"

	"golang.org/x/crypto/cryptobyte"
)

const (
	manifestVer = 2
	maxManifest = 256 << 10
)

// manifest is a snapshot by reference: the ledger on disk is the state, and
// this says which. A node that lacks the entries pulls them from its peers and
// must arrive at the same root and digest.
type manifest struct {
	Applied uint64 // Raft index
	Head    state.Head
	Pending *state.Collected
	Final   *state.Collected
	Faults  []*state.Fault // in the order of the nodes' names
}

func (m *manifest) marshal() []byte {
	b := cryptobyte.NewBuilder(nil)
	b.AddUint8(manifestVer)
	b.AddUint64(m.Applied)
	b.AddUint64(m.Head.Size)
	b.AddBytes(m.Head.Root[:])
	b.AddUint64(m.Head.Time)
	b.AddBytes(m.Head.Digest[:])
	for _, c := range []*state.Collected{m.Pending, m.Final} {
		b.AddUint24LengthPrefixed(func(b *cryptobyte.Builder) {
			if c != nil {
				b.AddBytes(c.Marshal())
			}
		})
	}
	b.AddUint8(uint8(len(m.Faults)))
	for _, f := range m.Faults {
		b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(f.Marshal()) })
	}
	return b.BytesOrPanic()
}

func parseManifest(data []byte) (*manifest, error) {
	var (
		m              manifest
		version        uint8
		pending, final cryptobyte.String
		faults         uint8
	)
	in := cryptobyte.String(data)
	if !in.ReadUint8(&version) || version != manifestVer || !in.ReadUint64(&m.Applied) || !in.ReadUint64(&m.Head.Size) ||
		!in.CopyBytes(m.Head.Root[:]) || !in.ReadUint64(&m.Head.Time) || !in.CopyBytes(m.Head.Digest[:]) ||
		!in.ReadUint24LengthPrefixed(&pending) || !in.ReadUint24LengthPrefixed(&final) ||
		!in.ReadUint8(&faults) || faults > ledger.MaxMembers {
		return nil, ledger.ErrMalformed
	}
	var err1, err2 error
	if len(pending) > 0 {
		m.Pending, err1 = state.ParseCollected(pending)
	}
	if len(final) > 0 {
		m.Final, err2 = state.ParseCollected(final)
	}
	if err := errors.Join(err1, err2); err != nil {
		return nil, fmt.Errorf("snapshot manifest: %w", err)
	}
	last := ""
	for range faults {
		var raw cryptobyte.String
		if !in.ReadUint16LengthPrefixed(&raw) {
			return nil, ledger.ErrMalformed
		}
		f, err := state.ParseFault(raw)
		if err != nil || f.Proof.Node <= last {
			return nil, fmt.Errorf("snapshot manifest: %w", ledger.ErrMalformed)
		}
		m.Faults, last = append(m.Faults, f), f.Proof.Node
	}
	if !in.Empty() {
		return nil, ledger.ErrMalformed
	}
	return &m, nil
}

// readManifest describes the present state of a store.
func readManifest(machine *state.Machine, v state.View, applied uint64) (*manifest, error) {
	m := &manifest{Applied: applied}
	var err error
	if m.Head, err = state.ReadHead(v); err != nil {
		return nil, err
	}
	if m.Pending, err = state.ReadPending(v); err != nil {
		return nil, err
	}
	if m.Final, err = state.ReadFinal(v); err != nil {
		return nil, err
	}
	m.Faults, err = machine.Faults(v)
	return m, err
}
