package home

import (
	"reflect"
	"strings"
	"testing"

	"comity/ledger"
)

const minimal = "bureau = \"XA\"\nname = \"Aldermoor\"\naddress = \"127.0.0.1:7101\"\n"

func TestParseConfig(t *testing.T) {
	for _, c := range []Config{
		{Bureau: "XA", Name: "Aldermoor", Address: "127.0.0.1:7101"},
		{Bureau: "XB", Name: `Brack "water" \ № 2`, Address: "[2001:db8::1]:7101", Listen: ":7101", Admin: "unix:admin.sock", Node: "XA", Profile: "wan", Log: "debug"},
		{Bureau: "XC", Name: "Corvane", KeyDays: 90, Address: "node.example:1", Admin: "[::1]:0", Node: "192.0.2.1:7101", Profile: "lan", Log: "error"},
		{Bureau: "XD", Name: "Dunmarsh", Address: "127.0.0.1:7101", Tiles: "127.0.0.1:0"},
		{Bureau: "XE", Name: "Eastmere", Address: "127.0.0.1:7101", Tiles: "192.0.2.1:80", TilesPublic: true},
		{Bureau: "XE", Name: "Eastmere", Address: "127.0.0.1:7101", Desk: "desk.example:7301", DeskKey: strings.Repeat("0f", 32), DeskListen: ":7301", DeskPurpose: "required"},
	} {
		got, err := ParseConfig(c.Marshal())
		if err != nil || !reflect.DeepEqual(*got, c) {
			t.Errorf("got %+v, %v\nwant %+v", got, err, c)
		}
	}
	if lines := strings.Count(string((&Config{}).Marshal()), "\n"); lines > 25 {
		t.Errorf("the file has %d lines", lines)
	}
}

func TestParseConfigRefuses(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{minimal + "lisen = \"127.0.0.1:1\"\n", `unknown key "lisen"`},
		{minimal + "Listen = \"127.0.0.1:1\"\n", `unknown key "Listen"`},
		{minimal + "[raft]\nheartbeat = 1\n", `unknown key "raft"`},
		{minimal + "name = \"twice\"\n", "name"},
		{minimal + "log = 3\n", "cannot be read"},
		{minimal + "log = \"loud\"\n", `log "loud"`},
		{minimal + "profile = \"moon\"\n", "moon"},
		{minimal + "admin = \"unix:\"\n", "names no path"},
		{minimal + "admin = \"0.0.0.0:80\"\n", "loopback"},
		{minimal + "node = \"nowhere\"\n", "host:port"},
		{minimal + "tiles = \"8080\"\n", "host:port"},
		{minimal + "tiles = \":8080\"\n", "tiles_public = true"},
		{minimal + "tiles = \"192.0.2.1:8080\"\n", "tiles_public = true"},
		{minimal + "tiles_public = \"yes\"\n", "cannot be read"},
		{minimal + "key_days = -1\n", "key_days -1"},
		{minimal + "key_days = 36501\n", "key_days 36501"},
		{minimal + "key_days = \"90\"\n", "cannot be read"},
		{minimal + "desk = \"here\"\n", "host:port"},
		{minimal + "desk_key = \"0F\"\n", "64 hexadecimal digits"},
		{minimal + "desk_listen = \"7301\"\n", "host:port"},
		{minimal + "desk_purpose = \"never\"\n", "required"},
		{"", `bureau ""`},
		{"bureau = \"X1\"\n", `bureau "X1"`},
		{"\xff", "UTF-8"},
	} {
		_, err := ParseConfig([]byte(tt.text))
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q:\ngot  %v\nwant %s", tt.text, err, tt.want)
		}
	}
}

func FuzzParseConfig(f *testing.F) {
	f.Add([]byte(minimal))
	f.Add((&Config{Bureau: "XB", Name: `"\é`, Address: "h:1", Listen: ":1", Admin: "unix:x", Node: "XA", Profile: "wan", Log: "warn"}).Marshal())
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := ParseConfig(data)
		if err != nil {
			return
		}
		again, err := ParseConfig(c.Marshal())
		if err != nil || !reflect.DeepEqual(again, c) {
			t.Errorf("%+v came back as %+v, %v", c, again, err)
		}
	})
}

func TestRoles(t *testing.T) {
	for _, text := range []string{"investigator", "investigator supervisor", "desk operator auditor", "protection"} {
		r, err := ParseRoles(text)
		if err != nil || FormatRoles(r) != text {
			t.Errorf("%q: got %q, %v", text, FormatRoles(r), err)
		}
	}
	if r, err := ParseRoles("desk,investigator\n"); err != nil || r != ledger.RoleDesk|ledger.RoleInvestigator {
		t.Errorf("got %v, %v", r, err)
	}
	for _, text := range []string{"", " ", "chief", "desk desk", "Desk"} {
		if r, err := ParseRoles(text); err == nil {
			t.Errorf("%q: got %v", text, r)
		}
	}
}

func FuzzParseRoles(f *testing.F) {
	f.Add("investigator, desk")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := ParseRoles(text)
		if err != nil {
			return
		}
		if again, err := ParseRoles(FormatRoles(r)); err != nil || again != r {
			t.Errorf("%q: got %v, %v", text, again, err)
		}
	})
}
