package notice

import "comity/ledger/ident"

// Entity is one thing or person of a case: exactly one of its fields but ID is
// set. Names follow FollowTheMoney and the objects of MISP where they have one.
type Entity struct {
	ID           string        `json:"id"` // within this notice, such as p1
	Person       *Person       `json:"person,omitempty"`
	Document     *Document     `json:"document,omitempty"`
	Phone        *Phone        `json:"phone,omitempty"`
	Account      *Account      `json:"account,omitempty"`
	Wallet       *Wallet       `json:"wallet,omitempty"`
	BankAccount  *BankAccount  `json:"bank_account,omitempty"`
	Vehicle      *Vehicle      `json:"vehicle,omitempty"`
	Place        *Place        `json:"place,omitempty"`
	JobAdvert    *JobAdvert    `json:"job_advert,omitempty"`
	Trip         *Trip         `json:"trip,omitempty"`
	Payment      *Payment      `json:"payment,omitempty"`
	Organization *Organization `json:"organization,omitempty"`
	Event        *Event        `json:"event,omitempty"`
	Property     *Property     `json:"property,omitempty"`
}

// Person is somebody in the case, who need not be the person on the card.
type Person struct {
	Identity
	Role string `json:"role,omitempty"` // recruiter, guard, driver, victim, ...
}

// Phone is a telephone number, or a device of which none is known.
type Phone struct {
	Number string `json:"number,omitempty"` // E.164
	App    string `json:"app,omitempty"`
	IMEI   string `json:"imei,omitempty"` // of the device
}

// Account is an account with an online service.
type Account struct {
	Service string `json:"service"`
	Handle  string `json:"handle,omitempty"`
	UserID  string `json:"user_id,omitempty"` // stays when the handle changes
}

// Wallet is an address of a cryptocurrency.
type Wallet struct {
	Currency string `json:"currency"`
	Address  string `json:"address"`
}

// BankAccount is an account with a bank.
type BankAccount struct {
	Number  string `json:"number"` // IBAN where there is one
	Bank    string `json:"bank,omitempty"`
	Country string `json:"country,omitempty"`
	Holder  string `json:"holder,omitempty"`
}

// Vehicle is a vehicle.
type Vehicle struct {
	Plate   string `json:"plate,omitempty"`
	Country string `json:"country,omitempty"`
	VIN     string `json:"vin,omitempty"`
	Model   string `json:"model,omitempty"`
	Colour  string `json:"colour,omitempty"`
}

// Place is a place, such as a scam centre.
type Place struct {
	Name    string   `json:"name,omitempty"`
	Address string   `json:"address,omitempty"`
	Country string   `json:"country,omitempty"`
	What    string   `json:"what,omitempty"`
	Lat     *float64 `json:"lat,omitempty"` // WGS 84
	Lon     *float64 `json:"lon,omitempty"`
	RadiusM int      `json:"radius_m,omitempty"`
}

// JobAdvert is an advertisement that recruits.
type JobAdvert struct {
	Title  string `json:"title"`
	Where  string `json:"where,omitempty"` // service, page or paper
	Posted Date   `json:"posted,omitzero"`
	Salary string `json:"salary,omitempty"`
	Text   string `json:"text,omitempty"`
}

// Trip is a journey.
type Trip struct {
	From     string `json:"from"`
	To       string `json:"to"`
	Departed Date   `json:"departed,omitzero"`
	Arrived  Date   `json:"arrived,omitzero"`
	Carrier  string `json:"carrier,omitempty"`
	Booking  string `json:"booking,omitempty"`
}

// Payment is money that changed hands or is said to be owed.
type Payment struct {
	What     string `json:"what,omitempty"` // wage, debt, ransom, fee
	Amount   string `json:"amount"`         // as decimal digits, never a float
	Currency string `json:"currency"`
	Date     Date   `json:"date,omitzero"`
}

// Organization is a company or a group.
type Organization struct {
	Name         string `json:"name"`
	Country      string `json:"country,omitempty"`
	Registration string `json:"registration,omitempty"`
}

// Event is something that happened.
type Event struct {
	What  string `json:"what"` // recruitment, transit, exploitation, rescue, ...
	Date  Date   `json:"date,omitzero"`
	Place string `json:"place,omitempty"`
	Text  string `json:"text,omitempty"`
}

// thing is what an entity holds.
type thing interface {
	check(p *problems, at string)
}

