package ledger_test

import (
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"filippo.io/mldsa"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// This file reads charter, receipt, exhibit and evidence by FORMAT.md alone, with the
// standard library, golang.org/x/mod and an ML-DSA. It uses no code of ours: two
// ways to the same result, of which the other one is the package.

// cursor cuts a value off the front of bytes. It panics where there are too few.
type cursor []byte

func (c *cursor) take(n int) []byte {
	out := (*c)[:n]
	*c = (*c)[n:]
	return out
}

func (c *cursor) uint(width int) uint64 {
	var v uint64
	for _, b := range c.take(width) {
		v = v<<8 | uint64(b)
	}
	return v
}

func (c *cursor) vector(width int) []byte { return c.take(int(c.uint(width))) }

// sshsig is what an officer's or a root's key signs.
func sshsig(namespace string, message []byte) []byte {
	digest := sha512.Sum512(message)
	out := []byte("SSHSIG")
	for _, s := range []string{namespace, "", "sha512", string(digest[:])} {
		out = append(binary.BigEndian.AppendUint32(out, uint32(len(s))), s...)
	}
	return out
}

// cosigned04 and cosigned06 are what a node's two keys sign.
func cosigned04(checkpoint string, time uint64) []byte {
	return fmt.Appendf(nil, "cosignature/v1\ntime %d\n%s", time, checkpoint)
}

func cosigned06(name, origin string, size uint64, root []byte, time uint64) []byte {
	out := append([]byte("subtree/v1\n\x00"), byte(len(name)))
	out = binary.BigEndian.AppendUint64(append(out, name...), time)
	out = append(append(out, byte(len(origin))), origin...)
	out = binary.BigEndian.AppendUint64(out, 0)
	out = binary.BigEndian.AppendUint64(out, size)
	return append(out, root...)
}

type theirMember struct {
	code    string
	root    ed25519.PublicKey
	ed25519 ed25519.PublicKey
	mldsa   *mldsa.PublicKey
}

type theirCharter struct {
	id      [32]byte
	origin  string
	quorum  int
	members []theirMember
}

func readTheirCharter(genesis []byte) (*theirCharter, error) {
	in := cursor(genesis)
	raw := in.vector(3)
	c := &theirCharter{id: sha256.Sum256(raw)}
	c.origin = fmt.Sprintf("comity/%x", c.id[:8])
	body := cursor(raw)
	body.take(1)
	body.vector(1)
	body.take(8)
	n := int(body.uint(1))
	c.quorum = (n+(n-1)/3)/2 + 1
	for range n {
		m := theirMember{code: string(body.take(2))}
		body.vector(1)
		m.root = ed25519.PublicKey(body.take(32))
		body.take(32)
		body.vector(1)
		body.take(32)
		m.ed25519 = ed25519.PublicKey(body.take(32))
		var err error
		if m.mldsa, err = mldsa.NewPublicKey(mldsa.MLDSA44(), body.take(1312)); err != nil {
			return nil, err
		}
		c.members = append(c.members, m)
	}
	for _, m := range c.members {
		if !ed25519.Verify(m.root, sshsig("charter@comity", raw), in.take(64)) {
			return nil, fmt.Errorf("the signature of %s", m.code)
		}
	}
	return c, nil
}

// theirVerifier is one of a node's keys for package note.
type theirVerifier struct {
	name   string
	hash   uint32
	verify func(text, sig []byte) bool
}

func (v theirVerifier) Name() string                 { return v.name }
func (v theirVerifier) KeyHash() uint32              { return v.hash }
func (v theirVerifier) Verify(text, sig []byte) bool { return v.verify(text, sig) }

func newTheirVerifier(name string, alg byte, key []byte, verify func(text []byte, time uint64, sig []byte) bool) note.Verifier {
	h := sha256.Sum256(append([]byte(name+"\n"+string(alg)), key...))
	return theirVerifier{name, binary.BigEndian.Uint32(h[:]), func(text, sig []byte) bool {
		return len(sig) > 8 && verify(text, binary.BigEndian.Uint64(sig), sig[8:])
	}}
}

// open verifies a note and returns size and root.
func (c *theirCharter) open(data []byte) (size int64, root tlog.Hash, bureaus int, err error) {
	var known []note.Verifier
	for _, m := range c.members {
		name := strings.ToLower(m.code) + ".comity/n1"
		known = append(known,
			newTheirVerifier(name, 4, m.ed25519, func(text []byte, time uint64, sig []byte) bool {
				return ed25519.Verify(m.ed25519, cosigned04(string(text), time), sig)
			}),
			newTheirVerifier(name, 6, m.mldsa.Bytes(), func(text []byte, time uint64, sig []byte) bool {
				lines := strings.Split(string(text), "\n")
				size, err1 := strconv.ParseUint(lines[1], 10, 64)
				root, err2 := base64.StdEncoding.DecodeString(lines[2])
				return err1 == nil && err2 == nil && mldsa.Verify(m.mldsa, cosigned06(name, lines[0], size, root, time), sig, nil) == nil
			}))
	}
	n, err := note.Open(data, note.VerifierList(known...))
	if err != nil {
		return 0, root, 0, err
	}
	lines := make(map[string]int)
	for _, s := range n.Sigs {
		if lines[s.Name]++; lines[s.Name] == 2 {
			bureaus++
		}
	}
	text := strings.Split(n.Text, "\n")
	if text[0] != c.origin || bureaus < c.quorum {
		return 0, root, bureaus, fmt.Errorf("origin %s, cosigned by %d", text[0], bureaus)
	}
	if size, err = strconv.ParseInt(text[1], 10, 64); err != nil {
		return 0, root, bureaus, err
	}
	root, err = tlog.ParseHash(text[2])
	return size, root, bureaus, err
}

// receipt verifies a receipt for an entry and returns the index.
func (c *theirCharter) receipt(data, entry []byte) (int64, error) {
	head, rest, _ := strings.Cut(string(data), "\n\n")
	lines := strings.Split(head, "\n")
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[1], "index "), 10, 64)
	if err != nil || lines[0] != "c2sp.org/tlog-proof@v1" {
		return 0, fmt.Errorf("header %q", lines[:2])
	}
	var path tlog.RecordProof
	for _, line := range lines[2:] {
		h, err := tlog.ParseHash(line)
		if err != nil {
			return 0, err
		}
		path = append(path, h)
	}
	size, root, _, err := c.open([]byte(rest))
	if err != nil {
		return 0, err
	}
	return index, tlog.CheckRecord(path, size, root, index, tlog.RecordHash(entry))
}

