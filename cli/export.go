package cli

import (
	"encoding/base64"
	"errors"
	"net/url"
	"path/filepath"
	"strings"

	"comity/ledger/tiles"

	"github.com/urfave/cli/v2"
)

func (t *terminal) exportCommand() *cli.Command {
	return &cli.Command{
		Name:        "export",
		Usage:       "write the ledger in a form that other people's tools check",
		Description: "Example: comity export tiles /srv/tiles",
		Subcommands: []*cli.Command{{
			Name:      "tiles",
			Usage:     "write all entries and their tree as c2sp.org/tlog-tiles",
			ArgsUsage: "FOLDER",
			Description: "Every entry is checked against the checkpoint that a quorum cosigned before it is written, and\n" +
				"the checkpoint is written last. Run it again to add what is new; it never goes back. The folder\n" +
				"can be served by any web server. It shows who wrote and when, and holds no sealed body.\n\n" +
				"Example: comity export tiles /srv/tiles",
			Action: t.inSession(t.open, 1, 1, "FOLDER", (*session).exportTiles),
		}},
	}
}

// exportedTiles is the result of comity export tiles.
type exportedTiles struct {
	Folder    string   `json:"folder"`
	Origin    string   `json:"origin"`
	Size      uint64   `json:"size"`
	Root      string   `json:"root"` // base64, as the checkpoint has it
	Cosigners []string `json:"cosigners"`
	Quorum    int      `json:"quorum"`
	Node      string   `json:"node"` // bureau whose node signed as origin
	Key       string   `json:"vkey"`
	Before    uint64   `json:"before"`  // entries that were there before
	Written   int      `json:"written"` // files
}

func (s *session) exportTiles(c *cli.Context, args []string) error {
	advance, end := s.progress("writing tiles")
	x, err := tiles.Export(c.Context, args[0], s.client, s.genesis.Membership, advance)
	end()
	var fork *tiles.ForkError
	switch {
	case errors.As(err, &fork):
		return hint(err, "keep both files, tell every bureau, and trust neither history until it is known which is the ledger's")
	case errors.Is(err, tiles.ErrBehind):
		return hint(err, "nothing was changed; try later, or set another node in comity.toml")
	case err != nil:
		return err
	}
	dir, err := filepath.Abs(args[0])
	if err != nil {
		return err
	}
	out := exportedTiles{dir, x.Checkpoint.Origin, x.Checkpoint.Size, base64.StdEncoding.EncodeToString(x.Checkpoint.Root[:]),
		x.Cosigners, s.genesis.PolicyAt(x.Checkpoint.Size).Quorum, x.Origin, x.Key, x.Before, x.Written}
	if s.asJSON {
		return s.document(out)
	}
	s.say("%s in %s: %s new, %s written", plural(out.Size, "entry", "entries"), args[0], count(out.Size-out.Before), plural(out.Written, "file", "files"))
	s.say("  root      %s", out.Root)
	s.say("  cosigned  by %s (%d needed)", strings.Join(out.Cosigners, " "), out.Quorum)
	s.say("  origin    signed by the node of %s", s.bureau(out.Node))
	s.shell("  vkey      %s", out.Key)
	s.say("Check it with other people's tools; what counts is the line \"Successfully fsck'd log\":")
	s.shell("  echo %s > comity.vkey", shellWord(out.Key))
	s.shell("  go run %s --storage_url=%s --public_key=comity.vkey --ui=false --N=4", fsckTool, shellWord((&url.URL{Scheme: "file", Path: dir}).String()))
	return nil
}

// fsckTool checks tiles. It ends with status 0 whatever it finds: what counts is
// its line "Successfully fsck'd log".
const fsckTool = "github.com/transparency-dev/tessera/cmd/fsck@v1.0.4"
