package ledger

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/bits"

	"comity/crypto/keys"

	"golang.org/x/crypto/cryptobyte"
)

// ErrMalformed is returned by every parser of this package for bytes that are
// not the one encoding of a value. It does not say which byte: whoever sent
// them does not need to know.
var ErrMalformed = errors.New("malformed")

// ErrLater is returned for a statement of a version, class or change that this program
// does not know. It is [ErrMalformed] too, and nothing more to who follows a log, in
// which the format is raised before such an entry. Who has an entry by itself cannot
// tell whether it is forged, or of a later format.
var ErrLater = fmt.Errorf("%w: of a version, class or change that is not known here", ErrMalformed)

// Bounds of a statement and of what it points to.
const (
	MaxPublic    = 4 << 10   // clear class-specific fields
	MaxBody      = 256 << 10 // a sealed body
	MaxEntry     = 65_535    // leaf data; c2sp.org/tlog-tiles entry bundles carry a u16 length
	MaxSigners   = 4         // signatures in one entry
	statementVer = 1
)

// ID names a statement: H("comity/v1/statement\0" || statement). Signatures are
// not in it, so one act has one id however many officers signed it.
type ID = keys.ID

// Hash is a SHA-256 value: a ledger id, a root, the hash of a body.
type Hash = [32]byte

// Class is what a statement does.
type Class uint8

// The classes of statements. Numbers are part of the format and are never reused.
const (
	ClassPublish  Class = 1 + iota // a new notice
	ClassAmend                     // a new version of a notice
	ClassWithdraw                  // the origin ends a notice
	ClassGrant                     // more readers for an existing body
	ClassReply                     // ack, hit, outcome, message: which one is sealed
	ClassSuspend                   // nobody is to act on a notice for the time being
	ClassLift                      // a suspension ends, or the notice with it
	ClassExtend                    // the origin keeps a notice beyond its day of review
	ClassPurge                     // the bodies of a notice or of a reply are destroyed
	ClassPurgeAck                  // a node has done so
	ClassEnrol                     // a bureau's root or registrar admits a key
	ClassRevoke                    // a bureau's root or registrar ends a key
	ClassRotate                    // a bureau's root or registrar puts a key in the place of another
	ClassPropose                   // a voter wants to change who belongs to the consortium
	ClassVote                      // a voter is for that, or against it
	ClassEpoch                     // it is done, and takes effect
	ClassRecover                   // a quorum of roots goes on from the last FINAL head, after the quorum of nodes was lost
	ClassReview                    // another bureau approves, returns or refuses a notice
	ClassCircle                    // a bureau founds a circle of bureaus, changes it, or ends it
)

var classNames = [...]string{"", "publish", "amend", "withdraw", "grant", "reply", "suspend", "lift", "extend", "purge", "purge-ack",
	"enrol", "revoke", "rotate", "propose", "vote", "epoch", "recover", "review", "circle"}

// String returns the name of c.
func (c Class) String() string { return nameOf(classNames[:], uint8(c), "class") }

// Statement is what an officer signs. See FORMAT.md, "Statement".
type Statement struct {
	Class    Class
	Ledger   Hash    // H(charter): stops replay into another ledger
	Author   keys.ID // the signing key of the author; of a purge-ack the cosigning key of the node
	Seq      uint64  // per author, from 0, without gaps
	Prev     ID      // id of the author's previous statement; zero at Seq 0
	SeenSize uint64  // last FINAL checkpoint that the author verified
	SeenRoot Hash    // its root; [EmptyRoot] at SeenSize 0
	Created  uint64  // author's clock, POSIX seconds: a claim, decides nothing
	Target   ID      // the statement acted on, or zero
	BodyHash Hash    // H(sealed body), or zero
	BodyLen  uint32  // length of the sealed body in bytes
	Public   []byte  // class-specific clear fields, see public.go
}

// EmptyRoot is the root of a tree without leaves: SHA-256 of nothing (RFC 6962, 2.1).
var EmptyRoot = sha256.Sum256(nil)

// StatementID returns the id of the statement with these bytes.
func StatementID(statement []byte) ID {
	h := sha256.New()
	h.Write([]byte("comity/v1/statement\x00"))
	h.Write(statement)
	return ID(h.Sum(nil))
}

// Marshal returns the bytes that officers sign. It panics when Public is longer
// than [MaxPublic], which is a bug of the caller.
func (s *Statement) Marshal() []byte {
	if len(s.Public) > s.Class.maxPublic() {
		panic("ledger: public fields too long")
	}
	b := cryptobyte.NewBuilder(make([]byte, 0, 256+len(s.Public)))
	b.AddUint8(statementVer)
	b.AddUint8(uint8(s.Class))
	b.AddBytes(s.Ledger[:])
	b.AddBytes(s.Author[:])
	b.AddUint64(s.Seq)
	b.AddBytes(s.Prev[:])
	b.AddUint64(s.SeenSize)
	b.AddBytes(s.SeenRoot[:])
	b.AddUint64(s.Created)
	b.AddBytes(s.Target[:])
	b.AddBytes(s.BodyHash[:])
	b.AddUint32(s.BodyLen)
	b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(s.Public) })
	return b.BytesOrPanic()
}

