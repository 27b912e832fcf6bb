package state_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"comity/ledger"
	"comity/ledger/ledgertest"
	"comity/ledger/state"

	"golang.org/x/mod/sumdb/tlog"
)

// certified is a ledger of four that admitted XE and made it a voter, with the
// certificates of both.
func certified(t *testing.T) (*union, [2]*ledger.Certificate) {
	t.Helper()
	u := newUnion(t, 4)
	u.admit("XE")
	u.change(about(ledger.ChangePromote, "XE"), u.Bureaus[1])
	return u, [2]*ledger.Certificate{u.certificate(1), u.certificate(2)}
}

func (u *union) certificate(number uint32) *ledger.Certificate {
	u.t.Helper()
	c, err := u.m.Certificate(u.store(), number)
	if err != nil {
		u.t.Fatal(err)
	}
	return c
}

// TestCertificateFaults plants a fault in a good certificate, each of which must be
// found.
func TestCertificateFaults(t *testing.T) {
	u, certs := certified(t)
	one, err := u.Genesis.With(certs[0])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := one.With(certs[1]); err != nil {
		t.Fatal(err)
	}
	xa, xb, xe := u.Bureaus[0], u.Bureaus[1], u.Bureaus[4]
	stranger := &ledgertest.Bureau{Root: u.NewAuthor("stranger")}
	second := func(change func(c *ledger.Certificate)) *ledger.Certificate {
		c := *certs[1]
		c.Votes = slices.Clone(c.Votes)
		change(&c)
		slices.SortFunc(c.Votes, func(a, b *ledger.Entry) int { return bytes.Compare(a.Statement.Author[:], b.Statement.Author[:]) })
		return &c
	}
	proposal := certs[1].Proposal.ID
	resigned := func(e *ledger.Entry, by *ledgertest.Bureau, change func(s *ledger.Statement)) *ledger.Entry {
		s := *e.Statement
		s.Author = by.Root.Signer.ID()
		change(&s)
		out, err := ledger.SignStatement(&s, by.Root.Signer)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	same := func(*ledger.Statement) {}
	other := ledgertest.NewGenesis(t, 3)
	for _, tt := range []struct {
		name string
		g    *ledger.Genesis
		cert *ledger.Certificate
		want string // in the error
	}{
		{"too few votes", one, second(func(c *ledger.Certificate) { c.Votes = c.Votes[1:] }), "2 of 3 voters are for it"},
		{"vote of one who does not vote", one, second(func(c *ledger.Certificate) { c.Votes[0] = xe.Vote(t, proposal, true).Entry }), "is no voter's root"},
		{"vote of a stranger", one, second(func(c *ledger.Certificate) { c.Votes[0] = resigned(c.Votes[0], stranger, same) }), "is no voter's root"},
		{"vote of the proposer", one, second(func(c *ledger.Certificate) { c.Votes[0] = xa.Vote(t, proposal, true).Entry }), "would count twice"},
		{"vote against", one, second(func(c *ledger.Certificate) { c.Votes[0] = xb.Vote(t, proposal, false).Entry }), "not for its proposal"},
		{"vote on something else", one, second(func(c *ledger.Certificate) { c.Votes[0] = xb.Vote(t, ledger.ID{1}, true).Entry }), "not for its proposal"},
		{"forged vote", one, second(func(c *ledger.Certificate) { c.Votes[0] = forge(t, ledger.Item{Entry: c.Votes[0]}, 0).Entry }), "under its vote is not good"},
		{"forged proposal", one, second(func(c *ledger.Certificate) { c.Proposal = forge(t, ledger.Item{Entry: c.Proposal}, 0).Entry }), "under its proposal is not good"},
		{"another ledger", other.Genesis, certs[0], ledger.ErrOtherLedger.Error()},
		{"receipt by the epoch before", one, second(func(c *ledger.Certificate) {
			r := *c.Receipt
			lines := strings.SplitAfter(string(r.Note), "\n")
			r.Note = []byte(strings.Join(lines[:4+2*3], "")) // three voters of five, as before
			c.Receipt = &r
		}), "3 of 4 needed"},
		{"receipt of another entry", one, second(func(c *ledger.Certificate) { c.Receipt = certs[0].Receipt }), "does not follow the epoch before"},
		{"skipped number", u.Genesis, certs[1], "it is of epoch 2"},
		{"said twice", one, certs[0], "it is of epoch 1"},
		{"made by nobody who may", one, second(func(c *ledger.Certificate) { c.Epoch = resigned(c.Epoch, stranger, same) }), "made by nobody who may"},
		{"made by one who does not vote", one, second(func(c *ledger.Certificate) { c.Epoch = resigned(c.Epoch, xe, same) }), "made by nobody who may"},
		{"of another proposal", one, second(func(c *ledger.Certificate) {
			c.Epoch = resigned(c.Epoch, xb, func(s *ledger.Statement) { s.Target = ledger.ID{1} })
		}), "that of another proposal"},
		{"another change", one, second(func(c *ledger.Certificate) {
			c.Proposal = resigned(c.Proposal, xa, func(s *ledger.Statement) { p := about(ledger.ChangeDemote, "XB"); s.Public = p.Marshal() })
		}), "that of another proposal"},
	} {
		_, err := tt.g.With(tt.cert)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got error %v, want %q", tt.name, err, tt.want)
		}
	}
	doubled := second(func(c *ledger.Certificate) { c.Votes[1] = c.Votes[0] })
	if _, err := ledger.ParseCertificate(doubled.Marshal()); !errors.Is(err, ledger.ErrMalformed) {
		t.Errorf("a vote that stands there twice: got %v", err)
	}
	tampered := *certs[0]
	m := xe.Member()
	m.Name = "Bureau XX"
	p := ledger.Propose{Change: ledger.ChangeAdmit, Code: "XE", Member: &m, Proof: make([]byte, 64)}
	tampered.Proposal = resigned(tampered.Proposal, xa, func(s *ledger.Statement) { s.Public = p.Marshal() })
	if _, err := u.Genesis.With(&tampered); err == nil {
		t.Error("another member than the one voted for was let in")
	}
}

