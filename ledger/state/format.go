package state

import (
	"fmt"

	"comity/ledger"
)

// A node applies nothing that another voter's node may not understand: an entry that
// came with a later format of the ledger than this one has is refused, by every node
// that knows it, until the voters have raised the format. All of them must be for
// that (see [ledger.ChangeFormat]). A program that does not know the format of the
// ledger refuses nothing and accepts nothing: it stops.

// checkFormat refuses what came with a later format than the ledger has here.
func (a *application) checkFormat(s *ledger.Statement) (*Refusal, error) {
	e, err := a.epoch()
	if err != nil {
		return nil, err
	}
	if need := a.Needs(s); need > e.Format {
		return refuse(TooNew, fmt.Sprintf("an entry of class %s needs format %d, and the ledger has format %d", s.Class, need, e.Format)), nil
	}
	return nil, nil
}

// Program is what a program knows of the format.
type Program struct {
	Knows uint8                         // the newest
	Needs func(*ledger.Statement) uint8 // with which each statement came
}

// This is the program that runs.
var This = Program{Knows: ledger.Format, Needs: (*ledger.Statement).Needs}

// NewAs returns the machine that another version of this program has: tests run two
// versions side by side. All else takes [New].
func NewAs(g *ledger.Genesis, p Program) *Machine {
	return &Machine{genesis: g, founders: ledger.NewMembership(g.Ledger, g.Charter), program: p}
}

// Needs returns the format that a ledger must have for the statement to count.
func (m *Machine) Needs(s *ledger.Statement) uint8 { return m.program.Needs(s) }
