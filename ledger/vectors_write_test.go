package ledger_test

import (
	"bytes"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/cryptotest"

	"comity/crypto/keys"
	"comity/crypto/seal"
	"comity/ledger"
	"comity/ledger/ledgertest"

	"golang.org/x/crypto/cryptobyte"
)

// vectorText is what the card of the exhibit says.
const vectorText = "XA 2031: stop, do not detain, call XA"

// vectorWriter makes the vectors anew, from the same randomness each time. What
// must come of each is written down and not taken from the code; the lines
// "shows" are, and FORMAT.md and the independent reader hold them.
type vectorWriter struct {
	t    *testing.T
	one  *testLog // XA alone, with a red notice at its end
	four *testLog // XA to XD
	x    *ledger.Exhibit
	made map[string]bool
}

func writeVectors(t *testing.T) {
	cryptotest.SetGlobalRandom(t, 1)
	w := &vectorWriter{t: t, one: enrolled(t, 1), four: enrolled(t, 4), made: make(map[string]bool)}
	xa := w.one.Bureaus[0]
	body, err := seal.Seal(seal.Context{Ledger: keys.ID(w.one.Genesis.Ledger), Author: xa.Officer.Signer.ID()},
		[]seal.Part{{Compartment: seal.Card, Plaintext: []byte(vectorText), Readers: []*keys.Recipient{xa.Sealing[seal.Card].Recipient()}}})
	if err != nil {
		t.Fatal(err)
	}
	w.x = w.one.exhibit(t, body)

	w.genesis()
	w.statements()
	w.public()
	w.entries()
	w.checkpoints()
	w.notes()
	w.receipts()
	w.commands()
	w.exhibits()
	w.disclosures()
	w.evidence()
	w.bundles()
	w.ackExhibit()
	w.registrarExhibits() // the last, since they add to the log of four
	w.governance()
	w.recovery()
	w.formats()

	for _, name := range vectorNames(t) {
		if !w.made[name] {
			t.Errorf("%s.txt is not written any more", name)
		}
	}
}

// vector writes one file. The name begins with the type.
func (w *vectorWriter) vector(name, comment, result string, data []byte, given ...string) {
	w.t.Helper()
	kind, _, _ := strings.Cut(name, "-")
	v := &vector{comment: comment, kind: kind, result: result, given: given, data: data,
		text: kind == "checkpoint" || kind == "note" || kind == "receipt"}
	v.text = v.text && bytes.HasSuffix(data, []byte("\n")) && bytes.IndexByte(data, '\r') < 0
	shows, err := v.check(w.t)
	if got := resultOf(err); got != result {
		w.t.Fatalf("%s: got %s (%v), want %s", name, got, err, result)
	}
	if err == nil {
		v.shows = shows
	}
	w.made[name] = true
	if err := os.WriteFile(filepath.Join(vectorDir, name+".txt"), v.marshal(), 0o644); err != nil {
		w.t.Fatal(err)
	}
}

func (w *vectorWriter) malformed(name, comment string, data []byte, given ...string) {
	w.t.Helper()
	w.vector(name, comment, "malformed", data, given...)
}

// statement writes the bytes of the vectors' publish statement after a change.
func (w *vectorWriter) statement(change func(s *ledger.Statement)) []byte {
	s := *w.x.Item.Entry.Statement
	change(&s)
	return s.Marshal()
}

