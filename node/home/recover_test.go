package home

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"comity/ledger"
)

// foundTwo returns the first of two homes of one ledger.
func foundTwo(t *testing.T) (*Home, *ledger.Genesis) {
	t.Helper()
	var homes []*Home
	for i, code := range []string{"XA", "XB"} {
		h, err := Create(filepath.Join(t.TempDir(), code), CreateOptions{Bureau: code, Name: "Bureau " + code, Address: []string{"127.0.0.1:7101", "127.0.0.1:7102"}[i]})
		if err != nil {
			t.Fatal(err)
		}
		homes = append(homes, h)
	}
	g, err := Found(homes, Terms{Name: "Exercise", Created: time.Unix(1_700_000_000, 0)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return homes[0], g
}

// New keys wait, are made once, and take their place when they are the bureau's.
func TestNextKeys(t *testing.T) {
	h, g := foundTwo(t)
	root, err := h.Root(nil)
	if err != nil {
		t.Fatal(err)
	}
	before, err := h.Member()
	if err != nil {
		t.Fatal(err)
	}
	p, err := h.NextNode(g.Ledger, root, "")
	if err != nil || !p.CheckProof(g.Ledger, g.Latest()) || p.Node.TLS == before.Node.TLS || p.Node.Cosigner() == before.Node.Cosigner() {
		t.Fatalf("new node: %+v, %v", p, err)
	}
	if again, err := h.NextNode(g.Ledger, root, "127.0.0.1:7300"); err != nil || again.Node.TLS != p.Node.TLS || again.Node.Address != "127.0.0.1:7300" {
		t.Errorf("again: %+v, %v", again, err)
	}
	if waits, is, err := h.HasNewNode(p.Node); !waits || !is || err != nil {
		t.Errorf("new keys wait: %v, %v, %v", waits, is, err)
	}
	if waits, is, err := h.HasNewNode(&before.Node); !waits || is || err != nil {
		t.Errorf("new keys wait, not the present ones: %v, %v, %v", waits, is, err)
	}
	other := *p.Node
	other.TLS[0] ^= 1
	if err := h.TakeNode(&other); err == nil {
		t.Error("keys of another node were taken")
	}
	for range 2 { // as after a crash
		if err := h.TakeNode(p.Node); err != nil {
			t.Fatal(err)
		}
	}
	if waits, _, err := h.HasNewNode(p.Node); waits || err != nil {
		t.Errorf("they wait still: %v", err)
	}
	if m, err := h.Member(); err != nil || m.Node.TLS != p.Node.TLS || m.Node.Cosigner() != p.Node.Cosigner() {
		t.Errorf("after it: %+v, %v", m, err)
	}

	if _, err := h.NewRoot(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a new root waits: %v", err)
	}
	r, err := h.NextRoot(g.Ledger, nil, nil)
	if err != nil || !r.CheckProof(g.Ledger, g.Latest()) || r.Root.Equal(root.Public()) {
		t.Fatalf("new root: %+v, %v", r, err)
	}
	if pub, err := h.NewRoot(); err != nil || !pub.Equal(r.Root) {
		t.Errorf("the new root that waits: %v", err)
	}
	if s, err := h.NewRootSigner(nil); err != nil || !s.Public().Equal(r.Root) {
		t.Errorf("its key: %v", err)
	}
	if err := h.TakeRoot(before.Node.Witness.Ed25519); err == nil {
		t.Error("another root was taken")
	}
	for range 2 {
		if err := h.TakeRoot(r.Root); err != nil {
			t.Fatal(err)
		}
	}
	if now, err := h.Root(nil); err != nil || !now.Public().Equal(r.Root) {
		t.Errorf("root after it: %v", err)
	}
}

// Whatever a recovery is cut at, calling it again brings it to its end, and the
// node's name is nobody's meanwhile.
func TestRecoverIsCut(t *testing.T) {
	h, g := foundTwo(t)
	root, err := h.Root(nil)
	if err != nil {
		t.Fatal(err)
	}
	p, err := h.NextNode(g.Ledger, root, "")
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(h.Dir(), name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	write("node/raft.db", "old")
	write("fresh/ledger/commit", "new")
	fresh := filepath.Join(h.Dir(), "fresh")
	// Cut in the middle: the keys are not there.
	other := *p.Node
	other.TLS[0] ^= 1
	if err := h.Recover(g, &other, fresh, "aside", false); err == nil {
		t.Fatal("without keys: done")
	}
	if owner, err := os.ReadFile(filepath.Join(h.NodeDir(), "node")); err != nil || string(owner) != unfinished || h.Recovered(g, p.Node, "aside") {
		t.Errorf("cut: the node's folder is of %q, %v", owner, err)
	}
	if err := h.Recover(g, p.Node, fresh, "aside", true); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"node/ledger/commit": "new", "node/replaced/1/raft.db": "old"} {
		if got, err := os.ReadFile(filepath.Join(h.Dir(), name)); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if _, err := os.Lstat(filepath.Join(h.Dir(), "aside")); !errors.Is(err, fs.ErrNotExist) || !h.Recovered(g, p.Node, "aside") {
		t.Errorf("not done: %v", err)
	}
}

// What the node keeps over a recovery is with its new data, wherever the one before
// was cut, and nothing is left where no purge reaches it.
func TestRecoverKeeps(t *testing.T) {
	for _, data := range []string{"fresh", ""} {
		for _, cut := range []string{"", "renamed", "empty"} {
			h, g := foundTwo(t)
			root, err := h.Root(nil)
			if err != nil {
				t.Fatal(err)
			}
			p, err := h.NextNode(g.Ledger, root, "")
			if err != nil {
				t.Fatal(err)
			}
			in := func(name string) string { return filepath.Join(h.Dir(), name) }
			write := func(name string) {
				t.Helper()
				if err := errors.Join(os.MkdirAll(filepath.Dir(in(name)), 0o700), os.WriteFile(in(name), nil, 0o600)); err != nil {
					t.Fatal(err)
				}
			}
			old := "node/"
			if cut != "" {
				old = "aside/"
			}
			write(old + "raft.db")
			write("desk/ledger/commit")
			write("desk/queue/1.item")
			write("desk/watch-desk-1.json")
			switch cut {
			case "renamed": // died before what is kept had moved
				write("aside/attachments/aa")
				write("node/ledger/commit")
			case "empty": // died, without data, after it had
				write("node/attachments/aa")
				write("node/node")
			default:
				write("node/attachments/aa")
			}
			fresh := ""
			if data != "" {
				write("fresh/ledger/commit")
				fresh = in(data)
			}
			if err := h.Recover(g, p.Node, fresh, "aside", true); err != nil {
				t.Fatalf("%q, %q: %v", data, cut, err)
			}
			for name, want := range map[string]bool{"node/attachments/aa": true, "node/replaced/1/raft.db": true, "node/replaced/1/desk/ledger/commit": true,
				"desk/queue/1.item": true, "desk/watch-desk-1.json": true,
				"fresh": false, "aside": false, "desk/ledger": false} {
				if _, err := os.Lstat(in(name)); (err == nil) != want {
					t.Errorf("%q, cut at %q: %s: %v", data, cut, name, err)
				}
			}
		}
	}
}

// A backup has no file that a home has not, and takes none from outside of it.
func TestBackupNames(t *testing.T) {
	h, _ := foundTwo(t)
	names, err := h.BackupFiles()
	if err != nil || len(names) < 6 {
		t.Fatalf("%q, %v", names, err)
	}
	data, n, err := h.BackupKeys()
	if err != nil || n < 5 {
		t.Fatalf("%d keys, %v", n, err)
	}
	to := t.TempDir()
	if got, err := PutKeys(to, data); err != nil || got != n {
		t.Errorf("put %d keys, %v", got, err)
	}
	none := t.TempDir()
	t.Chdir(none)
	got, err := PutKeys("", data)
	if left, _ := os.ReadDir(none); err != nil || got != n || len(left) > 0 {
		t.Errorf("looked at %d keys, and wrote %v: %v", got, left, err)
	}
	if _, err := os.Lstat(filepath.Join(to, "keys", "root")); !errors.Is(err, fs.ErrNotExist) {
		t.Error("the root key went along")
	}
	if _, err := PutKeys(to, data[:len(data)-1]); err == nil {
		t.Error("a list that is cut: taken")
	}
	for _, name := range []string{"../x.pub", "/etc/passwd", "keys/../../x.pub", "keys/root", "node/raft.db", "node/witness", "node/abstain", "keys/a.pub/b", "charter\x00", "keys/.pub"} {
		if err := PutFile(to, name, nil); err == nil {
			t.Errorf("%q: taken", name)
		}
	}
}

// One recovery to an epoch is signed, however often the command is cut.
func TestKeepRecovery(t *testing.T) {
	h, _ := foundTwo(t)
	for range 2 {
		if err := h.KeepRecovery(3, ledger.ID{1}); err != nil {
			t.Fatal(err)
		}
	}
	var other *OtherRecoveryError
	if err := h.KeepRecovery(3, ledger.ID{2}); !errors.As(err, &other) || other.First[:4] != "0100" || other.Epoch != 3 {
		t.Errorf("another one: %v", err)
	}
	if err := h.KeepRecovery(4, ledger.ID{2}); err != nil {
		t.Error(err)
	}
	names, err := h.BackupFiles()
	if err != nil || !slices.Contains(names, "recovered-3") {
		t.Errorf("a backup has %q (%v)", names, err)
	}
	for _, bad := range []string{"", "\n", "01\n", "x"} {
		if err := os.WriteFile(filepath.Join(h.Dir(), "recovered-3"), []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := h.KeepRecovery(3, ledger.ID{1}); err == nil {
			t.Errorf("kept beside %q", bad)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(h.Dir(), ".recovered*")); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}
