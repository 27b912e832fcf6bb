package sign

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"comity/crypto/keys"

	"golang.org/x/crypto/ssh/agent"
)

// openssh is the stock ssh-keygen with a key of ours in a folder.
type openssh struct {
	program string
	dir     string
	signer  *keys.Signer
}

func newOpenSSH(t *testing.T) *openssh {
	t.Helper()
	program, err := exec.LookPath("ssh-keygen")
	if err != nil {
		t.Skip("ssh-keygen is not installed")
	}
	o := &openssh{program: program, dir: t.TempDir(), signer: testSigner(0)}
	file, err := o.signer.MarshalOpenSSH(nil, "officer XA")
	if err != nil {
		t.Fatal(err)
	}
	o.write(t, "key", file)
	o.write(t, "allowed_signers", []byte("officer "+o.signer.AuthorizedKey("")+"\n"))
	return o
}

func (o *openssh) path(name string) string { return filepath.Join(o.dir, name) }

func (o *openssh) write(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(o.path(name), data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// sign returns the armor that ssh-keygen -Y sign prints.
func (o *openssh) sign(t *testing.T, namespace string, message []byte, options ...string) []byte {
	t.Helper()
	arg := append([]string{"-Y", "sign", "-q", "-f", o.path("key"), "-n", namespace}, options...)
	cmd := exec.Command(o.program, arg...)
	cmd.Stdin = bytes.NewReader(message)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("ssh-keygen %s: %v", strings.Join(arg, " "), err)
	}
	return out
}

// verify runs ssh-keygen -Y verify and reports whether it accepts.
func (o *openssh) verify(t *testing.T, namespace string, message, armor []byte) (bool, string) {
	t.Helper()
	o.write(t, "sig", armor)
	cmd := exec.Command(o.program, "-Y", "verify", "-f", o.path("allowed_signers"),
		"-I", "officer", "-n", namespace, "-s", o.path("sig"))
	cmd.Stdin = bytes.NewReader(message)
	out, err := cmd.CombinedOutput()
	return err == nil, string(out)
}

func TestOpenSSHVerifiesOurs(t *testing.T) {
	o := newOpenSSH(t)
	for _, namespace := range []string{NamespaceStatement, NamespaceCharter, NamespaceEnrol} {
		sig, err := Sign(o.signer, namespace, testMessage)
		if err != nil {
			t.Fatal(err)
		}
		armor := Armor(o.signer.Public(), namespace, sig[:])
		if ok, out := o.verify(t, namespace, testMessage, armor); !ok {
			t.Errorf("ssh-keygen refuses our signature for %s: %s", namespace, out)
		}
		if ok, _ := o.verify(t, "file", testMessage, armor); ok {
			t.Errorf("ssh-keygen accepts our signature for %s as one for file", namespace)
		}
		if ok, _ := o.verify(t, namespace, testMessage[1:], armor); ok {
			t.Errorf("ssh-keygen accepts our signature for %s of another message", namespace)
		}
		sig[40] ^= 1
		if ok, _ := o.verify(t, namespace, testMessage, Armor(o.signer.Public(), namespace, sig[:])); ok {
			t.Errorf("ssh-keygen accepts a changed signature for %s", namespace)
		}
	}
}

// TestOpenSSHSignsForUs goes through every length that shifts the base64 text
// and its line ends. Ed25519 is deterministic, so the files must be equal.
func TestOpenSSHSignsForUs(t *testing.T) {
	o := newOpenSSH(t)
	namespaces := []string{NamespaceStatement, NamespaceCharter, NamespaceEnrol}
	for n := 1; n <= maxNamespace; n += 3 {
		namespaces = append(namespaces, strings.Repeat("n", n))
	}
	for _, namespace := range namespaces {
		armor := o.sign(t, namespace, testMessage)
		pub, gotNamespace, sig, err := ParseArmor(armor)
		if err != nil {
			t.Errorf("namespace %q: %v in %q", namespace, err, armor)
			continue
		}
		if !pub.Equal(o.signer.Public()) || gotNamespace != namespace {
			t.Errorf("got key %x and namespace %q, want %x and %q", pub, gotNamespace, o.signer.Public(), namespace)
		}
		if !Verify(pub, namespace, testMessage, sig) {
			t.Errorf("namespace %q: the signature by ssh-keygen does not verify", namespace)
		}
		ours, err := Sign(o.signer, namespace, testMessage)
		if err != nil {
			t.Fatal(err)
		}
		if got := Armor(pub, namespace, ours[:]); !bytes.Equal(got, armor) {
			t.Errorf("namespace %q: Armor wrote %q, ssh-keygen %q", namespace, got, armor)
		}
	}
	if _, _, _, err := ParseArmor(o.sign(t, NamespaceStatement, testMessage, "-O", "hashalg=sha256")); err == nil {
		t.Error("a signature with sha256 was accepted")
	}
}

// TestStockAgent signs with a key that the ssh-agent program holds.
func TestStockAgent(t *testing.T) {
	program, err := exec.LookPath("ssh-agent")
	if err != nil {
		t.Skip("ssh-agent is not installed")
	}
	// A socket's path must be short, so no t.TempDir.
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
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	// It prints how to reach it once it listens.
	if _, err := out.Read(make([]byte, 1)); err != nil {
		t.Skipf("ssh-agent does not start: %v", err)
	}
	conn, err := net.Dial("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()

	client := agent.NewClient(conn)
	if err := client.Add(agent.AddedKey{PrivateKey: testKey(0)}); err != nil {
		t.Fatal(err)
	}
	want := testSigner(0)
	s, err := keys.AgentSigner(client, want.Public())
	if err != nil {
		t.Fatal(err)
	}
	sig, err := Sign(s, NamespaceStatement, testMessage)
	if err != nil {
		t.Fatal(err)
	}
	if !Verify(want.Public(), NamespaceStatement, testMessage, sig[:]) {
		t.Error("the signature by ssh-agent does not verify")
	}
}
