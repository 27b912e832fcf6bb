package cli

import (
	"strings"
	"testing"
	"time"

	"comity/ledger"
	"comity/node/home"
	"comity/node/wire"
)

// Each case has one thing wrong, and the line that must say so.
func TestDoctor(t *testing.T) {
	members := []ledger.Member{{Code: "XA", Name: "Aldermoor"}, {Code: "XB", Name: "Brackwater"}, {Code: "XC", Name: "Corvane"}, {Code: "XD", Name: "Dunmarsh"}}
	founded := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	s := &session{terminal: new(terminal), home: new(home.Home), genesis: &ledger.Genesis{Charter: &ledger.Charter{Members: members, Created: uint64(founded.Unix())}}}
	answers := func(change func(all []nodeAnswer)) []nodeAnswer {
		var all []nodeAnswer
		for i := range members {
			all = append(all, nodeAnswer{member: &members[i], unsure: time.Millisecond, status: &wire.Status{Bureau: members[i].Code, Ready: true, Size: 10, FinalSize: 10,
				Version: buildVersion().Version, DiskBytes: 1 << 20, DiskFree: 100 << 30, DiskDays: 1e6, KeyDays: 365, Clock: founded.AddDate(0, 0, 100).UnixMilli()}})
		}
		change(all)
		return all
	}
	for _, tt := range []struct {
		name   string
		change func(all []nodeAnswer)
		want   string // "" for nothing
	}{
		{"all well", func([]nodeAnswer) {}, ""},
		{"one clock", func(all []nodeAnswer) { all[1].off = 3 * time.Second }, "clock: XB is 3s ahead of this machine"},
		{"a slow answer is no wrong clock", func(all []nodeAnswer) { all[1].off, all[1].unsure = 3*time.Second, 4*time.Second }, ""},
		{"the clock here", func(all []nodeAnswer) {
			for i := range all {
				all[i].off = -90 * time.Second
			}
		}, "clock: it is this one that is wrong: XA is 1m30s behind"},
		{"old disk", func(all []nodeAnswer) { all[0].status.Size, all[0].status.FinalSize = 7, 7 }, "rollback: its ledger has 7 entries, and 10 are FINAL elsewhere"},
		{"a peer that boasts", func(all []nodeAnswer) { all[1].status.FinalSize = 1 << 40 }, ""},
		{"mute", func(all []nodeAnswer) { all[0].status.Muted = "its witness state is lost" }, "rollback: the node does not cosign: its witness state is lost"},
		{"not ready", func(all []nodeAnswer) { all[0].status.Ready, all[0].status.NotReady = false, "no majority" }, "node: not ready: no majority"},
		{"alarm", func(all []nodeAnswer) { all[0].status.Alarms = []string{"look"} }, "alarm: look"},
		{"a system that does not tell", func(all []nodeAnswer) { all[0].status.DiskBytes, all[0].status.DiskFree = -1, -1 }, ""},
		{"little room", func(all []nodeAnswer) { all[0].status.DiskFree = 1 << 29 }, "disk: 1.0 MiB used, 512.0 MiB free"},
		{"little time", func(all []nodeAnswer) { all[0].status.DiskDays = 25 }, "enough for 25 days as the ledger grew"},
		{"a ledger of a day", func(all []nodeAnswer) { all[0].status.DiskDays = -1 }, ""},
		{"an old disk that cosigned more", func(all []nodeAnswer) { all[0].status.Size, all[2].signed = 10, 12 },
			"rollback: this node has cosigned 12 entries, and its ledger has 10: its disk was put back"},
		{"a restored node", func(all []nodeAnswer) { all[0].status.Restored = "of a backup" }, "rollback: the node's data was put back from a copy: of a backup"},
		{"a key of an officer", func(all []nodeAnswer) {
			all[0].status.Keys = []wire.KeyDate{{Label: "desk-1", Use: wire.KeySign, Left: 34}, {Label: "desk-1", Use: wire.KeyAccess, Left: 35}, {Label: "head-1", Use: wire.KeySign, Left: 61}}
		}, "key ages: key desk-1: 34 days left"},
		{"a key that is over", func(all []nodeAnswer) {
			all[0].status.Keys = []wire.KeyDate{{Label: "card", Use: wire.KeySeal, Left: -1}}
		}, "key ages: key sealing card: 1 day over"},
		{"young keys", func(all []nodeAnswer) {
			all[0].status.Keys = []wire.KeyDate{{Label: "desk-1", Use: wire.KeySign, Left: 300}}
		}, ""},
		{"a proposal", func(all []nodeAnswer) {
			all[0].status.Proposals = []wire.Proposal{{ID: "0123456789abcdef", Index: 17, By: "XB", Change: "admit", Code: "XF", For: []string{"XB"}}}
		}, "proposal: P-17 by XB, to admit XF, waits for the vote of XA"},
		{"a proposal that was voted on", func(all []nodeAnswer) {
			all[0].status.Proposals = []wire.Proposal{{ID: "0123456789abcdef", By: "XB", Change: "admit", Code: "XF", Against: []string{"XA"}}}
		}, ""},
		{"a mute peer", func(all []nodeAnswer) { all[2].status.Muted = "others have its keys" }, "to XC: its node does not cosign"},
	} {
		all := answers(tt.change)
		list := append([]diagnosis{s.examineClock(all)}, s.examineOwn(all[0], all)...)
		for _, a := range all[1:] {
			list = append(list, s.examinePeer(a))
		}
		var wrong []string
		for _, d := range list {
			if !d.Good {
				wrong = append(wrong, d.What+": "+d.Found)
				if d.Do == "" {
					t.Errorf("%s: %s does not say what to do", tt.name, d.What)
				}
			}
		}
		if got := strings.Join(wrong, "\n"); tt.want == "" && got != "" || tt.want != "" && (len(wrong) != 1 || !strings.Contains(got, tt.want)) {
			t.Errorf("%s: %q, want %q", tt.name, wrong, tt.want)
		}
	}
}
