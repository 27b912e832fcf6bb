package testnet

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"comity/ledger"
	"comity/ledger/notice"
	"comity/node/wire"
)

// childWords are words of the case that nobody but its readers may ever find in
// a file: who she is, who misses her, who took her, and what it is about. None is
// so short that it stands in random bytes.
func childWords(n *notice.Notice) []string {
	return []string{
		"Sorrendahl", n.Reference, n.Card.Person.Born.String(), n.Card.Person.Documents[0].Number, "SORRENDAHL<<ILVA", "+99955503310",
		"music school", "Teacher Wynn", "+99955508842", "brace on the upper teeth", "guardianship", "yellow",
	}
}

// TestNetScenarioChildRescue plays the case of a missing child from the draft to
// the purge, through the program alone: who reads it acts in time, who does not
// learns nothing, and what proves it outlives what it was about.
func TestNetScenarioChildRescue(t *testing.T) {
	s := play(t, 5)
	n := notice.ChildCase(time.Now())
	id, sealed := s.publishChild(n)
	s.sealedToOthers(n, id)
	s.meetChild(n)
	hit := s.silentRerun(n)
	s.endChild(n, id, hit, sealed)
}

// publishChild has one officer write the diffusion and another approve it. It
// returns its id, and what is sealed of it, as nodes keep it.
func (s *scenario) publishChild(n *notice.Notice) (id string, sealed []byte) {
	s.t.Helper()
	var draft struct {
		ID    string `json:"id"`
		State string `json:"state"`
	}
	file := s.write(n)
	s.ask(&draft, "XA", "notice", "submit", file, "--for-approval")
	if got := plaintext(s.t, s.dir, childWords(n)); len(got) != len(childWords(n)) { // of the notice as text
		s.t.Fatalf("the scan finds %q in the author's own file, want %d words", got, len(childWords(n)))
	}
	s.refused("XA", "desk-1", "approve", draft.ID, "--yes") // nobody approves what they wrote
	var waiting []struct{ Task, Notice string }
	s.ask(&waiting, "XA", "inbox", "--officer", "sup-1")
	if len(waiting) != 1 || waiting[0].Task != "approve" {
		s.t.Fatalf("the supervisor's inbox: %+v", waiting)
	}
	out := s.says("XA", []string{"FINAL", "4 of 5 needed"}, "approve", draft.ID, "--officer", "sup-1", "--yes")
	_, after, _ := strings.Cut(out, "4 of 5 needed), ")
	s.t.Logf("FINAL %s", strings.TrimSpace(after)) // the promise is under 2 s

	var k struct{ Index uint64 }
	s.ask(&k, "XA", "notice", "show", n.Reference)
	cl, err := s.Operator("XE")
	if err != nil {
		s.t.Fatal(err)
	}
	s.settle()
	_, err = cl.Records(s.ctx, k.Index, 1, func(r *wire.Record) error {
		sealed = slices.Clone(r.Body)
		s.bareHeader(n, &ledger.Item{Entry: r.Entry, Body: r.Body})
		return nil
	})
	if err != nil || len(sealed) == 0 {
		s.t.Fatalf("the entry at the node of XE: %d bytes, %v", len(sealed), err)
	}
	return draft.ID, sealed
}

// bareHeader wants an entry to say in the clear what the header may, and no more.
func (s *scenario) bareHeader(n *notice.Notice, it *ledger.Item) {
	s.t.Helper()
	h, err := ledger.ParsePublish(it.Entry.Statement.Public)
	if err != nil {
		s.t.Fatal(err)
	}
	want := n.Publish()
	want.SizeClass = h.SizeClass
	if !reflect.DeepEqual(*h, want) || h.Kind != ledger.KindUndisclosed || h.Urgency != ledger.U3 || len(it.Entry.Statement.Public) != 8 {
		s.t.Errorf("header: %+v in %d bytes, want %+v", h, len(it.Entry.Statement.Public), want)
	}
	for _, w := range childWords(n) {
		if bytes.Contains(it.Entry.Raw, []byte(w)) || bytes.Contains(it.Body, []byte(w)) {
			s.t.Errorf("what nodes keep says %q", w)
		}
	}
}

