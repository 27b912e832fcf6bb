package testnet

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/notice"
)

// weekend says how large a border weekend is played.
type weekend struct {
	notices, checks, hits int // two thirds of the scans are made while XB is cut off
	victims               int
}

// scan is what is scanned: a zone, perhaps misread, and which notice it hits.
type scan struct {
	ref, line string
	hit       string // reference of the notice, "" for none
	misread   bool
}

// checked is what check --stdin says of one scan.
type checked struct {
	Ref      string
	Error    string
	Problem  string
	Hit      bool
	Hits     []struct{ Reference, Action, Caveat string }
	AsOf     uint64 `json:"as_of_entry"`
	Complete bool
	Repaired []notice.Repair
	Reported int
}

// TestNetScenarioBorderWeekend scans passports at a border of XB while its node
// is taken away and comes back. COMITY_WEEKEND is how many notices there are, to
// measure with; of a real weekend it is 20000, which takes minutes.
func TestNetScenarioBorderWeekend(t *testing.T) {
	w := weekend{notices: 100, checks: 500, hits: 24, victims: 12}
	if n, err := strconv.Atoi(os.Getenv("COMITY_WEEKEND")); err == nil {
		w = weekend{notices: n, checks: n / 2, hits: n / 100, victims: n / 25}
	}
	s := play(t, 3)
	began := time.Now()
	cases := s.fill(w.notices)
	t.Logf("%d notices are published after %s", w.notices, time.Since(began))
	s.victims(w.victims)
	began = time.Now()
	s.upToDate("XB")
	t.Logf("%d notices: XB knows them after %s", w.notices, time.Since(began))
	scans := scansOf(t, cases, w)
	s.checkpoint(scans)
	s.hitsOnce(scans)
	s.tally()
	s.caveatFirst()
}

// upToDate returns when the desk of a bureau knows all that its node does. One
// command reads no longer than some seconds; the next goes on.
func (s *scenario) upToDate(code string) {
	s.t.Helper()
	for {
		r := s.try(code, "", "check", "--fresh", "--doc", "X0000001")
		switch {
		case r.code == 0:
			return
		case r.code != 2 || s.ctx.Err() != nil:
			s.t.Fatalf("exit %d\n%s%s", r.code, r.out, r.err)
		}
	}
}

// readAll returns when an officer's commands have read all that the node has.
func (s *scenario) readAll(code, officer string) {
	s.t.Helper()
	for {
		r := s.try(code, "", "notice", "list", "--limit", "1", "--officer", officer)
		switch {
		case r.code != 0 || s.ctx.Err() != nil:
			s.t.Fatalf("exit %d\n%s%s", r.code, r.out, r.err)
		case !strings.Contains(r.err, "could not be read to its end") && !strings.Contains(r.err, "no news"):
			return
		}
	}
}

// fill has XA send so many diffusions to XB about persons with a passport.
func (s *scenario) fill(count int) []*notice.Notice {
	s.t.Helper()
	author := authorsOf(s.t, s.Consortium, "case-1")[0]
	g := notice.NewGenerator(20260822, time.Now())
	var list []*notice.Notice
	for len(list) < count {
		n := g.Next()
		if n.Kind == ledger.KindRed || len(n.Card.Person.Documents) == 0 {
			continue
		}
		if n.Kind != ledger.KindDiffusion {
			n.Kind, n.Colour = ledger.KindDiffusion, n.Kind
		}
		n.Origin, n.Readers, n.Reference = "XA", notice.Readers{"XA", "XB"}, fmt.Sprintf("BW-%05d", len(list))
		if _, err := author.Publish(s.ctx, n, s.seconds("XA", n)...); err != nil {
			s.t.Fatal(err)
		}
		list = append(list, n)
	}
	s.settle()
	return list
}

// scansOf returns what is scanned, in a random order: some passports of notices,
// else those of people whom nobody looks for; one in a hundred is misread.
func scansOf(t *testing.T, cases []*notice.Notice, w weekend) []scan {
	t.Helper()
	rng := rand.New(rand.NewPCG(2, 26))
	g := notice.NewGenerator(7, time.Now())
	var scans []scan
	for i := range w.checks {
		c := scan{ref: strconv.Itoa(i)}
		var card *notice.Card
		if i < w.hits {
			n := cases[i*len(cases)/w.hits]
			card, c.hit = n.Card, n.Reference
		} else {
			for card == nil || len(card.Person.Documents) == 0 {
				card = g.Next().Card
			}
			// Nobody in the corpus is so young: a hit would be a false one.
			card.Person.Born = notice.DateOf(time.Now().AddDate(0, 0, -1-i%300))
			card.Person.Documents[0].Number = fmt.Sprintf("Q%08d", i)
		}
		zone := zone(t, card)
		if i%100 == 0 {
			zone, c.misread = misread(t, zone), true
		}
		data, err := json.Marshal(map[string]string{"ref": c.ref, "mrz": zone})
		if err != nil {
			t.Fatal(err)
		}
		c.line = string(data)
		scans = append(scans, c)
	}
	rng.Shuffle(len(scans), func(i, j int) { scans[i], scans[j] = scans[j], scans[i] })
	return scans
}

