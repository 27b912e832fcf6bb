package node

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"comity/ledger"
	"comity/ledger/ledgertest"
	"comity/ledger/state"
	"comity/ledger/tiles"
	"comity/node/wire"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// settled submits what the bureau enrols and waits until all of it is FINAL.
func (o *one) settled(t *testing.T) *finality {
	t.Helper()
	b := o.c.Bureaus[0]
	n := uint64(0)
	for _, it := range b.Enrolments(t) {
		if e := o.post(t, o.as(b.Access), it.Marshal()); e != nil {
			t.Fatalf("enrol: %v", e)
		}
		n++
	}
	f, err := o.waitFinal(t.Context(), n-1)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func get(t *testing.T, c *http.Client, method, url string) (*http.Response, []byte) {
	t.Helper()
	req, err := http.NewRequest(method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, data
}

func TestNetTiles(t *testing.T) {
	if testing.Short() {
		t.Skip("uses loopback TCP")
	}
	t.Parallel()
	o := startOne(t, func(c *Config) { c.Tiles = "127.0.0.1:0" })
	if resp, _ := get(t, http.DefaultClient, "GET", "http://"+o.TilesAddress()+"/tlog/checkpoint"); resp.StatusCode != http.StatusNotFound {
		t.Errorf("before anything is FINAL: status %d", resp.StatusCode)
	}
	f := o.settled(t)
	size := f.at.Size
	v, err := note.NewVerifier(ledger.OriginKey(o.cfg.Genesis.Origin(), o.cfg.Witness.Public()))
	if err != nil {
		t.Fatal(err)
	}
	var bundle, leaves []byte
	for i := range size {
		_, e, err := o.store.Entry(i)
		if err != nil {
			t.Fatal(err)
		}
		bundle = tiles.AppendEntry(bundle, e.Raw)
		h := tlog.RecordHash(e.Raw)
		leaves = append(leaves, h[:]...)
	}
	for name, at := range map[string]struct {
		c    *http.Client
		base string
	}{
		"TLS":   {o.as(o.c.Bureaus[0].Access), o.url("")},
		"plain": {http.DefaultClient, "http://" + o.TilesAddress()},
	} {
		resp, data := get(t, at.c, "GET", at.base+"/tlog/checkpoint")
		if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "text/plain; charset=utf-8" || resp.Header.Get("Cache-Control") != "max-age=1" {
			t.Errorf("%s: checkpoint: status %d, %v", name, resp.StatusCode, resp.Header)
		}
		if n, err := note.Open(data, note.VerifierList(v)); err != nil || !strings.Contains(n.Text, fmt.Sprintf("\n%d\n", size)) {
			t.Errorf("%s: checkpoint: %v", name, err)
		}
		if _, by, err := o.cfg.Genesis.Open(data); err != nil || len(by) != 1 {
			t.Errorf("%s: checkpoint: cosigned by %v, %v", name, by, err)
		}
		for path, want := range map[string][]byte{
			fmt.Sprintf("tile/0/000.p/%d", size):       leaves,
			"tile/0/000.p/2":                           leaves[:64], // of a former checkpoint
			fmt.Sprintf("tile/entries/000.p/%d", size): bundle,
		} {
			resp, data := get(t, at.c, "GET", at.base+"/tlog/"+path)
			if resp.StatusCode != 200 || !bytes.Equal(data, want) || resp.Header.Get("Content-Type") != "application/octet-stream" || resp.Header.Get("Cache-Control") != "max-age=300" {
				t.Errorf("%s: %s: status %d, %d bytes, %v", name, path, resp.StatusCode, len(data), resp.Header)
			}
		}
		for _, path := range []string{
			fmt.Sprintf("tile/0/000.p/%d", size+1), fmt.Sprintf("tile/entries/000.p/%d", size+1), "tile/0/000", "tile/1/000.p/1", "tile/0/001.p/1",
			"tile/entries/000", "tile/0/0", "tile/", "", "tile/0/000.p/0", "nothing", "tile/63/x999/x999/x999/x999/x999/999",
		} {
			if resp, _ := get(t, at.c, "GET", at.base+"/tlog/"+path); resp.StatusCode != http.StatusNotFound || resp.Header.Get("Cache-Control") == cacheFull {
				t.Errorf("%s: %q: status %d, %v", name, path, resp.StatusCode, resp.Header)
			}
		}
	}
	if full := o.tileHeader(t, tlog.Tile{H: 8, W: 256}, 300); full != cacheFull {
		t.Errorf("a full tile is kept %q", full)
	}

	plain := "http://" + o.TilesAddress()
	for _, path := range []string{"/tlog/checkpoint", "/tlog/tile/entries/000.p/2", "/tlog/tile/0/000.p/2"} {
		if resp, data := get(t, http.DefaultClient, "HEAD", plain+path); resp.StatusCode != 200 || len(data) > 0 {
			t.Errorf("HEAD %s: status %d, %d bytes", path, resp.StatusCode, len(data))
		}
		if resp, _ := get(t, http.DefaultClient, "DELETE", plain+path); resp.StatusCode != http.StatusMethodNotAllowed {
			t.Errorf("DELETE %s: status %d", path, resp.StatusCode)
		}
	}
	for _, rt := range routes {
		if strings.HasPrefix(rt.pattern, wire.PathTiles) {
			continue
		}
		path := strings.NewReplacer("{id}", strings.Repeat("ab", 32), "{key}", strings.Repeat("ab", 32), "{index}", "0").Replace(rt.pattern)
		if resp, _ := get(t, http.DefaultClient, rt.method, plain+path); resp.StatusCode != http.StatusNotFound {
			t.Errorf("%s %s without TLS: status %d", rt.method, path, resp.StatusCode)
		}
	}

	// What is not FINAL is not shown, though the node holds it.
	o.final.Store(&finality{at: &state.Collected{Size: 3}, note: f.note, signed: f.signed})
	for w, want := range map[uint64]int{3: 200, 4: 404, size: 404} {
		for _, path := range []string{"tile/0/000.p/%d", "tile/entries/000.p/%d"} {
			if resp, _ := get(t, http.DefaultClient, "GET", plain+"/tlog/"+fmt.Sprintf(path, w)); resp.StatusCode != want {
				t.Errorf("width %d of 3 that are FINAL: status %d, want %d", w, resp.StatusCode, want)
			}
		}
	}
}

// tileHeader returns the Cache-Control of a tile, as if so many entries were FINAL.
func (o *one) tileHeader(t *testing.T, tile tlog.Tile, size uint64) string {
	t.Helper()
	f := o.final.Load()
	defer o.final.Store(f)
	o.final.Store(&finality{at: &state.Collected{Size: size}})
	a := &api{served: &o.served}
	tile.L = tiles.EntryLevel // bundles are read when they are written
	req, err := http.NewRequest("GET", wire.PathTiles+tiles.Path(tile), nil)
	if err != nil {
		t.Fatal(err)
	}
	ans, err := a.tile(req, caller{})
	if err != nil {
		t.Fatal(err)
	}
	return ans.cache
}

func TestNetTilesAreBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("uses loopback TCP")
	}
	t.Parallel()
	o := startOne(t, func(c *Config) { c.Tiles = "127.0.0.1:0" })
	var conns []net.Conn
	defer func() {
		for _, c := range conns {
			c.Close()
		}
	}()
	dial := func() net.Conn {
		c, err := net.Dial("tcp", o.TilesAddress())
		if err != nil {
			t.Fatal(err)
		}
		conns = append(conns, c)
		return c
	}
	for range tilesPerHost {
		if _, err := dial().Write([]byte("GET /tlog/checkpoint HTTP/1.1\r\n")); err != nil { // and no more
			t.Fatal(err)
		}
	}
	extra := dial()
	if err := extra.SetReadDeadline(time.Now().Add(4 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := extra.Read(make([]byte, 1)); err == nil || strings.Contains(err.Error(), "timeout") {
		t.Errorf("one connection too many: %v, want it closed", err)
	}
	// The slow ones are cut off; then there is room again.
	if err := conns[0].SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(conns[0]); err != nil {
		t.Errorf("a slow header: %v, want it closed", err)
	}
	if ok, why := o.Ready(); !ok {
		t.Errorf("not ready: %s", why)
	}
}

func TestTilesAddress(t *testing.T) {
	for _, tt := range []struct {
		addr   string
		public bool
		ok     bool
	}{
		{"", false, true}, {"127.0.0.1:8080", false, true}, {"[::1]:8080", false, true}, {"localhost:0", false, true}, {"0.0.0.0:80", true, true}, {":80", true, true},
		{"0.0.0.0:80", false, false}, {":80", false, false}, {"192.0.2.1:80", false, false}, {"node.example:80", false, false}, {"8080", true, false},
	} {
		if err := CheckTiles(tt.addr, tt.public); (err == nil) != tt.ok {
			t.Errorf("%q, public %v: %v", tt.addr, tt.public, err)
		}
	}
	c := ledgertest.NewGenesis(t, 1)
	b := c.Bureaus[0]
	cfg := Config{Genesis: c.Genesis, Bureau: b.Code, TLS: b.TLS, Witness: b.Witness, Tiles: "0.0.0.0:80"}
	if _, err := cfg.check(); err == nil || !strings.Contains(err.Error(), "tiles_public") {
		t.Errorf("a node would open it to all: %v", err)
	}
}
