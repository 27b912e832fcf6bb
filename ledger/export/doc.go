// Package export writes opened notices in forms that programs of the field read:
// STIX 2.1 bundles and CSV. What it writes is plaintext that has left the ledger:
// nothing protects it any more, so every form carries the handling code, the TLP
// marking and the caveats of its origin, and [MayExport] refuses what the origin
// has not consented to.
//
// github.com/google/uuid (Google; BSD 3) makes the UUIDv5 of RFC 9562 that STIX
// asks for, in place of SHA-1 and bit fields by hand.
//
// The package opens no file and reads no clock. Start reading at rights.go.
package export
