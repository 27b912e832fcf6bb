package query

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// digits returns keys of what begins so that, together, they are all numbers from lo
// to hi, both of the same number of digits; valid says of the beginning of one whether
// there is such a number at all.
func digits(field, lo, hi string, valid func(string) bool) []Key {
	var out []Key
	var cover func(begin string)
	cover = func(begin string) {
		rest := len(lo) - len(begin)
		first, last := begin+strings.Repeat("0", rest), begin+strings.Repeat("9", rest)
		switch {
		case last < lo || first > hi || !valid(begin):
		case first >= lo && last <= hi && begin != "":
			out = append(out, Key{field + begin, rest > 0})
		default:
			for d := byte('0'); d <= '9'; d++ {
				cover(begin + string(d))
			}
		}
	}
	cover("")
	return out
}

// years returns keys of the years from lo to hi, which need not be years of dates.
func years(field string, lo, hi int) []Key {
	text := func(y int) string { return fmt.Sprintf("%04d", min(max(y, 0), 9999)) }
	return digits(field, text(lo), text(hi), func(string) bool { return true })
}

// anySpan is what is filed of a time or a date of birth that may be nearly any, and of
// a place that is larger than a point.
const anySpan = "any"

// timeKeys are filed of a moment, from the first to the last ms that it may be: its
// day, or its month, or its years.
func timeKeys(first, last int64) []string {
	a, b := time.UnixMilli(first).UTC(), time.UnixMilli(last).UTC()
	day := func(t time.Time) string { return t.Format("20060102") }
	switch {
	case a.Year() < 0 || b.Year() > 9999 || b.Year()-a.Year() > maxYears:
		return []string{anySpan}
	case day(a) == day(b):
		return []string{day(a)}
	case day(a)[:6] == day(b)[:6]:
		return []string{day(a)[:6]}
	}
	var out []string
	for y := a.Year(); y <= b.Year(); y++ {
		out = append(out, fmt.Sprintf("%04d", y))
	}
	return out
}

// timePlan is for what is filed by timeKeys and may be in a span.
func timePlan(s Span) Group {
	g := Group{}.or(Key{Text: "time=" + anySpan})
	lo, hi := "00000000", "99999999"
	if a := time.UnixMilli(max(s.First, -1<<46)).UTC(); a.Year() >= 0 {
		if a.Year() > 9999 {
			return g
		}
		// Of the first day of a month all that begins with it is meant.
		if lo = a.Format("20060102"); a.Day() == 1 {
			lo = lo[:6] + "00"
		}
		if a.YearDay() == 1 {
			lo = lo[:4] + "0000"
		}
		g = g.or(Key{Text: "time=" + a.Format("2006")}, Key{Text: "time=" + a.Format("200601")})
	}
	if b := time.UnixMilli(min(s.Last, 1<<48)).UTC(); b.Year() <= 9999 {
		if b.Year() < 0 {
			return g
		}
		next := b.AddDate(0, 0, 1)
		if hi = b.Format("20060102"); next.Day() == 1 {
			hi = hi[:6] + "99"
		}
		if next.YearDay() == 1 {
			hi = hi[:4] + "9999"
		}
		g = g.or(Key{Text: "time=" + b.Format("2006")}, Key{Text: "time=" + b.Format("200601")})
	}
	return g.or(digits("time=", lo, hi, isDay)...)
}

// isDay reports whether a day of some year begins so, or the end of a month or year
// in which timePlan has it: 00 and 99 are before and behind all days.
func isDay(begin string) bool {
	part := func(from int, first, last string) bool {
		if len(begin) <= from {
			return true
		}
		s := begin[from:min(len(begin), from+2)]
		return s >= first[:len(s)] && s <= last[:len(s)]
	}
	return part(4, "01", "12") && part(6, "01", "31")
}

// maxCells bounds the cells of geohashes that are asked for.
const maxCells = 32

// wideM is from which radius on a place is filed as any: what is asked for reaches so
// much further than was said.
const wideM = 1000

// cells returns keys of the geohashes of all that is so near a point.
func (p Point) cells(field string, km float64) []Key {
	reach := (km + wideM/1000) * 1.001 / earthKM // as an angle
	dLat, dLon := reach*180/math.Pi, 180.0
	if cos := math.Cos(p.Lat * math.Pi / 180); math.Abs(p.Lat)+dLat < 90 && math.Sin(reach) < cos {
		dLon = math.Asin(math.Sin(reach)/cos) * 180 / math.Pi
	}
	for length := 6; ; length-- {
		lonCells, latCells := 1<<((5*length+1)/2), 1<<(5*length/2)
		width, height := 360/float64(lonCells), 180/float64(latCells)
		south, north := int(math.Floor((p.Lat-dLat+90)/height)), int(math.Floor((p.Lat+dLat+90)/height))
		south, north = max(south, 0), min(north, latCells-1)
		west, east := int(math.Floor((p.Lon-dLon+180)/width)), int(math.Floor((p.Lon+dLon+180)/width))
		east = min(east, west+lonCells-1)
		if (north-south+1)*(east-west+1) > maxCells {
			continue // of one digit there are no more
		}
		var out []Key
		for y := south; y <= north; y++ {
			for x := west; x <= east; x++ {
				middle := Point{(float64(y)+0.5)*height - 90, (float64((x%lonCells+lonCells)%lonCells)+0.5)*width - 180}
				out = append(out, Key{field + middle.Geohash()[:length], true})
			}
		}
		return out
	}
}
