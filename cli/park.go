package cli

import (
	"errors"
	"fmt"
	"time"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/state"
	"comity/node/desk"
	"comity/node/drafts"

	"github.com/urfave/cli/v2"
)

// approvalFlag is on what may wait for a second officer although the ledger does
// not ask for one.
func approvalFlag() cli.Flag {
	return &cli.BoolFlag{Name: "for-approval", Usage: "do not send it: a supervisor of the bureau will, with comity approve"}
}

// composeFor composes for the officers who sign. What lacks nothing but a second
// officer's signature is composed to wait for one.
func composeFor(by desk.Officers, compose func(desk.Officers) (ledger.Item, error)) (it ledger.Item, waits bool, err error) {
	it, err = compose(by)
	if errors.Is(err, desk.ErrFourEyes) && len(by.Others) == 0 {
		by.Awaits = true
		it, err = compose(by)
		return it, true, err
	}
	return it, false, err
}

// outgoing is a statement that was composed, and what people call it.
type outgoing struct {
	name string
	item ledger.Item
}

// submitOrPark sends a statement, or, where it needs a second officer's
// signature and has none, keeps it for one: see package drafts and composeFor.
func (s *session) submitOrPark(c *cli.Context, name string, it ledger.Item, needsSecond bool) error {
	if !needsSecond || len(it.Entry.Signatures) > 1 {
		return s.send(c, name, it)
	}
	return s.park(c, name, []outgoing{{name, it}})
}

// park keeps statements of one author, which were signed one behind the other, for a
// second officer: all of them or none. name is what people call them together. The
// draft of a grant says, sealed, what it is called: to whom it is cannot be read in it.
func (s *session) park(c *cli.Context, name string, list []outgoing) error {
	var row []*drafts.Draft
	parked := uint64(time.Now().UnixMilli())
	for _, o := range list {
		d := &drafts.Draft{Item: o.item, Parked: parked}
		if o.item.Entry.Statement.Class == ledger.ClassGrant {
			by, err := s.signers(c)
			if err != nil {
				return err
			}
			if d.About, err = s.desk.SealNote(by, o.item.Entry.ID, o.name); err != nil {
				return err
			}
		}
		row = append(row, d)
	}
	if err := s.drafts().Put(row...); err != nil {
		return fmt.Errorf("%s was not sent: %w", name, err)
	}
	for _, o := range list {
		if err := s.sendFiles(c.Context, o.name, o.item); err != nil { // whoever approves may do so on another machine
			s.note("its files are not with the node yet: %s", err)
		}
	}
	return s.tellParked(name, list, s.row(row))
}

func (s *session) tellParked(name string, list []outgoing, row draftRow) error {
	if s.asJSON {
		return s.documentOf(row)
	}
	them, word := "it", "WAITS"
	if len(row) > 1 {
		them, word = "them", "WAIT "
		for i, r := range row {
			s.say("%s  draft %.8s", list[i].name, r.ID)
		}
	}
	s.say("%s", name)
	if len(row) == 1 {
		s.say("  draft      %s", row[0].ID)
	}
	s.say("  %s      for a second officer of %s, until %s; nothing is sent", word, s.home.Bureau(), clock(row.due()))
	s.note("a supervisor of %s sends %s: comity approve %.8s", s.home.Bureau(), them, row[0].ID)
	s.note("what this officer sends from here meanwhile has %s signed again; from elsewhere: comity draft renew %.8s", them, row[0].ID)
	return nil
}

// documentOf prints drafts as --json shows them: one as such, several in a list.
func (s *session) documentOf(row draftRow) error {
	if len(row) == 1 {
		return s.document(row[0])
	}
	return s.document(row)
}

func (s *session) drafts() drafts.Folder { return drafts.Folder(s.home.DraftsDir()) }

// draftRecord is a draft as --json shows it.
type draftRecord struct {
	ID        ledger.ID `json:"id"`
	Name      string    `json:"name,omitempty"` // the notice's reference, where the keys here open it
	Act       string    `json:"act"`
	Author    string    `json:"author,omitempty"`
	Parked    uint64    `json:"parked"`
	Due       uint64    `json:"due"`
	State     string    `json:"state"` // waiting, overtaken, behind, stale, rejected, sent, bad
	Problem   string    `json:"problem,omitempty"`
	About     string    `json:"about,omitempty"`
	Rejected  string    `json:"rejected_by,omitempty"`
	Reason    string    `json:"reason,omitempty"`
	Signature int       `json:"signatures"`

	draft *drafts.Draft
	key   *state.Key
}

