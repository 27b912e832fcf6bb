//go:build hostile

package testnet

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"time"

	"comity/ledger"
	"comity/node"
	"comity/node/wire"

	"github.com/hashicorp/raft"
)

func attackIdentity(s *stage) error {
	index, last, err := s.settle()
	if err != nil {
		return err
	}
	term := s.term() + 1
	for _, code := range s.honest {
		other := s.honest[0]
		if other == code {
			other = s.honest[1]
		}
		name := []byte(ledger.NodeName(other))
		for _, h := range []struct {
			what string
			raft.RPCHeader
		}{
			{"the name and address of " + other, raft.RPCHeader{ProtocolVersion: 3, ID: name, Addr: name}},
			{"the address of " + other, raft.RPCHeader{ProtocolVersion: 3, ID: []byte(s.evil.Name), Addr: name}},
			{"an address that nobody has", raft.RPCHeader{ProtocolVersion: 3, ID: []byte(s.evil.Name), Addr: []byte("127.0.0.1:1")}},
		} {
			got := make(map[string]int)
			var err [5]error
			_, err[0] = s.evil.Append(s.ctx, code, &raft.AppendEntriesRequest{RPCHeader: h.RPCHeader, Term: term, PrevLogEntry: index, PrevLogTerm: last})
			_, err[1] = s.evil.Vote(s.ctx, code, &raft.RequestVoteRequest{RPCHeader: h.RPCHeader, Term: term, LastLogIndex: index, LastLogTerm: last, LeadershipTransfer: true})
			_, err[2] = s.evil.PreVote(s.ctx, code, &raft.RequestPreVoteRequest{RPCHeader: h.RPCHeader, Term: term, LastLogIndex: index, LastLogTerm: last})
			err[3] = s.evil.TimeoutNow(s.ctx, code, &h.RPCHeader)
			_, err[4] = s.evil.Install(s.ctx, code, &raft.InstallSnapshotRequest{RPCHeader: h.RPCHeader, Term: term, LastLogIndex: index, LastLogTerm: last, ConfigurationIndex: 1}, []byte{1})
			for _, e := range err {
				got[answer(e, true)]++
				var r *node.Refused
				if !errors.As(e, &r) {
					s.broke("%s, to %s: %s", h.what, code, answer(e, true))
				}
			}
			for what, n := range got {
				s.tried("%s in %d kinds of RPC, to %s: %s", h.what, n, code, what)
			}
		}
	}
	// An officer's key is no node's.
	m, _ := s.genesis.Charter.Member(s.honest[0])
	officer, err := s.homes[s.foe].Officer("case-1", nil)
	if err != nil {
		return err
	}
	conn, err := node.DialAs(s.ctx, m, officer.TLS, wire.ProtocolRaft)
	if err == nil {
		_, _ = conn.Write(node.HostileFrame(4, 0))
		_ = conn.SetReadDeadline(time.Now().Add(3 * time.Second))
		_, err = conn.Read(make([]byte, 1))
		conn.Close()
	}
	if err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		s.broke("%s speaks Raft with an officer's key: %v", s.honest[0], err)
	}
	s.tried("Raft with an officer's key, to %s: closed", s.honest[0])
	if at := s.term(); at >= term {
		s.broke("the term rose from %d to %d", term-1, at)
	}
	return nil
}

func attackHighTerm(s *stage) error {
	if _, _, err := s.settle(); err != nil {
		return err
	}
	at := s.term()
	for _, ahead := range []uint64{1 << 63, 1 << 40, 1 << 21, 1 << 19} {
		s.appendAll(fmt.Sprintf("a heartbeat with a term %d ahead", ahead), &raft.AppendEntriesRequest{Term: at + ahead})
	}
	if now := s.term(); now > at+1<<20 {
		s.broke("the term rose from %d to %d", at, now)
	}
	return nil
}

// attackStorm keeps asking for votes, and tells the others to do the same.
func attackStorm(s *stage) error {
	if _, _, err := s.settle(); err != nil {
		return err
	}
	at := s.term()
	ctx, cancel := context.WithTimeout(s.ctx, 3*time.Second)
	defer cancel()
	done := make(chan error, 1)
	go func() { _, err := s.timed(3*time.Second, s.honest[0]); done <- err }()
	rpcs := 0
	for ctx.Err() == nil {
		for _, code := range s.honest {
			term := s.term() + 1
			_, _ = s.evil.Vote(ctx, code, &raft.RequestVoteRequest{Term: term, LastLogIndex: 1 << 40, LastLogTerm: term, LeadershipTransfer: true})
			_ = s.evil.TimeoutNow(ctx, code, nil)
			rpcs += 2
		}
	}
	s.tried("%d requests for votes and orders to stand for election within 3 s; the term rose by %d; a notice of %s meanwhile: %s", rpcs, s.term()-at, s.honest[0], outcome(<-done))
	return nil
}

