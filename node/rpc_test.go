package node

import (
	"bytes"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/raft"
)

func testHeader(id string) raft.RPCHeader {
	return raft.RPCHeader{ProtocolVersion: raftProtocol, ID: []byte(id), Addr: []byte(id + ":7000")}
}

func testConfiguration(ids ...string) raft.Configuration {
	var conf raft.Configuration
	for _, id := range ids {
		conf.Servers = append(conf.Servers, raft.Server{Suffrage: raft.Voter, ID: raft.ServerID(id), Address: raft.ServerAddress(id + ":7000")})
	}
	return conf
}

// testRequests has one request of each type and of each interesting shape.
func testRequests() map[string]any {
	header := testHeader("xa")
	at := time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.UTC)
	return map[string]any{
		"heartbeat": &raft.AppendEntriesRequest{RPCHeader: header, Term: 7},
		"append": &raft.AppendEntriesRequest{RPCHeader: header, Term: 7, PrevLogEntry: 41, PrevLogTerm: 5, LeaderCommitIndex: 40,
			Entries: []*raft.Log{
				{Index: 42, Term: 5, Type: raft.LogCommand, Data: []byte("a command"), AppendedAt: at},
				{Index: 43, Term: 6, Type: raft.LogNoop, AppendedAt: time.Time{}.UTC()},
				{Index: 44, Term: 7, Type: raft.LogConfiguration, Data: raft.EncodeConfiguration(testConfiguration("xa", "xb")), AppendedAt: at},
				{Index: 45, Term: 7, Type: raft.LogBarrier, Extensions: []byte{1}, AppendedAt: at},
			}},
		"vote":     &raft.RequestVoteRequest{RPCHeader: header, Term: 9, LastLogIndex: 45, LastLogTerm: 7, LeadershipTransfer: true},
		"pre-vote": &raft.RequestPreVoteRequest{RPCHeader: header, Term: 9, LastLogIndex: 45, LastLogTerm: 7},
		"timeout":  &raft.TimeoutNowRequest{RPCHeader: header},
		"snapshot": &raft.InstallSnapshotRequest{RPCHeader: header, SnapshotVersion: 1, Term: 9, LastLogIndex: 45, LastLogTerm: 7,
			Configuration: raft.EncodeConfiguration(testConfiguration("xa")), ConfigurationIndex: 3, Size: int64(len(testManifest))},
		"elected":   &electedRequest{RPCHeader: header, Term: 9, Ballots: []ballot{{"xb", bytes.Repeat([]byte{1}, 64)}, {"xc", bytes.Repeat([]byte{2}, 64)}}},
		"hand-over": &handOverRequest{RPCHeader: header, Term: 9, To: "xb"},
	}
}

var testManifest = []byte("a manifest")

func marshalRequest(t testing.TB, r any, manifest []byte) []byte {
	t.Helper()
	var frame []byte
	var err error
	switch r := r.(type) {
	case *raft.AppendEntriesRequest:
		frame, err = marshalAppendEntries(r)
	case *raft.RequestVoteRequest:
		frame, err = marshalRequestVote(r)
	case *raft.RequestPreVoteRequest:
		frame, err = marshalRequestPreVote(r)
	case *raft.TimeoutNowRequest:
		frame, err = marshalTimeoutNow(r)
	case *raft.InstallSnapshotRequest:
		frame, err = marshalInstallSnapshot(r, manifest)
	case *electedRequest:
		frame, err = marshalElected(r)
	case *handOverRequest:
		frame, err = marshalHandOver(r)
	}
	if err != nil {
		t.Fatalf("marshal %T: %v", r, err)
	}
	return frame
}

func TestRequestRoundTrip(t *testing.T) {
	for name, want := range testRequests() {
		frame := marshalRequest(t, want, testManifest)
		kind, n, err := readFrameHead(bytes.NewReader(frame))
		if err != nil || n != len(frame)-frameHead {
			t.Fatalf("%s: head of %d bytes, %v; want %d", name, n, err, len(frame)-frameHead)
		}
		got, err := parseRequest(kind, frame[frameHead:])
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !reflect.DeepEqual(got.command, want) {
			t.Errorf("%s:\ngot  %+v\nwant %+v", name, got.command, want)
		}
		if kind == frameInstallSnapshot && !bytes.Equal(got.manifest, testManifest) {
			t.Errorf("%s: manifest %q, want %q", name, got.manifest, testManifest)
		}
		// Every prefix and every appended byte is refused.
		for i := range len(frame) - frameHead {
			if _, err := parseRequest(kind, frame[frameHead:frameHead+i]); !errors.Is(err, errMalformed) {
				t.Errorf("%s cut to %d bytes: %v, want %v", name, i, err, errMalformed)
			}
		}
		if _, err := parseRequest(kind, append(frame[frameHead:len(frame):len(frame)], 0)); !errors.Is(err, errMalformed) {
			t.Errorf("%s with a byte more: %v, want %v", name, err, errMalformed)
		}
	}
}

