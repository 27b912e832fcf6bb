package node

import (
	"fmt"

	"comity/ledger"
	"comity/ledger/state"

	"golang.org/x/mod/sumdb/tlog"
)

// maxSeenAlarms bounds the alarms over what authors have seen: an officer can
// sign any root.
const maxSeenAlarms = 8

// seenElsewhere looks at a well-signed statement that was refused for what its
// author has seen. A root that is not ours, at a size that we hold, says that the
// author was shown another history, or that we were; or that the author made it
// up, which only people can find out. Each author and size is told of once.
func (r *replica) seenElsewhere(e *ledger.Entry) {
	s := e.Statement
	head, err := state.ReadHead(r.store)
	if err != nil || s.SeenSize > head.Size {
		return
	}
	root, err := tlog.TreeHash(int64(s.SeenSize), r.store)
	if err != nil || ledger.Hash(root) == s.SeenRoot {
		return
	}
	k, err := state.ReadKey(r.store, s.Author)
	if err != nil || k == nil {
		return
	}
	r.seenCount.Add(1)
	key := fmt.Sprintf("%s %d", s.Author, s.SeenSize)
	r.mu.Lock()
	told := r.seenTold[key] || len(r.seenTold) >= maxSeenAlarms
	if !told {
		r.seenTold[key] = true
	}
	r.mu.Unlock()
	if told {
		return
	}
	r.log.Error("an author has seen another history", "bureau", k.Bureau, "key", s.Author.Short(), "statement", e.ID.Short(),
		"size", s.SeenSize, "their_root", tlog.Hash(s.SeenRoot).String(), "our_root", root.String())
	r.alarm(fmt.Sprintf("key %s of %s has seen another history of the first %d entries than this node holds", s.Author.Short(), k.Bureau, s.SeenSize))
}
