package cli

import (
	"fmt"
	"time"

	"comity/ledger"
	"comity/node"
	"comity/testnet"

	"github.com/urfave/cli/v2"
)

func (t *terminal) benchCommand() *cli.Command {
	return &cli.Command{
		Name:  "bench",
		Usage: "measure this machine: statements a second through the real API, every write synced",
		Description: "Nodes and clients run in this process, so the figures are of both together on this machine's\n" +
			"cores. Each client is an officer with own keys and own TLS session; statements are signed\n" +
			"beforehand; each node verifies every signature. With --rtt the first eight round trips, in which\n" +
			"nodes open connections, are not measured.\n\n" +
			"Example: comity testnet bench --nodes 5 --seconds 10 --baseline",
		Flags: []cli.Flag{
			&cli.IntFlag{Name: "nodes", Usage: "how `MANY` nodes, 1 to 15", Value: 3},
			&cli.IntFlag{Name: "size", Usage: "`BYTES` of a sealed body", Value: 1024},
			&cli.IntFlag{Name: "clients", Usage: "how `MANY` send, each one statement at a time", Value: 64},
			&cli.IntFlag{Name: "seconds", Usage: "`SECONDS` to measure", Value: 10},
			&cli.IntFlag{Name: "rtt", Usage: "play a distance of this many `MILLISECONDS` there and back between the nodes; each officer is beside the own node"},
			&cli.StringFlag{Name: "profile", Usage: "`PROFILE` of the network between the nodes: lan or wan", DefaultText: "lan"},
			&cli.BoolFlag{Name: "baseline", Usage: "also measure bare hashicorp/raft with raft-boltdb, same bytes, no HTTP, no TLS, no signatures"},
			&cli.StringFlag{Name: "scratch", Usage: "`FOLDER` on the disk to measure (default: the system's temporary folder)"},
		},
		Action: t.bench,
	}
}

// maxRTT is a sane bound of --rtt, in milliseconds.
const maxRTT = 2000

func (t *terminal) bench(c *cli.Context) error {
	if _, err := arguments(c, 0, 0, ""); err != nil {
		return err
	}
	if n := c.Int("nodes"); n < 1 || n > ledger.MaxVoters {
		return usagef("--nodes %d: a charter has 1 to %d", n, ledger.MaxVoters)
	}
	if n := c.Int("size"); n < 1 || n > ledger.MaxBody {
		return usagef("--size %d: a sealed body has 1 to %s bytes", n, count(ledger.MaxBody))
	}
	for _, name := range []string{"clients", "seconds"} {
		if c.Int(name) < 1 {
			return usagef("--%s %d: at least 1 is needed", name, c.Int(name))
		}
	}
	if n := c.Int("rtt"); n < 0 || n > maxRTT {
		return usagef("--rtt %d: a way around the world and back takes 0 to %d milliseconds", n, maxRTT)
	}
	if _, err := node.ParseProfile(c.String("profile")); err != nil {
		return usagef("--profile: %s", err)
	}
	r, err := testnet.Bench(c.Context, testnet.BenchOptions{RTT: time.Duration(c.Int("rtt")) * time.Millisecond, Profile: c.String("profile"), Nodes: c.Int("nodes"), Size: c.Int("size"), Clients: c.Int("clients"),
		Duration: time.Duration(c.Int("seconds")) * time.Second, Baseline: c.Bool("baseline"), Dir: c.String("scratch")},
		func(what string) { t.note("%s", what) })
	if err != nil {
		return err
	}
	if t.asJSON {
		return t.document(r)
	}
	t.say("%d nodes, %d clients, bodies of %d bytes, entries of %d, %.1f s", r.Nodes, r.Clients, r.Size, r.EntryBytes, r.Seconds)
	t.say("acknowledged   %8.0f /s   p50 %.2f ms   p99 %.2f ms", r.PerSecond, r.P50, r.P99)
	if r.RTT > 0 {
		t.say("at %.0f ms RTT           p50 %.0f ms at the bureau that leads (%.2f RTT), %.0f ms elsewhere (%.2f RTT)", r.RTT, r.AtLeader, r.AtLeader/r.RTT, r.Elsewhere, r.Elsewhere/r.RTT)
	}
	t.say("               %8d in all, %d failed", r.Acknowledged, r.Failed)
	t.say("FINAL          %8.0f /s   p50 %.0f ms   p99 %.0f ms after the acknowledgement", r.FinalPerSecond, r.LagP50, r.LagP99)
	t.say("CPU            %8.2f cores, nodes and clients together", r.CPU)
	t.say("disk           %8.0f bytes a notice on each node, with Raft log and preallocation", r.DiskPerNotice)
	t.say("checked        %8d entries on each node, equal roots", r.CheckedSize)
	if r.Busy > 0 {
		t.say("note           %8d times a node said that too many statements wait; the client tried again", r.Busy)
	}
	if r.ExhaustedClients > 0 {
		t.say("note           %8d clients sent all they had signed before the time was over", r.ExhaustedClients)
	}
	if r.Baseline > 0 {
		t.say("bare Raft      %8.0f /s   p50 %.2f ms   p99 %.2f ms   %.2f cores", r.Baseline, r.BaselineP50, r.BaselineP99, r.BaselineCPU)
		t.say("ratio          %8s", fmt.Sprintf("%.2f", r.Ratio))
	}
	return nil
}