func attackBigFrame(s *stage) error {
	for _, code := range s.honest {
		for _, f := range []struct {
			kind   uint8
			length uint32
		}{{0, 1 << 31}, {1, 1<<32 - 1}, {1, 1 << 31}, {2, 1 << 31}, {3, 2 << 10}, {4, 1 << 20}, {5, 3 << 20}, {99, 8}} {
			conn, err := s.evil.Dial(s.ctx, code, wire.ProtocolRaft)
			if err != nil {
				return err
			}
			_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
			_, _ = conn.Write(node.HostileFrame(f.kind, f.length))
			_, err = conn.Read(make([]byte, 1))
			conn.Close()
			if err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
				s.broke("%s waits for a frame of type %d with %d bytes: %v", code, f.kind, f.length, err)
			}
		}
		s.tried("8 Raft frames of a wrong type or of up to 4 GiB, announced to %s: closed at once", code)
		// As large as allowed, on as many sessions as allowed, and never sent.
		for range 8 {
			conn, err := s.evil.Dial(s.ctx, code, wire.ProtocolRaft)
			if err != nil {
				return err
			}
			defer conn.Close()
			_, _ = conn.Write(append(node.HostileFrame(1, node.MaxFrame), make([]byte, 64<<10)...))
		}
		s.tried("8 frames of 32 MiB begun with %s", code)

		officer, err := s.homes[s.foe].Officer("case-1", nil)
		if err != nil {
			return err
		}
		m, _ := s.genesis.Charter.Member(code)
		for _, r := range []struct {
			path string
			key  string
		}{{wire.PathEntries, "officer"}, {wire.PathForward, "node"}, {wire.PathCosign, "node"}, {wire.PathReadIndex, "node"}} {
			for _, head := range []string{"Content-Length: 4294967296\r\n", "Transfer-Encoding: chunked\r\n"} {
				conn, err := s.evil.Dial(s.ctx, code, wire.ProtocolHTTP)
				if r.key == "officer" && err == nil {
					conn.Close()
					conn, err = node.DialAs(s.ctx, m, officer.TLS, wire.ProtocolHTTP)
				}
				if err != nil {
					return err
				}
				status := oversize(conn, r.path, head)
				conn.Close()
				if status == "waits" {
					s.broke("%s reads without an end what is sent to %s", code, r.path)
				}
			}
		}
		s.tried("requests of 4 GiB and without an end to the 4 POST routes of %s: refused", code)
	}
	return nil
}

// oversize sends a request whose body does not end, and returns its status,
// "closed" without one, or "waits".
func oversize(conn net.Conn, path, head string) string {
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: comity\r\n%s\r\n", path, head); err != nil {
		return "closed"
	}
	go func() { // ends with the connection
		chunk := append([]byte("10000\r\n"), bytes.Repeat([]byte("x"), 1<<16)...)
		chunk = append(chunk, "\r\n"...)
		for range 256 {
			if _, err := conn.Write(chunk); err != nil {
				return
			}
		}
	}()
	line := make([]byte, 12)
	if _, err := io.ReadFull(conn, line); errors.Is(err, os.ErrDeadlineExceeded) {
		return "waits"
	} else if err != nil {
		return "closed"
	}
	return string(line[9:])
}

