package node

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/raft"
)

// appends returns a request with one entry at index.
func appends(index uint64) *raft.AppendEntriesRequest {
	return &raft.AppendEntriesRequest{RPCHeader: testHeader("xa"), Term: 1, PrevLogEntry: index - 1,
		Entries: []*raft.Log{{Index: index, Term: 1, Data: []byte{byte(index)}}}}
}

// TestPipeline sends ahead of the answers: they come in order, and what is not a
// success, of raft or of a guard, ends the pipeline for sender and reader alike.
func TestPipeline(t *testing.T) {
	const distance = time.Second
	for name, tt := range map[string]struct {
		answer func(index uint64) (*raft.AppendEntriesResponse, error)
		want   int // answers that raft sees
	}{
		"all good": {func(uint64) (*raft.AppendEntriesResponse, error) {
			return &raft.AppendEntriesResponse{Term: 1, Success: true}, nil
		}, 100},
		"a failure": {func(i uint64) (*raft.AppendEntriesResponse, error) {
			return &raft.AppendEntriesResponse{Term: 1, Success: i < 10}, nil
		}, 10},
		"a new term": {func(i uint64) (*raft.AppendEntriesResponse, error) {
			return &raft.AppendEntriesResponse{Term: 1 + i/10, Success: true}, nil
		}, 10},
		"a refusal": {func(i uint64) (*raft.AppendEntriesResponse, error) {
			if i == 10 {
				return nil, errors.New("no")
			}
			return &raft.AppendEntriesResponse{Term: 1, Success: true}, nil
		}, 9},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPipeNet()
				xa, xb := p.add("xa", TransportOptions{Pipeline: true}), p.add("xb", TransportOptions{})
				defer xa.Close()
				defer xb.Close()
				go func() {
					for {
						select {
						case rpc := <-xb.Consumer():
							resp, err := tt.answer(rpc.Command.(*raft.AppendEntriesRequest).Entries[0].Index)
							time.Sleep(distance / 100)
							rpc.Respond(resp, err)
						case <-xb.ctx.Done():
							return
						}
					}
				}()
				line, err := xa.AppendEntriesPipeline("xb", "xb:7000")
				if err != nil {
					t.Fatal(err)
				}
				// raft's decoder reads until something is not a success.
				seen := make(chan int)
				quit := make(chan struct{})
				go func() {
					n := 0
					defer func() { seen <- n }()
					for {
						select {
						case f := <-line.Consumer():
							if n++; f.Request().Entries[0].Index != uint64(n) {
								t.Errorf("answer %d is to entry %d", n, f.Request().Entries[0].Index)
							}
							if !f.Response().Success || f.Response().Term > f.Request().Term {
								return
							}
						case <-quit:
							return
						}
					}
				}()
				for i := uint64(1); i <= 100 && err == nil; i++ {
					_, err = line.AppendEntries(appends(i), new(raft.AppendEntriesResponse))
				}
				if (err == nil) != (tt.want == 100) {
					t.Errorf("the sender got %v", err)
				}
				time.Sleep(2 * distance)
				close(quit)
				if n := <-seen; n != tt.want {
					t.Errorf("raft saw %d answers, want %d", n, tt.want)
				}
				if err := line.Close(); err != nil {
					t.Error(err)
				}
				if _, err := line.AppendEntries(appends(200), new(raft.AppendEntriesResponse)); err == nil {
					t.Error("a closed pipeline took a request")
				}
			})
		})
	}
}

// TestPipelineStuck: a follower that answers nothing holds a bounded number of
// requests, and for a bounded time; and closing does not wait for it.
func TestPipelineStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPipeNet()
		xa, xb := p.add("xa", TransportOptions{Pipeline: true}), p.add("xb", TransportOptions{})
		defer xa.Close()
		defer xb.Close()
		for _, wait := range []bool{true, false} {
			line, err := xa.AppendEntriesPipeline("xb", "xb:7000")
			if err != nil {
				t.Fatal(err)
			}
			start, n := time.Now(), uint64(0)
			ended := make(chan error, 1)
			go func() {
				var err error
				for err == nil {
					n++
					_, err = line.AppendEntries(appends(n), new(raft.AppendEntriesResponse))
				}
				ended <- err
			}()
			synctest.Wait()
			if !wait {
				xa.Disconnect("xb")
			}
			<-ended
			if took := time.Since(start); took > 2*time.Minute || !wait && took != 0 || n > pipelineDepth+2 {
				t.Errorf("ended after %s and %d requests", took, n)
			}
			if err := line.Close(); err != nil {
				t.Error(err)
			}
		}
	})
}
