package node

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"comity/crypto/keys"
	"comity/ledger/state"
)

// While statements are written, all who copy have an eighth of a processor together,
// and the same of it each; else all that there is.
func TestPacer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const piece, readers, pieces = 2 * time.Millisecond, 4, 10
		p := newPacer()
		copyAll := func() (took time.Duration, unequal int) {
			var mu sync.Mutex
			var wg sync.WaitGroup
			var done [readers]int
			began := time.Now()
			for r := range readers {
				wg.Go(func() {
					for range pieces {
						if err := p.read(t.Context(), func() error { time.Sleep(piece); return nil }); err != nil {
							t.Error(err)
						}
						mu.Lock()
						done[r]++
						for _, n := range done {
							unequal = max(unequal, done[r]-n)
						}
						mu.Unlock()
					}
				})
			}
			wg.Wait()
			return time.Since(began), unequal
		}
		if took, _ := copyAll(); took != pieces*piece {
			t.Errorf("while nobody writes it takes %s, want %s", took, pieces*piece)
		}
		p.writes()
		want := readers * pieces * paceShare * piece
		if took, unequal := copyAll(); took < want-paceShare*piece || took > want || unequal > 1 {
			t.Errorf("while statements are written it takes %s, want %s; one reader is %d pieces ahead of another", took, want, unequal)
		}
		time.Sleep(paceAfter)
		if took, _ := copyAll(); took > 2*pieces*piece {
			t.Errorf("once nobody writes any more it takes %s", took)
		}
	})
}

// Who does not wait any more takes nobody's turn, and an error is handed on.
func TestPacerGivesTheTurnBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPacer()
		p.writes()
		bad := errors.New("the disk")
		if err := p.read(t.Context(), func() error { time.Sleep(time.Minute); return bad }); err != bad {
			t.Errorf("got %v", err)
		}
		p.writes()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := p.read(ctx, func() error { return nil }); err == nil {
			t.Error("who hung up was given a piece")
		}
		began := time.Now()
		if err := p.read(t.Context(), func() error { return nil }); err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took > paceShare*paceLong {
			t.Errorf("one piece that took a minute keeps the next waiting for %s", took)
		}
	})
}

// One key reads so many runs of entries at a time, a node's too.
func TestCopiesOfOneKey(t *testing.T) {
	l := newLimiter()
	for _, use := range []state.Use{state.UseAccess, state.UseNode} {
		one, other := caller{id: keys.ID{byte(use)}, use: use}, caller{id: keys.ID{byte(use), 1}, use: use}
		var leave func()
		for range clientCopies {
			var ok bool
			if leave, ok = l.copies(one); !ok {
				t.Fatal("refused too early")
			}
		}
		if _, ok := l.copies(one); ok {
			t.Error("a key reads as many runs as it likes")
		}
		if _, ok := l.copies(other); !ok {
			t.Error("one key keeps another out")
		}
		leave()
		if _, ok := l.copies(one); !ok {
			t.Error("a place that was given back is not there")
		}
	}
}
