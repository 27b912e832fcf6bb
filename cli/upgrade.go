package cli

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"comity/node"
	"comity/node/wire"

	"github.com/urfave/cli/v2"
)

func (t *terminal) upgradeCommand() *cli.Command {
	return &cli.Command{
		Name:  "upgrade",
		Usage: "find out whether the nodes may get a new version",
		Description: "Nodes are upgraded one after the other: stop one, replace the program, start it, check, and go\n" +
			"on with the next. Nothing is converted, and the other nodes go on.\n\n" +
			"Example: comity upgrade check",
		Subcommands: []*cli.Command{{
			Name: "check", Usage: "say which version each bureau's node runs, and whether one may be stopped now",
			Description: "Asks every bureau's node. The exit code is 0 when one node may be stopped, 1 when not now.\n\n" +
				"Example: comity upgrade check",
			Action: t.upgradeCheck,
		}},
	}
}

// askLimit bounds how long each node may take to say how it is.
const askLimit = 5 * time.Second

// memberState is what a bureau's node says of itself.
type memberState struct {
	Bureau  string `json:"bureau"`
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
	Format  uint8  `json:"format,omitempty"`
	Voter   bool   `json:"voter"`
	State   string `json:"state"`
	Ready   bool   `json:"ready"`
	Cosigns bool   `json:"cosigns"`
	Why     string `json:"why,omitempty"` // it is not ready, or does not answer

	leader    string
	has       uint8 // the format of its ledger
	proposals []wire.Proposal
}

// knows returns the newest format that the node's program knows; the first programs
// do not say.
func (m *memberState) knows() uint8 { return max(m.Format, 1) }

func (t *terminal) upgradeCheck(c *cli.Context) error {
	if _, err := arguments(c, 0, 0, ""); err != nil {
		return err
	}
	s, err := t.open(c)
	if err != nil {
		return err
	}
	defer s.close()
	s.newerCharter(c.Context)
	list := s.askNodes(c.Context)
	if err := c.Context.Err(); err != nil {
		return err
	}
	verdict := upgradeVerdict(list, s.genesis.Latest().Quorum())
	if t.asJSON {
		has := s.has(list)
		doc := map[string]any{"members": list, "program": node.Version, "format": node.Format, "ledger_format": has, "safe": verdict == nil}
		if next := s.nextFormat(list, has); next != "" {
			doc["next"] = next
		}
		if verdict != nil {
			doc["why"] = verdict.Error()
		}
		if err := t.document(doc); err != nil {
			return err
		}
		return verdict
	}
	var rows [][]string
	for _, m := range list {
		state := m.State
		if m.Why != "" {
			state += ": " + m.Why
		}
		rows = append(rows, []string{m.Bureau, m.Name, m.Version, formatText(m), state})
	}
	t.table([]string{"BUREAU", "NAME", "VERSION", "FORMAT", "NODE"}, rows)
	s.tellFormats(list)
	if verdict != nil {
		return hint(verdict, "wait until all are ready, or help those that are not: comity doctor, at that bureau")
	}
	t.say("Safe: one node may be stopped now, and what the others write still becomes FINAL.")
	if leader := leaderOf(list); leader != "" {
		t.say("Take %s last: its node leads, and hands over when it is stopped.", leader)
	}
	if !sameVersion(list) {
		t.say("Not all nodes run one version.")
	}
	return nil
}

// askNodes asks the node of every member at once.
func (s *session) askNodes(ctx context.Context) []memberState {
	members := s.genesis.Members()
	list := make([]memberState, len(members))
	var wg sync.WaitGroup
	for i := range members {
		m := &members[i]
		wg.Go(func() {
			list[i] = s.askNode(ctx, m.Code, m.Name, m.NodeName())
			list[i].Voter = m.Voter
		})
	}
	wg.Wait()
	return list
}

func (s *session) askNode(ctx context.Context, code, name, node string) memberState {
	out := memberState{Bureau: code, Name: name, State: "silent"}
	client, err := s.home.ClientOf(code, s.access)
	if err != nil {
		out.Why = err.Error()
		return out
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	st, err := client.Status(ctx)
	if err != nil {
		out.Why = "it does not answer"
		if wire.CodeOf(err) != "" {
			out.Why = err.Error()
		}
		return out
	}
	out.Version, out.Format, out.Ready, out.Why, out.leader = st.Version, st.Format, st.Ready, st.NotReady, st.Leader
	out.Cosigns, out.has, out.proposals = st.Muted == "", st.Has, st.Proposals
	switch {
	case !st.Ready:
		out.State = "not ready"
	case st.Muted != "":
		out.State, out.Why = "mute", st.Muted
	case st.Leader == node:
		out.State = "leads"
	default:
		out.State = "ready"
	}
	for _, f := range st.Faulty {
		if f.Bureau == code {
			out.State, out.Cosigns, out.Why = "faulty", false, "its cosignatures do not count"
		}
	}
	return out
}

// upgradeVerdict says why no node may be stopped now, nil if any one may.
func upgradeVerdict(list []memberState, quorum int) error {
	var good int
	var bad []string
	for _, m := range list {
		if m.Ready && m.Cosigns {
			good++
		} else {
			bad = append(bad, m.Bureau)
		}
	}
	switch {
	case len(list) == 1 && good == 1:
		return nil // there is no other whom it would keep waiting
	case good <= quorum && len(bad) > 0:
		return fmt.Errorf("not now: %s %s not ready, and with one node fewer nothing becomes FINAL: %d must cosign", strings.Join(bad, " "), isAre(len(bad)), quorum)
	case good <= quorum:
		return fmt.Errorf("of %s %d must cosign: while one is stopped nothing becomes FINAL, so agree on a time", plural(len(list), "node", "nodes"), quorum)
	}
	return nil
}

func isAre(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

func leaderOf(list []memberState) string {
	for _, m := range list {
		if m.State == "leads" {
			return m.Bureau
		}
	}
	return ""
}

// sameVersion reports whether all nodes that answered run one version and know
// one format.
func sameVersion(list []memberState) bool {
	same := true
	var first *memberState
	for i := range list {
		m := &list[i]
		if m.Version == "" {
			continue
		}
		if first == nil {
			first = m
		}
		same = same && m.Version == first.Version && m.Format == first.Format
	}
	return same
}

func formatText(m memberState) string {
	if m.Version == "" {
		return ""
	}
	return fmt.Sprint(m.knows())
}
