package follow

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
func (cp *Copy) loadNote(name string) (sealedNote, error) {
	data, err := readNote(cp.dir, name)
	if errors.Is(err, fs.ErrNotExist) {
		return sealedNote{}, nil
	}
	if err != nil {
		return sealedNote{}, err
	}
	n, err := cp.openNote(data)
	if err != nil {
		return sealedNote{}, fmt.Errorf("file %s: %w", name, err)
	}
	return n, nil
}

func readNote(dir, name string) ([]byte, error) {
	f, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, ledger.MaxReceipt))
}

// openNote verifies that a quorum cosigned a note.
func (cp *Copy) openNote(data []byte) (sealedNote, error) {
	c, by, err := cp.Members().Open(data)
	if err != nil {
		return sealedNote{}, err
	}
	return sealedNote{c, by, data}, nil
}

// keepFinal makes n the last FINAL checkpoint. The store is flushed up to it,
// so that the note is never ahead of what it names.
func (cp *Copy) keepFinal(n sealedNote) error {
	if err := ReplaceFile(cp.dir, noteFinal, n.note); err != nil {
		return fmt.Errorf("keep checkpoint %d: %w", n.Size, err)
	}
	if err := os.Remove(filepath.Join(cp.dir, noteAhead)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("keep checkpoint %d: %w", n.Size, err)
	}
	cp.mu.Lock()
	defer cp.mu.Unlock()
	cp.final, cp.ahead = n, sealedNote{}
	return nil
}

// keepAhead keeps the note that covers the entries which are about to be
// committed on the way to a later checkpoint.
func (cp *Copy) keepAhead(n sealedNote) error {
	cp.mu.RLock()
	same := bytes.Equal(cp.ahead.note, n.note)
	cp.mu.RUnlock()
	if same {
		return nil
	}
	if err := ReplaceFile(cp.dir, noteAhead, n.note); err != nil {
		return fmt.Errorf("keep checkpoint %d: %w", n.Size, err)
	}
	cp.mu.Lock()
	defer cp.mu.Unlock()
	cp.ahead = n
	return nil
}

// forked keeps the evidence that theirs contradicts our tree, and returns the
// error that says so. The evidence is one file that anybody with the charter can
// check. Where our tree is not yet as large as our last note, no such file can be
// made, and the two notes are kept as they are.
func (cp *Copy) forked(node string, theirs sealedNote) error {
	cp.mu.RLock()
	final, ahead := cp.final, cp.ahead
	cp.mu.RUnlock()
	size, err := cp.Size()
	if err != nil {
		return err
	}
	sum := sha256.Sum256(theirs.note)
	prefix := fmt.Sprintf("evidence-%d-%x", theirs.Size, sum[:6])
	f := &Fork{Node: node, Ours: final.Checkpoint, Theirs: theirs.Checkpoint}
	keep := func(suffix string, data []byte) error {
		if err := ReplaceFile(cp.dir, prefix+suffix, data); err != nil {
			return fmt.Errorf("keep evidence of a fork: %w", err)
		}
		f.Files = append(f.Files, filepath.Join(cp.dir, prefix+suffix))
		return nil
	}
	for _, ours := range []sealedNote{ahead, final} {
		if ours.Size == 0 || ours.Size > size {
			continue
		}
		if e, err := ledger.NewEvidence(cp.Genesis(), theirs.note, ours.note, cp.store); err == nil {
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

// ReplaceFile writes a file so that after a crash either the old or the new
// content is there, whole.
func ReplaceFile(dir, name string, data []byte) error {
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
	return syncDir(dir)
}

// syncDir makes the names in a folder durable.
func syncDir(dir string) error {
	folder, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
