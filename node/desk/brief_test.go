package desk

import (
	"errors"
	"fmt"
	"testing"

	"comity/ledger/store"
	"comity/node/follow"
)

// Why a version is not believed may quote its body: a list, and a card, do not say it.
func TestBriefTellsNoReason(t *testing.T) {
	quoting := errors.New("body: the telephone of Mirela Tandoran is no number")
	for _, x := range []struct{ has, want error }{
		{nil, nil}, {quoting, ErrNotShown}, {fmt.Errorf("read: %w", store.ErrPurged), store.ErrPurged}, {fmt.Errorf("read: %w", follow.ErrWithheld), follow.ErrWithheld},
	} {
		c := &Case{Err: x.has, Versions: []Version{{Err: x.has}}}
		for what, got := range map[string]*Case{"brief": c.Brief(), "card": c.card()} {
			if !errors.Is(got.Err, x.want) || !errors.Is(got.Versions[0].Err, x.want) || errors.Is(got.Err, quoting) || errors.Is(got.Versions[0].Err, quoting) {
				t.Errorf("%s of %v: %v, %v", what, x.has, got.Err, got.Versions[0].Err)
			}
		}
		if c.Err != x.has || c.Versions[0].Err != x.has {
			t.Error("the case itself is changed")
		}
	}
}
