package index

import (
	"strings"

	"github.com/ncruces/go-sqlite3"
)

// Expr says which terms a notice must have.
type Expr interface{ match(b *strings.Builder) }

// Term is the expression of one term; with a * at its end, of all that begin so.
type Term string

// All needs every one of its expressions, of which there is at least one.
type All []Expr

// Any needs one of its expressions, of which there is at least one.
type Any []Expr

// But needs its first expression, and not its second one.
type But struct{ Expr, Not Expr }

func (n But) match(b *strings.Builder) {
	b.WriteByte('(')
	n.Expr.match(b)
	b.WriteString(" NOT ")
	n.Not.match(b)
	b.WriteByte(')')
}

func (t Term) match(b *strings.Builder) {
	text, prefix := strings.CutSuffix(string(t), "*")
	b.WriteByte('"')
	b.WriteString(clean(text)) // else FTS5 would read a phrase, or the end of one
	b.WriteByte('"')
	if prefix {
		b.WriteByte('*')
	}
}

func (a All) match(b *strings.Builder) { join(b, a, " AND ") }
func (a Any) match(b *strings.Builder) { join(b, a, " OR ") }

func join(b *strings.Builder, list []Expr, operator string) {
	b.WriteByte('(')
	for i, e := range list {
		if i > 0 {
			b.WriteString(operator)
		}
		e.match(b)
	}
	b.WriteByte(')')
}

// Find returns the newest limit notices before an index, 0 for the end, that
// have the terms of an expression: newest first.
func (ix *Index) Find(e Expr, before uint64, limit int) ([]uint64, error) {
	return list(ix.read, "SELECT rowid FROM find WHERE find MATCH ? AND rowid < ? ORDER BY rowid DESC LIMIT ?", match(e), end(before), limit)
}

// FindNamed is [Index.Find] for the notices whose names keep takes, and for those
// of which the index has no names.
func (ix *Index) FindNamed(e Expr, before uint64, limit int, keep func(names []string) bool) ([]uint64, error) {
	const sql = `SELECT f.rowid, n.names FROM find AS f CROSS JOIN notice AS n ON n.n = f.rowid
		WHERE f.find MATCH ? AND f.rowid < ? ORDER BY f.rowid DESC`
	out, _, err := named(ix.read, sql, limit, keep, match(e), end(before))
	return out, err
}

// named is [list] for at most limit rows whose names, the second column, keep takes
// if it is not nil, and says how many it looked at.
func named(by func(func(c *conn) error) error, sql string, limit int, keep func(names []string) bool, args ...any) (out []uint64, seen int, err error) {
	err = by(func(c *conn) error {
		return c.query(sql, func(s *sqlite3.Stmt) error {
			seen++
			if names := splitNames(s.ColumnText(1)); keep == nil || names == nil || keep(names) {
				out = append(out, uint64(s.ColumnInt64(0)))
			}
			if len(out) == limit {
				return errEnough
			}
			return nil
		}, args...)
	})
	return out, seen, err
}

// nameEnd is behind each name that a row holds. Names have no control characters.
const nameEnd = "\x1f"

func joinNames(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return strings.Join(list, nameEnd) + nameEnd
}

func splitNames(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(text, nameEnd), nameEnd)
}

// FindLive is [Index.Find], from the end, for the notices that no entry has ended.
func (ix *Index) FindLive(e Expr, limit int) ([]uint64, error) {
	return list(ix.check, `SELECT f.rowid FROM find AS f CROSS JOIN notice AS n ON n.n = f.rowid
		WHERE f.find MATCH ? AND NOT n.ended ORDER BY f.rowid DESC LIMIT ?`, match(e), limit)
}

// seenEach is how many notices FindBorn and FindDays look at for each that they may
// return: anybody can write many that share a key with the name of somebody else.
const seenEach = 16

// FindBorn is [Index.FindNamed], from the end, for the active notices on whose card
// is a person who may be born on a day from first to last, since 1970-01-01. The
// terms must be of [PersonTerms]: one without a date has none of them, and would pass
// for born on day 0. There may be more if full: it has limit, or looked at 16 times as many.
func (ix *Index) FindBorn(e Expr, first, last int64, limit int, keep func(names []string) bool) (list []uint64, full bool, err error) {
	list, seen, err := named(ix.check, `SELECT f.rowid, n.names FROM find AS f CROSS JOIN notice AS n ON n.n = f.rowid
		WHERE f.find MATCH ? AND n.first <= ? AND n.last >= ? AND NOT n.ended
		ORDER BY f.rowid DESC LIMIT ?`, limit, keep, match(e), last, first, seenEach*limit)
	return list, len(list) == limit || seen == seenEach*limit, err
}

// FindDays is [Index.FindBorn] for those who are born on one of at most 64 days, of whom
// the card knows the day. The terms must be of [PersonTerms] or [NearTerms].
func (ix *Index) FindDays(e Expr, days []int64, limit int, keep func(names []string) bool) (list []uint64, full bool, err error) {
	if len(days) == 0 || len(days) > maxDays {
		return nil, false, nil
	}
	args := []any{match(e)}
	for i := range maxDays { // as many each time, so that the statement is prepared once
		args = append(args, days[min(i, len(days)-1)])
	}
	list, seen, err := named(ix.check, findDays, limit, keep, append(args, seenEach*limit)...)
	return list, len(list) == limit || seen == seenEach*limit, err
}

// maxDays bounds the days of one question.
const maxDays = 64

var findDays = `SELECT f.rowid, n.names FROM find AS f CROSS JOIN notice AS n ON n.n = f.rowid
	WHERE f.find MATCH ? AND n.first = n.last AND n.first IN (?` + strings.Repeat(", ?", maxDays-1) + `) AND NOT n.ended
	ORDER BY f.rowid DESC LIMIT ?`

// Count returns how many notices an expression finds, at most limit.
func (ix *Index) Count(e Expr, limit int) (n int, err error) {
	err = ix.read(func(c *conn) error {
		return c.query("SELECT count(*) FROM (SELECT 1 FROM find WHERE find MATCH ? LIMIT ?)", func(s *sqlite3.Stmt) error {
			n = s.ColumnInt(0)
			return nil
		}, match(e), limit)
	})
	return n, err
}

func match(e Expr) string {
	var b strings.Builder
	e.match(&b)
	return b.String()
}

// list returns the first column of rows that a connection reads.
func list(by func(func(c *conn) error) error, sql string, args ...any) ([]uint64, error) {
	var out []uint64
	err := by(func(c *conn) error {
		return c.query(sql, func(s *sqlite3.Stmt) error {
			out = append(out, uint64(s.ColumnInt64(0)))
			return nil
		}, args...)
	})
	return out, err
}
