package export

import (
	"fmt"
	"strings"

	"comity/ledger/notice"
)

// notice adds everything and, last, the report that holds it together.
func (b *bundle) notice() {
	v := b.c.View
	report := object{
		"name": fmt.Sprintf("%s %s of %s", v.Title(), v.Reference, v.Origin.Bureau), "published": b.published,
		"report_types": []string{"threat-report"}, "labels": []string{"notice-" + v.Kind.String()},
		"external_references": []object{{"source_name": "comity ledger " + b.c.Ledger, "external_id": v.ID,
			"description": fmt.Sprintf("%s as of entry %d", b.c.Status, b.c.AsOf)}},
	}
	text := []string{handling(b.c.marking()).Caveat()}
	if c := v.Card; c != nil {
		text = append(text, c.Caveat, v.Action().Sentence(), "Call "+c.Desk.Name+", "+c.Desk.Phone)
		b.entities["card"] = b.person("card", &c.Person, "person of the card", string(v.Action()))
	}
	if body := v.Body; body != nil {
		text = append(text, body.Facts)
		for i := range body.Entities {
			b.entity(&body.Entities[i])
		}
		for i, l := range body.Links {
			b.link(i, &l)
		}
		for i, w := range body.Warrants {
			b.note(fmt.Sprintf("warrant %d", i), "warrant", lines(w.Country+" "+w.Authority+" "+w.Reference, w.Date.String(), w.Offence, w.Charge, w.Translation))
		}
	}
	if t := v.Tally; t != nil {
		b.note("tally", "operation "+t.Operation, lines(t.Sector, t.Summary()))
	}
	if b.c.Status != "active" {
		report["revoked"] = true
	}
	report.set("description", lines(text...))
	refs := make([]string, 0, len(b.objects))
	for _, o := range b.objects {
		if o["type"] != "marking-definition" {
			refs = append(refs, o["id"].(string))
		}
	}
	report["object_refs"] = refs
	b.domain("report", "report", report)
}

// person adds somebody. One identity has one name; the others are in its text.
func (b *bundle) person(entity string, id *notice.Identity, what, role string) string {
	name, text := "unknown "+what, []string(nil)
	for i, n := range id.Names {
		if i == 0 {
			name = n.String()
		} else {
			text = append(text, strings.TrimSpace("also "+string(n.Use)+" "+n.String()))
		}
	}
	text = append(text, prefixed("born ", id.Born.String()), prefixed("in ", id.BirthPlace), prefixed("sex ", string(id.Sex)),
		prefixed("nationality ", strings.Join(id.Nationalities, ", ")))
	for _, d := range id.Documents {
		text = append(text, fmt.Sprintf("%s %s %s", strings.ReplaceAll(string(d.Type), "_", " "), d.Number, d.Country))
	}
	o := object{"name": name, "identity_class": "individual"}
	if role != "" {
		o["roles"] = []string{role}
	}
	return b.domain("identity", entity, o.set("description", lines(text...)))
}

func prefixed(with, text string) string {
	if text == "" {
		return ""
	}
	return with + text
}

// entity adds what an entity holds.
func (b *bundle) entity(e *notice.Entity) {
	switch {
	case e.Person != nil:
		b.entities[e.ID] = b.person(e.ID, &e.Person.Identity, e.Person.Role, e.Person.Role)
	case e.Organization != nil:
		o := object{"name": e.Organization.Name, "identity_class": "organization"}
		b.entities[e.ID] = b.domain("identity", e.ID, o.set("description", lines(e.Organization.Country, e.Organization.Registration)))
	case e.Phone != nil:
		b.account(e.ID, "phone", e.Phone.Number, "", "telephone "+e.Phone.Number)
	case e.Wallet != nil:
		b.account(e.ID, strings.ToLower(e.Wallet.Currency)+"-wallet", e.Wallet.Address, "", e.Wallet.Currency+" wallet")
	case e.BankAccount != nil:
		b.account(e.ID, "bank", e.BankAccount.Number, "", "bank account "+e.BankAccount.Number)
	case e.Account != nil:
		b.onlineAccount(e)
	case e.Place != nil && (isCountry(e.Place.Country) || e.Place.Lat != nil && e.Place.Lon != nil):
		b.place(e)
	default:
		b.entities[e.ID] = b.note(e.ID, e.Type(), noteText(e))
	}
}

