package ledger_test

import (
	"crypto/ed25519"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"comity/crypto/keys"
	"comity/crypto/sign"
	"comity/ledger"
	"comity/ledger/ledgertest"
)

// verifies reports whether the bytes are an entry all of whose signatures are
// by these keys.
func verifies(data []byte, pubs ...ed25519.PublicKey) bool {
	e, err := ledger.ParseEntry(data)
	if err != nil || len(e.Signatures) != len(pubs) {
		return false
	}
	for i, pub := range pubs {
		if !e.Verify(i, pub) {
			return false
		}
	}
	return true
}

func redNotice(t testing.TB) (*ledger.Entry, []ed25519.PublicKey) {
	t.Helper()
	xa := ledgertest.NewGenesis(t, 1).Bureaus[0]
	e := xa.Officer.Publish(t, ledger.KindRed, []byte("body"), xa.Supervisor).Entry
	return e, []ed25519.PublicKey{xa.Officer.Signer.Public(), xa.Supervisor.Signer.Public()}
}

func TestEveryByteOfAnEntryIsSigned(t *testing.T) {
	e, pubs := redNotice(t)
	if !verifies(e.Raw, pubs...) {
		t.Fatal("the entry itself does not verify")
	}
	for i := 0; i < len(e.Raw); i += stride() {
		for _, mask := range []byte{1, 0x80, 0xff} {
			if verifies(flip(e.Raw, i, mask), pubs...) {
				t.Errorf("byte %d, mask %02x: still verifies", i, mask)
			}
		}
	}
	for n := range e.Raw {
		if _, err := ledger.ParseEntry(e.Raw[:n]); !errors.Is(err, ledger.ErrMalformed) {
			t.Errorf("%d of %d bytes: got error %v, want %v", n, len(e.Raw), err, ledger.ErrMalformed)
		}
	}
}

func TestSignaturesOfAnEntry(t *testing.T) {
	e, pubs := redNotice(t)
	author, other := e.Signatures[0], e.Signatures[1]
	swapped := rawEntry(e.Signed(), ledger.Signature{Key: author.Key, Sig: other.Sig}, ledger.Signature{Key: other.Key, Sig: author.Sig})
	for _, tt := range []struct {
		name string
		raw  []byte
		pubs []ed25519.PublicKey
		want bool
	}{
		{"as signed", e.Raw, pubs, true},
		{"second signature dropped, by one key", rawEntry(e.Signed(), author), pubs[:1], true},
		{"second signature dropped, by both keys", rawEntry(e.Signed(), author), pubs, false},
		{"author's dropped", rawEntry(e.Signed(), other), pubs[1:], false},
		{"keys swapped", e.Raw, []ed25519.PublicKey{pubs[1], pubs[0]}, false},
		{"signatures swapped", swapped, pubs, false},
	} {
		if got := verifies(tt.raw, tt.pubs...); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
	// Signatures are not in the id, and they are in the leaf.
	alone, err := ledger.ParseEntry(rawEntry(e.Signed(), author))
	if err != nil {
		t.Fatal(err)
	}
	if alone.ID != e.ID || alone.LeafHash() == e.LeafHash() {
		t.Errorf("without the second signature: id %s, want %s; leaf %v, want another than %v", alone.ID, e.ID, alone.LeafHash(), e.LeafHash())
	}
}

func TestSignStatement(t *testing.T) {
	xa := ledgertest.NewGenesis(t, 1).Bureaus[0]
	s := *xa.Officer.Reply(t, []byte("body")).Entry.Statement
	var others []*keys.Signer
	for range ledger.MaxSigners - 1 {
		k, err := keys.GenerateSigner()
		if err != nil {
			t.Fatal(err)
		}
		others = append(others, k)
	}
	e, err := ledger.SignStatement(&s, xa.Officer.Signer, others...)
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(others, func(a, b *keys.Signer) int { return strings.Compare(a.ID().String(), b.ID().String()) })
	for i, k := range append([]*keys.Signer{xa.Officer.Signer}, others...) {
		if !e.Verify(i, k.Public()) {
			t.Errorf("signature %d is not that of key %s", i, k.ID().Short())
		}
	}
	if _, err := ledger.SignStatement(&s, others[0], xa.Officer.Signer); err == nil {
		t.Error("signed by somebody else than the author")
	}
	if _, err := ledger.SignStatement(&s, xa.Officer.Signer, others[0], others[0]); err == nil {
		t.Error("signed twice by one key")
	}
	if _, err := ledger.SignStatement(&s, xa.Officer.Signer, append(others, xa.Supervisor.Signer)...); err == nil {
		t.Errorf("signed by %d keys", ledger.MaxSigners+1)
	}
	s.Class = ledger.ClassVote
	if _, err := ledger.SignStatement(&s, xa.Officer.Signer); err == nil {
		t.Error("signed a statement of a reserved class")
	}
}

func TestCheckBody(t *testing.T) {
	xa := ledgertest.NewGenesis(t, 1).Bureaus[0]
	with, without := xa.Officer.Reply(t, []byte("body")).Entry, xa.Officer.Withdraw(t, ledger.ID{1}).Entry
	for _, tt := range []struct {
		e    *ledger.Entry
		body string
		want bool
	}{{with, "body", true}, {with, "bodY", false}, {with, "body ", false}, {with, "", false}, {without, "", true}, {without, "b", false}} {
		if got := tt.e.CheckBody([]byte(tt.body)); got != tt.want {
			t.Errorf("body %q of a %s: got %v, want %v", tt.body, tt.e.Statement.Class, got, tt.want)
		}
	}
}

// TestOpenSSHVerifiesEntries gives a statement and its signatures to the stock
// ssh-keygen.
func TestOpenSSHVerifiesEntries(t *testing.T) {
	program, err := exec.LookPath("ssh-keygen")
	if err != nil {
		t.Skip("ssh-keygen is not installed")
	}
	xa := ledgertest.NewGenesis(t, 1).Bureaus[0]
	signers := []*keys.Signer{xa.Officer.Signer, xa.Supervisor.Signer}
	e := xa.Officer.Publish(t, ledger.KindRed, []byte("body"), xa.Supervisor).Entry
	dir := t.TempDir()
	write := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	accepts := func(signer *keys.Signer, sig, message []byte) (bool, string) {
		cmd := exec.Command(program, "-Y", "verify", "-I", "officer", "-n", "statement@comity",
			"-f", write("allowed_signers", []byte("officer "+signer.AuthorizedKey("")+"\n")),
			"-s", write("sig", sign.Armor(signer.Public(), sign.NamespaceStatement, sig)))
		cmd.Stdin = strings.NewReader(string(message))
		out, err := cmd.CombinedOutput()
		return err == nil, string(out)
	}
	for i, s := range signers {
		if ok, out := accepts(s, e.Signatures[i].Sig[:], e.Signed()); !ok {
			t.Errorf("ssh-keygen refuses signature %d: %s", i, out)
		}
		if ok, _ := accepts(s, e.Signatures[1-i].Sig[:], e.Signed()); ok {
			t.Errorf("ssh-keygen accepts signature %d under another key", 1-i)
		}
		if ok, _ := accepts(s, e.Signatures[i].Sig[:], flip(e.Signed(), 70, 1)); ok {
			t.Errorf("ssh-keygen accepts signature %d over another statement", i)
		}
	}
}
