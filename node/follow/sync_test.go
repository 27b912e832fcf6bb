package follow

import (
	"errors"
	"strings"
	"testing"
	"time"

	"comity/ledger/ledgertest"
	"comity/ledger/store"
	"comity/node/client"
	"comity/node/wire"
)

// A ledger time from the future would end every later proposal in the copy, for
// good: it is not taken. Who is wrong about it nobody knows.
func TestTimeAhead(t *testing.T) {
	c := ledgertest.NewGenesis(t, 3)
	cp, err := Open(t.TempDir(), c.Genesis, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer cp.Close()
	now := time.Unix(1_790_000_000, 0)
	cp.clock = func() time.Time { return now }
	item := c.Bureaus[0].Enrolments(t)[0]
	for ahead, ok := range map[time.Duration]bool{time.Hour: true, 48 * time.Hour: false} {
		err := cp.apply(new(client.Client), store.NewStaged(cp.store, 0), &chunk{records: []*wire.Record{{Time: uint64(now.Add(ahead).UnixMilli()), Entry: item.Entry}}}, newVerifier())
		if wrong := err != nil && strings.Contains(err.Error(), "ahead of this machine's clock"); wrong == ok || errors.Is(err, ErrDishonest) && wrong {
			t.Errorf("%s ahead: %v", ahead, err)
		}
	}
}
