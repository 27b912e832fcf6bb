package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/node/client"
	"comity/node/desk"
	"comity/node/wire"

	"github.com/urfave/cli/v2"
)

// How long a command goes on sending, and waits for FINAL.
const (
	sendLimit  = 30 * time.Second
	finalLimit = 60 * time.Second
)

// noWaitFlag is on every command that writes to the ledger.
func noWaitFlag() cli.Flag {
	return &cli.BoolFlag{Name: "no-wait", Usage: "return when it is committed, before it is FINAL"}
}

// written is a statement in the ledger, as --json shows it.
type written struct {
	Name      string    `json:"name,omitempty"`
	ID        ledger.ID `json:"id"`
	Index     uint64    `json:"index"`
	State     string    `json:"state"` // committed or FINAL
	Time      uint64    `json:"time,omitempty"`
	Known     bool      `json:"known,omitempty"` // it was in the ledger before
	Size      uint64    `json:"final_size,omitempty"`
	Cosigners []string  `json:"cosigners,omitempty"`
	Seconds   float64   `json:"seconds"` // from sending to the state above

	started time.Time
}

// send submits a composed statement and tells what becomes of it: accepted and
// committed, then FINAL. name is what people call it.
func (s *session) send(c *cli.Context, name string, it ledger.Item) error {
	s.closeDesk() // the rest may take a minute
	if err := s.sendFiles(c.Context, name, it); err != nil {
		return err
	}
	start := time.Now()
	sub, err := s.submit(c.Context, it)
	if err != nil {
		return s.refusal(name, err)
	}
	s.sentFiles(it)
	defer s.renewDrafts(c.Context, it) // once all is told
	w := &written{Name: name, ID: sub.ID, Index: sub.Index, State: "committed", Time: sub.Time, Known: sub.Known}
	took := func() string {
		w.Seconds = seconds(start)
		return fmt.Sprintf("%.2f s", w.Seconds)
	}
	if !s.asJSON {
		s.say("%s", name)
		s.say("  id         %s", sub.ID)
		s.say("  accepted   by the %s", s.client)
		if sub.Known {
			s.say("  committed  before, as entry %s; nothing was written twice", count(sub.Index))
		} else {
			s.say("  committed  as entry %s at %s, %s after sending", count(sub.Index), clock(sub.Time), took())
		}
	}
	if c.Bool("no-wait") {
		if s.asJSON {
			took()
			return s.document(w)
		}
		s.note("not FINAL yet; to see when it is: comity verify %s", sub.ID)
		return nil
	}
	finalErr := s.waitFinal(c.Context, it.Entry, w)
	if finalErr == nil && !s.asJSON {
		s.say("  FINAL      cosigned by %s at %s (%d of %d needed), %s after sending", strings.Join(w.Cosigners, " "), count(w.Size),
			s.genesis.PolicyAt(w.Size).Quorum, s.genesis.PolicyAt(w.Size).Voters(), took())
	}
	if s.asJSON {
		took()
		return errors.Join(s.document(w), finalErr)
	}
	return finalErr
}

// sendAll submits statements in their order, and tells of each that it is in the
// ledger, then that all are FINAL: the last is only if those before it are. done is
// called for each that is in the ledger; what was not sent is told.
func (s *session) sendAll(c *cli.Context, list []outgoing, done func(i int) error) error {
	if len(list) == 1 {
		if err := s.send(c, list[0].name, list[0].item); err != nil {
			return err
		}
		return done(0)
	}
	s.closeDesk()
	var all []*written
	for i, o := range list {
		w, err := s.sendNext(c.Context, o)
		if err == nil {
			err = done(i)
		}
		if w != nil {
			all = append(all, w)
		}
		if err != nil {
			s.note("%d of %d were sent", len(all), len(list))
			if !wire.IsRefusal(err) && !c.Bool("again") {
				err = hint(err, "run it again for the rest: what was sent is not sent twice")
			}
			if s.asJSON && len(all) > 0 {
				err = errors.Join(s.document(all), err)
			}
			if len(all) > 0 {
				s.renewDrafts(c.Context, list[len(all)-1].item)
			}
			return err
		}
	}
	defer s.renewDrafts(c.Context, list[len(list)-1].item) // once all is told
	if c.Bool("no-wait") {
		if s.asJSON {
			return s.document(all)
		}
		s.note("not FINAL yet; to see when all are: comity verify %s", all[len(all)-1].ID)
		return nil
	}
	return s.allFinal(c.Context, list, all)
}

// sendNext submits one of several statements.
func (s *session) sendNext(ctx context.Context, o outgoing) (*written, error) {
	if err := s.sendFiles(ctx, o.name, o.item); err != nil {
		return nil, err
	}
	start := time.Now()
	sub, err := s.submit(ctx, o.item)
	if err != nil {
		return nil, s.refusal(o.name, err)
	}
	s.sentFiles(o.item)
	w := &written{Name: o.name, ID: sub.ID, Index: sub.Index, State: "committed", Time: sub.Time, Known: sub.Known, started: start}
	w.Seconds = seconds(start)
	if !s.asJSON {
		when := "committed"
		if sub.Known {
			when = "was committed before,"
		}
		s.say("%s  %s as entry %s, id %.12s", o.name, when, count(sub.Index), sub.ID)
	}
	return w, nil
}

