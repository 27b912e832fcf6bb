package node

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"math/big"
	"net"
	"testing"
	"time"

	"github.com/hashicorp/raft"
)

// TestNetTransport carries the largest AppendEntries, and a cut in the middle of
// an RPC, over TLS 1.3 on loopback.
func TestNetTransport(t *testing.T) {
	if testing.Short() {
		t.Skip("loopback TCP")
	}
	public, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, key)
	if err != nil {
		t.Fatal(err)
	}
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()

	quiet := TransportOptions{Logger: slog.New(slog.DiscardHandler)}
	xb := NewTransport("xb", "xb:7000", nil, pipePeer, quiet)
	defer xb.Close()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go xb.ServeConn(conn, "xa")
		}
	}()
	xa := NewTransport("xa", "xa:7000", func(ctx context.Context, _ raft.ServerAddress) (net.Conn, error) {
		d := tls.Dialer{Config: &tls.Config{MinVersion: tls.VersionTLS13, InsecureSkipVerify: true, VerifyConnection: func(s tls.ConnectionState) error {
			if !bytes.Equal(s.PeerCertificates[0].Raw, der) {
				return errors.New("not the pinned key")
			}
			return nil
		}}}
		return d.DialContext(ctx, "tcp", l.Addr().String())
	}, pipePeer, quiet)
	defer xa.Close()

	r := &raft.AppendEntriesRequest{RPCHeader: testHeader("xa"), Term: 1}
	for i := range uint64(MaxAppendEntries) {
		r.Entries = append(r.Entries, &raft.Log{Index: i + 1, Term: 1, Data: bytes.Repeat([]byte{byte(i)}, MaxCommand)})
	}
	done := make(chan error, 1)
	go func() { done <- xa.AppendEntries("xb", "xb:7000", r, new(raft.AppendEntriesResponse)) }()
	rpc := <-xb.Consumer()
	got := rpc.Command.(*raft.AppendEntriesRequest)
	for i, e := range got.Entries {
		if want := r.Entries[i]; e.Index != want.Index || !bytes.Equal(e.Data, want.Data) {
			t.Errorf("entry %d differs", want.Index)
		}
	}
	rpc.Respond(&raft.AppendEntriesResponse{Success: true}, nil)
	if err := <-done; err != nil || len(got.Entries) != MaxAppendEntries {
		t.Fatalf("%d entries arrived, %v", len(got.Entries), err)
	}

	go func() { done <- xa.AppendEntries("xb", "xb:7000", r, new(raft.AppendEntriesResponse)) }()
	<-xb.Consumer() // raft takes it and does not answer
	xb.Close()
	if err := <-done; err == nil {
		t.Error("an RPC whose other end went away succeeded")
	}
}
