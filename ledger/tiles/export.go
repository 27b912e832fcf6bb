package tiles

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"comity/ledger"

	"golang.org/x/mod/sumdb/tlog"
)

// Source is a node, or whatever else has tiles. It is not trusted.
type Source interface {
	// TileCheckpoint returns the note of a FINAL checkpoint with an origin line.
	TileCheckpoint(ctx context.Context) ([]byte, error)
	// Tile returns a tile, or a bundle of entries, of the tree of that checkpoint.
	Tile(ctx context.Context, t tlog.Tile) ([]byte, error)
}

// Exported is what an export came to.
type Exported struct {
	Checkpoint ledger.Checkpoint
	Cosigners  []string // codes of the bureaus, at least a quorum, ascending
	Origin     string   // code of the bureau whose node signed as origin
	Key        string   // its vkey
	Before     uint64   // entries that the folder had before
	Written    int      // tiles and bundles that were not there
}

// ForkError is the error of an export to a folder that holds another history
// than the source has: both are FINAL, so more bureaus than may were dishonest.
type ForkError struct {
	Old, New ledger.Checkpoint
	Both     []string // bureaus that cosigned both
	Note     string   // the file with the new note; the old one is the folder's checkpoint
}

// Error names the two checkpoints and who signed both.
func (e *ForkError) Error() string {
	return fmt.Sprintf("the ledger was forked: the folder has %d entries with root %s, the node %d with root %s, both are FINAL and neither continues the other; "+
		"%s cosigned both; the evidence is the folder's checkpoint and %s",
		e.Old.Size, e.Old.Root, e.New.Size, e.New.Root, strings.Join(e.Both, " "), e.Note)
}

// ErrBehind is returned when the source has fewer entries than the folder.
var ErrBehind = errors.New("the node is behind the folder")

// workers fetch, check and write at the same time.
const workers = 4

// Export brings the folder dir up to the source's checkpoint. Nothing that the
// source says is believed: the checkpoint must be FINAL under p, every tile must
// lead to its root, and every entry to its leaf, before it is written; the
// checkpoint is written last. A history that does not continue the one in the
// folder is a [ForkError]. What is there already is not fetched again; an
// export that was cut goes on where it was.
func Export(ctx context.Context, dir string, s Source, p *ledger.Membership, advance func(done, total uint64)) (*Exported, error) {
	out, err := export(ctx, dir, s, p, advance)
	if err != nil {
		return nil, fmt.Errorf("export tiles: %w", err)
	}
	return out, nil
}

func export(ctx context.Context, dir string, s Source, p *ledger.Membership, advance func(done, total uint64)) (*Exported, error) {
	f, err := openFolder(dir)
	if err != nil {
		return nil, err
	}
	defer f.close()
	old, oldCosigners, err := f.checkpoint(p)
	if err != nil {
		return nil, err
	}
	note, err := s.TileCheckpoint(ctx)
	if err != nil {
		return nil, err
	}
	out := &Exported{Before: old.Size}
	if out.Checkpoint, out.Cosigners, err = p.Open(note); err != nil {
		return nil, err
	}
	slices.Sort(out.Cosigners)
	if err := out.origin(p.PolicyAt(out.Checkpoint.Size), note); err != nil {
		return nil, err
	}
	c := out.Checkpoint
	hashes := newReader(ctx, tree(c), s.Tile)
	switch same, err := continues(ctx, f, old, c, hashes); {
	case err != nil:
		return nil, err
	case !same:
		fork := &ForkError{Old: old, New: c, Note: f.path(fmt.Sprintf("contradiction-%d", c.Size))}
		for _, b := range out.Cosigners {
			if slices.Contains(oldCosigners, b) {
				fork.Both = append(fork.Both, b)
			}
		}
		return nil, errors.Join(fork, f.write(fmt.Sprintf("contradiction-%d", c.Size), note))
	case c.Size < old.Size:
		return nil, fmt.Errorf("%w: its last FINAL checkpoint has %d entries, and the folder %d already", ErrBehind, c.Size, old.Size)
	}
	if out.Written, err = fill(ctx, f, s, hashes, old.Size, c.Size, advance); err != nil {
		return nil, err
	}
	if err := f.sync(); err != nil {
		return nil, err
	}
	if err := f.write(CheckpointPath, note); err != nil {
		return nil, err
	}
	if err := f.dropPartials(old.Size, c.Size); err != nil {
		return nil, err
	}
	return out, f.sync()
}

// checkpoint reads the checkpoint that the folder has; its size is 0 for none.
func (f *folder) checkpoint(p *ledger.Membership) (ledger.Checkpoint, []string, error) {
	note, err := f.read(CheckpointPath, ledger.MaxNote)
	if err != nil || note == nil {
		return ledger.Checkpoint{Root: ledger.EmptyRoot}, nil, err
	}
	c, cosigners, err := p.Open(note)
	if err != nil {
		return c, nil, fmt.Errorf("the checkpoint in %s is not a FINAL one of this ledger: %w", f.dir, err)
	}
	return c, cosigners, nil
}

