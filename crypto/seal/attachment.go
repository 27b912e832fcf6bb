package seal

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
)

// MaxAttachment is the size of the largest file that is sealed as an attachment.
const MaxAttachment = 64 << 20

// MaxSealedAttachment is how long a sealed attachment is at most.
const MaxSealedAttachment = headerSize + maxPaddedAttachment + (maxPaddedAttachment/chunkSize+1)*tagSize

// maxPaddedAttachment is padme(padPrefix + MaxAttachment): one step of 2 MiB more.
const maxPaddedAttachment = MaxAttachment + 2<<20

// ErrAttachment is the one answer to bytes that are not the attachment that the
// key was made for.
var ErrAttachment = errors.New("not what was sealed as this attachment")

// An AttachmentKey opens one attachment. It goes to readers inside a sealed
// part, so that whoever opens the part opens the attachment. It prints and logs
// as its id.
type AttachmentKey struct {
	ID  [partIDSize]byte
	Key [contentKeySize]byte
}

// String returns the id of the attachment.
func (k AttachmentKey) String() string { return fmt.Sprintf("attachment %x", k.ID) }

// Format writes [AttachmentKey.String], whatever the verb.
func (k AttachmentKey) Format(f fmt.State, _ rune) { fmt.Fprint(f, k.String()) }

// LogValue returns [AttachmentKey.String].
func (k AttachmentKey) LogValue() slog.Value { return slog.StringValue(k.String()) }

// SealedSize returns how long a file of this size is once it is sealed as an
// attachment.
func SealedSize(size int64) int64 {
	return int64(ciphertextSize(padme(padPrefix + int(size))))
}

// IsSealedSize reports whether some file has this length as a sealed attachment.
func IsSealedSize(n uint64) bool {
	if n > MaxSealedAttachment {
		return false
	}
	padded, ok := messageSize(int(n))
	return ok && padded == padme(padded)
}

// SealAttachment seals the size bytes that r has, to w, under a fresh key. It
// holds one chunk at a time. A reader that ends sooner or later is refused: the
// file changed while it was read.
func SealAttachment(ctx Context, w io.Writer, r io.Reader, size int64) (AttachmentKey, error) {
	var (
		k    AttachmentKey
		salt [saltSize]byte
	)
	rand.Read(k.ID[:])
	rand.Read(k.Key[:])
	rand.Read(salt[:])
	if err := sealAttachment(ctx, k, salt, w, r, size); err != nil {
		return AttachmentKey{}, fmt.Errorf("seal attachment: %w", err)
	}
	return k, nil
}

// sealAttachment is SealAttachment with its random values given, which must
// never come twice.
func sealAttachment(ctx Context, k AttachmentKey, salt [saltSize]byte, w io.Writer, r io.Reader, size int64) error {
	if size < 0 || size > MaxAttachment {
		return fmt.Errorf("%d bytes: an attachment has at most %d", size, MaxAttachment)
	}
	c, err := newChunkCipher(k.Key[:], salt[:], ctx.attachmentContext(k))
	if err != nil {
		return err
	}
	if _, err := w.Write(append(salt[:], c.commitment...)); err != nil {
		return err
	}
	left := padme(padPrefix + int(size))
	file := &exactReader{r: r, left: size}
	padded := io.MultiReader(bytes.NewReader(binary.BigEndian.AppendUint32(nil, uint32(size))), file, zeroReader{})
	chunk, sealed := make([]byte, chunkSize), make([]byte, 0, chunkSize+tagSize)
	for i := uint64(0); ; i++ {
		n := min(left, chunkSize)
		if _, err := io.ReadFull(padded, chunk[:n]); err != nil {
			return err
		}
		if _, err := w.Write(c.aead.Seal(sealed, c.nonce(i), chunk[:n], nil)); err != nil {
			return err
		}
		left -= n
		if n < chunkSize {
			return file.end()
		}
	}
}

