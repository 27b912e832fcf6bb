package dist

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

const root = "../.."

// tool returns the path of a program, or skips the test and says why.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not here", name)
	}
	return path
}

func output(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, ok := run(name, args...)
	if !ok {
		t.Fatalf("%s %s:\n%s", name, strings.Join(args, " "), out)
	}
	return out
}

// run reports whether a program ended well.
func run(name string, args ...string) (out string, ok bool) {
	text, err := exec.Command(name, args...).CombinedOutput()
	return string(text), err == nil
}

// A unit is exposed at 1.5 of 10 at most, as systemd counts it.
func TestUnitsAreHardened(t *testing.T) {
	analyze := tool(t, "systemd-analyze")
	exposure := func(path string) float64 {
		out := output(t, analyze, "security", "--offline=true", "--no-pager", path)
		m := regexp.MustCompile(`Overall exposure level for \S+: ([0-9.]+)`).FindStringSubmatch(out)
		if m == nil {
			t.Fatalf("no exposure in\n%s", out)
		}
		n, err := strconv.ParseFloat(m[1], 64)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	for _, unit := range []string{"comity-node.service", "comity-desk.service"} {
		if n := exposure(unit); n > 1.5 {
			t.Errorf("%s: exposure %.1f", unit, n)
		}
	}
	text, err := os.ReadFile("comity-node.service")
	if err != nil {
		t.Fatal(err)
	}
	lax := filepath.Join(t.TempDir(), "lax.service")
	if err := os.WriteFile(lax, bytes.ReplaceAll(text, []byte("SystemCallFilter="), []byte("#")), 0o600); err != nil {
		t.Fatal(err)
	}
	if n := exposure(lax); n <= 1.5 {
		t.Errorf("without its filter of system calls: exposure %.1f", n)
	}
}

func TestAlerts(t *testing.T) {
	promtool := tool(t, "promtool")
	output(t, promtool, "check", "rules", "alerts.yml")
	output(t, promtool, "test", "rules", "alerts_test.yml")
}

// long skips what takes a minute, unless COMITY_LONG is set.
func long(t *testing.T) {
	t.Helper()
	if os.Getenv("COMITY_LONG") == "" {
		t.Skip("set COMITY_LONG=1")
	}
}

// build runs the build script of a copy of the source tree, and returns the sums
// of what it made.
func build(t *testing.T, tree, out string) string {
	t.Helper()
	output(t, filepath.Join(tree, "node", "dist", "build"), out)
	sums, err := os.ReadFile(filepath.Join(out, "SHA256SUMS"))
	if err != nil {
		t.Fatal(err)
	}
	return string(sums)
}

// The same sources give the same bytes in another folder, and other sources do not.
func TestBuildIsReproducible(t *testing.T) {
	long(t)
	tool(t, "git")
	tree := t.TempDir()
	output(t, "sh", "-c", "git -C "+root+" ls-files -z --cached --others --exclude-standard | tar -C "+root+" --null -T - -cf - | tar -C "+tree+" -xf -")
	out := t.TempDir()
	here := build(t, root, out)
	if parts, err := os.ReadFile(filepath.Join(out, "comity.cdx.json")); err != nil || !bytes.Contains(parts, []byte("pkg:golang/github.com/hashicorp/raft@v")) {
		t.Errorf("the list of parts lacks raft (%v)", err)
	}
	if there := build(t, tree, t.TempDir()); there != here {
		t.Errorf("here:\n%s\nthere:\n%s", here, there)
	}
	version := filepath.Join(tree, "node", "describe.go")
	text, err := os.ReadFile(version)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(version, bytes.Replace(text, []byte(`Version = "`), []byte(`Version = "1`), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	if changed := build(t, tree, t.TempDir()); changed == here {
		t.Error("a changed source gives the same bytes")
	}
}

// The deb installs in a Debian that has nothing else, runs there, and leaves the
// data when it goes.
func TestDebInstalls(t *testing.T) {
	long(t)
	bootstrap := tool(t, "debootstrap")
	tool(t, "nfpm")
	if os.Geteuid() != 0 {
		t.Skip("a chroot needs root")
	}
	out, debian := t.TempDir(), filepath.Join(t.TempDir(), "debian")
	build(t, root, out)
	if text, err := exec.Command(bootstrap, "--variant=minbase", "bookworm", debian).CombinedOutput(); err != nil {
		t.Skipf("no Debian could be fetched: %v\n%.400s", err, text)
	}
	debs, err := filepath.Glob(filepath.Join(out, "*.deb"))
	if err != nil || len(debs) != 1 {
		t.Fatalf("%q, %v", debs, err)
	}
	output(t, "cp", debs[0], filepath.Join(debian, "comity.deb"))
	in := func(command string) string { return output(t, "chroot", debian, "sh", "-ec", command) }
	in("dpkg -i comity.deb")
	if got := in("comity version && id -un comity && stat -c '%a %U' /var/lib/comity /var/lib/comity-desk"); !strings.Contains(got, "700 comity\n700 comity-desk") {
		t.Errorf("installed: %s", got)
	}
	// As README.md here says, by a user who may not write in /var/lib.
	in("runuser -u comity -- comity --dir /var/lib/comity init --bureau XA --name Aldermoor --address 127.0.0.1:7101 --no-passphrase && runuser -u comity -- comity --dir /var/lib/comity config print")
	in("dpkg -r comity && test -e /var/lib/comity/comity.toml && ! command -v comity")
}
