package wire

import (
	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/notice"
)

// The paths of a desk's API, which officers of its own bureau reach with the
// access keys that the ledger knows. What a query or a purpose says stands in
// the body of a POST, never in a path.
const (
	PathDeskStatus = "/v1/desk"       // GET: DeskStatus
	PathDeskCases  = "/v1/cases"      // POST a CaseQuery: CaseList, with cards only
	PathDeskCase   = "/v1/case"       // POST a CaseRequest: Case
	PathDeskSearch = "/v1/search"     // POST a SearchQuery: CaseList
	PathDeskInbox  = "/v1/inbox"      // POST an InboxQuery: Inbox
	PathDeskLinks  = "/v1/links"      // POST a LinksQuery: Links
	PathDeskEvents = "/v1/events"     // POST an EventsQuery: Events
	PathDeskCheck  = "/v1/check"      // POST a CheckQuery: CheckAnswer, with cards only
	PathDeskReads  = "/v1/reads/head" // GET: ReadsHead
	PathDeskLog    = "/v1/reads"      // GET ?from=BYTE: the read log from there on, at most MaxReadLog bytes
)

// Codes that only desks answer with.
const (
	Ambiguous     Code = "ambiguous"      // several cases have the name
	PurposeNeeded Code = "purpose_needed" // this bureau's officers state why they read
	LogShorter    Code = "log_shorter"    // the read log ends before what is asked for
)

// Bounds of a desk's API.
const (
	MaxDeskRequest = 16 << 10
	MaxDeskAnswer  = 16 << 20
	MaxCases       = 1000 // in one list
	MaxWaiting     = 500  // tasks in an inbox
	MaxReadLog     = 4 << 20
)

// DeskStatus is what a desk says of itself.
type DeskStatus struct {
	Version      string   `json:"version"`
	Bureau       string   `json:"bureau"`
	Ledger       string   `json:"ledger"`
	Size         uint64   `json:"size"` // entries under the last FINAL checkpoint that the desk has verified
	Root         string   `json:"root"`
	Time         uint64   `json:"time"`     // ledger time of the last of them, POSIX ms
	FinalBy      []string `json:"final_by"` // bureau codes
	Quorum       int      `json:"quorum"`
	Heard        int64    `json:"heard"`             // when a node last answered, POSIX s by the desk's clock; 0 never
	Asked        int64    `json:"asked"`             // now, by the same clock
	Node         string   `json:"node"`              // that it follows
	Problem      string   `json:"problem,omitempty"` // why there is no news
	Alarm        string   `json:"alarm,omitempty"`   // a node that is not honest, or a fork
	Compartments []string `json:"compartments"`      // whose keys the desk holds
	Roles        []string `json:"roles"`             // of who asks
}

// CaseQuery asks for a list of cases, newest first.
type CaseQuery struct {
	Bureau string `json:"bureau,omitempty"`
	Status string `json:"status,omitempty"`
	Kind   string `json:"kind,omitempty"`
	Since  uint64 `json:"since,omitempty"`
	Opened bool   `json:"opened,omitempty"` // only those of which something is open to who asks
	Before uint64 `json:"before,omitempty"` // published before this index; 0 is the end
	Limit  int    `json:"limit,omitempty"`  // at most MaxCases; 0 is MaxCases
}

// SearchQuery asks for the cases that match a query.
type SearchQuery struct {
	Query   string `json:"query"`
	Ended   bool   `json:"ended,omitempty"` // also those that were withdrawn
	Limit   int    `json:"limit,omitempty"`
	Purpose string `json:"purpose,omitempty"`
}

// CaseRequest asks for one case, by its reference or the beginning of its id.
type CaseRequest struct {
	Name    string `json:"name"`
	Purpose string `json:"purpose,omitempty"`
	Card    bool   `json:"card,omitempty"`   // the card is enough: nothing is recorded
	Export  bool   `json:"export,omitempty"` // it will be written to a file
	Files   bool   `json:"files,omitempty"`  // with the keys of the attachments, to fetch them: recorded as an export
}

// InboxQuery asks what waits for the bureau at a time.
type InboxQuery struct {
	AsOf    uint64 `json:"as_of,omitempty"` // POSIX ms; 0 is now
	Words   bool   `json:"words,omitempty"` // also what hits and requests say: it is recorded
	Limit   int    `json:"limit,omitempty"`
	Purpose string `json:"purpose,omitempty"`
}

// Inbox is what waits, what is overdue first.
type Inbox struct {
	AsOf    uint64    `json:"as_of"`
	Waiting []Waiting `json:"waiting"`
	Total   int       `json:"total,omitempty"` // with those beyond the limit
}

// Waiting is a task of the bureau. What it is about is told only where that was asked
// for: the case shows it, and either is recorded.
type Waiting struct {
	Task      string         `json:"task"`
	Case      *Case          `json:"case"` // as in a list
	ID        string         `json:"id,omitempty"`
	Bureau    string         `json:"bureau"`
	Text      string         `json:"text,omitempty"`
	Urgency   ledger.Urgency `json:"urgency"`
	Since     uint64         `json:"since"`
	Due       uint64         `json:"due,omitempty"`
	Escalated bool           `json:"escalated,omitempty"`
}

