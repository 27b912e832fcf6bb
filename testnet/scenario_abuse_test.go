package testnet

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"comity/ledger"
	"comity/ledger/state"
	"comity/node/desk"
)

// TestNetScenarioAbuse plays an abusive notice: a red one on a journalist is refused
// by reviewers of other bureaus, comes back as a diffusion, which nobody reviews,
// and is suspended everywhere by the second voice against it. At no moment does a
// desk ask for an arrest; and an auditor without any key proves all of it.
func TestNetScenarioAbuse(t *testing.T) {
	s := play(t, 5)
	others := []string{"XA", "XB", "XC", "XD"}
	nobody := func(ref string, want ...string) {
		t.Helper()
		for _, code := range others {
			if out := s.says(code, want, "notice", "show", ref); strings.Contains(out, "ARREST") {
				t.Errorf("%s is asked for an arrest:\n%s", code, out)
			}
		}
	}
	reason := []string{"--reason", "she is sought for what she wrote", "--officer", "sup-1"}

	s.do("XE", "notice", "new", "--kind", "red", "--to", strings.Join(others, ","), "-o", "red.json")
	var red, again, first, second submitted
	s.ask(&red, "XE", "notice", "submit", "red.json", "--second", "sup-1")
	nobody("XE-0001", "UNREVIEWED")
	s.refused("XE", "that is for supervisors of other bureaus", "notice", "review", "XE-0001", "--approve")
	s.ask(&first, "XA", append([]string{"notice", "review", "XE-0001", "--refuse"}, reason...)...)
	s.ask(&second, "XB", append([]string{"notice", "review", "XE-0001", "--refuse"}, reason...)...)
	s.settle()
	nobody("XE-0001", "REFUSED at entry")
	s.refused("XC", "it is refused since entry", "notice", "review", "XE-0001", "--approve", "--officer", "sup-1")

	// The same again, by the way that needs no review.
	s.do("XE", "notice", "new", "--kind", "diffusion", "--to", strings.Join(others, ","), "-o", "again.json")
	s.ask(&again, "XE", "notice", "submit", "again.json", "--second", "sup-1")
	nobody("XE-0002", "UNREVIEWED")
	s.do("XC", append([]string{"notice", "suspend", "XE-0002", "--as", "reviewers"}, reason...)...)
	var suspended submitted
	s.ask(&suspended, "XD", append([]string{"notice", "suspend", "XE-0002", "--as", "reviewers"}, reason...)...)
	s.settle()
	nobody("XE-0002", "SUSPENDED by its reviewers")
	s.refused("XE", "may not lift", "notice", "lift", "XE-0002", "--as", "reviewers")

	s.auditorProves(red, again, second, suspended)
}

// auditorProves gives an auditor a bundle and the charter, and nothing else.
func (s *scenario) auditorProves(red, again, refusal, suspension submitted) {
	s.t.Helper()
	s.do("XC", "bundle", "create", "ledger.cbundle")
	charter, err := os.ReadFile(filepath.Join(s.homes["XC"].Dir(), "charter"))
	if err == nil {
		err = os.WriteFile(filepath.Join(s.dir, "charter"), charter, 0o600)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	s.says("XC", []string{"Every entry is authentic and none is missing."}, "audit", "ledger.cbundle", "--charter", "charter", "--dir", "nowhere")

	// What a replica makes of the same entries, with no key that reads a notice, is
	// what the ledger decided: one entry ended the notice, one suspended the other.
	g, err := ledger.ParseGenesis(charter)
	if err != nil {
		s.t.Fatal(err)
	}
	d, err := desk.Open(s.t.TempDir(), g)
	if err != nil {
		s.t.Fatal(err)
	}
	defer d.Close()
	cl, err := s.Operator("XC")
	if err == nil {
		err = d.Sync(s.ctx, cl, nil)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	for id, want := range map[string]struct {
		by   uint64
		says func(*state.Notice) bool
	}{
		red.ID:   {refusal.Index, func(n *state.Notice) bool { return n.Status == state.StatusRefused && n.Ended == refusal.Index+1 }},
		again.ID: {suspension.Index, func(n *state.Notice) bool { return n.Held.By(ledger.ByReviewers) }},
	} {
		_, e, err := d.Entry(want.by)
		if err != nil {
			s.t.Fatal(err)
		}
		n, err := d.Notice(e.Statement.Target)
		if err != nil || n == nil || e.Statement.Target.String() != id || !want.says(n) {
			s.t.Errorf("notice %s: entry %d is about %s, which is %+v, %v", id, want.by, e.Statement.Target, n, err)
		}
	}
}
