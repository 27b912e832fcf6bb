package query

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"comity/ledger/notice"
)

// randomQuery writes a query about things that are in record r, or nearly.
func randomQuery(rng *rand.Rand, r *Record) string {
	pick := func(list ...string) string { return list[rng.IntN(len(list))] }
	term := func() string {
		switch rng.IntN(14) {
		case 0:
			return "name:" + quoteText(r.Names[rng.IntN(len(r.Names))].Text)
		case 1:
			return "name~" + quoteText(r.Names[rng.IntN(len(r.Names))].Text)
		case 2, 3:
			if len(r.Identifiers) > 0 {
				x := r.Identifiers[rng.IntN(len(r.Identifiers))]
				at := rng.IntN(len(x.Norm))
				norm := pick(x.Norm, x.Norm[:at]+x.Norm[at+1:], x.Norm[:at]+"7"+x.Norm[at:])
				return x.Type + pick(":", "~") + quoteText(norm)
			}
			return "has:doc"
		case 4:
			if len(r.Births) > 0 {
				return "dob" + pick(":", "~", ">=", "<") + pick(r.Births[0].Date.String(), "1990", "1980..1999")
			}
			return "age:13..15"
		case 5, 6:
			if t := r.Texts[rng.IntN(len(r.Texts))]; len(t.Tokens) > 0 {
				w := t.Tokens[rng.IntN(len(t.Tokens))]
				return pick(quoteText(w), quoteText(t.Text), quoteText(w[:min(len(w), 3)])+"*")
			}
			return "has:link"
		case 7:
			return "kind:" + pick("red", "yellow,blue", "diffusion")
		case 8:
			return "country:" + pick("XA", "XB,XC", "XD")
		case 9:
			return pick("id:"+r.ID[:10], "ref:"+r.Reference, r.Reference, r.ID[:9])
		case 10:
			return "has:" + pick("photo", "dob", "doc", "minor", "link")
		case 11:
			return pick("bureau:XA", "reader:XC", "urgency:U2", "status:active", "status:live", "status:withdrawn", "status:expired")
		case 12:
			if len(r.Places) > 0 && len(r.Places[0].Tokens) > 0 {
				return "place:" + quoteText(r.Places[0].Tokens[0])
			}
			return "place~1,2 within:" + pick("5", "900")
		}
		if len(r.Times) > 0 && rng.IntN(4) > 0 {
			at := time.UnixMilli(r.Times[rng.IntN(len(r.Times))].First + rng.Int64N(5) - 2).UTC()
			return "time" + pick(":", ">", "<=") + pick(at.Format("2006-01-02"), at.Format("2006-01"), at.Format("2006"), at.Format(time.RFC3339)+"..")
		}
		return pick("time:-7d", "age:20..", "age:60..90", "dob:..1985")
	}
	switch rng.IntN(6) {
	case 3:
		return "-(" + term() + pick(" ", " OR ") + "-" + term() + ") " + term()
	case 0:
		return term() + " OR " + term()
	case 1:
		return term() + " (" + term() + " OR NOT " + term() + ")"
	case 2:
		return term() + " -" + term()
	}
	return pick(term(), term()+" "+term())
}

// TestPlanMissesNothing has random queries on random notices: what matches has
// the keys that the plan asks for, and names that may. Both must also narrow, or
// they are of no use.
func TestPlanMissesNothing(t *testing.T) {
	const n, queries = 100, 250
	g := notice.NewGenerator(3, asOf)
	records, keys := make([]*Record, n), make([][]string, n)
	for i := range records {
		source := g.Next()
		if i%10 == 0 {
			source = richCase()
		}
		records[i] = RecordOf(viewOf(source), Header{ID: fmt.Sprintf("%064x", uint64(i+1)*0x9e3779b97f4a7c15), Bureau: source.Origin, Status: []string{"active", "withdrawn"}[i%2]})
		keys[i] = records[i].Keys()
		if i%3 == 0 { // time has passed
			records[i].Status = []string{"expired", "withdrawn"}[i%2]
		}
		records[i].Ended = records[i].Status != "active"
		slices.Sort(keys[i])
	}
	rng := rand.New(rand.NewPCG(5, 5))
	matched, passed, planned, named, may := 0, 0, 0, 0, 0
	for range queries {
		text := randomQuery(rng, records[rng.IntN(n)])
		q, err := Parse(text, asOf)
		if err != nil {
			continue // half an identifier may be none
		}
		plan := q.Plan(true)
		for i, r := range records {
			passes := !slices.ContainsFunc(plan, func(g Group) bool { return !g.Passes(keys[i]) })
			ok, _, why := q.Match(r)
			if ok && !passes {
				t.Fatalf("%s matches %s by %q, and the plan %v does not let it pass", text, r.Reference, why, plan)
			}
			if q.ByName() {
				named++
				if q.MayName(r.NameForms()) {
					may++
				} else if ok {
					t.Fatalf("%s matches %s by %q, and its names are said not to", text, r.Reference, why)
				}
			}
			if len(plan) > 0 {
				planned++
				if passes {
					passed++
				}
			}
			if ok {
				matched++
			}
		}
	}
	if named < n || may == 0 || may*3 > named {
		t.Errorf("of %d that names judged %d passed", named, may)
	}
	if matched < 300 || planned < n*queries/4 || passed*3 > planned {
		t.Errorf("%d matched; of %d that a plan judged %d passed", matched, planned, passed)
	}
}

