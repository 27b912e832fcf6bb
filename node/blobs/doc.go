// Package blobs keeps sealed files in a folder, by their address: the SHA-256 of
// their bytes. A node holds there what readers ask it for, a desk what it is
// about to send or has fetched in part.
//
//	<address>        a whole file, which has had its address when it was put there
//	<address>.part   the beginning of one
//	<address>.lock   empty; it is locked by the process that has taken the file
//
// A file grows by pieces, each at the place where the one before ended, so that
// a transfer goes on after a cut, and after a crash. It is read again and hashed
// once it is whole, then synced, then renamed: what has no suffix is what its name
// says. What is destroyed is overwritten before it is removed.
//
// The package knows nothing of what the ledger says of an address: whoever uses it
// asks before it takes, gives, or keeps.
package blobs
