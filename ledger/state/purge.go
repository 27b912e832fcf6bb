package state

// Purged reports whether the ledger says that the body of the entry at index was
// purged, so that a node may hand the entry on without it. No class of statement
// purges yet: nothing is purged, and a node that says so withholds a body.
func Purged(_ View, _ uint64) (bool, error) { return false, nil }
