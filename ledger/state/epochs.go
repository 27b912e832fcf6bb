package state

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"maps"
	"sync/atomic"

	"comity/crypto/keys"
	"comity/ledger"

	"golang.org/x/crypto/cryptobyte"
)

// The state keeps of each epoch what it changes, and a chain of hashes over all of
// them, so that the members of an epoch are worked out once however often they are
// asked for.

// epochHead names the last epoch.
type epochHead struct {
	number uint32
	chain  ledger.Hash // over all changes up to it
}

func (h *epochHead) marshal() []byte { return append(numberKey(h.number), h.chain[:]...) }

func parseEpochHead(data []byte) (*epochHead, bool) {
	var h epochHead
	in := cryptobyte.String(data)
	return &h, in.ReadUint32(&h.number) && in.CopyBytes(h.chain[:]) && in.Empty()
}

// EpochRecord is what the state keeps of an epoch after the founders'.
type EpochRecord struct {
	From     uint64    // entries before it takes effect: the index of its entry + 1
	Time     uint64    // ledger time of its entry, POSIX ms
	Proposal ledger.ID // that it carries out; the recovery
	Change   *ledger.Propose
	Recover  *ledger.Recover // in the place of Change

	before ledger.Hash // the chain up to the epoch before
}

func (r *EpochRecord) marshal() []byte {
	b := cryptobyte.NewBuilder(nil)
	b.AddUint64(r.From)
	b.AddUint64(r.Time)
	b.AddBytes(r.Proposal[:])
	b.AddBytes(r.before[:])
	b.AddBytes(r.fields())
	return b.BytesOrPanic()
}

func parseEpochRecord(data []byte) (*EpochRecord, bool) {
	var r EpochRecord
	in := cryptobyte.String(data)
	if !in.ReadUint64(&r.From) || !in.ReadUint64(&r.Time) || !in.CopyBytes(r.Proposal[:]) || !in.CopyBytes(r.before[:]) {
		return nil, false
	}
	return &r, r.parseFields(in) == nil
}

// chain returns the head of the chain with this epoch.
func (r *EpochRecord) chain(number uint32) ledger.Hash {
	h := sha256.New()
	h.Write([]byte("comity/v1/epoch\x00"))
	h.Write(r.before[:])
	h.Write(numberKey(number))
	h.Write(binary.BigEndian.AppendUint64(nil, r.From))
	h.Write(r.fields())
	return ledger.Hash(h.Sum(nil))
}

// numberKey is the key of an epoch; with a trailing 'f' that of the first FINAL
// checkpoint in it. A bureau's code is the key of the positions at which it left.
func numberKey(n uint32) []byte { return binary.BigEndian.AppendUint32(nil, n) }

func finalKey(n uint32) []byte { return append(numberKey(n), 'f') }

// ReadEpoch returns what the state keeps of the epoch with this number, nil for the
// founders' and for one that there is not.
func ReadEpoch(v View, number uint32) (*EpochRecord, error) {
	return read(v, TableEpochs, numberKey(number), parseEpochRecord)
}

// ReadEpochFinal returns the first FINAL checkpoint of the epoch with this number,
// nil where this state has not seen it: a node that pulled the entries from another
// has not.
func ReadEpochFinal(v View, number uint32) (*Collected, error) {
	return read(v, TableEpochs, finalKey(number), func(data []byte) (*Collected, bool) {
		c, err := ParseCollected(data)
		return c, err == nil
	})
}

// leavers returns what says which bureau has left after an index, "" for none. That it
// did is asked of those who left a ledger of the format with which came the question.
func (a *application) leavers() (func(index uint64) string, error) {
	m, err := a.membership()
	if err != nil {
		return nil, err
	}
	return func(index uint64) string {
		since, ok := m.Since(ledger.FormatLeavers)
		if !ok {
			return ""
		}
		return m.LeftSince(max(index, since))
	}, nil
}

// leftSince returns the first position after an index from which on a bureau was no
// member any more, 0 for none, as leavers has it.
func (a *application) leftSince(bureau string, index uint64) (uint64, error) {
	m, err := a.membership()
	if err != nil {
		return 0, err
	}
	list, err := readLeft(a, bureau)
	if err != nil {
		return 0, err
	}
	since, ok := m.Since(ledger.FormatLeavers)
	for _, from := range list {
		if ok && from > max(index, since) {
			return from, nil
		}
	}
	return 0, nil
}

