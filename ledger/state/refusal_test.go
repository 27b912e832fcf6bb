package state_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"testing"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/ledgertest"
	"comity/ledger/state"
)

var text = []byte("a sealed body")

// refusals has every rule that an entry can break, each in a world of its own
// of two bureaus, with what is said about it.
var refusals = []struct {
	name string
	item func(w *world, xa, xb *ledgertest.Bureau) ledger.Item
	code state.Code
	want func(w *world, xa, xb *ledgertest.Bureau) string
}{
	{"another ledger", func(w *world, xa, xb *ledgertest.Bureau) ledger.Item {
		return ledgertest.NewGenesis(w.t, 2).Bureaus[0].Officer.Reply(w.t, text)
	}, state.OtherLedger, says("it was signed for another ledger")},
	{"author never enrolled", func(w *world, xa, xb *ledgertest.Bureau) ledger.Item {
		return w.NewAuthor("stranger").Reply(w.t, text)
	}, state.UnknownKey, func(w *world, xa, xb *ledgertest.Bureau) string {
		return "no bureau has enrolled the signing key " + w.NewAuthor("stranger").Signer.ID().Short()
	}},
	{"second signer never enrolled", func(w *world, xa, xb *ledgertest.Bureau) ledger.Item {
		return xa.Officer.Publish(w.t, ledger.KindBlue, text, w.NewAuthor("stranger"))
	}, state.UnknownKey, func(w *world, xa, xb *ledgertest.Bureau) string {
		return "no bureau has enrolled the signing key " + w.NewAuthor("stranger").Signer.ID().Short()
	}},
	{"author revoked", func(w *world, xa, xb *ledgertest.Bureau) ledger.Item {
		w.accept(xa.Revoke(w.t, xa.Officer.Signer.ID()))
		return xa.Officer.Reply(w.t, text)
	}, state.RevokedKey, func(w *world, xa, xb *ledgertest.Bureau) string {
		return fmt.Sprintf("key %s of XA was revoked at entry 10", xa.Officer.Signer.ID().Short())
	}},
	{"second signer revoked", func(w *world, xa, xb *ledgertest.Bureau) ledger.Item {
		w.accept(xa.Revoke(w.t, xa.Supervisor.Signer.ID()))
		return xa.Officer.Publish(w.t, ledger.KindRed, text, xa.Supervisor)
	}, state.RevokedKey, func(w *world, xa, xb *ledgertest.Bureau) string {
		return fmt.Sprintf("key %s of XA was revoked at entry 10", xa.Supervisor.Signer.ID().Short())
	}},
	{"author's signature forged", func(w *world, xa, xb *ledgertest.Bureau) ledger.Item {
		return forge(w.t, xa.Officer.Reply(w.t, text), 0)
	}, state.BadSignature, says("a signature does not verify")},
	{"second signature forged", func(w *world, xa, xb *ledgertest.Bureau) ledger.Item {
		return forge(w.t, xa.Officer.Publish(w.t, ledger.KindRed, text, xa.Supervisor), 1)
	}, state.BadSignature, says("a signature does not verify")},
	{"one statement left out", func(w *world, xa, xb *ledgertest.Bureau) ledger.Item {
		xa.Officer.Reply(w.t, text)
		return xa.Officer.Reply(w.t, text)
	}, state.BadSequence, func(w *world, xa, xb *ledgertest.Bureau) string {
		return fmt.Sprintf("it is number 1 of key %s, whose next statement is number 0", xa.Officer.Signer.ID().Short())
	}},
	{"another statement in its place", func(w *world, xa, xb *ledgertest.Bureau) ledger.Item {
		w.accept(xa.Officer.Reply(w.t, text))
		s := ledger.Statement{Class: ledger.ClassReply, Ledger: w.Genesis.Ledger, Author: xa.Officer.Signer.ID(), SeenRoot: ledger.EmptyRoot}
		return bare(w, &s, xa.Officer)
	}, state.BadSequence, func(w *world, xa, xb *ledgertest.Bureau) string {
		return fmt.Sprintf("it is number 0 of key %s, whose next statement is number 1", xa.Officer.Signer.ID().Short())
	}},
	{"a fork of the author's chain", func(w *world, xa, xb *ledgertest.Bureau) ledger.Item {
		w.accept(xa.Officer.Reply(w.t, text))
		s := ledger.Statement{Class: ledger.ClassReply, Ledger: w.Genesis.Ledger, Author: xa.Officer.Signer.ID(), SeenRoot: ledger.EmptyRoot,
			Seq: 1, Prev: ledger.ID{1}}
		return bare(w, &s, xa.Officer)
	}, state.BadSequence, func(w *world, xa, xb *ledgertest.Bureau) string {
		return fmt.Sprintf("it is number 1 of key %s, whose next statement is number 1", xa.Officer.Signer.ID().Short())
	}},
	{"seen the future", func(w *world, xa, xb *ledgertest.Bureau) ledger.Item {
		return xa.Officer.Sign(w.t, ledger.Statement{Class: ledger.ClassReply, SeenSize: 11, SeenRoot: ledger.Hash{1}}, text)
	}, state.BadSeen, says("its author has seen 11 entries, and there are 10")},
	{"seen another history", func(w *world, xa, xb *ledgertest.Bureau) ledger.Item {
		return xa.Officer.Sign(w.t, ledger.Statement{Class: ledger.ClassReply, SeenSize: 7, SeenRoot: ledger.Hash{1}}, text)
	}, state.BadSeen, says("its author has seen another history of the first 7 entries")},
	{"an officer enrols", func(w *world, xa, xb *ledgertest.Bureau) ledger.Item {
		return xa.Officer.Sign(w.t, ledger.Statement{Class: ledger.ClassEnrol, Public: accessKey(7).Marshal()}, nil)
	}, state.NotAllowed, says("only a bureau's root key, or its registrar, may enrol a key")},
	{"an officer revokes", func(w *world, xa, xb *ledgertest.Bureau) ledger.Item {
		r := ledger.Revoke{Key: xb.Officer.Signer.ID()}
		return xa.Supervisor.Sign(w.t, ledger.Statement{Class: ledger.ClassRevoke, Public: r.Marshal()}, nil)
	}, state.NotAllowed, says("only a bureau's root key, or its registrar, may revoke a key")},
	{"a root publishes", func(w *world, xa, xb *ledgertest.Bureau) ledger.Item {
		return xa.Root.Publish(w.t, ledger.KindBlue, text)
	}, state.NotAllowed, says("a root key enrols, replaces and revokes keys, votes on members, and does nothing else")},
	{"a root signs second", func(w *world, xa, xb *ledgertest.Bureau) ledger.Item {
		return xa.Officer.Publish(w.t, ledger.KindBlue, text, xa.Root)
	}, state.NotAllowed, says("the second signature is not by an officer of XA")},
	{"another bureau's officer signs second", func(w *world, xa, xb *ledgertest.Bureau) ledger.Item {
		return xa.Officer.Publish(w.t, ledger.KindRed, text, xb.Supervisor)
	}, state.NotAllowed, says("the second signature is not by an officer of XA")},
	{"an officer signs an enrolment", func(w *world, xa, xb *ledgertest.Bureau) ledger.Item {
		return xa.Root.Sign(w.t, ledger.Statement{Class: ledger.ClassEnrol, Public: accessKey(7).Marshal()}, nil, xa.Supervisor)
	}, state.NotAllowed, says("the second signature is not by an officer of XA")},
	{"an auditor publishes", func(w *world, xa, xb *ledgertest.Bureau) ledger.Item {
		return auditor(w, xa).Publish(w.t, ledger.KindBlue, text)
	}, state.NotAllowed, says("audit-1 of XA may not write notices")},
	{"an auditor withdraws", func(w *world, xa, xb *ledgertest.Bureau) ledger.Item {
		it := xa.Officer.Publish(w.t, ledger.KindBlue, text)
		w.accept(it)
		return auditor(w, xa).Withdraw(w.t, it.Entry.ID)
	}, state.NotAllowed, says("audit-1 of XA may not write notices")},
	{"an auditor answers", func(w *world, xa, xb *ledgertest.Bureau) ledger.Item {
		return auditor(w, xa).Reply(w.t, text)
	}, state.NotAllowed, says("audit-1 of XA may not answer notices")},
	{"red by one", func(w *world, xa, xb *ledgertest.Bureau) ledger.Item {
		return xa.Officer.Publish(w.t, ledger.KindRed, text)
	}, state.FourEyes, says("a red notice needs the second signature of a supervisor")},
	{"red by a supervisor alone", func(w *world, xa, xb *ledgertest.Bureau) ledger.Item {
		return xa.Supervisor.Publish(w.t, ledger.KindRed, text)
	}, state.FourEyes, says("a red notice needs the second signature of a supervisor")},
	{"red by a supervisor with an officer", func(w *world, xa, xb *ledgertest.Bureau) ledger.Item {
		return xa.Supervisor.Publish(w.t, ledger.KindRed, text, xa.Officer)
	}, state.FourEyes, says("a red notice needs the second signature of a supervisor")},
	{"red amended by one", func(w *world, xa, xb *ledgertest.Bureau) ledger.Item {
		it := xa.Officer.Publish(w.t, ledger.KindRed, text, xa.Supervisor)
		w.accept(it)
		return xa.Officer.Amend(w.t, it.Entry.ID, ledger.KindRed, text)
	}, state.FourEyes, says("a red notice needs the second signature of a supervisor")},
	{"red amended to blue by one", func(w *world, xa, xb *ledgertest.Bureau) ledger.Item {
		it := xa.Officer.Publish(w.t, ledger.KindRed, text, xa.Supervisor)
		w.accept(it)
		return xa.Officer.Amend(w.t, it.Entry.ID, ledger.KindBlue, text)
	}, state.NotAllowed, says("the notice is red, and no amendment makes it blue")},
	{"amends nothing", func(w *world, xa, xb *ledgertest.Bureau) ledger.Item {
		return xa.Officer.Amend(w.t, ledger.ID{1}, ledger.KindBlue, text)
	}, state.NoTarget, says("there is no notice 0100 0000 0000 0000")},
	{"grants a reply", func(w *world, xa, xb *ledgertest.Bureau) ledger.Item {
		it := xa.Officer.Reply(w.t, text)
		w.accept(it)
		return xa.Officer.Sign(w.t, ledger.Statement{Class: ledger.ClassGrant, Target: it.Entry.ID}, text)
	}, state.NoTarget, func(w *world, xa, xb *ledgertest.Bureau) string {
		return "there is no notice " + w.view.records[10].Item.Entry.ID.Short()
	}},
	{"withdraws another's", func(w *world, xa, xb *ledgertest.Bureau) ledger.Item {
		it := xa.Officer.Publish(w.t, ledger.KindBlue, text)
		w.accept(it)
		return xb.Officer.Withdraw(w.t, it.Entry.ID)
	}, state.NotAllowed, says("XB may not withdraw a notice of XA")},
	{"amends a withdrawn one", func(w *world, xa, xb *ledgertest.Bureau) ledger.Item {
		it := xa.Officer.Publish(w.t, ledger.KindBlue, text)
		w.accept(it, xa.Officer.Withdraw(w.t, it.Entry.ID))
		return xa.Officer.Amend(w.t, it.Entry.ID, ledger.KindBlue, text)
	}, state.Ended, says("the notice is withdrawn since entry 11")},
	{"enrols an enrolled key", func(w *world, xa, xb *ledgertest.Bureau) ledger.Item {
		return xb.EnrolSigner(w.t, xa.Officer, "desk-2", ledger.RoleDesk)
	}, state.KeyInUse, func(w *world, xa, xb *ledgertest.Bureau) string {
		return fmt.Sprintf("key %s is known already: one key has one use", xa.Officer.Signer.ID().Short())
	}},
	{"enrols a revoked key", func(w *world, xa, xb *ledgertest.Bureau) ledger.Item {
		w.accept(xa.Revoke(w.t, xa.Officer.Signer.ID()))
		return xa.EnrolSigner(w.t, xa.Officer, "desk-1", ledger.RoleDesk)
	}, state.KeyInUse, func(w *world, xa, xb *ledgertest.Bureau) string {
		return fmt.Sprintf("key %s is known already: one key has one use", xa.Officer.Signer.ID().Short())
	}},
	{"enrols a node's key for access", func(w *world, xa, xb *ledgertest.Bureau) ledger.Item {
		return xa.EnrolAccess(w.t, xb.TLS.ID(), "laptop-1", ledger.RoleOperator)
	}, state.KeyInUse, func(w *world, xa, xb *ledgertest.Bureau) string {
		return fmt.Sprintf("key %s is known already: one key has one use", xb.TLS.ID().Short())
	}},
	{"enrols with another root's proof", func(w *world, xa, xb *ledgertest.Bureau) ledger.Item {
		it := xb.EnrolSigner(w.t, w.NewAuthor("stranger"), "desk-9", ledger.RoleDesk)
		return xa.Root.Sign(w.t, ledger.Statement{Class: ledger.ClassEnrol, Public: it.Entry.Statement.Public}, nil)
	}, state.BadProof, func(w *world, xa, xb *ledgertest.Bureau) string {
		return fmt.Sprintf("no proof that the holder of key %s has its private half", w.NewAuthor("stranger").Signer.ID().Short())
	}},
	{"revokes nothing", func(w *world, xa, xb *ledgertest.Bureau) ledger.Item {
		return xa.Revoke(w.t, keys.ID{1})
	}, state.NoTarget, says("there is no key 0100 0000 0000 0000")},
	{"revokes another's", func(w *world, xa, xb *ledgertest.Bureau) ledger.Item {
		return xa.Revoke(w.t, xb.Officer.Signer.ID())
	}, state.NotAllowed, func(w *world, xa, xb *ledgertest.Bureau) string {
		return fmt.Sprintf("XA may not revoke key %s of XB", xb.Officer.Signer.ID().Short())
	}},
	{"revokes its root", func(w *world, xa, xb *ledgertest.Bureau) ledger.Item {
		return xa.Revoke(w.t, xa.Root.Signer.ID())
	}, state.NotAllowed, func(w *world, xa, xb *ledgertest.Bureau) string {
		return fmt.Sprintf("XA may not revoke key %s of XA", xa.Root.Signer.ID().Short())
	}},
	{"revokes its node", func(w *world, xa, xb *ledgertest.Bureau) ledger.Item {
		return xa.Revoke(w.t, xa.TLS.ID())
	}, state.NotAllowed, func(w *world, xa, xb *ledgertest.Bureau) string {
		return fmt.Sprintf("XA may not revoke key %s of XA", xa.TLS.ID().Short())
	}},
	{"revokes twice", func(w *world, xa, xb *ledgertest.Bureau) ledger.Item {
		w.accept(xa.Revoke(w.t, xa.Officer.Signer.ID()))
		return xa.Revoke(w.t, xa.Officer.Signer.ID())
	}, state.Ended, func(w *world, xa, xb *ledgertest.Bureau) string {
		return fmt.Sprintf("key %s is revoked since entry 10", xa.Officer.Signer.ID().Short())
	}},
	{"signs with an access key's id", func(w *world, xa, xb *ledgertest.Bureau) ledger.Item {
		w.accept(xa.EnrolAccess(w.t, w.NewAuthor("stranger").Signer.ID(), "laptop-1", ledger.RoleInvestigator))
		return w.NewAuthor("stranger").Reply(w.t, text)
	}, state.UnknownKey, func(w *world, xa, xb *ledgertest.Bureau) string {
		return "no bureau has enrolled the signing key " + w.NewAuthor("stranger").Signer.ID().Short()
	}},
}

