package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"
)

// homeDir returns the folder of the bureau that a command is for: --dir, else
// COMITY_DIR, else what the current profile names, else a folder of its own.
func homeDir(c *cli.Context) (string, error) {
	if dir := c.String("dir"); dir != "" {
		return filepath.Abs(dir)
	}
	state, err := stateDir()
	if err != nil {
		return "", err
	}
	current := filepath.Join(state, "current")
	data, err := os.ReadFile(current)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return filepath.Join(state, "home"), nil
	case err != nil:
		return "", fmt.Errorf("read the current profile %s: %w", current, cause(err))
	}
	dir, _, _ := strings.Cut(string(data), "\n")
	if dir = strings.TrimSpace(dir); !filepath.IsAbs(dir) {
		return "", hint(fmt.Errorf("read the current profile %s: it does not hold the full path of a folder", current),
			"remove it, or name the folder with --dir")
	}
	return dir, nil
}

// stateDir returns where comity keeps what is not named otherwise.
func stateDir() (string, error) {
	if dir := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "comity"), nil
	}
	user, err := os.UserHomeDir()
	if err != nil {
		return "", hint(errors.New("find the folder of this bureau: neither XDG_STATE_HOME nor HOME is set"), "name it with --dir")
	}
	return filepath.Join(user, ".local", "state", "comity"), nil
}
