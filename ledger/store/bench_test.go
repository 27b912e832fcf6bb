package store_test

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"testing"

	"comity/ledger"
	"comity/ledger/ledgertest"
	"comity/ledger/state"
	"comity/ledger/store"

	"golang.org/x/mod/sumdb/tlog"
)

// number returns a 32-byte id that depends on n.
func number(n uint64) []byte {
	h := sha256.Sum256(binary.BigEndian.AppendUint64(nil, n))
	return h[:]
}

// load makes the changes of batches that look like notices.
type load struct {
	item ledger.Item
	head state.Head
}

func (l *load) batch(n int) *state.Changes {
	c := &state.Changes{}
	before := tlog.StoredHashIndex(0, int64(l.head.Size))
	for range n {
		id := number(l.head.Size)
		index := binary.BigEndian.AppendUint64(nil, l.head.Size)
		c.Records = append(c.Records, state.Record{Time: 1, Item: l.item})
		c.Puts = append(c.Puts,
			state.Put{Table: state.TableIDs, Key: id, Value: index},
			state.Put{Table: state.TableAuthors, Key: number(l.head.Size % 50), Value: append(index, id...)},
			state.Put{Table: state.TableNotices, Key: id, Value: make([]byte, 27)})
		l.head.Size++
	}
	c.Hashes = make([]tlog.Hash, tlog.StoredHashIndex(0, int64(l.head.Size))-before)
	c.Head = l.head
	return c
}

// BenchmarkCommit commits batches of 256 notices; one op is one batch.
func BenchmarkCommit(b *testing.B) {
	c := ledgertest.NewGenesis(b, 1)
	l := &load{item: c.Bureaus[0].Officer.Publish(b, ledger.KindBlue, make([]byte, 1<<10))}
	s, err := store.Open(b.TempDir(), state.New(c.Genesis))
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		changes := l.batch(256)
		b.StartTimer()
		if err := s.Commit(s.Applied()+1, changes); err != nil {
			b.Fatal(err)
		}
		if s.Applied()%200 == 0 { // as often as a node would
			b.StopTimer()
			if err := s.Flush(s.Mark()); err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
		}
	}
	b.ReportMetric(float64(b.N*256)/b.Elapsed().Seconds(), "entries/s")
}

// BenchmarkFlush makes 10,000 entries durable in a ledger of 100,000.
func BenchmarkFlush(b *testing.B) {
	s, l := filled(b, 100_000)
	for b.Loop() {
		b.StopTimer()
		for range 40 {
			if err := s.Commit(s.Applied()+1, l.batch(250)); err != nil {
				b.Fatal(err)
			}
		}
		b.StartTimer()
		if err := s.Flush(s.Mark()); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkGet looks ids up, every other one absent.
func BenchmarkGet(b *testing.B) {
	for _, n := range []uint64{10_000, 1_000_000} {
		b.Run(fmt.Sprintf("ids=%d", n), func(b *testing.B) {
			s, _ := filled(b, n)
			b.ReportAllocs()
			for i := uint64(0); b.Loop(); i += 7919 {
				id := i % (2 * n)
				v, err := s.Get(state.TableIDs, number(id))
				if err != nil || (v != nil) != (id < n) {
					b.Fatalf("id %d: got %x, %v", id, v, err)
				}
			}
		})
	}
}

// filled returns a flushed store with n small entries.
func filled(b *testing.B, n uint64) (*store.Disk, *load) {
	b.Helper()
	c := ledgertest.NewGenesis(b, 1)
	l := &load{item: c.Bureaus[0].Root.Sign(b, ledger.Statement{Class: ledger.ClassWithdraw, Target: ledger.ID{1}}, nil)}
	s, err := store.Open(b.TempDir(), state.New(c.Genesis))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	for l.head.Size < n {
		if err := s.Commit(s.Applied()+1, l.batch(1000)); err != nil {
			b.Fatal(err)
		}
		if l.head.Size%50_000 == 0 || l.head.Size == n {
			if err := s.Flush(s.Mark()); err != nil {
				b.Fatal(err)
			}
		}
	}
	return s, l
}

// BenchmarkPurge purges bodies of 4 KiB that were flushed; one op is one call.
func BenchmarkPurge(b *testing.B) {
	for _, n := range []int{1, 4, 256} {
		b.Run(fmt.Sprintf("bodies=%d", n), func(b *testing.B) {
			c := ledgertest.NewGenesis(b, 1)
			l := &load{item: c.Bureaus[0].Officer.Publish(b, ledger.KindBlue, make([]byte, 4<<10))}
			s, err := store.Open(b.TempDir(), state.New(c.Genesis))
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			next := uint64(0)
			for b.Loop() {
				b.StopTimer()
				if err := s.Commit(s.Applied()+1, l.batch(n)); err != nil {
					b.Fatal(err)
				}
				if err := s.Flush(s.Mark()); err != nil {
					b.Fatal(err)
				}
				var list []uint64
				for range n {
					list, next = append(list, next), next+1
				}
				b.StartTimer()
				if err := s.Purge(list...); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
