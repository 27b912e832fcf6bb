package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"comity/crypto/keys"
	"comity/ledger"
)

// The verdicts, as programs read them.
const (
	authentic    = "authentic"
	notAuthentic = "not_authentic"
	unknown      = "cannot_tell"
	withFindings = "authentic_with_findings"
)

// finding is what a verifying command found out. Every line that a person
// reads is made from it, and nothing in it is assumed.
type finding struct {
	Cut        uint64         `json:"cut,omitempty"`    // entries that were left when a recovery cut this one
	CutBy      []string       `json:"cut_by,omitempty"` // bureaus whose roots signed it
	Verdict    string         `json:"verdict"`
	What       string         `json:"what"` // file or id, as given
	Reason     string         `json:"reason,omitempty"`
	Advice     string         `json:"advice,omitempty"`
	Reference  string         `json:"reference,omitempty"`
	ID         string         `json:"id,omitempty"`
	Act        string         `json:"act,omitempty"` // publish, withdraw, ...
	Index      *uint64        `json:"index,omitempty"`
	Signers    []signer       `json:"signers,omitempty"`
	Checkpoint *checkpoint    `json:"checkpoint,omitempty"`
	Sealed     *sealedFinding `json:"sealed,omitempty"`
	Files      []fileNamed    `json:"files,omitempty"` // sealed, by the hash of what is sealed
	Findings   []string       `json:"findings,omitempty"`
	NotChecked []string       `json:"not_checked,omitempty"`

	Court *courtFinding `json:"court,omitempty"` // of a court export

	Evidence *evidenceFinding `json:"evidence,omitempty"` // of an evidence file
	Recovery *recoveryFinding `json:"recovery,omitempty"` // of evidence against a recovery

	genesis  *ledger.Genesis
	past     *ledger.Genesis // what it was judged by, where a recovery has cut it since
	evidence bool            // it is one, or meant to be
}

type signer struct {
	Bureau     string  `json:"bureau"`
	Key        keys.ID `json:"key"`
	Label      string  `json:"label,omitempty"`
	Root       bool    `json:"root,omitempty"`
	EnrolledAt uint64  `json:"enrolled_at"`
	By         string  `json:"enrolled_by,omitempty"` // label of a registrar; the root's where there is none

	node bool // the charter vouches for it
}

type checkpoint struct {
	Size      uint64   `json:"size"`
	Root      keys.ID  `json:"root"`
	Cosigners []string `json:"cosigners"`
	Needed    int      `json:"needed"`
}

type sealedFinding struct {
	By      string   `json:"by,omitempty"`      // bureau whose keys opened it
	Opened  []string `json:"opened,omitempty"`  // compartments
	Readers []string `json:"readers,omitempty"` // known only if something was opened
	Why     string   `json:"why,omitempty"`     // nothing was opened
}

func (t *terminal) cannotTell(what string, err error, advice string) *finding {
	if advice == "" || errors.Is(err, ledger.ErrFormat) {
		advice = t.adviceFor(err)
	}
	return &finding{Verdict: unknown, What: what, Reason: err.Error(), Advice: advice}
}

// failed says that something does not verify; or that it cannot be told, where
// bureaus may have joined that the charter file at hand does not know.
func (f *finding) failed(err error) {
	f.Verdict, f.Reason = notAuthentic, err.Error()
	if errors.Is(err, ledger.ErrOldCharter) {
		f.Verdict = unknown
		f.Reason = fmt.Sprintf("the charter file knows %s of members, and this may be of a later one (%s)",
			plural(len(f.genesis.Epochs()), "epoch", "epochs"), err)
		f.Advice = "get the newer charter file, from any bureau whose node follows the ledger: --charter FILE"
	}
}

// establish takes over what the ledger's own verification established.
func (f *finding) establish(x *ledger.Exhibit, v *ledger.Verdict) {
	f.Verdict = authentic
	f.Act = x.Item.Entry.Statement.Class.String()
	f.Files = filesNamed(x.Item.Entry.Statement)
	f.signed(v)
	f.Checkpoint = &checkpoint{v.Checkpoint.Size, v.Checkpoint.Root, slices.Sorted(slices.Values(v.Cosigners)), f.genesis.PolicyAt(v.Checkpoint.Size).Quorum}
	f.NotChecked = []string{"whether it is true", "anything after entry " + count(x.Receipt.Index) + " (amended, withdrawn, key revoked?)", v.Signers[0].Bureau + "'s clock"}
}

// wasCut says that a recovery has cut the log below the checkpoint of the receipt.
func (f *finding) wasCut(c *ledger.CutError) {
	f.past = f.genesis.Before(c.Epoch)
	f.Checkpoint.Needed = f.past.PolicyAt(c.Size).Quorum
	if *f.Index < c.Cut {
		f.found("its proof ends in a head of %s that a recovery has cut; the entry itself is below the cut, and still in the ledger: ask for a new copy", plural(c.Size, "entry", "entries"))
		return
	}
	f.Cut, f.CutBy = c.Cut, f.genesis.Recoverers(c.Epoch)
	f.found("this entry was acknowledged, as FINAL at %s, and was cut by the recovery that began epoch %d: after most of the nodes were lost the ledger goes on from entry %s",
		plural(c.Size, "entry", "entries"), c.Epoch, count(c.Cut))
	f.found("%s", cutSigners(f.CutBy, f.Checkpoint.Cosigners))
	f.found("what it said counts for nothing in the ledger of today; its author may submit it again; keep this file, it proves that it was there")
}

