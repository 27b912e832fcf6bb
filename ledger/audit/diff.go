package audit

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"slices"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/bundle"

	"golang.org/x/mod/sumdb/tlog"
)

// Relation is how two histories lie to each other.
type Relation int

// The relations.
const (
	Equal       Relation = iota // the same entries
	Longer                      // A has all of B and more
	Shorter                     // B has all of A and more
	Forked                      // they part at an entry that both have
	OtherLedger                 // they are of different ledgers
)

// Difference is what [Diff] found. It says nothing about whether either history
// is authentic: that is for [Run].
type Difference struct {
	Relation Relation
	At       uint64 // first entry where they part, or where the shorter one ends
	A, B     Side
	Both     []string // bureaus that cosigned a head beyond At in both: where they are Forked, they signed two histories
	Quorum   int      // of the head of A, as its charter says; 0 of an OtherLedger
}

// Side is one of two bundles.
type Side struct {
	Ledger    ledger.Hash
	Name      string // of the consortium
	Entries   uint64
	Head      ledger.Checkpoint // the last of the file's heads that describes its entries; zero without one
	Cosigners []string          // of Head, in order of code
	Final     bool              // a quorum has cosigned Head
	Entry     *Parted           // at At; nil where the file ends there
	Damage    string            // where the file is not whole, "" otherwise
}

// Parted is an entry at which two histories part.
type Parted struct {
	ID     ledger.ID // of the statement; zero for bytes that are no entry
	Leaf   ledger.Hash
	Class  string
	Author keys.ID
	Bureau string // that enrolled the author by this file; "" if none did
	Label  string // of the author's key
}

// Diff compares the histories of two bundles, entry by entry, as their entries
// are, and not as the hashes that the files list. With ledger, both must be of
// it: others are told apart as [OtherLedger]. Errors are as those of [Run].
func Diff(ctx context.Context, a, b io.Reader, id *ledger.Hash) (*Difference, error) {
	d := &Difference{}
	left, right := &stream{side: &d.A}, &stream{side: &d.B}
	for _, s := range []struct {
		*stream
		in io.Reader
	}{{left, a}, {right, b}} {
		if err := s.open(s.in); err != nil {
			return nil, err
		}
	}
	if d.A.Ledger != d.B.Ledger || id != nil && d.A.Ledger != *id || left.genesis == nil || right.genesis == nil {
		d.Relation = OtherLedger
		return d, nil
	}
	parted := false
	for {
		if err := context.Cause(ctx); err != nil {
			return nil, err
		}
		x, err := left.next()
		if err != nil {
			return nil, err
		}
		y, err := right.next()
		if err != nil {
			return nil, err
		}
		if x == nil && y == nil {
			break
		}
		if !parted && (x == nil || y == nil || x.leaf != y.leaf) {
			parted = true
			d.A.Entry, d.B.Entry = left.parted(x), right.parted(y)
			switch {
			case x == nil:
				d.Relation = Shorter
			case y == nil:
				d.Relation = Longer
			default:
				d.Relation = Forked
			}
		}
		if !parted {
			d.At++
		}
	}
	for _, s := range []*stream{left, right} {
		if err := s.close(); err != nil {
			return nil, err
		}
	}
	d.Quorum = left.genesis.PolicyAt(d.A.Head.Size).Quorum
	for _, code := range d.A.Cosigners {
		if d.A.Head.Size > d.At && d.B.Head.Size > d.At && slices.Contains(d.B.Cosigners, code) {
			d.Both = append(d.Both, code)
		}
	}
	return d, nil
}

// stream reads one side of a Diff.
type stream struct {
	side    *Side
	r       *bundle.Reader
	genesis *ledger.Genesis
	group   *bundle.Group
	at      int // in group
	ended   bool
	tree    frontier
	keys    map[keys.ID]enrolled
}

type enrolled struct {
	bureau, label string
	admits        ed25519.PublicKey // of a root or a registrar; nil for other keys
}

// streamed is an entry of a stream.
type streamed struct {
	leaf tlog.Hash
	raw  []byte
}

