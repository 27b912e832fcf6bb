package store

import "fmt"

func treeName(n uint32) string { return fmt.Sprintf("tables-%08d.tree", n) }

// createTree makes the file of an empty tree.
func (d *folder) createTree(n uint32) (treeFile, tree, error) {
	f, err := d.create(treeName(n))
	if err != nil {
		return treeFile{}, tree{}, err
	}
	if err := f.write(d.header("tables", n, 0), 0); err != nil {
		f.Close()
		return treeFile{}, tree{}, err
	}
	return treeFile{f}, tree{number: n, end: headerLen}, nil
}

func (d *folder) openTree(t tree) (treeFile, error) {
	f, err := d.open(treeName(t.number))
	if err != nil {
		return treeFile{}, err
	}
	if _, err := d.checkHeader(f, "tables", t.number); err != nil {
		return treeFile{f}, err
	}
	return treeFile{f}, f.cut(int64(t.end))
}

// updateTree brings the changes of generations into the tree t of a file. It
// appends to that file, or, once the file wastes more than it uses, writes what
// is left of it to a new one: each byte is copied as often as one is wasted, so
// this costs as much again, whatever the size.
func (d *Disk) updateTree(file treeFile, t tree, full []*generation) (treeFile, tree, error) {
	t, err := newTreeWriter(file, file, t, d.limits.leaf).update(changes(full))
	if err != nil || t.end-headerLen <= 2*t.live+d.limits.garbage {
		return file, t, err
	}
	next, empty, err := d.createTree(t.number + 1)
	if err != nil {
		return file, t, err
	}
	if t, err = newTreeWriter(file, next, empty, d.limits.leaf).copy(t.root); err != nil {
		next.Close()
	}
	return next, t, err
}
