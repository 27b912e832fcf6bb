package node

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"net"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/raft"
)

// pipeNet joins transports with net.Pipe, in place of TLS: who dials is who it is.
type pipeNet struct {
	mu    sync.Mutex
	nodes map[raft.ServerAddress]*Transport
	conns map[[2]raft.ServerAddress][]net.Conn
	cuts  map[[2]raft.ServerAddress]bool
	dials int
}

func newPipeNet() *pipeNet {
	return &pipeNet{
		nodes: make(map[raft.ServerAddress]*Transport),
		conns: make(map[[2]raft.ServerAddress][]net.Conn),
		cuts:  make(map[[2]raft.ServerAddress]bool),
	}
}

// add makes the transport of a node whose address is id:7000.
func (p *pipeNet) add(id string, opts TransportOptions) *Transport {
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	addr := raft.ServerAddress(id + ":7000")
	dial := func(_ context.Context, to raft.ServerAddress) (net.Conn, error) {
		p.mu.Lock()
		defer p.mu.Unlock()
		link := [2]raft.ServerAddress{min(addr, to), max(addr, to)}
		other := p.nodes[to]
		if p.cuts[link] || other == nil {
			return nil, errors.New("no route")
		}
		near, far := net.Pipe()
		p.conns[link] = append(p.conns[link], near, far)
		p.dials++
		go other.ServeConn(far, raft.ServerID(id))
		return near, nil
	}
	t := NewTransport(raft.ServerID(id), addr, dial, pipePeer, opts)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.nodes[addr] = t
	return t
}

func pipePeer(addr raft.ServerAddress) (raft.ServerID, bool) {
	id, ok := strings.CutSuffix(string(addr), ":7000")
	return raft.ServerID(id), ok
}

// cut ends the connections between two nodes and, while on, forbids new ones.
func (p *pipeNet) cut(a, b string, on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	link := [2]raft.ServerAddress{raft.ServerAddress(min(a, b) + ":7000"), raft.ServerAddress(max(a, b) + ":7000")}
	p.cuts[link] = on
	for _, c := range p.conns[link] {
		c.Close()
	}
	p.conns[link] = nil
}

// grantAll plays a raft that grants everything until the transport is closed.
func grantAll(t *Transport) {
	for {
		select {
		case rpc := <-t.Consumer():
			switch rpc.Command.(type) {
			case *raft.AppendEntriesRequest:
				rpc.Respond(&raft.AppendEntriesResponse{Term: 1, LastLog: 45, Success: true}, nil)
			case *raft.RequestVoteRequest:
				rpc.Respond(&raft.RequestVoteResponse{Term: 1, Granted: true}, nil)
			case *raft.RequestPreVoteRequest:
				rpc.Respond(&raft.RequestPreVoteResponse{Term: 1, Granted: true}, nil)
			case *raft.TimeoutNowRequest:
				rpc.Respond(&raft.TimeoutNowResponse{}, nil)
			case *raft.InstallSnapshotRequest:
				data, err := io.ReadAll(rpc.Reader)
				rpc.Respond(&raft.InstallSnapshotResponse{Term: 1, Success: string(data) == string(testManifest)}, err)
			}
		case <-t.ctx.Done():
			return
		}
	}
}

