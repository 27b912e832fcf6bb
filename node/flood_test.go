package node

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"comity/ledger"
	"comity/ledger/ledgertest"
	"comity/ledger/state"
	"comity/ledger/store"
)

// slow is a store that takes as long as a disk and a processor do: so much for each
// command, and so much for each statement.
type slow struct{ store.Store }

const (
	slowCommand   = 4 * time.Millisecond
	slowStatement = 250 * time.Microsecond
)

func (s *slow) Commit(applied uint64, c *state.Changes) error {
	if len(c.Records) > 0 {
		time.Sleep(slowCommand + time.Duration(len(c.Records))*slowStatement)
	}
	return s.Store.Commit(applied, c)
}

// A bureau that sends as fast as it can, with 200 statements on their way at any
// time, does not push what the others wait above one and a half times, at the 99th
// percentile. In a bubble nothing but the ledger takes time; who leads, and how the
// others fall on each other, makes a command's time of difference. With one queue
// for all it is four times and more.
func TestFloodPushesNobodyBack(t *testing.T) {
	quiet, _ := waits(t, 0)
	flooded, sent := waits(t, 200)
	p99 := func(list []time.Duration) time.Duration { return list[len(list)*99/100] }
	t.Logf("p50 %s, under a flood %s; p99 %s, under a flood %s; the flood got in %d a second",
		quiet[len(quiet)/2], flooded[len(flooded)/2], p99(quiet), p99(flooded), sent)
	if p99(flooded) > p99(quiet)*3/2+slowCommand {
		t.Errorf("p99 %s, and under a flood %s", p99(quiet), p99(flooded))
	}
	if sent < 100 {
		t.Errorf("the flood got in %d a second, and there is room for more", sent)
	}
}

// waits returns how long the officers of XB and XC wait for their statements, in
// ascending order, and how many a second the flood of XA got in.
func waits(t *testing.T, flood int) (list []time.Duration, sent int) {
	const seconds = 2
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, 3)
		c.enrol()
		for name, m := range c.nodes {
			c.stop(name)
			m.store = &slow{m.store}
			c.start(name)
		}
		c.agree(c.base)
		end := time.Now().Add(seconds * time.Second)
		ctx, cancel := context.WithDeadline(t.Context(), end.Add(time.Minute))
		defer cancel()
		var mu sync.Mutex
		var wg sync.WaitGroup
		submit := func(b *ledgertest.Bureau, it ledger.Item) time.Duration {
			start := time.Now()
			if _, err := c.replica(b.Node()).submit(ctx, it); err != nil {
				t.Errorf("%s: %v", b.Code, err)
			}
			return time.Since(start)
		}
		for i, b := range c.c.Bureaus[1:] {
			for j, by := range []*ledgertest.Author{b.Officer, b.Supervisor} {
				pause := time.Duration(11+4*i+2*j) * time.Millisecond
				wg.Go(func() {
					for time.Now().Before(end) {
						time.Sleep(pause)
						took := submit(b, by.Reply(t, []byte("a body")))
						mu.Lock()
						list = append(list, took)
						mu.Unlock()
					}
				})
			}
		}
		if flood > 0 {
			// One officer's statements, of which so many are on their way: they
			// come to the queue in their order.
			b := c.c.Bureaus[0]
			room := make(chan struct{}, flood)
			wg.Go(func() {
				time.Sleep(50 * time.Millisecond) // the others write already
				for time.Now().Before(end) {
					room <- struct{}{}
					it := b.Officer.Reply(t, []byte("a body"))
					wg.Go(func() {
						submit(b, it)
						<-room
						mu.Lock()
						sent++
						mu.Unlock()
					})
					synctest.Wait()
				}
			})
		}
		wg.Wait()
	})
	slices.Sort(list)
	return list, sent / seconds
}
