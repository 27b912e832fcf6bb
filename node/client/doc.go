// Package client talks to one node of the ledger over its HTTP API.
//
// The connection is TLS 1.3 with keys pinned on both sides: the node must prove
// the key that the caller names (from the charter), and proves nothing by any
// certificate authority; the caller proves its own key, which the ledger knows.
//
// What a node answers is checked for form and size, not for truth: a receipt or
// a checkpoint is worth what its signatures say, and package desk, or
// [ledger.Receipt.Verify], reads them. The package never retries by itself: an
// answer that was lost may stand for a statement that was committed, and only
// the caller knows that it may send the same bytes again ([wire.Retryable],
// [Unreachable]).
//
// Start reading at [New], then submit.go and read.go.
package client
