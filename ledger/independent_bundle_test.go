package ledger_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"testing"

	"comity/ledger"

	"golang.org/x/mod/sumdb/tlog"
)

// This file reads and writes bundles by FORMAT.md alone, as independent_test.go
// does the rest. It verifies what needs few lines: hashes, tree, heads, bodies,
// signatures and chains; not who may do what.

type theirRecord struct {
	time        uint64
	entry, body []byte
	state       byte
}

type theirBundle struct {
	id       [32]byte
	genesis  []byte
	size     uint64
	records  []theirRecord
	leaves   []tlog.Hash
	notes    [][]byte
	evidence [][]byte
}

func (b *theirBundle) marshal() []byte {
	vector := func(out, data []byte) []byte {
		return append(append(out, byte(len(data)>>16), byte(len(data)>>8), byte(len(data))), data...)
	}
	out := vector(append([]byte("comity bundle v1\n"), b.id[:]...), b.genesis)
	out = binary.BigEndian.AppendUint64(out, b.size)
	for _, r := range b.records { // few and small: one group
		out = append(vector(binary.BigEndian.AppendUint64(out, r.time), r.entry), r.state)
		if r.state == 1 {
			out = vector(out, r.body)
		}
	}
	for _, h := range b.leaves {
		out = append(out, h[:]...)
	}
	out = binary.BigEndian.AppendUint32(out, uint32(len(b.notes)))
	for _, n := range b.notes {
		out = vector(out, n)
	}
	out = binary.BigEndian.AppendUint16(out, uint16(len(b.evidence)))
	for _, e := range b.evidence {
		out = vector(out, e)
	}
	sum := sha256.Sum256(out)
	return append(out, sum[:]...)
}

// need panics as a cursor does at the end of its bytes.
func need(ok bool) {
	if !ok {
		panic("malformed")
	}
}

func (c *cursor) bounded(width, most int) []byte {
	data := c.vector(width)
	need(len(data) >= 1 && len(data) <= most)
	return data
}

func readTheirBundle(data []byte) (b *theirBundle, err error) {
	defer func() {
		if recover() != nil {
			b, err = nil, ledger.ErrMalformed
		}
	}()
	b = &theirBundle{}
	in := cursor(data)
	need(string(in.take(17)) == "comity bundle v1\n")
	b.id = [32]byte(in.take(32))
	b.genesis = in.bounded(3, 131072)
	raw := cursor(b.genesis)
	need(sha256.Sum256(raw.vector(3)) == b.id)
	b.size = in.uint(8)
	need(b.size < 1<<62)
	for done := uint64(0); done < b.size; {
		n, length := 0, len(in)
		for n < 256 && length-len(in) < 1<<20 && done < b.size {
			r := theirRecord{time: in.uint(8), entry: in.bounded(3, 65535), state: byte(in.uint(1))}
			need(r.time <= 253402300799999 && r.state <= 3)
			if r.state == 1 {
				r.body = in.bounded(3, 262144)
			}
			b.records = append(b.records, r)
			n, done = n+1, done+1
		}
		for range n {
			b.leaves = append(b.leaves, tlog.Hash(in.take(32)))
		}
	}
	n := in.uint(4)
	need(n <= 1<<20)
	for range n {
		b.notes = append(b.notes, in.bounded(3, 98304))
	}
	for range in.uint(2) {
		b.evidence = append(b.evidence, in.bounded(3, 262144))
	}
	sum := sha256.Sum256(data[:len(data)-len(in)])
	need(bytes.Equal(in, sum[:]))
	return b, nil
}

// ReadHashes implements [tlog.HashReader] over the listed hashes.
func (b *theirBundle) stored() tlog.HashReaderFunc {
	var hashes []tlog.Hash
	read := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, x := range indexes {
			out[i] = hashes[x]
		}
		return out, nil
	})
	for i, h := range b.leaves {
		more, _ := tlog.StoredHashesForRecordHash(int64(i), h, read)
		hashes = append(hashes, more...)
	}
	return read
}

