package state

import (
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"comity/ledger"

	"golang.org/x/crypto/cryptobyte"
)

// date writes the day of a ledger time, POSIX ms.
func date(ms uint64) string { return time.UnixMilli(int64(ms)).UTC().Format(time.DateOnly) }

// Purged reports whether the ledger says that the body of the entry at index was
// purged, so that a node must not hand it out, and may hand the entry on without
// it. A node that withholds another body lies.
func Purged(v View, index uint64) (bool, error) {
	id, ok, err := BodyOf(v, index)
	if err != nil || !ok {
		return false, err
	}
	return PurgedAll(v, id)
}

// PurgedAll reports whether the notice, or the reply, with this statement id was
// purged, with all its bodies.
func PurgedAll(v View, id ledger.ID) (bool, error) {
	n, err := ReadNotice(v, id)
	if err != nil || n != nil {
		return n != nil && n.Purged != 0, err
	}
	r, err := ReadReply(v, id)
	return r != nil && r.Purged != 0, err
}

// Purge is what the ledger knows of a purge.
type Purge struct {
	Index  uint64    // of its entry
	Time   uint64    // ledger time of its entry, POSIX ms
	Target ledger.ID // the publish statement or the reply
	Bureau string    // that ordered it
	Reason ledger.Reason
	Nodes  []Ack // one for each member of the ledger at the purge, ascending by code
}

// Ack is how far a node is with a purge.
type Ack struct {
	Bureau string // whose node
	Entry  uint64 // index of its acknowledgement + 1; 0 while it is missing
	Time   uint64 // ledger time of that, POSIX ms
}

// Node returns the name of the node.
func (a *Ack) Node() string { return ledger.NodeName(a.Bureau) }

// Missing returns the names of the nodes that have not acknowledged.
func (p *Purge) Missing() []string {
	var out []string
	for i := range p.Nodes {
		if p.Nodes[i].Entry == 0 {
			out = append(out, p.Nodes[i].Node())
		}
	}
	return out
}

// Overdue returns those of Missing that should have, at a ledger time in POSIX ms.
func (p *Purge) Overdue(now uint64) []string {
	if now < p.Time+AckDays*dayMS {
		return nil
	}
	return p.Missing()
}

// Acked reports whether the node of a bureau has acknowledged, or need not: the
// bureau was no member, and its node never had what is purged.
func (p *Purge) Acked(bureau string) bool {
	for i := range p.Nodes {
		if p.Nodes[i].Bureau == bureau {
			return p.Nodes[i].Entry != 0
		}
	}
	return true
}

func (p *Purge) marshal() []byte {
	b := cryptobyte.NewBuilder(nil)
	b.AddUint64(p.Index)
	b.AddUint64(p.Time)
	b.AddBytes(p.Target[:])
	b.AddBytes([]byte(p.Bureau))
	b.AddUint8(uint8(p.Reason))
	for i := range p.Nodes {
		b.AddBytes([]byte(p.Nodes[i].Bureau))
		b.AddUint64(p.Nodes[i].Entry)
		b.AddUint64(p.Nodes[i].Time)
	}
	return b.BytesOrPanic()
}

// ParsePurge reads what the state holds of a purge.
func ParsePurge(data []byte) (*Purge, bool) {
	var p Purge
	var code []byte
	in := cryptobyte.String(data)
	ok := in.ReadUint64(&p.Index) && in.ReadUint64(&p.Time) && in.CopyBytes(p.Target[:]) && in.ReadBytes(&code, 2) &&
		in.ReadUint8((*uint8)(&p.Reason))
	p.Bureau = string(code)
	for ok && !in.Empty() {
		var k Ack
		ok = in.ReadBytes(&code, 2) && in.ReadUint64(&k.Entry) && in.ReadUint64(&k.Time)
		k.Bureau = string(code)
		p.Nodes = append(p.Nodes, k)
	}
	return &p, ok
}

// PurgeBytes is the length of what the state holds of a purge in a ledger of so
// many members.
func PurgeBytes(members int) int { return 8 + 8 + 32 + 2 + 1 + members*(2+8+8) }

// ReadPurge returns the purge with this statement id, nil when there is none: who
// ordered it, which nodes have acknowledged it, and which not.
func ReadPurge(v View, id ledger.ID) (*Purge, error) {
	return read(v, TablePurges, id[:], ParsePurge)
}

// ReadPurges returns how many purges the ledger has.
func ReadPurges(v View) (uint64, error) {
	n, err := read(v, TableMeta, []byte(metaPurges), readNumber)
	if n == nil || err != nil {
		return 0, err
	}
	return *n, nil
}

// ReadPurgeAt returns the statement id of the k-th purge of the ledger, from 0, in
// log order. Who keeps on disk how many it has carried out finds the others so.
func ReadPurgeAt(v View, k uint64) (ledger.ID, error) {
	id, err := read(v, TablePurges, binary.BigEndian.AppendUint64(nil, k), func(data []byte) (*ledger.ID, bool) {
		var id ledger.ID
		return &id, copy(id[:], data) == len(id) && len(data) == len(id)
	})
	if err == nil && id == nil {
		err = fmt.Errorf("state: there is no purge %d", k)
	}
	if err != nil {
		return ledger.ID{}, err
	}
	return *id, nil
}

func readNumber(data []byte) (*uint64, bool) {
	var n uint64
	in := cryptobyte.String(data)
	return &n, in.ReadUint64(&n) && in.Empty()
}

