package cli

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/rivo/uniseg"
	"github.com/urfave/cli/v2"
)

func newApp() *cli.App {
	return (&terminal{stdin: strings.NewReader(""), stdout: io.Discard, stderr: io.Discard}).app()
}

func TestArrange(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{"comity", "comity"},
		{"comity status", "comity status"},
		{"comity status --json", "comity --json status"},
		{"comity search x --json", "comity --json search -- x"},
		{"comity search x --limit 3 y", "comity search --limit 3 -- x y"},
		{"comity search --limit=3 x", "comity search --limit=3 -- x"},
		{"comity --officer desk-1 notice --kind red list --dir d", "comity --officer desk-1 --dir d notice list --kind red"},
		{"comity search -- --json", "comity search -- --json"},
		{"comity search x -- -country:TH", "comity search -- x -country:TH"},
		{"comity notice reply A --type outcome --text -", "comity notice reply --type outcome --text - -- A"},
		{"comity notice reply A --type outcome --text=-x", "comity notice reply --type outcome --text=-x -- A"},
		{"comity verify -", "comity verify -- -"},
		{"comity notice --help", "comity notice --help"},
		{"comity notice show LT-0301 --help", "comity notice show --help"},
		{"comity -h notice request decide LT-0301 --json", "comity notice request decide --help"},
		{"comity search help", "comity search -- help"},
		{"comity init --with-officer a:desk --with-officer b:desk", "comity init --with-officer a:desk --with-officer b:desk"},
	} {
		got, err := arrange(newApp(), strings.Fields(test.in))
		if err != nil || strings.Join(got, " ") != test.want {
			t.Errorf("%s: got %q, %v, want %q", test.in, strings.Join(got, " "), err, test.want)
		}
	}
}

func TestArrangeRefuses(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{"comity statsu", `there is no command "statsu"`},
		{"comity notice lst", `there is no command "notice lst"`},
		{"comity status --kind red", "there is no flag --kind"},
		{"comity search -x", "there is no flag -x"},
		{"comity notice list --limit", "needs a value"},
		{"comity notice list --kind --limit 3", "needs a value"},
		{"comity notice list --limit 3 --limit 4", "--limit is given twice"},
		{"comity --dir a status --dir b", "--dir is given twice"},
	} {
		_, err := arrange(newApp(), strings.Fields(test.in))
		var usage *usageError
		if !errors.As(err, &usage) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", test.in, err, test.want)
		}
	}
}

// TestFlagsAgree holds the assumption of split: a flag that two commands know
// takes a value in both or in neither.
func TestFlagsAgree(t *testing.T) {
	takes := make(map[string]bool)
	var walk func(at string, flags []cli.Flag, commands []*cli.Command)
	walk = func(at string, flags []cli.Flag, commands []*cli.Command) {
		for _, f := range flags {
			for _, name := range f.Names() {
				if before, ok := takes[name]; ok && before != takesValue(f) {
					t.Errorf("%s: flag --%s takes a value here and none elsewhere, or the reverse", at, name)
				}
				takes[name] = takesValue(f)
			}
		}
		for _, c := range commands {
			walk(at+" "+c.Name, c.Flags, c.Subcommands)
		}
	}
	app := newApp()
	walk("comity", app.Flags, app.Commands)
}

// TestHelp wants of every command a sentence of help and an example.
func TestHelp(t *testing.T) {
	var walk func(at string, commands []*cli.Command)
	walk = func(at string, commands []*cli.Command) {
		for _, c := range commands {
			if c.Usage == "" || !strings.Contains(c.Description, "Example: ") {
				t.Errorf("%s %s: no usage, or no example in its description", at, c.Name)
			}
			if at := at + " " + c.Name; strings.Contains(c.Description, "Example: comity ") {
				_, example, _ := strings.Cut(c.Description, "Example: ")
				if _, err := arrange(newApp(), exampleWords(example)); err != nil {
					t.Errorf("%s: its example is refused: %v", at, err)
				}
			}
			walk(at+" "+c.Name, c.Subcommands)
		}
	}
	walk("comity", newApp().Commands)
}

// exampleWords splits the first line of an example as a shell would.
func exampleWords(line string) []string {
	line, _, _ = strings.Cut(line, "\n")
	line, _, _ = strings.Cut(line, " > ")
	quoted := false
	return strings.FieldsFunc(line, func(r rune) bool {
		if r == '\'' {
			quoted = !quoted
		}
		return !quoted && (r == ' ' || r == '\'')
	})
}

func TestNearest(t *testing.T) {
	names := []string{"submit", "show", "list", "ack", "reply", "withdraw"}
	for _, test := range []struct{ word, want string }{
		{"shwo", "show"}, {"sumbit", "submit"}, {"lst", "list"}, {"with", "withdraw"}, {"zzz", ""}, {"", ""},
	} {
		if got := nearest(names, test.word); got != test.want {
			t.Errorf("%q: got %q, want %q", test.word, got, test.want)
		}
	}
}

func FuzzArrange(f *testing.F) {
	f.Add("search x --json")
	f.Add("notice list --limit=3 -- -x")
	f.Fuzz(func(t *testing.T, line string) {
		args := append([]string{"comity"}, strings.Fields(line)...)
		out, err := arrange(newApp(), args)
		if err == nil && len(out) < len(args) {
			// Only a "--" may go.
			if len(out) < len(args)-1 {
				t.Errorf("%q: got %q: arguments were lost", args, out)
			}
		}
	})
}

// TestHelpFits wants no line of help that a terminal of 80 columns would break.
func TestHelpFits(t *testing.T) {
	var walk func(words []string, list []*cli.Command)
	walk = func(words []string, list []*cli.Command) {
		_, out, errs := command(t, append(slices.Clone(words), "--help")...)
		if !strings.HasPrefix(out, "NAME:\n   comity") || errs != "" {
			t.Errorf("%v: got\n%s%s", words, out, errs)
		}
		for line := range strings.Lines(out) {
			if w := uniseg.StringWidth(strings.TrimSuffix(line, "\n")); w > helpWidth {
				t.Errorf("%v: a line of %d columns: %s", words, w, line)
			}
			if strings.Contains(line, "Example:") && !strings.HasPrefix(line, "   Example:") || strings.HasPrefix(line, "   --for-approval comity") {
				t.Errorf("%v: a line run into another: %s", words, line)
			}
			if rest, ok := strings.CutPrefix(line, "   Example: comity"); ok && len(words) > 0 && !strings.HasPrefix(strings.TrimSpace(rest), words[0]) && words[0] != "node" {
				t.Errorf("%v: an example of something else: %s", words, line)
			}
		}
		for _, c := range list {
			at := append(slices.Clone(words), c.Name)
			_, out, _ := command(t, append(slices.Clone(at), "--help")...)
			for line := range strings.SplitSeq(c.Description, "\n") {
				if strings.HasPrefix(line, "Example: ") && !strings.Contains(strings.ReplaceAll(out, " \\\n     ", " "), "   "+line+"\n") {
					t.Errorf("%v: an example is not to be copied as it is shown: %s", at, line)
				}
			}
			walk(at, c.Subcommands)
		}
	}
	walk(nil, newApp().Commands)
}
