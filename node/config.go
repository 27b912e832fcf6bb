package node

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"time"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/state"

	"github.com/hashicorp/raft"
)

// Config is all that a node needs to know. Open checks it once.
type Config struct {
	Genesis *ledger.Genesis
	Bureau  string        // code of the bureau whose node this is
	Dir     string        // the node's data
	TLS     *keys.TLS     // the key that the charter pins for this node
	Witness *keys.Witness // its cosigning keys

	Listen string // host:port; the charter's address when empty
	Admin  string // /livez, /readyz, /metrics: "unix:PATH" or a loopback host:port; none when empty
	Tiles  string // plain HTTP host:port of the tiles, for anyone who reaches it; none when empty
	// TilesPublic allows Tiles to be an address that is not loopback. Tiles show
	// who wrote an entry and when, and no sealed body.
	TilesPublic bool

	// KeyDays is the age at which a key is to be replaced, DefaultKeyDays when 0. It
	// warns and ends nothing.
	KeyDays int

	Profile Profile
	Clock   func() time.Time // time.Now when nil
	Logger  *slog.Logger     // discards when nil

	seams   seams         // empty but in the hostile build
	program state.Program // of another version, in tests; this one when zero
}

// Profile fits timers and windows to the links between the voters.
type Profile uint8

// The profiles.
const (
	ProfileLAN Profile = iota // round trips up to some 20 ms
	ProfileWAN                // round trips up to 300 ms
)

// ParseProfile returns the profile with this name; "" is "lan".
func ParseProfile(name string) (Profile, error) {
	switch name {
	case "", "lan":
		return ProfileLAN, nil
	case "wan":
		return ProfileWAN, nil
	}
	return 0, fmt.Errorf("unknown profile %q: it is lan or wan", name)
}

// timing holds what a profile fixes.
type timing struct {
	heartbeat, election, lease, commit time.Duration
	inFlight                           int // batches proposed and not yet committed
	forwards                           int // groups of one bureau on their way to the leader
	share                              int // statements that each bureau may have in commands in flight, see fairQueue
	collects                           int // commands of cosignatures in flight
	// pace is the least time between two groups that leave while others are on
	// their way. On a long line what is in flight would else be many groups of one
	// statement, and all that comes next would wait for a whole round trip.
	pace time.Duration
	// window is how many bytes a group for the leader has while there is room for more
	// groups: those that TCP sends over a connection that was idle, on one round trip.
	window int
	cosign time.Duration // least time between two cosignatures of one node
}

func (p Profile) timing() timing {
	if p == ProfileWAN {
		return timing{heartbeat: 5 * time.Second, election: 5 * time.Second, lease: 2500 * time.Millisecond, commit: 50 * time.Millisecond,
			inFlight: 32, forwards: 32, share: 256, collects: 8, pace: 16 * time.Millisecond, window: 12 << 10, cosign: 500 * time.Millisecond}
	}
	return timing{heartbeat: time.Second, election: time.Second, lease: 500 * time.Millisecond, commit: 50 * time.Millisecond,
		inFlight: 2, forwards: 2, share: 4, collects: 1, cosign: 100 * time.Millisecond}
}

// What the ledger calls a command must fit into what the transport carries.
const _ = uint(MaxCommand - ledger.MaxCommand)

// check fills in defaults and refuses what cannot work.
func (c *Config) check() (*ledger.Member, error) {
	if c.Genesis == nil {
		return nil, errors.New("node: no charter")
	}
	m, ok := c.Genesis.Member(c.Bureau)
	if !ok {
		return nil, fmt.Errorf("node: the charter names no bureau %q", c.Bureau)
	}
	if c.TLS == nil || c.TLS.ID() != m.Node.TLS {
		return nil, fmt.Errorf("node: the TLS key is not the one that the charter pins for %s", c.Bureau)
	}
	if c.Witness == nil || !c.Witness.Public().Ed25519.Equal(m.Node.Witness.Ed25519) || !c.Witness.Public().MLDSA.Equal(m.Node.Witness.MLDSA) {
		return nil, fmt.Errorf("node: the cosigning keys are not those of the charter for %s", c.Bureau)
	}
	if err := CheckTiles(c.Tiles, c.TilesPublic); err != nil {
		return nil, fmt.Errorf("node: %w", err)
	}
	if c.Listen == "" {
		c.Listen = m.Node.Address
	}
	if c.KeyDays == 0 {
		c.KeyDays = DefaultKeyDays
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.program.Needs == nil {
		c.program = state.This
	}
	return m, nil
}

// raftConfig returns the library's configuration for this node.
func (c *Config) raftConfig(name string) *raft.Config {
	t := c.Profile.timing()
	rc := raft.DefaultConfig()
	rc.LocalID = raft.ServerID(name)
	rc.HeartbeatTimeout, rc.ElectionTimeout = t.heartbeat, t.election
	rc.LeaderLeaseTimeout, rc.CommitTimeout = t.lease, t.commit
	rc.MaxAppendEntries = MaxAppendEntries
	rc.BatchApplyCh = true
	rc.ShutdownOnRemove = false
	// The store keeps its own state over restarts and tells Apply what it holds;
	// snapshots are taken by snapshotter, which counts bytes and not entries.
	rc.NoSnapshotRestoreOnStart = true
	rc.SnapshotThreshold = math.MaxUint64
	rc.SnapshotInterval = time.Hour
	rc.TrailingLogs = minTrailing
	rc.Logger = raftLogger(c.Logger)
	return rc
}
