package ledger_test

import (
	"bytes"
	"slices"
	"testing"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/ledgertest"

	"golang.org/x/mod/sumdb/tlog"
)

const cosignedAt = 1_700_000_900

// testLog is a consortium with a tree of entries, built on package tlog alone.
type testLog struct {
	*ledgertest.Consortium
	entries []*ledger.Entry
	hashes  []tlog.Hash
}

func newLog(t testing.TB, n int) *testLog {
	return &testLog{Consortium: ledgertest.NewGenesis(t, n)}
}

// add appends an entry and returns its index.
func (l *testLog) add(t testing.TB, e *ledger.Entry) uint64 {
	t.Helper()
	n := len(l.entries)
	h, err := tlog.StoredHashes(int64(n), e.Raw, l)
	if err != nil {
		t.Fatal(err)
	}
	l.entries, l.hashes = append(l.entries, e), append(l.hashes, h...)
	return uint64(n)
}

// ReadHashes implements [tlog.HashReader].
func (l *testLog) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		out[i] = l.hashes[x]
	}
	return out, nil
}

// checkpoint returns the one of the present end of the log.
func (l *testLog) checkpoint(t testing.TB) ledger.Checkpoint {
	t.Helper()
	root, err := tlog.TreeHash(int64(len(l.entries)), l)
	if err != nil {
		t.Fatal(err)
	}
	return ledger.Checkpoint{Origin: l.Genesis.Origin(), Size: uint64(len(l.entries)), Root: ledger.Hash(root)}
}

func (l *testLog) cosign(t testing.TB, c ledger.Checkpoint, by ...*ledgertest.Bureau) []*ledger.Cosignature {
	t.Helper()
	var list []*ledger.Cosignature
	for i, b := range by {
		s, err := ledger.Cosign(b.Witness, b.Node(), c, cosignedAt+uint64(i))
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, s)
	}
	return list
}

// note returns the note of the present end of the log, cosigned by these bureaus.
func (l *testLog) note(t testing.TB, by ...*ledgertest.Bureau) []byte {
	t.Helper()
	c := l.checkpoint(t)
	return ledger.FormatNote(c, l.Genesis.PolicyAt(0).Witness, l.cosign(t, c, by...))
}

// quorum returns the first bureaus that make a quorum.
func (l *testLog) quorum() []*ledgertest.Bureau {
	return l.Bureaus[:ledger.Quorum(len(l.Bureaus))]
}

func (l *testLog) receipt(t testing.TB, index uint64, note []byte) *ledger.Receipt {
	t.Helper()
	p, err := tlog.ProveRecord(int64(len(l.entries)), int64(index), l)
	if err != nil {
		t.Fatal(err)
	}
	return &ledger.Receipt{Index: index, Proof: p, Note: note}
}

// enrolled returns a log in which the enrolments of all bureaus stand.
func enrolled(t testing.TB, n int) *testLog {
	t.Helper()
	l := newLog(t, n)
	for _, it := range l.Enrolments(t) {
		l.add(t, it.Entry)
	}
	return l
}

// exhibit returns the exhibit of a red notice with two signatures.
func (l *testLog) exhibit(t testing.TB, body []byte) *ledger.Exhibit {
	t.Helper()
	xa := l.Bureaus[0]
	it := xa.Officer.Publish(t, ledger.KindRed, body, xa.Supervisor)
	index := l.add(t, it.Entry)
	note := l.note(t, l.quorum()...)
	x := &ledger.Exhibit{Ledger: l.Genesis.Ledger, Item: it, Receipt: l.receipt(t, index, note)}
	for i := range it.Entry.Signatures {
		j := slices.IndexFunc(l.entries, func(e *ledger.Entry) bool {
			return e.Statement.Class == ledger.ClassEnrol && enrols(t, e) == it.Entry.Signatures[i].Key
		})
		x.Enrols = append(x.Enrols, ledger.Enrolment{Entry: l.entries[j], Receipt: l.receipt(t, uint64(j), note)})
	}
	return x
}

func enrols(t testing.TB, e *ledger.Entry) keys.ID {
	t.Helper()
	en, err := ledger.ParseEnrol(e.Statement.Public)
	if err != nil {
		t.Fatal(err)
	}
	return en.KeyID()
}

// flip returns data with one byte changed by mask.
func flip(data []byte, i int, mask byte) []byte {
	out := bytes.Clone(data)
	out[i] ^= mask
	return out
}

// stride is the step of a test through every byte: all of them, or under -short
// some.
func stride() int {
	if testing.Short() {
		return 13
	}
	return 1
}