// OpenAttachment writes to w the file that is sealed in the bytes of r, of which
// there must be sealed. It holds one chunk at a time, each authenticated before
// it is written; but only when it returns without an error is the file whole:
// what it wrote before an error is to be thrown away. The context is that of the
// statement that first named the attachment.
func OpenAttachment(ctx Context, k AttachmentKey, w io.Writer, r io.Reader, sealed int64) (size int64, err error) {
	if sealed < 0 || !IsSealedSize(uint64(sealed)) {
		return 0, ErrAttachment
	}
	var header [headerSize]byte
	if _, err := io.ReadFull(r, header[:]); err != nil {
		return 0, broken(err)
	}
	c, err := newChunkCipher(k.Key[:], header[:saltSize], ctx.attachmentContext(k))
	if err != nil {
		return 0, err
	}
	if !bytes.Equal(c.commitment, header[saltSize:]) {
		return 0, ErrAttachment
	}
	padded, _ := messageSize(int(sealed))
	out := &unpadder{w: w, padded: padded}
	chunk, plain := make([]byte, chunkSize+tagSize), make([]byte, 0, chunkSize)
	for i, left := uint64(0), sealed-headerSize; ; i++ {
		n := int(min(left, chunkSize+tagSize))
		if _, err := io.ReadFull(r, chunk[:n]); err != nil {
			return 0, broken(err)
		}
		message, err := c.aead.Open(plain, c.nonce(i), chunk[:n], nil)
		if err != nil {
			return 0, ErrAttachment
		}
		if err := out.write(message); err != nil {
			return 0, err
		}
		left -= int64(n)
		if n < chunkSize+tagSize {
			return out.size, out.end(r)
		}
	}
}

// broken tells bytes that end too early from a reader that fails.
func broken(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return ErrAttachment
	}
	return err
}

// attachmentContext is the context of an attachment's encryption.
func (ctx Context) attachmentContext(k AttachmentKey) []byte {
	return tuple([]byte("comity/v1/attachment"), []byte{suite}, ctx.Ledger[:], ctx.Author[:], k.ID[:])
}

// exactReader gives the bytes of a reader that must have so many of them.
type exactReader struct {
	r    io.Reader
	left int64
}

var errChanged = errors.New("the file changed while it was read")

func (e *exactReader) Read(p []byte) (int, error) {
	if e.left == 0 {
		return 0, io.EOF
	}
	n, err := e.r.Read(p[:min(int64(len(p)), e.left)])
	if e.left -= int64(n); err == io.EOF && e.left > 0 {
		err = errChanged
	}
	return n, err
}

// end reports whether the reader ends where it must.
func (e *exactReader) end() error {
	var more [1]byte
	switch n, err := io.ReadFull(e.r, more[:]); {
	case n > 0:
		return errChanged
	case err != io.EOF:
		return err
	}
	return nil
}

// zeroReader never ends.
type zeroReader struct{}

func (zeroReader) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// unpadder writes the text within a padded one that comes in pieces.
type unpadder struct {
	w      io.Writer
	padded int
	size   int64 // of the text, known with the first piece
	done   int64 // bytes of the text that are written
	begun  bool
}

func (u *unpadder) write(piece []byte) error {
	if !u.begun {
		if len(piece) < padPrefix {
			return ErrAttachment
		}
		u.begun, u.size = true, int64(binary.BigEndian.Uint32(piece))
		if u.size > MaxAttachment || padme(padPrefix+int(u.size)) != u.padded {
			return ErrAttachment
		}
		piece = piece[padPrefix:]
	}
	text := piece[:min(int64(len(piece)), u.size-u.done)]
	for _, b := range piece[len(text):] {
		if b != 0 {
			return ErrAttachment
		}
	}
	u.done += int64(len(text))
	_, err := u.w.Write(text)
	return err
}

// end checks that the bytes end with the last chunk.
func (u *unpadder) end(r io.Reader) error {
	var more [1]byte
	if n, err := io.ReadFull(r, more[:]); n > 0 {
		return ErrAttachment
	} else if err != io.EOF {
		return err
	}
	return nil
}
