package home

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"comity/crypto/keys"

	"golang.org/x/crypto/ssh/agent"
)

// Bounds of an ssh-agent, which is another program.
const (
	agentDial   = 5 * time.Second
	agentList   = 5 * time.Second
	agentSign   = time.Minute // it may ask its owner to confirm, or for a touch
	agentAnswer = 1 << 20     // bytes
)

// ErrNoAgent means that no ssh-agent can be asked.
var ErrNoAgent = errors.New("there is no ssh-agent")

// agentConn is a connection to an agent. Each question has so long and so many
// bytes for its answer. It has no Close, by which the agent's client would take it
// for one that carries several questions at a time and read on without end.
type agentConn struct {
	conn net.Conn
	wait time.Duration
	left int
}

// Write asks a question: the agent's client writes each in one piece.
func (c *agentConn) Write(b []byte) (int, error) {
	if err := c.conn.SetDeadline(time.Now().Add(c.wait)); err != nil {
		return 0, err
	}
	c.left = agentAnswer
	return c.conn.Write(b)
}

// Read reads some of the answer.
func (c *agentConn) Read(b []byte) (int, error) {
	if c.left == 0 {
		return 0, fmt.Errorf("an answer of more than %d bytes", agentAnswer)
	}
	n, err := c.conn.Read(b[:min(len(b), c.left)])
	c.left -= n
	return n, err
}

// dialAgent connects to the ssh-agent that SSH_AUTH_SOCK names.
func dialAgent() (*agentConn, error) {
	socket := os.Getenv("SSH_AUTH_SOCK")
	if socket == "" {
		return nil, fmt.Errorf("%w (SSH_AUTH_SOCK is empty)", ErrNoAgent)
	}
	conn, err := net.DialTimeout("unix", socket, agentDial)
	if err != nil {
		return nil, fmt.Errorf("%w: reach the ssh-agent: %w", ErrNoAgent, err)
	}
	return &agentConn{conn: conn, wait: agentList}, nil
}

// AgentKeys returns the signing keys of the ssh-agent that SSH_AUTH_SOCK names,
// and how many keys of other kinds it holds.
func AgentKeys() (list []keys.AgentKey, others int, err error) {
	conn, err := dialAgent()
	if err != nil {
		return nil, 0, err
	}
	defer conn.conn.Close()
	return keys.AgentKeys(agent.NewClient(conn))
}

// agentSigner returns the key of a public file that an ssh-agent holds. The
// connection lives as long as the program: each signature asks the agent.
func agentSigner(path string) (*keys.Signer, error) {
	pub, err := readSigningPublic(path)
	if err != nil {
		return nil, err
	}
	s, err := dialSigner(pub)
	if err != nil {
		return nil, fmt.Errorf("%s is not here, nor in the ssh-agent: %w", path, err)
	}
	return s, nil
}

func dialSigner(pub ed25519.PublicKey) (*keys.Signer, error) {
	conn, err := dialAgent()
	if err != nil {
		return nil, err
	}
	s, err := keys.AgentSigner(agent.NewClient(conn), pub)
	if err != nil {
		conn.conn.Close()
		return nil, err
	}
	conn.wait = agentSign
	return s, nil
}
