package node

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"comity/ledger"
	"comity/ledger/ledgertest"
	"comity/ledger/state"
	"comity/ledger/store"
	"comity/node/wire"

	"github.com/prometheus/client_golang/prometheus"
)

const dayMS = 24 * 3600 * 1000

// ringWorld is a ledger in memory, written on chosen days after its charter.
type ringWorld struct {
	*ledgertest.Consortium
	machine *state.Machine
	store   *store.Mem
	clock   uint64 // days
}

func newRingWorld(t *testing.T) *ringWorld {
	c := ledgertest.NewGenesis(t, 2)
	m := state.New(c.Genesis)
	return &ringWorld{Consortium: c, machine: m, store: store.NewMem(m)}
}

func (w *ringWorld) begun() uint64 { return 1000 * w.Genesis.Charter.Created }

func (w *ringWorld) keyring(bureau int) *keyring {
	return &keyring{store: w.store, bureau: w.Bureaus[bureau].Code, epochs: w.Genesis.Epochs, begun: w.begun(), days: 365,
		clock: func() time.Time { return time.UnixMilli(int64(w.begun() + w.clock*dayMS)) }}
}

func (w *ringWorld) write(t *testing.T, day uint64, items ...ledger.Item) {
	t.Helper()
	changes, results, err := w.machine.Apply(w.store, &ledger.Command{Batch: &ledger.Batch{Time: w.begun() + day*dayMS, Items: items}}, state.Plain{})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		if r.Refusal != nil {
			t.Fatal(r.Refusal)
		}
	}
	if err := w.store.Commit(w.store.Applied()+1, changes); err != nil {
		t.Fatal(err)
	}
}

// left returns the days left of every key that counts, by its label and use.
func left(t *testing.T, k *keyring) map[string]int {
	t.Helper()
	s := new(wire.Status)
	if err := k.describe(s); err != nil {
		t.Fatal(err)
	}
	out := make(map[string]int)
	for _, d := range s.Keys {
		out[d.Label+" "+d.Use] = d.Left
	}
	if s.KeysKnown != len(s.Keys) || s.KeyDays != 365 || !slices.IsSortedFunc(s.Keys, func(a, b wire.KeyDate) int { return a.Left - b.Left }) {
		t.Errorf("%+v", s)
	}
	return out
}

func TestKeysHaveTheAgeThatTheLedgerGivesThem(t *testing.T) {
	w := newRingWorld(t)
	a, b := w.Bureaus[0], w.Bureaus[1]
	k := w.keyring(0)
	check := func(want map[string]int) {
		t.Helper()
		for name, k := range map[string]*keyring{"walked at times": k, "walked once": w.keyring(0)} {
			got := left(t, k)
			if len(got) != len(want) {
				t.Errorf("%s: %v, want %v", name, got, want)
			}
			for label, days := range want {
				if got[label] != days {
					t.Errorf("%s: %s has %d days left, want %d", name, label, got[label], days)
				}
			}
		}
	}
	check(map[string]int{"root root": 365, "node node": 365, "node cosign": 365, "operator access": 365})
	w.write(t, 10, a.Enrolments(t)...)
	w.write(t, 10, b.Enrolments(t)...)
	check(map[string]int{"root root": 355, "node node": 355, "node cosign": 355, "operator access": 355,
		"desk-1 sign": 365, "head-1 sign": 365, "seal-card seal": 365, "seal-body seal": 365, "seal-victim seal": 365})

	// The second key of a label counts from its own day, and the first no more.
	next := w.NewAuthor("XA desk-1 again")
	w.write(t, 300, a.EnrolSigner(t, next, "desk-1", ledger.RoleDesk), a.Revoke(t, a.Officer.Signer.ID()))
	check(map[string]int{"root root": 65, "node node": 65, "node cosign": 65, "operator access": 65,
		"desk-1 sign": 365, "head-1 sign": 75, "seal-card seal": 75, "seal-body seal": 75, "seal-victim seal": 75})

	// While nobody writes the node's clock goes on; one that is behind is not asked.
	w.clock = 400
	check(map[string]int{"root root": -35, "node node": -35, "node cosign": -35, "operator access": -35,
		"desk-1 sign": 265, "head-1 sign": -25, "seal-card seal": -25, "seal-body seal": -25, "seal-victim seal": -25})
	w.clock = 0
	if got := left(t, k); got["head-1 sign"] != 75 {
		t.Errorf("a clock that is behind: %v", got)
	}

	// What a registrar admits counts like what the root does.
	registrar, clerk, again := w.NewAuthor("registrar"), w.NewAuthor("clerk"), w.NewAuthor("clerk again")
	w.write(t, 310, a.EnrolSigner(t, registrar, "registrar-1", ledger.RoleRegistrar), registrar.Enrol(t, clerk, "desk-8", ledger.RoleDesk))
	w.write(t, 315, registrar.Rotate(t, clerk.Signer.ID(), again, "desk-8", ledger.RoleDesk))
	check(map[string]int{"root root": 50, "node node": 50, "node cosign": 50, "operator access": 50,
		"desk-1 sign": 350, "head-1 sign": 60, "seal-card seal": 60, "seal-body seal": 60, "seal-victim seal": 60,
		"registrar-1 sign": 360, "desk-8 sign": 365})
}

// A label may stand on two keys: what is scraped names it once.
func TestKeyDaysMetric(t *testing.T) {
	w := newRingWorld(t)
	a := w.Bureaus[0]
	w.write(t, 1, a.Enrolments(t)...)
	w.write(t, 90, a.EnrolSigner(t, w.NewAuthor("another"), "desk-1", ledger.RoleDesk))
	r := prometheus.NewPedanticRegistry()
	r.MustRegister(keyDays{w.keyring(0)})
	families, err := r.Gather()
	if err != nil || len(families) != 1 {
		t.Fatal(families, err)
	}
	shown := strings.ReplaceAll(families[0].String(), "  ", " ")
	if n := strings.Count(shown, `"desk-1"`); n != 1 || !strings.Contains(shown, `value:"desk-1"} label:{name:"use" value:"sign"} gauge:{value:276}`) {
		t.Errorf("desk-1 is named %d times in %s", n, shown)
	}
	if len(families[0].Metric) != 9 {
		t.Errorf("%d labels", len(families[0].Metric))
	}
}

// Status and scrapes ask at the same time.
func TestKeyringIsAskedByMany(t *testing.T) {
	w := newRingWorld(t)
	k := w.keyring(0)
	w.write(t, 1, w.Bureaus[0].Enrolments(t)...)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if list, err := k.list(); err != nil || len(list) != 9 {
				t.Error(len(list), err)
			}
		})
	}
	wg.Wait()
}

func TestKeyDue(t *testing.T) {
	for left, want := range map[int]bool{61: false, 60: true, 0: true, -5: true} {
		if got := (&wire.KeyDate{Left: left}).Due(365); got != want {
			t.Errorf("%d of 365 days: %v", left, got)
		}
	}
}
