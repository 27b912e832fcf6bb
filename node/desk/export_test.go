package desk

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"comity/crypto/keys"
	"comity/crypto/seal"
	"comity/ledger"
	"comity/ledger/notice"
)

// An announced export is in force while the keys of its author and of a supervisor
// who signed it are valid.
func TestExportInForce(t *testing.T) {
	ctx := context.Background()
	n, offices := newOffices(t, 1)
	xa := offices[0]
	id := xa.send(xa.Publish(ctx, xa.c, xa.both(), notice.ChildCase(today))).String()
	announce := func(by Officers) ledger.ID {
		t.Helper()
		syncDesk(t, xa.Desk, xa.node)
		return xa.send(xa.Reply(ctx, xa.c, by, &notice.Reply{Type: notice.Exported, Notice: id, Text: "hearing", Readers: notice.Readers{"XA"},
			Export: &notice.Export{Version: id, Parts: []string{"card", "body"}, Format: notice.FormatCSV, SHA256: strings.Repeat("ab", 32), Entries: 9}}))
	}
	two := announce(xa.both())
	check := func(what, want string) {
		t.Helper()
		c := xa.look(id)
		at := slices.IndexFunc(c.Replies, func(r Reply) bool { return r.ID == two })
		if at < 0 {
			t.Fatalf("%s: the export is not there", what)
		}
		err := xa.InForce(&c.Replies[at])
		if want == "" && err != nil || want != "" && (!errors.Is(err, ErrSignerRevoked) || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", what, err, want)
		}
	}
	revoke := func(s *keys.Signer) {
		t.Helper()
		n.accept(t, xa.Revoke(t, s.ID()))
		n.finalise(t)
	}
	check("both valid", "")
	revoke(xa.Supervisor.Signer)
	check("the supervisor's key is revoked", "the supervisor's")
	revoke(xa.Officer.Signer)
	check("and the author's", "its author's")
}

// What bureaus that keep no rules announce, as the origin's desk shows it.
func TestExportAlarms(t *testing.T) {
	ctx := context.Background()
	_, offices := newOffices(t, 2)
	xa, xb := offices[0], offices[1]
	n := notice.ChildCase(today)
	id := xa.send(xa.Publish(ctx, xa.c, xa.both(), n)).String()
	ask := func(uses ...notice.Use) string {
		t.Helper()
		r := xb.reply(notice.Reply{Type: notice.ConsentAsk, Notice: id, Text: "hearing", Scope: &notice.Scope{Uses: uses, For: "a court"}}).String()
		xa.reply(notice.Reply{Type: notice.ConsentGrant, Notice: id, Request: r, Scope: &notice.Scope{Uses: uses, For: "a court"}, Readers: notice.Readers{"XB"}})
		return r
	}
	narrow := ask(notice.UseExport)
	wide := ask(notice.UseEvidence, notice.UseExport)
	refused := ask(notice.UseEvidence, notice.UseExport)
	xa.reply(notice.Reply{Type: notice.ConsentRefuse, Notice: id, Request: refused, Text: "no", Readers: notice.Readers{"XB"}})
	export := func(format notice.Format, parts ...string) *notice.Export {
		return &notice.Export{Version: id, Parts: parts, Format: format, SHA256: strings.Repeat("ab", 32), Entries: 9}
	}
	two := []*keys.Signer{xb.Supervisor.Signer}
	other := export(notice.FormatCSV, "card", "body")
	other.Version = strings.Repeat("cd", 32)
	tests := []struct {
		name    string
		others  []*keys.Signer
		request string
		export  *notice.Export
		want    string
	}{
		{"a card", nil, "", export(notice.FormatCSV, "card"), ""},
		{"in order", two, wide, export(notice.FormatCourt, "card", "body"), ""},
		{"in order, as a table", two, narrow, export(notice.FormatCSV, "card", "body"), ""},
		{"one signature", nil, wide, export(notice.FormatCourt, "card", "body"), alarmSecond},
		{"no consent", two, "", export(notice.FormatCSV, "body"), alarmConsent},
		{"consent to less", two, narrow, export(notice.FormatCourt, "body"), alarmConsent},
		{"consent taken back", two, refused, export(notice.FormatCSV, "body"), alarmConsent},
		{"neither", nil, "", export(notice.FormatSTIX, "card", "body"), alarmSecond + ", " + alarmConsent},
		{"the victim's part", two, wide, export(notice.FormatCourt, "card", "body", "victim"), alarmVictim},
		{"of nothing", two, wide, other, alarmVersion},
	}
	for _, tt := range tests {
		syncDesk(t, xb.Desk, xb.node)
		by := xb.officers()
		// One who keeps no rules says that the other signature comes later.
		by.Others, by.Awaits = tt.others, true
		xb.send(xb.Reply(ctx, xb.c, by, &notice.Reply{Type: notice.Exported, Notice: id, Request: tt.request, Export: tt.export, Text: tt.name}))
	}
	c := xa.look(id)
	var got []Reply
	for _, r := range c.Replies {
		if r.Type == notice.Exported {
			got = append(got, r)
		}
	}
	if len(got) != len(tests) {
		t.Fatalf("%d exports, want %d", len(got), len(tests))
	}
	for i, tt := range tests {
		if got[i].Alarm != tt.want || got[i].Void != "" || (got[i].Second != "") != (tt.others != nil) {
			t.Errorf("%s: alarm %q, void %q, second %q; want %q", tt.name, got[i].Alarm, got[i].Void, got[i].Second, tt.want)
		}
		if bare := got[i].Bare(); bare.Alarm != "" || bare.Second != "" || bare.Export != nil {
			t.Errorf("%s: a checkpoint sees %+v", tt.name, bare)
		}
	}
	// The origin takes note of all of them; what breaks a rule comes first.
	list := strings.Split(xa.inbox(0), ", ")
	if len(list) != len(tests) || list[0] != "ESCALATED read export LT-0301" || list[len(list)-1] != "read export LT-0301" {
		t.Errorf("the origin's inbox: %q", list)
	}
	xa.reply(notice.Reply{Type: notice.Ack, Notice: id, Readers: notice.Readers{"XB"}})
	want(t, "after it took note", xa.inbox(0), "")
}