// account adds an account of any sort, and an indicator for it.
func (b *bundle) account(entity, kind, userID, login, what string) {
	o := object{"account_type": kind}
	o.set("user_id", userID).set("account_login", login)
	b.entities[entity] = b.observable("user-account", o, "account_type", "account_login", "user_id")
	pattern := "user-account:account_type = " + literal(kind)
	if userID != "" {
		pattern += " AND user-account:user_id = " + literal(userID)
	}
	if login != "" {
		pattern += " AND user-account:account_login = " + literal(login)
	}
	b.indicator(b.entities[entity], what, "["+pattern+"]")
}

func (b *bundle) onlineAccount(e *notice.Entity) {
	x := e.Account
	if at := strings.LastIndexByte(x.Handle, '@'); at > 0 && at < len(x.Handle)-1 {
		b.entities[e.ID] = b.observable("email-addr", object{"value": x.Handle}, "value")
		b.indicator(b.entities[e.ID], "e-mail "+x.Handle, "[email-addr:value = "+literal(x.Handle)+"]")
		return
	}
	b.account(e.ID, strings.ToLower(x.Service), x.UserID, x.Handle, "account on "+x.Service)
}

func isCountry(s string) bool {
	return len(s) == 2 && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

func (b *bundle) place(e *notice.Entity) {
	x := e.Place
	o := make(object)
	o.set("name", x.Name).set("description", x.What).set("street_address", x.Address)
	if isCountry(x.Country) {
		o["country"] = x.Country
	}
	if x.Lat != nil && x.Lon != nil {
		o["latitude"], o["longitude"] = *x.Lat, *x.Lon
		if x.RadiusM > 0 {
			o["precision"] = float64(x.RadiusM)
		}
	}
	b.entities[e.ID] = b.domain("location", e.ID, o)
}

// note adds what STIX has no object for, as text about the report.
func (b *bundle) note(name, abstract, content string) string {
	if strings.TrimSpace(content) == "" {
		content = abstract
	}
	return b.domain("note", name, object{"abstract": abstract, "content": content, "object_refs": []string{b.report}})
}

// noteText says in words what an entity is that has no object of its own.
func noteText(e *notice.Entity) string {
	switch {
	case e.Document != nil:
		return lines(strings.ReplaceAll(string(e.Document.Type), "_", " ")+" "+e.Document.Number, e.Document.Country, e.Document.Status)
	case e.Vehicle != nil:
		x := e.Vehicle
		return lines(prefixed("plate ", x.Plate), x.Country, prefixed("VIN ", x.VIN), x.Model, x.Colour)
	case e.Place != nil:
		return lines(e.Place.Name, e.Place.Address, e.Place.What)
	case e.JobAdvert != nil:
		x := e.JobAdvert
		return lines(x.Title, prefixed("in ", x.Where), prefixed("posted ", x.Posted.String()), x.Salary, x.Text)
	case e.Trip != nil:
		x := e.Trip
		return lines("from "+x.From+" to "+x.To, prefixed("departed ", x.Departed.String()), prefixed("arrived ", x.Arrived.String()), x.Carrier, x.Booking)
	case e.Payment != nil:
		return lines(e.Payment.Amount+" "+e.Payment.Currency, e.Payment.What, e.Payment.Date.String())
	case e.Event != nil:
		return lines(e.Event.What, e.Event.Date.String(), e.Event.Place, e.Event.Text)
	}
	return ""
}

// link adds a statement between two entities.
func (b *bundle) link(i int, l *notice.Link) {
	from, to := b.entities[l.From], b.entities[l.To]
	if from == "" || to == "" {
		return
	}
	grade := "source not graded"
	if l.Grade != "" {
		grade = "source grade " + string(l.Grade)
	}
	o := object{"relationship_type": relationshipType(l.Relation), "source_ref": from, "target_ref": to}
	o.set("description", lines(grade, l.Text, prefixed("since ", l.Since.String())))
	b.domain("relationship", fmt.Sprintf("link %d", i), o)
}

// relationshipType has small letters, digits and hyphens only (section 5.1).
func relationshipType(r notice.Relation) string {
	s := strings.Map(func(c rune) rune {
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '-':
			return c
		}
		return '-'
	}, strings.ToLower(string(r)))
	if strings.Trim(s, "-") == "" {
		return "related-to"
	}
	return s
}
