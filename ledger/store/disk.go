package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	"comity/ledger/state"

	"golang.org/x/mod/sumdb/tlog"
)

var _ Store = (*Disk)(nil)

// Disk is a Store in a directory.
//
// What is committed since the last Flush is in the files already, but not
// durable, and the changes of the tables are in memory, in generations: Mark
// ends one and begins the next, Flush brings them to the tree on disk. How much
// memory that takes depends on how often Flush is called, not on the ledger.
type Disk struct {
	*folder
	limits  limits
	lock    *os.File
	hashes  *flat
	index   *flat
	entries *segments
	bodies  *segments

	// writing orders Commits. It is held while they write, and guards buf.
	writing sync.Mutex
	buf     buffers

	// flushing orders Flushes. It is held while they write and sync; Commits and
	// readers never wait for it.
	flushing sync.Mutex

	// mu guards all below and is never held over I/O.
	mu          sync.RWMutex
	at          Mark          // the last Commit
	end         position      // of at; its tables are those of flushed
	flushed     position      // the last Flush
	durable     uint64        // number of the last Commit in it
	tables      treeFile      // that of flushed
	generations []*generation // since flushed, oldest first; the last one grows
	failed      error         // the first write or sync that failed
	closed      bool
}

// generation holds the changes of the tables between two Marks.
type generation struct {
	end     position          // after its last Commit
	commits uint64            // number of that Commit, 0 for none yet
	puts    map[string][]byte // table || key -> value, nil for a deleted one
}

func newGeneration() *generation { return &generation{puts: make(map[string][]byte)} }

// limits are the sizes that tests make small.
type limits struct {
	segment int64  // a segment that reaches it is followed by another
	leaf    int    // bytes of a leaf of the tables
	garbage uint64 // bytes a file of the tables may waste, beside as much again as it uses
}

var defaultLimits = limits{segment: segmentBytes, leaf: leafBytes, garbage: 64 << 20}

// Open opens the store of m's ledger in dir, or makes one at genesis. What it
// made is durable when it returns.
func Open(dir string, m *state.Machine) (*Disk, error) { return open(dir, m, defaultLimits) }

func open(dir string, m *state.Machine, l limits) (*Disk, error) {
	d, err := openFolder(dir, m)
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w", dir, err)
	}
	d.limits = l
	if err := d.start(m); err != nil {
		d.Close()
		return nil, fmt.Errorf("open store %s: %w", dir, err)
	}
	return d, nil
}

// openFolder returns a Disk that has the folder to itself and nothing open.
func openFolder(dir string, m *state.Machine) (*Disk, error) {
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		if err := makeFolder(dir); err != nil {
			return nil, err
		}
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	lock, err := takeLock(root)
	if err != nil {
		root.Close()
		return nil, err
	}
	return &Disk{
		folder:      &folder{root: root, ledger: m.Genesis().Ledger},
		lock:        lock,
		generations: []*generation{newGeneration()},
	}, nil
}

// makeFolder makes the directory, and its name in the one above durable.
func makeFolder(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	parent, err := os.Open(filepath.Dir(dir))
	if err != nil {
		return err
	}
	defer parent.Close()
	return parent.Sync()
}

// start brings the files to the last Flush. For a new folder that is the zero
// position, which is committed before there is any other file: a folder with
// data and no commit has lost it.
func (d *Disk) start(m *state.Machine) error {
	names, err := d.names()
	if err != nil {
		return err
	}
	if !names[commitName] {
		for name := range names {
			if name != commitNew {
				return corrupt(commitName, "the file is missing")
			}
		}
		if err := d.commit(position{}); err != nil {
			return err
		}
	}
	if d.flushed, err = d.position(); err != nil {
		return err
	}
	if err := d.clean(); err != nil {
		return err
	}
	if d.flushed == (position{}) {
		return d.begin(m)
	}
	return d.resume()
}

