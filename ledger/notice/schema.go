package notice

import (
	"fmt"
	"reflect"
	"strings"

	"comity/ledger"
)

// Schema returns the JSON Schema (draft 2020-12) of the notices of a kind, made
// from the Go types and the table of rules, or nil for what is no kind. Equal
// versions of the program give equal bytes.
//
// What [Notice.Validate] accepts, the schema accepts. The other way round the
// schema says what can be said of one field beside another, without a calendar
// and without arithmetic: it does not know today, check digits, whether a link's
// end is an entity, or whether a pseudonym gives a name away.
func Schema(k ledger.Kind) []byte {
	r := ruleOf(k)
	if r == nil {
		return nil
	}
	m := schemaMaker{defs: object{}}
	s := m.structure(reflect.TypeFor[document]())
	properties := s["properties"].(object)
	properties["kind"] = object{"const": k.String()}
	var rules list
	for _, rule := range r.rules {
		if rule.schema != nil {
			rules = append(rules, said(rule))
		}
	}
	if k == ledger.KindDiffusion {
		for _, c := range Colours() {
			var of list
			for _, rule := range ruleOf(c).rules {
				of = append(of, said(rule))
			}
			rules = append(rules, object{"if": schemaRequired("colour", object{"const": c.String()}), "then": object{"allOf": of}})
		}
	} else {
		properties["colour"] = object{"const": ""}
	}
	if k != ledger.KindTally {
		properties["tally"] = false
	}
	rules = append(rules, object{
		"if": schemaRequired("victim"), "then": object{"allOf": list{
			object{"if": schemaRequired("card"), "then": schemaWritten("card.caveat")},
			object{"if": schemaRequired("victim.readers"), "then": schemaAt("victim.readers", noneAll), "else": schemaAt("readers", noneAll)},
		}}})
	s["allOf"] = rules
	s["$schema"], s["$id"] = "https://json-schema.org/draft/2020-12/schema", "urn:comity:notice:v1:"+k.String()
	s["title"], s["description"] = k.String()+" notice", r.what
	s["$defs"] = m.defs
	data, err := encode(s, true)
	if err != nil {
		panic(fmt.Sprintf("notice: a schema is not JSON: %v", err))
	}
	return data
}

// said returns what a rule says, with its sentence.
func said(r rule) object {
	return object{"$comment": r.field + ": " + r.why, "allOf": list{r.schema}}
}

var noneAll = object{"items": object{"not": object{"const": All}}}

// schemaMaker makes a definition of every struct that it meets.
type schemaMaker struct{ defs object }

func (m schemaMaker) structure(t reflect.Type) object {
	properties := object{}
	m.fields(t, properties)
	s := object{"type": "object", "additionalProperties": false, "properties": properties}
	if names := mustHave[t.Name()]; len(names) > 0 {
		var must list
		for _, name := range names {
			must = append(must, name)
		}
		s["required"] = must
	}
	if also := fieldConditions[t.Name()]; len(also) > 0 {
		s["allOf"] = also
	}
	return s
}

// fields adds the fields of a struct and of those that are embedded in it.
func (m schemaMaker) fields(t reflect.Type, properties object) {
	for f := range eachField(t) {
		s := m.value(f.of)
		key := f.owner + "." + f.name
		for word, limit := range fieldLimits[key] {
			s[word] = limit
		}
		if help := fieldHelp[key]; help != "" {
			s["description"] = help
		}
		properties[f.name] = s
	}
}

func (m schemaMaker) value(t reflect.Type) object {
	switch {
	case t == reflect.TypeFor[Date]():
		return object{"type": "string", "pattern": datePattern}
	case t == reflect.TypeFor[[]byte]():
		return object{"type": "string", "contentEncoding": "base64", "maxLength": (maxPhoto + 2) / 3 * 4}
	case fieldWords[t] != nil:
		return object{"type": "string", "enum": fieldWords[t]}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return m.value(t.Elem())
	case reflect.Slice:
		return object{"type": "array", "items": m.value(t.Elem())}
	case reflect.Struct:
		if m.defs[t.Name()] == nil {
			m.defs[t.Name()] = object{} // seen, for what holds itself
			m.defs[t.Name()] = m.structure(t)
		}
		return object{"$ref": "#/$defs/" + t.Name()}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Int:
		return object{"type": "integer"}
	case reflect.Float64:
		return object{"type": "number"}
	}
	return object{"type": "string"}
}

