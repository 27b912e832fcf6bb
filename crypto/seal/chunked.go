package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/binary"
	"errors"
)

// Cobblestone-256 is c2sp.org/chunked-encryption with SHA-512 and
// AEAD_AES_256_GCM:
//
//	key[32] || base nonce[12] || commitment[32] =
//	    HKDF-Expand-SHA-512(input key, chunkedLabel || salt || context)
//	ciphertext = salt[24] || commitment[32] || chunk 0 || chunk 1 || ...
//
// Every chunk is AES-256-GCM over 16 KiB of message, under the base nonce XOR
// the chunk's number and without additional data. The last chunk is always
// shorter than 16 KiB, and empty if need be: that is how the end is known.
const (
	contentKeySize = 32
	saltSize       = 24
	commitmentSize = 32
	headerSize     = saltSize + commitmentSize
	chunkSize      = 16 << 10
	tagSize        = 16

	chunkedLabel = "c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\x00"
)

// errChunked is the one answer to a ciphertext that is not what the key holder
// encrypted in this context, whatever the reason.
var errChunked = errors.New("chunked decryption failed")

// encryptChunks encrypts message under key, which must be uniformly random,
// and binds it to context. The salt is random, so a key may be used again.
func encryptChunks(key, context, message []byte) ([]byte, error) {
	salt := make([]byte, saltSize)
	rand.Read(salt)
	return encryptChunksSalted(key, salt, context, message)
}

// encryptChunksSalted is encryptChunks with the salt given. The same key and
// salt must never meet two messages: that would reuse every nonce.
func encryptChunksSalted(key, salt, context, message []byte) ([]byte, error) {
	c, err := newChunkCipher(key, salt, context)
	if err != nil {
		return nil, err
	}
	out := make([]byte, 0, ciphertextSize(len(message)))
	out = append(out, salt...)
	out = append(out, c.commitment...)
	for i := uint64(0); ; i++ {
		n := min(len(message), chunkSize)
		out = c.aead.Seal(out, c.nonce(i), message[:n], nil)
		message = message[n:]
		if n < chunkSize {
			return out, nil
		}
	}
}

// decryptChunks returns the message, or nothing: no plaintext leaves before
// the commitment, every chunk and the end of the message are authenticated.
func decryptChunks(key, context, ciphertext []byte) ([]byte, error) {
	c, err := openHeader(key, context, ciphertext)
	if err != nil {
		return nil, err
	}
	size, _ := messageSize(len(ciphertext))
	message := make([]byte, 0, size)
	rest := ciphertext[headerSize:]
	for i := uint64(0); ; i++ {
		n := min(len(rest), chunkSize+tagSize)
		if message, err = c.aead.Open(message, c.nonce(i), rest[:n], nil); err != nil {
			return nil, errChunked
		}
		rest = rest[n:]
		if n < chunkSize+tagSize {
			return message, nil
		}
	}
}

// openHeader checks the length and the commitment. Once it succeeds, no other
// key and no other context decrypts this ciphertext.
func openHeader(key, context, ciphertext []byte) (*chunkCipher, error) {
	if _, ok := messageSize(len(ciphertext)); !ok {
		return nil, errChunked
	}
	c, err := newChunkCipher(key, ciphertext[:saltSize], context)
	if err != nil {
		return nil, err
	}
	if subtle.ConstantTimeCompare(c.commitment, ciphertext[saltSize:headerSize]) != 1 {
		return nil, errChunked
	}
	return c, nil
}

// ciphertextSize is the length of the ciphertext of a message.
func ciphertextSize(message int) int {
	chunks := message/chunkSize + 1
	return headerSize + message + chunks*tagSize
}

// messageSize is the length of the message in a ciphertext, and false if no
// message has a ciphertext of this length.
func messageSize(ciphertext int) (int, bool) {
	n := ciphertext - headerSize
	full, last := n/(chunkSize+tagSize), n%(chunkSize+tagSize)
	if n < 0 || last < tagSize {
		return 0, false
	}
	return full*chunkSize + last - tagSize, true
}

// A chunkCipher holds what is derived for one message.
type chunkCipher struct {
	aead       cipher.AEAD
	baseNonce  []byte
	commitment []byte
}

func newChunkCipher(key, salt, context []byte) (*chunkCipher, error) {
	// HKDF-Expand would take a key of any length.
	if len(key) != contentKeySize {
		return nil, errChunked
	}
	info := chunkedLabel + string(salt) + string(context)
	const nonceSize = 12
	derived, err := hkdf.Expand(sha512.New, key, info, contentKeySize+nonceSize+commitmentSize)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(derived[:contentKeySize])
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	return &chunkCipher{
		aead:       aead,
		baseNonce:  derived[contentKeySize : contentKeySize+nonceSize],
		commitment: derived[contentKeySize+nonceSize:],
	}, nil
}

// nonce is the base nonce XOR the chunk number, big-endian. The number stays
// far below the scheme's 2^38: that many chunks fit no byte slice.
func (c *chunkCipher) nonce(chunk uint64) []byte {
	nonce := make([]byte, len(c.baseNonce))
	binary.BigEndian.PutUint64(nonce[len(nonce)-8:], chunk)
	subtle.XORBytes(nonce, nonce, c.baseNonce)
	return nonce
}
