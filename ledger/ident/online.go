package ident

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// email returns an address in lower case. Dots and +tags stay: they are part of
// the name with most that give addresses out.
func email(s string) (string, error) {
	s = strings.TrimPrefix(strings.ToLower(s), "mailto:")
	local, domain, ok := strings.Cut(s, "@")
	if !ok || local == "" || len(local) > 64 || !isDomain(domain) || !isAtom(local) {
		return "", wrong("%.80q is not a mail address, such as name@example.org", s)
	}
	return s, nil
}

// isAtom reports whether s can stand before the @ without quotes (RFC 5322
// dot-atom), or is such a text in letters beyond ASCII (RFC 6531).
func isAtom(s string) bool {
	for _, r := range s {
		if r < 0x80 && !strings.ContainsRune(lower+upper+decimal+"!#$%&'*+/=?^_`{|}~.-", r) || r >= 0x80 && !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r) {
			return false
		}
	}
	return !strings.HasPrefix(s, ".") && !strings.HasSuffix(s, ".") && !strings.Contains(s, "..")
}

func isDomain(s string) bool {
	labels := strings.Split(s, ".")
	if len(s) > 253 || len(labels) < 2 {
		return false
	}
	for _, l := range labels {
		if l == "" || len(l) > 63 || l[0] == '-' || l[len(l)-1] == '-' || !isAtom(l) || strings.ContainsAny(l, "!#$%&'*+/=?^_`{|}~") {
			return false
		}
	}
	return true
}

// handle returns service:name in lower case, without the @ that some write
// before a name. An account by mail is its address.
func handle(s string) (string, error) {
	service, name, ok := strings.Cut(s, ":")
	service = strings.ToLower(strings.TrimSpace(service))
	name = strings.ToLower(strings.TrimFunc(name, func(r rune) bool { return r == '@' || unicode.IsSpace(r) }))
	if !ok || service == "" || name == "" {
		return "", wrong("%.80q is not service:name, such as chat:somebody", s)
	}
	if !utf8.ValidString(name) || strings.IndexFunc(service+name, unicode.IsControl) >= 0 {
		return "", wrong("%.80q has characters that are no letters", s)
	}
	if service == "email" || service == "mail" || service == "e-mail" {
		address, err := email(name)
		if err != nil {
			return "", err
		}
		return "email:" + address, nil
	}
	return service + ":" + name, nil
}
