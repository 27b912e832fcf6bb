package cli

import (
	"fmt"
	"strings"

	"comity/ledger/notice"
)

// entityText says in one line what an entity of a case is.
func entityText(e *notice.Entity) string {
	switch {
	case e.Person != nil:
		name := "person"
		if len(e.Person.Names) > 0 {
			name = e.Person.Names[0].String()
		}
		return words(name, e.Person.Role, e.Person.Born.String())
	case e.Document != nil:
		return words(string(e.Document.Type), e.Document.Number, e.Document.Country)
	case e.Phone != nil:
		imei := ""
		if e.Phone.IMEI != "" {
			imei = "IMEI " + e.Phone.IMEI
		}
		return words(strings.TrimSpace("phone "+e.Phone.Number), e.Phone.App, imei)
	case e.Account != nil:
		return words("account on "+e.Account.Service, e.Account.Handle, e.Account.UserID)
	case e.Wallet != nil:
		return words(e.Wallet.Currency+" wallet", e.Wallet.Address)
	case e.BankAccount != nil:
		return words("bank account "+e.BankAccount.Number, e.BankAccount.Bank, e.BankAccount.Country, e.BankAccount.Holder)
	case e.Vehicle != nil:
		return words("vehicle", e.Vehicle.Plate, e.Vehicle.Country, e.Vehicle.Colour, e.Vehicle.Model, e.Vehicle.VIN)
	case e.Place != nil:
		at := ""
		if e.Place.Lat != nil && e.Place.Lon != nil {
			at = fmt.Sprintf("%.5f %.5f within %d m", *e.Place.Lat, *e.Place.Lon, e.Place.RadiusM)
		}
		return words("place", e.Place.Name, e.Place.What, e.Place.Address, e.Place.Country, at)
	case e.JobAdvert != nil:
		return words("job advert", e.JobAdvert.Title, e.JobAdvert.Where, e.JobAdvert.Posted.String(), e.JobAdvert.Salary, e.JobAdvert.Text)
	case e.Trip != nil:
		return words("trip from "+e.Trip.From+" to "+e.Trip.To, e.Trip.Departed.String(), e.Trip.Arrived.String(), e.Trip.Carrier, e.Trip.Booking)
	case e.Payment != nil:
		return words("payment of "+e.Payment.Amount+" "+e.Payment.Currency, e.Payment.What, e.Payment.Date.String())
	case e.Organization != nil:
		return words("organization", e.Organization.Name, e.Organization.Country, e.Organization.Registration)
	case e.Event != nil:
		return words(e.Event.What, e.Event.Date.String(), e.Event.Place, e.Event.Text)
	case e.Property != nil:
		return words(e.Property.What, e.Property.Description, e.Property.Address, e.Property.Country, e.Property.Registration)
	}
	return "nothing"
}
