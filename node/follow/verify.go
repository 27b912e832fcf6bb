package follow

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/state"
	"comity/node/wire"
)

// verifier is a [state.Verifier] that checks the signatures of a chunk on all
// cores before the machine asks for them one by one.
type verifier struct {
	state.Plain
	// keys is what a key id is the hash of; it can never be wrong, only unknown.
	keys map[keys.ID]ed25519.PublicKey
	good map[*ledger.Entry]bool // every signature verifies with the keys of these ids
}

func newVerifier() *verifier { return &verifier{keys: make(map[keys.ID]ed25519.PublicKey)} }

// Entry implements [state.Verifier]. What was verified counts only for the keys
// that it was verified with.
func (v *verifier) Entry(e *ledger.Entry, signers []ed25519.PublicKey) bool {
	if !v.good[e] {
		return v.Plain.Entry(e, signers)
	}
	for i, pub := range signers {
		if keys.SigningID(pub) != e.Signatures[i].Key {
			return false
		}
	}
	return true
}

// prepare verifies the signatures of records. It only does work ahead: of what
// it cannot or could not verify, the machine will ask.
func (v *verifier) prepare(ctx context.Context, view state.View, records []*wire.Record) error {
	for _, r := range records {
		if err := v.learn(view, r.Entry); err != nil {
			return err
		}
	}
	good := make([]bool, len(records))
	err := Parallel(ctx, len(records), func(i int) { good[i] = v.check(records[i].Entry) })
	v.good = make(map[*ledger.Entry]bool, len(records))
	for i, ok := range good {
		if ok {
			v.good[records[i].Entry] = true
		}
	}
	return err
}

// learn finds the public keys that e is signed with, and the one that it enrols.
func (v *verifier) learn(view state.View, e *ledger.Entry) error {
	for _, s := range e.Signatures {
		if _, ok := v.keys[s.Key]; ok {
			continue
		}
		k, err := state.ReadKey(view, s.Key)
		if err != nil {
			return fmt.Errorf("read key %s: %w", s.Key.Short(), err)
		}
		if k != nil && len(k.Public) == ed25519.PublicKeySize {
			v.keys[s.Key] = k.Public
		}
	}
	if en := e.Statement.Admits(); en != nil && en.Purpose == ledger.PurposeSign {
		v.keys[en.KeyID()] = en.Key
	}
	return nil
}

func (v *verifier) check(e *ledger.Entry) bool {
	for i, s := range e.Signatures {
		pub, ok := v.keys[s.Key]
		if !ok || !e.Verify(i, pub) {
			return false
		}
	}
	return true
}

// Parallel calls do for 0 to n-1 on all cores and returns when all calls have.
// When ctx ends, it makes no further ones and returns why.
func Parallel(ctx context.Context, n int, do func(i int)) error {
	var (
		next atomic.Int64
		wait sync.WaitGroup
	)
	for range min(n, runtime.GOMAXPROCS(0)) {
		wait.Go(func() {
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				do(i)
			}
		})
	}
	wait.Wait()
	return context.Cause(ctx)
}
