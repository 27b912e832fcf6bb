package notice

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"comity/ledger"
)

// script reads replies, one a line: minute, bureau, type, and where it needs one
// the number of the line it answers. "5 XA confirm 1" is the origin's answer,
// five minutes after the start, to the reply in line 1.
func script(t *testing.T, text string) []Filed {
	t.Helper()
	var list []Filed
	for line := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
		f := strings.Fields(line)
		var minute, to int
		if _, err := fmt.Sscan(f[0], &minute); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if len(f) > 3 {
			if _, err := fmt.Sscan(f[3], &to); err != nil {
				t.Fatalf("%q: %v", line, err)
			}
		}
		list = append(list, filed(len(list)+1, minute, f[1], ReplyType(f[2]), to))
	}
	return list
}

func replyID(n int) string { return fmt.Sprintf("%064x", n) }

func filed(n, minute int, bureau string, kind ReplyType, to int) Filed {
	r := &Reply{Type: kind, Notice: replyID(999), At: testDay, Readers: Readers{"XA", "XB"}}
	need := replyNeeds[kind]
	if to > 0 && need.hit != "-" {
		r.Hit = replyID(to)
	}
	if to > 0 && need.request != "-" && need.hit == "-" {
		r.Request = replyID(to)
	}
	if kind == Hit {
		r.Match = "passport number C4471902"
	}
	if need.scope != "-" {
		r.Scope = &Scope{Uses: []Use{UseEvidence}, For: "the district court of XB"}
	}
	if need.right != "-" {
		r.Right = RightCorrection
	}
	if need.decision != "-" {
		r.Decision = DecidePart
	}
	if need.text != "-" && need.text != "?" {
		r.Text = "in words"
	}
	return Filed{ID: replyID(n), Index: uint64(100 + n), Time: threadStart + uint64(minute)*60_000, Bureau: bureau, Reply: r}
}

const threadStart = 1_790_000_000_000

func urgent(uint64) ledger.Urgency { return ledger.U3 }

func threadAt(replies []Filed, minute int) *Thread {
	return NewThread("XA", urgent, replies, threadStart+uint64(minute)*60_000)
}

// states returns what a thread says, in short: states, and void replies by line.
func states(t *Thread) string {
	var out []string
	mark := func(state string, d Deadline, late bool) {
		if late {
			state += " late"
		} else if d.Escalated > 0 && !strings.HasPrefix(state, "ESC") {
			state += " missed"
		}
		out = append(out, state)
	}
	for _, h := range t.Hits {
		mark(string(h.State), h.Deadline, h.Late)
	}
	for _, c := range t.Consents {
		mark(string(c.State), c.Deadline, c.Late)
	}
	for _, r := range t.Requests {
		state := string(r.State)
		if r.Blocked != nil {
			state += " blocked"
		}
		mark(state, r.Deadline, r.Late)
	}
	for i, p := range t.Posts {
		if p.Void != "" {
			out = append(out, fmt.Sprintf("void %d: %s", i+1, p.Void))
		}
	}
	return strings.Join(out, "; ")
}