func TestEveryRPC(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPipeNet()
		xa, xb := p.add("xa", TransportOptions{}), p.add("xb", TransportOptions{})
		defer xa.Close()
		defer xb.Close()
		go grantAll(xb)
		requests := testRequests()
		var entries raft.AppendEntriesResponse
		if err := xa.AppendEntries("xb", "xb:7000", requests["append"].(*raft.AppendEntriesRequest), &entries); err != nil || !entries.Success || entries.LastLog != 45 {
			t.Errorf("append: %+v, %v", entries, err)
		}
		var vote raft.RequestVoteResponse
		if err := xa.RequestVote("xb", "xb:7000", requests["vote"].(*raft.RequestVoteRequest), &vote); err != nil || !vote.Granted {
			t.Errorf("vote: %+v, %v", vote, err)
		}
		var preVote raft.RequestPreVoteResponse
		if err := xa.RequestPreVote("xb", "xb:7000", requests["pre-vote"].(*raft.RequestPreVoteRequest), &preVote); err != nil || !preVote.Granted {
			t.Errorf("pre-vote: %+v, %v", preVote, err)
		}
		if err := xa.TimeoutNow("xb", "xb:7000", requests["timeout"].(*raft.TimeoutNowRequest), new(raft.TimeoutNowResponse)); err != nil {
			t.Errorf("timeout-now: %v", err)
		}
		var installed raft.InstallSnapshotResponse
		if err := xa.InstallSnapshot("xb", "xb:7000", requests["snapshot"].(*raft.InstallSnapshotRequest), &installed, strings.NewReader(string(testManifest))); err != nil || !installed.Success {
			t.Errorf("snapshot: %+v, %v", installed, err)
		}
		if p.dials != 2 {
			t.Errorf("%d connections for five RPCs, want one for each lane", p.dials)
		}
		if got := xb.Counters().Served; got != 5 {
			t.Errorf("served %d, want 5", got)
		}
		if err := xa.TimeoutNow("xc", "xb:7000", requests["timeout"].(*raft.TimeoutNowRequest), new(raft.TimeoutNowResponse)); !errors.Is(err, errAddress) {
			t.Errorf("call to xc at xb's address: %v, want %v", err, errAddress)
		}
		if _, err := xa.AppendEntriesPipeline("xb", "xb:7000"); err != raft.ErrPipelineReplicationNotSupported {
			t.Errorf("pipeline: %v", err)
		}
	})
}

// TestHeartbeatPassesBusyRaft: nothing reads the Consumer, and yet heartbeats are answered.
func TestHeartbeatPassesBusyRaft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPipeNet()
		xa, xb := p.add("xa", TransportOptions{}), p.add("xb", TransportOptions{})
		defer xa.Close()
		defer xb.Close()
		xb.SetHeartbeatHandler(func(rpc raft.RPC) { rpc.Respond(&raft.AppendEntriesResponse{Term: 7, Success: true}, nil) })
		requests := testRequests()
		stuck := make(chan error, 1)
		go func() {
			stuck <- xa.AppendEntries("xb", "xb:7000", requests["append"].(*raft.AppendEntriesRequest), new(raft.AppendEntriesResponse))
		}()
		synctest.Wait()
		start := time.Now()
		var resp raft.AppendEntriesResponse
		if err := xa.AppendEntries("xb", "xb:7000", requests["heartbeat"].(*raft.AppendEntriesRequest), &resp); err != nil || !resp.Success {
			t.Errorf("heartbeat: %+v, %v", resp, err)
		}
		if took := time.Since(start); took != 0 {
			t.Errorf("heartbeat took %v beside a stuck append", took)
		}
		if err := <-stuck; err == nil {
			t.Error("append to a raft that takes nothing succeeded")
		}
		if took := time.Since(start); took > time.Minute {
			t.Errorf("stuck append ended after %v, want BulkTimeout", took)
		}
	})
}

// rawConn gives a test a bare connection into t as peer.
func rawConn(tr *Transport, peer raft.ServerID) (net.Conn, <-chan struct{}) {
	near, far := net.Pipe()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		tr.ServeConn(far, peer)
	}()
	return near, ended
}

func TestIdentity(t *testing.T) {
	for name, tt := range map[string]struct {
		header raft.RPCHeader
		peer   raft.ServerID
	}{
		"other id":          {testHeader("xb"), "xa"},
		"other address":     {raft.RPCHeader{ProtocolVersion: raftProtocol, ID: []byte("xa"), Addr: []byte("xb:7000")}, "xa"},
		"no member at all":  {raft.RPCHeader{ProtocolVersion: raftProtocol, ID: []byte("xa"), Addr: []byte("elsewhere:1")}, "xa"},
		"id with a newline": {testHeader("xa\n"), "xa"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				filtered := false
				tr := newPipeNet().add("xc", TransportOptions{Filter: func(raft.ServerID, *raft.AppendEntriesRequest) error { filtered = true; return nil }})
				defer tr.Close()
				for _, req := range []any{
					&raft.AppendEntriesRequest{RPCHeader: tt.header, Term: 1},
					&raft.RequestVoteRequest{RPCHeader: tt.header, Term: 1},
					&raft.RequestPreVoteRequest{RPCHeader: tt.header, Term: 1},
					&raft.TimeoutNowRequest{RPCHeader: tt.header},
				} {
					conn, ended := rawConn(tr, tt.peer)
					conn.Write(marshalRequest(t, req, nil))
					reply, _ := io.ReadAll(conn)
					if want := marshalRefusal(refusedIdentity); string(reply) != string(want) {
						t.Errorf("%T: reply %x, want %x and the end", req, reply, want)
					}
					<-ended
				}
				if got := tr.Counters().Identity; got != 4 || filtered {
					t.Errorf("counted %d, want 4; filter called: %v", got, filtered)
				}
			})
		})
	}
}