// begin makes the files and commits the state at genesis.
func (d *Disk) begin(m *state.Machine) (err error) {
	if d.hashes, err = createFlat(d.folder, hashesName, tlog.HashSize); err != nil {
		return err
	}
	if d.index, err = createFlat(d.folder, indexName, indexLen); err != nil {
		return err
	}
	if d.entries, d.end.entries, err = createSegments(d.folder, "entries", d.limits.segment); err != nil {
		return err
	}
	if d.bodies, d.end.bodies, err = createSegments(d.folder, "bodies", d.limits.segment); err != nil {
		return err
	}
	if d.tables, d.end.tables, err = d.createTree(0); err != nil {
		return err
	}
	// Nothing was flushed yet, but Flush syncs from here on.
	d.flushed = d.end
	if err := d.write(0, m.Begin(), nil); err != nil {
		return err
	}
	return d.Flush(d.Mark())
}

// resume opens the files and cuts what came after the last Flush.
func (d *Disk) resume() (err error) {
	p := d.flushed
	if d.hashes, err = openFlat(d.folder, hashesName, tlog.HashSize, hashCount(p.size)); err != nil {
		return err
	}
	if d.index, err = openFlat(d.folder, indexName, indexLen, p.size); err != nil {
		return err
	}
	if d.entries, err = openSegments(d.folder, "entries", d.limits.segment, p.entries); err != nil {
		return err
	}
	if d.bodies, err = openSegments(d.folder, "bodies", d.limits.segment, p.bodies); err != nil {
		return err
	}
	if d.tables, err = d.openTree(p.tables); err != nil {
		return err
	}
	d.end = p
	head, err := state.ReadHead(d)
	if err != nil {
		return err
	}
	if head.Size != p.size {
		return corrupt(commitName, "%d entries, and the tables say %d", p.size, head.Size)
	}
	d.at = Mark{Applied: p.applied, Head: head}
	return nil
}

var ours = regexp.MustCompile(`^(commit|commit\.new|hashes|index|(entries|bodies)-\d{8}\.seg|tables-\d{8}\.tree)$`)

// names returns the files of the store that are there, the lock aside.
func (d *folder) names() (map[string]bool, error) {
	f, err := d.root.Open(".")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	list, err := f.Readdirnames(-1)
	if err != nil {
		return nil, err
	}
	names := make(map[string]bool)
	for _, name := range list {
		if ours.MatchString(name) {
			names[name] = true
		}
	}
	return names, nil
}

// clean removes the files that were made after the last Flush.
func (d *Disk) clean() error {
	names, err := d.names()
	if err != nil {
		return err
	}
	keep := map[string]bool{commitName: true}
	if p := d.flushed; p != (position{}) {
		keep[hashesName], keep[indexName], keep[treeName(p.tables.number)] = true, true, true
		for n := range p.entries.segment + 1 {
			keep[segmentName("entries", n)] = true
		}
		for n := range p.bodies.segment + 1 {
			keep[segmentName("bodies", n)] = true
		}
	}
	for name := range names {
		if !keep[name] {
			if err := d.wipe(name); err != nil {
				return err
			}
			if err := d.remove(name); err != nil {
				return err
			}
		}
	}
	return nil
}

// wipe overwrites a segment of bodies that is about to be removed.
func (d *Disk) wipe(name string) error {
	if !strings.HasPrefix(name, "bodies-") {
		return nil
	}
	f, err := d.open(name)
	if err != nil {
		return err
	}
	return errors.Join(f.wipe(0), f.Close())
}

// fail makes err what stops the store, unless something else did before.
func (d *Disk) fail(err error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.failed == nil {
		d.failed = fmt.Errorf("the store has stopped: %w", err)
	}
	return err
}

// stopped returns why the store takes no more writes; the caller holds mu.
func (d *Disk) stopped() error {
	if d.closed {
		return ErrClosed
	}
	return d.failed
}

// Close implements [Store]. It waits for a Commit and a Flush that are under
// way.
func (d *Disk) Close() error {
	d.writing.Lock()
	defer d.writing.Unlock()
	d.flushing.Lock()
	defer d.flushing.Unlock()
	d.mu.Lock()
	closed := d.closed
	d.closed = true
	d.mu.Unlock()
	if closed {
		return nil
	}
	for _, f := range []*flat{d.hashes, d.index} {
		if f != nil {
			f.Close()
		}
	}
	for _, s := range []*segments{d.entries, d.bodies} {
		if s != nil {
			s.close()
		}
	}
	if d.tables.file != nil {
		d.tables.Close()
	}
	if d.lock == nil {
		return d.root.Close()
	}
	// Last: with the lock goes our claim on all the others.
	return errors.Join(d.root.Close(), dropLock(d.lock))
}