// draftRecord describes a draft; what it says was verified, except where State
// is bad. Whether it is signed for the right place only its row can tell. The desk
// must be open.
func (s *session) draftRecord(d *drafts.Draft) draftRecord {
	st := d.Item.Entry.Statement
	r := draftRecord{ID: d.ID(), Act: st.Class.String(), Parked: d.Parked, Due: d.Due(), State: "waiting", Signature: len(d.Item.Entry.Signatures), draft: d}
	var err error
	if r.key, err = s.desk.CheckDraft(s.home.Bureau(), d.Item); err != nil {
		r.State, r.Problem = "bad", err.Error()
		return r
	}
	r.Author, r.Name, r.Act = r.key.Label, s.draftName(d), s.draftAct(d)
	if len(d.About) > 0 {
		if text, label, err := s.ownReader().Note(d.Item, d.About, st.Author, ""); err == nil && label == r.Author {
			r.About = text
		}
	}
	if d.Rejection != nil {
		r.State = "rejected"
		if r.Reason, r.Rejected, err = s.ownReader().Note(d.Item, d.Rejection.Reason, d.Rejection.By, ""); err != nil {
			r.Problem = err.Error()
		}
		return r
	}
	if _, there, err := state.ReadIndex(s.desk.View(), d.ID()); err == nil && there {
		r.State = "sent"
		return r
	}
	if err := s.desk.Fresh(d.Item); err != nil {
		r.State, r.Problem = draftState(err), err.Error()
	}
	return r
}

// draftName returns the reference of the notice that a draft is, or is about.
func (s *session) draftName(d *drafts.Draft) string {
	switch st := d.Item.Entry.Statement; st.Class {
	case ledger.ClassPublish, ledger.ClassAmend:
		return s.ownReader().DraftName(d.Item)
	case ledger.ClassCircle:
		if e, before, err := s.desk.OpenCircleDraft(d.Item); err == nil && e != nil {
			return "circle " + e.Name
		} else if err == nil {
			return "circle " + before.Name
		}
	case ledger.ClassReply:
		r, err := s.ownReader().AnswerDraftBare(d.Item)
		if err != nil || r == nil {
			return ""
		}
		if k, err := s.ownReader().Case(s.context(), r.Notice); err == nil {
			return k.Name()
		}
	default:
		if k, err := s.ownReader().Case(s.context(), st.Target.String()); err == nil {
			return k.Name()
		}
		return s.ownReader().AnswerName(s.context(), st.Target)
	}
	return ""
}

// draftAct returns the word for what a draft does. That of an answer is sealed.
func (s *session) draftAct(d *drafts.Draft) string {
	class := d.Item.Entry.Statement.Class
	if class == ledger.ClassReply {
		if r, err := s.ownReader().AnswerDraftBare(d.Item); err == nil && r != nil {
			return r.Type.Words()
		}
	}
	if class == ledger.ClassCircle {
		switch st := d.Item.Entry.Statement; {
		case st.Target == ledger.ID{}:
			return "founding"
		case st.BodyLen == 0:
			return "end"
		}
		return "change"
	}
	return class.String()
}

// ofPurged reports whether a draft acts on a notice whose texts are purged: it can
// never be sent, and holds a sealed text on it. The purge of an answer is not one.
func (s *session) ofPurged(d *drafts.Draft) bool {
	id := d.Item.Entry.Statement.Target
	if d.Item.Entry.Statement.Class == ledger.ClassReply {
		r, err := s.ownReader().AnswerDraftBare(d.Item)
		if err != nil || r == nil {
			return false
		}
		if id, err = keys.ParseID(r.Notice); err != nil {
			return false
		}
	}
	n, err := s.desk.Notice(id)
	return err == nil && n != nil && n.At(s.desk.AsOf(time.Now())) == state.StatusPurged
}
