package state

import (
	"fmt"
	"slices"

	"comity/ledger"

	"golang.org/x/crypto/cryptobyte"
)

// Spent is what a bureau has written on a day of ledger time. Nothing is kept
// where the charter has no quota.
type Spent struct {
	Day     uint32 // since 1970-01-01
	Entries uint32
	Bytes   uint64 // of entries and the sealed bodies that they name
}

// ReadSpent returns what the bureau has written on the day of a ledger time, POSIX
// ms, which is not before that of its last entry.
func ReadSpent(v View, bureau string, now uint64) (Spent, error) {
	today := dayOf(now)
	s, err := read(v, TableSpent, []byte(bureau), func(data []byte) (*Spent, bool) {
		var s Spent
		in := cryptobyte.String(data)
		return &s, in.ReadUint32(&s.Day) && in.ReadUint32(&s.Entries) && in.ReadUint64(&s.Bytes) && in.Empty()
	})
	if s == nil || s.Day != today || err != nil {
		return Spent{Day: today}, err
	}
	return *s, nil
}

// with returns s after one more entry.
func (s Spent) with(e *ledger.Entry) Spent {
	s.Entries++
	s.Bytes += uint64(len(e.Raw)) + uint64(e.Statement.BodyLen)
	return s
}

// checkQuota refuses what is more than a bureau may write in a day.
func (a *application) checkQuota(e *ledger.Entry, bureau string) (*Refusal, error) {
	q := a.genesis.Charter.Quota
	if q == (ledger.Quota{}) {
		return nil, nil
	}
	s, err := ReadSpent(a, bureau, a.now)
	if err != nil {
		return nil, err
	}
	after, much := s.with(e), ""
	switch {
	case q.Entries != 0 && after.Entries > q.Entries:
		much = fmt.Sprintf("the %d entries", q.Entries)
	case q.Bytes != 0 && after.Bytes > q.Bytes:
		much = fmt.Sprintf("%d of the %d bytes", s.Bytes, q.Bytes)
	default:
		return nil, nil
	}
	if protects, err := a.protects(e.Statement); protects || err != nil {
		return nil, err
	}
	return refuse(Quota, fmt.Sprintf("%s has written %s that a bureau may on %s, by the ledger's time; it may go on from %s 00:00 UTC, and may suspend, withdraw, purge, revoke, propose and vote before that",
		bureau, much, date(uint64(s.Day)*dayMS), date((uint64(s.Day)+1)*dayMS))), nil
}

// protects reports whether a statement only ends or holds up something, or is about
// who belongs to the consortium. None of these waits for a quota, and each can be
// made so often only as there is something to end, or as the bounds of proposals and
// epochs let it: a flood of them is no way round it. So a bureau's first word on a
// proposal waits for nothing, and one with which it changes its mind does.
func (a *application) protects(s *ledger.Statement) (bool, error) {
	switch s.Class {
	case ledger.ClassWithdraw, ledger.ClassSuspend, ledger.ClassPurge, ledger.ClassPurgeAck:
		return true, nil
	case ledger.ClassPropose, ledger.ClassEpoch, ledger.ClassRecover:
		return true, nil
	case ledger.ClassVote:
		p, err := ReadProposal(a, s.Target)
		return p != nil && !slices.ContainsFunc(p.Voices, func(v Voice) bool { return v.Root == s.Author }), err
	case ledger.ClassRevoke:
		r, err := ledger.ParseRevoke(s.Public)
		if err != nil {
			return false, badFields(err)
		}
		k, err := ReadKey(a, r.Key)
		return k != nil && k.RevokedAt == 0, err
	}
	return false, nil
}

// spend counts an accepted entry.
func (a *application) spend(e *ledger.Entry, bureau string) error {
	if a.genesis.Charter.Quota == (ledger.Quota{}) {
		return nil
	}
	s, err := ReadSpent(a, bureau, a.now)
	if err != nil {
		return err
	}
	s = s.with(e)
	b := cryptobyte.NewFixedBuilder(make([]byte, 0, 16))
	b.AddUint32(s.Day)
	b.AddUint32(s.Entries)
	b.AddUint64(s.Bytes)
	a.put(TableSpent, []byte(bureau), b.BytesOrPanic())
	return nil
}
