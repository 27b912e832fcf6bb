package testnet

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"comity/node/home"
)

// found makes a consortium for one test.
func found(t testing.TB, o Options) *Consortium {
	t.Helper()
	c, err := Found(filepath.Join(t.TempDir(), "net"), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

func TestFound(t *testing.T) {
	founded := time.Date(2031, 4, 5, 6, 7, 8, 0, time.UTC)
	c := found(t, Options{Bureaus: 12, Officers: Officers()[:1], Clock: func() time.Time { return founded }})
	want := strings.Fields("XA XB XC XD XE XF XG XH XI XJ XL XM")
	if got := c.Bureaus(); !slices.Equal(got, want) {
		t.Errorf("bureaus: got %q", got)
	}
	ch := c.Genesis().Charter
	if ch.Created != uint64(founded.Unix()) || len(ch.Members) != 12 || ch.Members[0].Name != "Aldermoor" {
		t.Errorf("charter: got %+v", ch)
	}
	again, err := Load(c.Dir())
	if err != nil || again.Genesis().Ledger != c.Genesis().Ledger || !slices.Equal(again.Bureaus(), want) {
		t.Errorf("loaded %v, %v", again, err)
	}
	for i, h := range c.Homes() {
		if h.Bureau() != want[i] || !slices.Equal(h.Officers(), []string{"case-1"}) {
			t.Errorf("home %d: %s with %q", i, h.Bureau(), h.Officers())
		}
	}
	if _, err := Found(c.Dir(), Options{}); err == nil || !strings.Contains(err.Error(), "already holds one") {
		t.Errorf("founded over it: %v", err)
	}
	if _, err := c.Home("XZ"); err == nil {
		t.Error("a bureau that is not there has a home")
	}
}

func TestFoundRefuses(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	port := taken.Addr().(*net.TCPAddr).Port
	for _, tt := range []struct {
		o    Options
		want string
	}{
		{Options{Bureaus: 16}, "1 to 15"},
		{Options{Bureaus: -1}, "1 to 15"},
		{Options{Bureaus: 3, BasePort: 65534}, "base port"},
		{Options{Bureaus: 1, BasePort: port}, "in use already"},
		{Options{Bureaus: 1, Profile: "moon"}, "moon"},
		{Options{Bureaus: 1, Officers: []home.OfficerSpec{{Label: "No Roles"}}}, "not a label"},
	} {
		parent := t.TempDir()
		if _, err := Found(filepath.Join(parent, "net"), tt.o); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%+v:\ngot  %v\nwant %s", tt.o, err, tt.want)
		}
		if left, _ := os.ReadDir(parent); len(left) != 0 {
			t.Errorf("%+v left behind %v", tt.o, left)
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	if _, err := Load(t.TempDir()); !errors.Is(err, ErrNone) {
		t.Errorf("an empty folder: got %v, want ErrNone", err)
	}
	if err := Remove(t.TempDir()); !errors.Is(err, ErrNone) {
		t.Errorf("removed what is none: %v", err)
	}
	c := found(t, Options{Bureaus: 2, Officers: Officers()[:1]})
	charter := filepath.Join(c.Dir(), "XB", "charter")
	data, err := os.ReadFile(charter)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(charter); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(c.Dir()); err == nil || !strings.Contains(err.Error(), "is damaged: XB has no charter") {
		t.Errorf("without a charter: got %v", err)
	}
	if err := os.WriteFile(charter, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(c.Dir(), "XB"), filepath.Join(c.Dir(), "away")); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(c.Dir()); err == nil || !strings.Contains(err.Error(), "the home of XB is missing") {
		t.Errorf("without a home: got %v", err)
	}
	if err := Remove(c.Dir()); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(c.Dir()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("not removed: %v", err)
	}
}

func TestSampleIsValid(t *testing.T) {
	now := time.Date(2031, 4, 5, 6, 7, 8, 0, time.UTC)
	for n := range 400 {
		if err := Sample("XA", n, []string{"XA", "XB"}, now).Validate(now); err != nil {
			t.Fatalf("sample %d: %v", n, err)
		}
	}
}
