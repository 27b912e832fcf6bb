package testnet

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/notice"
)

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
	fileChild  = "child"
	dirDesks   = "desks"

	demoPort = 7101 // of the first node, if that and the next four are free
	demoName = "LANTERN TIDE exercise"
)

// ErrNoDemo is returned for a folder in which there is something, but no demo.
var ErrNoDemo = errors.New("no demo")

// ErrDemoRuns is returned for a demo that another program is running.
var ErrDemoRuns = errors.New("another program runs this demo")

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
		Bureaus: len(notice.Bureaus()), BasePort: port, Officers: demoOfficers(), Name: demoName, Quota: ledger.DefaultQuota, Clock: d.time.Now,
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
		d.time.follow()
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

// Child returns the id of the notice on the child, "" before it is known.
func (d *Demo) Child() string {
	text, err := os.ReadFile(d.path(fileChild))
	if err != nil {
		return ""
	}
	id, err := keys.ParseID(strings.TrimSpace(string(text)))
	if err != nil {
		return ""
	}
	return id.String()
}

// keepChild keeps the id of the notice on the child.
func (d *Demo) keepChild(id ledger.ID) error {
	if err := os.WriteFile(d.path(fileChild), []byte(id.String()+"\n"), 0o600); err != nil {
		return fmt.Errorf("keep which notice is %s: %w", childName, err)
	}
	return nil
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

// IsDemo reports whether a demo is in the folder.
func IsDemo(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, fileDemo))
	return err == nil
}

// RemoveDemo removes a demo that no program runs, and nothing else.
func RemoveDemo(dir string) error {
	if !IsDemo(dir) {
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
	if _, err := fmt.Fprintf(d.log, "%d %s %d\n", a.index, a.id, a.time); err != nil {
		return fmt.Errorf("keep what was acknowledged: %w", err)
	}
	return nil
}
