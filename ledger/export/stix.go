package export

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"comity/ledger/notice"

	"github.com/google/uuid"
)

// Identifiers that the STIX 2.1 specification and OASIS have fixed.
const (
	scoNamespace = "00abedb4-aa42-466c-9c01-fed23315a9b7" // section 2.9, of observables
	tlpExtension = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"
	tlpCreated   = "2022-10-01T00:00:00.000Z"
)

// tlpIDs are the marking definitions of TLP 2.0 (oasis-open/cti-stix-common-objects).
var tlpIDs = map[notice.TLP]string{
	notice.TLPClear:       "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
	notice.TLPGreen:       "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
	notice.TLPAmber:       "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
	notice.TLPAmberStrict: "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
	notice.TLPRed:         "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1",
}

// object is one object of a bundle. encoding/json writes its keys in order, so
// equal objects are equal bytes.
type object map[string]any

// STIX returns the notice as a STIX 2.1 bundle:
//
//	the notice                     report, with all the others as its objects
//	its origin, persons, companies identity (organization, individual)
//	telephone, wallet, bank or     user-account, whose account_type says which, and an
//	online account, e-mail         indicator that is based on it; e-mail is email-addr
//	place with country or position location
//	everything else                note
//	a link that is stated          relationship
//
// Nobody becomes a threat-actor: that is an accusation, and a person on a notice
// may be a victim. Every object carries the TLP marking and the handling caveat.
// Ids are UUIDv5, so the same version of a notice always gives the same bytes,
// and observables get the ids that other producers give them.
func STIX(c *Case) ([]byte, error) {
	if err := c.MayExport(); err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	b := newBundle(c)
	b.notice()
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(object{"type": "bundle", "id": b.id("bundle", "bundle"), "objects": b.objects})
	if err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	return out.Bytes(), nil
}

// bundle is a bundle in the making.
type bundle struct {
	c         *Case
	space     uuid.UUID // of the ids of this notice
	objects   []object
	known     map[string]bool
	markings  []string
	origin    string            // id of the origin's identity
	entities  map[string]string // id of an entity within the notice -> id of its object
	report    string
	published string
	modified  string
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func newBundle(c *Case) *bundle {
	ledger := uuid.NewSHA1(uuid.NameSpaceURL, []byte("comity:"+c.Ledger))
	b := &bundle{
		c: c, space: uuid.NewSHA1(ledger, []byte(c.View.ID)), known: make(map[string]bool), entities: make(map[string]string),
		published: stamp(c.Published), modified: stamp(c.Modified),
	}
	marking, h := tlp(c.marking()), handling(c.marking()).Caveat()
	b.markings = []string{tlpIDs[marking], "marking-definition--" + uuid.NewSHA1(ledger, []byte("handling "+h)).String()}
	b.origin = "identity--" + uuid.NewSHA1(ledger, []byte("bureau "+c.View.Origin.Bureau)).String()
	b.report = b.id("report", "report")
	b.add(object{
		"type": "marking-definition", "spec_version": "2.1", "id": b.markings[0], "created": tlpCreated, "name": "TLP:" + string(marking),
		"extensions": object{tlpExtension: object{"extension_type": "property-extension", "tlp_2_0": strings.ToLower(string(marking))}},
	})
	b.add(object{
		"type": "marking-definition", "spec_version": "2.1", "id": b.markings[1], "created": b.published, "created_by_ref": b.origin,
		"name": "handling", "definition_type": "statement", "definition": object{"statement": h},
	})
	b.add(object{
		"type": "identity", "spec_version": "2.1", "id": b.origin, "created": b.published, "modified": b.published,
		"name": "bureau " + c.View.Origin.Bureau, "identity_class": "organization", "object_marking_refs": b.markings,
	})
	return b
}

// id returns the id of a domain object of this notice.
func (b *bundle) id(kind, name string) string {
	return kind + "--" + uuid.NewSHA1(b.space, []byte(kind+" "+name)).String()
}

func (b *bundle) add(o object) string {
	id := o["id"].(string)
	if !b.known[id] {
		b.known[id] = true
		b.objects = append(b.objects, o)
	}
	return id
}

// domain adds a domain object or a relationship.
func (b *bundle) domain(kind, name string, o object) string {
	o["type"], o["spec_version"], o["id"] = kind, "2.1", b.id(kind, name)
	o["created"], o["modified"], o["created_by_ref"] = b.published, b.modified, b.origin
	o["object_marking_refs"] = b.markings
	return b.add(o)
}

// observable adds an observable. Its id follows from what it is, by section 2.9:
// the canonical JSON (RFC 8785) of the properties that identify its type.
func (b *bundle) observable(kind string, o object, identifying ...string) string {
	by := make(object)
	for _, key := range identifying {
		if v, ok := o[key]; ok {
			by[key] = v
		}
	}
	var canonical bytes.Buffer
	enc := json.NewEncoder(&canonical)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(by) // strings only, which cannot fail
	o["type"], o["spec_version"], o["object_marking_refs"] = kind, "2.1", b.markings
	o["id"] = kind + "--" + uuid.NewSHA1(uuid.MustParse(scoNamespace), bytes.TrimSpace(canonical.Bytes())).String()
	return b.add(o)
}

// indicator adds what detection tools look for.
func (b *bundle) indicator(of, what, pattern string) {
	at := b.domain("indicator", pattern, object{
		"name": what, "pattern": pattern, "pattern_type": "stix", "valid_from": b.published, "indicator_types": []string{"anomalous-activity"},
	})
	b.domain("relationship", at+" based-on "+of, object{"relationship_type": "based-on", "source_ref": at, "target_ref": of})
}

// literal writes a string constant of a STIX pattern.
func literal(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}

// lines joins what is said, one to a line.
func lines(list ...string) string {
	var out []string
	for _, l := range list {
		if strings.TrimSpace(l) != "" {
			out = append(out, l)
		}
	}
	return strings.Join(out, "\n")
}

// set sets a text that is there.
func (o object) set(key, text string) object {
	if strings.TrimSpace(text) != "" {
		o[key] = text
	}
	return o
}
