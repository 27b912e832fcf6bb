package cli

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// urfave/cli stops at the first argument that is no flag: in
// `comity search "x" --json` it takes --json for a word to search, in silence.
// arrange puts a command line into the order that it understands,
//
//	comity GLOBAL-FLAGS COMMAND... FLAGS -- ARGUMENTS
//
// so that flags may stand anywhere before "--", and refuses with a sentence
// what it would ignore or misread: unknown commands, unknown flags, a flag
// without its value, a flag given twice.
func arrange(app *cli.App, args []string) ([]string, error) {
	words, rest, all, err := split(app, args[1:])
	if err != nil {
		return nil, err
	}
	path, cmd := []string{}, (*cli.Command)(nil)
	commands := app.Commands
	for len(words) > 0 && len(commands) > 0 {
		next := named(commands, words[0])
		if next == nil {
			return nil, unknownCommand(commands, path, words[0])
		}
		path, cmd, commands, words = append(path, next.Name), next, next.Subcommands, words[1:]
	}
	var own []cli.Flag
	if cmd != nil {
		own = cmd.Flags
	}
	var global, local []string
	seen := make(map[string]bool)
	for _, f := range all {
		known, isGlobal := find(own, f.name), false
		if known == nil {
			known, isGlobal = find(app.Flags, f.name), true
		}
		if known == nil {
			return nil, unknownFlag(append(own, app.Flags...), path, f.text)
		}
		if name := known.Names()[0]; f.empty() && slices.Contains(neverEmpty, name) {
			return nil, usagef("flag --%s has no value: a variable may be unset", name)
		}
		if name := known.Names()[0]; seen[name] && !repeats(known) {
			return nil, usagef("flag --%s is given twice", name)
		} else {
			seen[name] = true
		}
		if isGlobal {
			global = append(global, f.words...)
		} else {
			local = append(local, f.words...)
		}
	}
	if seen["help"] { // of the command, whatever else was typed
		return append(append([]string{args[0]}, path...), "--help"), nil
	}
	out := append([]string{args[0]}, global...)
	out = append(append(out, path...), local...)
	if words = append(words, rest...); len(words) > 0 {
		out = append(append(out, "--"), words...)
	}
	return out, nil
}

// given is a flag of the command line.
type given struct {
	name  string
	text  string   // as typed
	words []string // with its value
}

// empty reports whether the flag has a value of no letters.
func (f *given) empty() bool {
	_, value, ok := strings.Cut(f.text, "=")
	return ok && value == "" || len(f.words) == 2 && f.words[1] == ""
}

// neverEmpty are flags of which an empty value would be taken for none: another home
// would be used than was meant, or another officer's name.
var neverEmpty = []string{"dir", "officer", "node", "passphrase-file", "o"}

// split separates flags from other words. Whether a flag has a value is the
// same in all commands that know it, so the command need not be known yet.
func split(app *cli.App, args []string) (words, rest []string, flags []given, err error) {
	for i := 0; i < len(args); i++ {
		arg := args[i]
		switch {
		case arg == "--":
			return words, args[i+1:], flags, nil
		case len(arg) < 2 || arg[0] != '-':
			words = append(words, arg)
			continue
		case len(words) > 0 && words[0] == "search" && negated.MatchString(arg) && anywhere(app, beforeEquals(arg)) == nil:
			words = append(words, arg)
			continue
		}
		name, _, hasValue := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		f := given{name: name, text: arg, words: []string{arg}}
		if known := anywhere(app, name); known != nil && takesValue(known) && !hasValue {
			if i+1 == len(args) || len(args[i+1]) > 1 && args[i+1][0] == '-' {
				return nil, nil, nil, usagef("flag %s needs a value; if the value begins with a dash, write %s=VALUE", arg, arg)
			}
			i++
			f.words = append(f.words, args[i])
		}
		flags = append(flags, f)
	}
	return words, nil, flags, nil
}

// negated is a term of a query that a dash negates, such as -country:TH, which
// is no flag.
var negated = regexp.MustCompile(`^-(\(|"|NOT |[A-Za-z_]+(:|~|!=|=|<|>))`)

func beforeEquals(arg string) string {
	name, _, _ := strings.Cut(strings.TrimLeft(arg, "-"), "=")
	return name
}

// anywhere returns the flag with this name of any command.
func anywhere(app *cli.App, name string) cli.Flag {
	if f := find(app.Flags, name); f != nil {
		return f
	}
	var walk func(list []*cli.Command) cli.Flag
	walk = func(list []*cli.Command) cli.Flag {
		for _, c := range list {
			if f := find(c.Flags, name); f != nil {
				return f
			}
			if f := walk(c.Subcommands); f != nil {
				return f
			}
		}
		return nil
	}
	return walk(app.Commands)
}

