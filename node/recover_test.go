package node

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/ledgertest"
	"comity/ledger/state"
	"comity/ledger/store"
)

// A recovery is the entry after the last FINAL one, signed by a quorum of roots,
// and nothing else goes in there; a store with it says who votes now.
func TestSeedRecover(t *testing.T) {
	bubble(t, 4, func(t *testing.T, c *cluster) {
		c.enrol()
		c.agree(c.base)
		c.goesOn("with a body")
		copied := c.backup(c.leader())
		n := uint64(len(copied.group.Records))
		at, _, err := c.c.Genesis.Open(copied.note)
		if err != nil {
			t.Fatal(err)
		}
		node := func(b *ledgertest.Bureau) *ledger.Propose {
			w, err := keys.GenerateWitness()
			if err != nil {
				t.Fatal(err)
			}
			tls, err := keys.GenerateTLS()
			if err != nil {
				t.Fatal(err)
			}
			p := &ledger.Propose{Change: ledger.ChangeNode, Code: b.Code, Node: &ledger.Node{Address: "new." + b.Code + ":7000", TLS: tls.ID(), Witness: w.Public()}}
			if err := p.Sign(c.c.Genesis.Ledger, b.Root.Signer); err != nil {
				t.Fatal(err)
			}
			return p
		}
		list := c.c.Bureaus
		good := ledger.Recover{Number: 1, Time: copied.group.Records[n-1].Time + 5, Changes: []*ledger.Propose{node(list[0]), node(list[1]),
			{Change: ledger.ChangeDemote, Code: "XC"}, {Change: ledger.ChangeRemove, Code: "XD"}}}
		try := func(r ledger.Recover, size uint64, signers ...*keys.Signer) (string, error) {
			t.Helper()
			dir := filepath.Join(shortDir(t), "node")
			s, err := NewSeed(dir, c.c.Genesis, "XA")
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			if err := s.Add(&copied.group); err != nil {
				t.Fatal(err)
			}
			author, err := s.Author(signers[0].ID())
			if err != nil {
				t.Fatal(err)
			}
			st := &ledger.Statement{Class: ledger.ClassRecover, Ledger: c.c.Genesis.Ledger, Author: signers[0].ID(), Seq: author.Seq, Prev: author.Prev,
				SeenSize: size, SeenRoot: at.Root, Public: r.Marshal()}
			e, err := ledger.SignStatement(st, signers[0], signers[1:]...)
			if err != nil {
				t.Fatal(err)
			}
			return dir, s.Recover(copied.note, e)
		}
		var roots []*keys.Signer
		for _, b := range list {
			roots = append(roots, b.Root.Signer)
		}
		dir, err := try(good, n, roots[:3]...)
		if err != nil {
			t.Fatal(err)
		}
		m := state.New(c.c.Genesis)
		disk, err := store.Open(filepath.Join(dir, "ledger"), m)
		if err != nil {
			t.Fatal(err)
		}
		defer disk.Close()
		members, err := m.Membership(disk)
		if err != nil {
			t.Fatal(err)
		}
		pending, err := state.ReadPending(disk)
		if e := members.Latest(); err != nil || e.Number != 1 || e.From != n+1 || !e.Recovered || e.Voters() != 2 || pending == nil || pending.Size != n+1 || disk.Applied() != recoverIndex {
			t.Errorf("epoch %+v, pending %+v, %v", e, pending, err)
		}
		for key, want := range map[keys.ID]bool{list[0].TLS.ID(): true, good.Changes[0].Node.TLS: false, list[2].TLS.ID(): false, list[3].TLS.ID(): true} {
			if k, err := state.ReadKey(disk, key); err != nil || k == nil || (k.RevokedAt != 0) != want {
				t.Errorf("key %s: %+v, want revoked %v, %v", key.Short(), k, want, err)
			}
		}
		snaps, err := OpenSnapshots(filepath.Join(dir, "snapshots"))
		if err != nil {
			t.Fatal(err)
		}
		if metas, err := snaps.List(); err != nil || len(metas) != 1 || metas[0].Index != recoverIndex || len(metas[0].Configuration.Servers) != 2 {
			t.Errorf("snapshots: %+v, %v", metas, err)
		}
		used := good
		used.Changes = slices.Clone(good.Changes)
		used.Changes[0] = &ledger.Propose{Change: ledger.ChangeNode, Code: "XA", Node: &ledger.Node{Address: "new.XA:7000", TLS: list[1].Access.ID(), Witness: good.Changes[0].Node.Witness}}
		if err := used.Changes[0].Sign(c.c.Genesis.Ledger, list[0].Root.Signer); err != nil {
			t.Fatal(err)
		}
		late := good
		late.Time = 1
		for name, x := range map[string]struct {
			r       ledger.Recover
			size    uint64
			signers []*keys.Signer
		}{
			"too few roots": {good, n, roots[:2]}, "an officer": {good, n, append(slices.Clone(roots[:3]), list[3].Officer.Signer)},
			"a time that falls": {late, n, roots[:3]}, "a key of somebody else": {used, n, roots[:3]},
		} {
			if _, err := try(x.r, x.size, x.signers...); err == nil || !strings.Contains(err.Error(), "does not follow") || errors.Is(err, ledger.ErrMalformed) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// A recovery that a quorum signed, and then gave up, ends no node of a ledger that
// lives: neither where the ledger went on, nor where it stands still. A node that
// nobody leads, and that has nothing above the cut, takes it for what it is.
func TestRecoveryOfALedgerThatLives(t *testing.T) {
	bubble(t, 4, func(t *testing.T, c *cluster) {
		c.enrol()
		c.agree(c.base)
		given := func(at ledger.Checkpoint) *ledger.Genesis {
			r := ledger.Recover{Number: 1, Time: uint64(time.Now().UnixMilli())}
			for _, b := range c.c.Bureaus {
				p := b.NewNode(t, c.c.Newcomer(t, b.Code))
				r.Changes = append(r.Changes, &p)
			}
			list := c.c.Bureaus
			s := &ledger.Statement{Class: ledger.ClassRecover, Ledger: c.c.Genesis.Ledger, Author: list[0].Root.Signer.ID(), SeenSize: at.Size, SeenRoot: at.Root, Public: r.Marshal()}
			e, err := ledger.SignStatement(s, list[0].Root.Signer, list[1].Root.Signer, list[2].Root.Signer)
			if err != nil {
				t.Fatal(err)
			}
			cert, err := ledger.NewRecovery(e)
			if err != nil {
				t.Fatal(err)
			}
			g, err := c.c.Genesis.With(cert)
			if err != nil {
				t.Fatal(err)
			}
			return g
		}
		cut := func() ledger.Checkpoint {
			f := c.goesOn(fmt.Sprintf("entry %d", c.base)) // of which all is FINAL
			return ledger.Checkpoint{Size: f.at.Size, Root: f.at.Root}
		}
		old := given(cut())
		last := given(cut())
		time.Sleep(5 * time.Second)
		victim := c.replica(c.other(c.leader().name))
		for what, g := range map[string]*ledger.Genesis{"the ledger went on": old, "the ledger stands still": last} {
			if err := victim.takeFile(g); !errors.Is(err, errCuts) || victim.roster.now().Number != 0 {
				t.Errorf("%s: epoch %d, %v", what, victim.roster.now().Number, err)
			}
		}
		c.isolate(victim.name, true)
		time.Sleep(time.Minute)
		if err := victim.takeFile(old); !errors.Is(err, errCuts) || victim.roster.now().Number != 0 {
			t.Errorf("alone, and below what is FINAL: epoch %d, %v", victim.roster.now().Number, err)
		}
		if err := victim.takeFile(last); err != nil || victim.roster.now().Number != 1 {
			t.Errorf("alone, and above what is FINAL: epoch %d, %v", victim.roster.now().Number, err)
		}
	})
}