// sealedToOthers has the bureaus that the diffusion is not for look for the child.
func (s *scenario) sealedToOthers(n *notice.Notice, id string) {
	s.t.Helper()
	person := &n.Card.Person
	lines := fmt.Sprintf("%s\n{\"doc\":%q}\n{\"name\":%q,\"dob\":%q}\n", strings.ReplaceAll(zone(s.t, n.Card), "\n", " "),
		person.Documents[0].Number, person.Names[0].String(), person.Born)
	query := fmt.Sprintf("name:%s OR name~%s OR doc:%s OR phone:+99955508842 OR has:minor OR kind:yellow OR dob:%s OR music", person.Names[0].Family,
		person.Names[0].Family, person.Documents[0].Number, person.Born)
	s.says("XB", []string{n.Reference}, "search", query)
	for _, code := range []string{"XC", "XD", "XE"} {
		said := s.do(code, "search", query)
		r := s.try(code, lines, "check", "--stdin")
		if said != "" || r.code != 0 || strings.Count(r.out, `"hit":false`) != 3 || strings.Count(r.out, `"complete":true`) != 3 {
			s.t.Errorf("%s finds her:\n%s%s", code, said, r.out)
		}
		out := s.do(code, "notice", "show", id, "--json")
		var head map[string]any
		if err := json.Unmarshal([]byte(out), &head); err != nil {
			s.t.Fatal(err)
		}
		for _, field := range []string{"readers", "card", "body", "victim", "colour", "reference", "title"} {
			if v, ok := head[field]; ok || head["id"] != id {
				s.t.Errorf("%s learns of the %s: %v", code, field, v)
			}
		}
		if code == "XC" {
			s.refused(code, "there is no notice", "notice", "show", n.Reference)
			out += s.do(code, "notice", "list", "--all") + s.do(code, "watch", "--once", "--all", "--json")
		}
		for _, w := range append(childWords(n), "XB", person.Names[0].Given, "PROTECT", "minor") {
			if strings.Contains(out, w) {
				s.t.Errorf("%s reads %q in\n%s", code, w, out)
			}
		}
	}
	s.noPlaintext(n)
}

// noPlaintext scans the homes of all bureaus, nodes and desks and logs, for words
// of the case. Not even its readers keep one in the clear.
func (s *scenario) noPlaintext(n *notice.Notice) {
	s.t.Helper()
	if found := plaintext(s.t, s.Dir(), childWords(n)); len(found) > 0 {
		s.t.Errorf("in the clear on disk: %q", found)
	}
}

// meetChild has XB read the notice, scan the passport and report; XA confirms.
func (s *scenario) meetChild(n *notice.Notice) {
	s.t.Helper()
	s.says("XB", []string{"PUBLISH    " + n.Reference + "  U3  yellow diffusion, unreviewed"}, "watch", "--once", "--all")
	s.says("XB", []string{"Read notice", n.Reference}, "inbox")
	s.do("XB", "notice", "ack", n.Reference)

	r := s.try("XB", zone(s.t, n.Card), "check", "--mrz", "-", "--send")
	lines := strings.Split(r.out, "\n")
	if r.code != 4 || len(lines) < 3 || lines[0] != "! "+n.Card.Caveat || !strings.HasPrefix(lines[2], "HIT  PROTECT: bring to safety, do not question alone, call the desk") ||
		!strings.Contains(r.out, n.Card.Desk.Phone) {
		s.t.Fatalf("XB scans the passport: exit %d\n%s%s", r.code, r.out, r.err)
	}
	s.settle() // the report is committed, and FINAL a moment later
	s.says("XB", []string{"PROVISIONAL: XA has until"}, "notice", "show", n.Reference)
	s.refused("XB", "only XA may", "notice", "confirm", n.Reference)

	list := s.hits("XA")
	if len(list) != 1 || list[0].Escalated || list[0].Due-list[0].Since != 10*60*1000 {
		s.t.Fatalf("XA's inbox: %+v, want a hit to decide within ten minutes", list)
	}
	s.do("XA", "notice", "confirm", n.Reference)
	s.says("XB", []string{"Report outcome"}, "inbox")
	s.do("XB", "notice", "outcome", n.Reference, "--text", "located, safe")
	s.says("XA", []string{"HIT", "OUTCOME", "located, safe"}, "notice", "show", n.Reference)
}

type waitingHit struct {
	Task, ID   string
	Escalated  bool
	Since, Due uint64
}

// hits returns the hits that wait for a bureau, the most urgent first.
func (s *scenario) hits(bureau string, flags ...string) []waitingHit {
	s.t.Helper()
	var list []waitingHit
	s.ask(&list, bureau, append([]string{"inbox"}, flags...)...)
	return slices.DeleteFunc(list, func(w waitingHit) bool { return w.Task != "decide hit" && w.Task != "call the origin" })
}

// silentRerun has XB report again, and nobody answer. It returns the hit.
func (s *scenario) silentRerun(n *notice.Notice) string {
	s.t.Helper()
	s.do("XB", "notice", "hit", n.Reference, "--match", "her picture")
	list := s.hits("XA")
	if len(list) != 1 || list[0].Escalated {
		s.t.Fatalf("XA's inbox: %+v", list)
	}
	at := func(d time.Duration) string {
		return time.UnixMilli(int64(list[0].Since)).Add(d).UTC().Format(time.RFC3339Nano)
	}
	for _, tt := range []struct {
		after     time.Duration
		escalated bool
		state     string
	}{{9*time.Minute + 59*time.Second, false, "PROVISIONAL"}, {10*time.Minute + time.Second, true, "ESCALATED"}, {300 * 24 * time.Hour, true, "ESCALATED"}} {
		ours := s.hits("XA", "--as-of", at(tt.after))
		if len(ours) != 1 || ours[0].Escalated != tt.escalated {
			s.t.Errorf("after %s XA waits for %+v", tt.after, ours)
		}
		var k struct{ Hits []struct{ ID, State string } }
		s.ask(&k, "XB", "notice", "show", n.Reference, "--as-of", at(tt.after))
		if len(k.Hits) != 2 || k.Hits[1].ID != list[0].ID || k.Hits[1].State != tt.state { // never confirmed by time
			s.t.Errorf("after %s: %+v, want the second hit %s", tt.after, k.Hits, tt.state)
		}
	}
	s.says("XB", []string{"ESCALATED call the origin"}, "inbox", "--as-of", at(11*time.Minute))
	s.do("XA", "notice", "negative", n.Reference, "--text", "an older picture")
	return list[0].ID
}

