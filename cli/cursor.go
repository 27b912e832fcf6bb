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
	epoch  uint32 // the last one that is known
}

// cursorSize is that of the file: its JSON, then spaces, then a newline.
const cursorSize = 256

type cursorText struct {
	Ledger ledger.ID `json:"ledger"`
	desk.Cursor
	Epoch uint32 `json:"epoch,omitempty"` // the last one that was known: places above a later recovery are others now
}

// errNewCursor is returned with a cursor that is nowhere yet.
var errNewCursor = errors.New("a new cursor")

// openCursor opens a cursor and reads it.
func openCursor(path string, g *ledger.Genesis) (*cursor, desk.Cursor, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, desk.Cursor{}, fmt.Errorf("open cursor %s: %w", path, cause(err))
	}
	c := &cursor{f, ledger.ID(g.Ledger), g.Latest().Number}
	data, err := io.ReadAll(io.LimitReader(f, cursorSize+1))
	switch {
	case err != nil:
		err = fmt.Errorf("read cursor %s: %w", path, cause(err))
	case len(data) == 0:
		return c, desk.Cursor{}, errNewCursor
	default:
		var text cursorText
		if len(data) == cursorSize && json.Unmarshal(data, &text) == nil && text.Ledger == c.ledger && text.Checked <= text.Next {
			return c, text.below(g), nil
		}
		err = hint(fmt.Errorf("%s is no cursor of this ledger", path), "remove it to begin anew, or name another with --cursor")
	}
	f.Close()
	return nil, desk.Cursor{}, err
}

// below returns the place, or the one where a recovery cut the ledger since: what
// stands there now was never told.
func (c *cursorText) below(g *ledger.Genesis) desk.Cursor {
	at := c.Cursor
	for _, e := range g.Epochs() {
		if e.Recovered && e.Number > c.Epoch {
			at.Next, at.Checked = min(at.Next, e.From-1), min(at.Checked, e.From-1)
		}
	}
	return at
}

// keep writes where the watch is.
func (c *cursor) keep(at desk.Cursor) error {
	data, err := json.Marshal(cursorText{c.ledger, at, c.epoch})
	if err != nil {
		return fmt.Errorf("keep cursor: %w", err)
	}
	if _, err := c.WriteAt(fmt.Appendf(nil, "%-*s\n", cursorSize-1, data), 0); err != nil {
		return fmt.Errorf("keep cursor %s: %w", c.Name(), cause(err))
	}
	return nil
}
