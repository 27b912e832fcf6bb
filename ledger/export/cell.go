package export

import (
	"encoding/csv"
	"fmt"
	"io"
	"strings"
	"unicode"
)

// Cell returns s as a cell that no spreadsheet takes for a formula: text from
// other bureaus must not compute, fetch or run anything where it is opened. A
// cell that would begin one gets an apostrophe before it (OWASP, CSV injection);
// a control character, which may end a cell, becomes a space, and so does one that
// turns the direction of letters.
func Cell(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || unicode.Is(unicode.Bidi_Control, r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	// Programs skip what is not seen before they look for a formula.
	first := strings.TrimLeftFunc(s, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsGraphic(r) })
	if first != "" && strings.ContainsRune("=+-@|%\t\r＝＋－＠", []rune(first)[0]) {
		return "'" + s
	}
	return s
}

// WriteCSV writes rows under a header, each cell made safe by [Cell].
func WriteCSV(w io.Writer, header []string, rows [][]string) error {
	out := csv.NewWriter(w)
	for _, row := range append([][]string{header}, rows...) {
		safe := make([]string, len(row))
		for i, c := range row {
			safe[i] = Cell(c)
		}
		if err := out.Write(safe); err != nil {
			return fmt.Errorf("write csv: %w", err)
		}
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("write csv: %w", err)
	}
	return nil
}
