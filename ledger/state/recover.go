package state

import (
	"fmt"

	"comity/crypto/keys"
	"comity/ledger"
)

// A recovery is no proposal: it comes from outside of the log, which has no leader
// any more, and is the first entry above the head that it names. See
// [ledger.Recover].

// checkRecover refuses a recovery that the roots of a quorum did not sign, or that
// is not the entry after the head that they agreed on.
func (a *application) checkRecover(s *ledger.Statement, signers []*Key) (*Refusal, error) {
	e, err := a.epoch()
	if err != nil {
		return nil, err
	}
	voters := make(map[string]bool)
	for _, k := range signers {
		if m, ok := e.Member(k.Bureau); k.Use != UseRoot || !ok || !m.Voter || voters[k.Bureau] {
			return refuse(NotAllowed, "a recovery is signed by the roots of voters, once each"), nil
		}
		voters[k.Bureau] = true
	}
	r, err := ledger.ParseRecover(s.Public)
	if err != nil {
		return nil, badFields(err)
	}
	switch {
	case len(voters) < e.Quorum():
		return refuse(NotAllowed, fmt.Sprintf("%d voters signed the recovery, and %d are needed", len(voters), e.Quorum())), nil
	case s.SeenSize != a.head.Size:
		return refuse(NotNow, fmt.Sprintf("the recovery goes on from entry %d, and this is entry %d", s.SeenSize, a.head.Size)), nil
	case r.Time != a.now:
		return refuse(NotNow, "the recovery is of another ledger time"), nil
	}
	if _, err := r.After(a.genesis.Ledger, e, a.head.Size); err != nil {
		return refuse(NotNow, err.Error()), nil
	}
	for _, p := range r.Changes {
		if p.Change != ledger.ChangeNode {
			continue
		}
		for _, id := range []keys.ID{p.Node.TLS, p.Node.Cosigner()} {
			if k, err := ReadKey(a, id); err != nil {
				return nil, err
			} else if k != nil {
				return refuse(KeyInUse, fmt.Sprintf("key %s is known already: one key has one use", id.Short())), nil
			}
		}
	}
	return nil, nil
}

// recover begins the epoch of a recovery.
func (a *application) recover(e *ledger.Entry, index uint64) error {
	r, err := ledger.ParseRecover(e.Statement.Public)
	if err != nil {
		return err
	}
	return a.begin(&EpochRecord{From: index + 1, Time: a.now, Proposal: e.ID, Recover: r}, index)
}

// changes returns what an epoch changes.
func (r *EpochRecord) changes() []*ledger.Propose {
	if r.Recover != nil {
		return r.Recover.Changes
	}
	return []*ledger.Propose{r.Change}
}

// after returns the epoch that the record makes of the one before.
func (r *EpochRecord) after(id ledger.Hash, e *ledger.Epoch) (*ledger.Epoch, error) {
	if r.Recover != nil {
		return r.Recover.After(id, e, r.From-1)
	}
	return e.After(r.Change, r.From)
}

// fields returns the encoding of what the epoch changes: a proposal, or u8 0 and a
// recovery.
func (r *EpochRecord) fields() []byte {
	if r.Recover != nil {
		return append([]byte{0}, r.Recover.Marshal()...)
	}
	return r.Change.Marshal()
}

func (r *EpochRecord) parseFields(data []byte) (err error) {
	if len(data) > 0 && data[0] == 0 {
		r.Recover, err = ledger.ParseRecover(data[1:])
	} else {
		r.Change, err = ledger.ParsePropose(data)
	}
	return err
}