// readLeft returns the positions from which on a bureau was no member any more.
func readLeft(v View, bureau string) ([]uint64, error) {
	list, err := read(v, TableEpochs, []byte(bureau), func(data []byte) (*[]uint64, bool) {
		var list []uint64
		in := cryptobyte.String(data)
		for !in.Empty() {
			var from uint64
			if !in.ReadUint64(&from) {
				return nil, false
			}
			list = append(list, from)
		}
		return &list, true
	})
	if list == nil || err != nil {
		return nil, err
	}
	return *list, nil
}

// memberships remembers what it worked out, by the chain of hashes. A map that is
// there is never changed: what is lost when two replace it is worked out again.
type memberships struct {
	known atomic.Pointer[map[ledger.Hash]*ledger.Membership]
}

// maxMemberships bounds what is remembered: a log needs one, and some before it.
const maxMemberships = 64

func (k *memberships) get(chain ledger.Hash) *ledger.Membership {
	if known := k.known.Load(); known != nil {
		return (*known)[chain]
	}
	return nil
}

func (k *memberships) set(chain ledger.Hash, m *ledger.Membership) {
	next := map[ledger.Hash]*ledger.Membership{chain: m}
	if known := k.known.Load(); known != nil && len(*known) < maxMemberships {
		maps.Copy(next, *known)
	}
	k.known.Store(&next)
}

// Membership returns who belongs to the consortium, by the log in v alone: the
// certificates of the charter file have no say. It returns a [ledger.FormatError]
// where the log is of a format that this program does not know.
func (m *Machine) Membership(v View) (*ledger.Membership, error) {
	all, err := m.membership(v)
	if err != nil {
		return nil, err
	}
	if err := all.Latest().CheckFormat(m.program.Knows); err != nil {
		return nil, fmt.Errorf("state: %w", err)
	}
	return all, nil
}

func (m *Machine) membership(v View) (*ledger.Membership, error) {
	h, err := read(v, TableMeta, []byte(metaEpoch), parseEpochHead)
	if err != nil || h == nil {
		return m.founders, err
	}
	if known := m.epochs.get(h.chain); known != nil {
		return known, nil
	}
	// Walk back to what is known, and from there forward again.
	var records []*EpochRecord
	known, chain := m.founders, h.chain
	for n := h.number; n > 0; n-- {
		r, err := ReadEpoch(v, n)
		if err != nil {
			return nil, err
		}
		if r == nil || r.chain(n) != chain {
			return nil, fmt.Errorf("state: epoch %d: %w", n, ledger.ErrMalformed)
		}
		records = append(records, r)
		chain = r.before
		if k := m.epochs.get(chain); k != nil {
			known = k
			break
		}
	}
	for i := len(records) - 1; i >= 0; i-- {
		r := records[i]
		e, err := r.after(m.genesis.Ledger, known.Latest())
		if err != nil {
			return nil, fmt.Errorf("state: epoch %d: %w", known.Latest().Number+1, err)
		}
		known = known.Next(e)
		m.epochs.set(r.chain(e.Number), known)
	}
	return known, nil
}

// membership returns who belongs to the consortium at this point of the command.
func (a *application) membership() (*ledger.Membership, error) {
	if a.members == nil {
		var err error
		if a.members, err = a.Machine.Membership(a); err != nil {
			return nil, err
		}
	}
	return a.members, nil
}

// epoch returns the epoch in force for the next entry.
func (a *application) epoch() (*ledger.Epoch, error) {
	m, err := a.membership()
	if err != nil {
		return nil, err
	}
	return m.Latest(), nil
}

