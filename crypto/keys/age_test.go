package keys

import (
	"bytes"
	"crypto/hpke"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"
)

func testIdentity(t testing.TB, first byte) *Identity {
	t.Helper()
	i, err := IdentityFromSeed(counting(first))
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func TestAgeVectors(t *testing.T) {
	for _, v := range readVectors(t, "age.txt") {
		var r *Recipient
		var err error
		if text, ok := v.value["identity"]; ok {
			var i *Identity
			if i, err = ParseIdentity(text); err == nil {
				r = i.Recipient()
				if got := i.String(); got != text {
					t.Errorf("%s: String() = %s, want %s", v.comment, got, text)
				}
				seed := i.Seed()
				if got, want := hex.EncodeToString(seed[:]), v.value["seed"]; got != want {
					t.Errorf("%s: seed = %s, want %s", v.comment, got, want)
				}
			}
		} else {
			r, err = ParseRecipient(v.value["recipient"])
		}
		if got, want := outcome(err), v.value["outcome"]; got != want {
			t.Errorf("%s: got %s, want %s", v.comment, got, want)
		}
		if err != nil {
			continue
		}
		if got, want := r.String(), v.value["recipient"]; got != want {
			t.Errorf("%s: recipient = %s, want %s", v.comment, got, want)
		}
		if got, want := SealingID(r).String(), v.value["id"]; got != want {
			t.Errorf("%s: id = %s, want %s", v.comment, got, want)
		}
		if parsed, err := ParseRecipient(v.value["recipient"]); err != nil || !parsed.Equal(r) {
			t.Errorf("%s: ParseRecipient of its own text: %v", v.comment, err)
		}
	}
}

// TestAgeAgrees holds our text forms to those of the age library, both ways,
// and lets it open what was sealed to a recipient of ours.
func TestAgeAgrees(t *testing.T) {
	ours, err := GenerateIdentity()
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := age.ParseHybridIdentity(ours.String())
	if err != nil {
		t.Fatal(err)
	}
	if got, want := theirs.Recipient().String(), ours.Recipient().String(); got != want {
		t.Errorf("age derives recipient %s, want %s", got, want)
	}
	if theirs.String() != ours.String() {
		t.Error("age writes the identity otherwise")
	}
	to, err := age.ParseHybridRecipient(ours.Recipient().String())
	if err != nil {
		t.Fatal(err)
	}
	const text = "Bureau XA asks bureau XB."
	var file bytes.Buffer
	w, err := age.Encrypt(&file, to)
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(w, text)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := age.Decrypt(&file, theirs)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(r); err != nil || string(got) != text {
		t.Errorf("age opened %q, %v, want %q", got, err, text)
	}

	made, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	back, err := ParseIdentity(made.String())
	if err != nil {
		t.Fatal(err)
	}
	if got, want := back.Recipient().String(), made.Recipient().String(); got != want {
		t.Errorf("recipient of an identity made by age = %s, want %s", got, want)
	}
}

// TestStockAge runs the age program, if it is there.
func TestStockAge(t *testing.T) {
	program, err := exec.LookPath("age")
	if err != nil {
		t.Skip("age is not installed")
	}
	i := testIdentity(t, 0)
	file, err := i.MarshalFile(nil)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	keyFile, sealed := filepath.Join(dir, "key"), filepath.Join(dir, "sealed")
	if err := os.WriteFile(keyFile, file, 0o600); err != nil {
		t.Fatal(err)
	}
	const text = "Bureau XA asks bureau XB."
	seal := exec.Command(program, "-r", i.Recipient().String(), "-o", sealed)
	seal.Stdin = strings.NewReader(text)
	if out, err := seal.CombinedOutput(); err != nil {
		if strings.Contains(string(out), "unknown recipient type") || strings.Contains(string(out), "malformed recipient") {
			t.Skipf("age is older than hybrid recipients: %s", out)
		}
		t.Fatalf("age -r: %v: %s", err, out)
	}
	got, err := exec.Command(program, "-d", "-i", keyFile, sealed).Output()
	if err != nil || string(got) != text {
		t.Errorf("age -d printed %q, %v, want %q", got, err, text)
	}
}

func TestIdentityHPKE(t *testing.T) {
	i := testIdentity(t, 0)
	r, err := RecipientFromBytes(i.Recipient().Bytes())
	if err != nil {
		t.Fatal(err)
	}
	kdf, aead := hpke.HKDFSHA256(), hpke.AES256GCM()
	sealed, err := hpke.Seal(r.HPKE(), kdf, aead, []byte("info"), []byte("text"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := hpke.Open(i.HPKE(), kdf, aead, []byte("info"), sealed); err != nil || string(got) != "text" {
		t.Errorf("opened %q, %v", got, err)
	}
}

func TestRecipientFromBytesRefuses(t *testing.T) {
	good := testIdentity(t, 0).Recipient().Bytes()
	for _, n := range []int{0, 32, 1184, 1215, 1217} {
		if _, err := RecipientFromBytes(append(bytes.Clone(good), 0)[:n]); !errors.Is(err, ErrKey) {
			t.Errorf("%d bytes: %v, want ErrKey", n, err)
		}
	}
	public := testIdentity(t, 0).Recipient()
	public.Bytes()[0] ^= 1
	if !bytes.Equal(public.Bytes(), good) {
		t.Error("Bytes() aliases the key")
	}
}

// TestBech32FlippedCharacter changes each character of both text forms.
func TestBech32FlippedCharacter(t *testing.T) {
	i := testIdentity(t, 0)
	secret, public := []byte(i.String()), []byte(i.Recipient().String())
	for n := range secret {
		bad := bytes.Clone(secret)
		bad[n] = 'Q' ^ bad[n]&1
		if bad[n] == secret[n] {
			bad[n] = 'Z'
		}
		if got, err := ParseIdentity(string(bad)); err == nil {
			t.Errorf("character %d changed: %v accepted", n, got)
		}
	}
	for n := range public {
		bad := bytes.Clone(public)
		bad[n] = 'q'
		if bad[n] == public[n] {
			bad[n] = 'z'
		}
		if _, err := ParseRecipient(string(bad)); err == nil {
			t.Errorf("character %d of the recipient changed: accepted", n)
		}
	}
}

func TestIdentityFileVectors(t *testing.T) {
	for _, v := range readVectors(t, "identityfile.txt") {
		i, err := ParseIdentityFile([]byte(v.value["file"]), []byte(v.value["passphrase"]))
		if got, want := outcome(err), v.value["outcome"]; got != want {
			t.Errorf("%s: got %s, want %s", v.comment, got, want)
		}
		if err != nil {
			continue
		}
		if got, want := i.Recipient().ID().String(), v.value["id"]; got != want {
			t.Errorf("%s: id = %s, want %s", v.comment, got, want)
		}
	}
}

func TestIdentityFile(t *testing.T) {
	testingOnlyScryptLogN = 10
	defer func() { testingOnlyScryptLogN = 0 }()

	i := testIdentity(t, 0)
	for _, passphrase := range []string{"", "kerosene lamp"} {
		file, err := i.MarshalFile([]byte(passphrase))
		if err != nil {
			t.Fatal(err)
		}
		got, err := ParseIdentityFile(file, []byte(passphrase))
		if err != nil {
			t.Fatalf("passphrase %q: %v", passphrase, err)
		}
		if got.Recipient().ID() != i.Recipient().ID() {
			t.Errorf("passphrase %q: another key came back", passphrase)
		}
		if passphrase == "" {
			if _, err := age.ParseIdentities(bytes.NewReader(file)); err != nil {
				t.Errorf("age does not read the file: %v", err)
			}
			continue
		}
		if bytes.Contains(file, []byte("SECRET")) {
			t.Error("the encrypted file shows its key")
		}
		for n := 1; n < len(file)-1; n += 97 {
			if _, err := ParseIdentityFile(file[:n], []byte(passphrase)); err == nil {
				t.Errorf("the first %d bytes of the file were accepted", n)
			}
		}
	}
}

// TestIdentityFileOtherKind opens what is age-encrypted, but not to a
// passphrase: asking for another passphrase would help nobody.
// Each "# public key:" line must tell the truth, not only the last one.
func TestIdentityFileEveryPublicLine(t *testing.T) {
	i, err := GenerateIdentity()
	if err != nil {
		t.Fatal(err)
	}
	other, err := GenerateIdentity()
	if err != nil {
		t.Fatal(err)
	}
	truth := identityPublic + i.Recipient().String() + "\n"
	for name, text := range map[string]string{
		"a false line before": identityPublic + other.Recipient().String() + "\n" + truth + i.String() + "\n",
		"a false line behind": truth + i.String() + "\n" + identityPublic + other.Recipient().String() + "\n",
		"an empty line":       identityPublic + "\n" + i.String() + "\n",
	} {
		if _, err := ParseIdentityFile([]byte(text), nil); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v, want %v", name, err, ErrMalformed)
		}
	}
	if _, err := ParseIdentityFile([]byte(truth+truth+i.String()+"\n"), nil); err != nil {
		t.Errorf("the truth twice: %v", err)
	}
}

func TestIdentityFileOtherKind(t *testing.T) {
	to, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	w, err := age.Encrypt(&file, to.Recipient())
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(w, testIdentity(t, 0).String())
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := ParseIdentityFile(file.Bytes(), []byte("kerosene lamp")); !errors.Is(err, ErrMalformed) {
		t.Errorf("got %v, want ErrMalformed", err)
	}
	costly := "age-encryption.org/v1\n-> scrypt AAAAAAAAAAAAAAAAAAAAAA 21\n" +
		strings.Repeat("A", 43) + "\n--- " + strings.Repeat("A", 43) + "\n"
	if _, err := ParseIdentityFile([]byte(costly), []byte("kerosene lamp")); !errors.Is(err, ErrMalformed) {
		t.Errorf("work factor 21: %v, want ErrMalformed", err)
	}
}

func TestSealPassphrase(t *testing.T) {
	testingOnlyScryptLogN = 10
	defer func() { testingOnlyScryptLogN = 0 }()
	secret := []byte("key files")
	sealed, err := SealPassphrase(secret, []byte("correct horse"))
	if err != nil || bytes.Contains(sealed, secret) {
		t.Fatalf("sealed %q, %v", sealed, err)
	}
	if got, err := OpenPassphrase(sealed, []byte("correct horse")); err != nil || !bytes.Equal(got, secret) {
		t.Errorf("opened %q, %v", got, err)
	}
	if _, err := OpenPassphrase(sealed, []byte("another")); !errors.Is(err, ErrPassphrase) {
		t.Errorf("another passphrase: %v", err)
	}
	if _, err := OpenPassphrase(sealed, nil); !errors.Is(err, ErrPassphraseNeeded) {
		t.Errorf("no passphrase: %v", err)
	}
	if _, err := SealPassphrase(secret, nil); !errors.Is(err, ErrPassphraseNeeded) {
		t.Errorf("sealed to no passphrase: %v", err)
	}
	sealed[len(sealed)-1] ^= 1
	if _, err := OpenPassphrase(sealed, []byte("correct horse")); err == nil {
		t.Error("changed: opened")
	}
}