// misread returns a zone as a scanner may give it, with a digit of the date of
// expiry or of the number read as the letter that it looks like.
func misread(t *testing.T, zone string) string {
	t.Helper()
	first, second, _ := strings.Cut(zone, "\n")
	for _, i := range []int{21, 22, 23, 24, 25, 26, 13, 14, 15, 16, 17, 18} {
		if at := strings.IndexByte("01852", second[i]); at >= 0 {
			bad := first + "\n" + second[:i] + string("OIBSZ"[at]) + second[i+1:]
			if m, repaired, err := notice.ReadMRZ(bad); err != nil || len(repaired) != 1 || m.Number != strings.Trim(second[:9], "<") {
				t.Fatalf("%q: %+v, %v", bad, repaired, err)
			}
			return bad
		}
	}
	t.Fatalf("%q has no digit that is taken for a letter", second)
	return ""
}

// checkpoint is one process that answers scans. After a third of them, whose hits
// it has delivered, the node of XB is stopped, and it answers on.
func (s *scenario) checkpoint(scans []scan) {
	s.t.Helper()
	cmd := s.command("XB", "check", "--stdin", "--send")
	in, err := cmd.StdinPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	answers := bufio.NewScanner(out)
	var took []time.Duration
	third := len(scans) / 3
	for i := range scans {
		if i == third {
			s.delivered()
			if err := s.Halt(s.ctx, "XB"); err != nil {
				s.t.Fatal(err)
			}
		}
		began := time.Now()
		if _, err := io.WriteString(in, scans[i].line+"\n"); err != nil || !answers.Scan() {
			s.t.Fatalf("scan %d: %v, %v", i, err, answers.Err())
		}
		took = append(took, time.Since(began))
		s.right(&scans[i], answers.Bytes())
	}
	if err := in.Close(); err != nil {
		s.t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		s.t.Fatalf("check --stdin: %v", err)
	}
	slices.SortFunc(took, cmp.Compare)
	s.t.Logf("%d checks: p50 %s, p99 %s, most %s", len(took), took[len(took)/2], took[len(took)*99/100], took[len(took)-1])
}

// delivered waits until no hit is in XB's queue.
func (s *scenario) delivered() {
	s.t.Helper()
	for left := 1; left > 0; {
		left = len(s.queue())
		if err := rest(s.ctx, fmt.Errorf("%d hits wait", left)); err != nil {
			s.t.Fatal(err)
		}
	}
}

// queue returns the files of what waits at XB's desk.
func (s *scenario) queue() []string {
	s.t.Helper()
	files, err := filepath.Glob(filepath.Join(s.homes["XB"].DeskDir(), "queue", "*"))
	if err != nil {
		s.t.Fatal(err)
	}
	return files
}

// right judges an answer.
func (s *scenario) right(c *scan, line []byte) {
	s.t.Helper()
	var a checked
	if err := json.Unmarshal(line, &a); err != nil || a.Error != "" || a.Problem != "" || a.Ref != c.ref || a.AsOf == 0 || !a.Complete {
		s.t.Fatalf("scan %s: %s", c.ref, line)
	}
	if a.Hit != (c.hit != "") || a.Hit && (!slices.ContainsFunc(a.Hits, func(h struct{ Reference, Action, Caveat string }) bool { return h.Reference == c.hit }) || a.Reported != len(a.Hits)) {
		s.t.Errorf("scan %s hits %+v, want %q", c.ref, a.Hits, c.hit)
	}
	if (len(a.Repaired) == 1) != c.misread {
		s.t.Errorf("scan %s: misread is %t, repaired %+v", c.ref, c.misread, a.Repaired)
	}
}

