//go:build linux

package testnet

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"
)

// ext4Shutdown is EXT4_IOC_SHUTDOWN with EXT4_GOING_FLAGS_NOLOGFLUSH: the file
// system forgets everything that is not on its disk at this moment, as when the
// power fails.
const (
	ext4Shutdown = 0x8004587d
	noLogFlush   = 2
)

// image is an ext4 file system in a file, under the data of a bureau's node.
type image struct{ file, path, loop string }

func newImage(t *testing.T, c *Consortium, bureau string) *image {
	t.Helper()
	h, err := c.Home(bureau)
	if err != nil {
		t.Fatal(err)
	}
	m := &image{file: filepath.Join(t.TempDir(), bureau+".img"), path: h.NodeDir()}
	if err := os.MkdirAll(m.path, 0o700); err != nil {
		t.Fatal(err)
	}
	command := func(name string, args ...string) string {
		out, err := exec.Command(name, args...).CombinedOutput()
		if err != nil {
			t.Skipf("not injected: a power cut; %s %s: %v: %s", name, strings.Join(args, " "), err, out)
		}
		return strings.TrimSpace(string(out))
	}
	command("truncate", "-s", "256M", m.file)
	command("mkfs.ext4", "-q", "-F", m.file)
	m.loop = command("losetup", "--show", "-f", m.file)
	t.Cleanup(func() {
		if out, err := exec.Command("losetup", "-d", m.loop).CombinedOutput(); err != nil {
			t.Errorf("losetup -d %s: %v: %s", m.loop, err, out)
		}
	})
	if err := m.mount(); err != nil {
		t.Skipf("not injected: a power cut; mount %s: %v", m.loop, err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(m.path, 0); err != nil {
			t.Errorf("unmount %s: %v", m.path, err)
		}
	})
	return m
}

func (m *image) mount() error {
	if err := syscall.Mount(m.loop, m.path, "ext4", syscall.MS_NOSUID|syscall.MS_NODEV, ""); err != nil {
		return err
	}
	return os.Chmod(m.path, 0o700)
}

// cut is the power cut. Before it, it leaves two files: one synced, one not.
func (m *image) cut() error {
	for name, sync := range map[string]bool{"synced": true, "unsynced": false} {
		f, err := os.Create(filepath.Join(m.path, name))
		if err != nil {
			return err
		}
		_, err = f.WriteString(name)
		if err == nil && sync {
			err = f.Sync()
		}
		if err = errors.Join(err, f.Close()); err != nil {
			return err
		}
	}
	d, err := os.Open(m.path)
	if err != nil {
		return err
	}
	defer d.Close()
	flags := uint32(noLogFlush)
	if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, d.Fd(), ext4Shutdown, uintptr(unsafe.Pointer(&flags))); errno != 0 {
		return fmt.Errorf("EXT4_IOC_SHUTDOWN: %w", errno)
	}
	return nil
}

// again mounts the image after a cut. It checks that the cut was one: what was
// synced is there, and what was not is gone; else the test would prove nothing.
func (m *image) again() error {
	if err := syscall.Unmount(m.path, 0); err != nil {
		return fmt.Errorf("unmount: %w", err)
	}
	if err := m.mount(); err != nil {
		return fmt.Errorf("mount again: %w", err)
	}
	for name, want := range map[string]string{"synced": "synced", "unsynced": ""} {
		path := filepath.Join(m.path, name)
		data, err := os.ReadFile(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) || string(data) != want {
			return fmt.Errorf("after the cut the file %q holds %q (%v): this was no power cut", name, data, err)
		}
		if err == nil {
			if err := os.Remove(path); err != nil {
				return err
			}
		}
	}
	return nil
}

