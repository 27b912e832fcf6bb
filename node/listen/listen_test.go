package listen

import (
	"errors"
	"io"
	"net"
	"syscall"
	"testing"
	"time"
)

func TestBounded(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	bounded := Bounded(l, 2, 0)
	defer bounded.Close()
	accepted := make(chan net.Conn)
	go func() {
		for {
			conn, err := bounded.Accept()
			if err != nil {
				close(accepted)
				return
			}
			accepted <- conn
		}
	}()
	dial := func() net.Conn {
		conn, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
		return conn
	}
	dial()
	first := <-accepted
	dial()
	<-accepted
	if _, err := dial().Read(make([]byte, 1)); err == nil {
		t.Error("a third connection has one of two slots")
	}
	first.Close()
	first.Close() // which gives back one slot, not two
	dial()
	<-accepted
	if _, err := dial().Read(make([]byte, 1)); err == nil {
		t.Error("one slot was given back twice")
	}
}

// Connections that prove nothing cannot keep out those that do: a slot is held
// until the handshake only, and one host gets a share.
func TestBoundedGivesSlotsBack(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	bounded := Bounded(l, 3, 2)
	defer bounded.Close()
	var held []net.Conn
	dial := func() net.Conn {
		conn, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		return conn
	}
	for range 2 {
		dial()
		conn, err := bounded.Accept()
		if err != nil {
			t.Fatal(err)
		}
		held = append(held, conn)
	}
	third := dial()
	accepted := make(chan net.Conn, 1)
	go func() {
		if conn, err := bounded.Accept(); err == nil {
			accepted <- conn
		}
	}()
	if err := third.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := third.Read(make([]byte, 1)); !errors.Is(err, io.EOF) && !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("a third connection of one host: %v, want it closed", err)
	}
	held[0].(*Conn).Admitted() // it has proven a key; it stays open
	dial()
	select {
	case <-accepted:
	case <-time.After(10 * time.Second):
		t.Error("the slot of an admitted session was not given to the next one")
	}
}