func (w *vectorWriter) statements() {
	good := w.statement(func(*ledger.Statement) {})
	target := func(s *ledger.Statement) { s.Target = ledger.ID{0xaa} }
	noBody := func(s *ledger.Statement) { s.BodyHash, s.BodyLen = ledger.Hash{}, 0 }
	enrol, revoke := w.one.entries[0].Statement.Public, (&ledger.Revoke{Key: keys.ID{0xaa}, SuspectFrom: ledger.NotSuspect}).Marshal()
	extend := (&ledger.Extend{ReviewBy: 20_819}).Marshal()
	review := (&ledger.Review{Decision: ledger.Approve, Version: ledger.ID{0xab}}).Marshal()
	purge := (&ledger.Purge{Reason: ledger.ReasonOver}).Marshal()
	circle := (&ledger.Circle{After: ledger.ID{0xac}}).Marshal()
	class := func(c ledger.Class, public []byte, changes ...func(*ledger.Statement)) []byte {
		return w.statement(func(s *ledger.Statement) {
			s.Class, s.Public = c, public
			for _, change := range changes {
				change(s)
			}
		})
	}
	w.vector("statement-publish", "A red notice, the first statement of its author.", "ok", good)
	w.vector("statement-second", "The second statement of an author, who has seen 5 entries.", "ok", w.statement(func(s *ledger.Statement) {
		s.Seq, s.Prev, s.SeenSize, s.SeenRoot = 1, ledger.ID{0xbb}, 5, ledger.Hash{0xcc}
	}))
	w.vector("statement-amend", "A new version of a notice.", "ok", class(ledger.ClassAmend, w.x.Item.Entry.Statement.Public, target))
	w.vector("statement-withdraw", "The origin ends a notice.", "ok", class(ledger.ClassWithdraw, nil, target, noBody))
	w.vector("statement-grant", "More readers for a notice.", "ok", class(ledger.ClassGrant, nil, target))
	w.vector("statement-reply", "An answer: what it answers is sealed.", "ok", class(ledger.ClassReply, nil))
	w.vector("statement-grant-victim", "More readers for the part on a victim.", "ok", class(ledger.ClassGrant, ledger.VictimGrant, target))
	w.vector("statement-suspend", "The origin suspends a notice, and says why.", "ok", class(ledger.ClassSuspend, []byte{1}, target))
	w.vector("statement-suspend-reviewers", "A reviewer wants it suspended, and does not say why.", "ok", class(ledger.ClassSuspend, []byte{2}, target, noBody))
	w.vector("statement-lift", "Oversight wants the suspended notice cancelled.", "ok", class(ledger.ClassLift, []byte{3, 2}, target, noBody))
	w.vector("statement-extend", "The origin keeps a notice until another day.", "ok", class(ledger.ClassExtend, extend, target))
	w.vector("statement-review", "A reviewer approves a version.", "ok", class(ledger.ClassReview, review, target, noBody))
	w.vector("statement-review-reason", "A reviewer returns it, and says why.", "ok", class(ledger.ClassReview, append([]byte{2}, review[1:]...), target))
	w.vector("statement-circle", "A circle is founded: its name, members and keys are sealed.", "ok", class(ledger.ClassCircle, nil))
	w.vector("statement-circle-epoch", "A circle gets another epoch.", "ok", class(ledger.ClassCircle, circle, target))
	w.vector("statement-circle-end", "A circle ends.", "ok", class(ledger.ClassCircle, circle, target, noBody))
	w.vector("statement-purge", "The bodies of a notice are to be destroyed.", "ok", class(ledger.ClassPurge, purge, target, noBody))
	w.vector("statement-purge-ack", "A node has destroyed what a purge names. Its author is the node's cosigning key.", "ok", w.statement(func(s *ledger.Statement) {
		*s = *w.ack(ledger.ID{0xaa}).Entry.Statement
	}))
	w.vector("statement-enrol", "A root admits a key.", "ok", class(ledger.ClassEnrol, enrol, noBody))
	w.vector("statement-revoke", "A root ends a key.", "ok", class(ledger.ClassRevoke, revoke, noBody))
	rotate := append(bytes.Repeat([]byte{0xab}, 32), enrol...)
	w.vector("statement-rotate", "A root puts a key in the place of another.", "ok", class(ledger.ClassRotate, rotate, noBody))
	w.malformed("statement-rotate-with-body", "A rotation has no body.", class(ledger.ClassRotate, rotate))
	w.malformed("statement-rotate-with-target", "A rotation names its keys in the clear fields.", class(ledger.ClassRotate, rotate, noBody, target))

	set := func(offset int, value ...byte) []byte {
		out := bytes.Clone(good)
		copy(out[offset:], value)
		return out
	}
	w.malformed("statement-empty", "No byte at all.", nil)
	w.malformed("statement-version-2", "A version to come.", set(0, 2))
	w.malformed("statement-class-0", "Class 0 is none.", set(1, 0))
	w.malformed("statement-class-20", "Class 20 is none.", set(1, 20))
	w.malformed("statement-grant-card", "Only a grant of the victim's part has fields.", class(ledger.ClassGrant, []byte{1}, target))
	w.malformed("statement-suspend-without-target", "A suspension of nothing.", class(ledger.ClassSuspend, []byte{1}, noBody))
	w.malformed("statement-suspend-without-authority", "Nobody's suspension.", class(ledger.ClassSuspend, nil, target))
	w.malformed("statement-lift-without-outcome", "It must be clear what becomes of the notice.", class(ledger.ClassLift, []byte{1}, target))
	w.malformed("statement-extend-without-body", "An extension without its reason.", class(ledger.ClassExtend, extend, target, noBody))
	w.malformed("statement-review-without-version", "A review of no version.", class(ledger.ClassReview, []byte{1}, target))
	w.malformed("statement-circle-without-body", "A circle is founded without its keys.", class(ledger.ClassCircle, nil, noBody))
	w.malformed("statement-circle-founding-after", "A founding statement that comes after another.", class(ledger.ClassCircle, circle))
	w.malformed("statement-circle-epoch-without-after", "Another epoch, after which one is not said.", class(ledger.ClassCircle, nil, target))
	w.malformed("statement-circle-after-zero", "Another epoch after none.", class(ledger.ClassCircle, make([]byte, 32), target))
	w.malformed("statement-purge-with-body", "A purge has no body.", class(ledger.ClassPurge, purge, target))
	w.malformed("statement-purge-without-target", "A purge of nothing.", class(ledger.ClassPurge, purge, noBody))
	w.malformed("statement-purge-without-reason", "A purge without its clear field.", class(ledger.ClassPurge, nil, target, noBody))
	w.malformed("statement-purge-ack-with-public", "An acknowledgement has no clear fields.", class(ledger.ClassPurgeAck, purge, target, noBody))
	w.malformed("statement-purge-ack-without-target", "An acknowledgement of nothing.", class(ledger.ClassPurgeAck, nil, noBody))
	w.malformed("statement-trailing-byte", "A byte after the public fields.", append(bytes.Clone(good), 0))
	w.malformed("statement-truncated", "The last byte is missing.", good[:len(good)-1])
	w.malformed("statement-seq-0-with-prev", "The first statement of an author names one before it.", w.statement(func(s *ledger.Statement) { s.Prev = ledger.ID{0xbb} }))
	w.malformed("statement-seq-1-without-prev", "The second statement of an author names none before it.", w.statement(func(s *ledger.Statement) { s.Seq = 1 }))
	w.malformed("statement-seen-0-with-root", "Nothing seen, and yet not the root of the empty tree.", w.statement(func(s *ledger.Statement) { s.SeenRoot = ledger.Hash{} }))
	w.malformed("statement-seen-1-empty-root", "One entry seen, and the root of the empty tree.", w.statement(func(s *ledger.Statement) { s.SeenSize = 1 }))
	w.malformed("statement-seen-too-large", "Sizes end at 2^62-1.", w.statement(func(s *ledger.Statement) { s.SeenSize, s.SeenRoot = 1<<62, ledger.Hash{1} }))
	w.malformed("statement-created-too-late", "The first second of the year 10000.", w.statement(func(s *ledger.Statement) { s.Created = ledger.MaxTime + 1 }))
	w.malformed("statement-body-len-without-hash", "A length of the body, and no hash.", w.statement(func(s *ledger.Statement) { s.BodyHash = ledger.Hash{} }))
	w.malformed("statement-body-hash-without-len", "A hash of the body, and no length.", w.statement(func(s *ledger.Statement) { s.BodyLen = 0 }))
	w.malformed("statement-body-too-long", "A body of 262,145 bytes.", w.statement(func(s *ledger.Statement) { s.BodyLen = ledger.MaxBody + 1 }))
	w.malformed("statement-size-class-differs", "A size class that is not that of the body.", w.statement(func(s *ledger.Statement) {
		s.Public = (&ledger.Publish{Kind: ledger.KindRed, ReviewBy: 20_000, SizeClass: 9}).Marshal()
	}))
	w.malformed("statement-publish-with-target", "A new notice acts on nothing.", w.statement(target))
	w.malformed("statement-publish-without-body", "A notice without a body.", w.statement(noBody))
	w.malformed("statement-publish-without-public", "A notice without its clear fields.", class(ledger.ClassPublish, nil))
	w.malformed("statement-amend-without-target", "A new version of nothing.", class(ledger.ClassAmend, w.x.Item.Entry.Statement.Public))
	w.malformed("statement-withdraw-with-body", "A withdrawal has no body.", class(ledger.ClassWithdraw, nil, target))
	w.malformed("statement-reply-with-target", "What a reply answers is sealed.", class(ledger.ClassReply, nil, target))
	w.malformed("statement-reply-with-public", "A reply has no clear fields.", class(ledger.ClassReply, []byte{0}))
	w.malformed("statement-enrol-with-body", "An enrolment has no body.", class(ledger.ClassEnrol, enrol))
	w.malformed("statement-revoke-with-target", "A revocation names its key in the clear fields.", class(ledger.ClassRevoke, revoke, noBody, target))
}

