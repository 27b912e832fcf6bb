package state

import (
	"crypto/ed25519"
	"fmt"

	"comity/crypto/keys"
	"comity/crypto/seal"
	"comity/ledger"

	"golang.org/x/mod/sumdb/tlog"
)

const mayAuthor = ledger.RoleInvestigator | ledger.RoleSupervisor
const mayReply = mayAuthor | ledger.RoleDesk | ledger.RoleProtection

// check holds every rule but the author's sequence. It returns the signers in
// the order of the signatures.
func (a *application) check(e *ledger.Entry) ([]*Key, *Refusal, error) {
	s := e.Statement
	if s.Ledger != a.genesis.Ledger {
		return nil, refuse(OtherLedger, "it was signed for another ledger"), nil
	}
	signers := make([]*Key, len(e.Signatures))
	pubs := make([]ed25519.PublicKey, len(e.Signatures))
	for i := range e.Signatures {
		id := e.Signatures[i].Key
		k, err := ReadKey(a, id)
		if err == nil && k == nil && id == s.Author {
			k, err = a.founder(s)
		}
		if err != nil {
			return nil, nil, err
		}
		if k == nil || k.Use != UseSign && k.Use != UseRoot && k.Use != UseCosign {
			return nil, refuse(UnknownKey, fmt.Sprintf("no bureau has enrolled the signing key %s", id.Short())), nil
		}
		if k.RevokedAt != 0 {
			return nil, refuse(RevokedKey, fmt.Sprintf("key %s of %s was revoked at entry %d", id.Short(), k.Bureau, k.RevokedAt-1)), nil
		}
		signers[i], pubs[i] = k, k.Public
	}
	if !a.verify.Entry(e, pubs) {
		return nil, refuse(BadSignature, "a signature does not verify"), nil
	}
	if refusal, err := a.checkSeen(s); refusal != nil || err != nil {
		return nil, refusal, err
	}
	refusal, err := a.checkRights(s, signers)
	return signers, refusal, err
}

// checkSeen compares the history that the author saw with ours.
func (a *application) checkSeen(s *ledger.Statement) (*Refusal, error) {
	if s.SeenSize == 0 || a.unseen {
		return nil, nil
	}
	if s.SeenSize > a.head.Size {
		return refuse(BadSeen, fmt.Sprintf("its author has seen %d entries, and there are %d", s.SeenSize, a.head.Size)), nil
	}
	h, ok := a.seen[s.SeenSize]
	if !ok {
		var err error
		if h, err = root(a, s.SeenSize); err != nil {
			return nil, err
		}
		if a.seen == nil {
			a.seen = make(map[uint64]tlog.Hash)
		}
		a.seen[s.SeenSize] = h
	}
	if ledger.Hash(h) != s.SeenRoot {
		return refuse(BadSeen, fmt.Sprintf("its author has seen another history of the first %d entries", s.SeenSize)), nil
	}
	return nil, nil
}

// checkRights says who may do what at this position.
func (a *application) checkRights(s *ledger.Statement, signers []*Key) (*Refusal, error) {
	author := signers[0]
	by := authorOf(s.Class)
	if by != author.Use {
		return refuse(NotAllowed, wrongAuthor(s.Class, author.Use)), nil
	}
	for _, k := range signers[1:] {
		if k.Bureau != author.Bureau || k.Use != UseSign || by != UseSign {
			return refuse(NotAllowed, fmt.Sprintf("the second signature is not by an officer of %s", author.Bureau)), nil
		}
	}
	switch s.Class {
	case ledger.ClassPublish, ledger.ClassAmend, ledger.ClassWithdraw, ledger.ClassGrant, ledger.ClassExtend:
		if author.Roles&mayAuthor == 0 {
			return refuse(NotAllowed, fmt.Sprintf("%s of %s may not write notices", author.Label, author.Bureau)), nil
		}
		return a.checkNotice(s, signers)
	case ledger.ClassReview, ledger.ClassSuspend, ledger.ClassLift:
		return a.checkNotice(s, signers)
	case ledger.ClassReply:
		if author.Roles&mayReply == 0 {
			return refuse(NotAllowed, fmt.Sprintf("%s of %s may not answer notices", author.Label, author.Bureau)), nil
		}
		return nil, nil
	case ledger.ClassCircle:
		return a.checkCircle(s, signers)
	case ledger.ClassPurge:
		return a.checkPurge(s, signers)
	case ledger.ClassPurgeAck:
		return a.checkAck(s, author.Bureau)
	case ledger.ClassEnrol:
		return a.checkEnrol(s)
	case ledger.ClassRevoke:
		return a.checkRevoke(s, author.Bureau)
	case ledger.ClassPropose:
		return a.checkPropose(s, author)
	case ledger.ClassVote:
		return a.checkVote(s, author)
	case ledger.ClassEpoch:
		return a.checkEpoch(s, author)
	}
	return refuse(NotAllowed, fmt.Sprintf("this version of the ledger has no %s", s.Class)), nil
}

