package home

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestSettings(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, fileConfig), []byte(minimal+"log = \"warn\"\ntiles = \"127.0.0.1:0\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	h, err := Open(dir, Setting{"log", "error", "COMITY_LOG"}, Setting{"listen", ":7200", "COMITY_LISTEN"}, Setting{"log", "debug", "--log"}, Setting{"tiles", "", "--tiles"})
	if err != nil {
		t.Fatal(err)
	}
	got := h.Settings()
	if len(got) != len(Keys()) {
		t.Errorf("%d settings of %d", len(got), len(Keys()))
	}
	for _, want := range []Setting{{"bureau", "XA", fileConfig}, {"log", "debug", "--log"}, {"listen", ":7200", "COMITY_LISTEN"}, {"tiles", "", "--tiles"},
		{"profile", "lan", ""}, {"key_days", "365", ""}, {"node", "XA", ""}, {"tiles_public", "false", ""}} {
		if !slices.Contains(got, want) {
			t.Errorf("no %+v in %+v", want, got)
		}
	}
	if c := h.Config(); c.Log != "debug" || c.Listen != ":7200" || c.Tiles != "" {
		t.Errorf("what counts is %+v", c)
	}
	if _, err := Open(dir, Setting{"tiles", "192.0.2.1:80", "--tiles"}, Setting{"tiles_public", "true", "--tiles-public"}); err != nil {
		t.Error(err)
	}
	for _, tt := range []struct {
		give Setting
		want string
	}{
		{Setting{"log", "loud", "COMITY_LOG"}, `COMITY_LOG: log "loud"`},
		{Setting{"tiles_public", "yes", "--tiles-public"}, `--tiles-public: "yes" is neither true nor false`},
		{Setting{"key_days", "soon", "COMITY_KEY_DAYS"}, `COMITY_KEY_DAYS: "soon" is not a number`},
		{Setting{"key_days", "-2", "COMITY_KEY_DAYS"}, `COMITY_KEY_DAYS: key_days -2`},
		{Setting{"lag", "1", "COMITY_LAG"}, `COMITY_LAG: there is no setting "lag"`},
	} {
		if _, err := Open(dir, tt.give); err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), fileConfig) {
			t.Errorf("%+v: %v, want %s", tt.give, err, tt.want)
		}
	}
}

func TestSettingNames(t *testing.T) {
	if Env("desk_listen") != "COMITY_DESK_LISTEN" || Flag("desk_listen") != "desk-listen" {
		t.Error(Env("desk_listen"), Flag("desk_listen"))
	}
}
