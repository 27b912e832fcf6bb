package cli

import (
	"slices"
	"strconv"
	"strings"

	"comity/ledger"
	"comity/ledger/notice"
	"comity/node/desk"
	"comity/node/drafts"

	"github.com/urfave/cli/v2"
)

func (t *terminal) circleListCommand() *cli.Command {
	return &cli.Command{
		Name: "list", Usage: "list the circles that your bureau is in, or was",
		Description: "Example: comity circle list", Action: t.circleList,
	}
}

func (t *terminal) circleShowCommand() *cli.Command {
	return &cli.Command{
		Name: "show", Usage: "show one circle: its members, and who of the ledger is not in it", ArgsUsage: "CIRCLE",
		Description: "Example: comity circle show LANTERN", Action: t.circleShow,
	}
}

// circleRecord is a circle as --json shows it.
type circleRecord struct {
	ID      ledger.ID `json:"id"`
	Name    string    `json:"name"`
	Founder string    `json:"founder"`
	State   string    `json:"state"` // open, left, ended
	Epoch   int       `json:"epoch"`
	Entry   uint64    `json:"entry"` // of the newest epoch
	Time    uint64    `json:"time"`
	Founded uint64    `json:"founded"`           // entry of the founding statement
	Members []string  `json:"members"`           // of the newest epoch that the bureau was in
	Others  []string  `json:"others,omitempty"`  // bureaus of the ledger that are not members
	Gone    []string  `json:"gone,omitempty"`    // members that are not bureaus of the ledger
	Changed []string  `json:"changed,omitempty"` // members with other sealing keys since
}

func (s *session) circleRecord(k *desk.Circle) circleRecord {
	r := circleRecord{ID: k.ID, Name: k.Name, Founder: k.Founder, State: "open", Epoch: k.Number, Entry: k.Index, Time: k.Time, Founded: k.Founded,
		Members: k.Known.Members, Changed: k.Changed}
	switch {
	case k.Ended:
		r.State = "ended"
	case k.Epoch == nil:
		r.State = "left"
	}
	r.Others, r.Gone = s.outside(k.Known.Members), k.Gone
	return r
}

// outside returns the bureaus of the ledger that are not among the members of a circle.
func (s *session) outside(members []string) (others []string) {
	for i := range s.genesis.Members() {
		if code := s.genesis.Members()[i].Code; !slices.Contains(members, code) {
			others = append(others, code)
		}
	}
	return others
}

func (t *terminal) circleList(c *cli.Context) error {
	if _, err := arguments(c, 0, 0, ""); err != nil {
		return err
	}
	s, err := t.openToRead(c)
	if err != nil {
		return err
	}
	defer s.close()
	list, err := s.desk.Circles()
	if err != nil {
		return err
	}
	records := make([]circleRecord, len(list))
	var rows [][]string
	for i, k := range list {
		r := s.circleRecord(k)
		records[i] = r
		if len(r.Gone) > 0 {
			r.State += ", " + strings.Join(r.Gone, " ") + " gone"
		}
		rows = append(rows, []string{r.Name, r.Founder, r.ID.String()[:8], r.State, strconv.Itoa(r.Epoch), strings.Join(r.Members, " ")})
	}
	if s.asJSON {
		return t.document(records)
	}
	if len(list) == 0 {
		t.note("%s is in no circle; to found one: comity circle new NAME --members BUREAUS", s.home.Bureau())
		return nil
	}
	t.table([]string{"CIRCLE", "OF", "ID", "STATE", "EPOCH", "MEMBERS"}, rows)
	return nil
}

