package cli

import (
	"fmt"
	"strings"
	"time"

	"comity/ledger"
	"comity/ledger/notice"
	"comity/ledger/state"
	"comity/node/desk"
	"comity/node/desk/readlog"

	"github.com/urfave/cli/v2"
)

func (t *terminal) noticeShowCommand() *cli.Command {
	return &cli.Command{
		Name:      "show",
		Usage:     "show a notice and what happened to it",
		ArgsUsage: "ID",
		Description: "--diff shows what each version changed of the one before, as far as both can be opened. Who reads more\n" +
			"of a notice than its card is recorded, with the purpose.\n\n" +
			"Example: comity notice show LT-0301 --purpose 'call of the origin at 09:12'",
		Flags: []cli.Flag{purposeFlag(), asOfFlag(), &cli.BoolFlag{Name: "diff", Usage: "what each new version changed"},
			&cli.BoolFlag{Name: "full", Usage: "of a tally of your bureau: also numbers of persons under 5, which must not be shared"}},
		Action: func(c *cli.Context) error {
			args, err := arguments(c, 1, 1, "ID")
			if err != nil {
				return err
			}
			s, err := t.open(c)
			if err != nil {
				return err
			}
			defer s.close()
			if err := s.readCases(c.Context); err != nil {
				return err
			}
			k, err := s.openCase(c.Context, args[0], readlog.Shown, c.String("purpose"))
			if err != nil {
				return err
			}
			if c.Bool("full") && k.Bureau != s.home.Bureau() {
				return fmt.Errorf("--full: %s keeps numbers under 5 in its tallies to itself", k.Bureau)
			}
			asOf, err := s.asOf(c)
			if err != nil {
				return err
			}
			switch {
			case c.Bool("diff"):
				return s.showDiffs(k)
			case t.asJSON:
				r := recordOf(k)
				if !c.Bool("full") {
					r.Tally = r.Tally.Shared()
				}
				r.Hits, r.Consents, r.Requests = linesOf(k.Thread(asOf))
				return t.document(r)
			}
			s.showCase(k)
			if t := tallyOf(k); t != nil && c.Bool("full") {
				s.say("  in full, not to be shared: %d intercepted, %d located", t.Intercepted, t.Located)
			}
			if k.View != nil && len(k.View.Attachments) > 0 {
				s.note("its files: comity notice fetch %s --out DIR", k.Name())
				s.tellHolders(c.Context, k)
			}
			s.showThread(k.Thread(asOf))
			return s.showPurge(k)
		},
	}
}

// caseRecord is all of a case, as --json shows it.
type caseRecord struct {
	caseLine
	ReviewBy       string             `json:"review_by,omitempty"`
	Classification string             `json:"classification"`
	Withheld       []string           `json:"withheld,omitempty"` // by the desk: not for the roles of who asks
	Problem        string             `json:"problem,omitempty"`  // why what was sealed is not shown
	Card           *notice.Card       `json:"card,omitempty"`
	Body           *notice.Body       `json:"body,omitempty"`
	Tally          *notice.Tally      `json:"tally,omitempty"`
	Victim         *notice.Victim     `json:"victim,omitempty"`
	Attachments    []attachmentRecord `json:"attachments,omitempty"`
	Versions       int                `json:"versions"`
	Ended          uint64             `json:"ended_at,omitempty"` // entry that ended it
	Acts           []actRecord        `json:"acts,omitempty"`
	Answers        []answerRecord     `json:"answers"`
	Hits           []lineRecord       `json:"hits,omitempty"`
	Consents       []lineRecord       `json:"consents,omitempty"`
	Requests       []lineRecord       `json:"requests,omitempty"`
}

type answerRecord struct {
	ID     string `json:"id"`
	Index  uint64 `json:"index"`
	Time   uint64 `json:"time"`
	Bureau string `json:"bureau"`
	Void   string `json:"void,omitempty"`
	Second string `json:"second,omitempty"` // of an export: the supervisor who signed it too
	Alarm  string `json:"alarm,omitempty"`  // of an export: the rules that it breaks
	Doubt  string `json:"doubt,omitempty"`  // why it deserves a look
	*notice.Reply
}

