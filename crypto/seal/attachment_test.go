package seal

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

// sealedAttachment seals a text with values that never change.
func sealedAttachment(t testing.TB, k AttachmentKey, text string) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := sealAttachment(ctx, k, [saltSize]byte{3}, &out, strings.NewReader(text), int64(len(text))); err != nil {
		t.Fatal(err)
	}
	if int64(out.Len()) != SealedSize(int64(len(text))) || !IsSealedSize(uint64(out.Len())) {
		t.Fatalf("%d bytes become %d, want %d", len(text), out.Len(), SealedSize(int64(len(text))))
	}
	return out.Bytes()
}

// attachmentVectors are the vectors of attachments. They use no randomness.
func attachmentVectors(t testing.TB) map[string]vector {
	k := AttachmentKey{ID: [partIDSize]byte{0xa7}, Key: [contentKeySize]byte{0x5e}}
	wrong := AttachmentKey{ID: [partIDSize]byte{0xa7}, Key: [contentKeySize]byte{0x5f}}
	moved := AttachmentKey{ID: [partIDSize]byte{0xa8}, Key: [contentKeySize]byte{0x5e}}
	text := "a picture of the ferry at Low Brack"
	long := strings.Repeat("comity ", 16_380/7) // with its length one whole chunk
	other, empty := AttachmentKey{Key: [contentKeySize]byte{0x60}}, AttachmentKey{Key: [contentKeySize]byte{0x61}}
	one, two := sealedAttachment(t, k, text), sealedAttachment(t, other, long)
	opens := func(v vector) vector {
		v.result, v.opens = v.openAttachment()
		if v.result != "opens" {
			t.Fatalf("%s: %s", v.comment, v.result)
		}
		return v
	}
	set := func(data []byte, at int) []byte {
		data = bytes.Clone(data)
		data[at] ^= 1
		return data
	}
	return map[string]vector{
		"attachment":          opens(vector{comment: "A small file.", ctx: ctx, attachment: &k, body: one}),
		"attachment-two":      opens(vector{comment: "A file that fills a chunk: an empty one follows.", ctx: ctx, attachment: &other, body: two}),
		"attachment-empty":    opens(vector{comment: "An empty file.", ctx: ctx, attachment: &empty, body: sealedAttachment(t, empty, "")}),
		"attachment-key":      {comment: "Another key.", attachment: &wrong, result: "nothing", body: one},
		"attachment-id":       {comment: "The key under another id.", attachment: &moved, result: "nothing", body: one},
		"attachment-ledger":   {comment: "In another ledger.", ctx: Context{ledger2, officerXA}, attachment: &k, result: "nothing", body: one},
		"attachment-author":   {comment: "Under another author's statement.", ctx: Context{ledger1, officerXB}, attachment: &k, result: "nothing", body: one},
		"attachment-flipped":  {comment: "A bit of the last byte is flipped.", attachment: &k, result: "nothing", body: set(one, len(one)-1)},
		"attachment-swapped":  {comment: "The last chunk comes first.", attachment: &other, result: "nothing", body: append(append(bytes.Clone(two[:headerSize]), two[headerSize+chunkSize+tagSize:]...), two[headerSize:headerSize+chunkSize+tagSize]...)},
		"attachment-cut":      {comment: "The empty last chunk is missing.", attachment: &other, result: "malformed", body: two[:headerSize+chunkSize+tagSize]},
		"attachment-trailing": {comment: "A byte too many.", attachment: &k, result: "malformed", body: append(bytes.Clone(one), 0)},
	}
}

