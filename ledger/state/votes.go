package state

import (
	"comity/ledger"

	"golang.org/x/crypto/cryptobyte"
)

// Reviewers is how many bureaus other than the origin decide together on a
// notice, in a ledger of n members: f+1, so that those of them that are faulty
// cannot do it alone, and no more than there are. The charter has no field for
// it. 1 of 3, 2 of 5, 3 of 7, 5 of 15; in a ledger of one there is nobody to ask.
func Reviewers(n int) int { return min((n-1)/3+1, n-1) }

// Vote is what one bureau has said about a notice that is not decided yet, each
// field 0 where it said nothing.
type Vote struct {
	Bureau  string
	Review  ledger.Decision                // on the current version
	Suspend [numAuthorities]bool           // by authority: it wants the notice suspended
	Lift    [numAuthorities]ledger.Outcome // by authority: what it wants to become of the suspension
}

const numAuthorities = int(ledger.ByOversight) + 1

const voteBytes = 2 + 1 + 2*numAuthorities

// VotesBytes is the most that the state holds of votes in a ledger of so many
// members.
func VotesBytes(members int) int { return members*voteBytes + 8 }

// votes is what the state holds of those on a notice: u64 said, if that is not 0, behind
// the votes of the members of that time.
type votes struct {
	list []Vote
	said uint64 // entries up to the last word that was added; 0 for one before [ledger.FormatLeavers]
}

// ReadVotes returns what bureaus have said about the notice with this id that is
// not decided yet: one vote for each member of that time in the order of their
// codes, nil where nobody said anything. What a bureau said that has left since is not
// among it, also when it is back.
func ReadVotes(v View, notice ledger.ID) ([]Vote, error) {
	held, err := readVotes(v, notice)
	if held == nil || err != nil {
		return nil, err
	}
	for i := range held.list {
		x := &held.list[i]
		if held.said == 0 || *x == (Vote{Bureau: x.Bureau}) {
			continue
		}
		left, err := readLeft(v, x.Bureau)
		if err != nil {
			return nil, err
		}
		if len(left) > 0 && left[len(left)-1] > held.said {
			*x = Vote{Bureau: x.Bureau}
		}
	}
	return held.list, nil
}

func readVotes(v View, notice ledger.ID) (*votes, error) {
	return read(v, TableVotes, notice[:], func(data []byte) (*votes, bool) {
		var list []Vote
		var said uint64
		if end := len(data) - 8; len(data)%voteBytes == 8 {
			in := cryptobyte.String(data[end:])
			in.ReadUint64(&said)
			data = data[:end]
		}
		in := cryptobyte.String(data)
		for ok := true; !in.Empty(); {
			var x Vote
			var code []byte
			ok = in.ReadBytes(&code, 2) && in.ReadUint8((*uint8)(&x.Review))
			for i := range numAuthorities {
				var suspend uint8
				ok = ok && in.ReadUint8(&suspend) && in.ReadUint8((*uint8)(&x.Lift[i]))
				x.Suspend[i] = suspend != 0
			}
			if !ok {
				return nil, false
			}
			x.Bureau = string(code)
			list = append(list, x)
		}
		return &votes{list, said}, true
	})
}

func (v *votes) marshal() []byte {
	b := cryptobyte.NewBuilder(nil)
	list := v.list
	for i := range list {
		b.AddBytes([]byte(list[i].Bureau))
		b.AddUint8(uint8(list[i].Review))
		for j := range numAuthorities {
			suspend := uint8(0)
			if list[i].Suspend[j] {
				suspend = 1
			}
			b.AddUint8(suspend)
			b.AddUint8(uint8(list[i].Lift[j]))
		}
	}
	if v.said > 0 {
		b.AddUint64(v.said)
	}
	return b.BytesOrPanic()
}

// ballot is the votes on one notice with one bureau's among them.
type ballot struct {
	votes  []Vote
	own    *Vote
	enough int // bureaus that decide together
}

// ballot reads the votes on a notice; a bureau's own is the zero Vote before it
// has said anything.
func (a *application) ballot(notice ledger.ID, bureau string) (*ballot, error) {
	votes, err := ReadVotes(a, notice)
	if err != nil {
		return nil, err
	}
	e, err := a.epoch()
	if err != nil {
		return nil, err
	}
	b := &ballot{votes: ofMembers(votes, e), enough: Reviewers(len(e.Members))}
	votes = b.votes
	for i := range votes {
		if votes[i].Bureau == bureau {
			b.own = &votes[i]
		}
	}
	return b, nil
}

// ofMembers returns what the members of an epoch have said: the voice of who has
// left counts no more.
func ofMembers(votes []Vote, e *ledger.Epoch) []Vote {
	list := make([]Vote, len(e.Members))
	for i := range e.Members {
		list[i].Bureau = e.Members[i].Code
		for _, v := range votes {
			if v.Bureau == list[i].Bureau {
				list[i] = v
			}
		}
	}
	return list
}

// count returns how many bureaus' votes are as is says.
func (b *ballot) count(is func(v *Vote) bool) (n int) {
	for i := range b.votes {
		if is(&b.votes[i]) {
			n++
		}
	}
	return n
}

// clear takes back what every bureau said, as forget says.
func (b *ballot) clear(forget func(v *Vote)) {
	for i := range b.votes {
		forget(&b.votes[i])
	}
}

// putBallot keeps a ballot. In a ledger of a format before [ledger.FormatLeavers] it
// does not say when, and who comes back has said what it had said.
func (a *application) putBallot(notice ledger.ID, b *ballot) error {
	e, err := a.epoch()
	if err != nil {
		return err
	}
	v := votes{list: b.votes}
	if e.Format >= ledger.FormatLeavers {
		v.list, v.said = ofMembers(b.votes, e), a.head.Size+1
	}
	a.put(TableVotes, notice[:], v.marshal())
	return nil
}

// decide reports whether enough bureaus' votes are as is says.
func (b *ballot) decide(is func(v *Vote) bool) bool { return b.count(is) >= b.enough }
