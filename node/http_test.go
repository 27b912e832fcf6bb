package node

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/ledgertest"
	"comity/node/wire"
)

// one is a node of a consortium of one bureau, on a loopback port.
type one struct {
	*Node
	c   *ledgertest.Consortium
	cfg Config
}

// startOne founds a ledger with a single bureau, which is its own majority.
func startOne(t *testing.T, edit ...func(*Config)) *one {
	t.Helper()
	c := ledgertest.NewGenesisAt(t, []string{freeAddress(t)})
	b := c.Bureaus[0]
	cfg := Config{Genesis: c.Genesis, Bureau: b.Code, Dir: t.TempDir(), TLS: b.TLS, Witness: b.Witness, Admin: "127.0.0.1:0"}
	for _, e := range edit {
		e(&cfg)
	}
	n, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if ok, why := n.Ready(); ok {
			break
		} else if time.Now().After(deadline) {
			t.Fatalf("not ready: %s", why)
		}
	}
	return &one{n, c, cfg}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// as returns an HTTP client that shows key.
func (o *one) as(key *keys.TLS) *http.Client {
	return &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{
		InsecureSkipVerify: true, MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{key.Certificate()}, NextProtos: []string{wire.ProtocolHTTP},
	}}}
}

func (o *one) url(path string) string { return "https://" + o.Address() + path }

// post submits an item and returns the answer's error, nil for a success.
func (o *one) post(t *testing.T, c *http.Client, body []byte) *wire.Error {
	t.Helper()
	resp, err := c.Post(o.url(wire.PathEntries), "application/octet-stream", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusOK {
		return nil
	}
	return decodeError(t, resp)
}

func decodeError(t *testing.T, resp *http.Response) *wire.Error {
	t.Helper()
	var e wire.Error
	if err := json.NewDecoder(resp.Body).Decode(&e); err != nil {
		t.Fatalf("status %d without an error of ours: %v", resp.StatusCode, err)
	}
	if e.Status() != resp.StatusCode {
		t.Errorf("code %s came with status %d, want %d", e.Code, resp.StatusCode, e.Status())
	}
	return &e
}

func TestNetRoutesAreOpenToWhomTheTableSays(t *testing.T) {
	if testing.Short() {
		t.Skip("uses loopback TCP")
	}
	t.Parallel()
	o := startOne(t)
	b := o.c.Bureaus[0]
	roles := map[string]*http.Client{"operator": o.as(b.Access), "node": o.as(b.TLS)}
	operator := roles["operator"]
	for _, it := range b.Enrolments(t) {
		if e := o.post(t, operator, it.Marshal()); e != nil {
			t.Fatalf("enrol: %v", e)
		}
	}
	for label, role := range map[string]ledger.Roles{"investigator": ledger.RoleInvestigator, "auditor": ledger.RoleAuditor} {
		key, err := keys.GenerateTLS()
		if err != nil {
			t.Fatal(err)
		}
		if e := o.post(t, operator, bytesOf(b.EnrolAccess(t, key.ID(), label, role))); e != nil {
			t.Fatalf("enrol %s: %v", label, e)
		}
		roles[label] = o.as(key)
	}
	roles["stranger"], roles["newcomer"] = o.visitors(t)
	paths := map[string]string{
		wire.PathInvites + "/{id}": wire.PathInvites + "/" + strings.Repeat("ab", 32),
		wire.PathIndex + "{id}":    wire.PathIndex + strings.Repeat("ab", 32), wire.PathReceipts + "{index}": wire.PathReceipts + "0",
		wire.PathAttachment + "{address}": wire.PathAttachment + strings.Repeat("ab", 32), wire.PathAttachment + "{address}/state": wire.PathAttachment + strings.Repeat("ab", 32) + "/state",
		wire.PathAttachment + "{address}/holders": wire.PathAttachment + strings.Repeat("ab", 32) + "/holders",
		wire.PathAttachment + "{address}/drop":    wire.PathAttachment + strings.Repeat("ab", 32) + "/drop",
		wire.PathAuthors + "{key}":                wire.PathAuthors + strings.Repeat("ab", 32),
		wire.PathEvidence + "/{name}":             wire.PathEvidence + "/none" + wire.EvidenceExt,
	}
	open := map[may][]string{
		maySubmit: {"operator", "investigator"},
		mayRead:   {"operator", "investigator", "auditor"},
		mayNode:   {"node"},
		mayInvite: {"operator"},
		mayJoin:   {"stranger", "newcomer"},
		mayVerify: {"newcomer"},
	}
	for _, rt := range routes {
		path, ok := paths[rt.pattern]
		if !ok {
			path = rt.pattern
		}
		for role, c := range roles {
			req, err := http.NewRequest(rt.method, o.url(path), strings.NewReader("no item"))
			if err != nil {
				t.Fatal(err)
			}
			resp, err := c.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			want := false
			for bit, who := range open {
				want = want || rt.may&bit != 0 && slices.Contains(who, role)
			}
			if got := resp.StatusCode != http.StatusForbidden; got != want {
				t.Errorf("%s %s as %s: status %d, want open = %v", rt.method, rt.pattern, role, resp.StatusCode, want)
			}
			resp.Body.Close()
		}
	}
}

func TestNetStrangersAndOldTLSAreRefusedInTheHandshake(t *testing.T) {
	if testing.Short() {
		t.Skip("uses loopback TCP")
	}
	t.Parallel()
	o := startOne(t)
	b := o.c.Bureaus[0]
	stranger, err := keys.GenerateTLS()
	if err != nil {
		t.Fatal(err)
	}
	dial := func(edit func(*tls.Config)) error {
		c := &tls.Config{InsecureSkipVerify: true, Certificates: []tls.Certificate{b.Access.Certificate()}, NextProtos: []string{wire.ProtocolHTTP}}
		edit(c)
		conn, err := tls.Dial("tcp", o.Address(), c)
		if err != nil {
			return err
		}
		defer conn.Close()
		if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", wire.PathStatus); err != nil {
			return err
		}
		_, err = conn.Read(make([]byte, 1)) // TLS 1.3 tells the client of a refusal with its first read
		if err == nil && conn.ConnectionState().CurveID != tls.X25519MLKEM768 {
			return fmt.Errorf("key exchange %v, want X25519MLKEM768", conn.ConnectionState().CurveID)
		}
		return err
	}
	if err := dial(func(*tls.Config) {}); err != nil {
		t.Fatalf("a known key: %v", err)
	}
	for name, edit := range map[string]func(*tls.Config){
		"no key":             func(c *tls.Config) { c.Certificates = nil },
		"unknown key":        func(c *tls.Config) { c.Certificates = []tls.Certificate{stranger.Certificate()} },
		"TLS 1.2":            func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 },
		"unknown protocol":   func(c *tls.Config) { c.NextProtos = []string{"h2"} },
		"no protocol at all": func(c *tls.Config) { c.NextProtos = nil },
	} {
		if err := dial(edit); err == nil {
			t.Errorf("%s: admitted", name)
		}
	}
}