// cutSigners says who signed a recovery, and whose nodes once cosigned what it cut.
func cutSigners(roots, nodes []string) string {
	var both []string
	for _, code := range roots {
		if slices.Contains(nodes, code) {
			both = append(both, code)
		}
	}
	text := "the recovery was signed by the roots of " + series(roots)
	if len(both) == 0 {
		return text + ", and none of their nodes had cosigned what was cut"
	}
	return text + "; nodes of theirs that had cosigned what was cut: " + strings.Join(both, " ") + "; ask them where it went"
}

// signed takes over who signed.
func (f *finding) signed(v *ledger.Verdict) {
	for _, s := range v.Signers {
		f.Signers = append(f.Signers, signer{s.Bureau, s.Key, s.Label, s.Root, s.EnrolledAt, s.By, !s.Root && s.Roles == 0})
	}
}

// found adds a finding that does not make the notice less authentic but that a
// person must know.
func (f *finding) found(format string, args ...any) {
	f.Verdict = withFindings
	f.Findings = append(f.Findings, fmt.Sprintf(format, args...))
}

// name returns how people call what was checked.
func (f *finding) name() string {
	switch {
	case f.Reference != "":
		return f.Reference
	case f.ID != "":
		return "entry " + f.ID[:16]
	}
	return inputName(f.What)
}

// verdict prints a finding, verdict first, and returns the error that gives the
// exit code.
func (t *terminal) verdict(f *finding) error {
	if t.asJSON {
		if err := t.document(f); err != nil {
			return err
		}
	} else {
		t.tell(f)
	}
	switch f.Verdict {
	case authentic:
		return nil
	case notAuthentic:
		return errNotAuthentic
	case withFindings:
		return errFindings
	}
	return errCannotTell
}

func (t *terminal) tell(f *finding) {
	switch f.Verdict {
	case notAuthentic:
		if f.evidence {
			t.head(red, "FAILED", inputName(f.What)+" proves nothing.")
			t.say("  %s", f.Reason)
			t.say("  Accuse nobody with it. Ask for the file again where you have it from.")
			return
		}
		by, what := "the bureau it names", "it"
		sentence := inputName(f.What) + " is not what was signed and accepted."
		if len(f.Signers) > 0 { // they are proven: only the text is not theirs
			by, what = f.Signers[0].Bureau, "entry "+count(*f.Index)
			sentence = "This is not the notice that " + by + " signed."
		}
		t.head(red, "FAILED", sentence)
		at := ""
		if f.Index != nil {
			at = "entry " + count(*f.Index) + ": "
		}
		t.say("  %s%s", at, f.Reason)
		if f.Advice != "" {
			t.say("  %s", f.Advice)
			return
		}
		t.say("  Do not act on it. Ask %s for %s again and keep this file as evidence.", by, what)
		return
	case unknown:
		t.head(yellow, "UNKNOWN", "It cannot be told whether "+f.name()+" is authentic.")
		t.say("  %s", f.Reason)
		if f.Advice != "" {
			t.say("  %s", f.Advice)
		}
		return
	case withFindings:
		if f.evidence {
			t.tellEvidence(f)
			return
		}
		if f.Cut > 0 {
			t.head(yellow, "CUT", f.name()+" is authentic and was in the ledger. It is not any more.")
			break
		}
		t.head(yellow, "OK, BUT", f.name()+" is authentic and in the ledger; read what was found.")
	default:
		if f.evidence {
			t.tellEvidence(f)
			return
		}
		t.head(green, "OK", f.name()+" is authentic and in the ledger.")
	}
	for i, s := range f.Signers {
		word := "signed  "
		if i > 0 {
			word = "and     "
		}
		t.say("  %s  by %s, key %s, %s", word, bureauText(f.genesis, s.Bureau), s.Key.Short(), s.voucher())
	}
	past := f.genesis
	if f.past != nil {
		past = f.past
	}
	t.say("  included  entry %s of the history that %s cosigned at %s (%d of %d needed)", count(*f.Index),
		strings.Join(f.Checkpoint.Cosigners, " "), count(f.Checkpoint.Size), f.Checkpoint.Needed, past.At(f.Checkpoint.Size).Voters())
	if f.Sealed != nil {
		t.say("  sealed    %s", f.Sealed)
	}
	for _, x := range f.Files {
		t.say("  file      sealed, %s, of which the SHA-256 is %s", size(int64(x.Sealed)), x.Address)
	}
	if f.Court != nil {
		t.tellCourt(f.Court)
	}
	for _, text := range f.Findings {
		t.say("  found     %s", text)
	}
	t.say("  not checked: %s", strings.Join(f.NotChecked, "; "))
}

// head prints the verdict itself.
func (t *terminal) head(sgr, word, sentence string) {
	t.put(t.paint(sgr, word) + strings.Repeat(" ", max(1, 8-len(word))) + visible(sentence))
}

// voucher says on whose word the key is the bureau's.
func (s *signer) voucher() string {
	if s.Root {
		return "the bureau's root in the charter"
	}
	if s.node {
		return "its node, by the charter"
	}
	by := ""
	if s.By != "" {
		by = " by registrar " + s.By
	}
	return fmt.Sprintf("%s, enrolled at entry %s%s", s.Label, count(s.EnrolledAt), by)
}

// String says for whom it was sealed, and what the keys here opened of it.
func (s *sealedFinding) String() string {
	if len(s.Opened) == 0 {
		return s.Why
	}
	return fmt.Sprintf("to %s; you hold keys of %s: opened %s", readersText(s.Readers, nil), s.By, strings.Join(s.Opened, ", "))
}