func TestPlan(t *testing.T) {
	for query, want := range map[string]string{
		"doc:A-301":                        "[doc=A301]",
		"phone:+9995550,+9995551":          "[phone=9995550|phone=9995551]",
		"-kind:red":                        "[NOT kind=red]",
		"-(kind:red OR status:purged)":     "[NOT kind=red NOT status=purged]",
		"-(kind:red status:purged)":        "[]",
		"-(kind:red name:x)":               "[]",
		"-name:x":                          "[]",
		"-status:expired":                  "[]",
		"-(-kind:red)":                     "[kind=red]",
		"country!=XA has:photo":            "[NOT country=XA has=photo]",
		"kind:red OR -kind:blue":           "[]",
		"(kind:red -has:dob) OR kind:blue": "[kind=red|kind=blue]",
		"status:expired":                   "[status=submitted|status=returned|status=active|status=suspended]",
		"dob:1990..1991 has:photo":         "[born=any|born=1990|born=1991 has=photo]",
		"dob:1998..2019":                   "[born=any|born=1998|born=1999|born=200*|born=201*]",
		"dob:..1960":                       "[born=any|born=0*|born=10*|born=11*|born=12*|born=13*|born=14*|born=15*|born=16*|born=17*|born=18*|born=190*|born=191*|born=192*|born=193*|born=194*|born=195*|born=1960]",
		"time:2026-11":                     "[time=any|time=2026|time=202611|time=2026|time=202611|time=202611*]",
		"time:2025..2026":                  "[time=any|time=2025|time=202501|time=2026|time=202612|time=2025*|time=2026*]",
		"time:2026-10-30..2026-11-02":      "[time=any|time=2026|time=202610|time=2026|time=202611|time=2026103*|time=20261101|time=20261102]",
		"place~16.7,98.5 within:25":        "[hash=any|hash=w4vv*|hash=w4yj*|hash=w4vy*|hash=w4yn*|hash=w4vz*|hash=w4yp*|hash=w5jb*|hash=w5n0*]",
		"id:1c271c27":                      "[ref=1c271c27|id=1c271c27*]",
		"link:LT-1 OR kind:red":            "[id=none|kind=red]",
		"recru*":                           "[ref=recru*|text=recru*]",
	} {
		q, err := Parse(query, asOf)
		if err != nil {
			t.Fatal(err)
		}
		if got := planText(q.Plan(true)); got != want {
			t.Errorf("%s: got %s, want %s", query, got, want)
		}
	}
	// What is filed of a body tells nothing to who may read the card only.
	q, err := Parse("-country:XA -has:photo -bureau:XA", asOf)
	if got := planText(q.Plan(false)); err != nil || got != "[NOT bureau=XA]" {
		t.Errorf("got %s, %v", got, err)
	}
}

func planText(plan []Group) string {
	var out []string
	for _, g := range plan {
		var keys []string
		for _, k := range g.Any {
			if k.Prefix {
				k.Text += "*"
			}
			keys = append(keys, k.Text)
		}
		text := strings.Join(keys, "|")
		if g.Not {
			text = "NOT " + text
		}
		out = append(out, text)
	}
	return fmt.Sprint(out)
}

// TestOneEdit compares what is asked for with the distance that Match measures.
func TestOneEdit(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 8))
	for _, kind := range []string{Doc, Phone, Email} {
		for range 400 {
			letters := []rune("0123AB\u0e01")
			a := make([]rune, 1+rng.IntN(8))
			for i := range a {
				a[i] = letters[rng.IntN(len(letters))]
			}
			b := slices.Clone(a)
			for range rng.IntN(3) {
				switch i := rng.IntN(len(b) + 1); {
				case i == len(b) || rng.IntN(3) == 0:
					b = slices.Insert(b, i, letters[rng.IntN(len(letters))])
				case i+1 < len(b) && rng.IntN(2) == 0:
					b[i], b[i+1] = b[i+1], b[i]
				default:
					b = slices.Delete(b, i, i+1)
				}
			}
			stored, asked := string(a), string(b)
			shared := slices.ContainsFunc(oneLess(asked), func(x string) bool { return slices.Contains(oneLess(stored), x) })
			if found := slices.Contains(oneEdit(kind, asked), stored) || !editable(kind, stored) && shared; NearIdentifier(stored, asked) && !found {
				t.Fatalf("%s %q is near %q and not asked for", kind, stored, asked)
			}
		}
	}
}

// TestCells asks for all places near a point, wherever on Earth, and not for the far
// ones.
func TestCells(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 6))
	points := []Point{{90, 0}, {-90, 12}, {0, 180}, {0, -180}, {16.7, 98.5}, {89.9, 179.9}, {-45, -0.0001}}
	asked, found := 0, 0
	for range 300 {
		at := points[rng.IntN(len(points))]
		km := []float64{0.1, 10, 300, 1000}[rng.IntN(4)]
		q, err := Parse(fmt.Sprintf("place~%g,%g within:%g", at.Lat, at.Lon, km), asOf)
		if err != nil {
			t.Fatal(err)
		}
		plan := q.Plan(true)
		near := Point{min(90, max(-90, at.Lat+(rng.Float64()-0.5)*km/50)), at.Lon + (rng.Float64()-0.5)*km/50}
		near.Lon = math.Mod(near.Lon+540, 360) - 180
		for _, p := range []Point{near, {rng.Float64()*180 - 90, rng.Float64()*360 - 180}} {
			place := Place{Text: "x", Point: &p, RadiusM: rng.IntN(3000), Hash: p.Geohash()}
			r := &Record{Places: []Place{place}}
			keys := r.Keys()
			slices.Sort(keys)
			ok, _, _ := q.Match(r)
			passes := len(plan) == 1 && plan[0].Passes(keys)
			if ok && !passes {
				t.Fatalf("%v with %d m is within %g km of %v, and not asked for by %s", p, place.RadiusM, km, at, planText(plan))
			}
			if asked++; passes && place.RadiusM <= wideM {
				found++
			}
		}
	}
	if found*2 > asked {
		t.Errorf("%d of %d pass", found, asked)
	}
}
