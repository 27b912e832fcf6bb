package ledger

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"comity/crypto/keys"

	"filippo.io/mldsa"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/mod/sumdb/note"
)

// Checkpoint names a state of the log: its first Size entries have this root.
// Its text is c2sp.org/tlog-checkpoint without extension lines:
//
//	comity/6f1d2a90c3b44e57
//	1284
//	2QsweMQyHCfAkdEs6B8ymJm9nSTwXZs9+D6dY3dNYAQ=
type Checkpoint struct {
	Origin string
	Size   uint64
	Root   Hash
}

// maxSize keeps sizes in the range of an int64, as every tlog library has it.
const maxSize = 1<<62 - 1

// MaxTime is the last second of the year 9999, POSIX seconds: a time in signed
// bytes is one that every calendar can show.
const MaxTime = 253_402_300_799

// MaxNote bounds a checkpoint's note: 15 cosigners have lines of some 3.4 KB
// each, and others may add theirs.
const MaxNote = 96 << 10

const (
	maxOrigin     = 255 // the cosigned message has a u8 for its length
	maxCheckpoint = maxOrigin + 1 + 20 + 1 + 44 + 1
)

// String returns the checkpoint's text: the body of the note that is cosigned.
func (c Checkpoint) String() string {
	return fmt.Sprintf("%s\n%d\n%s\n", c.Origin, c.Size, base64.StdEncoding.EncodeToString(c.Root[:]))
}

// ParseCheckpoint is the inverse of [Checkpoint.String].
func ParseCheckpoint(text string) (Checkpoint, error) {
	if len(text) > maxCheckpoint {
		return Checkpoint{}, ErrMalformed
	}
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[0] == "" || len(lines[0]) > maxOrigin {
		return Checkpoint{}, ErrMalformed
	}
	size, err1 := strconv.ParseUint(lines[1], 10, 64)
	root, err2 := base64.StdEncoding.DecodeString(lines[2])
	if err1 != nil || err2 != nil || len(root) != sha256.Size || size > maxSize {
		return Checkpoint{}, ErrMalformed
	}
	c := Checkpoint{lines[0], size, Hash(root)}
	if c.String() != text {
		return Checkpoint{}, ErrMalformed
	}
	return c, nil
}

// Algorithm bytes of c2sp.org/tlog-cosignature.
const (
	algCosignEd25519 = 0x04
	algCosignMLDSA44 = 0x06
)

// Cosignature is the statement of one node that it holds the log up to a
// checkpoint and that this checkpoint extends every one it signed before. It is
// made twice, with Ed25519 and with ML-DSA-44, and counts only if both verify,
// so that history stays unforgeable if either falls.
type Cosignature struct {
	Node    string // "xa.comity/n1"
	Size    uint64
	Root    Hash
	Time    uint64 // POSIX seconds by the node's clock: a claim
	Ed25519 [ed25519.SignatureSize]byte
	MLDSA   [mldsa.MLDSA44SignatureSize]byte
}

// Cosign signs a checkpoint as the named node. The caller has checked that it
// extends what the node signed before, and has made that durable, before.
func Cosign(w *keys.Witness, node string, c Checkpoint, time uint64) (*Cosignature, error) {
	out := &Cosignature{Node: node, Size: c.Size, Root: c.Root, Time: time}
	ed, err := w.SignEd25519(ed25519Message(c, time))
	if err != nil {
		return nil, fmt.Errorf("cosign checkpoint %d: %w", c.Size, err)
	}
	dsa, err := w.SignMLDSA(mldsaMessage(node, c, time))
	if err != nil {
		return nil, fmt.Errorf("cosign checkpoint %d: %w", c.Size, err)
	}
	copy(out.Ed25519[:], ed)
	copy(out.MLDSA[:], dsa)
	return out, nil
}

// Verify reports whether both signatures are by the node's keys over the
// checkpoint with the given origin.
func (s *Cosignature) Verify(w keys.WitnessPublic, origin string) bool {
	c := Checkpoint{origin, s.Size, s.Root}
	return ed25519.Verify(w.Ed25519, ed25519Message(c, s.Time), s.Ed25519[:]) &&
		mldsa.Verify(w.MLDSA, mldsaMessage(s.Node, c, s.Time), s.MLDSA[:], nil) == nil
}

