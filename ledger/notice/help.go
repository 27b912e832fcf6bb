package notice

// fieldHelp says what every field of a notice is, by the name of its Go type
// and its JSON name. Schema, guide and form take it from here; a
// test sees to it that no field lacks one.
var fieldHelp = map[string]string{
	"document.kind":           "which kind of notice; shown in the clear, but of a diffusion",
	"document.colour":         "of a diffusion only: the kind that is sealed",
	"document.reference":      "short name of your choosing, for the telephone and the command line: A-Z, 0-9, -, / and .",
	"document.origin":         "code of your bureau",
	"document.urgency":        "how fast a hit is answered: U3 10 minutes, U2 1 hour, U1 24 hours, U0 7 days",
	"document.classification": "unclassified, restricted, confidential or secret",
	"document.review_by":      "day by which you must say that the notice is still needed, at most 5 years ahead",
	"document.readers":        "codes of the bureaus that read it, your own included, or [\"all\"]; circle: and its name for a circle you are in",
	"document.card":           "what the front line sees, at a border or on the street; it does not say what the case is about",
	"document.body":           "what investigators see: the case",
	"document.victim":         "who a victim really is, for protection officers of the bureaus you name; never for all",
	"document.tally":          "counters of an operation; no person",

	"Card.caveat":         "how to protect the person, read before all else",
	"Card.non_punishment": "true: not to be punished for what they were made to do",
	"Card.action":         "the one instruction: PROTECT, ARREST, LOCATE, DO_NOT_ALERT or CALL_DESK",
	"Card.dangers":        "armed, violent, escape_risk, self_harm, contagious, controlled, explosive, toxic",
	"Card.person":         "who it is: at least two of name, date of birth, nationality, document",
	"Card.looks":          "how to recognise them; leave out what is not known",
	"Card.photo":          "JPEG or PNG thumbnail in base64, at most 24 KiB",
	"Card.desk":           "whom to call, at any hour",

	"Identity.names":         "every name and spelling: the native one, that of the passport, aliases",
	"Identity.born":          "2010, 2010-05 or 2010-05-04; ~ after it for an estimate",
	"Identity.birth_place":   "town or village",
	"Identity.birth_country": "ISO 3166, such as XA",
	"Identity.sex":           "F, M or X as a passport has it",
	"Identity.nationalities": "ISO 3166, such as XA",
	"Identity.documents":     "passports and other papers",

	"Person.role": "what they are in the case: recruiter, guard, driver, victim",

	"Name.full":   "as the person writes it",
	"Name.family": "family name",
	"Name.given":  "given names",
	"Name.script": "ISO 15924, such as Latn or Mymr; Latn when left out",
	"Name.mrz":    "as the passport's zone has it, ERIKSSON<<ANNA<MARIA; needed where the name is not in Latin letters",
	"Name.use":    "birth, former, alias or pseudonym; left out for the name now in use",

	"Document.type":    "passport, id_card, residence_permit, visa, seaman_book, birth_record, driving_licence or travel_document",
	"Document.number":  "as printed",
	"Document.country": "that issued it, ISO 3166",
	"Document.expires": "2010, 2010-05 or 2010-05-04",
	"Document.status":  "lost, stolen, held by another person",

	"Appearance.height_cm": "centimetres", "Appearance.weight_kg": "kilograms", "Appearance.eyes": "colours", "Appearance.hair": "colours",
	"Appearance.marks": "scars, tattoos, teeth", "Appearance.speaks": "ISO 639, such as en",

	"Desk.name": "whom to ask for", "Desk.phone": "with country code, such as +99955501234; reached at any hour", "Desk.speaks": "ISO 639, such as en",

	"Body.facts":       "what happened, so that a reader can weigh the request",
	"Body.status":      "wanted, charged, convicted, suspect, witness, victim, missing, person_of_interest, deceased, cannot_identify_self or listed",
	"Body.since":       "missing, wanted or dead since; when a body was found",
	"Body.purpose":     "a to h of RPD article 10",
	"Body.legal_basis": "order, law or request that the notice rests on",
	"Body.warrants":    "decisions to arrest",
	"Body.assessment":  "of a repeat offender: which authority expects what, on what grounds",
	"Body.convictions": "sentences before this",
	"Body.threat":      "what is about to happen", "Body.method": "how the crime is done", "Body.listing": "entry of a list of the Security Council",
	"Body.entities":  "persons and things of the case, each with an id for links to point at",
	"Body.links":     "which belong together, and who says so",
	"Body.grade":     "source A, B, C or X and what it says 1 to 4, such as B2",
	"Body.handling":  "what a reader may do with it",
	"Body.tlp":       "CLEAR, GREEN, AMBER, AMBER+STRICT or RED",
	"Body.languages": "of the text, ISO 639",

	"Warrant.country": "that issued it, ISO 3166", "Warrant.authority": "court or authority", "Warrant.reference": "its number", "Warrant.date": "when it was issued",
	"Warrant.offence": "for what the person is wanted", "Warrant.charge": "as it is written", "Warrant.language": "of the charge, ISO 639",
	"Warrant.translation": "of the charge, into English", "Warrant.max_penalty_months": "24 or more for a red notice; life is 999",
	"Warrant.sentence_left_months": "of a sentence: 6 or more for a red notice",

	"Conviction.country": "ISO 3166", "Conviction.date": "2010, 2010-05 or 2010-05-04", "Conviction.offence": "for what", "Conviction.court": "which court",

	"Threat.what": "explosives in parcels, a poisoned drug, a weapon that looks like a pen", "Threat.target": "who or what, and where",
	"Threat.from": "from when", "Threat.until": "until when", "Threat.advice": "what whoever meets it does, and does not do",

	"Method.offence": "which crime", "Method.how": "step by step", "Method.objects": "tools, devices, papers, software", "Method.concealment": "how it is hidden",
	"Method.signs": "by what an officer or a clerk notices it", "Method.countermeasures": "what helps",

	"Listing.list": "the committee's list, by its resolution, such as 1267", "Listing.reference": "permanent reference number", "Listing.listed": "since when",
	"Listing.measures": "assets_freeze, travel_ban, arms_embargo",

	"Handling.code": "H0 no restriction beyond the law, H1 not as evidence without your consent, H2 not passed on without it, H3 as the text says",
	"Handling.text": "what a reader may do; needed with H3",

	"Entity.id": "within this notice, such as p1", "Entity.person": "somebody in the case", "Entity.document": "a paper", "Entity.phone": "a telephone",
	"Entity.account": "an account with an online service", "Entity.wallet": "an address of a cryptocurrency", "Entity.bank_account": "an account with a bank",
	"Entity.vehicle": "a vehicle", "Entity.place": "a place, such as a scam centre", "Entity.job_advert": "an advert that recruits", "Entity.trip": "a journey",
	"Entity.payment": "money that changed hands or is said to be owed", "Entity.organization": "a company or a group", "Entity.event": "something that happened",
	"Entity.property": "a house, a vessel, a picture, cash, a share",

	"Phone.number": "with country code, such as +99955501234", "Phone.app": "service that it is used with", "Phone.imei": "15 digits of the device",
	"Account.service": "which service; email for a mail address", "Account.handle": "name with the service", "Account.user_id": "stays when the handle changes",
	"Wallet.currency": "BTC, ETH, TRX, USDT", "Wallet.address": "all of it; its check digits are checked",
	"BankAccount.number": "IBAN where there is one", "BankAccount.bank": "name of the bank", "BankAccount.country": "ISO 3166", "BankAccount.holder": "in whose name",
	"Vehicle.plate": "letters and digits", "Vehicle.country": "of the plate, ISO 3166", "Vehicle.vin": "17 letters and digits", "Vehicle.model": "make and model", "Vehicle.colour": "colour",
	"Place.name": "name", "Place.address": "address", "Place.country": "ISO 3166", "Place.what": "what it is", "Place.lat": "WGS 84, degrees", "Place.lon": "WGS 84, degrees", "Place.radius_m": "metres within which it is",
	"JobAdvert.title": "what it offers", "JobAdvert.where": "service, page or paper", "JobAdvert.posted": "when", "JobAdvert.salary": "as written", "JobAdvert.text": "as written",
	"Trip.from": "where it begins", "Trip.to": "where it ends", "Trip.departed": "when", "Trip.arrived": "when", "Trip.carrier": "airline, bus, ship", "Trip.booking": "its code",
	"Payment.what": "wage, debt, ransom, fee", "Payment.amount": "digits, such as 1500.00", "Payment.currency": "such as USD", "Payment.date": "when",
	"Organization.name": "its name", "Organization.country": "ISO 3166", "Organization.registration": "number in a register",
	"Event.what": "recruitment, transit, exploitation, rescue", "Event.date": "when", "Event.place": "where", "Event.text": "more",
	"Property.what": "real estate, vessel, aircraft, work of art, cash, share", "Property.description": "by which it is recognised", "Property.address": "where it stands",
	"Property.country": "where it is or is registered, ISO 3166", "Property.registration": "in a land register, of a ship, serial number",

	"Link.from": "an entity's id", "Link.relation": "how the two belong together", "Link.to": "an entity's id", "Link.grade": "of the source that says so, such as B2", "Link.since": "since when", "Link.text": "more",

	"Victim.readers":           "bureaus whose protection officers need it; the notice's readers when left out",
	"Victim.pseudonym":         "what the card and the body say instead of the name",
	"Victim.identity":          "who it really is",
	"Victim.minor":             "true: under 18",
	"Victim.guardians":         "who answers for a minor",
	"Victim.health":            "what a doctor must know",
	"Victim.needs":             "language, company, a doctor",
	"Victim.consent":           "what the victim, or a guardian, agreed to",
	"Victim.trafficking":       "what was found out, in the words of the Human Trafficking Case Data Standard",
	"Victim.referral":          "who takes care from here",
	"Guardian.name":            "who it is",
	"Guardian.relation":        "what they are to the child",
	"Guardian.phone":           "with country code",
	"Guardian.safe_to_contact": "a guardian may be part of the crime",
	"Consent.given":            "true or false", "Consent.by": "the victim, or a guardian of a minor", "Consent.scope": "to what", "Consent.date": "when", "Consent.why_not": "on what ground the case goes on without consent",
	"Trafficking.status": "possible_victim, presumed_victim, identified_victim or not_a_victim", "Trafficking.decided_by": "which body decided it",
	"Trafficking.methods_of_control": "such as debt_bondage", "Trafficking.types_of_exploitation": "such as forced_criminality",

	"Tally.operation": "which operation is counted", "Tally.sector": "where, so that no report is added twice", "Tally.hour": "of the operation, at the end of what is counted",
	"Tally.hotspots": "how many", "Tally.inspections": "how many", "Tally.intercepted": "persons; under 5 is not stated in what is shared", "Tally.located": "persons; likewise",
}
