package cli

import (
	"io"
	"regexp"
	"strings"

	"github.com/rivo/uniseg"
	"golang.org/x/term"
)

// A line that is longer than the terminal is broken between words, and goes on
// under the text of its label. In a pipe or a file every line stays whole, so
// that programs find it.

// minWidth is the narrowest terminal that lines are broken for.
const minWidth = 40

// width returns how many columns w shows; 0 for what is no terminal.
func width(w io.Writer) int {
	f, ok := w.(fder)
	if !ok {
		return 0
	}
	columns, _, err := term.GetSize(int(f.Fd()))
	if err != nil || columns < minWidth {
		return 0
	}
	return columns
}

// wrap breaks a line, which is visible text, for a terminal of some columns. A
// word that is wider than the terminal, such as an address, stays whole.
func wrap(line string, columns, indent int) string {
	if columns < minWidth || span(line) <= columns {
		return line
	}
	indent = min(indent, columns/2)
	var out strings.Builder
	at, fresh := 0, true // columns used in this line, and whether it has no word yet
	for rest := line; rest != ""; {
		end := len(rest) - len(strings.TrimLeft(rest, " "))
		if next := strings.IndexByte(rest[end:], ' '); next >= 0 {
			end += next
		} else {
			end = len(rest)
		}
		word := rest[:end] // with the spaces before it
		rest = rest[end:]
		if w := span(word); fresh || at+w <= columns {
			out.WriteString(word)
			at, fresh = at+w, fresh && strings.TrimSpace(word) == ""
			continue
		}
		word = strings.TrimLeft(word, " ")
		if word == "" {
			continue
		}
		out.WriteString("\n" + strings.Repeat(" ", indent) + word)
		at = indent + span(word)
	}
	return out.String()
}

// hang returns where a broken line of a result goes on: under the text behind
// its label, as in "  ledger    6d7c" and "  ! A child.", else under its start,
// but never in the first column, where only lines of ours begin.
func hang(line string) int { return max(2, label(colours.ReplaceAllString(line, ""))) }

// colours are those of paint, which take no room.
var colours = regexp.MustCompile(`\x1b\[[0-9;]*m`)

// span returns how many columns visible text with colours of ours takes.
func span(s string) int { return uniseg.StringWidth(colours.ReplaceAllString(s, "")) }

func label(line string) int {
	start := len(line) - len(strings.TrimLeft(line, " "))
	rest := line[start:]
	if after, ok := strings.CutPrefix(rest, "! "); ok {
		return len(line) - len(after)
	}
	word, _, ok := strings.Cut(rest, " ")
	if !ok || len(word) > 9 || start == 0 {
		return start
	}
	text := len(line) - len(strings.TrimLeft(rest[len(word):], " "))
	if text-start-len(word) < 2 && text != labelled && !strings.HasSuffix(word, ".") { // "1. send"
		return start
	}
	return text
}

// chop puts spaces into words that are wider than the columns, so that foreign
// text cannot run on into the first column of a terminal.
func chop(line string, columns int) string {
	var out strings.Builder
	at, state := 0, -1
	for rest := line; rest != ""; {
		var letter string
		var w int
		letter, rest, w, state = uniseg.FirstGraphemeClusterInString(rest, state)
		if at += w; letter == " " {
			at = 0
		} else if at > columns {
			out.WriteByte(' ')
			at = w
		}
		out.WriteString(letter)
	}
	return out.String()
}

// labelled is the column of the text behind labels of nine letters, which a
// single space follows.
const labelled = 12
