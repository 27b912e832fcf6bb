package cli

import (
	"errors"
	"io/fs"

	"github.com/urfave/cli/v2"
)

func (t *terminal) nodeKeyCommand() *cli.Command {
	return &cli.Command{
		Name:  "key",
		Usage: "print the key of the read replica of this home, and make it if there is none",
		Description: "Nodes know the read replica by it once comity enrol has enrolled it. Who reads from it names it\n" +
			"with this key: node = \"HOST:PORT#KEY\", and other read replicas from = [\"HOST:PORT#KEY\"].\n\n" +
			"Example: comity node key",
		Action: t.nodeKey,
	}
}

func (t *terminal) nodeKey(c *cli.Context) error {
	if _, err := arguments(c, 0, 0, ""); err != nil {
		return err
	}
	h, err := t.openHome(c)
	if err != nil {
		return err
	}
	_, err = h.ReplicaTLS()
	made := errors.Is(err, fs.ErrNotExist)
	k, err := h.MakeReplicaTLS()
	if err != nil {
		return err
	}
	if t.asJSON {
		return t.document(map[string]any{"bureau": h.Bureau(), "replica_key": k.ID(), "made": made})
	}
	t.shell("%s", k.ID())
	if made {
		t.note("a key was made for the read replica of %s; next: comity enrol, then comity node run --replica --from XA,XB --listen HOST:PORT", h.Bureau())
	}
	return nil
}
