package notice

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"comity/crypto/seal"
)

// Reply is an answer to a notice, sealed like the body of one. In the log it
// shows only that it is a reply; what it answers is inside.
type Reply struct {
	Type     ReplyType `json:"type"`
	Notice   string    `json:"notice"`            // id of the entry that it answers, 64 hexadecimal digits
	Hit      string    `json:"hit,omitempty"`     // id of the hit that it decides or is about, likewise
	Request  string    `json:"request,omitempty"` // id of the request that it answers: for consent, or of a person
	Match    string    `json:"match,omitempty"`
	Scope    *Scope    `json:"scope,omitempty"`    // of consent: asked for, or granted
	Right    Right     `json:"right,omitempty"`    // of a person's request: what is asked for
	Decision Decision  `json:"decision,omitempty"` // on a person's request
	Export   *Export   `json:"export,omitempty"`   // what is taken out of the ledger
	Text     string    `json:"text,omitempty"`
	At       time.Time `json:"at"` // as the author claims; the ledger has its own time
	Readers  Readers   `json:"readers"`
}

// ReplyType says what a reply does.
type ReplyType string

// Types of replies. A hit is provisional until the notice's origin has
// confirmed it; nothing else confirms one. What each does to the state of a
// case, and who may send it, is in thread.go.
const (
	Ack       ReplyType = "ack"        // read, and somebody is on it
	Hit       ReplyType = "hit"        // perhaps found: Match says by what
	Confirm   ReplyType = "confirm"    // origin: it is the person
	Negative  ReplyType = "negative"   // origin: it is somebody else
	NeedsTime ReplyType = "needs_time" // origin: an answer will come
	Outcome   ReplyType = "outcome"    // what was done and how it ended
	Message   ReplyType = "message"

	ConsentAsk    ReplyType = "consent_ask"    // a reader asks for a use that handling H1 or H2 forbids
	ConsentGrant  ReplyType = "consent_grant"  // origin: yes, within Scope
	ConsentRefuse ReplyType = "consent_refuse" // origin: no

	Exported ReplyType = "export" // a bureau takes the text out of the ledger: Export says what, Text for what

	RequestReceive ReplyType = "request_receive" // a person asks a bureau about their data (RPD 18)
	RequestAsk     ReplyType = "request_ask"     // that bureau asks the origin
	RequestBlock   ReplyType = "request_block"   // origin: not used until it is decided
	RequestDecide  ReplyType = "request_decide"  // origin: Decision
	RequestExecute ReplyType = "request_execute" // origin: what was decided is done
)

// replyTypes are all types, in the order above.
var replyTypes = []ReplyType{Ack, Hit, Confirm, Negative, NeedsTime, Outcome, Message, ConsentAsk, ConsentGrant, ConsentRefuse, Exported,
	RequestReceive, RequestAsk, RequestBlock, RequestDecide, RequestExecute}

// Words returns the type as people read it: "needs time".
func (t ReplyType) Words() string { return strings.ReplaceAll(string(t), "_", " ") }

// Noun returns what people call a reply of this type: "request for more time".
func (t ReplyType) Noun() string {
	if noun := replyNouns[t]; noun != "" {
		return noun
	}
	return t.Words()
}

var replyNouns = map[ReplyType]string{
	Confirm: "confirmation of a hit", Negative: "negative answer to a hit", NeedsTime: "request for more time",
	ConsentAsk: "request for consent", ConsentGrant: "consent", ConsentRefuse: "refusal of consent",
	RequestReceive: "request of a person", RequestAsk: "handing on of a person's request", RequestBlock: "blocking of the data",
	RequestDecide: "decision on a person's request", RequestExecute: "execution of a person's request",
}

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
	if len(texts) != 1 || text.compartment != seal.Body || text.Reply == nil || len(text.Attachments) > 0 ||
		text.content() != (content{reply: text.Reply}) || !slices.Equal(text.Readers, text.Reply.Readers) {
		return nil, fmt.Errorf("open reply: %w: not what a reply holds", ErrForeign)
	}
	return text.Reply, nil
}