func TestFilters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPipeNet()
		xa := p.add("xa", TransportOptions{})
		refuse := errors.New("unsigned")
		seen := 0
		xb := p.add("xb", TransportOptions{
			Filter: func(peer raft.ServerID, r *raft.AppendEntriesRequest) error {
				if peer != "xa" {
					t.Errorf("filter got peer %q", peer)
				}
				for _, e := range r.Entries {
					seen++
					if e.Type == raft.LogConfiguration {
						return refuse
					}
				}
				return nil
			},
			FilterSnapshot: func(_ raft.ServerID, _ *raft.InstallSnapshotRequest, manifest []byte) error {
				if string(manifest) != string(testManifest) {
					t.Errorf("filter got manifest %q", manifest)
				}
				return refuse
			},
			Term: func() uint64 { return 7 },
		})
		defer xa.Close()
		defer xb.Close()
		go grantAll(xb)
		requests := testRequests()
		entries := requests["append"].(*raft.AppendEntriesRequest)
		if err := xa.AppendEntries("xb", "xb:7000", entries, new(raft.AppendEntriesResponse)); !errors.Is(err, refusedContent) || seen != 3 {
			t.Errorf("append: %v after %d entries, want %v after 3", err, seen, refusedContent)
		}
		if err := xa.InstallSnapshot("xb", "xb:7000", requests["snapshot"].(*raft.InstallSnapshotRequest), new(raft.InstallSnapshotResponse), strings.NewReader(string(testManifest))); !errors.Is(err, refusedContent) {
			t.Errorf("snapshot: %v, want %v", err, refusedContent)
		}
		entries.Entries = entries.Entries[:2]
		if err := xa.AppendEntries("xb", "xb:7000", entries, new(raft.AppendEntriesResponse)); err != nil {
			t.Errorf("append without a configuration: %v", err)
		}
		for term, want := range map[uint64]error{7 + maxTermAhead: nil, 8 + maxTermAhead: refusedTerm, 1<<64 - 1: refusedTerm} {
			vote := &raft.RequestVoteRequest{RPCHeader: testHeader("xa"), Term: term}
			if err := xa.RequestVote("xb", "xb:7000", vote, new(raft.RequestVoteResponse)); !errors.Is(err, want) {
				t.Errorf("vote in term %d: %v, want %v", term, err, want)
			}
		}
		if got := xb.Counters(); got.Filtered != 2 || got.Term != 2 || p.dials != 2 {
			t.Errorf("%+v over %d connections, want 2 filtered, 2 terms, and no connection lost", got, p.dials)
		}
	})
}

// Who leads a term that is over hears so, and nothing of what it sends is looked at:
// it may be anybody, and a frame holds a hundred thousand signatures.
func TestPastTerms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPipeNet()
		xa := p.add("xa", TransportOptions{})
		xb := p.add("xb", TransportOptions{Term: func() uint64 { return 1000 },
			Filter: func(raft.ServerID, *raft.AppendEntriesRequest) error {
				t.Error("entries are looked at")
				return nil
			},
			FilterSnapshot: func(raft.ServerID, *raft.InstallSnapshotRequest, []byte) error {
				t.Error("a snapshot is looked at")
				return nil
			}})
		defer xa.Close()
		defer xb.Close()
		requests := testRequests()
		var entries raft.AppendEntriesResponse
		if err := xa.AppendEntries("xb", "xb:7000", requests["append"].(*raft.AppendEntriesRequest), &entries); err != nil || entries.Success || entries.Term != 1000 {
			t.Errorf("append: %+v, %v", entries, err)
		}
		var installed raft.InstallSnapshotResponse
		err := xa.InstallSnapshot("xb", "xb:7000", requests["snapshot"].(*raft.InstallSnapshotRequest), &installed, strings.NewReader(string(testManifest)))
		if err != nil || installed.Success || installed.Term != 1000 {
			t.Errorf("snapshot: %+v, %v", installed, err)
		}
	})
}