// origin finds who signed the note as origin. Without such a line no other
// tool can read what is exported.
func (x *Exported) origin(p *ledger.Policy, note []byte) error {
	signers, err := p.OriginSigners(note)
	if err != nil {
		return err
	}
	if len(signers) == 0 {
		return errors.New("no node of this ledger signed the checkpoint as its origin")
	}
	x.Origin = signers[0]
	x.Key = p.OriginKeyOf(x.Origin)
	return nil
}

func tree(c ledger.Checkpoint) tlog.Tree {
	return tlog.Tree{N: int64(c.Size), Hash: tlog.Hash(c.Root)}
}

// continues reports whether the smaller tree is the beginning of the larger.
func continues(ctx context.Context, f *folder, old, c ledger.Checkpoint, hashes tlog.HashReader) (bool, error) {
	switch {
	case old.Size == 0:
		return true, nil
	case c.Size < old.Size: // only the folder can tell
		root, err := tlog.TreeHash(int64(c.Size), newReader(ctx, tree(old), f.tile))
		if err != nil {
			return false, fmt.Errorf("%w, and the folder's own tiles do not lead to its checkpoint: %w", ErrBehind, err)
		}
		return ledger.Hash(root) == c.Root, nil
	case c.Size == old.Size:
		return c.Root == old.Root, nil
	}
	root, err := tlog.TreeHash(int64(old.Size), hashes)
	return ledger.Hash(root) == old.Root, err
}

// fill writes the tiles that the folder lacks for a tree of this size. Those of
// the tree that it has a checkpoint of were checked before that was written.
func fill(ctx context.Context, f *folder, s Source, hashes tlog.HashReader, old, size uint64, advance func(done, total uint64)) (int, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var (
		jobs    = make(chan tlog.Tile)
		wg      sync.WaitGroup
		mu      sync.Mutex // guards what follows
		written int
		done    uint64
	)
	count := func(t tlog.Tile, n int) {
		mu.Lock()
		defer mu.Unlock()
		written += n
		if t.L == 0 {
			done += uint64(t.W)
			advance(done, size)
		}
	}
	for range workers {
		wg.Go(func() {
			for t := range jobs {
				n, err := put(ctx, f, s, hashes, t)
				if err != nil {
					cancel(err)
					return
				}
				count(t, n)
			}
		})
	}
	for _, t := range tlog.NewTiles(Height, 0, int64(size)) {
		if Within(t, old) && f.holds(t) && (t.L > 0 || f.holds(Bundle(t))) {
			count(t, 0)
			continue
		}
		select {
		case jobs <- t:
		case <-ctx.Done():
		}
	}
	close(jobs)
	wg.Wait()
	return written, context.Cause(ctx)
}

// put writes one tile, and with one of level 0 the entries under it. It returns
// how many files were new.
func put(ctx context.Context, f *folder, s Source, hashes tlog.HashReader, t tlog.Tile) (written int, err error) {
	tile, err := tlog.ReadTileData(t, hashes)
	if err != nil {
		return 0, fmt.Errorf("tile %s: %w", Path(t), err)
	}
	if t.L == 0 {
		if written, err = putBundle(ctx, f, s, Bundle(t), tile); err != nil {
			return 0, fmt.Errorf("entries %s: %w", Path(Bundle(t)), err)
		}
	}
	if !f.holds(t) {
		written++
	}
	return written, f.write(Path(t), tile)
}

// putBundle writes a bundle whose entries have these leaf hashes. One that a
// former export left is taken, if it is right.
func putBundle(ctx context.Context, f *folder, s Source, t tlog.Tile, leaves []byte) (written int, err error) {
	bundle, err := f.read(Path(t), MaxSize(t))
	if err == nil && bundle != nil && checkBundle(bundle, leaves) == nil {
		return 0, nil
	}
	if bundle, err = s.Tile(ctx, t); err != nil {
		return 0, err
	}
	if err := checkBundle(bundle, leaves); err != nil {
		return 0, err
	}
	return 1, f.write(Path(t), bundle)
}

func checkBundle(bundle, leaves []byte) error {
	got, err := LeafHashes(bundle)
	if err != nil {
		return err
	}
	if !bytes.Equal(got, leaves) {
		return errors.New("they are not those under the checkpoint")
	}
	return nil
}

// dropPartials removes tiles that were partial in the old tree and are full in
// the new: who still has the old checkpoint finds their hashes in the full ones.
func (f *folder) dropPartials(old, size uint64) error {
	for level := 0; old>>(Height*level) > 0; level++ {
		t := tlog.Tile{H: Height, L: level, N: int64(old >> (Height * level) >> Height), W: Width}
		if !Within(t, size) {
			continue
		}
		if err := f.dropPartial(t); err != nil {
			return err
		}
		if level == 0 {
			if err := f.dropPartial(Bundle(t)); err != nil {
				return err
			}
		}
	}
	return nil
}
