package home

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"comity/crypto/keys"

	"golang.org/x/crypto/cryptobyte"
)

// What of a home goes into a backup. In the clear: what holds no secret. Keys only
// encrypted, and the root key never: it revokes and enrols all others, and its
// copy is the one that was put on paper.
var (
	backupFile = regexp.MustCompile(`^(comity\.toml|charter|recovered-[0-9]{1,10}|keys/[a-z0-9-]{1,64}\.pub|officers/[a-z0-9-]{1,64}/(roles|sign\.pub)|` +
		`node/(witness\.muted|finals)|node/evidence/[a-z0-9.-]{1,128}\.cevidence)$`)
	backupKey = regexp.MustCompile(`^(keys/[a-z0-9-]{1,64}\.(pem|age)|officers/[a-z0-9-]{1,64}/(sign|tls\.pem))$`)
)

// Bounds of what a backup holds beside the ledger.
const (
	maxBackupFiles = 4096
	maxBackupKey   = 64 << 10
	maxBackupKeys  = 4 << 20
)

// BackupFiles returns the paths within the home of the files that hold no secret,
// ascending. The configuration and the charter are among them.
func (h *Home) BackupFiles() ([]string, error) { return h.backed(backupFile) }

func (h *Home) backed(which *regexp.Regexp) (names []string, err error) {
	for _, sub := range []string{".", dirKeys, dirOfficers, dirNode, path.Join(dirNode, "evidence")} {
		list, err := os.ReadDir(filepath.Join(h.dir, sub))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("backup: %w", err)
		}
		for _, e := range list {
			name := path.Join(sub, e.Name())
			if e.Type().IsRegular() && which.MatchString(name) {
				names = append(names, name)
			}
			if sub != dirOfficers || !e.IsDir() {
				continue
			}
			of, err := os.ReadDir(filepath.Join(h.dir, name))
			if err != nil {
				return nil, fmt.Errorf("backup: %w", err)
			}
			for _, f := range of {
				if n := path.Join(name, f.Name()); f.Type().IsRegular() && which.MatchString(n) {
					names = append(names, n)
				}
			}
		}
	}
	if len(names) > maxBackupFiles {
		return nil, fmt.Errorf("backup: %d files; a home has %d at most", len(names), maxBackupFiles)
	}
	slices.Sort(names)
	return names, nil
}

// BackupKeys returns the key files of the home but the root's, to be encrypted,
// and how many they are.
func (h *Home) BackupKeys() (data []byte, n int, err error) {
	names, err := h.backed(backupKey)
	if err != nil {
		return nil, 0, err
	}
	b := cryptobyte.NewBuilder(nil)
	for _, name := range names {
		file, err := keys.ReadFile(filepath.Join(h.dir, filepath.FromSlash(name)))
		if err != nil {
			return nil, 0, fmt.Errorf("backup: %w", err)
		}
		if len(file) > maxBackupKey {
			return nil, 0, fmt.Errorf("backup: %s has %d bytes: it is no key", name, len(file))
		}
		b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes([]byte(name)) })
		b.AddUint24LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(file) })
		clear(file)
	}
	if data, err = b.Bytes(); err == nil && len(data) > maxBackupKeys {
		err = fmt.Errorf("backup: keys of %d bytes", len(data))
	}
	return data, len(names), err
}

// PutKeys writes the key files of a backup into the folder of a new home; with ""
// for the folder it writes nothing, and says how many there would be.
func PutKeys(dir string, data []byte) (n int, err error) {
	if len(data) > maxBackupKeys {
		return 0, fmt.Errorf("restore keys: %d bytes", len(data))
	}
	for in := cryptobyte.String(data); !in.Empty(); n++ {
		var name, file cryptobyte.String
		if !in.ReadUint16LengthPrefixed(&name) || !in.ReadUint24LengthPrefixed(&file) || !backupKey.Match(name) || len(file) > maxBackupKey {
			return n, errors.New("restore keys: what the backup holds is no list of key files")
		}
		if dir == "" {
			continue
		}
		if err := put(dir, string(name), func(f *os.File) error { _, err := f.Write(file); return err }); err != nil {
			return n, err
		}
	}
	return n, nil
}

// PutFile writes a file of a backup into the folder of a new home. A name that no
// backup has is refused, whoever wrote it.
func PutFile(dir, name string, from io.Reader) error {
	if !backupFile.MatchString(name) {
		return fmt.Errorf("restore: a home has no file %q in its backup", name)
	}
	return put(dir, name, func(f *os.File) error { _, err := io.Copy(f, from); return err })
}

// IsBackupFile reports whether a backup may have a file with this path.
func IsBackupFile(name string) bool { return backupFile.MatchString(name) }

// put makes a new file, 0600 and synced, and the folders above it.
func put(dir, name string, write func(*os.File) error) error {
	at := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(at), 0o700); err != nil {
		return fmt.Errorf("restore %s: %w", name, err)
	}
	f, err := os.OpenFile(at, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("restore %s: %w", name, err)
	}
	if err := write(f); err != nil {
		return errors.Join(fmt.Errorf("restore %s: %w", name, err), f.Close())
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("restore %s: %w", name, err)
	}
	return nil
}

// FinishRestore makes the folders of a home that a backup has no file of.
func FinishRestore(dir string) error {
	for _, sub := range []string{dirKeys, dirOfficers, dirDesk} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o700); err != nil {
			return fmt.Errorf("restore: %w", err)
		}
	}
	return nil
}

// MissingKeys returns the key files that the node of a home cannot run without
// and that are not there.
func (h *Home) MissingKeys() (names []string) {
	for _, name := range []string{fileNodeTLS, fileWitness} {
		if _, err := os.Stat(h.key(name)); err != nil {
			names = append(names, strings.Join([]string{dirKeys, name}, "/"))
		}
	}
	return names
}
