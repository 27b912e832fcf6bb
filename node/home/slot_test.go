package home

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"comity/crypto/keys"
	"comity/crypto/seal"
	"comity/ledger"
)

// in returns the one slot of a label with this purpose.
func in(t *testing.T, h *Home, label string, p ledger.Purpose) *Slot {
	t.Helper()
	slots, err := h.Slots(label)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range slots {
		if s.Purpose == p {
			return s
		}
	}
	t.Fatalf("%s has no key to %s", label, p)
	return nil
}

// A key is put in the place of another whole, wherever the program dies: the next
// run knows where the last one was, and goes on.
func TestInstallSurvivesEveryCrash(t *testing.T) {
	defer func(m func(string, string) error, r func(string) error) { move, remove = m, r }(move, remove)
	dead := errors.New("died")
	for _, tt := range []struct {
		label   string
		purpose ledger.Purpose
		away    bool // the new key is in an ssh-agent
	}{
		{"case-1", ledger.PurposeSign, false}, {"case-1", ledger.PurposeSign, true}, {"case-1", ledger.PurposeAccess, false},
		{"operator", ledger.PurposeAccess, false}, {"card", ledger.PurposeSeal, false},
	} {
		for steps := 0; ; steps++ {
			h, _ := agentHome(t)
			private := filepath.Join(h.dir, dirOfficers, "case-1", fileSign)
			if err := os.WriteFile(private, []byte("the old key"), 0o600); err != nil {
				t.Fatal(err)
			}
			s := in(t, h, tt.label, tt.purpose)
			old, err := s.ID()
			if err != nil {
				t.Fatal(err)
			}
			other, err := keys.GenerateSigner()
			if err != nil {
				t.Fatal(err)
			}
			if tt.away {
				err = s.Make(other.Public(), nil)
			} else {
				err = s.Make(nil, nil)
			}
			if err != nil {
				t.Fatal(err)
			}
			next, err := s.NextID()
			if err != nil || next == old || s.Begun() {
				t.Fatal(next, err, s.Begun())
			}
			left := steps
			step := func() error {
				if left--; left < 0 {
					return dead
				}
				return nil
			}
			move = func(from, to string) error {
				return errors.Join(step(), only(left >= 0, func() error { return os.Rename(from, to) }))
			}
			remove = func(path string) error {
				return errors.Join(step(), only(left >= 0, func() error { return os.Remove(path) }))
			}
			err = s.Install()
			ended := err == nil
			move, remove = os.Rename, os.Remove
			if !ended {
				if !errors.Is(err, dead) {
					t.Fatal(err)
				}
				// What the next run sees: a next key that the ledger knows, or one half of it.
				if id, err := s.NextID(); (err != nil || id != next) && !s.Begun() {
					t.Fatalf("%+v, after %d steps: nobody knows that it was begun: %v", tt, steps, err)
				}
				if err := s.Install(); err != nil {
					t.Fatalf("%+v, after %d steps: %v", tt, steps, err)
				}
			}
			if id, err := s.ID(); err != nil || id != next || s.Begun() {
				t.Errorf("%+v, after %d steps: key %s, %v", tt, steps, id.Short(), err)
			}
			if _, err := s.NextID(); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%+v, after %d steps: a next key is still there: %v", tt, steps, err)
			}
			check(t, h, tt.label, tt.purpose, tt.away)
			if ended {
				break
			}
		}
	}
}

func only(yes bool, do func() error) error {
	if !yes {
		return nil
	}
	return do()
}

// check wants that the home works with its new key, and still has what opens old bodies.
func check(t *testing.T, h *Home, label string, p ledger.Purpose, away bool) {
	t.Helper()
	private := filepath.Join(h.dir, dirOfficers, "case-1", fileSign)
	switch {
	case p == ledger.PurposeSeal:
		ids, err := h.IdentitiesOf(nil, seal.Card, seal.Body)
		if err != nil || len(ids[seal.Card]) != 2 || len(ids[seal.Body]) != 1 {
			t.Errorf("sealing keys %v, %v", ids, err)
		}
		r, err := h.Recipients()
		if err != nil || !r[seal.Card].Equal(ids[seal.Card][0].Recipient()) {
			t.Errorf("the first to open is not the one that is sealed to: %v", err)
		}
	case p == ledger.PurposeSign && away:
		if _, err := os.Lstat(private); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the old private key is still there: %v", err)
		}
	case p == ledger.PurposeSign:
		if _, err := h.Officer(label, nil); err != nil {
			t.Error(err)
		}
	}
}

func TestSlotsRefuse(t *testing.T) {
	h, _ := agentHome(t)
	for _, label := range []string{"case-9", "root", "node", "../keys", "desk"} {
		if slots, err := h.Slots(label); err == nil {
			t.Errorf("%s: %d slots", label, len(slots))
		}
	}
	s := in(t, h, "case-1", ledger.PurposeSign)
	if err := s.Make(nil, nil); err != nil {
		t.Fatal(err)
	}
	first, _ := s.NextID()
	if err := s.Make(nil, nil); err != nil {
		t.Fatal(err)
	}
	if again, _ := s.NextID(); again != first {
		t.Error("a key that was made is made again")
	}
	other, err := keys.GenerateSigner()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Make(other.Public(), nil); err == nil || !strings.Contains(err.Error(), "another key was made before") {
		t.Errorf("%v", err)
	}
}
