package cli

import (
	"context"
	"errors"
	"fmt"

	"comity/crypto/keys"
	"comity/ledger/state"
	"comity/ledger/store"
	"comity/node/desk"
	"comity/node/follow"

	"github.com/urfave/cli/v2"
)

// verifyID checks a notice, or any statement by its full id, in the bureau's
// own replica, brought up to date first. The replica holds only what was
// verified; what is proved here is proved anew, from the exhibit that a third
// party would get.
func (t *terminal) verifyID(c *cli.Context, name string) *finding {
	s, err := t.open(c)
	if err != nil {
		return t.cannotTell(name, err, "")
	}
	defer s.close()
	if err := s.openDesk(c.Context); err != nil {
		return t.cannotTell(name, err, "")
	}
	f := &finding{What: name, genesis: s.genesis}
	syncErr := s.news(c.Context)
	if ids, err := s.home.Identities(s.passphrase); err == nil {
		s.desk.Unlock(ids)
	}
	index, k, err := s.locate(c.Context, name)
	if err != nil {
		if syncErr != nil {
			err = fmt.Errorf("%w; and the replica could not be brought up to date: %w", err, syncErr)
		}
		return t.cannotTell(name, err, "it may be newer than the last FINAL checkpoint, or not be for "+s.home.Bureau())
	}
	x, err := s.desk.Exhibit(c.Context, s.client, index)
	if errors.Is(err, store.ErrPurged) {
		return s.verifyPurged(c, f, k, index, syncErr)
	}
	if err != nil {
		return t.cannotTell(name, err, "")
	}
	f.Index, f.ID = &x.Receipt.Index, x.Item.Entry.ID.String()
	v, err := x.Verify(s.genesis)
	if err != nil {
		f.failed(err)
		return f
	}
	f.establish(x, v)
	t.openExhibit(f, x, s.home)
	s.look(f, k)
	if errors.Is(syncErr, follow.ErrDishonest) || errors.Is(syncErr, follow.ErrFork) || errors.Is(syncErr, follow.ErrCut) {
		f.found("%s", syncErr)
	}
	return f
}

// verifyPurged proves what is left of an entry whose text was purged: that it was
// signed and is in the ledger, and that so is the purge.
func (s *session) verifyPurged(c *cli.Context, f *finding, k *desk.Case, index uint64, syncErr error) *finding {
	t, err := s.desk.Tombstone(c.Context, s.client, index)
	if err != nil {
		return s.cannotTell(f.What, err, "")
	}
	f.Index, f.ID = &t.Receipt.Index, t.Item.Entry.ID.String()
	f.establish(t.Exhibit, t.Verdict)
	f.NotChecked[0] = "what it said, which nobody can any more"
	s.look(f, k)
	f.found("its sealed text is destroyed: %s had it purged at entry %s, %s (%s); that entry and its proof verify as well",
		t.PurgedBy, count(t.PurgeIndex), clock(t.PurgedAt), t.Reason)
	if errors.Is(syncErr, follow.ErrDishonest) || errors.Is(syncErr, follow.ErrFork) || errors.Is(syncErr, follow.ErrCut) {
		f.found("%s", syncErr)
	}
	return f
}

// news brings the replica up to date and returns why it could not.
func (s *session) news(ctx context.Context) error {
	s.sync(ctx)
	return s.syncErr
}

// locate returns the entry to prove: the current version of a notice, or the
// statement with a full id.
func (s *session) locate(ctx context.Context, name string) (uint64, *desk.Case, error) {
	k, err := s.ownReader().Case(ctx, name)
	if err == nil {
		return k.Versions[len(k.Versions)-1].Index, k, nil
	}
	id, idErr := keys.ParseID(name)
	if idErr != nil || !errors.Is(err, desk.ErrNoCase) {
		return 0, nil, err
	}
	index, ok, readErr := state.ReadIndex(s.desk.View(), id)
	if readErr != nil {
		return 0, nil, readErr
	}
	if !ok {
		return 0, nil, fmt.Errorf("no statement of the replica has this id")
	}
	return index, nil, nil
}

// lookAt adds why an entry deserves a look, if anybody says so.
func (s *session) lookAt(f *finding, index uint64) {
	_, e, err := s.desk.Entry(index)
	if err != nil {
		return
	}
	if d, err := state.ReadDoubt(s.desk.View(), e, index); err == nil && d != nil {
		f.found("%s", d)
	}
}

// look adds what the rest of the replica says about an entry: what an exhibit
// alone cannot show.
func (s *session) look(f *finding, k *desk.Case) {
	size, _ := s.desk.Seen()
	f.NotChecked[1] = "anything after entry " + count(size)
	for _, by := range f.Signers {
		key, err := s.desk.Key(by.Key)
		if err == nil && key != nil && key.RevokedAt != 0 && key.Next == (keys.ID{}) {
			f.found("key %s of %s was revoked at entry %s, after it signed this", by.Key.Short(), by.Bureau, count(key.RevokedAt-1))
		}
	}
	if f.Index != nil {
		s.lookAt(f, *f.Index)
	}
	if k == nil {
		return
	}
	if k.Status == state.StatusWithdrawn {
		f.found("%s withdrew the notice at entry %s, on %s: do not act on it any more", k.Bureau, count(k.Ended), clock(k.EndedAt))
	} else if k.Status.Ended() || k.Status == state.StatusSuspended {
		f.found("the notice is %s: do not act on it", k.Status)
	}
	if n := len(k.Versions); n > 1 {
		f.NotChecked = append(f.NotChecked, fmt.Sprintf("the %s before this one", plural(n-1, "version", "versions")))
	}
}
