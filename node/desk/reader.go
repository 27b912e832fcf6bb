package desk

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"comity/crypto/keys"
	"comity/crypto/seal"
	"comity/ledger"
	"comity/ledger/links"
	"comity/ledger/notice"
	"comity/ledger/query"
	"comity/node/desk/readlog"
)

// Reader is somebody who reads through a desk, and the one door by which what was
// opened gets to people: it gives the parts that the roles allow, and what is more
// than a card only once Record has taken down who is given it. Whatever a [Desk]
// itself returns is for code that shows nobody anything; the tests of the packages
// that show something hold them to that.
type Reader struct {
	Desk   *Desk
	Bureau string
	Key    keys.ID      // access key by which the reader is known
	Label  string       // of that key
	Roles  ledger.Roles // of that key: they decide which parts the reader may be given, see PartsOf

	// Record takes down what is about to be given to the reader. After an error
	// nothing of it is given. purpose is what the reader said, in the reads where it
	// is not "".
	Record func(purpose string, reads []readlog.Read) error
}

// PartsOf returns which parts of a notice somebody with these roles may read: a
// role that is not named here, none.
func PartsOf(r ledger.Roles) (p readlog.Parts) {
	for role, parts := range map[ledger.Roles]readlog.Parts{
		ledger.RoleDesk:         cardOnly,
		ledger.RoleInvestigator: readlog.PartsOf(seal.Card, seal.Body),
		ledger.RoleSupervisor:   readlog.PartsOf(seal.Card, seal.Body),
		ledger.RoleProtection:   readlog.PartsOf(seal.Card, seal.Victim),
	} {
		if r&role != 0 {
			p |= parts
		}
	}
	return p
}

const cardOnly = readlog.Parts(1) // readlog.PartsOf(seal.Card)

func (r *Reader) parts() readlog.Parts { return PartsOf(r.Roles) }

// ErrNotForRole is returned for what the roles of a reader do not allow at all.
var ErrNotForRole = errors.New("the roles of this key do not allow it")

// Brief is the case as a list shows it: of the card the action and whom to call, of
// replies who answered, when and of which type, and no words of anybody. Why a
// version is not believed may quote it, and is left out.
func (c *Case) Brief() *Case {
	out := *c
	out.View, out.Err = brief(c.View), onlyErr(c.Err, 0)
	out.Versions = slices.Clone(c.Versions)
	for i := range out.Versions {
		out.Versions[i].View, out.Versions[i].Err = brief(c.Versions[i].View), onlyErr(c.Versions[i].Err, 0)
	}
	out.Replies = make([]Reply, 0, len(c.Replies))
	for _, r := range c.Replies {
		out.Replies = append(out.Replies, r.Bare())
	}
	out.Acts = slices.Clone(c.Acts)
	for i := range out.Acts {
		out.Acts[i].Reason = ""
	}
	return &out
}

func brief(v *notice.View) *notice.View {
	if v == nil {
		return nil
	}
	out := *v
	out.Body, out.Tally, out.Victim, out.Attachments = nil, nil, nil, nil
	if v.Card != nil {
		out.Card = &notice.Card{Action: v.Card.Action, Desk: v.Card.Desk}
	}
	return &out
}

// card is the case with no more open in it than its card. Its name, kind and
// readers stand in every part, and stay.
func (c *Case) card() *Case {
	out := c.Brief()
	if c.View != nil {
		out.View.Card = c.View.Card
	}
	for i, v := range c.Versions {
		if v.View != nil {
			out.Versions[i].View.Card = v.View.Card
		}
	}
	return out
}

// Cases returns cases as [Desk.Cases] does, for a list. Nothing is recorded: see
// [Case.Brief]. What f keeps it is asked of that.
func (r *Reader) Cases(ctx context.Context, f Filter) ([]*Case, error) {
	keep := f.Keep
	f.Keep = func(c *Case) bool {
		c = c.Only(r.parts()).Brief()
		return (!f.Opened || c.Reference() != "") && (keep == nil || keep(c))
	}
	list, err := r.Desk.Cases(ctx, f)
	for i, c := range list {
		list[i] = c.Only(r.parts()).Brief()
	}
	return list, err
}

