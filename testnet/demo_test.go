package testnet

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// operationEvents is every 60th of 1,200.
const operationEvents = 20

// The purge, with the word of each node; and two reviews of each notice among
// the events that is no diffusion and no tally.
const (
	purgeEntries     = 1 + 5
	operationReviews = 2 * 6
)

// openDemo opens a short demo: every 60th event, six times as fast.
func openDemo(t *testing.T, dir string, events *[]DemoEvent) *Demo {
	t.Helper()
	d, err := OpenDemo(DemoOptions{Dir: dir, HoursPerSecond: 48, Every: 60, Report: func(e DemoEvent) {
		if _, ok := e.(DemoProgress); !ok {
			*events = append(*events, e)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func names(events []DemoEvent) string {
	var list []string
	for _, e := range events {
		list = append(list, e.Event())
	}
	return strings.Join(list, " ")
}

func TestNetDemo(t *testing.T) {
	if testing.Short() {
		t.Skip("plays an operation on five nodes")
	}
	dir := filepath.Join(t.TempDir(), "demo")
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	var events []DemoEvent
	d := openDemo(t, dir, &events)
	if _, err := OpenDemo(DemoOptions{Dir: dir}); !errors.Is(err, ErrDemoRuns) {
		t.Errorf("a second demo: got %v, want ErrDemoRuns", err)
	}
	if err := RemoveDemo(dir); !errors.Is(err, ErrDemoRuns) {
		t.Errorf("removed while it runs: got %v, want ErrDemoRuns", err)
	}

	// The first run is interrupted in the middle of the case.
	stoppable, interrupt := context.WithCancel(ctx)
	report := d.options.Report
	d.options.Report = func(e DemoEvent) {
		if report(e); e.Event() == "check" {
			interrupt()
		}
	}
	if _, err := playDemo(stoppable, d); !errors.Is(err, context.Canceled) {
		t.Fatalf("interrupted: got %v after %s", err, names(events))
	}
	want := "keys consortium operation tally case sealed inbox ack check"
	if got := names(events); got != want {
		t.Errorf("events:\ngot  %s\nwant %s", got, want)
	}
	checkScenes(t, events)

	// The second one goes on where it was.
	events = nil
	d = openDemo(t, dir, &events)
	r, err := playDemo(ctx, d)
	if err != nil {
		t.Fatalf("%v after %s", err, names(events))
	}
	if len(r.Problems) > 0 || len(r.Agree) != 5 || len(r.Placed) != 5 || len(r.Cosigners) < 4 || r.Entries != uint64(35+6+operationEvents+purgeEntries+operationReviews) || r.Purged != 1 {
		t.Errorf("checked: %+v", r)
	}
	want = "consortium operation confirm outcome withdraw purge stopped returned played checked"
	if got := names(events); got != want {
		t.Errorf("events:\ngot  %s\nwant %s", got, want)
	}
	checkScenes(t, events)

	// The third one plays nothing again.
	events = nil
	d = openDemo(t, dir, &events)
	again, err := playDemo(ctx, d)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := names(events), "consortium checked"; got != want {
		t.Errorf("events of the third run: got %q, want %q", got, want)
	}
	if again.Entries != r.Entries || again.Root != r.Root || again.Acknowledged != r.Acknowledged || len(again.Problems) > 0 {
		t.Errorf("third run: got %+v\nwant %+v", again, r)
	}
	if _, err := OpenDemo(DemoOptions{Dir: dir, Seed: 9}); err == nil || !strings.Contains(err.Error(), "seed 1, not 9") {
		t.Errorf("another seed: got %v", err)
	}
	if err := RemoveDemo(dir); err != nil {
		t.Error(err)
	}
}

// playDemo runs a demo to its end.
func playDemo(ctx context.Context, d *Demo) (r *DemoChecked, err error) {
	defer func() { err = errors.Join(err, d.Close()) }()
	if err := d.Begin(ctx); err != nil {
		return nil, err
	}
	if err := d.Play(ctx); err != nil {
		return nil, err
	}
	return d.Check(ctx)
}

func checkScenes(t *testing.T, events []DemoEvent) {
	for _, e := range events {
		var got, want string
		switch e := e.(type) {
		case DemoKeys:
			got, want = fmt.Sprintln(e.Bureaus, e.Officers), "5 10"
		case DemoConsortium:
			got, want = fmt.Sprintln(len(e.Nodes), e.Signed, e.Enrolled), map[bool]string{true: "5 5 0", false: "5 5 35"}[e.Resumed]
		case DemoCase:
			got, want = fmt.Sprintln(e.Day, e.Clock, e.Bureau, e.Colour, e.Minor, e.Readers, e.Signers), "2 08:11 XA yellow true [XA XB] 2"
		case DemoSealed:
			got, want = fmt.Sprintln(e.Bureaus, e.Kind, e.Opened, e.Found, e.Control), "[XC XD XE] undisclosed 0 0 1"
		case DemoScan:
			got, want = fmt.Sprintln(e.Bureau, e.Action, e.Why), "XB PROTECT passport number A30117745"
		case DemoInbox:
			got, want = fmt.Sprintln(e.Bureau, e.For, e.Task, e.Place), "XA XB read notice 1"
		case DemoPurged:
			got, want = fmt.Sprintln(e.Bureau, e.Signers, e.Nodes, len(e.Cosigners) >= 4), "XA 2 [XA XB XC XD XE] true"
		case DemoPlayed:
			got, want = fmt.Sprintln(e.Reviewed, e.Reviewers, e.Waiting), fmt.Sprint(operationReviews/2, " 2 0")
		case DemoAnswer:
			got, want = fmt.Sprintln(e.Bureau, e.Reference), map[string]string{"ack": "XB", "confirm": "XA", "outcome": "XB", "withdraw": "XA"}[e.Act]+" LT-0301"
		case DemoReturned:
			i := slices.IndexFunc(events, func(e DemoEvent) bool { return e.Event() == "stopped" })
			got, want = e.Bureau, events[i].(DemoStopped).Bureau
		}
		if got = strings.TrimSpace(got); got != want {
			t.Errorf("%s: got %q, want %q", e.Event(), got, want)
		}
	}
}

func TestDemoFolder(t *testing.T) {
	c := found(t, Options{Bureaus: 1, Officers: demoOfficers()})
	if _, err := OpenDemo(DemoOptions{Dir: c.Dir()}); !errors.Is(err, ErrNoDemo) {
		t.Errorf("a consortium that no demo founded: got %v, want ErrNoDemo", err)
	}
	if err := RemoveDemo(c.Dir()); !errors.Is(err, ErrNoDemo) {
		t.Errorf("removed what is no demo: %v", err)
	}
	if _, err := OpenDemo(DemoOptions{Dir: filepath.Dir(c.Dir())}); err == nil || !strings.Contains(err.Error(), "is not empty") {
		t.Errorf("a folder of something else: got %v", err)
	}
}

func TestPlayClock(t *testing.T) {
	start := time.Date(2031, 4, 5, 0, 0, 0, 0, time.UTC)
	c := newPlayClock(start)
	if err := c.runTo(t.Context(), start.Add(time.Hour), 3600*100); err != nil {
		t.Fatal(err)
	}
	at := c.Now()
	if d := at.Sub(start); d < time.Hour || d > time.Hour+10*time.Second {
		t.Errorf("after an hour's run: got %s", d)
	}
	if err := c.runTo(t.Context(), start, 3600); err != nil || c.Now().Before(at) {
		t.Errorf("it went back to %s, %v", c.Now(), err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.runTo(ctx, start.Add(1000*time.Hour), 1); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: got %v", err)
	}
	c.follow()
	if d := time.Since(c.Now()); d < 0 || d > time.Minute {
		t.Errorf("the machine's clock is %s ahead", d)
	}
}
