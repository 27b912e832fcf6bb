package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// askAll asks every node at once, and does not wait for those that hang. The own one
// is asked last: what the others have by then it has too, or is behind.
func (s *session) askAll(ctx context.Context) []nodeAnswer {
	members := s.genesis.Members()
	out := make([]nodeAnswer, len(members))
	own := -1
	var wg sync.WaitGroup
	for i := range members {
		out[i].member = &members[i]
		if members[i].Code == s.home.Bureau() {
			own = i
			continue
		}
		wg.Go(func() { s.ask(ctx, &out[i]) })
	}
	wg.Wait()
	if own >= 0 {
		s.ask(ctx, &out[own])
	}
	return out
}

// ask asks one node.
func (s *session) ask(ctx context.Context, a *nodeAnswer) {
	c, err := s.home.ClientOf(a.member.Code, s.access)
	if err != nil {
		a.err = err
		return
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(ctx, doctorPatience)
	defer cancel()
	if _, a.err = c.Status(ctx); a.err != nil { // connects
		return
	}
	before := time.Now()
	a.status, a.err = c.Status(ctx)
	a.unsure = time.Since(before)
	if a.err != nil {
		return
	}
	a.off = time.UnixMilli(a.status.Clock).Sub(before.Add(a.unsure / 2))
	note, err := c.Checkpoint(ctx, 0, 0)
	if err != nil || a.member.Code == s.home.Bureau() {
		return
	}
	// Nobody's word counts here: the note proves who cosigned it.
	if at, by, err := s.genesis.Open(note); err == nil && slices.Contains(by, s.home.Bureau()) {
		a.signed = at.Size
	}
}

// examineClock compares the clock here with those of all nodes that answered.
func (s *session) examineClock(answers []nodeAnswer) diagnosis {
	var off []string
	answered := 0
	for _, a := range answers {
		if a.err != nil {
			continue
		}
		answered++
		if a.off.Abs() > clockTolerance+a.unsure {
			word := "ahead of"
			if a.off < 0 {
				word = "behind"
			}
			off = append(off, fmt.Sprintf("%s is %s %s this machine", a.member.Code, a.off.Abs().Round(time.Second/10), word))
		}
	}
	switch {
	case answered == 0:
		return bad("clock", "see below", "no node answers to compare with")
	case len(off) == 0:
		return good("clock", "within %s of %s", clockTolerance, plural(uint64(answered), "node", "nodes"))
	case len(off) == answered && answered > 1:
		return bad("clock", "set this machine's: chronyc tracking, or timedatectl", "it is this one that is wrong: %s", strings.Join(off, ", "))
	}
	return bad("clock", "tell its operator; a leader whose clock is wrong is refused by the others", "%s", strings.Join(off, ", "))
}
