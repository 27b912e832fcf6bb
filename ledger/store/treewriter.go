package store

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"hash/crc32"
	"slices"
)

// treeWriter appends the nodes of a changed tree to its file. Nothing of it
// counts before a commit names the new root.
type treeWriter struct {
	from treeFile // holds the nodes that are read
	tree          // the new one
	out  *bufio.Writer
	leaf int // a leaf that outgrows so many bytes becomes a branch
	buf  []byte
}

// newTreeWriter writes the tree t on, at its end in the file to.
func newTreeWriter(from, to treeFile, t tree, leaf int) *treeWriter {
	return &treeWriter{from: from, tree: t, leaf: leaf, out: bufio.NewWriterSize(&tail{to.file, int64(t.end)}, 1<<20)}
}

// tail writes to a file from an offset on.
type tail struct {
	*file
	offset int64
}

func (t *tail) Write(p []byte) (int, error) {
	if err := t.write(p, t.offset); err != nil {
		return 0, err
	}
	t.offset += int64(len(p))
	return len(p), nil
}

// update applies changes, one per key, and returns the new tree. What it
// returns may still be in the buffers of the operating system.
func (w *treeWriter) update(changes map[string][]byte) (tree, error) {
	list := make([]record, 0, len(changes))
	for k, v := range changes {
		key := []byte(k)
		list = append(list, record{sha256.Sum256(key), key, v})
	}
	sortRecords(list)
	var err error
	if w.root, err = w.change(w.root, 0, list); err != nil {
		return tree{}, err
	}
	return w.tree, w.out.Flush()
}

func sortRecords(list []record) {
	slices.SortFunc(list, func(a, b record) int { return bytes.Compare(a.path[:], b.path[:]) })
}

// change applies changes, in the order of their paths, to the node at r.
func (w *treeWriter) change(r ref, depth int, changes []record) (ref, error) {
	if len(changes) == 0 {
		return r, nil
	}
	var node []byte
	if r.length > 0 {
		var err error
		if node, err = w.from.node(nil, r); err != nil {
			return r, err
		}
		w.live -= uint64(r.length)
	}
	if r.length == 0 || node[0] == kindLeaf {
		return w.build(merge(node, changes), depth)
	}
	b := parseBranch(node)
	err := eachSlot(changes, depth, func(i int, part []record) (err error) {
		b[i], err = w.change(b[i], depth+1, part)
		return err
	})
	if err != nil {
		return r, err
	}
	return w.write(b.marshal(w.buf[:0]))
}

// merge returns the records of a leaf, which may be nil, after changes.
func merge(leaf []byte, changes []record) []record {
	var out []record
	for rest := leaf[min(1, len(leaf)):]; len(rest) > 0; {
		var k, v []byte
		k, v, rest = nextRecord(rest)
		if !slices.ContainsFunc(changes, func(c record) bool { return bytes.Equal(c.key, k) }) {
			out = append(out, record{sha256.Sum256(k), k, v})
		}
	}
	for _, c := range changes {
		if c.value != nil {
			out = append(out, c)
		}
	}
	sortRecords(out)
	return out
}

// build writes the nodes for records, in the order of their paths.
func (w *treeWriter) build(list []record, depth int) (ref, error) {
	size := 1
	for _, r := range list {
		size += recordExtra + len(r.key) + len(r.value)
	}
	switch {
	case len(list) == 0:
		return ref{}, nil
	case size <= w.leaf || len(list) == 1 || depth == maxDepth:
		node := append(w.buf[:0], kindLeaf)
		for _, r := range list {
			node = appendRecord(node, r.key, r.value)
		}
		return w.write(node)
	}
	var b branch
	err := eachSlot(list, depth, func(i int, part []record) (err error) {
		b[i], err = w.build(part, depth+1)
		return err
	})
	if err != nil {
		return ref{}, err
	}
	return w.write(b.marshal(w.buf[:0]))
}

// eachSlot calls f for each child of a branch that some of the records lead to.
func eachSlot(list []record, depth int, f func(i int, part []record) error) error {
	for len(list) > 0 {
		i, n := slot(&list[0].path, depth), 1
		for n < len(list) && slot(&list[n].path, depth) == i {
			n++
		}
		if err := f(i, list[:n]); err != nil {
			return err
		}
		list = list[n:]
	}
	return nil
}

// write appends a node and keeps its memory for the next one.
func (w *treeWriter) write(node []byte) (ref, error) {
	w.buf = node
	r := ref{w.end, uint32(len(node)), crc32.Checksum(node, castagnoli)}
	w.end += uint64(len(node))
	w.live += uint64(len(node))
	_, err := w.out.Write(node)
	return r, err
}

// copy writes the whole of a tree that lies in w.from, and returns it.
func (w *treeWriter) copy(root ref) (tree, error) {
	var err error
	if w.root, err = w.copyNode(root); err != nil {
		return tree{}, err
	}
	return w.tree, w.out.Flush()
}

func (w *treeWriter) copyNode(r ref) (ref, error) {
	if r.length == 0 {
		return r, nil
	}
	node, err := w.from.node(nil, r)
	if err != nil {
		return r, err
	}
	if node[0] == kindLeaf {
		return w.write(node)
	}
	b := parseBranch(node)
	for i := range b {
		if b[i], err = w.copyNode(b[i]); err != nil {
			return r, err
		}
	}
	return w.write(b.marshal(w.buf[:0]))
}
