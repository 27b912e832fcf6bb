package interop

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// fsck runs Tessera's fsck, the program, and reports whether it vouches for the
// log. Its exit status says nothing, so its line of success counts; and it may
// wait for ever for workers that have given up, so time is limited.
func (f *fixture) fsck(t *testing.T, storage string, limit time.Duration) (good bool, output string) {
	t.Helper()
	key := filepath.Join(t.TempDir(), "vkey")
	if err := os.WriteFile(key, []byte(f.vkey+"\n"), 0o600); err != nil { // as `echo` writes it
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(f.tools, "fsck"), "--storage_url="+storage, "--public_key="+key, "--ui=false", "--N=4")
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("%s: %v", cmd, err)
	}
	return strings.Contains(string(out), fmt.Sprintf("Successfully fsck'd log with size %d and root ", f.size)), string(out)
}

// proxy serves the node's tiles with one file changed: another's, or none.
func (f *fixture) proxy(t *testing.T, name string, changed []byte) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		switch path := strings.TrimPrefix(req.URL.Path, "/"); {
		case path == name && changed == nil:
			http.NotFound(w, req)
		case path == name:
			w.Write(changed)
		default:
			http.Redirect(w, req, f.url+path, http.StatusTemporaryRedirect)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func TestFsck(t *testing.T) {
	f := use(t)
	for _, storage := range []string{"file://" + f.folder, f.url, f.proxy(t, "", nil)} {
		if good, out := f.fsck(t, storage, time.Minute); !good {
			t.Errorf("%s: no success:\n%s", storage, out)
		}
	}
}

func TestFsckRefuses(t *testing.T) {
	f := use(t)
	for _, tt := range f.tamperings(t) {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := f.copyOf(t, tt.file, tt.change)
			changed, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(tt.file)))
			if err != nil && !errors.Is(err, os.ErrNotExist) {
				t.Fatal(err)
			}
			for _, storage := range []string{"file://" + dir, f.proxy(t, tt.file, changed)} {
				good, out := f.fsck(t, storage, 5*time.Second)
				reason := strings.Contains(out, "fsck failed: ") || strings.Contains(out, "panic: ") // as it does at a short bundle
				if good || !reason {
					t.Errorf("%s: success, or no reason:\n%s", storage, out)
				}
			}
		})
	}
}
