package home

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"testing"

	"comity/crypto/keys"
)

func TestMember(t *testing.T) {
	h := create(t, "XA", "127.0.0.1:7101")
	data, err := os.ReadFile(h.MemberFile())
	if err != nil {
		t.Fatal(err)
	}
	m, err := ParseMember(data)
	if err != nil {
		t.Fatal(err)
	}
	root, err := h.Root(nil)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := marshalMember(m, root); err != nil || !bytes.Equal(again, data) {
		t.Errorf("got %s, %v, want %s", again, err, data)
	}
	own, err := h.Member()
	if err != nil {
		t.Fatal(err)
	}
	if again, err := marshalMember(&own, root); err != nil || !bytes.Equal(again, data) {
		t.Errorf("the home's own: got %s, %v, want %s", again, err, data)
	}
	for at := range data {
		changed := bytes.Clone(data)
		changed[at] ^= 0x80
		if _, err := ParseMember(changed); err == nil {
			t.Errorf("byte %d changed and accepted: %s", at, changed)
		}
		if _, err := ParseMember(data[:at]); !errors.Is(err, ErrMember) {
			t.Errorf("the first %d bytes: got %v, want ErrMember", at, err)
		}
	}
	for _, bad := range [][]byte{nil, []byte("{}"), append(bytes.Clone(data), '\n'), bytes.Repeat([]byte(" "), MaxMember+1)} {
		if _, err := ParseMember(bad); !errors.Is(err, ErrMember) {
			t.Errorf("%.40q: got %v, want ErrMember", bad, err)
		}
	}
}

// TestMemberChanged changes each value to another good one: the proof is no
// longer that of the document.
func TestMemberChanged(t *testing.T) {
	h, other := create(t, "XA", "127.0.0.1:7101"), create(t, "XB", "127.0.0.1:7102")
	m, err := h.Member()
	if err != nil {
		t.Fatal(err)
	}
	o, err := other.Member()
	if err != nil {
		t.Fatal(err)
	}
	root, err := other.Root(nil)
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(h.MemberFile())
	if err != nil {
		t.Fatal(err)
	}
	var f memberFile
	if err := json.Unmarshal(file, &f); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(){
		"code": func() { m.Code = o.Code }, "name": func() { m.Name = o.Name }, "root": func() { m.Root = o.Root },
		"operator": func() { m.Access = o.Access }, "address": func() { m.Node.Address = o.Node.Address },
		"tls": func() { m.Node.TLS = o.Node.TLS }, "cosigner": func() { m.Node.Witness = o.Node.Witness },
	} {
		was := m
		change()
		changed, err := describe(&m, f.Proof)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ParseMember(changed); !errors.Is(err, ErrMemberChanged) {
			t.Errorf("%s: got %v, want ErrMemberChanged", name, err)
		}
		m = was
	}
	foreign, err := marshalMember(&m, root)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ParseMember(foreign); !errors.Is(err, ErrMemberChanged) {
		t.Errorf("signed by another root: got %v, want ErrMemberChanged", err)
	}
	m.Node.Address = "a b:7101"
	if own, err := h.Root(nil); err != nil {
		t.Error(err)
	} else if bad, err := marshalMember(&m, own); err != nil {
		t.Error(err)
	} else if _, err := ParseMember(bad); !errors.Is(err, ErrMember) {
		t.Errorf("an address of no charter: got %v, want ErrMember", err)
	}
}

func FuzzParseMember(f *testing.F) {
	root, err := keys.GenerateSigner()
	if err != nil {
		f.Fatal(err)
	}
	w, err := keys.GenerateWitness()
	if err != nil {
		f.Fatal(err)
	}
	m := testMember(root, w)
	data, err := marshalMember(&m, root)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(`{"format":"comity/member/v1"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := ParseMember(data)
		if err != nil {
			return
		}
		var file memberFile
		if err := json.Unmarshal(data, &file); err != nil {
			t.Fatal(err)
		}
		if again, err := describe(m, file.Proof); err != nil || !bytes.Equal(again, data) {
			t.Errorf("%q: marshals to %q, %v", data, again, err)
		}
	})
}
