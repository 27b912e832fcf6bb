package testnet

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"comity/node/wire"
)

// State is what is known of a node from outside.
type State struct {
	Bureau  string   `json:"bureau"`
	Name    string   `json:"name"`
	Address string   `json:"address"`
	Running bool     `json:"running"`
	PID     int      `json:"pid,omitempty"`  // of its process; 0 when it runs in this one
	Ready   bool     `json:"ready"`          //
	Why     string   `json:"why,omitempty"`  // it is not running, or not ready
	Size    uint64   `json:"size"`           // entries applied
	Root    string   `json:"root,omitempty"` // of these
	Final   uint64   `json:"final"`          // entries under a FINAL checkpoint
	Leader  bool     `json:"leader"`         //
	Alarms  []string `json:"alarms,omitempty"`

	term uint64
}

const (
	pollEvery   = 50 * time.Millisecond
	askAtMost   = 3 * time.Second
	leaderState = "leader"
)

// States asks every node what it is doing, in the order of the bureaus' codes.
func (c *Consortium) States(ctx context.Context) []State {
	out := make([]State, len(c.codes))
	var wg sync.WaitGroup
	for i, code := range c.codes {
		wg.Go(func() { out[i] = c.state(ctx, code) })
	}
	wg.Wait()
	return out
}

func (c *Consortium) state(ctx context.Context, bureau string) State {
	m, _ := c.genesis.Charter.Member(bureau)
	s := State{Bureau: bureau, Name: m.Name, Address: m.Node.Address, Running: c.Node(bureau) != nil}
	if !s.Running {
		p, ok := c.pid(bureau)
		switch {
		case ok:
			s.Running, s.PID = true, p.pid
		case p.pid != 0:
			s.Why = fmt.Sprintf("not running: process %d ended without being stopped; see %s", p.pid, c.LogPath(bureau))
		default:
			s.Why = "not running"
		}
	}
	if !s.Running {
		return s
	}
	st, err := c.ask(ctx, bureau)
	if err != nil {
		s.Why = err.Error()
		return s
	}
	s.Ready, s.Why, s.Leader = st.Ready, st.NotReady, st.State == leaderState
	s.Size, s.Root, s.Final, s.Alarms, s.term = st.Size, st.Root, st.FinalSize, st.Alarms, st.RaftTerm
	return s
}

func (c *Consortium) ask(ctx context.Context, bureau string) (*wire.Status, error) {
	cl, err := c.Operator(bureau)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, askAtMost)
	defer cancel()
	return cl.Status(ctx)
}

// WaitReady waits until these nodes are ready, or all of them when none is
// named. It gives up when a process has ended.
func (c *Consortium) WaitReady(ctx context.Context, bureaus ...string) error {
	if len(bureaus) == 0 {
		bureaus = c.codes
	}
	return c.wait(ctx, func(states []State) (string, error) {
		var waiting []string
		for _, s := range states {
			switch {
			case !slices.Contains(bureaus, s.Bureau) || s.Ready:
			case !s.Running:
				return "", c.ended(s.Bureau)
			default:
				waiting = append(waiting, fmt.Sprintf("%s is not ready (%s)", s.Bureau, s.Why))
			}
		}
		return strings.Join(waiting, "; "), nil
	})
}

// WaitLeader waits until a node leads and others can reach it, and returns the
// code of its bureau.
func (c *Consortium) WaitLeader(ctx context.Context) (bureau string, err error) {
	err = c.wait(ctx, func(states []State) (string, error) {
		// A deposed leader may not know it yet: the highest term counts.
		var leader State
		for _, s := range states {
			if s.Leader && s.Ready && s.term > leader.term {
				leader = s
			}
		}
		if leader.Bureau == "" {
			return "no node leads", nil
		}
		bureau = leader.Bureau
		return "", nil
	})
	return bureau, err
}

// WaitEqual waits until all nodes that run have the same entries, at least size
// of them, all FINAL, and returns how many and their root.
func (c *Consortium) WaitEqual(ctx context.Context, size uint64) (uint64, string, error) {
	var first State
	err := c.wait(ctx, func(states []State) (string, error) {
		first = State{}
		for _, s := range states {
			switch {
			case !s.Running:
			case s.Root == "":
				return s.Bureau + " does not answer: " + s.Why, nil
			case first.Bureau == "":
				first = s
			case s.Size == first.Size && s.Root != first.Root:
				return "", fmt.Errorf("%s and %s have different histories of %d entries: roots %s and %s", first.Bureau, s.Bureau, s.Size, first.Root, s.Root)
			case s.Size != first.Size || s.Final != first.Final:
				return fmt.Sprintf("%s has %d entries, %d FINAL; %s has %d, %d FINAL", first.Bureau, first.Size, first.Final, s.Bureau, s.Size, s.Final), nil
			}
		}
		if first.Size < size || first.Final < first.Size {
			return fmt.Sprintf("%d entries, %d FINAL, of %d", first.Size, first.Final, size), nil
		}
		return "", nil
	})
	return first.Size, first.Root, err
}

// wait asks all nodes again and again until look finds nothing to wait for.
func (c *Consortium) wait(ctx context.Context, look func([]State) (waiting string, err error)) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		waiting, err := look(c.States(ctx))
		if err != nil || waiting == "" {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for nodes: %s: %w", waiting, context.Cause(ctx))
		case <-tick.C:
		}
	}
}

// ended says why a node that should run does not.
func (c *Consortium) ended(bureau string) error {
	text := fmt.Sprintf("the node of %s does not run", bureau)
	if line := lastLine(c.LogPath(bureau)); line != "" {
		text += "; its last words: " + line
	}
	return errors.New(text)
}
