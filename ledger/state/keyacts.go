package state

import (
	"fmt"

	"comity/crypto/keys"
	"comity/crypto/seal"
	"comity/ledger"
)

// mayGovern refuses to a registrar what is for the root alone: registrars. What a
// stolen registrar's key admits, the root can end; it cannot put another like
// itself in its place, nor end its colleagues'. It may end itself.
func mayGovern(author *Key, id keys.ID, of ledger.Roles, self bool) *Refusal {
	if author.Use == UseRoot || of&ledger.RoleRegistrar == 0 || self {
		return nil
	}
	return refuse(NotAllowed, fmt.Sprintf("key %s is a registrar's: that is for the root key of %s alone", id.Short(), author.Bureau))
}

func (a *application) checkEnrol(s *ledger.Statement, author *Key) (*Refusal, error) {
	en, err := ledger.ParseEnrol(s.Public)
	if err != nil {
		return nil, badFields(err)
	}
	return a.checkAdmission(s, en, author)
}

// checkAdmission holds the rules on a key that is to be known.
func (a *application) checkAdmission(s *ledger.Statement, en *ledger.Enrol, author *Key) (*Refusal, error) {
	id := en.KeyID()
	if refusal := mayGovern(author, id, en.Roles, false); refusal != nil {
		return refusal, nil
	}
	k, err := ReadKey(a, id)
	if err != nil {
		return nil, err
	}
	if k != nil {
		return refuse(KeyInUse, fmt.Sprintf("key %s is known already: one key has one use", id.Short())), nil
	}
	if !en.CheckProof(a.genesis.Ledger, s.Author) {
		return refuse(BadProof, fmt.Sprintf("no proof that the holder of key %s has its private half", id.Short())), nil
	}
	return nil, nil
}

// checkEnd holds the rules on a key that is to end by the hand of its bureau: it
// is known, of the bureau, and neither the root nor a node's.
func (a *application) checkEnd(s *ledger.Statement, id keys.ID, author *Key) (*Key, *Refusal, error) {
	k, err := ReadKey(a, id)
	switch {
	case err != nil:
		return nil, nil, err
	case k == nil:
		return nil, refuse(NoTarget, fmt.Sprintf("there is no key %s", id.Short())), nil
	case k.Bureau != author.Bureau || k.Use == UseRoot || k.Use == UseNode || k.Use == UseCosign:
		return nil, refuse(NotAllowed, fmt.Sprintf("%s may not %s key %s of %s", author.Bureau, s.Class, id.Short(), k.Bureau)), nil
	}
	return k, mayGovern(author, id, k.Roles, s.Class == ledger.ClassRevoke && id == s.Author), nil
}

func (a *application) checkRevoke(s *ledger.Statement, author *Key) (*Refusal, error) {
	r, err := ledger.ParseRevoke(s.Public)
	if err != nil {
		return nil, badFields(err)
	}
	k, refusal, err := a.checkEnd(s, r.Key, author)
	if refusal != nil || err != nil || k.RevokedAt == 0 {
		return refusal, err
	}
	// That a key was in the wrong hands is often learned after it has ended.
	if r.SuspectFrom != ledger.NotSuspect && (k.DoubtedFrom == 0 || r.SuspectFrom < k.DoubtedFrom-1) {
		return nil, nil
	}
	return ended(r.Key, k), nil
}

func ended(id keys.ID, k *Key) *Refusal {
	return refuse(Ended, fmt.Sprintf("key %s is %s since entry %d", id.Short(), k.ended(), k.RevokedAt-1))
}

// ended says how a key that has ended did.
func (k *Key) ended() string {
	if k.Next != (keys.ID{}) {
		return "replaced by key " + k.Next.Short()
	}
	return "revoked"
}

// checkRotate holds the rules on a rotation. The holder of the old key cannot make
// one: whoever steals a key could put his own in its place, and out of reach of
// who revokes the stolen one.
func (a *application) checkRotate(s *ledger.Statement, author *Key) (*Refusal, error) {
	r, err := ledger.ParseRotate(s.Public)
	if err != nil {
		return nil, badFields(err)
	}
	k, refusal, err := a.checkEnd(s, r.Old, author)
	if refusal != nil || err != nil {
		return refusal, err
	}
	if k.RevokedAt != 0 {
		return ended(r.Old, k), nil
	}
	if k.Use != useOf(r.New.Purpose) || k.Label != r.New.Label || k.Roles != r.New.Roles {
		return refuse(NotAllowed, fmt.Sprintf("key %s would have another purpose, label or roles than key %s, in whose place it comes",
			r.New.KeyID().Short(), r.Old.Short())), nil
	}
	if k.Use == UseSeal {
		current, err := ReadSealing(a, k.Bureau, r.New.Compartment)
		if err != nil {
			return nil, err
		}
		if current == nil || keys.SealingID(current) != r.Old {
			return refuse(Superseded, fmt.Sprintf("key %s is not the current %s key of %s", r.Old.Short(), r.New.Compartment, k.Bureau)), nil
		}
	}
	return a.checkAdmission(s, &r.New, author)
}

func useOf(p ledger.Purpose) Use {
	switch p {
	case ledger.PurposeSign:
		return UseSign
	case ledger.PurposeSeal:
		return UseSeal
	}
	return UseAccess
}

// enrol makes a key known. A sealing key becomes the current one.
func (a *application) enrol(en *ledger.Enrol, s *ledger.Statement, author *Key, index uint64) {
	id := en.KeyID()
	k := Key{Bureau: author.Bureau, Use: useOf(en.Purpose), Roles: en.Roles, Label: en.Label, EnrolledAt: index}
	switch k.Use {
	case UseSign:
		k.Public = en.Key
	case UseSeal:
		a.put(TableSealing, sealingKey(author.Bureau, en.Compartment), en.Key)
	}
	if author.Use != UseRoot {
		k.By = s.Author
	}
	a.put(TableKeys, id[:], k.marshal())
}

func (a *application) revoke(s *ledger.Statement, index uint64) error {
	r, err := ledger.ParseRevoke(s.Public)
	if err != nil {
		return err
	}
	k, err := ReadKey(a, r.Key)
	if err != nil {
		return err
	}
	if r.SuspectFrom != ledger.NotSuspect {
		k.DoubtedFrom = r.SuspectFrom + 1
	}
	if k.RevokedAt != 0 { // it is put in doubt, and nothing else
		a.put(TableKeys, r.Key[:], k.marshal())
		return nil
	}
	k.RevokedAt = index + 1
	a.put(TableKeys, r.Key[:], k.marshal())
	if k.Use != UseSeal {
		return nil
	}
	// Nobody may seal to a revoked key: drop it where it is the current one.
	for c := seal.Card; c <= seal.Victim; c++ {
		current, err := ReadSealing(a, k.Bureau, c)
		if err != nil {
			return err
		}
		if current != nil && keys.SealingID(current) == r.Key {
			a.put(TableSealing, sealingKey(k.Bureau, c), nil)
		}
	}
	return nil
}

func (a *application) rotate(s *ledger.Statement, author *Key, index uint64) error {
	r, err := ledger.ParseRotate(s.Public)
	if err != nil {
		return err
	}
	k, err := ReadKey(a, r.Old)
	if err != nil {
		return err
	}
	k.RevokedAt, k.Next = index+1, r.New.KeyID()
	a.put(TableKeys, r.Old[:], k.marshal())
	a.enrol(&r.New, s, author, index)
	return nil
}