// TestNetPowerCut cuts the power of one, three or all of five nodes at a time
// while officers submit. Every acknowledged statement must be on every node.
//
//	COMITY_FAULTS=1 [COMITY_CUTS=50] [COMITY_SEED=1] go test -run PowerCut -v -timeout 1h ./testnet
func TestNetPowerCut(t *testing.T) {
	if os.Getenv("COMITY_FAULTS") == "" {
		t.Skip("not injected: power cuts; set COMITY_FAULTS=1 as root to have them")
	}
	if os.Geteuid() != 0 {
		t.Skip("not injected: power cuts; mounting a file system needs root")
	}
	cuts, seed := 9, uint64(time.Now().UnixNano())
	if v := os.Getenv("COMITY_CUTS"); v != "" {
		cuts, _ = strconv.Atoi(v)
	}
	if v := os.Getenv("COMITY_SEED"); v != "" {
		seed, _ = strconv.ParseUint(v, 10, 64)
	}
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute+time.Duration(cuts)*20*time.Second)
	defer cancel()
	c := found(t, Options{Officers: Officers()[:1]})
	c.Exe = build(t)
	images := make(map[string]*image)
	for _, code := range c.Bureaus() {
		images[code] = newImage(t, c, code)
	}
	enrolProcesses(ctx, t, c)
	officers := publishAll(ctx, t, authorsOf(t, c, "case-1"))
	for i := range cuts {
		time.Sleep(time.Duration(200+random.IntN(1500)) * time.Millisecond)
		codes := c.Bureaus()
		random.Shuffle(len(codes), func(i, j int) { codes[i], codes[j] = codes[j], codes[i] })
		codes = codes[:[...]int{5, 3, 1}[i%3]]
		began := time.Now()
		for _, code := range codes {
			if err := images[code].cut(); err != nil {
				t.Fatalf("%s: %v", code, err)
			}
		}
		for _, code := range codes {
			// It may have stopped by itself: its disk is gone.
			if err := c.Kill(code); err != nil && !strings.Contains(err.Error(), "does not run") {
				t.Fatal(err)
			}
		}
		for _, code := range codes {
			if err := images[code].again(); err != nil {
				t.Fatalf("%s: %v", code, err)
			}
			if err := c.Launch(code); err != nil {
				t.Fatal(err)
			}
		}
		if err := c.WaitReady(ctx); err != nil {
			t.Fatal(err)
		}
		t.Logf("cut %d: %v; ready again after %s; %d acknowledged", i+1, codes, time.Since(began).Round(10*time.Millisecond), officers.acknowledged())
	}
	sent := officers.end()
	size, root, err := c.WaitEqual(ctx, uint64(len(sent)))
	if err != nil {
		t.Fatal(err)
	}
	checkEverywhere(ctx, t, c, sent)
	for _, s := range c.States(ctx) {
		if len(s.Alarms) > 0 {
			t.Errorf("%s: alarms %q", s.Bureau, s.Alarms)
		}
	}
	t.Logf("%d cuts, %d acknowledged, %d entries, root %.16s on all nodes", cuts, len(sent), size, root)
}

// TestNetFullDiskOfAProcess has a node as a process fill its disk: it must end,
// not with success, and its last words must name the disk.
func TestNetFullDiskOfAProcess(t *testing.T) {
	if os.Getenv("COMITY_FAULTS") == "" {
		t.Skip("not injected: a full disk of a process; set COMITY_FAULTS=1 as root to have it")
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c := found(t, Options{Bureaus: 3, Officers: Officers()[:1]})
	c.Exe = build(t)
	d := ramDisk(t, c, "XB")
	enrolProcesses(ctx, t, c)
	a := authorsOf(t, c, "case-1")[0]
	d.resize(300 << 10)
	c.mu.Lock()
	p := c.procs["XB"]
	c.mu.Unlock()
	for n := 0; ; n++ {
		select {
		case <-p.done:
			last := lastLine(c.LogPath("XB"))
			if code := p.cmd.ProcessState.ExitCode(); code <= 0 || !strings.Contains(last, "no space left on device") {
				t.Errorf("it ended with code %d and the words %q", code, last)
			}
			t.Logf("code %d: %s", p.cmd.ProcessState.ExitCode(), last)
			return
		default:
		}
		if n > 50 {
			t.Fatal("a full disk ends nothing")
		}
		large(ctx, t, a)
		time.Sleep(50 * time.Millisecond)
	}
}
