package ident

import "strings"

// imei returns the 15 digits of a device. Of 14, as some systems print them, the
// check digit is worked out, and of the 16 of an IMEISV, which has none.
func imei(s string) (string, error) {
	n := compact(s)
	if !allIn(n, decimal) || len(n) < 14 || len(n) > 16 {
		return "", wrong("%.40q is not an IMEI: 15 digits, which the telephone shows for *#06#", s)
	}
	check := luhnDigit(n[:14])
	if len(n) == 15 && n[14] != check {
		return "", wrong("%.40q: the last digit does not fit the others; read it again", s)
	}
	return n[:14] + string(check), nil
}

// luhnDigit is the digit that makes the sum of Luhn (ISO/IEC 7812-1, annex B)
// a multiple of ten.
func luhnDigit(n string) byte {
	sum := 0
	for i := range len(n) {
		d := int(n[len(n)-1-i] - '0')
		if i%2 == 0 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return '0' + byte((10-sum%10)%10)
}

// vin returns the 17 characters of ISO 3779. Vehicles made for North America
// and in China have a check digit in the ninth place, which must be right.
func vin(s string) (string, error) {
	n := strings.ToUpper(compact(s))
	if len(n) != 17 || !allIn(n, upper+decimal) {
		return "", wrong("%.40q is not a VIN: 17 letters and digits", s)
	}
	if strings.ContainsAny(n, "IOQ") {
		return "", wrong("%.40q is not a VIN: I, O and Q never stand in one; look whether it is 1 or 0", s)
	}
	if n[0] >= '1' && n[0] <= '5' || n[0] == 'L' {
		if want := vinDigit(n); n[8] != want {
			return "", wrong("%.40q: the ninth place, which checks the others, does not fit; read it again", s)
		}
	}
	return n, nil
}

// vinDigit is the check digit of 49 CFR 565.15(c).
func vinDigit(n string) byte {
	const (
		letters = "ABCDEFGHJKLMNPRSTUVWXYZ"
		values  = "12345678123457923456789"
	)
	weights := [17]int{8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2}
	sum := 0
	for i := range len(n) {
		v := n[i]
		if at := strings.IndexByte(letters, v); at >= 0 {
			v = values[at]
		}
		sum += int(v-'0') * weights[i]
	}
	if sum %= 11; sum == 10 {
		return 'X'
	}
	return '0' + byte(sum)
}

// plate returns COUNTRY:NUMBER, or the number alone where no country is given
// before a colon. Letters of other alphabets stay: they are on the plate.
func plate(s string) (string, error) {
	return withCountry(s, func(number string) (string, error) {
		n := strings.ToUpper(compact(number))
		letters := 0
		for _, r := range n {
			if r < 0x80 && !strings.ContainsRune(upper+decimal, r) {
				return "", wrong("%.40q is not a plate: letters and digits", number)
			}
			letters++
		}
		if letters < 2 || letters > 14 {
			return "", wrong("%.40q is not a plate: 2 to 14 letters and digits", number)
		}
		return n, nil
	})
}

// document returns COUNTRY:NUMBER, or the number alone where no country is
// given before a colon: 3 to 32 letters and digits.
func document(s string) (string, error) {
	return withCountry(s, func(number string) (string, error) {
		n := strings.ToUpper(compact(number))
		if len(n) < 3 || len(n) > 32 || !allIn(n, upper+decimal) {
			return "", wrong("%.40q is not a document number: 3 to 32 of A-Z, 0-9, space, - and /", number)
		}
		return n, nil
	})
}

func withCountry(s string, normal func(number string) (string, error)) (string, error) {
	state, number, has := strings.Cut(s, ":")
	if !has {
		return normal(s)
	}
	c, err := country(strings.TrimSpace(state))
	if err != nil {
		return "", err
	}
	n, err := normal(strings.TrimSpace(number))
	if err != nil {
		return "", err
	}
	return c + ":" + n, nil
}