// Marshal returns the encoding of s as Raft commands carry it.
func (s *Cosignature) Marshal() []byte {
	b := cryptobyte.NewBuilder(make([]byte, 0, 2600))
	addString8(b, s.Node)
	b.AddUint64(s.Size)
	b.AddBytes(s.Root[:])
	b.AddUint64(s.Time)
	b.AddBytes(s.Ed25519[:])
	b.AddBytes(s.MLDSA[:])
	return b.BytesOrPanic()
}

// ParseCosignature is the inverse of [Cosignature.Marshal].
func ParseCosignature(data []byte) (*Cosignature, error) {
	in := cryptobyte.String(data)
	s, err := readCosignature(&in)
	if err != nil || !in.Empty() {
		return nil, ErrMalformed
	}
	return s, nil
}

func readCosignature(in *cryptobyte.String) (*Cosignature, error) {
	var s Cosignature
	if !readString8(in, &s.Node) || !in.ReadUint64(&s.Size) || !in.CopyBytes(s.Root[:]) || !in.ReadUint64(&s.Time) ||
		!in.CopyBytes(s.Ed25519[:]) || !in.CopyBytes(s.MLDSA[:]) || s.Size > maxSize || s.Time > MaxTime {
		return nil, ErrMalformed
	}
	return &s, nil
}

// ed25519Message is the message of a cosignature/v1 (algorithm 0x04).
func ed25519Message(c Checkpoint, time uint64) []byte {
	return fmt.Appendf(nil, "cosignature/v1\ntime %d\n%s", time, c)
}

// mldsaMessage is the cosigned_message of a subtree/v1 cosignature (algorithm
// 0x06) over the whole tree [0, size).
func mldsaMessage(name string, c Checkpoint, time uint64) []byte {
	b := cryptobyte.NewBuilder(make([]byte, 0, 160))
	b.AddBytes([]byte("subtree/v1\n\x00"))
	addString8(b, name)
	b.AddUint64(time)
	addString8(b, c.Origin)
	b.AddUint64(0)
	b.AddUint64(c.Size)
	b.AddBytes(c.Root[:])
	return b.BytesOrPanic()
}

// FormatNote writes the signed note of a checkpoint with two lines per
// cosignature, in the order given. It leaves out those of nodes that are not in w.
func FormatNote(c Checkpoint, w map[string]keys.WitnessPublic, cosigs []*Cosignature) []byte {
	var b strings.Builder
	b.WriteString(c.String())
	b.WriteString("\n")
	line := func(name string, hash uint32, time uint64, sig []byte) {
		raw := binary.BigEndian.AppendUint32(nil, hash)
		raw = binary.BigEndian.AppendUint64(raw, time)
		fmt.Fprintf(&b, "— %s %s\n", name, base64.StdEncoding.EncodeToString(append(raw, sig...)))
	}
	for _, s := range cosigs {
		pub, ok := w[s.Node]
		if !ok {
			continue
		}
		line(s.Node, keyHash(s.Node, algCosignEd25519, pub.Ed25519), s.Time, s.Ed25519[:])
		line(s.Node, keyHash(s.Node, algCosignMLDSA44, pub.MLDSA.Bytes()), s.Time, s.MLDSA[:])
	}
	return []byte(b.String())
}

// keyHash is the key id of a note signature (c2sp.org/signed-note).
func keyHash(name string, alg byte, key []byte) uint32 {
	h := sha256.New()
	h.Write([]byte(name + "\n"))
	h.Write([]byte{alg})
	h.Write(key)
	return binary.BigEndian.Uint32(h.Sum(nil))
}

// cosignVerifier makes one of a node's two keys a [note.Verifier].
type cosignVerifier struct {
	name   string
	hash   uint32
	length int
	check  func(c Checkpoint, time uint64, sig []byte) bool
}

func (v *cosignVerifier) Name() string    { return v.name }
func (v *cosignVerifier) KeyHash() uint32 { return v.hash }

