package node

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/bits"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"comity/crypto/seal"
	"comity/ledger"
	"comity/ledger/ledgertest"
	"comity/ledger/state"
	"comity/ledger/store"
	"comity/node/blobs"
	"comity/node/wire"
)

// fetchedFile is a sealed file of three pieces, and the notice that names it.
type fetchedFile struct {
	ledger.Attachment
	bytes []byte
	id    ledger.ID
}

// sealFile seals a file of XA's officer.
func (c *cluster) sealFile() *fetchedFile {
	c.t.Helper()
	var out bytes.Buffer
	const size = 2*wire.MaxPiece + 1000
	if _, err := seal.SealAttachment(seal.Context{}, &out, bytes.NewReader(make([]byte, size)), size); err != nil {
		c.t.Fatal(err)
	}
	return &fetchedFile{Attachment: ledger.Attachment{Address: sha256.Sum256(out.Bytes()), Size: uint64(out.Len())}, bytes: out.Bytes()}
}

// notice returns a notice of XA that names the file.
func (c *cluster) notice(f *fetchedFile) ledger.Item {
	body := []byte("the text of the notice with a file")
	p := ledger.Publish{Kind: ledger.KindBlue, ReviewBy: 30_000, SizeClass: uint8(bits.Len(uint(len(body) - 1))), Attachments: []ledger.Attachment{f.Attachment}}
	return c.c.Bureaus[0].Officer.Sign(c.t, ledger.Statement{Class: ledger.ClassPublish, Public: p.Marshal()}, body)
}

// give hands a file over in pieces, from where the node says that it has come to.
func (f *fetchedFile) give(h *holdings, pieces int) (*wire.AttachmentState, error) {
	st, err := h.put([32]byte{1}, f.Address, f.Size, 0, nil)
	for ; err == nil && !st.Held && pieces > 0; pieces-- {
		end := min(st.Have+wire.MaxPiece, int64(f.Size))
		st, err = h.put([32]byte{1}, f.Address, f.Size, st.Have, f.bytes[st.Have:end])
	}
	return st, err
}

// crooked are peers of whom some cut a transfer or lie.
type crooked struct {
	peers
	mu    sync.Mutex // guards asked
	asked []string
	hangs string // this one does not answer
	bend  func(name string, from int64, piece []byte) ([]byte, error)
}

