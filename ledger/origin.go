package ledger

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"comity/crypto/keys"

	"golang.org/x/mod/sumdb/note"
)

// algNoteEd25519 is the algorithm byte of a line that signs the text of a note
// and nothing else (c2sp.org/signed-note).
const algNoteEd25519 = 0x01

// An origin line is one more line of a note, under the origin as its name: what
// tools that know logs but no bureaus look for. It is made by one node, with the
// Ed25519 key with which it also cosigns:
//
//	— comity/6f1d2a90c3b44e57 <base64 of key id[4] || Ed25519 signature of the text[64]>
//
// It counts for nothing here: [Policy.Open] ignores it as a line of somebody
// unknown. It shares the key with cosignatures and never their bytes: a cosigned
// message begins with "cosignature/v1\n", the text of a checkpoint with its
// origin, "comity/" (see crypto/CRYPTO.md).

// OriginKey returns the key of a node's origin lines as such tools read it, a
// vkey of c2sp.org/signed-note. Anyone can make it from the charter.
func OriginKey(origin string, w keys.WitnessPublic) string {
	key := append([]byte{algNoteEd25519}, w.Ed25519...)
	return fmt.Sprintf("%s+%08x+%s", origin, keyHash(origin, algNoteEd25519, w.Ed25519), base64.StdEncoding.EncodeToString(key))
}

// SignOrigin returns the note with an origin line by w before the other lines.
// It verifies the note first, and signs only a FINAL checkpoint of this ledger,
// and only with the keys of one of its nodes.
func SignOrigin(w *keys.Witness, p *Policy, data []byte) ([]byte, error) {
	c, _, err := p.Open(data)
	if err != nil {
		return nil, fmt.Errorf("sign as origin: %w", err)
	}
	if p.nodeOf(w.Public()) == "" {
		return nil, errors.New("sign as origin: the charter names no node with this key")
	}
	text := []byte(c.String())
	lines, ok := bytes.CutPrefix(data, append(text, '\n'))
	if !ok {
		return nil, fmt.Errorf("sign as origin: %w", ErrMalformed)
	}
	sig, err := w.SignEd25519(text)
	if err != nil {
		return nil, fmt.Errorf("sign as origin: %w", err)
	}
	raw := binary.BigEndian.AppendUint32(nil, keyHash(c.Origin, algNoteEd25519, w.Public().Ed25519))
	out := fmt.Appendf(nil, "%s\n— %s %s\n%s", text, c.Origin, base64.StdEncoding.EncodeToString(append(raw, sig...)), lines)
	if len(out) > MaxNote {
		return nil, fmt.Errorf("sign as origin: %w", ErrMalformed)
	}
	return out, nil
}

// OriginSigners returns the bureaus whose nodes signed the note as origin, in
// the order of the note. It says nothing about cosignatures.
func (p *Policy) OriginSigners(data []byte) ([]string, error) {
	if len(data) > MaxNote {
		return nil, ErrMalformed
	}
	var known []note.Verifier
	bureau := make(map[uint32]string)
	for name, w := range p.nodes {
		v := &originVerifier{p.Origin, keyHash(p.Origin, algNoteEd25519, w.Ed25519), w.Ed25519}
		known = append(known, v)
		bureau[v.hash] = p.Bureau[name]
	}
	n, err := note.Open(data, note.VerifierList(known...))
	if _, none := err.(*note.UnverifiedNoteError); none {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("origin line: %w", err)
	}
	var out []string
	for _, s := range n.Sigs {
		if b := bureau[s.Hash]; !slices.Contains(out, b) {
			out = append(out, b)
		}
	}
	return out, nil
}

// OriginKeyOf returns the key of the origin lines of a bureau's node, "" where no
// member has this code.
func (p *Policy) OriginKeyOf(bureau string) string {
	w, ok := p.nodes[NodeName(bureau)]
	if !ok {
		return ""
	}
	return OriginKey(p.Origin, w)
}

// nodeOf returns the name of the node that has these keys, "" for none.
func (p *Policy) nodeOf(w keys.WitnessPublic) string {
	for name, known := range p.nodes {
		if known.Ed25519.Equal(w.Ed25519) && known.MLDSA.Equal(w.MLDSA) {
			return name
		}
	}
	return ""
}

// originVerifier is the [note.Verifier] of one node's origin lines.
type originVerifier struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func (v *originVerifier) Name() string                { return v.name }
func (v *originVerifier) KeyHash() uint32             { return v.hash }
func (v *originVerifier) Verify(msg, sig []byte) bool { return ed25519.Verify(v.key, msg, sig) }
