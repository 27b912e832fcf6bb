package index

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/ncruces/go-sqlite3"
)

// Notice is what the index holds of one notice beside its terms.
type Notice struct {
	N      uint64   // index of its publish entry
	Bureau string   // the origin
	Ended  bool     // no checkpoint was to be shown it when it was indexed
	Opened bool     // the keys open a version of it
	Events []uint64 // the entries that concern it, rising, with N the first

	// First and Last are the days on which the person on the card may be born,
	// since 1970-01-01; both zero if nothing is known.
	First, Last int64

	Current bool   // the keys open the current version
	Judge   bool   // it waits for reviewers, and the bureau whose keys these are is none of those who decided
	Version uint64 // the entry of the current version
	Urgency uint8  // of the current version
	Term    uint32 // the last day on which it counts, since 1970-01-01

	// Unread says that the bureau whose keys these are should acknowledge the
	// current version, and Pending that an answer to it is still to come. Put takes
	// Unread as it is without any answer; see [Answered].
	Unread, Pending bool
}

// Update is a step of the log: all of it is in the index, or nothing.
type Update struct {
	From, To uint64 // the entries that it takes in
	Put      []Put
	Replies  []Reply
	Answered []Answered
	Delete   []uint64 // notices of which nothing may stay
	Forget   []uint64 // replies, likewise
	Scrub    bool     // what a Put takes out must be gone as well
}

// Put sets what the index holds of a notice, in place of what it held.
type Put struct {
	Notice
	Terms  []string // as [Terms] gives them
	Names  []string // as [query.Record.NameForms] gives them, nil if that are too many
	Purged bool     // what answers it is left to be purged: it stays pending while there is any
}

// Reply says that an entry answers a notice.
type Reply struct {
	Entry, Notice uint64
	Asks          bool // it is of those by which an answer is still to come, or has come
}

// Answered sets what the answers to a notice add up to.
type Answered struct {
	Notice  uint64
	Pending bool
	Acked   uint64 // the last entry by which the bureau acknowledged it; it never goes back
}

// Apply makes an update. It must begin where the last one ended.
func (ix *Index) Apply(u *Update) error {
	ix.writing.Lock()
	defer ix.writing.Unlock()
	if ix.writer == nil {
		return errClosed
	}
	if u.From != ix.Position() || u.To < u.From {
		return fmt.Errorf("index: update from entry %d to %d at position %d", u.From, u.To, ix.Position())
	}
	if err := guard(func() error { return ix.writer.apply(u) }); err != nil {
		return fmt.Errorf("index entries %d to %d: %w", u.From, u.To, err)
	}
	ix.mu.Lock()
	ix.position = u.To
	ix.mu.Unlock()
	if !u.Scrub && len(u.Delete)+len(u.Forget) == 0 || journalMode() != "WAL" {
		return nil
	}
	// The log still has the pages as they were. A reader in the midst of a find
	// may keep it from being emptied; so nobody reads now.
	ix.reading.Lock()
	defer ix.reading.Unlock()
	ix.checking.Lock()
	defer ix.checking.Unlock()
	return guard(func() error { return ix.writer.do("PRAGMA wal_checkpoint(TRUNCATE)") })
}

func (c *conn) apply(u *Update) (err error) {
	tx, err := c.BeginImmediate()
	if err != nil {
		return err
	}
	defer tx.End(&err)
	for _, n := range u.Delete {
		if err := c.remove(n); err != nil {
			return err
		}
		for _, sql := range []string{"DELETE FROM notice WHERE n = ?", "DELETE FROM reply WHERE n = ?"} {
			if err := c.do(sql, n); err != nil {
				return err
			}
		}
	}
	for _, e := range u.Forget {
		// What it said decides no more: who looks at the notice finds out.
		if err := c.do("UPDATE notice SET pending = 1, acked = 0, unread = 1 WHERE n IN (SELECT n FROM reply WHERE e = ?)", e); err != nil {
			return err
		}
		if err := c.do("DELETE FROM reply WHERE e = ?", e); err != nil {
			return err
		}
	}
	if len(u.Forget) > 0 { // what has ended, and no answer is left to, waits for nothing
		if err := c.do("UPDATE notice SET pending = 0 WHERE pending AND ended AND n NOT IN (SELECT n FROM reply)"); err != nil {
			return err
		}
	}
	for i := range u.Put {
		if err := c.put(&u.Put[i], u.Put[i].N < u.From); err != nil {
			return err
		}
	}
	for _, r := range u.Replies {
		if err := c.do("INSERT OR REPLACE INTO reply(e, n, asks) VALUES(?, ?, ?)", r.Entry, r.Notice, r.Asks); err != nil {
			return err
		}
	}
	for _, a := range u.Answered {
		err := c.do(`UPDATE notice SET pending = ?1, acked = max(acked, ?2), unread = unread AND max(acked, ?2) < version WHERE n = ?3`,
			a.Pending, a.Acked, a.Notice)
		if err != nil {
			return err
		}
	}
	return c.do("UPDATE meta SET v = ? WHERE k = 'position'", u.To)
}

