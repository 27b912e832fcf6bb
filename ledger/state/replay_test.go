package state_test

import (
	"bytes"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"comity/ledger"
	"comity/ledger/state"
)

// TestReplay is the test that Apply depends on the charter and the log alone:
// no clock, no map order, nothing from outside. A random log of valid and
// invalid commands is applied to three machines:
//
//   - where it was made;
//   - again, from the bytes of its commands, each applied twice: all results,
//     changes and tables must be equal;
//   - its accepted entries only, in batches cut elsewhere, as an auditor or a
//     node that catches up has them: digest, root and all tables must be equal,
//     but for the checkpoints.
func TestReplay(t *testing.T) {
	commands := 2000
	if testing.Short() {
		commands = 150
	}
	g := newGenerator(t, 4, rand.New(rand.NewPCG(3, 3)))
	var log [][]byte
	var results [][]state.Result
	// What is rare comes late under some seeds: go on for it, but not for ever.
	for i := 0; i < commands || i < 2*commands && len(g.lacks(commands)) > 0; i++ {
		c := g.command()
		data := c.Marshal()
		_, r := g.apply(c)
		g.learn(c, r)
		log, results = append(log, data), append(results, r)
	}
	g.check(commands)

	again := &world{Consortium: g.Consortium, t: t, m: state.New(g.Genesis), view: newMemory(g.m)}
	for i, data := range log {
		c, err := ledger.ParseCommand(data)
		if err != nil {
			t.Fatal(err)
		}
		first, _, err := again.m.Apply(again.view, c, remembering{})
		if err != nil {
			t.Fatal(err)
		}
		second, r := again.apply(c)
		if !reflect.DeepEqual(first.Puts, second.Puts) || first.Head != second.Head || !slices.Equal(first.Hashes, second.Hashes) {
			t.Fatalf("command %d: two runs on one view differ", i)
		}
		if !reflect.DeepEqual(r, results[i]) {
			t.Fatalf("command %d: got results %+v, want %+v", i, r, results[i])
		}
	}
	if !maps.EqualFunc(again.view.tables, g.view.tables, bytes.Equal) || again.head() != g.head() {
		t.Errorf("replay: got head %+v, want %+v, or tables differ", again.head(), g.head())
	}

	for _, most := range []int{1, 7, ledger.MaxBatch} {
		audit := &world{Consortium: g.Consortium, t: t, m: state.New(g.Genesis), view: newMemory(g.m)}
		for rest := g.view.records; len(rest) > 0; {
			n := 1
			for limit := 1 + g.rng.IntN(most); n < len(rest) && n < limit && rest[n].Time == rest[0].Time; {
				n++
			}
			b := &ledger.Batch{Time: rest[0].Time}
			for _, r := range rest[:n] {
				b.Items = append(b.Items, r.Item)
			}
			rest = rest[n:]
			_, results := audit.apply(&ledger.Command{Batch: b})
			for i, r := range results {
				if r.Refusal != nil || r.Known {
					t.Fatalf("accepted entry refused: item %d of %d: %+v, refusal %v", i, n, r, r.Refusal)
				}
			}
		}
		if got, want := audit.head(), g.head(); got != want {
			t.Errorf("batches of up to %d: got head %+v, want %+v", most, got, want)
		}
		if !maps.EqualFunc(audit.view.entriesOnly(), g.view.entriesOnly(), bytes.Equal) {
			t.Errorf("batches of up to %d: tables differ", most)
		}
	}
}

// TestJudge holds Replay against Apply: on a random log, each statement, the
// refused ones included, is judged as Apply judged it, and what it changes is
// the same, whether the view knows ids or not.
func TestJudge(t *testing.T) {
	commands := 600
	if testing.Short() {
		commands = 150
	}
	g := newGenerator(t, 4, rand.New(rand.NewPCG(3, 3)))
	codes := make(map[state.Code]int)
	for range commands {
		c := g.command()
		if c.Batch != nil {
			c.Batch.Items = c.Batch.Items[:1]
			e := c.Batch.Items[0].Entry
			index := g.head().Size
			refusal, err := g.m.NewReplay(withoutIDs{g.view}).Judge(index, max(g.now, g.head().Time), ledger.Item{Entry: e}, state.Plain{})
			if err != nil {
				t.Fatal(err)
			}
			r := g.m.NewReplay(g.view)
			if _, err := r.Judge(index, max(g.now, g.head().Time), ledger.Item{Entry: e}, state.Plain{}); err != nil {
				t.Fatal(err)
			}
			changes, results, err := g.m.Apply(g.view, c, state.Plain{})
			if err != nil {
				t.Fatal(err)
			}
			switch want := results[0]; {
			case want.Known:
				if refusal == nil {
					t.Fatalf("entry %d is known, and Judge takes it again", index)
				}
				codes["known"]++
			case want.Refusal != nil:
				if refusal == nil || *refusal != *want.Refusal {
					t.Fatalf("entry %d: got %+v, want %+v", index, refusal, want.Refusal)
				}
				codes[refusal.Code]++
			default:
				if refusal != nil {
					t.Fatalf("entry %d: got %+v, and it is accepted", index, refusal)
				}
				puts, err := r.Accept()
				if err != nil || len(puts) == 0 || !reflect.DeepEqual(puts, changes.Puts[:len(puts)]) {
					t.Fatalf("entry %d: got changes %+v, %v; want %+v", index, puts, err, changes.Puts)
				}
				codes["accepted"]++
			}
		}
		_, results := g.apply(c)
		g.learn(c, results)
	}
	if len(codes) < 8 && !testing.Short() {
		t.Errorf("only %v came up", codes)
	}
}

// withoutIDs is a view that does not know which statements are in the log.
type withoutIDs struct{ state.View }

func (v withoutIDs) Get(t state.Table, key []byte) ([]byte, error) {
	if t == state.TableIDs {
		return nil, nil
	}
	return v.View.Get(t, key)
}
