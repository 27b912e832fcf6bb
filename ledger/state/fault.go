package state

import (
	"fmt"
	"slices"

	"comity/ledger"

	"golang.org/x/crypto/cryptobyte"
)

// Fault is why a node is faulty: it cosigned another history than the log's.
type Fault struct {
	At    uint64              // entries in the log when the log learned of it
	Proof *ledger.Cosignature // over another root than the log's at its size
}

// MaxFault bounds the encoding of a fault.
const MaxFault = 8 + 2788

// Marshal returns u64 At || cosignature, as the state and manifests hold it.
func (f *Fault) Marshal() []byte {
	b := cryptobyte.NewBuilder(nil)
	b.AddUint64(f.At)
	b.AddBytes(f.Proof.Marshal())
	return b.BytesOrPanic()
}

// ParseFault is the inverse of [Fault.Marshal].
func ParseFault(data []byte) (*Fault, error) {
	var f Fault
	in := cryptobyte.String(data)
	if !in.ReadUint64(&f.At) {
		return nil, ledger.ErrMalformed
	}
	var err error
	f.Proof, err = ledger.ParseCosignature(in)
	return &f, err
}

// ReadFault returns why the node is faulty, nil when it is not.
func ReadFault(v View, node string) (*Fault, error) {
	return read(v, TableFaulty, []byte(node), func(data []byte) (*Fault, bool) {
		f, err := ParseFault(data)
		return f, err == nil
	})
}

// Faults returns all faults, in the order of the nodes' names.
func (m *Machine) Faults(v View) ([]*Fault, error) {
	var list []*Fault
	by, err := m.Membership(v)
	if err != nil {
		return nil, err
	}
	for i := range by.Members() {
		f, err := ReadFault(v, by.Members()[i].NodeName())
		if err != nil {
			return nil, err
		}
		if f != nil {
			list = append(list, f)
		}
	}
	return list, nil
}

// evidence makes a node faulty. Its cosignatures count no more from here on, and
// the one in the pending checkpoint is taken out. A FINAL checkpoint stays as it
// is, and the quorum does not shrink: it is of all bureaus, whatever they did.
func (a *application) evidence(s *ledger.Cosignature) (*Refusal, error) {
	if refusal, err := a.signed(s); refusal != nil || err != nil {
		return refusal, err
	}
	if refusal, err := a.stillNode(s); refusal != nil || err != nil {
		return refusal, err
	}
	contradicts, err := Contradicts(a, a.head.Size, s)
	if err != nil {
		return nil, err
	}
	if !contradicts {
		return refuse(NoFork, fmt.Sprintf("the cosignature of %s at %d does not contradict this history", s.Node, s.Size)), nil
	}
	known, err := ReadFault(a, s.Node)
	if err != nil || known != nil {
		return nil, err
	}
	a.put(TableFaulty, []byte(s.Node), (&Fault{a.head.Size, s}).Marshal())
	pending, err := ReadPending(a)
	if err != nil || pending == nil || !pending.By(s.Node) {
		return nil, err
	}
	pending.Cosigs = slices.DeleteFunc(pending.Cosigs, func(by *ledger.Cosignature) bool { return by.Node == s.Node })
	a.put(TableMeta, []byte(metaPending), pending.Marshal())
	return nil, nil
}

// Contradicts reports whether a cosignature is over another root than that of
// the first entries of the log in v, of size entries. One beyond them does not
// contradict them. It does not verify the signatures.
func Contradicts(v View, size uint64, s *ledger.Cosignature) (bool, error) {
	if s.Size > size {
		return false, nil
	}
	h, err := root(v, s.Size)
	return err == nil && ledger.Hash(h) != s.Root, err
}

// signed refuses a cosignature that no node of the ledger made.
func (a *application) signed(s *ledger.Cosignature) (*Refusal, error) {
	by, err := a.membership()
	if err != nil {
		return nil, err
	}
	p := by.PolicyAt(s.Size)
	w, ok := p.Witness[s.Node]
	if !ok {
		return refuse(UnknownKey, fmt.Sprintf("no bureau has a node %q", s.Node)), nil
	}
	if !a.verify.Cosignature(s, w, p.Origin) {
		return refuse(BadSignature, fmt.Sprintf("the cosignature of %s does not verify", s.Node)), nil
	}
	return nil, nil
}

// stillNode refuses evidence against a node that is no member's, or has got other
// keys since: nothing that it signs counts any more.
func (a *application) stillNode(s *ledger.Cosignature) (*Refusal, error) {
	by, err := a.membership()
	if err != nil {
		return nil, err
	}
	if !sameNode(by, s) {
		return refuse(UnknownKey, fmt.Sprintf("%s has these keys no more", s.Node)), nil
	}
	return nil, nil
}

// sameNode reports whether the node of a cosignature has the keys still with which
// it made it.
func sameNode(by *ledger.Membership, s *ledger.Cosignature) bool {
	then, ok := by.PolicyAt(s.Size).Witness[s.Node]
	now := slices.IndexFunc(by.Members(), func(m ledger.Member) bool { return m.NodeName() == s.Node })
	return ok && now >= 0 && by.Members()[now].Node.Witness.Ed25519.Equal(then.Ed25519)
}

// CheckFaults reports whether the faults are ones that the log in v, of size
// entries, may have: of a known node, once each, well signed, contradicting it;
// and whether no faulty node's cosignature stands where it did not count: under
// a pending checkpoint, or under a FINAL one that the log asked for later. The
// checkpoints may be nil.
func (m *Machine) CheckFaults(v View, size uint64, faults []*Fault, pending, final *Collected, verify Verifier) (bool, error) {
	by, err := m.Membership(v)
	if err != nil {
		return false, err
	}
	nodes := make(map[string]bool)
	for _, f := range faults {
		node := f.Proof.Node
		p := by.PolicyAt(f.Proof.Size)
		w, ok := p.Witness[node]
		if !ok || nodes[node] || !sameNode(by, f.Proof) || f.At > size || f.Proof.Size > f.At || !verify.Cosignature(f.Proof, w, p.Origin) ||
			pending != nil && pending.By(node) || final != nil && final.Size > f.At && final.By(node) {
			return false, nil
		}
		nodes[node] = true
		if contradicts, err := Contradicts(v, size, f.Proof); err != nil || !contradicts {
			return false, err
		}
	}
	return true, nil
}
