package notice

import (
	"errors"
	"testing"

	"comity/ledger"
)

func TestEntities(t *testing.T) {
	for _, test := range []struct {
		entity Entity
		field  string // of the one problem; "" is none
	}{
		{Entity{Person: &Person{Role: "guard"}}, ""},
		{Entity{Person: &Person{}}, ".person"},
		{Entity{Document: &Document{Type: Passport, Number: "C4471902"}}, ""},
		{Entity{Document: &Document{Number: "C4471902"}}, ".document.type"},
		{Entity{Phone: &Phone{Number: "+99955501234"}}, ""},
		{Entity{Phone: &Phone{Number: "055501234"}}, ".phone.number"},
		{Entity{Phone: &Phone{Number: "+0123456789"}}, ".phone.number"},
		{Entity{Account: &Account{Service: "chat", UserID: "77"}}, ""},
		{Entity{Account: &Account{Service: "chat"}}, ".account.handle"},
		{Entity{Wallet: &Wallet{Currency: "BTC", Address: "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"}}, ""},
		{Entity{Wallet: &Wallet{Currency: "BTC", Address: "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5"}}, ".wallet.address"},
		{Entity{Wallet: &Wallet{Currency: "ETH", Address: "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"}}, ".wallet.address"},
		{Entity{Phone: &Phone{IMEI: "490154203237518"}}, ""},
		{Entity{Phone: &Phone{IMEI: "490154203237517"}}, ".phone.imei"},
		{Entity{Phone: &Phone{}}, ".phone.number"},
		{Entity{Account: &Account{Service: "email", Handle: "rook@example.org"}}, ""},
		{Entity{Account: &Account{Service: "email", Handle: "rook"}}, ".account.handle"},
		{Entity{BankAccount: &BankAccount{Number: "GB82WEST12345698765433"}}, ".bank_account.number"},
		{Entity{Vehicle: &Vehicle{VIN: "1M8GDM9A1KP042788"}}, ".vehicle.vin"},
		{Entity{Vehicle: &Vehicle{Plate: "?!", Country: "XA"}}, ".vehicle.plate"},
		{Entity{Property: &Property{What: "vessel", Registration: "AL-118"}}, ""},
		{Entity{Property: &Property{What: "vessel"}}, ".property.description"},
		{Entity{Property: &Property{Address: "Harbour Road 9"}}, ".property.what"},
		{Entity{Wallet: &Wallet{Currency: "BTC"}}, ".wallet.address"},
		{Entity{BankAccount: &BankAccount{Number: "XA00"}}, ""},
		{Entity{BankAccount: &BankAccount{Number: "XA00", Country: "Aldermoor"}}, ".bank_account.country"},
		{Entity{Vehicle: &Vehicle{Plate: "AB123", Country: "XA"}}, ""},
		{Entity{Vehicle: &Vehicle{Plate: "AB123"}}, ".vehicle.country"},
		{Entity{Vehicle: &Vehicle{}}, ".vehicle.plate"},
		{Entity{Place: &Place{What: "scam centre"}}, ""},
		{Entity{Place: &Place{Name: "a", Lat: new(float64)}}, ".place"},
		{Entity{Place: &Place{Name: "a", RadiusM: -1}}, ".place.radius_m"},
		{Entity{JobAdvert: &JobAdvert{Title: "typist"}}, ""},
		{Entity{JobAdvert: &JobAdvert{}}, ".job_advert.title"},
		{Entity{Trip: &Trip{From: "Selwen", To: "Orvane"}}, ""},
		{Entity{Trip: &Trip{From: "Selwen"}}, ".trip.to"},
		{Entity{Payment: &Payment{Amount: "1500.00", Currency: "USD"}}, ""},
		{Entity{Payment: &Payment{Amount: "1,500", Currency: "USD"}}, ".payment.amount"},
		{Entity{Organization: &Organization{Name: "Moonquay Trading"}}, ""},
		{Entity{Organization: &Organization{}}, ".organization.name"},
		{Entity{Event: &Event{What: "transit"}}, ""},
		{Entity{Event: &Event{}}, ".event.what"},
	} {
		e := test.entity
		if e.Type() == "" {
			t.Errorf("%+v has no type", e)
		}
		e.ID = "x"
		n := template(t, ledger.KindYellow)
		n.Body.Entities, n.Body.Links = []Entity{e}, nil
		want := "body.entities[0]" + test.field
		var problems Problems
		switch err := n.Validate(testDay); {
		case test.field == "" && err != nil:
			t.Errorf("%s: %v", e.Type(), err)
		case test.field != "" && (!errors.As(err, &problems) || len(problems) != 1 || problems[0].Field != want):
			t.Errorf("got %v, want one problem with %s", err, want)
		}
	}
	if got := (&Entity{}).Type(); got != "" {
		t.Errorf("nothing is a %s", got)
	}
}

func TestActionSentences(t *testing.T) {
	for _, a := range []Action{Protect, Arrest, Locate, DoNotAlert, CallDesk} {
		if a.Sentence() == string(a) {
			t.Errorf("%s has no sentence", a)
		}
	}
	if got := TravelWith.String(); got != "travels with" {
		t.Errorf("got %q", got)
	}
}
