package seal_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestPython has the vectors opened by a reader in Python that was written from
// CRYPTO.md alone. A result that was changed must be found.
func TestPython(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3 here, which the independent reader needs")
	}
	const reader = "../../ledger/testdata/verify.py"
	if out, err := exec.Command(python, reader, "--vectors", "testdata/vectors").CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}

	good, err := os.ReadFile("testdata/vectors/card-one-reader.txt")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	planted := strings.Replace(string(good), "do not detain", "do detain", 1)
	if err := os.WriteFile(filepath.Join(dir, "planted.txt"), []byte(planted), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(python, reader, "--vectors", dir).CombinedOutput(); err == nil {
		t.Errorf("a planted fault was not found:\n%s", out)
	}
}
