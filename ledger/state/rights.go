package state

import (
	"crypto/ed25519"
	"fmt"

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
	if refusal, err := a.checkFormat(s); refusal != nil || err != nil {
		return nil, refusal, err
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
			return nil, refuse(RevokedKey, fmt.Sprintf("key %s of %s was %s at entry %d", id.Short(), k.Bureau, k.ended(), k.RevokedAt-1)), nil
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
	if refusal == nil && err == nil {
		refusal, err = a.checkQuota(e, signers[0].Bureau)
	}
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
	if by != author.Use && !(onKeys(s.Class) && author.Registrar()) {
		return refuse(NotAllowed, wrongAuthor(s.Class, author.Use)), nil
	}
	if s.Class == ledger.ClassRecover {
		return a.checkRecover(s, signers)
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
		return a.checkEnrol(s, author)
	case ledger.ClassRevoke:
		return a.checkRevoke(s, author)
	case ledger.ClassRotate:
		return a.checkRotate(s, author)
	case ledger.ClassPropose:
		return a.checkPropose(s, author)
	case ledger.ClassVote:
		return a.checkVote(s, author)
	case ledger.ClassEpoch:
		return a.checkEpoch(s, author)
	}
	return refuse(NotAllowed, fmt.Sprintf("this version of the ledger has no %s", s.Class)), nil
}

// onKeys reports whether a class is of acts on a bureau's keys, in which a registrar
// may stand for the root.
func onKeys(c ledger.Class) bool {
	return c == ledger.ClassEnrol || c == ledger.ClassRevoke || c == ledger.ClassRotate
}

// authorOf returns which use a key must have to be the author of a class. In place
// of a root a registrar may be: see onKeys.
func authorOf(c ledger.Class) Use {
	switch c {
	case ledger.ClassEnrol, ledger.ClassRevoke, ledger.ClassRotate, ledger.ClassPropose, ledger.ClassVote, ledger.ClassEpoch, ledger.ClassRecover:
		return UseRoot
	case ledger.ClassPurgeAck:
		return UseCosign
	}
	return UseSign
}

func wrongAuthor(c ledger.Class, u Use) string {
	switch {
	case onKeys(c):
		return fmt.Sprintf("only a bureau's root key, or its registrar, may %s a key", c)
	case authorOf(c) == UseRoot:
		return "who belongs to the consortium is for root keys"
	case authorOf(c) == UseCosign:
		return "only a node may acknowledge a purge"
	case u == UseRoot:
		return "a root key enrols, replaces and revokes keys, votes on members, and does nothing else"
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
		a.enrol(en, s, signers[0], index)
	case ledger.ClassRevoke:
		return a.revoke(s, index)
	case ledger.ClassRotate:
		return a.rotate(s, signers[0], index)
	case ledger.ClassPropose:
		return a.propose(e, index, signers[0].Bureau)
	case ledger.ClassVote:
		return a.vote(s, index, signers[0].Bureau)
	case ledger.ClassEpoch:
		return a.enact(s, index)
	case ledger.ClassRecover:
		return a.recover(e, index)
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
