package wire

import (
	"comity/ledger"
	"comity/ledger/notice"
)

// Bounds of checks, which come many at a time.
const (
	MaxChecks     = 64 // in one question
	MaxDeskChecks = 128 << 10
)

// CheckQuery asks of several people, each, whether somebody looks for them.
type CheckQuery struct {
	Subjects []CheckSubject `json:"subjects"`
}

// CheckSubject is one of them: the machine-readable zone of a document, or the
// number of one, or a name with a date of birth.
type CheckSubject struct {
	MRZ     string `json:"mrz,omitempty"`
	Doc     string `json:"doc,omitempty"`
	Country string `json:"country,omitempty"`
	Name    string `json:"name,omitempty"`
	Born    string `json:"dob,omitempty"`
}

// CheckAnswer has one answer for each subject, in their order.
type CheckAnswer struct {
	Answers []Checked `json:"answers"`
	Heard   int64     `json:"heard"` // when a node last had nothing newer, POSIX s by the desk's clock; 0 never
	Asked   int64     `json:"asked"` // now, by the same clock
}

// Checked is what the desk knows of one subject.
type Checked struct {
	Problem string     `json:"problem,omitempty"` // why it cannot be answered; the rest is then empty
	Hits    []Sighting `json:"hits,omitempty"`
	AsOf    uint64     `json:"as_of"`          // entries before it are in the index
	Size    uint64     `json:"size"`           // of the replica
	Time    uint64     `json:"time"`           // ledger time of the last entry in the index, POSIX ms
	More    bool       `json:"more,omitempty"` // there are more hits than are shown
}

// Sighting is a notice whose card is of the subject.
type Sighting struct {
	ID         ledger.ID     `json:"id"`
	Index      uint64        `json:"index"`
	Bureau     string        `json:"bureau"`
	Status     string        `json:"status"`
	Unreviewed bool          `json:"unreviewed,omitempty"`
	Published  uint64        `json:"published"`
	Changed    uint64        `json:"changed"`
	Public     []byte        `json:"public"`
	View       *CaseView     `json:"view"`
	Action     notice.Action `json:"action"`
	Why        string        `json:"why"`
}

// LinksQuery asks what hangs together with a case.
type LinksQuery struct {
	Name    string `json:"name"`
	Depth   int    `json:"depth,omitempty"`
	Purpose string `json:"purpose,omitempty"`
}

// Links is a graph of notices and what they share; no node is there where nothing
// of the case is open. Edges name nodes by their places.
type Links struct {
	Nodes []LinkNode `json:"nodes"`
	Edges []LinkEdge `json:"edges"`
	Cut   bool       `json:"cut,omitempty"`
}

// LinkNode is a notice or an identifier.
type LinkNode struct {
	ID        string `json:"id"`
	Notice    bool   `json:"notice,omitempty"`
	Type      string `json:"type"`
	Label     string `json:"label"`
	Bureau    string `json:"bureau,omitempty"`
	Step      int    `json:"step,omitempty"`
	Shared    int    `json:"shared,omitempty"`
	Hub       bool   `json:"hub,omitempty"`
	Suggested bool   `json:"suggested,omitempty"`
}

// LinkEdge joins two nodes.
type LinkEdge struct {
	From      int      `json:"from"`
	To        int      `json:"to"`
	Label     string   `json:"label"`
	Says      []string `json:"says,omitempty"`
	Suggested bool     `json:"suggested,omitempty"`
	Score     float64  `json:"score,omitempty"`
}

// EventsQuery asks what happened after a cursor.
type EventsQuery struct {
	Next    uint64 `json:"next"`
	Checked uint64 `json:"checked"`
	AsOf    uint64 `json:"as_of"`
	Quiet   uint64 `json:"quiet,omitempty"` // Due of the answer before
	Purpose string `json:"purpose,omitempty"`
}

// Events is what happened, and where to go on.
type Events struct {
	Events  []Event `json:"events"`
	Next    uint64  `json:"next"`
	Checked uint64  `json:"checked"`
	AsOf    uint64  `json:"as_of"`
	Size    uint64  `json:"size"`
	Due     uint64  `json:"due"`
	Now     uint64  `json:"now"`               // as of which deadlines were judged, POSIX ms
	Problem string  `json:"problem,omitempty"` // why the desk has no news
}

// Event is one thing that happened.
type Event struct {
	ID      string        `json:"id"`
	Kind    string        `json:"kind"`
	Index   uint64        `json:"index"`
	Time    uint64        `json:"time"`
	Bureau  string        `json:"bureau"`
	What    string        `json:"what,omitempty"`
	Case    *Case         `json:"case"` // as in a list
	Entry   ledger.ID     `json:"entry"`
	Reply   *notice.Reply `json:"reply,omitempty"`
	Void    string        `json:"void,omitempty"`
	Alarm   string        `json:"alarm,omitempty"`
	Next    uint64        `json:"next"`
	Checked uint64        `json:"checked"`
	AsOf    uint64        `json:"as_of"`
}
