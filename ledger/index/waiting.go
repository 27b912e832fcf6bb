package index

import "github.com/ncruces/go-sqlite3"

// What waits for a bureau is looked for in four lists. Each may hold notices that
// wait for nothing; whoever asks opens them and judges. What is in the first is in
// no other; the third and the fourth may have a notice in common.

// Pending returns the newest limit notices before an index, 0 for the end, to
// which an answer is still to come.
func (ix *Index) Pending(before uint64, limit int) ([]*Notice, error) {
	return ix.rows("SELECT "+columns+" FROM notice INDEXED BY notice_pending WHERE pending AND n < ? ORDER BY n DESC LIMIT ?", end(before), limit)
}

// Ending returns the next limit notices of a bureau that end on a day from first
// to last, behind one of which that day and the index are given; zero for the first.
func (ix *Index) Ending(bureau string, first, last uint32, behind *Notice, limit int) ([]*Notice, error) {
	if behind == nil {
		behind = &Notice{Term: first} // entry 0 is no notice
	}
	return ix.rows("SELECT "+columns+` FROM notice INDEXED BY notice_term WHERE NOT ended AND NOT pending
		AND bureau = ? AND term >= ? AND term <= ? AND (term > ? OR n > ?) ORDER BY term, n LIMIT ?`,
		bureau, uint64(behind.Term), uint64(last), uint64(behind.Term), behind.N, limit)
}

// Unread returns the next limit notices that the bureau should acknowledge and
// that were not over on a day, the most urgent and then the oldest first, behind
// one of them; nil for the first.
func (ix *Index) Unread(day uint32, behind *Notice, limit int) ([]*Notice, error) {
	return ix.byUrgency(`INDEXED BY notice_unread WHERE unread`, day, behind, limit)
}

// Judge is likewise for those of which the current version waits for reviewers, and
// has not been judged by the bureau.
func (ix *Index) Judge(day uint32, behind *Notice, limit int) ([]*Notice, error) {
	return ix.byUrgency(`INDEXED BY notice_judge WHERE judge`, day, behind, limit)
}

func (ix *Index) byUrgency(which string, day uint32, behind *Notice, limit int) ([]*Notice, error) {
	if behind == nil {
		behind = &Notice{Urgency: 255}
	}
	return ix.rows("SELECT "+columns+` FROM notice `+which+` AND NOT pending AND term >= ?
		AND (urgency < ? OR urgency = ? AND version > ?) ORDER BY urgency DESC, version LIMIT ?`,
		uint64(day), int(behind.Urgency), int(behind.Urgency), behind.Version, limit)
}

// CountWaiting returns how many notices [Index.Unread] and [Index.Judge] list.
func (ix *Index) CountWaiting(day uint32) (unread, judge int, err error) {
	err = ix.read(func(c *conn) error {
		return c.query("SELECT total(unread), total(judge) FROM waits WHERE term >= ?",
			func(s *sqlite3.Stmt) error { unread, judge = s.ColumnInt(0), s.ColumnInt(1); return nil }, uint64(day))
	})
	return unread, judge, err
}

func (ix *Index) rows(sql string, args ...any) ([]*Notice, error) {
	var out []*Notice
	err := ix.read(func(c *conn) error {
		return c.query(sql, func(s *sqlite3.Stmt) error {
			out = append(out, noticeOf(s))
			return nil
		}, args...)
	})
	return out, err
}
