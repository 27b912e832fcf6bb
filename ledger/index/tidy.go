package index

import "fmt"

// Terms are filed as FTS5 does it: each update makes a segment, some of which are
// merged now and then, and a question looks into all of them. With one segment
// a check is answered five times as fast as with the dozen that a long catching
// up leaves.
const (
	// tidyPages is how many pages of 4 KiB a step of [Index.Tidy] writes.
	tidyPages = 256

	// tidyAfter is how many entries are not worth it.
	tidyAfter = 4096

	// tidyShare is the part by which the index must have grown since the last time:
	// all is written anew, so that an entry is written tidyShare+1 times in its life.
	tidyShare = 8
)

// Tidy does a step of the work that keeps finding fast, if there is any to do, and
// reports whether there may be more. It is for when nothing else is to be done:
// an update waits for a step, some milliseconds; whoever finds does not.
func (ix *Index) Tidy() (more bool, err error) {
	ix.writing.Lock()
	defer ix.writing.Unlock()
	if ix.writer == nil {
		return false, errClosed
	}
	err = guard(func() error { more, err = ix.writer.tidy(ix.Position()); return err })
	if err != nil {
		return false, fmt.Errorf("tidy index: %w", err)
	}
	return more, nil
}

func (c *conn) tidy(position uint64) (more bool, err error) {
	tidied, err := c.number("SELECT coalesce((SELECT v FROM meta WHERE k = 'tidied'), 0)")
	if err != nil {
		return false, err
	}
	pages := tidyPages
	if !c.tidying {
		if position < uint64(tidied)+max(tidyAfter, uint64(tidied)/tidyShare) {
			return false, nil
		}
		pages = -tidyPages // all segments, and not only some of a level
	}
	before := c.TotalChanges()
	if err := c.do("INSERT INTO find(find, rank) VALUES('merge', ?)", pages); err != nil {
		return false, err
	}
	if c.tidying = c.TotalChanges()-before >= 2; c.tidying { // as FTS5 tells that it did something
		return true, nil
	}
	return false, c.do("INSERT OR REPLACE INTO meta(k, v) VALUES('tidied', ?)", position)
}
