package cli

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"time"

	"comity/crypto/keys"
	"comity/crypto/sign"
	"comity/ledger"

	"golang.org/x/crypto/cryptobyte"
)

// recoveryPlan is the file that goes from root to root. It holds the statement
// that all of them sign, the signatures so far, and the note of the FINAL head:
//
//	"comity recovery v1\n" || u24{statement} || n u8 || (key id[32] || signature[64]) * n || u24{note}
type recoveryPlan struct {
	raw       []byte
	statement *ledger.Statement
	recover   *ledger.Recover
	sigs      []ledger.Signature
	note      []byte
}

const (
	planHeader = "comity recovery v1\n"
	maxPlan    = 256 << 10
	planExt    = ".crecover"
	nodeExt    = ".cnode"
)

func (p *recoveryPlan) marshal() []byte {
	b := cryptobyte.NewBuilder([]byte(planHeader))
	b.AddUint24LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(p.raw) })
	b.AddUint8(uint8(len(p.sigs)))
	for i := range p.sigs {
		b.AddBytes(p.sigs[i].Key[:])
		b.AddBytes(p.sigs[i].Sig[:])
	}
	b.AddUint24LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(p.note) })
	return b.BytesOrPanic()
}

func parsePlan(data []byte) (*recoveryPlan, error) {
	var raw, note cryptobyte.String
	var n uint8
	p := &recoveryPlan{}
	rest, ok := bytes.CutPrefix(data, []byte(planHeader))
	in := cryptobyte.String(rest)
	if !ok || !in.ReadUint24LengthPrefixed(&raw) || !in.ReadUint8(&n) || n > ledger.MaxVoters {
		return nil, ledger.ErrMalformed
	}
	for range n {
		var s ledger.Signature
		if !in.CopyBytes(s.Key[:]) || !in.CopyBytes(s.Sig[:]) || slices.ContainsFunc(p.sigs, func(x ledger.Signature) bool { return x.Key == s.Key }) {
			return nil, ledger.ErrMalformed
		}
		p.sigs = append(p.sigs, s)
	}
	if !in.ReadUint24LengthPrefixed(&note) || !in.Empty() {
		return nil, ledger.ErrMalformed
	}
	var err error
	p.raw, p.note = raw, note
	if p.statement, err = ledger.ParseStatement(raw); err != nil || p.statement.Class != ledger.ClassRecover {
		return nil, ledger.ErrMalformed
	}
	p.recover, err = ledger.ParseRecover(p.statement.Public)
	return p, err
}

// planOf returns the plan that a recovery once was, without its note.
func planOf(e *ledger.Entry) (*recoveryPlan, error) {
	r, err := ledger.ParseRecover(e.Statement.Public)
	return &recoveryPlan{raw: e.Signed(), statement: e.Statement, recover: r, sigs: e.Signatures}, err
}

// readPlan reads a plan and checks it against the charter here: what it goes on
// from, what it makes of the members, and every signature.
func (t *terminal) readPlan(path string, g *ledger.Genesis) (*recoveryPlan, error) {
	data, err := t.readInput(path, maxPlan)
	if err != nil {
		return nil, err
	}
	p, err := parsePlan(data)
	if err != nil {
		return nil, fmt.Errorf("%s is no plan of a recovery, or was damaged", path)
	}
	if err := p.check(g); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return p, nil
}

func (p *recoveryPlan) check(g *ledger.Genesis) error {
	if p.statement.Ledger != g.Ledger {
		return fmt.Errorf("it is of ledger %s, and this home of %s", ledger.Origin(p.statement.Ledger), g.Origin())
	}
	if n := g.Latest().Number; p.recover.Number <= n {
		return fmt.Errorf("it begins epoch %d, and the charter file here knows epoch %d already", p.recover.Number, n)
	}
	at, _, err := g.Open(p.note)
	if err != nil {
		return fmt.Errorf("the head that it goes on from: %w", err)
	}
	if at.Size != p.statement.SeenSize || at.Root != p.statement.SeenRoot {
		return errors.New("it goes on from another head than the FINAL one in it")
	}
	if _, err := p.epoch(g); err != nil {
		return err
	}
	if m := g.Latest().Root(p.statement.Author); m == nil || !m.Voter {
		return errors.New("its author is no voter's root")
	}
	for _, s := range p.sigs {
		m := g.Latest().Root(s.Key)
		if m == nil || !m.Voter || !sign.Verify(m.Root, sign.NamespaceStatement, p.raw, s.Sig[:]) {
			return fmt.Errorf("the signature with key %s in it is not one of a voter's root", s.Key.Short())
		}
	}
	return nil
}

// maxPlanAhead is how far the ledger time of a recovery may be ahead of the clock
// of who signs it: ledger time does not fall, and what it passes has expired.
const maxPlanAhead = 10 * time.Minute

// timely refuses a plan that moves the ledger's time into the future.
func (p *recoveryPlan) timely(now time.Time) error {
	if at := time.UnixMilli(int64(p.recover.Time)); at.After(now.Add(maxPlanAhead)) {
		return fmt.Errorf("it sets the ledger's time to %s, ahead of the clock here: notices would expire before their time", clock(p.recover.Time))
	}
	return nil
}

// epoch returns the epoch that the plan begins, in the charter as it is before.
func (p *recoveryPlan) epoch(g *ledger.Genesis) (*ledger.Epoch, error) {
	return p.recover.After(g.Ledger, g.Latest(), p.statement.SeenSize)
}

// sign adds a root's signature.
func (p *recoveryPlan) sign(root *keys.Signer) error {
	sig, err := sign.Sign(root, sign.NamespaceStatement, p.raw)
	if err != nil {
		return err
	}
	p.sigs = append(p.sigs, ledger.Signature{Key: root.ID(), Sig: sig})
	return nil
}

// signedBy reports whether a key has signed.
func (p *recoveryPlan) signedBy(id keys.ID) bool {
	return slices.ContainsFunc(p.sigs, func(s ledger.Signature) bool { return s.Key == id })
}

// certificate returns what the plan is once enough have signed it.
func (p *recoveryPlan) certificate(g *ledger.Genesis) (*ledger.Certificate, *ledger.Genesis, error) {
	if !p.signedBy(p.statement.Author) {
		m := g.Latest().Root(p.statement.Author)
		return nil, nil, fmt.Errorf("%s, who planned it, has not signed it", m.Code)
	}
	e, err := ledger.NewEntry(p.raw, p.sigs)
	if err != nil {
		return nil, nil, err
	}
	c, err := ledger.NewRecovery(e)
	if err != nil {
		return nil, nil, err
	}
	next, err := g.With(c)
	return c, next, err
}
