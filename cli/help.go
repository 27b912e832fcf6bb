package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/rivo/uniseg"
	"github.com/urfave/cli/v2"
)

// helpWidth is how wide a help text is everywhere: a person who reads one has
// perhaps opened it in a pager or beside something else.
const helpWidth = 80

// urfave/cli's own help has lines of any length, names no command where one
// must follow, and hides from every command the flags that all of them take.
func init() { cli.HelpPrinter = printHelp }

// printHelp prints the help of the program or of one command.
func printHelp(w io.Writer, _ string, of any) {
	var h help
	switch c := of.(type) {
	case *cli.App:
		h.section("NAME", c.Name+" - "+c.Usage)
		h.section("USAGE", c.Name+" COMMAND [options]")
		h.description(c.Description)
		h.commands(c.Commands)
		h.options("OPTIONS", c.Flags)
		h.section("MORE", "comity COMMAND --help, on every command")
	case *cli.Command:
		h.section("NAME", c.HelpName+" - "+c.Usage)
		h.section("USAGE", usage(c)...)
		h.description(c.Description)
		h.commands(c.Subcommands)
		h.options("OPTIONS", c.Flags)
		if len(c.Subcommands) == 0 {
			h.section("GLOBAL OPTIONS", strings.Join(globalNames(c.Flags), ", ")+": see comity --help")
		}
	}
	io.WriteString(w, strings.TrimPrefix(h.String(), "\n"))
}

// usage returns the lines that show how a command is written.
func usage(c *cli.Command) []string {
	switch {
	case c.UsageText != "":
		return strings.Split(c.UsageText, "\n")
	case len(c.Subcommands) > 0:
		return []string{c.HelpName + " COMMAND [options]"}
	}
	return []string{strings.TrimSpace(c.HelpName + " [options] " + c.ArgsUsage)}
}

// globalNames returns the flags that a command takes beside its own.
func globalNames(own []cli.Flag) (names []string) {
	for _, f := range globalFlags() {
		if name := f.Names()[0]; find(own, name) == nil {
			names = append(names, "--"+name)
		}
	}
	return names
}

type help struct{ strings.Builder }

func (h *help) section(title string, lines ...string) {
	fmt.Fprintf(h, "\n%s:\n", title)
	for _, line := range lines {
		h.put("   "+line, 3)
	}
}

func (h *help) put(line string, indent int) {
	h.WriteString(wrap(line, helpWidth, indent) + "\n")
}

// description prints paragraphs: lines that are no paragraph, such as examples,
// begin with a space or stand alone.
func (h *help) description(text string) {
	h.WriteString("\nDESCRIPTION:\n")
	paragraph := ""
	flush := func() {
		if paragraph != "" {
			h.put("   "+paragraph, 3)
		}
		paragraph = ""
	}
	for line := range strings.SplitSeq(text, "\n") {
		switch {
		case line == "":
			flush()
			h.WriteByte('\n')
		case line[0] == ' ':
			flush()
			h.put("   "+line, 3+2*(len(line)-len(strings.TrimLeft(line, " "))))
		case strings.HasPrefix(line, "Example: "):
			flush()
			h.example("   " + line)
		default:
			paragraph = strings.TrimSpace(paragraph + " " + line)
		}
	}
	flush()
}

// example prints a command that people copy: where it is too long for a line it
// goes on as a shell takes it, and never within quotes.
func (h *help) example(line string) {
	for indent := ""; line != ""; indent = "     " {
		line = indent + line
		if uniseg.StringWidth(line) <= helpWidth {
			break
		}
		at, quoted := 0, false
		for i, r := range line {
			switch {
			case r == '\'' || r == '"':
				quoted = !quoted
			case r == ' ' && !quoted && i > 12 && uniseg.StringWidth(line[:i]) <= helpWidth-2:
				at = i
			}
		}
		if at == 0 {
			break
		}
		h.WriteString(line[:at] + " \\\n")
		line = line[at+1:]
	}
	h.WriteString(line + "\n")
}

func (h *help) commands(list []*cli.Command) {
	var rows [][2]string
	for _, c := range list {
		if !c.Hidden {
			rows = append(rows, [2]string{c.Name, c.Usage})
		}
	}
	h.columns("COMMANDS", rows)
}

func (h *help) options(title string, flags []cli.Flag) {
	var rows [][2]string
	for _, f := range flags {
		doc, ok := f.(cli.DocGenerationFlag)
		if !ok || f.Names()[0] == cli.HelpFlag.Names()[0] {
			continue
		}
		head := "--" + f.Names()[0]
		if len(f.Names()[0]) == 1 {
			head = head[1:]
		}
		text := doc.GetUsage()
		if _, value, ok := strings.Cut(text, "`"); ok {
			value, _, _ = strings.Cut(value, "`")
			head += " " + value
		}
		text = strings.ReplaceAll(text, "`", "")
		if value := strings.Trim(doc.GetDefaultText(), `"`); doc.TakesValue() && value != "" && value != "0" && !strings.Contains(text, "(default: ") {
			text += " (default: " + value + ")"
		}
		for _, name := range doc.GetEnvVars() {
			text += " [$" + name + "]"
		}
		rows = append(rows, [2]string{head, text})
	}
	h.columns(title, append(rows, [2]string{"--help, -h", "show this"}))
}

// columns prints names and what they are, beside each other where that fits.
func (h *help) columns(title string, rows [][2]string) {
	const widest = 24
	if len(rows) == 0 {
		return
	}
	h.section(title)
	column := 0
	for _, row := range rows {
		if w := uniseg.StringWidth(row[0]); w <= widest {
			column = max(column, w)
		}
	}
	indent := 3 + column + 2
	for _, row := range rows {
		if uniseg.StringWidth(row[0]) > widest {
			h.put("   "+row[0], 3)
			row[0] = ""
		}
		h.put(fmt.Sprintf("   %-*s  %s", column, row[0], row[1]), indent)
	}
}