func TestNetBadSubmissionsGetASentenceAndNoEntry(t *testing.T) {
	if testing.Short() {
		t.Skip("uses loopback TCP")
	}
	t.Parallel()
	o := startOne(t)
	b := o.c.Bureaus[0]
	c := o.as(b.Access)
	for _, it := range b.Enrolments(t) {
		if e := o.post(t, c, it.Marshal()); e != nil {
			t.Fatalf("enrol: %v", e)
		}
	}
	before, err := o.Status()
	if err != nil {
		t.Fatal(err)
	}
	good := b.Officer.Publish(t, ledger.KindYellow, []byte("a body"))
	raw := good.Marshal()
	flipped := bytes.Clone(raw)
	flipped[len(flipped)-1] ^= 1 // in the body
	badSig := bytes.Clone(raw)
	badSig[3+len(good.Entry.Raw)-1] ^= 1 // in the signature
	other := ledgertest.NewGenesis(t, 2).Bureaus[1]
	for _, test := range []struct {
		name string
		body []byte
		want wire.Code
	}{
		{"nothing", nil, wire.Malformed},
		{"garbage", []byte("garbage"), wire.Malformed},
		{"cut", raw[:len(raw)-1], wire.Malformed},
		{"longer", append(bytes.Clone(raw), 0), wire.Malformed},
		{"changed body", flipped, wire.Malformed},
		{"changed signature", badSig, "bad_signature"},
		{"oversized", make([]byte, wire.MaxItem+1), wire.TooLarge},
		{"another ledger", bytesOf(other.Officer.Publish(t, ledger.KindYellow, []byte("x"))), "other_ledger"},
		{"red alone", bytesOf(b.Supervisor.Publish(t, ledger.KindRed, []byte("x"))), "four_eyes"},
	} {
		e := o.post(t, c, test.body)
		if e == nil || e.Code != test.want {
			t.Errorf("%s: %v, want code %s", test.name, e, test.want)
			continue
		}
		if e.Message == "" || e.RequestID == "" {
			t.Errorf("%s: %+v lacks a sentence or a request id", test.name, e)
		}
	}
	after, err := o.Status()
	if err != nil {
		t.Fatal(err)
	}
	if before.Root != after.Root || before.Size != after.Size {
		t.Errorf("refused statements moved the ledger from %d to %d entries", before.Size, after.Size)
	}
	if e := o.post(t, c, raw); e != nil {
		t.Errorf("the good one: %v", e)
	}
}