// Case returns one case with no more of it than its card. Nothing is recorded.
func (r *Reader) Case(ctx context.Context, name string) (*Case, error) {
	c, err := r.allowed(ctx, name)
	if err != nil {
		return nil, err
	}
	return c.card(), nil
}

// Open returns one case with all that the reader may be given. It is recorded.
func (r *Reader) Open(ctx context.Context, name string, how readlog.How, purpose string) (*Case, error) {
	c, err := r.allowed(ctx, name)
	if err != nil {
		return nil, err
	}
	return c, r.given(how, purpose, c)
}

// OpenFiles is Open with what opens the attachments as well, which is recorded as an
// export.
func (r *Reader) OpenFiles(ctx context.Context, name, purpose string) (*Case, error) {
	return r.Open(ctx, name, readlog.Exported, purpose)
}

// allowed returns the case of a name, with the reader's parts of it. A reference
// is sealed: who may open nothing of a case cannot know it.
func (r *Reader) allowed(ctx context.Context, name string) (*Case, error) {
	whole, err := r.Desk.Case(ctx, name)
	if several, ok := err.(*Ambiguous); ok {
		return nil, r.ambiguous(several)
	}
	if err != nil {
		return nil, err
	}
	c := whole.Only(r.parts())
	if !isPrefix(name) && c.Reference() == "" {
		return nil, fmt.Errorf("%s: %w", name, ErrNoCase)
	}
	return c, nil
}

// ambiguous leaves of the cases of one name those that the reader may know of.
func (r *Reader) ambiguous(e *Ambiguous) error {
	out := &Ambiguous{Name: e.Name}
	for _, c := range e.Cases {
		if c = c.Only(r.parts()).Brief(); c.Reference() != "" || isPrefix(e.Name) {
			out.Cases = append(out.Cases, c)
		}
	}
	if len(out.Cases) == 0 {
		return fmt.Errorf("%s: %w", e.Name, ErrNoCase)
	}
	return out
}

// given records that the reader is about to be given what is open of each case,
// where that is more than a card.
func (r *Reader) given(how readlog.How, purpose string, cases ...*Case) error {
	var reads []readlog.Read
	for _, c := range cases {
		if parts := c.Parts(); parts&^cardOnly != 0 {
			reads = append(reads, r.read(c, how, purpose, parts, c.Versions[len(c.Versions)-1].Index))
		}
	}
	return r.record(purpose, reads)
}

func (r *Reader) record(purpose string, reads []readlog.Read) error {
	if len(reads) == 0 {
		return nil
	}
	return r.Record(purpose, reads)
}

// read is the record of one read. Who names no purpose reads for the case itself,
// by its id: the reference is sealed, and the log holds nothing that is.
func (r *Reader) read(c *Case, how readlog.How, purpose string, parts readlog.Parts, entry uint64) readlog.Read {
	if purpose == "" {
		purpose = "case " + c.ID.String()[:12]
	}
	return readlog.Read{Officer: r.Key, Label: r.Label, How: how, Parts: parts, Notice: c.ID, Entry: entry, Purpose: purpose}
}

// Search is [Desk.SearchAs] with the reader's parts. What its answer tells of more
// than cards is recorded.
func (r *Reader) Search(ctx context.Context, q *query.Query, withEnded bool, limit int, purpose string) (*Findings, error) {
	f, err := r.Desk.SearchAs(ctx, q, r.parts(), withEnded, limit)
	if err != nil {
		return nil, err
	}
	if err := r.given(readlog.Found, purpose, f.Beyond...); err != nil {
		return nil, err
	}
	f.Beyond = nil
	for i := range f.Found {
		f.Found[i].Case = f.Found[i].Brief()
	}
	return f, nil
}

