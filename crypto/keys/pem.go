package keys

import (
	"bytes"
	"encoding/pem"
	"fmt"
)

// onePEM returns the only block of data, which must be of the given type.
func onePEM(data []byte, blockType string) (*pem.Block, error) {
	block, rest, err := nextPEM(data, blockType)
	if err != nil {
		return nil, err
	}
	if len(rest) != 0 {
		return nil, fmt.Errorf("%w: something follows the key", ErrMalformed)
	}
	return block, nil
}

// nextPEM returns the first block of data and what follows it. encoding/pem
// skips anything before a block; here the block must come first, have the given
// type and carry no headers.
func nextPEM(data []byte, blockType string) (*pem.Block, []byte, error) {
	if len(data) > MaxFile {
		return nil, nil, fmt.Errorf("%w: larger than %d bytes", ErrMalformed, MaxFile)
	}
	if !bytes.HasPrefix(data, []byte("-----BEGIN "+blockType+"-----")) {
		return nil, nil, fmt.Errorf("%w: no %q block", ErrMalformed, blockType)
	}
	block, rest := pem.Decode(data)
	if block == nil || block.Type != blockType || len(block.Headers) != 0 {
		return nil, nil, fmt.Errorf("%w: no %q block", ErrMalformed, blockType)
	}
	return block, rest, nil
}
