// Package store keeps a ledger: its entries, their sealed bodies, the hashes of
// its tree and the tables of its state. [Disk] is what a node and the replica
// of a desk use; [Mem] is its twin in memory.
//
// Between two Flushes the Raft log alone is durable. Commit appends to files
// and syncs nothing; Flush syncs them and then replaces one small file, named
// commit, that says how far each of them counts. After a crash a store is at
// exactly one of its Flushes, never between two, and the log is replayed from
// there.
//
// Every byte that is read was checked against a checksum that also covers its
// place: what was not written there is never returned. The package refuses to
// go on after a failed write or sync, and to guess at what a damaged file held;
// it repairs nothing. It checks no signature and no proof, judges nobody's
// rights, and holds no key: package state has decided before anything comes
// here.
//
// DESIGN.md beside it draws the files and says what happens when we die at each
// step. Start reading at Store, then Disk.Commit and Disk.Flush.
package store
