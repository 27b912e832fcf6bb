package node

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"

	"golang.org/x/crypto/cryptobyte"
)

// Bounds of what two nodes say to one another. They hang together: a full
// AppendEntries must fit into one frame, because raft takes a success for all
// the entries it passed to the transport (it sets nextIndex from the last one).
// A transport that sent only the first few would make the leader believe that
// the rest is stored. So nothing is ever cut; instead raft's configuration must
// carry MaxAppendEntries, commands must be at most MaxCommand, and
//
//	16 entries x (1.5 MiB + 1 KiB extensions + 26 B) + 679 B of header and fields < 25 MiB < MaxFrame
//
// which the compiler checks below. A batch of sealed bodies of 256 KiB leaves
// MaxCommand a wide margin.
const (
	// MaxCommand is the largest Data of one raft log entry: the batcher closes a
	// batch before it grows past this.
	MaxCommand = 1<<20 + 512<<10
	// MaxAppendEntries is the value that raft.Config.MaxAppendEntries must have.
	// raft bounds an RPC by entries and not by bytes, up to 1,024 of them.
	MaxAppendEntries = 16
	// MaxManifest is the largest snapshot. Snapshots are by reference: a manifest
	// of a few kilobytes that names what the ledger on disk holds.
	MaxManifest = 1 << 20
	// MaxFrame is the largest payload of any frame.
	MaxFrame = 32 << 20

	maxConfiguration = 64 << 10 // 196 servers take about 30 KiB
	maxExtensions    = 1 << 10
	maxName          = 320                           // a node id, or host:port with the longest DNS name
	maxHeader        = 1 + 2 + maxName + 2 + maxName // marshalHeader
	maxSmall         = 1 << 10                       // any frame without entries or manifest
	entryOverhead    = 8 + 1 + 8 + 4 + 3 + 2         // marshalEntry, less data and extensions

	// frameHead is u32 length || u8 type.
	frameHead = 5
	// firstRead is what is allocated on the word of a peer alone; the rest of a
	// buffer grows only as bytes arrive.
	firstRead = 64 << 10
)

// These do not compile when the arithmetic above stops being true.
const (
	_ = uint(MaxFrame - (maxHeader + 34 + MaxAppendEntries*(entryOverhead+MaxCommand+maxExtensions)))
	_ = uint(maxSmall - (maxHeader + 25))
)

// errMalformed is all that a peer's bad frame gets: which byte was wrong is
// nobody's business.
var errMalformed = errors.New("malformed raft message")

// errOversize marks a frame refused by its length, before anything of it was read.
var errOversize = errors.New("raft message above its size limit")

// frameType says what a frame carries. A reply has the type of its request with
// the top bit set. New meanings get new numbers: an unknown type ends the connection.
type frameType uint8

const (
	frameAppendEntries   frameType = 1
	frameRequestVote     frameType = 2
	frameRequestPreVote  frameType = 3
	frameTimeoutNow      frameType = 4
	frameInstallSnapshot frameType = 5
	frameElected         frameType = 6 // the votes that made the sender leader
	frameHandOver        frameType = 7 // to whom the sender hands leadership

	frameReply   frameType = 0x80
	frameRefused frameType = 0xff // instead of any reply: one refusal code
)

func (t frameType) String() string {
	switch t {
	case frameAppendEntries:
		return "append-entries"
	case frameRequestVote:
		return "request-vote"
	case frameRequestPreVote:
		return "request-pre-vote"
	case frameTimeoutNow:
		return "timeout-now"
	case frameInstallSnapshot:
		return "install-snapshot"
	case frameElected:
		return "elected"
	case frameHandOver:
		return "hand-over"
	case frameRefused:
		return "refused"
	}
	if t&frameReply != 0 {
		return (t &^ frameReply).String() + " reply"
	}
	return fmt.Sprintf("type %d", uint8(t))
}

// maxRequest is the largest payload of a request of this type, -1 for a type
// that is no request.
func (t frameType) maxRequest() int {
	switch t {
	case frameAppendEntries:
		return MaxFrame
	case frameRequestVote, frameRequestPreVote, frameTimeoutNow, frameHandOver:
		return maxSmall
	case frameElected:
		return maxElected
	case frameInstallSnapshot:
		return maxSmall + maxConfiguration + MaxManifest
	}
	return -1
}

// A frame is
//
//	u32 length of the payload || u8 type || payload
//
// newFrame returns a builder whose first bytes wait for finishFrame to fill in
// length and type, so that a large message is built once and never copied.
func newFrame(size int) *cryptobyte.Builder {
	return cryptobyte.NewBuilder(make([]byte, frameHead, frameHead+size))
}

// finishFrame completes a frame made with newFrame. It refuses one that the
// other side would refuse.
func finishFrame(b *cryptobyte.Builder, t frameType, limit int) ([]byte, error) {
	frame, err := b.Bytes()
	if err != nil {
		return nil, fmt.Errorf("marshal %v: %w", t, err)
	}
	n := len(frame) - frameHead
	if n > limit {
		return nil, fmt.Errorf("marshal %v of %d bytes: %w", t, n, errOversize)
	}
	binary.BigEndian.PutUint32(frame, uint32(n))
	frame[4] = byte(t)
	return frame, nil
}

// readFrameHead reads a frame's type and the length of its payload, which the
// caller must hold against a limit before it calls readPayload.
func readFrameHead(r io.Reader) (frameType, int, error) {
	var head [frameHead]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, 0, err
	}
	n := binary.BigEndian.Uint32(head[:])
	if n > MaxFrame {
		return 0, 0, errOversize
	}
	return frameType(head[4]), int(n), nil
}

// readPayload reads n bytes into a buffer that at most doubles ahead of what has
// arrived, and ends at exactly n: a length that is a lie costs the liar the bytes.
func readPayload(r io.Reader, n int) ([]byte, error) {
	buf := make([]byte, 0, min(n, firstRead))
	for len(buf) < n {
		if len(buf) == cap(buf) {
			grown := make([]byte, len(buf), min(2*len(buf), n))
			copy(grown, buf)
			buf = grown
		}
		got, err := io.ReadFull(r, buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+got]
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
	}
	return slices.Clip(buf), nil
}

// keepAlive lets the kernel find out within half a minute that the other machine
// is gone: a snapshot's RPC is silent for as long as the follower fetches entries.
func keepAlive(conn net.Conn) {
	if c, ok := conn.(interface{ NetConn() net.Conn }); ok {
		conn = c.NetConn() // the TCP connection below TLS
	}
	if c, ok := conn.(*net.TCPConn); ok {
		// An error here costs a later discovery and nothing else.
		_ = c.SetKeepAliveConfig(net.KeepAliveConfig{Enable: true, Idle: keepAliveIdle, Interval: keepAliveInterval, Count: 3})
	}
}
