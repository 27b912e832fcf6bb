package store

import (
	"fmt"
	"maps"
)

// Mark implements [Store].
func (d *Disk) Mark() Mark {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.generations[len(d.generations)-1].commits > 0 {
		d.generations = append(d.generations, newGeneration())
	}
	return d.at
}

// Flush implements [Store].
func (d *Disk) Flush(m Mark) error {
	d.flushing.Lock()
	defer d.flushing.Unlock()
	d.mu.RLock()
	err, durable, from, old, full := d.stopped(), d.durable, d.flushed, d.tables, d.upTo(m)
	d.mu.RUnlock()
	switch {
	case err != nil:
		return fmt.Errorf("flush %d: %w", m.Applied, err)
	case m.commits <= durable:
		return nil
	case len(full) == 0 || full[len(full)-1].commits != m.commits:
		return fmt.Errorf("flush %d: there is no such mark", m.Applied)
	}
	if err := d.flush(from, old, full); err != nil {
		return fmt.Errorf("flush %d: %w", m.Applied, d.fail(err))
	}
	return nil
}

// upTo returns the generations that end at or before m; the caller holds mu.
func (d *Disk) upTo(m Mark) []*generation {
	n := 0
	for n < len(d.generations)-1 && d.generations[n].commits <= m.commits {
		n++
	}
	return d.generations[:n:n]
}

// flush makes generations durable, from the last Flush on. It may die anywhere:
// until the commit is renamed, the old one counts, and with it the old sizes and
// the old root. From then on the new one does, and nothing is left to be done
// but to forget.
func (d *Disk) flush(from position, old treeFile, full []*generation) error {
	to := full[len(full)-1].end
	next, tables, err := d.updateTree(old, from.tables, full)
	if err != nil {
		return err
	}
	to.tables = tables

	// 1. All that the commit counts. Commits that go on append behind it.
	for _, f := range []*file{d.hashes.file, d.index.file, next.file} {
		if err := f.sync(); err != nil {
			return err
		}
	}
	if err := d.entries.sync(from.entries, to.entries); err != nil {
		return err
	}
	if err := d.bodies.sync(from.bodies, to.bodies); err != nil {
		return err
	}
	// 2. The names of segments and trees that are new.
	if err := d.sync(); err != nil {
		return err
	}
	// 3. The commit itself.
	if err := d.commit(to); err != nil {
		return err
	}
	// 4. What memory held is on disk: readers go there.
	d.mu.Lock()
	d.flushed, d.tables, d.durable = to, next, full[len(full)-1].commits
	d.generations = append([]*generation(nil), d.generations[len(full):]...)
	d.mu.Unlock()
	d.entries.release(to.entries)
	d.bodies.release(to.bodies)
	if next == old {
		return nil
	}
	// 5. If we die before the old tree is gone, Open removes it.
	old.Close()
	return d.remove(old.name)
}

// changes returns the last value of each key in generations, oldest first.
func changes(full []*generation) map[string][]byte {
	if len(full) == 1 {
		return full[0].puts // frozen: nobody writes to it any more
	}
	all := make(map[string][]byte)
	for _, g := range full {
		maps.Copy(all, g.puts)
	}
	return all
}
