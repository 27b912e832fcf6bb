package keys

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

func testSigner(first byte) *Signer {
	seed := counting(first)
	return NewSigner(ed25519.NewKeyFromSeed(seed[:]))
}

func TestOpenSSHVectors(t *testing.T) {
	t.Parallel()
	for _, v := range readVectors(t, "openssh.txt") {
		var pub ed25519.PublicKey
		var err error
		if line, ok := v.value["line"]; ok {
			pub, err = ParseAuthorizedKey(line)
		} else {
			var s *Signer
			if s, err = ParseSigner([]byte(v.value["file"]), []byte(v.value["passphrase"])); err == nil {
				pub = s.Public()
			}
		}
		if got, want := outcome(err), v.value["outcome"]; got != want {
			t.Errorf("%s: got %s, want %s", v.comment, got, want)
		}
		if got, want := fmt.Sprintf("%x", []byte(pub)), v.value["public"]; got != want {
			t.Errorf("%s: public key = %s, want %s", v.comment, got, want)
		}
	}
}

func TestSignerSign(t *testing.T) {
	s, err := GenerateSigner()
	if err != nil {
		t.Fatal(err)
	}
	data := []byte("Bureau XA asks bureau XB.")
	sig, err := s.Sign(data)
	if err != nil {
		t.Fatal(err)
	}
	if !ed25519.Verify(s.Public(), data, sig[:]) {
		t.Error("the signature does not verify")
	}
	if s.ID() != SigningID(s.Public()) {
		t.Errorf("ID() = %s, want %s", s.ID(), SigningID(s.Public()))
	}
}

// TestNewSignerDerivesPublic gives a private key with another's public half.
func TestNewSignerDerivesPublic(t *testing.T) {
	seed := counting(0)
	mixed := ed25519.NewKeyFromSeed(seed[:])
	copy(mixed[32:], testSigner(1).Public())
	if got, want := NewSigner(mixed).Public(), testSigner(0).Public(); !got.Equal(want) {
		t.Errorf("Public() = %x, want %x", got, want)
	}
}

func TestMarshalOpenSSH(t *testing.T) {
	t.Parallel() // bcrypt takes its time, as it should
	s := testSigner(0)
	for _, passphrase := range []string{"", "kerosene lamp"} {
		file, err := s.MarshalOpenSSH([]byte(passphrase), "XA\nofficer")
		if err != nil {
			t.Fatal(err)
		}
		got, err := ParseSigner(file, []byte(passphrase))
		if err != nil {
			t.Fatalf("parse with passphrase %q: %v", passphrase, err)
		}
		if got.ID() != s.ID() {
			t.Errorf("with passphrase %q: id = %s, want %s", passphrase, got.ID(), s.ID())
		}
	}
}

// TestSSHKeygenReads lets the stock program derive the public key line.
func TestSSHKeygenReads(t *testing.T) {
	t.Parallel()
	program, err := exec.LookPath("ssh-keygen")
	if err != nil {
		t.Skip("ssh-keygen is not installed")
	}
	s := testSigner(0)
	path := filepath.Join(t.TempDir(), "officer")
	for _, passphrase := range []string{"", "kerosene lamp"} {
		file, err := s.MarshalOpenSSH([]byte(passphrase), "officer XA")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, file, 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(program, "-y", "-P", passphrase, "-f", path).CombinedOutput()
		if err != nil {
			t.Fatalf("ssh-keygen -y: %v: %s", err, out)
		}
		if got, want := string(out), s.AuthorizedKey("officer XA")+"\n"; got != want {
			t.Errorf("ssh-keygen -y printed %q, want %q", got, want)
		}
		if pub, err := ParseAuthorizedKey(string(out)); err != nil || !pub.Equal(s.Public()) {
			t.Errorf("ParseAuthorizedKey(%q) = %x, %v", out, pub, err)
		}
	}
}

func TestAuthorizedKeyComment(t *testing.T) {
	s := testSigner(0)
	bare := s.AuthorizedKey("")
	for comment, want := range map[string]string{
		"officer 4 XA":                  bare + " officer 4 XA",
		"a\nssh-ed25519 AAAA \x1b[31mb": bare + " assh-ed25519 AAAA [31mb",
		" \t\n":                         bare,
	} {
		got := s.AuthorizedKey(comment)
		if got != want {
			t.Errorf("AuthorizedKey(%q) = %q, want %q", comment, got, want)
		}
		if pub, err := ParseAuthorizedKey(got); err != nil || !pub.Equal(s.Public()) {
			t.Errorf("ParseAuthorizedKey(%q) = %x, %v", got, pub, err)
		}
	}
	for _, bad := range []string{"", "\n", bare + "\n\n", bare + "\n" + bare, bare + "\r\n"} {
		if _, err := ParseAuthorizedKey(bad); !errors.Is(err, ErrMalformed) {
			t.Errorf("ParseAuthorizedKey(%q) = %v, want ErrMalformed", bad, err)
		}
	}
}

