package ledger_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"

	"comity/crypto/keys"
	"comity/ledger"

	"golang.org/x/mod/sumdb/tlog"
)

func (w *vectorWriter) genesis() {
	one, four := w.one.Genesis, w.four.Genesis
	w.vector("genesis-one", "A ledger of one bureau: each vector of one names this file.", "ok", one.Marshal())
	w.vector("genesis-four", "A ledger of four bureaus, of which three are a quorum.", "ok", four.Marshal())
	w.vector("genesis-bad-signature", "One bit of the signature is flipped.", "refused", flip(one.Marshal(), len(one.Marshal())-1, 1))
	w.malformed("genesis-unsigned", "The signature is missing.", one.Marshal()[:len(one.Marshal())-64])
	w.malformed("genesis-trailing-byte", "A byte too many.", append(one.Marshal(), 0))

	w.vector("charter", "The charter in genesis-one.txt.", "ok", one.Charter.Marshal())
	with := func(change func(c *ledger.Charter)) []byte {
		c := &ledger.Charter{Name: four.Charter.Name, Created: four.Charter.Created}
		c.Members = append(c.Members, four.Charter.Members[:2]...)
		change(c)
		return c.Marshal()
	}
	w.malformed("charter-version-3", "A version to come.", flip(one.Charter.Marshal(), 0, 2))
	w.charterTerms(one.Charter)
	w.malformed("charter-no-members", "Nobody.", with(func(c *ledger.Charter) { c.Members = nil }))
	w.malformed("charter-unsorted", "XB before XA.", with(func(c *ledger.Charter) { c.Members[0], c.Members[1] = c.Members[1], c.Members[0] }))
	w.malformed("charter-same-bureau", "XA twice.", with(func(c *ledger.Charter) { c.Members[1].Code = "XA" }))
	w.malformed("charter-lower-case", "A code is two capital letters.", with(func(c *ledger.Charter) { c.Members[0].Code = "xa" }))
	w.malformed("charter-no-name", "Every ledger has a name.", with(func(c *ledger.Charter) { c.Name = "" }))
	w.malformed("charter-control-character", "A line end in a name.", with(func(c *ledger.Charter) { c.Members[0].Name = "Bureau\nXA" }))
	w.malformed("charter-too-late", "The first second of the year 10000.", with(func(c *ledger.Charter) { c.Created = ledger.MaxTime + 1 }))
	w.malformed("charter-root-twice", "One root key for two bureaus.", with(func(c *ledger.Charter) { c.Members[1].Root = c.Members[0].Root }))
	w.malformed("charter-root-cosigns", "A root key that also cosigns.", with(func(c *ledger.Charter) { c.Members[1].Node.Witness.Ed25519 = c.Members[0].Root }))
	w.malformed("charter-root-as-access", "XB's operator has the id of XA's root key.", with(func(c *ledger.Charter) {
		c.Members[1].Access = keys.SigningID(c.Members[0].Root)
	}))
	w.malformed("charter-access-as-cosigner", "XB's operator has the id of the key with which XA's node cosigns.", with(func(c *ledger.Charter) {
		c.Members[1].Access = c.Members[0].Node.Cosigner()
	}))
	w.malformed("charter-access-twice", "One operator for two bureaus.", with(func(c *ledger.Charter) { c.Members[1].Access = c.Members[0].Access }))
	w.malformed("charter-access-is-node", "The operator has the node's key.", with(func(c *ledger.Charter) { c.Members[0].Access = c.Members[0].Node.TLS }))
	w.malformed("charter-address-twice", "Two nodes with one address.", with(func(c *ledger.Charter) { c.Members[1].Node.Address = c.Members[0].Node.Address }))
	w.malformed("charter-address-without-port", "An address is host:port.", with(func(c *ledger.Charter) { c.Members[0].Node.Address = "xa.test" }))
	w.malformed("charter-trailing-byte", "A byte too many.", append(one.Charter.Marshal(), 0))
}

// charterTerms writes what charters have since version 2.
func (w *vectorWriter) charterTerms(c *ledger.Charter) {
	terms := func(format uint8, q ledger.Quota) []byte {
		with := *c
		with.Format, with.Quota = format, q
		return with.Marshal()
	}
	two := terms(2, ledger.DefaultQuota)
	at := 1 + 1 + len(c.Name) + 8
	w.vector("charter-quota", "A bureau may write 20,000 entries and 2 GiB a day.", "ok", two)
	w.vector("charter-quota-none", "A charter of version 2 that limits nothing.", "ok", terms(2, ledger.Quota{}))
	w.vector("charter-quota-least", "The least limit of bytes: one entry of the largest.", "ok", terms(2, ledger.Quota{Bytes: ledger.MinQuotaBytes}))
	w.vector("charter-format-4", "A ledger that begins with a format to come: who does not know it cannot tell.", "refused", terms(4, ledger.DefaultQuota))
	w.malformed("charter-format-0", "Version 2 names a format.", flip(two, at, 2))
	w.malformed("charter-format-1", "Format 1 has no charters of version 2.", flip(two, at, 3))
	w.malformed("charter-quota-too-small", "There are entries that never fit.", flip(terms(2, ledger.Quota{Bytes: ledger.MinQuotaBytes}), at+12, 1))
	w.malformed("charter-quota-truncated", "It ends within the quota.", two[:at+12])
}

