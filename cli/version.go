package cli

import (
	"runtime"
	"runtime/debug"

	"comity/node"

	"github.com/urfave/cli/v2"
)

func (t *terminal) versionCommand() *cli.Command {
	return &cli.Command{
		Name:        "version",
		Usage:       "print the version",
		Description: "Example: comity version --json",
		Action: func(c *cli.Context) error {
			if _, err := arguments(c, 0, 0, ""); err != nil {
				return err
			}
			v := buildVersion()
			if t.asJSON {
				return t.document(v)
			}
			t.say("comity %s (%s, %s)", v.Version, v.Go, v.Platform)
			return nil
		},
	}
}

type version struct {
	Version  string `json:"version"`
	Revision string `json:"revision,omitempty"`
	Changed  bool   `json:"changed,omitempty"` // built from files that differ from Revision
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

// buildVersion returns the version that nodes tell each other, and what the Go
// tool wrote into the binary.
func buildVersion() version {
	v := version{Version: node.Version, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Revision = s.Value
		case "vcs.modified":
			v.Changed = s.Value == "true"
		}
	}
	return v
}
