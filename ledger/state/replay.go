package state

import (
	"comity/ledger"

	"golang.org/x/mod/sumdb/tlog"
)

// Replay judges the entries of a log that exists, one after the other, each as
// a batch of its own. It is what Apply does without what only nodes need: no
// digest, no records, no root after every entry. The tree is the caller's.
//
// A view that knows no ids (see [TableIDs]) makes no difference to what is
// accepted: a statement that is in the log already is behind its author's chain.
// One goroutine uses a Replay.
type Replay struct {
	a       application
	entry   *ledger.Entry // that was judged last
	author  Author
	signers []*Key
}

// maxSeen bounds the roots that a Replay remembers.
const maxSeen = 1 << 12

// NewReplay returns a Replay that reads the state from v. The first entries of
// v's tree must not change.
func (m *Machine) NewReplay(v View) *Replay {
	return &Replay{a: application{Machine: m, overlay: newOverlay(v, 0), seen: make(map[uint64]tlog.Hash)}}
}

// Judge returns why the entry may not stand at this index, nil when it may. The
// view holds the state after all entries before it; time is the ledger time of
// the entry. Its body is nil where it is not there; else the caller has seen that
// it is the one of the statement.
func (r *Replay) Judge(index, time uint64, it ledger.Item, verify Verifier) (*Refusal, error) {
	r.reset()
	e := it.Entry
	if len(r.a.seen) > maxSeen {
		clear(r.a.seen)
	}
	r.a.head.Size, r.a.now, r.a.verify, r.a.body = index, time, verify, it.Body
	var refusal *Refusal
	var err error
	r.signers, r.author, refusal, err = r.a.judge(e)
	if err == nil && refusal == nil {
		r.entry = e
	}
	return refusal, err
}

// JudgeUnseen is [Replay.Judge] without the rule on what the author has seen, for
// auditors who have noted that it was broken and go on.
func (r *Replay) JudgeUnseen(index, time uint64, it ledger.Item, verify Verifier) (*Refusal, error) {
	r.a.unseen = true
	defer func() { r.a.unseen = false }()
	return r.Judge(index, time, it, verify)
}

// Signers returns the keys of the entry that was judged last and may stand, in
// the order of its signatures.
func (r *Replay) Signers() []*Key { return r.signers }

// Accept returns what the entry changes that was judged last, and may stand.
// The result is valid until the next call of Judge.
func (r *Replay) Accept() ([]Put, error) {
	if r.entry == nil {
		panic("state: accept of an entry that was refused")
	}
	e := r.entry
	r.entry = nil
	err := r.a.accept(e, r.a.head.Size, r.author, r.signers)
	return r.a.order, err
}

func (r *Replay) reset() {
	clear(r.a.puts)
	r.a.order = r.a.order[:0]
	r.entry, r.signers, r.a.members = nil, nil, nil
}