// TestCertificateFlips changes bytes of a charter file with a certificate: none of
// them does not matter.
func TestCertificateFlips(t *testing.T) {
	u := newUnion(t, 3)
	u.admit("XD")
	g, err := u.Genesis.With(u.certificate(1))
	if err != nil {
		t.Fatal(err)
	}
	data := g.Marshal()
	if back, err := ledger.ParseGenesis(data); err != nil || !bytes.Equal(back.Marshal(), data) || back.Latest().Number != 1 {
		t.Fatalf("got %v, %v", back, err)
	}
	for i := len(u.Genesis.Marshal()); i < len(data); i += 83 {
		data[i] ^= 1
		if _, err := ledger.ParseGenesis(data); err == nil {
			t.Errorf("byte %d of %d changed, and nobody saw it", i, len(data))
		}
		data[i] ^= 1
	}
}

// TestCertificateLate: where an epoch had no checkpoint of its own, the receipt of
// a later one proves both together, and not the first alone.
func TestCertificateLate(t *testing.T) {
	u := newUnion(t, 5)
	u.change(about(ledger.ChangeRemove, "XE"), u.Bureaus[0])
	u.change(about(ledger.ChangeRemove, "XD"), u.Bureaus[0])
	// As if there had been no FINAL checkpoint between the two.
	final := func(number byte) string {
		return string(byte(state.TableEpochs)) + string([]byte{0, 0, 0, number, 'f'})
	}
	delete(u.view.tables, final(1))
	if _, err := u.m.Certificate(u.store(), 3); err == nil {
		t.Error("a certificate of an epoch to come")
	}
	list, err := u.m.Certificates(u.store(), 1)
	if err != nil || len(list) != 2 {
		t.Fatalf("got %d certificates, %v", len(list), err)
	}
	first, second := list[0], list[1] // by two of three, and it takes three of four in epoch 1
	if _, err := u.Genesis.With(first); !errors.Is(err, ledger.ErrQuorum) {
		t.Errorf("alone: got %v", err)
	}
	if g, err := u.Genesis.With(first, second); err != nil || g.Latest().Number != 2 {
		t.Errorf("together: got %v, %v", g, err)
	}
	delete(u.view.tables, final(2))
	delete(u.view.tables, string(byte(state.TableMeta))+"final")
	if _, err := u.m.Certificate(u.store(), 1); !errors.Is(err, state.ErrNotCertified) {
		t.Errorf("no checkpoint is known: got %v", err)
	}
	if list, err := u.m.Certificates(u.store(), 1); err != nil || len(list) != 0 {
		t.Errorf("no checkpoint is known: got %d certificates, %v", len(list), err)
	}
}

// TestCertificateFits: the longest certificate that there can be fits, and what a node
// adds to the receipt that it is made with does not get into it.
func TestCertificateFits(t *testing.T) {
	u := &union{genesisWorld(t, ledger.MaxVoters)}
	xz := u.newcomer("XZ")
	m := xz.Member()
	m.Name, m.Node.Address = strings.Repeat("N", 255), strings.Repeat("a", 249)+":65535"
	p := ledger.Propose{Change: ledger.ChangeAdmit, Code: m.Code, Member: &m}
	if err := p.Sign(u.Genesis.Ledger, xz.Root.Signer); err != nil {
		t.Fatal(err)
	}
	proposal := u.Bureaus[0].Propose(t, p)
	u.accept(proposal)
	for _, b := range u.Bureaus[1:ledger.MaxVoters] { // more than it takes
		u.accept(b.Vote(t, proposal.Entry.ID, true))
	}
	at := u.accept(u.enact(xz, proposal.Entry.ID))
	asked := u.pending()
	all := u.cosignedBy(asked, u.Bureaus[:ledger.MaxVoters]...)
	proof, err := tlog.ProveRecord(int64(asked.Size), int64(at), u.view)
	if err != nil {
		t.Fatal(err)
	}
	c := ledger.Checkpoint{Origin: u.Genesis.Origin(), Size: asked.Size, Root: asked.Root}
	note := ledger.FormatNote(c, u.Genesis.PolicyAt(0).Witness, all)
	note = append(note, strings.Repeat("\u2014 stranger "+strings.Repeat("AAAA", 300)+"\n", 30)...)
	given := &ledger.Receipt{Index: at, Proof: proof, Note: note}

	cert, err := u.m.CertificateBy(u.store(), 1, given)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := u.Genesis.With(cert); err != nil {
		t.Error(err)
	}
	size := len(cert.Marshal()) + (62-len(proof))*45
	t.Logf("%d bytes at the most", size)
	if size > ledger.MaxCertificate || len(cert.Votes) != ledger.MaxVoters-1 {
		t.Errorf("%d bytes with the longest path, %d votes", size, len(cert.Votes))
	}
	padded := *cert
	padded.Receipt = given
	if _, err := u.Genesis.With(&padded); err != nil {
		t.Error(err)
	}
	if _, err := ledger.ParseCertificate(padded.Marshal()); !errors.Is(err, ledger.ErrMalformed) {
		t.Errorf("%d bytes: got %v", len(padded.Marshal()), err)
	}
}
