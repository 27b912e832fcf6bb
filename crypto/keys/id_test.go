package keys

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

func TestIDText(t *testing.T) {
	id := ID(counting(0x7f))
	const text = "7f808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e"
	if got := id.String(); got != text {
		t.Errorf("String() = %s, want %s", got, text)
	}
	if got, want := id.Short(), "7f80 8182 8384 8586"; got != want {
		t.Errorf("Short() = %q, want %q", got, want)
	}
	if got, err := ParseID(text); err != nil || got != id {
		t.Errorf("ParseID(%s) = %s, %v", text, got, err)
	}

	data, err := json.Marshal(map[ID]ID{id: id})
	if err != nil {
		t.Fatal(err)
	}
	var back map[ID]ID
	if err := json.Unmarshal(data, &back); err != nil || back[id] != id {
		t.Errorf("%s came back as %v, %v", data, back, err)
	}
}

func TestParseIDRefuses(t *testing.T) {
	text := ID(counting(0x7f)).String()
	for _, bad := range []string{
		"", text[:62], text[:63], text + "00", strings.ToUpper(text), " " + text[1:],
		"0x" + text[2:], text[:63] + "g", text[:63] + "\n",
	} {
		if _, err := ParseID(bad); !errors.Is(err, ErrMalformed) {
			t.Errorf("ParseID(%q) = %v, want ErrMalformed", bad, err)
		}
		id := ID{1}
		if err := id.UnmarshalText([]byte(bad)); err == nil || id != (ID{1}) {
			t.Errorf("UnmarshalText(%q) = %v and set %s", bad, err, id)
		}
	}
}

// TestIDKinds shows that the algorithm byte parts keys of equal bytes.
func TestIDKinds(t *testing.T) {
	pub := make([]byte, 32)
	if keyID(algEd25519, pub) == keyID(algXWing, pub) {
		t.Error("a signing key and a sealing key of the same bytes share an identifier")
	}
}
