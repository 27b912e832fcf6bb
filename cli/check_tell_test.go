package cli

import (
	"strings"
	"testing"
	"time"

	"comity/node/desk"
)

// An answer says as of when it is, and an old one how to get news.
func TestTellOldAnswer(t *testing.T) {
	const hours, hint = ", 3 hours ago", "comity check --fresh asks the node"
	for _, tt := range []struct {
		name  string
		age   time.Duration // of the newest entry
		fresh bool          // the node has just said that it has nothing newer
		old   bool
	}{
		{"new", time.Second, false, false},
		{"old", 3 * time.Hour, false, true},
		{"old, and there is nothing newer", 3 * time.Hour, true, false},
	} {
		var out strings.Builder
		k := &border{session: &session{terminal: &terminal{stdout: &out}}}
		if tt.fresh {
			k.fresh = time.Now()
		}
		k.tell(&desk.Answer{AsOf: 7, Size: 7, Time: time.Now().Add(-tt.age)})
		got := out.String()
		if !strings.Contains(got, "NO HIT") || !strings.Contains(got, "as of entry 7, ") ||
			strings.Contains(got, hours) != tt.old || strings.Contains(got, hint) != tt.old {
			t.Errorf("%s: got\n%s", tt.name, got)
		}
	}
}
