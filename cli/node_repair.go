package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"comity/node"

	"github.com/urfave/cli/v2"
)

func (t *terminal) nodeRepairCommand() *cli.Command {
	return &cli.Command{
		Name:  "repair",
		Usage: "set a stopped node's ledger and Raft log aside, to fetch them anew from the others",
		Description: "For a node whose data is damaged, or is not the ledger's. Keys, charter, what the node cosigned, its Raft term\n" +
			"and its vote stay. Until it has caught up with the others the node gives no vote and is not ready. Nothing is\n" +
			"deleted: remove the folder that it names when the node is ready again. Repair one node at a time.\n\n" +
			"Example: comity node repair",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "yes", Usage: "do not ask"},
			&cli.BoolFlag{Name: "forget-votes", Usage: "go on where the node's votes cannot be read: it then also waits until most of the others have said in which term they are"},
		},
		Action: t.nodeRepair,
	}
}

func (t *terminal) nodeRepair(c *cli.Context) error {
	if _, err := arguments(c, 0, 0, ""); err != nil {
		return err
	}
	h, err := t.openHome(c)
	if err != nil {
		return err
	}
	cfg, err := h.NodeConfig()
	if err != nil {
		return err
	}
	r, err := node.PlanRepair(cfg, c.Bool("forget-votes"))
	if errors.Is(err, node.ErrVotes) {
		return hint(err, "if there is no good copy of the folder: comity node repair --forget-votes")
	}
	if err != nil {
		return err
	}
	defer r.Close()

	t.note("the ledger and the Raft log of %s go to %s; the node fetches them anew when it runs", h.Bureau(), visible(r.Folder))
	if r.Forgot != nil {
		t.note("its Raft term and its vote are forgotten: %s", r.Forgot)
	} else if r.Term > 0 {
		t.note("kept: keys, charter, what it cosigned, evidence, Raft term %d and its vote", r.Term)
	}
	t.note("it gives no vote until it has caught up: do not do this to a majority of the nodes")
	if !c.Bool("yes") {
		if err := t.confirm("Repair this node? yes or no: "); err != nil {
			return err
		}
	}
	if err := r.Do(); err != nil {
		return hint(err, "run the same command again: it goes on where it stopped")
	}
	if t.asJSON {
		return t.document(map[string]any{"bureau": h.Bureau(), "old_data": r.Folder, "term": r.Term, "forgot_votes": r.Forgot != nil})
	}
	t.say("Repaired: start it with comity node run.")
	t.say("  old data  %s; remove it when comity status says ready", visible(r.Folder))
	return nil
}

// confirm asks a question, and returns nil for the answer yes.
func (t *terminal) confirm(question string) error {
	if !isTerminal(t.stdin) {
		return hint(errors.New("this has to be confirmed, and there is no terminal to type yes on"), "say --yes")
	}
	fmt.Fprint(t.stderr, question)
	entered := make(chan string, 1)
	go func() { // ends with the process, if nobody ever answers
		line, _ := bufio.NewReader(io.LimitReader(t.stdin, 64)).ReadString('\n')
		entered <- strings.TrimSpace(line)
	}()
	select {
	case line := <-entered:
		if line == "yes" {
			return nil
		}
	case <-t.interrupt:
		fmt.Fprintln(t.stderr)
	}
	return errors.New("nothing was changed")
}