// Who asks for votes all the time is heard so many times a second.
func TestVotesPerSecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPipeNet()
		xa, xb := p.add("xa", TransportOptions{}), p.add("xb", TransportOptions{})
		defer xa.Close()
		defer xb.Close()
		go grantAll(xb)
		vote := testRequests()["vote"].(*raft.RequestVoteRequest)
		ask := func() error { return xa.RequestVote("xb", "xb:7000", vote, new(raft.RequestVoteResponse)) }
		heard := 0
		for range 3 * voteBurst {
			if err := ask(); err == nil {
				heard++
			} else if !errors.Is(err, refusedElection) {
				t.Fatal(err)
			}
		}
		if heard != voteBurst {
			t.Errorf("heard %d times at once, want %d", heard, voteBurst)
		}
		time.Sleep(time.Second)
		if err := ask(); err != nil {
			t.Errorf("a second later: %v", err)
		}
	})
}

// A large request of who is not believed to lead takes no memory: it is read past, and
// the connection goes on.
func TestLargeFramesAreTheLeaders(t *testing.T) {
	all, _ := testElections(t, "xa", "xb", "xc")
	synctest.Test(t, func(t *testing.T) {
		p := newPipeNet()
		xa, xb := p.add("xa", TransportOptions{}), p.add("xb", TransportOptions{Elections: all["xb"]})
		defer xa.Close()
		defer xb.Close()
		go grantAll(xb)
		large := &raft.AppendEntriesRequest{RPCHeader: testHeader("xa"), Term: 7, PrevLogEntry: 1, PrevLogTerm: 1}
		for i := range MaxAppendEntries {
			large.Entries = append(large.Entries, &raft.Log{Index: uint64(2 + i), Term: 7, Type: raft.LogCommand, Data: make([]byte, 1<<20)})
		}
		frame, err := marshalAppendEntries(large)
		if err != nil {
			t.Fatal(err)
		}
		send := func() error {
			return xa.call("xb", "xb:7000", laneBulk, time.Minute, frame, new(raft.AppendEntriesResponse))
		}
		if grew := heapGrowth(func() { err = send() }); !errors.Is(err, refusedElection) || grew > 4<<20 {
			t.Errorf("by nobody: %v, with %d bytes", err, grew)
		}
		all["xb"].leader = vote{7, "xa"}
		if err := send(); err != nil {
			t.Errorf("by the leader: %v", err)
		}
		if p.dials != 1 {
			t.Errorf("%d connections", p.dials)
		}
	})
}

// Of a request that a filter cuts the rest reaches raft, and its sender takes none of
// it for stored; what raft says against it passes.
func TestFilterCuts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPipeNet()
		xa := p.add("xa", TransportOptions{})
		xb := p.add("xb", TransportOptions{Filter: func(_ raft.ServerID, r *raft.AppendEntriesRequest) error {
			r.Entries = r.Entries[:1]
			return errCut
		}})
		defer xa.Close()
		defer xb.Close()
		var success atomic.Bool
		go func() {
			for {
				select {
				case rpc := <-xb.Consumer():
					if n := len(rpc.Command.(*raft.AppendEntriesRequest).Entries); n != 1 {
						t.Errorf("%d entries reach raft", n)
					}
					rpc.Respond(&raft.AppendEntriesResponse{Term: 12, LastLog: 7, Success: success.Load()}, nil)
				case <-xb.ctx.Done():
					return
				}
			}
		}()
		entries := testRequests()["append"].(*raft.AppendEntriesRequest)
		var resp raft.AppendEntriesResponse
		if err := xa.AppendEntries("xb", "xb:7000", entries, &resp); err != nil || resp.Success || resp.Term != 12 {
			t.Errorf("raft says no: %+v, %v", resp, err)
		}
		success.Store(true)
		if err := xa.AppendEntries("xb", "xb:7000", entries, &resp); !errors.Is(err, refusedContent) {
			t.Errorf("raft says yes: %v", err)
		}
	})
}