func TestThread(t *testing.T) {
	const day = 24 * 60
	for _, test := range []struct {
		name, script string
		minute       int
		want         string
	}{
		{"fresh", "0 XB hit", 10, "PROVISIONAL"},
		{"confirmed in time", "0 XB hit\n10 XA confirm 1", 9999, "CONFIRMED"},
		{"nobody answers", "0 XB hit", 11, "ESCALATED"},
		{"an ack is no answer", "0 XB hit\n1 XA ack\n2 XA message 1", 11, "ESCALATED"},
		{"answered too late", "0 XB hit\n11 XA confirm 1", 12, "CONFIRMED late"},
		{"more time", "0 XB hit\n9 XA needs_time 1", 19, "NEEDS_TIME"},
		{"more time runs out", "0 XB hit\n9 XA needs_time 1", 20, "ESCALATED"},
		{"more time but once", "0 XB hit\n9 XA needs_time 1\n18 XA needs_time 1", 20, "ESCALATED"},
		{"more time too late", "0 XB hit\n11 XA needs_time 1", 12, "ESCALATED"},
		{"in the second time", "0 XB hit\n9 XA needs_time 1\n19 XA negative 1", 99, "NEGATIVE"},
		{"the whole way", "0 XB hit\n3 XA confirm 1\n70 XB outcome 1", 999, "OUTCOME"},
		{"the origin corrects itself", "0 XB hit\n3 XA confirm 1\n4 XA negative 1", 999, "NEGATIVE"},
		{"corrected after the outcome", "0 XB hit\n3 XA confirm 1\n4 XB outcome 1\n5 XA negative 1", 999, "NEGATIVE"},
		{"another confirms", "0 XB hit\n1 XC confirm 1", 2, "PROVISIONAL; void 2: XC may not decide a hit on a notice of XA: only XA may"},
		{"the finder confirms", "0 XB hit\n1 XB confirm 1", 11, "ESCALATED; void 2: XB may not decide a hit on a notice of XA: only XA may"},
		{"of no hit", "0 XB message\n1 XA confirm 1", 11, "void 2: there is no hit 00000000 on this notice, or it is not for this bureau"},
		{"before the hit", "0 XA confirm 2\n1 XB hit", 2, "PROVISIONAL; void 1: there is no hit 00000000 on this notice, or it is not for this bureau"},
		{"time after the decision", "0 XB hit\n1 XA negative 1\n2 XA needs_time 1", 99, "NEGATIVE; void 3: the hit is decided already: NEGATIVE"},
		{"outcome of an open hit", "0 XB hit\n1 XB outcome 1", 2, "PROVISIONAL; void 2: the hit is not confirmed (PROVISIONAL): an outcome comes after; until then send a message"},
		{"outcome of an escalated hit", "0 XB hit\n11 XB outcome 1", 12, "ESCALATED; void 2: the hit is not confirmed (ESCALATED): an outcome comes after; until then send a message"},
		{"outcome by another", "0 XB hit\n1 XA confirm 1\n2 XC outcome 1", 3, "CONFIRMED; void 3: XC may not say what came of a hit of XB: only XB may"},
		{"outcome of no hit", "0 XB outcome", 3, ""},
		{"two hits", "0 XB hit\n1 XC hit\n2 XA confirm 2", 11, "ESCALATED; CONFIRMED"},

		{"consent asked", "0 XB consent_ask", 10, "ASKED"},
		{"consent never by silence", "0 XB consent_ask", 11, "ESCALATED"},
		{"consent granted", "0 XB consent_ask\n5 XA consent_grant 1", 11, "GRANTED"},
		{"consent refused", "0 XB consent_ask\n5 XA consent_refuse 1", 11, "REFUSED"},
		{"consent taken back", "0 XB consent_ask\n5 XA consent_grant 1\n6 XA consent_refuse 1", 11, "REFUSED"},
		{"consent late", "0 XB consent_ask\n50 XA consent_grant 1", 51, "GRANTED late"},
		{"consent by oneself", "0 XB consent_ask\n1 XB consent_grant 1", 2, "ASKED; void 2: XB may not answer for XA: only XA may"},
		{"consent of nothing", "0 XB hit\n1 XA consent_grant 1", 2, "PROVISIONAL; void 2: there is no request for consent 00000000 on this notice"},
		{"consent for its own", "0 XA consent_ask", 2, "void 1: XA needs no consent to use its own notice"},

		{"request received", "0 XB request_receive", 99 * day, "RECEIVED"},
		{"request asked", "0 XB request_receive\n1 XB request_ask 1", 30 * day, "ASKED"},
		{"request unanswered", "0 XB request_receive\n1 XB request_ask 1\n2 XA request_block 1", 31 * day, "ESCALATED blocked"},
		{"request to the origin", "0 XA request_receive\n1 XA request_decide 1", 2, "DECIDED"},
		{"request done", "0 XB request_receive\n1 XB request_ask 1\n2 XA request_block 1\n3 XA request_decide 1\n4 XA request_execute 1", 99 * day, "EXECUTED blocked"},
		{"request decided unasked", "0 XB request_receive\n1 XA request_decide 1", 2, "RECEIVED; void 2: the origin has not been asked yet"},
		{"request done undecided", "0 XB request_receive\n1 XB request_ask 1\n2 XA request_execute 1", 3, "ASKED; void 3: nothing is decided yet"},
		{"request decided by the wrong one", "0 XB request_receive\n1 XB request_ask 1\n2 XB request_decide 1", 3, "ASKED; void 3: XB may not answer for XA: only XA may"},
		{"request asked by another", "0 XB request_receive\n1 XC request_ask 1", 3, "RECEIVED; void 2: XC may not ask for the person who came to XB: only XB may"},
		{"request asked twice", "0 XB request_receive\n1 XB request_ask 1\n2 XB request_ask 1", 3, "ASKED; void 3: the origin has been asked: the request is ASKED"},
		{"request blocked too late", "0 XA request_receive\n1 XA request_decide 1\n2 XA request_block 1", 3, "DECIDED; void 3: the request is decided"},
		{"request after the end", "0 XA request_receive\n1 XA request_decide 1\n2 XA request_execute 1\n3 XA request_decide 1", 4, "EXECUTED; void 4: the request is EXECUTED"},
		{"request that is none", "0 XB hit\n1 XA request_decide 1", 2, "PROVISIONAL; void 2: there is no request 00000000 of a person on this notice, or it is not for this bureau"},
	} {
		if got := states(threadAt(script(t, test.script), test.minute)); got != test.want {
			t.Errorf("%s:\ngot  %s\nwant %s", test.name, got, test.want)
		}
	}
}

