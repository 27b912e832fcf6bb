package testnet

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"comity/ledger"
	"comity/ledger/notice"
)

// compoundCase returns a notice of a bureau about a victim of its own: whom, and
// what the case has in common with others, differ from bureau to bureau.
func compoundCase(t *testing.T, bureau, given string, readers notice.Readers, shared ...notice.Entity) *notice.Notice {
	t.Helper()
	text, err := notice.Template(ledger.KindDiffusion, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	n, err := notice.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	n.Origin, n.Reference, n.Readers, n.Victim = bureau, bureau+"-COMPOUND", readers, nil
	p := &n.Card.Person
	p.Names = []notice.Name{{Family: "Vellacourt", Given: given}}
	p.Documents[0].Number = "P" + bureau + "0099" + bureau[1:]
	n.Body.Links = nil
	n.Body.Entities = append([]notice.Entity{{ID: "r1", Person: &notice.Person{Identity: notice.Identity{Names: []notice.Name{{Full: "Recruiter of " + given, Use: notice.NameAlias}}}, Role: "recruiter"}}}, shared...)
	for _, e := range shared {
		n.Body.Links = append(n.Body.Links, notice.Link{From: "r1", Relation: notice.Uses, To: e.ID, Grade: "B2"})
	}
	n.Body.Handling = notice.Handling{Code: notice.H1}
	return n
}

// link is what comity notice links --json says of one thing that notices share.
type link struct {
	Type, Value string
	In          []struct{ Notice, Bureau string }
}

// linked returns what hangs together with a notice on a bureau's desk, as
// "type value: bureaus".
func (s *scenario) linked(bureau, name string) []string {
	s.t.Helper()
	var list []link
	s.ask(&list, bureau, "notice", "links", name)
	var out []string
	for _, l := range list {
		if strings.HasPrefix(l.Type, "name") {
			continue // a suggestion, not a link
		}
		var in []string
		for _, h := range l.In {
			in = append(in, h.Bureau)
		}
		slices.Sort(in)
		out = append(out, l.Type+" "+l.Value+": "+strings.Join(slices.Compact(in), " "))
	}
	slices.Sort(out)
	return out
}

// TestNetScenarioCompound has three bureaus find out that their cases belong
// together: by a telephone, a wallet, the account behind an advert and a number
// plate. Each learns what was shared with it and nothing else. What they learnt
// of the method goes to all, after review; and what was lent leaves the ledger
// only with its owner's consent. Then they form a joint team: scenario_team_test.go.
func TestNetScenarioCompound(t *testing.T) {
	s := play(t, 4)
	phone := notice.Entity{ID: "ph", Phone: &notice.Phone{Number: "+99955506612"}}
	wallet := notice.Entity{ID: "wa", Wallet: &notice.Wallet{Currency: "BTC", Address: "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"}}
	advert := notice.Entity{ID: "ad", Account: &notice.Account{Service: "jobs channel", Handle: "golden_office_jobs"}}
	plate := notice.Entity{ID: "ve", Vehicle: &notice.Vehicle{Plate: "BW 4471 K", Country: "XB"}}
	a := compoundCase(t, "XA", "Aurelio", notice.Readers{"XA", "XB"}, phone, wallet, advert)
	b := compoundCase(t, "XB", "Benedikta", notice.Readers{"XA", "XB", "XC"}, phone, wallet, plate)
	c := compoundCase(t, "XC", "Cassimir", notice.Readers{"XB", "XC"}, advert, plate)
	for _, n := range []*notice.Notice{a, b, c} {
		s.send(n)
	}
	s.settle()
	for _, tt := range []struct {
		bureau, notice string
		want           []string
		unseen         string
	}{
		{"XA", a.Reference, []string{"phone +99955506612: XA XB", "wallet " + wallet.Wallet.Address + ": XA XB"}, "Cassimir"},
		{"XB", b.Reference, []string{"phone +99955506612: XA XB", "plate BW 4471 K: XB XC", "wallet " + wallet.Wallet.Address + ": XA XB"}, ""},
		{"XB", a.Reference, []string{"account golden_office_jobs: XA XC", "phone +99955506612: XA XB", "wallet " + wallet.Wallet.Address + ": XA XB"}, ""},
		{"XC", c.Reference, []string{"plate BW 4471 K: XB XC"}, "Aurelio"},
	} {
		if got := s.linked(tt.bureau, tt.notice); !slices.Equal(got, tt.want) {
			t.Errorf("%s, links of %s:\ngot  %q\nwant %q", tt.bureau, tt.notice, got, tt.want)
		}
		if tt.unseen == "" {
			continue
		}
		out := s.do(tt.bureau, "notice", "links", tt.notice, "--depth", "4", "--json") + s.do(tt.bureau, "search", "name:Vellacourt", "--json")
		if strings.Contains(out, tt.unseen) {
			t.Errorf("%s learns of %s:\n%s", tt.bureau, tt.unseen, out)
		}
	}
	s.refused("XD", "there is no notice", "notice", "links", b.Reference)
	if out := s.do("XD", "search", "name:Vellacourt OR phone:+99955506612 OR plate:BW4471K"); out != "" {
		t.Errorf("XD finds\n%s", out)
	}
	s.purple()
	s.lend(b)
	s.team()
}

// purple publishes the method to all. It waits for the reviewers of other bureaus.
func (s *scenario) purple() {
	s.t.Helper()
	s.do("XA", "notice", "new", "--kind", "purple", "-o", "purple.json")
	data, err := os.ReadFile(filepath.Join(s.dir, "purple.json"))
	if err != nil {
		s.t.Fatal(err)
	}
	n, err := notice.Parse(data)
	if err != nil {
		s.t.Fatal(err)
	}
	sent := s.send(n)
	s.settle()
	s.says("XD", []string{"status    submitted to reviewers, UNREVIEWED so far"}, "notice", "show", sent.ID)
	if out := s.do("XD", "notice", "list", "--status", "active"); strings.Contains(out, "purple") {
		s.t.Errorf("active before any review:\n%s", out)
	}
	s.refused("XA", "that is for supervisors of other bureaus", "notice", "review", sent.ID, "--approve", "--officer", "sup-1")
	for _, code := range []string{"XB", "XC"} {
		var k struct{ Status string }
		if s.ask(&k, code, "notice", "show", sent.ID); k.Status == "submitted" {
			s.do(code, "notice", "review", sent.ID, "--approve", "--officer", "sup-1")
			s.settle()
		}
	}
	for _, code := range s.Bureaus() {
		s.says(code, []string{"status    active, reviewed", "several young travellers with like letters"}, "notice", "show", sent.ID)
	}
}

// lend has XA use before a court what XB lent under H1: not without XB's consent
// to that, nor without telling XB, signed by two.
func (s *scenario) lend(n *notice.Notice) {
	s.t.Helper()
	export := []string{"notice", "export", n.Reference, "--court", "--purpose", "hearing on Friday", "-o", "court.txt"}
	none := func() {
		s.t.Helper()
		s.refused("XA", "the origin has not consented to an export: H1", append(export, "--second", "sup-1")...)
		if _, err := os.Stat(filepath.Join(s.dir, "court.txt")); err == nil {
			s.t.Error("a refused export left a file behind")
		}
	}
	none()
	s.do("XA", "notice", "consent", "ask", n.Reference, "--for-use", "evidence,export", "--by", "district court of XA", "--text", "hearing on Friday")
	s.settle()
	none() // to ask is not to get
	s.refused("XA", "only", "notice", "consent", "grant", n.Reference)
	s.do("XB", "notice", "consent", "grant", n.Reference)
	s.settle()
	s.says("XA", []string{"GRANTED: evidence, export for district court of XA"}, "notice", "show", n.Reference)
	s.do("XA", append(export, "--second", "sup-1")...)
	data, err := os.ReadFile(filepath.Join(s.dir, "court.txt"))
	if err != nil || !strings.Contains(string(data), `"handling": "H1: `) || !strings.Contains(string(data), "Benedikta") {
		s.t.Errorf("the export: %v\n%s", err, data)
	}
	// The court, or a bureau that reads nothing of it, checks it with the charter alone.
	s.says("XD", []string{"is authentic and in the ledger", "word for word as XB signed", "exported  by XA", "desk-1 and sup-1",
		"consent   of XB: evidence, export for district court of XA"}, "verify", "court.txt")
	s.settle()
	s.says("XB", []string{"Read export", "card and body as court export: hearing on Friday"}, "inbox", "--words")
	s.says("XB", []string{"signed by a second officer, sup-1"}, "notice", "show", n.Reference)
	// XC reads the same notice, asked for nothing, and may not use XA's consent.
	s.refused("XC", "the origin has not consented to an export: H1", "notice", "export", n.Reference, "--court", "--purpose", "theirs", "-o", "theirs.txt")
}
