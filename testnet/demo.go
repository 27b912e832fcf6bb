package testnet

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/node/home"
)

// Demo is a consortium of five bureaus that plays the operation LANTERN TIDE,
// and in it the case of a missing child. All that it reports has happened: keys
// were made, statements signed, sealed and submitted over the nodes' API, nodes
// stopped and started. What is not real is the time, which runs fast, and the
// people.
//
//	DIR/
//	  demo.json     seed and first day; marks what RemoveDemo may remove, and is locked while a demo runs
//	  acknowledged  index, id and ledger time of every statement that a node has acknowledged
//	  child         id of the notice on the child, which has no other name once it is purged
//	  played        the operation was played to its end
//	  desks/        replicas of the bureaus while the operation is played
//	  EXERCISE XA/ XB/ ...  as in every consortium
type Demo struct {
	*Consortium

	options  DemoOptions
	file     demoFile
	fresh    bool // founded by this run
	time     *playClock
	lockFile *os.File
	restart  string // bureau whose node was stopped and started again

	mu    sync.Mutex // guards acked, log and the calls of options.Report
	acked []acked
	log   *os.File
}

// DemoOptions says where and how a demo plays.
type DemoOptions struct {
	Dir            string
	Seed           uint64          // of people and counts; 1, or what the demo in Dir was founded with, when zero
	HoursPerSecond float64         // 8 when zero
	Every          int             // play every n-th event of the timetable only; all when zero
	Report         func(DemoEvent) // called for all that happens, one call at a time
}

// demoOfficers are the officers of each bureau of a demo.
func demoOfficers() []home.OfficerSpec {
	return []home.OfficerSpec{
		{Label: demoOfficer, Roles: ledger.RoleInvestigator | ledger.RoleDesk},
		{Label: demoSupervisor, Roles: ledger.RoleSupervisor | ledger.RoleProtection},
	}
}

const (
	demoOfficer    = "inv-1"
	demoSupervisor = "sup-1"
)

// Begin runs the five nodes and enrols the bureaus' keys where that was not
// done yet.
func (d *Demo) Begin(ctx context.Context) error {
	began := time.Now()
	for _, code := range d.codes {
		m, _ := d.genesis.Charter.Member(code)
		if err := checkPort(code, m.Node.Address); err != nil {
			return fmt.Errorf("start demo: %w", err)
		}
	}
	if err := d.StartAll(); err != nil {
		return fmt.Errorf("start demo: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if err := d.WaitReady(ctx); err != nil {
		return fmt.Errorf("start demo: %w", err)
	}
	leader, err := d.WaitLeader(ctx)
	if err != nil {
		return fmt.Errorf("start demo: %w", err)
	}
	enrolled, err := d.Enrol(ctx)
	if err != nil {
		return fmt.Errorf("start demo: %w", err)
	}
	e := DemoConsortium{Leader: leader, Signed: len(d.codes) - len(d.genesis.Unsigned()), Enrolled: enrolled, Resumed: !d.fresh, Played: d.Played()}
	for _, s := range d.States(ctx) {
		e.Nodes = append(e.Nodes, DemoNode{s.Bureau, s.Name, s.Address})
		e.Entries = max(e.Entries, s.Size)
	}
	e.Ledger, e.Seconds = keys.ID(d.genesis.Ledger).String(), since(began)
	d.report(e)
	return nil
}

// Played reports whether the operation was played to its end.
func (d *Demo) Played() bool {
	_, err := os.Stat(d.path(filePlayed))
	return err == nil
}

// Wait returns nil when ctx ends, and an error when a node cannot go on.
func (d *Demo) Wait(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	for _, code := range d.codes {
		n := d.Node(code)
		if n == nil {
			return fmt.Errorf("the node of %s does not run", code)
		}
		go func() { // ends with ctx
			select {
			case <-n.Done():
				cancel(&stopped{code, n.Err()})
			case <-ctx.Done():
			}
		}()
	}
	<-ctx.Done()
	var s *stopped
	if errors.As(context.Cause(ctx), &s) {
		return fmt.Errorf("the node of %s cannot go on: %w", s.bureau, s.err)
	}
	return nil
}

// stopped is the cause that ends a wait.
type stopped struct {
	bureau string
	err    error
}

func (s *stopped) Error() string { return s.bureau + " stopped" }

// Close stops the nodes and gives the folder free.
func (d *Demo) Close() error {
	return errors.Join(d.Consortium.Close(), d.release())
}

func (d *Demo) release() error {
	var err error
	if d.log != nil {
		err = d.log.Close()
	}
	if d.lockFile != nil {
		err = errors.Join(err, d.lockFile.Close())
	}
	return err
}

func (d *Demo) report(e DemoEvent) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.options.Report(e)
}

func (d *Demo) path(name string) string { return filepath.Join(d.options.Dir, name) }

func since(began time.Time) float64 { return time.Since(began).Seconds() }
