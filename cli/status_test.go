package cli

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"comity/ledger/ledgertest"
	"comity/node/wire"
)

// One screen says in words what waits for a person, and by which command it is done.
func TestStatusTellsWhatIsDue(t *testing.T) {
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	var out bytes.Buffer
	s := &session{terminal: &terminal{stdout: &out}, genesis: ledgertest.NewGenesis(t, 1).Genesis}
	s.tellStatus(&wire.Status{Bureau: "XA", Ready: true, State: "leader", Size: 1204, FinalSize: 1190, Time: uint64(now.UnixMilli()),
		FinalTime: uint64(now.Add(-12 * time.Minute).UnixMilli()), Clock: now.UnixMilli(), FinalBy: []string{"XA", "XB"}, Quorum: 2, DiskBytes: 1 << 20, DiskFree: 1 << 30, DiskDays: 400,
		Peers:   []wire.Peer{{Bureau: "XA", Voter: true, Cosigns: true}, {Bureau: "XB", Voter: true, Cosigns: true}, {Bureau: "XC", Voter: true}, {Bureau: "XD"}},
		KeyDays: 365, KeysKnown: 9, Keys: []wire.KeyDate{{Label: "node", Use: wire.KeyNode, Left: -3}, {Label: "desk-1", Use: wire.KeySign, Left: 34},
			{Label: "desk-1", Use: wire.KeyAccess, Left: 35}, {Label: "card", Use: wire.KeySeal, Left: 36}, {Label: "head-1", Use: wire.KeySign, Left: 300}},
		ProposalsOpen: 2, Proposals: []wire.Proposal{{ID: "0123456789abcdef", Index: 17, By: "XB", Change: "admit", Code: "XF", For: []string{"XB"}, Until: uint64(now.UnixMilli())}}})
	text := out.String()
	for _, want := range []string{
		"  FINAL     up to 1,190, written 12 minutes ago; 14 entries behind\n",
		"  cosigned  by XA XB; 2 of 3 needed\n",
		"  silent    XC did not",
		"1.0 GiB free: enough for 400 days as the ledger grew in its last 30\n",
		"  key       node: 3 days over, the bureaus change it by a vote\n",
		"  key       desk-1: 34 days left, rotate with: comity officer rotate desk-1\n",
		"  key       sealing card: 36 days left",
		"  proposal  P-17 by XB: admit XF; 1 for it of 2 needed, 0 against; lapses 2026-05-01 12:00:00Z; XA has not voted: comity vote P-17\n",
		"  proposal  and 1 more\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	for _, not := range []string{"35 days", "head-1", "XD did"} {
		if strings.Contains(text, not) {
			t.Errorf("%q in\n%s", not, text)
		}
	}
	if lines := strings.Count(text, "\n"); lines > 24 {
		t.Errorf("%d lines are more than a screen", lines)
	}
}
