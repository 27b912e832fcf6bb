package state

// Code names the reason of a refusal. The list is closed; codes cross the
// network and are never reused.
type Code string

// The reasons for which a statement or a cosignature is refused.
const (
	OtherLedger  Code = "other_ledger"   // signed for a ledger with another charter
	TooNew       Code = "too_new"        // it needs a later format than the ledger has
	UnknownKey   Code = "unknown_key"    // the ledger does not know a signer's key
	RevokedKey   Code = "revoked_key"    // a signer's key was revoked before this position
	BadSignature Code = "bad_signature"  // a signature does not verify
	BadSequence  Code = "bad_sequence"   // not the author's next statement
	BadSeen      Code = "bad_seen"       // the author has seen another history
	NotAllowed   Code = "not_allowed"    // the signers may not do this
	FourEyes     Code = "four_eyes"      // a second signature is needed
	NoTarget     Code = "no_target"      // the statement acts on nothing that is there
	Ended        Code = "ended"          // the notice acted on is no longer active
	NotEnded     Code = "not_ended"      // the notice acted on has not ended
	TooEarly     Code = "too_early"      // ledger time has not come so far
	Repeated     Code = "repeated"       // it was done before
	NotNow       Code = "not_now"        // the notice is not in a state for it
	BadTerm      Code = "bad_term"       // a day of review that may not be
	Superseded   Code = "superseded"     // another version stands than the one reviewed
	TooMany      Code = "too_many"       // the bureau has as many open circles as it may
	AddressInUse Code = "address_in_use" // an attachment of another notice has the address
	KeyInUse     Code = "key_in_use"     // the key is known already: one key, one use
	BadProof     Code = "bad_proof"      // no proof of possession
	Fork         Code = "fork"           // a cosignature over another root than ours
	Stale        Code = "stale"          // a cosignature nobody waits for
	Faulty       Code = "faulty"         // a cosignature of a node that cosigned another history
	NoFork       Code = "no_fork"        // evidence that contradicts nothing
	Quota        Code = "quota"          // the bureau has written as much as it may in a day
	Body         Code = "body"           // the sealed body is not the one that was signed
)

// Refusal is why a statement was not accepted. Reason is a sentence part for
// people, made only from what is clear in the log.
type Refusal struct {
	Code   Code
	Reason string
}

// Error returns the reason.
func (r *Refusal) Error() string { return r.Reason }

func refuse(c Code, reason string) *Refusal { return &Refusal{c, reason} }
