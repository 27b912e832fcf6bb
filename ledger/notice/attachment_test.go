package notice

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"comity/crypto/keys"
	"comity/crypto/seal"
	"comity/ledger"
)

func sampleAttachment(part seal.Compartment, name string, b byte) Attachment {
	return NewAttachment(part, name, "image/jpeg", 4000, [32]byte{b}, [32]byte{b, 1}, seal.AttachmentKey{ID: [16]byte{b}, Key: [32]byte{0xf0, b}})
}

func TestFileNames(t *testing.T) {
	for _, name := range []string{"ferry.jpg", "Überfahrt 3 (kopie).pdf", "照片.png", "صورة.jpg", "a", strings.Repeat("x", 120), "nul-and-void.txt"} {
		if err := CheckFileName(name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	for _, name := range []string{"", ".", "..", ".bashrc", "../x", "a/b", `a\b`, "C:x", "x\x00y", "x\ny", "x\x1b[2J", "x\u202egpj.exe", "x\u2066y", "x\u200by", "\ufeffx",
		"a\u00a0b", "-rf", "~x", " x", "x ", "x.", "nul", "NUL.txt", "com1.jpg", "LPT9", "a\xff", "a\ufffd", "a*", "\u2028x", strings.Repeat("x", 121)} {
		if CheckFileName(name) == nil {
			t.Errorf("%q is taken for a file name", name)
		}
	}
}

// TestAttachmentsInParts: each file stands in its part and in no other, its key
// nowhere but there, and its address in the clear.
func TestAttachmentsInParts(t *testing.T) {
	asOf := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	n := ChildCase(asOf)
	n.Attachments = []Attachment{sampleAttachment(seal.Victim, "school.jpg", 9), sampleAttachment(seal.Body, "chat.png", 7), sampleAttachment(seal.Card, "face.jpg", 8)}
	if err := n.Validate(asOf); err != nil {
		t.Fatal(err)
	}
	o := Origin{Ledger: keys.ID{1}, Author: keys.ID{2}, Bureau: "XA"}
	parts, err := n.Parts(o)
	if err != nil {
		t.Fatal(err)
	}
	header := n.Publish()
	if len(header.Attachments) != 3 || header.Attachments[0].Address != (ledger.Hash{7, 1}) || header.Attachments[2].Address != (ledger.Hash{9, 1}) {
		t.Fatalf("in the clear: %+v", header.Attachments)
	}
	var opened []seal.Opened
	for i, name := range []string{"face.jpg", "chat.png", "school.jpg"} {
		if got := strings.Count(string(parts[i].Plaintext), `"name":"`+name+`"`); got != 1 || strings.Count(string(parts[i].Plaintext), `"sealed_size"`) != 1 {
			t.Errorf("%s: %s", name, parts[i].Plaintext)
		}
		opened = append(opened, seal.Opened{Compartment: parts[i].Compartment, Plaintext: parts[i].Plaintext})
	}
	v, err := OpenParts(o, header, opened)
	if err != nil || len(v.Attachments) != 3 {
		t.Fatalf("%+v, %v", v, err)
	}
	for i := range v.Attachments {
		if err := v.Obtainable(&v.Attachments[i]); err != nil {
			t.Error(err)
		}
	}
	shown, err := json.Marshal(v)
	if err != nil || strings.Contains(string(shown), v.Attachments[0].Key) || !strings.Contains(string(shown), "chat.png") {
		t.Errorf("shown: %s, %v", shown, err)
	}
	written, err := n.Marshal()
	if err != nil || strings.Contains(string(written), "attachments") {
		t.Errorf("the document: %s, %v", written, err)
	}
	v.Header.Attachments = v.Header.Attachments[1:]
	if v.Obtainable(&v.Attachments[1]) == nil {
		t.Error("a file that the entry does not name can be had")
	}
}

func TestAttachmentProblems(t *testing.T) {
	asOf := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	with := func(part seal.Compartment, change func(a *Attachment)) []Attachment {
		a := sampleAttachment(part, "a.jpg", 1)
		change(&a)
		return []Attachment{a}
	}
	for name, list := range map[string][]Attachment{
		"path":         with(seal.Body, func(a *Attachment) { a.Name = "../a.jpg" }),
		"type":         with(seal.Body, func(a *Attachment) { a.Type = "image" }),
		"size":         with(seal.Body, func(a *Attachment) { a.Size = seal.MaxAttachment + 1; a.Sealed = seal.SealedSize(a.Size) }),
		"negative":     with(seal.Body, func(a *Attachment) { a.Size = -1 }),
		"sealed":       with(seal.Body, func(a *Attachment) { a.Sealed++ }),
		"hash":         with(seal.Body, func(a *Attachment) { a.SHA256 = "00" }),
		"key":          with(seal.Body, func(a *Attachment) { a.Key = "" }),
		"address":      with(seal.Body, func(a *Attachment) { a.Address = strings.ToUpper(a.Address[:63]) + "F" }),
		"card":         with(seal.Card, func(a *Attachment) { a.Size = MaxCardAttachment + 1; a.Sealed = seal.SealedSize(a.Size) }),
		"no such part": with(4, func(*Attachment) {}),
		"twice":        {sampleAttachment(seal.Body, "a.jpg", 1), sampleAttachment(seal.Card, "A.JPG", 2)},
		"too many":     make([]Attachment, 17),
	} {
		n := ChildCase(asOf)
		n.Attachments = list
		if n.Validate(asOf) == nil {
			t.Errorf("%s: valid", name)
		}
	}
}
