package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"comity/ledger"
	"comity/ledger/bundle"
	"comity/ledger/store"
	"comity/node"
	"comity/node/backup"
	"comity/node/home"

	"golang.org/x/mod/sumdb/tlog"
)

// source is something that is left of the ledger: the folder of a bureau whose
// node does not run, a replica, a backup or a bundle.
type source struct {
	name   string
	bureau string // "" for a bundle, which is nobody's
	note   []byte // of its last FINAL head
	final  ledger.Checkpoint
	size   uint64 // entries in it, FINAL or not
	bodies bool   // a node can be made of it
	alive  *node.Survivor
	path   string // of a file
	roots  map[uint64]ledger.Hash
}

func (s *source) close() {
	if s.alive != nil {
		s.alive.Close()
	}
}

// openSource opens a folder, a backup or a bundle of the ledger of g.
func (t *terminal) openSource(ctx context.Context, path string, g *ledger.Genesis) (*source, error) {
	fi, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, cause(err))
	}
	if fi.IsDir() {
		h, err := home.Open(path)
		if errors.Is(err, home.ErrNoHome) && exists(filepath.Join(path, "ledger")) && exists(filepath.Join(path, "checkpoint")) {
			return t.openCopy(path, "", path, g)
		}
		if errors.Is(err, home.ErrNoHome) {
			return nil, fmt.Errorf("%s is neither the folder of a bureau or of a replica, nor a backup, nor a bundle", path)
		}
		if err != nil {
			return nil, err
		}
		return t.openHomeData(path, h, g)
	}
	s := &source{name: path, path: path, bodies: true}
	err = s.read(ctx, func(b string) { s.bureau = b }, func(r *bundle.Reader) error {
		if r.Genesis().Ledger != g.Ledger {
			return fmt.Errorf("it is of ledger %s", r.Genesis().Origin())
		}
		s.size = r.Size()
		return nil
	}, func(x *bundle.Group) error {
		s.bodies = s.bodies && !slices.ContainsFunc(x.Records, func(r bundle.Record) bool { return r.State == bundle.LeftOut })
		return nil
	}, func(note []byte) { s.note = note })
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if s.final, _, err = g.Open(s.note); err != nil {
		return nil, fmt.Errorf("%s: its last head: %w", path, err)
	}
	return s, nil
}

// openHomeData opens what a home has of the ledger: the data of its node, or else the
// replica of its desk, or its read replica.
func (t *terminal) openHomeData(path string, h *home.Home, g *ledger.Genesis) (*source, error) {
	switch {
	case exists(filepath.Join(h.NodeDir(), "ledger")):
	case exists(filepath.Join(h.ReplicaDir(), "ledger")):
		return t.openCopy(path+", its read replica", h.Bureau(), h.ReplicaDir(), g)
	case exists(filepath.Join(h.DeskDir(), "ledger")):
		return t.openCopy(path+", its desk's replica", h.Bureau(), h.DeskDir(), g)
	}
	if !exists(filepath.Join(h.NodeDir(), "ledger")) {
		return nil, hint(fmt.Errorf("%s: nothing is left of the ledger here", path), "leave it out")
	}
	return t.openNodeData(path, h.Bureau(), h.NodeDir(), g)
}

// openCopy opens a replica: it has what a node has, up to its last FINAL head.
func (t *terminal) openCopy(name, bureau, dir string, g *ledger.Genesis) (*source, error) {
	alive, err := node.OpenSurvivingCopy(dir, g)
	if errors.Is(err, store.ErrLocked) {
		return nil, hint(fmt.Errorf("%s: %w", name, err), "stop comity desk run, comity node run and comity watch in its home first")
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if alive.Note == nil {
		alive.Close()
		return nil, fmt.Errorf("%s: %w", name, errNoFinal)
	}
	return &source{name: name, bureau: bureau, alive: alive, note: alive.Note, final: alive.Final, size: alive.Size, bodies: true}, nil
}

// errNoFinal is returned for the data of a node that nothing was FINAL in yet.
var errNoFinal = errors.New("it has no FINAL head")

// openNodeData opens the data of a bureau's node.
func (t *terminal) openNodeData(name, bureau, dir string, g *ledger.Genesis) (*source, error) {
	alive, err := node.OpenSurvivor(dir, g)
	if err != nil {
		return nil, hint(fmt.Errorf("%s: %w", name, err), "stop its node first; a disk that cannot be read is none that is left")
	}
	if alive.Tail != nil {
		t.note("%s: its Raft log is left out, and what it alone has with it: %s", name, alive.Tail)
	}
	if alive.Note == nil {
		alive.Close()
		return nil, fmt.Errorf("%s: %w", name, errNoFinal)
	}
	return &source{name: name, bureau: bureau, alive: alive, note: alive.Note, final: alive.Final, size: alive.Size, bodies: true}, nil
}

// read reads a file from front to back: a backup or a bundle.
func (s *source) read(ctx context.Context, of func(bureau string), begun func(*bundle.Reader) error, each func(*bundle.Group) error, last func(note []byte)) error {
	f, err := os.Open(s.path)
	if err != nil {
		return cause(err)
	}
	defer f.Close()
	var from io.Reader = f
	b, err := backup.NewReader(f)
	switch {
	case errors.Is(err, backup.ErrNoBackup):
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return cause(err)
		}
	case err != nil:
		return err
	default:
		of(b.About().Bureau)
		for from = nil; from == nil; {
			section, err := b.Next()
			if err == io.EOF {
				return errors.New("it holds no ledger")
			}
			if err != nil {
				return err
			}
			if section.Kind == backup.Ledger {
				from = section
			}
		}
	}
	r, err := bundle.NewReader(from)
	if errors.Is(err, bundle.ErrNoBundle) {
		return errors.New("it is neither a backup nor a bundle")
	}
	if err != nil {
		return err
	}
	if err := begun(r); err != nil {
		return err
	}
	for {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		g, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		if err := each(g); err != nil {
			return err
		}
	}
	for {
		note, err := r.NextNote()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		last(note)
	}
}

// each calls do with the first size entries.
func (s *source) each(ctx context.Context, size uint64, do func(*bundle.Group) error) error {
	if s.alive != nil {
		return s.alive.Each(ctx, size, do)
	}
	return s.read(ctx, func(string) {}, func(*bundle.Reader) error { return nil }, func(g *bundle.Group) error {
		if g.First >= size {
			return nil
		}
		if n := size - g.First; n < uint64(len(g.Records)) {
			g = &bundle.Group{First: g.First, Records: g.Records[:n]}
		}
		return do(g)
	}, func([]byte) {})
}

// compare works out the roots of the source at some sizes.
func (s *source) compare(ctx context.Context, sizes []uint64) error {
	s.roots = make(map[uint64]ledger.Hash)
	if s.alive != nil {
		for _, n := range sizes {
			if n > s.size {
				continue
			}
			h, err := tlog.TreeHash(int64(n), s.alive)
			if err != nil {
				return err
			}
			s.roots[n] = ledger.Hash(h)
		}
		return nil
	}
	tree := new(growing)
	return s.each(ctx, s.size, func(g *bundle.Group) error {
		for i := range g.Records {
			if tree.add(g.Records[i].Entry); slices.Contains(sizes, tree.size) {
				s.roots[tree.size] = tree.root()
			}
		}
		return nil
	})
}

// dataFolder is where a home's node data is, or was put by a recovery that did not
// come to its end.
func dataFolder(h *home.Home) string {
	if aside := filepath.Join(h.Dir(), cutFolder); exists(filepath.Join(aside, "ledger")) {
		return aside
	}
	return h.NodeDir()
}