func find(flags []cli.Flag, name string) cli.Flag {
	for _, f := range flags {
		for _, n := range f.Names() {
			if n == name {
				return f
			}
		}
	}
	if name == "help" || name == "h" {
		return cli.HelpFlag
	}
	return nil
}

func takesValue(f cli.Flag) bool {
	_, isBool := f.(*cli.BoolFlag)
	return !isBool
}

func repeats(f cli.Flag) bool {
	_, slice := f.(*cli.StringSliceFlag)
	return slice || !takesValue(f)
}

func named(list []*cli.Command, name string) *cli.Command {
	for _, c := range list {
		if c.HasName(name) {
			return c
		}
	}
	return nil
}

func unknownCommand(list []*cli.Command, path []string, word string) error {
	var names []string
	for _, c := range list {
		if !c.Hidden {
			names = append(names, c.Name)
		}
	}
	err := usagef("there is no command %q", strings.Join(append(path, word), " "))
	if near := nearest(names, word); near != "" {
		return hint(err, "did you mean: %s", strings.Join(append(append([]string{"comity"}, path...), near), " "))
	}
	return hint(err, "commands here: %s", strings.Join(names, ", "))
}

func unknownFlag(flags []cli.Flag, path []string, text string) error {
	name, _, _ := strings.Cut(strings.TrimLeft(text, "-"), "=")
	var names []string
	for _, f := range flags {
		for _, n := range f.Names() {
			if len(n) > 1 {
				names = append(names, n)
			}
		}
	}
	err := usagef("there is no flag %s", text)
	switch near := nearest(names, name); {
	case near != "":
		return hint(err, "did you mean --%s", near)
	case len(path) > 0 && path[0] == "search":
		return hint(err, "to leave out what matches: NOT TERM; a word that begins with a dash stands in double quotes: '\"%s\"'", text)
	}
	return hint(err, "flags of this command: comity %s --help", strings.Join(path, " "))
}

// nearest returns the name that a mistyped word was probably meant to be, or "".
func nearest(names []string, word string) string {
	best, bestAt := "", 3
	if len(word) < 5 {
		bestAt = 2
	}
	for _, n := range names {
		if d := distance(n, word); d < bestAt {
			best, bestAt = n, d
		}
		if len(word) >= 3 && best == "" && strings.HasPrefix(n, word) {
			best = n
		}
	}
	return best
}

// distance counts the letters to insert, delete, replace or swap to get from a
// to b (optimal string alignment).
func distance(a, b string) int {
	d := make([][]int, len(a)+1)
	for i := range d {
		d[i] = make([]int, len(b)+1)
		d[i][0] = i
	}
	for j := range d[0] {
		d[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			d[i][j] = min(d[i-1][j]+1, d[i][j-1]+1, d[i-1][j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d[i][j] = min(d[i][j], d[i-2][j-2]+1)
			}
		}
	}
	return d[len(a)][len(b)]
}

// arguments returns the arguments of a command that takes from low to high of
// them; names are what its usage line calls them.
func arguments(c *cli.Context, low, high int, names string) ([]string, error) {
	args := c.Args().Slice()
	switch {
	case len(args) < low:
		return nil, hint(usagef("%s: missing: %s", verb(c), names), "an example: comity %s --help", verb(c))
	case len(args) > high:
		return nil, usagef("%s: too many arguments, from %q on", verb(c), args[high])
	}
	for _, a := range args {
		if a == "" {
			return nil, usagef("%s: an argument is empty: a variable may be unset", verb(c))
		}
		if strings.ContainsRune(a, 0) {
			return nil, usagef("%s: an argument holds a zero byte", verb(c))
		}
	}
	return args, nil
}

// required refuses a command that lacks flags it cannot do without. urfave/cli's
// own way prints the help as if it were the result.
func required(c *cli.Context, names ...string) error {
	var missing []string
	for _, name := range names {
		if c.String(name) == "" {
			missing = append(missing, "--"+name)
		}
	}
	if len(missing) > 0 {
		return hint(usagef("%s: missing: %s", verb(c), strings.Join(missing, ", ")), "an example: comity %s --help", verb(c))
	}
	return nil
}

// verb returns the words of a command without the program's: "notice show".
func verb(c *cli.Context) string { return strings.TrimPrefix(c.Command.HelpName, "comity ") }

func usagef(format string, args ...any) error {
	return &usageError{fmt.Sprintf(format, args...)}
}
