package main

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
)

// TestNoHostileNode builds the program as it is released and looks for what only
// the hostile build has: a member that lies, attacks, switches for guards.
func TestNoHostileNode(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program twice")
	}
	// Types, functions and the switches' names, as the linker writes them.
	hostile := regexp.MustCompile(`comity/(node|testnet)\.[^ \n]*(Hostile|hostile|Guards|SwitchOff|Attack|attack|puppet|Silence)`)
	for _, tt := range []struct {
		args []string
		want bool
	}{
		{nil, false},
		{[]string{"-tags", "hostile"}, true}, // else the expression finds nothing anywhere
	} {
		exe := filepath.Join(t.TempDir(), "comity")
		build := append([]string{"build", "-o", exe}, tt.args...)
		if out, err := exec.Command("go", append(build, ".")...).CombinedOutput(); err != nil {
			t.Fatalf("build: %v\n%s", err, out)
		}
		symbols, err := exec.Command("go", "tool", "nm", exe).Output()
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(symbols, []byte("comity/node.(*Node).Close")) {
			t.Fatal("the program's symbols cannot be read")
		}
		if got := hostile.Find(symbols); (got != nil) != tt.want {
			t.Errorf("go build %v: found %q, want any: %t", tt.args, got, tt.want)
		}
	}
}