type actRecord struct {
	ID     string `json:"id"`
	Index  uint64 `json:"index"`
	Time   uint64 `json:"time"`
	Bureau string `json:"bureau"`
	Act    string `json:"act"`
	What   string `json:"what"`
	Reason string `json:"reason,omitempty"`
	Doubt  string `json:"doubt,omitempty"`        // why it deserves a look
	Unread bool   `json:"by_no_reader,omitempty"` // of a review: the version was not sent to that bureau
}

func recordOf(k *desk.Case) *caseRecord {
	r := &caseRecord{caseLine: lineOf(k), ReviewBy: reviewBy(k), Classification: k.Public.Classification.String(), Versions: len(k.Versions),
		Ended: k.Ended, Answers: make([]answerRecord, 0, len(k.Replies))}
	if k.Withheld != 0 {
		r.Withheld = strings.Fields(k.Withheld.String())
	}
	switch {
	case k.Status == state.StatusPurged:
		r.Problem = purgeWords(k)
	case k.Err != nil:
		r.Problem = k.Err.Error()
	}
	if v := k.View; v != nil {
		r.Card, r.Body, r.Tally, r.Victim = v.Card, v.Body, v.Tally, v.Victim
		r.Attachments = attachmentsOf(v)
	}
	for i := range k.Acts {
		a := &k.Acts[i]
		r.Acts = append(r.Acts, actRecord{a.ID.String(), a.Index, a.Time, a.Bureau, a.Class.String(), a.What, a.Reason, a.Doubt, k.ByNoReader(a)})
	}
	for _, a := range k.Replies {
		r.Answers = append(r.Answers, answerRecord{a.ID.String(), a.Index, a.Time, a.Bureau, a.Void, a.Second, a.Alarm, a.Doubt, a.Reply})
	}
	return r
}

func reviewBy(k *desk.Case) string { return dayText(k.Term) }

func dayText(day uint32) string {
	return time.Unix(int64(day)*24*60*60, 0).UTC().Format(time.DateOnly)
}

func (s *session) showCase(k *desk.Case) {
	s.say("%s  %s, from %s", k.Name(), title(k), s.bureau(k.Bureau))
	if k.Blocked {
		s.put("  " + s.paint(red, "BLOCKED") + "   " + visible("at a person's request, until "+k.Bureau+" has decided and done it: do not act on it"))
	}
	s.say("  id        %s", k.ID)
	s.say("  entry     %s, %s", count(k.Index), clock(k.Time))
	s.say("  status    %s", s.statusLine(k))
	if doubt := k.Doubt(); doubt != "" {
		s.put("  " + s.paint(red, "DOUBT") + "     " + visible(doubt))
	}
	s.say("  marking   %s, urgency %s, review by %s", k.Public.Classification, k.Public.Urgency, reviewBy(k))
	if n := len(k.Versions); n > 1 {
		s.say("  version   %d of %d, entry %s, %s", n, n, count(k.Versions[n-1].Index), clock(k.Versions[n-1].Time))
	}
	switch {
	case k.Status == state.StatusPurged:
		s.say("  texts     %s", purgeWords(k))
	case k.Err != nil:
		s.say("  NOT SHOWN what was sealed is not to be believed or not there: %s", k.Err)
	case k.Outdated():
		s.say("  NOT SHOWN %s changed the notice and the new version is not for %s: do not act on the old one", k.Bureau, s.home.Bureau())
	case k.View == nil:
		s.say("  sealed    not for %s: none of the keys here opens it", s.home.Bureau())
	default:
		s.showReaders(k.View.Readers, k.View.Circles)
		s.showView(k.View)
		if k.Status == state.StatusSubmitted && s.reviews(k) {
			s.showOnceReviewed(k.View) // nobody else is to read of an arrest yet
		}
	}
	if k.Withheld != 0 {
		s.say("  withheld  %s: your roles do not open it", strings.ReplaceAll(k.Withheld.String(), " ", ", "))
	}
	for i := range k.Acts {
		s.showAct(&k.Acts[i])
		if k.ByNoReader(&k.Acts[i]) {
			s.say("  UNREAD: that version was not sent to %s: ask it how it could judge it", k.Acts[i].Bureau)
		}
	}
	for _, r := range k.Replies {
		s.showReply(&r)
	}
}

func tallyOf(k *desk.Case) *notice.Tally {
	if k.View == nil {
		return nil
	}
	return k.View.Tally
}