// TestOversize sends lengths that are never followed by as many bytes.
func TestOversize(t *testing.T) {
	tr := newPipeNet().add("xb", TransportOptions{})
	defer tr.Close()
	for name, head := range map[string][]byte{
		"2 GiB of entries":      binary.BigEndian.AppendUint32(nil, 2<<30),
		"a byte above MaxFrame": binary.BigEndian.AppendUint32(nil, MaxFrame+1),
	} {
		conn, ended := rawConn(tr, "xa")
		grew := heapGrowth(func() {
			conn.Write(append(head, byte(frameAppendEntries)))
			<-ended
		})
		if grew > 1<<20 {
			t.Errorf("%s: heap grew by %d bytes", name, grew)
		}
		if _, err := conn.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("%s: %v, want the end", name, err)
		}
	}
	conn, ended := rawConn(tr, "xa")
	conn.Write([]byte{0, 0, 0x10, 0, byte(frameRequestVote)}) // 4 KiB of vote
	<-ended
	if got := tr.Counters().Oversize; got != 3 {
		t.Errorf("counted %d, want 3", got)
	}

	// 32 MiB announced, which is allowed, and 1 KiB sent.
	conn, ended = rawConn(tr, "xa")
	grew := heapGrowth(func() {
		conn.Write(append(binary.BigEndian.AppendUint32(nil, MaxFrame), byte(frameAppendEntries)))
		conn.Write(make([]byte, 1<<10))
		conn.Close()
		<-ended
	})
	if grew > 1<<20 {
		t.Errorf("heap grew by %d bytes on a promise of 32 MiB", grew)
	}
}

// heapGrowth returns how many bytes were allocated during f.
func heapGrowth(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func TestGarbage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := newPipeNet().add("xb", TransportOptions{})
		defer tr.Close()
		good := marshalRequest(t, testRequests()["append"], nil)
		for name, data := range map[string][]byte{
			"http":         []byte("GET / HTTP/1.1\r\n\r\n"),
			"unknown type": {0, 0, 0, 0, 99},
			"a reply":      {0, 0, 0, 0, byte(frameAppendEntries | frameReply)},
			"zeroes":       append([]byte{0, 0, 1, 0, byte(frameAppendEntries)}, make([]byte, 256)...),
			"cut short":    append([]byte{0, 0, 0, byte(len(good) - frameHead - 1), good[4]}, good[frameHead:len(good)-1]...),
		} {
			conn, ended := rawConn(tr, "xa")
			conn.Write(data)
			<-ended
			if reply, err := io.ReadAll(conn); len(reply) > 0 || err != nil {
				t.Errorf("%s: reply %x, %v", name, reply, err)
			}
		}
		if c := tr.Counters(); c.Malformed+c.Oversize != 5 {
			t.Errorf("%+v, want 5 malformed or oversize", c)
		}
	})
}

func TestSilence(t *testing.T) {
	opts := TransportOptions{IdleTimeout: time.Minute, FrameTimeout: 10 * time.Second}
	frame := []byte{0, 1, 0, 0, byte(frameAppendEntries)}
	for name, tt := range map[string]struct {
		send []byte
		want time.Duration
	}{
		"nothing":              {nil, time.Minute},
		"half a head":          {frame[:2], time.Minute},
		"a head":               {frame, 10 * time.Second},
		"a head and some data": {append(frame, 1, 2, 3), 10 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tr := newPipeNet().add("xb", opts)
				defer tr.Close()
				start := time.Now()
				conn, ended := rawConn(tr, "xa")
				conn.Write(tt.send)
				<-ended
				if got := time.Since(start); got != tt.want {
					t.Errorf("ended after %v, want %v", got, tt.want)
				}
				if got := tr.Counters().Silent; got != 1 {
					t.Errorf("counted %d, want 1", got)
				}
			})
		})
	}
}

