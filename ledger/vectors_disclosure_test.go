package ledger_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"comity/crypto/keys"
	"comity/crypto/seal"
	"comity/ledger"
)

// checkDisclosures verifies every exhibit and opens the parts that have a key.
func (v *vector) checkDisclosures(t testing.TB) ([]string, error) {
	t.Helper()
	list, err := ledger.ParseDisclosures(v.data)
	if err != nil {
		return nil, err
	}
	var out []string
	for i := range list {
		verdict, err := list[i].Verify(v.genesis(t))
		if err != nil {
			return nil, err
		}
		opened, err := list[i].Open()
		if err != nil {
			return nil, err
		}
		out = append(out, fmt.Sprintf("id %s", list[i].Item.Entry.ID), "cosigned "+strings.Join(verdict.Cosigners, " "))
		for _, o := range opened {
			out = append(out, fmt.Sprintf("opens %s %q", o.Compartment, o.Plaintext))
		}
	}
	return out, nil
}

func (w *vectorWriter) disclosures() {
	w.t.Helper()
	body, err := seal.Parse(w.x.Item.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	ctx := seal.Context{Ledger: keys.ID(w.x.Ledger), Author: w.x.Item.Entry.Statement.Author}
	opened, err := body.Open(ctx, map[seal.Compartment][]*keys.Identity{seal.Card: {w.one.Bureaus[0].Sealing[seal.Card]}})
	if err != nil || len(opened) != 1 {
		w.t.Fatal(opened, err)
	}
	with := func(c seal.Compartment, key seal.ContentKey) []byte {
		return ledger.MarshalDisclosures([]ledger.Disclosure{{Exhibit: w.x, Keys: []ledger.DisclosedKey{{Compartment: c, Key: key}}}})
	}
	key, given := opened[0].Disclose(), "genesis genesis-one"
	data := with(seal.Card, key)
	w.vector("disclosures", "The exhibit of the red notice with the content key of its card: nobody needs a key.", "ok", data, given)
	w.vector("disclosures-other-part", "The key is given for a part that is not there.", "refused", with(seal.Body, key), given)
	key[0] ^= 1
	w.vector("disclosures-other-key", "A key that is not the card's.", "refused", with(seal.Card, key), given)
	w.malformed("disclosures-none", "No exhibit.", append(bytes.Clone(data[:21]), 0), given)
	w.malformed("disclosures-trailing-byte", "A byte too many.", append(bytes.Clone(data), 0), given)
	w.malformed("disclosures-key-twice", "Compartments ascend.", twice(data), given)
}

// twice returns disclosures of one key with that key twice.
func twice(data []byte) []byte {
	n := len(data)
	out := append(bytes.Clone(data[:n-34]), 2)
	return append(append(out, data[n-33:]...), data[n-33:]...)
}