func seconds(start time.Time) float64 { return time.Since(start).Round(time.Millisecond).Seconds() }

// allFinal waits until what was sent is FINAL, and tells it.
func (s *session) allFinal(ctx context.Context, list []outgoing, all []*written) error {
	last := 0
	for i, w := range all {
		if w.Index > all[last].Index {
			last = i
		}
	}
	err := s.waitFinal(ctx, list[last].item.Entry, all[last])
	if f := all[last]; err == nil {
		for _, w := range all {
			w.State, w.Size, w.Cosigners, w.Seconds = f.State, f.Size, f.Cosigners, seconds(w.started)
		}
		if !s.asJSON {
			policy := s.genesis.PolicyAt(f.Size)
			s.say("all %d", len(all))
			s.say("  FINAL      cosigned by %s at %s (%d of %d needed), %.2f s after the first was sent", strings.Join(f.Cosigners, " "), count(f.Size),
				policy.Quorum, policy.Voters(), all[0].Seconds)
		}
	}
	if s.asJSON {
		return errors.Join(s.document(all), err)
	}
	return err
}

// submit sends, and sends the same bytes again while that may help: the id
// makes it safe.
func (s *session) submit(ctx context.Context, it ledger.Item) (*wire.Submitted, error) {
	ctx, cancel := context.WithTimeout(ctx, sendLimit)
	defer cancel()
	pause := 100 * time.Millisecond
	told, open := false, false // the person knows that it takes longer; an attempt may have been written
	for {
		sub, err := s.client.Submit(ctx, it)
		if err == nil {
			return sub, nil
		}
		var lost *client.Unreachable
		cut := errors.As(err, &lost)
		open = open || cut && lost.Sent || wire.CodeOf(err) == wire.Unknown
		if open {
			err = &unsure{err}
		}
		if !wire.Retryable(err) && !(open && cut) || ctx.Err() != nil {
			return nil, err
		}
		if !told {
			word := "not written yet: "
			if open {
				word = "" // the error says that this is not known
			}
			s.note("%s%s; trying again for %s", word, err, sendLimit)
			told = true
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(pause):
			pause = min(2*pause, 2*time.Second)
		}
	}
}

// unsure is the error of a submission of which an attempt may have been written.
type unsure struct{ error }

func (e *unsure) Unwrap() error { return e.error }

// waitFinal waits for the receipt and verifies it: the node is not believed.
func (s *session) waitFinal(ctx context.Context, e *ledger.Entry, w *written) error {
	ctx, cancel := context.WithTimeout(ctx, finalLimit)
	defer cancel()
	for {
		r, err := s.client.Receipt(ctx, w.Index, finalLimit/3)
		if wire.CodeOf(err) == wire.NotFinal && ctx.Err() == nil {
			continue
		}
		if err != nil {
			return hint(fmt.Errorf("%s is committed as entry %s, but not known to be FINAL: %w", w.Name, count(w.Index), err),
				"it is written; do not send it again; see when it is FINAL: comity verify %s", w.ID)
		}
		cp, by, err := r.Verify(s.genesis, e.LeafHash())
		if err != nil {
			return fmt.Errorf("%s: the receipt that the %s gave proves nothing: %w", w.Name, s.client, err)
		}
		w.State, w.Size, w.Cosigners = "FINAL", cp.Size, slices.Sorted(slices.Values(by))
		return nil
	}
}

// refusal turns the error of a submission into a sentence.
func (s *session) refusal(name string, err error) error {
	if wire.IsRefusal(err) {
		return fmt.Errorf("%s was not accepted: %w (nothing written)", name, err)
	}
	var open *unsure
	if errors.As(err, &open) || wire.CodeOf(err) == wire.Unknown {
		why := err.Error()
		if errors.Is(err, context.Canceled) {
			why = "interrupted" // which for other commands means that nothing more was done
		}
		return hint(fmt.Errorf("%s may or may not be written: %s", name, why), "see before you send it again: comity notice list")
	}
	var lost *client.Unreachable
	if errors.As(err, &lost) {
		return fmt.Errorf("%s was not sent: %w", name, err)
	}
	return fmt.Errorf("%s was not accepted: %w", name, err)
}

// signers returns who signs: the officer who acts, and the second one where the
// command names one. The second enters a passphrase of their own.
func (s *session) signers(c *cli.Context) (desk.Officers, error) {
	author, err := s.officer()
	if err != nil {
		return desk.Officers{}, err
	}
	by := desk.Officers{Author: author.Signer}
	label := c.String("second")
	switch {
	case label == "":
		return by, nil
	case label == author.Label:
		return by, usagef("--second %s: the second signature must be another officer's", label)
	}
	if !slices.Contains(s.home.Officers(), label) {
		return by, s.noOfficer(label)
	}
	first := s.phrases
	if s.passFile == "" {
		s.phrases = nil
	}
	second, err := s.home.Officer(label, s.passphrase)
	s.phrases = first
	if err != nil {
		return by, err
	}
	by.Others = []*keys.Signer{second.Signer}
	return by, nil
}