// A draft that says less than it must is not shown for approval.
func TestReplyDraftIsComplete(t *testing.T) {
	ctx := context.Background()
	_, offices := newOffices(t, 1)
	xa := offices[0]
	by := xa.officers()
	o, err := xa.author(&by)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		export *notice.Export
		ok     bool
	}{{nil, false}, {&notice.Export{Version: strings.Repeat("ab", 32), Parts: []string{"body"}, Format: "paper", SHA256: strings.Repeat("ab", 32)}, false},
		{&notice.Export{Version: strings.Repeat("ab", 32), Parts: []string{"body"}, Format: notice.FormatCSV, SHA256: strings.Repeat("ab", 32)}, true}} {
		r := &notice.Reply{Type: notice.Exported, Notice: strings.Repeat("cd", 32), Export: tt.export, Text: "x", At: today.Truncate(time.Second), Readers: notice.Readers{"XA"}}
		part, err := r.Part(o)
		if err != nil {
			t.Fatal(err)
		}
		body, err := xa.sealParts(o, []notice.Part{part})
		if err != nil {
			t.Fatal(err)
		}
		it, err := xa.sign(ctx, nil, &by, ledger.Statement{Class: ledger.ClassReply}, body)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := xa.OpenReplyDraft(it); (err == nil) != tt.ok || (got != nil) != tt.ok {
			t.Errorf("%+v: %v, %v", tt.export, got, err)
		}
	}
}

// A consent is for what the origin had said when it gave it.
func TestConsentTo(t *testing.T) {
	ctx := context.Background()
	_, offices := newOffices(t, 2)
	xa, xb := offices[0], offices[1]
	n := notice.ChildCase(today)
	n.Body.Handling, n.Body.TLP = notice.Handling{Code: notice.H1}, notice.TLPAmber
	id := xa.send(xa.Publish(ctx, xa.c, xa.both(), n))
	if _, err := xb.Desk.Reply(ctx, xb.c, xb.officers(), &notice.Reply{Type: notice.Exported, Notice: id.String(), Text: "x",
		Export: &notice.Export{Version: id.String(), Parts: []string{"body"}, Format: notice.FormatCSV, SHA256: id.String()}}); err == nil {
		t.Error("one officer alone announces the export of a body")
	}
	e := &notice.Export{Version: id.String(), Parts: []string{"card", "body"}, Format: notice.FormatCSV}
	may := func(want bool, what string) {
		t.Helper()
		c := xb.look(id.String())
		line, err := c.ConsentTo("XB", e, xb.node.now)
		if (line != nil) != want || want == (err != nil) || err != nil && !errors.Is(err, ErrNoConsent) {
			t.Errorf("%s: %v, %v; want %v", what, line, err, want)
		}
	}
	may(false, "not asked")
	ask := xb.reply(notice.Reply{Type: notice.ConsentAsk, Notice: id.String(), Text: "why", Scope: &notice.Scope{Uses: []notice.Use{notice.UseExport}, For: "us"}}).String()
	may(false, "asked")
	xa.reply(notice.Reply{Type: notice.ConsentGrant, Notice: id.String(), Request: ask, Scope: &notice.Scope{Uses: []notice.Use{notice.UseExport}, For: "us"}, Readers: notice.Readers{"XB"}})
	may(true, "granted")
	n.Card.Caveat += " Seen with a grey van."
	xa.send(xa.Amend(ctx, xa.c, xa.both(), id, n))
	may(true, "the text changed, its handling did not")
	n.Body.Handling.Code = notice.H2
	syncDesk(t, xa.Desk, xa.node)
	xa.send(xa.Amend(ctx, xa.c, xa.both(), id, n))
	may(false, "the handling changed")
	if line, err := xa.look(id.String()).ConsentTo("XA", e, 0); line != nil || err != nil {
		t.Errorf("the origin: %v, %v", line, err)
	}

	// What is disclosed opens for everybody, and nothing else does.
	k := xb.look(id.String())
	d, err := xb.Disclose(ctx, xb.c, k, k.Versions[0].Index, seal.Card, seal.Body)
	if err != nil {
		t.Fatal(err)
	}
	opened, err := d.Open()
	if err != nil || len(opened) != 2 || opened[1].Compartment != seal.Body {
		t.Errorf("%v, %v", opened, err)
	}
	if _, err := d.Verify(xb.Genesis()); err != nil {
		t.Error(err)
	}
	xb.Unlock(map[seal.Compartment][]*keys.Identity{seal.Card: {xb.Bureau.Sealing[seal.Card]}})
	if _, err := xb.Disclose(ctx, xb.c, k, k.Versions[0].Index, seal.Body); err == nil {
		t.Error("what is not open here is disclosed")
	}
}
