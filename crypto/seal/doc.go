// Package seal closes the content of a notice for named readers, and opens it
// with their keys. A node holds and checks sealed bodies; it cannot read one.
//
// A body has up to three parts, one per [Compartment], so that the people who
// may see a card need not see the case, and hardly anyone sees the victim:
//
//	body  = suite || parts || grants
//	part  = compartment || random id || content, padded and encrypted under a fresh content key
//	grant = compartment || the content key, encrypted to one reader
//
// Content is encrypted with Cobblestone-256 (c2sp.org/chunked-encryption),
// which commits to its key: all readers of a part read the same bytes. Content
// keys go to readers with HPKE (RFC 9180) over the hybrid KEM MLKEM768-X25519
// from the standard library; to read, one must break both halves. Everything is
// bound to the ledger, the author and the part, and a grant to the one who gave
// it: nothing that is moved elsewhere opens there.
//
// What the bytes still say: how many parts there are and of which compartments,
// their sizes in classes (Padmé, at least 1 KiB), and the number of readers of
// each, rounded up to a power of two. Not who the readers are.
//
// The package refuses:
//   - to say who wrote a body: anyone can seal to public keys, and the signature
//     of the statement over the hash of the body is what names the author. Two
//     bodies of one author could swap a part together with its grants if that
//     signature were not checked first;
//   - to return plaintext before all of a part is authenticated;
//   - to tell why a body is malformed, or which of its grants did not open;
//   - anything beyond [MaxBody]: larger files are attachments.
//
// It opens no file, reads no clock and starts no goroutine.
//
// Start reading at [Seal], [Parse] and [Sealed.Open]; [Sealed.Grants] shares a
// part further. The normative text is the section "Sealing" of crypto/CRYPTO.md.
package seal
