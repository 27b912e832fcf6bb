package testnet

import (
	"bytes"
	"context"
	"crypto/sha256"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"comity/ledger"
	"comity/ledger/notice"
	"comity/ledger/state"
	"comity/node/wire"
)

// TestNetScenarioCorruptBureau plays a bureau that went bad: its officers try to
// make another's notice go away, a stolen key signs after its revocation, an old
// copy of its node's disk is put back, the disk is edited, and its node signs
// another history. Each is refused or found out, the others go on, and what proves
// it needs the charter alone. What its node could do as a leader is played by
// TestAttacks, in the hostile build.
func TestNetScenarioCorruptBureau(t *testing.T) {
	s := play(t, 5)
	n := Sample("XB", 1, notice.Readers{notice.All}, time.Now())
	sent := s.send(n)
	s.deletes(n.Reference)
	old := s.copyNode("XD")
	s.stolenKey()
	s.goesOn(2)
	s.oldDisk(old)
	s.editedDisk(sent)
	s.goesOn(3)
	s.signsAnother()
}

// goesOn has an honest bureau write, and the others cosign.
func (s *scenario) goesOn(n int) {
	s.t.Helper()
	s.send(Sample("XA", n, notice.Readers{notice.All}, time.Now()))
}

// deletes has officers of XD try to end or purge a notice of XB.
func (s *scenario) deletes(ref string) {
	s.t.Helper()
	cl, err := s.Operator("XA")
	if err != nil {
		s.t.Fatal(err)
	}
	before, err := cl.Status(s.ctx)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, args := range [][]string{{"notice", "withdraw", ref}, {"notice", "purge", ref, "--second", "sup-1"}, {"notice", "suspend", ref, "--reason", "x"},
		{"notice", "suspend", ref, "--as", "oversight", "--reason", "x"}} {
		if r := s.try("XD", "", args...); r.code == 0 || !strings.Contains(r.err, "XB") && !strings.Contains(r.err, "may not") {
			s.t.Errorf("XD: comity %q: exit %d\n%s%s", args, r.code, r.out, r.err)
		}
	}
	s.settle()
	after, err := cl.Status(s.ctx)
	if err != nil || after.Size != before.Size {
		s.t.Errorf("the ledger went from %d to %d entries by what was refused, %v", before.Size, after.Size, err)
	}
	for _, code := range []string{"XA", "XC", "XE"} {
		s.says(code, []string{ref, "UNREVIEWED"}, "notice", "show", ref)
	}
}