// A reply that its type does not allow is shown and changes nothing, however it
// came into the ledger.
func TestThreadMalformed(t *testing.T) {
	list := script(t, "0 XB hit\n1 XA confirm 1\n2 XB nod")
	list[1].Match = "passport"
	list = append(list, Filed{ID: replyID(9), Bureau: "XA"})
	th := threadAt(list, 5)
	if got := states(th); th.Hits[0].State != HitProvisional || strings.Count(got, "void") != 3 || !strings.Contains(got, "match: a reply of type confirm has none") {
		t.Errorf("got %s", got)
	}
}

func TestThreadConsented(t *testing.T) {
	list := script(t, "0 XB consent_ask\n1 XA consent_grant 1")
	for _, test := range []struct {
		bureau string
		use    Use
		want   bool
	}{{"XB", UseEvidence, true}, {"XB", UsePassOn, false}, {"XC", UseEvidence, false}, {"XA", UseExport, true}} {
		if got := threadAt(list, 5).Consented(test.bureau, test.use); got != test.want {
			t.Errorf("%s, %s: got %t", test.bureau, test.use, got)
		}
	}
	last := time.UnixMilli(threadStart).UTC()
	list[1].Scope.Until = DateOf(last)
	if !threadAt(list, 5).Consented("XB", UseEvidence) {
		t.Error("the last day of a consent is not in it")
	}
	late := threadAt(list, 2*24*60)
	if late.Consented("XB", UseEvidence) || late.Consents[0].State != ConsentLapsed || late.Consents[0].Granted() != nil {
		t.Errorf("two days later: %s", late.Consents[0].State)
	}
}

// Deadlines are those of the urgency that the notice had when the hit came.
func TestThreadLimits(t *testing.T) {
	for u, want := range map[ledger.Urgency]time.Duration{ledger.U0: 7 * 24 * time.Hour, ledger.U1: 24 * time.Hour, ledger.U2: time.Hour, ledger.U3: 10 * time.Minute, 9: 10 * time.Minute} {
		list := script(t, "0 XB hit")
		urgency := func(index uint64) ledger.Urgency {
			if index != list[0].Index {
				t.Errorf("asked for the urgency at %d", index)
			}
			return u
		}
		at := NewThread("XA", urgency, list, threadStart+millis(want))
		after := NewThread("XA", urgency, list, threadStart+millis(want)+1)
		if at.Hits[0].State != HitProvisional || after.Hits[0].State != HitEscalated || after.Hits[0].Left(after.AsOf) != -time.Millisecond {
			t.Errorf("%s: %s, then %s", u, at.Hits[0].State, after.Hits[0].State)
		}
	}
}

// Allows says beforehand what the thread says afterwards.
func TestThreadAllows(t *testing.T) {
	th := threadAt(script(t, "0 XB hit\n1 XB consent_ask"), 2)
	if err := th.Allows("XA", filed(3, 2, "XA", Confirm, 1).Reply); err != nil {
		t.Error(err)
	}
	if err := th.Allows("XC", filed(3, 2, "XC", Confirm, 1).Reply); err == nil {
		t.Error("XC may confirm")
	}
	if err := th.Allows("XA", filed(3, 2, "XA", ConsentRefuse, 2).Reply); err != nil {
		t.Error(err)
	}
	if len(th.Posts) != 2 || th.Hits[0].State != HitProvisional {
		t.Error("to ask changed the thread")
	}
}

// Whatever replies come in whatever order: the same ones give the same thread,
// what comes later makes no earlier reply void or valid, only the origin
// decides, and nothing is confirmed by silence.
func TestThreadRandom(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 2))
	for range 300 {
		var list []Filed
		minute := 0
		for n := 1; n <= 12; n++ {
			minute += rng.IntN(8)
			list = append(list, filed(n, minute, []string{"XA", "XB", "XC"}[rng.IntN(3)], replyTypes[rng.IntN(len(replyTypes))], rng.IntN(n+1)))
		}
		th := threadAt(list, minute)
		if again := threadAt(list, minute); states(again) != states(th) || !reflect.DeepEqual(again.Posts, th.Posts) {
			t.Fatalf("two threads of the same replies: %s and %s", states(th), states(again))
		}
		for n := range list {
			for i, p := range threadAt(list[:n], minute).Posts {
				if p.Void != th.Posts[i].Void {
					t.Fatalf("reply %d: void %q, and %q once %d more came", i, p.Void, th.Posts[i].Void, len(list)-n)
				}
			}
		}
		confirmed := make(map[string]bool)
		for _, p := range list {
			if p.Type == Confirm && p.Bureau == "XA" {
				confirmed[p.Hit] = true
			}
		}
		for _, h := range threadAt(list, 99999).Hits {
			if (h.State == HitConfirmed || h.State == HitOutcome) && !confirmed[h.ID] || h.State == HitProvisional || h.State == HitNeedsTime {
				t.Fatalf("hit %s is %s in the end", h.ID, h.State)
			}
		}
	}
}
