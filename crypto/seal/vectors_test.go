package seal

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/cryptotest"

	"comity/crypto/keys"
)

var update = flag.Bool("update", false, "rewrite testdata/vectors and the example in crypto/CRYPTO.md")

// vectorText is on the card of every vector.
const vectorText = "XA 2031: stop, do not detain, call XA"

// A vector is one file in testdata/vectors: a sealed body, who tries to open it
// and in what context, and what must come of it. Its lines are
//
//	# comment
//	ledger HEX, author HEX, granter HEX (for a re-share only)
//	identity COMPARTMENT AGE-SECRET-KEY-PQ-1..., for each key that is tried
//	attachment ID KEY: the body is a sealed attachment, and that opens it
//	result opens | nothing | malformed
//	opens COMPARTMENT PART-ID "plaintext", for each part that opens, in order
//	body, grants (for a re-share only): followed by indented hex
//
// With grants, only what they open counts.
type vector struct {
	comment    string
	ctx        Context
	granter    keys.ID
	identities []vectorKey
	attachment *AttachmentKey
	result     string
	opens      []string
	body       []byte
	grants     []byte
}

type vectorKey struct {
	compartment Compartment
	identity    *keys.Identity
}

func (v *vector) marshal() []byte {
	var out bytes.Buffer
	for line := range strings.Lines(v.comment) {
		fmt.Fprintf(&out, "# %s\n", strings.TrimSpace(line))
	}
	fmt.Fprintf(&out, "ledger %s\nauthor %s\n", v.ctx.Ledger, v.ctx.Author)
	if v.grants != nil {
		fmt.Fprintf(&out, "granter %s\n", v.granter)
	}
	for _, k := range v.identities {
		fmt.Fprintf(&out, "identity %s %s\n", k.compartment, k.identity.String())
	}
	if v.attachment != nil {
		fmt.Fprintf(&out, "attachment %x %x\n", v.attachment.ID[:], v.attachment.Key[:])
	}
	fmt.Fprintf(&out, "result %s\n", v.result)
	for _, o := range v.opens {
		fmt.Fprintf(&out, "opens %s\n", o)
	}
	fmt.Fprintf(&out, "body\n%s", hexLines(v.body))
	if v.grants != nil {
		fmt.Fprintf(&out, "grants\n%s", hexLines(v.grants))
	}
	return out.Bytes()
}

func hexLines(data []byte) string {
	var out strings.Builder
	for line := range slices.Chunk(data, 32) {
		fmt.Fprintf(&out, "  %x\n", line)
	}
	return out.String()
}

func parseVector(data string) (*vector, error) {
	v := &vector{}
	var block *[]byte
	for line := range strings.Lines(data) {
		line = strings.TrimSuffix(line, "\n")
		key, rest, _ := strings.Cut(line, " ")
		var err error
		switch key {
		case "#":
		case "":
			var b []byte
			b, err = hex.DecodeString(strings.TrimSpace(rest))
			*block = append(*block, b...)
		case "ledger":
			v.ctx.Ledger, err = keys.ParseID(rest)
		case "author":
			v.ctx.Author, err = keys.ParseID(rest)
		case "granter":
			v.granter, err = keys.ParseID(rest)
		case "identity":
			name, text, _ := strings.Cut(rest, " ")
			k := vectorKey{compartment: compartmentNamed(name)}
			k.identity, err = keys.ParseIdentity(text)
			v.identities = append(v.identities, k)
		case "attachment":
			id, key, _ := strings.Cut(rest, " ")
			v.attachment = new(AttachmentKey)
			_, err = hex.Decode(v.attachment.ID[:], []byte(id))
			if err == nil {
				_, err = hex.Decode(v.attachment.Key[:], []byte(key))
			}
		case "result":
			v.result = rest
		case "opens":
			v.opens = append(v.opens, rest)
		case "body":
			block = &v.body
		case "grants":
			block = &v.grants
		default:
			err = fmt.Errorf("unknown line")
		}
		if err != nil {
			return nil, fmt.Errorf("%q: %w", line, err)
		}
	}
	return v, nil
}

func compartmentNamed(name string) Compartment {
	for c := Card; c <= Victim; c++ {
		if c.String() == name {
			return c
		}
	}
	return 0
}

func (v *vector) ids() map[Compartment][]*keys.Identity {
	ids := make(map[Compartment][]*keys.Identity)
	for _, k := range v.identities {
		ids[k.compartment] = append(ids[k.compartment], k.identity)
	}
	return ids
}