func TestReplyRoundTrip(t *testing.T) {
	from := testHeader("xb")
	for _, want := range []any{
		&raft.AppendEntriesResponse{RPCHeader: from, Term: 3, LastLog: 9, Success: true},
		&raft.AppendEntriesResponse{RPCHeader: from, Term: 3, LastLog: 9, NoRetryBackoff: true},
		&voteReply{raft.RequestVoteResponse{RPCHeader: from, Term: 3, Granted: true}, bytes.Repeat([]byte{7}, 64)},
		&voteReply{RequestVoteResponse: raft.RequestVoteResponse{RPCHeader: from, Term: 3}},
		&raft.RequestPreVoteResponse{RPCHeader: from, Term: 3},
		&raft.TimeoutNowResponse{RPCHeader: from},
		&raft.InstallSnapshotResponse{RPCHeader: from, Term: 3, Success: true},
	} {
		frame, err := marshalReply(want)
		if err != nil {
			t.Fatalf("%T: %v", want, err)
		}
		got := reflect.New(reflect.TypeOf(want).Elem()).Interface()
		if _, err := parseReply(frame[frameHead:], got, from); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, %v; want %+v", got, err, want)
		}
		if _, err := parseReply(append(frame[frameHead:], 0), got, from); !errors.Is(err, errMalformed) {
			t.Errorf("%T with a byte more: %v, want %v", want, err, errMalformed)
		}
	}
	for code := range 256 {
		err := parseRefusal([]byte{byte(code)})
		var r refusal
		if known := code >= 1 && code <= 6; known != errors.As(err, &r) {
			t.Errorf("refusal %d: %v", code, err)
		}
	}
}

func TestRequestsThatNobodySends(t *testing.T) {
	append1 := func(change func(*raft.AppendEntriesRequest)) *raft.AppendEntriesRequest {
		r := testRequests()["append"].(*raft.AppendEntriesRequest)
		change(r)
		return r
	}
	for name, r := range map[string]*raft.AppendEntriesRequest{
		"term 0":                      append1(func(r *raft.AppendEntriesRequest) { r.Term, r.PrevLogTerm, r.Entries = 0, 0, nil }),
		"entry of a later term":       append1(func(r *raft.AppendEntriesRequest) { r.Entries[3].Term = 8 }),
		"terms falling":               append1(func(r *raft.AppendEntriesRequest) { r.Entries[2].Term = 5 }),
		"term below the previous one": append1(func(r *raft.AppendEntriesRequest) { r.Entries[0].Term = 4 }),
		"garbage configuration":       append1(func(r *raft.AppendEntriesRequest) { r.Entries[2].Data = []byte{0xc1} }),
		"no voter":                    append1(func(r *raft.AppendEntriesRequest) { r.Entries[2].Data = raft.EncodeConfiguration(raft.Configuration{}) }),
		"deprecated type":             append1(func(r *raft.AppendEntriesRequest) { r.Entries[0].Type = raft.LogAddPeerDeprecated }),
		"unknown type":                append1(func(r *raft.AppendEntriesRequest) { r.Entries[0].Type = 77 }),
		"end of the numbers":          append1(func(r *raft.AppendEntriesRequest) { r.PrevLogEntry, r.Entries = math.MaxUint64, nil }),
	} {
		frame := marshalRequest(t, r, nil)
		if _, err := parseRequest(frameAppendEntries, frame[frameHead:]); !errors.Is(err, errMalformed) {
			t.Errorf("%s: %v, want %v", name, err, errMalformed)
		}
	}
	for name, r := range map[string]*raft.AppendEntriesRequest{
		"gap":              append1(func(r *raft.AppendEntriesRequest) { r.Entries[1].Index++ }),
		"command too big":  append1(func(r *raft.AppendEntriesRequest) { r.Entries[0].Data = make([]byte, MaxCommand+1) }),
		"too many entries": append1(func(r *raft.AppendEntriesRequest) { r.Entries = make([]*raft.Log, MaxAppendEntries+1) }),
		"no name":          append1(func(r *raft.AppendEntriesRequest) { r.ID = nil }),
		"name too long":    append1(func(r *raft.AppendEntriesRequest) { r.Addr = bytes.Repeat([]byte("x"), maxName+1) }),
		"old protocol":     append1(func(r *raft.AppendEntriesRequest) { r.ProtocolVersion = 2 }),
	} {
		if _, err := marshalAppendEntries(r); err == nil {
			t.Errorf("%s: marshalled", name)
		}
	}
}

