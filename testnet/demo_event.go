package testnet

import (
	"time"

	"comity/ledger"
)

// DemoEvent is something that happened in a demo: one of the Demo... structs of
// this file. Event returns its name, for programs.
type DemoEvent interface{ Event() string }

// DemoMoment is when something happened, by the demo's clock: ledger time for
// what stands in the ledger.
type DemoMoment struct {
	Day   int       `json:"day"`   // of the operation, from 1
	Clock string    `json:"clock"` // 08:11
	Time  time.Time `json:"time"`
}

// DemoEntry is an entry of the ledger.
type DemoEntry struct {
	DemoMoment
	Bureau    string    `json:"bureau"` // of its author
	Reference string    `json:"reference"`
	Index     uint64    `json:"index"`
	ID        ledger.ID `json:"id"`
}

// DemoKeys says that all keys of a new demo were made.
type DemoKeys struct {
	Bureaus  int     `json:"bureaus"`
	Officers int     `json:"officers"`
	Seconds  float64 `json:"seconds"`
}

// DemoNode is a bureau and where its node listens.
type DemoNode struct {
	Bureau  string `json:"bureau"`
	Name    string `json:"name"`
	Address string `json:"address"`
}

// DemoConsortium says that all nodes run and that one leads.
type DemoConsortium struct {
	Nodes    []DemoNode `json:"nodes"`
	Leader   string     `json:"leader"`
	Ledger   string     `json:"ledger"`
	Signed   int        `json:"signed"`   // bureaus that signed the charter
	Enrolled int        `json:"enrolled"` // keys, by this run
	Entries  uint64     `json:"entries"`
	Resumed  bool       `json:"resumed"` // the demo was there before
	Played   bool       `json:"played"`  // to its end
	Seconds  float64    `json:"seconds"`
}

// DemoOperation says that the play begins, or goes on.
type DemoOperation struct {
	Name           string  `json:"name"`
	Hours          int     `json:"hours"`
	HoursPerSecond float64 `json:"hours_per_second"`
	Before         int     `json:"before"` // events that a former run has played
	Events         int     `json:"events"` // to play
}

// DemoTally is the first of the operation's tallies.
type DemoTally struct {
	DemoEntry
	Inspections int      `json:"inspections"`
	Hotspots    int      `json:"hotspots"`
	Readers     []string `json:"readers"`
}

// DemoCase is the notice on the child, as a bureau that it is for opens it.
type DemoCase struct {
	DemoEntry
	Colour    string   `json:"colour"`
	Minor     bool     `json:"minor"`
	Urgency   string   `json:"urgency"`
	Readers   []string `json:"readers"`
	Signers   int      `json:"signers"`
	Cosigners []string `json:"cosigners"`
	Seconds   float64  `json:"final_seconds"` // from the first officer's signature to the verified receipt
}

// DemoSealed is what the others see of that notice.
type DemoSealed struct {
	DemoEntry
	Bureaus []string `json:"bureaus"`
	Kind    string   `json:"kind"`    // as the header shows it
	Opened  int      `json:"opened"`  // parts that their keys open
	Found   int      `json:"found"`   // notices that they find by the child's name
	Control int      `json:"control"` // notices that a reader finds by it
}

// DemoInbox is where that notice stands among what waits for a bureau.
type DemoInbox struct {
	DemoEntry
	For   string `json:"for"` // whose inbox
	Task  string `json:"task"`
	Place int    `json:"place"` // from 1
	Tasks int    `json:"tasks"`
}

// DemoAnswer is a reply to that notice, as the other side opens it, or its
// withdrawal.
type DemoAnswer struct {
	DemoEntry
	Act     string  `json:"act"`                       // ack, confirm, outcome, withdraw
	After   float64 `json:"after"`                     // minutes by the ledger, since what it answers
	Allowed float64 `json:"allowed_minutes,omitempty"` // minutes that there were to confirm
	Text    string  `json:"text,omitempty"`
}

// DemoScan is a passport that was scanned at a border, and found.
type DemoScan struct {
	DemoEntry
	Why      string  `json:"why"`
	Action   string  `json:"action"`
	Sentence string  `json:"sentence"`
	AsOf     uint64  `json:"as_of"` // entries in the index that was asked
	Seconds  float64 `json:"seconds"`
}