// ParseStatement parses the bytes of a statement, and with them the class's
// clear fields. The returned Public aliases data.
func ParseStatement(data []byte) (*Statement, error) {
	var (
		s       Statement
		version uint8
		class   uint8
		public  cryptobyte.String
	)
	in := cryptobyte.String(data)
	if in.ReadUint8(&version) && version > statementVer {
		return nil, ErrLater
	}
	ok := version == statementVer &&
		in.ReadUint8(&class) &&
		in.CopyBytes(s.Ledger[:]) &&
		in.CopyBytes(s.Author[:]) &&
		in.ReadUint64(&s.Seq) &&
		in.CopyBytes(s.Prev[:]) &&
		in.ReadUint64(&s.SeenSize) &&
		in.CopyBytes(s.SeenRoot[:]) &&
		in.ReadUint64(&s.Created) &&
		in.CopyBytes(s.Target[:]) &&
		in.CopyBytes(s.BodyHash[:]) &&
		in.ReadUint32(&s.BodyLen) &&
		in.ReadUint16LengthPrefixed(&public) && in.Empty()
	if !ok {
		return nil, ErrMalformed
	}
	s.Class, s.Public = Class(class), public
	if err := s.check(); err != nil {
		return nil, err
	}
	return &s, nil
}

// check holds the rules that need nothing but the statement itself.
func (s *Statement) check() error {
	zero := Hash{}
	switch {
	case int(s.Class) >= len(classFormats):
		return ErrLater
	case len(s.Public) > s.Class.maxPublic(), s.BodyLen > MaxBody, s.SeenSize > maxSize, s.Created > MaxTime,
		(s.Seq == 0) != (s.Prev == ID(zero)),
		(s.SeenSize == 0) != (s.SeenRoot == EmptyRoot),
		(s.BodyLen == 0) != (s.BodyHash == zero):
		return ErrMalformed
	}
	body, target := s.BodyLen > 0, s.Target != ID(zero)
	switch s.Class {
	case ClassPublish:
		return must(s.checkPublish(), body, !target)
	case ClassAmend:
		return must(s.checkPublish(), body, target)
	case ClassWithdraw:
		return must(nil, !body, target, len(s.Public) == 0)
	case ClassGrant:
		return must(nil, body, target, len(s.Public) == 0 || bytes.Equal(s.Public, VictimGrant))
	case ClassReply:
		return must(nil, body, !target, len(s.Public) == 0)
	case ClassSuspend:
		_, err := ParseSuspend(s.Public)
		return must(err, target)
	case ClassLift:
		_, err := ParseLift(s.Public)
		return must(err, target)
	case ClassExtend:
		_, err := ParseExtend(s.Public)
		return must(err, body, target)
	case ClassReview:
		_, err := ParseReview(s.Public)
		return must(err, target)
	case ClassCircle:
		return s.checkCircle(body, target)
	case ClassPurge:
		_, err := ParsePurge(s.Public)
		return must(err, !body, target)
	case ClassPurgeAck:
		return must(nil, !body, target, len(s.Public) == 0)
	case ClassEnrol:
		_, err := ParseEnrol(s.Public)
		return must(err, !body, !target)
	case ClassRevoke:
		_, err := ParseRevoke(s.Public)
		return must(err, !body, !target)
	case ClassRotate:
		_, err := ParseRotate(s.Public)
		return must(err, !body, !target)
	case ClassPropose:
		_, err := ParsePropose(s.Public)
		return must(err, !body, !target)
	case ClassVote:
		_, err := ParseVote(s.Public)
		return must(err, !body, target)
	case ClassEpoch:
		_, err := ParseEnact(s.Public)
		return must(err, !body, target)
	case ClassRecover:
		_, err := ParseRecover(s.Public)
		return must(err, !body, !target, s.SeenSize > 0)
	}
	return ErrMalformed
}

// maxSigners bounds the signatures of an entry of class c.
func (c Class) maxSigners() int {
	if c == ClassRecover {
		return MaxVoters
	}
	return MaxSigners
}

// maxPublic bounds the clear fields of a statement of class c.
func (c Class) maxPublic() int {
	if c == ClassRecover {
		return MaxRecover
	}
	return MaxPublic
}

// checkPublish holds the clear size against the signed one: they are one fact.
func (s *Statement) checkPublish() error {
	p, err := ParsePublish(s.Public)
	if err == nil && (s.BodyLen == 0 || int(p.SizeClass) != bits.Len32(s.BodyLen-1)) {
		err = ErrMalformed
	}
	return err
}

func must(err error, rules ...bool) error {
	if errors.Is(err, ErrLater) {
		return ErrLater
	}
	if err != nil {
		return ErrMalformed
	}
	for _, ok := range rules {
		if !ok {
			return ErrMalformed
		}
	}
	return nil
}