// authorOf returns which use a key must have to be the author of a class.
func authorOf(c ledger.Class) Use {
	switch c {
	case ledger.ClassEnrol, ledger.ClassRevoke, ledger.ClassPropose, ledger.ClassVote, ledger.ClassEpoch:
		return UseRoot
	case ledger.ClassPurgeAck:
		return UseCosign
	}
	return UseSign
}

func wrongAuthor(c ledger.Class, u Use) string {
	switch {
	case c == ledger.ClassEnrol, c == ledger.ClassRevoke:
		return fmt.Sprintf("only a bureau's root key may %s a key", c)
	case authorOf(c) == UseRoot:
		return "who belongs to the consortium is for root keys"
	case authorOf(c) == UseCosign:
		return "only a node may acknowledge a purge"
	case u == UseRoot:
		return "a root key enrols and revokes keys, votes on members, and does nothing else"
	}
	return "a node acknowledges purges and makes no other statement"
}

func supervised(signers []*Key) bool {
	for _, k := range signers[1:] {
		if k.Roles&ledger.RoleSupervisor != 0 {
			return true
		}
	}
	return false
}

func (a *application) checkEnrol(s *ledger.Statement) (*Refusal, error) {
	en, err := ledger.ParseEnrol(s.Public)
	if err != nil {
		return nil, badFields(err)
	}
	id := en.KeyID()
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

func (a *application) checkRevoke(s *ledger.Statement, bureau string) (*Refusal, error) {
	r, err := ledger.ParseRevoke(s.Public)
	if err != nil {
		return nil, badFields(err)
	}
	k, err := ReadKey(a, r.Key)
	switch {
	case err != nil:
		return nil, err
	case k == nil:
		return refuse(NoTarget, fmt.Sprintf("there is no key %s", r.Key.Short())), nil
	case k.Bureau != bureau || k.Use == UseRoot || k.Use == UseNode || k.Use == UseCosign:
		return refuse(NotAllowed, fmt.Sprintf("%s may not revoke key %s of %s", bureau, r.Key.Short(), k.Bureau)), nil
	case k.RevokedAt != 0:
		return refuse(Ended, fmt.Sprintf("key %s is revoked since entry %d", r.Key.Short(), k.RevokedAt-1)), nil
	}
	return nil, nil
}

// effects writes what an accepted statement changes beside its author's chain.
func (a *application) effects(e *ledger.Entry, index uint64, signers []*Key) error {
	s := e.Statement
	switch s.Class {
	case ledger.ClassPublish:
		return a.publish(e, index, signers[0].Bureau)
	case ledger.ClassAmend, ledger.ClassWithdraw, ledger.ClassGrant, ledger.ClassExtend, ledger.ClassReview, ledger.ClassSuspend, ledger.ClassLift:
		return a.act(e, index, signers[0].Bureau)
	case ledger.ClassReply:
		r := Reply{Bureau: signers[0].Bureau, Index: index, Time: a.now}
		a.put(TableReplies, e.ID[:], r.marshal())
		a.addBody(index, e.ID, 0)
	case ledger.ClassCircle:
		return a.circle(e, index, signers[0].Bureau)
	case ledger.ClassPurge:
		return a.purge(e, index, signers[0].Bureau)
	case ledger.ClassPurgeAck:
		return a.ack(s, index, signers[0].Bureau)
	case ledger.ClassEnrol:
		en, err := ledger.ParseEnrol(s.Public)
		if err != nil {
			return err
		}
		a.enrol(en, signers[0].Bureau, index)
	case ledger.ClassRevoke:
		r, err := ledger.ParseRevoke(s.Public)
		if err != nil {
			return err
		}
		return a.revoke(r, index)
	case ledger.ClassPropose:
		return a.propose(e, index, signers[0].Bureau)
	case ledger.ClassVote:
		return a.vote(s, index, signers[0].Bureau)
	case ledger.ClassEpoch:
		return a.enact(s, index)
	}
	return nil
}

func (a *application) enrol(en *ledger.Enrol, bureau string, index uint64) {
	id := en.KeyID()
	k := Key{Bureau: bureau, Roles: en.Roles, Label: en.Label, EnrolledAt: index}
	switch en.Purpose {
	case ledger.PurposeSign:
		k.Use, k.Public = UseSign, en.Key
	case ledger.PurposeAccess:
		k.Use = UseAccess
	case ledger.PurposeSeal:
		k.Use = UseSeal
		a.put(TableSealing, sealingKey(bureau, en.Compartment), en.Key)
	}
	a.put(TableKeys, id[:], k.marshal())
}

func (a *application) revoke(r *ledger.Revoke, index uint64) error {
	k, err := ReadKey(a, r.Key)
	if err != nil {
		return err
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

// dropSealing leaves a bureau without sealing keys: nobody may seal to one that
// is no member.
func (a *application) dropSealing(bureau string) error {
	for c := seal.Card; c <= seal.Victim; c++ {
		current, err := ReadSealing(a, bureau, c)
		if err != nil {
			return err
		}
		if current != nil {
			a.put(TableSealing, sealingKey(bureau, c), nil)
		}
	}
	return nil
}
