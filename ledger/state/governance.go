package state

import (
	"errors"
	"fmt"
	"slices"

	"comity/crypto/keys"
	"comity/ledger"

	"golang.org/x/crypto/cryptobyte"
)

const (
	// ProposalDays is for how long voters may decide on a proposal.
	ProposalDays = 30
	// MaxProposalBytes bounds what the state holds of a proposal.
	MaxProposalBytes = 2 + 8 + 8 + 4 + 2 + ledger.MaxMembers*(2+32+1+8) + ledger.MaxPublic
	// MaxProposals is how many open proposals a bureau may have made.
	MaxProposals = 8
)

// Proposal is what the ledger knows of a proposal.
type Proposal struct {
	ID     ledger.ID
	Bureau string // whose root made it
	Index  uint64 // of its entry
	Time   uint64 // ledger time of its entry, POSIX ms
	Epoch  uint32 // that carried it out; 0 when none has
	Voices []Voice
	Change *ledger.Propose
}

// Voice is the last word of a bureau on a proposal. It counts as long as the
// bureau is a voter and the root that signed it is its root.
type Voice struct {
	Bureau string
	Root   keys.ID
	For    bool
	Index  uint64 // of the entry: the proposal itself, or a vote
}

func (p *Proposal) marshal() []byte {
	b := cryptobyte.NewBuilder(nil)
	b.AddBytes([]byte(p.Bureau))
	b.AddUint64(p.Index)
	b.AddUint64(p.Time)
	b.AddUint32(p.Epoch)
	b.AddUint16(uint16(len(p.Voices)))
	for i := range p.Voices {
		v := &p.Voices[i]
		b.AddBytes([]byte(v.Bureau))
		b.AddBytes(v.Root[:])
		b.AddBytes((&ledger.Vote{For: v.For}).Marshal())
		b.AddUint64(v.Index)
	}
	b.AddBytes(p.Change.Marshal())
	return b.BytesOrPanic()
}

// ParseProposal reads what the state holds of the proposal with this id.
func ParseProposal(id ledger.ID, data []byte) (*Proposal, bool) {
	p := Proposal{ID: id}
	var code []byte
	var count uint16
	in := cryptobyte.String(data)
	if !in.ReadBytes(&code, 2) || !in.ReadUint64(&p.Index) || !in.ReadUint64(&p.Time) || !in.ReadUint32(&p.Epoch) || !in.ReadUint16(&count) {
		return nil, false
	}
	p.Bureau = string(code)
	for range count {
		var v Voice
		var word []byte
		if !in.ReadBytes(&code, 2) || !in.CopyBytes(v.Root[:]) || !in.ReadBytes(&word, 1) || !in.ReadUint64(&v.Index) {
			return nil, false
		}
		said, err := ledger.ParseVote(word)
		if err != nil {
			return nil, false
		}
		v.Bureau, v.For = string(code), said.For
		p.Voices = append(p.Voices, v)
	}
	var err error
	p.Change, err = ledger.ParsePropose(in)
	return &p, err == nil
}

// Open reports whether voters may still decide on it at a ledger time, POSIX ms.
func (p *Proposal) Open(now uint64) bool { return p.Epoch == 0 && now < p.Until() }

// Until returns the ledger time at which it lapses, POSIX ms.
func (p *Proposal) Until() uint64 { return p.Time + ProposalDays*dayMS }

// Count returns the voices for it and against it that count in an epoch.
func (p *Proposal) Count(e *ledger.Epoch) (yes, no []Voice) {
	for _, v := range p.Voices {
		m, ok := e.Member(v.Bureau)
		switch {
		case !ok || !m.Voter || keys.SigningID(m.Root) != v.Root:
		case v.For:
			yes = append(yes, v)
		default:
			no = append(no, v)
		}
	}
	return yes, no
}

// Passed reports whether enough voters of an epoch are for it.
func (p *Proposal) Passed(e *ledger.Epoch) bool {
	yes, _ := p.Count(e)
	return len(yes) >= p.Change.Needed(e)
}

// say sets the last word of a bureau, and forgets those of bureaus that have left.
func (p *Proposal) say(e *ledger.Epoch, v Voice) {
	p.Voices = slices.DeleteFunc(p.Voices, func(x Voice) bool { _, ok := e.Member(x.Bureau); return !ok })
	i := slices.IndexFunc(p.Voices, func(x Voice) bool { return x.Bureau == v.Bureau })
	if i < 0 {
		p.Voices = append(p.Voices, v)
		return
	}
	p.Voices[i] = v
}