func (v *cosignVerifier) Verify(msg, sig []byte) bool {
	c, err := ParseCheckpoint(string(msg))
	if err != nil || len(sig) != 8+v.length {
		return false
	}
	time := binary.BigEndian.Uint64(sig)
	return time <= MaxTime && v.check(c, time, sig[8:])
}

func verifiers(name string, w keys.WitnessPublic) []note.Verifier {
	return []note.Verifier{
		&cosignVerifier{name, keyHash(name, algCosignEd25519, w.Ed25519), ed25519.SignatureSize,
			func(c Checkpoint, time uint64, sig []byte) bool {
				return ed25519.Verify(w.Ed25519, ed25519Message(c, time), sig)
			}},
		&cosignVerifier{name, keyHash(name, algCosignMLDSA44, w.MLDSA.Bytes()), mldsa.MLDSA44SignatureSize,
			func(c Checkpoint, time uint64, sig []byte) bool {
				return mldsa.Verify(w.MLDSA, mldsaMessage(name, c, time), sig, nil) == nil
			}},
	}
}

// ErrQuorum is returned for a checkpoint that too few bureaus cosigned.
var ErrQuorum = errors.New("too few cosignatures")

// Policy says whose cosignatures make a checkpoint of one ledger FINAL, as long as
// one epoch lasts: see [Membership.PolicyAt].
type Policy struct {
	Origin  string
	Quorum  int
	Witness map[string]keys.WitnessPublic // of voters, by node name
	Bureau  map[string]string             // node name to bureau code, of all members

	nodes map[string]keys.WitnessPublic // of all members, who may sign as origin
}

// Voters returns how many nodes may cosign.
func (p *Policy) Voters() int { return len(p.Witness) }

// Open verifies the note of a checkpoint and returns it with the codes of the
// bureaus that cosigned it, in the order of the note. Lines of unknown keys are
// ignored; a bad signature of a known key fails the note, as does a bureau with
// only one of its two signatures when it is needed for the quorum. With
// [ErrQuorum] it returns what it found.
func (p *Policy) Open(data []byte) (Checkpoint, []string, error) {
	o, err := p.open(data)
	return o.at, o.bureaus(), err
}

// Cosigner is a bureau whose two signatures are on a note.
type Cosigner struct {
	Bureau string
	Time   uint64 // POSIX seconds by its node's clock, the later of the two
}

// Cosigners is [Policy.Open] with the clocks of those who cosigned.
func (p *Policy) Cosigners(data []byte) (Checkpoint, []Cosigner, error) {
	o, err := p.open(data)
	return o.at, o.cosigners, err
}

// opened is what was found in the note of a checkpoint.
type opened struct {
	at        Checkpoint
	cosigners []Cosigner
	tidy      []byte // the note with the cosigners' lines alone
	strangers bool   // there are both lines of a node that is not known with these keys
}

// bureaus returns the codes of the cosigners.
func (o *opened) bureaus() []string {
	var codes []string
	for _, c := range o.cosigners {
		codes = append(codes, c.Bureau)
	}
	return codes
}

