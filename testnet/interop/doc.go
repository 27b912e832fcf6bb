// Package interop holds what comity exports against other people's code: it has
// no code of its own but tests. It is a module of its own, so that what those
// tools need stays out of comity's go.mod:
//
//	cd testnet/interop && go test ./...
//
// github.com/transparency-dev/tessera reads the tiles (fsck, client), formats
// and merkle check notes, receipts and proofs, and filippo.io/torchwood reads
// tiles and receipts once more and has the witness, litewitness. Every test that
// they accept something has one that they refuse it when it is tampered with.
//
// github.com/transparency-dev/witness, the other witness there is, has no release,
// and what it stands on (merkle, at a commit of July 2026) is not in the module
// proxy. litewitness builds, but not witnessctl, for want of sigsum-go: the tests
// write into its database what witnessctl would.
package interop