// things returns what e holds, by JSON name. A sound entity holds one thing.
func (e *Entity) things() (names []string, things []thing) {
	add := func(name string, isSet bool, t thing) {
		if isSet {
			names, things = append(names, name), append(things, t)
		}
	}
	add("person", e.Person != nil, e.Person)
	add("document", e.Document != nil, e.Document)
	add("phone", e.Phone != nil, e.Phone)
	add("account", e.Account != nil, e.Account)
	add("wallet", e.Wallet != nil, e.Wallet)
	add("bank_account", e.BankAccount != nil, e.BankAccount)
	add("vehicle", e.Vehicle != nil, e.Vehicle)
	add("place", e.Place != nil, e.Place)
	add("job_advert", e.JobAdvert != nil, e.JobAdvert)
	add("trip", e.Trip != nil, e.Trip)
	add("payment", e.Payment != nil, e.Payment)
	add("organization", e.Organization != nil, e.Organization)
	add("event", e.Event != nil, e.Event)
	add("property", e.Property != nil, e.Property)
	return names, things
}

// Type returns the JSON name of what e is, such as "wallet", or "" where it is
// nothing or more than one thing.
func (e *Entity) Type() string {
	if names, _ := e.things(); len(names) == 1 {
		return names[0]
	}
	return ""
}

func (b *Body) checkEntities(p *problems) {
	known := make(map[string]bool)
	for i := range b.Entities {
		e, at := &b.Entities[i], index("body.entities", i)
		switch names, things := e.things(); {
		case !isSnake(e.ID):
			p.add(at+".id", "every entity needs a name of its own within the notice, such as p1, for links to point at")
		case known[e.ID]:
			p.add(at+".id", "%.40q names two entities", e.ID)
		case len(things) != 1:
			p.add(at, "is %d things; an entity is exactly one, such as a person or a phone", len(things))
		default:
			things[0].check(p, at+"."+names[0])
		}
		known[e.ID] = true
	}
	for i := range b.Links {
		b.Links[i].check(p, index("body.links", i), known)
	}
}

func (x *Person) check(p *problems, at string) {
	if x.marks() == 0 && x.Role == "" {
		p.add(at, "nothing is said about this person")
	}
	x.Identity.check(p, at)
}

func (x *Phone) check(p *problems, at string) {
	p.need(at+".number", x.Number+x.IMEI, "the number, such as +99955501234, or the IMEI of the device")
	p.identifier(at+".number", ident.Phone, x.Number)
	p.identifier(at+".imei", ident.IMEI, x.IMEI)
}

func (x *Account) check(p *problems, at string) {
	p.need(at+".service", x.Service, "a handle means nothing without its service")
	p.need(at+".handle", x.Handle+x.UserID, "the handle or the user id")
	if x.Service != "" && x.Handle != "" {
		p.identifier(at+".handle", ident.Handle, x.Service+":"+x.Handle)
	}
}

func (x *Wallet) check(p *problems, at string) {
	p.need(at+".currency", x.Currency, "an address means nothing without its currency")
	p.need(at+".address", x.Address, "the address")
	if x.Address != "" {
		if _, _, err := ident.WalletOf(x.Currency, x.Address); err != nil {
			p.add(at+".address", "%s", err)
		}
	}
}

func (x *BankAccount) check(p *problems, at string) {
	p.need(at+".number", x.Number, "the number")
	p.identifier(at+".number", ident.Bank, x.Number)
	p.country(at+".country", x.Country)
}

func (x *Vehicle) check(p *problems, at string) {
	p.need(at+".plate", x.Plate+x.VIN, "the plate or the VIN")
	p.country(at+".country", x.Country)
	p.identifier(at+".vin", ident.VIN, x.VIN)
	if x.Plate != "" {
		p.need(at+".country", x.Country, "a plate means nothing without its country")
		p.identifier(at+".plate", ident.Plate, x.Plate)
	}
}

func (x *Place) check(p *problems, at string) {
	p.need(at+".name", x.Name+x.Address+x.What, "its name, its address or what it is")
	p.country(at+".country", x.Country)
	switch {
	case (x.Lat == nil) != (x.Lon == nil):
		p.add(at, "a position has a latitude and a longitude")
	case x.Lat != nil && (*x.Lat < -90 || *x.Lat > 90 || *x.Lon < -180 || *x.Lon > 180):
		p.add(at, "%g, %g is not on Earth", *x.Lat, *x.Lon)
	}
	if x.RadiusM < 0 {
		p.add(at+".radius_m", "cannot be less than nothing")
	}
}

func (x *JobAdvert) check(p *problems, at string) {
	p.need(at+".title", x.Title, "what it offers")
}

func (x *Trip) check(p *problems, at string) {
	p.need(at+".from", x.From, "where it begins")
	p.need(at+".to", x.To, "where it ends")
}

func (x *Payment) check(p *problems, at string) {
	if x.Amount == "" || !allIn(x.Amount, decimalDigits+".") {
		p.add(at+".amount", "%.40q is not an amount in digits, such as 1500.00", x.Amount)
	}
	p.need(at+".currency", x.Currency, "in which currency")
}

func (x *Organization) check(p *problems, at string) {
	p.need(at+".name", x.Name, "its name")
	p.country(at+".country", x.Country)
}

func (x *Event) check(p *problems, at string) {
	p.need(at+".what", x.What, "what happened, such as recruitment")
}
