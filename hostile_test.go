package main

import (
	"bytes"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// TestNoHostileNode compiles what the program is made of as it is released and
// looks for what only the hostile build has: a member that lies, attacks,
// switches for guards.
func TestNoHostileNode(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles twice")
	}
	// Types, functions and the switches' names, as the compiler writes them.
	hostile := regexp.MustCompile(`comity/(node|testnet)\.[^ \n]*(Hostile|hostile|Guards|SwitchOff|Attack|attack|puppet|Silence)`)
	for _, tt := range []struct {
		args []string
		want bool
	}{
		{nil, false},
		{[]string{"-tags", "hostile"}, true}, // else the expression finds nothing anywhere
	} {
		list := append([]string{"list", "-export", "-f", "{{.Export}}"}, tt.args...)
		archives, err := exec.Command("go", append(list, "./node", "./testnet")...).Output()
		if err != nil {
			t.Fatalf("go %v: %v", list, err)
		}
		symbols, err := exec.Command("go", append([]string{"tool", "nm"}, strings.Fields(string(archives))...)...).Output()
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(symbols, []byte("comity/node.(*Node).Close")) {
			t.Fatal("the program's symbols cannot be read")
		}
		if got := hostile.Find(symbols); (got != nil) != tt.want {
			t.Errorf("go list %v: found %q, want any: %t", tt.args, got, tt.want)
		}
	}
}