// hitsOnce brings the node of XB back, delivers what waits, twice, and wants each
// hit to be at XA once.
func (s *scenario) hitsOnce(scans []scan) {
	s.t.Helper()
	waiting := len(s.queue())
	// XA goes on meanwhile; what XB says is as of before.
	late := Sample("XA", 4242, notice.Readers{"XA", "XB"}, time.Now())
	late.Kind, late.Colour = ledger.KindDiffusion, ledger.KindYellow
	late.Card.Person.Documents = []notice.Document{{Type: notice.Passport, Number: "L4242424", Country: "XA"}}
	s.send(late)
	var before, after checked
	s.askCheck(&before, 0, "--doc", "L4242424")
	if err := s.Launch("XB"); err != nil {
		s.t.Fatal(err)
	}
	if err := s.WaitReady(s.ctx, "XB"); err != nil {
		s.t.Fatal(err)
	}
	s.settle()
	for range 2 {
		s.do("XB", "check", "--deliver")
	}
	if left := s.queue(); len(left) > 0 {
		s.t.Errorf("left in the queue: %q", left)
	}
	s.settle()
	s.askCheck(&after, 4, "--doc", "L4242424", "--fresh")
	if after.AsOf <= before.AsOf {
		s.t.Errorf("as of entry %d while cut off, %d after", before.AsOf, after.AsOf)
	}

	want := make(map[string]int)
	for _, c := range scans {
		if c.hit != "" {
			want[c.hit]++
		}
	}
	var list []struct{ Task, Notice string }
	s.ask(&list, "XA", "inbox", "--limit", "0")
	got := make(map[string]int)
	for _, w := range list {
		if w.Task == "decide hit" {
			got[w.Notice]++
		}
	}
	for name := range want {
		if got[name] != 1 {
			s.t.Errorf("%s: %d hits in XA's inbox, want 1", name, got[name])
		}
	}
	if waiting < 3 || len(want)-waiting < 3 {
		s.t.Errorf("of %d hits %d waited for the node: that proves little", len(want), waiting)
	}
	s.t.Logf("%d hits, %d of them delivered after the node was back", len(want), waiting)
}

// askCheck runs a check that ends with this exit code.
func (s *scenario) askCheck(a *checked, code int, args ...string) {
	s.t.Helper()
	r := s.try("XB", "", append([]string{"check", "--json"}, args...)...)
	if r.code != code || json.Unmarshal([]byte(r.out), a) != nil {
		s.t.Fatalf("check %q: exit %d, want %d\n%s%s", args, r.code, code, r.out, r.err)
	}
}

