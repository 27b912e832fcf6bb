// Package ledger is the vocabulary of comity and its bytes: what an officer
// signs (Statement), what the log holds (Entry), what a node orders (Command),
// what bureaus agree on (Charter, Membership, Checkpoint, Cosignature) and what a third
// party checks (Receipt, Exhibit).
//
// Every type here has a Marshal and a Parse. Parsing is strict: each value has
// exactly one encoding, every byte is consumed, an unknown version is refused.
// Bytes are hashed, verified and stored as they were received; nothing is ever
// encoded again in order to verify it.
//
// The package opens no file and no socket, reads no clock and starts no
// goroutine. FORMAT.md beside it is the normative text; start reading there,
// then in statement.go and entry.go.
package ledger
