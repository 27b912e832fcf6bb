package node

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/hashicorp/raft"
	"golang.org/x/crypto/cryptobyte"
)

// A snapshot file is
//
//	u8 version=1 || u64 index || u64 term || u64 configuration index
//	|| u24-vector configuration || u24-vector manifest || u32 CRC32C of all before
//
// with the configuration as in InstallSnapshot. Its name is index and term in hex.
func marshalSnapshot(meta *raft.SnapshotMeta, manifest []byte) ([]byte, error) {
	b := cryptobyte.NewBuilder(nil)
	b.AddUint8(snapshotFileVersion)
	b.AddUint64(meta.Index)
	b.AddUint64(meta.Term)
	b.AddUint64(meta.ConfigurationIndex)
	b.AddUint24LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(raft.EncodeConfiguration(meta.Configuration)) })
	b.AddUint24LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(manifest) })
	data, err := b.Bytes()
	if err != nil {
		return nil, err
	}
	return withSum(data), nil
}

func withSum(body []byte) []byte {
	return binary.BigEndian.AppendUint32(bytes.Clone(body), crc32.Checksum(body, castagnoli))
}

func parseSnapshot(data []byte) (*raft.SnapshotMeta, []byte, error) {
	n := len(data) - 4
	if n < 0 || len(data) > maxSnapshotFile || binary.BigEndian.Uint32(data[n:]) != crc32.Checksum(data[:n], castagnoli) {
		return nil, nil, ErrCorrupt
	}
	s := cryptobyte.String(data[:n])
	var version uint8
	var conf, manifest cryptobyte.String
	meta := &raft.SnapshotMeta{Version: raft.SnapshotVersionMax}
	if !s.ReadUint8(&version) || version != snapshotFileVersion ||
		!s.ReadUint64(&meta.Index) || !s.ReadUint64(&meta.Term) || !s.ReadUint64(&meta.ConfigurationIndex) ||
		!s.ReadUint24LengthPrefixed(&conf) || !s.ReadUint24LengthPrefixed(&manifest) || len(manifest) > MaxManifest || !s.Empty() {
		return nil, nil, ErrCorrupt
	}
	var err error
	if meta.Configuration, err = ParseConfiguration(conf); err != nil {
		return nil, nil, ErrCorrupt
	}
	meta.ID = snapshotID(meta.Index, meta.Term)
	meta.Size = int64(len(manifest))
	return meta, manifest, nil
}

// snapshotSink collects one manifest.
type snapshotSink struct {
	store    *Snapshots
	meta     raft.SnapshotMeta
	manifest []byte
	own      bool // of this node's own state, and not from a peer
	done     bool
}

var errSnapshotDone = errors.New("snapshot is closed")

// ID implements raft.SnapshotSink.
func (k *snapshotSink) ID() string { return k.meta.ID }

// Write implements raft.SnapshotSink, up to MaxManifest bytes in all.
func (k *snapshotSink) Write(p []byte) (int, error) {
	if k.done {
		return 0, errSnapshotDone
	}
	if len(k.manifest)+len(p) > MaxManifest {
		return 0, fmt.Errorf("write snapshot %s: above %d bytes", k.meta.ID, MaxManifest)
	}
	k.manifest = append(k.manifest, p...)
	return len(p), nil
}

// Cancel implements raft.SnapshotSink.
func (k *snapshotSink) Cancel() error {
	k.done, k.manifest = true, nil
	return nil
}

// Close implements raft.SnapshotSink: it puts the snapshot in its place, durably,
// and then removes the oldest. One that a peer sent is checked and staged.
func (k *snapshotSink) Close() error {
	if k.done {
		return nil
	}
	k.done = true
	put := k.store.install
	if k.store.check != nil && !k.own {
		if err := k.store.check(&k.meta, k.manifest); err != nil {
			return fmt.Errorf("write snapshot %s: %w", k.meta.ID, err)
		}
		put = k.store.stage
	}
	data, err := marshalSnapshot(&k.meta, k.manifest)
	if err != nil {
		return fmt.Errorf("write snapshot %s: %w", k.meta.ID, err)
	}
	if err := put(&k.meta, data); err != nil {
		return fmt.Errorf("write snapshot %s: %w", k.meta.ID, err)
	}
	return nil
}
