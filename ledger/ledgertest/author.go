package ledgertest

import (
	"crypto/sha256"
	"math/bits"
	"testing"

	"comity/crypto/keys"
	"comity/crypto/seal"
	"comity/crypto/sign"
	"comity/ledger"
)

// Author writes statements with one signing key, one after the other.
type Author struct {
	Signer *keys.Signer

	ledger ledger.Hash
	seq    uint64
	prev   ledger.ID
}

// Sign completes s as the next statement of a, signs it, and returns it with
// the body it names.
func (a *Author) Sign(t testing.TB, s ledger.Statement, body []byte, others ...*Author) ledger.Item {
	t.Helper()
	s.Ledger, s.Author, s.Seq, s.Prev = a.ledger, a.Signer.ID(), a.seq, a.prev
	s.Created = 1_700_000_000 + a.seq
	if s.SeenSize == 0 {
		s.SeenRoot = ledger.EmptyRoot
	}
	if len(body) > 0 {
		s.BodyHash, s.BodyLen = sha256.Sum256(body), uint32(len(body))
	}
	var signers []*keys.Signer
	for _, o := range others {
		signers = append(signers, o.Signer)
	}
	e, err := ledger.SignStatement(&s, a.Signer, signers...)
	if err != nil {
		t.Fatalf("sign statement %d of %s: %v", a.seq, a.Signer.ID().Short(), err)
	}
	a.seq, a.prev = a.seq+1, e.ID
	return ledger.Item{Entry: e, Body: body}
}

// Publish makes a notice. A red one needs a supervisor among others. The ledger
// takes any body; one that bureaus can open comes from [seal.Seal].
func (a *Author) Publish(t testing.TB, k ledger.Kind, body []byte, others ...*Author) ledger.Item {
	t.Helper()
	return a.Sign(t, ledger.Statement{Class: ledger.ClassPublish, Public: public(k, body)}, body, others...)
}

// Amend makes a new version of the notice with this id.
func (a *Author) Amend(t testing.TB, notice ledger.ID, k ledger.Kind, body []byte, others ...*Author) ledger.Item {
	t.Helper()
	return a.Sign(t, ledger.Statement{Class: ledger.ClassAmend, Target: notice, Public: public(k, body)}, body, others...)
}

// Withdraw ends the notice with this id.
func (a *Author) Withdraw(t testing.TB, notice ledger.ID) ledger.Item {
	t.Helper()
	return a.Sign(t, ledger.Statement{Class: ledger.ClassWithdraw, Target: notice}, nil)
}

// Reply answers with a sealed message.
func (a *Author) Reply(t testing.TB, body []byte) ledger.Item {
	t.Helper()
	return a.Sign(t, ledger.Statement{Class: ledger.ClassReply}, body)
}

// Grant gives a notice more readers.
func (a *Author) Grant(t testing.TB, notice ledger.ID, body []byte) ledger.Item {
	t.Helper()
	return a.Sign(t, ledger.Statement{Class: ledger.ClassGrant, Target: notice}, body)
}

// Purge wants the bodies of a notice, or of a reply, destroyed. It needs a
// supervisor among others as long as they may be kept.
func (a *Author) Purge(t testing.TB, target ledger.ID, r ledger.Reason, others ...*Author) ledger.Item {
	t.Helper()
	return a.Sign(t, ledger.Statement{Class: ledger.ClassPurge, Target: target, Public: (&ledger.Purge{Reason: r}).Marshal()}, nil, others...)
}

// PurgeAck says, of a node, that it has destroyed what the purge names.
func (a *Author) PurgeAck(t testing.TB, purge ledger.ID) ledger.Item {
	t.Helper()
	return a.Sign(t, ledger.Statement{Class: ledger.ClassPurgeAck, Target: purge}, nil)
}

func public(k ledger.Kind, body []byte) []byte {
	p := ledger.Publish{Kind: k, ReviewBy: 30_000, SizeClass: uint8(bits.Len(uint(max(len(body), 1) - 1)))}
	return p.Marshal()
}

// Enrolments returns what the bureau's root key says first: it enrols the
// officer, the supervisor and the three sealing keys.
func (b *Bureau) Enrolments(t testing.TB) []ledger.Item {
	t.Helper()
	items := []ledger.Item{
		b.EnrolSigner(t, b.Officer, "desk-1", ledger.RoleInvestigator|ledger.RoleDesk),
		b.EnrolSigner(t, b.Supervisor, "head-1", ledger.RoleSupervisor),
	}
	for c := seal.Card; c <= seal.Victim; c++ {
		items = append(items, b.EnrolSealing(t, c, b.Sealing[c].Recipient()))
	}
	return items
}

// Enrolments returns those of every bureau, in order.
func (c *Consortium) Enrolments(t testing.TB) []ledger.Item {
	t.Helper()
	var items []ledger.Item
	for _, b := range c.Bureaus {
		items = append(items, b.Enrolments(t)...)
	}
	return items
}

// EnrolSigner admits the signing key of an author, with proof of possession.
func (b *Bureau) EnrolSigner(t testing.TB, a *Author, label string, roles ledger.Roles) ledger.Item {
	t.Helper()
	return b.Root.Enrol(t, a, label, roles)
}