func says(s string) func(*world, *ledgertest.Bureau, *ledgertest.Bureau) string {
	return func(*world, *ledgertest.Bureau, *ledgertest.Bureau) string { return s }
}

func auditor(w *world, b *ledgertest.Bureau) *ledgertest.Author {
	a := w.NewAuthor("auditor")
	w.accept(b.EnrolSigner(w.t, a, "audit-1", ledger.RoleAuditor|ledger.RoleOperator))
	return a
}

func accessKey(n byte) *ledger.Enrol {
	return &ledger.Enrol{Purpose: ledger.PurposeAccess, Label: "laptop-1", Roles: ledger.RoleDesk, Key: append(make([]byte, 31), n)}
}

// bare signs a statement with the usual body that is complete otherwise.
func bare(w *world, s *ledger.Statement, a *ledgertest.Author) ledger.Item {
	w.t.Helper()
	s.BodyHash, s.BodyLen = sha256.Sum256(text), uint32(len(text))
	e, err := ledger.SignStatement(s, a.Signer)
	if err != nil {
		w.t.Fatal(err)
	}
	return ledger.Item{Entry: e, Body: text}
}

func TestRefusals(t *testing.T) {
	reached := map[state.Code]bool{
		state.Body:   true, // TestAdmitChecksTheBody
		state.Fork:   true, // TestCosignatureRefusals
		state.Stale:  true,
		state.Faulty: true, // TestEvidence
		state.NoFork: true,
		state.Quota:  true, // TestQuota
	}
	for _, tt := range refusals {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, 2)
			it := tt.item(w, w.Bureaus[0], w.Bureaus[1])
			want := tt.want(w, w.Bureaus[0], w.Bureaus[1])
			before := maps.Clone(w.view.tables)

			refusal, err := w.m.Admit(w.view, &it, 0, state.Plain{})
			if err != nil || (refusal == nil) != (tt.code == state.BadSequence) || refusal != nil && (refusal.Code != tt.code || refusal.Error() != want) {
				t.Errorf("Admit: got %v, error %v; want %s: %s", refusal, err, tt.code, want)
			}
			r := w.batch(it)[0]
			if r.Refusal == nil || r.Refusal.Code != tt.code || r.Refusal.Reason != want {
				t.Fatalf("got %+v, refusal %v; want %s: %s", r, r.Refusal, tt.code, want)
			}
			if r.Index != 0 || r.Time != 0 || r.Known {
				t.Errorf("got %+v beside the refusal", r)
			}
			if !maps.EqualFunc(before, w.view.tables, bytes.Equal) {
				t.Error("the refused statement changed the state")
			}
		})
		reached[tt.code] = true
	}
	for _, c := range []state.Code{state.OtherLedger, state.UnknownKey, state.RevokedKey, state.BadSignature, state.BadSequence, state.BadSeen,
		state.NotAllowed, state.FourEyes, state.NoTarget, state.Ended, state.KeyInUse, state.BadProof, state.Fork, state.Stale, state.Body,
		state.Faulty, state.NoFork} {
		if !reached[c] {
			t.Errorf("no test reaches %s", c)
		}
	}
}

