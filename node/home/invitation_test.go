package home

import (
	"errors"
	"strings"
	"testing"

	"comity/crypto/keys"
	"comity/ledger"
)

func TestInvitation(t *testing.T) {
	want := &Invitation{Bureau: "XF", By: "XA", Ledger: ledger.Hash{1}, Root: keys.ID{2}, Node: keys.ID{3}, Address: "[2001:db8::7]:7101"}
	want.Secret[31] = 9
	token := want.String()
	got, err := ParseInvitation(" " + token + "\n")
	if err != nil || *got != *want {
		t.Fatalf("got %+v, %v", got, err)
	}
	// No byte of it may be changed or lost.
	for i := range token {
		for _, bad := range []string{token[:i] + token[i+1:], token[:i] + string("AB"[min(1, strings.Index("A", token[i:i+1])+1)]) + token[i+1:]} {
			if bad == token {
				continue
			}
			if got, err := ParseInvitation(bad); !errors.Is(err, ErrToken) {
				t.Fatalf("byte %d: %+v, %v", i, got, err)
			}
		}
	}
	for name, bad := range map[string]*Invitation{
		"no code":    {Bureau: "x1", By: "XA", Address: want.Address},
		"no address": {Bureau: "XF", By: "XA", Address: "nowhere"},
		"a newline":  {Bureau: "XF", By: "XA", Address: "a\nb:1"},
	} {
		if _, err := ParseInvitation(bad.String()); !errors.Is(err, ErrToken) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := ParseInvitation(tokenPrefix + strings.Repeat("A", 2*maxToken)); !errors.Is(err, ErrToken) {
		t.Errorf("too long: %v", err)
	}
}
