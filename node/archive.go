package node

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"sync"

	"comity/ledger"
	"comity/node/wire"
)

// archive keeps FINAL notes for later: when who cosigned what in which year is
// asked, the last checkpoint alone does not say. A note is kept when the ledger
// has doubled since the last one kept, or an hour of its time has passed.
//
// Its file is only appended to, a record for each note, synced:
//
//	u32 length || u32 CRC32C of length and what follows || u64 ledger time, ms || note
//
// What a crash has left of a record at the end is cut when it is opened. Damage
// before the end is not mended: the archive stays closed, and the node says so.
type archive struct {
	mu    sync.Mutex // guards what follows
	f     *os.File
	index []keptNote
	end   int64
}

// keptNote says where a note is.
type keptNote struct {
	at   int64
	len  int    // of the record
	size uint64 // of the checkpoint
	time uint64 // ledger time, ms
}

const (
	archiveHead  = 8 + 8
	archiveEvery = 3600 * 1000 // ledger time, ms
)

// openArchive opens the file, which it makes if need be.
func openArchive(path string) (*archive, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open archive: %w", err)
	}
	a := &archive{f: f}
	err = a.scan()
	if err == nil {
		err = syncDir(filepath.Dir(path))
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open archive %s: %w", path, err), f.Close())
	}
	return a, nil
}

// scan reads all records and cuts a torn one at the end.
func (a *archive) scan() error {
	info, err := a.f.Stat()
	if err != nil {
		return err
	}
	in := bufio.NewReaderSize(io.NewSectionReader(a.f, 0, info.Size()), 64<<10)
	for {
		k, _, err := readKept(in, a.end)
		if err == io.EOF {
			break
		}
		if errors.Is(err, ErrCorrupt) {
			// One write makes a record, so at most one is torn, and nothing is after it.
			if info.Size()-a.end > archiveHead+ledger.MaxNote {
				return err
			}
			if err := a.f.Truncate(a.end); err != nil {
				return err
			}
			return a.f.Sync()
		}
		if err != nil {
			return err
		}
		a.index, a.end = append(a.index, k), a.end+int64(k.len)
	}
	return nil
}

// readKept reads one record, which lies at a place; io.EOF at the end of all.
func readKept(in io.Reader, at int64) (keptNote, []byte, error) {
	var head [archiveHead]byte
	if n, err := io.ReadFull(in, head[:]); err != nil {
		if n == 0 && err == io.EOF {
			return keptNote{}, nil, io.EOF
		}
		return keptNote{}, nil, brokenOff(err)
	}
	n := binary.BigEndian.Uint32(head[:])
	if n > ledger.MaxNote {
		return keptNote{}, nil, ErrCorrupt
	}
	note := make([]byte, n)
	if _, err := io.ReadFull(in, note); err != nil {
		return keptNote{}, nil, brokenOff(err)
	}
	if sumKept(head, note) != binary.BigEndian.Uint32(head[4:]) {
		return keptNote{}, nil, ErrCorrupt
	}
	size, err := noteSize(note)
	if err != nil {
		return keptNote{}, nil, ErrCorrupt
	}
	return keptNote{at, archiveHead + len(note), size, binary.BigEndian.Uint64(head[8:])}, note, nil
}

func brokenOff(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return ErrCorrupt
	}
	return err
}

func sumKept(head [archiveHead]byte, note []byte) uint32 {
	sum := crc32.Checksum(head[:4], castagnoli)
	sum = crc32.Update(sum, castagnoli, head[8:])
	return crc32.Update(sum, castagnoli, note)
}

// noteSize returns the size in a note's text.
func noteSize(note []byte) (uint64, error) {
	text, _, _ := bytes.Cut(note, []byte("\n\n"))
	c, err := ledger.ParseCheckpoint(string(text) + "\n")
	return c.Size, err
}

// due reports whether a FINAL checkpoint of this size, at this ledger time, is to
// be kept.
func (a *archive) due(size, time uint64) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.index) == 0 {
		return true
	}
	last := a.index[len(a.index)-1]
	return size > last.size && (size/2 >= last.size || time >= last.time+archiveEvery)
}

// keep appends a note. After an error nothing more is kept: what is behind the
// end is not known.
func (a *archive) keep(note []byte, time uint64) error {
	size, err := noteSize(note)
	if err != nil || len(note) > ledger.MaxNote {
		return fmt.Errorf("archive a checkpoint: %w", ledger.ErrMalformed)
	}
	var head [archiveHead]byte
	binary.BigEndian.PutUint32(head[:], uint32(len(note)))
	binary.BigEndian.PutUint64(head[8:], time)
	binary.BigEndian.PutUint32(head[4:], sumKept(head, note))
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.f == nil {
		return nil
	}
	_, err = a.f.WriteAt(append(head[:], note...), a.end)
	if err == nil {
		err = a.f.Sync()
	}
	if err != nil {
		return errors.Join(fmt.Errorf("archive checkpoint %d: %w", size, err), a.shut())
	}
	k := keptNote{a.end, archiveHead + len(note), size, time}
	a.index, a.end = append(a.index, k), a.end+int64(k.len)
	return nil
}

// page returns notes from the one with this number on, at most limit of them and
// some bytes.
func (a *archive) page(from, limit uint64) ([]wire.Archived, error) {
	a.mu.Lock()
	f, index := a.f, a.index
	a.mu.Unlock()
	if f == nil {
		return nil, errArchiveClosed
	}
	index = index[min(from, uint64(len(index))):]
	out, bytes := []wire.Archived{}, 0
	for _, k := range index[:min(limit, wire.MaxArchived, uint64(len(index)))] {
		if bytes += k.len; bytes > wire.MaxStream && len(out) > 0 {
			break
		}
		_, note, err := readKept(io.NewSectionReader(f, k.at, int64(k.len)), k.at)
		if err != nil {
			return nil, fmt.Errorf("read archived checkpoint %d: %w", k.size, err)
		}
		out = append(out, wire.Archived{Time: k.time, Note: note})
	}
	return out, nil
}

var errArchiveClosed = errors.New("the archive of checkpoints is closed")

func (a *archive) close() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.shut()
}

// shut must be called with mu held.
func (a *archive) shut() error {
	if a.f == nil {
		return nil
	}
	err := a.f.Close()
	a.f = nil
	return err
}