func (t *terminal) circleShow(c *cli.Context) error {
	args, err := arguments(c, 1, 1, "CIRCLE")
	if err != nil {
		return err
	}
	s, err := t.openToRead(c)
	if err != nil {
		return err
	}
	defer s.close()
	k, err := s.findCircle(args[0])
	if err != nil {
		return err
	}
	r := s.circleRecord(k)
	if s.asJSON {
		return t.document(r)
	}
	s.say("%s  circle of %s", r.Name, s.bureau(r.Founder))
	s.say("  id        %s", r.ID)
	s.say("  founded   entry %s", count(r.Founded))
	s.say("  epoch     %d, entry %s, %s", r.Epoch, count(r.Entry), clock(r.Time))
	switch r.State {
	case "ended":
		s.say("  state     ENDED: nothing more is sealed to it")
	case "left":
		s.say("  state     LEFT: the present epoch is not for %s; what follows is of epoch %d", s.home.Bureau(), k.Known.Number)
	default:
		s.say("  state     open; to seal to it: --to circle:%s", s.circleName(r))
	}
	s.say("  members   %s", s.bureauNames(r.Members))
	s.say("  not in it %s", s.bureauNames(r.Others))
	if len(k.Gone) > 0 {
		s.say("  GONE      %s left the ledger, and has the keys of this epoch: nobody seals to it any more, but to the others one by one.", strings.Join(r.Gone, " "))
		s.say("            The next that an officer of %s writes gives it other keys, or comity watch --officer LABEL at once", r.Founder)
	}
	if len(r.Changed) > 0 {
		s.say("  CHANGED   %s has other sealing keys since this epoch; if one was lost, %s should: comity circle renew %s",
			strings.Join(r.Changed, " "), r.Founder, s.circleName(r))
	}
	return nil
}

// circleName is what names a circle on a command line without doubt.
func (s *session) circleName(r circleRecord) string {
	if k, err := s.desk.Circle(r.Name); err == nil && k.ID == r.ID {
		return r.Name
	}
	return r.ID.String()[:8]
}

func (s *session) bureauNames(codes []string) string {
	if len(codes) == 0 {
		return "nobody"
	}
	list := make([]string, len(codes))
	for i, code := range codes {
		list[i] = s.bureau(code)
	}
	return strings.Join(list, ", ")
}

// showCircleDraft prints what a draft makes of a circle.
func (s *session) showCircleDraft(d *drafts.Draft, quiet bool) error {
	e, before, err := s.desk.OpenCircleDraft(d.Item)
	if err != nil || quiet {
		return err
	}
	switch {
	case e == nil:
		s.say("END of circle %s: nothing more is sealed to it", before.Label())
		return nil
	case before == nil:
		s.say("FOUNDS circle %s", e.Name)
	default:
		s.say("NEW EPOCH %d of circle %s", e.Number, before.Label())
		if e.Name != before.Name {
			s.say("  WARNING   it has another name then: %s", e.Name)
		}
	}
	s.say("  members   %s", s.bureauNames(e.Members))
	if before != nil && before.Known != nil {
		joins, leaves := without(e.Members, before.Known.Members), without(before.Known.Members, e.Members)
		s.say("  joins     %s", s.bureauNames(joins))
		s.say("  leaves    %s", s.bureauNames(leaves))
	}
	return nil
}

// without returns those of list that are not among others.
func without(list, others []string) (left []string) {
	for _, x := range list {
		if !slices.Contains(others, x) {
			left = append(left, x)
		}
	}
	return left
}

// memberCodes returns who is in a circle that these bureaus and the own make.
func memberCodes(own string, named []string, g *ledger.Genesis) []string {
	list := append([]string{own}, named...)
	if slices.Contains(named, notice.All) {
		list = nil
		for _, m := range g.Members() {
			list = append(list, m.Code)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func addMembers(s *session, k *desk.Circle, named []string) ([]string, error) {
	all := memberCodes(s.home.Bureau(), named, s.genesis)
	joins := without(all, k.Epoch.Members)
	if len(joins) == 0 {
		return nil, usagef("circle %s: %s is in it already", k.Name, strings.Join(named, " "))
	}
	return append(k.Stay(), joins...), nil
}

func removeMembers(s *session, k *desk.Circle, named []string) ([]string, error) {
	for _, code := range named {
		switch {
		case code == s.home.Bureau() || code == notice.All:
			return nil, hint(usagef("circle %s: %s founded it and stays", k.Name, s.home.Bureau()), "to end it: comity circle end %s", k.Name)
		case !slices.Contains(k.Epoch.Members, code):
			return nil, usagef("circle %s: %s is not in it", k.Name, code)
		}
	}
	left := without(k.Stay(), named)
	if len(left) < 2 {
		return nil, hint(usagef("circle %s: nobody but %s would be left", k.Name, s.home.Bureau()), "to end it: comity circle end %s", k.Name)
	}
	return left, nil
}
