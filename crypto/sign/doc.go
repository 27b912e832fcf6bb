// Package sign makes and checks the signatures on statements. They are SSHSIG
// signatures (OpenSSH, PROTOCOL.sshsig) with SHA-512 and Ed25519, so that
// anyone with OpenSSH can check an entry of the ledger without comity:
//
//	ssh-keygen -Y verify -f allowed_signers -I officer -n statement@comity -s entry.sig < statement
//
// Inside the ledger only the 64 bytes of Ed25519 are kept ([Sign], [Verify]);
// the armor, which repeats the key and the namespace, is made on export
// ([Armor]) and read on import ([ParseArmor]).
//
// What the Ed25519 key signs is
//
//	"SSHSIG" || string namespace || string "" || string "sha512" || string SHA-512(message)
//
// where a string is a uint32 length, big-endian, and that many bytes. The
// namespace says what the message is; a signature made for one never verifies
// for another.
//
// The package refuses SHA-256 and every other algorithm, reserved bytes, and
// any spelling of an armor but the one that ssh-keygen writes. It does not
// decide whether a key may sign: the ledger does, by position. It does not
// admit the key that it verifies under either: see keys.AdmitEd25519, which
// runs once, at enrolment, so that all nodes agree on every signature.
//
// Start reading at sign.go.
package sign