// audit verifies the bundle and says what it found.
func (b *theirBundle) audit() ([]string, error) {
	c, err := readTheirCharter(b.genesis)
	if err != nil {
		return nil, err
	}
	out := []string{fmt.Sprintf("ledger %x", b.id), fmt.Sprintf("size %d", b.size)}
	keys, chains := make(map[[32]byte]ed25519.PublicKey), make(map[[32]byte][2][]byte)
	for _, m := range c.members {
		keys[keyID(m.root)] = m.root
	}
	var time uint64
	for i, r := range b.records {
		if r.time < time || tlog.RecordHash(r.entry) != b.leaves[i] {
			return nil, fmt.Errorf("entry %d: time or hash", i)
		}
		time = r.time
		e, err := ledger.ParseEntry(r.entry) // the one place where ours is used: which entries are malformed, other vectors say
		if err != nil {
			return nil, fmt.Errorf("entry %d: malformed", i)
		}
		in := cursor(r.entry)
		st := cursor(in.vector(3))
		id := sha256.Sum256(append([]byte("comity/v1/statement\x00"), st...))
		for sigs := cursor(in.vector(2)); len(sigs) > 0; {
			pub, ok := keys[[32]byte(sigs.take(32))]
			if sig := sigs.take(64); !ok || !ed25519.Verify(pub, sshsig("statement@comity", st), sig) {
				return nil, fmt.Errorf("entry %d: signature", i)
			}
		}
		author := [32]byte(st[34:66])
		end, ok := chains[author]
		if !ok {
			end = [2][]byte{make([]byte, 8), make([]byte, 32)}
		}
		if [32]byte(st[2:34]) != b.id || !bytes.Equal(st[66:74], end[0]) || !bytes.Equal(st[74:106], end[1]) {
			return nil, fmt.Errorf("entry %d: ledger or chain", i)
		}
		chains[author] = [2][]byte{binary.BigEndian.AppendUint64(nil, binary.BigEndian.Uint64(end[0])+1), id[:]}
		named := binary.BigEndian.Uint32(st[218:222]) > 0
		if r.state == 1 && sha256.Sum256(r.body) != [32]byte(st[186:218]) || (r.state == 0) == named {
			return nil, fmt.Errorf("entry %d: body", i)
		}
		if st[1] == 11 && st[224] == 1 {
			public := cursor(st[225:])
			public.vector(1)
			public.take(3)
			pub := ed25519.PublicKey(public.vector(2))
			keys[keyID(pub)] = pub
		}
		out = append(out, fmt.Sprintf("entry %d time %d class %s body %d leaf %x", i, r.time, e.Statement.Class, r.state, b.leaves[i][:8]))
	}
	var last int64
	for _, n := range b.notes {
		size, root, _, err := c.open(n)
		if err != nil {
			return nil, err
		}
		if size <= last || uint64(size) > b.size {
			return nil, fmt.Errorf("head at %d", size)
		}
		if got, err := tlog.TreeHash(size, b.stored()); err != nil || got != root {
			return nil, fmt.Errorf("head at %d: another root", size)
		}
		last = size
		out = append(out, fmt.Sprintf("head %d root %x", size, root[:]))
	}
	if uint64(last) != b.size {
		return nil, fmt.Errorf("the last head is at %d", last)
	}
	return append(out, fmt.Sprintf("evidence %d", len(b.evidence))), nil
}

func (v *vector) checkBundle(t testing.TB) ([]string, error) {
	t.Helper()
	b, err := readTheirBundle(v.data)
	if err != nil {
		return nil, err
	}
	return b.audit()
}

