package interop

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/notice"
	"comity/ledger/tiles"
	"comity/testnet"

	f_note "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"
)

// fixture is a ledger of four bureaus with more than two full tiles of entries
// and a partial one, as it leaves comity: a folder by `comity export tiles`, the
// plain HTTP listener of XA's node, receipts.
type fixture struct {
	net     *testnet.Consortium
	genesis *ledger.Genesis
	origin  string
	vkey    string // as the command printed it
	size    uint64
	early   []byte // a FINAL note of some 300 entries
	folder  string
	url     string // of the tiles
	tools   string // folder with the programs
	sent    []*testnet.Sent
	note    []byte // the checkpoint of the folder
}

const (
	wantEntries = 600
	patience    = 5 * time.Minute // the programs are built in it, perhaps all from source
)

var scratch string // removed when all tests have ended

func TestMain(m *testing.M) {
	code := func() int {
		var err error
		if scratch, err = os.MkdirTemp("", "comity-interop-"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(scratch)
		code := m.Run()
		if shared.net != nil {
			shared.net.Close()
		}
		return code
	}()
	os.Exit(code)
}

var (
	shared fixture
	once   sync.Once
	failed error
)

// use returns the fixture, which the first test makes.
func use(t *testing.T) *fixture {
	t.Helper()
	once.Do(func() { failed = shared.found() })
	if failed != nil {
		t.Fatal(failed)
	}
	return &shared
}

func (f *fixture) found() error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	f.tools, f.folder = filepath.Join(scratch, "bin"), filepath.Join(scratch, "tiles")
	for pkg, dir := range map[string]string{
		"comity": "../..", // with the versions in its own go.mod
		"github.com/transparency-dev/tessera/cmd/fsck": ".",
		"filippo.io/torchwood/cmd/litewitness":         ".",
	} {
		build := exec.CommandContext(ctx, "go", "build", "-o", f.tools+"/", pkg)
		build.Dir = dir
		if out, err := build.CombinedOutput(); err != nil {
			return fmt.Errorf("build %s: %w\n%s", pkg, err, out)
		}
	}
	dir := filepath.Join(scratch, "net")
	if _, err := testnet.Found(dir, testnet.Options{Bureaus: 4, Log: "error"}); err != nil {
		return err
	}
	config := filepath.Join(dir, "XA", "comity.toml")
	text, err := os.ReadFile(config)
	if err != nil {
		return err
	}
	listening := bytes.Replace(text, []byte(`tiles        = ""`), []byte(`tiles        = "127.0.0.1:0"`), 1)
	if bytes.Equal(text, listening) {
		return errors.New("comity.toml has no line for the tiles")
	}
	if err := os.WriteFile(config, listening, 0o600); err != nil {
		return err
	}
	if f.net, err = testnet.Load(dir); err != nil {
		return err
	}
	f.genesis, f.origin = f.net.Genesis(), f.net.Genesis().Origin()
	if err := errors.Join(f.net.StartAll(), f.net.WaitReady(ctx)); err != nil {
		return err
	}
	enrolled, err := f.net.Enrol(ctx)
	if err != nil {
		return err
	}
	f.url = "http://" + f.net.Node("XA").TilesAddress() + "/tlog/"
	if err := f.publish(ctx, wantEntries/2-enrolled); err != nil {
		return err
	}
	if _, _, err = f.net.WaitEqual(ctx, wantEntries/2); err != nil {
		return err
	}
	xa, err := f.net.Operator("XA")
	if err != nil {
		return err
	}
	if f.early, err = xa.TileCheckpoint(ctx); err != nil {
		return err
	}
	if err := f.publish(ctx, wantEntries/2); err != nil {
		return err
	}
	if f.size, _, err = f.net.WaitEqual(ctx, wantEntries); err != nil {
		return err
	}
	return f.export(ctx)
}

