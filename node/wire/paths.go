package wire

import (
	"comity/crypto/keys"
	"comity/ledger"
)

// The paths of a node's API. All but those of the admin listener need mutual
// TLS with a key that the ledger knows.
const (
	PathEntries    = "/v1/entries"      // POST an item; GET ?from=N&limit=M for a stream of records
	PathIndex      = "/v1/index/"       // GET + hex statement id: Located
	PathReceipts   = "/v1/receipts/"    // GET + index, ?wait=SECONDS: a tlog-proof
	PathCheckpoint = "/v1/checkpoint"   // GET: the note of the last FINAL checkpoint, ?above=SIZE&wait=SECONDS&origin=1 with a node's origin line
	PathAuthors    = "/v1/authors/"     // GET + hex key id: Author
	PathStatus     = "/v1/status"       // GET: Status
	PathCharter    = "/v1/charter"      // GET: the genesis file
	PathTiles      = "/tlog/"           // GET + checkpoint, + tile/...: the ledger as c2sp.org/tlog-tiles
	PathEvidence   = "/v1/evidence"     // GET: []EvidenceFile; GET + "/" + name: the file
	PathArchive    = "/v1/checkpoints"  // GET ?from=N&limit=M: archived FINAL notes, oldest first
	PathAttachment = "/v1/attachments/" // + hex address: GET ?from=BYTE for a piece of the sealed file; POST ?size=N&from=BYTE with a piece: AttachmentState; GET + "/state" ?wait=SECONDS: AttachmentState; POST + "/drop": destroyed, as long as nothing names it; GET + "/holders": AttachmentHolders
	PathForward    = "/v1/node/entries" // nodes only: POST items for the leader
	PathCosign     = "/v1/node/cosign"  // nodes only: POST cosignatures for the leader
	PathHeads      = "/v1/node/heads"   // nodes only: POST cosignatures, the sender's newest and evidence; GET ?node=NAME: the newest of a node, or nothing
	PathRoots      = "/v1/node/roots"   // nodes only: GET ?size=N&root=HEX that the sender holds: the asked one's root there, or nothing
	PathReadIndex  = "/v1/node/read"    // nodes only: POST: a position that a fresh read must have reached
	PathSpan       = "/v1/node/span"    // nodes only: GET ?from=N&to=M: what the node holds there, a Span
	PathManifest   = "/v1/node/state"   // nodes only: GET: the manifest of the state that the node has applied

	PathLive    = "/livez" // admin listener
	PathReady   = "/readyz"
	PathMetrics = "/metrics"
)

// ALPN protocols on a node's one TLS port.
const (
	ProtocolHTTP = "http/1.1"
	ProtocolRaft = "comity-raft/1"
)

// Bounds of requests and answers.
const (
	MaxItem     = ledger.MaxEntry + ledger.MaxBody + 64
	MaxForward  = ledger.MaxCommand
	MaxJSON     = 256 << 10
	MaxRecords  = 1000     // in one stream
	MaxSpan     = 1 << 13  // entries in a Span
	MaxStream   = 4 << 20  // bytes after which a node ends a stream of records
	MaxHeads    = 96 << 10 // bytes of cosignatures from one node
	MaxArchived = 64       // notes in one answer
	MaxArchive  = MaxStream + ledger.MaxNote + 64
	MaxPiece    = 512 << 10 // bytes of a sealed file in one call; all pieces but the last have as many
	MaxWait     = 25        // seconds a node may be asked to wait
)

// Submitted answers a submission: the statement is committed by a majority and
// applied. Receipts come from PathReceipts once it is FINAL.
type Submitted struct {
	ID    ledger.ID `json:"id"`
	Index uint64    `json:"index"`
	Time  uint64    `json:"time,omitempty"` // ledger time, POSIX ms; absent when Known
	Known bool      `json:"known,omitempty"`
}

// AttachmentState is how much of a sealed file a node has.
type AttachmentState struct {
	Held bool  `json:"held"` // all of it
	Have int64 `json:"have"` // bytes
	// Fetching says that the node gets the rest from other nodes. Where it is
	// false, and the file is not held, nobody who was asked has it.
	Fetching bool `json:"fetching,omitempty"`
}

// AttachmentHolders says which nodes have a sealed file, of all that were asked.
type AttachmentHolders struct {
	Held   []string `json:"held"`             // the bureaus of those that have all of it
	Silent []string `json:"silent,omitempty"` // of those that did not answer
}

