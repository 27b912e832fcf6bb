package notice

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"comity/crypto/keys"
	"comity/crypto/seal"
	"comity/ledger"
)

// Attachment is a file of a notice. The file itself is sealed and lies with
// nodes, under its address; what is here stands in a sealed part, and lets who
// opens the part find, open and check it. Authors do not write it: programs do.
type Attachment struct {
	Part   seal.Compartment `json:"-"` // in which it stands
	Author keys.ID          `json:"-"` // whose statement named its address first; set by who read the entry

	Name    string `json:"name"` // of the file, without a folder
	Type    string `json:"type"` // media type, as the author's program took it
	Size    int64  `json:"size"`
	SHA256  string `json:"sha256"`      // of the file
	Address string `json:"address"`     // SHA-256 of the sealed bytes
	Sealed  int64  `json:"sealed_size"` // how many there are
	ID      string `json:"id"`
	Key     string `json:"key,omitempty"` // content key; left out wherever it is only shown
}

// Bounds of attachments.
const (
	MaxFileName       = 120     // bytes
	MaxCardAttachment = 1 << 20 // a checkpoint gets it over a slow line
)

// NewAttachment describes a file that was sealed under k.
func NewAttachment(part seal.Compartment, name, mediaType string, size int64, file, address [32]byte, k seal.AttachmentKey) Attachment {
	return Attachment{Part: part, Name: name, Type: mediaType, Size: size, SHA256: hex.EncodeToString(file[:]), Address: hex.EncodeToString(address[:]),
		Sealed: seal.SealedSize(size), ID: hex.EncodeToString(k.ID[:]), Key: hex.EncodeToString(k.Key[:])}
}

// Without returns the attachments without their keys, to be shown.
func Without(list []Attachment) []Attachment {
	out := slices.Clone(list)
	for i := range out {
		out[i].Key = ""
	}
	return out
}

// Public returns what stands of it in the clear.
func (a *Attachment) Public() (ledger.Attachment, error) {
	p := ledger.Attachment{Size: uint64(a.Sealed)}
	return p, unhex(p.Address[:], a.Address, "address")
}

// Hash returns the hash of the file.
func (a *Attachment) Hash() (h [32]byte, err error) {
	err = unhex(h[:], a.SHA256, "sha256")
	return h, err
}

// AttachmentKey returns what opens the file.
func (a *Attachment) AttachmentKey() (k seal.AttachmentKey, err error) {
	if err = unhex(k.ID[:], a.ID, "id"); err == nil {
		err = unhex(k.Key[:], a.Key, "key")
	}
	return k, err
}

func unhex(into []byte, text, what string) error {
	if !isHex(text, len(into)) {
		return fmt.Errorf("its %s is not %d bytes in hexadecimal", what, len(into))
	}
	_, err := hex.Decode(into, []byte(text))
	return err
}

// Check refuses an attachment that nobody can fetch, or whose name could do
// harm where it becomes a file: what an author sealed is hostile to its readers.
// Only a key may be missing.
func (a *Attachment) Check() error {
	if err := CheckFileName(a.Name); err != nil {
		return err
	}
	_, addressErr := a.Public()
	_, hashErr := a.Hash()
	k := *a
	k.Key = cmp.Or(k.Key, strings.Repeat("0", 64))
	_, keyErr := k.AttachmentKey()
	switch {
	case !isMediaType(a.Type):
		return fmt.Errorf("%.40q is not a media type", a.Type)
	case a.Size < 0 || a.Size > seal.MaxAttachment:
		return fmt.Errorf("%d bytes; a file has at most %d", a.Size, seal.MaxAttachment)
	case a.Part == seal.Card && a.Size > MaxCardAttachment:
		return fmt.Errorf("%d bytes; a file on the card has at most %d", a.Size, MaxCardAttachment)
	case a.Sealed != seal.SealedSize(a.Size):
		return errors.New("its size does not agree with that of the sealed bytes")
	}
	return errors.Join(addressErr, hashErr, keyErr)
}

