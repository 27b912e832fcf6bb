package node

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"comity/ledger"
	"comity/node/wire"

	"github.com/hashicorp/raft"
)

// standingOf returns the standing of xb, which acts by one configuration and heard
// what the others act by: "xa xb+ xc+" is what xa says.
func standingOf(r *roster, own string, said map[string]string) *standing {
	s := newStanding("xb.comity/n1", r, nil, func() suffrage { return suffrages(servers(own)) })
	for name, text := range said {
		s.hear(name+".comity/n1", suffrages(servers(text)).tell())
	}
	return s
}

// rosterOf returns a roster of somebody who has applied all of these epochs.
func rosterOf(t *testing.T, epochs ...string) *roster {
	m := testMembership(t, epochs...)
	r := &roster{changed: newBeacon(), wanted: make(chan struct{}, 1), decided: newMembers(m)}
	r.learn(m)
	return r
}

// meet reports whether any majority of the voters of one configuration has a node in
// common with any of another: whether two leaders of one term are kept apart.
func meet(a, b raft.Configuration) bool {
	voters := func(c raft.Configuration) (ids []raft.ServerID) {
		for _, s := range c.Servers {
			if s.Suffrage == raft.Voter {
				ids = append(ids, s.ID)
			}
		}
		return ids
	}
	va, vb := voters(a), voters(b)
	all := slices.Clone(va)
	for _, id := range vb {
		if !slices.Contains(all, id) {
			all = append(all, id)
		}
	}
	return len(va)/2+1+len(vb)/2+1 > len(all)
}

const (
	allFive  = "xa+ xb+ xc+ xd+ xe+"
	fourLeft = "xa+ xb+ xc+ xd+ xe-"
	bothOut  = "xa+ xb+ xc+ xd- xe-"
)

func configurationLog(text string) *raft.Log {
	return &raft.Log{Term: 2, Type: raft.LogConfiguration, Data: raft.EncodeConfiguration(servers(text))}
}

// appendOf returns a request of the leader xa for what follows an index, which calls
// all of it committed.
func appendOf(prev uint64, entries ...*raft.Log) *raft.AppendEntriesRequest {
	for i, e := range entries {
		e.Index = prev + 1 + uint64(i)
	}
	return &raft.AppendEntriesRequest{Term: 2, PrevLogEntry: prev, PrevLogTerm: min(prev, 2), LeaderCommitIndex: 1 << 40, Entries: entries}
}

