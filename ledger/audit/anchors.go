package audit

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"comity/ledger"
)

// Anchors is what an auditor keeps between audits: which ledger it is, and the
// heads that were verified. As a file:
//
//	comity anchors v1
//	ledger 9ce5aa09e7402c2c...                                      64 hex digits
//	# size, root, day and time of the audit
//	902 301a...yt+xeg= 2027-03-01T10:02:00Z
//
// Lines that begin with # are remarks, and blank lines are allowed; both are
// kept. Sizes ascend strictly.
type Anchors struct {
	Ledger ledger.Hash

	lines []anchorLine
}

// anchorLine is one line behind the second: an anchor or a remark.
type anchorLine struct {
	anchor *Anchor
	remark string
}

// Bounds of an anchors file.
const (
	MaxAnchors = 1 << 20 // bytes
	maxRemark  = 1 << 10

	anchorsHeader = "comity anchors v1"
)

// ErrAnchor is returned for an anchor that contradicts those that are kept.
var ErrAnchor = errors.New("the anchors hold another head of this size")

// NewAnchors returns the anchors of a ledger that was not audited yet.
func NewAnchors(id ledger.Hash) *Anchors { return &Anchors{Ledger: id} }

// List returns the anchors, by ascending size.
func (a *Anchors) List() []Anchor {
	var out []Anchor
	for _, l := range a.lines {
		if l.anchor != nil {
			out = append(out, *l.anchor)
		}
	}
	return out
}

// Add keeps a verified head. One that is kept already stays as it is, with its
// time; with another root it is [ErrAnchor].
func (a *Anchors) Add(n Anchor) error {
	n.At = n.At.UTC().Truncate(time.Second)
	if n.Size == 0 || n.Size > maxAnchorSize || n.At.Year() < 1970 || n.At.Year() > 9999 {
		return fmt.Errorf("anchor %d at %v: %w", n.Size, n.At, ledger.ErrMalformed)
	}
	for i, l := range a.lines {
		switch {
		case l.anchor == nil || l.anchor.Size < n.Size:
		case l.anchor.Size > n.Size:
			a.lines = append(a.lines[:i], append([]anchorLine{{anchor: &n}}, a.lines[i:]...)...)
			return nil
		case l.anchor.Root != n.Root:
			return fmt.Errorf("anchor %d: %w", n.Size, ErrAnchor)
		default:
			return nil
		}
	}
	a.lines = append(a.lines, anchorLine{anchor: &n})
	return nil
}

const maxAnchorSize = 1<<62 - 1

// Marshal returns the text of the file.
func (a *Anchors) Marshal() []byte {
	out := fmt.Appendf(nil, "%s\nledger %x\n", anchorsHeader, a.Ledger)
	for _, l := range a.lines {
		if l.anchor == nil {
			out = append(append(out, l.remark...), '\n')
			continue
		}
		out = append(append(out, l.anchor.text()...), '\n')
	}
	return out
}

func (n *Anchor) text() string {
	return fmt.Sprintf("%d %s %s", n.Size, base64.StdEncoding.EncodeToString(n.Root[:]), n.At.UTC().Format(time.RFC3339))
}

// ParseAnchors is the inverse of [Anchors.Marshal]. It names the line that it
// cannot read: the file is the auditor's own.
func ParseAnchors(data []byte) (*Anchors, error) {
	if len(data) > MaxAnchors {
		return nil, fmt.Errorf("anchors: %d bytes, with %d at most: %w", len(data), MaxAnchors, ledger.ErrMalformed)
	}
	if !utf8.Valid(data) || bytes.IndexByte(data, '\r') >= 0 || !bytes.HasSuffix(data, []byte("\n")) {
		return nil, fmt.Errorf("anchors: not lines of UTF-8 that end in LF: %w", ledger.ErrMalformed)
	}
	lines := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
	if lines[0] != anchorsHeader || len(lines) < 2 {
		return nil, fmt.Errorf("anchors: the first line is not %q, or the second is missing: %w", anchorsHeader, ledger.ErrMalformed)
	}
	a := &Anchors{}
	id, ok := strings.CutPrefix(lines[1], "ledger ")
	raw, err := hex.DecodeString(id)
	if !ok || err != nil || len(raw) != len(a.Ledger) || hex.EncodeToString(raw) != id {
		return nil, fmt.Errorf("anchors: line 2 is not \"ledger\" and 64 hex digits: %w", ledger.ErrMalformed)
	}
	a.Ledger = ledger.Hash(raw)
	var last uint64
	for i, line := range lines[2:] {
		if line == "" || line[0] == '#' && len(line) <= maxRemark {
			a.lines = append(a.lines, anchorLine{remark: line})
			continue
		}
		n, ok := parseAnchor(line)
		if !ok || n.Size <= last {
			return nil, fmt.Errorf("anchors: line %d is not a size above those before, a root in base64 and a time: %w", i+3, ledger.ErrMalformed)
		}
		last = n.Size
		a.lines = append(a.lines, anchorLine{anchor: n})
	}
	return a, nil
}

func parseAnchor(line string) (*Anchor, bool) {
	fields := strings.Split(line, " ")
	if len(fields) != 3 {
		return nil, false
	}
	var n Anchor
	var err1, err2, err3 error
	var root []byte
	n.Size, err1 = strconv.ParseUint(fields[0], 10, 64)
	root, err2 = base64.StdEncoding.DecodeString(fields[1])
	n.At, err3 = time.Parse(time.RFC3339, fields[2])
	if err1 != nil || err2 != nil || err3 != nil || len(root) != len(n.Root) || n.Size == 0 || n.Size > maxAnchorSize || n.At.Year() < 1970 {
		return nil, false
	}
	n.Root = ledger.Hash(root)
	n.At = n.At.UTC()
	return &n, n.text() == line
}