// publishAttachments writes the vectors of clear fields that name attachments.
func (w *vectorWriter) publishAttachments(with func(func(*ledger.Publish)) []byte) {
	sized := func(sizes ...uint64) []byte {
		return with(func(p *ledger.Publish) {
			for i, n := range sizes {
				p.Attachments = append(p.Attachments, ledger.Attachment{Address: ledger.Hash{byte(i + 1)}, Size: n})
			}
		})
	}
	size := uint64(seal.SealedSize(100))
	two, many := sized(size, seal.MaxSealedAttachment), make([]uint64, 17)
	for i := range many {
		many[i] = size
	}
	swapped := bytes.Clone(two)
	swapped[9], swapped[9+40] = swapped[9+40], swapped[9]
	equal := bytes.Clone(two)
	equal[9+40] = equal[9]
	none := append(with(func(*ledger.Publish) {}), 0)
	w.vector("publish-attachments", "Two attachments, one of them as long as any may be.", "ok", two)
	w.vector("publish-attachments-16", "As many attachments as there may be.", "ok", sized(many[:16]...))
	w.malformed("publish-attachments-0", "No attachment, and yet a number of them.", none)
	w.malformed("publish-attachments-17", "An attachment too many.", sized(many...))
	w.malformed("publish-attachments-descend", "The addresses do not ascend.", swapped)
	w.malformed("publish-attachments-twice", "An address twice.", equal)
	w.malformed("publish-attachments-size", "No file is so long when it is sealed.", sized(size+1))
	w.malformed("publish-attachments-too-large", "The sealed file of one that is too large.", sized(uint64(seal.SealedSize(seal.MaxAttachment+2<<20))))
	w.malformed("publish-attachments-truncated", "The last byte is missing.", two[:len(two)-1])
	w.malformed("publish-attachments-trailing-byte", "A byte too many.", append(bytes.Clone(two), 0))
}

