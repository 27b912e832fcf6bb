package cli

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"comity/crypto/keys"
	"comity/crypto/seal"
	"comity/ledger"
	"comity/node/desk/readlog"
	"comity/node/wire"
)

// cutDesk gives a read log in small pieces, and fails or lies from one of them on.
type cutDesk struct {
	log   *readlog.Log
	left  int // pieces until it fails; for ever if negative
	lies  int // pieces until it gives other bytes
	heads error
}

var errCut = errors.New("the line was cut")

func (d *cutDesk) ReadLog(_ context.Context, from int64) ([]byte, error) {
	if d.left == 0 {
		return nil, errCut
	}
	d.left--
	d.lies--
	data, err := d.log.Tail(from, 200)
	if d.lies < 0 && len(data) > 0 {
		data[0] ^= 1
	}
	return data, err
}

func (d *cutDesk) ReadsHead(context.Context) (*wire.ReadsHead, error) {
	h, err := d.log.Head(time.Now())
	return &wire.ReadsHead{Head: h.Marshal(), Records: h.Size}, errors.Join(err, d.heads)
}

// TestFetchThatFailsLeavesTheCopy: whatever ends a fetch, the copy is as it was, and
// the next one goes on from it.
func TestFetchThatFailsLeavesTheCopy(t *testing.T) {
	dir := t.TempDir()
	origin := readlog.Origin{Ledger: ledger.Hash{1}, Bureau: "XB"}
	log, err := readlog.Open(filepath.Join(dir, "log"), origin, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	grow := func() {
		for range 5 {
			if _, err := log.Append(time.Now(), readlog.Read{Officer: keys.ID{7}, Label: "case-1", How: readlog.Shown, Parts: readlog.PartsOf(seal.Card), Notice: ledger.ID{3}, Entry: 9, Purpose: "a review"}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "elsewhere"), 0o700); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(filepath.Join(dir, "elsewhere", "copy"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for round := range 2 {
		grow()
		before, _ := os.ReadFile(f.Name())
		for name, d := range map[string]*cutDesk{"cut": {left: 3, lies: 99}, "lies, then cut": {left: 3, lies: 2}, "lies": {left: -1, lies: 2},
			"no head": {left: -1, lies: 99, heads: errCut}, "cut at once": {left: 0}} {
			d.log = log
			_, out, err := (&logCopy{f, f.Name(), d, "the desk", origin}).fetch(t.Context())
			if name == "lies" {
				if err != nil || out.Verdict != logBroken {
					t.Errorf("round %d, %s: %+v, %v", round, name, out, err)
				}
			} else if !errors.Is(err, errCut) {
				t.Errorf("round %d, %s: %+v, %v", round, name, out, err)
			}
			if after, err := os.ReadFile(f.Name()); err != nil || !bytes.Equal(before, after) {
				t.Errorf("round %d, %s: the copy had %d bytes, and has %d, %v", round, name, len(before), len(after), err)
			}
		}
		had, out, err := (&logCopy{f, f.Name(), &cutDesk{log, -1, 99, nil}, "the desk", origin}).fetch(t.Context())
		if err != nil || out.Verdict != logWhole || had != uint64(5*round) || out.Records != uint64(5*round+5) {
			t.Errorf("round %d: had %d, %+v, %v", round, had, out, err)
		}
	}
	if list, err := os.ReadDir(filepath.Dir(f.Name())); err != nil || len(list) != 1 {
		t.Errorf("beside the copy: %v, %v", list, err)
	}
}
