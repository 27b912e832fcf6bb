// Package node runs a bureau's node: it replicates the ledger with
// hashicorp/raft, checks every entry itself before it stores it, builds the
// tree, cosigns checkpoints, and serves officers, desks, auditors and other
// nodes over one TLS port.
//
// It holds no reading key and opens no body. It trusts no peer, the leader
// included, beyond what it has verified.
//
// Start reading at node.go (how the parts are joined and stopped), then follow
// a notice: handlers.go, intake.go, batcher.go, fsm.go, cosigner.go. DESIGN.md beside this
// file says why it is built this way.
package node
