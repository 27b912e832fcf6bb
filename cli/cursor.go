package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"comity/ledger"
	"comity/node/desk"
)

// cursor is the file that keeps how far a watch is. It has one length, so that a
// new place is one write over the old one: a process that is killed leaves
// either. Only a machine that loses power could leave neither, and then the
// watch says so.
type cursor struct {
	*os.File
	ledger ledger.ID
}

// cursorSize is that of the file: its JSON, then spaces, then a newline.
const cursorSize = 256

type cursorText struct {
	Ledger ledger.ID `json:"ledger"`
	desk.Cursor
}

// errNewCursor is returned with a cursor that is nowhere yet.
var errNewCursor = errors.New("a new cursor")

// openCursor opens a cursor and reads it.
func openCursor(path string, id ledger.Hash) (*cursor, desk.Cursor, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, desk.Cursor{}, fmt.Errorf("open cursor %s: %w", path, cause(err))
	}
	c := &cursor{f, ledger.ID(id)}
	data, err := io.ReadAll(io.LimitReader(f, cursorSize+1))
	switch {
	case err != nil:
		err = fmt.Errorf("read cursor %s: %w", path, cause(err))
	case len(data) == 0:
		return c, desk.Cursor{}, errNewCursor
	default:
		var text cursorText
		if len(data) == cursorSize && json.Unmarshal(data, &text) == nil && text.Ledger == c.ledger && text.Checked <= text.Next {
			return c, text.Cursor, nil
		}
		err = hint(fmt.Errorf("%s is no cursor of this ledger", path), "remove it to begin anew, or name another with --cursor")
	}
	f.Close()
	return nil, desk.Cursor{}, err
}

// keep writes where the watch is.
func (c *cursor) keep(at desk.Cursor) error {
	data, err := json.Marshal(cursorText{c.ledger, at})
	if err != nil {
		return fmt.Errorf("keep cursor: %w", err)
	}
	if _, err := c.WriteAt(fmt.Appendf(nil, "%-*s\n", cursorSize-1, data), 0); err != nil {
		return fmt.Errorf("keep cursor %s: %w", c.Name(), cause(err))
	}
	return nil
}
