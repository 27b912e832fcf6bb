package cli

import (
	"bytes"
	"path/filepath"
	"testing"

	"comity/node/home"
)

func TestMember(t *testing.T) {
	h, err := home.Create(filepath.Join(t.TempDir(), "xa"), home.CreateOptions{Bureau: "XA", Name: "Aldermoor & Sons", Address: "127.0.0.1:7101"})
	if err != nil {
		t.Fatal(err)
	}
	m, err := h.Member()
	if err != nil {
		t.Fatal(err)
	}
	data, err := marshalMember(&m)
	if err != nil {
		t.Fatal(err)
	}
	back, err := parseMember(data)
	if err != nil {
		t.Fatal(err)
	}
	again, err := marshalMember(back)
	if err != nil || !bytes.Equal(again, data) {
		t.Errorf("got %s, %v, want %s", again, err, data)
	}
	for at := range data {
		changed := bytes.Clone(data)
		changed[at] ^= 0x80
		if _, err := parseMember(changed); err == nil {
			t.Errorf("byte %d changed and accepted: %s", at, changed)
		}
	}
	for _, bad := range [][]byte{nil, []byte("{}"), append(bytes.Clone(data), '\n'), bytes.Repeat([]byte(" "), maxMember+1)} {
		if _, err := parseMember(bad); err == nil {
			t.Errorf("%.40q: accepted", bad)
		}
	}
}

func FuzzParseMember(f *testing.F) {
	f.Add([]byte(`{"format":"comity/member/v1"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := parseMember(data)
		if err != nil {
			return
		}
		if again, err := marshalMember(m); err != nil || !bytes.Equal(again, data) {
			t.Errorf("%q: marshals to %q, %v", data, again, err)
		}
	})
}
