package cli

import (
	"cmp"
	"fmt"

	"comity/node/home"

	"github.com/urfave/cli/v2"
)

func (t *terminal) configCommand() *cli.Command {
	return &cli.Command{
		Name:  "config",
		Usage: "check comity.toml, or show what counts and where it comes from",
		Description: "A key of comity.toml, an environment variable and, where a command has it, a flag have one name:\n" +
			"desk_listen, COMITY_DESK_LISTEN, --desk-listen. A flag counts more than the environment, and that\n" +
			"more than the file. None of them is ever a secret.\n\n" +
			"Example: comity config check",
		Subcommands: []*cli.Command{{
			Name:  "check",
			Usage: "say whether the settings are good, without starting anything",
			Description: "Reads comity.toml and the environment as every command does, and holds them against the charter.\n" +
				"The exit code is 4 when something is worth a look, 1 when a command would refuse.\n\n" +
				"Example: comity config check",
			Action: t.configCheck,
		}, {
			Name:        "print",
			Usage:       "show every setting and where its value comes from",
			Description: "Example: COMITY_LOG=debug comity config print",
			Action:      t.configPrint,
		}},
	}
}

func (t *terminal) configPrint(c *cli.Context) error {
	if _, err := arguments(c, 0, 0, ""); err != nil {
		return err
	}
	h, err := t.openHome(c)
	if err != nil {
		return err
	}
	if t.asJSON {
		return t.document(h.Settings())
	}
	var rows [][]string
	for _, s := range h.Settings() {
		from := s.From
		if from == "" {
			from = "default"
		}
		rows = append(rows, []string{s.Key, cmp.Or(s.Value, "-"), from})
	}
	t.say("Settings of %s", h.Dir())
	t.table([]string{"KEY", "VALUE", "FROM"}, rows)
	return nil
}

func (t *terminal) configCheck(c *cli.Context) error {
	if _, err := arguments(c, 0, 0, ""); err != nil {
		return err
	}
	h, err := t.openHome(c)
	if err != nil {
		return err
	}
	findings, err := configFindings(h)
	if err != nil {
		return err
	}
	if t.asJSON {
		if err := t.document(map[string]any{"dir": h.Dir(), "findings": append([]string{}, findings...)}); err != nil {
			return err
		}
	} else {
		t.say("The settings of %s are read and each value is good.", h.Dir())
		for _, f := range findings {
			t.put("  " + t.paint(yellow, "LOOK") + "  " + visible(f))
		}
	}
	if len(findings) > 0 {
		return errFindings
	}
	return nil
}

// configFindings holds the settings against what they are about.
func configFindings(h *home.Home) (findings []string, err error) {
	for _, name := range strangeVariables() {
		findings = append(findings, fmt.Sprintf("%s is set, and comity has no such setting: comity config print lists them", name))
	}
	own, err := h.Member()
	if err != nil {
		return nil, err
	}
	g, err := h.Genesis()
	if err != nil {
		return append(findings, err.Error()+"; until then nothing runs: comity charter --help"), nil
	}
	m, ok := g.Member(h.Bureau())
	switch {
	case !ok:
		findings = append(findings, fmt.Sprintf("the charter names no bureau %s", h.Bureau()))
	case m.Node.Address != own.Node.Address:
		findings = append(findings, fmt.Sprintf("address is %s, and the charter says %s: the other bureaus go there", own.Node.Address, m.Node.Address))
	case !m.Root.Equal(own.Root) || m.Node.TLS != own.Node.TLS:
		findings = append(findings, "the keys here are not those of the charter: the other bureaus would refuse this node")
	}
	settings := h.Config()
	if settings.Admin == "" {
		findings = append(findings, "admin is empty: nothing can ask the node whether it lives, is ready, or for its metrics")
	}
	if settings.DeskListen != "" {
		if _, err := h.DeskTLS(); err != nil {
			findings = append(findings, "desk_listen is set and the desk has no key: comity desk key makes it, comity enrol enrols it")
		}
	}
	return findings, nil
}
