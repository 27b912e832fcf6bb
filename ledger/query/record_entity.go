package query

import (
	"crypto/sha256"
	"encoding/hex"
	"reflect"
	"strings"
	"unicode/utf8"

	"comity/ledger/notice"
)

// addEntity adds what one entity of a body holds.
func (r *Record) addEntity(e *notice.Entity) {
	at := "body.entities." + e.Type()
	switch {
	case e.Person != nil:
		r.addIdentity(&e.Person.Identity, "body", e.ID)
	case e.Document != nil:
		r.addDocument(e.Document, at, e.ID)
	case e.Phone != nil:
		r.addIdentifier(Phone, e.Phone.Number, "telephone", at, e.ID)
		r.addIdentifier(IMEI, e.Phone.IMEI, "device", at, e.ID)
	case e.Account != nil:
		x := e.Account
		if _, ok := Normal(Email, x.Handle); ok && x.Handle != "" {
			r.addIdentifier(Email, x.Handle, "e-mail", at, e.ID)
		}
		r.addIdentifier(Account, x.Handle, "account on "+x.Service, at, e.ID)
		r.addIdentifier(Account, x.UserID, "user id on "+x.Service, at, e.ID)
	case e.Wallet != nil:
		r.addIdentifier(Wallet, e.Wallet.Address, e.Wallet.Currency+" wallet", at, e.ID)
	case e.BankAccount != nil:
		r.addIdentifier(IBAN, e.BankAccount.Number, "bank account", at, e.ID)
	case e.Vehicle != nil:
		r.addIssued(Plate, e.Vehicle.Plate, e.Vehicle.Country, strings.TrimSpace("plate "+e.Vehicle.Country), at, e.ID)
		r.addIdentifier(VIN, e.Vehicle.VIN, "VIN", at, e.ID)
	case e.Place != nil:
		r.addPlace(e.Place, at, e.ID)
	case e.JobAdvert != nil:
		r.addMoment(e.JobAdvert.Posted, at+".posted")
		r.addAdvert(e.JobAdvert, at, e.ID)
	case e.Trip != nil:
		r.addRoute("from", e.Trip.From, at+".from")
		r.addRoute("to", e.Trip.To, at+".to")
		r.addMoment(e.Trip.Departed, at+".departed")
		r.addMoment(e.Trip.Arrived, at+".arrived")
	case e.Payment != nil:
		r.addMoment(e.Payment.Date, at+".date")
	case e.Event != nil:
		r.addMoment(e.Event.Date, at+".date")
		if end := eventEnds[strings.ToLower(e.Event.What)]; end != "" {
			r.addRoute(end, e.Event.Place, at+".place")
		}
	}
}

// advertLetters is how many letters of an advert are more than a phrase that many use.
const advertLetters = 40

// addAdvert adds what one advert has in common with its copies: its words, in
// their order, whatever their case and punctuation. Copies that were reworded are
// others.
func (r *Record) addAdvert(x *notice.JobAdvert, at, entity string) {
	text := strings.Join(words(x.Text), " ")
	if utf8.RuneCountInString(text) < advertLetters {
		return
	}
	sum := sha256.Sum256([]byte(text))
	r.Identifiers = append(r.Identifiers, Identifier{Type: Advert, Norm: hex.EncodeToString(sum[:16]), Text: x.Title, Label: "job advert", At: at, Entity: entity})
}

// eventEnds says at which end of a journey an event takes place.
var eventEnds = map[string]string{"recruitment": "from", "departure": "from", "transit": "via", "arrival": "to", "exploitation": "to"}

func (r *Record) addPlace(x *notice.Place, at, entity string) {
	text := strings.Join(notBlank(x.Name, x.Address, x.Country), ", ")
	p := Place{Text: text, Tokens: Tokens(x.Name + "\n" + x.Address + "\n" + x.What), RadiusM: max(0, x.RadiusM), At: at, Entity: entity}
	if x.Lat != nil && x.Lon != nil {
		p.Point = &Point{*x.Lat, *x.Lon}
		p.Hash = p.Point.Geohash()
	}
	r.Places = append(r.Places, p)
}

func notBlank(texts ...string) []string {
	var out []string
	for _, t := range texts {
		if strings.TrimSpace(t) != "" {
			out = append(out, t)
		}
	}
	return out
}

// Bounds of one record: a hostile notice fills no index.
const (
	maxTexts     = 10_000
	maxTextBytes = 4 << 20
)

// addTexts adds every text of every part, and the countries among them.
func (r *Record) addTexts(v *notice.View) {
	left := maxTextBytes
	for _, part := range []struct {
		name  string
		value any
	}{{"card", v.Card}, {"body", v.Body}, {"tally", v.Tally}, {"victim", v.Victim}} {
		walkTexts(part.name, reflect.ValueOf(part.value), func(at, text string) bool {
			if left -= len(text); left < 0 || len(r.Texts) >= maxTexts {
				return false
			}
			if isCode(text) && (strings.Contains(at, "country") || strings.Contains(at, "nationalities")) {
				r.Countries = append(r.Countries, Country{CountryCode(text), at})
			}
			if tokens := Tokens(text); len(tokens) > 0 {
				r.Texts = append(r.Texts, Text{at, text, tokens})
			}
			return true
		})
	}
}

// walkTexts calls visit with every text in v and its path, until visit returns
// false.
func walkTexts(at string, v reflect.Value, visit func(at, text string) bool) bool {
	switch v.Kind() {
	case reflect.String:
		return v.Len() == 0 || visit(at, v.String())
	case reflect.Pointer:
		return v.IsNil() || walkTexts(at, v.Elem(), visit)
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return true // a picture
		}
		for i := range v.Len() {
			if !walkTexts(at, v.Index(i), visit) {
				return false
			}
		}
	case reflect.Struct:
		if d, ok := v.Interface().(notice.Date); ok {
			return d.IsZero() || visit(at, d.String())
		}
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if !f.IsExported() {
				continue
			}
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if name != "" {
				name = at + "." + name
			} else {
				name = at // an embedded struct
			}
			if !walkTexts(name, v.Field(i), visit) {
				return false
			}
		}
	}
	return true
}
