package audit

import (
	"crypto/sha256"
	"strings"

	"comity/ledger"
)

// What a reader of a failure is asked to do.
const (
	askFile     = "Do not rely on this file. Ask for it again, best from another bureau, and keep this one as evidence."
	askEvidence = "Keep this file and the earlier one: together they are the evidence. Ask the bureaus that cosigned both."
	askSplit    = "Rely on neither history. Keep this file as evidence, and ask every bureau, outside the ledger, which one it holds."
)

func askEntry(bureau string) string {
	return "Ask " + orSomebody(bureau) + " for this entry again, and keep this file as evidence."
}

func orSomebody(bureau string) string {
	if bureau == "" {
		return "its bureau"
	}
	return bureau
}

// plural returns "1 entry" or "2 entries".
func plural(n uint64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return number(n) + " " + many
}

func bodyHash(body []byte) ledger.Hash { return sha256.Sum256(body) }

// codes joins bureaus' codes.
func codes(list []string) string { return strings.Join(list, " ") }
