package home

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"comity/ledger"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// An officer whose private key is in an ssh-agent and not in the home signs
// through the agent.
func TestOfficerThroughAgent(t *testing.T) {
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
	key, err := ssh.ParseRawPrivateKey(pem)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(private); err != nil {
		t.Fatal(err)
	}

	t.Setenv("SSH_AUTH_SOCK", "")
	if _, err := h.Officer("case-1", nil); err == nil || !strings.Contains(err.Error(), "no ssh-agent") {
		t.Errorf("without an agent: %v", err)
	}

	socket := filepath.Join(t.TempDir(), "agent")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ring := agent.NewKeyring()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				_ = agent.ServeAgent(ring, conn)
			}()
		}
	}()
	t.Setenv("SSH_AUTH_SOCK", socket)
	if _, err := h.Officer("case-1", nil); err == nil || !strings.Contains(err.Error(), "nor in the ssh-agent") {
		t.Errorf("with an agent that lacks the key: %v", err)
	}
	if err := ring.Add(agent.AddedKey{PrivateKey: key}); err != nil {
		t.Fatal(err)
	}
	o, err := h.Officer("case-1", nil)
	if err != nil {
		t.Fatal(err)
	}
	s := &ledger.Statement{Class: ledger.ClassWithdraw, Author: o.Signer.ID(), SeenRoot: ledger.EmptyRoot, Target: ledger.ID{1}}
	e, err := ledger.SignStatement(s, o.Signer)
	if err != nil {
		t.Fatal(err)
	}
	if !e.Verify(0, o.Signer.Public()) {
		t.Error("the agent's signature does not verify")
	}
}
