package follow

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"comity/ledger"
)

// ErrDishonest matches every [Dishonest] error.
var ErrDishonest = errors.New("a node is not honest")

// ErrFork matches every [Fork] error.
var ErrFork = errors.New("two histories are FINAL")

// ErrWithheld is returned for a body that a node did not give, and that the ledger
// does not say was purged. Another node has it: whoever cosigned holds it.
var ErrWithheld = errors.New("the body was withheld by the node")

// Dishonest means that a node handed out something that the ledger does not
// hold. Nothing of it was kept. Its text says which node, which entry and what
// is wrong; the checkpoints, where they are what disagrees, are the evidence.
type Dishonest struct {
	Node     string // "node of XB at 127.0.0.1:7102"
	Reason   string
	Computed *ledger.Checkpoint // what its entries add up to
	Cosigned *ledger.Checkpoint // what a quorum signed
	Note     []byte             // the note of Cosigned
}

// Error returns a sentence, and both checkpoints where there are two.
func (e *Dishonest) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s is not to be believed: %s", e.Node, e.Reason)
	if e.Computed != nil && e.Cosigned != nil {
		fmt.Fprintf(&b, " (its entries give %s, a quorum cosigned %s)", show(*e.Computed), show(*e.Cosigned))
	}
	return b.String()
}

// Is makes errors.Is match [ErrDishonest].
func (e *Dishonest) Is(target error) bool { return target == ErrDishonest }

// Fork means that a quorum cosigned two histories, so that more bureaus than
// the ledger can bear signed both. Files are the evidence, kept in the copy's
// folder: one that proves it ([ledger.Evidence]) or, where that cannot be made
// yet, both notes.
type Fork struct {
	Node   string // who showed us the other one
	Ours   ledger.Checkpoint
	Theirs ledger.Checkpoint
	Files  []string
}

// Error returns a sentence with both checkpoints and where the evidence is.
func (e *Fork) Error() string {
	return fmt.Sprintf("a quorum cosigned two histories: we hold %s, %s shows %s; keep %s",
		show(e.Ours), e.Node, show(e.Theirs), strings.Join(e.Files, ", "))
}

// Is makes errors.Is match [ErrFork].
func (e *Fork) Is(target error) bool { return target == ErrFork }

func show(c ledger.Checkpoint) string {
	return fmt.Sprintf("%d entries, root %s", c.Size, base64.StdEncoding.EncodeToString(c.Root[:]))
}
