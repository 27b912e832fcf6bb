package home

import (
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"comity/ledger"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// agentHome is a home with an officer case-1, whose private key was taken out of it.
func agentHome(t *testing.T) (h *Home, key any) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "XA")
	h, err := Create(dir, CreateOptions{Bureau: "XA", Name: "Aldermoor", Address: "127.0.0.1:7101",
		Officers: []OfficerSpec{{Label: "case-1", Roles: ledger.RoleInvestigator}}})
	if err != nil {
		t.Fatal(err)
	}
	private := filepath.Join(dir, dirOfficers, "case-1", fileSign)
	pem, err := os.ReadFile(private)
	if err != nil {
		t.Fatal(err)
	}
	if key, err = ssh.ParseRawPrivateKey(pem); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(private); err != nil {
		t.Fatal(err)
	}
	return h, key
}

// listenAgent answers on a socket that SSH_AUTH_SOCK names.
func listenAgent(t *testing.T, serve func(net.Conn)) {
	t.Helper()
	dir, err := os.MkdirTemp("", "agent") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(dir, "s")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close(); os.RemoveAll(dir) })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				serve(conn)
			}()
		}
	}()
	t.Setenv("SSH_AUTH_SOCK", socket)
}

// signs has an officer sign a statement, and checks the signature.
func signs(t *testing.T, o *Officer) error {
	t.Helper()
	s := &ledger.Statement{Class: ledger.ClassWithdraw, Author: o.Signer.ID(), SeenRoot: ledger.EmptyRoot, Target: ledger.ID{1}}
	e, err := ledger.SignStatement(s, o.Signer)
	if err == nil && !e.Verify(0, o.Signer.Public()) {
		t.Error("the agent's signature does not verify")
	}
	return err
}

// An officer whose private key is in an ssh-agent and not in the home signs
// through the agent; where it cannot, a sentence says why.
func TestOfficerThroughAgent(t *testing.T) {
	h, key := agentHome(t)
	fails := func(when, want string) {
		t.Helper()
		if _, err := h.Officer("case-1", nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", when, err, want)
		}
	}
	t.Setenv("SSH_AUTH_SOCK", "")
	fails("without an agent", "there is no ssh-agent (SSH_AUTH_SOCK is empty)")
	t.Setenv("SSH_AUTH_SOCK", filepath.Join(t.TempDir(), "none"))
	fails("with an agent that has ended", "there is no ssh-agent: reach the ssh-agent")

	ring := agent.NewKeyring()
	listenAgent(t, func(conn net.Conn) { _ = agent.ServeAgent(ring, conn) })
	fails("with an agent that lacks the key", "nor in the ssh-agent: use key")
	if err := ring.Add(agent.AddedKey{PrivateKey: key, Comment: "XA case-1"}); err != nil {
		t.Fatal(err)
	}
	o, err := h.Officer("case-1", nil)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := signs(t, o); err != nil {
			t.Fatal(err)
		}
	}
	list, others, err := AgentKeys()
	if err != nil || others != 0 || len(list) != 1 || !list[0].Public.Equal(o.Signer.Public()) || list[0].Comment != "XA case-1" {
		t.Errorf("%+v, %d, %v", list, others, err)
	}
	if err := ring.Lock([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if err := signs(t, o); err == nil || !strings.Contains(err.Error(), "it was locked") {
		t.Errorf("with an agent that is locked meanwhile: %v", err)
	}
	fails("with an agent that is locked", "it is locked or empty")
}

// An agent is another program: it may never answer, or never end.
func TestAgentIsBounded(t *testing.T) {
	h, _ := agentHome(t)
	begun := time.Now()
	for name, serve := range map[string]func(net.Conn){
		"hangs up":       func(net.Conn) {},
		"talks nonsense": func(c net.Conn) { _, _ = io.WriteString(c, "SSH-2.0-OpenSSH\r\n") },
		"promises too much": func(c net.Conn) {
			_, _ = c.Write([]byte{0, 0x80, 0, 0})
			_, _ = io.Copy(c, zeros{})
		},
	} {
		listenAgent(t, serve)
		if _, err := h.Officer("case-1", nil); err == nil {
			t.Errorf("an agent that %s gave a key", name)
		}
	}
	if took := time.Since(begun); took > agentList {
		t.Errorf("took %s", took)
	}
	near, far := net.Pipe()
	defer far.Close()
	go io.Copy(io.Discard, far)
	silent := &agentConn{conn: near, wait: time.Millisecond}
	if _, err := silent.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if _, err := silent.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("an agent that is silent: %v", err)
	}
	go io.Copy(far, zeros{})
	endless := &agentConn{conn: near, wait: agentList}
	if _, err := endless.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if n, err := io.Copy(io.Discard, struct{ io.Reader }{endless}); n != agentAnswer || err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("an agent without end: %d bytes, %v", n, err)
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// The ssh-agent of OpenSSH does the same.
func TestOfficerThroughStockAgent(t *testing.T) {
	program, err := exec.LookPath("ssh-agent")
	if err != nil {
		t.Skip("ssh-agent is not installed")
	}
	h, key := agentHome(t)
	dir, err := os.MkdirTemp("", "agent")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket := filepath.Join(dir, "s")
	cmd := exec.Command(program, "-D", "-a", socket)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	if _, err := out.Read(make([]byte, 1)); err != nil { // it prints how to reach it once it listens
		t.Skipf("ssh-agent does not start: %v", err)
	}
	t.Setenv("SSH_AUTH_SOCK", socket)
	conn, err := net.Dial("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	stock := agent.NewClient(conn)
	if err := stock.Add(agent.AddedKey{PrivateKey: key}); err != nil {
		t.Fatal(err)
	}
	o, err := h.Officer("case-1", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := signs(t, o); err != nil {
		t.Fatal(err)
	}
	if err := stock.Lock([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if err := signs(t, o); err == nil {
		t.Error("an agent that is locked signs")
	}
	if _, err := h.Officer("case-1", nil); err == nil || !strings.Contains(err.Error(), "locked or empty") {
		t.Errorf("a locked agent: %v", err)
	}
}