// checkPurge says who may have bodies destroyed. The origin may once the notice
// has ended, with a supervisor's second signature: one officer alone must not
// make evidence vanish. What has outlived its retention goes by the word of any
// officer of the origin, or of a supervisor of any bureau: an origin that forgets
// must not keep it for ever. What others hold suspended may be evidence against
// the origin, and waits for them, but not beyond retention: nor may they keep it
// for ever.
func (a *application) checkPurge(s *ledger.Statement, signers []*Key) (*Refusal, error) {
	p, err := ledger.ParsePurge(s.Public)
	if err != nil {
		return nil, badFields(err)
	}
	t, refusal, err := a.purgeable(s.Target)
	if refusal != nil || err != nil {
		return refusal, err
	}
	author := signers[0]
	kept := t.since + RetentionDays*dayMS
	own := author.Bureau == t.origin && author.Roles&mayReply != 0
	switch passed := a.now >= kept; {
	case passed && (own || author.Roles&ledger.RoleSupervisor != 0):
		return nil, nil
	case author.Bureau != t.origin && !passed && author.Roles&ledger.RoleSupervisor != 0:
		return refuse(TooEarly, fmt.Sprintf("until %s only %s may purge the %s", date(kept), t.origin, t.what)), nil
	case !own:
		return refuse(NotAllowed, fmt.Sprintf("%s of %s may not purge a %s of %s", author.Label, author.Bureau, t.what, t.origin)), nil
	case p.Reason == ledger.ReasonRetention:
		return refuse(TooEarly, fmt.Sprintf("the %s may be kept until %s", t.what, date(kept))), nil
	case t.held.ByOthers():
		return refuse(NotNow, fmt.Sprintf("suspended by its %s, it is evidence: nobody purges it until they lift that, or before %s", t.held&^(1<<ledger.ByOrigin), date(kept))), nil
	case !supervised(signers):
		return refuse(FourEyes, "a purge needs the second signature of a supervisor"), nil
	}
	return nil, nil
}

// purgeable is what the target of a purge is.
type purgeable struct {
	what, origin string
	since        uint64 // ledger time since which it is of no more use
	held         Holds  // who suspended it
}

// purgeable returns what the target of a purge is, or why nobody may purge it.
func (a *application) purgeable(target ledger.ID) (*purgeable, *Refusal, error) {
	n, err := ReadNotice(a, target)
	if err != nil {
		return nil, nil, err
	}
	if n != nil {
		since, ended := n.EndedBy(a.now)
		switch {
		case n.Purged != 0:
			return nil, refuse(Repeated, fmt.Sprintf("the notice is purged since entry %d", n.Purged-1)), nil
		case !ended:
			return nil, refuse(NotEnded, fmt.Sprintf("the notice is %s: only what has ended is purged", n.At(a.now))), nil
		}
		return &purgeable{"notice", n.Bureau, since, n.Held}, nil, nil
	}
	r, err := ReadReply(a, target)
	switch {
	case err != nil:
		return nil, nil, err
	case r == nil:
		return nil, refuse(NoTarget, fmt.Sprintf("there is no notice and no reply %s", target.Short())), nil
	case r.Purged != 0:
		return nil, refuse(Repeated, fmt.Sprintf("the reply is purged since entry %d", r.Purged-1)), nil
	}
	return &purgeable{"reply", r.Bureau, r.Time, 0}, nil, nil
}

// checkAck lets each node acknowledge each purge once.
func (a *application) checkAck(s *ledger.Statement, bureau string) (*Refusal, error) {
	p, err := ReadPurge(a, s.Target)
	switch {
	case err != nil:
		return nil, err
	case p == nil:
		return refuse(NoTarget, fmt.Sprintf("there is no purge %s", s.Target.Short())), nil
	case p.Acked(bureau):
		return refuse(Repeated, fmt.Sprintf("%s has acknowledged purge %s, or need not", strings.ToLower(bureau), s.Target.Short())), nil
	}
	return nil, nil
}

func (a *application) purge(e *ledger.Entry, index uint64, bureau string) error {
	s := e.Statement
	fields, err := ledger.ParsePurge(s.Public)
	if err != nil {
		return err
	}
	n, err := ReadNotice(a, s.Target)
	if err != nil {
		return err
	}
	if n != nil {
		n.Purged = index + 1
		a.put(TableNotices, s.Target[:], n.marshal())
	} else {
		r, err := ReadReply(a, s.Target)
		if err != nil {
			return err
		}
		r.Purged = index + 1
		a.put(TableReplies, s.Target[:], r.marshal())
	}
	p := Purge{Index: index, Time: a.now, Target: s.Target, Bureau: bureau, Reason: fields.Reason}
	members, err := a.epoch()
	if err != nil {
		return err
	}
	for i := range members.Members {
		p.Nodes = append(p.Nodes, Ack{Bureau: members.Members[i].Code})
	}
	a.put(TablePurges, e.ID[:], p.marshal())
	k, err := ReadPurges(a)
	if err != nil {
		return err
	}
	a.put(TablePurges, binary.BigEndian.AppendUint64(nil, k), e.ID[:])
	a.put(TableMeta, []byte(metaPurges), binary.BigEndian.AppendUint64(nil, k+1))
	return nil
}

func (a *application) ack(s *ledger.Statement, index uint64, bureau string) error {
	p, err := ReadPurge(a, s.Target)
	if err != nil {
		return err
	}
	for i := range p.Nodes {
		if p.Nodes[i].Bureau == bureau {
			p.Nodes[i].Entry, p.Nodes[i].Time = index+1, a.now
		}
	}
	a.put(TablePurges, s.Target[:], p.marshal())
	return nil
}
