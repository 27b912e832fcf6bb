package cli

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"comity/crypto/keys"
	"comity/crypto/sign"
	"comity/ledger"
	"comity/node/desk"

	"github.com/urfave/cli/v2"
)

const exhibitExt = ".cnotice"

func (t *terminal) noticeExportCommand() *cli.Command {
	return &cli.Command{
		Name:      "export",
		Usage:     "write a notice to a file that anyone can check offline",
		ArgsUsage: "ID",
		Description: "The file holds the signed statement, the sealed text, and proof that both are in the ledger.\n" +
			"It opens nothing: only readers' keys do. --ssh writes the signature for ssh-keygen as well.\n\n" +
			"--stix, --csv and --court write what is open here instead: it is then protected by nothing but its handling\n" +
			"caveats. Unless the body is H0, only its origin may, or who has the origin's consent. More than a card leaves\n" +
			"in two steps. The export is announced to the origin, sealed, with --purpose, and signed by a supervisor too:\n" +
			"--second, or else it waits for one to `approve` it. Then --announced writes the file, if all still holds.\n" +
			"--court adds the proof that the text is what the origin signed, which needs no key to check. It alone takes\n" +
			"the part on the victim along, for a protection officer who names it: --parts card,victim.\n\n" +
			"Example: comity notice export LT-0301 --court --purpose 'hearing on Friday' --second sup-1",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "o", Usage: "write to `FILE` (default: ID" + exhibitExt + ", .stix.json, .csv or .court.txt)"},
			&cli.BoolFlag{Name: "force", Usage: "replace FILE if it is there"},
			&cli.StringFlag{Name: "ssh", Usage: "make `FOLDER` with the statement and its signature for ssh-keygen -Y verify"},
			&cli.BoolFlag{Name: "stix", Usage: "write a STIX 2.1 bundle of what is open here"},
			&cli.BoolFlag{Name: "csv", Usage: "write a table of what is open here"},
			&cli.BoolFlag{Name: "court", Usage: "write what is open here as text, with the proof of it"},
			&cli.StringFlag{Name: "parts", Usage: "of opened text: `PARTS`, card, body or victim with commas between (default: card and body, if open)"},
			announcedFlag(), purposeFlag(), secondFlag(),
		},
		Action: t.noticeExport,
	}
}

func (t *terminal) noticeExport(c *cli.Context) error {
	args, err := arguments(c, 1, 1, "ID")
	if err != nil {
		return err
	}
	form, err := exportForm(c)
	if err != nil {
		return err
	}
	s, err := t.open(c)
	if err != nil {
		return err
	}
	defer s.close()
	if form != nil || c.String("announced") != "" { // what leaves is recorded where it is opened
		if err := s.ownKeysOnly("an export of opened text"); err != nil {
			return err
		}
	}
	if err := s.read(c.Context); err != nil {
		return err
	}
	k, err := s.find(c.Context, args[0])
	if err != nil {
		return err
	}
	if id := c.String("announced"); form != nil || id != "" {
		if k, err = s.working(c.Context, k.ID.String()); err != nil {
			return err
		}
		if id != "" {
			return s.exportAnnounced(c, k, id)
		}
		return s.exportOpened(c, k, form)
	}
	x, err := s.desk.Exhibit(c.Context, s.client, k.Versions[len(k.Versions)-1].Index)
	if err != nil {
		return err
	}
	path := c.String("o")
	if path == "" {
		path = fileName(k) + exhibitExt
	}
	if path == "-" {
		if _, err := t.stdout.Write(x.Marshal()); err != nil {
			return err
		}
	} else {
		if err := writeOutput(path, x.Marshal(), c.Bool("force")); err != nil {
			return err
		}
		t.note("wrote %s; whoever has the charter can check it: comity verify %s", path, path)
	}
	if dir := c.String("ssh"); dir != "" {
		return s.exportSSH(dir, x)
	}
	return nil
}

// fileName returns the name of a case as a file: its characters are few.
func fileName(k *desk.Case) string {
	var b bytes.Buffer
	for _, r := range k.Name() {
		if r == '/' {
			r = '-'
		}
		b.WriteRune(r)
	}
	return filepath.Base(b.String())
}

// exportSSH writes what ssh-keygen needs to check the author's signature: the
// signed bytes, the signature, and who may sign, by the ledger's own word.
func (s *session) exportSSH(dir string, x *ledger.Exhibit) (err error) {
	e := x.Item.Entry
	author := e.Signatures[0]
	k, err := s.desk.Key(author.Key)
	if err != nil {
		return err
	}
	if k == nil || len(k.Public) == 0 {
		return fmt.Errorf("export for ssh-keygen: the ledger knows no signing key %s", author.Key.Short())
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return fmt.Errorf("make %s: %w", dir, cause(err))
	}
	principal := k.Label + "@" + k.Bureau + ".comity"
	files := []struct {
		name string
		data []byte
	}{
		{"statement.bin", e.Signed()},
		{"statement.bin.sig", sign.Armor(k.Public, sign.NamespaceStatement, author.Sig[:])},
		{"allowed_signers", fmt.Appendf(nil, "%s namespaces=%q %s\n", principal, sign.NamespaceStatement, keys.AuthorizedKey(k.Public, ""))},
	}
	for _, f := range files {
		if err := writeOutput(filepath.Join(dir, f.name), f.data, false); err != nil {
			return errors.Join(err, os.RemoveAll(dir))
		}
	}
	s.shell("cd %s && ssh-keygen -Y verify -f allowed_signers -I %s -n %s -s statement.bin.sig < statement.bin",
		shellWord(dir), principal, sign.NamespaceStatement)
	return nil
}