// open does the work of [Policy.Open].
func (p *Policy) open(data []byte) (opened, error) {
	none := opened{}
	if len(data) > MaxNote {
		return none, fmt.Errorf("checkpoint: %w", ErrMalformed)
	}
	var known []note.Verifier
	for name, w := range p.Witness {
		known = append(known, verifiers(name, w)...)
	}
	n, err := note.Open(data, note.VerifierList(known...))
	if err != nil {
		var bad *note.InvalidSignatureError
		if errors.As(err, &bad) {
			return none, fmt.Errorf("checkpoint: the cosignature of %s is not good", bad.Name)
		}
		if nobody, ok := err.(*note.UnverifiedNoteError); ok {
			return p.unknown(nobody.Note), fmt.Errorf("checkpoint: %w: none by a bureau of this ledger", ErrQuorum)
		}
		return none, fmt.Errorf("checkpoint: %w", ErrMalformed)
	}
	c, err := ParseCheckpoint(n.Text)
	if err != nil {
		return none, fmt.Errorf("checkpoint: %w", err)
	}
	if c.Origin != p.Origin {
		return none, fmt.Errorf("checkpoint: it is one of another ledger (%q, not %q)", c.Origin, p.Origin)
	}
	out := opened{at: c, tidy: []byte(n.Text + "\n"), strangers: strangers(n)}
	lines := make(map[string]int)
	times := make(map[string]uint64)
	for _, s := range n.Sigs { // note.Open drops repeated lines of one key
		raw, err := base64.StdEncoding.DecodeString(s.Base64)
		if err != nil || base64.StdEncoding.EncodeToString(raw) != s.Base64 {
			return none, fmt.Errorf("checkpoint: %w", ErrMalformed)
		}
		times[s.Name] = max(times[s.Name], binary.BigEndian.Uint64(raw[4:])) // its verifier took it for one
		if lines[s.Name]++; lines[s.Name] == 2 {
			out.cosigners = append(out.cosigners, Cosigner{p.Bureau[s.Name], times[s.Name]})
		}
	}
	for _, s := range n.Sigs {
		if lines[s.Name] == 2 {
			out.tidy = fmt.Appendf(out.tidy, "— %s %s\n", s.Name, s.Base64)
		}
	}
	if len(out.cosigners) < p.Quorum {
		return out, fmt.Errorf("checkpoint %d: %w: %d of %d needed", c.Size, ErrQuorum, len(out.cosigners), p.Quorum)
	}
	return out, nil
}

// unknown returns what can be said of a note without a line of a known node: if it
// is of this ledger at all, nothing but that strangers cosigned it.
func (p *Policy) unknown(n *note.Note) opened {
	c, err := ParseCheckpoint(n.Text)
	if err != nil || c.Origin != p.Origin || !strangers(n) {
		return opened{}
	}
	return opened{at: c, strangers: true}
}

// strangers reports whether a note has two lines that look like the cosignature
// of a bureau's node whose keys are not known.
func strangers(n *note.Note) bool {
	type half struct {
		name  string
		bytes int
	}
	seen := make(map[half]bool)
	for _, s := range n.UnverifiedSigs {
		raw, err := base64.StdEncoding.DecodeString(s.Base64)
		code, node, _ := strings.Cut(s.Name, ".")
		if err != nil || !isCode([]byte(strings.ToUpper(code))) || NodeName(code) != code+"."+node {
			continue
		}
		seen[half{s.Name, len(raw) - 12}] = true
		if seen[half{s.Name, ed25519.SignatureSize}] && seen[half{s.Name, mldsa.MLDSA44SignatureSize}] {
			return true
		}
	}
	return false
}

// Cosignatures returns the cosignatures in a note, for nodes that hand them on one
// by one; with [ErrQuorum] as well. One whose two lines name different times is
// left out: it counts in a note, and in no other form.
func (p *Policy) Cosignatures(data []byte) ([]*Cosignature, error) {
	o, err := p.open(data)
	if err != nil && !errors.Is(err, ErrQuorum) {
		return nil, err
	}
	halves := make(map[string]*Cosignature)
	var out []*Cosignature
	_, lines, _ := bytes.Cut(o.tidy, []byte("\n\n"))
	for line := range strings.Lines(string(lines)) {
		f := strings.Fields(line)
		raw, err := base64.StdEncoding.DecodeString(f[2])
		if err != nil {
			return nil, ErrMalformed
		}
		time, sig := binary.BigEndian.Uint64(raw[4:]), raw[12:]
		s, second := halves[f[1]], halves[f[1]] != nil
		if !second {
			s = &Cosignature{Node: f[1], Size: o.at.Size, Root: o.at.Root, Time: time}
			halves[f[1]] = s
		}
		if len(sig) == len(s.Ed25519) {
			copy(s.Ed25519[:], sig)
		} else {
			copy(s.MLDSA[:], sig)
		}
		if second && s.Time == time {
			out = append(out, s)
		}
	}
	return out, err
}

// CosignatureHash names a cosignature with its signatures.
func CosignatureHash(s *Cosignature) Hash {
	h := sha256.New()
	h.Write([]byte("comity/v1/cosignature\x00"))
	h.Write(s.Marshal())
	return Hash(h.Sum(nil))
}