func (w *vectorWriter) public() {
	p := ledger.Publish{Kind: ledger.KindYellow, ReviewBy: 20_819, Classification: ledger.Restricted, Urgency: ledger.U3, SizeClass: 12}
	with := func(change func(p *ledger.Publish)) []byte {
		q := p
		change(&q)
		return q.Marshal()
	}
	w.vector("publish", "A missing person, most urgent.", "ok", p.Marshal())
	w.vector("publish-diffusion", "A diffusion: its kind is sealed.", "ok", (&ledger.Publish{}).Marshal())
	w.malformed("publish-kind-diffusion", "A diffusion does not say that it is one.", with(func(p *ledger.Publish) { p.Kind = ledger.KindDiffusion }))
	w.malformed("publish-kind-12", "Kind 12 is none.", with(func(p *ledger.Publish) { p.Kind = 12 }))
	w.malformed("publish-classification-4", "Classification 4 is none.", with(func(p *ledger.Publish) { p.Classification = 4 }))
	w.malformed("publish-urgency-4", "Urgency 4 is none.", with(func(p *ledger.Publish) { p.Urgency = 4 }))
	w.malformed("publish-review-too-late", "The first day of the year 10000.", with(func(p *ledger.Publish) { p.ReviewBy = ledger.MaxDay + 1 }))
	w.malformed("publish-size-class-19", "No body is larger than 2^18 bytes.", with(func(p *ledger.Publish) { p.SizeClass = 19 }))
	w.malformed("publish-trailing-byte", "A byte too many.", append(p.Marshal(), 0))
	w.publishAttachments(with)

	enrol := func(i int, change func(e *ledger.Enrol)) []byte {
		e, err := ledger.ParseEnrol(w.one.entries[i].Statement.Public)
		if err != nil {
			w.t.Fatal(err)
		}
		change(e)
		return e.Marshal()
	}
	same := func(*ledger.Enrol) {}
	access := ledger.Enrol{Purpose: ledger.PurposeAccess, Label: "laptop-3", Roles: ledger.RoleDesk, Key: bytes.Repeat([]byte{0xab}, 32)}
	w.vector("enrol-sign", "A signing key, with the proof of possession over\nledger id || id of the root || key.", "ok", enrol(0, same))
	w.vector("enrol-seal", "A sealing key for cards.", "ok", enrol(2, same))
	w.vector("enrol-access", "A client's TLS key, by its id.", "ok", access.Marshal())
	w.malformed("enrol-purpose-4", "Purpose 4 is none.", enrol(0, func(e *ledger.Enrol) { e.Purpose = 4 }))
	w.malformed("enrol-role-unknown", "Role bit 7 is none.", enrol(0, func(e *ledger.Enrol) { e.Roles |= 1 << 7 }))
	w.vector("enrol-registrar", "A signing key that may enrol, replace and revoke keys.", "ok", enrol(0, func(e *ledger.Enrol) { e.Roles = ledger.RoleRegistrar }))
	w.rotations(enrol)
	w.malformed("enrol-sign-without-roles", "A signing key without a role.", enrol(0, func(e *ledger.Enrol) { e.Roles = 0 }))
	w.malformed("enrol-sign-with-compartment", "A signing key opens nothing.", enrol(0, func(e *ledger.Enrol) { e.Compartment = 1 }))
	w.malformed("enrol-sign-without-proof", "A signing key without proof of possession.", enrol(0, func(e *ledger.Enrol) { e.Proof = nil }))
	w.malformed("enrol-sign-small-order", "A key of small order, under which anyone can sign.", enrol(0, func(e *ledger.Enrol) { e.Key = make([]byte, 32) }))
	w.malformed("enrol-seal-with-roles", "A sealing key has no roles.", enrol(2, func(e *ledger.Enrol) { e.Roles = 1 }))
	w.malformed("enrol-seal-compartment-4", "Compartment 4 is none.", enrol(2, func(e *ledger.Enrol) { e.Compartment = 4 }))
	w.malformed("enrol-seal-with-proof", "A sealing key has no proof.", enrol(2, func(e *ledger.Enrol) { e.Proof = make([]byte, 64) }))
	w.malformed("enrol-seal-short-key", "A sealing key of 1,215 bytes.", enrol(2, func(e *ledger.Enrol) { e.Key = e.Key[:1215] }))
	w.malformed("enrol-label-empty", "Every key has a label.", enrol(0, func(e *ledger.Enrol) { e.Label = "" }))
	w.malformed("enrol-label-upper-case", "Labels are lower-case letters, digits and hyphens.", enrol(0, func(e *ledger.Enrol) { e.Label = "Desk-1" }))
	w.malformed("enrol-label-too-long", "A label of 33 bytes.", enrol(0, func(e *ledger.Enrol) { e.Label = strings.Repeat("d", 33) }))
	w.malformed("enrol-trailing-byte", "A byte too many.", append(enrol(0, same), 0))

	w.lifecycle()
	w.vector("purge", "The case is over.", "ok", []byte{1})
	w.vector("purge-retention", "It has been kept for as long as it may be.", "ok", []byte{2})
	w.vector("purge-order", "Somebody wants it who may.", "ok", []byte{3})
	w.malformed("purge-reason-0", "Reason 0 is none.", []byte{0})
	w.malformed("purge-reason-4", "Reason 4 is none.", []byte{4})
	w.malformed("purge-empty", "No reason.", nil)
	w.malformed("purge-trailing-byte", "A byte too many.", []byte{1, 0})

	r := ledger.Revoke{Key: keys.ID(bytes.Repeat([]byte{0xab}, 32)), SuspectFrom: 17}
	w.vector("revoke", "What the key signed from entry 17 on deserves a look.", "ok", r.Marshal())
	w.malformed("revoke-truncated", "A byte is missing.", r.Marshal()[:39])
	w.malformed("revoke-trailing-byte", "A byte too many.", append(r.Marshal(), 0))
}

