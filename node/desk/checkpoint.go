package desk

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"comity/ledger"
	"comity/node/wire"
)

// Names of files in the folder.
const (
	noteFinal = "checkpoint"
	noteAhead = "checkpoint-ahead"
)

// loadNote reads and verifies a note of ours; the zero value when there is none.
func (d *Desk) loadNote(name string) (sealedNote, error) {
	f, err := os.Open(filepath.Join(d.dir, name))
	if errors.Is(err, fs.ErrNotExist) {
		return sealedNote{}, nil
	}
	if err != nil {
		return sealedNote{}, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, ledger.MaxReceipt))
	if err != nil {
		return sealedNote{}, err
	}
	n, err := d.openNote(data)
	if err != nil {
		return sealedNote{}, fmt.Errorf("file %s: %w", name, err)
	}
	return n, nil
}

// openNote verifies that a quorum cosigned a note.
func (d *Desk) openNote(data []byte) (sealedNote, error) {
	c, by, err := d.Members().Open(data)
	if err != nil {
		return sealedNote{}, err
	}
	return sealedNote{c, by, data}, nil
}

// keepFinal makes n the last FINAL checkpoint. The store is flushed up to it,
// so that the note is never ahead of what it names.
func (d *Desk) keepFinal(n sealedNote) error {
	if err := replaceFile(d.dir, noteFinal, n.note); err != nil {
		return fmt.Errorf("keep checkpoint %d: %w", n.Size, err)
	}
	if err := os.Remove(filepath.Join(d.dir, noteAhead)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("keep checkpoint %d: %w", n.Size, err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.final, d.ahead = n, sealedNote{}
	return nil
}

// keepAhead keeps the note that covers the entries which are about to be
// committed on the way to a later checkpoint.
func (d *Desk) keepAhead(n sealedNote) error {
	d.mu.RLock()
	same := bytes.Equal(d.ahead.note, n.note)
	d.mu.RUnlock()
	if same {
		return nil
	}
	if err := replaceFile(d.dir, noteAhead, n.note); err != nil {
		return fmt.Errorf("keep checkpoint %d: %w", n.Size, err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ahead = n
	return nil
}

// forked keeps the evidence that theirs contradicts our tree, and returns the
// error that says so. The evidence is one file that anybody with the charter can
// check. Where our tree is not yet as large as our last note, no such file can be
// made, and the two notes are kept as they are.
func (d *Desk) forked(node string, theirs sealedNote) error {
	d.mu.RLock()
	final, ahead := d.final, d.ahead
	d.mu.RUnlock()
	size, err := d.Size()
	if err != nil {
		return err
	}
	sum := sha256.Sum256(theirs.note)
	prefix := fmt.Sprintf("evidence-%d-%x", theirs.Size, sum[:6])
	f := &Fork{Node: node, Ours: final.Checkpoint, Theirs: theirs.Checkpoint}
	keep := func(suffix string, data []byte) error {
		if err := replaceFile(d.dir, prefix+suffix, data); err != nil {
			return fmt.Errorf("keep evidence of a fork: %w", err)
		}
		f.Files = append(f.Files, filepath.Join(d.dir, prefix+suffix))
		return nil
	}
	for _, ours := range []sealedNote{ahead, final} {
		if ours.Size == 0 || ours.Size > size {
			continue
		}
		if e, err := ledger.NewEvidence(d.Genesis(), theirs.note, ours.note, d.store); err == nil {
			f.Ours = ours.Checkpoint
			return errors.Join(f, keep(wire.EvidenceExt, e.Marshal()))
		}
	}
	ours := final
	if ahead.Size > 0 {
		ours = ahead
	}
	f.Ours = ours.Checkpoint
	return errors.Join(f, keep("-ours.note", ours.note), keep("-theirs.note", theirs.note))
}

// replaceFile writes a file so that after a crash either the old or the new
// content is there, whole.
func replaceFile(dir, name string, data []byte) error {
	f, err := os.CreateTemp(dir, "."+name+"-*") // 0600
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), filepath.Join(dir, name))
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	folder, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
