package cli

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"comity/crypto/keys"
	"comity/ledger/notice"
	"comity/node/desk"
	"comity/testnet"
)

// TestNetCheckKilled kills a checkpoint's process with SIGKILL again and again:
// before the node is there, while reports are sent, and after. Each hit whose
// answer said that it is reported reaches the origin once.
func TestNetCheckKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("founds a consortium")
	}
	t.Parallel()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	c, err := testnet.Found(filepath.Join(t.TempDir(), "net"), testnet.Options{Bureaus: 2, Log: "error"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	check(c.StartAll())
	check(c.WaitReady(ctx))
	_, err = c.Enrol(ctx)
	check(err)
	_, _, err = c.WaitEqual(ctx, 2)
	check(err)
	xa, err := c.Home("XA")
	check(err)
	xb, err := c.Home("XB")
	check(err)
	run := func(dir string, args ...string) *exec.Cmd {
		cmd := exec.CommandContext(ctx, exe)
		cmd.Args = append([]string{"comity", "--dir", dir, "--officer", "desk-1"}, args...)
		cmd.Env = append(os.Environ(), "NO_COLOR=1")
		return cmd
	}
	must := func(cmd *exec.Cmd) string {
		t.Helper()
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %v\n%s", cmd.Args, err, out)
		}
		return string(out)
	}
	file := filepath.Join(t.TempDir(), "n.json")
	must(run(xa.Dir(), "notice", "new", "--kind", "diffusion", "--to", "XB", "-o", file))
	must(run(xa.Dir(), "notice", "submit", file, "--second", "sup-1"))
	_, _, err = c.WaitEqual(ctx, 3)
	check(err)
	must(run(xb.Dir(), "check", "--fresh", "--doc", "X0000001")) // no hit, and now XB knows

	reported := 0
	for round, kill := range []time.Duration{0, 0, 20 * time.Millisecond, 60 * time.Millisecond, 150 * time.Millisecond} {
		switch round {
		case 0:
			check(c.StopAll())
		case 2:
			check(c.StartAll())
			check(c.WaitReady(ctx))
		}
		cmd := run(xb.Dir(), "check", "--stdin", "--send")
		in, err := cmd.StdinPipe()
		check(err)
		out, err := cmd.StdoutPipe()
		check(err)
		check(cmd.Start())
		answers := bufio.NewScanner(out)
		for range 4 {
			_, err := fmt.Fprintln(in, `{"doc":"C4471902"}`)
			check(err)
			if !answers.Scan() || !strings.Contains(answers.Text(), `"reported":1`) {
				t.Fatalf("round %d: answer %q, %v", round, answers.Text(), answers.Err())
			}
			reported++
		}
		// The places where it may be are many; which one is hit does not matter.
		timer := time.AfterFunc(kill, func() { cmd.Process.Kill() })
		cmd.Wait()
		timer.Stop()
	}
	must(run(xb.Dir(), "check", "--deliver"))

	g, err := xa.Genesis()
	check(err)
	d, err := desk.Open(filepath.Join(t.TempDir(), "desk"), g)
	check(err)
	defer d.Close()
	access, err := xa.Access("desk-1")
	check(err)
	cl, err := xa.Client(access)
	check(err)
	defer cl.Close()
	check(d.Sync(ctx, cl, nil))
	ids, err := xa.Identities(func(string, bool) ([]byte, error) { return nil, keys.ErrPassphraseNeeded })
	check(err)
	d.Unlock(ids)
	k, err := d.Case(ctx, "XA-0001")
	check(err)
	hits := 0
	for _, r := range k.Replies {
		if r.Type == notice.Hit && r.Bureau == "XB" {
			hits++
		}
	}
	if hits != reported {
		t.Errorf("%d hits were reported, and %d are in the ledger", reported, hits)
	}
}