func (p *crooked) Attachment(ctx context.Context, name string, address ledger.Hash, size, from int64) ([]byte, error) {
	p.mu.Lock()
	p.asked = append(p.asked, fmt.Sprintf("%s %d", name[:2], from/wire.MaxPiece))
	p.mu.Unlock()
	if name[:2] == p.hangs || p.peers == nil {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	piece, err := p.peers.Attachment(ctx, name, address, size, from)
	if err == nil && p.bend != nil {
		piece, err = p.bend(name[:2], from, slices.Clone(piece))
	}
	return piece, err
}

// TestAttachments hands a file to one node, and has the others fetch it through
// cuts and lies; then it is purged, and nothing of it is left.
func TestAttachments(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, 4)
		c.enrol()
		f := c.sealFile()
		it := c.notice(f)
		node := func(code string) *replica { return c.replica(ledger.NodeName(code)) }
		c.upload(f, it, node("XA").holdings)
		c.submit(c.leader(), it)
		f.id = it.Entry.ID
		c.agree(c.base + 1)

		cut := func(name string, from int64, piece []byte) ([]byte, error) {
			if name == "xa" && from > 0 {
				return nil, errors.New("the line is cut")
			}
			return piece, nil
		}
		lie := func(name string, from int64, piece []byte) ([]byte, error) {
			if piece[7] ^= 1; name != "xa" {
				piece[7] ^= 1
			}
			return piece, nil
		}
		lieAndCut := func(name string, from int64, piece []byte) ([]byte, error) {
			if name == "xa" && from > 0 {
				return nil, errors.New("the line is cut")
			}
			return lie(name, from, piece)
		}
		short := func(name string, from int64, piece []byte) ([]byte, error) {
			if name == "xa" {
				return piece[:1], nil
			}
			return piece, nil
		}
		c.fetch(node("XB"), f, nil, "xa 0", "xa 1", "xa 2")
		rotten := node("XB").holdings
		delete(rotten.checked, f.Address) // as after a start
		onDisk := filepath.Join(c.dir, "XB.attachments", fmt.Sprintf("%x", f.Address[:]))
		if err := os.WriteFile(onDisk, append([]byte{f.bytes[0] ^ 1}, f.bytes[1:]...), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := rotten.piece(f.Address, 0); wire.CodeOf(err) != wire.NotFound || rotten.held(f.Address, f.Size) {
			t.Errorf("a file that has changed on the disk: %v", err)
		}
		c.fetch(node("XB"), f, nil, "xa 0", "xa 1", "xa 2")
		if _, err := rotten.piece(f.Address, 0); err != nil {
			t.Error(err)
		}
		if err := os.WriteFile(onDisk, f.bytes[:wire.MaxPiece], 0o600); err != nil {
			t.Fatal(err)
		}
		rotten.giver = &directPeers{c, node("XB").name}
		at, err := state.ReadAttachment(rotten.view, f.Address)
		if err != nil {
			t.Fatal(err)
		}
		inTheWay := rotten.fetch(f.Address, at)
		if <-inTheWay.done; inTheWay.err == nil { // and it ends
			t.Error("a file that the disk has cut is fetched beside what is left of it")
		}
		if st, err := rotten.put([32]byte{1}, f.Address, f.Size, 0, nil); err != nil || st.Held || st.Have != 0 {
			t.Errorf("a file that the disk has cut: %+v, %v", st, err)
		}
		c.fetch(node("XB"), f, nil, "xa 0", "xa 1", "xa 2")
		bad := fmt.Errorf("sealed files: %w", blobs.ErrDisk)
		if err := rotten.unreadable(f.Address, bad); wire.CodeOf(err) != wire.NotFound || rotten.held(f.Address, f.Size) || rotten.checked[f.Address] {
			t.Errorf("a file that cannot be read: %v", err)
		}
		c.fetch(node("XB"), f, nil, "xa 0", "xa 1", "xa 2")
		hung := &crooked{peers: &directPeers{c, node("XB").name}, hangs: "xa"}
		if err := rotten.folder.Drop(f.Address); err != nil {
			t.Fatal(err)
		}
		rotten.giver = hung
		began := time.Now()
		if <-rotten.fetch(f.Address, at).done; time.Since(began) > 2*pullPiece || len(hung.asked) < 2 || hung.asked[1][:2] == "xa" {
			t.Errorf("a node that hangs is waited for %s: %q", time.Since(began), hung.asked)
		}
		c.fetch(node("XB"), f, nil, "xa 0", "xa 1", "xa 2")
		c.fetch(node("XC"), f, cut, "xa 0", "xa 1", "xb 1", "xb 2")
		c.fetch(node("XD"), f, lie, "xa 0", "xa 1", "xa 2", "xb 0", "xb 1", "xb 2")
		if n := len(node("XD").alarms); n != 1 {
			t.Errorf("%d alarms about one liar: %q", n, node("XD").alarms)
		}
		c.fetch(node("XD"), f, lieAndCut, "xa 0", "xa 1", "xb 1", "xb 2", "xb 0", "xb 1", "xb 2")
		c.fetch(node("XD"), f, short, "xa 0", "xb 0", "xb 1", "xb 2")

		o := c.c.Bureaus[0]
		if st, err := node("XC").holdings.piece(f.Address, int64(f.Size)-1); err != nil || len(st) != 1 {
			t.Errorf("the last byte: %d, %v", len(st), err)
		}
		c.submit(c.leader(), o.Officer.Withdraw(t, f.id))
		purge := o.Officer.Purge(t, f.id, ledger.ReasonOver, o.Supervisor)
		story := &purgeStory{id: f.id, purge: purge.Entry.ID}
		c.submit(c.leader(), purge)
		c.acked(c.leader().name, story, 4)
		for _, code := range []string{"XA", "XB", "XC", "XD"} {
			h := node(code).holdings
			if _, err := h.piece(f.Address, 0); wire.CodeOf(err) != wire.Purged {
				t.Errorf("%s after the purge: %v", code, err)
			}
			if _, err := f.give(h, 1); wire.CodeOf(err) != wire.Purged {
				t.Errorf("%s takes what is purged: %v", code, err)
			}
			if left, err := os.ReadDir(filepath.Join(c.dir, code+".attachments")); err != nil || len(left) > 0 {
				t.Errorf("%s has %v, %v", code, left, err)
			}
		}
		c.keepsUnnamed(node("XC"))
		// A folder that is put back from an old copy: nothing is served, and the next
		// start destroys it.
		old := filepath.Join(c.dir, "XB.attachments", fmt.Sprintf("%x", f.Address[:]))
		if err := os.WriteFile(old, f.bytes, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := node("XB").holdings.piece(f.Address, 0); wire.CodeOf(err) != wire.Purged {
			t.Errorf("what was put back is served: %v", err)
		}
		c.stop(ledger.NodeName("XB"))
		c.start(ledger.NodeName("XB"))
		if _, err := os.Stat(old); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("what was put back is there after a start: %v", err)
		}
	})
}

