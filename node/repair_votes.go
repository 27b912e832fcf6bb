package node

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
)

// repairJournal is a repair that was decided. The file is there from before the
// first step until after the last:
//
//	u32 CRC32C of the rest || "comity repair v1\n" || u32 number of the folder || "l" or "v" (see abstain) ||
//	u64 term || u64 term of the last vote || the candidate of that vote
//
// A term of 0 says that term and vote are forgotten.
type repairJournal struct {
	number   uint32
	lost     loss
	term     uint64
	voteTerm uint64
	voteFor  []byte
}

const (
	repairHeader = "comity repair v1\n"
	repairFixed  = 4 + 1 + 8 + 8
	maxVoteFor   = 255
)

func (j *repairJournal) folder(dir string) string {
	return filepath.Join(dir, replacedFolder, strconv.FormatUint(uint64(j.number), 10))
}

func (j *repairJournal) marshal() []byte {
	b := binary.BigEndian.AppendUint32([]byte(repairHeader), j.number)
	b = append(b, byte(j.lost))
	b = binary.BigEndian.AppendUint64(b, j.term)
	b = binary.BigEndian.AppendUint64(b, j.voteTerm)
	return append(b, j.voteFor...)
}

// readRepair returns the repair that was begun in a folder, nil for none.
func readRepair(dir string) (*repairJournal, error) {
	path := filepath.Join(dir, repairName)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("node: %w", err)
	}
	damaged := fmt.Errorf("node: the file %s, which says how to end a repair, is damaged: %w", path, ErrCorrupt)
	if len(data) < 4 || crc32.Checksum(data[4:], castagnoli) != binary.BigEndian.Uint32(data) {
		return nil, damaged
	}
	b, ok := bytes.CutPrefix(data[4:], []byte(repairHeader))
	if !ok || len(b) < repairFixed || len(b) > repairFixed+maxVoteFor {
		return nil, damaged
	}
	j := &repairJournal{number: binary.BigEndian.Uint32(b), lost: loss(b[4]), term: binary.BigEndian.Uint64(b[5:]),
		voteTerm: binary.BigEndian.Uint64(b[13:]), voteFor: b[repairFixed:]}
	if j.lost != lostLog && j.lost != lostVotes {
		return nil, damaged
	}
	return j, nil
}

// readVotes reads Raft's term and vote from raft.db, whatever has become of the
// entries in it. It believes none of it unless the file is whole in its structure,
// since bbolt falls back to the state before the last write, and unless the log is
// as long as this node once knew it: an old copy lacks the newest votes.
func (j *repairJournal) readVotes(dir string) error {
	path := filepath.Join(dir, "raft.db")
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the file %s is missing", path)
	}
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	held, err := checkBoltFile(f, info.Size())
	if err != nil {
		return fmt.Errorf("the file %s is damaged (%w)", path, err)
	}
	err = contain(func() error {
		db, err := openBolt(path, true)
		if err != nil {
			return err
		}
		defer db.Close()
		for _, key := range held.conf {
			stored, err := db.Get(key)
			if err != nil {
				return err
			}
			value, err := openValue(key, stored)
			if err != nil {
				return fmt.Errorf("the value %q in %s is damaged", key, path)
			}
			if err := j.take(key, value); err != nil {
				return fmt.Errorf("the value %q in %s is damaged", key, path)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if j.term == 0 {
		return fmt.Errorf("the file %s has no term", path)
	}
	var last uint64
	if n := len(held.logs); n > 0 {
		last = held.logs[n-1]
	}
	return j.checkAge(dir, path, last)
}

func (j *repairJournal) take(key, value []byte) error {
	switch {
	case bytes.Equal(key, keyVoteFor):
		if len(value) > maxVoteFor {
			return ErrCorrupt
		}
		j.voteFor = value
		return nil
	case len(value) != 8:
		return ErrCorrupt
	case bytes.Equal(key, keyTerm):
		j.term = binary.BigEndian.Uint64(value)
	case bytes.Equal(key, keyVoteTerm):
		j.voteTerm = binary.BigEndian.Uint64(value)
	}
	return nil
}

// checkAge refuses a Raft log that ends below the floor, or without a floor.
func (j *repairJournal) checkAge(dir, path string, last uint64) error {
	names, err := (&Snapshots{dir: filepath.Join(dir, "snapshots")}).names(snapshotSuffix)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if len(names) > 0 {
		if at, err := strconv.ParseUint(indexOf(names[0]), 16, 64); err == nil {
			last = max(last, at)
		}
	}
	at := filepath.Join(dir, "floor")
	data, err := os.ReadFile(at)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the file %s is missing, and so nobody can tell whether %s is an old copy", at, path)
	}
	if err != nil {
		return err
	}
	_, floor, _, err := parseFloor(data)
	if err != nil {
		return fmt.Errorf("the file %s is damaged, and so nobody can tell whether %s is an old copy", at, path)
	}
	if last < floor {
		return fmt.Errorf("the file %s ends at index %d, and this node has applied %d: it was cut, or is an old copy", path, last, floor)
	}
	return nil
}

// writeVotes makes a raft.db with the term and the vote, and no entries. It is
// there only when it is whole.
func (j *repairJournal) writeVotes(path string) error {
	if exists(path) {
		return nil
	}
	fresh := path + ".new"
	if err := os.Remove(fresh); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	db, err := openBolt(fresh, false)
	if err != nil {
		return err
	}
	set := func(key, value []byte) {
		if err == nil {
			err = db.Set(key, sealValue(key, value))
		}
	}
	if j.term > 0 {
		set(keyTerm, binary.BigEndian.AppendUint64(nil, j.term))
	}
	if j.voteTerm > 0 {
		set(keyVoteFor, j.voteFor)
		set(keyVoteTerm, binary.BigEndian.AppendUint64(nil, j.voteTerm))
	}
	if err := errors.Join(err, db.Close()); err != nil {
		return err
	}
	return placeWhole(fresh, path)
}