func TestAttachment(t *testing.T) {
	for _, n := range []int{0, 1, 1020, 1021, chunkSize - 4, chunkSize - 3, 3*chunkSize + 7, 300_000} {
		file := bytes.Repeat([]byte{byte(n), 1, 2}, n/3+1)[:n]
		var sealed, again, out bytes.Buffer
		k, err := SealAttachment(ctx, &sealed, bytes.NewReader(file), int64(n))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := SealAttachment(ctx, &again, bytes.NewReader(file), int64(n)); err != nil || bytes.Equal(sealed.Bytes(), again.Bytes()) {
			t.Fatalf("%d bytes twice: %v, equal", n, err)
		}
		size, err := OpenAttachment(ctx, k, &out, &sealed, int64(sealed.Len()))
		if err != nil || size != int64(n) || !bytes.Equal(out.Bytes(), file) {
			t.Fatalf("%d bytes: opened %d, %v", n, size, err)
		}
		if s := fmt.Sprintf("%v %+v %#v %s %x", k, k, k, &k, k); strings.Contains(s, fmt.Sprintf("%x", k.Key[:4])) {
			t.Errorf("the key is printed: %s", s)
		}
	}
	if SealedSize(MaxAttachment) != MaxSealedAttachment || !IsSealedSize(MaxSealedAttachment) || IsSealedSize(MaxSealedAttachment+1) || IsSealedSize(1<<63) {
		t.Error("the bound of a sealed attachment is not that of the largest file")
	}
}

// TestAttachmentRefuses: a file that changes while it is sealed, one that is too
// large, and sealed bytes of another length than was said.
func TestAttachmentRefuses(t *testing.T) {
	for name, r := range map[string]io.Reader{"shorter": strings.NewReader("abc"), "longer": strings.NewReader("abcdefgh")} {
		if _, err := SealAttachment(ctx, io.Discard, r, 5); !errors.Is(err, errChanged) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := SealAttachment(ctx, io.Discard, strings.NewReader(""), MaxAttachment+1); err == nil {
		t.Error("too large a file was sealed")
	}
	k := AttachmentKey{Key: [contentKeySize]byte{1}}
	sealed := sealedAttachment(t, k, strings.Repeat("x", 20_000))
	for _, n := range []int{0, headerSize, len(sealed) - 1, headerSize + chunkSize + tagSize} {
		if _, err := OpenAttachment(ctx, k, io.Discard, bytes.NewReader(sealed[:n]), int64(len(sealed))); err != ErrAttachment {
			t.Errorf("cut at %d: %v", n, err)
		}
		if _, err := OpenAttachment(ctx, k, io.Discard, bytes.NewReader(sealed), int64(n)); err != ErrAttachment {
			t.Errorf("said to be %d: %v", n, err)
		}
	}
	if _, err := OpenAttachment(ctx, k, io.Discard, bytes.NewReader(append(sealed, 0)), int64(len(sealed))); err != ErrAttachment {
		t.Errorf("a byte too many: %v", err)
	}
}

// FuzzOpenAttachment: whatever opens is what was sealed.
func FuzzOpenAttachment(f *testing.F) {
	known := readVector(f, "testdata/vectors/attachment.txt")
	addVectors(f, func(v *vector) { f.Add(v.body) })
	f.Fuzz(func(t *testing.T, body []byte) {
		v := *known
		v.body = body
		if result, _ := v.run(); result == "opens" && !bytes.Equal(body, known.body) {
			t.Errorf("%d bytes open that were not sealed: %.40x", len(body), body)
		}
	})
}

// Memory stays that of two chunks, whatever the size.
func BenchmarkAttachment(b *testing.B) {
	const size = 16 << 20
	b.Run("seal", func(b *testing.B) {
		b.SetBytes(size)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := SealAttachment(ctx, io.Discard, io.LimitReader(zeroReader{}, size), size); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("open", func(b *testing.B) {
		var sealed bytes.Buffer
		k, err := SealAttachment(ctx, &sealed, io.LimitReader(zeroReader{}, size), size)
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(size)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := OpenAttachment(ctx, k, io.Discard, bytes.NewReader(sealed.Bytes()), int64(sealed.Len())); err != nil {
				b.Fatal(err)
			}
		}
	})
}
