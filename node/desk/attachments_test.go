package desk

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"comity/crypto/keys"
	"comity/crypto/seal"
	"comity/ledger"
	"comity/ledger/notice"
	"comity/node/blobs"
	"comity/node/client"
	"comity/node/follow"
	"comity/node/wire"
)

// fakeFiles are the sealed files of a fake node. asked has the pieces that were
// put or given, by their number.
type fakeFiles struct {
	*blobs.Folder
	asked []string
	cut   func(what string) bool // whether to hang up in place of an answer
	bend  func(piece []byte)
}

func (n *fakeNode) attachment(r *http.Request, what string) (address ledger.Hash, from int64) {
	if _, err := hex.Decode(address[:], []byte(r.PathValue("address"))); err != nil {
		panic(err)
	}
	from, _ = strconv.ParseInt(r.URL.Query().Get("from"), 10, 64)
	what = fmt.Sprintf("%s %d", what, from/wire.MaxPiece)
	if n.files.cut != nil && n.files.cut(what) {
		panic(http.ErrAbortHandler)
	}
	n.files.asked = append(n.files.asked, what)
	return address, from
}

func (n *fakeNode) putAttachment(w http.ResponseWriter, r *http.Request) error {
	piece, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	what := "put"
	if len(piece) == 0 {
		what = "ask"
	}
	address, from := n.attachment(r, what)
	size, _ := strconv.ParseInt(r.URL.Query().Get("size"), 10, 64)
	have, err := n.files.Append(address, size, from, piece)
	if err != nil {
		return err
	}
	_, held := n.files.Size(address)
	return json.NewEncoder(w).Encode(wire.AttachmentState{Have: have, Held: held})
}

func (n *fakeNode) getAttachment(w http.ResponseWriter, r *http.Request) error {
	address, from := n.attachment(r, "get")
	piece, err := n.files.Read(address, from, wire.MaxPiece)
	if err == nil && n.files.bend != nil {
		n.files.bend(piece)
	}
	if err == nil {
		_, err = w.Write(piece)
	}
	return err
}

func (n *fakeNode) stateOfAttachment(w http.ResponseWriter, r *http.Request) error {
	address, _ := n.attachment(r, "state")
	size, held := n.files.Size(address)
	return json.NewEncoder(w).Encode(wire.AttachmentState{Have: size, Held: held})
}

// took returns what a node was asked, and forgets it.
func (f *fakeFiles) took() string {
	defer func() { f.asked = nil }()
	return strings.Join(f.asked, ", ")
}

// filesLeft returns how many sealed files a desk has.
func filesLeft(t *testing.T, d *Desk) int {
	t.Helper()
	list, err := d.Files().List()
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

// TestAttachments sends and fetches a file of three pieces through cuts and a lie.
// A purge destroys what is left of it at the desks.
func TestAttachments(t *testing.T) {
	ctx := context.Background()
	n, offices := newOffices(t, 3)
	xa, xb, xc := offices[0], offices[1], offices[2]
	folder, err := blobs.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	n.files = &fakeFiles{Folder: folder}
	plain := bytes.Repeat([]byte("a ferry at night; "), 2*wire.MaxPiece/18+2000)
	doc := notice.ChildCase(today)
	a, err := xa.Attach(xa.officers(), seal.Body, "ferry.txt", bytes.NewReader(plain), int64(len(plain)))
	if err != nil || a.Type != "text/plain" {
		t.Fatalf("%+v, %v", a, err)
	}
	doc.Attachments = []notice.Attachment{a}
	it, err := xa.Publish(ctx, nil, xa.both(), doc)
	if err != nil {
		t.Fatal(err)
	}
	once := map[string]bool{}
	n.files.cut = func(what string) bool { // each call hangs up the first time
		defer func() { once[what] = true }()
		return !once[what]
	}
	var last uint64
	err = SendFiles(ctx, xa.c, xa.Files(), it.Entry.Statement, func(done, total uint64) {
		if done < last || total != uint64(a.Sealed) {
			t.Errorf("progress %d of %d after %d", done, total, last)
		}
		last = done
	})
	if got := n.files.took(); err != nil || strings.Count(got, "put 0")+strings.Count(got, "put 1")+strings.Count(got, "put 2") != 3 {
		t.Fatalf("%s, %v", got, err)
	}
	n.accept(t, it)
	n.finalise(t)

	f := xb.file(t, n, it.Entry.ID)
	stopped, stop := context.WithCancel(ctx)
	n.files.cut = func(what string) bool {
		if what == "get 1" {
			stop()
		}
		return what == "get 1"
	}
	if err := f.Fetch(stopped, xb.c, xb.Files(), func(bool, uint64, uint64) {}); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped in the middle: %v", err)
	}
	n.files.cut = nil
	n.files.took()
	n.files.bend = func(piece []byte) { piece[9] ^= 1 } // the rest, and then all of it
	var lied *follow.Dishonest
	if err := f.Fetch(ctx, xb.c, xb.Files(), func(bool, uint64, uint64) {}); !errors.As(err, &lied) {
		t.Errorf("a node that lies: %v", err)
	}
	if got, want := n.files.took(), "state 0, get 1, get 2, get 0, get 1, get 2"; got != want || filesLeft(t, xb.Desk) != 0 {
		t.Errorf("asked %s, want %s; %d files are left", got, want, filesLeft(t, xb.Desk))
	}
	n.files.bend = nil
	if err := f.Fetch(ctx, xb.c, xb.Files(), func(bool, uint64, uint64) {}); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	wrong := *f
	wrong.hash[0] ^= 1
	if err := wrong.Open(xb.Files(), &out); err == nil {
		t.Error("a file of another hash than the notice says is opened")
	}
	out.Reset()
	if err := f.Open(xb.Files(), &out); err != nil || !bytes.Equal(out.Bytes(), plain) || f.Drop(xb.Files()) != nil || filesLeft(t, xb.Desk) != 0 {
		t.Errorf("opened %d bytes, %v; %d files are left", out.Len(), err, filesLeft(t, xb.Desk))
	}
	syncDesk(t, xc.Desk, n)
	if k, err := xc.Case(ctx, it.Entry.ID.String()); err != nil || k.View != nil {
		t.Errorf("XC sees %+v, %v", k, err)
	}

	if err := f.Fetch(ctx, xb.c, xb.Files(), func(bool, uint64, uint64) {}); err != nil || filesLeft(t, xb.Desk) != 1 || filesLeft(t, xa.Desk) != 1 {
		t.Fatalf("before the purge: %v", err)
	}
	syncDesk(t, xa.Desk, n)
	xa.send(xa.Withdraw(ctx, xa.c, xa.officers(), it.Entry.ID))
	syncDesk(t, xa.Desk, n)
	two := xa.officers()
	two.Others = []*keys.Signer{xa.Supervisor.Signer}
	xa.send(xa.Purge(ctx, xa.c, two, it.Entry.ID, ledger.ReasonOver))
	for _, d := range []*Desk{xa.Desk, xb.Desk} {
		syncDesk(t, d, n)
		if left := filesLeft(t, d); left != 0 {
			t.Errorf("%d sealed files are left after a purge", left)
		}
	}
}

