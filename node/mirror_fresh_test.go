package node

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// How far the ledger is, as nodes say of which f lie or do not answer: never less than
// where it is, and never what a liar alone says while enough answer.
func TestFarthest(t *testing.T) {
	const low, high, down, slow = 1, 1 << 40, -1, -2
	for name, tt := range map[string]struct {
		says      []int
		f         int
		want      uint64
		ok        bool
		atMost    time.Duration
		mostAsked int
	}{
		"one of one":                     {[]int{100}, 0, 100, true, 0, 1},
		"nobody may lie":                 {[]int{100, 200, 100}, 0, 100, true, 0, 1},
		"all say the same":               {[]int{100, 100, 100, 100}, 1, 100, true, 0, 3},
		"the first says less":            {[]int{low, 100, 101, 100}, 1, 100, true, 0, 3},
		"the first says more":            {[]int{high, 100, 101, 100}, 1, 101, true, 0, 3},
		"one is down":                    {[]int{down, 100, low, 101}, 1, 100, true, 0, 4},
		"the first does not answer":      {[]int{slow, 100, 100, 101}, 1, 100, true, 1100 * time.Millisecond, 4},
		"two are down":                   {[]int{down, down, 100, low}, 1, 100, true, 0, 4},
		"two are down, the other boasts": {[]int{down, down, 100, high}, 1, high, true, 0, 4}, // it waits in vain, and says so
		"too few":                        {[]int{down, down, down, low}, 1, 0, false, 0, 4},
		"nobody":                         {nil, 0, 0, false, 0, 0},
		"two liars of seven":             {[]int{low, high, 100, 102, 101, 100, 100}, 2, 101, true, 0, 5},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var names []string
				for i := range tt.says {
					names = append(names, string(rune('a'+i)))
				}
				asked := make(chan string, len(names))
				begun := time.Now()
				got, ok := farthest(t.Context(), names, tt.f, func(ctx context.Context, name string) (uint64, error) {
					asked <- name
					switch n := tt.says[name[0]-'a']; n {
					case down:
						return 0, errors.New("down")
					case slow:
						<-ctx.Done()
						return 0, ctx.Err()
					default:
						time.Sleep(time.Duration(name[0]) * time.Millisecond) // in their order
						return uint64(n), nil
					}
				})
				took := time.Since(begun)
				if got != tt.want || ok != tt.ok || len(asked) > tt.mostAsked || took > max(tt.atMost, 300*time.Millisecond) {
					t.Errorf("%d, %t after %s, %d asked", got, ok, took, len(asked))
				}
			})
		})
	}
}
