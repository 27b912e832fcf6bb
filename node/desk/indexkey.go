package desk

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"comity/crypto/keys"
	"comity/crypto/seal"
	"comity/ledger"
	"comity/ledger/index"
	"comity/node/follow"
)

// Names within the folder of the index.
const (
	dirIndex     = "index"
	fileIndexKey = "key"
)

// maxIndexKey bounds the file of the key.
const maxIndexKey = 64 << 10

// indexOptions returns the key of the index of what ids open. It makes a new
// one, for which no index is there yet, if these are not the keys that the last
// one was made for.
//
// The key is made of shares of 32 random bytes, one for each compartment that
// ids open, each sealed to the identities of its compartment:
//
//	index key = SHA-256("comity/desk/index/v1" || share of card || of body || of victim)
//	file      = SHA-256 of the key ids || seal.Seal of the shares
//
// So an index that holds words of bodies opens to nobody who has the key of the
// cards alone, and a disk without the identities opens to nobody.
func (d *Desk) indexOptions(ids identities) (index.Options, error) {
	o := index.Options{Ledger: ledger.Hash(d.genesis.Ledger), Keys: keySet(ids)}
	dir := filepath.Join(d.dir, dirIndex)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return o, err
	}
	fi, err := os.Stat(filepath.Join(dir, fileIndexKey))
	var data []byte
	if err == nil && fi.Size() <= maxIndexKey {
		data, err = os.ReadFile(filepath.Join(dir, fileIndexKey))
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return o, err
	}
	ctx := seal.Context{Ledger: keys.ID(d.genesis.Ledger)}
	if sealed, ok := bytes.CutPrefix(data, o.Keys[:]); ok {
		if key, ok := openIndexKey(ctx, sealed, ids); ok {
			o.Key = key
			return o, nil
		}
	}
	var parts []seal.Part
	for _, c := range compartmentsOf(ids) {
		share := make([]byte, index.KeySize)
		rand.Read(share)
		parts = append(parts, seal.Part{Compartment: c, Plaintext: share, Readers: []*keys.Recipient{d.newest(c, ids[c]).Recipient()}})
	}
	sealed, err := seal.Seal(ctx, parts)
	if err != nil {
		return o, err
	}
	if err := follow.ReplaceFile(dir, fileIndexKey, append(slices.Clone(o.Keys[:]), sealed...)); err != nil {
		return o, err
	}
	key, ok := openIndexKey(ctx, sealed, ids)
	if !ok {
		return o, errors.New("the key of the index does not open")
	}
	o.Key = key
	return o, nil
}

// openIndexKey puts the shares together. All must be there.
func openIndexKey(ctx seal.Context, sealed []byte, ids identities) (key [index.KeySize]byte, ok bool) {
	body, err := seal.Parse(sealed)
	if err != nil {
		return key, false
	}
	shares, err := body.Open(ctx, ids)
	if err != nil || len(shares) != len(compartmentsOf(ids)) {
		return key, false
	}
	h := sha256.New()
	h.Write([]byte("comity/desk/index/v1"))
	for i, c := range compartmentsOf(ids) { // seal keeps the parts in this order
		if shares[i].Compartment != c || len(shares[i].Plaintext) != index.KeySize {
			return key, false
		}
		h.Write(shares[i].Plaintext)
	}
	return [index.KeySize]byte(h.Sum(nil)), true
}

// newest returns the identity that the ledger has for the bureau now, or the
// first: a former key may have left the house.
func (d *Desk) newest(c seal.Compartment, list []*keys.Identity) *keys.Identity {
	for _, code := range d.bureaus() {
		r, err := d.Sealing(code, c)
		if err != nil || r == nil {
			continue
		}
		for _, id := range list {
			if id.Recipient().ID() == r.ID() {
				return id
			}
		}
	}
	return list[0]
}

// compartmentsOf returns the compartments for which there are keys, in order.
func compartmentsOf(ids identities) []seal.Compartment {
	var list []seal.Compartment
	for c, keys := range ids {
		if len(keys) > 0 {
			list = append(list, c)
		}
	}
	slices.Sort(list)
	return list
}

// keySet names a set of keys, whatever their order.
func keySet(ids identities) ledger.Hash {
	h := sha256.New()
	for _, c := range compartmentsOf(ids) {
		var list []string
		for _, id := range ids[c] {
			list = append(list, id.Recipient().ID().String())
		}
		slices.Sort(list)
		fmt.Fprintf(h, "%d %q\n", c, slices.Compact(list))
	}
	return ledger.Hash(h.Sum(nil))
}
