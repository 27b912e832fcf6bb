package query

import (
	"math"
	"strconv"
	"strings"
)

// Bounds of place~, in km.
const (
	defaultWithin = 10
	maxWithin     = 1000
)

const earthKM = 6371.0088 // mean radius

// Distance returns the great-circle distance in km (haversine).
func (p Point) Distance(q Point) float64 {
	rad := math.Pi / 180
	dLat, dLon := (q.Lat-p.Lat)*rad, (q.Lon-p.Lon)*rad
	a := math.Pow(math.Sin(dLat/2), 2) + math.Cos(p.Lat*rad)*math.Cos(q.Lat*rad)*math.Pow(math.Sin(dLon/2), 2)
	return 2 * earthKM * math.Asin(math.Sqrt(min(1, a)))
}

// parsePoint reads "latitude,longitude".
func parsePoint(s string) (Point, bool) {
	lat, lon, ok := strings.Cut(s, ",")
	if !ok {
		return Point{}, false
	}
	p := Point{}
	var err1, err2 error
	p.Lat, err1 = strconv.ParseFloat(strings.TrimSpace(lat), 64)
	p.Lon, err2 = strconv.ParseFloat(strings.TrimSpace(lon), 64)
	// What is not a number fails both comparisons.
	ok = err1 == nil && err2 == nil && math.Abs(p.Lat) <= 90 && math.Abs(p.Lon) <= 180
	return p, ok
}

const geohashDigits = "0123456789bcdefghjkmnpqrstuvwxyz"

// hashLength is how many digits of a geohash a record has: some 5 m.
const hashLength = 9

// Geohash returns the geohash of a point, which has no owner and no
// standard but that of its inventor; see en.wikipedia.org/wiki/Geohash.
func (p Point) Geohash() string {
	lat, lon := [2]float64{-90, 90}, [2]float64{-180, 180}
	out := make([]byte, hashLength)
	for i := range hashLength * 5 {
		side, v := &lon, p.Lon
		if i%2 == 1 {
			side, v = &lat, p.Lat
		}
		bit := 0
		if middle := (side[0] + side[1]) / 2; v >= middle {
			bit, side[0] = 1, middle
		} else {
			side[1] = middle
		}
		out[i/5] = out[i/5]<<1 | byte(bit)
	}
	for i, b := range out {
		out[i] = geohashDigits[b]
	}
	return string(out)
}

// isGeohash reports whether s can be the beginning of a geohash: a word with a
// digit in it, so that few names are one.
func isGeohash(s string) bool {
	if len(s) < 3 || len(s) > 12 || !strings.ContainsAny(s, "0123456789") {
		return false
	}
	return strings.Trim(strings.ToLower(s), geohashDigits) == ""
}

// geohashPoint returns the middle of the cell.
func geohashPoint(s string) Point {
	lat, lon := [2]float64{-90, 90}, [2]float64{-180, 180}
	even := true
	for _, c := range []byte(strings.ToLower(s)) {
		n := strings.IndexByte(geohashDigits, c)
		for bit := 4; bit >= 0; bit-- {
			side := &lon
			if !even {
				side = &lat
			}
			middle := (side[0] + side[1]) / 2
			side[1-n>>bit&1] = middle
			even = !even
		}
	}
	return Point{(lat[0] + lat[1]) / 2, (lon[0] + lon[1]) / 2}
}
