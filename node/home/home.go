package home

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"comity/crypto/keys"
	"comity/crypto/seal"
	"comity/ledger"
)

// Names within the folder.
const (
	fileConfig   = "comity.toml"
	fileCharter  = "charter"
	dirKeys      = "keys"
	dirOfficers  = "officers"
	dirNode      = "node"
	dirDesk      = "desk"
	dirDrafts    = "drafts"
	fileRoot     = "root"
	fileNodeTLS  = "node-tls.pem"
	fileWitness  = "node-witness.pem"
	fileOperator = "operator-tls.pem"
	fileSign     = "sign"
	fileTLS      = "tls.pem"
	fileRoles    = "roles"
	extPublic    = ".pub"
	extIdentity  = ".age"
)

// compartments are those for which a bureau has a sealing key.
var compartments = [...]seal.Compartment{seal.Card, seal.Body, seal.Victim}

// ErrNoHome is returned for a folder in which no bureau lives.
var ErrNoHome = errors.New("no bureau's home")

// ErrNoRoot is returned where the root key is needed and is not in the home.
var ErrNoRoot = errors.New("its file is not in this home")

// ErrNoCharter is returned while a home has no charter: its bureau belongs to
// no ledger yet.
var ErrNoCharter = errors.New("no charter is installed")

// ErrBadCharter is returned for a charter file that is damaged.
var ErrBadCharter = errors.New("it is damaged, or no charter")

// Home is an open folder of a bureau. It holds no key in memory and may be used
// by several goroutines.
type Home struct {
	// Clock is the clock of the node and of what the root signs; nil is the
	// machine's. Set it before the first use.
	Clock func() time.Time
	// RootFile is the file of the root key, where that is kept apart from the
	// home; empty is keys/root in it. Set it before the first use.
	RootFile string

	dir    string
	config Config
	given  []Setting // what counts more than the file
}

// Passphrase returns the passphrase of a key file. It is called only for a file
// that is encrypted, and again, with wrong set, when what it returned does not open
// the file, until it returns an error.
type Passphrase func(path string, wrong bool) ([]byte, error)

// Only returns a Passphrase that knows one passphrase.
func Only(phrase []byte) Passphrase {
	return func(_ string, wrong bool) ([]byte, error) {
		if wrong {
			return nil, keys.ErrPassphrase
		}
		return phrase, nil
	}
}

// Open opens the home in dir. What is given counts more than its comity.toml.
func Open(dir string, given ...Setting) (*Home, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("open home: %w", err)
	}
	data, err := readPublic(filepath.Join(dir, fileConfig))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s is %w: there is no %s in it", dir, ErrNoHome, fileConfig)
	}
	if err != nil {
		return nil, fmt.Errorf("open home: %w", err)
	}
	c, err := ParseConfig(data)
	if err != nil {
		return nil, fmt.Errorf("open home: %s: %w", filepath.Join(dir, fileConfig), err)
	}
	if err := c.apply(given); err != nil {
		return nil, err
	}
	return &Home{dir: dir, config: *c, given: given}, nil
}

// Dir returns the folder, an absolute path.
func (h *Home) Dir() string { return h.dir }

// NodeDir returns the folder of the node's data.
func (h *Home) NodeDir() string { return filepath.Join(h.dir, dirNode) }

// DeskDir returns the folder of the desk's replica.
func (h *Home) DeskDir() string { return filepath.Join(h.dir, dirDesk) }

// MemberFile returns the file that describes the bureau to the other founders,
// signed by its root when the home was made.
func (h *Home) MemberFile() string { return filepath.Join(h.dir, h.config.Bureau+ExtMember) }

// DraftsDir returns the folder of what waits for a second officer, see package
// drafts. It is made when it is needed.
func (h *Home) DraftsDir() string { return filepath.Join(h.dir, dirDrafts) }

// Config returns the configuration.
func (h *Home) Config() Config { return h.config }

// Bureau returns the code of the bureau.
func (h *Home) Bureau() string { return h.config.Bureau }

// Member returns how a charter describes the bureau. It needs no passphrase.
func (h *Home) Member() (ledger.Member, error) {
	m := ledger.Member{Code: h.config.Bureau, Name: h.config.Name, Node: ledger.Node{Address: h.config.Address}}
	var err error
	if m.Root, err = readSigningPublic(h.key(fileRoot)); err != nil {
		return m, fmt.Errorf("member %s: %w", m.Code, err)
	}
	operator, err := h.Operator()
	if err != nil {
		return m, fmt.Errorf("member %s: %w", m.Code, err)
	}
	node, err := readTLS(h.key(fileNodeTLS))
	if err != nil {
		return m, fmt.Errorf("member %s: %w", m.Code, err)
	}
	w, err := readWitness(h.key(fileWitness))
	if err != nil {
		return m, fmt.Errorf("member %s: %w", m.Code, err)
	}
	m.Access, m.Node.TLS, m.Node.Witness = operator.ID(), node.ID(), w.Public()
	return m, nil
}

func (h *Home) key(name string) string { return filepath.Join(h.dir, dirKeys, name) }

func (h *Home) now() time.Time {
	if h.Clock != nil {
		return h.Clock()
	}
	return time.Now()
}

// maxPublic bounds the files that hold no secret.
const maxPublic = 256 << 10

// readPublic reads a file that holds no secret but that only its owner may
// change: whoever writes the charter decides whom we trust.
func readPublic(path string) ([]byte, error) { return readPublicUpTo(path, maxPublic) }

// readPublicUpTo is readPublic for a file of at most limit bytes.
func readPublicUpTo(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil {
		return nil, err
	}
	switch {
	case !fi.Mode().IsRegular():
		return nil, fmt.Errorf("read %s: it is not a regular file", path)
	case fi.Mode().Perm()&0o022 != 0:
		return nil, fmt.Errorf("read %s: its permissions %04o let others change it; run chmod 600 on it", path, fi.Mode().Perm())
	case fi.Size() > limit:
		return nil, fmt.Errorf("read %s: it is larger than %d bytes", path, limit)
	}
	data, err := io.ReadAll(io.LimitReader(f, limit))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return data, nil
}

// readSigningPublic reads the public half beside a signing key.
func readSigningPublic(path string) (ed25519.PublicKey, error) {
	data, err := readPublic(path + extPublic)
	if err != nil {
		return nil, err
	}
	pub, err := keys.ParseAuthorizedKey(string(data))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path+extPublic, err)
	}
	return pub, nil
}

// readRecipient reads the public half beside a sealing key.
func readRecipient(path string) (*keys.Recipient, error) {
	data, err := readPublic(path + extPublic)
	if err != nil {
		return nil, err
	}
	r, err := keys.ParseRecipient(strings.TrimSuffix(string(data), "\n"))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path+extPublic, err)
	}
	return r, nil
}
