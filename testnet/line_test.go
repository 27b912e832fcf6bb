package testnet

import (
	"io"
	"net"
	"testing"
	"time"
)

// TestLine sends a message to and fro: it arrives whole, and not before the time
// that the line takes.
func TestLine(t *testing.T) {
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	go func() {
		for {
			c, err := server.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_, _ = io.Copy(c, c)
			}()
		}
	}()
	l, err := newLine("127.0.0.1:0", server.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	const delay = 20 * time.Millisecond
	l.setDelay(delay)
	begin := time.Now()
	c, err := net.Dial("tcp", l.listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	want := make([]byte, 3*lineChunk)
	for i := range want {
		want[i] = byte(i * 7)
	}
	trip := func() {
		t.Helper()
		go func() { _, _ = c.Write(want) }()
		got := make([]byte, len(want))
		if _, err := io.ReadFull(c, got); err != nil || string(got) != string(want) {
			t.Fatalf("read %d bytes back, %v", len(got), err)
		}
	}
	trip()
	if took := time.Since(begin); took < 4*delay {
		t.Errorf("a handshake and a round trip took %s, want at least %s", took, 4*delay)
	}
	begin = time.Now()
	trip()
	if took := time.Since(begin); took < 2*delay {
		t.Errorf("a round trip took %s, want at least %s", took, 2*delay)
	}
	hangUp(c)
	if n, err := c.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("read %d, %v after hanging up, want the end", n, err)
	}
}