func TestLargestAppendEntriesFits(t *testing.T) {
	r := &raft.AppendEntriesRequest{RPCHeader: testHeader(strings.Repeat("x", maxName-5)), Term: 1}
	for i := range uint64(MaxAppendEntries) {
		r.Entries = append(r.Entries, &raft.Log{Index: i + 1, Term: 1, Data: make([]byte, MaxCommand), Extensions: make([]byte, maxExtensions)})
	}
	frame, err := marshalAppendEntries(r)
	if err != nil {
		t.Fatal(err)
	}
	if len(frame)-frameHead > 25<<20 {
		t.Errorf("frame of %d bytes, want less than 25 MiB", len(frame))
	}
}

func TestParseConfiguration(t *testing.T) {
	good := raft.EncodeConfiguration(testConfiguration("xa", "xb"))
	if _, err := ParseConfiguration(good); err != nil {
		t.Fatal(err)
	}
	staging := testConfiguration("xa", "xb")
	staging.Servers[1].Suffrage = raft.Staging
	unnamed := testConfiguration("xa", "")
	for name, data := range map[string][]byte{
		"empty":          nil,
		"cut":            good[:len(good)-1],
		"byte more":      append(bytes.Clone(good), 0),
		"huge array":     {0x81, 0xa7, 'S', 'e', 'r', 'v', 'e', 'r', 's', 0xdd, 0xff, 0xff, 0xff, 0xff},
		"twice the same": raft.EncodeConfiguration(testConfiguration("xa", "xa")),
		"staging":        raft.EncodeConfiguration(staging),
		"without a name": raft.EncodeConfiguration(unnamed),
		"too large":      make([]byte, maxConfiguration+1),
	} {
		if _, err := ParseConfiguration(data); err == nil {
			t.Errorf("%s: parsed", name)
		}
	}
	for i := range good { // whatever a flipped byte gives, it does not panic
		bad := bytes.Clone(good)
		bad[i] ^= 0xff
		ParseConfiguration(bad)
	}
}

// fuzzRequest shows that what parses marshals back to the same bytes.
func fuzzRequest(f *testing.F, kind frameType) {
	for _, r := range testRequests() {
		if frame := marshalRequest(f, r, testManifest); frameType(frame[4]) == kind {
			f.Add(frame[frameHead:])
		}
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		r, err := parseRequest(kind, payload)
		if err != nil {
			if !errors.Is(err, errMalformed) {
				t.Fatalf("%v of %x: error %v", kind, payload, err)
			}
			return
		}
		if got := marshalRequest(t, r.command, r.manifest); !bytes.Equal(got[frameHead:], payload) {
			t.Fatalf("%v\nparsed %x\nback   %x", kind, payload, got[frameHead:])
		}
	})
}

func FuzzParseAppendEntries(f *testing.F)   { fuzzRequest(f, frameAppendEntries) }
func FuzzParseRequestVote(f *testing.F)     { fuzzRequest(f, frameRequestVote) }
func FuzzParseRequestPreVote(f *testing.F)  { fuzzRequest(f, frameRequestPreVote) }
func FuzzParseTimeoutNow(f *testing.F)      { fuzzRequest(f, frameTimeoutNow) }
func FuzzParseInstallSnapshot(f *testing.F) { fuzzRequest(f, frameInstallSnapshot) }
func FuzzParseElected(f *testing.F)         { fuzzRequest(f, frameElected) }
func FuzzParseHandOver(f *testing.F)        { fuzzRequest(f, frameHandOver) }

func FuzzParseReply(f *testing.F) {
	f.Add(uint8(0), make([]byte, 17))
	f.Add(uint8(1), append(make([]byte, 8), 1))
	f.Fuzz(func(t *testing.T, which uint8, payload []byte) {
		replies := []any{new(raft.AppendEntriesResponse), new(voteReply), new(raft.RequestPreVoteResponse),
			new(raft.TimeoutNowResponse), new(raft.InstallSnapshotResponse)}
		resp := replies[int(which)%len(replies)]
		if _, err := parseReply(payload, resp, testHeader("xb")); err != nil {
			return
		}
		if got, err := marshalReply(resp); err != nil || !bytes.Equal(got[frameHead:], payload) {
			t.Fatalf("%T\nparsed %x\nback   %x, %v", resp, payload, got, err)
		}
	})
}