// Outcome is one answer to a forwarded item: exactly one field is set.
type Outcome struct {
	Submitted *Submitted `json:"submitted,omitempty"`
	Error     *Error     `json:"error,omitempty"`
}

// Located says where a statement is.
type Located struct {
	ID    ledger.ID `json:"id"`
	Index uint64    `json:"index"`
	Final bool      `json:"final"`
}

// Author is the end of an author's chain: what the next statement continues.
type Author struct {
	Key  keys.ID   `json:"key"`
	Seq  uint64    `json:"seq"`
	Prev ledger.ID `json:"prev"`
}

// Status is what a node says of itself.
type Status struct {
	Version    string   `json:"version"`
	Format     uint8    `json:"format,omitempty"` // the newest format that its program knows
	Has        uint8    `json:"has,omitempty"`    // the format of its ledger
	Bureau     string   `json:"bureau"`
	Node       string   `json:"node"`
	Ledger     string   `json:"ledger"`
	State      string   `json:"state"` // leader, follower, candidate, or copy for a read replica
	Leader     string   `json:"leader,omitempty"`
	Ready      bool     `json:"ready"`
	NotReady   string   `json:"not_ready,omitempty"`
	Size       uint64   `json:"size"`
	Root       string   `json:"root"`
	Time       uint64   `json:"time"`
	FinalSize  uint64   `json:"final_size"`
	FinalTime  uint64   `json:"final_time"`         // ledger time of the last entry that is FINAL, POSIX ms; 0 for none
	FinalBy    []string `json:"final_by,omitempty"` // bureau codes
	Quorum     int      `json:"quorum"`
	Epoch      uint32   `json:"epoch"`   // the newest that the node knows
	Applied    uint64   `json:"applied"` // Raft index
	DiskBytes  int64    `json:"disk_bytes"`
	DiskFree   int64    `json:"disk_free"`
	DiskDays   int64    `json:"disk_days"` // until the disk is full if the ledger goes on as in the last 30 days of ledger time; -1 when it cannot be told
	Alarms     []string `json:"alarms,omitempty"`
	Muted      string   `json:"muted,omitempty"`    // why this node does not cosign
	Restored   string   `json:"restored,omitempty"` // why it does not cosign yet, and will
	Faulty     []Faulty `json:"faulty,omitempty"`   // members whose cosignatures no longer count
	Evidence   int      `json:"evidence"`           // files that this node keeps
	StartedAt  int64    `json:"started_at"`         // POSIX s, node's clock
	Clock      int64    `json:"clock"`              // POSIX ms, node's clock when it answers
	Peers      []Peer   `json:"peers,omitempty"`
	Submitted  uint64   `json:"submitted"`
	RaftTerm   uint64   `json:"raft_term"`
	RaftCommit uint64   `json:"raft_commit"`
	// Where the Raft log ends, and whether the node forgot its log and gives no vote.
	RaftLast     uint64 `json:"raft_last"`
	RaftLastTerm uint64 `json:"raft_last_term"`
	Abstains     bool   `json:"abstains,omitempty"`
	// The nodes of the Raft configuration that the node acts by, true for those with a
	// vote.
	Servers map[string]bool `json:"raft_servers,omitempty"`
	Quota   *Quota          `json:"quota,omitempty"` // nil where the charter has none
	// Purges that this node's Raft log has not forgotten yet, and those that some
	// node has not acknowledged, the oldest first, of which there may be more. A node
	// counts at most 1,024 of these.
	PurgesPending uint64  `json:"purges_pending,omitempty"`
	PurgesOpen    int     `json:"purges_open,omitempty"`
	Purges        []Purge `json:"purges,omitempty"`
	// Keys of the node's bureau that count, the oldest first, of which there may be
	// more; and the age in days at which one is to be replaced.
	Keys      []KeyDate `json:"keys,omitempty"`
	KeysKnown int       `json:"keys_known"`
	KeyDays   int       `json:"key_days"`
	// Proposals on which bureaus may still vote, the oldest first, of which there may
	// be more.
	Proposals     []Proposal `json:"proposals,omitempty"`
	ProposalsOpen int        `json:"proposals_open,omitempty"`

	Copies *Copies `json:"copies,omitempty"` // of a read replica
}

