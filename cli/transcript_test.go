package cli

import (
	"regexp"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// varies is what in the output of a demo is another one each time.
var varies = []struct {
	pattern *regexp.Regexp
	to      string
}{
	{regexp.MustCompile(`head( [0-9a-f]{4})+`), "head"},
	{regexp.MustCompile(`[0-9][0-9,.:]*( m?s\b| entr(y|ies)\b)?`), "0"},
	{regexp.MustCompile(`X[A-E]( X[A-E])*`), "XA"},
	{regexp.MustCompile(` +`), " "},
}

// transcript holds what was printed against the README: all lines of its first
// block, in their order, but for what varies.
func transcript(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: transcript README, after a demo")
	}
	_, block, _ := strings.Cut(ts.ReadFile(args[0]), "\n```text\n")
	block, _, ok := strings.Cut(block, "\n```\n")
	if !ok {
		ts.Fatalf("%s has no block of text", args[0])
	}
	steady := func(line string) string {
		for _, v := range varies {
			line = v.pattern.ReplaceAllString(line, v.to)
		}
		return line
	}
	printed := strings.Split(ts.ReadFile("stdout"), "\n")
	for line := range strings.SplitSeq(block, "\n") {
		if line == "..." {
			continue
		}
		at := slices.IndexFunc(printed, func(p string) bool { return steady(p) == steady(line) })
		if at < 0 {
			ts.Fatalf("%s says, and the demo did not print there: %s", args[0], line)
		}
		printed = printed[at+1:]
	}
}
