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
	var b strings.Builder
	e.match(&b)
	var out []uint64
	err := ix.read(func(c *conn) error {
		return c.query("SELECT rowid FROM find WHERE find MATCH ? AND rowid < ? ORDER BY rowid DESC LIMIT ?", func(s *sqlite3.Stmt) error {
			out = append(out, uint64(s.ColumnInt64(0)))
			return nil
		}, b.String(), end(before), limit)
	})
	return out, err
}
