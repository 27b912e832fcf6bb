// Package audit verifies a whole ledger from one file, offline: with no node, no
// key and no network, and without trust in who made the file.
//
// What it is given to trust is a ledger id, from a charter or from the anchors
// that the auditor keeps; all else in the file must follow from that. It checks
// every signature at its position, every author's own sequence, the tree, the
// cosignatures, and that the history extends the heads of earlier audits. It
// does not open what is sealed.
//
// Start with [Run] and [Report].
package audit
