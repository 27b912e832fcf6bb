// Package index finds the notices of a ledger that a bureau's keys open, by
// what is written in them, in an encrypted file.
//
// The index holds no notice. It holds, for each one, the entries of the log that
// concern it and the terms by which it is found ([Terms]): document numbers,
// names with years of birth, references, words. A find gives the positions of
// notices in the log, newest first, and each may be wrong: the file is encrypted
// and not authenticated, and some terms are coarse. Who shows a notice opens its
// signed entry again and compares.
//
// [ExprOf] makes of a query an expression that lets pass all that may match, and
// more: what is a distance or a time narrows nothing, and of what is excluded only
// a kind, a status and the like is taken away.
//
// The index is disposable. [Open] starts an empty one, under a new file, when
// the one that is there is of another ledger, of other keys or of another
// format, cannot be decrypted, or is damaged; [Index.Position] then says zero,
// and whoever feeds it begins at the first entry. [ErrDamaged] from any method
// means the same, later.
//
// # The file
//
// SQLite with its full-text engine FTS5, through an encrypting VFS: Adiantum, a
// wide-block cipher on pages of 4 KiB. Main file and write-ahead log are
// encrypted; temporary tables stay in memory. What the cipher does not hide:
// which pages changed between two copies of the file, and how many there are.
//
//	notice  n (index of the publish entry), bureau, ended, opened, events, days of birth,
//	        and by what it may wait for the bureau (waiting.go)
//	term    n, all terms of the notice, so that they can be taken out again
//	reply   e (index of the reply), n, and whether it asks for an answer or is one
//	find    FTS5 over the terms, contentless, without positions
//	meta    ledger, format, keys, position, and at which one it was last tidied
//
// # Order
//
// Each update makes a segment of find; a desk with nothing else to do has them
// merged by [Index.Tidy], step by step, so that a check looks into one and not a dozen.
//
// # Deletion
//
// [Update.Delete] takes a notice out of every table. PRAGMA secure_delete
// overwrites freed rows, FTS5's secure-delete takes its entries out of the
// segments and not only marks them, and the write-ahead log is emptied after
// the transaction. What a medium keeps of freed blocks is ciphertext; it goes
// with the key when the folder is rebuilt.
//
// # Dependencies
//
// github.com/ncruces/go-sqlite3 (MIT, Nuno Cruces) replaces a database of our
// own: it is SQLite translated to Go, so that CGO_ENABLED=0 builds. v0.36.0 is
// pinned: v0.37.0 does not build with the Go of go.mod. lukechampine.com/adiantum
// (MIT), which it brings, is the cipher.
package index