// ReadProposal returns the proposal with this statement id, nil when there is none.
func ReadProposal(v View, id ledger.ID) (*Proposal, error) {
	return read(v, TableProposals, id[:], func(data []byte) (*Proposal, bool) { return ParseProposal(id, data) })
}

// ReadProposals returns the proposals on which voters may still decide, in log
// order. There are never more than [MaxProposals] for each bureau.
func ReadProposals(v View) ([]*Proposal, error) {
	head, err := ReadHead(v)
	if err != nil {
		return nil, err
	}
	return openProposals(v, head.Time)
}

// openProposals returns those that are open at a ledger time.
func openProposals(v View, now uint64) ([]*Proposal, error) {
	ids, err := read(v, TableMeta, []byte(metaProposals), func(data []byte) (*[]ledger.ID, bool) {
		var list []ledger.ID
		in := cryptobyte.String(data)
		for !in.Empty() {
			var id ledger.ID
			if !in.CopyBytes(id[:]) {
				return nil, false
			}
			list = append(list, id)
		}
		return &list, true
	})
	if ids == nil || err != nil {
		return nil, err
	}
	var list []*Proposal
	for _, id := range *ids {
		p, err := ReadProposal(v, id)
		if err != nil {
			return nil, err
		}
		if p == nil {
			return nil, fmt.Errorf("state: there is no proposal %s: %w", id.Short(), ledger.ErrMalformed)
		}
		if p.Open(now) {
			list = append(list, p)
		}
	}
	return list, nil
}

// voter refuses an author who is not the root of a voter.
func (a *application) voter(author *Key) (*ledger.Epoch, *Refusal, error) {
	e, err := a.epoch()
	if err != nil {
		return nil, nil, err
	}
	if m, ok := e.Member(author.Bureau); !ok || !m.Voter {
		return nil, refuse(NotAllowed, fmt.Sprintf("%s is no voter", author.Bureau)), nil
	}
	return e, nil, nil
}

func (a *application) checkPropose(s *ledger.Statement, author *Key) (*Refusal, error) {
	e, refusal, err := a.voter(author)
	if refusal != nil || err != nil {
		return refusal, err
	}
	p, err := ledger.ParsePropose(s.Public)
	if err != nil {
		return nil, badFields(err)
	}
	open, err := openProposals(a, a.now)
	if err != nil {
		return nil, err
	}
	if own := slices.DeleteFunc(open, func(p *Proposal) bool { return p.Bureau != author.Bureau }); len(own) >= MaxProposals {
		return refuse(TooMany, fmt.Sprintf("%s has %d open proposals", author.Bureau, len(own))), nil
	}
	return a.fits(e, p)
}

// fits refuses a proposal that cannot follow the present epoch.
func (a *application) fits(e *ledger.Epoch, p *ledger.Propose) (*Refusal, error) {
	if _, err := e.After(p, a.head.Size+1); err != nil {
		switch {
		case errors.Is(err, ledger.ErrNoMember):
			return refuse(NoTarget, err.Error()), nil
		case errors.Is(err, ledger.ErrStands):
			return refuse(Repeated, err.Error()), nil
		case errors.Is(err, ledger.ErrInUse):
			return refuse(KeyInUse, err.Error()), nil
		case errors.Is(err, ledger.ErrFull):
			return refuse(TooMany, err.Error()), nil
		case errors.Is(err, ledger.ErrLast), errors.Is(err, ledger.ErrOldNode):
			return refuse(NotNow, err.Error()), nil
		}
		return nil, err
	}
	for _, id := range p.Keys() {
		if k, err := ReadKey(a, id); err != nil {
			return nil, err
		} else if k != nil {
			return refuse(KeyInUse, fmt.Sprintf("key %s is known already: one key has one use", id.Short())), nil
		}
	}
	if !p.CheckProof(a.genesis.Ledger, e) {
		return refuse(BadProof, fmt.Sprintf("no proof that %s wants these keys", p.Code)), nil
	}
	return nil, nil
}

// undecided returns the proposal that a vote or an epoch is about.
func (a *application) undecided(s *ledger.Statement) (*Proposal, *Refusal, error) {
	p, err := ReadProposal(a, s.Target)
	switch {
	case err != nil:
		return nil, nil, err
	case p == nil:
		return nil, refuse(NoTarget, fmt.Sprintf("there is no proposal %s", s.Target.Short())), nil
	case p.Epoch != 0:
		return nil, refuse(Ended, fmt.Sprintf("the proposal was carried out with epoch %d", p.Epoch)), nil
	case !p.Open(a.now):
		return nil, refuse(Ended, fmt.Sprintf("the proposal lapsed on %s", date(p.Until()))), nil
	}
	return p, nil, nil
}

