package home

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// An empty folder that cannot be replaced, such as /var/lib/comity, becomes a home
// all the same, or stays empty.
func TestWholeInside(t *testing.T) {
	dir := t.TempDir()
	fill := func(tmp string) error {
		if filepath.Dir(tmp) != dir {
			t.Errorf("it is made in %s", tmp)
		}
		return errors.Join(os.Mkdir(filepath.Join(tmp, "keys"), 0o700), os.WriteFile(filepath.Join(tmp, "keys", "card.age"), []byte("x"), 0o600),
			os.WriteFile(filepath.Join(tmp, fileConfig), nil, 0o600), os.WriteFile(filepath.Join(tmp, "XA.member"), nil, 0o600))
	}
	names := func() (names []string) {
		list, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range list {
			names = append(names, e.Name())
		}
		return names
	}
	failed := errors.New("full")
	if err := wholeInside(dir, func(tmp string) error { return errors.Join(fill(tmp), failed) }); !errors.Is(err, failed) || len(names()) != 0 {
		t.Errorf("%v, and there are %q", err, names())
	}
	if err := os.MkdirAll(filepath.Join(dir, PrefixNew+"1", "node"), 0o700); err != nil { // a process was killed
		t.Fatal(err)
	}
	if err := Vacant(dir, ""); err != nil {
		t.Error(err)
	}
	if err := wholeInside(dir, fill); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(names(), " "); got != "XA.member "+fileConfig+" keys" {
		t.Errorf("there are %s", got)
	}
	if err := Vacant(dir, ""); err == nil {
		t.Error("a home is vacant")
	}
}

// Who may not write where the folder lies makes the home in it.
func TestWholeWhereTheFolderStays(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root may write everywhere")
	}
	parent := t.TempDir()
	dir := filepath.Join(parent, "comity")
	if err := errors.Join(os.Mkdir(dir, 0o700), os.Chmod(parent, 0o500)); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(parent, 0o700)
	if err := Whole(dir, func(tmp string) error { return os.WriteFile(filepath.Join(tmp, fileConfig), nil, 0o600) }); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, fileConfig)); err != nil {
		t.Error(err)
	}
}
