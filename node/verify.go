package node

import (
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"runtime"
	"sync"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/state"
)

// errUnverified is returned for a command that carries a signature which does
// not verify: its sender is faulty, whoever it is.
var errUnverified = errors.New("a signature does not verify")

// verifier checks signatures once per node: what it verified before a command
// was stored, it remembers until the command is applied. It remembers good
// signatures only, each by the hash of the signed entry with its signatures, so
// the memory can change no answer. It implements [state.Verifier].
type verifier struct {
	mu       sync.Mutex // guards the two generations
	now, old map[ledger.Hash]struct{}

	seams seams // set once, before the first use
}

// testingOnlyVerify verifies what the memory does not hold; tests that run many
// nodes verify once for all of them.
var testingOnlyVerify state.Verifier = state.Plain{}

// remembered bounds each of the two generations of the memory.
const remembered = 32 << 10

var _ state.Verifier = (*verifier)(nil)

func newVerifier() *verifier { return &verifier{now: make(map[ledger.Hash]struct{})} }

func (v *verifier) knows(h ledger.Hash) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	_, ok := v.now[h]
	if !ok {
		_, ok = v.old[h]
	}
	return ok
}

func (v *verifier) remember(h ledger.Hash) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.now) >= remembered {
		v.now, v.old = make(map[ledger.Hash]struct{}), v.now
	}
	v.now[h] = struct{}{}
}

// Entry implements state.Verifier.
func (v *verifier) Entry(e *ledger.Entry, signers []ed25519.PublicKey) bool {
	h := ledger.Hash(e.LeafHash())
	if v.seams.signaturesOff() || v.knows(h) {
		return true
	}
	if !testingOnlyVerify.Entry(e, signers) {
		return false
	}
	v.remember(h)
	return true
}

// Cosignature implements state.Verifier.
func (v *verifier) Cosignature(s *ledger.Cosignature, w keys.WitnessPublic, origin string) bool {
	h := cosignatureHash(s, w)
	if v.seams.signaturesOff() || v.knows(h) {
		return true
	}
	if !testingOnlyVerify.Cosignature(s, w, origin) {
		return false
	}
	v.remember(h)
	return true
}

// cosignatureHash names a cosignature with the keys that it was verified under: a node
// gets other keys when the bureaus decide so.
func cosignatureHash(s *ledger.Cosignature, w keys.WitnessPublic) ledger.Hash {
	of, d := sha256.New(), ledger.CosignatureHash(s)
	of.Write(d[:])
	of.Write(w.Ed25519)
	of.Write(w.MLDSA.Bytes())
	return ledger.Hash(of.Sum(nil))
}

// prepare verifies, on all cores, the signatures of a command that this node is
// about to store. A signer that the state does not know yet may be enrolled by
// an entry still to be applied: such an entry is left to Apply, which refuses
// it if the key is unknown at its position.
func (v *verifier) prepare(view state.View, policy func(size uint64) *ledger.Policy, c *ledger.Command) error {
	var jobs []func() bool
	cosigs := c.Cosignatures
	if c.Evidence != nil {
		cosigs = []*ledger.Cosignature{c.Evidence}
	}
	for _, s := range cosigs {
		p := policy(s.Size)
		w, ok := p.Witness[s.Node]
		if !ok {
			return fmt.Errorf("cosignature of %q: no bureau has this node", s.Node)
		}
		jobs = append(jobs, func() bool { return v.Cosignature(s, w, p.Origin) })
	}
	if c.Batch != nil {
		for i := range c.Batch.Items {
			e := c.Batch.Items[i].Entry
			pubs, err := signerKeys(view, e)
			if err != nil {
				return err
			}
			if pubs != nil && !v.knows(ledger.Hash(e.LeafHash())) {
				jobs = append(jobs, func() bool { return v.Entry(e, pubs) })
			}
		}
	}
	if !all(jobs) {
		return errUnverified
	}
	return nil
}

// signerKeys returns the public keys of an entry's signers, nil when the state
// does not know one of them.
func signerKeys(view state.View, e *ledger.Entry) ([]ed25519.PublicKey, error) {
	pubs := make([]ed25519.PublicKey, len(e.Signatures))
	for i := range e.Signatures {
		k, err := state.ReadKey(view, e.Signatures[i].Key)
		if err != nil {
			return nil, err
		}
		if k == nil || len(k.Public) == 0 {
			return nil, nil
		}
		pubs[i] = k.Public
	}
	return pubs, nil
}

// all runs the jobs on all cores and reports whether each returned true.
func all(jobs []func() bool) bool {
	workers := min(runtime.GOMAXPROCS(0), len(jobs)/4) // below 8 jobs goroutines cost more than they save
	if workers < 2 {
		for _, job := range jobs {
			if !job() {
				return false
			}
		}
		return true
	}
	good := make([]bool, workers)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			ok := true
			for i := w; i < len(jobs) && ok; i += workers {
				ok = jobs[i]()
			}
			good[w] = ok
		})
	}
	wg.Wait()
	for _, ok := range good {
		if !ok {
			return false
		}
	}
	return true
}
