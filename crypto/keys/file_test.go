package keys

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestWriteReadFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	data := []byte("secret")
	if err := WriteFile(path, data); err != nil {
		t.Fatal(err)
	}
	fi, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := fi.Mode(); got != 0o600 {
		t.Errorf("mode = %v, want 0600", got)
	}
	if got, err := ReadFile(path); err != nil || !bytes.Equal(got, data) {
		t.Errorf("ReadFile = %q, %v, want %q", got, err, data)
	}
	if err := WriteFile(path, []byte("another")); !errors.Is(err, fs.ErrExist) {
		t.Errorf("second WriteFile = %v, want fs.ErrExist", err)
	}
	if got, err := ReadFile(path); err != nil || !bytes.Equal(got, data) {
		t.Errorf("after the second WriteFile: %q, %v, want %q", got, err, data)
	}
}

func TestWriteFileRefusesSymlink(t *testing.T) {
	dir := t.TempDir()
	link, target := filepath.Join(dir, "link"), filepath.Join(dir, "target")
	if err := os.Symlink(target, link); err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(link, []byte("secret")); !errors.Is(err, fs.ErrExist) {
		t.Errorf("WriteFile through a symbolic link = %v, want fs.ErrExist", err)
	}
	if _, err := os.Lstat(target); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("target of the link: %v, want fs.ErrNotExist", err)
	}
	if _, err := os.Lstat(link); err != nil {
		t.Errorf("the link is gone: %v", err)
	}
}

// TestWriteFileLeavesNothing fails at the last step, after which the key would
// otherwise lie there without the caller knowing.
func TestWriteFileLeavesNothing(t *testing.T) {
	broken := errors.New("input/output error")
	testingOnlySyncDir = func(string) error { return broken }
	defer func() { testingOnlySyncDir = syncDir }()

	path := filepath.Join(t.TempDir(), "key")
	if err := WriteFile(path, []byte("secret")); !errors.Is(err, broken) {
		t.Errorf("WriteFile = %v, want %v", err, broken)
	}
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the file is still there: %v", err)
	}
}

func TestReadFileRefuses(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	write := func(name string, size int, mode fs.FileMode) {
		t.Helper()
		if err := os.WriteFile(path(name), make([]byte, size), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path(name), mode); err != nil {
			t.Fatal(err)
		}
	}
	write("good", 10, 0o600)
	write("largest", MaxFile, 0o400)
	write("larger", MaxFile+1, 0o600)
	write("group", 10, 0o640)
	write("group-write", 10, 0o620)
	write("others", 10, 0o604)
	write("others-write", 10, 0o602)
	if err := os.Symlink("good", path("link")); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(path("pipe"), 0o600); err != nil {
		t.Fatal(err)
	}

	for name, want := range map[string]string{
		"good":         "",
		"largest":      "",
		"larger":       "larger than 65536 bytes",
		"group":        "permissions 0640 let others use it",
		"group-write":  "permissions 0620 let others use it",
		"others":       "permissions 0604 let others use it",
		"others-write": "permissions 0602 let others use it",
		"link":         "is a symbolic link",
		"pipe":         "not a regular file",
		".":            "not a regular file",
		"absent":       "no such file",
	} {
		_, err := ReadFile(path(name))
		if want == "" {
			if err != nil {
				t.Errorf("ReadFile(%s) = %v", name, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), dir) {
			t.Errorf("ReadFile(%s) = %v, want the path and %q", name, err, want)
		}
	}
}