// Copies is whom a read replica copies.
type Copies struct {
	Source  string   `json:"source"`            // which one it asked last
	Sources []string `json:"sources"`           // all of them
	Heard   int64    `json:"heard"`             // POSIX s, its clock: when one answered; 0 for never
	Problem string   `json:"problem,omitempty"` // what is wrong with the last one
	Current bool     `json:"current"`           // it has been where the furthest of them was, since it started
}

// Proposal is one that waits for votes.
type Proposal struct {
	ID      string   `json:"id"`
	Index   uint64   `json:"index"`  // of its entry
	By      string   `json:"by"`     // the bureau that made it
	Change  string   `json:"change"` // admit, remove, promote, demote, root, node, format
	Code    string   `json:"code"`   // of the bureau that it is about, or the number of the format
	Needed  int      `json:"needed"` // voters that must be for it
	For     []string `json:"for,omitempty"`
	Against []string `json:"against,omitempty"`
	Until   uint64   `json:"until"` // ledger time at which it lapses, POSIX ms
}

// MaxProposals bounds the proposals that a status lists.
const MaxProposals = 16

// KeyDate says when a key is to be replaced. Nothing ends because a day has passed.
type KeyDate struct {
	Key   keys.ID `json:"key"`
	Label string  `json:"label"`
	Use   string  `json:"use"`
	Since uint64  `json:"since"` // ledger time of its enrolment, or when the charter was made, POSIX ms
	Left  int     `json:"left"`  // days; less than 0 past the last
}

// The uses of keys in a KeyDate.
const (
	KeyRoot   = "root"
	KeyNode   = "node"
	KeyCosign = "cosign"
	KeySign   = "sign"
	KeySeal   = "seal"
	KeyAccess = "access"
)

// Due reports whether it is time to think of replacing the key: a sixth is left of
// the days that it is meant for.
func (k *KeyDate) Due(days int) bool { return k.Left*6 < days }

// MaxKeys bounds the keys that a status lists.
const MaxKeys = 64

// Quota is what the node's bureau may write in a day, and has written. A limit of 0
// is none.
type Quota struct {
	Entries      uint32 `json:"entries"`
	Bytes        uint64 `json:"bytes"`
	Day          uint32 `json:"day"` // since 1970-01-01, of ledger time
	SpentEntries uint32 `json:"spent_entries"`
	SpentBytes   uint64 `json:"spent_bytes"`
}

// Purge is one that some nodes have not acknowledged.
type Purge struct {
	Index   uint64   `json:"index"`   // of its entry
	Target  string   `json:"target"`  // id of the notice or reply
	Bureau  string   `json:"bureau"`  // that ordered it
	Time    uint64   `json:"time"`    // ledger time of its entry, POSIX ms
	Missing []string `json:"missing"` // codes of the bureaus whose nodes have not acknowledged
	Overdue bool     `json:"overdue,omitempty"`
}

// MaxPurges bounds the purges that a status lists.
const MaxPurges = 16

// Faulty is a member whose node cosigned another history.
type Faulty struct {
	Bureau string `json:"bureau"`
	Node   string `json:"node"`
	Size   uint64 `json:"size"` // of the checkpoint that it should not have signed
	At     uint64 `json:"at"`   // entries in the ledger when this was recorded
}

// EvidenceExt is how the names of evidence files end.
const EvidenceExt = ".cevidence"

// EvidenceFile is a proof that nodes cosigned another history, as a node lists it.
type EvidenceFile struct {
	Name  string   `json:"name"`
	Bytes int      `json:"bytes"`
	Size  uint64   `json:"size"`           // of the checkpoint that contradicts
	By    []string `json:"by"`             // codes of the bureaus that cosigned it
	Both  []string `json:"both,omitempty"` // and of those that cosigned the FINAL one as well
}

// Peer is another bureau's node as the answering node sees it.
type Peer struct {
	Bureau  string `json:"bureau"`
	Name    string `json:"name"`
	Address string `json:"address"`
	Cosigns bool   `json:"cosigns"` // among the cosigners of the last FINAL checkpoint
	Voter   bool   `json:"voter"`   // its node elects and cosigns
}

// ReadIndex is a position: a read at or after it is linearizable.
type ReadIndex struct {
	Applied uint64 `json:"applied"`
}
