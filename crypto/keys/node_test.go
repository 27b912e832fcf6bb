package keys

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"testing"
	"time"

	"filippo.io/mldsa"
)

func TestNodeKeyVectors(t *testing.T) {
	for _, v := range readVectors(t, "node.txt") {
		if file, ok := v.value["tls"]; ok {
			k, err := ParseTLS([]byte(file))
			if got, want := outcome(err), v.value["outcome"]; got != want {
				t.Errorf("%s: got %s, want %s", v.comment, got, want)
			}
			if err != nil {
				continue
			}
			if got, want := k.ID().String(), v.value["id"]; got != want {
				t.Errorf("%s: id = %s, want %s", v.comment, got, want)
			}
			if got := string(k.MarshalPEM()); got != file {
				t.Errorf("%s: marshals to %q", v.comment, got)
			}
			continue
		}
		file := v.value["witness"]
		w, err := ParseWitness([]byte(file))
		if got, want := outcome(err), v.value["outcome"]; got != want {
			t.Errorf("%s: got %s, want %s", v.comment, got, want)
		}
		if err != nil {
			continue
		}
		if got, want := fmt.Sprintf("%x", []byte(w.Public().Ed25519)), v.value["ed25519"]; got != want {
			t.Errorf("%s: Ed25519 key = %s, want %s", v.comment, got, want)
		}
		if got, want := fmt.Sprintf("%x", sha256.Sum256(w.Public().MLDSA.Bytes())), v.value["mldsa44"]; got != want {
			t.Errorf("%s: hash of the ML-DSA-44 key = %s, want %s", v.comment, got, want)
		}
		if got := string(w.MarshalPEM()); got != file {
			t.Errorf("%s: marshals to %q", v.comment, got)
		}
	}
}

func TestTLSCertificate(t *testing.T) {
	k, err := GenerateTLS()
	if err != nil {
		t.Fatal(err)
	}
	again, err := ParseTLS(k.MarshalPEM())
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(k.Certificate().Certificate[0], again.Certificate().Certificate[0]) {
		t.Error("the certificate is not the same when made again")
	}
	leaf := k.Certificate().Leaf
	if k.ID() != TLSID(leaf) || k.ID() != again.ID() {
		t.Errorf("ID() = %s, of the certificate %s, again %s", k.ID(), TLSID(leaf), again.ID())
	}
	spki, err := x509.MarshalPKIXPublicKey(leaf.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := k.ID(), ID(sha256.Sum256(spki)); got != want {
		t.Errorf("ID() = %s, want %s", got, want)
	}
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	for _, year := range []int{2020, 2026, 9999} {
		_, err := leaf.Verify(x509.VerifyOptions{
			DNSName: "comity", Roots: roots, CurrentTime: time.Date(year, 6, 1, 0, 0, 0, 0, time.UTC),
			KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		})
		if err != nil {
			t.Errorf("in the year %d: %v", year, err)
		}
	}
	if leaf.IsCA {
		t.Error("the certificate may sign others")
	}
}

// TestTLSHandshake has two keys meet: TLS 1.3, both sides known by their IDs.
func TestTLSHandshake(t *testing.T) {
	server, err := GenerateTLS()
	if err != nil {
		t.Fatal(err)
	}
	client, err := GenerateTLS()
	if err != nil {
		t.Fatal(err)
	}
	left, right := net.Pipe()
	defer left.Close()
	defer right.Close()
	s := tls.Server(left, &tls.Config{
		Certificates: []tls.Certificate{server.Certificate()},
		ClientAuth:   tls.RequireAnyClientCert, MinVersion: tls.VersionTLS13,
	})
	c := tls.Client(right, &tls.Config{
		Certificates: []tls.Certificate{client.Certificate()}, ServerName: "comity", MinVersion: tls.VersionTLS13,
		// The key is pinned below, as the node does in VerifyConnection.
		InsecureSkipVerify: true,
	})
	done := make(chan error, 1)
	go func() { done <- s.Handshake() }() // ends with the handshake or the pipe
	if err := c.Handshake(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if got, want := TLSID(c.ConnectionState().PeerCertificates[0]), server.ID(); got != want {
		t.Errorf("client sees %s, want %s", got, want)
	}
	if got, want := TLSID(s.ConnectionState().PeerCertificates[0]), client.ID(); got != want {
		t.Errorf("server sees %s, want %s", got, want)
	}
}

func TestWitness(t *testing.T) {
	w, err := GenerateWitness()
	if err != nil {
		t.Fatal(err)
	}
	back, err := ParseWitness(w.MarshalPEM())
	if err != nil {
		t.Fatal(err)
	}
	if !back.Public().Ed25519.Equal(w.Public().Ed25519) || !back.Public().MLDSA.Equal(w.Public().MLDSA) {
		t.Error("other keys came back")
	}
	msg := []byte("a checkpoint")
	ed, err := w.SignEd25519(msg)
	if err != nil || !ed25519.Verify(w.Public().Ed25519, msg, ed) {
		t.Errorf("SignEd25519 = %x, %v", ed, err)
	}
	mld, err := w.SignMLDSA(msg)
	if err != nil || len(mld) != mldsa.MLDSA44SignatureSize {
		t.Fatalf("SignMLDSA = %d bytes, %v", len(mld), err)
	}
	if err := mldsa.Verify(w.Public().MLDSA, msg, mld, nil); err != nil {
		t.Error(err)
	}
	mld[7] ^= 1
	if err := mldsa.Verify(w.Public().MLDSA, msg, mld, nil); err == nil {
		t.Error("a changed ML-DSA-44 signature verifies")
	}
}