// file returns the one file of a notice as a desk can fetch it.
func (o *office) file(t *testing.T, n *fakeNode, id ledger.ID) *File {
	t.Helper()
	syncDesk(t, o.Desk, n)
	k, err := o.Case(context.Background(), id.String())
	if err != nil || k.View == nil || len(k.View.Attachments) != 1 {
		t.Fatalf("%+v, %v", k, err)
	}
	f, err := Fetchable(n.Genesis, k.View, k.View.Attachments[0])
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestAttachmentTransferSlow has a transfer take minutes before the node has the file,
// and then be cut after each piece: as long as it comes further it goes on.
func TestAttachmentTransferSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at, lost := int64(-100), &client.Unreachable{Node: "XA", Err: io.ErrUnexpectedEOF}
		step := func() (int64, bool, error) {
			time.Sleep(20 * time.Second)
			switch at++; {
			case at > 10:
				return at, true, nil
			case at > 0:
				return at, false, lost
			}
			return at, false, nil
		}
		if err := transfer(t.Context(), step); err != nil {
			t.Errorf("stopped at %d: %v", at, err)
		}
		for _, err := range []error{lost, nil} {
			begun := time.Now()
			if transfer(t.Context(), func() (int64, bool, error) { return -1, false, err }) == nil || time.Since(begun) > 2*stallLimit {
				t.Errorf("what stands still, with error %v, ends after %s", err, time.Since(begun))
			}
		}
	})
}

// TestAttachmentSendCut: a step of sending that is cut says how far it has come.
func TestAttachmentSendCut(t *testing.T) {
	ctx := context.Background()
	n, offices := newOffices(t, 1)
	xa := offices[0]
	folder, err := blobs.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	n.files = &fakeFiles{Folder: folder}
	plain := make([]byte, 2*wire.MaxPiece)
	a, err := xa.Attach(xa.officers(), seal.Body, "sea.bin", bytes.NewReader(plain), int64(len(plain)))
	if err != nil {
		t.Fatal(err)
	}
	named, err := a.Public()
	if err != nil {
		t.Fatal(err)
	}
	for cut, want := range map[string]int64{"put 1": wire.MaxPiece, "ask 0": nothing} {
		n.files.cut = func(what string) bool { return what == cut }
		have, done, err := sendFile(ctx, xa.c, xa.Files(), named, func(int64) {})
		if err == nil || done || have != want {
			t.Errorf("cut at %s: %d, %v, %v", cut, have, done, err)
		}
		if err := folder.Drop(named.Address); err != nil {
			t.Fatal(err)
		}
	}
}
