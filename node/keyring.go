package node

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"time"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/state"
	"comity/ledger/store"
	"comity/node/wire"
)

// DefaultKeyDays is the age at which a key is to be replaced, where the operator
// sets no other.
const DefaultKeyDays = 365

// keyring knows the keys of one bureau, and since when each counts. Only the
// epochs of the ledger and the statements of the bureau's roots and registrars say
// which they are, so it walks those chains back, as far as it has not done so before,
// and keeps no state of its own.
type keyring struct {
	store  store.Store
	bureau string
	epochs func() []*ledger.Epoch
	begun  uint64 // when the charter was made, POSIX ms
	clock  func() time.Time
	days   int

	mu         sync.Mutex               // guards what follows
	seen       map[keys.ID]state.Author // chains of roots and registrars, as far as they were walked
	listed     []keys.ID                // admitted by the statements up to there
	registrars []keys.ID                // among these
}

// datedKey is a key that counts now.
type datedKey struct {
	id keys.ID
	*state.Key
	since uint64 // ledger time of its enrolment, POSIX ms
}

// left returns for how many days a key is good that counts since then. It is less
// than 0 past that, and nothing ends by it.
func (k *keyring) left(since, now uint64) int {
	const day = uint64(24 * time.Hour / time.Millisecond)
	return k.days - int((max(now, since)-since)/day)
}

// now is ledger time, which stands still while nobody writes, or the node's clock
// where that is ahead.
func (k *keyring) now() (uint64, error) {
	head, err := state.ReadHead(k.store)
	return max(head.Time, uint64(max(k.clock().UnixMilli(), 0))), err
}

// ids returns every key that the bureau ever had; the first so many are those of
// the charter.
func (k *keyring) ids() (list []keys.ID, charter int, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, e := range k.epochs() {
		m, ok := e.Member(k.bureau)
		if !ok {
			continue // not yet, or no more
		}
		root := keys.SigningID(m.Root)
		for _, id := range []keys.ID{root, m.Node.TLS, m.Node.Cosigner(), m.Access} {
			if !slices.Contains(list, id) {
				list = append(list, id)
			}
		}
		if e.Number == 0 {
			charter = len(list)
		}
		if err := k.walk(root); err != nil {
			return nil, 0, err
		}
	}
	for _, id := range k.registrars { // which roots alone admit
		if err := k.walk(id); err != nil {
			return nil, 0, err
		}
	}
	return append(list, k.listed...), charter, nil
}

// walk lists the keys that an author has admitted since it was walked last. It must
// be called with mu held.
func (k *keyring) walk(author keys.ID) error {
	end, err := state.ReadAuthor(k.store, author)
	if err != nil {
		return err
	}
	var news, registrars []keys.ID
	for at, seq := end.Prev, end.Seq; seq > k.seen[author].Seq; seq-- {
		index, ok, err := state.ReadIndex(k.store, at)
		if err != nil || !ok {
			return fmt.Errorf("statement %d of key %s: %w", seq-1, author.Short(), cmp.Or(err, ledger.ErrMalformed))
		}
		_, e, err := k.store.Entry(index)
		if err != nil {
			return err
		}
		if en := e.Statement.Admits(); en != nil {
			if en.Purpose == ledger.PurposeSign && en.Roles&ledger.RoleRegistrar != 0 {
				registrars = append(registrars, en.KeyID())
			}
			news = append(news, en.KeyID())
		}
		at = e.Statement.Prev
	}
	slices.Reverse(news)
	if k.seen == nil {
		k.seen = make(map[keys.ID]state.Author)
	}
	k.seen[author], k.listed, k.registrars = end, append(k.listed, news...), append(k.registrars, registrars...)
	return nil
}

// list returns the keys that count now, the oldest first.
func (k *keyring) list() ([]datedKey, error) {
	ids, charter, err := k.ids()
	if err != nil {
		return nil, fmt.Errorf("keys of %s: %w", k.bureau, err)
	}
	var list []datedKey
	for i, id := range ids {
		known, err := state.ReadKey(k.store, id)
		if err != nil {
			return nil, err
		}
		if known == nil || known.RevokedAt != 0 {
			continue
		}
		d := datedKey{id, known, k.begun}
		if i >= charter {
			if d.since, _, err = k.store.Entry(known.EnrolledAt); err != nil {
				return nil, err
			}
		}
		list = append(list, d)
	}
	slices.SortStableFunc(list, func(a, b datedKey) int { return cmp.Compare(a.since, b.since) })
	return list, nil
}

// describe says in a status when keys are to be replaced.
func (k *keyring) describe(s *wire.Status) error {
	list, err := k.list()
	if err != nil {
		return err
	}
	now, err := k.now()
	if err != nil {
		return err
	}
	s.KeyDays, s.KeysKnown = k.days, len(list)
	for _, d := range list[:min(len(list), wire.MaxKeys)] {
		s.Keys = append(s.Keys, wire.KeyDate{Key: d.id, Label: d.Label, Use: useName(d.Use), Since: d.since, Left: k.left(d.since, now)})
	}
	return nil
}

func useName(u state.Use) string {
	switch u {
	case state.UseRoot:
		return wire.KeyRoot
	case state.UseNode:
		return wire.KeyNode
	case state.UseSign:
		return wire.KeySign
	case state.UseSeal:
		return wire.KeySeal
	case state.UseAccess:
		return wire.KeyAccess
	}
	return wire.KeyCosign
}