// keyID is that of a signing key.
func keyID(pub []byte) [32]byte {
	return sha256.Sum256(append([]byte("comity/v1/key\x00\x01"), pub...))
}

// exhibit verifies an exhibit and returns the labels of the signers.
func (c *theirCharter) exhibit(data []byte) ([]string, error) {
	in := cursor(data)
	in.take(len("comity exhibit v1\n"))
	if [32]byte(in.take(32)) != c.id {
		return nil, fmt.Errorf("other ledger")
	}
	raw, body, proof := in.vector(3), in.vector(3), in.vector(3)
	entry := cursor(raw)
	statement := entry.vector(3)
	sigs := cursor(entry.vector(2))
	if [32]byte(statement[2:34]) != c.id || sha256.Sum256(body) != [32]byte(statement[186:218]) {
		return nil, fmt.Errorf("ledger or body")
	}
	index, err := c.receipt(proof, raw)
	if err != nil {
		return nil, err
	}
	var labels []string
	for range in.uint(1) {
		key, sig := [32]byte(sigs.take(32)), sigs.take(64)
		rawEnrol, proofEnrol := in.vector(3), in.vector(3)
		enrolment := cursor(rawEnrol)
		st := enrolment.vector(3)
		sigsEnrol := cursor(enrolment.vector(2))
		var root ed25519.PublicKey
		for _, m := range c.members {
			if keyID(m.root) == [32]byte(st[34:66]) && keyID(m.root) == [32]byte(sigsEnrol.take(32)) {
				root = m.root
			}
		}
		if st[1] != 11 || root == nil || !ed25519.Verify(root, sshsig("statement@comity", st), sigsEnrol.take(64)) {
			return nil, fmt.Errorf("enrolment")
		}
		at, err := c.receipt(proofEnrol, rawEnrol)
		if err != nil || at >= index {
			return nil, fmt.Errorf("enrolment at %d: %v", at, err)
		}
		public := cursor(st[224:])
		purpose, label := public.uint(1), string(public.vector(1))
		public.take(3)
		pub := ed25519.PublicKey(public.vector(2))
		id, rootID := c.id, keyID(root)
		possession := append(append(id[:], rootID[:]...), pub...)
		if purpose != 1 || keyID(pub) != key || !ed25519.Verify(pub, sshsig("enrol@comity", possession), public.vector(1)) ||
			!ed25519.Verify(pub, sshsig("statement@comity", statement), sig) {
			return nil, fmt.Errorf("signature of %s", label)
		}
		labels = append(labels, label)
	}
	return labels, nil
}