// TestSlowReader: a peer that does not read its replies is let go.
func TestSlowReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := newPipeNet().add("xb", TransportOptions{FrameTimeout: 10 * time.Second})
		defer tr.Close()
		go grantAll(tr)
		start := time.Now()
		conn, ended := rawConn(tr, "xa")
		conn.Write(marshalRequest(t, testRequests()["vote"], nil))
		<-ended
		if got := time.Since(start); got != 10*time.Second {
			t.Errorf("ended after %v, want 10s", got)
		}
	})
}

// TestConnectionsPerPeer: one too many ends the peer's longest silent one, and no other peer's.
func TestConnectionsPerPeer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := newPipeNet().add("xb", TransportOptions{MaxConns: 2})
		defer tr.Close()
		go grantAll(tr)
		_, other := rawConn(tr, "xc")
		first, firstEnded := rawConn(tr, "xa")
		synctest.Wait()
		_, secondEnded := rawConn(tr, "xa")
		synctest.Wait()
		first.Write(marshalRequest(t, testRequests()["vote"], nil)) // no longer the silent one
		_, n, _ := readFrameHead(first)
		readPayload(first, n)
		synctest.Wait()
		rawConn(tr, "xa")
		synctest.Wait()
		select {
		case <-secondEnded:
		default:
			t.Error("the silent connection lives")
		}
		select {
		case <-firstEnded:
			t.Error("the busy connection ended")
		case <-other:
			t.Error("the other peer's connection ended")
		default:
		}
		if got := tr.Counters().Evicted; got != 1 {
			t.Errorf("counted %d, want 1", got)
		}
	})
}

func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPipeNet()
		xa, xb := p.add("xa", TransportOptions{}), p.add("xb", TransportOptions{})
		vote := testRequests()["vote"].(*raft.RequestVoteRequest)
		done := make(chan error, 1)
		go func() { done <- xa.RequestVote("xb", "xb:7000", vote, new(raft.RequestVoteResponse)) }()
		synctest.Wait() // raft at xb takes nothing
		start := time.Now()
		xa.Close()
		if err := <-done; err != raft.ErrTransportShutdown || time.Since(start) != 0 {
			t.Errorf("RPC in progress: %v after %v, want %v", err, time.Since(start), raft.ErrTransportShutdown)
		}
		if err := xa.RequestVote("xb", "xb:7000", vote, new(raft.RequestVoteResponse)); err != raft.ErrTransportShutdown {
			t.Errorf("RPC after Close: %v, want %v", err, raft.ErrTransportShutdown)
		}
		xb.Close()
		conn, ended := rawConn(xb, "xa")
		<-ended
		if _, err := conn.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("connection after Close: %v, want the end", err)
		}
		xb.Close()
	})
}

// TestIdleConnections: a dead idle connection is replaced within the RPC, a live
// one is reused, and one that is not needed is closed.
func TestIdleConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPipeNet()
		xa, xb := p.add("xa", TransportOptions{IdleTimeout: time.Minute}), p.add("xb", TransportOptions{IdleTimeout: time.Minute})
		defer xa.Close()
		defer xb.Close()
		go grantAll(xb)
		vote := func() {
			t.Helper()
			if err := xa.RequestVote("xb", "xb:7000", testRequests()["vote"].(*raft.RequestVoteRequest), new(raft.RequestVoteResponse)); err != nil {
				t.Error(err)
			}
		}
		vote()
		vote()
		if p.dials != 1 {
			t.Errorf("%d connections for two votes", p.dials)
		}
		p.cut("xa", "xb", false)
		vote()
		if p.dials != 2 {
			t.Errorf("%d connections after a restart, want 2", p.dials)
		}
		time.Sleep(31 * time.Second)
		vote()
		if c := xb.Counters(); p.dials != 3 || c.Silent != 0 {
			t.Errorf("%d connections, %d of them ended by the other side's deadline; want 3 and none", p.dials, c.Silent)
		}
		xb.Disconnect("xa")
		vote()
		if p.dials != 4 {
			t.Errorf("%d connections after Disconnect, want 4", p.dials)
		}
	})
}
