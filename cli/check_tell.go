package cli

import (
	"time"

	"comity/ledger/notice"
	"comity/node/desk"
)

// checkRecord is an answer, as --json shows it. What protects stands first.
type checkRecord struct {
	Ref      string          `json:"ref,omitempty"`
	Problem  string          `json:"problem,omitempty"`
	Hit      bool            `json:"hit"`
	Hits     []hitRecord     `json:"hits"`
	AsOf     uint64          `json:"as_of_entry"` // entries before this one are known
	Time     *time.Time      `json:"as_of_time,omitempty"`
	Age      int64           `json:"age_seconds"`
	Complete bool            `json:"complete"`           // false: entries that are here are not indexed yet, or there are more candidates than were looked at
	Repaired []notice.Repair `json:"repaired,omitempty"` // what was misread in the zone, to compare with the document
	Readings int             `json:"readings,omitempty"` // in how many ways the zone can be read, where that is more than one
	More     bool            `json:"more,omitempty"`
	Reported int             `json:"reported,omitempty"`
}

// hitRecord is one hit. There is nothing of the case in it but the card.
type hitRecord struct {
	Caveat        string          `json:"caveat,omitempty"`
	NonPunishment bool            `json:"non_punishment,omitempty"`
	Action        notice.Action   `json:"action"`
	Instruction   string          `json:"instruction"`
	Unreviewed    bool            `json:"unreviewed"`
	Suspended     bool            `json:"suspended,omitempty"`
	Matched       string          `json:"matched"`
	Dangers       []notice.Danger `json:"dangers,omitempty"`
	Person        notice.Identity `json:"person"`
	Call          notice.Desk     `json:"call"`
	Reference     string          `json:"reference"`
	ID            string          `json:"id"`
	Bureau        string          `json:"bureau"`
	Kind          string          `json:"kind"`
	Urgency       string          `json:"urgency"`
	Published     time.Time       `json:"published"`
	Changed       time.Time       `json:"changed"`
}

// asOf returns as of when an answer is: the last time that the node had nothing
// newer, or the ledger's time of the last entry.
func (k *border) asOf(a *desk.Answer) time.Time {
	if a.AsOf == a.Size && k.fresh.After(a.Time) {
		return k.fresh
	}
	return a.Time
}

func (k *border) record(a *desk.Answer, reported int) *checkRecord {
	r := &checkRecord{Hit: len(a.Hits) > 0, Hits: make([]hitRecord, len(a.Hits)), AsOf: a.AsOf, Complete: a.AsOf == a.Size && !a.Full, More: a.Full, Reported: reported}
	if at := k.asOf(a); !at.IsZero() {
		at = at.UTC().Truncate(time.Second)
		r.Time, r.Age = &at, int64(max(0, time.Since(at).Seconds()))
	}
	if a.Full && !r.Hit {
		r.Problem = "not certain: more notices are like this than were looked at"
	}
	for i := range a.Hits {
		h := &a.Hits[i]
		card := h.View.Card
		r.Hits[i] = hitRecord{
			Caveat: card.Caveat, NonPunishment: card.NonPunishment, Action: h.Action, Instruction: h.Action.Sentence(),
			Unreviewed: h.Unreviewed, Suspended: h.Suspended(), Matched: h.Why, Dangers: card.Dangers, Person: card.Person, Call: card.Desk,
			Reference: h.View.Reference, ID: h.ID.String(), Bureau: h.Bureau, Kind: h.View.Title(), Urgency: h.View.Header.Urgency.String(),
			Published: ledgerTime(h.Published), Changed: ledgerTime(h.Changed),
		}
	}
	return r
}

func ledgerTime(ms uint64) time.Time {
	return time.UnixMilli(int64(ms)).UTC().Truncate(time.Second)
}

// oldAnswer is how old the newest entry here may be before an answer that asked
// no node says how to get news. A ledger at rest looks old as well.
const oldAnswer = 10 * time.Minute

// tell prints an answer as an officer reads it: how to treat the person, one
// instruction, why, whom to call, and how old all this is.
func (k *border) tell(a *desk.Answer) {
	for i := range a.Hits {
		k.tellHit(&a.Hits[i])
		if len(a.Hits) > 1 {
			k.say("") // else it is hard to see where one ends
		}
	}
	switch {
	case len(a.Hits) == 0 && a.Full:
		k.say("%s", k.paint("33", "NOT CERTAIN: more notices are like this than were looked at; call your desk"))
	case len(a.Hits) == 0:
		k.say("%s", k.paint("32", "NO HIT"))
	}
	when := "nothing is known"
	if at := k.asOf(a); !at.IsZero() {
		when = "as of entry " + count(a.AsOf) + ", " + age(time.Since(at)) + " ago"
	}
	k.say("  %s", when)
	if at := k.asOf(a); !at.IsZero() && time.Since(at) > oldAnswer {
		k.say("  what came since is not in this answer: comity check --fresh asks the node")
	}
	if a.Full {
		k.say("  there may be more; ask by the number of a document")
	}
	if a.AsOf < a.Size {
		k.say("  NOT COMPLETE: %s that are here are not indexed yet; check again in a moment", plural(a.Size-a.AsOf, "entry", "entries"))
	}
}

func (k *border) tellHit(h *desk.Sighting) {
	card := h.View.Card
	if card.Caveat != "" {
		k.text("! ", card.Caveat)
	}
	if card.NonPunishment {
		k.say("! Not to be punished for what they were made to do.")
	}
	k.say("%s  %s", k.paint("31", "HIT"), h.Action.Sentence())
	if h.Suspended() {
		k.say("  SUSPENDED: do not act on it before you have called")
	}
	if h.Unreviewed {
		k.say("  UNREVIEWED: nobody but its origin has judged it")
	}
	k.say("  matched   %s", h.Why)
	if len(card.Dangers) > 0 {
		k.say("  danger    %s", joined(card.Dangers))
	}
	k.showIdentity(&card.Person)
	k.showLooks(&card.Looks)
	k.say("  call      %s, %s%s", card.Desk.Name, card.Desk.Phone, speaks(card.Desk.Speaks))
	judged := ""
	if !h.Unreviewed {
		judged = ", reviewed"
	}
	k.say("  notice    %s of %s, %s%s", h.View.Reference, k.bureau(h.Bureau), h.View.Title(), judged)
	k.say("  age       published %s ago", age(time.Since(time.UnixMilli(int64(h.Published)))))
	if h.Changed != h.Published {
		k.say("  changed   %s ago", age(time.Since(time.UnixMilli(int64(h.Changed)))))
	}
}
