//go:build linux

package testnet

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math/bits"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"comity/ledger"
	"comity/node/wire"

	"go.etcd.io/bbolt"
)

// disk is a file system of its own under a bureau's node.
type disk struct {
	t    *testing.T
	path string
}

// ramDisk mounts a tmpfs under the data of a node that does not run. It skips
// the test where that cannot be.
func ramDisk(t *testing.T, c *Consortium, bureau string) *disk {
	t.Helper()
	h, err := c.Home(bureau)
	if err != nil {
		t.Fatal(err)
	}
	d := &disk{t, h.NodeDir()}
	if err := os.MkdirAll(d.path, 0o700); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() != 0 {
		t.Skip("not injected: a full disk; mounting a file system needs root")
	}
	if err := syscall.Mount("comity-test", d.path, "tmpfs", syscall.MS_NOSUID|syscall.MS_NODEV, "size=64m,mode=0700"); err != nil {
		t.Skipf("not injected: a full disk; mount tmpfs: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(d.path, syscall.MNT_DETACH); err != nil {
			t.Errorf("unmount %s: %v", d.path, err)
		}
	})
	return d
}

// resize leaves this many bytes free.
func (d *disk) resize(free int64) {
	d.t.Helper()
	var st syscall.Statfs_t
	if err := syscall.Statfs(d.path, &st); err != nil {
		d.t.Fatal(err)
	}
	size := int64(st.Blocks-st.Bfree)*int64(st.Bsize) + free
	if err := syscall.Mount("comity-test", d.path, "tmpfs", syscall.MS_REMOUNT|syscall.MS_NOSUID|syscall.MS_NODEV, fmt.Sprintf("size=%d,mode=0700", size)); err != nil {
		d.t.Fatalf("resize %s to %d bytes: %v", d.path, size, err)
	}
}