// TestRefusedInABatch: what stands beside a refused statement is judged as if
// it was not there.
func TestRefusedInABatch(t *testing.T) {
	w := newWorld(t, 2)
	xa, xb := w.Bureaus[0], w.Bureaus[1]
	red := xb.Officer.Publish(t, ledger.KindRed, text)
	results := w.batch(xa.Officer.Reply(t, text), red, xa.Officer.Reply(t, text))
	if results[1].Refusal == nil || results[0].Refusal != nil || results[2].Refusal != nil || results[0].Index != 10 || results[2].Index != 11 {
		t.Errorf("got %+v", results)
	}
}

func TestAdmitChecksTheBody(t *testing.T) {
	w := newWorld(t, 2)
	it := w.Bureaus[0].Officer.Reply(t, text)
	if r, err := w.m.Admit(w.view, &it, 0, state.Plain{}); r != nil || err != nil {
		t.Fatalf("got %v, error %v", r, err)
	}
	for _, body := range [][]byte{nil, text[1:], append([]byte("A"), text[1:]...)} {
		it.Body = body
		r, err := w.m.Admit(w.view, &it, 0, state.Plain{})
		if err != nil || r == nil || r.Code != state.Body || r.Reason != "the sealed body is not the one that was signed" {
			t.Errorf("body %q: got %v, error %v", body, r, err)
		}
	}
}

