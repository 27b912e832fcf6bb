package follow

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"comity/crypto/keys"
	"comity/node/client"
)

// TestFollowerReports wants a problem to pass with the next news, and a lie to stay.
func TestFollowerReports(t *testing.T) {
	t.Parallel()
	key, err := keys.GenerateTLS()
	if err != nil {
		t.Fatal(err)
	}
	c := client.New(client.Options{Address: "127.0.0.1:1", Node: keys.ID{1}, TLS: key, Timeout: time.Second})
	defer c.Close()
	w := NewFollower(Options{Sources: []*client.Client{c}, Clock: time.Now, Logger: slog.New(slog.DiscardHandler)})
	for range 3 {
		w.note(0, c, &client.Unreachable{Node: "node", Err: context.DeadlineExceeded})
	}
	if heard, _, problem, alarm := w.Report(); heard != 0 || problem == "" || alarm != "" {
		t.Errorf("heard %d, problem %q, alarm %q", heard, problem, alarm)
	}
	w.note(0, c, &Dishonest{Node: "node", Reason: "a planted lie"})
	w.note(0, c, nil)
	if heard, _, problem, alarm := w.Report(); heard == 0 || problem != "" || alarm == "" {
		t.Errorf("after a lie: heard %d, problem %q, alarm %q", heard, problem, alarm)
	}
}
