package node

import (
	"context"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"comity/ledger"
	"comity/ledger/ledgertest"
	"comity/node/wire"
)

// farRTT is the time between two nodes that are far apart, there and back.
const farRTT = 250 * time.Millisecond

// farLines are pipes over a distance: pure delay, as wide as memory.
type farLines struct{ sync.WaitGroup }

func (l *farLines) pipe() (net.Conn, net.Conn) {
	a, near := net.Pipe()
	b, far := net.Pipe()
	carry := func(to, from net.Conn) {
		type parcel struct {
			data []byte
			due  time.Time
		}
		way := make(chan parcel, 1<<12)
		l.Go(func() {
			defer to.Close()
			for p := range way {
				time.Sleep(time.Until(p.due))
				if _, err := to.Write(p.data); err != nil {
					from.Close()
				}
			}
		})
		defer close(way)
		for {
			buf := make([]byte, 64<<10)
			n, err := from.Read(buf)
			if n > 0 {
				way <- parcel{buf[:n], time.Now().Add(farRTT / 2)}
			}
			if err != nil {
				return
			}
		}
	}
	l.Go(func() { carry(far, near) })
	l.Go(func() { carry(near, far) })
	return a, b
}

// distantPeers reach the others over the same distance.
type distantPeers struct{ peers }

func (p distantPeers) Forward(ctx context.Context, name string, items []ledger.Item) ([]wire.Outcome, error) {
	time.Sleep(farRTT / 2)
	defer time.Sleep(farRTT / 2)
	return p.peers.Forward(ctx, name, items)
}

func (p distantPeers) Cosign(ctx context.Context, name string, list []*ledger.Cosignature) error {
	time.Sleep(farRTT / 2)
	defer time.Sleep(farRTT / 2)
	return p.peers.Cosign(ctx, name, list)
}

func (p distantPeers) Root(ctx context.Context, name string, size uint64, root ledger.Hash) (ledger.Hash, bool, error) {
	time.Sleep(farRTT / 2)
	defer time.Sleep(farRTT / 2)
	return p.peers.Root(ctx, name, size, root)
}

// farWaits is what officers wait for over long lines.
type farWaits struct {
	atLeader, elsewhere []time.Duration // ascending
	final               []time.Duration // from the acknowledgement at the leader
	perSecond           float64
}

func part(list []time.Duration, percent int) time.Duration {
	if len(list) == 0 {
		return 0
	}
	return list[min(len(list)-1, len(list)*percent/100)]
}

// TestFarApart wants a statement to take little more than one round trip where the
// leader is, two elsewhere, and four more until it is FINAL. In a bubble nothing but
// distance takes time. COMITY_LONG=N measures with N officers.
func TestFarApart(t *testing.T) {
	n := 60
	if more, err := strconv.Atoi(os.Getenv("COMITY_LONG")); err == nil && more > 1 {
		n = more
	}
	f := farApart(t, n, 3*time.Second)
	rtt := func(d time.Duration) float64 { return float64(d) / float64(farRTT) }
	t.Logf("%d officers: %.0f/s; at the leader p50 %.2f RTT, p99 %.2f; elsewhere p50 %.2f, p99 %.2f; FINAL after that p50 %.2f",
		n, f.perSecond, rtt(part(f.atLeader, 50)), rtt(part(f.atLeader, 99)), rtt(part(f.elsewhere, 50)), rtt(part(f.elsewhere, 99)), rtt(part(f.final, 50)))
	if got := rtt(part(f.atLeader, 50)); got > 1.3 {
		t.Errorf("at the leader %.2f RTT", got)
	}
	if got := rtt(part(f.elsewhere, 50)); got > 2.4 {
		t.Errorf("elsewhere %.2f RTT", got)
	}
	if got := rtt(part(f.final, 50)); got > 4.5 {
		t.Errorf("FINAL after %.2f RTT", got)
	}
}

func farApart(t *testing.T, officers int, d time.Duration) (f farWaits) {
	synctest.Test(t, func(t *testing.T) {
		lines := new(farLines)
		t.Cleanup(lines.Wait) // after the cluster has ended
		c := &cluster{profile: ProfileWAN, pipe: lines.pipe, peersOf: func(_ string, p peers) peers { return distantPeers{p} }}
		c.found(t, 3)
		c.enrol()
		leader := c.leader()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		by := make([]*ledgertest.Author, officers)
		for i, b := range c.c.Bureaus {
			var items []ledger.Item
			for k := i; k < officers; k += len(c.c.Bureaus) {
				by[k] = c.c.NewAuthor(fmt.Sprint("officer-", k))
				items = append(items, b.EnrolSigner(t, by[k], fmt.Sprint("officer-", k), ledger.RoleInvestigator))
			}
			for group := range slices.Chunk(items, ledger.MaxBatch) {
				out, err := leader.batch.receive(ctx, group)
				for k := range out {
					if err == nil && out[k].Error != nil {
						err = out[k].Error
					}
				}
				if err != nil {
					t.Fatal(err)
				}
			}
		}
		time.Sleep(2 * farRTT) // all nodes know them
		from := time.Now().Add(8 * farRTT)
		end := from.Add(d)
		var mu sync.Mutex
		var wg sync.WaitGroup
		for k := range officers {
			b := c.c.Bureaus[k%len(c.c.Bureaus)]
			r := c.replica(b.Node())
			wg.Go(func() {
				time.Sleep(time.Duration(k) * 37 * time.Millisecond % farRTT)
				for start := time.Now(); start.Before(end); start = time.Now() {
					s, err := r.submit(ctx, by[k].Reply(t, []byte("a body")))
					if err != nil {
						t.Errorf("%s: %v", b.Code, err)
						return
					}
					now := time.Now()
					if now.Before(from) || now.After(end) {
						continue
					}
					mu.Lock()
					if r == leader {
						f.atLeader = append(f.atLeader, now.Sub(start))
					} else {
						f.elsewhere = append(f.elsewhere, now.Sub(start))
					}
					mu.Unlock()
					if r == leader && k < len(c.c.Bureaus) { // one of them looks on
						if _, err := r.waitFinal(ctx, s.Index); err != nil {
							t.Error(err)
						}
						mu.Lock()
						f.final = append(f.final, time.Since(now))
						mu.Unlock()
					}
				}
			})
		}
		wg.Wait()
	})
	f.perSecond = float64(len(f.atLeader)+len(f.elsewhere)) / d.Seconds()
	for _, list := range [][]time.Duration{f.atLeader, f.elsewhere, f.final} {
		slices.Sort(list)
	}
	return f
}