// TestUnreadableState: an error is about the view, never about the command.
func TestUnreadableState(t *testing.T) {
	w := newWorld(t, 1)
	it := w.Bureaus[0].Officer.Publish(t, ledger.KindBlue, text)
	c := &ledger.Command{Batch: &ledger.Batch{Time: w.now, Items: []ledger.Item{it}}}
	w.view.fails = errors.New("disk on fire")
	if _, _, err := w.m.Apply(w.view, c, state.Plain{}); !errors.Is(err, w.view.fails) {
		t.Errorf("Apply: got error %v, want %v", err, w.view.fails)
	}
	if _, err := w.m.Admit(w.view, &it, 0, state.Plain{}); !errors.Is(err, w.view.fails) {
		t.Errorf("Admit: got error %v, want %v", err, w.view.fails)
	}
	w.view.fails = nil
	for key, value := range maps.Clone(w.view.tables) {
		for _, damaged := range [][]byte{{}, value[:len(value)-1], append(bytes.Clone(value), 0)} {
			if len(key) == 3+1 { // a sealing key: nobody reads it here
				continue
			}
			w.view.tables[key] = damaged
			if _, _, err := w.m.Apply(w.view, c, state.Plain{}); err != nil && !errors.Is(err, ledger.ErrMalformed) {
				t.Errorf("table %d, %d bytes of %d: got error %v", key[0], len(damaged), len(value), err)
			}
		}
		w.view.tables[key] = value
	}
	w.view.tables[string(byte(state.TableMeta))+"head"] = []byte{1}
	if _, err := state.ReadHead(w.view); !errors.Is(err, ledger.ErrMalformed) {
		t.Errorf("ReadHead: got error %v, want %v", err, ledger.ErrMalformed)
	}
}
