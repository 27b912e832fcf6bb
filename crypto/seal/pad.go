package seal

import (
	"encoding/binary"
	"math/bits"
)

const (
	// minPadded is the length of everything short: a card of one line looks
	// like a card of ten.
	minPadded = 1 << 10

	padPrefix = 4
)

// padme rounds a length up so that it tells at most O(log log n) bits of
// itself and grows by less than 12% (Nikitin et al., "Reducing Metadata Leakage
// from Encrypted Files and Communication with PURBs", PoPETs 2019, section 4).
func padme(n int) int {
	if n <= minPadded {
		return minPadded
	}
	exponent := bits.Len(uint(n)) - 1
	significant := bits.Len(uint(exponent))
	mask := 1<<(exponent-significant) - 1
	return (n + mask) &^ mask
}

// pad returns the one padded form of plaintext:
//
//	u32 length || plaintext || zeros, up to padme(4 + length) bytes in all
func pad(plaintext []byte) []byte {
	padded := make([]byte, padme(padPrefix+len(plaintext)))
	binary.BigEndian.PutUint32(padded, uint32(len(plaintext)))
	copy(padded[padPrefix:], plaintext)
	return padded
}

// unpad returns the plaintext within padded, and false if pad returns something
// else for it. Its running time depends on the content, which is the reader's.
func unpad(padded []byte) ([]byte, bool) {
	if len(padded) < minPadded {
		return nil, false
	}
	size := binary.BigEndian.Uint32(padded)
	if uint64(size) > uint64(len(padded)-padPrefix) || padme(padPrefix+int(size)) != len(padded) {
		return nil, false
	}
	plaintext, zeros := padded[padPrefix:padPrefix+size], padded[padPrefix+size:]
	for _, b := range zeros {
		if b != 0 {
			return nil, false
		}
	}
	return plaintext, true
}
