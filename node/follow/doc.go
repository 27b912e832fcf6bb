// Package follow keeps a verified copy of the ledger by following any node, and
// believes none.
//
// [Copy.Sync] checks the cosignatures of the checkpoint, every signature, every
// right at its log position by the same [state.Machine] that nodes run, and that
// the entries are the ones under a FINAL checkpoint, before it keeps one of them.
// Whoever hands out anything else is refused ([Dishonest]); two histories that both
// carry a quorum's cosignatures are kept as evidence ([Fork]). The charter is all
// that it trusts.
//
// What a source can still do to a copy: show it an old state, and lie about the
// ledger time of entries, which nothing signs. One that keeps bodies back as if
// they had been purged is refused, unless it shows the purge, with a receipt. A
// [Follower] therefore has several sources, asks the others from time to time how
// far they are, and leaves one that lies, stalls or lags.
//
// A purge destroys the bodies in the copy within the Sync that brings it, before
// anybody can read the entry that purges. A copy that does not sync does not know.
//
// Two things are made of it: a bureau's desk, which opens what its keys open
// (package desk), and a read replica, which serves others (package node, mirror.go).
//
// The folder of a copy:
//
//	ledger/           the store
//	checkpoint        the note of the last FINAL checkpoint, exactly as far as the store
//	checkpoint-ahead  after an interrupted Sync: a note that covers what is there already
//	evidence-*        notes that contradict each other
//
// Start reading at Open, then sync.go, then follower.go.
package follow