// DemoPurged says that all nodes have destroyed the texts of that notice, and
// what is left of it.
type DemoPurged struct {
	DemoEntry
	Signers   int      `json:"signers"`
	Nodes     []string `json:"nodes"`          // that say, signed, that they have done it
	Given     int      `json:"given"`          // nodes that still hand its text out
	Opened    int      `json:"opened"`         // bureaus whose keys still open a part of it
	Hits      int      `json:"hits"`           // of the same passport, at the same border
	Found     int      `json:"found"`          // notices that a reader finds by the child's name
	Cosigners []string `json:"cosigners"`      // in the receipt of the entry, which still proves it
	Seconds   float64  `json:"purged_seconds"` // from the first signature to the last node's word
}

// DemoStopped says that the leader was stopped and another leads.
type DemoStopped struct {
	DemoMoment
	Bureau  string  `json:"bureau"`
	Leader  string  `json:"leader"`
	Seconds float64 `json:"seconds"` // without a leader that others could see
}

// DemoReturned says that the stopped node is back.
type DemoReturned struct {
	DemoMoment
	Bureau  string  `json:"bureau"`
	Entries uint64  `json:"entries"` // that it had missed
	Seconds float64 `json:"seconds"`
}

// DemoPlayed sums up the operation from what one bureau's keys open.
type DemoPlayed struct {
	DemoMoment
	Bureau         string  `json:"bureau"`
	Tallies        int     `json:"tallies"`
	Cases          int     `json:"cases"` // that are for this bureau
	Inspections    int     `json:"inspections"`
	Hotspots       int     `json:"hotspots"`
	Reviewed       int     `json:"reviewed"`  // notices that other bureaus approved
	Reviewers      int     `json:"reviewers"` // bureaus that it takes
	Waiting        int     `json:"waiting"`   // notices that are not decided
	Seconds        float64 `json:"seconds"`
	HoursPerSecond float64 `json:"hours_per_second"` // the pace that was reached
}

// DemoHead is the FINAL checkpoint that a node shows.
type DemoHead struct {
	Bureau    string    `json:"bureau"`
	Size      uint64    `json:"size"`
	Root      ledger.ID `json:"root"`
	Cosigners []string  `json:"cosigners"`
}

// DemoChecked is the result of the check of everything.
type DemoChecked struct {
	From         string     `json:"from"` // node that gave the entries
	Entries      uint64     `json:"entries"`
	Signatures   int        `json:"signatures"`
	Bodies       int        `json:"bodies"`
	Purged       int        `json:"purged"` // bodies that are gone, as the ledger says they must be
	Root         ledger.ID  `json:"root"`   // computed from the entries
	Needed       int        `json:"needed"`
	Cosigners    []string   `json:"cosigners"`
	Heads        []DemoHead `json:"heads"`
	Agree        []string   `json:"agree"` // bureaus that hold this root
	Acknowledged int        `json:"acknowledged"`
	Placed       []string   `json:"placed"` // bureaus whose nodes have all of these at their place
	Problems     []string   `json:"problems"`
	Seconds      float64    `json:"seconds"`
}

// DemoProgress is how far the play is. It comes often.
type DemoProgress struct {
	DemoMoment
	Sent int `json:"sent"`
	Of   int `json:"of"`
}

func (DemoKeys) Event() string       { return "keys" }
func (DemoConsortium) Event() string { return "consortium" }
func (DemoOperation) Event() string  { return "operation" }
func (DemoTally) Event() string      { return "tally" }
func (DemoCase) Event() string       { return "case" }
func (DemoSealed) Event() string     { return "sealed" }
func (DemoInbox) Event() string      { return "inbox" }
func (e DemoAnswer) Event() string   { return e.Act }
func (DemoPurged) Event() string     { return "purge" }
func (DemoScan) Event() string       { return "check" }
func (DemoStopped) Event() string    { return "stopped" }
func (DemoReturned) Event() string   { return "returned" }
func (DemoPlayed) Event() string     { return "played" }
func (DemoChecked) Event() string    { return "checked" }
func (DemoProgress) Event() string   { return "progress" }