// keepsUnnamed wants a node to keep an old file that nothing names while others, or
// it itself, have cosigned more than its log has.
func (c *cluster) keepsUnnamed(r *replica) {
	c.t.Helper()
	old := filepath.Join(c.dir, "XC.attachments", fmt.Sprintf("%x", ledger.Hash{7}))
	if err := os.WriteFile(old, []byte("x"), 0o600); err != nil {
		c.t.Fatal(err)
	}
	day := time.Now().Add(-keepUnnamed - time.Minute)
	if err := os.Chtimes(old, day, day); err != nil {
		c.t.Fatal(err)
	}
	sweep := func(want bool, what string) {
		c.t.Helper()
		err := r.holdings.sweep(r.gossip.complete)
		if _, there := os.Stat(old); err != nil || (there == nil) != want {
			c.t.Errorf("%s: %v, %v", what, err, there)
		}
	}
	for began := time.Now(); !r.gossip.complete(); time.Sleep(time.Second) { // the clock is not real
		if time.Since(began) > time.Minute {
			c.t.Fatal("the log of a sound node is never complete")
		}
	}
	w, h, last := r.gossip.witness, r.gossip.heads, r.gossip.witness.newest()
	longer, forked := last, last
	longer.Size += 5
	forked.Root[0] ^= 1
	for what, x := range map[string]ledger.Checkpoint{"it cosigned more": longer, "it cosigned another history": forked} {
		w.remember(x)
		sweep(true, what)
	}
	w.remember(last)
	heard := func(names ...string) {
		h.headsMu.Lock()
		defer h.headsMu.Unlock()
		clear(h.newest)
		for _, name := range names {
			h.newest[name] = &ledger.Cosignature{Node: name, Size: last.Size + 1<<20}
		}
	}
	for i := range 2 {
		heard(r.others()[:i+1]...)
		sweep(i == 1, fmt.Sprintf("%d others cosigned more", i+1))
		if err := os.WriteFile(old, []byte("x"), 0o600); err != nil || os.Chtimes(old, day, day) != nil {
			c.t.Fatal(err)
		}
	}
	heard(r.name)
	sweep(true, "others hold what it cosigned and forgot")
	heard()
	sweep(false, "all is there")
}

// upload hands a file to a node, with a cut and a restart in between. Its notice is
// refused until the file is whole, and nothing is served that no statement names.
func (c *cluster) upload(f *fetchedFile, it ledger.Item, h *holdings) {
	c.t.Helper()
	if st, err := f.give(h, 1); err != nil || st.Held || st.Have != wire.MaxPiece {
		c.t.Fatalf("the first piece: %+v, %v", st, err)
	}
	if st, err := h.put([32]byte{1}, f.Address, f.Size, 5, []byte("out of place")); err != nil || st.Have != wire.MaxPiece {
		c.t.Errorf("a piece out of place: %+v, %v", st, err)
	}
	if err := h.announced(it.Entry.Statement, it.Entry.ID); wire.CodeOf(err) != wire.NoAttachment {
		c.t.Errorf("a notice before its file: %v", err)
	}
	wrong := *f
	wrong.Address[0] ^= 1
	if _, err := wrong.give(h, 3); wire.CodeOf(err) != wire.Malformed {
		c.t.Errorf("bytes of another address: %v", err)
	}
	if _, err := h.put([32]byte{1}, f.Address, f.Size+1, 0, nil); wire.CodeOf(err) != wire.Malformed {
		c.t.Errorf("a size that none has: %v", err)
	}
	name := ledger.NodeName(h.bureau)
	c.stop(name)
	c.start(name)
	h = c.replica(name).holdings
	if st, err := f.give(h, 2); err != nil || !st.Held {
		c.t.Fatalf("the rest: %+v, %v", st, err)
	}
	if err := h.announced(it.Entry.Statement, it.Entry.ID); err != nil {
		c.t.Error(err)
	}
	if _, err := h.piece(f.Address, 0); wire.CodeOf(err) != wire.NotFound {
		c.t.Errorf("served though nothing names it: %v", err)
	}
}

// fetch has a node get the file anew, through peers that are bent, and wants them
// asked for these pieces.
func (c *cluster) fetch(r *replica, f *fetchedFile, bend func(string, int64, []byte) ([]byte, error), want ...string) {
	c.t.Helper()
	h := r.holdings
	if err := h.folder.Drop(f.Address); err != nil {
		c.t.Fatal(err)
	}
	p := &crooked{peers: &directPeers{c, r.name}, bend: bend}
	h.giver = p
	a, err := state.ReadAttachment(r.store, f.Address)
	if err != nil || a == nil {
		c.t.Fatalf("%s does not know the attachment: %v", r.name, err)
	}
	fetched := h.fetch(f.Address, a)
	<-fetched.done
	if fetched.err != nil || !h.held(f.Address, f.Size) {
		c.t.Errorf("%s: %v", r.name, fetched.err)
	}
	if got := strings.Join(p.asked, ", "); got != strings.Join(want, ", ") {
		c.t.Errorf("%s asked %s, want %s", r.name, got, strings.Join(want, ", "))
	}
	if piece, err := h.piece(f.Address, wire.MaxPiece); err != nil || !bytes.Equal(piece, f.bytes[wire.MaxPiece:2*wire.MaxPiece]) {
		c.t.Errorf("%s gives other bytes, %v", r.name, err)
	}
}