// endChild withdraws and purges the notice and what was said of it. The card is
// gone, from every disk; the proofs are not.
func (s *scenario) endChild(n *notice.Notice, id, hit string, sealed []byte) {
	s.t.Helper()
	s.do("XB", "notice", "export", n.Reference, "-o", "exhibit")
	s.refused("XA", "it is active", "notice", "purge", n.Reference, "--second", "sup-1")
	s.do("XA", "notice", "withdraw", n.Reference)
	s.settle()
	s.says("XB", []string{"NO HIT"}, "check", "--fresh", "--doc", n.Card.Person.Documents[0].Number)
	s.refused("XB", "may not purge", "notice", "purge", n.Reference, "--second", "sup-1")
	s.do("XA", "notice", "purge", n.Reference, "--second", "sup-1")

	// What XB said of her is XB's to purge: each of its answers.
	var k struct {
		Status  string
		Answers []struct{ ID, Bureau, Type string }
	}
	s.ask(&k, "XB", "notice", "show", id)
	for _, a := range k.Answers {
		s.do(a.Bureau, "notice", "purge", id, "--answer", a.ID, "--second", "sup-1")
	}
	if k.Status != "purged" || len(k.Answers) != 6 || !slices.ContainsFunc(k.Answers, func(a struct{ ID, Bureau, Type string }) bool { return a.ID == hit }) {
		s.t.Errorf("the case at XB: %+v, want it purged, with six answers", k)
	}
	s.purgedEverywhere(id)
	s.gone(n, id, sealed)
	for _, code := range []string{"XB", "XE"} { // XE never held a key to it
		s.says(code, []string{"is authentic and in the ledger", "desk-1", "sup-1", "4 of 5 needed"}, "verify", "exhibit")
	}
	s.do("XE", "audit")
	s.changed("exhibit")
}

// purgedEverywhere waits until every node has destroyed everything, and has said
// so of each purge.
func (s *scenario) purgedEverywhere(id string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.ctx, 20*time.Second)
	defer cancel()
	for _, code := range s.Bureaus() {
		cl, err := s.Operator(code)
		if err != nil {
			s.t.Fatal(err)
		}
		for {
			st, err := cl.Status(ctx)
			if err == nil && st.PurgesOpen == 0 && st.PurgesPending == 0 {
				break
			}
			if err := rest(ctx, fmt.Errorf("%s has not purged: %+v, %w", code, st, err)); err != nil {
				s.t.Fatal(err)
			}
		}
	}
	s.settle()
	s.says("XA", []string{"5 of 5 nodes say that they have destroyed it"}, "notice", "show", id)
}

// gone looks for the child everywhere, after the purge.
func (s *scenario) gone(n *notice.Notice, id string, sealed []byte) {
	s.t.Helper()
	for _, code := range []string{"XC", "XD", "XE"} {
		s.do(code, "notice", "list") // a desk destroys its copy when it next hears of the ledger
	}
	for _, code := range []string{"XA", "XB"} {
		out := s.says(code, []string{"PURGED: its texts are destroyed"}, "notice", "show", id) + s.do(code, "notice", "show", id, "--json")
		for _, w := range append(childWords(n), "located, safe") {
			if strings.Contains(out, w) {
				s.t.Errorf("%s still reads %q in\n%s", code, w, out)
			}
		}
		if found := s.do(code, "search", "name:"+n.Card.Person.Names[0].Family); found != "" {
			s.t.Errorf("%s still finds her: %s", code, found)
		}
	}
	secrets := new(traces)
	secrets.add("the notice", sealed)
	if found, files := secrets.under(s.t, s.Dir()); len(found) > 0 {
		s.t.Errorf("in %d files of all bureaus: %q", files, found)
	}
	s.noPlaintext(n)
}

// changed flips a bit in the middle of an exhibit, and wants it refused.
func (s *scenario) changed(name string) {
	s.t.Helper()
	data, err := os.ReadFile(filepath.Join(s.dir, name))
	if err != nil {
		s.t.Fatal(err)
	}
	data[len(data)/2] ^= 1
	if err := os.WriteFile(filepath.Join(s.dir, "changed"), data, 0o600); err != nil {
		s.t.Fatal(err)
	}
	if r := s.try("XB", "", "verify", "changed"); r.code != 1 || !strings.HasPrefix(r.out, "FAILED") {
		s.t.Errorf("an exhibit with a bit changed: exit %d\n%s", r.code, r.out)
	}
}