// field is a field of a document, embedded structs resolved.
type field struct {
	owner string // name of the struct that has it
	name  string // in JSON
	of    reflect.Type
	index []int
	tag   string // options of the JSON name
}

// leftOut reports whether the encoder leaves a field of this value out.
func (f field) leftOut(v reflect.Value) bool {
	if strings.Contains(f.tag, "omitempty") && (v.IsZero() || v.Kind() == reflect.Slice && v.Len() == 0) {
		return true
	}
	if !strings.Contains(f.tag, "omitzero") {
		return false
	}
	if z, ok := v.Interface().(interface{ IsZero() bool }); ok {
		return z.IsZero()
	}
	return v.IsZero()
}

// eachField yields the fields of a struct in the order of the document.
func eachField(t reflect.Type) func(yield func(field) bool) {
	return func(yield func(field) bool) {
		for _, f := range reflect.VisibleFields(t) {
			name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
			if f.Anonymous || name == "" {
				continue
			}
			owner := t
			for _, i := range f.Index[:len(f.Index)-1] {
				owner = owner.Field(i).Type
			}
			if !yield(field{owner.Name(), name, f.Type, f.Index, options}) {
				return
			}
		}
	}
}

const datePattern = `^[1-9][0-9]{3}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?~?$`

// fieldWords has the words of every type that has a closed list of them.
var fieldWords = map[reflect.Type]list{
	reflect.TypeFor[Action]():            vocab(Protect, Arrest, Locate, DoNotAlert, CallDesk),
	reflect.TypeFor[Danger]():            vocab(dangers...),
	reflect.TypeFor[Status]():            vocab(append([]Status{""}, statuses...)...),
	reflect.TypeFor[HandlingCode]():      vocab("", H0, H1, H2, H3),
	reflect.TypeFor[TLP]():               vocab("", TLPClear, TLPGreen, TLPAmber, TLPAmberStrict, TLPRed),
	reflect.TypeFor[NameUse]():           vocab("", NameBirth, NameFormer, NameAlias, NamePseudonym),
	reflect.TypeFor[Sex]():               vocab("", Female, Male, Unspecified),
	reflect.TypeFor[DocumentType]():      vocab(documentTypes...),
	reflect.TypeFor[Relation]():          vocab(relations...),
	reflect.TypeFor[TraffickingStatus](): vocab("", PossibleVictim, PresumedVictim, IdentifiedVictim, NotVictim),
	reflect.TypeFor[Measure]():           vocab(AssetsFreeze, TravelBan, ArmsEmbargo),
}

func vocab[T ~string](words ...T) list {
	var l list
	for _, w := range words {
		l = append(l, string(w))
	}
	return l
}

// mustHave are the fields that a struct is worth nothing without.
var mustHave = map[string][]string{
	"document": {"kind", "reference", "origin", "urgency", "classification", "review_by", "readers"},
	"Card":     {"action", "desk"}, "Desk": {"name", "phone"}, "Document": {"type", "number"},
	"Warrant": {"country", "authority", "reference", "date", "offence"}, "Conviction": {"country", "offence"},
	"Threat": {"what", "target", "advice"}, "Method": {"offence", "how", "signs"}, "Listing": {"list", "reference", "listed", "measures"},
	"Entity": {"id"}, "Link": {"from", "relation", "to"}, "Account": {"service"}, "Wallet": {"currency", "address"}, "BankAccount": {"number"},
	"JobAdvert": {"title"}, "Trip": {"from", "to"}, "Payment": {"amount", "currency"}, "Organization": {"name"}, "Event": {"what"}, "Property": {"what"},
	"Victim": {"pseudonym"}, "Guardian": {"name", "relation"}, "Tally": {"operation", "sector"},
}

