package server

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"comity/crypto/keys"
	"comity/crypto/seal"
	"comity/ledger"
	"comity/ledger/notice"
	"comity/node/desk"
	"comity/node/wire"
)

// homeKeys are the reading keys of a home, to which others come.
type homeKeys struct {
	mu    sync.Mutex // guards all below
	ids   map[seal.Compartment][]*keys.Identity
	err   error
	asked int
}

func (h *homeKeys) read() (map[seal.Compartment][]*keys.Identity, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.asked++
	return maps.Clone(h.ids), h.err
}

// rotation has a bureau replace a sealing key while its desk runs: the desk takes the
// new one when the home has it, and no event is told twice or passed over.
func (w *world) rotation(t *testing.T, h *homeKeys) {
	xa, xb, c := w.Bureaus[0], w.Bureaus[1], w.as(w.officer["desk"])
	var told []string
	at := wire.EventsQuery{}
	look := func() *wire.Error {
		_, answer, e := w.ask(c, http.MethodPost, wire.PathDeskEvents, at)
		if e != nil {
			return e
		}
		var got wire.Events
		if err := json.Unmarshal([]byte(answer), &got); err != nil {
			t.Fatal(err)
		}
		for _, e := range got.Events {
			told = append(told, e.Kind)
		}
		at.Next, at.Checked, at.AsOf = got.Next, got.Checked, got.AsOf
		return nil
	}
	status := func() (s wire.DeskStatus) {
		_, answer, e := w.ask(c, http.MethodGet, wire.PathDeskStatus, nil)
		if e != nil || json.Unmarshal([]byte(answer), &s) != nil {
			t.Fatal(e, answer)
		}
		return s
	}
	if e := look(); e != nil {
		t.Fatal(e)
	}
	before := len(told)
	h.mu.Lock()
	h.asked, h.err = 0, errors.New("its passphrase was typed")
	h.mu.Unlock()

	next, err := keys.GenerateIdentity()
	if err != nil {
		t.Fatal(err)
	}
	w.submit(xb.Root.RotateTo(t, keys.SealingID(xb.Sealing[seal.Card].Recipient()), ledger.Enrol{
		Purpose: ledger.PurposeSeal, Label: "seal-card", Compartment: seal.Card, Key: next.Recipient().Bytes()}))
	own := w.openDesk()
	w.until("the rotation", func() bool {
		err := own.Sync(t.Context(), w.node, nil)
		r, _ := own.Sealing("XB", seal.Card)
		return err == nil && r != nil && r.Equal(next.Recipient())
	})
	n := notice.ChildCase(time.Now())
	n.Reference = "LT-0777"
	it, err := own.Publish(t.Context(), w.node, desk.Officers{Author: xa.Officer.Signer, Others: []*keys.Signer{xa.Supervisor.Signer}}, n)
	if err != nil {
		t.Fatal(err)
	}
	w.submit(it)
	w.until("the alarm", func() bool {
		s := status()
		return strings.Contains(s.Alarm, "the new card key of XB") && strings.Contains(s.Alarm, "its passphrase was typed") && s.Size > w.size(own)
	})
	if e := look(); e == nil || e.Code != wire.Busy {
		t.Errorf("events without the key: %v, want %s", e, wire.Busy)
	}
	h.mu.Lock()
	h.ids[seal.Card], h.err = append(slices.Clone(h.ids[seal.Card]), next), nil
	h.mu.Unlock()
	w.until("the new key", func() bool { return look() == nil && len(told) > before })
	if e := look(); e != nil {
		t.Error(e)
	}
	if got := told[before:]; !slices.Equal(got, []string{"publish"}) {
		t.Errorf("told %q, want the new notice once", got)
	}
	if s := status(); s.Alarm != "" {
		t.Errorf("status %+v", s)
	}
	for _, name := range []string{"LT-0301", "LT-0777"} { // sealed to the old key, and to the new one
		if _, answer, e := w.ask(c, http.MethodPost, wire.PathDeskCase, wire.CaseRequest{Name: name, Card: true}); e != nil || !strings.Contains(answer, canaries["card"]) {
			t.Errorf("%s: %s, %v", name, answer, e)
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.asked > 8 {
		t.Errorf("the home was read %d times", h.asked)
	}
}