func (w *vectorWriter) rotations(enrol func(int, func(*ledger.Enrol)) []byte) {
	old, same := bytes.Repeat([]byte{0xab}, 32), func(*ledger.Enrol) {}
	rotate := func(i int) []byte { return append(bytes.Clone(old), enrol(i, same)...) }
	e, err := ledger.ParseEnrol(enrol(0, same))
	if err != nil {
		w.t.Fatal(err)
	}
	id := e.KeyID()
	w.vector("rotate", "A signing key in the place of another.", "ok", rotate(0))
	w.vector("rotate-seal", "A sealing key in the place of another.", "ok", rotate(2))
	w.malformed("rotate-itself", "A key does not replace itself.", append(id[:], enrol(0, same)...))
	w.malformed("rotate-nothing", "No key.", nil)
	w.malformed("rotate-old-alone", "Nothing in its place.", old)
	w.malformed("rotate-trailing-byte", "A byte too many.", append(rotate(0), 0))
}

func (w *vectorWriter) lifecycle() {
	w.vector("suspend", "By the origin.", "ok", []byte{1})
	w.malformed("suspend-authority-0", "Authority 0 is none.", []byte{0})
	w.malformed("suspend-authority-4", "Authority 4 is none.", []byte{4})
	w.malformed("suspend-trailing-byte", "A byte too many.", []byte{1, 1})
	w.vector("lift", "Reviewers restore the notice.", "ok", []byte{2, 1})
	w.vector("lift-cancelled", "Oversight cancels it.", "ok", []byte{3, 2})
	w.malformed("lift-authority-4", "Authority 4 is none.", []byte{4, 1})
	w.malformed("lift-outcome-0", "Outcome 0 is none.", []byte{1, 0})
	w.malformed("lift-outcome-3", "Outcome 3 is none.", []byte{1, 3})
	w.malformed("lift-trailing-byte", "A byte too many.", []byte{1, 1, 1})
	w.vector("extend", "Until the first day of 2027.", "ok", (&ledger.Extend{ReviewBy: 20_819}).Marshal())
	w.malformed("extend-day-0", "Until no day.", make([]byte, 4))
	w.malformed("extend-too-late", "The first day of the year 10000.", (&ledger.Extend{ReviewBy: ledger.MaxDay + 1}).Marshal())
	w.malformed("extend-truncated", "A byte is missing.", make([]byte, 3))
	r := (&ledger.Review{Decision: ledger.Return, Version: ledger.ID{0xab}}).Marshal()
	w.vector("review", "Return it to its origin.", "ok", r)
	w.malformed("review-decision-0", "Decision 0 is none.", flip(r, 0, 2))
	w.malformed("review-decision-4", "Decision 4 is none.", flip(r, 0, 6))
	w.malformed("review-no-version", "Of a version whose id is zero.", (&ledger.Review{Decision: ledger.Return}).Marshal())
	w.malformed("review-truncated", "A byte is missing.", r[:32])
	w.malformed("review-trailing-byte", "A byte too many.", append(bytes.Clone(r), 0))
	after := (&ledger.Circle{After: ledger.ID{0xac}}).Marshal()
	w.vector("circle", "What comes after the statement named.", "ok", after)
	w.malformed("circle-after-zero", "After none: a founding statement has no fields at all.", make([]byte, 32))
	w.malformed("circle-truncated", "A byte is missing.", after[:31])
	w.malformed("circle-trailing-byte", "A byte too many.", append(bytes.Clone(after), 0))
}

// ack is the first statement of XA's node: it has done what a purge says.
func (w *vectorWriter) ack(purge ledger.ID) ledger.Item {
	w.t.Helper()
	xa := w.one.Bureaus[0]
	return w.one.NodeAuthor(xa).PurgeAck(w.t, purge)
}

// rawEntry joins a statement and signatures without looking at either.
func rawEntry(statement []byte, sigs ...ledger.Signature) []byte {
	b := cryptobyte.NewBuilder(nil)
	b.AddUint24LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(statement) })
	b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
		for _, s := range sigs {
			b.AddBytes(s.Key[:])
			b.AddBytes(s.Sig[:])
		}
	})
	return b.BytesOrPanic()
}

