//go:build hostile

package cli

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"comity/testnet"
)

// TestAttackCommand lists the attacks, runs one, and refuses what is none.
func TestAttackCommand(t *testing.T) {
	run := func(args ...string) (code int, stdout, stderr string) {
		var out, errs bytes.Buffer
		code = Main(append([]string{"comity", "testnet", "attack"}, args...), strings.NewReader(""), &out, &errs)
		return code, out.String(), errs.String()
	}
	if code, out, _ := run("--list"); code != exitOK || strings.Count(out, "\n") != len(testnet.Attacks())+1 {
		t.Errorf("--list: exit %d\n%s", code, out)
	}
	for _, args := range [][]string{{}, {"unheard-of"}, {"identity", "forge", "--keep", "x"}} {
		if code, _, _ := run(args...); code != exitUsage {
			t.Errorf("%q: exit %d, want %d", args, code, exitUsage)
		}
	}
	code, out, errs := run("identity", "--json")
	var results []testnet.AttackResult
	if err := json.Unmarshal([]byte(out), &results); code != exitOK || err != nil || len(results) != 1 || !results[0].Held || len(results[0].Nodes) != 3 {
		t.Fatalf("exit %d, %v\n%s%s", code, err, out, errs)
	}
	if code, out, _ := run("identity"); code != exitOK || !strings.HasPrefix(out, "HELD ") || !strings.Contains(out, "\n  promised  ") {
		t.Errorf("exit %d\n%s", code, out)
	}
}