// begin writes what a new epoch changes beside the proposal: who is a member, and
// which keys count.
func (a *application) begin(r *EpochRecord, index uint64) error {
	m, err := a.membership()
	if err != nil {
		return err
	}
	next, err := r.after(a.genesis.Ledger, m.Latest())
	if err != nil {
		return err
	}
	// Who does not know the new format stops before it, with all that is in the same
	// command: what it has kept then is what it understands.
	if err := next.CheckFormat(a.program.Knows); err != nil {
		return fmt.Errorf("state: %w", err)
	}
	head := epochHead{number: next.Number}
	if h, err := read(a, TableMeta, []byte(metaEpoch), parseEpochHead); err != nil {
		return err
	} else if h != nil {
		r.before = h.chain
	} else {
		r.before = a.genesis.Ledger
	}
	head.chain = r.chain(head.number)
	a.put(TableEpochs, numberKey(head.number), r.marshal())
	a.put(TableMeta, []byte(metaEpoch), head.marshal())
	a.members, a.renewed = nil, true
	for _, p := range r.changes() {
		was, _ := m.Latest().Member(p.Code)
		if err := a.change(p, was, r.From, index); err != nil {
			return err
		}
	}
	return nil
}

// change writes what one change of an epoch does to keys.
func (a *application) change(p *ledger.Propose, was *ledger.Member, from, index uint64) error {
	switch p.Change {
	case ledger.ChangeAdmit:
		a.memberKeys(p.Member, index)
	case ledger.ChangeRemove:
		return a.leave(was, from)
	case ledger.ChangeRoot:
		a.rootKey(was.Code, p.Root, index)
		return a.endKey(keys.SigningID(was.Root), index)
	case ledger.ChangeNode:
		a.nodeKeys(was.Code, p.Node, index)
		a.put(TableFaulty, []byte(was.NodeName()), nil)
		for _, id := range []keys.ID{was.Node.TLS, was.Node.Cosigner()} {
			if err := a.endKey(id, index); err != nil {
				return err
			}
		}
	}
	return nil
}

// leave ends all that a bureau has. Its keys stay where they are; that they are
// revoked follows from the position, see [ReadKey].
func (a *application) leave(was *ledger.Member, from uint64) error {
	left, err := readLeft(a, was.Code)
	if err != nil {
		return err
	}
	var list []byte
	for _, at := range append(left, from) {
		list = binary.BigEndian.AppendUint64(list, at)
	}
	a.put(TableEpochs, []byte(was.Code), list)
	e, err := a.epoch()
	if err != nil {
		return err
	}
	if open, err := a.openCircles(was.Code); err != nil {
		return err
	} else if open > 0 && e.Format >= ledger.FormatLeavers {
		a.put(TableCircles, []byte(was.Code), nil) // they ended: that follows from the position
	}
	a.put(TableFaulty, []byte(was.NodeName()), nil)
	return a.dropSealing(was.Code)
}

// endKey revokes a key from the position after index on.
func (a *application) endKey(id keys.ID, index uint64) error {
	k, err := ReadKey(a, id)
	if err != nil {
		return err
	}
	if k == nil {
		return fmt.Errorf("state: there is no key %s of a member: %w", id.Short(), ledger.ErrMalformed)
	}
	k.RevokedAt = index + 1
	a.put(TableKeys, id[:], k.marshal())
	return nil
}

// memberKeys makes the keys known that a member has from the beginning.
func (o *overlay) memberKeys(m *ledger.Member, index uint64) {
	o.rootKey(m.Code, m.Root, index)
	o.nodeKeys(m.Code, &m.Node, index)
	o.key(m.Access, Key{Bureau: m.Code, Use: UseAccess, Label: "operator", Roles: ledger.RoleOperator, EnrolledAt: index})
}

func (o *overlay) rootKey(code string, root []byte, index uint64) {
	o.key(keys.SigningID(root), Key{Bureau: code, Use: UseRoot, Label: "root", Public: root, EnrolledAt: index})
}

func (o *overlay) nodeKeys(code string, n *ledger.Node, index uint64) {
	o.key(n.TLS, Key{Bureau: code, Use: UseNode, Label: "node", EnrolledAt: index})
	o.key(n.Cosigner(), Key{Bureau: code, Use: UseCosign, Label: "node", Public: n.Witness.Ed25519, EnrolledAt: index})
}

func (o *overlay) key(id keys.ID, k Key) { o.put(TableKeys, id[:], k.marshal()) }