// schemaAnyOf says that one of the fields must be there.
func schemaAnyOf(names ...string) object {
	var any list
	for _, name := range names {
		any = append(any, schemaWritten(name))
	}
	return object{"anyOf": any}
}

// fieldConditions are what fields of one struct ask of each other.
var fieldConditions = map[string]list{
	"Card": {object{"if": schemaRequired("action", object{"const": Protect}), "then": schemaRequired("caveat", object{"minLength": 1})}},
	"Name": {schemaAnyOf("full", "family", "given", "mrz")},
	"Person": {object{"anyOf": list{
		schemaWritten("role"), schemaRequired("names", object{"minItems": 1}), schemaRequired("born"), schemaRequired("nationalities", object{"minItems": 1}), schemaRequired("documents", object{"minItems": 1}),
	}}},
	"Handling":    {object{"if": schemaRequired("code", object{"const": H3}), "then": schemaRequired("text", object{"minLength": 1})}},
	"Entity":      {object{"minProperties": 2, "maxProperties": 2}},
	"Phone":       {schemaAnyOf("number", "imei")},
	"Account":     {schemaAnyOf("handle", "user_id")},
	"Vehicle":     {schemaAnyOf("plate", "vin"), object{"if": schemaRequired("plate", object{"minLength": 1}), "then": schemaWritten("country")}},
	"Place":       {schemaAnyOf("name", "address", "what"), object{"dependentRequired": object{"lat": list{"lon"}, "lon": list{"lat"}}}},
	"Property":    {schemaAnyOf("description", "address", "registration")},
	"Consent":     {object{"if": schemaRequired("given", object{"const": true}), "then": schemaWritten("by"), "else": schemaWritten("why_not")}},
	"Trafficking": {object{"if": schemaRequired("status", object{"enum": list{IdentifiedVictim, NotVictim}}), "then": schemaWritten("decided_by")}},
	"Victim":      {schemaRequired("consent")},
}

// dialled is the shape of a telephone number as people write it.
const dialled = "([tT][eE][lL]:)?[+0-9 \u00a0./()-]{7,40}"

var (
	likeText        = object{"pattern": notBlank}
	likeCode        = object{"pattern": `^([A-Z]{1,3})?$`}
	likeCodes       = object{"items": object{"type": "string", "pattern": `^[A-Z]{1,3}$`}}
	likeTongue      = object{"pattern": `^([a-z]{2,3})?$`}
	likeTongues     = object{"items": object{"type": "string", "pattern": `^[a-z]{2,3}$`}}
	likeCall        = object{"pattern": `^` + dialled + `$`}
	likeCallOrNone  = object{"pattern": `^(` + dialled + `)?$`}
	likeGrade       = object{"pattern": `^([ABCX][1-4])?$`}
	likeCount       = object{"minimum": 0, "maximum": 1_000_000_000}
	likeNotNegative = object{"minimum": 0}
	likeID          = object{"pattern": `^[a-z0-9_]+$`}
)

// likeReader is what isReader accepts.
const likeReader = `^([A-Z]{2}|circle:([A-Za-z0-9]([A-Za-z0-9._-]{0,30}[A-Za-z0-9])?|[0-9a-f]{64}))$`

