package audit

import (
	"context"
	"crypto/ed25519"
	"io"
	"sync"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/bundle"

	"golang.org/x/mod/sumdb/tlog"
)

// An audit is a pipeline: one goroutine reads groups, workers do for each entry
// what needs no other entry, and one stage takes the groups in their order and
// decides. Queues are as long as there are workers.

// signatures says what a worker found out about those of an entry.
type signatures uint8

const (
	unverified signatures = iota // with a key that the workers did not know yet
	good
	bad
)

// checked is an entry as a worker hands it on.
type checked struct {
	entry  *ledger.Entry // nil for bytes that are none
	leaf   tlog.Hash     // of these bytes
	listed tlog.Hash     // that the file has for them
	sigs   signatures
	body   bool // the record has the body that the statement names, if it is in the file
}

// job is a group on its way.
type job struct {
	group *bundle.Group
	out   []checked
	done  chan struct{} // closed when out is complete
}

// workers is what the workers share.
type workers struct {
	since uint64 // signatures below are not looked at

	mu sync.RWMutex // guards what follows
	// admits has the keys of roots and registrars.
	admits map[keys.ID]ed25519.PublicKey
	// keys is what a key id is the hash of; it can never be wrong, only unknown.
	keys map[keys.ID]ed25519.PublicKey
}

func newWorkers(g *ledger.Genesis, since uint64) *workers {
	w := &workers{since: since, admits: make(map[keys.ID]ed25519.PublicKey), keys: make(map[keys.ID]ed25519.PublicKey)}
	for i := range g.Charter.Members {
		root := g.Charter.Members[i].Root
		w.admits[keys.SigningID(root)], w.keys[keys.SigningID(root)] = root, root
	}
	return w
}

// testingOnlyVerify verifies a signature; tests that verify the same ones often
// put something before it.
var testingOnlyVerify = (*ledger.Entry).Verify

// run reads r and calls take for every group in order. It returns what take or
// the reader returned first, nil at the end of the groups.
func (w *workers) run(ctx context.Context, r *bundle.Reader, count int, take func(*job) error) error {
	ctx, stop := context.WithCancel(ctx)
	var wait sync.WaitGroup
	defer wait.Wait()
	defer stop()
	todo, order := make(chan *job, count), make(chan *job, count)
	var failed error // of the reader; set before order is closed
	wait.Go(func() {
		defer close(order)
		defer close(todo)
		for {
			g, err := r.Next()
			if err != nil {
				if err != io.EOF {
					failed = err
				}
				return
			}
			j := &job{group: g, out: make([]checked, len(g.Records)), done: make(chan struct{})}
			for _, to := range []chan *job{todo, order} {
				select {
				case to <- j:
				case <-ctx.Done():
					return
				}
			}
		}
	})
	for range count {
		wait.Go(func() {
			for j := range todo {
				if ctx.Err() == nil {
					w.work(j)
				}
				close(j.done)
			}
		})
	}
	for j := range order {
		<-j.done
		if err := context.Cause(ctx); err != nil {
			return err
		}
		if err := take(j); err != nil {
			return err
		}
	}
	if err := context.Cause(ctx); err != nil {
		return err
	}
	return failed
}

// work does the group of j. It parses all before it verifies, so that the keys
// which the group enrols are known.
func (w *workers) work(j *job) {
	for i := range j.group.Records {
		rec, out := &j.group.Records[i], &j.out[i]
		out.leaf, out.listed = tlog.RecordHash(rec.Entry), j.group.Leaves[i]
		e, err := ledger.ParseEntry(rec.Entry)
		if err != nil {
			continue
		}
		out.entry, out.body = e, bodyFits(rec, e)
		w.learn(e)
	}
	for i := range j.out {
		if e := j.out[i].entry; e != nil && j.group.First+uint64(i) >= w.since {
			j.out[i].sigs = w.verify(e)
		}
	}
}

// bodyFits reports whether the record says of the body what the statement does.
func bodyFits(rec *bundle.Record, e *ledger.Entry) bool {
	if rec.State == bundle.Included {
		return e.CheckBody(rec.Body)
	}
	return (rec.State == bundle.None) == (e.Statement.BodyLen == 0)
}

// learn notes the signing key that e enrols, or the root that it proposes, if a
// root or a registrar signed it: what anybody can write takes no memory.
func (w *workers) learn(e *ledger.Entry) {
	en, p := e.Statement.Admits(), e.Statement.Proposes()
	if (en == nil || en.Purpose != ledger.PurposeSign) && (p == nil || p.Author() == nil) {
		return
	}
	w.mu.RLock()
	by, ok := w.admits[e.Statement.Author]
	w.mu.RUnlock()
	if !ok || !testingOnlyVerify(e, 0, by) {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if p != nil {
		id := keys.SigningID(p.Author())
		w.admits[id], w.keys[id] = p.Author(), p.Author()
		return
	}
	key := append(ed25519.PublicKey(nil), en.Key...)
	w.keys[en.KeyID()] = key
	if en.Roles&ledger.RoleRegistrar != 0 {
		w.admits[en.KeyID()] = key
	}
}

// verify looks ahead: of what it cannot verify, the stage that decides will ask.
func (w *workers) verify(e *ledger.Entry) signatures {
	for i := range e.Signatures {
		w.mu.RLock()
		pub, ok := w.keys[e.Signatures[i].Key]
		w.mu.RUnlock()
		if !ok {
			return unverified
		}
		if !testingOnlyVerify(e, i, pub) {
			return bad
		}
	}
	return good
}

// verifier is the [state.Verifier] of one entry.
type verifier struct{ sigs signatures }

// Entry implements [state.Verifier]. The keys of the state have the ids that
// stand in the entry, and so they are those that the worker had.
func (v *verifier) Entry(e *ledger.Entry, signers []ed25519.PublicKey) bool {
	if v.sigs != unverified {
		return v.sigs == good
	}
	for i, pub := range signers {
		if !testingOnlyVerify(e, i, pub) {
			return false
		}
	}
	return true
}

// Cosignature implements [state.Verifier]: no entry carries one.
func (v *verifier) Cosignature(*ledger.Cosignature, keys.WitnessPublic, string) bool { return false }

// parallel calls do for 0 to n-1 in count goroutines.
func parallel(ctx context.Context, count, n int, do func(i int)) error {
	var wait sync.WaitGroup
	next := make(chan int)
	for range min(count, n) {
		wait.Go(func() {
			for i := range next {
				do(i)
			}
		})
	}
	var err error
	for i := 0; i < n && err == nil; i++ {
		select {
		case next <- i:
		case <-ctx.Done():
			err = context.Cause(ctx)
		}
	}
	close(next)
	wait.Wait()
	return err
}
