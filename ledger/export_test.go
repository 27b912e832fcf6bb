package ledger

// For the tests of package ledger_test, which may import ledgertest.
const (
	TestingMaxSize   = maxSize
	TestingMaxOrigin = maxOrigin
	TestingMaxPath   = maxPath
)

// TestingKeyHash is the key id of a note signature.
func TestingKeyHash(name string, alg byte, key []byte) uint32 { return keyHash(name, alg, key) }
