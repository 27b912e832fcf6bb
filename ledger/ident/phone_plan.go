package ident

import (
	"regexp"
	"slices"
	"strings"
)

// plan is a country's numbering plan, as far as it concerns what one dials from
// abroad after the calling code. Countries that share a code have one plan, that
// of the largest. The lengths are sets: bit n stands for n digits.
type plan struct {
	code     string // the calling code
	lengths  uint32 // what numbers can be reached from abroad
	local    uint32 // what is dialled inside one area only
	prefix   string // what is dialled first inside the country: digits or an expression
	rewrite  string // what takes the place of a prefix that an expression caught
	national string // an expression that all numbers of the country match
}

// The verdicts of [plan.length].
const (
	possible = iota
	tooLong
	tooShort // or of no length that the country has
)

// planOf returns the plan of a number that begins with its calling code, and the
// rest of the number. No calling code begins with another.
func planOf(digits string) (plan, string, bool) {
	for n := 1; n <= 3 && n <= len(digits); n++ {
		i, ok := slices.BinarySearchFunc(plans[:], digits[:n], func(p plan, code string) int { return strings.Compare(p.code, code) })
		if ok {
			return plans[i], digits[n:], true
		}
	}
	return plan{}, "", false
}

// length says whether a number of the country can have so many digits.
func (p plan) length(number string) int {
	n := uint32(1) << len(number)
	switch {
	case p.local&n != 0:
		return tooShort
	case p.lengths&n != 0:
		return possible
	case n > p.lengths:
		return tooLong
	}
	return tooShort
}

// international leaves out what is dialled inside the country only, as in
// +44 (0)20 7946 0018, where something that can be a number remains.
func (p plan) international(number string) string {
	if without := p.withoutPrefix(number); p.length(without) != tooShort {
		return without
	}
	return number
}

// withoutPrefix takes the prefix away, unless that turns a number of the country
// into none.
func (p plan) withoutPrefix(number string) string {
	without, ok := strings.CutPrefix(number, p.prefix)
	if !allIn(p.prefix, decimal) {
		prefix := regexp.MustCompile(`^(?:` + p.prefix + `)`)
		at := prefix.FindStringSubmatchIndex(number)
		if ok = at != nil; !ok {
			return number
		}
		without = number[at[1]:]
		if p.rewrite != "" && at[len(at)-2] >= 0 {
			without = prefix.ReplaceAllString(number, p.rewrite)
		}
	}
	if !ok || without == number {
		return number
	}
	national := regexp.MustCompile(`^(?:` + p.national + `)$`)
	if national.MatchString(number) && !national.MatchString(without) {
		return number
	}
	return without
}