func (w *vectorWriter) entries() {
	e := w.x.Item.Entry
	author, other := e.Signatures[0], e.Signatures[1]
	xa := w.one.Bureaus[0]
	key := func(pub []byte) string { return "key " + hex.EncodeToString(pub) }
	given := []string{key(xa.Officer.Signer.Public()), key(xa.Supervisor.Signer.Public())}
	w.vector("entry-two-signatures", "The red notice of statement-publish.txt with two signatures.", "ok", e.Raw, given...)
	w.vector("entry-one-signature", "A root admits the signing key desk-1.", "ok", w.one.entries[0].Raw, key(xa.Root.Signer.Public()))
	w.vector("entry-purge-ack", "XA's node acknowledges a purge with its cosigning key.", "ok", w.ack(ledger.ID{0xaa}).Entry.Raw,
		key(xa.Witness.Public().Ed25519))
	bad := author
	bad.Sig[0] ^= 1
	w.vector("entry-bad-signature", "One bit of the author's signature is flipped: it parses and does not verify.", "refused",
		rawEntry(e.Signed(), bad, other), given...)
	w.vector("entry-signatures-swapped", "Each signature stands with the other's key: it parses and does not verify.", "refused",
		rawEntry(e.Signed(), ledger.Signature{Key: author.Key, Sig: other.Sig}, ledger.Signature{Key: other.Key, Sig: author.Sig}), given...)
	key3, key4, key5 := ledger.Signature{Key: keys.ID{1}}, ledger.Signature{Key: keys.ID{2}}, ledger.Signature{Key: keys.ID{3}}
	w.vector("entry-four-signatures", "Four signatures, which nobody has verified, in order.", "ok", rawEntry(e.Signed(), author, key3, key4, key5))
	w.malformed("entry-five-signatures", "One too many.", rawEntry(e.Signed(), author, key3, key4, key5, ledger.Signature{Key: keys.ID{4}}))
	w.malformed("entry-unsigned", "No signature.", rawEntry(e.Signed()))
	w.malformed("entry-author-not-first", "The author's signature comes second.", rawEntry(e.Signed(), other, author))
	w.malformed("entry-author-missing", "Somebody else signed alone.", rawEntry(e.Signed(), other))
	w.malformed("entry-author-twice", "The author signed twice.", rawEntry(e.Signed(), author, author))
	w.malformed("entry-unsorted", "The second and third signature descend by key id.", rawEntry(e.Signed(), author, key4, key3))
	w.malformed("entry-signer-twice", "The second and third signature are by one key.", rawEntry(e.Signed(), author, key3, key3))
	w.malformed("entry-trailing-byte", "A byte after the signatures.", append(bytes.Clone(e.Raw), 0))
	w.malformed("entry-truncated", "The last byte is missing.", e.Raw[:len(e.Raw)-1])
	w.malformed("entry-bad-statement", "The statement has a version to come.", rawEntry(flip(e.Signed(), 0, 3), author, other))
}

func (w *vectorWriter) commands() {
	e := w.one.entries[0]
	red := w.x.Item
	batch := &ledger.Command{Batch: &ledger.Batch{Time: 1_700_000_000_123, Items: []ledger.Item{{Entry: e}, red}}}
	cosigs := w.four.cosign(w.t, w.four.checkpoint(w.t), w.four.Bureaus[0])
	cosign := &ledger.Command{Cosignatures: cosigs}
	w.vector("cosignature", "As commands carry it, and what its two signatures are over.", "ok", cosigs[0].Marshal(), "genesis genesis-four")
	w.vector("cosignature-other-ledger", "For a ledger with another charter.", "refused", cosigs[0].Marshal(), "genesis genesis-one")
	w.vector("cosignature-bad-ed25519", "One bit of the Ed25519 signature is flipped.", "refused", flip(cosigs[0].Marshal(), 100, 1), "genesis genesis-four")
	w.vector("cosignature-bad-mldsa", "One bit of the ML-DSA-44 signature is flipped.", "refused", flip(cosigs[0].Marshal(), 1000, 1), "genesis genesis-four")
	w.malformed("cosignature-trailing-byte", "A byte too many.", append(cosigs[0].Marshal(), 0))
	late := *cosigs[0]
	late.Time = ledger.MaxTime + 1
	w.malformed("cosignature-too-late", "The first second of the year 10000.", late.Marshal())
	large := *cosigs[0]
	large.Size = 1 << 62
	w.malformed("cosignature-too-large", "Sizes end at 2^62-1.", large.Marshal())

	w.vector("item", "The red notice with its sealed body.", "ok", red.Marshal())
	changed := red
	changed.Body = flip(red.Body, 100, 1)
	w.malformed("item-other-body", "One bit of the body is flipped.", changed.Marshal())
	w.malformed("item-without-body", "The body is missing.", (&ledger.Item{Entry: red.Entry}).Marshal())
	w.malformed("item-with-body", "A body that no statement names.", (&ledger.Item{Entry: e, Body: []byte{0}}).Marshal())
	share := append([]byte{1, 0, 1, 3}, make([]byte, 1168)...)
	xa := w.one.Bureaus[0]
	w.vector("item-victim-grant", "A re-share of the victim's part says so.", "ok",
		itemBytes(xa.Officer.Sign(w.t, ledger.Statement{Class: ledger.ClassGrant, Target: ledger.ID{0xaa}, Public: ledger.VictimGrant}, share)))
	w.malformed("item-victim-grant-hidden", "A re-share of the victim's part does not say so.",
		itemBytes(xa.Officer.Sign(w.t, ledger.Statement{Class: ledger.ClassGrant, Target: ledger.ID{0xaa}}, share)))
	w.malformed("item-card-grant-as-victim", "A re-share of the card says that it is of the victim's part.",
		itemBytes(xa.Officer.Sign(w.t, ledger.Statement{Class: ledger.ClassGrant, Target: ledger.ID{0xaa}, Public: ledger.VictimGrant}, flip(share, 3, 2))))
	w.malformed("item-trailing-byte", "A byte too many.", append((&ledger.Item{Entry: e}).Marshal(), 0))

	w.vector("command-batch", "An enrolment and the red notice in one batch.", "ok", batch.Marshal())
	w.vector("command-cosignatures", "One cosignature.", "ok", cosign.Marshal())
	evidence := &ledger.Command{Evidence: cosigs[0]}
	w.vector("command-evidence", "A cosignature as evidence; whether it is any, the log says.", "ok", evidence.Marshal())
	w.malformed("command-evidence-trailing-byte", "Evidence is one cosignature and nothing more.", append(evidence.Marshal(), 0))
	w.malformed("command-evidence-empty", "Evidence without a cosignature.", []byte{3})
	w.malformed("command-type-4", "Type 4 is none.", flip(evidence.Marshal(), 0, 7))
	w.malformed("command-type-0", "Type 0 is none.", flip(cosign.Marshal(), 0, 2))
	w.malformed("command-empty-batch", "A batch of no entries.", make11(1))
	w.malformed("command-no-cosignatures", "None at all.", []byte{2, 0})
	w.malformed("command-batch-count", "It says two entries and holds one.", (func() []byte {
		one := &ledger.Command{Batch: &ledger.Batch{Time: 1, Items: []ledger.Item{{Entry: e}}}}
		return flip(one.Marshal(), 10, 3)
	})())
	w.malformed("command-too-late", "The first millisecond of the year 10000.", (func() []byte {
		one := &ledger.Command{Batch: &ledger.Batch{Time: (ledger.MaxTime + 1) * 1000, Items: []ledger.Item{{Entry: e}}}}
		return one.Marshal()
	})())
	w.malformed("command-trailing-byte", "A byte too many.", append(cosign.Marshal(), 0))
}