func (w *vectorWriter) checkpoints() {
	c := w.one.checkpoint(w.t)
	good := c.String()
	lines := strings.Split(good, "\n")
	join := func(origin, size, root string) []byte { return []byte(origin + "\n" + size + "\n" + root + "\n") }
	w.vector("checkpoint", "Six entries.", "ok", []byte(good))
	w.vector("checkpoint-empty", "No entry: the root is the hash of nothing.", "ok", []byte(ledger.Checkpoint{Origin: c.Origin, Root: ledger.EmptyRoot}.String()))
	w.malformed("checkpoint-extension", "A line after the root.", []byte(good+"more\n"))
	w.malformed("checkpoint-no-line-end", "The last line end is missing.", []byte(strings.TrimSuffix(good, "\n")))
	w.malformed("checkpoint-carriage-return", "Lines end in CR LF.", []byte(strings.ReplaceAll(good, "\n", "\r\n")))
	w.malformed("checkpoint-no-origin", "The origin is empty.", join("", lines[1], lines[2]))
	w.malformed("checkpoint-long-origin", "An origin of 256 bytes.", join(strings.Repeat("o", 256), lines[1], lines[2]))
	w.malformed("checkpoint-leading-zero", "A size with a leading zero.", join(lines[0], "06", lines[2]))
	w.malformed("checkpoint-plus", "A size with a sign.", join(lines[0], "+6", lines[2]))
	w.malformed("checkpoint-too-large", "Sizes end at 2^62-1.", join(lines[0], fmt.Sprint(uint64(1)<<62), lines[2]))
	w.malformed("checkpoint-short-root", "A root of 31 bytes.", join(lines[0], lines[1], base64.StdEncoding.EncodeToString(c.Root[:31])))
	w.malformed("checkpoint-base64-bits", "Bits behind the end of the root are set.", join(lines[0], lines[1], setBits(lines[2])))
	w.malformed("checkpoint-no-padding", "The root is not padded.", join(lines[0], lines[1], strings.TrimRight(lines[2], "=")))
}

// setBits sets a bit of a base64 text that decoding ignores.
func setBits(s string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	i := len(strings.TrimRight(s, "=")) - 1
	return s[:i] + alphabet[strings.IndexByte(alphabet, s[i])+1:][:1] + s[i+1:]
}

func (w *vectorWriter) notes() {
	b := w.four.Bureaus
	given := "genesis genesis-four"
	// One with fewer cosigners has a prefix of the same lines.
	text, lines := splitNote(w.four.note(w.t, b[0], b[1], b[2]))
	note := func(lines ...string) []byte { return []byte(text + "\n" + strings.Join(lines, "")) }
	w.vector("note", "Twenty entries, cosigned by XA, XB and XC: FINAL.", "ok", note(lines...), given)
	unknown := "— witness.example AAAAAAA=\n"
	w.vector("note-unknown-line", "A line of somebody unknown says nothing.", "ok", note(append([]string{unknown}, lines...)...), given)
	w.vector("note-origin-line", "A line of XB's node under the origin as its name counts for nothing. Its key is\n"+
		ledger.OriginKey(w.four.Genesis.Origin(), b[1].Witness.Public()), "ok", w.originLine(note(lines...)), given)
	w.vector("note-origin-line-alone", "Signed as origin, cosigned by nobody.", "quorum",
		note(strings.SplitAfter(string(w.originLine(note(lines...))[len(text)+1:]), "\n")[0]), given)
	w.vector("note-other-order", "The order of lines has no meaning but that of the answer.", "ok",
		note(lines[5], lines[0], lines[3], lines[1], lines[4], lines[2]), given)
	w.vector("note-quorum-less-one", "Two of the three that are needed.", "quorum", note(lines[:4]...), given)
	w.vector("note-one-line-missing", "XC has its Ed25519 line only and does not count.", "quorum", note(lines[:5]...), given)
	w.vector("note-line-twice", "XB has its Ed25519 line twice and no other.", "quorum", note(lines[0], lines[1], lines[2], lines[2], lines[4], lines[5]), given)
	w.vector("note-node-twice", "XA's two lines twice are one bureau.", "quorum", note(lines[0], lines[1], lines[0], lines[1], lines[2], lines[3]), given)
	w.vector("note-nobody-known", "No line of a bureau.", "quorum", note(unknown), given)
	w.vector("note-other-name", "XC's lines under XD's name: nobody's keys.", "quorum",
		note(lines[0], lines[1], lines[2], lines[3], strings.Replace(lines[4], "xc.", "xd.", 1), strings.Replace(lines[5], "xc.", "xd.", 1)), given)
	w.vector("note-swapped", "XA and XB have each other's Ed25519 signature under their own key ids.", "refused",
		note(swapSignatures(lines[0], lines[2])[0], lines[1], swapSignatures(lines[0], lines[2])[1], lines[3], lines[4], lines[5]), given)
	w.vector("note-other-size", "The size is not the one that was cosigned.", "refused", bytes.Replace(note(lines...), []byte("\n20\n"), []byte("\n21\n"), 1), given)
	w.vector("note-other-ledger", "A FINAL checkpoint of another ledger with the same nodes.", "refused", w.otherOrigin(), given)
	w.malformed("note-base64-bits", "Bits behind the end of a signature are set.", note(append([]string{setBits(strings.TrimSuffix(lines[0], "\n")) + "\n"}, lines[1:]...)...), given)
	w.malformed("note-no-lines", "Nobody cosigned.", []byte(text+"\n"), given)
}