// CaseList is a list of cases.
type CaseList struct {
	Cases []*Case `json:"cases"`
	More  bool    `json:"more,omitempty"`  // of a list: there are more than the limit; of a search: more than the numbers say
	Total int     `json:"total,omitempty"` // of a search: with those beyond the limit
	Ended int     `json:"ended,omitempty"` // of a search: how many ended ones match as well, and were not asked for
}

// Case is a notice with what happened to it, as far as the desk's keys open it
// and the roles of who asks allow. In a list it has no more of the card than its
// action.
type Case struct {
	ID       ledger.ID     `json:"id"`
	Index    uint64        `json:"index"`
	Time     uint64        `json:"time"`
	Bureau   string        `json:"bureau"`
	Author   keys.ID       `json:"author"`
	Status   string        `json:"status"`
	Reviewed bool          `json:"reviewed,omitempty"`   // reviewers approved the current version
	Due      bool          `json:"review_due,omitempty"` // its origin should extend or withdraw it
	Term     uint32        `json:"term"`                 // the last day on which it counts
	Held     uint8         `json:"held,omitempty"`       // who suspended it: state.Holds
	Blocked  bool          `json:"blocked,omitempty"`    // at a person's request, which is not carried out yet
	Public   []byte        `json:"public"`               // header of the current version, as ledger.Publish marshals it
	View     *CaseView     `json:"view,omitempty"`
	Problem  string        `json:"problem,omitempty"`  // why what was sealed cannot be shown
	Withheld []string      `json:"withheld,omitempty"` // parts that the desk opens and the roles do not allow
	Score    float64       `json:"score,omitempty"`    // of a search
	Why      []string      `json:"why,omitempty"`      // of a search
	Versions []CaseVersion `json:"versions"`
	Replies  []CaseReply   `json:"replies,omitempty"`
	Acts     []CaseAct     `json:"acts,omitempty"`
	Ended    uint64        `json:"ended,omitempty"`    // index of the entry that ended it
	EndedAt  uint64        `json:"ended_at,omitempty"` // ledger time of its end
}

// CaseView is what is open of a version. Nothing in it but the parts is proven
// to who asks: the desk vouches for it.
type CaseView struct {
	Kind      string              `json:"kind"`
	Colour    string              `json:"colour,omitempty"`
	Reference string              `json:"reference"`
	Readers   notice.Readers      `json:"readers"`
	Circles   []notice.CircleSeen `json:"circles,omitempty"`
	Card      *notice.Card        `json:"card,omitempty"`
	Body      *notice.Body        `json:"body,omitempty"`
	Tally     *notice.Tally       `json:"tally,omitempty"`
	Victim    *notice.Victim      `json:"victim,omitempty"`

	Attachments []CaseAttachment `json:"attachments,omitempty"`
}

// CaseAttachment is a file of a version. Its key is there only where it was asked
// for.
type CaseAttachment struct {
	Part   string  `json:"part"`
	Author keys.ID `json:"author"` // in whose context it is sealed
	notice.Attachment
}

// CaseVersion is a version of a notice. Of former ones a list says only that
// they are open; one case comes with the newest of them whole.
type CaseVersion struct {
	ID        ledger.ID `json:"id"`
	Index     uint64    `json:"index"`
	Time      uint64    `json:"time"`
	Author    keys.ID   `json:"author"`
	Public    []byte    `json:"public"`
	Reference string    `json:"reference,omitempty"` // "" unless a part is open
	View      *CaseView `json:"view,omitempty"`      // of a former version
	Doubt     string    `json:"doubt,omitempty"`     // why it deserves a look
	Problem   string    `json:"problem,omitempty"`
}

// CaseReply is an answer to a notice. What it says is there for those who may
// read bodies.
type CaseReply struct {
	ID     ledger.ID     `json:"id"`
	Index  uint64        `json:"index"`
	Time   uint64        `json:"time"`
	Bureau string        `json:"bureau"`
	Author keys.ID       `json:"author"`
	Void   string        `json:"void,omitempty"`
	Second string        `json:"second,omitempty"`
	Roles  uint16        `json:"roles,omitempty"` // of the author's key
	Alarm  string        `json:"alarm,omitempty"`
	Doubt  string        `json:"doubt,omitempty"` // why it deserves a look
	Bared  bool          `json:"bared,omitempty"` // no more of it than its type is told
	Reply  *notice.Reply `json:"reply"`
}

// CaseAct is what somebody did to the life of a notice. Its reason is there for
// those who may read bodies.
type CaseAct struct {
	ID     ledger.ID `json:"id"`
	Class  uint8     `json:"class"`
	Index  uint64    `json:"index"`
	Time   uint64    `json:"time"`
	Bureau string    `json:"bureau"`
	Doubt  string    `json:"doubt,omitempty"` // why it deserves a look
	What   string    `json:"what"`
	Reason string    `json:"reason,omitempty"`
}

// ReadsHead is the head of the desk's read log, for the overseer to keep.
type ReadsHead struct {
	Head    string `json:"head"`
	Records uint64 `json:"records"`
	Asked   int64  `json:"asked"` // POSIX s by the desk's clock
}
