package interop

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"comity/ledger"

	"filippo.io/torchwood"
	"github.com/transparency-dev/formats/log"
	f_note "github.com/transparency-dev/formats/note"
	"github.com/transparency-dev/tessera/client"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
	"golang.org/x/mod/sumdb/note"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// witness is a running litewitness: a c2sp.org/tlog-witness by other people. It
// knows our log by its origin and vkey and nothing else of comity.
type witness struct {
	url  string
	vkey string
}

const witnessName = "witness.example/w1"

// startWitness runs the program with a key in an ssh-agent, and tells it of the
// log as its witnessctl does.
func (f *fixture) startWitness(t *testing.T) *witness {
	t.Helper()
	dir, err := os.MkdirTemp(scratch, "w") // a short name: sockets need one
	if err != nil {
		t.Fatal(err)
	}
	pub, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ring := agent.NewKeyring()
	if err := ring.Add(agent.AddedKey{PrivateKey: key}); err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(dir, "s")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() { // ends when l is closed
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() { agent.ServeAgent(ring, conn); conn.Close() }()
		}
	}()
	sshKey, err := ssh.NewPublicKey(pub)
	if err != nil {
		t.Fatal(err)
	}
	port, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := port.Addr().String()
	port.Close()
	ctx, cancel := context.WithCancel(context.Background())
	db := filepath.Join(dir, "db")
	cmd := exec.CommandContext(ctx, filepath.Join(f.tools, "litewitness"), "-name="+witnessName, "-db="+db, "-ssh-agent="+socket, "-listen="+address, "-key="+ssh.FingerprintSHA256(sshKey))
	var said bytes.Buffer
	cmd.Stderr = &said
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		cmd.Wait()
		if t.Failed() {
			t.Logf("litewitness: %s", said.String())
		}
	})
	w := &witness{url: "http://" + address}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		resp, err := http.Get(w.url + "/")
		if err == nil {
			page, _ := io.ReadAll(resp.Body)
			resp.Body.Close()
			_, after, _ := strings.Cut(string(page), witnessName+"+")
			id, _, _ := strings.Cut(after, "\n")
			w.vkey = witnessName + "+" + id
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the witness does not answer: %v", err)
		}
	}
	conn, err := sqlite.OpenConn(db, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, statement := range []struct {
		text string
		args []any
	}{
		{"INSERT INTO log (origin, tree_size, tree_hash) VALUES (?, 0, ?)", []any{f.origin, base64.StdEncoding.EncodeToString(ledger.EmptyRoot[:])}},
		{"INSERT INTO key (origin, key) VALUES (?, ?)", []any{f.origin, f.vkey}},
	} {
		if err := sqlitex.Execute(conn, statement.text, &sqlitex.ExecOptions{Args: statement.args}); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// originOnly leaves of a note its text and the origin line: a witness bounds its
// requests, and cosignatures of ML-DSA-44 are long.
func originOnly(signed []byte) []byte {
	text, lines, _ := bytes.Cut(signed, []byte("\n\n"))
	line, _, _ := bytes.Cut(lines, []byte("\n"))
	return fmt.Appendf(nil, "%s\n\n%s\n", text, line)
}

// add asks the witness to cosign.
func (w *witness) add(t *testing.T, old uint64, proof [][]byte, note []byte) (status int, answer string) {
	t.Helper()
	body := fmt.Appendf(nil, "old %d\n", old)
	for _, h := range proof {
		body = fmt.Appendf(body, "%s\n", base64.StdEncoding.EncodeToString(h))
	}
	resp, err := http.Post(w.url+"/add-checkpoint", "text/plain", bytes.NewReader(append(append(body, '\n'), note...)))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(data)
}

// TestWitness has a witness that is not ours cosign our checkpoints, and refuse
// what no history of ours leads to.
func TestWitness(t *testing.T) {
	f := use(t)
	w := f.startWitness(t)
	cosigned, err := f_note.NewVerifierForCosignatureV1(w.vkey)
	if err != nil {
		t.Fatalf("%q: %v", w.vkey, err)
	}
	builder, err := client.NewProofBuilder(t.Context(), f.size, client.FileFetcher{Root: f.folder}.ReadTile)
	if err != nil {
		t.Fatal(err)
	}
	early, _, _, err := log.ParseCheckpoint(f.early, f.origin, f.logVerifier(t))
	if err != nil {
		t.Fatal(err)
	}
	proof, err := builder.ConsistencyProof(t.Context(), early.Size, f.size)
	if err != nil {
		t.Fatal(err)
	}
	check := func(old uint64, proof [][]byte, signed []byte) {
		t.Helper()
		status, line := w.add(t, old, proof, originOnly(signed))
		if status != http.StatusOK {
			t.Fatalf("status %d: %s", status, line)
		}
		// With its line the note is still ours, and its own as well.
		whole := append(bytes.Clone(signed), line...)
		if _, bureaus, err := f.genesis.Open(whole); err != nil || len(bureaus) < 3 {
			t.Errorf("with the witness's line: cosigned by %v, %v", bureaus, err)
		}
		n, err := note.Open(whole, note.VerifierList(cosigned))
		if err != nil || len(n.Sigs) != 1 {
			t.Errorf("the witness's cosignature: %v", err)
		}
		theirs, err := torchwood.NewCosignatureVerifier(w.vkey)
		if err != nil {
			t.Fatal(err)
		}
		p := torchwood.ThresholdPolicy(3, torchwood.OriginPolicy(f.origin), torchwood.SingleVerifierPolicy(f.logVerifier(t)), torchwood.SingleVerifierPolicy(theirs))
		if _, _, err := torchwood.VerifyCheckpoint(whole, p); err != nil {
			t.Errorf("a policy with log and witness: %v", err)
		}
	}
	refused := func(name string, want int, old uint64, proof [][]byte, signed []byte) {
		t.Helper()
		if status, answer := w.add(t, old, proof, originOnly(signed)); status != want || strings.Contains(answer, "—") {
			t.Errorf("%s: status %d (%s), want %d", name, status, answer, want)
		}
	}

	unsigned := bytes.Replace(f.early, []byte("\n\n— "+f.origin), []byte("\n\n— x"+f.origin), 1)
	refused("no origin line", http.StatusForbidden, 0, nil, unsigned)
	foreign := bytes.ReplaceAll(f.early, []byte(f.origin), []byte("comity/0000000000000000"))
	refused("a log it does not know", http.StatusNotFound, 0, nil, foreign)

	check(0, nil, f.early)

	// All four bureaus of ours together, and it does not follow them.
	refused("a fork", http.StatusUnprocessableEntity, early.Size, proof, f.plot(t, f.size))
	refused("a fork of the same size", http.StatusUnprocessableEntity, early.Size, nil, f.plot(t, early.Size))
	refused("a fork from the beginning", http.StatusConflict, 0, nil, f.plot(t, f.size))
	refused("no proof", http.StatusUnprocessableEntity, early.Size, nil, f.note)
	refused("a wrong proof", http.StatusUnprocessableEntity, early.Size, proof[1:], f.note)

	check(early.Size, proof, f.note)
	refused("the early one again", http.StatusConflict, 0, nil, f.early)
}