// Links returns what hangs together with a case in the reader's parts. All notices
// in it are recorded: what links them stands in each. nil is for a case of which
// nothing is open.
func (r *Reader) Links(ctx context.Context, name string, limits links.Limits, purpose string) (*links.Graph, error) {
	c, err := r.allowed(ctx, name)
	if err != nil || c.View == nil {
		return nil, err
	}
	g, err := r.Desk.Links(ctx, c, r.parts(), limits)
	if err != nil || g == nil {
		return nil, err
	}
	var cases []*Case
	for i := range g.Nodes {
		if !g.Nodes[i].Notice {
			continue
		}
		c, err := r.Desk.Case(ctx, g.Nodes[i].ID)
		if err != nil {
			return nil, err
		}
		cases = append(cases, c.Only(r.parts()))
	}
	return g, r.given(readlog.Linked, purpose, cases...)
}

// Check is [Desk.Check]: cards, of which nothing is recorded.
func (r *Reader) Check(ctx context.Context, s *Subject, asOf time.Time) (*Answer, error) {
	if !r.parts().Has(seal.Card) {
		return nil, ErrNotForRole
	}
	return r.Desk.Check(ctx, s, asOf)
}

// Inbox returns what waits for the bureau. What a hit or a request says is in it
// only where words asks for that, and then recorded. Who may not read bodies is told
// of no answers but acks, for half a thread would be a wrong one; and nobody of what
// others must do. It returns the first limit tasks (0: all), and how many there are.
func (r *Reader) Inbox(ctx context.Context, asOf uint64, words bool, limit int, purpose string) ([]Waiting, int, error) {
	list, total, err := r.Desk.InboxAs(ctx, r.parts(), r.does, r.Bureau, asOf, limit)
	if err != nil {
		return nil, 0, err
	}
	var reads []readlog.Read
	for i := range list {
		w := &list[i]
		switch {
		case w.Task == TaskPurge || w.Task == TaskRemind || w.Text == "": // nobody wrote that
		case words:
			reads = append(reads, r.read(w.Case, readlog.Listed, purpose, readlog.PartsOf(seal.Body), w.Case.Versions[len(w.Case.Versions)-1].Index))
		default:
			w.Text = ""
		}
		if w.Case != nil {
			w.Case = w.Case.Brief()
		}
	}
	return list, total, r.record(purpose, reads)
}

// does reports whether a task is for somebody with the reader's roles.
func (r *Reader) does(t Task) bool {
	switch t {
	case TaskJudge:
		return r.Roles&ledger.RoleSupervisor != 0
	case TaskReview:
		return r.Roles&(ledger.RoleInvestigator|ledger.RoleSupervisor) != 0
	}
	return true
}

