package testnet

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"comity/node/wire"
)

// TestNetJoinLeader measures what it costs who submits when the ledger is copied from
// the node that leads, which holds COMITY_JOIN_LEADER entries: by a read replica that
// joins, and by four sessions of one key which read as fast as they can and check
// nothing. Quiet and copying take turns. The program that joins has a processor of its
// own, and its ledger lies in the folder COMITY_OTHER_DISK, if that is set: in the field
// it has a machine of its own.
func TestNetJoinLeader(t *testing.T) {
	count, err := strconv.Atoi(os.Getenv("COMITY_JOIN_LEADER"))
	if err != nil || count < 1000 {
		t.Skip("measures; set COMITY_JOIN_LEADER to how many entries, 1000 or more")
	}
	j := newJoin(t.Context(), t, 1)
	fill := j.officers(64, count/64+1)
	began := time.Now()
	submitAll(t, fill, func() bool { return true })
	t.Logf("%d entries filled in %.1f s", count, time.Since(began).Seconds())
	if _, _, err := j.WaitEqual(j.ctx, uint64(count)); err != nil {
		t.Fatal(err)
	}
	j.setApart()
	leader, err := j.WaitLeader(j.ctx)
	if err != nil {
		t.Fatal(err)
	}
	root, err := newBenchRoot(j.ctx, j.Consortium, leader)
	if err != nil {
		t.Fatal(err)
	}
	const rounds, phase = 3, 5 * time.Second
	m := &copied{join: j, leader: leader, size: count, times: make(map[string][]time.Duration), took: make(map[string]time.Duration), bytes: make(map[string]int64)}
	for i := range 8 {
		b, err := root.client(j.ctx, i)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(b.api.Close)
		m.clients = append(m.clients, b)
	}
	for range rounds {
		m.measure("nobody copies", func() { time.Sleep(phase) })
		m.measure("one joins", m.joins)
		m.measure("nobody copies", func() { time.Sleep(phase) })
		m.measure("four read", func() { m.read(4, phase) })
	}
	quiet, _ := percentiles(m.times["nobody copies"])
	_, quiet99 := percentiles(m.times["nobody copies"])
	for _, what := range []string{"nobody copies", "one joins", "four read"} {
		p50, p99 := percentiles(m.times[what])
		t.Logf("%-14s %6.0f submitted/s by 8 officers there, p50 %.1f ms (x %.2f), p99 %.1f ms (x %.2f); copied %.1f MB/s", what,
			float64(len(m.times[what]))/m.took[what].Seconds(), p50, p50/quiet, p99, p99/quiet99, float64(m.bytes[what])/1e6/m.took[what].Seconds())
	}
}

// copied measures officers while something else goes on.
type copied struct {
	*join
	leader  string
	size    int // entries that the leader has
	clients []*benchClient
	times   map[string][]time.Duration // by what went on
	took    map[string]time.Duration
	bytes   map[string]int64 // that were copied
	now     string
}

// measure lets the officers submit while something goes on.
func (m *copied) measure(what string, goesOn func()) {
	m.t.Helper()
	m.now = what
	for _, b := range m.clients {
		b.signOn(m.genesis.Ledger, measuredBody, 6000-len(b.items))
	}
	var over atomic.Bool
	var submitting sync.WaitGroup
	began := time.Now()
	submitting.Go(func() { submitAll(m.t, m.clients, func() bool { return !over.Load() }) })
	goesOn()
	over.Store(true)
	submitting.Wait()
	m.took[what] += time.Since(began)
	for _, b := range m.clients {
		if len(b.times) == len(b.items) {
			m.t.Errorf("%s: an officer had nothing more to submit", what)
		}
		m.times[what] = append(m.times[what], b.times...)
		b.items, b.times = b.items[len(b.times):], nil
	}
}

// joins has a read replica without data join.
func (m *copied) joins() {
	if dir := os.Getenv("COMITY_OTHER_DISK"); dir != "" {
		m.elsewhere(0, dir)
	}
	p := m.launch(0, m.leader)
	m.await(0, func(st *wire.Status) bool { return st.FinalSize >= uint64(m.size) })
	p.Process.Kill()
	p.Wait()
	dir := filepath.Join(m.dirs[0], "replica")
	m.bytes[m.now] += weigh(dir + "/")
	if err := os.RemoveAll(dir); err != nil {
		m.t.Error(err)
	}
}

// read has so many sessions read entries of the leader as fast as they can.
func (m *copied) read(sessions int, d time.Duration) {
	h, err := m.Home(m.leader)
	if err != nil {
		m.t.Error(err)
		return
	}
	ctx, cancel := context.WithTimeout(m.ctx, d)
	defer cancel()
	c := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS13, NextProtos: []string{wire.ProtocolHTTP},
		ServerName: "comity", Certificates: []tls.Certificate{m.keys[0].Certificate()}, InsecureSkipVerify: true}}} // whoever it is: what it says is thrown away
	defer c.CloseIdleConnections()
	var total atomic.Int64
	var wg sync.WaitGroup
	for i := range sessions {
		wg.Go(func() {
			for from := i * m.size / sessions; ctx.Err() == nil; from = (from + 1000) % m.size {
				req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("https://%s%s?from=%d&limit=1000", h.Config().Address, wire.PathEntries, from), nil)
				if err != nil {
					m.t.Error(err)
					return
				}
				resp, err := c.Do(req)
				if err != nil {
					continue // the time is over, most likely
				}
				n, _ := io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
				total.Add(n)
			}
		})
	}
	wg.Wait()
	m.bytes[m.now] += total.Load()
}
