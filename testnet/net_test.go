package testnet

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/notice"
)

// sendAll has every author submit n notices at the same time, and returns what
// was accepted.
func sendAll(ctx context.Context, t *testing.T, authors []*Author, first, n int) []*Sent {
	t.Helper()
	var (
		mu  sync.Mutex
		all []*Sent
		wg  sync.WaitGroup
	)
	for _, a := range authors {
		wg.Go(func() {
			for i := range n {
				s, err := a.Publish(ctx, Sample(a.Bureau, first+i, notice.Readers{notice.All}, time.Now()))
				if err != nil {
					t.Errorf("notice %d of %s: %v", first+i, a.Bureau, err)
					return
				}
				mu.Lock()
				all = append(all, s)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return all
}

func authorsOf(t *testing.T, c *Consortium, labels ...string) []*Author {
	t.Helper()
	var authors []*Author
	for _, code := range c.Bureaus() {
		for _, label := range labels {
			a, err := c.Author(code, label)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(a.Close)
			authors = append(authors, a)
		}
	}
	return authors
}

// checkEverywhere asks every node for the index of every statement.
func checkEverywhere(ctx context.Context, t *testing.T, c *Consortium, sent []*Sent) {
	t.Helper()
	byIndex := make(map[uint64]keys.ID)
	for _, s := range sent {
		if other, ok := byIndex[s.Index]; ok && other != s.Item.Entry.ID {
			t.Errorf("index %d was given to two statements", s.Index)
		}
		byIndex[s.Index] = s.Item.Entry.ID
	}
	for _, code := range c.Bureaus() {
		cl, err := c.Operator(code)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range sent {
			at, err := cl.Index(ctx, s.Item.Entry.ID)
			if err != nil {
				t.Fatalf("%s: entry %d, acknowledged: %v", code, s.Index, err)
			}
			if at.Index != s.Index || !at.Final {
				t.Fatalf("%s: got %+v, acknowledged at %d", code, at, s.Index)
			}
		}
	}
}

func TestNetStopLeader(t *testing.T) {
	if testing.Short() {
		t.Skip("uses the loopback network")
	}
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c := found(t, Options{Bureaus: 3})
	if err := c.StartAll(); err != nil {
		t.Fatal(err)
	}
	if err := c.WaitReady(ctx); err != nil {
		t.Fatal(err)
	}
	keysOf := 2*len(Officers()) + 3
	if n, err := c.Enrol(ctx); err != nil || n != 3*keysOf {
		t.Fatalf("enrolled %d, %v; want %d", n, err, 3*keysOf)
	}
	if n, err := c.Enrol(ctx); err != nil || n != 0 {
		t.Fatalf("enrolled %d again, %v", n, err)
	}

	authors := authorsOf(t, c, "case-1", "desk-1", "sup-1")
	sent := sendAll(ctx, t, authors, 0, 5)
	for _, s := range sent[:6] {
		if _, by, err := authors[0].Receipt(ctx, s); err != nil || len(by) < ledger.Quorum(3) {
			t.Fatalf("receipt of entry %d: cosigned by %q, %v", s.Index, by, err)
		}
	}

	leader, err := c.WaitLeader(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Stop(leader); err != nil {
		t.Fatal(err)
	}
	more := sendAll(ctx, t, authors, 100, 5)
	if _, by, err := authors[0].Receipt(ctx, more[len(more)-1]); err != nil {
		t.Fatalf("without %s: cosigned by %q, %v", leader, by, err)
	}
	if err := c.Start(leader); err != nil {
		t.Fatal(err)
	}
	sent = append(sent, more...)
	want := uint64(3*keysOf + len(sent))
	if size, root, err := c.WaitEqual(ctx, want); err != nil || size != want {
		t.Fatalf("%d entries with root %s, %v; want %d", size, root, err, want)
	}
	checkEverywhere(ctx, t, c, sent)
	if err := c.StopAll(); err != nil {
		t.Fatal(err)
	}

	// All stop and start again: the same history.
	if err := c.StartAll(); err != nil {
		t.Fatal(err)
	}
	if size, root, err := c.WaitEqual(ctx, want); err != nil || size != want {
		t.Fatalf("after a restart %d entries with root %s, %v; want %d", size, root, err, want)
	}
	log, err := os.ReadFile(c.LogPath(leader))
	if err != nil || !strings.HasPrefix(string(log), "{") {
		t.Errorf("log: %.80q, %v", log, err)
	}
}

func TestNetRefusal(t *testing.T) {
	if testing.Short() {
		t.Skip("uses the loopback network")
	}
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	// A clock of years ahead, as a played operation has it.
	founded, start := time.Date(2031, 4, 5, 6, 7, 8, 0, time.UTC), time.Now()
	clock := func() time.Time { return founded.Add(time.Since(start)) }
	c := found(t, Options{Bureaus: 1, Clock: clock})
	if err := c.StartAll(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Enrol(ctx); err != nil {
		t.Fatal(err)
	}
	a := authorsOf(t, c, "protect-1")[0]
	if _, err := a.Publish(ctx, Sample("XA", 1, notice.Readers{"XA"}, time.Now())); err == nil || !strings.Contains(err.Error(), "protect-1 of XA may not write notices") {
		t.Errorf("a protection officer published: %v", err)
	}
	// What was refused leaves no gap in the chain.
	b := authorsOf(t, c, "case-1")[0]
	red := Sample("XA", 2, notice.Readers{"XA"}, clock())
	red.Kind = ledger.KindRed
	if _, err := b.Publish(ctx, red); err == nil || !strings.Contains(err.Error(), "second signature of a supervisor") {
		t.Errorf("one officer published a red notice alone: %v", err)
	}
	sup, err := c.Homes()[0].Officer("sup-1", nil)
	if err != nil {
		t.Fatal(err)
	}
	sent, err := b.Publish(ctx, red, sup.Signer)
	if err != nil {
		t.Fatalf("two officers: %v", err)
	}
	if at := time.UnixMilli(int64(sent.Time)); at.Before(founded) || at.After(clock()) {
		t.Errorf("ledger time %s, by a clock that was set to %s", at.UTC(), founded)
	}
	if created := sent.Item.Entry.Statement.Created; created < uint64(founded.Unix()) {
		t.Errorf("signed at %s", time.Unix(int64(created), 0).UTC())
	}
}

// build makes the program that nodes run as processes, once for all tests.
func build(t testing.TB) string {
	t.Helper()
	exe, err := built()
	if err != nil {
		t.Fatalf("build: %v", err)
	}
	return exe
}

var (
	buildDir string // removed when all tests are done
	built    = sync.OnceValues(func() (exe string, err error) {
		if buildDir, err = os.MkdirTemp("", "comity-testnet-"); err != nil {
			return "", err
		}
		exe = filepath.Join(buildDir, "comity")
		if out, err := exec.Command("go", "build", "-ldflags=-s", "-o", exe, "comity").CombinedOutput(); err != nil {
			return "", fmt.Errorf("%w\n%s", err, out)
		}
		return exe, nil
	})
)

func TestMain(m *testing.M) {
	code := m.Run()
	if buildDir != "" {
		_ = os.RemoveAll(buildDir)
	}
	os.Exit(code)
}

// TestNetKill submits from four officers while processes are killed, one at a
// time, and started again. What was acknowledged must be everywhere in the end.
func TestNetKill(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and runs processes")
	}
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	c := upProcesses(ctx, t, Options{})

	const faultsFor = 8 * time.Second
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	officers := publishAll(ctx, t, authorsOf(t, c, "case-1")[:4])
	kills := killFor(ctx, t, c, rand.New(rand.NewPCG(seed, 0)), faultsFor)
	sent := officers.end()
	if t.Failed() {
		return
	}
	if err := c.WaitReady(ctx); err != nil {
		t.Fatal(err)
	}
	size, root, err := c.WaitEqual(ctx, uint64(len(sent)))
	if err != nil {
		t.Fatal(err)
	}
	checkEverywhere(ctx, t, c, sent)
	t.Logf("%d kills, %d acknowledged, %d entries, root %.16s on all nodes", kills, len(sent), size, root)
	if kills < 2 || len(sent) < 20 {
		t.Errorf("%d kills and %d notices prove little", kills, len(sent))
	}
}

// publishers are officers who publish one notice after another.
type publishers struct {
	stop context.CancelFunc
	wg   sync.WaitGroup
	mu   sync.Mutex // guards sent
	sent []*Sent
}

// publishAll has the authors publish for all bureaus until the end.
func publishAll(ctx context.Context, t *testing.T, authors []*Author) *publishers {
	l := new(publishers)
	ctx, l.stop = context.WithCancel(ctx)
	t.Cleanup(func() { l.end() })
	for _, a := range authors {
		l.wg.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				s, err := a.Publish(ctx, Sample(a.Bureau, i, notice.Readers{notice.All}, time.Now()))
				if err != nil {
					if ctx.Err() == nil {
						t.Errorf("notice %d of %s: %v", i, a.Bureau, err)
					}
					return
				}
				l.mu.Lock()
				l.sent = append(l.sent, s)
				l.mu.Unlock()
			}
		})
	}
	return l
}

// acknowledged returns how many are by now.
func (l *publishers) acknowledged() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.sent)
}

// end returns what was acknowledged.
func (l *publishers) end() []*Sent {
	l.stop()
	l.wg.Wait()
	return l.sent
}

// killFor kills a random process, starts it again, and waits until it is ready
// before the next one, for a while.
func killFor(ctx context.Context, t *testing.T, c *Consortium, random *rand.Rand, d time.Duration) (kills int) {
	end := time.Now().Add(d)
	for time.Now().Before(end) {
		codes := c.Bureaus()
		victim := codes[random.IntN(len(codes))]
		if err := c.Kill(victim); err != nil {
			t.Error(err)
			return kills
		}
		kills++
		pause := time.NewTimer(time.Duration(random.IntN(400)) * time.Millisecond)
		select {
		case <-ctx.Done():
		case <-pause.C:
		}
		if err := c.Launch(victim); err != nil {
			t.Error(err)
			return kills
		}
		if err := c.WaitReady(ctx, victim); err != nil {
			t.Error(err)
			return kills
		}
	}
	return kills
}
