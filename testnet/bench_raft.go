package testnet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"comity/ledger"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"
	raftboltdb "github.com/hashicorp/raft-boltdb/v2"
)

// benchRaft measures hashicorp/raft on raft-boltdb/v2 as they come: the same
// bytes, the same number of clients, every write synced, over loopback TCP, in
// one process. There is no HTTP, no TLS, no signature, no tree and nothing kept
// but Raft's own log: it is what the ledger's cost is measured against.
func benchRaft(ctx context.Context, dir string, o BenchOptions, items []ledger.Item, res *BenchResult) error {
	nodes, err := startRaft(dir, o.Nodes)
	defer func() {
		for _, n := range nodes {
			n.close()
		}
	}()
	if err != nil {
		return fmt.Errorf("bare Raft: %w", err)
	}
	leader, err := raftLeader(ctx, nodes)
	if err != nil {
		return err
	}
	data := make([][]byte, len(items))
	for i := range items {
		data[i] = items[i].Marshal()
	}
	times := make([][]time.Duration, o.Clients)
	cpu, start := cpuTime(), time.Now()
	stop := start.Add(o.Duration)
	var wg sync.WaitGroup
	for c := range o.Clients {
		wg.Go(func() {
			for i := c; ; i += o.Clients {
				begin := time.Now()
				if begin.After(stop) || ctx.Err() != nil || leader.Apply(data[i%len(data)], 0).Error() != nil {
					return
				}
				times[c] = append(times[c], time.Since(begin))
			}
		})
	}
	wg.Wait()
	took := time.Since(start)
	res.BaselineCPU = (cpuTime() - cpu).Seconds() / took.Seconds()
	var all []time.Duration
	for _, t := range times {
		all = append(all, t...)
	}
	res.Baseline = float64(len(all)) / took.Seconds()
	res.BaselineP50, res.BaselineP99 = percentiles(all)
	if len(all) == 0 {
		return errors.New("bare Raft: nothing was committed")
	}
	return ctx.Err()
}

// rawNode is a bare Raft server.
type rawNode struct {
	raft  *raft.Raft
	store *raftboltdb.BoltStore
	trans *raft.NetworkTransport
}

func (n *rawNode) close() {
	if n.raft != nil {
		_ = n.raft.Shutdown().Error()
	}
	if n.trans != nil {
		_ = n.trans.Close()
	}
	if n.store != nil {
		_ = n.store.Close()
	}
}

func startRaft(dir string, count int) ([]*rawNode, error) {
	var nodes []*rawNode
	var servers raft.Configuration
	for i := range count {
		n := &rawNode{}
		nodes = append(nodes, n)
		at := filepath.Join(dir, fmt.Sprint(i))
		if err := os.MkdirAll(at, 0o700); err != nil {
			return nodes, err
		}
		var err error
		if n.store, err = raftboltdb.NewBoltStore(filepath.Join(at, "raft.db")); err != nil {
			return nodes, err
		}
		if n.trans, err = raft.NewTCPTransportWithLogger("127.0.0.1:0", nil, count, 10*time.Second, hclog.NewNullLogger()); err != nil {
			return nodes, err
		}
		servers.Servers = append(servers.Servers, raft.Server{ID: raft.ServerID(fmt.Sprint(i)), Address: n.trans.LocalAddr()})
	}
	for i, n := range nodes {
		rc := raft.DefaultConfig()
		rc.LocalID = raft.ServerID(fmt.Sprint(i))
		rc.Logger = hclog.NewNullLogger()
		snaps := raft.NewDiscardSnapshotStore()
		if err := raft.BootstrapCluster(rc, n.store, n.store, snaps, n.trans, servers); err != nil {
			return nodes, err
		}
		var err error
		if n.raft, err = raft.NewRaft(rc, nothing{}, n.store, n.store, snaps, n.trans); err != nil {
			return nodes, err
		}
	}
	return nodes, nil
}

func raftLeader(ctx context.Context, nodes []*rawNode) (*raft.Raft, error) {
	for {
		for _, n := range nodes {
			if n.raft.State() == raft.Leader && n.raft.VerifyLeader().Error() == nil {
				return n.raft, nil
			}
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("bare Raft: no leader: %w", ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// nothing is a state machine without state.
type nothing struct{}

func (nothing) Apply(*raft.Log) any                 { return nil }
func (nothing) Snapshot() (raft.FSMSnapshot, error) { return nothing{}, nil }
func (nothing) Restore(rc io.ReadCloser) error      { return rc.Close() }
func (nothing) Persist(s raft.SnapshotSink) error   { return s.Close() }
func (nothing) Release()                            {}