// bundles writes the vectors of bundles. They are made and checked here by
// FORMAT.md; package bundle reads the same files.
func (w *vectorWriter) bundles() {
	one := w.one
	make := func(n int) *theirBundle {
		b := &theirBundle{id: one.Genesis.Ledger, genesis: one.Genesis.Marshal(), size: uint64(n)}
		for i, e := range one.entries[:n] {
			r := theirRecord{time: 1_700_000_000_000 + uint64(i)*1000, entry: e.Raw}
			if e.Statement.BodyLen > 0 {
				r.state, r.body = 1, w.x.Item.Body
			}
			b.records, b.leaves = append(b.records, r), append(b.leaves, e.LeafHash())
		}
		root, err := tlog.TreeHash(int64(n), one)
		if err != nil {
			w.t.Fatal(err)
		}
		c := ledger.Checkpoint{Origin: one.Genesis.Origin(), Size: uint64(n), Root: ledger.Hash(root)}
		b.notes = [][]byte{ledger.FormatNote(c, one.Genesis.PolicyAt(0).Witness, one.cosign(w.t, c, one.quorum()...))}
		return b
	}
	all, two := make(6), make(2)
	all.notes = append(make(4).notes, all.notes...)
	w.vector("bundle", "Six entries, the sealed body of the last, and the heads at four and at six.", "ok", all.marshal())
	w.vector("bundle-two", "Two entries and their head.", "ok", two.marshal())
	out := *all
	out.records = slices.Clone(all.records)
	out.records[5].state, out.records[5].body = 2, nil
	w.vector("bundle-body-left-out", "Without the body.", "ok", out.marshal())
	with := *two
	with.evidence = [][]byte{[]byte("not looked at by a reader of the file")}
	w.vector("bundle-evidence", "With a piece of evidence, of whatever kind.", "ok", with.marshal())

	change := func(b *theirBundle, do func(b *theirBundle)) []byte {
		c := *b
		c.records, c.leaves, c.notes = slices.Clone(b.records), slices.Clone(b.leaves), slices.Clone(b.notes)
		do(&c)
		return c.marshal()
	}
	bad := func(name, comment string, b *theirBundle, do func(b *theirBundle)) {
		w.vector(name, comment, "refused", change(b, do))
	}
	bad("bundle-entry-changed", "One bit of a signature is flipped: the entry is not the one that is listed.", two, func(b *theirBundle) {
		b.records[1].entry = flip(b.records[1].entry, len(b.records[1].entry)-1, 1)
	})
	bad("bundle-hash-changed", "One bit of a listed hash is flipped.", two, func(b *theirBundle) { b.leaves[1][0] ^= 1 })
	bad("bundle-both-changed", "Entry and listed hash agree, and the head is of others.", two, func(b *theirBundle) {
		b.records[1].entry = flip(b.records[1].entry, len(b.records[1].entry)-1, 1)
		b.leaves[1] = tlog.RecordHash(b.records[1].entry)
	})
	bad("bundle-swapped", "Two entries stand in each other's places, with their hashes.", two, func(b *theirBundle) {
		b.records[0].entry, b.records[1].entry = b.records[1].entry, b.records[0].entry
		b.leaves[0], b.leaves[1] = b.leaves[1], b.leaves[0]
	})
	bad("bundle-time-falls", "Ledger time never falls.", two, func(b *theirBundle) { b.records[1].time = 0 })
	bad("bundle-body-changed", "One bit of the sealed body is flipped.", all, func(b *theirBundle) { b.records[5].body = flip(b.records[5].body, 9, 1) })
	bad("bundle-body-denied", "A body is named, and the file says there is none.", all, func(b *theirBundle) { b.records[5].state = 0 })
	bad("bundle-no-head", "Nobody vouches for the entries.", two, func(b *theirBundle) { b.notes = nil })
	bad("bundle-head-behind", "The last head does not cover the last entries.", all, func(b *theirBundle) { b.notes = b.notes[:1] })
	bad("bundle-heads-descend", "Heads ascend.", all, func(b *theirBundle) { slices.Reverse(b.notes) })
	bad("bundle-charter-unsigned", "A bit of the founder's signature on the charter is flipped.", two, func(b *theirBundle) {
		b.genesis = flip(b.genesis, len(b.genesis)-1, 1)
	})
	wrong := func(name, comment string, do func(b *theirBundle)) { w.malformed(name, comment, change(two, do)) }
	good := two.marshal()
	w.malformed("bundle-header-v2", "A version to come.", bytes.Replace(good, []byte("bundle v1"), []byte("bundle v2"), 1))
	w.malformed("bundle-trailing-byte", "A byte too many.", append(bytes.Clone(good), 0))
	w.malformed("bundle-truncated", "The last byte is missing.", good[:len(good)-1])
	w.malformed("bundle-checksum", "A bit of the checksum is flipped.", flip(good, len(good)-1, 1))
	wrong("bundle-other-charter", "The ledger id is not that of the charter.", func(b *theirBundle) { b.id[0] ^= 1 })
	wrong("bundle-size-less", "It says that there is one entry, and there are two.", func(b *theirBundle) { b.size = 1 })
	wrong("bundle-size-more", "It says that there are three entries, and there are two.", func(b *theirBundle) { b.size = 3 })
	wrong("bundle-too-large", "Sizes end at 2^62-1.", func(b *theirBundle) { b.size = 1 << 62 })
	wrong("bundle-too-late", "The first millisecond of the year 10000.", func(b *theirBundle) { b.records[1].time = 253402300800000 })
	wrong("bundle-state-4", "Body state 4 is none.", func(b *theirBundle) { b.records[0].state = 4 })
	wrong("bundle-empty-body", "A body that is in the file, of no bytes.", func(b *theirBundle) { b.records[0].state = 1 })
	wrong("bundle-empty-entry", "An entry of no bytes.", func(b *theirBundle) { b.records[0].entry = nil })
	wrong("bundle-empty-note", "A note of no bytes.", func(b *theirBundle) { b.notes = [][]byte{nil} })
	wrong("bundle-empty-evidence", "Evidence of no bytes.", func(b *theirBundle) { b.evidence = [][]byte{nil} })
}