// CheckFileName refuses a name that is no plain file name wherever it is
// written: a path, a hidden file, an option, a device of some system, what
// rewrites a terminal or runs from right to left.
func CheckFileName(name string) error {
	switch {
	case name == "" || len(name) > MaxFileName || !utf8.ValidString(name):
		return fmt.Errorf("a file name has 1 to %d bytes of UTF-8", MaxFileName)
	case strings.ContainsAny(name, `/\:*?"<>|`):
		return fmt.Errorf(`%.40q: a file name has none of / \ : * ? " < > |`, name)
	case strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) || r == utf8.RuneError }):
		return fmt.Errorf("%.40q: a file name has no control characters", name)
	case strings.ContainsAny(name[:1], ".- ~") || strings.ContainsAny(name[len(name)-1:], ". "):
		return fmt.Errorf("%.40q: a file name does not begin with . - ~ or a space, nor end with . or a space", name)
	}
	base, _, _ := strings.Cut(strings.ToUpper(name), ".")
	if base = strings.TrimSpace(base); slices.Contains(devices, base) || len(base) == 4 && (base[:3] == "COM" || base[:3] == "LPT") && base[3] >= '0' && base[3] <= '9' {
		return fmt.Errorf("%.40q is a device on some systems", name)
	}
	return nil
}

var devices = []string{"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"}

// isMediaType reports whether s is a type and a subtype, without parameters.
func isMediaType(s string) bool {
	kind, sub, ok := strings.Cut(s, "/")
	return ok && len(s) <= 80 && kind != "" && sub != "" && allIn(kind+sub, lowerLetters+decimalDigits+".+-_")
}

// checkAttachments says what is wrong with the files of a notice.
func (n *Notice) checkAttachments(p *problems) {
	if len(n.Attachments) > ledger.MaxAttachments {
		p.add("attachments", "%d files; a notice has at most %d", len(n.Attachments), ledger.MaxAttachments)
		return
	}
	for i := range n.Attachments {
		a := &n.Attachments[i]
		at := index("attachments", i)
		if err := a.Check(); err != nil {
			p.add(at, "%s", err)
		}
		if a.Key == "" {
			p.add(at, "%.40q has no key", a.Name)
		}
		there := a.Part == seal.Card && n.Card != nil || a.Part == seal.Body && n.Body != nil || a.Part == seal.Victim && n.Victim != nil
		if !there {
			p.add(at, "%.40q is for the %s, and the notice has none", a.Name, a.Part)
		}
		if slices.ContainsFunc(n.Attachments[:i], func(b Attachment) bool { return strings.EqualFold(a.Name, b.Name) }) {
			p.add(at, "%.40q is the name of two files; readers would have to guess", a.Name)
		}
	}
}

// publicAttachments returns what stands of the files in the clear: each address
// once, in order.
func (n *Notice) publicAttachments() (list []ledger.Attachment) {
	for i := range n.Attachments {
		if p, err := n.Attachments[i].Public(); err == nil {
			list = append(list, p)
		}
	}
	slices.SortFunc(list, func(a, b ledger.Attachment) int { return bytes.Compare(a.Address[:], b.Address[:]) })
	return slices.CompactFunc(list, func(a, b ledger.Attachment) bool { return a.Address == b.Address })
}

// attachmentsOf returns the files that stand in one part.
func attachmentsOf(list []Attachment, c seal.Compartment) (out []Attachment) {
	for _, a := range list {
		if a.Part == c {
			out = append(out, a)
		}
	}
	return out
}

// Obtainable says why a reader of this view cannot get one of its files, nil if
// nothing speaks against it: what the part says, and what stands in the clear.
func (v *View) Obtainable(a *Attachment) error {
	if err := a.Check(); err != nil {
		return err
	}
	p, err := a.Public()
	if err == nil && !slices.Contains(v.Header.Attachments, p) {
		err = errors.New("the entry of this version does not name it")
	}
	return err
}
