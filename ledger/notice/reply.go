package notice

import (
	"fmt"
	"slices"
	"time"

	"comity/crypto/seal"
)

// Reply is an answer to a notice, sealed like the body of one. In the log it
// shows only that it is a reply; what it answers is inside.
type Reply struct {
	Type    ReplyType `json:"type"`
	Notice  string    `json:"notice"`        // id of the entry that it answers, 64 hexadecimal digits
	Hit     string    `json:"hit,omitempty"` // id of the hit that it decides, likewise
	Match   string    `json:"match,omitempty"`
	Text    string    `json:"text,omitempty"`
	At      time.Time `json:"at"` // as the author claims; the ledger has its own time
	Readers Readers   `json:"readers"`
}

// ReplyType says what a reply does.
type ReplyType string

// Types of replies. A hit is provisional until the notice's origin has
// confirmed it; nothing else confirms one.
const (
	Ack       ReplyType = "ack"        // read, and somebody is on it
	Hit       ReplyType = "hit"        // perhaps found: Match says by what
	Confirm   ReplyType = "confirm"    // origin: it is the person
	Negative  ReplyType = "negative"   // origin: it is somebody else
	NeedsTime ReplyType = "needs_time" // origin: an answer will come
	Outcome   ReplyType = "outcome"    // what was done and how it ended
	Message   ReplyType = "message"
)

// ParseReply reads a reply as strictly as [Parse] reads a notice.
func ParseReply(data []byte) (*Reply, error) {
	r := new(Reply)
	if err := decodeStrict(data, r); err != nil {
		return nil, fmt.Errorf("parse reply: %w", err)
	}
	return r, nil
}

// Marshal returns the reply as JSON, indented. [ParseReply] is its inverse.
func (r *Reply) Marshal() ([]byte, error) {
	data, err := encode(r, true)
	if err != nil {
		return nil, fmt.Errorf("marshal reply: %w", err)
	}
	return data, nil
}

// Validate reports whether r says what its type needs, on the day of asOf. Its
// error is of type [Problems].
func (r *Reply) Validate(asOf time.Time) error {
	p := &problems{asOf: asOf}
	p.need("type", string(r.Type), "ack, hit, confirm, negative, needs_time, outcome or message")
	oneOf(p, "type", r.Type, Ack, Hit, Confirm, Negative, NeedsTime, Outcome, Message)
	if !isHex(r.Notice, 32) {
		p.add("notice", "%.80q is not the id of a notice: 64 hexadecimal digits", r.Notice)
	}
	switch r.Type {
	case Confirm, Negative, NeedsTime, Outcome:
		if r.Hit != "" && !isHex(r.Hit, 32) {
			p.add("hit", "%.80q is not the id of a hit: 64 hexadecimal digits", r.Hit)
		}
	default:
		if r.Hit != "" {
			p.add("hit", "a reply of type %.20s decides no hit", r.Type)
		}
	}
	switch {
	case r.Type == Hit:
		p.need("match", r.Match, "by what the person was found, such as the number of a passport")
	case r.Match != "":
		p.add("match", "only a hit has one")
	}
	if r.Type == Outcome || r.Type == Message {
		p.need("text", r.Text, "what happened, or what you want to say")
	}
	switch {
	case r.At.IsZero():
		p.add("at", "missing: when, by your own clock")
	case !r.At.Equal(r.At.Truncate(time.Second)) || r.At.Location() != time.UTC:
		p.add("at", "want full seconds in UTC")
	}
	if len(r.Readers) == 0 {
		p.add("readers", "missing: the codes of the bureaus that shall read it")
	}
	for i, b := range r.Readers {
		if !isBureau(b) && !r.Readers.All() {
			p.add(index("readers", i), "%.20q is not the two-letter code of a bureau", b)
		}
	}
	return p.err()
}

// Part returns the plaintext of the reply for sealing.
func (r *Reply) Part(o Origin) (Part, error) {
	part, err := newPart(seal.Body, r.Readers, &inner{
		Format: formatReply, Ledger: o.Ledger, Author: o.Author, Origin: o.Bureau, Readers: r.Readers, Reply: r,
	})
	if err != nil {
		return Part{}, fmt.Errorf("part of reply: %w", err)
	}
	return part, nil
}

// OpenReply returns the reply that came from o, and nil if the reader could
// open nothing of it. Like [OpenParts] it refuses a text from elsewhere.
func OpenReply(o Origin, opened []seal.Opened) (*Reply, error) {
	texts, err := openInner(o, formatReply, opened)
	if err != nil {
		return nil, fmt.Errorf("open reply: %w", err)
	}
	if len(texts) == 0 {
		return nil, nil
	}
	text := texts[0]
	if len(texts) != 1 || text.compartment != seal.Body || text.Reply == nil ||
		text.content() != (content{reply: text.Reply}) || !slices.Equal(text.Readers, text.Reply.Readers) {
		return nil, fmt.Errorf("open reply: %w: not what a reply holds", ErrForeign)
	}
	return text.Reply, nil
}
