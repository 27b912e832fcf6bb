package cli

import "strings"

// explanations say of each check of package audit what it means and how it was
// done. A question is known by how it begins: the rest of it has numbers.
var explanations = []struct{ begins, text string }{
	{"Did every bureau of the charter sign it?",
		"The charter in the file names the founding bureaus and their root keys, and every founder's signature on it was verified with the key in it. " +
			"That shows that these bureaus founded this ledger, not that they are the bureaus you mean: only the ledger id, which is the charter's hash, does, and nobody has compared it."},
	{"Is it the ledger that you named",
		"The ledger id is the hash of the charter, so the charter in the file can be no other than the one you named. " +
			"Every founder's signature on it was verified. All other keys are believed only because a root key in this charter enrolled them."},
	{"Was each entry signed by a key",
		"Every statement carries the signature of the officer who wrote it, and of a second one where the act needs four eyes. " +
			"Each was verified with the public key that the bureau's root had enrolled at a lower entry and had not revoked before this one."},
	{"Was each author allowed",
		"The rules by which nodes accept entries were run again over the whole ledger, without asking any node: roles, four eyes, whose notice may be amended or withdrawn, and limits. " +
			"An entry that a leader pushed in against the rules is found here, however many nodes stored it."},
	{"Is the sequence complete",
		"The Merkle tree (RFC 6962) was built again from every entry of the file, from the first. " +
			"One byte changed, one entry left out, put in or moved gives another root than the one that the bureaus cosigned, and the hashes listed in the file tell which entry it is."},
	{"Do each officer's own statements",
		"Each statement names the number and the hash of the same officer's statement before it. " +
			"One that was held back or slipped in leaves a gap that no cosignature can close."},
	{"Is every head in the file",
		"A head is what a bureau's node signed: so many entries, with this root. Each node signs twice, with Ed25519 and with ML-DSA-44, and only both count. " +
			"So many bureaus must sign that two histories cannot both have enough without some bureau signing both, which would be evidence against it. Each head's root was compared with the tree."},
	{"Does it extend the heads",
		"At the size of each head that you kept, this history must have exactly the root that you kept. " +
			"A ledger that was rewritten or cut back since your last audit fails here, even if every bureau signed the new one."},
	{"Was every key enrolled",
		"Only the root key of a bureau, which the charter names, admits or ends that bureau's keys. Every enrolment and every revocation was checked for that, and each new signing key for the proof that somebody holds it."},
	{"Is each sealed text",
		"The statement that was signed holds the SHA-256 and the length of the sealed text. Each sealed text in the file was hashed and compared. None was opened: that takes a reader's key."},
}

// explanation returns what there is to say about a question, "" for nothing.
func explanation(question string) string {
	for _, e := range explanations {
		if strings.HasPrefix(question, e.begins) {
			return e.text
		}
	}
	return ""
}