// purgeWords says who had the texts of a notice destroyed, when, and why.
func purgeWords(k *desk.Case) string {
	for i := range k.Acts {
		if a := &k.Acts[i]; a.Class == ledger.ClassPurge {
			return fmt.Sprintf("destroyed by %s at entry %s, %s: %s", a.Bureau, count(a.Index), clock(a.Time), strings.TrimPrefix(a.What, "purge: "))
		}
	}
	return "destroyed"
}

// reviews reports whether the officer who acts may judge a notice.
func (s *session) reviews(k *desk.Case) bool {
	if s.label == "" || k.Bureau == s.home.Bureau() {
		return false
	}
	roles, err := s.home.Roles(s.label)
	return err == nil && roles&ledger.RoleSupervisor != 0
}

func (s *session) showAct(a *desk.Act) {
	s.say("%s  %s  %s  %s", clock(a.Time), a.Bureau, strings.ToUpper(a.What), a.ID.String()[:8])
	s.showDoubt(a.Doubt)
	if a.Reason != "" {
		s.text("  ", a.Reason)
	}
}

func (s *session) statusLine(k *desk.Case) string {
	word := strings.ToUpper(k.Status.String())
	due := ""
	if k.ReviewDue {
		due = fmt.Sprintf("; REVIEW DUE: expires after %s unless %s extends it", dayText(k.Term), k.Bureau)
	}
	switch k.Status {
	case state.StatusExpired:
		return fmt.Sprintf("EXPIRED after %s: do not act on it", dayText(k.Term)) + evidence(k)
	case state.StatusPurged:
		return "PURGED: its texts are destroyed; only the entries remain"
	case state.StatusWithdrawn, state.StatusRefused, state.StatusCancelled:
		return fmt.Sprintf("%s at entry %s, %s: do not act on it", word, count(k.Ended), clock(k.EndedAt)) + evidence(k)
	case state.StatusSuspended:
		return fmt.Sprintf("%s by its %s: do not act on it until that is lifted", word, k.Held) + due
	case state.StatusSubmitted:
		return "submitted to reviewers, UNREVIEWED so far" + due
	case state.StatusReturned:
		return fmt.Sprintf("RETURNED by reviewers: %s should amend it; UNREVIEWED", k.Bureau) + due
	}
	if k.Reviewed {
		return k.Status.String() + ", reviewed" + due
	}
	return k.Status.String() + due
}

// evidence says why a notice that has ended cannot be purged.
func evidence(k *desk.Case) string {
	if !k.Held.ByOthers() {
		return ""
	}
	return fmt.Sprintf("; kept as evidence until its %s lift the suspension", k.Held)
}

func (s *session) showReply(r *desk.Reply) {
	s.say("%s  %s  %s  %s", clock(r.Time), r.Bureau, strings.ToUpper(strings.ReplaceAll(string(r.Type), "_", " ")), r.ID.String()[:8])
	s.showDoubt(r.Doubt)
	if r.Void != "" {
		s.say("  does not count: %s", r.Void)
	}
	if r.Alarm != "" {
		s.put("  " + s.paint(red, visible(r.Alarm)))
	}
	if r.Type == notice.Exported && r.Second != "" {
		s.say("  signed by a second officer, %s", r.Second)
	}
	s.showAnswer(r.Reply)
}

// showDoubt prints why an entry deserves a look, if anybody says so.
func (s *session) showDoubt(doubt string) {
	if doubt != "" {
		s.put("  " + s.paint(red, "DOUBT: ") + visible(doubt))
	}
}

// showAnswer prints what an answer says.
func (s *session) showAnswer(r *notice.Reply) {
	if e := r.Export; e != nil {
		s.say("  %s, of version %.8s as of entry %s", e, e.Version, count(e.Entries))
		s.say("  sha256 %s", e.SHA256)
	}
	if r.Hit != "" {
		s.say("  on hit %.8s", r.Hit)
	}
	if r.Request != "" {
		s.say("  on request %.8s", r.Request)
	}
	if r.Match != "" {
		s.say("  by %s", r.Match)
	}
	if r.Scope != nil {
		s.say("  for %s", r.Scope)
	}
	if what := words(string(r.Right), string(r.Decision)); what != "" {
		s.say("  %s", what)
	}
	if r.Text != "" {
		s.text("  ", r.Text)
	}
}