// A dishonest leader, when two removals are decided, sends both steps to one node
// alone, at once or one after the other. That node would act by three voters while
// the other three go on by five: two majorities that do not meet, and two leaders.
func TestStandingStepByStep(t *testing.T) {
	if meet(servers(bothOut), servers(allFive)) || !meet(servers(fourLeft), servers(allFive)) {
		t.Fatal("the test sees no fork where there is one")
	}
	logs := raft.NewInmemStore()
	first := configurationLog(allFive)
	first.Index, first.Term = 1, 1
	if err := logs.StoreLog(first); err != nil {
		t.Fatal(err)
	}
	snaps, err := OpenSnapshots(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	r := rosterOf(t, allFive, "xa+ xb+ xc+ xd+", "xa+ xb+ xc+")
	others := map[string]string{"xa": bothOut, "xc": allFive, "xd": allFive, "xe": allFive}
	g := &guard{roster: r, logs: logs, snaps: snaps, standing: standingOf(r, allFive, others), done: func() uint64 { return 0 }}

	req := appendOf(1, &raft.Log{Term: 2, Type: raft.LogNoop}, configurationLog(fourLeft), configurationLog(bothOut))
	if err := g.check("xa.comity/n1", req); !errors.Is(err, errCut) || len(req.Entries) != 2 || req.LeaderCommitIndex != 3 {
		t.Errorf("both at once: %v, %d entries are taken, up to %d committed", err, len(req.Entries), req.LeaderCommitIndex)
	}
	if err := logs.StoreLogs(req.Entries); err != nil {
		t.Fatal(err)
	}
	if err := g.check("xa.comity/n1", appendOf(3, configurationLog(bothOut))); !errors.Is(err, errUnsettled) || errors.Is(err, errCut) {
		t.Errorf("one after the other: %v", err)
	}
	if len(g.standing.wanted) == 0 {
		t.Error("it does not ask the others")
	}
	g.standing.hear("xc.comity/n1", suffrages(servers(fourLeft)).tell()) // the honest way
	if err := g.check("xa.comity/n1", appendOf(3, configurationLog(bothOut))); err != nil {
		t.Errorf("when a majority has taken the first step: %v", err)
	}
}

// What the others say settles a step, and what does not.
func TestStandingSettles(t *testing.T) {
	for name, tt := range map[string]struct {
		epochs       []string
		before, next string
		said         map[string]string
		want         bool
	}{
		"nobody has said anything": {[]string{allFive}, allFive, fourLeft, nil, false},
		"two and itself of five":   {[]string{allFive, "xa+ xb+ xc+ xd+"}, allFive, fourLeft, map[string]string{"xc": allFive, "xe": allFive}, true},
		"who was away, and the others are further": {[]string{allFive, "xa+ xb+ xc+ xd+", "xa+ xb+ xc+"}, allFive, fourLeft,
			map[string]string{"xa": "xa+ xb+ xc+", "xc": "xa+ xb+ xc+"}, true},
		"the others are behind": {[]string{allFive, "xa+ xb+ xc+ xd+", "xa+ xb+ xc+"}, fourLeft, bothOut,
			map[string]string{"xa": bothOut, "xc": allFive, "xd": allFive, "xe": allFive}, false},
		"non-voters do not count": {[]string{"xa+ xb+ xc+ xd- xe-"}, "xa+ xb+ xc+ xd-", "xa+ xb+ xc+ xd- xe-",
			map[string]string{"xd": "xa+ xb+ xc+ xd- xe-", "xe": "xa+ xb+ xc+ xd- xe-"}, false},
		"the founders are gone": {[]string{"xa+ xf+ xg+", "xc+ xd+ xe+"}, "xa+ xf+ xg+", "xa+ xf+ xg-",
			map[string]string{"xc": "xc+ xd+ xe+", "xd": "xc+ xd+ xe+"}, true},
		"one of those that came is not enough": {[]string{"xa+ xf+ xg+", "xb+ xc+ xd+"}, "xa+ xf+ xg+", "xa+ xf+ xg-",
			map[string]string{"xc": "xb+ xc+ xd+"}, false},
		"the only voter's word": {[]string{"xa+", "xa+ xb-", "xa+ xb+"}, "xa+ xb-", "xa+ xb+", map[string]string{"xa": "xa+ xb+"}, true},
	} {
		s := standingOf(rosterOf(t, tt.epochs...), tt.before, tt.said)
		if err := s.allows(suffrages(servers(tt.before)), suffrages(servers(tt.next)), nil); (err == nil) != tt.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Who was away while another lost the vote and was given it again takes the steps of
// before that, although the others are on the way back. Who has not taken a step does
// not pass for one who has.
func TestStandingThereAndBack(t *testing.T) {
	back := []string{allFive, allFive + " xf-", fourLeft + " xf-", allFive + " xf-"}
	for name, tt := range map[string]struct {
		epochs       []string
		at           uint32 // decided where the step stands in the log
		before, next string
		said         string // by the three others
		want         bool
	}{
		"on the way back":               {back, 1, allFive, allFive + " xf-", fourLeft + " xf-", true},
		"not there":                     {back, 1, allFive, allFive + " xf-", fourLeft, false},
		"two steps, and neither":        {[]string{allFive, fourLeft, bothOut, bothOut + " xf-"}, 2, fourLeft, bothOut, allFive, false},
		"two steps, and the last alone": {[]string{allFive, fourLeft, bothOut, bothOut + " xf-"}, 2, "xa+ xb+ xc+ xd- xe+", bothOut, fourLeft, false},
	} {
		r := rosterOf(t, tt.epochs...)
		r.decided = newMembers(testMembership(t, tt.epochs[0])) // it has applied nothing of that
		s := standingOf(r, tt.before, map[string]string{"xa": tt.said, "xc": tt.said, "xe": tt.said})
		decided := func() (*ledger.Membership, error) { return testMembership(t, tt.epochs[:tt.at+1]...), nil }
		if err := s.allows(suffrages(servers(tt.before)), suffrages(servers(tt.next)), decided); (err == nil) != tt.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A snapshot takes no node further than a step, unless a majority is there.
func TestStandingSnapshot(t *testing.T) {
	r := rosterOf(t, allFive, "xa+ xb+ xc+ xd+", "xa+ xb+ xc+")
	liar := map[string]string{"xa": bothOut, "xc": allFive, "xd": allFive, "xe": allFive}
	for name, tt := range map[string]struct {
		own  string
		said map[string]string
		want bool
	}{
		"two steps from what the others act by": {allFive, liar, false},
		"one step":                              {fourLeft, map[string]string{"xa": bothOut, "xc": fourLeft, "xd": allFive}, true},
		"one step from what a majority has not": {fourLeft, liar, false},
		"a majority is there":                   {allFive, map[string]string{"xa": bothOut, "xc": bothOut}, true},
		"a majority with this node":             {allFive, map[string]string{"xc": bothOut, "xd": allFive}, false},
		"no configuration of its own":           {"", liar, true},
		"what it acts by":                       {bothOut, liar, true},
	} {
		if err := standingOf(r, tt.own, tt.said).allowsSnapshot(suffrages(servers(bothOut))); (err == nil) != tt.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Those who stay when two removals are decided elect nobody, before most of them act
// by that: the others elect by five voters still.
func TestStandingAhead(t *testing.T) {
	r := rosterOf(t, allFive, "xa+ xb+ xc+ xd+", "xa+ xb+ xc+")
	for name, tt := range map[string]struct {
		said map[string]string
		want string
	}{
		"nobody acts by it":        {map[string]string{"xa": allFive, "xc": allFive, "xd": allFive}, ""},
		"a liar says that it does": {map[string]string{"xa": bothOut, "xc": allFive, "xd": allFive}, ""},
		"most do":                  {map[string]string{"xa": bothOut, "xc": bothOut, "xd": allFive}, bothOut},
		"most do, and one more":    {map[string]string{"xa": "xa+ xb+ xc+ xe-", "xc": bothOut}, bothOut},
		"what was not decided":     {map[string]string{"xa": "xa+ xc+", "xc": "xa+ xc+"}, ""},
	} {
		var got []string
		for _, c := range standingOf(r, allFive, tt.said).ahead(suffrages(servers(allFive))) {
			for _, text := range []string{bothOut, "xa+ xb+ xc+ xe-", "xa+ xc+"} {
				if c.changes(suffrages(servers(text))) == 0 {
					got = append(got, text)
				}
			}
		}
		if strings.Join(got, "; ") != tt.want {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// It asks until a majority stands where it does, and whoever does not answer holds
// up nobody else.
func TestStandingAsks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := standingOf(rosterOf(t, allFive), allFive, nil)
		s.status = func(ctx context.Context, name string) (*wire.Status, error) {
			if name[:2] == "xe" || name[:2] == "xd" {
				<-ctx.Done()
				return nil, ctx.Err()
			}
			return &wire.Status{Servers: suffrages(servers(allFive)).tell()}, nil
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go s.run(ctx)
		synctest.Wait()
		five := suffrages(servers(allFive))
		if !s.settles(five, five, newest) {
			t.Error("two have answered, and it does not know")
		}
		huge := make(map[string]bool)
		for i := range 100 {
			huge[string(rune('a'+i))] = true
		}
		s.mu.Lock()
		s.hear("xa.comity/n1", huge)
		s.mu.Unlock()
		if !s.settles(five, five, newest) {
			t.Error("it took over a configuration that cannot be")
		}
	})
}
