package notice

import "comity/ledger/ident"

// Card is what the front line sees, at a border or on the street: first how to
// treat the person, then one instruction, then how to recognise them, then whom
// to call. Nothing on it says what the case is about.
type Card struct {
	Caveat        string     `json:"caveat,omitempty"`         // how to protect the person; read before all else
	NonPunishment bool       `json:"non_punishment,omitempty"` // not to be punished for what they were made to do
	Action        Action     `json:"action"`
	Dangers       []Danger   `json:"dangers,omitempty"`
	Person        Identity   `json:"person,omitzero"`
	Looks         Appearance `json:"looks,omitzero"`
	Photo         []byte     `json:"photo,omitempty"` // JPEG or PNG thumbnail, base64
	Desk          Desk       `json:"desk"`
}

// Action is the one instruction of a card.
type Action string

// The actions.
const (
	Protect    Action = "PROTECT"
	Arrest     Action = "ARREST"
	Locate     Action = "LOCATE"
	DoNotAlert Action = "DO_NOT_ALERT"
	CallDesk   Action = "CALL_DESK"
)

var actionSentences = map[Action]string{
	Protect:    "PROTECT: bring to safety, do not question alone, call the desk",
	Arrest:     "ARREST, subject to your law: hold and call the desk",
	Locate:     "LOCATE: note where and with whom, let pass, call the desk",
	DoNotAlert: "DO NOT ALERT: let pass as usual, then call the desk",
	CallDesk:   "CALL DESK: do nothing else before you have called",
}

// Sentence returns the action as an officer reads it.
func (a Action) Sentence() string {
	if s, ok := actionSentences[a]; ok {
		return s
	}
	return string(a)
}

// Danger warns of a danger to the officer or to the person.
type Danger string

// The dangers.
const (
	Armed      Danger = "armed"
	Violent    Danger = "violent"
	EscapeRisk Danger = "escape_risk"
	SelfHarm   Danger = "self_harm"
	Contagious Danger = "contagious"
	Controlled Danger = "controlled" // travels with somebody who controls them
	Explosive  Danger = "explosive"
	Toxic      Danger = "toxic"
)

var dangers = []Danger{Armed, Violent, EscapeRisk, SelfHarm, Contagious, Controlled, Explosive, Toxic}

// Appearance is how a person looks. Zero is unknown.
type Appearance struct {
	HeightCM int      `json:"height_cm,omitempty"`
	WeightKG int      `json:"weight_kg,omitempty"`
	Eyes     []string `json:"eyes,omitempty"`
	Hair     []string `json:"hair,omitempty"`
	Marks    string   `json:"marks,omitempty"`
	Speaks   []string `json:"speaks,omitempty"` // ISO 639
}

// IsZero reports whether nothing is known.
func (a Appearance) IsZero() bool {
	return a.HeightCM == 0 && a.WeightKG == 0 && len(a.Eyes) == 0 && len(a.Hair) == 0 && a.Marks == "" && len(a.Speaks) == 0
}

// Desk is whom to call, at any hour.
type Desk struct {
	Name   string   `json:"name"`
	Phone  string   `json:"phone"`
	Speaks []string `json:"speaks,omitempty"` // ISO 639
}

const maxPhoto = 24 << 10

func (c *Card) check(p *problems) {
	if c.Action == "" {
		p.add("card.action", "a card needs one instruction: PROTECT, ARREST, LOCATE, DO_NOT_ALERT or CALL_DESK")
	}
	oneOf(p, "card.action", c.Action, Protect, Arrest, Locate, DoNotAlert, CallDesk)
	if c.Action == Protect && c.Caveat == "" {
		p.add("card.caveat", "PROTECT needs a sentence on how, because the officer who reads it has no training for this")
	}
	for i, d := range c.Dangers {
		p.word(index("card.dangers", i), string(d))
		oneOf(p, index("card.dangers", i), d, dangers...)
	}
	c.Person.check(p, "card.person")
	c.Looks.check(p, "card.looks")
	if len(c.Photo) > maxPhoto {
		p.add("card.photo", "%d bytes; a thumbnail has at most %d", len(c.Photo), maxPhoto)
	}
	if len(c.Photo) > 0 && !isJPEG(c.Photo) && !isPNG(c.Photo) {
		p.add("card.photo", "neither a JPEG nor a PNG picture")
	}
	if c.Desk.Name == "" {
		p.add("card.desk.name", "the officer must know whom to ask for")
	}
	if c.Desk.Phone == "" {
		p.add("card.desk.phone", "missing: a telephone number with country code, such as +99955501234: the desk must be reached at any hour")
	} else if _, err := ident.Normalize(ident.Phone, c.Desk.Phone); err != nil {
		p.add("card.desk.phone", "%s; the desk must be reached at any hour", err)
	}
	p.languages("card.desk.speaks", c.Desk.Speaks)
}

func (a *Appearance) check(p *problems, at string) {
	if a.HeightCM != 0 && (a.HeightCM < 30 || a.HeightCM > 260) {
		p.add(at+".height_cm", "%d cm is nobody's height", a.HeightCM)
	}
	if a.WeightKG != 0 && (a.WeightKG < 1 || a.WeightKG > 400) {
		p.add(at+".weight_kg", "%d kg is nobody's weight", a.WeightKG)
	}
	p.languages(at+".speaks", a.Speaks)
}

func isJPEG(b []byte) bool { return len(b) > 3 && string(b[:3]) == "\xff\xd8\xff" }

func isPNG(b []byte) bool { return len(b) > 8 && string(b[:8]) == "\x89PNG\r\n\x1a\n" }