// run returns what became of the vector, in the words of its file.
func (v *vector) run() (result string, opens []string) {
	if v.attachment != nil {
		return v.openAttachment()
	}
	var opened []Opened
	b, err := Parse(v.body)
	switch {
	case err != nil:
	case v.grants != nil:
		opened, err = b.OpenGranted(v.ctx, v.granter, v.grants, v.ids())
	default:
		opened, err = b.Open(v.ctx, v.ids())
	}
	switch {
	case err == ErrMalformed:
		return "malformed", nil
	case err != nil:
		return err.Error(), nil
	case len(opened) == 0:
		return "nothing", nil
	}
	for _, o := range opened {
		opens = append(opens, fmt.Sprintf("%s %x %q", o.Compartment, o.PartID, o.Plaintext))
	}
	return "opens", opens
}

// openAttachment tells an attachment by the hash of the file.
func (v *vector) openAttachment() (result string, opens []string) {
	if !IsSealedSize(uint64(len(v.body))) {
		return "malformed", nil
	}
	h := sha256.New()
	if _, err := OpenAttachment(v.ctx, *v.attachment, h, bytes.NewReader(v.body), int64(len(v.body))); err != nil {
		return "nothing", nil
	}
	return "opens", []string{fmt.Sprintf("attachment %x %x", v.attachment.ID[:], h.Sum(nil))}
}

func TestVectors(t *testing.T) {
	if *update {
		writeVectors(t)
	}
	files, err := filepath.Glob("testdata/vectors/*.txt")
	if err != nil || len(files) < 20 {
		t.Fatalf("got %d vectors, error %v; want 20 or more", len(files), err)
	}
	for _, file := range files {
		v := readVector(t, file)
		result, opens := v.run()
		if result != v.result || !slices.Equal(opens, v.opens) {
			t.Errorf("%s: got %q %q, want %q %q", file, result, opens, v.result, v.opens)
		}
	}
}

func readVector(t testing.TB, file string) *vector {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	v, err := parseVector(string(data))
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	if !bytes.Equal(v.marshal()[bytes.Index(v.marshal(), []byte("ledger ")):], data[bytes.Index(data, []byte("ledger ")):]) {
		t.Fatalf("%s: not as -update writes it", file)
	}
	return v
}

