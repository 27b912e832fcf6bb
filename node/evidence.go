package node

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"comity/ledger"
	"comity/node/wire"

	"golang.org/x/mod/sumdb/tlog"
)

// Bounds of the evidence that a node keeps.
const (
	maxEvidence     = 256 // files
	maxEvidenceEach = 8   // of which one node is among the signers
)

// evidenceStore keeps proofs that nodes cosigned another history than the FINAL
// one: a file for each checkpoint that contradicts it, with all who signed that.
type evidenceStore struct {
	dir    string
	roster *roster

	mu   sync.Mutex               // orders writes, and guards what follows
	list map[string]*evidenceFile // by name
}

type evidenceFile struct {
	bytes  int
	other  ledger.Checkpoint
	cosigs []*ledger.Cosignature // over other
	both   []string              // bureaus
}

// openEvidence opens the folder, makes it if need be, removes what an interrupted
// write has left, and returns the names of files that are not, or no longer,
// evidence: they are left for people to look at, and not served.
func openEvidence(dir string, r *roster) (e *evidenceStore, bad []string, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, nil, fmt.Errorf("open evidence: %w", err)
	}
	e = &evidenceStore{dir: dir, roster: r, list: make(map[string]*evidenceFile)}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, nil, fmt.Errorf("open evidence: %w", err)
	}
	for _, f := range entries {
		switch name := f.Name(); {
		case strings.HasSuffix(name, ".tmp"):
			if err := os.Remove(filepath.Join(dir, name)); err != nil {
				return nil, nil, fmt.Errorf("open evidence: %w", err)
			}
		case !strings.HasSuffix(name, wire.EvidenceExt):
		case len(e.list) >= maxEvidence:
			bad = append(bad, name)
		default:
			data, err := readBounded(filepath.Join(dir, name), ledger.MaxEvidence)
			if err != nil {
				return nil, nil, fmt.Errorf("open evidence: %w", err)
			}
			if e.list[name], err = e.look(data); err != nil || evidenceName(e.list[name].other.Size, e.list[name].other.Root) != name {
				delete(e.list, name)
				bad = append(bad, name)
			}
		}
	}
	return e, bad, nil
}

func readBounded(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, limit+1))
}

// look verifies an evidence file of this ledger.
func (e *evidenceStore) look(data []byte) (*evidenceFile, error) {
	ev, err := ledger.ParseEvidence(data)
	if err != nil {
		return nil, err
	}
	c, err := ev.Verify(e.roster.charter())
	if errors.As(err, new(*ledger.CutError)) { // as good as ever, and about keys that count no more
		return &evidenceFile{bytes: len(data), other: c.Other, both: c.Both}, nil
	}
	if err != nil {
		return nil, err
	}
	cosigs, err := e.roster.policy(c.Other.Size).Cosignatures(ev.Note)
	if err != nil && !errors.Is(err, ledger.ErrQuorum) {
		return nil, err
	}
	return &evidenceFile{bytes: len(data), other: c.Other, cosigs: cosigs, both: c.Both}, nil
}

func evidenceName(size uint64, root ledger.Hash) string {
	return fmt.Sprintf("%d-%x%s", size, root[:8], wire.EvidenceExt)
}

// keep makes durable that s contradicts the history in log, of which final is a
// FINAL checkpoint at or after the size of s. What is kept already, and what is
// more than anybody needs to believe it, changes nothing.
func (e *evidenceStore) keep(s *ledger.Cosignature, final []byte, log tlog.HashReader) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	name := evidenceName(s.Size, s.Root)
	cosigs := []*ledger.Cosignature{s}
	if f := e.list[name]; f != nil {
		if slices.ContainsFunc(f.cosigs, func(by *ledger.Cosignature) bool { return by.Node == s.Node }) {
			return nil
		}
		cosigs = append(slices.Clone(f.cosigs), s)
	} else if len(e.list) >= maxEvidence || e.against(s.Node) >= maxEvidenceEach {
		return nil
	}
	p := e.roster.policy(s.Size)
	other := ledger.FormatNote(ledger.Checkpoint{Origin: p.Origin, Size: s.Size, Root: s.Root}, p.Witness, cosigs)
	ev, err := ledger.NewEvidence(e.roster.charter(), other, final, log)
	if err != nil {
		return fmt.Errorf("keep evidence against %s: %w", s.Node, err)
	}
	data := ev.Marshal()
	f, err := e.look(data)
	if err == nil {
		err = replaceSynced(filepath.Join(e.dir, name), data)
	}
	if err != nil {
		return fmt.Errorf("keep evidence against %s: %w", s.Node, err)
	}
	e.list[name] = f
	return nil
}

// against returns how many files a node is among the signers of. It must be
// called with mu held.
func (e *evidenceStore) against(node string) (n int) {
	for _, f := range e.list {
		if slices.ContainsFunc(f.cosigs, func(by *ledger.Cosignature) bool { return by.Node == node }) {
			n++
		}
	}
	return n
}

// count returns the number of files.
func (e *evidenceStore) count() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.list)
}

// cosignatures returns what all files hold.
func (e *evidenceStore) cosignatures() (list []*ledger.Cosignature) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, f := range e.list {
		list = append(list, f.cosigs...)
	}
	return list
}

// files lists what is kept, in the order of the names.
func (e *evidenceStore) files() []wire.EvidenceFile {
	e.mu.Lock()
	defer e.mu.Unlock()
	list := make([]wire.EvidenceFile, 0, len(e.list))
	for name, f := range e.list {
		item := wire.EvidenceFile{Name: name, Bytes: f.bytes, Size: f.other.Size, Both: f.both}
		p := e.roster.policy(f.other.Size)
		for _, s := range f.cosigs {
			item.By = append(item.By, p.Bureau[s.Node])
		}
		list = append(list, item)
	}
	slices.SortFunc(list, func(a, b wire.EvidenceFile) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// read returns a file that is kept, nil when there is none of this name. It is
// the evidence that was checked, or an error.
func (e *evidenceStore) read(name string) ([]byte, error) {
	e.mu.Lock()
	f := e.list[name]
	e.mu.Unlock()
	if f == nil {
		return nil, nil
	}
	data, err := readBounded(filepath.Join(e.dir, name), ledger.MaxEvidence)
	if err != nil {
		return nil, fmt.Errorf("read evidence: %w", err)
	}
	if _, err := e.look(data); err != nil {
		return nil, fmt.Errorf("read evidence %s: %w", name, err)
	}
	return data, nil
}
