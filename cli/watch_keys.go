package cli

import (
	"context"
	"slices"
	"time"

	"comity/crypto/keys"
)

// keyLimit is how long a watch waits for a key that the ledger has and the home not
// yet: who replaces one puts it there a moment later.
const keyLimit = 5 * time.Second

// takeKeys reads the keys of the home again where the bureau has replaced one: what is
// passed over because it does not open is not told later.
func (w *watcher) takeKeys(ctx context.Context) error {
	for end := time.Now().Add(keyLimit); ; {
		lacks, err := w.lacking()
		if err != nil || lacks == (keys.ID{}) || lacks == w.lacks {
			return err
		}
		if ids, err := w.home.Identities(w.passphrase); err == nil {
			w.ids = ids
			w.desk.Unlock(ids)
		}
		if lacks, err = w.lacking(); err != nil || lacks == (keys.ID{}) {
			return err
		}
		if time.Now().After(end) {
			w.lacks = lacks
			w.note("the ledger has another reading key of %s, %s, which is not in this home: what is sealed to it is not told", w.home.Bureau(), lacks.Short())
			return nil
		}
		if !pause(ctx, 200*time.Millisecond) {
			return ctx.Err()
		}
	}
}

// lacking returns a sealing key of the bureau that is not here, of the compartments
// that this watch opens; zero for none.
func (w *watcher) lacking() (keys.ID, error) {
	for c, ids := range w.ids {
		current, err := w.desk.Sealing(w.home.Bureau(), c)
		if err != nil {
			return keys.ID{}, err
		}
		if current != nil && !slices.ContainsFunc(ids, func(id *keys.Identity) bool { return id.Recipient().Equal(current) }) {
			return keys.SealingID(current), nil
		}
	}
	return keys.ID{}, nil
}