// Enrol admits, by a root or a registrar, the signing key of another, with proof
// of possession.
func (a *Author) Enrol(t testing.TB, of *Author, label string, roles ledger.Roles) ledger.Item {
	t.Helper()
	e := a.admission(t, of, label, roles)
	return a.Sign(t, ledger.Statement{Class: ledger.ClassEnrol, Public: e.Marshal()}, nil)
}

// Rotate puts the signing key of another in the place of the key with this id.
func (a *Author) Rotate(t testing.TB, old keys.ID, of *Author, label string, roles ledger.Roles) ledger.Item {
	t.Helper()
	return a.RotateTo(t, old, a.admission(t, of, label, roles))
}

// RotateTo puts any key in the place of another.
func (a *Author) RotateTo(t testing.TB, old keys.ID, e ledger.Enrol) ledger.Item {
	t.Helper()
	return a.Sign(t, ledger.Statement{Class: ledger.ClassRotate, Public: (&ledger.Rotate{Old: old, New: e}).Marshal()}, nil)
}

func (a *Author) admission(t testing.TB, of *Author, label string, roles ledger.Roles) ledger.Enrol {
	t.Helper()
	pub := of.Signer.Public()
	proof, err := sign.Sign(of.Signer, sign.NamespaceEnrol, ledger.EnrolProof(a.ledger, a.Signer.ID(), pub))
	if err != nil {
		t.Fatalf("prove possession of %s: %v", of.Signer.ID().Short(), err)
	}
	return ledger.Enrol{Purpose: ledger.PurposeSign, Label: label, Roles: roles, Key: pub, Proof: proof[:]}
}

// EnrolSealing makes r the bureau's sealing key of a compartment.
func (b *Bureau) EnrolSealing(t testing.TB, c seal.Compartment, r *keys.Recipient) ledger.Item {
	t.Helper()
	return b.enrol(t, ledger.Enrol{Purpose: ledger.PurposeSeal, Label: "seal-" + c.String(), Compartment: c, Key: r.Bytes()})
}

// EnrolAccess admits the TLS key of a client.
func (b *Bureau) EnrolAccess(t testing.TB, id keys.ID, label string, roles ledger.Roles) ledger.Item {
	t.Helper()
	return b.enrol(t, ledger.Enrol{Purpose: ledger.PurposeAccess, Label: label, Roles: roles, Key: id[:]})
}

// Revoke ends a key of the bureau.
func (b *Bureau) Revoke(t testing.TB, id keys.ID) ledger.Item {
	t.Helper()
	return b.Root.Revoke(t, id, ledger.NotSuspect)
}

// Revoke ends a key, by a root or a registrar, and doubts what it signed from an
// index on.
func (a *Author) Revoke(t testing.TB, id keys.ID, from uint64) ledger.Item {
	t.Helper()
	r := ledger.Revoke{Key: id, SuspectFrom: from}
	return a.Sign(t, ledger.Statement{Class: ledger.ClassRevoke, Public: r.Marshal()}, nil)
}

func (b *Bureau) enrol(t testing.TB, e ledger.Enrol) ledger.Item {
	t.Helper()
	return b.Root.Sign(t, ledger.Statement{Class: ledger.ClassEnrol, Public: e.Marshal()}, nil)
}

// Review says what a bureau decides on a version of a notice.
func (a *Author) Review(t testing.TB, notice, version ledger.ID, d ledger.Decision) ledger.Item {
	t.Helper()
	return a.Sign(t, ledger.Statement{Class: ledger.ClassReview, Target: notice, Public: (&ledger.Review{Decision: d, Version: version}).Marshal()}, nil)
}

// Suspend wants nobody to act on a notice.
func (a *Author) Suspend(t testing.TB, notice ledger.ID, by ledger.Authority) ledger.Item {
	t.Helper()
	return a.Sign(t, ledger.Statement{Class: ledger.ClassSuspend, Target: notice, Public: (&ledger.Suspend{By: by}).Marshal()}, nil)
}

// Lift wants the suspension of a notice to end.
func (a *Author) Lift(t testing.TB, notice ledger.ID, by ledger.Authority, o ledger.Outcome) ledger.Item {
	t.Helper()
	return a.Sign(t, ledger.Statement{Class: ledger.ClassLift, Target: notice, Public: (&ledger.Lift{By: by, Outcome: o}).Marshal()}, nil)
}

// Extend keeps a notice until another day, for the sealed reason in body.
func (a *Author) Extend(t testing.TB, notice ledger.ID, day uint32, body []byte) ledger.Item {
	t.Helper()
	return a.Sign(t, ledger.Statement{Class: ledger.ClassExtend, Target: notice, Public: (&ledger.Extend{ReviewBy: day}).Marshal()}, body)
}

// Circle founds a circle with this body.
func (a *Author) Circle(t testing.TB, body []byte) ledger.Item {
	t.Helper()
	return a.Sign(t, ledger.Statement{Class: ledger.ClassCircle}, body)
}

// Epoch makes a new epoch of a circle whose last statement is after, or ends the
// circle where there is no body.
func (a *Author) Epoch(t testing.TB, circle, after ledger.ID, body []byte, others ...*Author) ledger.Item {
	t.Helper()
	return a.Sign(t, ledger.Statement{Class: ledger.ClassCircle, Target: circle, Public: (&ledger.Circle{After: after}).Marshal()}, body, others...)
}