// TestUnnamedAttachments: what no statement names is bounded, and goes.
func TestUnnamedAttachments(t *testing.T) {
	dir, g := t.TempDir(), ledgertest.NewGenesis(t, 1).Genesis
	r := &replica{cfg: Config{Bureau: "XA", Genesis: g}, served: served{ctx: t.Context(), store: store.NewMem(state.New(g))}}
	h, err := r.openHoldings(dir, func() []string { return nil }, nil)
	if err != nil {
		t.Fatal(err)
	}
	size := uint64(seal.SealedSize(1))
	put := func(key, n byte) error {
		_, err := h.put([32]byte{key}, ledger.Hash{key, n}, size, 0, []byte("x"))
		return err
	}
	for n := range byte(maxUnnamedByKey) {
		if err := put(1, n); err != nil {
			t.Fatal(err)
		}
	}
	if err := put(1, 100); wire.CodeOf(err) != wire.Busy {
		t.Errorf("one key too many: %v", err)
	}
	left := maxUnnamed - maxUnnamedByKey
	for n := range byte(left) {
		if err := put(2+n/20, n); err != nil {
			t.Fatal(err)
		}
	}
	if err := put(9, 9); wire.CodeOf(err) != wire.Busy {
		t.Errorf("one file too many: %v", err)
	}
	// Whoever handed a file over takes it back, and has room again.
	if err := h.drop([32]byte{2}, ledger.Hash{1, 0}); wire.CodeOf(err) != wire.Forbidden {
		t.Errorf("another client drops it: %v", err)
	}
	if err := h.drop([32]byte{1}, ledger.Hash{1, 0}); err != nil || h.folder.Begun(ledger.Hash{1, 0}) != 0 {
		t.Errorf("its client drops it: %v", err)
	}
	if err := put(1, 100); err != nil {
		t.Errorf("after one was dropped: %v", err)
	}
	day := time.Now().Add(-keepUnnamed - time.Minute)
	old := filepath.Join(dir, fmt.Sprintf("%x.part", ledger.Hash{1, 3}))
	if err := os.Chtimes(old, day, day); err != nil {
		t.Fatal(err)
	}
	for _, expire := range []bool{false, true} {
		if err := h.sweep(func() bool { return expire }); err != nil {
			t.Fatal(err)
		}
		if list, err := h.folder.List(); err != nil || len(list) != maxUnnamed-map[bool]int{true: 1}[expire] {
			t.Errorf("expire %v: %d are left, %v", expire, len(list), err)
		}
	}
	if err := put(9, 9); err != nil {
		t.Errorf("after one has gone: %v", err)
	}
}

// A bureau whose node takes its time takes places of its own files only.
func TestFetchesOfOneOrigin(t *testing.T) {
	s := newSolo(t, 3)
	s.add(s.c.Enrolments(t)...)
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		h, err := (&served{store: s.held, bureau: "XC", ctx: ctx, log: testLogger("XC")}).openHoldings(t.TempDir(), func() []string { return nil }, &crooked{hangs: "xa"})
		if err != nil {
			t.Fatal(err)
		}
		fetch := func(by *ledgertest.Bureau, n byte) *fetching {
			file := ledger.Attachment{Address: sha256.Sum256([]byte{n}), Size: uint64(seal.SealedSize(1000))}
			p := ledger.Publish{Kind: ledger.KindBlue, ReviewBy: 30_000, SizeClass: 2, Attachments: []ledger.Attachment{file}}
			s.add(by.Officer.Sign(t, ledger.Statement{Class: ledger.ClassPublish, Public: p.Marshal()}, []byte("body")))
			a, err := state.ReadAttachment(s.held, file.Address)
			if err != nil || a == nil {
				t.Fatal(a, err)
			}
			return h.fetch(file.Address, a)
		}
		busy := func(f *fetching) bool {
			synctest.Wait()
			select {
			case <-f.done:
				return wire.CodeOf(f.err) == wire.Busy
			default:
				return false
			}
		}
		for i := range byte(maxPullsEach) {
			if busy(fetch(s.c.Bureaus[0], i)) {
				t.Errorf("file %d of an origin is not fetched", i+1)
			}
		}
		if !busy(fetch(s.c.Bureaus[0], 100)) {
			t.Errorf("file %d of an origin is fetched", maxPullsEach+1)
		}
		if busy(fetch(s.c.Bureaus[1], 101)) {
			t.Error("a slow origin keeps out another")
		}
		cancel()
		h.close()
	})
}