func attackSlowLoris(s *stage) error {
	var conns []net.Conn
	defer func() {
		for _, c := range conns {
			c.Close()
		}
	}()
	const each = 40
	early := make(map[string][]net.Conn) // that must be closed within ten seconds
	for _, code := range s.honest {
		m, _ := s.genesis.Charter.Member(code)
		for range each {
			silent, err := net.Dial("tcp", m.Node.Address)
			if err != nil {
				return err
			}
			half, err := net.Dial("tcp", m.Node.Address)
			if err != nil {
				return err
			}
			_, _ = half.Write([]byte{22, 3, 1, 2, 0, 1, 0}) // the start of a ClientHello
			early["silent"], early["half a handshake"] = append(early["silent"], silent), append(early["half a handshake"], half)
			conns = append(conns, silent, half)
		}
		for i := range each {
			text := "POST " + wire.PathForward + " HTTP/1.1\r\nHost: comity\r\n"
			if i%2 == 0 {
				text += "Content-Length: 1000\r\n\r\nx"
			}
			conn, err := s.evil.Dial(s.ctx, code, wire.ProtocolHTTP)
			if err != nil {
				continue // above the limit of one key
			}
			_, _ = conn.Write([]byte(text))
			conns = append(conns, conn)
			if i%2 == 1 {
				early["half a header"] = append(early["half a header"], conn)
			}
		}
		for i := range 8 {
			conn, err := s.evil.Dial(s.ctx, code, wire.ProtocolRaft)
			if err != nil {
				continue
			}
			_, _ = conn.Write(node.HostileFrame(1, 1<<20)[:1+i%5])
			conns = append(conns, conn)
		}
	}
	s.tried("%d connections that say nothing, half a handshake, half a header, half a body or half a Raft frame", len(conns))
	for _, code := range s.honest {
		took, err := s.timed(10*time.Second, code)
		if err != nil {
			s.broke("%s is kept out: %s", code, err)
			continue
		}
		s.measured("%s publishes meanwhile in %s", code, took)
	}
	deadline := time.Now().Add(12 * time.Second)
	for what, list := range early {
		open := 0
		for _, c := range list {
			_ = c.SetReadDeadline(deadline)
			if _, err := io.Copy(io.Discard, c); errors.Is(err, os.ErrDeadlineExceeded) {
				open++
			}
		}
		if open > 0 {
			s.broke("%d of %d connections with %s are still open", open, len(list), what)
		}
		s.tried("with %s: %d of %d were closed by the deadline", what, len(list)-open, len(list))
	}
	return nil
}

// attackFlood sends statements, good ones and bad ones, as fast as it can.
func attackFlood(s *stage) error {
	quiet, err := s.latencies(2 * time.Second)
	if err != nil {
		return err
	}
	var good []ledger.Item
	prev := ledger.ID{}
	for seq := range uint64(2000) {
		it, err := s.statement(seq, prev)
		if err != nil {
			return err
		}
		good, prev = append(good, it), it.Entry.ID
	}
	ctx, cancel := context.WithTimeout(s.ctx, 3*time.Second)
	defer cancel()
	type count struct{ sent, taken int }
	results := make(chan count, 2*len(s.honest))
	for _, code := range s.honest {
		go func() { // good ones, as a node; ends with ctx
			var n count
			cl, err := s.evil.Client(code)
			if err == nil {
				defer cl.Close()
				for i := 0; i < len(good) && ctx.Err() == nil; {
					batch := good[i:min(i+200, len(good))]
					out, err := cl.Forward(ctx, batch)
					n.sent += len(batch)
					if wire.CodeOf(err) == wire.NotLeader {
						continue
					}
					for _, o := range out {
						if o.Submitted != nil {
							n.taken++
						}
					}
					i += len(batch)
				}
			}
			results <- n
		}()
		go func() { // garbage, as an officer; ends with ctx
			var n count
			o, err := s.homes[s.foe].Officer("case-1", nil)
			if err == nil {
				if cl, cerr := s.homes[s.foe].ClientOf(code, o.TLS); cerr == nil {
					defer cl.Close()
					for ctx.Err() == nil {
						_, _ = cl.Submit(ctx, ledger.Item{Entry: good[0].Entry, Body: good[1].Body}) // not the body that was signed
						n.sent++
					}
				}
			}
			results <- n
		}()
	}
	loud, err := s.latencies(2 * time.Second)
	if err != nil {
		s.broke("the others are kept out: %s", err)
	}
	var all count
	for range 2 * len(s.honest) {
		n := <-results
		all.sent, all.taken = all.sent+n.sent, all.taken+n.taken
	}
	s.tried("%d statements within 3 s, of which %d were good and taken", all.sent, all.taken)
	if loud > 0 && quiet > 0 {
		s.measured("the others' slowest of a hundred: %s before, %s meanwhile, %.1f times", quiet.Round(time.Millisecond), loud.Round(time.Millisecond), float64(loud)/float64(quiet))
	}
	return nil
}

// latencies has every honest bureau publish for a while, and returns the p99.
func (s *stage) latencies(d time.Duration) (time.Duration, error) {
	var all []time.Duration
	end := time.Now().Add(d)
	lists := make([][]time.Duration, len(s.honest))
	errs := make(chan error, len(s.honest))
	for i, code := range s.honest {
		go func() { // ends at the end of the time
			for time.Now().Before(end) {
				took, err := s.timed(15*time.Second, code)
				if err != nil {
					errs <- err
					return
				}
				lists[i] = append(lists[i], took)
			}
			errs <- nil
		}()
	}
	var err error
	for range s.honest {
		err = errors.Join(err, <-errs)
	}
	for _, l := range lists {
		all = append(all, l...)
	}
	if err != nil || len(all) == 0 {
		return 0, err
	}
	slices.Sort(all)
	return all[min(len(all)*99/100, len(all)-1)], nil
}
