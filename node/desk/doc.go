// Package desk is a bureau's own copy of the ledger, and what the bureau's keys
// open of it.
//
// [Desk.Sync] follows any node and believes none: that is package follow, and what a
// node can still do to a desk is said there. [Desk.Final] says how far the desk is;
// syncing from a second node mends the first.
//
// A purge destroys the bodies in the replica, and what was opened of them, within
// the Sync that brings it; [Desk.PurgedSince] tells those who keep more on disk. A
// desk that does not sync does not know.
//
// [Desk.Cases] and [Desk.Case] show what the keys given to [Desk.Unlock] open, and
// [Desk.Check] answers a border. They ask the index of package index, which
// [Desk.Index] feeds: what is new is opened once, on all cores, in steps of a
// thousand entries. What was opened is written nowhere else, and there only as
// terms, encrypted under a key that takes all of the bureau's sealing keys to
// open (indexkey.go). Whatever the index finds is opened again from its signed
// entry before it is shown; the index may be deleted at any time.
//
// [Desk.Enqueue] and [Desk.Deliver] bring signed statements into the ledger once,
// however often the way there is cut (queue.go).
//
// [Desk.Search] finds what a query of package query asks for, and [Desk.Links] what
// hangs together with one case.
//
// What the answers to a case add up to is a [notice.Thread] ([Case.Thread]);
// [Desk.Inbox] is what they leave a bureau to do, and [Desk.Events] what
// happened after a [Cursor]. Deadlines are judged for [Desk.AsOf].
//
// compose.go and its neighbours write statements: they seal to the keys that
// the ledger has now, and sign. They send nothing. draft.go is what a second
// officer does with a statement that was signed once: the same bytes, verified,
// shown, and signed again.
//
// The folder of a desk:
//
//	ledger/, checkpoint, ...  the replica, see package follow
//	index/                    what the keys open, by terms: encrypted, disposable
//	queue/                    signed statements that are not known to be FINAL
//
// Start reading at Open.
package desk