func (s *stream) open(in io.Reader) error {
	r, err := bundle.NewReader(in)
	if err != nil {
		if s.damage(err) != nil {
			return err
		}
		return nil
	}
	s.r, s.genesis, s.keys = r, r.Genesis(), make(map[keys.ID]enrolled)
	s.side.Ledger, s.side.Name = s.genesis.Ledger, s.genesis.Charter.Name
	for i := range s.genesis.Charter.Members {
		m := &s.genesis.Charter.Members[i]
		s.keys[keys.SigningID(m.Root)] = enrolled{m.Code, "root", m.Root}
	}
	return nil
}

// damage notes a fault of the file; other errors it returns.
func (s *stream) damage(err error) error {
	var fault *bundle.Fault
	if !errors.As(err, &fault) {
		return err
	}
	s.side.Damage, s.ended = fmt.Sprintf("byte %s: %s", number(fault.Offset), fault.What), true
	return nil
}

// next returns the next entry, nil at the end of what can be read.
func (s *stream) next() (*streamed, error) {
	if s.ended {
		return nil, nil
	}
	if s.group == nil || s.at == len(s.group.Records) {
		g, err := s.r.Next()
		if err == io.EOF {
			s.ended = true
			return nil, nil
		}
		if err != nil {
			return nil, s.damage(err)
		}
		s.group, s.at = g, 0
	}
	raw := s.group.Records[s.at].Entry
	s.at++
	e := &streamed{tlog.RecordHash(raw), raw}
	s.tree.add(e.leaf, nil)
	s.side.Entries++
	s.learn(raw)
	return e, nil
}

// learn notes whose key an enrolment or a proposal admits, if a root or a registrar
// signed it: it is for names only, and what anybody can write takes no memory.
func (s *stream) learn(raw []byte) {
	if len(raw) < 5 { // u24 length, version, class
		return
	}
	if c := ledger.Class(raw[4]); c != ledger.ClassEnrol && c != ledger.ClassRotate && c != ledger.ClassPropose {
		return
	}
	e, err := ledger.ParseEntry(raw)
	if err != nil {
		return
	}
	en := e.Statement.Admits()
	by := s.keys[e.Statement.Author]
	if p := e.Statement.Proposes(); p != nil && p.Author() != nil && by.admits != nil && testingOnlyVerify(e, 0, by.admits) {
		s.keys[keys.SigningID(p.Author())] = enrolled{bureau: p.Code, label: "root", admits: p.Author()}
		return
	}
	if en == nil || en.Purpose != ledger.PurposeSign || by.admits == nil || !testingOnlyVerify(e, 0, by.admits) {
		return
	}
	k := enrolled{bureau: by.bureau, label: en.Label}
	if en.Roles&ledger.RoleRegistrar != 0 {
		k.admits = en.Key
	}
	s.keys[en.KeyID()] = k
}

func (s *stream) parted(e *streamed) *Parted {
	if e == nil {
		return nil
	}
	p := &Parted{Leaf: ledger.Hash(e.leaf), Class: "no entry"}
	if parsed, err := ledger.ParseEntry(e.raw); err == nil {
		st := parsed.Statement
		by := s.keys[st.Author]
		p.ID, p.Class, p.Author, p.Bureau, p.Label = parsed.ID, st.Class.String(), st.Author, by.bureau, by.label
	}
	return p
}

// close reads the heads: the last one counts if it is that of all entries.
func (s *stream) close() error {
	if s.side.Damage != "" {
		return nil
	}
	var last []byte
	for {
		n, err := s.r.NextNote()
		if err == io.EOF {
			break
		}
		if err != nil {
			return s.damage(err)
		}
		last = n
	}
	c, by, err := s.genesis.Open(last)
	if (err == nil || errors.Is(err, ledger.ErrQuorum)) && c.Size == s.side.Entries && c.Root == s.tree.root() {
		slices.Sort(by)
		s.side.Head, s.side.Cosigners, s.side.Final = c, by, err == nil
	}
	for {
		if _, err := s.r.NextEvidence(); err == io.EOF {
			return nil
		} else if err != nil {
			return s.damage(err)
		}
	}
}