// evidence verifies an evidence and returns how many bureaus cosigned either
// checkpoint.
func (c *theirCharter) evidence(data []byte) (other, final int, err error) {
	in := cursor(data)
	in.take(len("comity evidence v1\n"))
	if [32]byte(in.take(32)) != c.id {
		return 0, 0, fmt.Errorf("other ledger")
	}
	first, second := in.vector(3), in.vector(3)
	root := tlog.Hash(in.take(32))
	var proof tlog.TreeProof
	for range in.uint(1) {
		proof = append(proof, tlog.Hash(in.take(32)))
	}
	one := *c
	one.quorum = 1
	size, claimed, other, err := one.open(first)
	if err != nil {
		return 0, 0, err
	}
	total, top, final, err := c.open(second)
	if err != nil {
		return 0, 0, err
	}
	// FORMAT.md allows no line but those of the cosigners.
	if strings.Count(string(first), "\n— ") != 2*other || strings.Count(string(second), "\n— ") != 2*final {
		return 0, 0, fmt.Errorf("lines")
	}
	switch {
	case size > total || claimed == root || size == total && (root != top || len(proof) > 0):
		err = fmt.Errorf("no contradiction")
	case size == 0 && (root != sha256.Sum256(nil) || len(proof) > 0):
		err = fmt.Errorf("no contradiction at 0")
	case 0 < size && size < total:
		err = tlog.CheckTree(proof, total, top, size, root)
	}
	return other, final, err
}

func TestIndependentReader(t *testing.T) {
	one, err := readTheirCharter(readVector(t, "genesis-one").data)
	if err != nil {
		t.Fatal(err)
	}
	labels, err := one.exhibit(readVector(t, "exhibit").data)
	if got, want := strings.Join(labels, " "), "desk-1 head-1"; err != nil || got != want {
		t.Errorf("exhibit: got signers %q, error %v; want %q", got, err, want)
	}
	for _, name := range []string{"exhibit-body-changed", "exhibit-other-index"} {
		if _, err := one.exhibit(readVector(t, name).data); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	four, err := readTheirCharter(readVector(t, "genesis-four").data)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range vectorNames(t) {
		v := readVector(t, name)
		if v.kind != "note" || name == "note-base64-bits" { // here package note is less strict than we are
			continue
		}
		if _, _, bureaus, err := four.open(v.data); (err == nil) != (v.result == "ok") {
			t.Errorf("%s: cosigned by %d, error %v; want %s", name, bureaus, err, v.result)
		}
	}
	for _, name := range vectorNames(t) {
		v := readVector(t, name)
		if v.kind != "evidence" || v.result == "malformed" || v.result == "other-ledger" {
			continue
		}
		if other, final, err := four.evidence(v.data); (err == nil) != (v.result == "ok") {
			t.Errorf("%s: cosigned by %d and %d, error %v; want %s", name, other, final, err, v.result)
		}
	}
	if _, err := one.exhibit(flip(readVector(t, "exhibit").data, 60, 1)); err == nil {
		t.Error("exhibit with a changed statement: accepted")
	}
}
