// Package state decides what an ordered command does to the ledger.
//
// [Machine.Apply] takes a view of the state before a command and returns what
// changes and what is answered. It is a function of the charter and the log
// alone: it reads no clock, no configuration and no map in map order, does no
// I/O but through the view, and starts no goroutine, so that every node, and
// every auditor who replays the log, computes the same.
//
// It refuses, with a typed [Refusal], whatever an author may not do at that log
// position; a refused statement gets no leaf and changes nothing. Start reading
// at Apply, then rights.go for who may do what, lifecycle.go for the life of a
// notice, and purge.go for the end of its texts.
//
// Who belongs to the consortium follows from the log as well: see governance.go for
// proposals and votes, epochs.go for [Machine.Membership], and certificate.go for
// what proves an epoch to who has no log.
//
// Nothing happens between entries: a notice is due for review or has expired
// because ledger time has come so far, and whoever reads it asks [Notice.At].
//
// The charter has no fields for retention, terms and reviewers. They are
// constants here, [TermDays] and those after it and [Reviewers], until it has.
package state
