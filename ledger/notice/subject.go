package notice

// What the kinds of notices that are not about one wanted or missing person
// say. Each stands in the body, under the name of what it is.

// Threat is what is about to happen, or may: of an orange notice.
type Threat struct {
	What   string `json:"what"`   // explosives in parcels, a poisoned drug, a weapon that looks like a pen
	Target string `json:"target"` // who or what, and where
	From   Date   `json:"from,omitzero"`
	Until  Date   `json:"until,omitzero"`
	Advice string `json:"advice"` // what whoever meets it does, and does not do
}

// Method is how a crime is done: of a purple notice. It names nobody.
type Method struct {
	Offence     string   `json:"offence"`
	How         string   `json:"how"`
	Objects     []string `json:"objects,omitempty"` // tools, devices, papers, software
	Concealment string   `json:"concealment,omitempty"`
	Signs       []string `json:"signs"` // by which others recognise it
	Counter     string   `json:"countermeasures,omitempty"`
}

// Listing is an entry of the list of a committee of the Security Council.
type Listing struct {
	List      string    `json:"list"`      // the committee, by its resolution: 1267
	Reference string    `json:"reference"` // permanent reference number
	Listed    Date      `json:"listed"`
	Measures  []Measure `json:"measures"`
}

// Measure is what states must do on a listing.
type Measure string

// The measures.
const (
	AssetsFreeze Measure = "assets_freeze"
	TravelBan    Measure = "travel_ban"
	ArmsEmbargo  Measure = "arms_embargo"
)

// Conviction is a sentence that a person has had before.
type Conviction struct {
	Country string `json:"country"`
	Date    Date   `json:"date,omitzero"`
	Offence string `json:"offence"`
	Court   string `json:"court,omitempty"`
}

// Property is a thing of value: a house, a vessel, a picture, cash, a share.
type Property struct {
	What         string `json:"what"`
	Description  string `json:"description,omitempty"`
	Address      string `json:"address,omitempty"`
	Country      string `json:"country,omitempty"`      // where it is or is registered
	Registration string `json:"registration,omitempty"` // in a land register, of a ship, serial number
}

func (t *Threat) check(p *problems) {
	p.need("body.threat.what", t.What, "what it is that threatens, so that it is recognised")
	p.need("body.threat.target", t.Target, "who or what is threatened, and where")
	p.need("body.threat.advice", t.Advice, "what to do, and not to do, on meeting it: who reads this stands in front of it")
	if !t.Until.IsZero() {
		_, last := t.Until.Range()
		if last < DateOf(p.asOf).unixDay() {
			p.add("body.threat.until", "%s is past: a threat that is over warns of nothing", t.Until)
		}
	}
}

func (m *Method) check(p *problems) {
	p.need("body.method.offence", m.Offence, "which crime is done this way")
	p.need("body.method.how", m.How, "step by step, so that it is recognised elsewhere")
	if len(m.Signs) == 0 {
		p.add("body.method.signs", "missing: by what an officer or a clerk notices it")
	}
	p.items("body.method.signs", m.Signs)
	p.items("body.method.objects", m.Objects)
}

func (l *Listing) check(p *problems) {
	p.need("body.listing.list", l.List, "the committee's list, by its resolution, such as 1267")
	p.need("body.listing.reference", l.Reference, "the permanent reference number, by which others find the entry")
	switch {
	case l.Listed.IsZero():
		p.add("body.listing.listed", "missing: since when")
	case l.Listed.After(p.asOf):
		p.add("body.listing.listed", "%s has not come yet", l.Listed)
	}
	if len(l.Measures) == 0 {
		p.add("body.listing.measures", "missing: what states must do: assets_freeze, travel_ban, arms_embargo")
	}
	for i, m := range l.Measures {
		p.word(index("body.listing.measures", i), string(m))
		oneOf(p, index("body.listing.measures", i), m, AssetsFreeze, TravelBan, ArmsEmbargo)
	}
}

func (c *Conviction) check(p *problems, at string) {
	p.need(at+".country", c.Country, "which country's court")
	p.country(at+".country", c.Country)
	p.need(at+".offence", c.Offence, "for what")
	if c.Date.After(p.asOf) {
		p.add(at+".date", "%s has not come yet", c.Date)
	}
}

func (x *Property) check(p *problems, at string) {
	p.need(at+".what", x.What, "what it is, such as real estate or a vessel")
	p.need(at+".description", x.Description+x.Address+x.Registration, "its description, its address or its registration, so that it can be found")
	p.country(at+".country", x.Country)
}