func itemBytes(it ledger.Item) []byte { return it.Marshal() }

// make11 is a batch head that says no entries.
func make11(kind byte) []byte { return append([]byte{kind}, make([]byte, 10)...) }

func (w *vectorWriter) exhibits() {
	x := w.x
	given := []string{"genesis genesis-one", "card " + w.one.Bureaus[0].Sealing[seal.Card].String()}
	w.vector("exhibit", "The red notice with all that proves it, and the key that opens its card.", "ok", x.Marshal(), given...)
	body := *x
	body.Item.Body = flip(x.Item.Body, 100, 1)
	w.vector("exhibit-body-changed", "One bit of the sealed body is flipped.", "refused", body.Marshal(), given[0])
	unknown := *x
	unknown.Enrols = x.Enrols[:1]
	w.vector("exhibit-signer-unknown", "Nothing shows whose key the second signature is by.", "refused", unknown.Marshal(), given[0])
	index := *x
	index.Receipt = &ledger.Receipt{Index: 4, Proof: x.Receipt.Proof, Note: x.Receipt.Note}
	w.vector("exhibit-other-index", "The receipt names another index.", "not-included", index.Marshal(), given[0])
	w.vector("exhibit-other-ledger", "Held against the charter of another ledger.", "other-ledger", x.Marshal(), "genesis genesis-four")
	w.malformed("exhibit-trailing-byte", "A byte too many.", append(x.Marshal(), 0), given[0])
	w.malformed("exhibit-header-v2", "A version to come.", bytes.Replace(x.Marshal(), []byte("exhibit v1"), []byte("exhibit v2"), 1), given[0])
}

func (w *vectorWriter) ackExhibit() {
	l := w.four
	ack := l.NodeAuthor(l.Bureaus[1]).PurgeAck(w.t, ledger.ID{0xaa})
	at := l.add(w.t, ack.Entry)
	note := l.note(w.t, l.quorum()...)
	w.vector("exhibit-purge-ack", "XB's node says that it has destroyed what a purge names: the charter vouches for its key.", "ok",
		(&ledger.Exhibit{Ledger: l.Genesis.Ledger, Item: ack, Receipt: l.receipt(w.t, at, note)}).Marshal(), "genesis genesis-four")
}

// registrarExhibits writes exhibits of what signs a key that a registrar enrolled.
func (w *vectorWriter) registrarExhibits() {
	l, b := w.four, w.four.Bureaus[0]
	registrar, clerk, officer := l.NewAuthor("registrar"), l.NewAuthor("clerk"), l.NewAuthor("officer")
	add := func(it ledger.Item) (ledger.Item, uint64) { return it, l.add(w.t, it.Entry) }
	first, at1 := add(b.EnrolSigner(w.t, registrar, "registrar-1", ledger.RoleRegistrar))
	second, at2 := add(b.EnrolSigner(w.t, clerk, "desk-7", ledger.RoleDesk))
	third, at3 := add(registrar.Enrol(w.t, officer, "desk-9", ledger.RoleDesk))
	said, at4 := add(officer.Reply(w.t, []byte("nobody opens this")))
	stray, at5 := add(clerk.Enrol(w.t, l.NewAuthor("friend"), "desk-8", ledger.RoleDesk)) // no ledger accepts it
	false1, at6 := add(l.NewAuthor("friend").Reply(w.t, []byte("nor this")))
	note := l.note(w.t, l.quorum()...)
	exhibit := func(it ledger.Item, at uint64, list ...ledger.Enrolment) []byte {
		return (&ledger.Exhibit{Ledger: l.Genesis.Ledger, Item: it, Receipt: l.receipt(w.t, at, note), Enrols: list}).Marshal()
	}
	by := func(it ledger.Item, at uint64) ledger.Enrolment {
		return ledger.Enrolment{Entry: it.Entry, Receipt: l.receipt(w.t, at, note)}
	}
	given := "genesis genesis-four"
	w.vector("exhibit-registrar", "A registrar enrolled the key that signed, and a root the registrar's.", "ok", exhibit(said, at4, by(third, at3), by(first, at1)), given)
	w.vector("exhibit-registrar-missing", "Nothing shows that the key which enrolled is a registrar's.", "refused", exhibit(said, at4, by(third, at3)), given)
	w.vector("exhibit-registrar-other", "Another key than that which enrolled is shown to be enrolled.", "refused", exhibit(said, at4, by(third, at3), by(second, at2)), given)
	w.vector("exhibit-registrar-no-role", "The key that enrolled is no registrar's. No ledger accepts this.", "refused", exhibit(false1, at6, by(stray, at5), by(second, at2)), given)
	w.vector("exhibit-registrar-left-over", "An enrolment that no signature needs.", "refused", exhibit(said, at4, by(third, at3), by(first, at1), by(second, at2)), given)
}