// publish has one officer of each bureau write notices, n in all.
func (f *fixture) publish(ctx context.Context, n int) error {
	var (
		wg   sync.WaitGroup
		mu   sync.Mutex // guards f.sent
		errs = make([]error, 4)
	)
	for i, code := range f.net.Bureaus() {
		wg.Go(func() {
			a, err := f.net.Author(code, "case-1")
			if err != nil {
				errs[i] = err
				return
			}
			defer a.Close()
			for range (n + 3) / 4 {
				mu.Lock()
				number := len(f.sent)
				mu.Unlock()
				s, err := a.Publish(ctx, testnet.Sample(code, number, notice.Readers{notice.All}, time.Now()))
				if err != nil {
					errs[i] = err
					return
				}
				mu.Lock()
				f.sent = append(f.sent, s)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// export runs the program as an auditor would.
func (f *fixture) export(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, filepath.Join(f.tools, "comity"), "export", "tiles", f.folder, "--json", "--dir", filepath.Join(f.net.Dir(), "XA"))
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("%s: %w", cmd, err)
	}
	var result struct {
		Size uint64 `json:"size"`
		Key  string `json:"vkey"`
	}
	if err := json.Unmarshal(out, &result); err != nil || result.Size != f.size || f.size < wantEntries || f.size%tiles.Width == 0 {
		return fmt.Errorf("exported %+v of %d entries, %w", result, f.size, err)
	}
	f.vkey = result.Key
	f.note, err = os.ReadFile(filepath.Join(f.folder, tiles.CheckpointPath))
	return err
}

// logVerifier returns the key of XA's origin line, by the printed vkey. It must
// be the one that anybody makes from the charter with x/mod/sumdb/note alone.
func (f *fixture) logVerifier(t *testing.T) note.Verifier {
	t.Helper()
	vkey, err := note.NewEd25519VerifierKey(f.origin, f.genesis.Charter.Members[0].Node.Witness.Ed25519)
	if err != nil || vkey != f.vkey {
		t.Fatalf("the charter says %s (%v), the command %s", vkey, err, f.vkey)
	}
	v, err := f_note.NewVerifier(f.vkey)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// cosignerKeys returns a node's two vkeys of c2sp.org/tlog-cosignature, made
// from the charter with their code.
func cosignerKeys(t *testing.T, m *ledger.Member) (ed25519, mldsa string) {
	t.Helper()
	plain, err := note.NewEd25519VerifierKey(m.NodeName(), m.Node.Witness.Ed25519)
	if err != nil {
		t.Fatal(err)
	}
	if ed25519, err = f_note.VKeyToCosignatureV1(plain); err != nil {
		t.Fatal(err)
	}
	key := base64.StdEncoding.EncodeToString(append([]byte{6}, m.Node.Witness.MLDSA.Bytes()...))
	v, err := f_note.NewVerifierForCosignatureV1(m.NodeName() + "+00000000+" + key) // it makes the id itself
	if err != nil {
		t.Fatal(err)
	}
	return ed25519, fmt.Sprintf("%s+%08x+%s", m.NodeName(), v.KeyHash(), key)
}

// witness returns the cosigning keys of a bureau: the tests may be dishonest.
func (f *fixture) witness(t *testing.T, bureau string) *keys.Witness {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(f.net.Dir(), bureau, "keys", "node-witness.pem"))
	if err != nil {
		t.Fatal(err)
	}
	w, err := keys.ParseWitness(data)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// plot returns what it looks like when all bureaus cosign another root at this
// size, with XA's origin line.
func (f *fixture) plot(t *testing.T, size uint64) []byte {
	t.Helper()
	c := ledger.Checkpoint{Origin: f.origin, Size: size, Root: ledger.Hash{0xbb}}
	var cosigs []*ledger.Cosignature
	for i := range f.genesis.Charter.Members {
		m := &f.genesis.Charter.Members[i]
		s, err := ledger.Cosign(f.witness(t, m.Code), m.NodeName(), c, uint64(time.Now().Unix()))
		if err != nil {
			t.Fatal(err)
		}
		cosigs = append(cosigs, s)
	}
	p := f.genesis.PolicyAt(0)
	signed, err := ledger.SignOrigin(f.witness(t, "XA"), p, ledger.FormatNote(c, p.Witness, cosigs))
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// copyOf returns a copy of the folder with one file changed; nil removes it.
func (f *fixture) copyOf(t *testing.T, name string, change func([]byte) []byte) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "tiles")
	if err := os.CopyFS(dir, os.DirFS(f.folder)); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, filepath.FromSlash(name))
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if changed := change(bytes.Clone(data)); changed == nil {
		err = os.Remove(path)
	} else if bytes.Equal(changed, data) {
		t.Fatalf("%s: nothing was changed", name)
	} else {
		err = os.WriteFile(path, changed, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// partial returns the path of the last tile of a level of the tree.
func (f *fixture) partial(level string) string {
	return fmt.Sprintf("tile/%s/%03d.p/%d", level, f.size/tiles.Width, f.size%tiles.Width)
}

// tampering is one way to damage an export.
type tampering struct {
	name, file string
	change     func([]byte) []byte
}

// tamperings are what every reader of the tiles must refuse.
func (f *fixture) tamperings(t *testing.T) []tampering {
	flip := func(at int) func([]byte) []byte {
		return func(b []byte) []byte { b[(at+len(b))%len(b)] ^= 1; return b }
	}
	replace := func(old, with string) func([]byte) []byte {
		return func(b []byte) []byte { return bytes.Replace(b, []byte(old), []byte(with), 1) }
	}
	lines := strings.Split(string(f.note), "\n")
	return []tampering{
		{"an entry", "tile/entries/000", flip(100)},
		{"the last entry", f.partial("entries"), flip(-1)},
		{"entries swapped", "tile/entries/001", func(b []byte) []byte {
			first, rest, err := tiles.CutEntry(b)
			second, rest, err2 := tiles.CutEntry(rest)
			if err != nil || err2 != nil {
				t.Fatal(err, err2)
			}
			return append(tiles.AppendEntry(tiles.AppendEntry(nil, second), first), rest...)
		}},
		{"an entry missing", "tile/entries/001", func(b []byte) []byte { _, rest, _ := tiles.CutEntry(b); return rest }},
		{"a bundle missing", "tile/entries/001", func([]byte) []byte { return nil }},
		{"a leaf hash", "tile/0/001", flip(40)},
		{"a leaf hash of the partial tile", f.partial("0"), flip(-1)},
		{"a hash above", fmt.Sprintf("tile/1/000.p/%d", f.size/tiles.Width), flip(40)},
		{"a root that nobody signed", tiles.CheckpointPath, replace(lines[2], base64.StdEncoding.EncodeToString(make([]byte, 32)))},
		{"a smaller size", tiles.CheckpointPath, replace("\n"+lines[1]+"\n", "\n512\n")},
		{"another origin", tiles.CheckpointPath, replace(f.origin, "comity/0000000000000000")},
		{"the origin line missing", tiles.CheckpointPath, replace(lines[4]+"\n", "")},
		{"another node's origin line", tiles.CheckpointPath, func(b []byte) []byte {
			plain := bytes.Replace(b, []byte(lines[4]+"\n"), nil, 1)
			other, err := ledger.SignOrigin(f.witness(t, "XB"), f.genesis.PolicyAt(0), plain)
			if err != nil {
				t.Fatal(err)
			}
			return other
		}},
		{"a root that all bureaus forged", tiles.CheckpointPath, func([]byte) []byte { return f.plot(t, f.size) }},
	}
}