// fieldLimits are what single fields must be like.
var fieldLimits = map[string]object{
	"document.colour":         {"enum": colourWords()},
	"document.reference":      {"allOf": list{object{"pattern": `^[A-Z0-9/.-]{3,32}$`}, object{"pattern": `[A-Z]`}}},
	"document.origin":         {"pattern": `^[A-Z]{2}$`},
	"document.urgency":        {"enum": list{"U0", "U1", "U2", "U3"}},
	"document.classification": {"enum": list{"unclassified", "restricted", "confidential", "secret"}},
	"document.review_by":      {"pattern": `^[1-9][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$`},
	"document.readers": {"minItems": 1, "uniqueItems": true, "items": object{"type": "string"}, "anyOf": list{
		object{"const": list{All}}, object{"items": object{"pattern": likeReader}}}},

	"Name.mrz": {"pattern": `^[A-Z0-9<]*$`}, "Name.script": {"pattern": `^([A-Za-z]{4})?$`},
	"Identity.birth_country": likeCode, "Identity.nationalities": likeCodes, "Document.country": likeCode,
	"Document.number":      {"allOf": list{object{"pattern": `^[A-Za-z0-9 </-]{3,32}$`}, object{"pattern": `[A-Za-z0-9].*[A-Za-z0-9].*[A-Za-z0-9]`}}},
	"Appearance.height_cm": {"anyOf": list{object{"const": 0}, object{"minimum": 30, "maximum": 260}}},
	"Appearance.weight_kg": {"anyOf": list{object{"const": 0}, object{"minimum": 1, "maximum": 400}}},
	"Appearance.speaks":    likeTongues, "Desk.speaks": likeTongues, "Body.languages": likeTongues, "Warrant.language": likeTongue,
	"Desk.name": likeText, "Desk.phone": likeCall, "Guardian.phone": likeCallOrNone, "Phone.number": likeCallOrNone,
	"Body.purpose": {"pattern": `^[a-h]?$`}, "Body.grade": likeGrade, "Link.grade": likeGrade,
	"Warrant.country": {"pattern": `^[A-Z]{1,3}$`}, "Warrant.authority": likeText, "Warrant.reference": likeText, "Warrant.offence": likeText,
	"Warrant.max_penalty_months": likeNotNegative, "Warrant.sentence_left_months": likeNotNegative,
	"Conviction.country": {"pattern": `^[A-Z]{1,3}$`}, "Conviction.offence": likeText,
	"Threat.what": likeText, "Threat.target": likeText, "Threat.advice": likeText,
	"Method.offence": likeText, "Method.how": likeText, "Method.signs": {"minItems": 1, "items": object{"type": "string", "pattern": notBlank}},
	"Method.objects": {"items": object{"type": "string", "pattern": notBlank}},
	"Listing.list":   likeText, "Listing.reference": likeText, "Listing.measures": {"minItems": 1},
	"Entity.id": likeID, "Link.from": likeID, "Link.to": likeID,
	"Account.service": likeText, "Wallet.currency": likeText, "Wallet.address": likeText, "BankAccount.number": likeText, "BankAccount.country": likeCode,
	"Vehicle.country": likeCode, "Place.country": likeCode, "Organization.country": likeCode, "Property.country": likeCode,
	"Place.lat": {"minimum": -90, "maximum": 90}, "Place.lon": {"minimum": -180, "maximum": 180}, "Place.radius_m": likeNotNegative,
	"JobAdvert.title": likeText, "Trip.from": likeText, "Trip.to": likeText, "Payment.amount": {"pattern": `^[0-9.]+$`}, "Payment.currency": likeText,
	"Organization.name": likeText, "Event.what": likeText, "Property.what": likeText,
	"Victim.readers": {"items": object{"type": "string", "pattern": likeReader}}, "Victim.pseudonym": likeText,
	"Guardian.name": likeText, "Guardian.relation": likeText,
	"Trafficking.methods_of_control":    {"items": object{"type": "string", "enum": vocab(append([]string{""}, methodsOfControl...)...)}},
	"Trafficking.types_of_exploitation": {"items": object{"type": "string", "enum": vocab(append([]string{""}, typesOfExploitation...)...)}},
	"Tally.operation":                   likeText, "Tally.sector": likeText, "Tally.hour": likeCount, "Tally.hotspots": likeCount, "Tally.inspections": likeCount, "Tally.intercepted": likeCount, "Tally.located": likeCount,
}

func colourWords() list {
	var l list
	for _, k := range Colours() {
		l = append(l, k.String())
	}
	return l
}