// put writes a notice; one that the index may hold already is taken out first.
func (c *conn) put(p *Put, known bool) error {
	if known {
		if err := c.remove(p.N); err != nil {
			return err
		}
	}
	err := c.do(`INSERT INTO notice(n, bureau, ended, opened, events, first, last, current, judge, version, urgency, term, unread, names)
		VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT(n) DO UPDATE SET bureau = excluded.bureau, ended = excluded.ended, opened = excluded.opened, events = excluded.events,
		first = excluded.first, last = excluded.last, current = excluded.current, judge = excluded.judge, version = excluded.version,
		urgency = excluded.urgency, term = excluded.term, unread = excluded.unread AND acked < excluded.version,
		names = excluded.names`,
		p.N, p.Bureau, p.Ended, p.Opened, marshalEvents(p.Events), p.First, p.Last, p.Current, p.Judge, p.Version, int(p.Urgency), uint64(p.Term), p.Unread, joinNames(p.Names))
	if err == nil && p.Purged {
		err = c.do("UPDATE notice SET pending = 1 WHERE n = ? AND EXISTS (SELECT 1 FROM reply WHERE n = ?)", p.N, p.N)
	}
	if err != nil || len(p.Terms) == 0 {
		return err
	}
	text := strings.Join(p.Terms, " ")
	if err := c.do("INSERT INTO term(n, t) VALUES(?, ?)", p.N, text); err != nil {
		return err
	}
	return c.do("INSERT INTO find(rowid, t) VALUES(?, ?)", p.N, text)
}

// remove takes the terms of a notice out: FTS5 has to be told what they were.
func (c *conn) remove(n uint64) error {
	text, found := "", false
	err := c.query("SELECT t FROM term WHERE n = ?", func(s *sqlite3.Stmt) error { text, found = s.ColumnText(0), true; return nil }, n)
	if err != nil || !found {
		return err
	}
	if err := c.do("INSERT INTO find(find, rowid, t) VALUES('delete', ?, ?)", n, text); err != nil {
		return err
	}
	return c.do("DELETE FROM term WHERE n = ?", n)
}

// marshalEvents writes rising indexes, each as the difference to the last.
func marshalEvents(events []uint64) []byte {
	b := make([]byte, 0, 2+2*len(events))
	last := uint64(0)
	for _, e := range events {
		b, last = binary.AppendUvarint(b, e-last), e
	}
	return b
}

func parseEvents(b []byte) []uint64 {
	var events []uint64
	last := uint64(0)
	for len(b) > 0 {
		d, n := binary.Uvarint(b)
		if n <= 0 {
			return nil // who shows the notice finds its publish entry missing
		}
		last += d
		events, b = append(events, last), b[n:]
	}
	return events
}

// columns are what noticeOf reads.
const columns = "n, bureau, ended, opened, events, first, last, current, judge, version, urgency, term, unread, pending"

func noticeOf(s *sqlite3.Stmt) *Notice {
	return &Notice{
		N: uint64(s.ColumnInt64(0)), Bureau: s.ColumnText(1), Ended: s.ColumnBool(2), Opened: s.ColumnBool(3),
		Events: parseEvents(s.ColumnRawBlob(4)), First: s.ColumnInt64(5), Last: s.ColumnInt64(6),
		Current: s.ColumnBool(7), Judge: s.ColumnBool(8), Version: uint64(s.ColumnInt64(9)), Urgency: uint8(s.ColumnInt(10)),
		Term: uint32(s.ColumnInt64(11)), Unread: s.ColumnBool(12), Pending: s.ColumnBool(13),
	}
}

// Notice returns what the index holds of the notice that was published at n,
// nil if nothing.
func (ix *Index) Notice(n uint64) (*Notice, error) {
	var out *Notice
	err := ix.check(func(c *conn) error {
		return c.query("SELECT "+columns+" FROM notice WHERE n = ?", func(s *sqlite3.Stmt) error {
			out = noticeOf(s)
			return nil
		}, n)
	})
	return out, err
}

// Replies returns the entries that answer a notice, in log order.
func (ix *Index) Replies(n uint64) ([]uint64, error) {
	return list(ix.read, "SELECT e FROM reply WHERE n = ? ORDER BY e", n)
}

// Asking returns the first limit of those by which an answer to a notice is still
// to come, or has come.
func (ix *Index) Asking(n uint64, limit int) ([]uint64, error) {
	return list(ix.read, "SELECT e FROM reply WHERE n = ? AND asks ORDER BY e LIMIT ?", n, limit)
}

// Filter chooses notices by what every row says; the zero Filter takes all.
type Filter struct {
	Bureau string
	Since  uint64 // published at this index or later
	Before uint64 // or at one before this; 0 for the end
	Opened bool
	Ended  *bool
}

// List returns the newest limit notices that the filter takes, newest first.
func (ix *Index) List(f Filter, limit int) ([]*Notice, error) {
	var out []*Notice
	sql := "SELECT " + columns + " FROM notice WHERE n >= ? AND n < ?"
	args := []any{f.Since, end(f.Before)}
	if f.Bureau != "" {
		sql, args = sql+" AND bureau = ?", append(args, f.Bureau)
	}
	if f.Opened {
		sql += " AND opened"
	}
	if f.Ended != nil {
		sql, args = sql+" AND ended = ?", append(args, *f.Ended)
	}
	err := ix.read(func(c *conn) error {
		return c.query(sql+" ORDER BY n DESC LIMIT ?", func(s *sqlite3.Stmt) error {
			out = append(out, noticeOf(s))
			return nil
		}, append(args, limit)...)
	})
	return out, err
}

// end returns the bound that 0 stands for.
func end(before uint64) uint64 {
	if before == 0 || before > 1<<62 {
		return 1 << 62
	}
	return before
}

// sortTerms makes terms unique.
func sortTerms(terms []string) []string {
	slices.Sort(terms)
	return slices.Compact(terms)
}