// seconds returns the supervisor of a bureau, where a notice needs one.
func (s *scenario) seconds(code string, n *notice.Notice) []*keys.Signer {
	s.t.Helper()
	if !n.FourEyes() {
		return nil
	}
	sup, err := s.homes[code].Officer("sup-1", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return []*keys.Signer{sup.Signer}
}

// register has an officer of XB write persons first to last-1 down at once, and another
// sign and send them at once: how long that takes of each does not grow with how many
// they are.
func (s *scenario) register(first, last int) {
	s.t.Helper()
	submit := []string{"notice", "submit"}
	for i := first; i < last; i++ {
		submit = append(submit, s.write(intercepted(i)))
	}
	took := func(what string, began time.Time) {
		s.t.Logf("%d persons: %s in %s, %s each", last-first, what, time.Since(began), time.Since(began)/time.Duration(last-first))
	}
	began := time.Now()
	s.do("XB", submit...)
	took("kept for a second officer", began)
	began = time.Now()
	var row []struct{ ID, State string }
	s.ask(&row, "XB", "draft", "list", "--officer", "sup-1")
	if len(row) != last-first || row[0].State != "waiting" {
		s.t.Fatalf("%d drafts wait, want %d: %+v", len(row), last-first, row[:min(len(row), 1)])
	}
	took("listed", began)
	began = time.Now()
	var sent []submitted
	s.ask(&sent, "XB", "approve", row[0].ID[:8], "--yes", "--officer", "sup-1")
	if len(sent) != last-first || sent[0].State != "FINAL" {
		s.t.Fatalf("%d of %d were sent: %+v", len(sent), last-first, sent[:min(len(sent), 1)])
	}
	took("approved", began)
}

// victims has XB report persons whom it intercepted, by pseudonym: who they are
// only the protection officers of XA and XB can open.
func (s *scenario) victims(count int) {
	s.t.Helper()
	for first, some := 0, max(count/5, 2); first < count; some = count {
		last := min(first+some, count)
		s.register(first, last)
		first = last
	}
	s.settle()
	s.readAll("XA", "protect-1")
	var full struct {
		Card   *notice.Card
		Body   *notice.Body
		Victim *notice.Victim
	}
	s.ask(&full, "XA", "notice", "show", "PV-0001", "--officer", "protect-1")
	if v := full.Victim; v == nil || v.Trafficking.Status != notice.PossibleVictim || v.Pseudonym != "Willow-1" || v.Identity.Names[0].Family != "Ondravale" {
		s.t.Errorf("the victim part: %+v", v)
	}
	// A desk without the key of protection officers.
	key := filepath.Join(s.homes["XA"].Dir(), "keys", "victim.age")
	if err := os.Rename(key, key+"-away"); err != nil {
		s.t.Fatal(err)
	}
	out := s.says("XA", []string{"Willow-1"}, "notice", "show", "PV-0001", "--json", "--officer", "protect-1") + s.do("XA", "search", "Ondravale", "--json", "--officer", "protect-1")
	if strings.Contains(out, "Ondravale") || strings.Contains(out, `"victim":`) {
		s.t.Errorf("without the key of protection officers:\n%s", out)
	}
	if err := os.Rename(key+"-away", key); err != nil {
		s.t.Fatal(err)
	}
}

func intercepted(i int) *notice.Notice {
	n := Sample("XB", 5000+i, notice.Readers{"XA", "XB"}, time.Now())
	n.Kind, n.Colour, n.Reference = ledger.KindDiffusion, ledger.KindYellow, fmt.Sprintf("PV-%04d", i)
	pseudonym := fmt.Sprintf("Willow-%d", i)
	n.Card.NonPunishment = true
	n.Victim = &notice.Victim{
		Readers: []string{"XA", "XB"}, Pseudonym: pseudonym,
		Identity:    notice.Identity{Names: []notice.Name{{Family: "Ondravale", Given: "Tamsin"}}, Born: n.Card.Person.Born},
		Consent:     notice.Consent{Given: false, Why: "vital interest"},
		Trafficking: notice.Trafficking{Status: notice.PossibleVictim, Exploitation: []string{notice.ForcedCriminality}},
		Minor:       true,
	}
	n.Card.Person.Names = []notice.Name{{Full: pseudonym, Use: notice.NamePseudonym}}
	return n
}

// tally has XA share counters of persons: under five no number is told.
func (s *scenario) tally() {
	s.t.Helper()
	n := &notice.Notice{
		Kind: ledger.KindTally, Reference: "LT-T1", Origin: "XA", ReviewBy: notice.DateOf(time.Now().AddDate(1, 0, 0)), Readers: notice.Readers{notice.All},
		Tally: &notice.Tally{Operation: "LANTERN TIDE", Sector: "XA-07", Hour: 6, Hotspots: 9, Inspections: 288, Intercepted: 3, Located: 7},
	}
	s.send(n)
	s.settle()
	s.upToDate("XC")
	s.says("XC", []string{"288 inspections", "under 5 intercepted, 7 located"}, "notice", "show", "LT-T1")
}

// caveatFirst checks somebody of whom a green notice warns, and who is looked
// for as a victim too: how to protect them comes before the alert.
func (s *scenario) caveatFirst() {
	s.t.Helper()
	victim := Sample("XA", 9001, notice.Readers{"XA", "XB"}, time.Now())
	victim.Kind, victim.Colour, victim.Reference = ledger.KindDiffusion, ledger.KindYellow, "GV-1"
	victim.Card.Person.Documents = []notice.Document{{Type: notice.Passport, Number: "G7711882", Country: "XA"}}
	s.send(victim)
	text, err := notice.Template(ledger.KindGreen, time.Now())
	if err != nil {
		s.t.Fatal(err)
	}
	green, err := notice.Parse(text)
	if err != nil {
		s.t.Fatal(err)
	}
	green.Reference, green.Card.Person = "GV-2", victim.Card.Person // the newer one
	sent := s.send(green)
	s.settle()
	s.do("XB", "notice", "review", sent.ID, "--approve", "--officer", "sup-1")
	s.settle()
	var a checked
	s.askCheck(&a, 4, "--doc", "G7711882", "--fresh")
	if len(a.Hits) != 2 || a.Hits[0].Reference != "GV-1" || a.Hits[0].Action != "PROTECT" || a.Hits[1].Reference != "GV-2" {
		s.t.Fatalf("hits: %+v, want the victim's notice first", a.Hits)
	}
	out := s.try("XB", "", "check", "--doc", "G7711882").out
	if !strings.HasPrefix(out, "! "+victim.Card.Caveat) || strings.Count(out, "\nHIT  ") != 2 {
		s.t.Errorf("the caveat is not what is read first:\n%s", out)
	}
}
