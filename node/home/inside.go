package home

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"syscall"
)

// stays reports whether the folder dir is there and cannot be replaced by another
// one: it is a disk of its own, or what holds it belongs to somebody else, such as
// /var/lib/comity.
func stays(dir string) bool {
	var own, parent syscall.Stat_t
	if syscall.Stat(dir, &own) != nil || syscall.Stat(filepath.Dir(dir), &parent) != nil {
		return false
	}
	const write = 2
	return own.Dev != parent.Dev || syscall.Access(filepath.Dir(dir), write) != nil
}

// wholeInside is [Whole] for a folder that stays. What fill has made is moved up
// when it is complete, comity.toml last: until then it is nobody's home. A process
// that is killed in between leaves a folder that is refused, since it is not empty.
func wholeInside(dir string, fill func(tmp string) error) (err error) {
	tmp, done, err := Scratch(dir, PrefixNew)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	if err := fill(tmp); err != nil {
		return err
	}
	list, err := os.ReadDir(tmp)
	if err != nil {
		return err
	}
	var names []string
	for _, e := range list {
		names = append(names, e.Name())
	}
	if i := slices.Index(names, fileConfig); i >= 0 {
		names = append(slices.Delete(names, i, i+1), fileConfig)
	}
	for i, name := range names {
		if name == fileConfig {
			err = syncDir(dir)
		}
		if err == nil {
			err = os.Rename(filepath.Join(tmp, name), filepath.Join(dir, name))
		}
		if err != nil {
			for _, moved := range names[:i] {
				err = errors.Join(err, os.RemoveAll(filepath.Join(dir, moved)))
			}
			return err
		}
	}
	return syncDir(dir)
}