// Answer returns a reply by its id, and the case that it is on, with no more of that
// than its card. It is recorded.
func (r *Reader) Answer(ctx context.Context, id ledger.ID, purpose string) (*Case, *Reply, error) {
	c, a, err := r.Desk.Answer(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	c = c.Only(r.parts())
	if !r.parts().Has(seal.Body) {
		bare := a.Bare()
		return c.card(), &bare, nil
	}
	return c.card(), a, r.record(purpose, []readlog.Read{r.read(c, readlog.Shown, purpose, readlog.PartsOf(seal.Body), a.Index)})
}

// AnswerName returns the name of the case that a reply is on, "" if the keys here do
// not open it.
func (r *Reader) AnswerName(ctx context.Context, id ledger.ID) string {
	c, _, err := r.Desk.Answer(ctx, id)
	if err != nil {
		return ""
	}
	return c.Only(r.parts()).Name()
}

// Working returns one case with all that the keys here open, for what is computed of
// it. Nobody is shown any of it: who is to be, is given it by [Reader.Give].
func (r *Reader) Working(ctx context.Context, name string) (*Case, error) {
	return r.Desk.Case(ctx, name)
}

// Give records that the reader is about to be given what is open of each case.
func (r *Reader) Give(how readlog.How, purpose string, cases ...*Case) error {
	return r.given(how, purpose, cases...)
}

// Draft returns a draft of the reader's bureau. A supervisor is to sign the very same,
// and is shown all of it; others get the parts that they may read. It is recorded.
func (r *Reader) Draft(it ledger.Item, purpose string) (*notice.View, error) {
	v, err := r.draft(it)
	if err != nil || v == nil {
		return nil, cmp.Or(err, ErrNotForRole)
	}
	about := it.Entry.Statement.Target
	if it.Entry.Statement.Class == ledger.ClassPublish {
		about = it.Entry.ID
	}
	return v, r.unlogged(about, partsOf(v), purpose)
}

func (r *Reader) draft(it ledger.Item) (*notice.View, error) {
	v, err := r.Desk.OpenDraft(it)
	if err == nil && r.Roles&ledger.RoleSupervisor == 0 {
		v = only(v, r.parts())
	}
	return v, err
}

// unlogged records a read of what is not in the ledger.
func (r *Reader) unlogged(about ledger.ID, parts readlog.Parts, purpose string) error {
	if parts&^cardOnly == 0 {
		return nil
	}
	return r.record(purpose, []readlog.Read{r.read(&Case{ID: about}, readlog.Shown, purpose, parts, readlog.Unlogged)})
}

// DraftName returns the reference of the notice that a draft is, "" if the reader may
// open nothing of it.
func (r *Reader) DraftName(it ledger.Item) string {
	v, err := r.draft(it)
	if err != nil || v == nil {
		return ""
	}
	return v.Reference
}

// DraftSays reports whether a draft is a notice, as far as the keys here open it: nobody
// is shown any of it. See [notice.View.Says].
func (r *Reader) DraftSays(it ledger.Item, n *notice.Notice) (bool, error) {
	v, err := r.Desk.OpenDraft(it)
	return err == nil && v.Says(n), err
}

// AnswerDraft returns the answer that a draft is, nil if the keys here do not open it.
// It is recorded.
func (r *Reader) AnswerDraft(it ledger.Item, purpose string) (*notice.Reply, error) {
	a, err := r.Desk.OpenReplyDraft(it)
	if err != nil || a == nil {
		return nil, err
	}
	if !r.parts().Has(seal.Body) {
		return nil, ErrNotForRole
	}
	id, err := keys.ParseID(a.Notice)
	if err != nil {
		return nil, fmt.Errorf("notice %.80q: not an id", a.Notice)
	}
	return a, r.unlogged(ledger.ID(id), readlog.PartsOf(seal.Body), purpose)
}

// Note returns what an officer wrote about a draft, and who did: why it was rejected,
// or what it is for. It is recorded. Who may not read bodies is only told who wrote it.
func (r *Reader) Note(it ledger.Item, sealed []byte, by keys.ID, purpose string) (text, label string, err error) {
	text, label, err = r.Desk.OpenNote(sealed, by, it.Entry.ID)
	if err != nil || text == "" {
		return "", label, err
	}
	if !r.parts().Has(seal.Body) && r.Roles&ledger.RoleSupervisor == 0 {
		return "", label, ErrNotForRole
	}
	about := it.Entry.Statement.Target
	if about == (ledger.ID{}) {
		about = it.Entry.ID
	}
	if err := r.unlogged(about, readlog.PartsOf(seal.Body), purpose); err != nil {
		return "", label, err
	}
	return text, label, nil
}

// AnswerDraftBare returns of which type the answer is that a draft is, and to which
// notice, nil if the keys here do not open it.
func (r *Reader) AnswerDraftBare(it ledger.Item) (*notice.Reply, error) {
	a, err := r.Desk.OpenReplyDraft(it)
	if err != nil || a == nil {
		return nil, err
	}
	return Reply{Reply: a}.Bare().Reply, nil
}