// originLine adds the origin line of XB's node.
func (w *vectorWriter) originLine(note []byte) []byte {
	signed, err := ledger.SignOrigin(w.four.Bureaus[1].Witness, w.four.Genesis.PolicyAt(0), note)
	if err != nil {
		w.t.Fatal(err)
	}
	return signed
}

// otherOrigin is a note by the same keys that are in genesis-four, for another ledger.
func (w *vectorWriter) otherOrigin() []byte {
	c := w.four.checkpoint(w.t)
	c.Origin = ledger.Origin(ledger.Hash{0xaa})
	return ledger.FormatNote(c, w.four.Genesis.PolicyAt(0).Witness, w.four.cosign(w.t, c, w.four.quorum()...))
}

// splitNote returns the text of a note and its signature lines, each with its end.
func splitNote(note []byte) (text string, lines []string) {
	text, sigs, _ := strings.Cut(string(note), "\n\n")
	lines = strings.SplitAfter(sigs, "\n")
	return text + "\n", lines[:len(lines)-1]
}

// swapSignatures exchanges what follows the key ids of two lines.
func swapSignatures(a, b string) [2]string {
	raw := func(line string) (string, []byte) {
		line = strings.TrimSuffix(line, "\n")
		i := strings.LastIndexByte(line, ' ') + 1
		data, err := base64.StdEncoding.DecodeString(line[i:])
		if err != nil {
			panic(err)
		}
		return line[:i], data
	}
	nameA, rawA := raw(a)
	nameB, rawB := raw(b)
	join := func(name string, id, sig []byte) string {
		return name + base64.StdEncoding.EncodeToString(append(bytes.Clone(id[:4]), sig[4:]...)) + "\n"
	}
	return [2]string{join(nameA, rawA, rawB), join(nameB, rawB, rawA)}
}

func (w *vectorWriter) receipts() {
	r := w.x.Receipt
	leaf := fmt.Sprintf("leaf %x", ledger.Hash(w.x.Item.Entry.LeafHash()))
	given := []string{"genesis genesis-one", leaf}
	good := r.Marshal()
	replace := func(old, new string) []byte { return bytes.Replace(good, []byte(old), []byte(new), 1) }
	w.vector("receipt", "Entry 5 of six, under a FINAL checkpoint.", "ok", good, given...)
	first := w.one.receipt(w.t, 0, r.Note)
	w.vector("receipt-first", "Entry 0 of six.", "ok", first.Marshal(), given[0], fmt.Sprintf("leaf %x", ledger.Hash(w.one.entries[0].LeafHash())))
	w.vector("receipt-other-leaf", "The receipt of entry 0, for the entry at 5.", "not-included", first.Marshal(), given...)
	w.vector("receipt-other-index", "Index 4 instead of 5.", "not-included", replace("index 5", "index 4"), given...)
	w.vector("receipt-index-beyond", "Index 6 of six.", "not-included", replace("index 5", "index 6"), given...)
	short := &ledger.Receipt{Index: r.Index, Proof: r.Proof[:len(r.Proof)-1], Note: r.Note}
	w.vector("receipt-path-short", "A hash of the path is missing.", "not-included", short.Marshal(), given...)
	long := &ledger.Receipt{Index: r.Index, Proof: append(r.Proof[:len(r.Proof):len(r.Proof)], r.Proof[0]), Note: r.Note}
	w.vector("receipt-path-long", "A hash too many.", "not-included", long.Marshal(), given...)
	w.vector("receipt-other-ledger", "A receipt of a ledger with another charter.", "quorum", good, "genesis genesis-four", leaf)
	w.malformed("receipt-header-v2", "A version to come.", replace("proof@v1", "proof@v2"), given...)
	w.malformed("receipt-extra", "Ours carry no extra line.", replace("index", "extra AAAA\nindex"), given...)
	w.malformed("receipt-leading-zero", "An index with a leading zero.", replace("index 5", "index 05"), given...)
	w.malformed("receipt-no-blank-line", "No blank line before the note.", replace("\n\n", "\n"), given...)
	w.malformed("receipt-too-many-hashes", "63 hashes: no tree is that high.", (&ledger.Receipt{Proof: make([]tlog.Hash, 63), Note: r.Note}).Marshal(), given...)
	w.malformed("receipt-short-hash", "A hash of 31 bytes.", replace(r.Proof[0].String(), base64.StdEncoding.EncodeToString(r.Proof[0][:31])), given...)
}