// stolenKey signs with a key that its bureau has revoked, in the name of an
// operator whom the nodes still know.
func (s *scenario) stolenKey() {
	s.t.Helper()
	h := s.homes["XD"]
	stolen, err := h.Officer("case-1", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	root, err := h.Root(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	cl, err := s.Operator("XD")
	if err != nil {
		s.t.Fatal(err)
	}
	r, err := h.Registrar(s.ctx, cl, root)
	if err != nil {
		s.t.Fatal(err)
	}
	_, _, err = r.Submit(s.ctx, ledger.ClassRevoke, (&ledger.Revoke{Key: stolen.Signer.ID(), SuspectFrom: ledger.NotSuspect}).Marshal())
	if err != nil {
		s.t.Fatal(err)
	}
	s.settle()
	st := &ledger.Statement{Class: ledger.ClassPublish, Ledger: s.Genesis().Ledger, Author: stolen.Signer.ID(), SeenRoot: ledger.EmptyRoot,
		Public: (&ledger.Publish{Kind: ledger.KindYellow, ReviewBy: 30_000, SizeClass: 4}).Marshal()}
	body := []byte("sealed, or not")
	st.BodyHash, st.BodyLen = sha256.Sum256(body), uint32(len(body))
	e, err := ledger.SignStatement(st, stolen.Signer)
	if err != nil {
		s.t.Fatal(err)
	}
	operator, err := h.Operator()
	if err != nil {
		s.t.Fatal(err)
	}
	for _, code := range s.codes {
		node, err := h.ClientOf(code, operator)
		if err != nil {
			s.t.Fatal(err)
		}
		_, err = node.Submit(s.ctx, ledger.Item{Entry: e, Body: body})
		if got := state.Code(wire.CodeOf(err)); got != state.RevokedKey {
			s.t.Errorf("%s takes what a revoked key signed: %v", code, err)
		}
		node.Close()
	}
}

// copyNode returns a copy of a node's data, of a moment when it did not run.
func (s *scenario) copyNode(bureau string) string {
	s.t.Helper()
	copied := filepath.Join(s.t.TempDir(), "node")
	s.stopped(bureau, func(dir string) {
		if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
			s.t.Fatal(err)
		}
	})
	s.eventually(bureau+" is back", func() bool {
		st, err := s.status(bureau)
		return err == nil && st.Ready
	})
	return copied
}

// stopped does something to the data of a node while it does not run, and starts it.
func (s *scenario) stopped(bureau string, do func(dir string)) {
	s.t.Helper()
	if err := s.Halt(s.ctx, bureau); err != nil {
		s.t.Fatal(err)
	}
	do(s.homes[bureau].NodeDir())
	if err := s.Launch(bureau); err != nil {
		s.t.Fatal(err)
	}
}

// oldDisk puts the copy in the place of what XD's node has now.
func (s *scenario) oldDisk(old string) {
	s.t.Helper()
	s.stopped("XD", func(dir string) {
		err := os.RemoveAll(dir)
		if err == nil {
			err = os.CopyFS(dir, os.DirFS(old))
		}
		if err == nil {
			err = private(dir)
		}
		if err != nil {
			s.t.Fatal(err)
		}
	})
	s.goesOn(4) // without XD: four of five cosign
	s.eventually("XD is mute", func() bool {
		st, err := s.status("XD")
		return err == nil && st.Muted != "" && st.Ready
	})
	s.settle()
}

// editedDisk changes one byte of a notice of XB in what XD's node keeps.
func (s *scenario) editedDisk(sent submitted) {
	s.t.Helper()
	cl, err := s.Operator("XA")
	if err != nil {
		s.t.Fatal(err)
	}
	var raw []byte
	if _, err := cl.Records(s.ctx, sent.Index, 1, func(r *wire.Record) error { raw = bytes.Clone(r.Entry.Raw); return nil }); err != nil {
		s.t.Fatal(err)
	}
	edited := 0
	s.stopped("XD", func(dir string) {
		err := filepath.WalkDir(filepath.Join(dir, "ledger"), func(path string, e fs.DirEntry, err error) error {
			if err != nil || !e.Type().IsRegular() {
				return err
			}
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			if i := bytes.Index(data, raw); i >= 0 {
				data[i+len(raw)/2] ^= 1
				edited++
				return os.WriteFile(path, data, 0o600)
			}
			return nil
		})
		if err != nil {
			s.t.Fatal(err)
		}
	})
	if edited == 0 {
		s.t.Fatal("the entry was not found in the files of XD's node")
	}
	// The node stops when it reads what it holds, at its start or when it is asked.
	bad, err := s.Operator("XD")
	if err != nil {
		s.t.Fatal(err)
	}
	s.eventually("XD's node stops, and says which file is damaged", func() bool {
		ctx, cancel := context.WithTimeout(s.ctx, time.Second)
		defer cancel()
		_, _ = bad.Records(ctx, sent.Index, 1, func(r *wire.Record) error {
			if !bytes.Equal(r.Entry.Raw, raw) {
				s.t.Error("XD's node serves the entry as it was edited")
			}
			return nil
		})
		_, runs := s.pid("XD")
		return !runs && strings.Contains(lastLine(s.LogPath("XD")), "repair")
	})
	s.goesOn(5)
	if err := s.Halt(s.ctx, "XD"); err != nil { // its pid file
		s.t.Fatal(err)
	}
	s.do("XD", "node", "repair", "--yes")
	if err := s.Launch("XD"); err != nil {
		s.t.Fatal(err)
	}
	s.eventually("XD's node is back", func() bool {
		st, err := s.status("XD")
		return err == nil && st.Ready && st.Muted != ""
	})
	s.settle()
}

// signsAnother has XD's node sign another history, and the others find out.
func (s *scenario) signsAnother() {
	s.t.Helper()
	liar, err := s.homes["XD"].NodeConfig()
	if err != nil {
		s.t.Fatal(err)
	}
	lie, err := ledger.Cosign(liar.Witness, ledger.NodeName("XD"), ledger.Checkpoint{Origin: s.Genesis().Origin(), Size: 3, Root: ledger.Hash{1}}, 1_700_000_000)
	if err != nil {
		s.t.Fatal(err)
	}
	told, err := s.homes["XA"].Client(liar.TLS)
	if err != nil {
		s.t.Fatal(err)
	}
	defer told.Close()
	if err := told.Hand(s.ctx, []*ledger.Cosignature{lie}); err != nil {
		s.t.Fatal(err)
	}
	for _, code := range []string{"XA", "XB", "XC", "XE"} {
		s.eventually(code+" calls XD faulty", func() bool {
			st, err := s.status(code)
			return err == nil && len(st.Faulty) == 1 && st.Faulty[0].Bureau == "XD"
		})
	}
	files, err := filepath.Glob(filepath.Join(s.homes["XA"].NodeDir(), "evidence", "*"+wire.EvidenceExt))
	if err != nil || len(files) == 0 {
		s.t.Fatalf("evidence at XA: %q, %v", files, err)
	}
	charter := filepath.Join(s.homes["XE"].Dir(), "charter")
	s.says("XE", []string{"is authentic: it proves that XD signed"}, "verify", files[0], "--dir", "nowhere", "--charter", charter)
	s.goesOn(6)
	s.do("XE", "bundle", "create", "ledger.cbundle")
	if r := s.try("XE", "", "audit", "ledger.cbundle", "--charter", charter, "--dir", "nowhere"); r.code != 0 && r.code != 4 {
		s.t.Errorf("the audit of what XE holds: exit %d\n%s%s", r.code, r.out, r.err)
	}
}

func (s *scenario) status(bureau string) (*wire.Status, error) {
	cl, err := s.Operator(bureau)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(s.ctx, 5*time.Second)
	defer cancel()
	return cl.Status(ctx)
}

// eventually waits until something is so.
func (s *scenario) eventually(what string, is func() bool) {
	s.t.Helper()
	for !is() {
		select {
		case <-s.ctx.Done():
			s.t.Fatalf("%s: not until the end", what)
		case <-time.After(50 * time.Millisecond):
		}
	}
}
