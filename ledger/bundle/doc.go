// Package bundle writes and reads the file in which an operator hands an auditor
// a whole ledger: charter, entries, heads, and bodies where they are to go along.
//
//	bundle = "comity bundle v1\n" || ledger id[32] || u24{genesis} || size u64 || group * || tail || checksum[32]
//	group  = record * n || leaf hash[32] * n
//	record = time u64 || u24{entry} || body state u8, and if that is 1: || u24{sealed body}
//	tail   = n u32 || u24{note} * n || n u16 || u24{evidence} * n
//
// FORMAT.md, "Bundle", has the rules. The package knows the form of the file and
// nothing else: it verifies the founders' signatures on the charter, and no entry
// and no note. That is what package audit does.
//
// Both directions stream, and hold no more than a group at a time.
package bundle
