// Package notice is the case notice: what an author writes, what it must hold,
// how it is divided for its readers, and how a reader puts it together again.
//
// A [Notice] is one JSON document. [Parse] reads it strictly and
// [Notice.Validate] says, problem by problem, what is missing and why. It has a
// clear header and up to three sealed parts, one per compartment:
//
//	header  [Notice.Publish]  kind, review day, classification, urgency: all that the log shows
//	card    [Card]            the front line: one instruction, who it is about, whom to call
//	body    [Body]            investigators: facts, warrants, entities and links; a [Tally]
//	victim  [Victim]          named protection officers: who the victim really is
//
// [Notice.Parts] makes the plaintexts for crypto/seal, each of which names the
// ledger, the author and the readers again, so that nobody can pass on a part
// as his own. [OpenParts] refuses a part that was copied into another entry and
// returns a [View], in which a compartment that was not opened is nil. A
// [Reply] travels the same way. What the replies to a notice add up to, who may
// decide what, and what is overdue, is a [Thread]: a pure function of the ordered
// replies and a time.
//
// What each kind asks for, and why, is one table (rules.go): [Notice.Validate]
// checks by it, [Schema] is its JSON Schema, [Guide] its documentation, KINDS.md.
// [Notice.Draft] and [ParseDraft] are the form with remarks that a person edits.
// Identifiers are checked by package ledger/ident. [ParseMRZ] reads a
// machine-readable zone, and [ReadMRZ] one that a scanner misread.
//
// The tests check schemas with github.com/santhosh-tekuri/jsonschema/v6 (Apache
// 2.0, kept by its author, complete by the official test suite): it replaces
// believing ourselves, and is in no program.
//
// The package seals nothing, signs nothing and decides no rights. It opens no
// file, reads no clock and starts no goroutine; the day it judges by comes in
// as a value. All its people are synthetic: see [Template] and [Generator].
//
// Start reading in notice.go, then validate.go and rules.go, then part.go; for
// answers in thread.go.
package notice
