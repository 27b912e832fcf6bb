// Package keys holds the keys of comity: their admission, their text forms and
// their files. It invents no format: each kind of key uses the one that other
// people's tools already read.
//
//	use                      type              kept as
//	officers and roots sign  [Signer]          OpenSSH private key, or an ssh-agent
//	readers open             [Identity]        age identity file (hybrid, AGE-SECRET-KEY-PQ-1...)
//	authors seal to          [Recipient]       age1pq1... text, 1,216 bytes
//	nodes and clients talk   [TLS]             PKCS #8 PEM, self-signed certificate made from it
//	nodes cosign             [Witness]         two PKCS #8 PEM blocks: Ed25519 and ML-DSA-44
//
// One key has one use. The types differ so that a compiler, and not a reader,
// notices when a key is put to a second one, and the identifiers ([ID]) hash an
// algorithm byte so that two keys of different kinds never share one.
//
// The package refuses what other parsers let through: public keys outside the
// prime-order subgroup, two spellings of one key, key files that others may
// read, private keys whose stored public half is not their own. Private keys
// do not print themselves: fmt and slog show the identifier only.
//
// It signs and seals nothing of its own accord: packages sign and seal do. It
// opens no socket; an ssh-agent comes in as a value. Apart from key files
// ([ReadFile], [WriteFile]) it touches no disk. It does not judge whether a key
// is still valid: that is decided by position in the ledger, never here.
//
// An identifier in words ([Words]) is for the telephone. The list of words is that
// of BIP 39, embedded with its licence: it never changes, and the modules that
// carry it bring wallets along.
//
// Start reading at id.go and admit.go; crypto/CRYPTO.md is the normative text.
package keys
