package testnet

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/notice"
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

	mu    sync.Mutex // guards acked, ackLog and the calls of options.Report
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

// demoFile is the content of demo.json.
type demoFile struct {
	Seed  uint64    `json:"seed"`
	Start time.Time `json:"start"`
}

// acked is a statement that a node said is committed.
type acked struct {
	index, time uint64
	id          ledger.ID
}

const (
	fileDemo   = "demo.json"
	fileAcked  = "acknowledged"
	filePlayed = "played"
	dirDesks   = "desks"

	demoPort = 7101 // of the first node, if that and the next four are free
	demoName = "LANTERN TIDE exercise"
)

// ErrNoDemo is returned for a folder in which there is something, but no demo.
var ErrNoDemo = errors.New("no demo")

// ErrDemoRuns is returned for a demo that another program is running.
var ErrDemoRuns = errors.New("another program runs this demo")

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

// OpenDemo founds a demo in a folder that is empty or does not exist, or opens
// the one that is there. No node runs yet. Close it.
func OpenDemo(o DemoOptions) (*Demo, error) {
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("open demo: %w", err)
	}
	o.Dir = dir
	if o.HoursPerSecond == 0 {
		o.HoursPerSecond = 8
	}
	if o.Report == nil {
		o.Report = func(DemoEvent) {}
	}
	d := &Demo{options: o}
	d.Consortium, err = Load(dir)
	if errors.Is(err, ErrNone) {
		err = d.found()
	} else if err == nil {
		err = d.resume()
	}
	if err != nil {
		return nil, fmt.Errorf("open demo: %w", errors.Join(err, d.release()))
	}
	d.SetClock(d.time.Now)
	return d, nil
}

// found makes a new demo. The operation ends with the day before this one, so
// that after it the nodes can go on with the machine's clock.
func (d *Demo) found() error {
	began := time.Now()
	d.file = demoFile{Seed: max(d.options.Seed, 1), Start: began.UTC().Truncate(24 * time.Hour).Add(-notice.OperationLength)}
	d.time = newPlayClock(d.file.Start.Add(-time.Hour))
	port := demoPort
	if _, err := addresses(len(notice.Bureaus()), port); err != nil {
		port = 0
	}
	var err error
	d.Consortium, err = Found(d.options.Dir, Options{
		Bureaus: len(notice.Bureaus()), BasePort: port, Officers: demoOfficers(), Name: demoName, Clock: d.time.Now,
	})
	if err != nil {
		return err
	}
	text, err := json.Marshal(d.file)
	if err == nil {
		err = os.WriteFile(d.path(fileDemo), append(text, '\n'), 0o600)
	}
	if err != nil {
		return errors.Join(err, Remove(d.options.Dir))
	}
	d.fresh = true
	if err := d.open(); err != nil {
		return err
	}
	d.report(DemoKeys{Bureaus: len(d.codes), Officers: len(d.codes) * len(demoOfficers()), Seconds: since(began)})
	return nil
}

// resume takes up the demo that is in the folder.
func (d *Demo) resume() error {
	text, err := os.ReadFile(d.path(fileDemo))
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %s holds another consortium", ErrNoDemo, d.options.Dir)
	}
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, &d.file); err != nil {
		return fmt.Errorf("%s is damaged: %w", d.path(fileDemo), err)
	}
	if s := d.options.Seed; s != 0 && s != d.file.Seed {
		return fmt.Errorf("the demo in %s was played with the seed %d, not %d", d.options.Dir, d.file.Seed, s)
	}
	if err := d.open(); err != nil {
		return err
	}
	if d.Played() {
		d.time = newPlayClock(time.Now())
		return nil
	}
	now := d.file.Start.Add(-time.Hour)
	for _, a := range d.acked {
		if t := time.UnixMilli(int64(a.time)); t.After(now) {
			now = t
		}
	}
	d.time = newPlayClock(now)
	return nil
}

// open takes the lock and reads what was acknowledged so far.
func (d *Demo) open() (err error) {
	if d.lockFile, err = lockDemo(d.options.Dir); err != nil {
		return err
	}
	if d.log, err = os.OpenFile(d.path(fileAcked), os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600); err != nil {
		return err
	}
	in := bufio.NewScanner(d.log)
	for in.Scan() {
		var a acked
		var id string
		if n, _ := fmt.Sscanf(in.Text(), "%d %s %d", &a.index, &id, &a.time); n != 3 {
			continue // the last line of a run that was killed
		}
		if a.id, err = keys.ParseID(id); err == nil {
			d.acked = append(d.acked, a)
		}
	}
	return in.Err()
}

// lockDemo keeps a second program from running the demo.
func lockDemo(dir string) (*os.File, error) {
	f, err := os.Open(filepath.Join(dir, fileDemo))
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("%w, in %s", ErrDemoRuns, dir)
		}
		return nil, err
	}
	return f, nil
}

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
	d.Consortium.mu.Lock()
	for _, cl := range d.clients {
		cl.Close() // a connection that nothing was asked on would keep its node waiting
	}
	d.Consortium.mu.Unlock()
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

// RemoveDemo removes a demo that no program runs, and nothing else.
func RemoveDemo(dir string) error {
	if _, err := os.Stat(filepath.Join(dir, fileDemo)); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove demo: %w in %s", ErrNoDemo, dir)
	}
	f, err := lockDemo(dir)
	if err != nil {
		return fmt.Errorf("remove demo: %w", err)
	}
	defer f.Close()
	return Remove(dir)
}

// acknowledge keeps in mind what a node has said is committed.
func (d *Demo) acknowledge(s *Sent) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	a := acked{s.Index, s.Time, s.Item.Entry.ID}
	d.acked = append(d.acked, a)
	var line bytes.Buffer
	fmt.Fprintf(&line, "%d %s %d\n", a.index, a.id, a.time)
	if _, err := d.log.Write(line.Bytes()); err != nil {
		return fmt.Errorf("keep what was acknowledged: %w", err)
	}
	return nil
}

func (d *Demo) report(e DemoEvent) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.options.Report(e)
}

func (d *Demo) path(name string) string { return filepath.Join(d.options.Dir, name) }

func since(began time.Time) float64 { return time.Since(began).Seconds() }