func (a *application) checkVote(s *ledger.Statement, author *Key) (*Refusal, error) {
	e, refusal, err := a.voter(author)
	if refusal != nil || err != nil {
		return refusal, err
	}
	p, refusal, err := a.undecided(s)
	if refusal != nil || err != nil {
		return refusal, err
	}
	vote, err := ledger.ParseVote(s.Public)
	if err != nil {
		return nil, badFields(err)
	}
	said := Voice{Bureau: author.Bureau, Root: s.Author, For: vote.For}
	if slices.ContainsFunc(p.Voices, func(v Voice) bool { said.Index = v.Index; return v == said }) {
		return refuse(Repeated, fmt.Sprintf("%s has said so", author.Bureau)), nil
	}
	return a.fits(e, p.Change)
}

// checkEpoch says when a proposal may be carried out, and by whom. It does not ask
// for a FINAL checkpoint of the present epoch: where too many of its nodes are gone
// for one, a new epoch is what helps.
func (a *application) checkEpoch(s *ledger.Statement, author *Key) (*Refusal, error) {
	p, refusal, err := a.undecided(s)
	if refusal != nil || err != nil {
		return refusal, err
	}
	n, err := ledger.ParseEnact(s.Public)
	if err != nil {
		return nil, badFields(err)
	}
	e, err := a.epoch()
	if err != nil {
		return nil, err
	}
	if by := p.Change.Author(); by != nil && keys.SigningID(by) != s.Author {
		return refuse(NotAllowed, fmt.Sprintf("the root key that is proposed for %s makes the epoch, so that its holder agrees", p.Change.Code)), nil
	} else if by == nil {
		if _, refusal, err := a.voter(author); refusal != nil || err != nil {
			return refusal, err
		}
	}
	yes, _ := p.Count(e)
	switch need := p.Change.Needed(e); {
	case n.Number != e.Number+1:
		return refuse(Superseded, fmt.Sprintf("the next epoch is number %d", e.Number+1)), nil
	case len(yes) < need:
		return refuse(NotNow, fmt.Sprintf("%d voters are for it, and %d are needed", len(yes), need)), nil
	}
	return a.fits(e, p.Change)
}

// founder returns the root key of a bureau that is to be known with the epoch that
// it makes, nil for any other statement.
func (a *application) founder(s *ledger.Statement) (*Key, error) {
	if s.Class != ledger.ClassEpoch {
		return nil, nil
	}
	p, err := ReadProposal(a, s.Target)
	if err != nil || p == nil {
		return nil, err
	}
	root := p.Change.Author()
	if root == nil || keys.SigningID(root) != s.Author {
		return nil, nil
	}
	return &Key{Bureau: p.Change.Code, Use: UseRoot, Label: "root", Public: root}, nil
}

func (a *application) propose(e *ledger.Entry, index uint64, bureau string) error {
	change, err := ledger.ParsePropose(e.Statement.Public)
	if err != nil {
		return err
	}
	open, err := openProposals(a, a.now)
	if err != nil {
		return err
	}
	p := &Proposal{ID: e.ID, Bureau: bureau, Index: index, Time: a.now, Change: change,
		Voices: []Voice{{bureau, e.Statement.Author, true, index}}}
	a.put(TableProposals, e.ID[:], p.marshal())
	a.putOpen(append(open, p))
	return nil
}

func (a *application) putOpen(list []*Proposal) {
	var ids []byte
	for _, p := range list {
		ids = append(ids, p.ID[:]...)
	}
	a.put(TableMeta, []byte(metaProposals), ids)
}

func (a *application) vote(s *ledger.Statement, index uint64, bureau string) error {
	vote, err := ledger.ParseVote(s.Public)
	if err != nil {
		return err
	}
	p, err := ReadProposal(a, s.Target)
	if err != nil {
		return err
	}
	e, err := a.epoch()
	if err != nil {
		return err
	}
	p.say(e, Voice{bureau, s.Author, vote.For, index})
	a.put(TableProposals, s.Target[:], p.marshal())
	return nil
}

// enact carries a proposal out.
func (a *application) enact(s *ledger.Statement, index uint64) error {
	p, err := ReadProposal(a, s.Target)
	if err != nil {
		return err
	}
	n, err := ledger.ParseEnact(s.Public)
	if err != nil {
		return err
	}
	open, err := openProposals(a, a.now)
	if err != nil {
		return err
	}
	p.Epoch = n.Number
	a.put(TableProposals, s.Target[:], p.marshal())
	a.putOpen(slices.DeleteFunc(open, func(x *Proposal) bool { return x.ID == p.ID }))
	return a.begin(&EpochRecord{From: index + 1, Time: a.now, Proposal: p.ID, Change: p.Change}, index)
}
