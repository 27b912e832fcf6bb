package keys

import (
	"bytes"
	"crypto/ed25519"
	"strings"
	"testing"
)

// Each target holds a parser to one rule: what it accepts marshals back to the
// same bytes, or, where the form has freedom, to the same key.

func FuzzParseID(f *testing.F) {
	f.Add(ID(counting(0)).String())
	f.Fuzz(func(t *testing.T, s string) {
		if id, err := ParseID(s); err == nil && id.String() != s {
			t.Errorf("%q came back as %q", s, id)
		}
	})
}

func FuzzAdmitEd25519(f *testing.F) {
	for _, v := range readVectors(f, "ed25519.txt") {
		f.Add(unhex(f, v.value["public"]))
	}
	f.Fuzz(func(t *testing.T, public []byte) {
		pub, err := AdmitEd25519(public)
		if err != nil {
			return
		}
		if !bytes.Equal(pub, public) {
			t.Errorf("%x admitted as %x", public, pub)
		}
		// No admitted key verifies the signature that every small-order key
		// verifies: R the identity, S zero.
		trivial := append([]byte{1}, make([]byte, 63)...)
		if ed25519.Verify(pub, []byte("anything"), trivial) {
			t.Errorf("%x verifies the trivial signature", public)
		}
	})
}

func FuzzParseRecipient(f *testing.F) {
	addVectors(f, "age.txt", "recipient")
	f.Fuzz(func(t *testing.T, s string) {
		r, err := ParseRecipient(s)
		if err != nil {
			return
		}
		if r.String() != s {
			t.Errorf("%q came back as %q", s, r)
		}
		if again, err := RecipientFromBytes(r.Bytes()); err != nil || !again.Equal(r) {
			t.Errorf("the bytes of %q: %v", s, err)
		}
	})
}

func FuzzParseIdentity(f *testing.F) {
	addVectors(f, "age.txt", "identity")
	f.Fuzz(func(t *testing.T, s string) {
		if i, err := ParseIdentity(s); err == nil && i.String() != s {
			t.Errorf("%q came back as %q", s, i.String())
		}
	})
}

func FuzzParseIdentityFile(f *testing.F) {
	addVectors(f, "identityfile.txt", "file")
	f.Fuzz(func(t *testing.T, s string) {
		i, err := ParseIdentityFile([]byte(s), nil)
		if err != nil {
			return
		}
		if !strings.Contains(s, i.String()) {
			t.Errorf("%q does not hold the key found in it", s)
		}
	})
}

func FuzzParseSigner(f *testing.F) {
	addVectors(f, "openssh.txt", "file")
	f.Fuzz(func(t *testing.T, s string) {
		k, err := ParseSigner([]byte(s), nil)
		if err != nil {
			return
		}
		file, err := k.MarshalOpenSSH(nil, "")
		if err != nil {
			t.Fatal(err)
		}
		if again, err := ParseSigner(file, nil); err != nil || again.ID() != k.ID() {
			t.Errorf("%q came back as another key: %v", s, err)
		}
	})
}

func FuzzParseAuthorizedKey(f *testing.F) {
	addVectors(f, "openssh.txt", "line")
	f.Fuzz(func(t *testing.T, s string) {
		pub, err := ParseAuthorizedKey(s)
		if err != nil {
			return
		}
		k := Signer{pub: pub}
		if !strings.HasPrefix(s, k.AuthorizedKey("")) {
			t.Errorf("%q came back as %q", s, k.AuthorizedKey(""))
		}
	})
}

func FuzzParseTLS(f *testing.F) {
	addVectors(f, "node.txt", "tls")
	f.Fuzz(func(t *testing.T, s string) {
		k, err := ParseTLS([]byte(s))
		if err != nil {
			return
		}
		if again, err := ParseTLS(k.MarshalPEM()); err != nil || again.ID() != k.ID() {
			t.Errorf("%q came back as another key: %v", s, err)
		}
	})
}

func FuzzParseWitness(f *testing.F) {
	addVectors(f, "node.txt", "witness")
	f.Fuzz(func(t *testing.T, s string) {
		w, err := ParseWitness([]byte(s))
		if err != nil {
			return
		}
		again, err := ParseWitness(w.MarshalPEM())
		if err != nil || !again.ed().Equal(w.ed()) || !again.mld().Equal(w.mld()) {
			t.Errorf("%q came back as other keys: %v", s, err)
		}
	})
}

// addVectors seeds a fuzz target with one field of a vector file.
func addVectors(f *testing.F, name, field string) {
	f.Helper()
	for _, v := range readVectors(f, name) {
		if s, ok := v.value[field]; ok {
			f.Add(s)
		}
	}
}
