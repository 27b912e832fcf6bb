package node

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// Repair is a way back for a node whose ledger or Raft log is damaged, or is not
// the one of the others. It sets both aside, whole, and the next start fetches
// them from the other nodes as for any node that is behind. Kept are all that
// says who the node is and what it has promised: what it cosigned, and whether it
// is mute; its Raft term and its vote; evidence and archive. What it forgets is
// that it had stored entries, so it abstains from votes until it holds them again.
type Repair struct {
	Folder string // where the old data goes
	Term   uint64 // of Raft, kept; 0 if it and the vote are forgotten
	Forgot error  // why the term and the vote cannot be kept; nil if they are

	dir     string
	journal repairJournal
	lock    *os.File
}

// ErrVotes is returned when a repair would have to forget in which terms the node
// has voted, and nobody has allowed that.
var ErrVotes = errors.New("its votes cannot be kept")

// adviceRepair says what to do with data that is not the ledger's any more.
const adviceRepair = "'comity node repair' sets this node's data aside and fetches the ledger anew from the other nodes"

// repairParts is what a repair sets aside.
var repairParts = []string{"ledger", "snapshots", "raft.db", "raft.db.new", "floor", "floor.new", "epochs", "epochs.new", purgedName, purgedName + ".tmp"}

const (
	repairName     = "repairing"
	replacedFolder = "replaced"
)

// testingOnlyRepairStep is called before each step that changes the disk, and
// ends the repair there with its error.
var testingOnlyRepairStep = func(string) error { return nil }

// PlanRepair looks at the folder of a node that does not run, and changes nothing.
// Nobody starts the node before Close. Votes that cannot be read are an ErrVotes
// unless forget is set.
func PlanRepair(cfg Config, forget bool) (*Repair, error) {
	member, err := cfg.check()
	if err != nil {
		return nil, err
	}
	if member.Voter && cfg.Genesis.Latest().Voters() == 1 {
		return nil, errors.New("node: by this charter file no other node votes in this ledger: there is none that could tell what this one did")
	}
	if !exists(filepath.Join(cfg.Dir, "node")) {
		return nil, fmt.Errorf("node: %s holds no node's data: there is nothing to repair", cfg.Dir)
	}
	if err := claim(filepath.Join(cfg.Dir, "node"), member.NodeName()); err != nil {
		return nil, err
	}
	r := &Repair{dir: cfg.Dir}
	if r.lock, err = lockFolder(cfg.Dir); err != nil {
		return nil, err
	}
	if err := r.plan(forget); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

func (r *Repair) plan(forget bool) error {
	begun, err := readRepair(r.dir)
	if err != nil {
		return err
	}
	if begun != nil { // one that was interrupted is brought to its end
		r.journal = *begun
	} else if err := r.begin(forget); err != nil {
		return err
	}
	r.Term = r.journal.term
	r.Folder = r.journal.folder(r.dir)
	return nil
}

// begin decides what the journal says.
func (r *Repair) begin(forget bool) error {
	for r.journal.number = 1; exists(r.journal.folder(r.dir)); r.journal.number++ {
	}
	before, err := readAbstain(filepath.Join(r.dir, abstainName))
	if err != nil {
		return fmt.Errorf("node: %w", err)
	}
	if err := r.journal.readVotes(r.dir); err != nil {
		if r.Forgot = err; !forget {
			return fmt.Errorf("node: %w: %w", ErrVotes, err)
		}
		r.journal = repairJournal{number: r.journal.number}
	}
	r.journal.lost = lostLog
	if r.Forgot != nil || before == lostVotes {
		r.journal.lost = lostVotes
	}
	return nil
}

// Do repairs. Die at any point before the journal is there, and nothing has
// changed; after it, the next start or the next repair brings it to its end.
func (r *Repair) Do() error {
	if err := testingOnlyRepairStep("journal"); err != nil {
		return err
	}
	if err := replaceSynced(filepath.Join(r.dir, repairName), withSumBefore(r.journal.marshal())); err != nil {
		return fmt.Errorf("node: begin the repair: %w", err)
	}
	return finishRepair(r.dir)
}

// Close lets the node start again.
func (r *Repair) Close() error { return unlockFolder(r.lock) }

// finishRepair does what the journal says, if there is one. What was done before
// is found done.
func finishRepair(dir string) error {
	j, err := readRepair(dir)
	if err != nil || j == nil {
		return err
	}
	if err := j.finish(dir); err != nil {
		return fmt.Errorf("node: repair: %w", err)
	}
	return nil
}

func (j *repairJournal) finish(dir string) error {
	to := j.folder(dir)
	if err := os.MkdirAll(to, 0o700); err != nil {
		return err
	}
	for _, d := range []string{dir, filepath.Dir(to)} {
		if err := syncDir(d); err != nil {
			return err
		}
	}
	for _, name := range repairParts {
		// What lies in its place once the old one is aside is new.
		if exists(filepath.Join(to, name)) || !exists(filepath.Join(dir, name)) {
			continue
		}
		if err := testingOnlyRepairStep("set aside " + name); err != nil {
			return err
		}
		if err := os.Rename(filepath.Join(dir, name), filepath.Join(to, name)); err != nil {
			return err
		}
	}
	for _, d := range []string{to, dir} {
		if err := syncDir(d); err != nil {
			return err
		}
	}
	for _, part := range []struct {
		name string
		do   func(path string) error
	}{
		{abstainName, func(path string) error { return writeAbstain(path, j.lost) }},
		{"floor", func(path string) error { return unlessThere(path, newFloorFile()) }},
		{"epochs", func(path string) error { return unlessThere(path, make([]byte, epochsSize)) }},
		{"raft.db", j.writeVotes},
	} {
		if err := testingOnlyRepairStep("make " + part.name); err != nil {
			return err
		}
		if err := part.do(filepath.Join(dir, part.name)); err != nil {
			return err
		}
	}
	if err := testingOnlyRepairStep("end"); err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(dir, repairName)); err != nil {
		return err
	}
	return syncDir(dir)
}

func unlessThere(path string, data []byte) error {
	if exists(path) {
		return nil
	}
	return createWhole(path, data)
}

// ErrRuns matches the failure to open the data of a node that runs.
var ErrRuns = errors.New("another process runs")

// lockFolder keeps a node's folder for one process, until the file is closed or
// the process ends.
func lockFolder(dir string) (*os.File, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, fmt.Errorf("node: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("node: %w the node of %s, or repairs it", ErrRuns, dir)
		}
		return nil, fmt.Errorf("node: lock %s: %w", dir, err)
	}
	return f, nil
}

// unlockFolder lets others have the folder. To close the file alone would leave
// the lock with a child that this process is starting at that moment: it holds
// all files of its parent until it runs its own program.
func unlockFolder(f *os.File) error {
	return errors.Join(syscall.Flock(int(f.Fd()), syscall.LOCK_UN), f.Close())
}
