package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"
	"time"

	"github.com/rivo/uniseg"
	"golang.org/x/term"
)

// terminal is where one command reads and writes. Results go to stdout;
// progress, notes and hints to stderr, so that a pipe gets results only.
type terminal struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	asJSON         bool            // --json
	color          bool            // stdout is a terminal that may be coloured
	interrupt      <-chan struct{} // closed when the command is told to stop
	homeDir        string          // of the bureau that the command is for, once it is known
	passFile       string
	phrases        [][]byte // as entered, in their order
	tried, asked   int      // of these for the present file, and questions about it
}

// say prints one line of a result. Every argument is made visible, so a format
// must be a constant and foreign text an argument.
func (t *terminal) say(format string, args ...any) {
	t.put(fmt.Sprintf(format, safeArgs(args)...))
}

// shell prints a command line to copy, never broken: a shell would run its
// first half.
func (t *terminal) shell(format string, args ...any) {
	fmt.Fprintf(t.stdout, format+"\n", safeArgs(args)...)
}

// put prints one line of a result: visible text, and colours of ours.
func (t *terminal) put(s string) {
	fmt.Fprintln(t.stdout, wrap(s, width(t.stdout), hang(s)))
}

// note prints one line for the person at the terminal that is no result.
func (t *terminal) note(format string, args ...any) {
	fmt.Fprintln(t.stderr, wrap(fmt.Sprintf("comity: "+format, safeArgs(args)...), width(t.stderr), len("comity: ")))
}

// text prints foreign text of several lines, indented.
func (t *terminal) text(indent, s string) {
	for line := range strings.SplitSeq(strings.TrimRight(visibleText(s), "\n"), "\n") {
		if w := width(t.stdout); w > 0 {
			line = wrap(indent+chop(line, w-len(indent)), w, len(indent))[len(indent):]
		}
		fmt.Fprintln(t.stdout, indent+line)
	}
}

func safeArgs(args []any) []any {
	out := make([]any, len(args))
	for i, a := range args {
		switch a := a.(type) {
		case string:
			out[i] = visible(a)
		case error:
			out[i] = visible(a.Error())
		case fmt.Stringer:
			out[i] = visible(a.String())
		default:
			out[i] = a
			if v := reflect.ValueOf(a); v.Kind() == reflect.String {
				out[i] = visible(v.String())
			}
		}
	}
	return out
}

// document prints v as the one JSON document of a command. A nil slice is an
// empty list, never null.
func (t *terminal) document(v any) error {
	if rv := reflect.ValueOf(v); rv.Kind() == reflect.Slice && rv.IsNil() {
		v = reflect.MakeSlice(rv.Type(), 0, 0).Interface()
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("write json: %w", err)
	}
	if _, err := t.stdout.Write(escapeJSON(b.Bytes())); err != nil {
		return fmt.Errorf("write json: %w", err)
	}
	return nil
}

// table prints rows under a header, in columns as wide as their widest cell is
// on a terminal, which for many scripts is not its number of characters.
func (t *terminal) table(header []string, rows [][]string) {
	all := append([][]string{header}, rows...)
	widths := make([]int, len(header))
	for _, row := range all {
		for i := range row {
			row[i] = visible(row[i])
			widths[i] = max(widths[i], uniseg.StringWidth(row[i]))
		}
	}
	// A broken line goes on in its last column, if that leaves room for text.
	columns, indent := width(t.stdout), 0
	for _, w := range widths[:len(widths)-1] {
		indent += w + 2
	}
	if indent > columns/3 {
		indent = 4
	}
	for _, row := range all {
		var line strings.Builder
		for i, cell := range row {
			line.WriteString(cell)
			if i < len(row)-1 {
				line.WriteString(strings.Repeat(" ", widths[i]-uniseg.StringWidth(cell)+2))
			}
		}
		fmt.Fprintln(t.stdout, wrap(strings.TrimRight(line.String(), " "), columns, indent))
	}
}

// Colours of a verdict, as SGR parameters.
const (
	green  = "32"
	red    = "31"
	yellow = "33"
)

// paint colours a word of ours; never foreign text.
func (t *terminal) paint(sgr, word string) string {
	if !t.color {
		return word
	}
	return "\x1b[1;" + sgr + "m" + word + "\x1b[0m"
}

// fder is a file, or what stands for one.
type fder interface{ Fd() uintptr }

// isTerminal reports whether w, or r, is a terminal.
func isTerminal(rw any) bool {
	f, ok := rw.(fder)
	return ok && term.IsTerminal(int(f.Fd()))
}

// results is standard output that remembers that it could not be written: a
// command whose result is lost, on a full disk for instance, has failed.
type results struct {
	file *os.File
	err  error
}

// Fd returns the file's descriptor, for what asks whether it is a terminal.
func (r *results) Fd() uintptr { return r.file.Fd() }

func (r *results) Write(data []byte) (int, error) {
	n, err := r.file.Write(data)
	if r.err == nil {
		r.err = err
	}
	return n, err
}

// clock writes a time of the ledger, POSIX ms, in UTC.
func clock(ms uint64) string {
	if ms == 0 {
		return "-"
	}
	return time.UnixMilli(int64(ms)).UTC().Format("2006-01-02 15:04:05Z")
}

// minute writes a time of the ledger where a column is narrow.
func minute(ms uint64) string {
	if ms == 0 {
		return "-"
	}
	return time.UnixMilli(int64(ms)).UTC().Format("2006-01-02 15:04Z")
}

// count writes a number with commas: 1,284.
func count[T ~int | ~int64 | ~uint64](n T) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// plural returns "1 entry" or "2 entries".
func plural[T ~int | ~int64 | ~uint64](n T, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return count(n) + " " + many
}

// size writes a number of bytes in a unit that people read.
func size(n int64) string {
	units := []string{"B", "KiB", "MiB", "GiB", "TiB"}
	v, i := float64(n), 0
	for v >= 1024 && i < len(units)-1 {
		v, i = v/1024, i+1
	}
	if i == 0 {
		return fmt.Sprintf("%d B", n)
	}
	return fmt.Sprintf("%.1f %s", v, units[i])
}