func TestAgentSigner(t *testing.T) {
	ring := agent.NewKeyring()
	s := testSigner(0)
	if _, err := AgentSigner(ring, s.Public()); !errors.Is(err, ErrNotInAgent) {
		t.Errorf("empty agent: %v, want ErrNotInAgent", err)
	}
	if err := ring.Add(agent.AddedKey{PrivateKey: s.priv()}); err != nil {
		t.Fatal(err)
	}
	held, err := AgentSigner(ring, s.Public())
	if err != nil {
		t.Fatal(err)
	}
	data := []byte("Bureau XA asks bureau XB.")
	got, err := held.Sign(data)
	if err != nil {
		t.Fatal(err)
	}
	if want, _ := s.Sign(data); got != want {
		t.Errorf("agent signed %x, want %x", got, want)
	}
	if held.ID() != s.ID() {
		t.Errorf("ID() = %s, want %s", held.ID(), s.ID())
	}
	if _, err := held.MarshalOpenSSH(nil, ""); err == nil {
		t.Error("a key in the agent was marshalled")
	}
	if _, err := AgentSigner(ring, testSigner(1).Public()); !errors.Is(err, ErrNotInAgent) {
		t.Errorf("another key: %v, want ErrNotInAgent", err)
	}
	small := append([]byte{1}, make([]byte, 31)...)
	if _, err := AgentSigner(ring, small); !errors.Is(err, ErrKey) {
		t.Errorf("small order: %v, want ErrKey", err)
	}
}

// lyingAgent answers every request to sign with reply.
type lyingAgent struct {
	agent.Agent
	reply *ssh.Signature
}

func (a lyingAgent) Sign(ssh.PublicKey, []byte) (*ssh.Signature, error) {
	if a.reply == nil {
		return nil, errors.New("refused by its user")
	}
	return a.reply, nil
}

func TestAgentSignerChecksReply(t *testing.T) {
	s := testSigner(0)
	ring := agent.NewKeyring()
	if err := ring.Add(agent.AddedKey{PrivateKey: s.priv()}); err != nil {
		t.Fatal(err)
	}
	data := []byte("Bureau XA asks bureau XB.")
	good, _ := s.Sign(data)
	other, _ := s.Sign([]byte("something else"))
	for name, reply := range map[string]*ssh.Signature{
		"refusal":          nil,
		"other message":    {Format: ssh.KeyAlgoED25519, Blob: other[:]},
		"other format":     {Format: ssh.KeyAlgoSKED25519, Blob: good[:]},
		"trailing":         {Format: ssh.KeyAlgoED25519, Blob: good[:], Rest: []byte{0}},
		"too short":        {Format: ssh.KeyAlgoED25519, Blob: good[:63]},
		"too long":         {Format: ssh.KeyAlgoED25519, Blob: append(bytes.Clone(good[:]), 0)},
		"empty":            {Format: ssh.KeyAlgoED25519},
		"one byte flipped": {Format: ssh.KeyAlgoED25519, Blob: append([]byte{good[0] ^ 1}, good[1:]...)},
	} {
		lying, err := AgentSigner(lyingAgent{ring, reply}, s.Public())
		if err != nil {
			t.Fatal(err)
		}
		if sig, err := lying.Sign(data); err == nil || sig != [64]byte{} {
			t.Errorf("%s: Sign returned %x, %v", name, sig, err)
		}
	}
}

// An agent lists what can sign statements; other keys are counted, and a locked
// agent says that it may be.
func TestAgentKeys(t *testing.T) {
	ring := agent.NewKeyring()
	small := make([]byte, 32)
	small[0] = 1 // a point of small order
	odd := &listingAgent{ring, []*agent.Key{{Format: ssh.KeyAlgoED25519, Blob: append(bytes.Clone(sshEd25519Prefix), small...)}, {Format: "ssh-rsa", Blob: []byte("x")}}}
	s := testSigner(0)
	if err := ring.Add(agent.AddedKey{PrivateKey: s.priv(), Comment: "of XA"}); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second has the same key twice
		list, others, err := AgentKeys(odd)
		if err != nil || len(list) != 1 || !list[0].Public.Equal(s.Public()) || list[0].Comment != "of XA" || others != len(odd.more) {
			t.Errorf("%+v, %d, %v", list, others, err)
		}
		odd.more = append(odd.more, &agent.Key{Format: ssh.KeyAlgoED25519, Blob: sshPublicKey(s.Public()).Marshal()})
	}
	if err := ring.Lock([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if _, err := AgentSigner(ring, s.Public()); !errors.Is(err, ErrNotInAgent) || !strings.Contains(err.Error(), "locked or empty") {
		t.Errorf("a locked agent: %v", err)
	}
}

// listingAgent lists more keys than it has.
type listingAgent struct {
	agent.Agent
	more []*agent.Key
}

func (a *listingAgent) List() ([]*agent.Key, error) {
	held, err := a.Agent.List()
	return append(held, a.more...), err
}

func TestParseSignerRefusesLarge(t *testing.T) {
	file, err := testSigner(0).MarshalOpenSSH(nil, "")
	if err != nil {
		t.Fatal(err)
	}
	large := string(file) + strings.Repeat("\n", MaxFile)
	if _, err := ParseSigner([]byte(large), nil); !errors.Is(err, ErrMalformed) {
		t.Errorf("got %v, want ErrMalformed", err)
	}
}
