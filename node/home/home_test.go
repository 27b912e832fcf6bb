package home

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"comity/crypto/keys"
	"comity/crypto/seal"
	"comity/ledger"
)

var testOfficers = []OfficerSpec{
	{Label: "case-1", Roles: ledger.RoleInvestigator},
	{Label: "sup-1", Roles: ledger.RoleSupervisor | ledger.RoleInvestigator},
}

func create(t *testing.T, bureau, address string) *Home {
	t.Helper()
	h, err := Create(filepath.Join(t.TempDir(), "folder", bureau), CreateOptions{
		Bureau: bureau, Name: "Bureau " + bureau, Address: address, Officers: testOfficers,
	})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestCreate(t *testing.T) {
	h := create(t, "XA", "127.0.0.1:7101")
	var got []string
	err := filepath.WalkDir(h.Dir(), func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		fi, err := e.Info()
		if err != nil {
			return err
		}
		want := fs.FileMode(0o600)
		if e.IsDir() {
			want = 0o700
		} else {
			rel, _ := filepath.Rel(h.Dir(), path)
			got = append(got, rel)
		}
		if fi.Mode().Perm() != want {
			t.Errorf("%s has permissions %04o, want %04o", path, fi.Mode().Perm(), want)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Fields(`XA.member comity.toml keys/body.age keys/body.pub keys/card.age keys/card.pub keys/node-tls.pem
		keys/node-witness.pem keys/operator-tls.pem keys/root keys/root.pub keys/victim.age keys/victim.pub
		officers/case-1/roles officers/case-1/sign officers/case-1/sign.pub officers/case-1/tls.pem
		officers/sup-1/roles officers/sup-1/sign officers/sup-1/sign.pub officers/sup-1/tls.pem`)
	if slices.Sort(got); !slices.Equal(got, want) {
		t.Errorf("files:\ngot  %q\nwant %q", got, want)
	}
	if got := h.Officers(); !slices.Equal(got, []string{"case-1", "sup-1"}) {
		t.Errorf("officers: got %q", got)
	}
	o, err := h.Officer("sup-1", nil)
	if err != nil || o.Roles != ledger.RoleSupervisor|ledger.RoleInvestigator || o.Label != "sup-1" {
		t.Errorf("officer: got %+v, %v", o, err)
	}
	ids, err := h.Identities(nil)
	if err != nil || len(ids[seal.Card]) != 1 || len(ids[seal.Body]) != 1 || len(ids[seal.Victim]) != 1 {
		t.Errorf("identities: got %v, %v", ids, err)
	}
	if _, err := h.Officer("../sup-1", nil); err == nil {
		t.Error("an officer outside the folder was read")
	}
}

func TestCreateRefuses(t *testing.T) {
	good := CreateOptions{Bureau: "XA", Name: "Aldermoor", Address: "127.0.0.1:7101"}
	with := func(change func(*CreateOptions)) CreateOptions {
		o := good
		change(&o)
		return o
	}
	for name, o := range map[string]CreateOptions{
		"bureau":  with(func(o *CreateOptions) { o.Bureau = "xa" }),
		"name":    with(func(o *CreateOptions) { o.Name = "a\nb" }),
		"address": with(func(o *CreateOptions) { o.Address = "127.0.0.1" }),
		"port":    with(func(o *CreateOptions) { o.Address = "127.0.0.1:0" }),
		"admin":   with(func(o *CreateOptions) { o.Admin = "192.0.2.1:80" }),
		"socket":  with(func(o *CreateOptions) { o.Admin = "unix:" + strings.Repeat("a", 200) }),
		"profile": with(func(o *CreateOptions) { o.Profile = "moon" }),
		"label":   with(func(o *CreateOptions) { o.Officers = []OfficerSpec{{Label: "Case 1", Roles: ledger.RoleDesk}} }),
		"roles":   with(func(o *CreateOptions) { o.Officers = []OfficerSpec{{Label: "case-1"}} }),
		"twice":   with(func(o *CreateOptions) { o.Officers = append(testOfficers[:1:1], testOfficers[0]) }),
	} {
		parent := t.TempDir()
		if _, err := Create(filepath.Join(parent, "deep", "XA"), o); err == nil {
			t.Errorf("%s: created", name)
		}
		if left, _ := os.ReadDir(parent); len(left) != 0 {
			t.Errorf("%s: left behind %v", name, left)
		}
	}
}

func TestCreateLeavesWhatIsThere(t *testing.T) {
	h := create(t, "XA", "127.0.0.1:7101")
	before, err := os.ReadFile(h.key(fileRoot))
	if err != nil {
		t.Fatal(err)
	}
	_, err = Create(h.Dir(), CreateOptions{Bureau: "XB", Name: "Brackwater", Address: "127.0.0.1:7102"})
	if err == nil || !strings.Contains(err.Error(), "already holds the home of XA") {
		t.Errorf("created over a home: %v", err)
	}
	if after, _ := os.ReadFile(h.key(fileRoot)); !slices.Equal(before, after) {
		t.Error("the root key was written over")
	}
	other := t.TempDir()
	if err := os.WriteFile(filepath.Join(other, "letter"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = Create(other, CreateOptions{Bureau: "XB", Name: "Brackwater", Address: "127.0.0.1:7102"})
	if err == nil || !strings.Contains(err.Error(), "is not empty") {
		t.Errorf("created in a folder in use: %v", err)
	}
	if _, err := Open(other); !errors.Is(err, ErrNoHome) {
		t.Errorf("open: got %v, want ErrNoHome", err)
	}
}

func TestAddOfficer(t *testing.T) {
	h := create(t, "XA", "127.0.0.1:7101")
	spec := OfficerSpec{Label: "desk-2", Roles: ledger.RoleDesk}
	if err := h.AddOfficer(spec, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Officer("desk-2", nil); err != nil {
		t.Error(err)
	}
	if err := h.AddOfficer(spec, nil); err == nil {
		t.Error("an officer was made twice")
	}
	list, err := os.ReadDir(filepath.Join(h.Dir(), dirOfficers))
	if err != nil || len(list) != 3 {
		t.Errorf("officers: got %v, %v", list, err)
	}
}

func TestKeysOthersMayRead(t *testing.T) {
	h := create(t, "XA", "127.0.0.1:7101")
	for _, path := range []string{h.key(fileRoot), h.key("card.age"), h.key(fileOperator), filepath.Join(h.Dir(), "officers/case-1/sign")} {
		if err := os.Chmod(path, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	_, err1 := h.Root(nil)
	_, err2 := h.Identities(nil)
	_, err3 := h.Operator()
	_, err4 := h.Officer("case-1", nil)
	for i, err := range []error{err1, err2, err3, err4} {
		if err == nil || !strings.Contains(err.Error(), "chmod 600") {
			t.Errorf("%d: got %v", i, err)
		}
	}
	if err := os.Chmod(filepath.Join(h.Dir(), fileConfig), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(h.Dir()); err == nil || !strings.Contains(err.Error(), "let others change it") {
		t.Errorf("a configuration that others may change: got %v", err)
	}
}

// encrypt puts an encrypted file in the place of a plain signing key.
func encrypt(t *testing.T, path string, phrase []byte) {
	t.Helper()
	data, err := keys.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	s, err := keys.ParseSigner(data, nil)
	if err != nil {
		t.Fatal(err)
	}
	if data, err = s.MarshalOpenSSH(phrase, ""); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestPassphrase(t *testing.T) {
	phrase := []byte("nine tall ships")
	h := create(t, "XA", "127.0.0.1:7101")
	encrypt(t, h.key(fileRoot), phrase)
	encrypt(t, filepath.Join(h.Dir(), "officers/case-1/sign"), phrase)
	var asked []string
	good := func(path string, wrong bool) ([]byte, error) {
		if wrong {
			t.Errorf("%s: the passphrase was wrong", path)
		}
		asked = append(asked, filepath.Base(path))
		return phrase, nil
	}
	if _, err := h.Root(good); err != nil {
		t.Error(err)
	}
	if _, err := h.Officer("case-1", good); err != nil {
		t.Error(err)
	}
	if _, err := h.Officer("sup-1", good); err != nil {
		t.Error(err)
	}
	if _, err := h.Access("case-1"); err != nil {
		t.Error(err)
	}
	if _, err := h.Member(); err != nil {
		t.Errorf("member: %v", err)
	}
	if want := []string{"root", "sign"}; !slices.Equal(asked, want) {
		t.Errorf("asked for %q, want %q", asked, want)
	}
	if _, err := h.Root(nil); !errors.Is(err, keys.ErrPassphraseNeeded) {
		t.Errorf("nobody to ask: got %v", err)
	}
	if _, err := h.Root(Only([]byte("wrong"))); !errors.Is(err, keys.ErrPassphrase) {
		t.Errorf("wrong passphrase: got %v", err)
	}
	slips := 0
	second := func(_ string, wrong bool) ([]byte, error) {
		if !wrong {
			return []byte("a slip"), nil
		}
		slips++
		return phrase, nil
	}
	if _, err := h.Root(second); err != nil || slips != 1 {
		t.Errorf("a slip, then the right one: got %v after %d", err, slips)
	}
}

func TestCreateWithPassphrase(t *testing.T) {
	if testing.Short() {
		t.Skip("scrypt takes seconds")
	}
	h, err := Create(filepath.Join(t.TempDir(), "XA"), CreateOptions{
		Bureau: "XA", Name: "Aldermoor", Address: "127.0.0.1:7101", Officers: testOfficers[:1], Passphrase: []byte("nine tall ships"),
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, use := range []func(Passphrase) error{
		func(p Passphrase) error { _, err := h.Root(p); return err },
		func(p Passphrase) error { _, err := h.Officer("case-1", p); return err },
		func(p Passphrase) error { _, err := h.Identities(p); return err },
	} {
		if err := use(nil); !errors.Is(err, keys.ErrPassphraseNeeded) {
			t.Errorf("nobody to ask: got %v", err)
		}
	}
	if _, err := h.Member(); err != nil {
		t.Errorf("member: %v", err)
	}
	if r, err := h.Recipients(); err != nil || len(r) != 3 {
		t.Errorf("recipients: got %v, %v", r, err)
	}
}

func TestSwappedPublicKey(t *testing.T) {
	h, other := create(t, "XA", "127.0.0.1:7101"), create(t, "XB", "127.0.0.1:7102")
	for _, name := range []string{"root.pub", "body.pub"} {
		data, err := os.ReadFile(other.key(name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(h.key(name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := h.Root(nil); err == nil || !strings.Contains(err.Error(), "not of one key") {
		t.Errorf("root: got %v", err)
	}
	if _, err := h.Identities(nil); err == nil || !strings.Contains(err.Error(), "not of one key") {
		t.Errorf("identities: got %v", err)
	}
}

func TestMovedKeys(t *testing.T) {
	h := create(t, "XA", "127.0.0.1:7101")
	for _, name := range []string{"card.age", "victim.age", "victim.pub"} {
		if err := os.Remove(h.key(name)); err != nil {
			t.Fatal(err)
		}
	}
	ids, err := h.Identities(nil)
	if err != nil || len(ids) != 1 || len(ids[seal.Body]) != 1 {
		t.Errorf("identities: got %v, %v", ids, err)
	}
	public, err := h.Recipients()
	if err != nil || len(public) != 2 || public[seal.Card] == nil || public[seal.Body] == nil {
		t.Errorf("recipients: got %v, %v", public, err)
	}
}

var founded = time.Date(2031, 4, 5, 6, 7, 8, 0, time.UTC)
