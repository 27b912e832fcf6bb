package home

import (
	"os"
	"path/filepath"
	"testing"
)

// What a killed process left goes with the next one; what a living one has stays.
func TestScratch(t *testing.T) {
	parent := t.TempDir()
	for _, name := range []string{"x-stale/deep", "y-other"} {
		if err := os.MkdirAll(filepath.Join(parent, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("y-other", filepath.Join(parent, "x-link")); err != nil {
		t.Fatal(err)
	}
	first, done, err := Scratch(parent, "x-")
	if err != nil {
		t.Fatal(err)
	}
	second, doneToo, err := Scratch(parent, "x-")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{filepath.Join(parent, "x-stale"): false, filepath.Join(parent, "y-other"): true, first: true, second: true} {
		if _, err := os.Stat(name); (err == nil) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := done(); err != nil {
		t.Error(err)
	}
	if err := doneToo(); err != nil {
		t.Error(err)
	}
	if list := Stale(parent, "x-"); len(list) > 0 {
		t.Errorf("left: %q", list)
	}
}

// So does a home that a killed process was making.
func TestWholeRemovesStale(t *testing.T) {
	parent := t.TempDir()
	stale := filepath.Join(parent, ".comity-new-1")
	if err := os.MkdirAll(filepath.Join(stale, "node"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := Whole(filepath.Join(parent, "XA"), func(tmp string) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(stale); err == nil {
		t.Error("what a killed process left is there still")
	}
	if list, _ := os.ReadDir(parent); len(list) != 1 {
		t.Errorf("there are %d", len(list))
	}
}
