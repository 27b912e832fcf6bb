package node

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"comity/ledger/ledgertest"

	"github.com/hashicorp/raft"
)

// broken is the folder of a node that does not run.
type broken struct {
	t   *testing.T
	cfg Config
}

const repairLast = 9 // index of the last entry

// newBroken makes the folder of a node of three that voted for xb in term 7, and
// has applied entry 9.
func newBroken(t *testing.T) *broken {
	t.Helper()
	c := ledgertest.NewGenesis(t, 3)
	m := c.Bureaus[0]
	b := &broken{t, Config{Genesis: c.Genesis, Bureau: m.Code, Dir: shortDir(t), TLS: m.TLS, Witness: m.Witness}}
	if err := claim(b.path("node"), m.Node()); err != nil {
		t.Fatal(err)
	}
	for _, d := range []string{"ledger", "snapshots", "evidence"} {
		if err := os.Mkdir(b.path(d), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"ledger/commit", "evidence/one.cevidence", "witness", "witness.muted", "finals"} {
		if err := os.WriteFile(b.path(name), []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f, err := openFloor(b.path("floor"), false, newStall("floor", 0, nil))
	if err != nil {
		t.Fatal(err)
	}
	g, err := OpenGuardStore(b.path("raft.db"), GuardOptions{Epochs: b.path("epochs")})
	if err != nil {
		t.Fatal(err)
	}
	for i := range uint64(repairLast) {
		if err := g.StoreLog(&raft.Log{Index: i + 1, Term: 7, Data: []byte("entry")}); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(g.SetUint64(keyTerm, 7), g.SetUint64(keyVoteTerm, 7), g.Set(keyVoteFor, []byte("xb")), f.raise(repairLast), f.sync(), f.close(), g.Close()); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *broken) path(name string) string { return filepath.Join(b.cfg.Dir, filepath.FromSlash(name)) }

func (b *broken) read(name string) []byte {
	b.t.Helper()
	data, err := os.ReadFile(b.path(name))
	if err != nil {
		b.t.Fatal(err)
	}
	return data
}

func (b *broken) write(name string, data []byte) {
	b.t.Helper()
	if err := os.WriteFile(b.path(name), data, 0o600); err != nil {
		b.t.Fatal(err)
	}
}

// files returns what is in the folder, the folders in it included.
func (b *broken) files() map[string]string {
	b.t.Helper()
	all := make(map[string]string)
	err := filepath.WalkDir(b.cfg.Dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(b.cfg.Dir, path)
		all[filepath.ToSlash(name)] = string(b.read(name))
		return err
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return all
}

// repair runs the command once.
func (b *broken) repair(forget bool) (*Repair, error) {
	r, err := PlanRepair(b.cfg, forget)
	if err != nil {
		return nil, err
	}
	return r, errors.Join(r.Do(), r.Close())
}

// check holds the folder against what a repaired one is.
func (b *broken) check(before map[string]string, lost loss, term uint64) {
	b.t.Helper()
	after := b.files()
	for name, data := range before {
		at := name
		for _, part := range repairParts {
			if name == part || strings.HasPrefix(name, part+"/") {
				at = "replaced/1/" + name
			}
		}
		if after[at] != data {
			b.t.Errorf("%s is not what %s was", at, name)
		}
	}
	if _, ok := after[repairName]; ok {
		b.t.Error("the journal is there still")
	}
	if got, err := readAbstain(b.path(abstainName)); err != nil || got != lost {
		b.t.Errorf("it has lost %q, %v; want %q", got, err, lost)
	}
	f, err := openFloor(b.path("floor"), true, newStall("floor", 0, nil))
	if err != nil {
		b.t.Fatal(err)
	}
	g, err := OpenGuardStore(b.path("raft.db"), GuardOptions{Epochs: b.path("epochs"), MustExist: true})
	if err != nil {
		b.t.Fatal(err)
	}
	last, err := g.LastIndex()
	if err != nil || last != 0 || f.at() != 0 {
		b.t.Errorf("the log ends at %d, the floor is at %d, %v", last, f.at(), err)
	}
	for _, key := range [][]byte{keyTerm, keyVoteTerm} {
		if got, err := stableUint64(g, key); err != nil || got != term {
			b.t.Errorf("%s is %d, %v; want %d", key, got, err, term)
		}
	}
	if got, err := g.Get(keyVoteFor); term > 0 && (err != nil || string(got) != "xb") {
		b.t.Errorf("it voted for %q, %v", got, err)
	}
	if err := errors.Join(g.Close(), f.close()); err != nil {
		b.t.Error(err)
	}
}

// A repair that dies at any step leaves the old node, or one that the next repair
// or the next start of the node brings to its end.
func TestRepairDies(t *testing.T) {
	defer func(f func(string) error) { testingOnlyRepairStep = f }(testingOnlyRepairStep)
	death := errors.New("the machine dies")
	for n := 0; ; n++ {
		for _, again := range []string{"repair", "start", "dies again"} {
			b := newBroken(t)
			before := b.files()
			left, at := n, ""
			testingOnlyRepairStep = func(step string) error {
				if left--; left < 0 {
					at = step
					return death
				}
				return nil
			}
			_, err := b.repair(false)
			testingOnlyRepairStep = func(string) error { return nil }
			if err == nil {
				b.check(before, lostLog, 7)
				if n < 10 {
					t.Fatalf("there are %d steps", n)
				}
				return
			}
			if !errors.Is(err, death) {
				t.Fatalf("step %d: %v", n, err)
			}
			if at == "journal" {
				if fmt.Sprint(b.files()) != fmt.Sprint(before) {
					t.Errorf("before the journal something changed")
				}
				continue
			}
			if again == "dies again" {
				left = n
				testingOnlyRepairStep = func(string) error {
					if left--; left < 0 {
						return death
					}
					return nil
				}
				_ = finishRepair(b.cfg.Dir)
				testingOnlyRepairStep = func(string) error { return nil }
			}
			if again == "repair" {
				_, err = b.repair(false)
			} else {
				err = finishRepair(b.cfg.Dir)
			}
			if err != nil {
				t.Errorf("dead at %q, then %s: %v", at, again, err)
				continue
			}
			b.check(before, lostLog, 7)
		}
	}
}

// Votes are kept only if they are certain.
func TestRepairOfVotes(t *testing.T) {
	older := func(b *broken) { // as if the log were a copy from before
		f, err := openFloor(b.path("floor"), true, newStall("floor", 0, nil))
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(f.raise(repairLast+1), f.sync(), f.close()); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		name   string
		damage func(*broken)
		want   string // of why they cannot be kept
	}{
		{"nothing", func(*broken) {}, ""},
		{"no epoch keys", func(b *broken) { os.Remove(b.path("epochs")) }, ""},
		{"no ledger", func(b *broken) { os.RemoveAll(b.path("ledger")) }, ""},
		{"no raft.db", func(b *broken) { os.Remove(b.path("raft.db")) }, "raft.db is missing"},
		{"empty raft.db", func(b *broken) { b.write("raft.db", nil) }, "raft.db is damaged"},
		{"half of raft.db", func(b *broken) { data := b.read("raft.db"); b.write("raft.db", data[:len(data)/2]) }, "raft.db is damaged"},
		{"a meta page", func(b *broken) { data := b.read("raft.db"); data[40] ^= 1; b.write("raft.db", data) }, "raft.db is damaged"},
		{"the vote", func(b *broken) {
			data := b.read("raft.db")
			at := bytes.Index(data, append([]byte("LastVoteCand"), sealValue(keyVoteFor, []byte("xb"))...))
			for ; at >= 0; at = bytes.Index(data, append([]byte("LastVoteCand"), sealValue(keyVoteFor, []byte("xb"))...)) {
				data[at+len("LastVoteCand")+1] ^= 1
			}
			b.write("raft.db", data)
		}, "is damaged"},
		{"no floor", func(b *broken) { os.Remove(b.path("floor")) }, "floor is missing"},
		{"a damaged floor", func(b *broken) { b.write("floor", make([]byte, floorSize)) }, "floor is damaged"},
		{"an old copy", older, "is an old copy"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newBroken(t)
			tt.damage(b)
			before := b.files()
			r, err := b.repair(false)
			if tt.want == "" {
				if err != nil || r.Term != 7 || r.Forgot != nil {
					t.Fatalf("%+v, %v", r, err)
				}
				b.check(before, lostLog, 7)
				return
			}
			if !errors.Is(err, ErrVotes) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want it to say %q", err, tt.want)
			}
			if fmt.Sprint(b.files()) != fmt.Sprint(before) {
				t.Error("a repair that was refused changed something")
			}
			if r, err = b.repair(true); err != nil || r.Term != 0 || r.Forgot == nil {
				t.Fatalf("%+v, %v", r, err)
			}
			b.check(before, lostVotes, 0)
		})
	}
}

func TestRepairTwice(t *testing.T) {
	b := newBroken(t)
	if err := os.Remove(b.path("floor")); err != nil {
		t.Fatal(err)
	}
	if _, err := b.repair(true); err != nil {
		t.Fatal(err)
	}
	// Its votes are not known because they are there again, but when it has caught up.
	g, err := OpenGuardStore(b.path("raft.db"), GuardOptions{Epochs: b.path("epochs"), MustExist: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(g.SetUint64(keyTerm, 8), g.Close()); err != nil {
		t.Fatal(err)
	}
	r, err := b.repair(false)
	if err != nil || r.Term != 8 || r.Folder != b.path("replaced/2") {
		t.Errorf("%+v, %v", r, err)
	}
	if got, err := readAbstain(b.path(abstainName)); err != nil || got != lostVotes {
		t.Errorf("it has lost %q, %v", got, err)
	}
}

func TestRepairRefuses(t *testing.T) {
	b := newBroken(t)
	lock, err := lockFolder(b.cfg.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.repair(false); err == nil || !strings.Contains(err.Error(), "another process") {
		t.Errorf("while it runs: %v", err)
	}
	if err := lock.Close(); err != nil {
		t.Fatal(err)
	}
	other := b.cfg
	other.Dir = shortDir(t)
	if _, err := PlanRepair(other, false); err == nil || !strings.Contains(err.Error(), "holds no node's data") {
		t.Errorf("an empty folder: %v", err)
	}
	b.write("node", []byte("xb.comity/n1\n"))
	if _, err := b.repair(false); err == nil || !strings.Contains(err.Error(), "is the data of") {
		t.Errorf("another node's: %v", err)
	}
	alone := ledgertest.NewGenesis(t, 1)
	m := alone.Bureaus[0]
	if _, err := PlanRepair(Config{Genesis: alone.Genesis, Bureau: m.Code, Dir: b.cfg.Dir, TLS: m.TLS, Witness: m.Witness}, false); err == nil || !strings.Contains(err.Error(), "no other node votes") {
		t.Errorf("a ledger of one: %v", err)
	}
}

// A journal of which one byte is another is not followed.
func TestRepairJournalFlips(t *testing.T) {
	dir := shortDir(t)
	j := &repairJournal{number: 3, lost: lostLog, term: 7, voteTerm: 6, voteFor: []byte("xb")}
	good := withSumBefore(j.marshal())
	path := filepath.Join(dir, repairName)
	for i := range good {
		bad := bytes.Clone(good)
		bad[i] ^= 1
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := readRepair(dir); !errors.Is(err, ErrCorrupt) {
			t.Errorf("byte %d: %+v, %v", i, got, err)
		}
	}
	if err := os.WriteFile(path, good, 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := readRepair(dir)
	if err != nil || fmt.Sprint(got) != fmt.Sprint(j) {
		t.Errorf("got %+v, %v", got, err)
	}
	if n := binary.BigEndian.Uint32(good[4+len(repairHeader):]); n != 3 {
		t.Errorf("number %d", n)
	}
}
