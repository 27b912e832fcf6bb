package ledgertest_test

import (
	"testing"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/ledgertest"
	"comity/ledger/state"
	"comity/ledger/store"
)

// TestAccepted gives the ledger one of each statement: it must accept them all.
func TestAccepted(t *testing.T) {
	c := ledgertest.NewGenesis(t, 3)
	if _, err := ledger.ParseGenesis(c.Genesis.Marshal()); err != nil {
		t.Fatal(err)
	}
	b, body := c.Bureaus[1], []byte("sealed")
	items := c.Enrolments(t)
	notice := b.Officer.Publish(t, ledger.KindRed, body, b.Supervisor)
	late := c.NewAuthor("XB late")
	items = append(items, notice,
		b.Officer.Amend(t, notice.Entry.ID, ledger.KindRed, body, b.Supervisor),
		b.Officer.Reply(t, body),
		b.Officer.Withdraw(t, notice.Entry.ID),
		b.EnrolSigner(t, late, "late-1", ledger.RoleInvestigator),
		late.Publish(t, ledger.KindGreen, body),
		b.EnrolAccess(t, keys.ID{1}, "client-1", ledger.RoleAuditor),
		b.Revoke(t, late.Signer.ID()),
	)
	m := state.New(c.Genesis)
	s := store.NewMem(m)
	_, results, err := m.Apply(s, &ledger.Command{Batch: &ledger.Batch{Time: 1, Items: items}}, state.Plain{})
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range results {
		if r.Refusal != nil {
			t.Errorf("item %d, %s: %v", i, items[i].Entry.Statement.Class, r.Refusal)
		}
	}
}