func bytesOf(it ledger.Item) []byte { return it.Marshal() }

func TestNetAdminListener(t *testing.T) {
	if testing.Short() {
		t.Skip("uses loopback TCP")
	}
	t.Parallel()
	o := startOne(t)
	for path, want := range map[string]string{wire.PathLive: "ok", wire.PathReady: "ready", wire.PathMetrics: "comity_entries 0"} {
		resp, err := http.Get("http://" + o.AdminAddress() + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != http.StatusOK || !strings.Contains(string(body), want) {
			t.Errorf("GET %s: status %d, error %v, want it to contain %q", path, resp.StatusCode, err, want)
		}
	}
	for _, addr := range []string{"0.0.0.0:0", "192.0.2.1:80", "nonsense"} {
		if l, err := listenAdmin(addr); err == nil {
			l.Close()
			t.Errorf("the admin listener accepted %q", addr)
		}
	}
}

func TestNetOpenRefusesWithASentence(t *testing.T) {
	if testing.Short() {
		t.Skip("uses loopback TCP")
	}
	t.Parallel()
	o := startOne(t)
	foreign := ledgertest.NewGenesisAt(t, []string{freeAddress(t)})
	fb := foreign.Bureaus[0]
	dir := t.TempDir()
	n, err := Open(Config{Genesis: foreign.Genesis, Bureau: "XA", Dir: dir, TLS: fb.TLS, Witness: fb.Witness})
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	elsewhere := o.cfg
	elsewhere.Listen, elsewhere.Dir = freeAddress(t), t.TempDir()
	for name, test := range map[string]struct {
		edit func(*Config)
		want string
	}{
		"port in use":      {func(c *Config) { c.Listen = o.Address() }, "in use"},
		"another ledger":   {func(c *Config) { c.Dir = dir }, "another ledger"},
		"a running node's": {func(c *Config) { c.Dir = o.cfg.Dir }, "another process"},
		"no such bureau":   {func(c *Config) { c.Bureau = "XZ" }, "no bureau"},
		"wrong TLS key":    {func(c *Config) { c.TLS = fb.TLS }, "TLS key"},
		"wrong witness":    {func(c *Config) { c.Witness = fb.Witness }, "cosigning keys"},
		"no place": {func(c *Config) {
			c.Dir = o.cfg.Dir + "/raft.db/x"
		}, "not a directory"},
	} {
		cfg := elsewhere
		test.edit(&cfg)
		n, err := Open(cfg)
		if err == nil {
			n.Close()
			t.Errorf("%s: opened", name)
			continue
		}
		if !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %q, want it to say %q", name, err, test.want)
		}
	}
	if _, err := os.Stat(o.cfg.Dir); err != nil {
		t.Error(err)
	}
}

func TestClaimBindsAFolderToOneNode(t *testing.T) {
	path := t.TempDir() + "/node"
	for range 2 {
		if err := claim(path, "xa.comity/n1"); err != nil {
			t.Fatal(err)
		}
	}
	if err := claim(path, "xb.comity/n1"); err == nil || !strings.Contains(err.Error(), "xa.comity/n1") {
		t.Errorf("another node took the folder: %v", err)
	}
}