// large submits a notice with a body of about 100 KiB that nobody can open.
func large(ctx context.Context, t *testing.T, a *Author) *Sent {
	t.Helper()
	body := make([]byte, 100<<10)
	rand.Read(body)
	header := ledger.Publish{Kind: ledger.KindYellow, ReviewBy: 30_000, SizeClass: uint8(bits.Len(uint(len(body) - 1)))}
	s, err := a.Submit(ctx, &ledger.Statement{Class: ledger.ClassPublish, Public: header.Marshal()}, body)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// three founds a running consortium of three with one author of the first bureau.
func three(ctx context.Context, t *testing.T, before func(*Consortium)) (*Consortium, *Author, []*Sent) {
	t.Helper()
	c := found(t, Options{Bureaus: 3, Officers: Officers()[:1]})
	if before != nil {
		before(c)
	}
	t.Cleanup(func() { // before what it runs on is unmounted
		if err := c.StopAll(); err != nil {
			t.Error(err)
		}
	})
	if err := c.StartAll(); err != nil {
		t.Fatal(err)
	}
	if err := c.WaitReady(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Enrol(ctx); err != nil {
		t.Fatal(err)
	}
	a := authorsOf(t, c, "case-1")[0]
	return c, a, []*Sent{large(ctx, t, a)}
}

// TestNetFullDisk fills the disk of a follower, then that of the leader. The node
// stops and says why; what was acknowledged stays; the others go on; with more
// room it comes back.
func TestNetFullDisk(t *testing.T) {
	if testing.Short() {
		t.Skip("uses the loopback network")
	}
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	disks := make(map[string]*disk)
	c, a, sent := three(ctx, t, func(c *Consortium) {
		for _, code := range c.Bureaus() {
			disks[code] = ramDisk(t, c, code)
		}
	})
	for _, role := range []string{"follower", "leader"} {
		leader, err := c.WaitLeader(ctx)
		if err != nil {
			t.Fatal(err)
		}
		victim := leader
		for _, code := range c.Bureaus() {
			if role == "follower" && code != leader {
				victim = code
			}
		}
		full := c.Node(victim)
		disks[victim].resize(300 << 10)
		for full.Err() == nil {
			if len(sent) > 100 {
				t.Fatalf("%s: a full disk stops nothing", role)
			}
			sent = append(sent, large(ctx, t, a))
		}
		text := full.Err().Error()
		if !errors.Is(full.Err(), syscall.ENOSPC) || !strings.Contains(text, "no space left on device") || !strings.Contains(text, disks[victim].path) && !strings.Contains(text, ".seg") {
			t.Errorf("%s: it stops with %q, which does not name the full disk", role, text)
		}
		if ok, why := full.Ready(); ok || why != text {
			t.Errorf("%s: ready %t, %q", role, ok, why)
		}
		for range 2 { // the others go on
			sent = append(sent, large(ctx, t, a))
		}
		t.Logf("full disk of the %s %s: %s", role, victim, text)
		if err := c.Stop(victim); err != nil {
			t.Logf("stop: %v", err)
		}

		// On the full disk it does not start, or stops again; nothing worse.
		if err := c.Start(victim); err != nil {
			t.Logf("start on the full disk: %v", err)
		} else {
			full := c.Node(victim)
			select {
			case <-full.Done():
				t.Logf("started on the full disk: %v", full.Err())
			case <-time.After(3 * time.Second):
				t.Logf("started on the full disk: it runs")
			}
			if err := c.Stop(victim); err != nil {
				t.Logf("stop: %v", err)
			}
		}
		disks[victim].resize(64 << 20)
		if err := c.Start(victim); err != nil {
			t.Fatalf("%s: with more room: %v", role, err)
		}
		size, root, err := c.WaitEqual(ctx, uint64(len(sent)))
		if err != nil {
			t.Fatal(err)
		}
		checkEverywhere(ctx, t, c, sent)
		t.Logf("%d acknowledged, %d entries, root %.16s on all nodes", len(sent), size, root)
	}
}

// TestNetDamagedDisk damages the files of a node that does not run. It must say
// which file is damaged, at its start or when it meets the damage, and stop; the
// others go on; with the file as it was, it comes back.
func TestNetDamagedDisk(t *testing.T) {
	if testing.Short() {
		t.Skip("uses the loopback network")
	}
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	c, a, sent := three(ctx, t, nil)
	const victim = "XC"
	h, err := c.Home(victim)
	if err != nil {
		t.Fatal(err)
	}
	dir := h.NodeDir()
	if _, _, err := c.WaitEqual(ctx, uint64(len(sent))); err != nil { // what is damaged must be there
		t.Fatal(err)
	}
	flip := func(at int) func([]byte) []byte {
		return func(data []byte) []byte { data[at] ^= 0x10; return data }
	}
	remove := func([]byte) []byte { return nil }
	for _, test := range []struct {
		file   string
		damage func([]byte) []byte // nil: removed
		want   string              // of what it says; empty: it comes back by itself
	}{
		{"raft.db", func(data []byte) []byte { // every record of 100 KiB, wherever it is
			for at := 32 << 10; at < len(data); at += 40 << 10 {
				data[at+100] ^= 0x10
			}
			return data
		}, "raft.db"},
		{"raft.db", func(data []byte) []byte { return data[:boltSize(t, data)-1] }, "raft.db"},
		{"raft.db", func(data []byte) []byte { return data[:0] }, "raft.db"},
		{"raft.db", remove, "raft.db"},
		{"floor", flip(9), ""}, // one torn slot
		{"floor", func(data []byte) []byte { data[9], data[4096+9] = ^data[9], ^data[4096+9]; return data }, "floor"},
		{"floor", func(data []byte) []byte { return data[:0] }, "floor"},
		{"floor", remove, "floor"},
		{"epochs", flip(9), "epochs"},
		{"epochs", func(data []byte) []byte { return make([]byte, len(data)) }, "epochs"},
		{"epochs", remove, "epochs"},
		{"ledger/commit", flip(20), "commit"},
		{"ledger/commit", remove, "commit"},
		{"ledger/entries-00000000.seg", flip(500), "entries-00000000.seg"}, // of the third entry or so
		{"ledger/entries-00000000.seg", func(data []byte) []byte { return data[:200] }, "entries-00000000.seg"},
		{"ledger/hashes", remove, "hashes"},
		{"ledger/lock", remove, ""},
		{"witness", flip(9), "witness"},
		{"witness", func(data []byte) []byte { return data[:0] }, "witness"},
		{"witness", remove, "witness"},
		{"node", flip(0), "is the data of"},
	} {
		if err := c.Stop(victim); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, filepath.FromSlash(test.file))
		good, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var bad []byte
		if bad = test.damage(bytes.Clone(good)); bad == nil {
			err = os.Remove(path)
		} else {
			err = os.WriteFile(path, bad, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		what := fmt.Sprintf("%s, %d bytes of %d, %v", test.file, len(bad), len(good), bad == nil)
		err = c.Start(victim)
		switch {
		case err == nil && test.file == "witness": // it runs, and is mute
			err = muted(ctx, t, c, victim)
			if stop := errors.Join(c.Stop(victim), os.Remove(path+".muted")); stop != nil {
				t.Error(stop)
			}
		case err == nil && test.want != "":
			err = meet(ctx, t, c, victim)
			if stop := c.Stop(victim); stop != nil {
				t.Logf("%s: stop: %v", what, stop)
			}
		}
		switch {
		case test.want == "" && err != nil:
			t.Errorf("%s: %v", what, err)
		case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
			t.Errorf("%s: says %v, want it to name %q", what, err, test.want)
		default:
			t.Logf("%s: %v", what, err)
		}
		sent = append(sent, large(ctx, t, a)) // the others go on
		if test.want == "" {
			continue
		}
		if err := os.WriteFile(path, good, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := c.Start(victim); err != nil {
			t.Fatalf("%s, as it was: %v", test.file, err)
		}
		if _, _, err := c.WaitEqual(ctx, uint64(len(sent))); err != nil {
			t.Fatalf("%s, as it was: %v", test.file, err)
		}
	}
	// What a bureau does with a damaged ledger: remove it, and fetch it again.
	if err := c.Stop(victim); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(dir, "ledger")); err != nil {
		t.Fatal(err)
	}
	if err := c.Start(victim); err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.WaitEqual(ctx, uint64(len(sent))); err != nil {
		t.Fatal(err)
	}
	checkEverywhere(ctx, t, c, sent)
	for _, s := range c.States(ctx) {
		if len(s.Alarms) > 0 {
			t.Errorf("%s: alarms %q", s.Bureau, s.Alarms)
		}
	}
}

// meet reads all entries of a running node, and returns why it stopped.
func meet(ctx context.Context, t *testing.T, c *Consortium, bureau string) error {
	t.Helper()
	cl, err := c.Operator(bureau)
	if err != nil {
		t.Fatal(err)
	}
	n := c.Node(bureau)
	for from := uint64(0); n.Err() == nil && ctx.Err() == nil; {
		next, err := cl.Records(ctx, from, wire.MaxRecords, func(*wire.Record) error { return nil })
		if next == from && err == nil {
			return nil // all read, and nothing was wrong
		}
		if from = next; err != nil {
			select {
			case <-n.Done():
			case <-time.After(5 * time.Second):
				return nil
			}
		}
	}
	return n.Err()
}

// muted waits until a node is ready, and returns why it does not cosign.
func muted(ctx context.Context, t *testing.T, c *Consortium, bureau string) error {
	t.Helper()
	if err := c.WaitReady(ctx, bureau); err != nil {
		t.Fatal(err)
	}
	st, err := c.ask(ctx, bureau)
	if err != nil {
		t.Fatal(err)
	}
	if st.Muted == "" || len(st.Alarms) != 1 {
		t.Errorf("%s says mute because %q, alarms %q", bureau, st.Muted, st.Alarms)
	}
	return errors.New(st.Muted)
}

// boltSize returns how much of a bbolt file is in use. The file may be twice as
// long: bbolt grows it ahead of need, and to lose that part is to lose nothing.
func boltSize(t *testing.T, data []byte) int64 {
	t.Helper()
	path := filepath.Join(t.TempDir(), "copy.db")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var size int64
	if err := db.View(func(tx *bbolt.Tx) error { size = tx.Size(); return nil }); err != nil {
		t.Fatal(err)
	}
	return size
}
