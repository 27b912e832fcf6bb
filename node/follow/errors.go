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

// ErrCut matches every [Cut] and [Parted] error.
var ErrCut = errors.New("a recovery cuts a FINAL history")

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

// Cut means that a recovery, signed by a quorum of roots, stands between the copy and
// a node: it cuts what is FINAL in one of the two. Which history the bureaus go on
// with only people can tell.
type Cut struct {
	Node   string
	Final  uint64 // entries that are FINAL
	Kept   uint64 // entries that the recovery leaves
	Epoch  uint32 // that it began
	Theirs bool   // it is known here, and cuts what the node shows
}

// Error says what to do.
func (e *Cut) Error() string {
	if e.Theirs {
		return fmt.Sprintf("%s shows %d FINAL entries, and by the recovery that began epoch %d, which is known here, the ledger goes on from entry %d: the node has not carried the recovery out; telephone its bureau",
			e.Node, e.Final, e.Epoch, e.Kept)
	}
	return fmt.Sprintf("%s goes by a recovery that began epoch %d from entry %d, and %d entries are FINAL here, so nothing of it was taken: telephone the other bureaus, and if they did recover the ledger, take their charter file: comity recover follow FILE",
		e.Node, e.Epoch, e.Kept, e.Final)
}

// Is makes errors.Is match [ErrCut].
func (e *Cut) Is(target error) bool { return target == ErrCut }

// Parted means that a quorum of roots made two epochs of one number: the entries here
// have one of them, and the charter file of a node the other.
type Parted struct {
	Node  string
	Epoch uint32
	File  string // evidence against who signed two recoveries; "" for none
}

// Error says what there is to show.
func (e *Parted) Error() string {
	text := fmt.Sprintf("%s goes by another epoch %d than the one in the ledger here, and a quorum signed both: two ledgers may go on; telephone the other bureaus", e.Node, e.Epoch)
	if e.File != "" {
		text += ", and keep " + e.File
	}
	return text
}

// Is makes errors.Is match [ErrCut].
func (e *Parted) Is(target error) bool { return target == ErrCut }

func show(c ledger.Checkpoint) string {
	return fmt.Sprintf("%d entries, root %s", c.Size, base64.StdEncoding.EncodeToString(c.Root[:]))
}
