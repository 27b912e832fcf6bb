package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"comity/testnet"

	"github.com/urfave/cli/v2"
)

// demoBureau is a bureau of a demo, as --json shows it.
type demoBureau struct {
	Bureau   string   `json:"bureau"`
	Name     string   `json:"name"`
	Dir      string   `json:"dir"`
	Officers []string `json:"officers"`
	Current  bool     `json:"current"`
}

func (t *terminal) demoUse(c *cli.Context) error {
	args, err := arguments(c, 0, 1, "BUREAU")
	if err != nil {
		return err
	}
	dir, err := demoDir(c)
	if err != nil {
		return err
	}
	con, err := testnet.Load(dir)
	if errors.Is(err, testnet.ErrNone) {
		return hint(fmt.Errorf("there is no demo in %s", dir), "%s demo plays one", invocation())
	}
	if err != nil {
		return err
	}
	defer con.Close()
	if len(args) == 0 {
		return t.demoBureaus(c, con)
	}
	code := strings.ToUpper(args[0])
	h, err := con.Home(code)
	if err != nil {
		return usagef("demo use: %s", err)
	}
	if err := setProfile(h.Dir()); err != nil {
		return err
	}
	m, _ := con.Genesis().Charter.Member(code)
	b := demoBureau{code, m.Name, h.Dir(), h.Officers(), os.Getenv("COMITY_DIR") == ""}
	if t.asJSON {
		return t.document(b)
	}
	t.say("You are at %s (%s) now. Its officers: %s", b.Bureau, b.Name, strings.Join(b.Officers, ", "))
	t.say("To write, say who you are: --officer %s", b.Officers[0])
	if !b.Current {
		t.note("COMITY_DIR is set in this shell and counts more: unset COMITY_DIR")
	}
	return nil
}

func (t *terminal) demoBureaus(c *cli.Context, con *testnet.Consortium) error {
	current, err := currentProfile()
	if err != nil {
		return err
	}
	var list []demoBureau
	var rows [][]string
	for _, h := range con.Homes() {
		m, _ := con.Genesis().Charter.Member(h.Bureau())
		b := demoBureau{m.Code, m.Name, h.Dir(), h.Officers(), h.Dir() == current}
		mark := ""
		if b.Current {
			mark = "current"
		}
		list, rows = append(list, b), append(rows, []string{b.Bureau, b.Name, strings.Join(b.Officers, " "), mark})
	}
	if t.asJSON {
		return t.document(list)
	}
	t.table([]string{"BUREAU", "NAME", "OFFICERS", ""}, rows)
	return nil
}

// profilePath returns the file that names the current home; see homeDir.
func profilePath() (string, error) {
	state, err := stateDir()
	return filepath.Join(state, "current"), err
}

// setProfile makes dir the home that commands are for.
func setProfile(dir string) error {
	path, err := profilePath()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("choose %s: %w", dir, err)
	}
	return writeOutput(path, []byte(dir+"\n"), true)
}

// currentProfile returns the home that commands are for, "" where none was chosen.
func currentProfile() (string, error) {
	path, err := profilePath()
	if err != nil {
		return "", err
	}
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return strings.TrimSpace(string(data)), err
}

// forgetProfile makes no home the current one if that was in dir, and returns
// the home that it was.
func forgetProfile(dir string) (string, error) {
	current, err := currentProfile()
	if err != nil || !strings.HasPrefix(current, dir+string(filepath.Separator)) {
		return "", err
	}
	path, err := profilePath()
	if err != nil {
		return "", err
	}
	return current, os.Remove(path)
}