// writeVectors makes the vectors anew, from the same randomness each time.
// What must come of each is written down here and not taken from the code.
func writeVectors(t *testing.T) {
	cryptotest.SetGlobalRandom(t, 1)
	alice, bob, carol := newIdentity(t), newIdentity(t), newIdentity(t)
	card := Part{Card, []byte(vectorText), recipients(alice)}
	one := mustSeal(t, ctx, card)
	other := mustParse(t, mustSeal(t, ctx, card))
	three := mustSeal(t, ctx, card, Part{Body, []byte("the case"), recipients(alice, bob, carol)},
		Part{Victim, nil, recipients(carol)})
	opens := func(body []byte, i int, plaintext string) string {
		p := mustParse(t, body).parts[i]
		return fmt.Sprintf("%s %x %q", p.compartment, p.id, plaintext)
	}
	opened, err := mustParse(t, one).Open(ctx, forAll(alice))
	if err != nil {
		t.Fatal(err)
	}
	grants, err := mustParse(t, one).Grants(ctx, officerXB, opened[0], recipients(bob, carol, newIdentity(t)))
	if err != nil {
		t.Fatal(err)
	}
	good, wrong := [contentKeySize]byte{7}, [contentKeySize]byte{8}
	padded, dirty := pad([]byte(vectorText)), pad([]byte(vectorText))
	dirty[len(dirty)-1] = 1
	twoKeys := hostilePart(t, alice, padded, wrong, good)
	set := func(data []byte, offset int, value byte) []byte {
		data = bytes.Clone(data)
		data[offset] = value
		return data
	}
	asAlice := []vectorKey{{Card, alice}}
	asCarol := []vectorKey{{Card, carol}, {Body, carol}, {Victim, carol}}

	vectors := attachmentVectors(t)
	maps.Copy(vectors, map[string]vector{
		"card-one-reader": {comment: "One card for one reader. The example in crypto/CRYPTO.md is this one.",
			identities: asAlice, result: "opens", opens: []string{opens(one, 0, vectorText)}, body: one},
		"three-parts": {comment: "Three parts; the case has three readers and four grants, the victim part is empty.\nThe reader opens two of them.",
			identities: asCarol, result: "opens", opens: []string{opens(three, 1, "the case"), opens(three, 2, "")}, body: three},
		"several-keys": {comment: "A reader with an old and a new key, only one of which was sealed to.",
			identities: []vectorKey{{Card, bob}, {Card, alice}}, result: "opens", opens: []string{opens(one, 0, vectorText)}, body: one},
		"reshare": {comment: "The card of the body in card-one-reader.txt, shared further with three readers.",
			granter: officerXB, identities: asCarol, result: "opens", opens: []string{opens(one, 0, vectorText)}, body: one, grants: grants},
		"second-content-key": {comment: "Two grants to the same reader; the first holds a key that does not open the part.",
			identities: asAlice, result: "opens", opens: []string{opens(twoKeys, 0, vectorText)}, body: twoKeys},

		"other-ledger": {comment: "The right body and key, replayed into another ledger.",
			ctx: Context{ledger2, officerXA}, identities: asAlice, result: "nothing", body: one},
		"other-author": {comment: "The right body and key, under another author's statement.",
			ctx: Context{ledger1, officerXB}, identities: asAlice, result: "nothing", body: one},
		"other-reader": {comment: "Somebody else's key.", identities: []vectorKey{{Card, bob}}, result: "nothing", body: one},
		"other-compartment": {comment: "The right key, but kept for another compartment: it is not tried.",
			identities: []vectorKey{{Body, alice}}, result: "nothing", body: one},
		"other-granter": {comment: "The re-share of reshare.txt, under another officer's statement.",
			granter: officerXA, identities: asCarol, result: "nothing", body: one, grants: grants},
		"moved-grant": {comment: "The grant comes from another body by the same author for the same reader.",
			identities: asAlice, result: "nothing", body: rebuild(t, one, func(b *Sealed) { b.parts[0].grants = other.parts[0].grants })},
		"content-flipped": {comment: "One bit of the content is flipped.",
			identities: asAlice, result: "nothing", body: set(one, offSealed+headerSize, one[offSealed+headerSize]^1)},
		"padding-not-zero": {comment: "All is authentic, but the last byte of the padding is 1.",
			identities: asAlice, result: "nothing", body: hostilePart(t, alice, dirty, good)},
		"wrong-content-key": {comment: "The grant opens, but what is in it does not match the commitment.",
			identities: asAlice, result: "nothing", body: hostilePart(t, alice, padded, wrong)},

		"suite-2":         {comment: "Unknown suite.", identities: asAlice, result: "malformed", body: set(one, 0, 2)},
		"no-parts":        {comment: "No parts and no grants.", identities: asAlice, result: "malformed", body: []byte{1, 0, 0, 0}},
		"compartment-4":   {comment: "Unknown compartment.", identities: asAlice, result: "malformed", body: rebuild(t, one, func(b *Sealed) { b.parts[0].compartment = 4 })},
		"parts-descend":   {comment: "Body before card.", identities: asAlice, result: "malformed", body: rebuild(t, three, func(b *Sealed) { b.parts = []part{b.parts[2], b.parts[0]} })},
		"part-id-twice":   {comment: "Two parts with one id.", identities: asAlice, result: "malformed", body: rebuild(t, three, func(b *Sealed) { b.parts[1] = b.parts[2]; b.parts = b.parts[:2]; b.parts[1].id = b.parts[0].id })},
		"size-not-padded": {comment: "The content is a byte longer than padding makes it.", identities: asAlice, result: "malformed", body: rebuild(t, one, func(b *Sealed) { b.parts[0].sealed = append(slices.Clip(b.parts[0].sealed), 0) })},
		"three-grants":    {comment: "Three grants for one part.", identities: asAlice, result: "malformed", body: rebuild(t, one, func(b *Sealed) { b.parts[0].grants = slices.Repeat(b.parts[0].grants, 3) })},
		"no-grants":       {comment: "A part without grants.", identities: asAlice, result: "malformed", body: rebuild(t, one, func(b *Sealed) { b.parts[0].grants = nil })},
		"trailing-byte":   {comment: "A byte after the last grant.", identities: asAlice, result: "malformed", body: append(bytes.Clone(one), 0)},
		"truncated":       {comment: "The last byte is missing.", identities: asAlice, result: "malformed", body: one[:len(one)-1]},
		"reshare-trailing-byte": {comment: "A byte after the last grant of a re-share.",
			granter: officerXB, identities: asCarol, result: "malformed", body: one, grants: append(bytes.Clone(grants), 0)},
	})
	for name, v := range vectors {
		if v.ctx == (Context{}) {
			v.ctx = ctx
		}
		if err := os.WriteFile("testdata/vectors/"+name+".txt", v.marshal(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
