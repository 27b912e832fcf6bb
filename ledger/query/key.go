package query

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"comity/ledger/names"
)

// An index that cannot run Match on everything files each record under the keys
// of [Record.Keys] and asks for those of [Query.Plan]: whatever Match finds has at
// least one key of each group, and none of a group that is not to be there. What
// has them may still not match; the index then runs Match on it. Names looked for
// with ~ are the one exception: a spelling that is very far from the one filed may
// share no key (see package names).

// Key is what an index looks for: a key of a record, or the beginning of one.
type Key struct {
	Text   string
	Prefix bool
}

// Group is a set of keys of which a record that matches has one at least, or
// with Not none.
type Group struct {
	Any []Key
	Not bool
}

// MaxKeys bounds the keys of one record: one that has as many may have more.
const MaxKeys = 20_000

// Keys returns the keys of the record, each once, in the form FIELD=VALUE:
//
//	phone=9995550884  identifiers; near=phone=... with one character left out, of
//	                  those of which a query cannot name all that are near
//	desk=phone=...    a telephone that the record holds as that of a desk only
//	name=ilva         a word of a name; like=KEY from package names
//	born=2013         a year in which somebody may be born; born=any, of very many
//	time=20261104     the day, 202611 the month, 2026 the year of an event, or of the entry; time=any
//	text=school       a word of a text; place=, from=, via=, to= likewise
//	country=XB        codes; has=photo
//	status=active     as it is if no time has passed: what expires is filed as before
//	id=1c27...        and ref=, hash= (a geohash; hash=any of what is no point)
//
// Those that say most come first, what is near an identifier last.
func (r *Record) Keys() []string {
	k := &keyList{seen: make(map[string]bool)}
	k.add("id=", r.ID)
	k.add("ref=", NormalID(r.Reference))
	k.add("kind=", r.Kind)
	k.add("kind=", r.Colour)
	k.add("urgency=", r.Urgency)
	k.add("bureau=", r.Bureau)
	k.add("status=", r.Status)
	for _, b := range r.Readers {
		k.add("reader=", b)
	}
	for _, o := range r.Operations {
		k.add("op=", o)
	}
	for _, c := range r.Countries {
		k.add("country=", c.Code)
	}
	k.identifiers(r)
	for i := range r.Names {
		k.all("name=", r.Names[i].Tokens)
	}
	for _, p := range r.Places {
		k.all("place=", p.Tokens)
		k.add("hash=", p.Hash)
		if p.Hash != "" && p.RadiusM > wideM {
			k.add("hash=", anySpan)
		}
	}
	for _, x := range r.Routes {
		k.add(x.End+"=", strings.ToLower(x.Country))
		k.all(x.End+"=", x.Tokens)
	}
	for _, m := range r.Times {
		k.all("time=", timeKeys(m.First, m.Last))
	}
	k.flags(r)
	k.names(r)
	for _, t := range r.Texts {
		k.all("text=", t.Tokens)
	}
	k.near(r)
	return k.list
}

// keyList collects keys.
type keyList struct {
	list []string
	seen map[string]bool
}

func (k *keyList) add(field, value string) {
	if key := field + value; value != "" && !k.seen[key] && len(k.list) < MaxKeys {
		k.seen[key] = true
		k.list = append(k.list, key)
	}
}

func (k *keyList) all(field string, values []string) {
	for _, v := range values {
		k.add(field, v)
	}
}

func (k *keyList) identifiers(r *Record) {
	linked := make(map[string]bool)
	for i := range r.Identifiers {
		x := &r.Identifiers[i]
		k.add(x.Type+"=", x.Norm)
		linked[x.Type+"="+x.Norm] = linked[x.Type+"="+x.Norm] || x.Linkable()
	}
	for key, is := range linked {
		if !is {
			k.add("desk=", key)
		}
	}
}

func (k *keyList) near(r *Record) {
	for i := range r.Identifiers {
		x := &r.Identifiers[i]
		if x.Type == Advert || editable(x.Type, x.Norm) {
			continue // nobody asks for what is near it, or a query asks for all of that
		}
		for _, near := range oneLess(x.Norm) {
			k.add("near="+x.Type+"=", near)
		}
	}
}

// editable reports whether all that is one character away from an identifier,
// and is itself editable, is few enough to be asked for.
func editable(kind, norm string) bool {
	letters, longest := alphabet(kind)
	return len(norm) <= longest && strings.Trim(norm, letters) == ""
}

// alphabet returns the characters of editable identifiers and how long they are.
func alphabet(kind string) (letters string, longest int) {
	const digits = "0123456789"
	if kind == Phone || kind == IMEI {
		return digits, 16
	}
	return digits + "ABCDEFGHIJKLMNOPQRSTUVWXYZ", 12
}

// oneEdit returns the editable identifiers that are one character away from s,
// and s: one is wrong, too many, missing, or two are swapped.
func oneEdit(kind, s string) []string {
	letters, longest := alphabet(kind)
	r := []rune(s)
	if len(r) > longest+1 {
		return nil
	}
	out := oneLess(s)
	for i := range len(r) + 1 {
		before, after := string(r[:i]), string(r[i:])
		for c := range len(letters) {
			out = append(out, before+letters[c:c+1]+after)
			if i < len(r) {
				out = append(out, before+letters[c:c+1]+string(r[i+1:]))
			}
		}
		if i+1 < len(r) {
			out = append(out, before+string(r[i+1])+string(r[i])+string(r[i+2:]))
		}
	}
	out = slices.DeleteFunc(out, func(x string) bool { return !editable(kind, x) })
	slices.Sort(out)
	return slices.Compact(out)
}

func (k *keyList) names(r *Record) {
	for i := range r.Names {
		n := &r.Names[i]
		for _, form := range n.forms() {
			parsed := names.Parse(form)
			k.all("like=", names.Keys(parsed))
			k.all("like=", names.WordKeys(parsed))
		}
	}
}

func (k *keyList) flags(r *Record) {
	for _, f := range []struct {
		name string
		is   bool
	}{{HasPhoto, r.Photo}, {HasDOB, len(r.Births) > 0}, {HasLink, len(r.Links) > 0}, {HasMinor, r.Minor}} {
		if f.is {
			k.add("has=", f.name)
		}
	}
	for _, x := range r.Identifiers {
		if x.Type == Doc {
			k.add("has=", HasDoc)
		}
	}
	for _, b := range r.Births {
		if yearOf(b.Last)-yearOf(b.First) > maxYears {
			k.add("born=", anySpan)
			continue
		}
		for y := yearOf(b.First); y <= yearOf(b.Last); y++ {
			k.add("born=", fmt.Sprintf("%04d", y))
		}
	}
}

// maxYears is over how many years a date or a time is filed by each of them.
const maxYears = 30

func yearOf(day int64) int { return time.Unix(day*24*60*60, 0).UTC().Year() }

// oneLess returns s and s with each of its characters left out: two that are one
// character apart share one of these.
func oneLess(s string) []string {
	out := []string{s}
	runes := []rune(s)
	for i := range runes {
		out = append(out, string(runes[:i])+string(runes[i+1:]))
	}
	return out
}