func (w *vectorWriter) evidence() {
	l, b := w.four, w.four.Bureaus
	given := "genesis genesis-four"
	final := l.note(w.t, b[0], b[1], b[2])
	forged := func(size uint64, by ...*ledgertest.Bureau) []byte {
		c := ledger.Checkpoint{Origin: l.Genesis.Origin(), Size: size, Root: ledger.Hash{0xaa}}
		return ledger.FormatNote(c, l.Genesis.PolicyAt(0).Witness, l.cosign(w.t, c, by...))
	}
	make := func(other []byte) *ledger.Evidence {
		e, err := ledger.NewEvidence(l.Genesis, other, final, l)
		if err != nil {
			w.t.Fatal(err)
		}
		return e
	}
	good := make(forged(12, b[0], b[3]))
	with := func(change func(e *ledger.Evidence)) []byte {
		e := *good
		change(&e)
		return e.Marshal()
	}
	w.vector("evidence", "XA and XD signed another history of the first 12 entries; XA signed the FINAL one too.", "ok", good.Marshal(), given)
	w.vector("evidence-two-final", "Two FINAL checkpoints of one size: XB and XC signed both.", "ok", make(forged(20, b[1], b[2], b[3])).Marshal(), given)
	w.vector("evidence-empty", "Another root of no entries than the hash of nothing.", "ok", make(forged(0, b[3])).Marshal(), given)
	w.vector("evidence-same-history", "The smaller checkpoint is one of the FINAL history.", "refused", with(func(e *ledger.Evidence) {
		c := ledger.Checkpoint{Origin: l.Genesis.Origin(), Size: 12, Root: e.Root}
		e.Note = ledger.FormatNote(c, l.Genesis.PolicyAt(0).Witness, l.cosign(w.t, c, b[0]))
	}), given)
	w.vector("evidence-other-root", "The root is not that of the FINAL history at 12.", "refused", with(func(e *ledger.Evidence) { e.Root[0] ^= 1 }), given)
	w.vector("evidence-proof-short", "A hash of the proof is missing.", "refused", with(func(e *ledger.Evidence) { e.Proof = e.Proof[1:] }), given)
	w.vector("evidence-proof-at-equal-size", "A proof where none is needed.", "refused", (func() []byte {
		e := make(forged(20, b[3]))
		e.Proof = good.Proof
		return e.Marshal()
	})(), given)
	w.vector("evidence-beyond", "The contradicting checkpoint is larger than the FINAL one.", "refused", with(func(e *ledger.Evidence) { e.Note = forged(21, b[3]) }), given)
	w.vector("evidence-not-final", "Two of the three that are needed signed the second.", "quorum", with(func(e *ledger.Evidence) { e.Final = noteOf(final, 2) }), given)
	w.vector("evidence-nobody", "Nobody of the ledger signed the first.", "quorum", with(func(e *ledger.Evidence) {
		text, _ := splitNote(e.Note)
		e.Note = []byte(text + "\n— witness.example AAAAAAA=\n")
	}), given)
	w.vector("evidence-stray-line", "A line of somebody unknown has no place here.", "refused", with(func(e *ledger.Evidence) {
		e.Final = append(bytes.Clone(e.Final), "— witness.example AAAAAAA=\n"...)
	}), given)
	w.vector("evidence-one-line", "XD has its Ed25519 line only.", "refused", with(func(e *ledger.Evidence) {
		text, lines := splitNote(e.Note)
		e.Note = []byte(text + "\n" + lines[0] + lines[1] + lines[2])
	}), given)
	w.vector("evidence-other-ledger", "Held against the charter of another ledger.", "other-ledger", good.Marshal(), "genesis genesis-one")
	w.malformed("evidence-trailing-byte", "A byte too many.", append(good.Marshal(), 0), given)
	w.malformed("evidence-truncated", "The last byte is missing.", good.Marshal()[:len(good.Marshal())-1], given)
	w.malformed("evidence-header-v2", "A version to come.", bytes.Replace(good.Marshal(), []byte("evidence v1"), []byte("evidence v2"), 1), given)
	w.malformed("evidence-too-many-hashes", "64 hashes: no proof is that long.", (func() []byte {
		data := with(func(e *ledger.Evidence) { e.Proof = nil })
		return append(append(data[:len(data)-1], 64), bytes.Repeat([]byte{1}, 64*32)...)
	})(), given)
}
